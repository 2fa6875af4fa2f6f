//! One value of an input, from the forms in which people, spreadsheets and
//! models write it to the form that HaloPSA wants.
//!
//! | wanted | taken as well |
//! |---|---|
//! | text | numbers, `true` and `false` |
//! | number | its text, such as `"12"` or `"12.5"` |
//! | whole number | its text; `12.0` |
//! | boolean | `"true"`, `"yes"`, `"y"`, `"on"`, `"1"`, 1 and their opposites, in any case |
//! | list of ids or texts | one of them, a text with commas, JSON text |
//! | object, list of objects | JSON text |
//! | custom fields | an object, a list of `{name or id, value}`, JSON text |
//! | date | with an offset; without one in the time zone of the call |
//!
//! What is blank is "not given" everywhere, inside lists and objects too.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::{Number, Value, json};
use url::Url;
use workflow_node_sdk::interface::Object;
use workflow_node_sdk::text;

use super::blank::is_blank;
use super::ids::{self, Target};
use super::zone::Zone;
use crate::catalogue::field::{CUSTOM_FIELD, Choice, Field, Kind};
use crate::catalogue::resource::Resource;
use crate::error::{Code, NodeError, Result};
use crate::number::whole;
use crate::protocol::date::{self, Given};

/// What the conversion of an input depends on, and what it came upon.
#[derive(Debug, Default)]
pub(super) struct Converter<'a> {
    /// The resource whose record an `id` names.
    pub(super) own: Option<&'static Resource>,
    /// The instance, whose addresses alone are taken.
    pub(super) instance: Option<&'a Url>,
    /// The time zone of dates without an offset.
    pub(super) zone: Zone,
    /// The first date without an offset.
    pub(super) local_date: Option<String>,
}

