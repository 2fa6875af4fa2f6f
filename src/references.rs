//! Names where ids are wanted: a person types "Example Ltd" or pastes the
//! address of a record, HaloPSA wants 12.
//!
//! Names are found through the list that a field refers to, before the request
//! is built: exactly, without case. A name that several records have, or none,
//! is refused; nothing is guessed. Each name is asked for once in a call.

#[cfg(test)]
mod tests;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde_json::Value;
use url::Url;

use crate::catalogue::field::{Choice, Field, Kind};
use crate::catalogue::lists::{List, find_list};
use crate::catalogue::resource::ID;
use crate::client::Client;
use crate::contract::Object;
use crate::error::{Code, ErrorKind, NodeError, Result};
use crate::input;
use crate::lookup::rows::{self, Row};
use crate::text;

/// The most pages that are searched for a name.
const MOST_PAGES: usize = 5;

/// The names that were asked for in this call: list with parameters, name, and
/// what it stands for.
#[derive(Debug, Default)]
pub struct Known(Vec<(String, String, Result<Value>)>);

/// Whether an input holds a name or an address where an id is wanted. `own` is
/// the list that the operation's own records are in.
pub fn is_needed(fields: &[&Field], own: &str, given: &Object) -> bool {
    given.iter().any(|(name, value)| {
        let field = fields.iter().find(|field| field.name == name);
        field.is_some_and(|field| is_reference(field, own, value))
    })
}

fn is_reference(field: &Field, own: &str, value: &Value) -> bool {
    match (field.kind, value) {
        (Kind::Object(fields), Value::Object(given)) => {
            is_needed(&fields.iter().collect::<Vec<_>>(), own, given)
        }
        (Kind::Objects(fields), Value::Array(values)) => {
            let fields: Vec<&Field> = fields.iter().collect();
            values.iter().filter_map(Value::as_object).any(|given| is_needed(&fields, own, given))
        }
        _ => list_of(field, own).is_some_and(|(list, _)| match value {
            Value::Array(values) => values.iter().any(|value| has_to_be_found(list, value)),
            _ => has_to_be_found(list, value),
        }),
    }
}

fn has_to_be_found(list: &List, value: &Value) -> bool {
    match value {
        Value::String(text) => list.takes_ids() || input::id_in(text).is_some(),
        Value::Number(_) => !list.takes_ids(),
        _ => false,
    }
}

/// The list that a field refers to, and what it depends on.
fn list_of(field: &Field, own: &str) -> Option<(&'static List, &'static [(&'static str, &'static str)])> {
    match field.kind {
        Kind::Reference(Choice { list, parameters }) | Kind::References(Choice { list, parameters }) => {
            Some((find_list(list)?, parameters))
        }
        Kind::Id if field.name == ID.name => Some((find_list(own)?, &[])),
        _ => None,
    }
}

/// The input with ids where names and addresses were.
pub fn resolve(
    client: &mut Client<'_>,
    known: &mut Known,
    fields: &[&Field],
    own: &str,
    given: &Object,
) -> Result<Object> {
    let mut resolved = given.clone();
    // What others depend on comes first.
    for dependencies in 0..=3 {
        for field in fields {
            let Some((list, parameters)) = list_of(field, own) else { continue };
            let Some(value) = given.get(field.name).filter(|_| parameters.len().min(3) == dependencies)
            else {
                continue;
            };
            let params = params(list, parameters, &resolved);
            let value = each(client, known, list, &params, value).map_err(|error| error.field(field.name))?;
            resolved.insert(field.name.to_string(), value);
        }
    }
    for field in fields {
        let Some(value) = given.get(field.name) else { continue };
        let value = match field.kind {
            Kind::Object(fields) => nested(client, known, fields, value, &resolved),
            Kind::Objects(fields) => match value.as_array() {
                Some(values) => values
                    .iter()
                    .enumerate()
                    .map(|(index, value)| {
                        nested(client, known, fields, value, &resolved)
                            .map_err(|error| error.field(&index.to_string()))
                    })
                    .collect::<Result<Vec<Value>>>()
                    .map(Value::Array),
                None => continue,
            },
            _ => continue,
        };
        resolved.insert(field.name.to_string(), value.map_err(|error| error.field(field.name))?);
    }
    Ok(resolved)
}

