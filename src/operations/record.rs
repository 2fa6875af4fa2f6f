//! One record at a time: create, get, update, delete.
//!
//! Several items are in flight at once, but never two that are about the same
//! record: those keep their order.

use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use serde_json::{Value, json};
use workflow_node_sdk::http::HttpResponse;
use workflow_node_sdk::interface::{Item, Object, Outcome};
use workflow_node_sdk::retry::Safety;

use super::bulk::{self, Bulk};
use super::requester::Requester;
use super::{MAX_REQUESTS, Task, mandatory, written};
use crate::catalogue::resource::{Handler, Job, Resource, Verb};
use crate::client::{self, MOST_IN_FLIGHT};
use crate::error::{Effect, ErrorKind, NodeError, Result};
use crate::input::{self as inputs, Input};
use crate::output::View;
use crate::protocol::answer;
use crate::protocol::envelope;
use crate::protocol::request::ApiRequest;

/// The request for one item.
pub fn request(resource: &Resource, verb: Verb, input: &Input) -> ApiRequest {
    let one = || format!("{}/{}", resource.path, input.id.unwrap_or_default());
    let write = |body, safety| ApiRequest::post_one(resource.path, body, safety);
    let request = match verb {
        Verb::Get | Verb::List => {
            let mut request = ApiRequest::get(one());
            // The rest of the values, if any, is about to be written.
            let owner = resource.owner.as_ref().map(|owner| owner.field.name);
            if let Some((name, value)) = owner.and_then(|name| input.values.get_key_value(name)) {
                request = request.with(name, value);
            }
            request.with_defaults(resource.get_query)
        }
        Verb::Delete => {
            let mut request = ApiRequest::delete(one());
            request.query = inputs::to_query(&input.values);
            request
        }
        Verb::Create => write(body(resource, input, &[]), Safety::Create),
        Verb::Update | Verb::Job(_) => write(body(resource, input, defaults(verb)), Safety::Overwrite),
    };
    ApiRequest { fields: resource.fields, ..request.needing(resource.scope(verb)) }
}

/// The record to post. `defaults` are names and JSON that hold where the input
/// says nothing.
pub fn body(resource: &Resource, input: &Input, defaults: &[(&str, &str)]) -> Value {
    let mut body = input.values.clone();
    for (name, value) in resource.write_flags {
        body.insert((*name).to_string(), Value::Bool(*value));
    }
    for (name, json) in defaults {
        if let (false, Ok(value)) = (body.contains_key(*name), serde_json::from_str(json)) {
            body.insert((*name).to_string(), value);
        }
    }
    if let Some(id) = input.id {
        body.insert("id".to_string(), Value::from(id));
    }
    Value::Object(body)
}

/// What a batch counts as beside its own request: it takes its time, like
/// several single requests. A thousand records fit into one call.
const BATCH_WEIGHT: u32 = 6;

/// Works through the queue.
pub fn run(task: &mut Task<'_, '_>) {
    let deadline = task.client.remaining();
    let mut together = Bulk::default();
    let mut batches: u32 = 0;
    let mut begun = false;
    // What an item took, at most, until now.
    let mut cost = 1;
    while let Some(next) = task.queue.next_item() {
        let before = spent(task, batches);
        if begun && (room(before, cost) == 0 || super::is_late(task.client, deadline)) {
            break;
        }
        begun = true;
        if bulk::wanted(task, next) {
            let alone = together.post(task);
            batches += 1;
            for some in alone.chunks(MOST_IN_FLIGHT) {
                // What is left over stays in the queue, and is not done yet.
                let room = room(spent(task, batches), 1);
                if room == 0 || super::is_late(task.client, deadline) {
                    break;
                }
                send(task, some.get(..room).unwrap_or(some));
            }
        } else {
            let batch = next_batch(task, room(before, cost).max(1));
            let count = u32::try_from(batch.settled + batch.inputs.len()).unwrap_or(u32::MAX).max(1);
            send(task, &batch.inputs);
            cost = cost.max(spent(task, batches).saturating_sub(before).div_ceil(count));
        }
    }
}

