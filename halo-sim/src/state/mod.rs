//! What the simulated tenant holds: tables of records, a clock, the seeds.
//!
//! Lives here: storage. Not here: rules about records ([`crate::desk`]), their
//! shape on the wire ([`crate::resources`], [`crate::protocol`]).

pub(crate) mod clock;
mod file;
pub(crate) mod import;
mod recent;
pub(crate) mod row;
pub(crate) mod seed;
pub(crate) mod table;

use std::collections::HashMap;

pub(crate) use clock::Clock;
pub(crate) use recent::Recent;
pub(crate) use row::Row;
pub(crate) use table::{Key, Table, TableId};

/// Everything that a request can read or change.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    tables: HashMap<TableId, Table>,
}

impl World {
    /// A table; one that was never written to is empty.
    #[must_use]
    pub(crate) fn table(&self, id: TableId) -> &Table {
        static EMPTY: Table = Table::new();
        self.tables.get(&id).unwrap_or(&EMPTY)
    }

    /// A table to change.
    pub(crate) fn table_mut(&mut self, id: TableId) -> &mut Table {
        self.tables.entry(id).or_default()
    }

    /// A record by its whole-number id.
    #[must_use]
    pub(crate) fn row(&self, table: TableId, id: i64) -> Option<&Row> {
        self.table(table).get(&Key::Int(id))
    }

    /// A text field of a record, or the empty text where there is none.
    #[must_use]
    pub(crate) fn text(&self, table: TableId, id: i64, field: &str) -> &str {
        self.row(table, id).map_or("", |row| row.text(field))
    }

    /// The live tickets: those not deleted.
    #[must_use]
    pub(crate) fn ticket_count(&self) -> usize {
        self.table(TableId::Tickets).rows().filter(|row| !row.flag("deleted")).count()
    }
}
