//! Custom fields in an input, compared with the ones that there are.
//!
//! HaloPSA drops a custom field that it does not know without a word. The
//! definitions (HAPI §10.16) are read once in a call, where an input has custom
//! fields. Where they cannot be read, names go out as they are.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::Value;
use workflow_node_sdk::interface::Object;
use workflow_node_sdk::text;

use super::Known;
use crate::client::Client;
use crate::error::{Code, ErrorKind, NodeError, Result};
use crate::input::Reader;
use crate::lookup::forms;
use crate::number;

/// `FieldInfo.type` of a date (HAPI §7.5).
const DATE: i64 = 4;

/// The most definitions that are kept.
const MAX_DEFINITIONS: usize = 20_000;

/// What is known of the custom fields.
#[derive(Debug, Default)]
pub enum Definitions {
    /// Nobody asked yet.
    #[default]
    NotRead,
    /// They cannot be had, or not all of them.
    NotKnown,
    /// All of them.
    All(Vec<Definition>),
}

/// One custom field.
#[derive(Debug)]
pub struct Definition {
    id: Option<i64>,
    name: String,
    label: String,
    kind: i64,
}

/// Checks the custom fields among the values and gives dates their wire form.
pub fn check(
    client: &mut Client<'_>,
    known: &mut Known,
    reader: &mut Reader<'_>,
    values: &mut Object,
) -> Result<()> {
    let Some(Value::Array(elements)) = values.get_mut("customfields") else { return Ok(()) };
    if matches!(known.custom_fields, Definitions::NotRead) && !client.is_dry_run() {
        known.custom_fields = read(client)?;
    }
    let all = match &known.custom_fields {
        Definitions::All(all) => Some(all.as_slice()),
        Definitions::NotRead | Definitions::NotKnown => None,
    };
    for element in elements.iter_mut().filter_map(Value::as_object_mut) {
        let definition = all.map(|all| find(all, element)).transpose()?;
        if let Some(definition) = definition
            && element.contains_key("name")
        {
            element.insert("name".to_string(), Value::from(definition.name.as_str()));
        }
        let is_date = definition.map(|definition| definition.kind == DATE);
        if let Some(Value::String(text)) = element.get_mut("value")
            && is_date.unwrap_or_else(|| looks_like_an_instant(text))
            && let Some(wire) = reader.wire_date(text)
        {
            *text = wire;
        }
    }
    Ok(())
}

/// A date and time with an offset, which nobody writes by accident.
fn looks_like_an_instant(text: &str) -> bool {
    let text = text.trim();
    text.len() >= 20
        && matches!(text.as_bytes().get(10), Some(b'T'))
        && text.parse::<jiff::Timestamp>().is_ok()
}

/// The definition that an element names.
fn find<'d>(all: &'d [Definition], element: &Object) -> Result<&'d Definition> {
    let id = element.get("id").and_then(number::id);
    let name = element.get("name").and_then(Value::as_str).map(text::trimmed);
    let Some(name) = name else {
        return all
            .iter()
            .find(|known| known.id == id)
            .ok_or_else(|| unknown(&id.map(|id| id.to_string()).unwrap_or_default(), None));
    };
    if let Some(known) = all.iter().find(|known| known.name.eq_ignore_ascii_case(name)) {
        return Ok(known);
    }
    let is_label = |known: &&Definition| known.label.eq_ignore_ascii_case(name);
    let labelled: Vec<&Definition> = all.iter().filter(is_label).collect();
    let near = match labelled.as_slice() {
        [one] => Some(one.name.as_str()),
        _ => {
            let names: Vec<&str> = all.iter().map(|known| known.name.as_str()).collect();
            text::nearest(name, &names).or_else(|| text::nearest(&format!("CF{name}"), &names))
        }
    };
    Err(unknown(name, near))
}

fn unknown(name: &str, near: Option<&str>) -> NodeError {
    let shown = text::quoted(name);
    let error = NodeError::new(Code::UnknownField, format!("There is no custom field \"{shown}\"."))
        .with_field(&shown)
        .with_field("customfields");
    match near {
        Some(near) => error.with_advice(format!("Did you mean \"{near}\"?")),
        None => error.with_advice("Give the name of a custom field as HaloPSA's configuration shows it, such as CFLocation, or its id."),
    }
}

fn read(client: &mut Client<'_>) -> Result<Definitions> {
    let page = match forms::definitions(client) {
        Ok(page) => page,
        // What stops everything else, too, is reported by it.
        Err(error) if error.kind() == ErrorKind::Unauthenticated => return Err(error),
        Err(_) => return Ok(Definitions::NotKnown),
    };
    let whole = |value: Option<&Value>| value.and_then(number::id);
    let definition = |row: &Object| {
        let name = row.get("name").and_then(Value::as_str).map(text::trimmed)?.to_string();
        let is_custom = whole(row.get("custom")).unwrap_or_default() != 0
            || row.get("custom") == Some(&Value::Bool(true))
            || name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("CF"));
        is_custom.then(|| Definition {
            id: whole(row.get("id")),
            label: row.get("label").and_then(Value::as_str).map(text::clean).unwrap_or_default(),
            kind: whole(row.get("type")).unwrap_or(-1),
            name,
        })
    };
    let all: Vec<Definition> = page.rows.iter().filter_map(definition).collect();
    // An agent who sees none of them, or not all, cannot judge.
    if !page.is_whole() || all.is_empty() || all.len() > MAX_DEFINITIONS {
        return Ok(Definitions::NotKnown);
    }
    Ok(Definitions::All(all))
}
