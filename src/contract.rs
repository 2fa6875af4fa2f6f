//! The types of the contract (`wit/types.wit`, `wit/node.wit`) as plain Rust.
//!
//! The generated bindings exist on wasm only; everything but
//! `component` works with these, and so runs in native tests.
//! Errors are in [`error`](crate::error).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::error::NodeError;

/// Credential fields. [`Debug`](fmt::Debug) shows their names only: one of them
/// is the secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(candidate, _)| *candidate == name).map(|(_, value)| value)
    }

    /// All of them, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl FromIterator<(String, String)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

/// A JSON object.
pub type Object = Map<String, Value>;

/// Text that must never be shown: [`Debug`](fmt::Debug) hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text in.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// A token and how long it is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The access token.
    pub token: Secret,
    /// From then on HaloPSA refuses it.
    pub expires_at: Timestamp,
    /// What was granted (HAPI §3.2), which may be less than what was asked.
    pub scopes: Vec<String>,
}

/// Who puts the token into the requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionAuth {
    /// We do, with this session.
    Session(Session),
    /// The host does.
    HostInjected,
    /// We log in first.
    SelfManaged,
}

/// One HaloPSA account.
#[derive(Debug, Clone)]
pub struct Connection {
    /// What the person typed, or what `prepare` made of it.
    pub fields: Fields,
    /// Who puts the token into the requests.
    pub auth: ConnectionAuth,
}

/// What a call is told by its host.
#[derive(Debug, Clone)]
pub struct CallContext {
    /// Time of the day at the start of the call.
    pub now: Timestamp,
    /// How long the call may take.
    pub deadline: Duration,
    /// 1 for the first time that this call is made, 2 for its first repetition…
    pub attempt: u32,
    /// The same for each repetition of one call.
    pub idempotency_key: Option<String>,
    /// Random bytes; may be empty.
    pub entropy: Vec<u8>,
    /// W3C trace parent, to be sent along.
    pub trace_parent: Option<String>,
    /// Time zone of dates without an offset, as the host names it.
    pub time_zone: Option<String>,
    /// Say what would be sent instead of sending it.
    pub dry_run: bool,
    /// Refuse what would change something.
    pub read_only: bool,
    /// Refuse what is not in it.
    pub allowed_operations: Option<Vec<String>>,
    /// Whether a person chose this very operation.
    pub confirmed: bool,
}

/// A file beside an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// File name without a path.
    pub name: String,
    /// Such as `application/pdf`.
    pub mime_type: String,
    /// The bytes, or where they are.
    pub content: Content,
}

/// What an attachment holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The bytes themselves.
    Bytes(Vec<u8>),
    /// An address to fetch them from, without a token. Only ever in results.
    Link(String),
}

/// One input, or one result.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// A JSON object.
    pub json: Value,
    /// Files beside it.
    pub attachments: Vec<Attachment>,
}

impl Item {
    /// A result without files.
    pub fn result(json: Value) -> Self {
        Self { json, attachments: Vec::new() }
    }
}

/// What became of one input item.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Its results, or the next part of them.
    Done(Vec<Item>),
    /// It failed.
    Failed(NodeError),
    /// The call ended before its turn.
    NotAttempted,
}

/// What a call of `execute` did.
#[derive(Debug, Clone)]
pub struct Execution {
    /// One for each input item.
    pub outcomes: Vec<Outcome>,
    /// Where to go on.
    pub next: Option<String>,
    /// How long to wait before that.
    pub resume_after: Option<Duration>,
    /// The newest session, if it is not the one that came in.
    pub session: Option<Session>,
    /// What it cost.
    pub usage: Usage,
    /// What is worth telling.
    pub diagnostics: Vec<Diagnostic>,
}

/// A value to choose, or a field of a form.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What goes into the input.
    pub value: Value,
    /// What people read.
    pub label: String,
    /// A second line.
    pub description: Option<String>,
    /// The value of the entry above it in a tree.
    pub parent: Option<Value>,
    /// Whether it is there to be seen, not to be chosen.
    pub disabled: bool,
    /// What a field of a form is like.
    pub details: Option<Value>,
}

/// Part of a list.
#[derive(Debug, Clone)]
pub struct Entries {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Where to go on.
    pub next: Option<String>,
    /// The newest session, if it is not the one that came in.
    pub session: Option<Session>,
    /// What it cost.
    pub usage: Usage,
}

/// What a call cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// HTTP requests sent.
    pub requests: u32,
    /// How many of them repeated an earlier one.
    pub retries: u32,
    /// Time spent waiting on purpose.
    pub waited: Duration,
    /// How often HaloPSA said "too many requests".
    pub rate_limited: u32,
}

/// How serious a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Good to know.
    Info,
    /// Something may not be as expected.
    Warning,
}

/// Something worth telling that is no failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How serious it is.
    pub level: Level,
    /// Stable name, such as `halopsa.more-rows`.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// Position of the input item that it is about.
    pub item_index: Option<u32>,
}

/// Credentials, completed.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Every field with its final value, secrets left out.
    pub fields: Fields,
    /// The origins that the connection needs.
    pub egress: Vec<String>,
    /// Where the token request goes.
    pub token_url: String,
    /// What is worth telling.
    pub diagnostics: Vec<Diagnostic>,
    /// What it cost.
    pub usage: Usage,
}

/// How a step of a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckStatus {
    /// It works.
    Pass,
    /// It works, but.
    Warn,
    /// It does not.
    Fail,
    /// An earlier step failed.
    Skipped,
}

/// One step of a check.
#[derive(Debug, Clone)]
pub struct CheckStep {
    /// Stable name.
    pub name: &'static str,
    /// What was tried.
    pub label: String,
    /// How it went.
    pub status: CheckStatus,
    /// What was found.
    pub message: String,
    /// The failure, if it failed.
    pub error: Option<NodeError>,
    /// What to do about a warning.
    pub advice: Option<String>,
}

/// The answer to "will it work?".
#[derive(Debug, Clone)]
pub struct CheckReport {
    /// Name of the agent that the application acts as.
    pub account: Option<String>,
    /// Address of the instance.
    pub instance: Option<String>,
    /// What was granted.
    pub scopes: Vec<String>,
    /// The steps, in order.
    pub steps: Vec<CheckStep>,
    /// As in [`Prepared::fields`].
    pub fields: Fields,
    /// The session at the end.
    pub session: Option<Session>,
    /// What it cost.
    pub usage: Usage,
}
