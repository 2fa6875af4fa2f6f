//! `ticket.find_or_append`: an alert becomes a private note on the open ticket
//! with its key, or a ticket.
//!
//! What must never happen: that an alert is lost, or that it is there twice.
//! Every write carries a tag (see [`tag`]) that a repetition of the call finds
//! again. A write whose answer was lost is looked for, and never sent again in
//! the same call: HaloPSA may be at it still. Where it does not show, the failure
//! says that this is not known, and a repetition looks for it first. HaloPSA
//! cannot search and create in one step, so a call that created looks again; of
//! two calls that raced, the one with the higher number gives way: each call
//! carries over and closes *its own* ticket and no other, so that two calls never
//! do the same work.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde_json::{Value, json};
use workflow_node_sdk::http::HttpResponse;
use workflow_node_sdk::interface::{Diagnostic, Item, Level, Object};
use workflow_node_sdk::retry::Safety;

use super::keyed::{self, Key, State};
use super::outcome::{self, Purpose};
use super::requester::Requester;
use super::search::{self, Patience, Sighting};
use super::{Task, jobs, record, tag, upsert, written};
use crate::catalogue::resource::{Resource, Verb};
use crate::client::{self, Client, MOST_IN_FLIGHT};
use crate::endpoints;
use crate::error::{Code, Effect, ErrorKind, NodeError, Result, Retry};
use crate::input::Input;
use crate::number;
use crate::output::View;
use crate::protocol::answer;
use crate::protocol::date;
use crate::protocol::envelope;
use crate::protocol::request::ApiRequest;

/// The stock status of closed tickets (HAPI §7.4).
const CLOSED: i64 = 9;

/// How far back a repeated call looks for its note. Tickets that have not
/// changed since hold none.
const MAX_AGE_OF_A_CALL: i64 = 7 * 24 * 3_600_000;

/// How many tickets a repeated call looks into for its note.
const MAX_LOOKED_INTO: usize = 40;

/// The most actions that are asked for.
const MAX_ACTIONS: usize = 1000;

/// How far back notes are looked for on a ticket with more actions than that.
const MAX_AGE_OF_A_NOTE: i64 = 2 * MAX_AGE_OF_A_CALL;