impl Converter<'_> {
    /// Converts the members of an object, all of which must be known fields.
    pub(super) fn object(&mut self, fields: &[&Field], given: &Object) -> Result<Object> {
        let mut values = Object::new();
        for (name, value) in given {
            let Some(field) = fields.iter().find(|field| field.name == name) else {
                return Err(unknown(name, fields));
            };
            if let Some(value) = self.value(field.kind, value).map_err(|error| error.with_field(name))? {
                values.insert(name.clone(), value);
            }
        }
        Ok(values)
    }

    /// A value in its wire form; `None` for what counts as not given.
    pub(super) fn value(&mut self, kind: Kind, value: &Value) -> Result<Option<Value>> {
        if is_blank(value) {
            return Ok(None);
        }
        let value = match kind {
            Kind::Text | Kind::RequiredText | Kind::Html => plain_text(value)?,
            Kind::Boolean => Value::Bool(boolean(value)?),
            Kind::Number => Value::Number(any_number(value)?),
            Kind::Integer => Value::from(integer(value, i32::MIN, i32::MAX)?),
            Kind::Range(least, most) => Value::from(integer(value, least, most)?),
            Kind::Id => self.id(value)?,
            Kind::Reference(choice) => self.reference(choice, value)?,
            Kind::OneOf(texts) => one_of(texts, value)?,
            Kind::DateTime => Value::String(self.date_time(value)?),
            Kind::Time => time(value)?,
            Kind::IdList => self.several(value, Kind::Integer, "a whole number or a list of them")?,
            Kind::TextList => self.several(value, Kind::RequiredText, "text or a list of texts")?,
            Kind::References(choice) => {
                self.several(value, Kind::Reference(choice), "an id or a name, or a list of them")?
            }
            Kind::Integers => match self.several(value, Kind::Integer, "a list of whole numbers")? {
                list @ Value::Array(_) => list,
                one => Value::Array([one].to_vec()),
            },
            Kind::Object(fields) => match &*structured(value) {
                Value::Object(given) => {
                    let object = self.object(&fields.iter().collect::<Vec<_>>(), given)?;
                    return Ok((!object.is_empty()).then_some(Value::Object(object)));
                }
                _ => return Err(wrong_value("an object", value)),
            },
            Kind::Objects(fields) => match &*structured(value) {
                Value::Array(values) => return self.objects(fields, values),
                _ => return Err(wrong_value("a list of objects", value)),
            },
            Kind::CustomFields(_) => return self.custom_fields(value),
            Kind::AnyObjects => match structured(value).into_owned() {
                Value::Array(mut values) => {
                    values.retain(|value| !is_blank(value));
                    if !values.iter().all(Value::is_object) {
                        return Err(wrong_value("a list of objects", value));
                    }
                    return Ok((!values.is_empty()).then_some(Value::Array(values)));
                }
                _ => return Err(wrong_value("a list of objects", value)),
            },
            Kind::AnyObject => match structured(value).into_owned() {
                object @ Value::Object(_) => object,
                _ => return Err(wrong_value("an object", value)),
            },
            Kind::Json => structured(value).into_owned(),
            Kind::Any => value.clone(),
        };
        // JSON text of nothing, commas with nothing between them.
        let is_list = matches!(
            kind,
            Kind::IdList
                | Kind::TextList
                | Kind::References(_)
                | Kind::Integers
                | Kind::Json
                | Kind::AnyObject
        );
        Ok(Some(value).filter(|value| !(is_list && is_blank(value))))
    }

    /// The id of the record that the operation is about: a number, or the name
    /// of it.
    fn id(&self, value: &Value) -> Result<Value> {
        let target = match self.own {
            Some(resource) => Target::of_resource(resource, self.instance),
            None => Target::of_list("", self.instance),
        };
        self.record(&target, value)
    }

    fn reference(&self, choice: Choice, value: &Value) -> Result<Value> {
        self.record(&Target::of_list(choice.list, self.instance), value)
    }

    fn record(&self, target: &Target<'_>, value: &Value) -> Result<Value> {
        match value {
            Value::Number(_) => {
                let id = integer(value, i32::MIN, i32::MAX)?;
                target.checked(id).map(Value::from)
            }
            Value::String(given) => Ok(match target.id_in(given)? {
                Some(id) => Value::from(id),
                None => Value::from(text::trimmed(given)),
            }),
            _ => Err(wrong_value("an id or a name", value)),
        }
    }

    /// One or several. One stays what it is; a text with commas is several
    /// where each part is an id, and else left for the look-up of names, since
    /// names may hold commas, too.
    fn several(&mut self, value: &Value, each: Kind, expected: &str) -> Result<Value> {
        let named = matches!(each, Kind::Reference(_));
        let given = structured(value);
        let values = match &*given {
            Value::Array(values) => Cow::Borrowed(values.as_slice()),
            Value::String(given) if !named || parts(given).all(|part| ids::number(part).is_some()) => {
                let parts: Vec<Value> = parts(given).map(Value::from).collect();
                match parts.as_slice() {
                    [_, _, ..] => Cow::Owned(parts),
                    _ => return self.one_of_several(value, each, expected),
                }
            }
            _ => return self.one_of_several(value, each, expected),
        };
        let mut converted = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let value = self.value(each, value).map_err(|error| error.with_field(&index.to_string()))?;
            converted.extend(value);
        }
        Ok(Value::Array(converted))
    }

    fn one_of_several(&mut self, value: &Value, each: Kind, expected: &str) -> Result<Value> {
        match value {
            Value::String(given) => {
                // A comma at an end separates nothing.
                let given = given.trim().trim_matches(',');
                self.value(each, &Value::from(given)).map(Option::unwrap_or_default)
            }
            Value::Number(_) => self.value(each, value).map(Option::unwrap_or_default),
            _ => Err(wrong_value(expected, value)),
        }
    }

    fn objects(&mut self, fields: &'static [Field], values: &[Value]) -> Result<Option<Value>> {
        let mut converted = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let value = self
                .value(Kind::Object(fields), value)
                .map_err(|error| error.with_field(&index.to_string()))?;
            converted.extend(value.filter(|value| !lacks_its_value(fields, value)));
        }
        Ok((!converted.is_empty()).then_some(Value::Array(converted)))
    }

    fn custom_fields(&mut self, value: &Value) -> Result<Option<Value>> {
        match &*structured(value) {
            Value::Array(values) => self.objects(CUSTOM_FIELD, values),
            // Names to values becomes what HaloPSA takes; one element of a
            // list is that element.
            Value::Object(given) => {
                let is_element = given.contains_key("value")
                    && given.keys().all(|key| CUSTOM_FIELD.iter().any(|field| field.name == key));
                if is_element {
                    return self.objects(CUSTOM_FIELD, &[Value::Object(given.clone())]);
                }
                let fields: Vec<Value> = given
                    .iter()
                    .filter(|(_, value)| !is_blank(value))
                    .map(|(name, value)| json!({"name": name, "value": value}))
                    .collect();
                Ok((!fields.is_empty()).then_some(Value::Array(fields)))
            }
            _ => Err(wrong_value("an object of names and values, or a list", value)),
        }
    }

    fn date_time(&mut self, value: &Value) -> Result<String> {
        const EXPECTED: &str = "a date such as 2026-03-01T09:15:00Z";
        let wire = match value {
            Value::String(given) => self.wire_date(text::trimmed(given)),
            _ => None,
        };
        wire.ok_or_else(|| wrong_value(EXPECTED, value))
    }

    /// A date in its wire form, if the text is one.
    pub(super) fn wire_date(&mut self, given: &str) -> Option<String> {
        match date::given(given)? {
            Given::Instant(utc) => date::wire(utc),
            Given::Local(local) => {
                self.local_date.get_or_insert_with(|| given.to_string());
                // The last day of the calendar is "no end", wherever it is.
                match self.zone.instant(local).map(|instant| jiff::tz::Offset::UTC.to_datetime(instant)) {
                    Some(utc) => date::wire(utc),
                    None => date::wire(local),
                }
            }
        }
    }
}

