//! Inputs that depend on other inputs: what HaloPSA passes over in silence is
//! completed, refused, or said.

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use serde_json::Value;
use workflow_node_sdk::interface::{Level, Object};
use workflow_node_sdk::text;

use super::{Note, Zone};
use crate::catalogue::field::Kind;
use crate::catalogue::resource::{ORDER, Paging, Resource, Verb};
use crate::error::{Code, NodeError, Result};

/// Checks what the values of an operation need of each other.
pub(super) fn check(
    resource: &'static Resource,
    verb: Verb,
    values: &mut Object,
    notes: &mut Vec<Note>,
) -> Result<()> {
    complete(resource, verb, values, notes)?;
    if matches!(verb, Verb::List) && resource.paging == Paging::Pages {
        known_column(resource, values)?;
    }
    if matches!(verb, Verb::Update) {
        notes.extend(what_stays(resource, values));
    }
    Ok(())
}

/// Fills in or refuses what has no effect without another input.
fn complete(
    resource: &'static Resource,
    verb: Verb,
    values: &mut Object,
    notes: &mut Vec<Note>,
) -> Result<()> {
    for need in resource.needs.iter().filter(|need| need.takes == verb.takes()) {
        let Some(input) = need.inputs.iter().find(|input| values.contains_key(**input)) else { continue };
        if need.on.iter().any(|on| values.contains_key(*on)) {
            continue;
        }
        let Some(on) = need.on.first() else { continue };
        match need.default {
            Some(default) => {
                values.insert((*on).to_string(), Value::from(default));
                notes.push(Note {
                    level: Level::Info,
                    code: "halopsa.default-taken",
                    message: format!("{input} was given without {on}, so {on} is {default}."),
                });
            }
            None => {
                let ways = need.on.join(" or ");
                return Err(NodeError::new(
                    Code::MissingField,
                    format!("{input} has no effect without {ways}."),
                )
                .with_field(on)
                .with_advice(format!("Give {ways} too, or leave {input} out.")));
            }
        }
    }
    Ok(())
}

/// HaloPSA ignores the name of a column that it does not have.
fn known_column(resource: &'static Resource, values: &mut Object) -> Result<()> {
    let Some(Value::String(given)) = values.get(ORDER.name) else { return Ok(()) };
    let columns = resource.columns.iter().chain(resource.detail_columns);
    let names: Vec<&str> = columns
        .flat_map(|column| core::iter::once(&column.name).chain(column.aliases).copied())
        .chain(resource.fields.iter().map(|field| field.name).filter(|name| !name.starts_with('_')))
        .chain(["id"])
        .collect();
    let wanted = text::trimmed(given);
    if let Some(known) = names.iter().find(|name| name.eq_ignore_ascii_case(wanted)) {
        let known = Value::from(*known);
        values.insert(ORDER.name.to_string(), known);
        return Ok(());
    }
    let error = NodeError::new(
        Code::InvalidValue,
        format!("There is no column \"{}\" to sort by.", text::quoted(wanted)),
    )
    .with_field(ORDER.name);
    Err(match text::nearest(wanted, &names) {
        Some(near) => error.with_advice(format!("Did you mean \"{near}\"?")),
        None => error.with_advice("Sort by a column of the result, such as id."),
    })
}

/// What an update leaves as it was although it belongs to something else: the
/// site of the client before.
fn what_stays(resource: &'static Resource, values: &Object) -> Option<Note> {
    if !values.contains_key("client_id") {
        return None;
    }
    let depends = |name: &str| {
        resource.fields.iter().any(|field| {
            field.name == name
                && matches!(field.kind, Kind::Reference(choice) if choice.parameters.iter().any(|(_, of)| *of == "client_id"))
        })
    };
    let left: Vec<&str> = ["site_id", "sitenumber", "user_id"]
        .into_iter()
        .filter(|name| depends(name) && !values.contains_key(*name))
        .collect();
    let names = left.join(" and ");
    left.iter().any(|name| *name != "user_id").then(|| Note {
        level: Level::Warning,
        code: "halopsa.site-stays",
        message: format!(
            "client_id is changed without {names}: the record keeps what it has there, which may belong to the client before. Give {names} too."
        ),
    })
}

/// Code of the note about a date without an offset.
pub const DATE_TAKEN_AS_UTC: &str = "halopsa.date-taken-as-utc";

/// What a date without an offset was taken for, where that is not the zone of
/// the call.
pub(super) fn local_date(date: &str, zone: &Zone) -> Option<Note> {
    let date = text::quoted(date);
    let (level, reason) = match zone {
        Zone::Known(_) => return None,
        Zone::NotNamed => (Level::Info, "the call names no time zone"),
        Zone::NotReadable => (
            Level::Warning,
            "the time zone of the call is neither an offset nor a POSIX rule, which is all that the node reads",
        ),
    };
    Some(Note {
        level,
        code: DATE_TAKEN_AS_UTC,
        message: format!(
            "{date} has no offset and was taken as UTC: {reason}. Give an offset, such as +02:00."
        ),
    })
}