/// One item.
struct Alert {
    index: usize,
    key: Key,
    /// What its writes are known by.
    tag: String,
    /// What stands in the tag and in no other.
    mark: String,
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

/// What one item leaves to the next.
#[derive(Default)]
struct Memory {
    /// The tickets that took the alerts of each key.
    homes: Vec<(String, Object)>,
    /// Whether searches do not show what this call makes.
    is_blind: bool,
}

/// Works through the queue. What was found of a key holds for later items.
pub fn run(task: &mut Task<'_, '_>) {
    let mut memory = Memory::default();
    jobs::each_with(task, jobs::Pace::Looking, &mut |task, index, input| {
        let alert = Alert::new(task, index, input)?;
        let key = alert.key.tag(None);
        let homes = &mut memory.homes;
        let home = homes.iter().position(|(known, _)| *known == key).map(|at| homes.swap_remove(at).1);
        let mut work = Work { task, alert: &alert, memory: &mut memory, refused: vec![] };
        let (done, repeated) = work.run(home).map_err(|error| work.advise(error))?;
        let result = work.result(&done, repeated);
        memory.homes.push((key, done.ticket));
        Ok(vec![Item::new(result)])
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
            .ok_or_else(|| NodeError::new(Code::MissingField, "The key is missing.").with_field("key"))?;
        let item = task.items.get(index).map(|item| item.json.to_string()).unwrap_or_default();
        let mark = tag::of_call(task.queue.seed(), task.client.context(), index, &item);
        let tag = key.tag(Some(&mark));
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
        Ok(Self {
            index,
            key,
            tag,
            mark,
            since,
            closed_status,
            requester,
            fields,
            note,
            simplify: input.simplify,
        })
    }

    /// Whether a ticket is the one that this call, or an earlier attempt of it,
    /// made of the alert.
    fn made(&self, ticket: &Object) -> bool {
        keyed::has_tag(ticket, &self.tag)
    }

    /// Whether a ticket has the status of closed ones. `hasbeenclosed` may stay
    /// set where a ticket is opened again, so the status counts.
    fn is_closed(&self, ticket: &Object) -> bool {
        let status = ticket.get("status_id").and_then(number::id);
        status.is_some() && status == number::id(&self.closed_status)
    }
}

/// The alert as a note: what would stand in its ticket, and the tag. That is in
/// the first line, where nothing cuts it off.
fn write_note(note: &mut Object, fields: &Object, tag: &str) {
    let said = |name: &str| fields.get(name).and_then(Value::as_str);
    let summary = keyed::signed(said("summary").unwrap_or_default(), tag);
    if let Some(html) = said("details_html") {
        let summary = summary.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        note.insert("note_html".to_string(), format!("<p>{summary}</p>{html}").into());
    } else {
        let details = said("details").map(|details| format!("\n\n{details}")).unwrap_or_default();
        note.insert("note".to_string(), format!("{summary}{details}").into());
    }
    note.extend(fields.get("attachments").map(|files| ("attachments".to_string(), files.clone())));
    note.insert("hiddenfromuser".to_string(), Value::Bool(true));
}

/// The work on one alert.
struct Work<'t, 'a, 'b> {
    task: &'t mut Task<'a, 'b>,
    alert: &'t Alert,
    memory: &'t mut Memory,
    /// Tickets that take no note.
    refused: Vec<i64>,
}

impl Work<'_, '_, '_> {
    /// What became of it, and whether an earlier call had done it.
    fn run(&mut self, home: Option<Object>) -> Result<(Done, bool)> {
        if self.task.is_repeated
            && self.task.queue.seed().is_some()
            && let Some(done) = self.recover()?
        {
            return Ok((done, true));
        }
        if let Some(home) = home
            && let Some(done) = self.append(home)?
        {
            return Ok((done, false));
        }
        match self.find(State::Open)?.sighting() {
            Sighting::Found(tickets) => {
                // A host that repeats a call does not always say so.
                if let Some(ours) = tickets.iter().find(|ticket| self.alert.made(ticket)) {
                    return Ok((self.reconcile(ours.clone(), true)?, true));
                }
                for ticket in tickets {
                    if let Some(done) = self.append(ticket)? {
                        return Ok((done, false));
                    }
                }
            }
            Sighting::Absent => {}
            Sighting::Inconclusive => return Err(unsure("so nothing was made of the alert")),
        }
        let (ticket, was_lost) = self.create()?;
        Ok((self.reconcile(ticket, was_lost)?, false))
    }

    fn find(&mut self, state: State) -> Result<keyed::Matches> {
        // A repetition long after must still find what the first one did.
        let since = if state == State::Open { self.alert.since } else { None };
        let Task { client, names, resource, .. } = &mut *self.task;
        self.alert.key.find(client, resource, state, since, names)
    }

    fn find_ours(&mut self) -> Result<Sighting<Vec<Object>>> {
        find_ours(self.task.client, self.task.resource, self.alert)
    }

    /// Finds what an earlier attempt of this call did. What is on its way still
    /// gets time to arrive.
    fn recover(&mut self) -> Result<Option<Done>> {
        let mut patience = Patience::with_the_call_before(self.task.client);
        loop {
            match self.find_done().map_err(upsert::perhaps_done)? {
                Sighting::Found(done) => return Ok(Some(done)),
                Sighting::Absent | Sighting::Inconclusive if patience.wait(self.task.client) => {}
                Sighting::Absent => return Ok(None),
                Sighting::Inconclusive => {
                    let error = unsure("and an earlier attempt of this call may have delivered the alert");
                    return Err(error.with_effect(Effect::Unknown));
                }
            }
        }
    }

