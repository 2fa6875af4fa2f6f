//! Time entries: a timesheet event on a ticket is an action there (HAPI §10.18).

use jiff::Timestamp;

use super::{Desk, Written, actions, generic};
use crate::{
    protocol::Refusal,
    resources::{Resource, patch::Element},
    state::{Row, TableId},
};

/// Creates or changes an event; a new one on a ticket also adds an action.
pub(crate) fn write(
    desk: &mut Desk<'_>,
    resource: &'static Resource,
    element: &Element,
) -> Result<Written, Refusal> {
    let ticket = element.patch.int("ticket_id");
    let exists = desk.world.row(TableId::Tickets, ticket).is_some_and(|row| !row.flag("deleted"));
    if ticket != 0 && !exists {
        return Err(Refusal::NotFound);
    }
    let written = generic::write(desk, resource, element)?;
    if element.key.is_some() || ticket == 0 {
        return Ok(written);
    }
    let hours = hours(&element.patch);
    let number = actions::log_time(desk, ticket, &element.patch, hours);
    if let Some(row) = desk.world.table_mut(resource.table).get_mut(&written.key) {
        row.set("action_number", number);
        row.set("timetaken", hours);
    }
    Ok(written)
}

/// The hours from start to end, or those that were sent.
fn hours(event: &Row) -> f64 {
    let moment = |name| format!("{}Z", event.text(name)).parse::<Timestamp>().ok();
    match (moment("start_date"), moment("end_date")) {
        (Some(start), Some(end)) if end > start => end.duration_since(start).as_secs_f64() / 3600.0,
        _ => event.get("timetaken").and_then(serde_json::Value::as_f64).unwrap_or(0.0),
    }
}
