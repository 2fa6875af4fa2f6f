//! Following a cursor to its end, and folding the outcomes of the calls into one
//! for each item.
//!
//! A node answers in bounded parts; people and workflows want the whole. The
//! rule is the contract's: results join in order, a failure stands, and an item
//! that an earlier call finished is done with nothing. The loop guard is here
//! too: a node that is told "later" again and again is given up after
//! [`FRUITLESS`] calls in a row that brought nothing.

use std::time::Duration;

use crate::error::CallError;
use crate::wit::node::{Execution, Outcome};
use crate::wit::types::{
    Attachment, AttachmentContent, Diagnostic, Effect, ErrorKind, Item, NodeError, Retry, Usage,
};

/// How many calls in a row may bring nothing. Without this bound a service that
/// is down for the day, or a node whose cursor never ends, would hold a
/// workflow for ever.
pub(crate) const FRUITLESS: u32 = 10;

/// How many diagnostics are kept. A list of a thousand pages may have something
/// to say about each.
const DIAGNOSTICS: usize = 1000;

/// The wait after a call that brought nothing and advised no wait.
const PAUSE: Duration = Duration::from_secs(1);

/// No longer wait is waited for here: the embedder can come back with the cursor.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// What became of all items, over all calls.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Folded {
    /// One for each input item, in order.
    pub outcomes: Vec<FoldedItem>,
    /// Where it could go on, when it was given up or interrupted.
    pub next: Option<String>,
    /// Why it ended before the end: a later call failed as a whole. What
    /// earlier calls delivered is in `outcomes`.
    pub interrupted: Option<CallError>,
    /// Whether it was given up: after too many calls without progress, before a
    /// wait of more than an hour, or with more results than
    /// [`max_run_bytes`](crate::NodeHostBuilder::max_run_bytes).
    pub gave_up: bool,
    /// How many calls of `execute` were made.
    pub calls: u32,
    /// The sum over all calls; `waited_ms` includes the waits between them.
    pub usage: Usage,
    /// Of all calls, each one once; the first thousand.
    pub diagnostics: Vec<Diagnostic>,
}

/// What became of one item. It may hold results and a failure: results that
/// were delivered before the failure.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct FoldedItem {
    /// Results of all calls, in order.
    pub items: Vec<Item>,
    /// The failure, which stands.
    pub error: Option<NodeError>,
    /// Whether any call got to it.
    pub attempted: bool,
}

/// How [`Connection::execute_all`](crate::Connection::execute_all) gets on.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Progress {
    /// A call returned.
    Called {
        /// Calls so far.
        calls: u32,
        /// Result items so far.
        results: usize,
        /// HTTP requests so far.
        requests: u32,
        /// Whether there is more to come.
        more: bool,
    },
    /// The node advised to wait before going on.
    Waiting {
        /// For how long.
        duration: Duration,
    },
}

impl Folded {
    fn new(items: usize) -> Self {
        Self {
            outcomes: vec![FoldedItem::default(); items],
            next: None,
            interrupted: None,
            gave_up: false,
            calls: 0,
            usage: Usage { requests: 0, retries: 0, waited_ms: 0, rate_limited: 0 },
            diagnostics: Vec::new(),
        }
    }

    /// Takes in one call. `true` when it brought something: results, a verdict
    /// on an item, or at least a cursor that moved while the service answered.
    fn absorb(&mut self, execution: Execution) -> bool {
        let mut progress = false;
        for (folded, outcome) in self.outcomes.iter_mut().zip(execution.outcomes) {
            match outcome {
                Outcome::Done(items) => {
                    progress |= !items.is_empty() || !folded.attempted;
                    folded.attempted = true;
                    folded.items.extend(items);
                }
                Outcome::Failed(error) => {
                    progress |= folded.error.is_none();
                    folded.attempted = true;
                    folded.error.get_or_insert(error);
                }
                Outcome::NotAttempted => {}
            }
        }
        let answered = execution.report.usage.requests > execution.report.usage.rate_limited;
        progress |= answered && execution.next != self.next;
        self.next = execution.next;
        self.usage.requests = self.usage.requests.saturating_add(execution.report.usage.requests);
        self.usage.retries = self.usage.retries.saturating_add(execution.report.usage.retries);
        self.usage.waited_ms = self.usage.waited_ms.saturating_add(execution.report.usage.waited_ms);
        self.usage.rate_limited = self.usage.rate_limited.saturating_add(execution.report.usage.rate_limited);
        for diagnostic in execution.report.diagnostics {
            let known = self.diagnostics.iter().any(|known| {
                known.code == diagnostic.code
                    && known.message == diagnostic.message
                    && known.item_index == diagnostic.item_index
            });
            if !known && self.diagnostics.len() < DIAGNOSTICS {
                self.diagnostics.push(diagnostic);
            }
        }
        progress
    }

