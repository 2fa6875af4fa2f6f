//! Input items, parsed once: what comes out of here is well-formed, and has
//! the form that HaloPSA wants.
//!
//! Unknown names are refused with the nearest known one, since HaloPSA would
//! ignore a misspelt filter and return everything (HAPI 1.10).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::{Value, json};
use url::Url;

use crate::catalogue::field::{CUSTOM_FIELD, Field, Kind};
use crate::catalogue::resource::{
    BULK, DEFAULT_LIMIT, ID, LIMIT, ORDER, ORDER_DESC, Paging, RETURN_ALL, Required, Resource, SIMPLIFY,
    UPDATED_SINCE, UPDATED_SINCE_FILTER, Verb,
};
use crate::contract::Object;
use crate::error::{Code, NodeError, Result};
use crate::number::whole;
use crate::protocol::date;
use crate::text;

/// A well-formed input of one operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// The record that it is about; create and list have none.
    pub id: Option<i64>,
    /// Whether the result is boiled down.
    pub simplify: bool,
    /// What is wanted of a list.
    pub list: ListInput,
    /// What is left: fields of the record, filters, or parameters, as HaloPSA
    /// wants them.
    pub values: Object,
}

/// What is wanted of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ListInput {
    /// The most rows; `None` for all.
    pub limit: Option<u64>,
    /// Whether rows come in the order of their ids, rising.
    pub by_id: bool,
}

impl Input {
    /// The input of an operation on one record that says nothing else.
    pub fn of_record(id: i64) -> Self {
        Self::of_fields(Some(id), Object::new())
    }

    /// The input of a create, or of an update.
    pub fn of_fields(id: Option<i64>, values: Object) -> Self {
        Self { id, simplify: true, list: ListInput { limit: None, by_id: false }, values }
    }
}

/// Reads the input of an operation.
pub fn parse(resource: &'static Resource, verb: Verb, json: &Value) -> Result<Input> {
    let Value::Object(given) = json else {
        return Err(NodeError::new(
            Code::NotAnObject,
            format!("An item must be a JSON object, not {}.", kind_of(json)),
        ));
    };
    let mut values = object(&resource.inputs(verb), given)?;
    require(resource.required(verb), &values)?;
    if let (true, Some(Value::String(_))) = (resource.list.is_empty(), values.get(ID.name)) {
        return Err(NodeError::new(Code::InvalidValue, "It must be an id: these records have no names.")
            .field(ID.name));
    }
    let id = values.remove(ID.name).as_ref().and_then(Value::as_i64);
    take_flag(&mut values, BULK.name);
    let simplify = take_flag(&mut values, SIMPLIFY.name).unwrap_or(true);
    let all = take_flag(&mut values, RETURN_ALL.name).unwrap_or(false);
    let limit = values.remove(LIMIT.name).as_ref().and_then(Value::as_u64);
    if let Some(since) = values.remove(UPDATED_SINCE.name)
        && values.insert(UPDATED_SINCE_FILTER.to_string(), since).is_some()
    {
        return Err(NodeError::new(
            Code::InvalidValue,
            format!("{} and {UPDATED_SINCE_FILTER} are the same filter.", UPDATED_SINCE.name),
        )
        .field(UPDATED_SINCE.name)
        .advice("Give one of them."));
    }
    let mut by_id = false;
    if matches!(verb, Verb::List) && resource.paging == Paging::Pages {
        let column = values.entry(ORDER.name).or_insert_with(|| Value::from(ID.name));
        by_id = column == ID.name && values.get(ORDER_DESC.name) != Some(&Value::Bool(true));
        values.entry(ORDER_DESC.name).or_insert(Value::Bool(false));
    }
    if matches!(verb, Verb::Update) && values.is_empty() {
        return Err(NodeError::new(Code::MissingField, "There is nothing to change.")
            .advice("Give the fields that are to change, beside the id."));
    }
    let limit = if all { None } else { Some(limit.unwrap_or(DEFAULT_LIMIT)) };
    Ok(Input { id, simplify, list: ListInput { limit, by_id }, values })
}

