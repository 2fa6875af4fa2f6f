//! `ticket.find_or_append`: an alert becomes a private note on the open ticket
//! with its key, or a ticket.
//!
//! What must never happen: that an alert is lost, or that it is there twice.
//! Every write carries a tag (see [`tag`]) that a repetition of the call finds
//! again. A write whose answer was lost is looked for before anything else is
//! done. HaloPSA cannot search and create in one step, so a call that created
//! looks again; of two calls that raced, the one with the higher number gives
//! way: each call carries over and closes *its own* ticket and no other, so
//! that two calls never do the same work.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use serde_json::{Value, json};

use super::keyed::{self, Key, State};
use super::outcome::{self, Purpose};
use super::requester::Requester;
use super::{Task, jobs, record, tag};
use crate::catalogue::resource::Verb;
use crate::client;
use crate::contract::{Diagnostic, Item, Level, Object};
use crate::endpoints;
use crate::error::{Code, Effect, ErrorKind, NodeError, Result, Retry};
use crate::input::Input;
use crate::output::{Names, View};
use crate::protocol::answer;
use crate::protocol::envelope;
use crate::protocol::request::{ApiRequest, Safety};

/// The stock status of closed tickets (HAPI 7.4).
const CLOSED: i64 = 9;

/// How long a write that is not there yet is given to arrive.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many closed tickets a repeated call looks into for its note.
const MOST_LOOKED_INTO: usize = 10;

/// The most actions that are asked for.
const MOST_ACTIONS: u32 = 1000;

/// One item.
struct Alert {
    index: usize,
    key: Key,
    /// What its writes are known by.
    tag: String,
    since: Option<i64>,
    closed_status: Value,
    requester: Option<Requester>,
    /// The fields of a new ticket.
    fields: Object,
    /// What a note is made of: `outcome_id`, `outcome` where they were given,
    /// the text, files.
    note: Object,
    simplify: bool,
}

/// What became of an alert.
struct Done {
    what: &'static str,
    ticket: Object,
    note_id: Option<i64>,
    closed: Option<i64>,
}

/// Works through the queue. What was found of a key holds for later items.
pub fn run(task: &mut Task<'_, '_>) {
    let mut homes: Vec<(String, Object)> = vec![];
    let mut names = Names::default();
    jobs::each_with(task, &mut |task, index, input| {
        let alert = Alert::new(task, index, input)?;
        let key = alert.key.tag(None);
        let home = homes.iter().position(|(known, _)| *known == key).map(|at| homes.swap_remove(at).1);
        let mut work = Work { task, alert: &alert, names: &mut names, refused: vec![] };
        let (done, repeated) = work.run(home).map_err(|error| work.advise(error))?;
        homes.push((key, done.ticket.clone()));
        Ok(vec![Item::result(work.result(done, repeated), index)])
    });
}

/// What would be sent: the search, and what follows if it finds nothing.
pub fn plan(task: &Task<'_, '_>, index: usize, input: &Input) -> Result<Vec<ApiRequest>> {
    let alert = Alert::new(task, index, input)?;
    let mut requests = vec![alert.key.search(task.resource, State::Open)];
    requests.extend(alert.requester.as_ref().map(|requester| requester.request(&alert.fields)));
    requests.push(record::request(task.resource, Verb::Create, &Input::of_fields(None, alert.fields)));
    Ok(requests)
}

impl Alert {
    fn new(task: &Task<'_, '_>, index: usize, input: &Input) -> Result<Self> {
        let mut fields = input.values.clone();
        let key = Key::take(task.resource, &mut fields)?
            .ok_or_else(|| NodeError::new(Code::MissingField, "The key is missing.").field("key"))?;
        let item = task.items.get(index).map(|item| item.json.to_string()).unwrap_or_default();
        let tag = key.tag(Some(&tag::of_call(task.client.context(), index, &item)));
        let since = fields
            .remove("window_hours")
            .and_then(|hours| Some(task.client.now().as_millisecond() - hours.as_i64()? * 3_600_000));
        let closed_status = fields.remove("closed_status_id").unwrap_or_else(|| Value::from(CLOSED));
        let requester = Requester::take(&mut fields)?;
        let mut note = Object::new();
        for name in ["outcome_id", "outcome"] {
            note.extend(fields.remove(name).map(|value| (name.to_string(), value)));
        }
        write_note(&mut note, &fields, &tag);
        key.put(&mut fields);
        Key::sign(&mut fields, &tag);
        Ok(Self { index, key, tag, since, closed_status, requester, fields, note, simplify: input.simplify })
    }

