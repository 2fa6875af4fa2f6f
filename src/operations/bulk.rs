//! Many records in one request, where the user says so.
//!
//! A POST of many answers with all of them only when asked to, and what it does
//! when one element is bad is not known (HAPI §18): HaloPSA may have done the
//! ones before it. So nothing is believed but what is seen. Before the first
//! create the newest id is read; after a failure the records that came since are
//! matched with what was sent. Those that are there are done.
//!
//! Those that are not there were certainly not done only where the look went
//! back to what was known before, and where the agent sees what he makes: an
//! agent that is limited to teams or clients may not. So the first record of a
//! call travels alone: its id is then known whatever happens to the next ones,
//! and a look after a failure shows whether the agent sees it. Only what is of a
//! kind that was seen is proven to be missing. That is sent one by one; the rest
//! is reported as unknown.

#[cfg(test)]
mod tests;

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use serde_json::Value;
use workflow_node_sdk::http::HttpResponse;
use workflow_node_sdk::interface::{Item, Object, Outcome};
use workflow_node_sdk::retry::Safety;

use super::search::{self, Patience, Sighting};
use super::{MAX_REQUESTS, Task, list, mandatory, record, written};
use crate::catalogue::resource::{BULK, Verb};
use crate::client;
use crate::error::{Code, Effect, ErrorKind, NodeError, Result, Retry};
use crate::input::{self, Input};
use crate::number;
use crate::output::View;
use crate::protocol::envelope;
use crate::protocol::request::ApiRequest;

/// Requests of a call that are kept for a batch and the look after it.
const RESERVE: u32 = 10;

/// The most records in one request.
const MAX_TOGETHER: usize = 100;

/// The most pages that are looked through after a failure.
const MAX_PAGES_LOOKED_AT: u32 = 25;

/// How much of a summary must be left for a row to be taken for one that was
/// sent longer.
const MIN_CUT: usize = 40;

/// Fields that decide who sees a record.
const SIGHT: &[&str] = &[
    "client_id",
    "site_id",
    "user_id",
    "userlookup",
    "team",
    "team_id",
    "agent_id",
    "tickettype_id",
    "ticketarea_id",
    "department_id",
    "status_id",
    "parent_id",
];

/// What is known about the record type before the first create of a call.
#[derive(Debug, Default)]
pub struct Bulk {
    newest: Option<i64>,
    /// Whether a record was made alone.
    has_begun: bool,
    /// One record of each kind whose id HaloPSA told.
    own: Vec<(i64, Object)>,
    /// The kinds of records that the agent sees when he has made them.
    seen: Vec<Object>,
    /// Records that were found to be ours.
    adopted: Vec<i64>,
}

/// What decides who sees the record of an input.
fn sight(input: &Input) -> Object {
    let mut sight = input.values.clone();
    sight.retain(|name, _| SIGHT.contains(&name.as_str()));
    sight
}

/// Whether an item wants to travel with others.
pub fn wanted(task: &Task<'_, '_>, index: usize) -> bool {
    let says_so = |item: &Item| input::is_on(&item.json, BULK.name);
    task.resource.bulk && task.items.get(index).is_some_and(says_so)
}

