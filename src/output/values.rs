//! Values of answers in a readable form, from each shape that they come in.

use alloc::format;
use alloc::string::{String, ToString};

use serde_json::Value;
use workflow_node_sdk::interface::Object;

use super::{LeftOut, secrets};
use crate::catalogue::field::{Column, Shape};
use crate::number;
use crate::protocol::date;

/// Finds what a record says under the name of a column: under the name itself,
/// under another spelling, or inside the object that stands for the other
/// record, such as `priority: {"name": …}` for `priority_name`.
pub(super) fn take(record: &mut Object, column: &Column) -> Value {
    let own = core::iter::once(&column.name).chain(column.aliases);
    let mut empty = None;
    for name in own {
        match at(record, name) {
            None | Some(Value::Null) => {}
            // An empty text beside a filled object is not the name.
            Some(Value::String(text)) if text.is_empty() => empty = Some(Value::String(String::new())),
            Some(value) => return value.take(),
        }
    }
    if let Some(name) = other_spelling(record, column.name)
        && let Some(value) = record.get_mut(&name)
    {
        return value.take();
    }
    inside(record, column.name).or(empty).unwrap_or(Value::Null)
}

/// By how many `_` two spellings of a name differ at most.
const MAX_UNDERSCORES: usize = 4;

/// A name that differs in capitals and `_` only: answers to writes spell some
/// properties differently (HAPI §7.4).
fn other_spelling(record: &Object, name: &str) -> Option<String> {
    let first = name.as_bytes().first()?;
    let alike = |(other, value): &(&String, &Value)| {
        // Most names are told apart by their length or their beginning.
        other.len().abs_diff(name.len()) <= MAX_UNDERSCORES
            && other.as_bytes().first().is_some_and(|byte| byte.eq_ignore_ascii_case(first))
            && !is_blank(value)
            && plain(other).eq(plain(name))
    };
    record.iter().find(alike).map(|(other, _)| other.clone())
}

/// The same without changing the record.
pub fn find(record: &Object, column: &Column) -> Option<Value> {
    let own = core::iter::once(&column.name).chain(column.aliases);
    let said = own.filter_map(|name| record.get(*name)).find(|value| !value.is_null()).cloned();
    said.or_else(|| record.get(&other_spelling(record, column.name)?).cloned())
        .or_else(|| inside(record, column.name))
}

/// A member; dots lead into objects.
fn at<'r>(record: &'r mut Object, name: &str) -> Option<&'r mut Value> {
    match name.split_once('.') {
        None => record.get_mut(name),
        Some((outer, inner)) => record.get_mut(outer)?.as_object_mut()?.get_mut(inner),
    }
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

fn plain(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase())
}

/// What the object for another record says: `…_name` is its name, `…_id` its id.
fn inside(record: &Object, name: &str) -> Option<Value> {
    let (outer, inner) = match name.rsplit_once('_') {
        Some((outer, "name")) => (outer, "name"),
        Some((outer, "id")) => (outer, "id"),
        _ => return None,
    };
    match record.get(outer)? {
        Value::Object(other) => other.get(inner).filter(|value| !value.is_null()).cloned(),
        Value::String(text) if inner == "name" && !text.is_empty() => Some(Value::from(text.as_str())),
        _ => None,
    }
}

/// Puts a value of a column into a simplified record, in its readable form.
pub(super) fn insert(simple: &mut Object, column: &Column, value: Value, left_out: &mut LeftOut) {
    let value = match column.shape {
        Shape::CustomFields => {
            let (values, displays) = custom_fields(value, left_out);
            simple.insert(column.display_name(), displays);
            values
        }
        Shape::Plain | Shape::Untrusted => without_unset_dates(named(value)),
        Shape::Integer => integer(value),
        Shape::DateTime => date_time(column.name, value, left_out),
    };
    simple.insert(column.name.to_string(), value);
}

/// A text, where a short form of another record came instead: its name.
fn named(value: Value) -> Value {
    match value {
        Value::Object(mut other) if other.contains_key("id") => match other.get_mut("name") {
            Some(name @ Value::String(_)) => name.take(),
            _ => Value::Object(other),
        },
        value => value,
    }
}

fn date_time(name: &str, value: Value, left_out: &mut LeftOut) -> Value {
    let Value::String(text) = value else { return Value::Null };
    if text.trim().is_empty() {
        return Value::Null;
    }
    if !date::is_date(&text) {
        left_out.misread(name);
    }
    date::readable(&text).map_or(Value::Null, Value::String)
}

/// `12` for `12.0` and `"12"`: some endpoints send ids like this (HAPI §4). An
/// object for another record is its id.
pub fn integer(value: Value) -> Value {
    match value {
        Value::Number(ref number) => number::whole(number).map_or(value, Value::from),
        Value::String(text) => match text.trim().parse::<i64>() {
            Ok(number) => Value::from(number),
            Err(_) if text.trim().is_empty() => Value::Null,
            Err(_) => Value::String(text),
        },
        Value::Object(mut other) if other.contains_key("name") => other
            .get_mut("id")
            .map(Value::take)
            .filter(Value::is_number)
            .map_or(Value::Object(other), integer),
        value => value,
    }
}