/// Reads the settings of a trigger. They are read with each poll and each
/// delivery, so they hold ids, and no names to look up.
pub fn settings(fields: &[&Field], json: &Value) -> Result<Object> {
    match json {
        Value::Object(given) => {
            let values = object(fields, given)?;
            for field in fields {
                if let (Kind::Reference(_) | Kind::References(_), Some(value)) =
                    (field.kind, given.get(field.name))
                {
                    only_ids(value).map_err(|error| error.field(field.name))?;
                }
            }
            Ok(values)
        }
        _ => Err(NodeError::new(
            Code::NotAnObject,
            format!("The settings of a trigger must be a JSON object, not {}.", kind_of(json)),
        )),
    }
}

fn only_ids(value: &Value) -> Result<()> {
    match value {
        Value::Array(values) => values
            .iter()
            .enumerate()
            .try_for_each(|(index, value)| only_ids(value).map_err(|error| error.field(&index.to_string()))),
        Value::String(text) if text.trim().parse::<i32>().is_err() => {
            Err(wrong_value("an id", value).advice("Triggers take ids and no names."))
        }
        _ => Ok(()),
    }
}

fn take_flag(values: &mut Object, name: &str) -> Option<bool> {
    values.remove(name).as_ref().and_then(Value::as_bool)
}

/// Converts the members of an object, all of which must be known fields.
pub fn object(fields: &[&Field], given: &Object) -> Result<Object> {
    let mut values = Object::new();
    for (name, value) in given {
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            return Err(unknown(name, fields));
        };
        let value = convert(field.kind, value).map_err(|error| error.field(name))?;
        values.insert(name.clone(), value);
    }
    Ok(values)
}

fn unknown(name: &str, fields: &[&Field]) -> NodeError {
    let shown = text::cut(name, 80);
    let error = NodeError::new(Code::UnknownField, format!("There is no field or filter \"{shown}\" here."))
        .field(name);
    let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
    match text::nearest(name, &names) {
        Some(near) => error.advice(format!("Did you mean \"{near}\"?")),
        None if names.len() <= 12 => error.advice(format!("There are {}.", names.join(", "))),
        None => error.advice("The description of the operation lists what there is."),
    }
}

/// Refuses what lacks a field.
pub fn require(required: &Required, values: &Object) -> Result<()> {
    if let Some(missing) = required.all.iter().find(|name| !values.contains_key(**name)) {
        return Err(NodeError::new(Code::MissingField, format!("The field \"{missing}\" is missing."))
            .field(missing)
            .advice(format!("Fill in {missing}.")));
    }
    let satisfied = |group: &&&[&str]| group.iter().all(|name| values.contains_key(*name));
    if required.any.is_empty() || required.any.iter().any(|group| satisfied(&group)) {
        return Ok(());
    }
    let mut ways = String::new();
    for group in required.any {
        if !ways.is_empty() {
            ways.push_str(", or ");
        }
        ways.push_str(&group.join(" and "));
    }
    let first = required.any.first().and_then(|group| group.first()).copied().unwrap_or_default();
    Err(NodeError::new(Code::MissingField, format!("It needs {ways}."))
        .field(first)
        .advice(format!("Fill in {ways}.")))
}