impl Bulk {
    /// Sends the next items that want to travel together. Gives back the items
    /// that are to be sent one by one instead.
    pub fn post(&mut self, task: &mut Task<'_, '_>) -> Vec<(usize, Input)> {
        let batch = next_batch(task);
        if batch.is_empty() {
            return vec![];
        }
        let creates = matches!(task.verb, Verb::Create);
        if creates && self.newest.is_none() {
            match newest(task) {
                Ok(id) => self.newest = Some(id),
                Err(error) => return fail(task, &batch, &error),
            }
        }
        let mut batch = batch;
        if creates && !self.has_begun {
            batch.truncate(1);
        }
        let bodies = batch.iter().map(|(_, input)| record::body(task.resource, input, &[])).collect();
        let safety = if creates { Safety::Create } else { Safety::Overwrite };
        let request = ApiRequest {
            body: Some(Value::Array(bodies)),
            fields: task.resource.fields,
            ..ApiRequest::post_one(task.resource.path, Value::Null, safety)
        };
        let request = request.with("returnall", true).needing(task.resource.scope(task.verb));
        match task.client.send(&request) {
            Ok(answer) => match all_of(&answer, &batch, task.resource.list_key) {
                Some(records) => {
                    self.has_begun |= creates;
                    for ((index, input), record) in batch.iter().zip(records) {
                        self.keep(input, &record);
                        done(task, *index, input, record);
                    }
                    vec![]
                }
                None if creates => self.settle_lost(task, &batch, &unclear()),
                None => {
                    batch.iter().for_each(|(index, _)| settle_unknown(task, *index, &unclear()));
                    vec![]
                }
            },
            Err(error) if !is_about_one(&error) || error.effect() != Effect::None => {
                if error.effect() == Effect::Unknown && creates {
                    self.settle_lost(task, &batch, &error)
                } else {
                    fail(task, &batch, &error)
                }
            }
            // The culprit alone has not harmed the others.
            Err(error) if batch.len() == 1 => fail(task, &batch, &error),
            Err(_) if !creates => batch,
            Err(error) => self.settle_refused(task, &batch, &error),
        }
    }

    /// Remembers a record that is ours for certain.
    fn keep(&mut self, input: &Input, record: &Object) {
        let Some(id) = search::id(record) else { return };
        self.adopted.push(id);
        let kind = sight(input);
        if self.own.iter().all(|(_, known)| *known != kind) {
            self.own.push((id, kind));
        }
    }

    /// What is made one by one from here on is not news to the next batch.
    fn begin_anew(&mut self) {
        self.newest = None;
        self.own.clear();
    }

    /// After a lost answer: what is there is done, now or a little later; of the
    /// rest nobody knows.
    fn settle_lost(
        &mut self,
        task: &mut Task<'_, '_>,
        batch: &[(usize, Input)],
        error: &NodeError,
    ) -> Vec<(usize, Input)> {
        self.has_begun = true;
        let mut patience = Patience::with_a_lost_write(task.client);
        let mut missing: Vec<&(usize, Input)> = batch.iter().collect();
        loop {
            let is_last = match self.look(task, &mut missing) {
                Ok(_) => missing.is_empty(),
                Err(_) => false,
            };
            if is_last || !patience.wait(task.client) {
                break;
            }
        }
        missing.iter().for_each(|(index, _)| settle_unknown(task, *index, error));
        self.begin_anew();
        vec![]
    }

    /// After a refusal: what is there is done, and what is proven to be missing
    /// is given back.
    fn settle_refused(
        &mut self,
        task: &mut Task<'_, '_>,
        batch: &[(usize, Input)],
        error: &NodeError,
    ) -> Vec<(usize, Input)> {
        let mut patience = Patience::with_slow_reads(task.client);
        let mut missing: Vec<&(usize, Input)> = batch.iter().collect();
        // What was done may show a little later, so the last look counts.
        let verdict = loop {
            let verdict = self.look(task, &mut missing);
            if missing.is_empty() || !patience.wait(task.client) {
                break verdict;
            }
        };
        let reached_known = matches!(verdict, Ok(Sighting::Absent));
        let mut left = vec![];
        for (index, input) in missing {
            if reached_known && self.seen.contains(&sight(input)) {
                left.push((*index, input.clone()));
            } else {
                settle_unknown(task, *index, error);
            }
        }
        self.begin_anew();
        left
    }

