//! What leaves the node: records boiled down, and nothing secret in them.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::Value;

use crate::catalogue::field::{Column, Shape};
use crate::catalogue::resource::Resource;
use crate::contract::Object;
use crate::number;
use crate::protocol::date;

/// Which form of a record is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// As HaloPSA sent it.
    Raw,
    /// The columns of a row.
    Row,
    /// The columns of a row and of a single record.
    Detail,
}

/// Names that stand beside the rows of a list envelope: the column that gets
/// one, the key of the row, and the name.
#[derive(Debug, Default)]
pub struct Names(Vec<(&'static str, Vec<Value>, Value)>);

impl Names {
    /// Takes the names out of the envelope's tables.
    pub fn learn(&mut self, resource: &Resource, tables: &[(String, Vec<Object>)]) {
        for table in resource.tables {
            let entries = tables.iter().filter(|(key, _)| key == table.key).flat_map(|(_, entries)| entries);
            for entry in entries {
                let key: Vec<Value> = table.on.iter().map(|(_, column)| key_of(entry.get(*column))).collect();
                let known = self.0.iter().any(|(column, other, _)| *column == table.column && *other == key);
                if let (false, Some(name @ Value::String(_))) = (known, entry.get(table.name)) {
                    self.0.push((table.column, key, name.clone()));
                }
            }
        }
    }

    /// Writes the names that a record lacks into it.
    fn complete(&self, resource: &Resource, record: &mut Object) {
        if self.0.is_empty() {
            return;
        }
        for table in resource.tables {
            if record.get(table.column).is_some_and(|value| !value.is_null()) {
                continue;
            }
            let key: Vec<Value> = table.on.iter().map(|(column, _)| key_of(record.get(*column))).collect();
            let name = self.0.iter().find(|(column, other, _)| *column == table.column && *other == key);
            if let Some((_, _, name)) = name {
                record.insert(table.column.to_string(), name.clone());
            }
        }
    }
}

fn key_of(value: Option<&Value>) -> Value {
    value.map(|value| integer(value.clone())).unwrap_or_default()
}

/// Makes a record fit to leave. `instance` is the address of the application
/// that agents use, for links.
pub fn record(resource: &Resource, mut record: Object, view: View, names: &Names, instance: &str) -> Value {
    let columns: &[&[Column]] = match view {
        View::Raw => {
            // A new ticket carries about 94 KB of forms in it (HAPI 4, 14.39).
            record.remove("extra_actions");
            let mut value = Value::Object(record);
            redact(&mut value);
            return value;
        }
        View::Row => &[resource.columns],
        View::Detail => &[resource.columns, resource.detail_columns],
    };
    names.complete(resource, &mut record);
    let mut simple = Object::new();
    for column in columns.iter().copied().flatten() {
        // Taken and not copied: no two columns have the same source.
        let value = core::iter::once(&column.name)
            .chain(column.aliases)
            .find_map(|name| record.get_mut(*name).filter(|value| !value.is_null()).map(Value::take))
            .unwrap_or(Value::Null);
        simple.insert(column.name.to_string(), shaped(column.shape, value));
    }
    if let (Some(page), Some(id)) = (resource.page, simple.get("id").and_then(Value::as_i64)) {
        simple.insert("link".to_string(), Value::String(alloc::format!("{instance}{page}{id}")));
    }
    let mut value = Value::Object(simple);
    redact(&mut value);
    value
}

/// Columns of a record that is no resource of its own.
pub fn columns(columns: &[Column], record: &Object) -> Object {
    let mut simple = Object::new();
    for column in columns {
        let value = record.get(column.name).cloned().unwrap_or(Value::Null);
        simple.insert(column.name.to_string(), shaped(column.shape, value));
    }
    simple
}

fn shaped(shape: Shape, value: Value) -> Value {
    match shape {
        Shape::Plain | Shape::Untrusted => value,
        Shape::Integer => integer(value),
        Shape::DateTime => value.as_str().and_then(date::readable).map_or(Value::Null, Value::String),
        Shape::CustomFields => custom_fields(value),
    }
}

/// `12` for `12.0`: some endpoints send ids as fractions (HAPI 4).
pub fn integer(value: Value) -> Value {
    match &value {
        Value::Number(number) => number::whole(number).map_or(value, Value::from),
        _ => value,
    }
}

/// Names to values; a field that has only a text to show gives that.
fn custom_fields(value: Value) -> Value {
    let Value::Array(fields) = value else { return Value::Null };
    let mut values = Object::new();
    for field in fields {
        if let Some(name) = field.get("name").and_then(Value::as_str) {
            let value = field.get("value").filter(|value| !value.is_null()).or_else(|| field.get("display"));
            values.insert(name.to_string(), value.cloned().unwrap_or(Value::Null));
        }
    }
    Value::Object(values)
}

/// Removes passwords, tokens and secrets, however deep. A new client, for one,
/// comes back with a password in plain text (HAPI 10.1).
pub fn redact(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(redact),
        Value::Object(object) => {
            object.retain(|name, value| !(is_secret(name) && holds_something(value)));
            object.values_mut().for_each(redact);
        }
        _ => {}
    }
}

fn is_secret(name: &str) -> bool {
    // Each name of each record comes here: no copy of it is made.
    let name = name.as_bytes();
    let contains =
        |part: &str| name.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()));
    let ends_with = |end: &str| {
        name.windows(end.len()).next_back().is_some_and(|tail| tail.eq_ignore_ascii_case(end.as_bytes()))
    };
    ["password", "secret"].into_iter().any(contains)
        || ["token", "api_key", "apikey"].into_iter().any(ends_with)
}