/// Dates that stand for "none", such as 1900-01-01, become null, however deep.
pub fn without_unset_dates(mut value: Value) -> Value {
    clear_unset_dates(&mut value);
    value
}

/// The same in place.
fn clear_unset_dates(value: &mut Value) {
    match value {
        Value::String(text) if date::is_unset(text) => *value = Value::Null,
        Value::Array(values) => values.iter_mut().for_each(clear_unset_dates),
        Value::Object(members) => members.values_mut().for_each(clear_unset_dates),
        _ => {}
    }
}

/// Custom fields as names to values, and as names to what people read where
/// that is something else: the name of the chosen value of a select field.
fn custom_fields(value: Value, left_out: &mut LeftOut) -> (Value, Value) {
    let fields = match value {
        Value::Array(fields) => fields,
        // Names to values already.
        Value::Object(mut values) => {
            values.retain(|name, value| {
                let withheld = secrets::is_secret_name(name) && secrets::holds_something(value);
                if withheld {
                    left_out.withhold(name);
                }
                !withheld
            });
            values.values_mut().for_each(clear_unset_dates);
            return (Value::Object(values), Value::Object(Object::new()));
        }
        _ => return (Value::Null, Value::Null),
    };
    let mut values = Object::new();
    let mut displays = Object::new();
    for (position, field) in fields.into_iter().enumerate() {
        let name = free_name(&values, &field, position);
        let (value, display) = custom_field(field);
        if secrets::is_secret_name(&name)
            && (secrets::holds_something(&value) || secrets::holds_something(&display))
        {
            left_out.withhold(&name);
            continue;
        }
        if display != value && secrets::holds_something(&display) {
            displays.insert(name.clone(), display);
        }
        values.insert(name, value);
    }
    (Value::Object(values), Value::Object(displays))
}

/// Value and display of a field; one that is no object is its own value.
fn custom_field(field: Value) -> (Value, Value) {
    let Value::Object(mut field) = field else { return (without_unset_dates(field), Value::Null) };
    let mut member = |name: &str| field.get_mut(name).map(Value::take).unwrap_or_default();
    let (mut value, mut display) = (member("value"), member("display"));
    if let Value::String(text) = &value
        && date::is_unset(text)
    {
        return (Value::Null, Value::Null);
    }
    clear_unset_dates(&mut value);
    clear_unset_dates(&mut display);
    if value.is_null() {
        // A field that has only a text to show gives that.
        return (display, Value::Null);
    }
    let same = display.as_str().is_some_and(|text| match &value {
        Value::String(value) => value.trim() == text.trim(),
        value => format!("{value}") == text.trim(),
    });
    if same { (value, Value::Null) } else { (value, display) }
}

/// A name under which nothing stands yet: no field takes another one's place.
fn free_name(values: &Object, field: &Value, position: usize) -> String {
    let text = |name: &str| field.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let id = field.get("id").filter(|id| id.is_number() || id.is_string());
    let id = id.map_or_else(|| format!("#{position}"), |id| integer(id.clone()).to_string());
    let name = text("name").or_else(|| text("label")).map_or_else(|| id.clone(), ToString::to_string);
    let mut free = name.clone();
    if values.contains_key(&free) {
        free = format!("{name} ({id})");
    }
    if values.contains_key(&free) {
        free = format!("{name} ({id}, #{position})");
    }
    free
}

