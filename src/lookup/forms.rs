//! The fields that a ticket type shows when a ticket is made: which there are,
//! what goes into them, which are mandatory.
//!
//! Read from the ticket type's configuration (HAPI §7.5). What stands there is
//! only partly known: that `technew` 2 means mandatory is assumed, and so is
//! the form of several values at once. So nothing is refused here that HaloPSA
//! might take; it has the last word.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::{Value, json};
use workflow_node_sdk::interface::{Entry, Object};
use workflow_node_sdk::retry::Safety;
use workflow_node_sdk::text;

use super::rows::{self, Row};
use super::values;
use crate::catalogue::ticket::TICKET;
use crate::client::{self, Client};
use crate::error::Result;
use crate::number;
use crate::protocol::answer;
use crate::protocol::envelope::{self, Page};
use crate::protocol::request::ApiRequest;

/// A field of a form.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its number.
    pub id: Option<Value>,
    /// Its name in the input: of the ticket, or of its custom fields.
    pub name: String,
    /// What people read.
    pub label: String,
    /// What it means.
    pub hint: String,
    /// Whether a ticket cannot be made without it.
    pub required: bool,
    /// Whether it goes into `customfields`.
    pub custom: bool,
    /// Its kind, as HaloPSA numbers them (HAPI §7.5).
    kind: i64,
    /// The most characters.
    most: Option<i64>,
    /// Number of the lookup with its values; 0 for none.
    lookup: i64,
    /// What can be chosen: value and label.
    pub choices: Vec<(Value, String)>,
}

/// The fields of a ticket type.
pub fn read(client: &mut Client<'_>, ticket_type: i64) -> Result<Vec<Field>> {
    let kind = rows::ticket_type(client, ticket_type)?;
    let listed = kind.get("fields").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let is_known = |field: &Value| field.get("fieldinfo").is_some_and(Value::is_object);
    let infos = if listed.iter().all(is_known) { Vec::new() } else { definitions(client)?.rows };
    let mut fields: Vec<Field> = listed
        .iter()
        .filter_map(|listed| {
            let info = listed.get("fieldinfo").and_then(Value::as_object).or_else(|| {
                let id = listed.get("fieldid")?;
                let id = number::id(id)?;
                infos.iter().find(|info| info.get("id").and_then(number::id) == Some(id))
            });
            Field::parse(listed, info)
        })
        .collect();
    for field in &mut fields {
        if field.lookup > 0 && field.choices.is_empty() {
            field.choices = choices(&values::read(client, &values::request(field.lookup))?);
        }
    }
    Ok(fields)
}

/// The definitions of fields, HaloPSA's own and custom ones (HAPI §10.16).
pub fn definitions(client: &mut Client<'_>) -> Result<Page> {
    let answer = client.send(&ApiRequest::get("/FieldInfo"))?;
    envelope::list(client::json(&answer, Safety::Read)?, "", &[])
        .map_err(|why| answer::malformed(&answer, why, Safety::Read))
}

fn choices(rows: &[Object]) -> Vec<(Value, String)> {
    let choice = |row: &Object| Some((row.get("id")?.clone(), text::clean(row.get("name")?.as_str()?)));
    rows.iter().filter_map(choice).collect()
}

impl Field {
    /// `listed` is the field in the ticket type, `info` its definition.
    fn parse(listed: &Value, info: Option<&Object>) -> Option<Self> {
        let said = |name: &str| info.and_then(|info| info.get(name));
        let words = |value: Option<&Value>| {
            value.and_then(Value::as_str).map(text::clean).filter(|text| !text.is_empty())
        };
        let number = |value: Option<&Value>| value.and_then(Value::as_i64).unwrap_or_default();
        let own_name = words(said("name")).or_else(|| words(listed.get("fieldname")))?;
        let label = words(listed.get("override_fieldname"))
            .or_else(|| words(said("label")))
            .or_else(|| words(listed.get("fieldname")))
            .unwrap_or_else(|| own_name.clone());
        let custom = number(said("custom")) != 0 || own_name.starts_with("CF");
        let name = if custom { own_name } else { field_of_ticket(&own_name, &label) };
        let values = said("values").and_then(Value::as_array).into_iter().flatten();
        let values: Vec<Object> = values.filter_map(|value| value.as_object().cloned()).collect();
        Some(Self {
            id: said("id").or_else(|| listed.get("fieldid")).cloned(),
            hint: words(said("hint")).unwrap_or_default(),
            required: said("mandatory") == Some(&Value::Bool(true)) || number(listed.get("technew")) == 2,
            custom,
            kind: number(said("type")),
            most: said("characterlimit").and_then(Value::as_i64).filter(|most| *most > 0),
            lookup: number(said("lookup")),
            choices: choices(&values),
            name,
            label,
        })
    }