    fn find_done(&mut self) -> Result<Sighting<Done>> {
        let is_certain = match self.find_ours()? {
            Sighting::Found(ours) => return self.made_before(ours).map(Sighting::Found),
            Sighting::Absent => true,
            Sighting::Inconclusive => false,
        };
        let since = self.task.client.now().as_millisecond().saturating_sub(MAX_AGE_OF_A_CALL);
        let matches = self.find(State::ChangedSince(since))?;
        let is_certain = is_certain && matches.is_complete() && matches.seen().len() <= MAX_LOOKED_INTO;
        // Notes go to open tickets, and the newest ones changed last.
        let tickets: Vec<Object> = matches.seen().iter().rev().take(MAX_LOOKED_INTO).cloned().collect();
        Ok(match self.find_note_on(&tickets)? {
            Sighting::Found((ticket, note_id)) => Sighting::Found(appended(ticket, note_id)),
            Sighting::Absent if is_certain => Sighting::Absent,
            Sighting::Absent | Sighting::Inconclusive => Sighting::Inconclusive,
        })
    }

    /// What became of the ticket that an earlier attempt made.
    fn made_before(&mut self, ours: Vec<Object>) -> Result<Done> {
        let open = self.find(State::Open)?;
        let is_open = |ticket: &&Object| open.seen().iter().any(|open| keyed::id(open) == keyed::id(ticket));
        if let Some(ours) = ours.iter().find(is_open) {
            return self.reconcile(ours.clone(), true);
        }
        let Some(ours) = ours.into_iter().next() else {
            return Err(NodeError::new(Code::Internal, "Internal error: a ticket that was found is gone."));
        };
        // It was closed: because it was carried over, or by a person.
        let since = self.task.client.now().as_millisecond().saturating_sub(MAX_AGE_OF_A_CALL);
        let matches = self.find(State::ChangedSince(since))?;
        let older = matches.seen().iter().rev().filter(|ticket| keyed::id(ticket) < keyed::id(&ours));
        let older: Vec<Object> = older.take(MAX_LOOKED_INTO).cloned().collect();
        // Either way the alert is in a ticket; only which one is told differs.
        let (what, ticket, note_id, closed) = match self.find_note_on(&older)? {
            Sighting::Found((ticket, note_id)) => {
                ("reconciled", ticket, Some(note_id), Some(keyed::id(&ours)))
            }
            Sighting::Absent | Sighting::Inconclusive => ("created", ours, None, None),
        };
        Ok(Done { what, ticket, note_id, closed })
    }

    /// Puts the alert on a ticket, or on the one that it was merged into, unless
    /// that takes no note.
    fn append(&mut self, ticket: Object) -> Result<Option<Done>> {
        let Some(ticket) = self.home_of(ticket)? else { return Ok(None) };
        let note = self.add_note(&ticket)?;
        Ok(note.map(|note_id| appended(ticket, note_id)))
    }

    /// The open ticket that a ticket stands for, after merges.
    fn home_of(&mut self, ticket: Object) -> Result<Option<Object>> {
        if self.alert.is_closed(&ticket) {
            return Ok(None);
        }
        let ticket = keyed::merged_into(self.task.client, self.task.resource, ticket)?;
        Ok(ticket.filter(|ticket| !self.alert.is_closed(ticket)))
    }

    /// Adds the note; its number, or nothing where the ticket takes none.
    fn add_note(&mut self, ticket: &Object) -> Result<Option<i64>> {
        let id = keyed::id(ticket);
        if self.refused.contains(&id) {
            return Ok(None);
        }
        let error = match self.send_note(ticket) {
            Ok(note_id) => return Ok(Some(note_id)),
            Err(error) if error.effect() != Effect::Unknown => error,
            Err(lost) => {
                let mut patience = Patience::with_a_lost_write(self.task.client);
                let alert = self.alert;
                let resource = self.task.resource;
                let seen = search::look_until_found(self.task.client, &mut patience, &mut |client| {
                    find_note(client, resource, &alert.tag, id)
                });
                return match seen {
                    Ok(Sighting::Found(note_id)) => Ok(Some(note_id)),
                    Ok(Sighting::Absent | Sighting::Inconclusive) | Err(_) => Err(lost),
                };
            }
        };
        if !self.is_about_the_ticket(&error, id)? {
            return Err(error);
        }
        let words = error.message().to_string();
        self.warn("halopsa.note-refused", format!("Ticket {id} takes no note: {words}"));
        self.refused.push(id);
        Ok(None)
    }

