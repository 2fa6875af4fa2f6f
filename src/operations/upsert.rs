//! `ticket.upsert`: updates the ticket with a key, or makes it.
//!
//! An update may be repeated, and a create that is repeated finds the ticket
//! by its key, so the whole may be repeated too.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde_json::Value;

use super::keyed::{self, Key, State};
use super::requester::Requester;
use super::{Task, record};
use crate::catalogue::resource::Verb;
use crate::contract::{Item, Object};
use crate::error::{Code, Effect, NodeError, Result, Retry};
use crate::input::Input;
use crate::output::{Names, View};
use crate::protocol::http::HttpResponse;
use crate::protocol::request::{ApiRequest, Safety};

/// How many tickets a conflict names.
const MOST_NAMED: usize = 10;

/// Works on one item.
pub fn run(task: &mut Task<'_, '_>, index: usize, input: &Input) -> Result<Vec<Item>> {
    let mut fields = input.values.clone();
    let key = Key::take(task.resource, &mut fields)?;
    if let Some(requester) = Requester::take(&mut fields)? {
        requester.link(task.client, &mut fields)?;
    }
    let ticket = match key {
        Some(key) => by_key(task, &key, fields)?,
        // HaloPSA does the matching. What a repetition does is not known.
        None => {
            let answer = task.client.send(&create(task, fields))?;
            record::record(&answer, Safety::Create)?
        }
    };
    let json = task.present(ticket, View::single(input.simplify), &Names::default(), index);
    Ok(vec![Item::result(json, index)])
}

/// What would be sent: the search, and what follows if it finds nothing.
pub fn plan(task: &Task<'_, '_>, input: &Input) -> Result<Vec<ApiRequest>> {
    let mut fields = input.values.clone();
    let key = Key::take(task.resource, &mut fields)?;
    let requester = Requester::take(&mut fields)?;
    let mut requests: Vec<ApiRequest> =
        requester.iter().map(|requester| requester.request(&fields)).collect();
    if let Some(key) = key {
        requests.push(key.search(task.resource, State::Any));
        fields = written(&key, fields);
    }
    requests.push(create(task, fields));
    Ok(requests)
}

fn create(task: &Task<'_, '_>, fields: Object) -> ApiRequest {
    record::request(task.resource, Verb::Create, &Input::of_fields(None, fields))
}

/// The fields with the key in them.
fn written(key: &Key, mut fields: Object) -> Object {
    key.put(&mut fields);
    if key.is_in_summary() {
        Key::sign(&mut fields, &key.tag(None));
    }
    fields
}

fn by_key(task: &mut Task<'_, '_>, key: &Key, fields: Object) -> Result<Object> {
    if let Some(id) = the_one(task, key)? {
        return update(task, id, key, fields);
    }
    if !fields.contains_key("summary") {
        return Err(NodeError::new(
            Code::MissingField,
            "There is no ticket with this key, and a new one needs a summary.",
        )
        .field("summary")
        .advice("Fill in summary."));
    }
    let request = create(task, written(key, fields.clone()));
    let mut lost = None;
    for _ in 0..2 {
        match task.client.send(&request).and_then(|answer| record::record(&answer, Safety::Create)) {
            Ok(ticket) => return Ok(ticket),
            Err(error) if error.get_effect() != Effect::Unknown => return Err(error),
            Err(error) => {
                if let Some(id) = the_one(task, key).map_err(|_| again(error.clone()))? {
                    return update(task, id, key, fields);
                }
                lost = Some(error);
            }
        }
    }
    Err(again(lost.unwrap_or_else(|| NodeError::new(Code::Internal, "A ticket got lost inside the node."))))
}

fn again(error: NodeError) -> NodeError {
    error.retry(Retry::HostDefault).advice("Repeat the call: it finds the ticket by its key.")
}

/// The id of the ticket with a key, if there is one.
fn the_one(task: &mut Task<'_, '_>, key: &Key) -> Result<Option<i64>> {
    let found = key.find(task.client, task.resource, State::Any, None, &mut Names::default())?;
    match found.as_slice() {
        [] => Ok(None),
        [ticket] => Ok(Some(keyed::id(ticket))),
        several => {
            let ids: Vec<String> =
                several.iter().take(MOST_NAMED).map(|ticket| keyed::id(ticket).to_string()).collect();
            let message = format!(
                "{} tickets have the key \"{}\": {}.",
                several.len(),
                crate::text::cut(key.text(), 120),
                ids.join(", ")
            );
            Err(NodeError::new(Code::Conflict, message).field("key").advice(
                "Keep one of them: merge or delete the others, or take the reference out of their summaries.",
            ))
        }
    }
}

fn update(task: &mut Task<'_, '_>, id: i64, key: &Key, mut fields: Object) -> Result<Object> {
    let answer: HttpResponse = if fields.is_empty() {
        let request = record::request(task.resource, Verb::Get, &Input::of_record(id));
        task.client.send(&request)?
    } else {
        // A new summary must keep the reference.
        if key.is_in_summary() && fields.get("summary").and_then(Value::as_str).is_some() {
            Key::sign(&mut fields, &key.tag(None));
        }
        record::overwrite(task, &Input::of_fields(Some(id), fields))?
    };
    record::record(&answer, Safety::Overwrite)
}

#[cfg(test)]
mod tests;
