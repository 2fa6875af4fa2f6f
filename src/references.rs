//! Names where ids are wanted: a person types "Example Ltd", HaloPSA wants 12.
//!
//! Names are found through the list that a field refers to, before the request
//! is built: exactly, without case. A name that several records have, or none,
//! is refused; nothing is guessed. A search that was cut short is evidence of
//! neither ([`Found`]). Each name is asked for once in a call, and a list that
//! comes whole is read once.
//!
//! Where HaloPSA takes the name itself (teams, categories), it is compared with
//! the list, since HaloPSA drops a name that it does not know.

mod belonging;
pub mod custom_fields;
mod search;
#[cfg(test)]
mod tests;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde_json::Value;

use crate::catalogue::field::{Choice, Field, Kind};
use crate::catalogue::lists::{List, find_list};
use crate::catalogue::resource::ID;
use crate::client::Client;
use crate::error::{Code, ErrorKind, NodeError, Result};
use crate::input;
use crate::lookup::rows::Row;
pub use belonging::check as check_belonging;
pub use search::Found;
use search::Wanted;
use workflow_node_sdk::interface::Object;
use workflow_node_sdk::text;

/// What was looked up in this call.
#[derive(Debug, Default)]
pub struct Known {
    /// List with parameters, name, and what it stands for.
    names: Vec<(String, String, Result<Value>)>,
    /// Lists that came whole, by name and parameters.
    lists: Vec<(String, Found)>,
    /// Records that others belong to, by path.
    records: Vec<(String, Object)>,
    /// The custom fields that there are.
    custom_fields: custom_fields::Definitions,
}

/// Whether values hold a name where an id is wanted, or a name that is to be
/// compared with a list. `own` is the list that the operation's own records are
/// in.
pub fn is_needed(fields: &[&Field], own: &str, values: &Object) -> bool {
    values.iter().any(|(name, value)| {
        let field = fields.iter().find(|field| field.name == name);
        field.is_some_and(|field| is_reference(field, own, value))
    })
}

fn is_reference(field: &Field, own: &str, value: &Value) -> bool {
    match (field.kind, value) {
        (Kind::Object(fields), Value::Object(values)) => {
            is_needed(&fields.iter().collect::<Vec<_>>(), own, values)
        }
        (Kind::Objects(fields), Value::Array(elements)) => {
            let fields: Vec<&Field> = fields.iter().collect();
            elements.iter().filter_map(Value::as_object).any(|values| is_needed(&fields, own, values))
        }
        _ => list_of(field, own).is_some_and(|(list, _)| match value {
            Value::Array(values) => values.iter().any(|value| has_to_be_found(list, value)),
            _ => has_to_be_found(list, value),
        }),
    }
}