    /// Whether a refusal means that this ticket takes no note. What a proxy, a
    /// page for maintenance or a limit refuses, the next ticket would not get
    /// either, or the alert would be in two open tickets.
    fn is_about_the_ticket(&mut self, error: &NodeError, id: i64) -> Result<bool> {
        let is_answer =
            [Code::Rejected, Code::MandatoryField, Code::Conflict, Code::RecordNotFound, Code::Forbidden]
                .into_iter()
                .any(|code| error.code() == code);
        Ok(match error.http_status() {
            Some(400 | 409 | 422) => is_answer,
            // Gone or out of reach: then it cannot be read either.
            Some(403 | 404 | 410) => {
                let request = record::request(self.task.resource, Verb::Get, &Input::of_record(id));
                match self.task.client.send(&request) {
                    Ok(answer) => {
                        let ticket = record::record(&answer, Safety::Read)?;
                        // It is read, and takes no note: a right, and not a path.
                        error.http_status() == Some(403) || ticket.get("deleted") == Some(&Value::Bool(true))
                    }
                    Err(reading) => matches!(reading.http_status(), Some(403 | 404 | 410)),
                }
            }
            _ => false,
        })
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
        let action = search::created(&answer)?;
        self.review(&request, &action);
        Ok(keyed::id(&action))
    }

    /// Says what HaloPSA did not keep of what was sent.
    fn review(&mut self, request: &ApiRequest, record: &Object) {
        let sent = request.body.as_ref().unwrap_or(&Value::Null);
        written::review(self.task, sent, record, self.alert.index);
    }

    /// Looks for the note on several tickets.
    fn find_note_on(&mut self, tickets: &[Object]) -> Result<Sighting<(Object, i64)>> {
        let mut is_certain = true;
        for some in tickets.chunks(MOST_IN_FLIGHT) {
            let requests: Vec<ApiRequest> =
                some.iter().map(|ticket| actions(self.task.resource, keyed::id(ticket), None)).collect();
            let answers = self.task.client.send_all(&requests);
            for (ticket, answer) in some.iter().zip(answers) {
                let client = &mut *self.task.client;
                let tag = &self.alert.tag;
                match note_among(client, self.task.resource, tag, keyed::id(ticket), &answer?)? {
                    Sighting::Found(note_id) => return Ok(Sighting::Found((ticket.clone(), note_id))),
                    Sighting::Absent => {}
                    Sighting::Inconclusive => is_certain = false,
                }
            }
        }
        Ok(if is_certain { Sighting::Absent } else { Sighting::Inconclusive })
    }

    /// Makes the ticket; says too whether its answer was lost on the way.
    fn create(&mut self) -> Result<(Object, bool)> {
        let mut fields = self.alert.fields.clone();
        if let Some(requester) = &self.alert.requester {
            requester.link(self.task.client, &mut fields)?;
        }
        let request = record::request(self.task.resource, Verb::Create, &Input::of_fields(None, fields));
        let answer = self.task.client.send(&request);
        let lost = match answer.and_then(|answer| search::created(&answer)) {
            Ok(ticket) => {
                self.review(&request, &ticket);
                return Ok((ticket, false));
            }
            Err(error) if error.effect() != Effect::Unknown => return Err(error),
            Err(lost) => lost,
        };
        let mut patience = Patience::with_a_lost_write(self.task.client);
        let (alert, resource) = (self.alert, self.task.resource);
        let seen = search::look_until_found(self.task.client, &mut patience, &mut |client| {
            find_ours(client, resource, alert)
        });
        match seen {
            Ok(Sighting::Found(ours)) => match ours.into_iter().next() {
                Some(ours) => Ok((ours, true)),
                None => Err(lost),
            },
            Ok(Sighting::Absent | Sighting::Inconclusive) | Err(_) => Err(lost),
        }
    }

