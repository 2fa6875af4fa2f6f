//! Many records in one request, where the user says so.
//!
//! A POST of many answers with all of them only when asked to, and what it does
//! when one element is bad is not known (HAPI 18): HaloPSA may have done the
//! ones before it. So nothing is believed but what is seen. Before the first
//! batch of creates the newest id is read; after a failure the records that
//! came since are matched with what was sent. Those that are there are done,
//! those that are certainly not are sent one by one, and what cannot be told
//! apart is reported as unknown.

#[cfg(test)]
mod tests;

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use serde_json::Value;

use super::{Task, list, mandatory, record};
use crate::catalogue::resource::{BULK, Verb};
use crate::client;
use crate::contract::{Item, Object, Outcome};
use crate::error::{Code, Effect, ErrorKind, NodeError, Result, Retry};
use crate::input::{self, Input};
use crate::output::{Names, View};
use crate::protocol::http::HttpResponse;
use crate::protocol::request::{ApiRequest, Safety};

/// The most records in one request.
const MOST_TOGETHER: usize = 100;

/// The most pages that are looked through after a failure.
const MOST_PAGES_LOOKED_AT: u32 = 4;

/// What is known about the record type before the first create of a call.
#[derive(Debug, Default)]
pub struct Bulk {
    newest: Option<i64>,
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
        let bodies = batch.iter().map(|(_, input)| record::body(task.resource, input, &[])).collect();
        let safety = if creates { Safety::Create } else { Safety::Overwrite };
        let request = ApiRequest {
            body: Some(Value::Array(bodies)),
            fields: task.resource.fields,
            ..ApiRequest::post_one(task.resource.path, Value::Null, safety)
        };
        let request = request.with("returnall", true).needing(task.resource.scope(task.verb));
        match task.client.send(&request) {
            Ok(answer) => match all_of(&answer, &batch) {
                Some(records) => {
                    let newest = records.iter().filter_map(id).max();
                    self.newest = self.newest.max(newest);
                    for ((index, input), record) in batch.iter().zip(records) {
                        done(task, *index, input, record);
                    }
                    vec![]
                }
                None => self.look(task, &batch, &unclear(), Missing::Unknown),
            },
            Err(error) if !is_about_one(&error) || error.get_effect() != Effect::None => {
                if error.get_effect() == Effect::Unknown && creates {
                    self.look(task, &batch, &error, Missing::Unknown)
                } else {
                    fail(task, &batch, &error)
                }
            }
            // The culprit alone has not harmed the others.
            Err(error) if batch.len() == 1 => fail(task, &batch, &error),
            Err(_) if !creates => batch,
            Err(error) => self.look(task, &batch, &error, Missing::WasNotDone),
        }
    }

    /// Finds out which creates were done. Gives back those that certainly were
    /// not.
    fn look(
        &mut self,
        task: &mut Task<'_, '_>,
        batch: &[(usize, Input)],
        error: &NodeError,
        missing: Missing,
    ) -> Vec<(usize, Input)> {
        let mut rows = match self.newest.map_or(Ok(vec![]), |newest| since(task, newest)) {
            Ok(rows) => rows,
            Err(_) => return fail(task, batch, &error.clone().effect(Effect::Unknown)),
        };
        self.newest = self.newest.max(rows.iter().filter_map(id).max());
        let mut left = vec![];
        for (position, (index, input)) in batch.iter().enumerate() {
            let alike = |(_, other): &&(usize, Input)| is_like(&input.values, &other.values);
            let sent = batch.iter().skip(position).filter(alike).count();
            let found = rows.iter().filter(|row| is_like(&input.values, row)).count();
            match rows.iter().position(|row| is_like(&input.values, row)) {
                // More than were sent: some are of others.
                Some(_) if found > sent => {
                    settle_unknown(task, *index, error);
                }
                Some(row) => {
                    let row = rows.remove(row);
                    done(task, *index, input, row);
                }
                None if missing == Missing::WasNotDone => left.push((*index, input.clone())),
                None => settle_unknown(task, *index, error),
            }
        }
        left
    }
}

/// What it means that a record that was sent is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// HaloPSA has answered: it was not done.
    WasNotDone,
    /// The answer was lost: it may still be on its way.
    Unknown,
}

