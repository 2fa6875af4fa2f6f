//! One element of a write, typed by the resource's fields (HAPI §4).
//!
//! Unknown properties are ignored. Whole numbers may come as text, but not as
//! `95.0`. `null` leaves a value as it is [assumed].

use serde_json::{Map, Value};

use super::{
    Identity, Resource,
    field::{Field, Kind},
};
use crate::{
    protocol::{Refusal, dates},
    state::{Key, Row},
};

/// An element, read.
#[derive(Debug)]
pub(crate) struct Element {
    /// The record to change; without one a new record is meant.
    pub(crate) key: Option<Key>,
    /// The typed values of known, writable fields.
    pub(crate) patch: Row,
    /// Everything as it came, for command flags.
    pub(crate) raw: Map<String, Value>,
}

impl Element {
    /// Reads element number `index`.
    pub(crate) fn read(resource: &Resource, index: usize, raw: Map<String, Value>) -> Result<Self, Refusal> {
        let mut patch = Row::new();
        for field in resource.fields {
            let given = raw.get(field.name).filter(|value| !value.is_null());
            if let Some(value) = given.filter(|_| field.writable && field.name != "id") {
                patch.push(field.name, typed(field, value, index)?);
            }
        }
        let key = key(resource, index, &raw)?;
        Ok(Self { key, patch, raw })
    }

    /// A command flag such as `_novalidate`.
    pub(crate) fn commands(&self, name: &str) -> bool {
        match self.raw.get(name) {
            Some(Value::Bool(on)) => *on,
            Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
            _ => false,
        }
    }

    /// A whole number that the resource does not declare as a writable field.
    pub(crate) fn raw_int(&self, name: &str) -> Option<i64> {
        self.raw.get(name).and_then(whole_or_text)
    }

    /// A text that the resource does not declare as a writable field.
    pub(crate) fn raw_text(&self, name: &str) -> Option<&str> {
        let text = self.raw.get(name).and_then(Value::as_str);
        text.filter(|text| !text.is_empty())
    }
}

fn key(resource: &Resource, index: usize, raw: &Map<String, Value>) -> Result<Option<Key>, Refusal> {
    let Some(id) = raw.get("id").filter(|id| !id.is_null()) else {
        return Ok(None);
    };
    if resource.identity == Identity::Guid {
        let text = id.as_str().filter(|text| !text.is_empty());
        return Ok(text.map(|text| Key::Guid(text.to_ascii_lowercase())));
    }
    let Some(number) = whole_or_text(id) else {
        return Err(cannot_convert(index, "id", "System.Int32"));
    };
    // Zero and below are what clients send for "new" [assumed], but where ids
    // are below zero themselves.
    if number == 0 || (number < 0 && resource.identity != Identity::Negative) {
        return Ok(None);
    }
    Ok(Some(match resource.identity {
        Identity::Owned(owner) => {
            let owner = raw.get(owner).and_then(whole_or_text).unwrap_or(0);
            Key::Pair(owner, number)
        }
        _ => Key::Int(number),
    }))
}

fn typed(field: &Field, value: &Value, index: usize) -> Result<Value, Refusal> {
    let read = match field.kind {
        Kind::Int => whole_or_text(value).map(Value::from),
        Kind::FloatId => number(value).filter(|number| number.fract() == 0.0).map(Value::from),
        Kind::Number => number(value).map(Value::from),
        Kind::Text => match value {
            Value::String(text) => Some(Value::from(text.as_str())),
            Value::Number(number) => Some(Value::from(number.to_string())),
            _ => None,
        },
        Kind::Bool => switch(value).map(Value::from),
        Kind::Date => match value.as_str() {
            Some("") => Some(Value::from(dates::NO_DATE)),
            text => text.and_then(dates::canonical).map(Value::from),
        },
        Kind::Json => Some(value.clone()),
        Kind::List | Kind::CustomFields { .. } => value.is_array().then(|| value.clone()),
    };
    read.ok_or_else(|| cannot_convert(index, field.name, type_name(field.kind)))
}

fn whole_or_text(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()))
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()))
}

fn switch(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(on) => Some(*on),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        Value::Number(number) => number.as_i64().map(|number| number != 0),
        _ => None,
    }
}

fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Int => "System.Int32",
        Kind::FloatId | Kind::Number => "System.Double",
        Kind::Text => "System.String",
        Kind::Bool => "System.Boolean",
        Kind::Date => "System.DateTime",
        Kind::Json => "System.Object",
        Kind::List | Kind::CustomFields { .. } => "System.Collections.Generic.List",
    }
}

fn cannot_convert(index: usize, field: &str, name: &str) -> Refusal {
    Refusal::ModelState {
        path: format!("[{index}].{field}"),
        message: format!("The JSON value could not be converted to {name}."),
    }
}