    /// The open tickets with the key, once a search shows `ours` among them: what
    /// another call made before is shown then, too.
    fn find_with(&mut self, ours: &Object) -> Result<keyed::Matches> {
        let mut patience = Patience::with_a_new_record(self.task.client);
        loop {
            let found = self.find(State::Open)?;
            let is_there = found.seen().iter().any(|seen| keyed::id(seen) == keyed::id(ours));
            if is_there {
                self.memory.is_blind = false;
                return Ok(found);
            }
            if self.memory.is_blind || !patience.wait(self.task.client) {
                self.memory.is_blind = true;
                let diagnostic = upsert::not_found_again(keyed::id(ours));
                self.warn(diagnostic.code, diagnostic.message);
                return Ok(found);
            }
        }
    }

    /// Looks again after a create. Where there is an older open ticket, the
    /// alert goes there, and ours is closed.
    fn reconcile(&mut self, ticket: Object, may_be_done: bool) -> Result<Done> {
        let found = match self.find_with(&ticket) {
            Ok(found) => found,
            Err(error) => return self.left_open(error, ticket),
        };
        let found = found.seen();
        let ours = found.iter().find(|ticket| self.alert.made(ticket)).cloned().unwrap_or(ticket);
        // A create of an earlier attempt that arrived after this one's.
        let alert = self.alert;
        for double in found.iter().filter(|ticket| alert.made(ticket)).skip(1) {
            if let Err(error) = self.close(double) {
                return self.left_open(error, ours);
            }
        }
        for older in found.iter().filter(|ticket| keyed::id(ticket) < keyed::id(&ours)) {
            let older = match self.home_of(older.clone()) {
                Ok(Some(older)) if keyed::id(&older) != keyed::id(&ours) => older,
                Ok(_) => continue,
                Err(error) => return self.left_open(error, ours),
            };
            let noted = if may_be_done {
                find_note(self.task.client, self.task.resource, &self.alert.tag, keyed::id(&older))
            } else {
                Ok(Sighting::Absent)
            };
            let note = match noted {
                Ok(Sighting::Found(note_id)) => Ok(Some(note_id)),
                Ok(Sighting::Absent) => self.add_note(&older),
                Ok(Sighting::Inconclusive) => Err(unsure("on an older ticket with the key")),
                Err(error) => Err(error),
            };
            match note {
                Ok(None) => {}
                Ok(note_id) => {
                    let done = Done { what: "reconciled", ticket: older, note_id, closed: None };
                    return match self.close(&ours) {
                        Ok(()) => Ok(Done { closed: Some(keyed::id(&ours)), ..done }),
                        Err(error) if is_passing(&error) => Err(error.with_effect(Effect::Applied)),
                        Err(error) => {
                            let (id, words) = (keyed::id(&ours), error.message().to_string());
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
            return Err(if error.effect() == Effect::None {
                error.with_effect(Effect::Applied)
            } else {
                error
            });
        }
        let words = error.message().to_string();
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
        let answer = record::overwrite(self.task, &update)?;
        let ticket = record::of(&answer, self.task.resource, &update, Effect::Unknown)?;
        let status = ticket.get("status_id").and_then(number::id);
        if status.is_some_and(|status| Some(status) != number::id(&self.alert.closed_status)) {
            return Err(NodeError::new(Code::Rejected, "HaloPSA did not keep the status."));
        }
        Ok(())
    }

    /// What a failure means here: with an idempotency key, repeating is safe.
    fn advise(&self, error: NodeError) -> NodeError {
        if error.effect() == Effect::None || self.task.client.context().idempotency_key.is_none() {
            return error;
        }
        error.with_retry(Retry::HostDefault).with_advice(
            "Repeat the call with the same idempotency key: it finds what was done and finishes.",
        )
    }

    fn result(&mut self, done: &Done, repeated: bool) -> Value {
        let instance = endpoints::instance(&self.task.client.credentials.resource_url);
        let id = keyed::id(&done.ticket);
        let link = self.task.resource.page.map(|page| format!("{instance}{page}{id}"));
        let view = View::row(self.alert.simplify);
        self.task.look_up_names(view, core::slice::from_ref(&done.ticket));
        let ticket = self.task.present(done.ticket.clone(), view, self.alert.index);
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
        error.kind(),
        ErrorKind::RateLimited
            | ErrorKind::Unavailable
            | ErrorKind::Timeout
            | ErrorKind::Unauthenticated
            | ErrorKind::Denied
    )
}

/// The tickets that were made of the alert, by this call or an earlier attempt.
fn find_ours(
    client: &mut Client<'_>,
    resource: &'static Resource,
    alert: &Alert,
) -> Result<Sighting<Vec<Object>>> {
    keyed::find_marked(client, resource, &alert.mark, &alert.tag).map(keyed::Matches::sighting)
}

/// The request for a ticket's actions, all or those of a time and later.
fn actions(resource: &Resource, ticket_id: i64, since: Option<i64>) -> ApiRequest {
    let request = ApiRequest::get("/Actions")
        .with("ticket_id", ticket_id)
        .with("count", MAX_ACTIONS)
        .with("includehtmlnote", true)
        .needing(resource.scopes.read);
    match since.and_then(|since| date::to_wire(&date::from_instant(since))) {
        Some(since) => request.with("startdate", since),
        None => request,
    }
}

/// Looks for the note among a ticket's actions; gives its number.
fn find_note(
    client: &mut Client<'_>,
    resource: &'static Resource,
    tag: &str,
    ticket_id: i64,
) -> Result<Sighting<i64>> {
    let answer = client.send(&actions(resource, ticket_id, None))?;
    note_among(client, resource, tag, ticket_id, &answer)
}

/// The note among actions that were read. Actions come oldest first, so of too
/// many the latest are missing: these are read alone then.
fn note_among(
    client: &mut Client<'_>,
    resource: &'static Resource,
    tag: &str,
    ticket_id: i64,
    answer: &HttpResponse,
) -> Result<Sighting<i64>> {
    let seen = note_in(answer, tag)?;
    if !matches!(seen, Sighting::Inconclusive) {
        return Ok(seen);
    }
    let since = client.now().as_millisecond().saturating_sub(MAX_AGE_OF_A_NOTE);
    let answer = client.send(&actions(resource, ticket_id, Some(since)))?;
    note_in(&answer, tag)
}

fn note_in(answer: &HttpResponse, tag: &str) -> Result<Sighting<i64>> {
    let page = envelope::list(client::json(answer, Safety::Read)?, "actions", &[])
        .map_err(|why| answer::malformed(answer, why, Safety::Read))?;
    let holds = |action: &&Object| {
        let said = |name: &str| action.get(name).and_then(Value::as_str);
        [said("note"), said("note_html")].into_iter().flatten().any(|text| text.contains(tag))
    };
    let seen = u64::try_from(page.rows.len()).unwrap_or(u64::MAX);
    let is_cut = page.rows.len() >= MAX_ACTIONS || page.record_count.is_some_and(|counted| counted > seen);
    Ok(match page.rows.iter().find(holds) {
        Some(note) => Sighting::Found(keyed::id(note)),
        None if is_cut => Sighting::Inconclusive,
        None => Sighting::Absent,
    })
}

fn unsure(what: &str) -> NodeError {
    search::inconclusive(format!("What there is with this key is not known: a search did not come to an end, {what}."))
        .with_field("key")
        .with_advice("Leave key_field out, so that a reference in the summary is searched for, or take the key out of tickets that are done with.")
}

#[cfg(test)]
mod tests;
