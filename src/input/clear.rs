//! `clear`: the fields that an update empties.
//!
//! Elsewhere an empty value means "not given", so that no untouched form and
//! no empty cell ever empties anything.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::{Value, json};
use workflow_node_sdk::interface::Object;
use workflow_node_sdk::text;

use super::convert::parts;
use crate::catalogue::field::{Emptied, Field};
use crate::catalogue::resource::{CLEAR, Resource};
use crate::error::{Code, NodeError, Result};

/// Writes what empties the fields that `names` lists into the values.
pub(super) fn apply(resource: &'static Resource, values: &mut Object, names: &Value) -> Result<()> {
    let names: Vec<String> = match names {
        Value::String(names) => parts(names).map(ToString::to_string).collect(),
        Value::Array(names) => names.iter().filter_map(Value::as_str).map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    for (index, name) in names.iter().enumerate() {
        let name = text::trimmed(name);
        let at = |error: NodeError| error.with_field(&index.to_string()).with_field(CLEAR);
        let (field, value) = emptied(resource, name).map_err(at)?;
        match (field, values.get_mut(field)) {
            ("customfields", Some(Value::Array(fields))) => {
                let is_given = |known: &&Value| {
                    known
                        .get("name")
                        .and_then(Value::as_str)
                        .is_some_and(|known| known.eq_ignore_ascii_case(name))
                };
                if fields
                    .iter()
                    .find(is_given)
                    .is_some_and(|known| *known.get("value").unwrap_or(&Value::Null) != Value::Null)
                {
                    return Err(at(both(name)));
                }
                fields.push(value);
            }
            ("customfields", _) => {
                values.insert(field.to_string(), Value::Array([value].to_vec()));
            }
            (_, Some(known)) if *known != value => return Err(at(both(name))),
            _ => {
                values.insert(field.to_string(), value);
            }
        }
    }
    Ok(())
}

fn both(name: &str) -> NodeError {
    NodeError::new(Code::InvalidValue, format!("\"{}\" is given and cleared.", text::quoted(name)))
        .with_advice("Give a value or clear the field.")
}

/// The field, and what empties it.
fn emptied(resource: &'static Resource, name: &str) -> Result<(&'static str, Value)> {
    if let Some(field) = resource.clearable().find(|field| field.name == name) {
        let value = match field.emptied() {
            Some(Emptied::Text) => json!(""),
            Some(Emptied::Zero) => json!(0),
            Some(Emptied::Unassigned) => json!(1),
            Some(Emptied::List) => json!([]),
            Some(Emptied::Never) => json!("1900-01-01T00:00:00"),
            None => Value::Null,
        };
        return Ok((field.name, value));
    }
    let is_custom = name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("CF")) && name.len() > 2;
    if is_custom && resource.has_custom_fields() && resource.fields.iter().all(|field| field.name != name) {
        return Ok(("customfields", json!({"name": name, "value": null})));
    }
    let shown = text::quoted(name);
    let known = |field: &&'static Field| field.name == name;
    if let Some(field) = resource.fields.iter().find(known) {
        let error = NodeError::new(Code::InvalidValue, format!("\"{shown}\" cannot be cleared."));
        return Err(match field.kind {
            crate::catalogue::field::Kind::Boolean => {
                error.with_advice(format!("Set {shown} to false instead."))
            }
            _ => error.with_advice("Every record has a value there. Give another one."),
        });
    }
    let names: Vec<&str> = resource.clearable().map(|field| field.name).collect();
    let error = NodeError::new(Code::UnknownField, format!("There is no field \"{shown}\" to clear."));
    Err(match text::nearest(name, &names) {
        Some(near) => error.with_advice(format!("Did you mean \"{near}\"?")),
        None => error.with_advice("The description of the operation lists the fields that can be cleared."),
    })
}