/// The requests of this call so far.
fn spent(task: &Task<'_, '_>, batches: u32) -> u32 {
    task.client.usage().requests.saturating_add(batches.saturating_mul(BATCH_WEIGHT))
}

/// How many items may be sent side by side.
fn room(spent: u32, cost: u32) -> usize {
    let items = MAX_REQUESTS.saturating_sub(spent) / cost.max(1);
    usize::try_from(items).unwrap_or(MOST_IN_FLIGHT).min(MOST_IN_FLIGHT)
}

/// Sends these items side by side, each on its own.
fn send(task: &mut Task<'_, '_>, inputs: &[(usize, Input)]) {
    let requests: Vec<ApiRequest> =
        inputs.iter().map(|(_, input)| request(task.resource, task.verb, input)).collect();
    let answers = task.client.send_all(&requests);
    let mut unauthenticated = None;
    for (((index, input), request), answer) in inputs.iter().zip(&requests).zip(answers) {
        let answer = answer.or_else(|error| with_companions(task, input, request, error));
        let outcome = match answer.and_then(|answer| result(task, *index, input, request, &answer)) {
            Ok(json) => Outcome::Done(vec![Item::new(json)]),
            Err(error) => Outcome::Failed(mandatory::explain(task, input, error)),
        };
        if let Outcome::Failed(error) = &outcome
            && error.kind() == ErrorKind::Unauthenticated
        {
            unauthenticated = Some(error.clone());
        }
        task.queue.settle(*index, outcome);
    }
    if let Some(error) = unauthenticated {
        task.queue.fail_rest(&error);
    }
}

/// Sends an update, as often as this instance needs.
pub fn overwrite(task: &mut Task<'_, '_>, input: &Input) -> Result<HttpResponse> {
    let request = request(task.resource, Verb::Update, input);
    task.client.send(&request).or_else(|error| with_companions(task, input, &request, error))
}

/// Sends an update again with the fields that this instance wants to see,
/// read from the record first. Nothing happened the first time.
fn with_companions(
    task: &mut Task<'_, '_>,
    input: &Input,
    request: &ApiRequest,
    error: NodeError,
) -> Result<HttpResponse> {
    let companions = task.resource.update_companions;
    let not_found = error.effect() == Effect::None
        && error.vendor_message().is_some_and(|words| words.contains("Record not found"));
    let updates = matches!(task.verb, Verb::Update | Verb::Job(_));
    if !updates || companions.is_empty() || !not_found {
        return Err(error);
    }
    let answer = task.client.send(&self::request(task.resource, Verb::Get, input))?;
    let record = of(&answer, task.resource, input, Effect::None)?;
    let mut complete = input.clone();
    for name in companions {
        if let (false, Some(value)) = (complete.values.contains_key(*name), record.get(*name)) {
            complete.values.insert((*name).to_string(), value.clone());
        }
    }
    if complete == *input {
        return Err(error);
    }
    task.client.send(&ApiRequest {
        body: Some(Value::Array(vec![body(task.resource, &complete, defaults(task.verb))])),
        ..request.clone()
    })
}

const fn defaults(verb: Verb) -> &'static [(&'static str, &'static str)] {
    match verb {
        Verb::Job(Job { handler: Handler::Write(defaults), .. }) => defaults,
        _ => &[],
    }
}

struct Batch {
    /// Items to send.
    inputs: Vec<(usize, Input)>,
    /// Items that were settled because their input is bad.
    settled: usize,
}

/// The next items that may be in flight together, at most so many.
fn next_batch(task: &mut Task<'_, '_>, most: usize) -> Batch {
    let mut batch = Batch { inputs: vec![], settled: 0 };
    for index in task.queue.next_items(most) {
        if bulk::wanted(task, index) {
            break;
        }
        match input(task, index) {
            Ok(input) => {
                let same_record = |other: &Input| other.id.is_some() && other.id == input.id;
                if batch.inputs.iter().any(|(_, other)| same_record(other)) {
                    break;
                }
                batch.inputs.push((index, input));
            }
            Err(error) => {
                batch.settled += 1;
                if fail(task, index, &error) {
                    break;
                }
            }
        }
    }
    batch
}

