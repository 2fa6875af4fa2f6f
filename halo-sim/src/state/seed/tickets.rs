//! Tickets and their first actions of a seed.

use jiff::{SignedDuration, Timestamp};

use super::{
    random::{Random, guid},
    words::{DETAILS, NOTES, SUBJECTS},
};
use crate::{
    desk::{priorities, tickets::CLOSED},
    protocol::dates::{NO_DATE, wire},
    state::{Key, Row, TableId, World},
};

/// The first ticket of every seed is opened then; the last about half a year later.
const FIRST_TICKET: &str = "2025-09-01T06:00:00Z";
const SPAN_SECONDS: i64 = 182 * 86_400;

pub(super) fn plant(world: &mut World, random: &mut Random, count: usize) {
    let start: Timestamp = FIRST_TICKET.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let users: Vec<(i64, i64, i64)> = world
        .table(TableId::Users)
        .rows()
        .filter(|user| !user.flag("inactive"))
        .filter_map(|user| {
            let site = user.int("site_id");
            let client = world.row(TableId::Sites, site)?.int("client_id");
            Some((user.int("id"), site, client))
        })
        .collect();
    for index in 0..count {
        let id = index as i64 + 1;
        let offset = SPAN_SECONDS * id / (count as i64 + 1);
        let opened = start + SignedDuration::from_secs(offset) + SignedDuration::from_millis(id * 37 % 1000);
        let (user, site, client) = random.pick(&users);
        let mut ticket = ticket(world, random, id, opened, (user, site, client), count);
        set_use(&mut ticket);
        actions(world, random, &ticket, opened);
        world.table_mut(TableId::Tickets).seed(ticket);
    }
    attachment(world);
}

/// The one file of a seed.
fn attachment(world: &mut World) {
    const TICKET: i64 = 17;
    let text = "Seite 1 von 1\n";
    let row = Row::new()
        .with("id", 1)
        .with("filename", "Druckprotokoll.txt")
        .with("filesize", text.len())
        .with("content_type", "text/plain")
        .with("note", "Vom Drucker")
        .with("datecreated", FIRST_TICKET)
        .with("ticket_id", TICKET)
        .with("action_id", 1)
        .with("agent_id", 2)
        .with("data_base64", "data:text/plain;base64,U2VpdGUgMSB2b24gMQo=");
    world.table_mut(TableId::Attachments).seed(row);
    for (table, key) in [(TableId::Tickets, Key::Int(TICKET)), (TableId::Actions, Key::Pair(TICKET, 1))] {
        if let Some(row) = world.table_mut(table).get_mut(&key) {
            row.set("attachment_count", 1);
        }
    }
}