    /// Whether a ticket is the one that this call, or an earlier attempt of it,
    /// made of the alert.
    fn made(&self, ticket: &Object) -> bool {
        ticket.get("summary").and_then(Value::as_str).is_some_and(|summary| summary.contains(&self.tag))
    }
}

/// The alert as a note: what would stand in its ticket, and the tag.
fn write_note(note: &mut Object, fields: &Object, tag: &str) {
    let said = |name: &str| fields.get(name).and_then(Value::as_str);
    let summary = said("summary").unwrap_or_default();
    if let Some(html) = said("details_html") {
        let summary = summary.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        note.insert("note_html".to_string(), format!("<p>{summary}</p>{html}<p>{tag}</p>").into());
    } else {
        let details = said("details").map(|details| format!("{details}\n\n")).unwrap_or_default();
        note.insert("note".to_string(), format!("{summary}\n\n{details}{tag}").into());
    }
    note.extend(fields.get("attachments").map(|files| ("attachments".to_string(), files.clone())));
    note.insert("hiddenfromuser".to_string(), Value::Bool(true));
}

/// The work on one alert.
struct Work<'t, 'a, 'b> {
    task: &'t mut Task<'a, 'b>,
    alert: &'t Alert,
    names: &'t mut Names,
    /// Tickets that take no note.
    refused: Vec<i64>,
}