/// The input of an item, with the user of a new ticket looked up where the
/// input says how. What certainly lacks a mandatory field is refused.
pub fn input(task: &mut Task<'_, '_>, index: usize) -> Result<Input> {
    let mut input = task.input(index)?;
    if matches!(task.verb, Verb::Create)
        && !task.resource.create_parameters.is_empty()
        && let Some(requester) = Requester::take(&mut input.values)?
    {
        requester.link(task.client, &mut input.values)?;
    }
    mandatory::check(task, &input)?;
    Ok(input)
}

/// Settles an item that cannot be sent; says whether the others wait, or fail
/// alike.
pub fn fail(task: &mut Task<'_, '_>, index: usize, error: &NodeError) -> bool {
    task.queue.settle(index, Outcome::Failed(error.clone()));
    if error.kind() == ErrorKind::Unauthenticated {
        task.queue.fail_rest(error);
    }
    !task.queue.is_open()
}

/// What would be sent for one item.
pub fn plan(resource: &Resource, verb: Verb, mut input: Input) -> Result<Vec<ApiRequest>> {
    let requester = match verb {
        Verb::Create if !resource.create_parameters.is_empty() => Requester::take(&mut input.values)?,
        _ => None,
    };
    let mut requests: Vec<ApiRequest> =
        requester.iter().map(|requester| requester.request(&input.values)).collect();
    requests.push(request(resource, verb, &input));
    Ok(requests)
}

fn result(
    task: &mut Task<'_, '_>,
    index: usize,
    input: &Input,
    request: &ApiRequest,
    answer: &HttpResponse,
) -> Result<Value> {
    if let (Verb::Delete, Some(id)) = (task.verb, input.id) {
        return deleted(task, index, input, id, answer);
    }
    let effect = if request.safety == Safety::Read { Effect::None } else { Effect::Unknown };
    let record = match task.verb {
        Verb::Create => record(answer, request.safety)?,
        _ => of(answer, task.resource, input, effect)?,
    };
    if request.safety == Safety::Read {
        written::pass_on_warnings(task, &record, index);
    } else {
        // As it was sent: with what holds where the input says nothing.
        written::review(task, &body(task.resource, input, defaults(task.verb)), &record, index);
        if let (Some(id), false) = (input.id, matches!(task.verb, Verb::Create)) {
            written::note_new_id(task, &record, id, index);
        }
    }
    Ok(task.present(record, View::single(input.simplify), index))
}

/// What became of a record that was to be deleted. The answer may be anything,
/// but not another record.
fn deleted(
    task: &mut Task<'_, '_>,
    index: usize,
    input: &Input,
    id: i64,
    answer: &HttpResponse,
) -> Result<Value> {
    if answer.is_html() {
        return Err(answer::malformed(answer, "it is a web page", Safety::Overwrite));
    }
    if let Ok(said) = envelope::parse(&answer.body)
        && let Ok(said) = envelope::record(said)
    {
        written::check_id(task.resource, &said, id, Effect::Unknown)?;
        written::pass_on_warnings(task, &said, index);
    }
    let mut gone = json!({"id": id, "deleted": true});
    if let (Some(owner), Some(gone)) = (task.resource.owner, gone.as_object_mut()) {
        gone.extend(
            input.values.get(owner.field.name).map(|value| (owner.field.name.to_string(), value.clone())),
        );
    }
    Ok(gone)
}

/// The record of an answer, which must be the one that the input is about.
pub fn of(answer: &HttpResponse, resource: &Resource, input: &Input, effect: Effect) -> Result<Object> {
    let safety = if effect == Effect::None { Safety::Read } else { Safety::Overwrite };
    let record = record(answer, safety)?;
    if let Some(id) = input.id {
        written::check_id(resource, &record, id, effect)?;
    }
    Ok(record)
}

/// A record without an id is no record: something else answered.
pub fn record(answer: &HttpResponse, safety: Safety) -> Result<Object> {
    let value = client::json(answer, safety)?;
    let has_id = |record: &Object| record.get("id").is_some_and(|id| !id.is_null());
    envelope::record(value)
        .and_then(|record| if has_id(&record) { Ok(record) } else { Err("it has no id") })
        .map_err(|why| answer::malformed(answer, why, safety))
}
