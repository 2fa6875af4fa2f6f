//! The service desk: what happens when something is written.
//!
//! Lives here: the rules that a declaration cannot hold, one file per subject.
//! Not here: reading ([`crate::resources::lists`]), permissions, error bodies.

pub(crate) mod actions;
pub(crate) mod appointments;
pub(crate) mod assets;
pub(crate) mod attachments;
mod audit;
pub(crate) mod customers;
pub(crate) mod generic;
pub(crate) mod invoices;
pub(crate) mod mandatory;
pub(crate) mod priorities;
pub(crate) mod reports;
pub(crate) mod tickets;
pub(crate) mod timesheets;
pub(crate) mod webhooks;
mod workflow;

use serde_json::Value;

use crate::{
    auth::Caller,
    faults::Knobs,
    protocol::Refusal,
    resources::{Resource, patch::Element},
    state::{Key, Row, World},
};

/// A write in progress.
pub(crate) struct Desk<'a> {
    /// The tenant.
    pub(crate) world: &'a mut World,
    /// Who writes.
    pub(crate) caller: &'a Caller,
    /// The switches of this request.
    pub(crate) knobs: &'a Knobs,
    /// Now, in the written form.
    pub(crate) now: String,
    /// What webhooks will be told: ticket and event.
    pub(crate) events: Vec<(i64, webhooks::Event)>,
    /// Webhooks that are to be sent a test.
    pub(crate) tests: Vec<Key>,
}

impl Desk<'_> {
    /// Remembers what happened to a ticket, for webhooks and for the audit.
    pub(crate) fn tell(&mut self, before: Option<&Row>, after: &Row) {
        if let Some(before) = before {
            audit::compare(self, before, after);
        }
        let id = after.int("id");
        let events = webhooks::events(before, after, self.knobs.any_change_event);
        self.events.extend(events.into_iter().map(|event| (id, event)));
    }
}

/// What a write did.
pub(crate) struct Written {
    /// The record, new or changed.
    pub(crate) key: Key,
    /// Members of the answer besides the record's own.
    pub(crate) extra: Vec<(&'static str, Value)>,
    /// The record, where it is answered and not kept.
    pub(crate) unkept: Option<Row>,
}

impl Written {
    /// Just the record.
    pub(crate) fn plain(key: Key) -> Self {
        Self { key, extra: Vec::new(), unkept: None }
    }
}

/// Writes one element.
pub(crate) type WriteOne = fn(&mut Desk<'_>, &'static Resource, &Element) -> Result<Written, Refusal>;

/// Deletes a record and gives it back.
pub(crate) type Delete = fn(&mut Desk<'_>, &'static Resource, &Key) -> Result<Row, Refusal>;