fn convert(kind: Kind, value: &Value) -> Result<Value> {
    let wrong = |expected: &str| Err(wrong_value(expected, value));
    Ok(match (kind, value) {
        (Kind::Text | Kind::Html, Value::String(_)) | (Kind::Boolean, Value::Bool(_)) => value.clone(),
        (Kind::Any, value) => value.clone(),
        (Kind::Number, Value::Number(_)) => value.clone(),
        (Kind::RequiredText, Value::String(text)) if text.trim().is_empty() => {
            return Err(NodeError::new(Code::InvalidValue, "The text must not be empty."));
        }
        (Kind::RequiredText, Value::String(_)) => value.clone(),
        (Kind::RequiredText | Kind::Text | Kind::Html, _) => return wrong("text"),
        (Kind::Boolean, _) => return wrong("true or false"),
        (Kind::Number, _) => return wrong("a number"),
        (Kind::Integer | Kind::Range(..), Value::Number(number)) => {
            let (least, most) =
                if let Kind::Range(least, most) = kind { (least, most) } else { (i32::MIN, i32::MAX) };
            match whole(number) {
                Some(number) if (i64::from(least)..=i64::from(most)).contains(&number) => Value::from(number),
                Some(_) => return wrong(&format!("between {least} and {most}")),
                None => return wrong("a whole number"),
            }
        }
        (Kind::Integer | Kind::Range(..), _) => return wrong("a whole number"),
        (Kind::Reference(_), Value::Number(_)) => convert(Kind::Integer, value)?,
        (Kind::Id, Value::Number(_)) => convert(Kind::Range(1, i32::MAX), value)?,
        (Kind::Id, Value::String(text)) if id_in(text).is_some_and(|id| id < 1) => return wrong("an id"),
        (Kind::Reference(_) | Kind::Id, Value::String(text)) if !text.trim().is_empty() => {
            match id_in(text) {
                Some(id) => Value::from(id),
                None => value.clone(),
            }
        }
        (Kind::Reference(_) | Kind::Id, _) => return wrong("an id or a name"),
        (Kind::OneOf(texts), Value::String(text)) if texts.contains(&text.as_str()) => value.clone(),
        (Kind::OneOf(texts), _) => return wrong(&format!("one of {}", texts.join(", "))),
        (Kind::DateTime, Value::String(text)) => match date::to_wire(text) {
            Some(wire) => Value::String(wire),
            None => return wrong("a date such as 2026-03-01T09:15:00Z"),
        },
        (Kind::DateTime, _) => return wrong("a date such as 2026-03-01T09:15:00Z"),
        (Kind::Time, Value::String(text)) => match date::time_to_wire(text) {
            Some(wire) => Value::String(wire),
            None => return wrong("a time such as 09:15"),
        },
        (Kind::Time, _) => return wrong("a time such as 09:15"),
        (Kind::IdList, Value::Array(values)) if !values.is_empty() => list(values, Kind::Integer)?,
        (Kind::IdList, Value::Number(_)) => convert(Kind::Integer, value)?,
        (Kind::IdList, _) => return wrong("a whole number or a list of them"),
        (Kind::References(choice), Value::Array(values)) if !values.is_empty() => {
            list(values, Kind::Reference(choice))?
        }
        (Kind::References(choice), Value::Number(_) | Value::String(_)) => {
            convert(Kind::Reference(choice), value)?
        }
        (Kind::References(_), _) => return wrong("an id or a name, or a list of them"),
        (Kind::TextList, Value::Array(values)) if !values.is_empty() => list(values, Kind::RequiredText)?,
        (Kind::TextList, Value::String(_)) => convert(Kind::RequiredText, value)?,
        (Kind::TextList, _) => return wrong("text or a list of texts"),
        (Kind::Integers, Value::Array(values)) => list(values, Kind::Integer)?,
        (Kind::Integers, _) => return wrong("a list of whole numbers"),
        (Kind::Object(fields), Value::Object(given)) => {
            Value::Object(object(&fields.iter().collect::<Vec<_>>(), given)?)
        }
        (Kind::Object(_), _) => return wrong("an object"),
        (Kind::Objects(fields), Value::Array(values)) => list(values, Kind::Object(fields))?,
        (Kind::CustomFields(_), Value::Array(values)) => list(values, Kind::Object(CUSTOM_FIELD))?,
        // Names to values becomes what HaloPSA takes.
        (Kind::CustomFields(_), Value::Object(given)) => {
            given.iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
        }
        (Kind::CustomFields(_), _) => return wrong("an object of names and values, or a list"),
        (Kind::AnyObjects, Value::Array(values)) if values.iter().all(Value::is_object) => value.clone(),
        (Kind::Objects(_) | Kind::AnyObjects, _) => return wrong("a list of objects"),
    })
}

