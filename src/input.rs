//! Input items, parsed once: what comes out of here is well-formed, and has
//! the form that HaloPSA wants.
//!
//! Loose in, strict out. The values of a form, a spreadsheet or a model are
//! taken in every form that has one meaning (`convert`); what is blank counts
//! as not given (`blank`), and only `clear` empties a field. Unknown names are
//! refused with the nearest known one, since HaloPSA would ignore a misspelt
//! filter and return everything (HAPI §1.10).

mod blank;
mod clear;
mod convert;
mod extra;
mod ids;
mod needs;
#[cfg(test)]
mod tests;
mod zone;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::Value;
use url::Url;
use workflow_node_sdk::interface::{Level, Object};
use workflow_node_sdk::weight::{self, MAX_ITEM};

use crate::catalogue::field::{Field, Kind};
use crate::catalogue::resource::{
    Act, BULK, CLEAR, DEFAULT_LIMIT, EXTRA, Handler, ID, LIMIT, ORDER, ORDER_DESC, Paging, RETURN_ALL,
    Required, Resource, SIMPLIFY, UPDATED_SINCE, UPDATED_SINCE_FILTER, Verb,
};
use crate::error::{Code, NodeError, Result};
use convert::{Converter, kind_of, wrong_value};

pub(crate) use convert::parts;
pub use needs::DATE_TAKEN_AS_UTC;
pub use zone::Zone;

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

/// Something about an input that is worth knowing and no failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// How serious it is.
    pub level: Level,
    /// Stable name.
    pub code: &'static str,
    /// One sentence or two.
    pub message: String,
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

/// Reads the input of an operation, without a connection: dates without an
/// offset are UTC.
pub fn parse(resource: &'static Resource, verb: Verb, json: &Value) -> Result<Input> {
    let mut reader = Reader::new(None, None);
    let values = reader.values(resource, verb, json)?;
    finish(resource, verb, values)
}

/// Reads inputs in the light of a call.
///
/// [`values`](Self::values) converts and checks an item. Names in it are
/// replaced by ids then, and [`finish`] makes the input.
#[derive(Debug)]
pub struct Reader<'a> {
    converter: Converter<'a>,
    notes: Vec<Note>,
}

impl<'a> Reader<'a> {
    /// `time_zone` is that of dates without an offset, as the call context
    /// names it. `instance` is where addresses of records must lead.
    pub fn new(time_zone: Option<&str>, instance: Option<&'a Url>) -> Self {
        let converter = Converter { instance, zone: Zone::parse(time_zone), ..Converter::default() };
        Self { converter, notes: Vec::new() }
    }

    /// The values of an item, all of them known, of the right kind, and enough.
    ///
    /// # Errors
    /// Of [`ErrorKind::InvalidInput`](crate::error::ErrorKind::InvalidInput),
    /// with the place in the input.
    pub fn values(&mut self, resource: &'static Resource, verb: Verb, json: &Value) -> Result<Object> {
        if matches!(json, Value::String(text) if weight::of_text(text.as_bytes()) > MAX_ITEM) {
            // It was not even parsed.
            return Err(NodeError::new(Code::InputTooLarge, "This item is larger than the node takes.")
                .with_advice("Leave out what is not needed. Files go beside an item as attachments."));
        }
        let Value::Object(given) = json else {
            return Err(NodeError::new(
                Code::NotAnObject,
                format!("An item must be a JSON object, not {}.", kind_of(json)),
            ));
        };
        self.converter.own = Some(resource);
        let fields = resource.inputs(verb);
        let mut values = self.converter.object(&fields, given)?;
        require(resource.required(verb), &values, given)?;
        if let (true, Some(Value::String(_))) = (resource.list.is_empty(), values.get(ID.name)) {
            return Err(NodeError::new(Code::InvalidValue, "It must be an id: these records have no names.")
                .with_field(ID.name)
                .with_advice("Give the number of the record, or paste its address."));
        }
        needs::check(resource, verb, &mut values, &mut self.notes)?;
        if let Some(date) = self.converter.local_date.take() {
            self.notes.extend(needs::local_date(&date, &self.converter.zone));
        }
        // Nothing is looked up for an input that is refused.
        finish(resource, verb, values.clone())?;
        Ok(values)
    }

    /// Converts the members of an object, all of which must be known fields.
    ///
    /// # Errors
    /// As [`values`](Self::values).
    pub fn object(&mut self, fields: &[&Field], given: &Object) -> Result<Object> {
        self.converter.object(fields, given)
    }

    /// A date of a custom field in its wire form, if the text is a date.
    pub fn wire_date(&mut self, text: &str) -> Option<String> {
        let wire = self.converter.wire_date(workflow_node_sdk::text::trimmed(text));
        if let Some(date) = self.converter.local_date.take() {
            self.notes.extend(needs::local_date(&date, &self.converter.zone));
        }
        wire
    }

    /// What was worth knowing since the last time.
    pub fn take_notes(&mut self) -> Vec<Note> {
        core::mem::take(&mut self.notes)
    }
}