/// Items that want to travel together; bad ones are settled, and no record
/// stands in a batch twice.
fn next_batch(task: &mut Task<'_, '_>) -> Vec<(usize, Input)> {
    let mut batch: Vec<(usize, Input)> = vec![];
    for index in task.queue.next_items(MOST_TOGETHER) {
        if !wanted(task, index) {
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
    matches!(error.get_kind(), ErrorKind::InvalidInput | ErrorKind::NotFound | ErrorKind::Conflict)
        && !matches!(error.get_retry(), Retry::After(_))
}

fn unclear() -> NodeError {
    NodeError::new(Code::MalformedAnswer, "HaloPSA's answer does not tell which records it is about.")
        .advice("Look at HaloPSA before you repeat it, or send the items one by one.")
}

/// All records of the answer, in the order of the batch.
fn all_of(answer: &HttpResponse, batch: &[(usize, Input)]) -> Option<Vec<Object>> {
    let Ok(Value::Array(values)) = client::json(answer, Safety::Create) else { return None };
    let mut records = vec![];
    for value in values {
        match value {
            Value::Object(record) if record.contains_key("id") => records.push(record),
            _ => return None,
        }
    }
    let fits = |((_, input), record): (&(usize, Input), &Object)| match input.id {
        Some(id) => self::id(record) == Some(id),
        None => is_like(&input.values, record),
    };
    (records.len() == batch.len() && batch.iter().zip(&records).all(fits)).then_some(records)
}

/// Whether a record has what was sent: the summary, and the client where one
/// was named.
fn is_like(sent: &Object, record: &Object) -> bool {
    let text =
        |object: &Object| object.get("summary").and_then(Value::as_str).map(|text| String::from(text.trim()));
    let client = |object: &Object| object.get("client_id").and_then(Value::as_f64);
    text(sent) == text(record) && client(sent).is_none_or(|id| client(record) == Some(id))
}

/// The newest id; 0 where there is none.
fn newest(task: &mut Task<'_, '_>) -> Result<i64> {
    let page = page(task, 1, 1)?;
    Ok(page.iter().filter_map(id).max().unwrap_or(0))
}

/// Records with a higher id, the oldest first.
fn since(task: &mut Task<'_, '_>, newest: i64) -> Result<Vec<Object>> {
    let mut rows: Vec<Object> = vec![];
    for page_no in 1..=MOST_PAGES_LOOKED_AT {
        let page = page(task, 100, page_no)?;
        let is_new = |row: &&Object| {
            id(row).is_some_and(|id| id > newest && rows.iter().all(|known| self::id(known) != Some(id)))
        };
        let new: Vec<Object> = page.iter().filter(is_new).cloned().collect();
        let reached_known = new.len() < page.len();
        rows.extend(new);
        if reached_known || page.is_empty() {
            break;
        }
    }
    rows.reverse();
    Ok(rows)
}

/// A page of the newest rows, the newest first.
fn page(task: &mut Task<'_, '_>, limit: u64, page_no: u32) -> Result<Vec<Object>> {
    let wanted = serde_json::json!({"limit": limit, "order": "id", "orderdesc": true});
    let input = input::parse(task.resource, Verb::List, &wanted)?;
    Ok(list::read_page(task, &input, page_no)?.rows)
}

fn id(record: &Object) -> Option<i64> {
    record.get("id").and_then(Value::as_i64)
}

fn done(task: &mut Task<'_, '_>, index: usize, input: &Input, record: Object) {
    let json = task.present(record, View::single(input.simplify), &Names::default(), index);
    task.queue.settle(index, Outcome::Done(vec![Item::result(json, index)]));
}

fn fail(task: &mut Task<'_, '_>, batch: &[(usize, Input)], error: &NodeError) -> Vec<(usize, Input)> {
    for (index, input) in batch {
        let error = mandatory::explain(task, input, error.clone());
        task.queue.settle(*index, Outcome::Failed(error));
    }
    if error.get_kind() == ErrorKind::Unauthenticated {
        task.queue.fail_rest(error);
    }
    vec![]
}

fn settle_unknown(task: &mut Task<'_, '_>, index: usize, error: &NodeError) {
    let error = error
        .clone()
        .effect(Effect::Unknown)
        .retry(Retry::Never)
        .advice("Look at HaloPSA before you repeat it: the record may be there.");
    task.queue.settle(index, Outcome::Failed(error));
}
