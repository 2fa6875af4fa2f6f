//! Webhooks and the notifications that hang on them (HAPI §13).

use serde_json::Value;

use super::{Desk, Written, generic};
use crate::{
    protocol::Refusal,
    resources::{Resource, patch::Element},
    state::{Key, Row, TableId, World},
};

/// Something that webhooks tell about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A ticket was opened.
    Logged,
    /// A ticket has another status.
    StatusChanged,
    /// A ticket was changed in any way.
    Updated,
}

impl Event {
    /// The `eventno` of a notification. 1 and 61 are known; that 3 is the
    /// change of status is assumed (HAPI §13.3).
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Logged => 1,
            Self::StatusChanged => 3,
            Self::Updated => 61,
        }
    }

    /// The name in the payload (HAPI §13.4).
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Logged => "New Ticket Logged",
            Self::StatusChanged => "ticket status changed",
            Self::Updated => "Ticket Updated",
        }
    }

    /// The sentence in the payload; ids have seven digits.
    pub(crate) fn message(self, ticket: i64) -> String {
        match self {
            Self::Logged => format!("A new Ticket has been logged. Ticket ID: {ticket:07}."),
            Self::StatusChanged => format!("The status has been changed for Ticket ID: {ticket:07}."),
            Self::Updated => format!("Ticket ID: {ticket:07} has been updated."),
        }
    }
}

/// The events that a write of a ticket is.
pub(crate) fn events(before: Option<&Row>, after: &Row) -> Vec<Event> {
    match before {
        None => vec![Event::Logged],
        Some(before) if before.int("status_id") != after.int("status_id") => {
            vec![Event::StatusChanged, Event::Updated]
        }
        Some(_) => vec![Event::Updated],
    }
}

/// The notifications of a webhook.
pub(crate) fn events_of(world: &World, webhook: &Row) -> Value {
    let id = webhook.text("id");
    let rows = world.table(TableId::Notifications).rows();
    rows.filter(|row| row.text("webhook_id").eq_ignore_ascii_case(id))
        .map(|row| Value::from(row.clone()))
        .collect()
}

/// Creates or changes a webhook; `_test` sends it a test (HAPI §13.2).
pub(crate) fn write(
    desk: &mut Desk<'_>,
    resource: &'static Resource,
    element: &Element,
) -> Result<Written, Refusal> {
    let written = generic::write(desk, resource, element)?;
    if element.commands("_test") {
        desk.tests.push(written.key.clone());
    }
    Ok(written)
}

/// Deletes a webhook with its notifications.
pub(crate) fn delete(desk: &mut Desk<'_>, resource: &'static Resource, key: &Key) -> Result<Row, Refusal> {
    let gone = generic::delete(desk, resource, key)?;
    let id = gone.text("id");
    let notifications = desk.world.table_mut(TableId::Notifications);
    notifications.retain(|row| !row.text("webhook_id").eq_ignore_ascii_case(id));
    Ok(gone)
}
