//! Webhooks and the notifications that hang on them (HAPI §13).

use serde_json::Value;

use super::{Desk, Written, generic};
use crate::{
    protocol::Refusal,
    resources::{Resource, patch::Element},
    state::{Key, Row, TableId, World},
};

/// Something that webhooks are notified of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A ticket was opened.
    Logged,
    /// A ticket was closed.
    Closed,
    /// A ticket has another status.
    StatusChanged,
    /// A ticket was changed in any way, with the switch `any-change-event`.
    AnyChange,
}

/// The rows of lookup 64 that were recorded or published (HAPI §13.3): `eventno`,
/// name. A tenant has 205; nobody published all of them. 61 is used by one
/// integration, and its name is not known.
pub(crate) const CATALOGUE: &[(i64, &str)] = &[
    (1, "New $#request Logged - Assigned to Recipient"),
    (3, "New $#request Logged - All"),
    (19, "Ticket Updated by User"),
    (39, "Closed - All"),
    (42, "1st SLA Warning"),
    (46, "2nd SLA Warning"),
    (70, "Ticket Deadline"),
    (76, "$#request Status Changed  - All"),
    (1072, "Ticket Deleted"),
];

impl Event {
    /// The `eventno` of a notification. 1 does not fire for an ordinary new
    /// ticket (recorded on a live tenant).
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Logged => 3,
            Self::Closed => 39,
            Self::StatusChanged => 76,
            Self::AnyChange => 61,
        }
    }

    /// The name in the payload (HAPI §13.4); that of a closing is assumed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Logged => "New Ticket Logged",
            Self::Closed => "ticket closed",
            Self::StatusChanged => "ticket status changed",
            Self::AnyChange => "Ticket Updated",
        }
    }

    /// The sentence in the payload; ids have seven digits.
    pub(crate) fn message(self, ticket: i64) -> String {
        match self {
            Self::Logged => format!("A new Ticket has been logged. Ticket ID: {ticket:07}."),
            Self::Closed => format!("Ticket ID: {ticket:07} has been closed."),
            Self::StatusChanged => format!("The status has been changed for Ticket ID: {ticket:07}."),
            Self::AnyChange => format!("Ticket ID: {ticket:07} has been updated."),
        }
    }
}

/// The events that a write of a ticket is.
pub(crate) fn events(before: Option<&Row>, after: &Row, any_change: bool) -> Vec<Event> {
    let Some(before) = before else { return vec![Event::Logged] };
    let mut events = Vec::new();
    if before.int("status_id") != after.int("status_id") {
        events.push(Event::StatusChanged);
    }
    if !before.flag("hasbeenclosed") && after.flag("hasbeenclosed") {
        events.push(Event::Closed);
    }
    if any_change {
        events.push(Event::AnyChange);
    }
    events
}

/// The notifications of a webhook.
pub(crate) fn events_of(world: &World, webhook: &Row) -> Value {
    let id = webhook.text("id");
    let rows = world.table(TableId::Notifications).rows();
    rows.filter(|row| row.text("webhook_id").eq_ignore_ascii_case(id))
        .map(|row| Value::from(row.clone()))
        .collect()
}

/// Creates or changes a webhook, whose name must be unique (recorded on a live
/// tenant for runbooks; without case: assumed); `_test` sends it a test (HAPI §13.2).
pub(crate) fn write(
    desk: &mut Desk<'_>,
    resource: &'static Resource,
    element: &Element,
) -> Result<Written, Refusal> {
    let name = element.patch.text("name");
    let is_other = |row: &Row| element.key.as_ref() != Some(&Key::Guid(row.text("id").to_ascii_lowercase()));
    let is_taken = |row: &Row| is_other(row) && row.text("name").eq_ignore_ascii_case(name);
    if !name.is_empty() && desk.world.table(resource.table).rows().any(is_taken) {
        return Err(Refusal::rule("Name must be unique"));
    }
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