/// Columns of a record that is no resource of its own.
pub fn columns(columns: &[Column], record: &Object, left_out: &mut LeftOut) -> Object {
    let mut simple = Object::new();
    for column in columns {
        let value = find(record, column).unwrap_or(Value::Null);
        insert(&mut simple, column, value, left_out);
    }
    simple
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Object {
        match value {
            Value::Object(object) => object,
            _ => Object::new(),
        }
    }

    fn shown(fields: Value) -> (Value, Value) {
        custom_fields(fields, &mut LeftOut::default())
    }

    #[test]
    fn a_select_field_gives_its_number_and_its_text() {
        let fields = json!([
            {"id": 1, "name": "CFService", "value": 9, "display": "Datahub"},
            {"id": 2, "name": "CFRoom", "value": "5", "display": "5"},
            {"id": 3, "name": "CFCount", "value": 3, "display": "3"},
            {"id": 4, "name": "CFShown", "value": null, "display": "B"},
            {"id": 5, "name": "CFEmpty", "value": null, "display": ""},
            {"id": 6, "name": "CFTags", "value": "1,2", "display": "A, B"},
        ]);
        let (values, displays) = shown(fields);
        assert_eq!(
            values,
            json!({"CFService": 9, "CFRoom": "5", "CFCount": 3, "CFShown": "B", "CFEmpty": "", "CFTags": "1,2"})
        );
        assert_eq!(displays, json!({"CFService": "Datahub", "CFTags": "A, B"}));
        assert_eq!(shown(json!(null)), (Value::Null, Value::Null));
    }

    #[test]
    fn no_custom_field_takes_the_place_of_another() {
        let fields = json!([
            {"id": 7, "name": "CFa", "value": 1},
            {"id": 8, "name": "CFa", "value": 2},
            {"id": 8, "name": "CFa", "value": 3},
            {"id": 9, "value": 4},
            {"id": 10.0, "label": "Room", "value": 5},
            {"value": 6},
            7,
        ]);
        let (values, _) = shown(fields);
        assert_eq!(
            values,
            json!({"CFa": 1, "CFa (8)": 2, "CFa (8, #2)": 3, "9": 4, "Room": 5, "#5": 6, "#6": 7})
        );
    }

    #[test]
    fn an_unset_date_is_null_in_custom_fields_and_nested_values() {
        for unset in ["1900-01-01T00:00:00", "1899-12-30T00:00:00", "0001-01-01T00:00:00", "1900-01-01"] {
            let (values, displays) = shown(json!([{"name": "CFd", "value": unset, "display": "01/01/1900"}]));
            assert_eq!((values, displays), (json!({"CFd": null}), json!({})), "{unset}");
            let (values, _) = shown(json!({"CFd": unset}));
            assert_eq!(values, json!({"CFd": null}), "{unset}");
            let lines = json!([{"id": 1, "date": unset, "times": [unset, "2026-03-01T00:00:00"]}]);
            let cleared = json!([{"id": 1, "date": null, "times": [null, "2026-03-01T00:00:00"]}]);
            assert_eq!(without_unset_dates(lines), cleared, "{unset}");
        }
        let (values, _) = shown(json!([{"name": "CFtime", "value": "1900-01-01T09:30:00"}]));
        assert_eq!(values, json!({"CFtime": "1900-01-01T09:30:00"}), "a time of day");
    }

    #[test]
    fn a_secret_custom_field_is_withheld_and_named() {
        let fields = json!([
            {"name": "CFPassword", "value": "hunter2", "display": "hunter2"},
            {"name": "CFPasswordLastSet", "value": "2026-01-01T00:00:00"},
        ]);
        let mut left_out = LeftOut::default();
        let (values, displays) = custom_fields(fields, &mut left_out);
        assert_eq!((values, displays), (json!({"CFPasswordLastSet": "2026-01-01T00:00:00"}), json!({})));
        assert!(left_out.diagnostics(None)[0].message.contains("CFPassword."));
    }

    #[test]
    fn names_and_ids_are_found_inside_objects() {
        let record = || {
            object(json!({
                "priority": {"priorityid": 3, "name": "High"},
                "tickettype": {"id": 7.0, "name": "Incident"},
                "status": "New",
                "status_name": "",
                "user": {"id": "12", "emailaddress": "a@b.example"},
                "team": {"id": 4, "name": "1st Line"},
                "agent_name": null, "agent": {"id": 5, "name": "Ann"},
            }))
        };
        let shown = |column: Column| {
            let mut simple = Object::new();
            let value = take(&mut record(), &column);
            insert(&mut simple, &column, value, &mut LeftOut::default());
            simple.remove(column.name).unwrap_or_default()
        };
        assert_eq!(shown(Column::plain("priority_name")), "High");
        assert_eq!(shown(Column::plain("tickettype_name")), "Incident");
        assert_eq!(shown(Column::integer("tickettype_id")), 7);
        assert_eq!(shown(Column::plain("status_name")), "New");
        assert_eq!(shown(Column::integer("user_id")), 12);
        assert_eq!(shown(Column::plain("user_email").or(&["user.emailaddress"])), "a@b.example");
        assert_eq!(shown(Column::plain("team")), "1st Line");
        assert_eq!(shown(Column::plain("agent_name")), "Ann");
        assert_eq!(shown(Column::plain("client_name")), Value::Null);
    }

    #[test]
    fn other_spellings_are_understood() {
        let record =
            object(json!({"lastUpdate": "2026-03-01", "category1": "a>b", "useremail": "u@x", "idle": 1}));
        for (name, value) in [("last_update", "2026-03-01"), ("category_1", "a>b"), ("user_email", "u@x")] {
            assert_eq!(find(&record, &Column::plain(name)), Some(json!(value)), "{name}");
            assert_eq!(take(&mut record.clone(), &Column::plain(name)), json!(value), "{name}");
        }
        assert_eq!(find(&record, &Column::integer("id")), None);
    }

    #[test]
    fn whole_numbers_come_in_every_form() {
        for given in [json!(12), json!(12.0), json!("12"), json!({"id": 12, "name": "x"})] {
            assert_eq!(integer(given.clone()), json!(12), "{given}");
        }
        assert_eq!(integer(json!("")), Value::Null);
        assert_eq!(integer(json!("7b0e4f2a")), json!("7b0e4f2a"));
        assert_eq!(integer(json!(9.5)), json!(9.5));
    }
}
