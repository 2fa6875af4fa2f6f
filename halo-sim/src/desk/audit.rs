//! Who changed what on a ticket: the rows of `/Audit` (HAPI §10.20).

use serde_json::Value;

use super::Desk;
use crate::{
    resources::filter::searchable,
    state::{Key, Row, TableId},
};

/// The fields whose changes are written down.
const WATCHED: &[&str] = &[
    "summary",
    "status_id",
    "agent_id",
    "team_id",
    "priority_id",
    "sla_id",
    "tickettype_id",
    "client_id",
    "site_id",
    "user_id",
    "category_1",
    "parent_id",
    "merged_into_id",
    "deleted",
];

/// Writes down what is different.
pub(super) fn compare(desk: &mut Desk<'_>, before: &Row, after: &Row) {
    let text = |row: &Row, name| row.get(name).map(show).unwrap_or_default();
    for name in WATCHED {
        let (from, to) = (text(before, name), text(after, name));
        if from == to {
            continue;
        }
        let agent = desk.caller.agent_id;
        let username = desk.world.text(TableId::Agents, agent, "name").to_owned();
        let table = desk.world.table_mut(TableId::Audits);
        let id = table.next_id();
        let row = Row::new()
            .with("id", id)
            .with("ticket_id", after.int("id"))
            .with("agent_id", agent)
            .with("username", username)
            .with("date", desk.now.as_str())
            .with("table_name", "Faults")
            .with("value", *name)
            .with("from", from)
            .with("to", to)
            .with("clientid", after.int("client_id"));
        table.put(Key::Int(id), row);
    }
}

fn show(value: &Value) -> String {
    match value {
        Value::Bool(on) => on.to_string(),
        other => searchable(other),
    }
}