/// An object inside the input; what its references depend on stands outside.
fn nested(
    client: &mut Client<'_>,
    known: &mut Known,
    fields: &'static [Field],
    value: &Value,
    outside: &Object,
) -> Result<Value> {
    let Value::Object(given) = value else { return Ok(value.clone()) };
    let mut resolved = given.clone();
    for field in fields {
        if let (Some((list, parameters)), Some(value)) = (list_of(field, ""), given.get(field.name)) {
            let params = params(list, parameters, outside);
            let value = each(client, known, list, &params, value).map_err(|error| error.field(field.name))?;
            resolved.insert(field.name.to_string(), value);
        }
    }
    Ok(Value::Object(resolved))
}

/// What the list depends on, as far as the input says it.
fn params(list: &List, parameters: &[(&str, &str)], input: &Object) -> Object {
    let mut params = Object::new();
    for (parameter, field) in parameters {
        let takes = list.parameters.iter().any(|known| known.field.name == *parameter);
        if let (true, Some(value @ Value::Number(_))) = (takes, input.get(*field)) {
            params.insert((*parameter).to_string(), value.clone());
        }
    }
    params
}

/// What a value stands for, or each of several.
fn each(
    client: &mut Client<'_>,
    known: &mut Known,
    list: &'static List,
    params: &Object,
    value: &Value,
) -> Result<Value> {
    let Value::Array(values) = value else { return one(client, known, list, params, value) };
    let mut found = vec![];
    for (index, value) in values.iter().enumerate() {
        let value = one(client, known, list, params, value);
        found.push(value.map_err(|error| error.field(&index.to_string()))?);
    }
    Ok(Value::Array(found))
}

/// What one value stands for.
fn one(
    client: &mut Client<'_>,
    known: &mut Known,
    list: &'static List,
    params: &Object,
    value: &Value,
) -> Result<Value> {
    let wanted = match value {
        Value::String(text) => {
            same_instance(client, list, text)?;
            match input::id_in(text) {
                Some(id) if list.takes_ids() => return Ok(Value::from(id)),
                // A name goes out as it is.
                None if !list.takes_ids() => return Ok(value.clone()),
                Some(id) => Wanted::Id(id),
                None => Wanted::Name(text.trim()),
            }
        }
        Value::Number(number) if !list.takes_ids() => match number.as_i64().and_then(|id| id.try_into().ok())
        {
            Some(id) => Wanted::Id(id),
            None => return Ok(value.clone()),
        },
        _ => return Ok(value.clone()),
    };
    let place = format!("{} {}", list.name, Value::Object(params.clone()));
    let name = format!("{wanted:?}").to_lowercase();
    if let Some((_, _, found)) = known.0.iter().find(|known| known.0 == place && known.1 == name) {
        return found.clone();
    }
    let found = find(client, list, params, &wanted);
    // What may be different the next time is asked for again.
    if found.as_ref().err().is_none_or(|error| error.get_kind() == ErrorKind::InvalidInput) {
        known.0.push((place, name, found.clone()));
    }
    found
}

/// What is to be found.
#[derive(Debug)]
enum Wanted<'a> {
    /// The record with this number, for lists whose values are names.
    Id(i32),
    /// The record of this name.
    Name(&'a str),
}

impl Wanted<'_> {
    fn is(&self, row: &Row) -> bool {
        match self {
            Self::Id(id) => row.id == *id,
            Self::Name(name) => {
                let name = name.to_lowercase();
                row.names.iter().any(|known| known.to_lowercase() == name)
            }
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Id(id) => id.to_string(),
            Self::Name(name) => text::cut(&text::clean(name), 80),
        }
    }
}