/// The id in a text that is one, or that is the address of a record as the
/// agent application shows it: `…/ticket?id=17`, `…/ticket/17`.
pub fn id_in(text: &str) -> Option<i32> {
    let text = text.trim();
    if let Ok(id) = text.parse() {
        return Some(id);
    }
    let url = Url::parse(text).ok()?;
    let query = url.query_pairs().find(|(name, _)| name.ends_with("id")).map(|(_, id)| id.into_owned());
    query.as_deref().or_else(|| url.path().rsplit('/').next())?.parse().ok()
}

fn list(values: &[Value], kind: Kind) -> Result<Value> {
    let converted: Result<Vec<Value>> = values
        .iter()
        .enumerate()
        .map(|(index, value)| convert(kind, value).map_err(|error| error.field(&index.to_string())))
        .collect();
    Ok(Value::Array(converted?))
}

fn wrong_value(expected: &str, value: &Value) -> NodeError {
    NodeError::new(Code::InvalidValue, format!("It must be {expected}, not {}.", kind_of(value)))
}

/// What a value is, and the value itself where it is short and simple.
fn kind_of(value: &Value) -> String {
    match value {
        Value::Null => "null".to_string(),
        Value::Bool(_) | Value::Number(_) => text::cut(&value.to_string(), 40),
        Value::String(text) => format!("the text \"{}\"", text::cut(text, 40)),
        Value::Array(_) => "a list".to_string(),
        Value::Object(_) => "an object".to_string(),
    }
}

/// Filters and parameters as they stand in a query.
pub fn to_query(values: &Object) -> Vec<(String, String)> {
    values.iter().map(|(name, value)| (name.clone(), query_text(value))).collect()
}

