//! Looks that decide about a write: what they found, and whether not finding
//! anything proves anything.
//!
//! A record that is not in a list may be absent, or on a page that was not
//! read, or out of the agent's sight. Only the first of these allows a write
//! that must not happen twice, so a look gives a [`Sighting`], and whoever asks
//! must say what happens in each case.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use workflow_node_sdk::http::HttpResponse;
use workflow_node_sdk::interface::Object;
use workflow_node_sdk::retry::Safety;

use super::record;
use crate::client::{self, Client};
use crate::error::{Code, ErrorKind, NodeError, Result};
use crate::number;
use crate::protocol::answer;
use crate::protocol::envelope;
use crate::protocol::request::ApiRequest;

/// The most pages of one search.
const MAX_PAGES: u32 = 10;

/// The rows of a page of a search.
pub const PAGE_SIZE: usize = 100;

/// How long a lost write is looked for, at most. A gateway gives up earlier than
/// the server behind it, which may finish much later.
pub const MAX_LATENESS: Duration = Duration::from_secs(45);

/// How long a record that was written may take to be found by a search.
pub const MAX_READ_DELAY: Duration = Duration::from_secs(5);

/// How long a repeated call looks for the work of the call before it.
const MAX_SETTLING: Duration = Duration::from_secs(20);

/// What a look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sighting<T> {
    /// It is there.
    Found(T),
    /// It is not there: everything that could be it was looked at.
    Absent,
    /// It was not seen, which proves nothing: the look was cut short.
    Inconclusive,
}

impl<T> Sighting<T> {
    /// The same about something else.
    pub fn map<U>(self, of: impl FnOnce(T) -> U) -> Sighting<U> {
        match self {
            Self::Found(found) => Sighting::Found(of(found)),
            Self::Absent => Sighting::Absent,
            Self::Inconclusive => Sighting::Inconclusive,
        }
    }
}

/// The rows that a search gave.
#[derive(Debug, Default)]
pub struct Rows {
    /// Rows with an id, each once, in the order of the wire.
    pub rows: Vec<Object>,
    /// The tables beside them.
    pub tables: Vec<(String, Vec<Object>)>,
    /// Whether these are all rows that there are.
    pub is_complete: bool,
}

/// Reads a search page by page to its end, until `is_enough`, or until there
/// are too many pages. `request` is the one for the first page.
pub fn read(
    client: &mut Client<'_>,
    request: &ApiRequest,
    list_key: &str,
    tables: &[&str],
    is_enough: &mut dyn FnMut(&[Object]) -> bool,
) -> Result<Rows> {
    let mut found = Rows::default();
    let mut known: BTreeSet<i64> = BTreeSet::new();
    let mut counted = None;
    let mut is_readable = true;
    for page_no in 1..=MAX_PAGES {
        let answer = client.send(&of_page(request, page_no))?;
        let page = envelope::list(client::json(&answer, Safety::Read)?, list_key, tables)
            .map_err(|why| answer::malformed(&answer, why, Safety::Read))?;
        let (length, before) = (page.rows.len(), found.rows.len());
        // A page past the end may count anything, or nothing (HAPI §5.3).
        if page_no == 1 || length > 0 {
            counted = page.record_count;
        }
        found.tables.extend(page.tables);
        for row in page.rows {
            match id(&row) {
                Some(id) if known.insert(id) => found.rows.push(row),
                Some(_) => {}
                None => is_readable = false,
            }
        }
        if is_enough(&found.rows) {
            return Ok(found);
        }
        let seen = u64::try_from(found.rows.len()).unwrap_or(u64::MAX);
        // A server that ignores the page number repeats the first one.
        let brought_nothing = found.rows.len() == before;
        let is_end = brought_nothing || (length < PAGE_SIZE && counted == Some(seen));
        if is_end {
            found.is_complete = is_readable && counted.is_none_or(|counted| counted <= seen);
            return Ok(found);
        }
    }
    Ok(found)
}

fn of_page(request: &ApiRequest, page_no: u32) -> ApiRequest {
    let mut request = request.clone();
    for (name, value) in &mut request.query {
        if name == "page_no" {
            *value = page_no.to_string();
        }
    }
    request
}

/// The record in the answer to a create, with an id that it can be found by.
pub fn created(answer: &HttpResponse) -> Result<Object> {
    let record = record::record(answer, Safety::Create)?;
    match id(&record) {
        Some(id) if id != 0 => Ok(record),
        _ => Err(answer::malformed(answer, "its id is not a number", Safety::Create)),
    }
}

/// The id of a record.
pub fn id(record: &Object) -> Option<i64> {
    record.get("id").and_then(number::id)
}

/// The failure where a look proved nothing, and so nothing was written.
pub fn inconclusive(message: impl Into<String>) -> NodeError {
    NodeError::new(Code::Inconclusive, message.into())
}

/// Waits between looks for something that may appear later, longer each time.
#[derive(Debug)]
pub struct Patience {
    /// It ends when this much of the deadline is left.
    floor: Duration,
    step: Duration,
}

impl Patience {
    /// For a write whose answer was lost.
    pub fn with_a_lost_write(client: &Client<'_>) -> Self {
        Self::lasting(client, MAX_LATENESS, Duration::from_millis(250))
    }

    /// For a record that was just written.
    pub fn with_a_new_record(client: &Client<'_>) -> Self {
        Self::lasting(client, MAX_READ_DELAY, Duration::from_millis(250))
    }

    /// The same where nothing is expected to show, and only the end counts.
    pub fn with_slow_reads(client: &Client<'_>) -> Self {
        Self::lasting(client, MAX_READ_DELAY, MAX_READ_DELAY / 2)
    }

    /// For what the call before this one may have left on its way. It counts
    /// from the beginning of this call, so that many items wait once.
    pub fn with_the_call_before(client: &Client<'_>) -> Self {
        let deadline = client.context().deadline;
        let spent = deadline.saturating_sub(client.remaining());
        let settling = MAX_SETTLING.min(deadline / 3).saturating_sub(spent);
        Self::lasting(client, settling, Duration::from_secs(2))
    }

    fn lasting(client: &Client<'_>, longest: Duration, step: Duration) -> Self {
        // The last look needs some time, and so does the answer.
        let reserve = (client.context().deadline / 20).min(Duration::from_secs(3));
        Self { floor: client.remaining().saturating_sub(longest).max(reserve), step }
    }

    /// Waits; `false` where it is used up.
    pub fn wait(&mut self, client: &mut Client<'_>) -> bool {
        let left = client.remaining().saturating_sub(self.floor);
        if left.is_zero() {
            return false;
        }
        client.wait_for_a_look(self.step.min(left));
        self.step = (self.step * 2).min(Duration::from_secs(8));
        true
    }
}

/// Looks until something is found or the patience is used up. A look that
/// fails on the way is no verdict; the last one is.
pub fn look_until_found<T>(
    client: &mut Client<'_>,
    patience: &mut Patience,
    look: &mut dyn FnMut(&mut Client<'_>) -> Result<Sighting<T>>,
) -> Result<Sighting<T>> {
    loop {
        let seen = look(client);
        let goes_on = match &seen {
            Ok(Sighting::Found(_)) => false,
            Ok(Sighting::Absent | Sighting::Inconclusive) => true,
            Err(error) => matches!(
                error.kind(),
                ErrorKind::RateLimited | ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Protocol
            ),
        };
        if !goes_on || !patience.wait(client) {
            return seen;
        }
    }
}