    /// What goes into it. Only texts and choices are known for certain.
    pub fn schema(&self) -> Value {
        let mut schema = match self.kind {
            2 if !self.choices.is_empty() => json!({"oneOf": self.options()}),
            3 if !self.choices.is_empty() => json!({"type": "array", "items": {"oneOf": self.options()}}),
            0 => match self.most {
                Some(most) if self.custom => json!({"type": "string", "maxLength": most}),
                _ if self.custom => json!({"type": "string"}),
                // The operation's own schema says what HaloPSA's fields take.
                _ => json!({}),
            },
            1 => json!({"type": "string"}),
            4 => json!({"type": "string", "format": "date-time"}),
            5 => json!({"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}"}),
            6 => json!({"type": "boolean"}),
            10 => json!({"type": "string", "contentMediaType": "text/html"}),
            _ => json!({}),
        };
        if let Value::Object(schema) = &mut schema {
            schema.insert("title".to_string(), Value::from(self.label.as_str()));
            if !self.hint.is_empty() {
                schema.insert("description".to_string(), Value::from(self.hint.as_str()));
            }
        }
        schema
    }

    fn options(&self) -> Vec<Value> {
        self.choices.iter().map(|(value, label)| json!({"const": value, "title": label})).collect()
    }

    /// Where a person fills it in: a JSON pointer into the input, in parts.
    pub fn place(&self) -> (&str, Option<&str>) {
        if self.custom { ("customfields", Some(&self.name)) } else { (&self.name, None) }
    }

    /// The field as an entry of the list `ticket_fields`.
    pub fn row(self) -> Row {
        let description = (!self.hint.is_empty()).then(|| self.hint.clone());
        let details = json!({"schema": self.schema(), "required": self.required, "custom": self.custom});
        Row {
            id: Value::Null,
            guid: None,
            names: [self.name.clone()].to_vec(),
            entry: Entry {
                value: Value::from(self.name),
                label: self.label,
                description,
                parent: None,
                disabled: false,
                details: Some(details),
            },
        }
    }

    /// What can be chosen, for people.
    pub fn advice(&self) -> String {
        if self.choices.is_empty() {
            return format!("Fill in \"{}\".", self.label);
        }
        let choices: Vec<String> =
            self.choices.iter().take(20).map(|(value, label)| format!("{value} ({label})")).collect();
        format!("Fill in \"{}\": {}.", self.label, choices.join(", "))
    }
}

/// Our name for one of HaloPSA's own fields. They are mostly the same; where
/// not, the label tells.
fn field_of_ticket(name: &str, label: &str) -> String {
    let ours = TICKET.fields.iter().find(|field| field.name == name).map(|field| field.name);
    ours.or_else(|| answer::field_name(label, TICKET.fields)).unwrap_or(name).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(listed: &Value) -> Field {
        Field::parse(listed, listed["fieldinfo"].as_object()).unwrap()
    }

    #[test]
    fn a_field_is_read_whatever_its_definition_lacks() {
        let bare = field(&json!({"fieldid": 7, "fieldname": "CFRoom"}));
        assert_eq!((bare.name.as_str(), bare.label.as_str()), ("CFRoom", "CFRoom"));
        assert!(bare.custom && !bare.required);
        assert!(Field::parse(&json!({"fieldid": 7}), None).is_none(), "without any name it is none");
        let assumed = field(&json!({"technew": 2, "fieldinfo": {"name": "category1", "label": "Category"}}));
        assert!(assumed.required);
        assert_eq!(assumed.place(), ("category_1", None));
    }

    #[test]
    fn the_schema_follows_the_kind() {
        let info = |kind: i64| json!({"fieldinfo": {"name": "CFx", "label": "X", "type": kind, "values": [{"id": 1, "name": "One"}]}});
        let schema = |kind: i64| field(&info(kind)).schema();
        assert_eq!(schema(0), json!({"type": "string", "title": "X"}));
        assert_eq!(schema(2), json!({"oneOf": [{"const": 1, "title": "One"}], "title": "X"}));
        assert_eq!(schema(6), json!({"type": "boolean", "title": "X"}));
        assert_eq!(schema(99), json!({"title": "X"}), "what is not known is open");
        assert_eq!(field(&info(2)).advice(), "Fill in \"X\": 1 (One).");
    }
}