fn query_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => {
            let parts: Vec<String> = values.iter().map(query_text).collect();
            parts.join(",")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalogue::ticket::TICKET;
    use crate::catalogue::user::USER;

    fn failure(verb: Verb, json: &Value) -> (Code, String) {
        let error = parse(&TICKET, verb, json).unwrap_err();
        (error.get_code(), error.get_field().unwrap_or_default().to_string())
    }

    #[test]
    fn bad_input_is_refused_with_its_place() {
        for (verb, json, code, field) in [
            (Verb::Create, json!([]), Code::NotAnObject, ""),
            (Verb::Create, json!({}), Code::MissingField, "/summary"),
            (Verb::Create, json!({"summary": "  "}), Code::InvalidValue, "/summary"),
            (Verb::Create, json!({"summary": 5}), Code::InvalidValue, "/summary"),
            (Verb::Create, json!({"summary": "x", "client_id": 9.5}), Code::InvalidValue, "/client_id"),
            (Verb::Create, json!({"summary": "x", "client_id": " "}), Code::InvalidValue, "/client_id"),
            (Verb::Create, json!({"summary": "x", "sla_id": true}), Code::InvalidValue, "/sla_id"),
            (Verb::Create, json!({"summary": "x", "customfields": 3}), Code::InvalidValue, "/customfields"),
            (Verb::Create, json!({"summary": "x", "client_id": null}), Code::InvalidValue, "/client_id"),
            (Verb::Create, json!({"summary": "x", "id": 3}), Code::UnknownField, "/id"),
            (
                Verb::Create,
                json!({"summary": "x", "assets": [{"id": 1}, {"id": []}]}),
                Code::InvalidValue,
                "/assets/1/id",
            ),
            (Verb::Create, json!({"summary": "x", "targetdate": "soon"}), Code::InvalidValue, "/targetdate"),
            (Verb::Update, json!({"status_id": 2}), Code::MissingField, "/id"),
            (Verb::Update, json!({"id": 5, "simplify": false}), Code::MissingField, ""),
            (Verb::Update, json!({"id": 1e17, "status_id": 2}), Code::InvalidValue, "/id"),
            (Verb::Update, json!({"id": 0, "status_id": 2}), Code::InvalidValue, "/id"),
            (Verb::Get, json!({"id": 1, "summary": "x"}), Code::UnknownField, "/summary"),
            (Verb::List, json!({"limit": 0}), Code::InvalidValue, "/limit"),
            (Verb::List, json!({"openonly": true}), Code::UnknownField, "/openonly"),
            (Verb::List, json!({"open_only": "yes"}), Code::InvalidValue, "/open_only"),
            (Verb::List, json!({"status": []}), Code::InvalidValue, "/status"),
            (
                Verb::List,
                json!({"updated_since": "2026-01-01", "lastupdatefromdate": "2026-01-01"}),
                Code::InvalidValue,
                "/updated_since",
            ),
        ] {
            assert_eq!(failure(verb, &json), (code, field.to_string()), "{json}");
        }
    }

    #[test]
    fn ids_come_as_numbers_digits_and_addresses_and_names_stay() {
        for (given, taken) in [
            (json!(12), json!(12)),
            (json!(" 12 "), json!(12)),
            (json!("https://x.halopsa.com/customers?clientid=12"), json!(12)),
            (json!("Example Ltd"), json!("Example Ltd")),
        ] {
            let input = parse(&TICKET, Verb::Create, &json!({"summary": "x", "client_id": given})).unwrap();
            assert_eq!(input.values["client_id"], taken);
        }
        let input =
            parse(&TICKET, Verb::Get, &json!({"id": "https://x.halopsa.com/ticket?id=17&tab=1"})).unwrap();
        assert_eq!(input.id, Some(17));
        assert!(parse(&TICKET, Verb::Get, &json!({"id": "0"})).is_err());
    }

    #[test]
    fn custom_fields_come_as_an_object_or_as_a_list() {
        let wire = json!([{"name": "CFLocation", "value": "Room 5"}]);
        for given in [json!({"CFLocation": "Room 5"}), wire.clone()] {
            let input =
                parse(&TICKET, Verb::Create, &json!({"summary": "x", "customfields": given})).unwrap();
            assert_eq!(input.values["customfields"], wire);
        }
    }

    #[test]
    fn a_misspelt_filter_gets_a_suggestion() {
        let error = parse(&TICKET, Verb::List, &json!({"clientid": 3})).unwrap_err();
        assert_eq!(error.get_advice(), Some("Did you mean \"client_id\"?"));
    }

    #[test]
    fn values_take_the_form_of_the_wire() {
        let input = parse(
            &TICKET,
            Verb::List,
            &json!({"status": [1, 2.0], "updated_since": "2026-01-01T01:00:00+01:00", "open_only": true}),
        )
        .unwrap();
        let mut query = to_query(&input.values);
        query.sort();
        let pair = |name: &str, value: &str| (name.to_string(), value.to_string());
        assert_eq!(
            query,
            [
                pair("lastupdatefromdate", "2026-01-01T00:00:00"),
                pair("open_only", "true"),
                pair("order", "id"),
                pair("orderdesc", "false"),
                pair("status", "1,2"),
            ]
        );
        assert!(input.list.by_id);
        assert_eq!(input.list.limit, Some(50));
        let created = parse(&TICKET, Verb::Create, &json!({"summary": "x", "client_id": 95.0})).unwrap();
        assert_eq!(created.values["client_id"].to_string(), "95");
    }

    #[test]
    fn sorting_otherwise_is_remembered() {
        let by_id = |json| parse(&TICKET, Verb::List, &json).unwrap().list.by_id;
        assert!(by_id(json!({"order": "id"})));
        assert!(!by_id(json!({"order": "id", "orderdesc": true})));
        assert!(!by_id(json!({"order": "dateoccurred"})));
    }

    #[test]
    fn a_user_needs_a_name_in_one_of_two_ways() {
        assert!(parse(&USER, Verb::Create, &json!({"site_id": 1, "name": "A B"})).is_ok());
        assert!(parse(&USER, Verb::Create, &json!({"site_id": 1, "firstname": "A", "surname": "B"})).is_ok());
        let error = parse(&USER, Verb::Create, &json!({"site_id": 1, "firstname": "A"})).unwrap_err();
        assert_eq!(error.get_message(), "It needs name, or firstname and surname.");
    }
}