    fn called(&self) -> Progress {
        Progress::Called {
            calls: self.calls,
            results: self.outcomes.iter().map(|outcome| outcome.items.len()).sum(),
            requests: self.usage.requests,
            more: self.next.is_some(),
        }
    }
}

/// Adds a wait of the host to what a call cost.
pub(crate) fn add_wait(usage: &mut Usage, wait: Duration) {
    let milliseconds = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX);
    usage.waited_ms = usage.waited_ms.saturating_add(milliseconds);
}

/// One of the calls that make up the whole.
pub(crate) struct Part {
    pub(crate) cursor: Option<String>,
    /// How many calls returned before.
    pub(crate) calls: u32,
    /// How often this very call was made before.
    pub(crate) repetitions: u32,
}

/// Bytes that an item takes, with its files.
pub(crate) fn size_of_item(item: &Item) -> usize {
    let of_attachment = |attachment: &Attachment| match &attachment.content {
        AttachmentContent::Bytes(bytes) => bytes.len(),
        AttachmentContent::Link(link) => link.url.len(),
    };
    size_of::<Item>() + item.json.len() + item.attachments.iter().map(of_attachment).sum::<usize>()
}

/// Bytes that the results of a call take.
fn size(execution: &Execution) -> usize {
    let of_outcome = |outcome: &Outcome| match outcome {
        Outcome::Done(items) => items.iter().map(size_of_item).sum(),
        Outcome::Failed(_) | Outcome::NotAttempted => 0,
    };
    execution.outcomes.iter().map(of_outcome).sum()
}

/// Calls until there is no cursor, or there are more results than `most` bytes,
/// waiting as advised.
pub(crate) async fn follow<F: Future<Output = Result<Execution, CallError>>>(
    items: usize,
    most: usize,
    progress: &mut (dyn FnMut(Progress) + Send),
    mut call: impl FnMut(Part) -> F,
) -> Result<Folded, CallError> {
    let mut folded = Folded::new(items);
    let mut bytes = 0_usize;
    let mut fruitless = 0;
    let mut repetitions = 0;
    loop {
        let part = Part { cursor: folded.next.clone(), calls: folded.calls, repetitions };
        let wait = match call(part).await {
            Ok(execution) => {
                bytes = bytes.saturating_add(size(&execution));
                let advised = execution.resume_after_ms.map(|wait| Duration::from_millis(wait.into()));
                fruitless = if folded.absorb(execution) { 0 } else { fruitless + 1 };
                repetitions = 0;
                folded.calls = folded.calls.saturating_add(1);
                progress(folded.called());
                if folded.next.is_none() {
                    return Ok(folded);
                }
                advised.unwrap_or(if fruitless > 0 { PAUSE } else { Duration::ZERO })
            }
            Err(error) => {
                fruitless += 1;
                repetitions += 1;
                match again_after(&error) {
                    Some(wait) if fruitless < FRUITLESS && wait <= LONGEST_WAIT => wait,
                    // Nothing was delivered: the failure is the result.
                    _ if folded.calls == 0 => return Err(error),
                    _ => {
                        folded.interrupted = Some(error);
                        return Ok(folded);
                    }
                }
            }
        };
        if fruitless >= FRUITLESS || bytes > most || wait > LONGEST_WAIT {
            folded.gave_up = true;
            return Ok(folded);
        }
        if !wait.is_zero() {
            progress(Progress::Waiting { duration: wait });
            add_wait(&mut folded.usage, wait);
            tokio::time::sleep(wait).await;
        }
    }
}

/// Whether a call that failed as a whole is worth repeating, and when: only
/// where the service said "not now" and nothing was changed. Other failures are
/// for whoever asked.
fn again_after(error: &CallError) -> Option<Duration> {
    match error.node_error()? {
        NodeError { kind: ErrorKind::RateLimited, effect: Effect::None, retry, .. } => match retry {
            Retry::Never => None,
            Retry::HostDefault => Some(PAUSE),
            Retry::AfterMs(milliseconds) => Some(Duration::from_millis((*milliseconds).into())),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests;
