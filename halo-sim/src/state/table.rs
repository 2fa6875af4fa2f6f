//! One table: records in key order, and the counter for new ids.

use super::Row;

macro_rules! tables {
    ($($name:ident)*) => {
        /// The tables of the tenant, one per kind of record.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum TableId {
            $($name,)*
        }

        impl TableId {
            /// All of them.
            pub(crate) const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}

tables! {
    Tickets
    Actions
    Attachments
    Clients
    Sites
    Users
    Agents
    Teams
    Statuses
    TicketTypes
    Priorities
    Slas
    Categories
    Outcomes
    Workflows
    FieldInfo
    Webhooks
    WebhookEvents
    Notifications
    Lookups
    TopLevels
    Organisations
    Assets
    AssetTypes
    AssetGroups
    Items
    Suppliers
    SoftwareLicences
    Contracts
    Invoices
    RecurringInvoices
    Quotations
    SalesOrders
    PurchaseOrders
    CrmNotes
    Appointments
    TimesheetEvents
    Articles
    Reports
    CannedTexts
    Audits
    TicketAreas
    Tags
    Workdays
    Holidays
    Currencies
    EmailTemplates
    BudgetTypes
    ApprovalProcesses
    Services
    Releases
    Timesheets
}

/// What a record is found by. The kinds are HAPI §4 and §14 (17, 18).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// The usual whole number.
    Int(i64),
    /// An id inside its owner: an action in its ticket, a value in its lookup.
    Pair(i64, i64),
    /// A GUID text: priorities, webhooks and their events.
    Guid(String),
}

impl Key {
    /// The number that the record shows as its `id`, where it is one.
    #[must_use]
    pub(crate) fn number(&self) -> Option<i64> {
        match self {
            Self::Int(id) | Self::Pair(_, id) => Some(*id),
            Self::Guid(_) => None,
        }
    }
}

/// Records in key order. A sorted list, not a tree: lists look at every row,
/// and new rows nearly always come last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    rows: Vec<(Key, Row)>,
    pub(super) last: i64,
}

impl Table {
    /// An empty table.
    #[must_use]
    pub(crate) const fn new() -> Self {
        Self { rows: Vec::new(), last: 0 }
    }

    fn place(&self, key: &Key) -> Result<usize, usize> {
        match self.rows.last() {
            Some((last, _)) if last < key => Err(self.rows.len()),
            _ => self.rows.binary_search_by(|(known, _)| known.cmp(key)),
        }
    }

    /// The next free whole number. Ids are never given twice, as in a database.
    pub(crate) fn next_id(&mut self) -> i64 {
        self.last += 1;
        self.last
    }

    /// Stores a record, new or changed.
    pub(crate) fn put(&mut self, key: Key, mut row: Row) {
        row.shrink();
        if let Key::Int(id) = key {
            // Ids below zero are counted downwards.
            self.last = self.last.max(id.saturating_abs());
        }
        match self.place(&key) {
            Ok(at) => {
                if let Some(slot) = self.rows.get_mut(at) {
                    slot.1 = row;
                }
            }
            Err(at) => self.rows.insert(at, (key, row)),
        }
    }

    /// Stores a seed record under its own `id`.
    pub(crate) fn seed(&mut self, row: Row) {
        self.put(Key::Int(row.int("id")), row);
    }

    /// A record.
    #[must_use]
    pub(crate) fn get(&self, key: &Key) -> Option<&Row> {
        let at = self.place(key).ok()?;
        self.rows.get(at).map(|(_, row)| row)
    }

    /// A record to change.
    pub(crate) fn get_mut(&mut self, key: &Key) -> Option<&mut Row> {
        let at = self.place(key).ok()?;
        self.rows.get_mut(at).map(|(_, row)| row)
    }

    /// Takes a record out.
    pub(crate) fn remove(&mut self, key: &Key) -> Option<Row> {
        let at = self.place(key).ok()?;
        Some(self.rows.remove(at).1)
    }

    /// Takes out all records that the test does not keep.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&Row) -> bool) {
        self.rows.retain(|(_, row)| keep(row));
    }

    /// All records in key order.
    pub(crate) fn rows(&self) -> impl DoubleEndedIterator<Item = &Row> {
        self.rows.iter().map(|(_, row)| row)
    }

    /// All records with their keys, in key order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &(Key, Row)> {
        self.rows.iter()
    }

    /// The records that belong to one owner ([`Key::Pair`]).
    pub(crate) fn owned_by(&self, owner: i64) -> impl DoubleEndedIterator<Item = (&Key, &Row)> {
        let start = self.rows.partition_point(|(key, _)| *key < Key::Pair(owner, i64::MIN));
        let rows = self.rows.get(start..).unwrap_or_default();
        let end = rows.partition_point(|(key, _)| *key <= Key::Pair(owner, i64::MAX));
        rows.get(..end).unwrap_or_default().iter().map(|(key, row)| (key, row))
    }

    /// The next free id inside one owner.
    #[must_use]
    pub(crate) fn next_owned(&self, owner: i64) -> i64 {
        self.owned_by(owner).next_back().and_then(|(key, _)| key.number()).unwrap_or(0) + 1
    }
}