/// Ids were read out of numbers and addresses before: what is text is a name.
fn has_to_be_found(list: &List, value: &Value) -> bool {
    match value {
        Value::String(_) => true,
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

/// The values with ids where names were.
pub fn resolve(
    client: &mut Client<'_>,
    known: &mut Known,
    fields: &[&Field],
    own: &str,
    values: &Object,
) -> Result<Object> {
    let mut resolved = values.clone();
    // What others depend on comes first.
    for dependencies in 0..=3 {
        for field in fields {
            let Some((list, parameters)) = list_of(field, own) else { continue };
            let Some(value) = values.get(field.name).filter(|_| parameters.len().min(3) == dependencies)
            else {
                continue;
            };
            let params = params(list, parameters, &resolved);
            let value = found(client, known, field, list, &params, value)
                .map_err(|error| error.with_field(field.name))?;
            resolved.insert(field.name.to_string(), value);
        }
    }
    for field in fields {
        let Some(value) = values.get(field.name) else { continue };
        let value = match field.kind {
            Kind::Object(fields) => nested(client, known, fields, value, &resolved),
            Kind::Objects(fields) => match value.as_array() {
                Some(elements) => elements
                    .iter()
                    .enumerate()
                    .map(|(index, value)| {
                        nested(client, known, fields, value, &resolved)
                            .map_err(|error| error.with_field(&index.to_string()))
                    })
                    .collect::<Result<Vec<Value>>>()
                    .map(Value::Array),
                None => continue,
            },
            _ => continue,
        };
        resolved.insert(field.name.to_string(), value.map_err(|error| error.with_field(field.name))?);
    }
    Ok(resolved)
}

/// An object inside the input; what its references depend on is outside.
fn nested(
    client: &mut Client<'_>,
    known: &mut Known,
    fields: &'static [Field],
    value: &Value,
    outside: &Object,
) -> Result<Value> {
    let Value::Object(values) = value else { return Ok(value.clone()) };
    let mut resolved = values.clone();
    for field in fields {
        if let (Some((list, parameters)), Some(value)) = (list_of(field, ""), values.get(field.name)) {
            let params = params(list, parameters, outside);
            let value = found(client, known, field, list, &params, value)
                .map_err(|error| error.with_field(field.name))?;
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

/// What a value stands for, or each of several where the field takes several.
fn found(
    client: &mut Client<'_>,
    known: &mut Known,
    field: &Field,
    list: &'static List,
    params: &Object,
    value: &Value,
) -> Result<Value> {
    match field.kind {
        Kind::References(_) => each(client, known, list, params, value),
        _ => one(client, known, list, params, value),
    }
}

/// What each of several values stands for.
fn each(
    client: &mut Client<'_>,
    known: &mut Known,
    list: &'static List,
    params: &Object,
    value: &Value,
) -> Result<Value> {
    let several = match value {
        Value::Array(values) => values.clone(),
        // A name may hold a comma, so the whole is tried first.
        Value::String(text) if text.contains(',') && list.takes_ids() => {
            let whole = one(client, known, list, params, value);
            let parts: Vec<Value> = input::parts(text).map(id_or_name).collect();
            match whole {
                Err(error) if error.code() == Code::UnknownName && parts.len() > 1 => parts,
                other => return other,
            }
        }
        _ => return one(client, known, list, params, value),
    };
    let mut found = vec![];
    for (index, value) in several.iter().enumerate() {
        let value = one(client, known, list, params, value);
        found.push(value.map_err(|error| error.with_field(&index.to_string()))?);
    }
    Ok(Value::Array(found))
}

fn id_or_name(part: &str) -> Value {
    part.parse::<i32>().map_or_else(|_| Value::from(part), Value::from)
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
        Value::String(name) => Wanted::Name(text::trimmed(name)),
        Value::Number(number) if !list.takes_ids() => match number.as_i64().and_then(|id| id.try_into().ok())
        {
            Some(id) => Wanted::Id(id),
            None => return Ok(value.clone()),
        },
        _ => return Ok(value.clone()),
    };
    // A list of names says which there are; what a ticket type allows of them
    // is for HaloPSA to judge.
    let nothing = Object::new();
    let params = if list.takes_ids() { params } else { &nothing };
    if client.is_dry_run() && !list.takes_ids() && matches!(wanted, Wanted::Name(_)) {
        return Ok(value.clone());
    }
    let place = format!("{} {}", list.name, Value::Object(params.clone()));
    let name = format!("{wanted:?}").to_lowercase();
    if let Some((_, _, found)) = known.names.iter().find(|known| known.0 == place && known.1 == name) {
        return found.clone();
    }
    let found = look_up(client, known, list, params, &wanted);
    // What may be different the next time is asked for again.
    if found.as_ref().err().is_none_or(|error| error.kind() == ErrorKind::InvalidInput) {
        known.names.push((place, name, found.clone()));
    }
    found
}

fn look_up(
    client: &mut Client<'_>,
    known: &mut Known,
    list: &'static List,
    params: &Object,
    wanted: &Wanted<'_>,
) -> Result<Value> {
    let shown = wanted.shown();
    let things = list.title.to_lowercase();
    if client.is_dry_run() {
        return Err(NodeError::new(
            Code::NotInDryRun,
            format!("A dry run sends nothing, so \"{shown}\" cannot be looked up among the {things}."),
        )
        .with_advice("Give the id, or run it for real."));
    }
    if let Err(error) = input::require(&list.required, params, params) {
        let advice = error.advice().unwrap_or_default().to_string();
        return Err(NodeError::new(
            Code::UnknownName,
            format!("\"{shown}\" cannot be looked up: which {things} there are depends on something else."),
        )
        .with_advice(format!("{advice} Or give the id.")));
    }
    match (search::find(client, &mut known.lists, list, params, wanted), wanted) {
        (Ok(found), _) => decide(client, list, params, wanted, found),
        // HaloPSA takes the name as it is. What the list would say cannot be
        // had, so HaloPSA has the last word.
        (Err(error), Wanted::Name(name))
            if !list.takes_ids() && error.kind() != ErrorKind::Unauthenticated =>
        {
            Ok(Value::from(*name))
        }
        (Err(error), _) => Err(error),
    }
}

/// The value of the one row that is wanted.
fn decide(
    client: &mut Client<'_>,
    list: &'static List,
    params: &Object,
    wanted: &Wanted<'_>,
    found: Found,
) -> Result<Value> {
    let shown = wanted.shown();
    let things = list.title.to_lowercase();
    let is_whole = matches!(found, Found::All(_));
    let (Found::All(rows) | Found::Some(rows)) = found;
    let mut fitting: Vec<&Row> = vec![];
    for row in rows.iter().filter(|row| wanted.is(row)) {
        if !fitting.iter().any(|known| known.entry.value == row.entry.value) {
            fitting.push(row);
        }
    }
    match (fitting.as_slice(), is_whole) {
        ([row], true) => Ok(row.entry.value.clone()),
        // Rows of a list of names differ by name: one that is there is right.
        ([row], false) if !list.takes_ids() => Ok(row.entry.value.clone()),
        ([], false) if !list.takes_ids() => match wanted {
            Wanted::Name(name) => Ok(Value::from(*name)),
            Wanted::Id(_) => Err(too_many(&things, &shown, &[])),
        },
        ([] | [_], false) => Err(too_many(&things, &shown, &fitting)),
        ([], true) => {
            let error =
                NodeError::new(Code::UnknownName, format!("None of the {things} is called \"{shown}\"."));
            let mut names: Vec<String> = rows.into_iter().flat_map(|row| row.names).collect();
            if names.is_empty()
                && let Wanted::Name(name) = wanted
            {
                names = search::similar(client, list, params, name)?;
            }
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let or_id = if list.takes_ids() { " Or give the id." } else { "" };
            Err(match text::nearest(&shown, &names) {
                Some(near) => error.with_advice(format!("Did you mean \"{near}\"?{or_id}")),
                None if list.takes_ids() => error.with_advice("Check the name, or give the id."),
                None => error.with_advice("Check the name."),
            })
        }
        (several, _) => Err(NodeError::new(
            Code::AmbiguousName,
            format!("Several of the {things} are called \"{shown}\"."),
        )
        .with_advice(format!("Give the id: {}.", candidates(several)))),
    }
}

/// Neither found nor missing: the search was cut short.
fn too_many(things: &str, shown: &str, fitting: &[&Row]) -> NodeError {
    let error = NodeError::new(
        Code::AmbiguousName,
        format!("Too many of the {things} match \"{shown}\" to tell which one is meant."),
    );
    match fitting {
        [] => error.with_advice("Give the id, or more of the name."),
        some => error.with_advice(format!("Give the id. One of this name is {}.", candidates(some))),
    }
}

fn candidates(rows: &[&Row]) -> String {
    let shown: Vec<String> = rows.iter().take(5).map(|row| candidate(row)).collect();
    shown.join(", ")
}

fn candidate(row: &Row) -> String {
    let description = row.entry.description.as_deref().map(|text| format!(", {text}")).unwrap_or_default();
    format!("{} ({}{description})", row.entry.value, row.entry.label)
}