/// A pasted address must be of this instance, and of the right kind of record
/// as far as that is known: of tickets (HAPI 2.1).
fn same_instance(client: &Client<'_>, list: &List, pasted: &str) -> Result<()> {
    let Some(address) = Url::parse(pasted.trim()).ok().filter(Url::has_host) else { return Ok(()) };
    if address.host() != client.credentials.resource_url.host() {
        return Err(NodeError::new(Code::InvalidValue, "The address is one of another server.").advice(
            format!(
                "Paste an address of {}, or give the id.",
                client.credentials.resource_url.host_str().unwrap_or("your own instance")
            ),
        ));
    }
    let last = address.path().trim_end_matches(|last: char| last.is_ascii_digit() || last == '/');
    let of_ticket = last.rsplit('/').next().is_some_and(|page| matches!(page, "ticket" | "tickets"));
    if of_ticket && list.name != "tickets" {
        return Err(NodeError::new(Code::InvalidValue, "The address is that of a ticket.")
            .advice(format!("Give the id or the name of one of the {}.", list.title.to_lowercase())));
    }
    Ok(())
}

fn find(client: &mut Client<'_>, list: &'static List, params: &Object, wanted: &Wanted<'_>) -> Result<Value> {
    let shown = wanted.shown();
    let things = list.title.to_lowercase();
    if client.is_dry_run() {
        return Err(NodeError::new(
            Code::NotInDryRun,
            format!("A dry run sends nothing, so \"{shown}\" cannot be looked up among the {things}."),
        )
        .advice("Give the id, or run it for real."));
    }
    if let Err(error) = input::require(&list.required, params) {
        let advice = error.get_advice().unwrap_or_default().to_string();
        return Err(NodeError::new(
            Code::UnknownName,
            format!("\"{shown}\" cannot be looked up: which {things} there are depends on something else."),
        )
        .advice(format!("{advice} Or give the id.")));
    }
    let search = match wanted {
        Wanted::Id(_) => None,
        Wanted::Name(name) => Some(*name),
    };
    let mut found: Vec<Row> = vec![];
    let mut others: Vec<Row> = vec![];
    let mut cursor: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let part = rows::read(client, list, params, search, cursor.as_deref())?;
        for row in part.rows {
            if !wanted.is(&row) {
                others.push(row);
            } else if !found.iter().any(|known| known.entry.value == row.entry.value) {
                found.push(row);
            }
        }
        cursor = part.next;
        if cursor.is_none() {
            break;
        }
    }
    match found.as_slice() {
        [row] => Ok(row.entry.value.clone()),
        [] => {
            let error =
                NodeError::new(Code::UnknownName, format!("None of the {things} is called \"{shown}\"."));
            if others.is_empty()
                && let Wanted::Name(name) = wanted
            {
                // Misspelt at its end, mostly.
                let start: String = name.chars().take(3).collect();
                others = rows::read(client, list, params, Some(&start), None)?.rows;
            }
            let names: Vec<&str> = others.iter().flat_map(|row| &row.names).map(String::as_str).collect();
            Err(match text::nearest(&shown, &names) {
                Some(near) => error.advice(format!("Did you mean \"{near}\"? Or give the id.")),
                None => error.advice("Check the name, or give the id."),
            })
        }
        several => {
            let shown_rows: Vec<String> = several.iter().take(5).map(candidate).collect();
            Err(NodeError::new(
                Code::AmbiguousName,
                format!("Several of the {things} are called \"{shown}\"."),
            )
            .advice(format!("Give the id: {}.", shown_rows.join(", "))))
        }
    }
}

fn candidate(row: &Row) -> String {
    let description = row.entry.description.as_deref().map(|text| format!(", {text}")).unwrap_or_default();
    format!("{} ({}{description})", row.entry.value, row.entry.label)
}