    /// Looks once, and settles those of `missing` that are there. What is then
    /// missing still is [`Sighting::Absent`] where all that came since was seen.
    fn look<'i>(
        &mut self,
        task: &mut Task<'_, '_>,
        missing: &mut Vec<&'i (usize, Input)>,
    ) -> Result<Sighting<()>> {
        let Some(newest) = self.newest else { return Ok(Sighting::Inconclusive) };
        let mut since = since(task, newest)?;
        for (id, kind) in &self.own {
            if since.rows.iter().any(|row| search::id(row) == Some(*id)) && !self.seen.contains(kind) {
                self.seen.push(kind.clone());
            }
        }
        since.rows.retain(|row| search::id(row).is_some_and(|id| !self.adopted.contains(&id)));
        let mut left: Vec<&'i (usize, Input)> = vec![];
        let mut is_clear = true;
        let taken = core::mem::take(missing);
        for (position, element) in taken.iter().enumerate() {
            let (index, input) = element;
            let found: Vec<usize> = (0..since.rows.len())
                .filter(|at| since.rows.get(*at).is_some_and(|row| is_like(&input.values, row)))
                .collect();
            let rivals: Vec<&Input> = taken
                .iter()
                .skip(position)
                .map(|(_, other)| other)
                .filter(|other| {
                    found.iter().any(|at| since.rows.get(*at).is_some_and(|row| is_like(&other.values, row)))
                })
                .collect();
            let are_equal = rivals.iter().all(|other| is_like(&input.values, &other.values));
            match found.first() {
                None => left.push(element),
                // More than were sent: some are of others. Or they can be told
                // apart by what was cut off only, and not all are there.
                Some(_) if found.len() > rivals.len() || (!are_equal && found.len() < rivals.len()) => {
                    is_clear = false;
                    left.push(element);
                }
                Some(at) => {
                    let row = since.rows.remove(*at);
                    self.adopted.extend(search::id(&row));
                    if !self.seen.contains(&sight(input)) {
                        self.seen.push(sight(input));
                    }
                    done(task, *index, input, row);
                }
            }
        }
        *missing = left;
        Ok(if since.reached_known && is_clear { Sighting::Absent } else { Sighting::Inconclusive })
    }
}

/// Items that want to travel together; bad ones are settled, and no record
/// stands in a batch twice.
fn next_batch(task: &mut Task<'_, '_>) -> Vec<(usize, Input)> {
    let mut batch: Vec<(usize, Input)> = vec![];
    for index in task.queue.next_items(MAX_TOGETHER) {
        // Names and addresses cost requests, too; a few are left for the batch.
        let is_spent = task.client.usage().requests >= MAX_REQUESTS - RESERVE;
        if !wanted(task, index) || (is_spent && !batch.is_empty()) {
            break;
        }
        match record::input(task, index) {
            Ok(input) => {
                if batch.iter().any(|(_, other)| other.id.is_some() && other.id == input.id) {
                    break;
                }
                batch.push((index, input));
            }
            Err(error) => {
                if record::fail(task, index, &error) {
                    break;
                }
            }
        }
    }
    batch
}

/// Whether another element may be innocent of this failure.
fn is_about_one(error: &NodeError) -> bool {
    matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::NotFound | ErrorKind::Conflict)
        && !matches!(error.retry(), Retry::After(_))
}

fn unclear() -> NodeError {
    NodeError::new(Code::MalformedAnswer, "HaloPSA's answer does not tell which records it is about.")
        .with_advice("Look at HaloPSA before you repeat it, or send the items one by one.")
}

/// All records of the answer, in the order of the batch.
fn all_of(answer: &HttpResponse, batch: &[(usize, Input)], list_key: &str) -> Option<Vec<Object>> {
    let value = client::json(answer, Safety::Create).ok()?;
    let records = match value {
        // One that was sent alone may come back alone.
        Value::Object(record) if record.contains_key("id") => vec![record],
        list => envelope::list(list, list_key, &[]).ok()?.rows,
    };
    let fits = |((_, input), record): (&(usize, Input), &Object)| match (input.id, search::id(record)) {
        (Some(sent), id) => id == Some(sent),
        (None, Some(_)) => is_like(&input.values, record),
        (None, None) => false,
    };
    (records.len() == batch.len() && batch.iter().zip(&records).all(fits)).then_some(records)
}