fn ticket(
    world: &World,
    random: &mut Random,
    id: i64,
    opened: Timestamp,
    (user, site, client): (i64, i64, i64),
    count: usize,
) -> Row {
    let (subject, category) = random.pick(SUBJECTS);
    let kind = random.pick(&[1, 1, 1, 1, 3, 3, 2, 4]);
    // Old tickets are closed, most of the youngest are open.
    let old = id * 10 < count as i64 * 8;
    let closed = if old { random.below(20) > 0 } else { random.below(4) == 0 };
    let status = if closed { CLOSED } else { random.pick(&[1, 2, 2, 3, 4, 5, 6, 10]) };
    let agent = if status == 1 { 1 } else { 2 + random.below(9) as i64 };
    let team =
        world.row(TableId::Agents, agent).map(|agent| agent.text("team").to_owned()).unwrap_or_default();
    let team = match team.as_str() {
        "2nd Line Support" => 2,
        "Netzwerk & Sicherheit" => 3,
        "Projects" => 4,
        _ => 1,
    };
    let touched = opened + SignedDuration::from_mins(20 + random.below(4_000) as i64);
    let sla = world.row(TableId::Sites, site).map_or(1, |site| site.int("sla_id").max(1));
    let opened_text = wire(opened);
    let touched_text = wire(touched);
    let mut row = Row::new()
        .with("id", id)
        .with("summary", subject)
        .with("details", random.pick(DETAILS))
        .with("dateoccurred", opened_text)
        .with("status_id", status)
        .with("tickettype_id", kind)
        .with("sla_id", sla)
        .with("priority_id", 1 + random.below(4) as i64)
        .with("client_id", client)
        .with("site_id", site)
        .with("user_id", user)
        .with("team_id", team)
        .with("department_id", if team == 4 { 4 } else { 3 })
        .with("agent_id", agent)
        .with("category_1", category)
        .with("impact", 1 + id % 3)
        .with("urgency", 1 + id % 2)
        .with("source", if id % 3 == 0 { 0 } else { 1 })
        .with("hasbeenclosed", closed)
        .with("dateclosed", if closed { touched_text.as_str() } else { NO_DATE })
        .with("lastactiondate", touched_text.as_str())
        .with("last_update", touched_text.as_str())
        .with("flagged", id % 29 == 0)
        .with("onhold", status == 10)
        .with("organisation_id", 1)
        .with("ticketarea_id", 1)
        .with("workflow_id", i64::from(kind == 4))
        .with("workflow_step", if kind == 4 { 1 + 2 * i64::from(closed) } else { 0 })
        .with("use", "ticket");
    if agent != 1 {
        row.set("dateassigned", touched_text);
    }
    if id % 4 == 0 {
        row.set("customfields", serde_json::json!([{ "id": 201, "value": format!("Raum {}", id % 90) }]));
    }
    priorities::set_targets(world, &mut row);
    row
}

/// A few of them are opportunities and projects (HAPI §10.10).
fn set_use(ticket: &mut Row) {
    match ticket.int("id") % 90 {
        11 => {
            ticket.set("use", "opportunity");
            ticket.set("oppcompanyname", "Beispiel & Söhne");
            ticket.set("oppcontactname", "Sam Example");
            ticket.set("oppvalue", 25_000.0);
            ticket.set("oppconversionprobability", 40.0);
            ticket.set("targetdate", "2026-06-30T00:00:00");
        }
        13 => {
            ticket.set("use", "project");
            ticket.set("startdate", "2026-01-07T00:00:00");
            ticket.set("targetdate", "2026-06-30T00:00:00");
        }
        _ => {}
    }
}

fn actions(world: &mut World, random: &mut Random, ticket: &Row, opened: Timestamp) {
    let id = ticket.int("id");
    let agent = ticket.int("agent_id");
    let user_name = world.text(TableId::Users, ticket.int("user_id"), "name").to_owned();
    let agent_name = world.text(TableId::Agents, agent, "name").to_owned();
    let opening = Row::new()
        .with("id", 1)
        .with("ticket_id", id)
        .with("outcome", "Opened")
        .with("note", ticket.text("details"))
        .with("who", user_name)
        .with("datetime", wire(opened))
        .with("actiondatecreated", wire(opened))
        .with("new_status", 1)
        .with("guid", guid(id.unsigned_abs() << 16 | 1, "Actions"));
    let table = world.table_mut(TableId::Actions);
    table.put(Key::Pair(id, 1), opening);
    for number in 0..random.below(3) as i64 {
        let action = number + 2;
        let moment = wire(opened + SignedDuration::from_mins(15 * action));
        let (outcome, hides) = if number == 0 { (7, true) } else { (5, false) };
        let row = Row::new()
            .with("id", action)
            .with("ticket_id", id)
            .with("outcome", if hides { "Private Note" } else { "Note" })
            .with("outcome_id", outcome)
            .with("note", random.pick(NOTES))
            .with("who", agent_name.as_str())
            .with("who_type", 1)
            .with("who_agentid", agent)
            .with("datetime", moment.as_str())
            .with("actiondatecreated", moment.as_str())
            .with("hiddenfromuser", hides)
            .with("timetaken", 0.25 * (number + 1) as f64)
            .with("old_status", 1)
            .with("new_status", 2)
            .with("actionby_agent_id", agent)
            .with("guid", guid(id.unsigned_abs() << 16 | action.unsigned_abs(), "Actions"));
        table.put(Key::Pair(id, action), row);
    }
}
