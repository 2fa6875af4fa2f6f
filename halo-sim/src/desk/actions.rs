//! Actions on tickets, and what they change there (HAPI §8).

use serde_json::Value;

use super::{Desk, Written, attachments, generic, tickets, workflow};
use crate::{
    protocol::Refusal,
    resources::{Resource, patch::Element},
    state::{Key, Row, TableId, World, seed::random},
};

/// Adds an action, or changes the one that the element names.
pub(crate) fn write(
    desk: &mut Desk<'_>,
    resource: &'static Resource,
    element: &Element,
) -> Result<Written, Refusal> {
    let ticket = element.patch.int("ticket_id");
    if ticket == 0 {
        return Err(Refusal::rule("An Action must be associated with a ticket_id"));
    }
    let live = desk.world.row(TableId::Tickets, ticket);
    if live.is_none_or(|row| row.flag("deleted")) {
        return Err(Refusal::NotFound);
    }
    let key = match &element.key {
        Some(key) => generic::update(desk, resource, key, element)?,
        None => add(desk, resource, ticket, element)?,
    };
    Ok(Written::plain(key))
}

fn add(
    desk: &mut Desk<'_>,
    resource: &'static Resource,
    ticket: i64,
    element: &Element,
) -> Result<Key, Refusal> {
    attachments::check(element.raw.get("attachments"))?;
    let outcome = outcome(desk.world, ticket, element)?;
    if desk.knobs.refused_outcomes.contains(&outcome.int("id")) {
        return Err(no_access());
    }
    let step = match desk.world.row(TableId::Tickets, ticket) {
        Some(row) => workflow::next_step(desk.world, row, outcome.int("id"))?,
        None => None,
    };
    let id = desk.world.table(TableId::Actions).next_owned(ticket);
    let mut row = Row::new().with("id", id).with("ticket_id", ticket);
    generic::apply(desk, resource, &mut row, element);
    row.set("outcome", outcome.text("outcome"));
    row.set("outcome_id", outcome.int("id"));
    sign(desk, &mut row);
    if row.text("note").is_empty() && !row.text("note_html").is_empty() {
        row.set("note", plain(row.text("note_html")));
    }
    if !row.has("hiddenfromuser") {
        row.set("hiddenfromuser", outcome.flag("hidefromuser"));
    }
    let hours = row.get("timetaken").and_then(Value::as_f64).unwrap_or(0.0);
    row.set("timetakenadjusted", hours);
    row.set("timetakendays", hours / 24.0);
    if row.flag("sendemail") {
        row.set("emaildirection", "O");
        row.set("dateemailed", desk.now.as_str());
    }
    // A `status_id` in an action does not move the ticket; only `new_status`,
    // or the outcome's own new status, does (HAPI §7.4, §14.26).
    if !row.has("new_status") && outcome.int("newstatus") != 0 {
        row.set("new_status", outcome.int("newstatus"));
    }
    move_ticket(desk, ticket, &mut row, hours);
    if let (Some(step), Some(row)) = (step, desk.world.table_mut(TableId::Tickets).get_mut(&Key::Int(ticket)))
    {
        row.set("workflow_step", step);
    }
    let key = Key::Pair(ticket, id);
    desk.world.table_mut(TableId::Actions).put(key.clone(), row);
    attachments::inline(desk, element.raw.get("attachments"), ticket, id)?;
    Ok(key)
}

/// The outcome by number or by name; a name that is not configured is taken as
/// it is, because clients send many.
fn outcome(world: &World, ticket: i64, element: &Element) -> Result<Row, Refusal> {
    let number = element.patch.int("outcome_id");
    let name = element.patch.text("outcome");
    let table = world.table(TableId::Outcomes);
    let found = match number {
        0 if name.is_empty() => {
            return Err(Refusal::rule("An Outcome must be entered for this Action"));
        }
        0 => {
            let mut rows = table.rows();
            rows.find(|row| row.text("outcome").eq_ignore_ascii_case(name))
        }
        number => table.get(&Key::Int(number)),
    };
    let kind = world.row(TableId::Tickets, ticket).map_or(0, |row| row.int("tickettype_id"));
    match found {
        // An outcome of another ticket type is out of reach (HAPI §8.3).
        Some(row) if row.int("requesttype") != 0 && row.int("requesttype") != kind => Err(no_access()),
        Some(row) => Ok(row.clone()),
        None if number != 0 => Err(no_access()),
        None => Ok(Row::new().with("id", 0).with("outcome", name)),
    }
}

/// What the agent may not do, or the ticket does not offer (HAPI §8.3).
fn no_access() -> Refusal {
    Refusal::rule("You do not have access to this Action at the moment")
}