/// Flags such as `password_expires` are no secret.
fn holds_something(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(_))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalogue::RESOURCES;
    use crate::catalogue::site::SITE;
    use crate::catalogue::ticket::TICKET;

    fn object(value: Value) -> Object {
        match value {
            Value::Object(object) => object,
            _ => Object::new(),
        }
    }

    #[test]
    fn a_row_is_boiled_down_with_names_dates_and_link() {
        let mut names = Names::default();
        names.learn(
            &TICKET,
            &[
                ("statuses".to_string(), [object(json!({"id": 1, "name": "New"}))].to_vec()),
                (
                    "priorities".to_string(),
                    [
                        object(json!({"priorityid": 3, "slaid": 1, "name": "Medium"})),
                        object(json!({"priorityid": 3, "slaid": 2, "name": "P3"})),
                    ]
                    .to_vec(),
                ),
            ],
        );
        let row = object(json!({
            "id": 17, "summary": "x", "status_id": 1, "priority_id": 3, "sla_id": 2, "client_id": 12.0,
            "dateoccurred": "2026-03-01T09:15:02.147", "fixbydate": "1900-01-01T00:00:00",
            "lastupdate": "2026-03-01T09:15:02", "matched_kb_id": 5,
        }));
        let simple = record(&TICKET, row, View::Row, &names, "https://x.halopsa.com");
        assert_eq!(simple["status_name"], "New");
        assert_eq!(simple["priority_name"], "P3");
        assert_eq!(simple["client_id"].to_string(), "12");
        assert_eq!(simple["dateoccurred"], "2026-03-01T09:15:02.147Z");
        assert_eq!(simple["fixbydate"], Value::Null);
        assert_eq!(simple["last_update"], "2026-03-01T09:15:02Z");
        assert_eq!(simple["link"], "https://x.halopsa.com/ticket?id=17");
        assert_eq!(simple.get("matched_kb_id"), None);
        assert_eq!(simple["agent_name"], Value::Null, "every column is there, known or not");
    }

    #[test]
    fn secrets_are_removed_in_every_view() {
        let answer = || {
            object(json!({"id": 1, "site_update": [{"users_update": [{"new_password": "hunter2"}]}],
            "client_secret": "s", "Access_TOKEN": "t", "passwords": ["x"], "apikey": 5, "password_expires": false}))
        };
        let raw = record(&SITE, answer(), View::Raw, &Names::default(), "");
        assert_eq!(raw, json!({"id": 1, "site_update": [{"users_update": [{}]}], "password_expires": false}));
        let detail = record(&SITE, answer(), View::Detail, &Names::default(), "").to_string();
        assert!(!detail.contains("hunter2"));
    }

    #[test]
    fn no_two_columns_have_the_same_source() {
        for resource in RESOURCES {
            let columns = resource.columns.iter().chain(resource.detail_columns);
            let mut sources: Vec<&str> = columns
                .flat_map(|column| core::iter::once(&column.name).chain(column.aliases))
                .copied()
                .collect();
            sources.sort_unstable();
            let double = sources.windows(2).find(|pair| pair[0] == pair[1]);
            assert_eq!(double, None, "{}", resource.name);
        }
    }

    #[test]
    fn custom_fields_become_an_object() {
        let fields =
            json!([{"id": 1, "name": "CFa", "value": 3}, {"name": "CFb", "value": null, "display": "B"}]);
        assert_eq!(custom_fields(fields), json!({"CFa": 3, "CFb": "B"}));
        assert_eq!(custom_fields(json!(null)), Value::Null);
    }
}