/// Makes the input of an operation of its values.
///
/// # Errors
/// Where the values do not go together.
pub fn finish(resource: &'static Resource, verb: Verb, mut values: Object) -> Result<Input> {
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
        .with_field(UPDATED_SINCE.name)
        .with_advice("Give one of them."));
    }
    let mut by_id = false;
    if matches!(verb, Verb::List) && resource.paging == Paging::Pages {
        let column = values.entry(ORDER.name).or_insert_with(|| Value::from(ID.name));
        by_id = column == ID.name && values.get(ORDER_DESC.name) != Some(&Value::Bool(true));
        values.entry(ORDER_DESC.name).or_insert(Value::Bool(false));
    }
    if matches!(verb, Verb::Update)
        && let Some(names) = values.remove(CLEAR)
    {
        clear::apply(resource, &mut values, &names)?;
    }
    let takes_extra = match verb {
        Verb::Create | Verb::Update => true,
        Verb::Job(job) => job.takes_extra(),
        Verb::Get | Verb::List | Verb::Delete => false,
    };
    if takes_extra && let Some(extra) = values.remove(EXTRA.name) {
        extra::merge(&resource.inputs(verb), reaches_customers(verb), &mut values, extra)?;
    }
    if matches!(verb, Verb::Update) && values.is_empty() {
        return Err(NodeError::new(Code::MissingField, "There is nothing to change.").with_advice(
            "Give the fields that are to change, beside the id. An empty value counts as not given: to empty a field, name it in clear.",
        ));
    }
    let limit = if all { None } else { Some(limit.unwrap_or(DEFAULT_LIMIT)) };
    Ok(Input { id, simplify, list: ListInput { limit, by_id }, values })
}

/// Which further fields of an action make it leave the house: `sendemail`,
/// `sendsms`, `emailto` and the like. A mail is confirmed as a whole.
fn reaches_customers(verb: Verb) -> fn(&str) -> bool {
    match verb {
        Verb::Job(job) if matches!(job.handler, Handler::Act(act) if act != Act::Mail) => |name| {
            let name = name.trim_start_matches('_').to_ascii_lowercase();
            ["send", "email"].iter().any(|start| name.starts_with(start))
        },
        _ => |_| false,
    }
}

/// Reads the settings of a trigger. They are read with each poll and each
/// delivery, so they hold ids, and no names to look up.
///
/// # Errors
/// As [`Reader::values`].
pub fn settings(fields: &[&Field], json: &Value) -> Result<Object> {
    let Value::Object(given) = json else {
        return Err(NodeError::new(
            Code::NotAnObject,
            format!("The settings of a trigger must be a JSON object, not {}.", kind_of(json)),
        ));
    };
    let values = Reader::new(None, None).object(fields, given)?;
    for field in fields {
        if let (Kind::Reference(_) | Kind::References(_), Some(value)) = (field.kind, values.get(field.name))
        {
            let is_address = given.get(field.name).is_some_and(holds_an_address);
            only_ids(value, is_address).map_err(|error| error.with_field(field.name))?;
        }
    }
    Ok(values)
}

/// Whether a setting holds an address: settings are read without a connection,
/// so nobody could say whose address it is.
fn holds_an_address(value: &Value) -> bool {
    match value {
        Value::Array(values) => values.iter().any(holds_an_address),
        Value::String(text) => text.contains("://"),
        _ => false,
    }
}

fn only_ids(value: &Value, is_address: bool) -> Result<()> {
    match value {
        Value::Array(values) => values.iter().enumerate().try_for_each(|(index, value)| {
            only_ids(value, is_address).map_err(|error| error.with_field(&index.to_string()))
        }),
        Value::Number(_) if !is_address => Ok(()),
        _ => Err(wrong_value("an id", value).with_advice("Triggers take ids and no names.")),
    }
}

/// Whether a switch of an item is on, in any form that a boolean may have.
pub fn is_on(json: &Value, name: &str) -> bool {
    let value = json.get(name).map(|value| Converter::default().value(Kind::Boolean, value));
    matches!(value, Some(Ok(Some(Value::Bool(true)))))
}

fn take_flag(values: &mut Object, name: &str) -> Option<bool> {
    values.remove(name).as_ref().and_then(Value::as_bool)
}

/// Refuses what lacks a field. `given` is the input as it came, where a field
/// may be there and empty.
///
/// # Errors
/// [`Code::MissingField`], or [`Code::InvalidValue`] for an empty one.
pub fn require(required: &Required, values: &Object, given: &Object) -> Result<()> {
    if let Some(missing) = required.all.iter().find(|name| !values.contains_key(**name)) {
        let error = if given.contains_key(*missing) {
            NodeError::new(Code::InvalidValue, format!("The field \"{missing}\" must not be empty."))
        } else {
            NodeError::new(Code::MissingField, format!("The field \"{missing}\" is missing."))
        };
        return Err(error.with_field(missing).with_advice(format!("Fill in {missing}.")));
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
        .with_field(first)
        .with_advice(format!("Fill in {ways}.")))
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
