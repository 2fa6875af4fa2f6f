//! `ticket.upsert`: updates the ticket with a key, or makes it.
//!
//! An update may be repeated. A create is sent once in a call: where its answer
//! is lost, the ticket is looked for by its key, and where it does not show, the
//! failure says that this is not known. A call that is repeated finds it then.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde_json::Value;
use workflow_node_sdk::interface::{Diagnostic, Item, Level, Object};
use workflow_node_sdk::retry::Safety;

use super::keyed::{self, Key, Matches, State};
use super::requester::Requester;
use super::search::{self, Patience, Sighting};
use super::{Task, jobs, record, written};
use crate::catalogue::resource::{Resource, Verb};
use crate::client::Client;
use crate::error::{Code, Effect, NodeError, Result, Retry};
use crate::input::Input;
use crate::output::{Names, View};
use crate::protocol::request::ApiRequest;

/// How many tickets a conflict names.
const MAX_NAMED: usize = 10;

/// Works through the queue. What an item of this call made holds for later ones.
pub fn run(task: &mut Task<'_, '_>) {
    let mut homes: Vec<(String, i64)> = vec![];
    jobs::each_with(task, jobs::Pace::Looking, &mut |task, index, input| one(task, index, input, &mut homes));
}

fn one(
    task: &mut Task<'_, '_>,
    index: usize,
    input: &Input,
    homes: &mut Vec<(String, i64)>,
) -> Result<Vec<Item>> {
    let mut fields = input.values.clone();
    let key = Key::take(task.resource, &mut fields)?;
    if let Some(requester) = Requester::take(&mut fields)? {
        requester.link(task.client, &mut fields)?;
    }
    let ticket = match key {
        Some(key) => {
            let name = format!("{} {}", key.tag(None), key.text());
            let home = homes.iter().find(|(known, _)| *known == name).map(|(_, id)| *id);
            let mut work = Work { task, index, key: &key };
            let ticket = work.run(home, fields)?;
            if home.is_none() {
                homes.push((name, keyed::id(&ticket)));
            }
            ticket
        }
        // HaloPSA does the matching. What a repetition does is not known.
        None => {
            let request = create(task, fields);
            let answer = task.client.send(&request)?;
            let ticket = record::record(&answer, Safety::Create)?;
            review(task, &request, &ticket, index);
            ticket
        }
    };
    let json = task.present(ticket, View::single(input.simplify), index);
    Ok(vec![Item::new(json)])
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
        fields = with_key(&key, fields);
    }
    requests.push(create(task, fields));
    Ok(requests)
}

fn create(task: &Task<'_, '_>, fields: Object) -> ApiRequest {
    record::request(task.resource, Verb::Create, &Input::of_fields(None, fields))
}

/// Says what HaloPSA did not keep of what was sent.
fn review(task: &mut Task<'_, '_>, request: &ApiRequest, ticket: &Object, index: usize) {
    written::review(task, request.body.as_ref().unwrap_or(&Value::Null), ticket, index);
}

/// The fields with the key in them.
fn with_key(key: &Key, mut fields: Object) -> Object {
    key.put(&mut fields);
    if key.is_in_summary() {
        Key::sign(&mut fields, &key.tag(None));
    }
    fields
}

/// The work on one item with a key.
struct Work<'t, 'a, 'b> {
    task: &'t mut Task<'a, 'b>,
    index: usize,
    key: &'t Key,
}

