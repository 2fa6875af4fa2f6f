//! The types of the interface in `wit/` as plain Rust, under the names of WIT.
//!
//! The generated bindings exist in components only; everything but
//! `export` works with these, and so runs in native tests.
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
    /// When the service stops accepting it, if it ever does.
    pub expires_at: Option<Timestamp>,
    /// What was granted, which may be less than what was requested.
    pub scopes: Vec<String>,
    /// What the node wants to receive again.
    pub extra: Option<Object>,
}

/// Who adds the credentials to the requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionAuth {
    /// The node, with this session.
    Session(Session),
    /// The host.
    HostInjected,
    /// The node, which logs in first.
    SelfManaged,
}

/// One account at the service.
#[derive(Debug, Clone)]
pub struct Connection {
    /// What the person typed, or what `prepare` made of it.
    pub fields: Fields,
    /// Who adds the credentials to the requests.
    pub auth: ConnectionAuth,
}

/// What a node cannot find out by itself.
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
    /// Send nothing, and return what would be sent.
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
    /// Where to fetch them. Only in results.
    Link(Link),
}

/// Where the bytes of an attachment can be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// An absolute URL, which needs no credentials of the node.
    pub url: String,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
}

/// One input, or one result.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// A JSON object.
    pub json: Value,
    /// Files beside it.
    pub attachments: Vec<Attachment>,
    /// In results: positions of the input items that it was made from, unless that
    /// is the item whose outcome it is in.
    pub sources: Vec<u32>,
}

impl Item {
    /// An item without files.
    pub fn new(json: Value) -> Self {
        Self { json, attachments: Vec::new(), sources: Vec::new() }
    }
}

/// Result for one input item.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Its results, or the next part of them.
    Done(Vec<Item>),
    /// It failed.
    Failed(NodeError),
    /// The call ended before its turn.
    NotAttempted,
}

/// Result of one call of `execute`.
#[derive(Debug, Clone)]
pub struct Execution {
    /// One for each input item.
    pub outcomes: Vec<Outcome>,
    /// Where to go on.
    pub next: Option<String>,
    /// How long to wait before that.
    pub resume_after: Option<Duration>,
    /// What else the call returns.
    pub report: Report,
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
    /// What else the call returns.
    pub report: Report,
}

/// What a call returns beside its result.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The newest session, if it is not the one that was passed in.
    pub session: Option<Session>,
    /// What the call cost.
    pub usage: Usage,
    /// Remarks that are no failures.
    pub diagnostics: Vec<Diagnostic>,
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
    /// How often the service answered "too many requests".
    pub rate_limited: u32,
}

/// How important a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// For the author of the node.
    Debug,
    /// Good to know.
    Info,
    /// Something may not be as expected.
    Warning,
}

/// A remark about a call that is no failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How important it is.
    pub level: Level,
    /// Stable name, in the form of an error's code.
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
    /// Where the recipe's token request goes.
    pub token_url: Option<String>,
    /// What else the call returns.
    pub report: Report,
}

/// How a step of a check ended.
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

/// Result of a check.
#[derive(Debug, Clone)]
pub struct CheckReport {
    /// The account at the service, such as a user's name.
    pub account: Option<String>,
    /// The service's address.
    pub instance: Option<String>,
    /// What was granted.
    pub scopes: Vec<String>,
    /// The steps, in order.
    pub steps: Vec<CheckStep>,
    /// As in [`Prepared::fields`].
    pub fields: Fields,
    /// What else the call returns.
    pub report: Report,
}

/// A list that was asked for values.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Name of the list.
    pub list: &'a str,
    /// A JSON object of what the list depends on.
    pub params: &'a str,
    /// What people typed.
    pub search: Option<&'a str>,
    /// Where an earlier answer stopped.
    pub cursor: Option<&'a str>,
}

/// Something that happened at the service.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The same for each delivery of one event.
    pub id: String,
    /// When it happened.
    pub occurred_at: Option<Timestamp>,
    /// What happened, as a JSON object.
    pub item: Item,
}

/// A trigger, as a person configured it.
#[derive(Debug, Clone, Copy)]
pub struct Trigger<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its configuration, a JSON object.
    pub config: &'a str,
}

/// Result of a poll.
#[derive(Debug, Clone)]
pub struct Polled {
    /// What is new.
    pub events: Vec<Event>,
    /// What the next poll needs.
    pub state: String,
    /// Whether more events are waiting.
    pub more: bool,
    /// When to poll again otherwise.
    pub next_poll: Duration,
    /// What else the call returns.
    pub report: Report,
}

/// Where the service sends its deliveries.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The URL.
    pub callback_url: String,
    /// Made by the host for this subscription.
    pub signing_secret: Secret,
}

/// A subscription at the service.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// What `receive` and `unsubscribe` need.
    pub state: String,
    /// When to subscribe again.
    pub expires_at: Option<Timestamp>,
    /// What else the call returns.
    pub report: Report,
}

/// A subscription that receives a delivery.
#[derive(Debug, Clone, Copy)]
pub struct Subscribed<'a> {
    /// The trigger.
    pub trigger: Trigger<'a>,
    /// Where the delivery was received.
    pub endpoint: &'a Endpoint,
    /// What the subscription, or the delivery before, left.
    pub state: &'a str,
}

/// A request that was received at the callback URL.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Such as `POST`.
    pub method: String,
    /// Where it was sent to.
    pub path_with_query: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

/// The response to the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A response without a body.
    pub const fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }
}

/// The events of a delivery.
#[derive(Debug, Clone)]
pub struct Received {
    /// None where the delivery is not authentic.
    pub events: Vec<Event>,
    /// To be stored once the events are safe.
    pub state: String,
    /// The response to the service.
    pub reply: Reply,
    /// What else the call returns.
    pub report: Report,
}

/// An operation with its input, in the current version.
#[derive(Debug, Clone, PartialEq)]
pub struct Migrated {
    /// The operation, or the one that replaced it.
    pub operation: String,
    /// Its input.
    pub input: Value,
}