/// Whether an element has a place for a value and none in it: it would say
/// nothing, or empty the field.
fn lacks_its_value(fields: &[Field], element: &Value) -> bool {
    let takes = fields.iter().any(|field| field.name == "value" && matches!(field.kind, Kind::Any));
    takes && element.get("value").is_none()
}

/// The parts of a text with commas between them.
pub(crate) fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(text::trimmed).filter(|part| !part.is_empty())
}

/// JSON text as what it says; everything else as it is.
fn structured(value: &Value) -> Cow<'_, Value> {
    match value {
        Value::String(given) if text::trimmed(given).starts_with(['{', '[']) => {
            match serde_json::from_str(text::trimmed(given)) {
                Ok(parsed) => Cow::Owned(parsed),
                Err(_) => Cow::Borrowed(value),
            }
        }
        _ => Cow::Borrowed(value),
    }
}

fn plain_text(value: &Value) -> Result<Value> {
    match value {
        Value::String(_) => Ok(value.clone()),
        Value::Number(number) => Ok(Value::from(match whole(number) {
            Some(whole) => whole.to_string(),
            None => number.to_string(),
        })),
        Value::Bool(given) => Ok(Value::from(given.to_string())),
        _ => Err(wrong_value("text", value)),
    }
}

fn boolean(value: &Value) -> Result<bool> {
    const YES: &[&str] = &["true", "yes", "y", "on", "1"];
    const NO: &[&str] = &["false", "no", "n", "off", "0"];
    let is_in = |words: &[&str], given: &str| {
        words.iter().any(|word| word.eq_ignore_ascii_case(text::trimmed(given)))
    };
    match value {
        Value::Bool(given) => Ok(*given),
        Value::String(given) if is_in(YES, given) => Ok(true),
        Value::String(given) if is_in(NO, given) => Ok(false),
        Value::Number(number) => match whole(number) {
            Some(1) => Ok(true),
            Some(0) => Ok(false),
            _ => Err(wrong_value("true or false", value)),
        },
        _ => Err(wrong_value("true or false", value)),
    }
}

/// The number in a text, as JSON writes it. A comma may stand for thousands or
/// for a fraction, so it is refused.
fn number_in(given: &str) -> Option<Number> {
    let given = text::trimmed(given);
    if let Ok(whole) = given.parse::<i64>() {
        return Some(Number::from(whole));
    }
    let is_plain = given.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    given.parse::<f64>().ok().filter(|_| is_plain).and_then(Number::from_f64)
}

fn any_number(value: &Value) -> Result<Number> {
    match value {
        Value::Number(number) => Some(number.clone()),
        Value::String(given) => number_in(given),
        _ => None,
    }
    .ok_or_else(|| wrong_value("a number", value))
}

fn integer(value: &Value, least: i32, most: i32) -> Result<i32> {
    let number = match value {
        Value::Number(number) => whole(number),
        Value::String(given) => number_in(given).as_ref().and_then(whole),
        _ => None,
    };
    let number = number.ok_or_else(|| wrong_value("a whole number", value))?;
    i32::try_from(number)
        .ok()
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| wrong_value(&format!("between {least} and {most}"), value))
}

fn one_of(texts: &[&str], value: &Value) -> Result<Value> {
    let wanted = match plain_text(value) {
        Ok(Value::String(given)) => {
            texts.iter().find(|text| text.eq_ignore_ascii_case(text::trimmed(&given))).copied()
        }
        _ => None,
    };
    wanted.map(Value::from).ok_or_else(|| wrong_value(&format!("one of {}", texts.join(", ")), value))
}

fn time(value: &Value) -> Result<Value> {
    let wire = value.as_str().and_then(|given| date::time_to_wire(text::trimmed(given)));
    wire.map(Value::String).ok_or_else(|| wrong_value("a time such as 09:15", value))
}

pub(super) fn wrong_value(expected: &str, value: &Value) -> NodeError {
    NodeError::new(Code::InvalidValue, format!("It must be {expected}, not {}.", kind_of(value)))
}

/// What a value is, and the value itself where it is short and simple.
pub(super) fn kind_of(value: &Value) -> String {
    match value {
        Value::Null => "null".to_string(),
        Value::Bool(_) | Value::Number(_) => text::cut(&value.to_string(), 40),
        Value::String(given) => format!("the text \"{}\"", text::cut(&text::quoted(given), 40)),
        Value::Array(_) => "a list".to_string(),
        Value::Object(_) => "an object".to_string(),
    }
}

/// There is no such field.
pub(super) fn unknown(name: &str, fields: &[&Field]) -> NodeError {
    let shown = text::quoted(name);
    let error = NodeError::new(Code::UnknownField, format!("There is no field or filter \"{shown}\" here."))
        .with_field(&shown);
    let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
    match text::nearest(name, &names) {
        Some(near) => error.with_advice(format!("Did you mean \"{near}\"?")),
        None if names.len() <= 12 => error.with_advice(format!("There are {}.", names.join(", "))),
        None => error.with_advice("The description of the operation lists what there is."),
    }
}