impl Work<'_, '_, '_> {
    fn run(&mut self, home: Option<i64>, fields: Object) -> Result<Object> {
        if let Some(id) = home {
            return self.update(id, fields);
        }
        let is_repeated = self.task.is_repeated;
        match self.find_first().map_err(|error| if is_repeated { perhaps_done(error) } else { error })? {
            Sighting::Found(id) => {
                // The call before may have made it.
                self.update(id, fields).map_err(|error| if is_repeated { perhaps_done(error) } else { error })
            }
            Sighting::Absent => self.create(fields),
            Sighting::Inconclusive => {
                let error = search::inconclusive(
                    "Whether there is a ticket with this key is not known: the search did not come to an end, so no ticket was made.",
                )
                .with_field("key")
                .with_advice("Leave key_field out, so that a reference in the summary is searched for, or take the key out of tickets that are done with.");
                Err(if is_repeated { perhaps_done(error) } else { error })
            }
        }
    }

    /// The ticket as it is before this call writes. What the call before left on
    /// its way gets time to arrive.
    fn find_first(&mut self) -> Result<Sighting<i64>> {
        if !self.task.is_repeated {
            return the_one(self.task.client, self.task.resource, self.key);
        }
        let mut patience = Patience::with_the_call_before(self.task.client);
        self.look(&mut patience)
    }

    fn look(&mut self, patience: &mut Patience) -> Result<Sighting<i64>> {
        let (resource, key) = (self.task.resource, self.key);
        search::look_until_found(self.task.client, patience, &mut |client| the_one(client, resource, key))
    }

    fn create(&mut self, fields: Object) -> Result<Object> {
        if !fields.contains_key("summary") {
            return Err(NodeError::new(
                Code::MissingField,
                "There is no ticket with this key, and a new one needs a summary.",
            )
            .with_field("summary")
            .with_advice("Fill in summary."));
        }
        let request = create(self.task, with_key(self.key, fields.clone()));
        let answer = self.task.client.send(&request);
        let lost = match answer.and_then(|answer| search::created(&answer)) {
            Ok(ticket) => {
                review(self.task, &request, &ticket, self.index);
                self.verify(&ticket);
                return Ok(ticket);
            }
            Err(error) if error.effect() != Effect::Unknown => return Err(error),
            Err(lost) => lost,
        };
        // It is not sent again: HaloPSA may be at it still.
        let mut patience = Patience::with_a_lost_write(self.task.client);
        match self.look(&mut patience) {
            // The ticket is there, whatever becomes of this.
            Ok(Sighting::Found(id)) => {
                self.update(id, fields).map_err(|error| error.with_effect(Effect::Applied))
            }
            Ok(Sighting::Absent | Sighting::Inconclusive) | Err(_) => Err(again(lost)),
        }
    }

    /// Looks whether a repeated call would find the ticket, and only this one.
    fn verify(&mut self, ticket: &Object) {
        let id = keyed::id(ticket);
        let (resource, key) = (self.task.resource, self.key);
        let mut patience = Patience::with_a_new_record(self.task.client);
        let mut others: Vec<i64> = vec![];
        let seen = search::look_until_found(self.task.client, &mut patience, &mut |client| {
            let matches = find(client, resource, key)?;
            others = matches.seen().iter().map(keyed::id).filter(|other| *other != id).collect();
            let is_there = matches.seen().iter().any(|seen| keyed::id(seen) == id);
            Ok(if is_there { Sighting::Found(()) } else { matches.sighting().map(|_| ()) })
        });
        let is_found = matches!(seen, Ok(Sighting::Found(())));
        if !is_found || !others.is_empty() {
            let diagnostic = if is_found { doubled(id, &others) } else { not_found_again(id) };
            let item_index = u32::try_from(self.index).ok();
            self.task.diagnostics.push(Diagnostic { item_index, ..diagnostic });
        }
    }

    fn update(&mut self, id: i64, mut fields: Object) -> Result<Object> {
        let resource = self.task.resource;
        if fields.is_empty() {
            let input = Input::of_record(id);
            let answer = self.task.client.send(&record::request(resource, Verb::Get, &input))?;
            return record::of(&answer, resource, &input, Effect::None);
        }
        // A new summary must keep the reference.
        if self.key.is_in_summary() {
            Key::sign(&mut fields, &self.key.tag(None));
        }
        let input = Input::of_fields(Some(id), fields);
        let answer = record::overwrite(self.task, &input)?;
        let ticket = record::of(&answer, resource, &input, Effect::Unknown)?;
        written::review(self.task, &record::body(resource, &input, &[]), &ticket, self.index);
        Ok(ticket)
    }
}

/// The failure of a create that may have been done.
fn again(error: NodeError) -> NodeError {
    error
        .with_retry(Retry::HostDefault)
        .with_advice("Repeat the call in a minute: it finds the ticket by its key if HaloPSA made it.")
}

/// A failure before it is known what the call before this one did.
pub(super) fn perhaps_done(error: NodeError) -> NodeError {
    match error.retry() {
        // The item waits, and nothing is said about it yet.
        Retry::After(_) => error,
        _ if error.effect() == Effect::None => error.with_effect(Effect::Unknown),
        _ => error,
    }
}

/// What is said about a ticket that a repeated call would not find.
pub(super) fn not_found_again(id: i64) -> Diagnostic {
    Diagnostic {
        level: Level::Warning,
        code: "halopsa.key-not-found-again",
        message: format!(
            "Ticket {id} was made, but a search for its key does not show it: the next call with this key makes another ticket. Give the API agent the teams and clients that the ticket belongs to, and check that HaloPSA keeps the whole summary."
        ),
        item_index: None,
    }
}

fn doubled(id: i64, others: &[i64]) -> Diagnostic {
    Diagnostic {
        level: Level::Warning,
        code: "halopsa.key-not-unique",
        message: format!(
            "Ticket {id} was made, and there are others with its key: {}. Another call was at work at the same time. Keep one of them.",
            list(others)
        ),
        item_index: None,
    }
}

fn list(ids: &[i64]) -> String {
    let ids: Vec<String> = ids.iter().take(MAX_NAMED).map(ToString::to_string).collect();
    ids.join(", ")
}

fn find(client: &mut Client<'_>, resource: &'static Resource, key: &Key) -> Result<Matches> {
    key.find(client, resource, State::Any, None, &mut Names::default())
}

/// The id of the ticket with a key. A ticket that was merged stands for the one
/// that it was merged into.
fn the_one(client: &mut Client<'_>, resource: &'static Resource, key: &Key) -> Result<Sighting<i64>> {
    let matches = find(client, resource, key)?;
    let is_complete = matches.is_complete();
    let rows = match matches.sighting() {
        Sighting::Found(rows) => rows,
        Sighting::Absent => return Ok(Sighting::Absent),
        Sighting::Inconclusive => return Ok(Sighting::Inconclusive),
    };
    let mut ids: Vec<i64> = vec![];
    for row in rows {
        let own = keyed::id(&row);
        let id = keyed::merged_into(client, resource, row)?.map_or(own, |ticket| keyed::id(&ticket));
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    match ids.as_slice() {
        // There may be a second one.
        [_] if !is_complete => Ok(Sighting::Inconclusive),
        [id] => Ok(Sighting::Found(*id)),
        several => {
            let message = format!(
                "{} tickets have the key \"{}\": {}.",
                several.len(),
                workflow_node_sdk::text::quoted(key.text()),
                list(several)
            );
            Err(NodeError::new(Code::Conflict, message).with_field("key").with_advice(
                "Keep one of them: merge or delete the others, or take the reference out of their summaries.",
            ))
        }
    }
}

#[cfg(test)]
mod tests;