/// Whether a record has what was sent: the summary, or as much of it as HaloPSA
/// keeps, and the client where one was named.
fn is_like(sent: &Object, record: &Object) -> bool {
    let text =
        |object: &Object| object.get("summary").and_then(Value::as_str).map(|text| String::from(text.trim()));
    let client = |object: &Object| object.get("client_id").and_then(number::id);
    let is_text = match (text(sent), text(record)) {
        (Some(sent), Some(kept)) => {
            sent == kept || (kept.chars().count() >= MIN_CUT && sent.starts_with(kept.as_str()))
        }
        (None, None) => true,
        _ => false,
    };
    is_text && client(sent).is_none_or(|id| client(record) == Some(id))
}

/// The newest id; 0 where there is none.
fn newest(task: &mut Task<'_, '_>) -> Result<i64> {
    let page = page(task, 1, 1)?;
    Ok(page.iter().filter_map(search::id).max().unwrap_or(0))
}

/// Records that came since, the oldest first.
#[derive(Debug, Default)]
struct Since {
    rows: Vec<Object>,
    /// Whether these are all of them.
    reached_known: bool,
}

/// Records with a higher id.
fn since(task: &mut Task<'_, '_>, newest: i64) -> Result<Since> {
    let mut rows: Vec<Object> = vec![];
    let mut last = i64::MAX;
    let mut reached_known = false;
    for page_no in 1..=MAX_PAGES_LOOKED_AT {
        let page = page(task, u64::try_from(search::PAGE_SIZE).unwrap_or(100), page_no)?;
        let ids: Option<Vec<i64>> = page.iter().map(search::id).collect();
        // Whoever does not sort by id, or gives rows without one, proves nothing.
        let Some(ids) = ids.filter(|ids| ids.is_sorted_by(|a, b| a > b)) else {
            return Ok(Since::default());
        };
        reached_known = page.is_empty() || ids.iter().any(|id| *id <= newest);
        let before = last;
        for (row, id) in page.into_iter().zip(ids) {
            // A page may begin with what moved there while others came.
            if id > newest && id < last {
                last = id;
                rows.push(row);
            }
        }
        let brought_nothing = last == before;
        if reached_known || brought_nothing {
            break;
        }
    }
    rows.reverse();
    Ok(Since { rows, reached_known })
}

/// A page of the newest rows, the newest first.
fn page(task: &mut Task<'_, '_>, limit: u64, page_no: u32) -> Result<Vec<Object>> {
    let wanted = serde_json::json!({"limit": limit, "order": "id", "orderdesc": true});
    let input = input::parse(task.resource, Verb::List, &wanted)?;
    Ok(list::read_page(task, &input, page_no)?.rows)
}

fn done(task: &mut Task<'_, '_>, index: usize, input: &Input, record: Object) {
    written::review(task, &record::body(task.resource, input, &[]), &record, index);
    let json = task.present(record, View::single(input.simplify), index);
    task.queue.settle(index, Outcome::Done(vec![Item::new(json)]));
}

fn fail(task: &mut Task<'_, '_>, batch: &[(usize, Input)], error: &NodeError) -> Vec<(usize, Input)> {
    for (index, input) in batch {
        let error = mandatory::explain(task, input, error.clone());
        task.queue.settle(*index, Outcome::Failed(error));
    }
    if error.kind() == ErrorKind::Unauthenticated {
        task.queue.fail_rest(error);
    }
    vec![]
}

fn settle_unknown(task: &mut Task<'_, '_>, index: usize, error: &NodeError) {
    let error = error
        .clone()
        .with_effect(Effect::Unknown)
        .with_retry(Retry::Never)
        .with_advice("Look at HaloPSA before you repeat it: the record may be there.");
    task.queue.settle(index, Outcome::Failed(error));
}
