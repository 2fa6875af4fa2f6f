//! Following a cursor to its end and folding the outcomes of the calls into one for each item.

use crate::error::CallError;
use crate::wit::types::{Diagnostic, Item, NodeError, Usage};
use std::time::Duration;

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
    /// Whether it was given up after too many waits without progress.
    pub gave_up: bool,
    /// How many calls of `execute` were made.
    pub calls: u32,
    /// The sum over all calls; `waited` includes the waits of the host.
    pub usage: Usage,
    /// Of all calls.
    pub diagnostics: Vec<Diagnostic>,
}

/// What became of one item. It may hold results and an error: results that
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

/// How [`execute_all`](crate::Connection::execute_all) gets on.
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