impl Work<'_, '_, '_> {
    /// What became of it, and whether an earlier call had done it.
    fn run(&mut self, home: Option<Object>) -> Result<(Done, bool)> {
        if self.task.client.context().attempt > 1
            && let Some(done) = self.recover()?
        {
            return Ok((done, true));
        }
        if let Some(home) = home
            && let Some(done) = self.append(home)?
        {
            return Ok((done, false));
        }
        for ticket in self.find(State::Open)? {
            if let Some(done) = self.append(ticket)? {
                return Ok((done, false));
            }
        }
        let (ticket, was_lost) = self.create()?;
        Ok((self.reconcile(ticket, was_lost)?, false))
    }

    fn find(&mut self, state: State) -> Result<Vec<Object>> {
        // A repetition long after must still find what the first one did.
        let since = if state == State::Open { self.alert.since } else { None };
        self.alert.key.find(self.task.client, self.task.resource, state, since, self.names)
    }

    /// Finds what an earlier attempt of this call did.
    fn recover(&mut self) -> Result<Option<Done>> {
        let all = self.find(State::Any)?;
        if let Some(ours) = all.iter().find(|ticket| self.alert.made(ticket)) {
            let open = self.find(State::Open)?;
            if open.iter().any(|ticket| keyed::id(ticket) == keyed::id(ours)) {
                return self.reconcile(ours.clone(), true).map(Some);
            }
            // It was closed: because it was carried over, or by a person.
            let older = all.iter().rev().filter(|ticket| keyed::id(ticket) < keyed::id(ours));
            for ticket in older.take(MOST_LOOKED_INTO) {
                if let Some(note_id) = self.find_note(keyed::id(ticket))? {
                    let closed = Some(keyed::id(ours));
                    return Ok(Some(Done {
                        what: "reconciled",
                        ticket: ticket.clone(),
                        note_id: Some(note_id),
                        closed,
                    }));
                }
            }
            return Ok(Some(Done { what: "created", ticket: ours.clone(), note_id: None, closed: None }));
        }
        for ticket in all.iter().rev().take(MOST_LOOKED_INTO) {
            if let Some(note_id) = self.find_note(keyed::id(ticket))? {
                return Ok(Some(appended(ticket.clone(), note_id)));
            }
        }
        Ok(None)
    }

    /// Puts the alert on a ticket, unless that takes no note.
    fn append(&mut self, ticket: Object) -> Result<Option<Done>> {
        let note = self.add_note(&ticket)?;
        Ok(note.map(|note_id| appended(ticket, note_id)))
    }

    /// Adds the note; its number, or nothing where the ticket takes none.
    fn add_note(&mut self, ticket: &Object) -> Result<Option<i64>> {
        let id = keyed::id(ticket);
        if self.refused.contains(&id) {
            return Ok(None);
        }
        let error = match self.send_note(ticket) {
            Ok(note_id) => return Ok(Some(note_id)),
            Err(error) if error.get_effect() != Effect::Unknown => error,
            Err(lost) => {
                if let Some(note_id) = self.await_note(id).map_err(|_| lost.clone())? {
                    return Ok(Some(note_id));
                }
                // It did not arrive.
                match self.send_note(ticket) {
                    Ok(note_id) => return Ok(Some(note_id)),
                    Err(error) if error.get_effect() != Effect::Unknown => error,
                    Err(lost) => match self.await_note(id).map_err(|_| lost.clone())? {
                        Some(note_id) => return Ok(Some(note_id)),
                        // HaloPSA answered twice, and there is no note.
                        None if lost.get_status().is_some() => lost.effect(Effect::None),
                        None => return Err(lost),
                    },
                }
            }
        };
        if is_passing(&error) && error.get_status().is_none_or(|status| status < 500) {
            return Err(error);
        }
        let words = error.get_message().to_string();
        self.warn("halopsa.note-refused", format!("Ticket {id} takes no note: {words}"));
        self.refused.push(id);
        Ok(None)
    }

    fn send_note(&mut self, ticket: &Object) -> Result<i64> {
        let id = keyed::id(ticket);
        let mut note = self.alert.note.clone();
        note.insert("ticket_id".to_string(), id.into());
        let has_outcome = note.contains_key("outcome_id") || note.contains_key("outcome");
        let mut request = ApiRequest::post_one("/Actions", Value::Object(note), Safety::Create)
            .needing(self.task.resource.scopes.edit);
        let client = &mut *self.task.client;
        let chosen = if has_outcome { Some(client.send(&request)) } else { None };
        let answer = match chosen {
            Some(Err(error)) if !outcome::is_refused(&error) => return Err(error),
            Some(Ok(answer)) => answer,
            // An alert takes any private outcome before it is lost.
            _ => outcome::post(client, &mut request, Purpose::Private, id, Some(ticket.clone()))?,
        };
        record::record(&answer, Safety::Create).map(|action| keyed::id(&action))
    }

    /// Looks for the note until it must have arrived.
    fn await_note(&mut self, ticket_id: i64) -> Result<Option<i64>> {
        if let Some(note_id) = self.find_note(ticket_id)? {
            return Ok(Some(note_id));
        }
        self.task.client.wait(PATIENCE.min(self.task.client.remaining()));
        self.find_note(ticket_id)
    }

    /// Looks for the note among a ticket's actions; gives its number.
    fn find_note(&mut self, ticket_id: i64) -> Result<Option<i64>> {
        let request = ApiRequest::get("/Actions")
            .with("ticket_id", ticket_id)
            .with("count", MOST_ACTIONS)
            .with("includehtmlnote", true)
            .needing(self.task.resource.scopes.read);
        let answer = self.task.client.send(&request)?;
        let page = envelope::list(client::json(&answer, Safety::Read)?, "actions", &[])
            .map_err(|why| answer::malformed(&answer, why, Safety::Read))?;
        let holds = |action: &&Object| {
            let said = |name: &str| action.get(name).and_then(Value::as_str);
            [said("note"), said("note_html")].into_iter().flatten().any(|text| text.contains(&self.alert.tag))
        };
        Ok(page.rows.iter().find(holds).map(keyed::id))
    }

    /// Makes the ticket; says too whether its answer was lost on the way.
    fn create(&mut self) -> Result<(Object, bool)> {
        let mut fields = self.alert.fields.clone();
        if let Some(requester) = &self.alert.requester {
            requester.link(self.task.client, &mut fields)?;
        }
        let request = record::request(self.task.resource, Verb::Create, &Input::of_fields(None, fields));
        for is_last in [false, true] {
            let answer = self.task.client.send(&request);
            let lost = match answer.and_then(|answer| record::record(&answer, Safety::Create)) {
                Ok(ticket) => return Ok((ticket, false)),
                Err(error) if error.get_effect() != Effect::Unknown => return Err(error),
                Err(lost) => lost,
            };
            if let Some(ticket) = self.await_ticket().map_err(|_| lost.clone())? {
                return Ok((ticket, true));
            }
            if is_last {
                return Err(lost);
            }
        }
        Err(NodeError::new(Code::Internal, "A ticket got lost inside the node."))
    }

    /// Looks for our ticket until it must have arrived.
    fn await_ticket(&mut self) -> Result<Option<Object>> {
        for is_last in [false, true] {
            let found = self.find(State::Any)?;
            if let Some(ours) = found.into_iter().find(|ticket| self.alert.made(ticket)) {
                return Ok(Some(ours));
            }
            if !is_last {
                self.task.client.wait(PATIENCE.min(self.task.client.remaining()));
            }
        }
        Ok(None)
    }

    /// Looks again after a create. Where there is an older open ticket, the
    /// alert goes there, and ours is closed.
    fn reconcile(&mut self, ticket: Object, may_be_done: bool) -> Result<Done> {
        let found = match self.find(State::Open) {
            Ok(found) => found,
            Err(error) => return self.left_open(error, ticket),
        };
        let ours = found.iter().find(|ticket| self.alert.made(ticket)).cloned().unwrap_or(ticket);
        // A create that was sent twice because it seemed not to arrive.
        let alert = self.alert;
        for double in found.iter().filter(|ticket| alert.made(ticket)).skip(1) {
            if let Err(error) = self.close(double) {
                return self.left_open(error, ours);
            }
        }
        for older in found.iter().filter(|ticket| keyed::id(ticket) < keyed::id(&ours)) {
            let noted = if may_be_done { self.find_note(keyed::id(older)) } else { Ok(None) };
            let note = match noted {
                Ok(None) => self.add_note(older),
                noted => noted,
            };
            match note {
                Ok(None) => {}
                Ok(note_id) => {
                    let done = Done { what: "reconciled", ticket: older.clone(), note_id, closed: None };
                    return match self.close(&ours) {
                        Ok(()) => Ok(Done { closed: Some(keyed::id(&ours)), ..done }),
                        Err(error) if is_passing(&error) => Err(error.effect(Effect::Applied)),
                        Err(error) => {
                            let (id, words) = (keyed::id(&ours), error.get_message().to_string());
                            self.warn(
                                "halopsa.double-left-open",
                                format!("Ticket {id} is a double and could not be closed: {words}"),
                            );
                            Ok(done)
                        }
                    };
                }
                Err(error) => return self.left_open(error, ours),
            }
        }
        Ok(Done { what: "created", ticket: ours, note_id: None, closed: None })
    }

    /// The alert is safe in its ticket, but whether that is a double is open. A
    /// host that repeats the call gets that settled; to others it is a success.
    fn left_open(&mut self, error: NodeError, ticket: Object) -> Result<Done> {
        if is_passing(&error) && self.task.client.context().idempotency_key.is_some() {
            return Err(if error.get_effect() == Effect::None {
                error.effect(Effect::Applied)
            } else {
                error
            });
        }
        let words = error.get_message().to_string();
        let message = format!(
            "Whether another call made a ticket with this key at the same time is not known: {words}"
        );
        self.warn("halopsa.not-reconciled", message);
        Ok(Done { what: "created", ticket, note_id: None, closed: None })
    }

    /// Closes a ticket of ours whose text is elsewhere.
    fn close(&mut self, ticket: &Object) -> Result<()> {
        let mut values = Object::new();
        values.insert("status_id".to_string(), self.alert.closed_status.clone());
        let update = Input::of_fields(Some(keyed::id(ticket)), values);
        record::overwrite(self.task, &update).map(|_| ())
    }

    /// What a failure means here: with an idempotency key, repeating is safe.
    fn advise(&self, error: NodeError) -> NodeError {
        if error.get_effect() == Effect::None || self.task.client.context().idempotency_key.is_none() {
            return error;
        }
        error
            .retry(Retry::HostDefault)
            .advice("Repeat the call with the same idempotency key: it finds what was done and finishes.")
    }

    fn result(&mut self, done: Done, repeated: bool) -> Value {
        let instance = endpoints::instance(&self.task.client.credentials.resource_url);
        let id = keyed::id(&done.ticket);
        let link = self.task.resource.page.map(|page| format!("{instance}{page}{id}"));
        let view = View::row(self.alert.simplify);
        let ticket = self.task.present(done.ticket, view, self.names, self.alert.index);
        json!({
            "done": done.what,
            "repeated": repeated,
            "ticket_id": id,
            "link": link,
            "note_id": done.note_id,
            "closed_ticket_id": done.closed,
            "ticket": ticket,
        })
    }

    fn warn(&mut self, code: &'static str, message: String) {
        let item_index = u32::try_from(self.alert.index).ok();
        self.task.diagnostics.push(Diagnostic { level: Level::Warning, code, message, item_index });
    }
}

fn appended(ticket: Object, note_id: i64) -> Done {
    Done { what: "appended", ticket, note_id: Some(note_id), closed: None }
}

/// Whether a failure is about the connection rather than about what was sent.
fn is_passing(error: &NodeError) -> bool {
    matches!(
        error.get_kind(),
        ErrorKind::RateLimited
            | ErrorKind::Unavailable
            | ErrorKind::Timeout
            | ErrorKind::Unauthenticated
            | ErrorKind::Denied
    )
}

#[cfg(test)]
mod tests;