fn sign(desk: &Desk<'_>, row: &mut Row) {
    let agent = match row.int("who_agentid") {
        0 => desk.caller.agent_id,
        other => other,
    };
    row.set("who_agentid", agent);
    if row.text("who").is_empty() {
        row.set("who", desk.world.text(TableId::Agents, agent, "name"));
    }
    row.set("who_type", 1);
    row.set("actionby_application_id", desk.caller.application);
    row.set("actionby_agent_id", desk.caller.agent_id);
    if !row.has("datetime") {
        row.set("datetime", desk.now.as_str());
    }
    row.set("actiondatecreated", desk.now.as_str());
    row.set("last_updated", desk.now.as_str());
    let seed = row.int("ticket_id").unsigned_abs() << 16 | row.int("id").unsigned_abs();
    row.set("guid", random::guid(seed, "Actions"));
}

/// Applies the `new_…` fields of an action to its ticket.
fn move_ticket(desk: &mut Desk<'_>, id: i64, action: &mut Row, hours: f64) {
    let team = {
        let wanted = action.text("new_team");
        let mut teams = desk.world.table(TableId::Teams).rows();
        teams
            .find(|team| !wanted.is_empty() && team.text("name").eq_ignore_ascii_case(wanted))
            .map_or(0, |team| team.int("id"))
    };
    let now = desk.now.as_str();
    let Some(ticket) = desk.world.table_mut(TableId::Tickets).get_mut(&Key::Int(id)) else {
        return;
    };
    let before = ticket.clone();
    action.set("old_status", ticket.int("status_id"));
    for (field, target) in [
        ("new_status", "status_id"),
        ("new_agent", "agent_id"),
        ("new_priority", "priority_id"),
        ("new_sla_id", "sla_id"),
        ("new_impact", "impact"),
        ("new_urgency", "urgency"),
        ("new_tickettype", "tickettype_id"),
        ("new_parent_id", "parent_id"),
        ("new_supplier_id", "supplier_id"),
    ] {
        if action.int(field) > 0 {
            ticket.set(target, action.int(field));
        }
    }
    if team != 0 {
        ticket.set("team_id", team);
    }
    for (field, target) in [
        ("new_category1", "category_1"),
        ("new_category2", "category_2"),
        ("new_category3", "category_3"),
        ("new_category4", "category_4"),
    ] {
        if !action.text(field).is_empty() {
            ticket.set(target, action.text(field));
        }
    }
    if let Some(hours) = action.get("new_estimate") {
        ticket.set("estimate", hours.clone());
    }
    let spent = ticket.get("timetaken").and_then(Value::as_f64).unwrap_or(0.0);
    ticket.set("timetaken", spent + hours);
    tickets::mark_closed(ticket, now);
    ticket.set("lastactiondate", now);
    ticket.set("last_update", now);
    let after = ticket.clone();
    tickets::move_child(desk.world, &before, &after);
    desk.tell(Some(&before), &after);
}

/// Adds an action that holds time; its number. The outcome's name is assumed.
pub(super) fn log_time(desk: &mut Desk<'_>, ticket: i64, event: &Row, hours: f64) -> i64 {
    let id = desk.world.table(TableId::Actions).next_owned(ticket);
    let mut row = Row::new()
        .with("id", id)
        .with("ticket_id", ticket)
        .with("outcome", "Quick Time")
        .with("outcome_id", 0)
        .with("note", event.text("note"))
        .with("who_agentid", event.int("agent_id"))
        .with("timetaken", hours)
        .with("timetakenadjusted", hours)
        .with("timetakendays", hours / 24.0)
        .with("actionarrivaldate", event.text("start_date"))
        .with("actioncompletiondate", event.text("end_date"));
    sign(desk, &mut row);
    move_ticket(desk, ticket, &mut row, hours);
    desk.world.table_mut(TableId::Actions).put(Key::Pair(ticket, id), row);
    id
}

/// The first action of a ticket: its original text (HAPI §7.3).
pub(crate) fn opening(desk: &Desk<'_>, ticket: &Row) -> Row {
    let mut row = Row::new()
        .with("id", 1)
        .with("ticket_id", ticket.int("id"))
        .with("outcome", "Opened")
        .with("outcome_id", 0)
        .with("note", ticket.text("details"))
        .with("note_html", ticket.text("details_html"))
        .with("new_status", ticket.int("status_id"))
        .with("datetime", ticket.text("dateoccurred"));
    sign(desk, &mut row);
    row
}

/// A text without its HTML tags.
pub(crate) fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut inside = false;
    for letter in html.chars() {
        match letter {
            '<' => inside = true,
            '>' => inside = false,
            letter if !inside => text.push(letter),
            _ => {}
        }
    }
    text
}
