//! Fields that a ticket type makes mandatory (HAPI §7.3, §11.3).
//!
//! The rule is where an administrator would set it: in the `fields` of the
//! ticket type, whose `fieldinfo` says `mandatory`.

use serde_json::Value;

use crate::{
    protocol::Refusal,
    resources::custom,
    state::{Row, TableId, World},
};

/// Refuses a ticket that lacks a mandatory field of its type.
pub(crate) fn check(world: &World, ticket: &Row) -> Result<(), Refusal> {
    if ticket.text("summary").trim().is_empty() {
        return Err(Refusal::mandatory("Summary"));
    }
    let Some(kind) = world.row(TableId::TicketTypes, ticket.int("tickettype_id")) else {
        return Ok(());
    };
    for field in kind.get("fields").and_then(Value::as_array).into_iter().flatten() {
        let info = field.get("fieldinfo");
        let text = |name| info.and_then(|info| info.get(name)).and_then(Value::as_str);
        let mandatory = info.and_then(|info| info.get("mandatory")).and_then(Value::as_bool);
        let (Some(true), Some(name), Some(label)) = (mandatory, text("name"), text("label")) else {
            continue;
        };
        if !is_filled(world, ticket, name) {
            return Err(Refusal::mandatory(label));
        }
    }
    Ok(())
}

fn is_filled(world: &World, ticket: &Row, name: &str) -> bool {
    if name.starts_with("CF") {
        return custom::is_filled(world, 1, ticket.get("customfields"), name);
    }
    match ticket.get(name) {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(_) => true,
    }
}
