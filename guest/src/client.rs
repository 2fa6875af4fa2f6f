//! The service, for the length of one call: address, credentials, repetitions and
//! waits within the deadline, dry run, usage.

mod answer;
mod login;
mod request;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use url::Url;
use workflow_node_redaction::{Kind, Redactor};

pub use self::request::{Call, Safety};
use crate::builder::{Credentials, INVALID_VALUE};
use crate::error::{Code, Effect, NodeError, Result, Retry};
use crate::http::{HttpRequest, HttpResponse, Limits, Reached, Reason, TransportError};
use crate::interface::{
    Attachment, CallContext, Connection, ConnectionAuth, Diagnostic, Fields, Level, Report, Session, Usage,
};
use crate::retry::{self, Decision, Trouble};
use crate::transport::{Exchange, Transport};

/// The largest answer that is read.
const MAX_BYTES: usize = 32 << 20;
/// Kept back from the deadline, to put the result together.
const RESERVE: Duration = Duration::from_millis(200);
const CONNECT: Duration = Duration::from_secs(10);
const FIRST_BYTE: Duration = Duration::from_secs(30);
const BETWEEN_BYTES: Duration = Duration::from_secs(15);

/// The code of what a dry run does not send.
pub(crate) const NOT_SENT: Code =
    Code::new("not-in-dry-run", crate::error::ErrorKind::Unsupported, Retry::Never);

/// The service, for the length of one call.
pub struct Http<'a> {
    transport: &'a mut dyn Transport,
    context: &'a CallContext,
    credentials: &'a Credentials,
    fields: &'a Fields,
    auth: &'a ConnectionAuth,
    base: Url,
    session: Option<Session>,
    /// Whether the session was issued in this call.
    is_renewed: bool,
    redactor: Redactor,
    usage: Usage,
    diagnostics: Vec<Diagnostic>,
    /// What a dry run would have sent for the present item.
    would_send: Vec<Value>,
    /// Whether a request of the present item changed something.
    has_written: bool,
    /// Files beside the present item.
    files: Vec<Attachment>,
    /// Files for the result of the present item.
    pub(crate) results: Vec<Attachment>,
    item_index: Option<u32>,
}

impl<'a> Http<'a> {
    pub(crate) fn new(
        transport: &'a mut dyn Transport,
        context: &'a CallContext,
        credentials: &'a Credentials,
        connection: &'a Connection,
    ) -> Result<Self> {
        let base = credentials.base(&connection.fields)?;
        let session = match &connection.auth {
            ConnectionAuth::Session(session) => Some(session.clone()),
            ConnectionAuth::HostInjected | ConnectionAuth::SelfManaged => None,
        };
        let mut http = Self {
            transport,
            context,
            credentials,
            fields: &connection.fields,
            auth: &connection.auth,
            base,
            session,
            is_renewed: false,
            redactor: Redactor::default(),
            usage: Usage::default(),
            diagnostics: vec![],
            would_send: vec![],
            has_written: false,
            files: vec![],
            results: vec![],
            item_index: None,
        };
        http.learn_secrets();
        Ok(http)
    }

    // ---- For the author of a node ----

    /// A request that reads.
    pub fn get(&mut self, path: impl Into<String>) -> Call<'_, 'a> {
        Call::new(self, crate::http::Method::Get, path.into())
    }

    /// A request that creates something. Like every write it is repeated only where the
    /// service certainly did nothing.
    pub fn post(&mut self, path: impl Into<String>) -> Call<'_, 'a> {
        Call::new(self, crate::http::Method::Post, path.into())
    }

    /// A request that puts something in the place of what is there.
    pub fn put(&mut self, path: impl Into<String>) -> Call<'_, 'a> {
        Call::new(self, crate::http::Method::Put, path.into())
    }

    /// A request that updates a part.
    pub fn patch(&mut self, path: impl Into<String>) -> Call<'_, 'a> {
        Call::new(self, crate::http::Method::Patch, path.into())
    }

    /// A request that deletes.
    pub fn delete(&mut self, path: impl Into<String>) -> Call<'_, 'a> {
        Call::new(self, crate::http::Method::Delete, path.into())
    }

    /// The value of a credential field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name)
    }

    /// What the host says about the call.
    pub fn context(&self) -> &CallContext {
        self.context
    }

    /// The time of the day.
    pub fn now(&self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.transport.elapsed()).unwrap_or_default();
        self.context.now.checked_add(elapsed).unwrap_or(self.context.now)
    }

    /// What is left of the deadline.
    pub fn remaining(&self) -> Duration {
        self.context.deadline.saturating_sub(self.transport.elapsed()).saturating_sub(RESERVE)
    }

    /// Files beside the item.
    pub fn files(&self) -> &[Attachment] {
        &self.files
    }

    /// Puts a file beside the result of the item.
    pub fn attach(&mut self, file: Attachment) {
        self.results.push(file);
    }

    /// A remark about the item that is no failure.
    pub fn warn(&mut self, code: &'static str, message: impl Into<String>) {
        let message = message.into();
        let item_index = self.item_index;
        self.diagnostics.push(Diagnostic { level: Level::Warning, code, message, item_index });
    }

    // ---- For the runtime ----

    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    pub(crate) fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// The next item begins: what the requests of the one before did is its own.
    pub(crate) fn begin_item(&mut self, index: usize, files: &[Attachment]) {
        self.item_index = u32::try_from(index).ok();
        self.files = files.to_vec();
        self.results.clear();
        self.has_written = false;
    }

    /// Whether a request of the present item changed something.
    pub(crate) fn has_written(&self) -> bool {
        self.has_written
    }

    /// What a dry run would have sent since the last question.
    pub(crate) fn take_would_send(&mut self) -> Vec<Value> {
        core::mem::take(&mut self.would_send)
    }

    pub(crate) fn report(self) -> Report {
        let session = self.session.filter(|_| self.is_renewed);
        Report { session, usage: self.usage, diagnostics: self.diagnostics }
    }

    // ---- Inside ----

    /// What no result and no message may repeat.
    fn learn_secrets(&mut self) {
        let of_form = self.credentials.secrets(self.fields);
        let of_session = self.session.iter().map(|session| session.token.reveal());
        self.redactor = Redactor::new(of_form.into_iter().chain(of_session));
    }

    /// Sends a request until it succeeds or is certain to fail.
    fn exchange(&mut self, request: &HttpRequest, safety: Safety) -> Result<HttpResponse> {
        are_headers(request)?;
        let mut attempts = 0;
        let mut perhaps_done = false;
        loop {
            attempts += 1;
            self.usage.retries += u32::from(attempts > 1);
            let answer = self.send_once(request);
            perhaps_done |= match &answer {
                Ok(answer) => answer.status >= 500,
                Err(error) => error.reached == Reached::Maybe,
            };
            let (trouble, asked, error) = match answer {
                Ok(answer) if (200..300).contains(&answer.status) => {
                    self.has_written |= safety != Safety::Read;
                    return Ok(answer);
                }
                Ok(answer) => {
                    let asked = answer.retry_after(self.now());
                    (Trouble::Status(answer.status), asked, answer::refused(&answer, safety))
                }
                Err(error) => {
                    let trouble = Trouble::NoAnswer(error.reason, error.reached);
                    (trouble, None, answer::no_answer(error, safety))
                }
            };
            self.usage.rate_limited += u32::from(trouble == Trouble::Status(429));
            let patience = retry::MOST_WAITING.saturating_sub(self.usage.waited).min(self.remaining());
            let jitter = self.context.entropy.first().copied().unwrap_or(0);
            let error = match retry::decide(safety, attempts, trouble, asked, jitter, patience) {
                Decision::Wait(wait) => {
                    self.transport.wait(wait);
                    self.usage.waited += wait;
                    continue;
                }
                Decision::Postpone(after) => error.with_retry(Retry::After(after)),
                Decision::GiveUp => error,
            };
            let lost = perhaps_done && safety != Safety::Read;
            return Err(if lost { error.with_effect(Effect::Unknown) } else { error });
        }
    }

    fn send_once(&mut self, request: &HttpRequest) -> Exchange {
        let total = self.remaining();
        if total.is_zero() {
            return Err(TransportError::new(Reason::TimedOut, Reached::No));
        }
        let limits = Limits {
            connect: CONNECT.min(total),
            first_byte: FIRST_BYTE.min(total),
            between_bytes: BETWEEN_BYTES.min(total),
            total,
            body_bytes: MAX_BYTES,
            all_bytes: MAX_BYTES,
        };
        self.usage.requests = self.usage.requests.saturating_add(1);
        let mut answer = self
            .transport
            .send_all(core::slice::from_ref(request), &limits)
            .pop()
            .unwrap_or(Err(TransportError::new(Reason::Broken, Reached::Maybe)))?;
        self.redact(&mut answer);
        Ok(answer)
    }

    /// A service may echo what it was sent, and its words reach people.
    fn redact(&self, answer: &mut HttpResponse) {
        let is_file = answer.header("content-disposition").is_some();
        if is_file || !self.redactor.is_in(&answer.body) {
            return;
        }
        let kind = if answer.status < 300 { Kind::Data } else { Kind::Words };
        match String::from_utf8(core::mem::take(&mut answer.body)) {
            Ok(mut text) => {
                self.redactor.json(&mut text, kind);
                answer.body = text.into_bytes();
            }
            Err(error) if kind == Kind::Data => answer.body = error.into_bytes(),
            Err(_) => {}
        }
    }

    /// The absolute address of a path with a query.
    fn address(&self, path: &str, query: &[(String, String)]) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{}", self.base.path().trim_end_matches('/'), path.trim_start_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// Keeps what a dry run would send.
    fn keep_for_dry_run(&mut self, request: &HttpRequest, body: Option<&Value>) -> NodeError {
        let mut would_send =
            json!({ "dry_run": true, "method": request.method.name(), "url": request.url.as_str() });
        if let (Some(body), Value::Object(would_send)) = (body, &mut would_send) {
            would_send.insert("body".to_string(), body.clone());
        }
        self.would_send.push(would_send);
        NodeError::new(NOT_SENT, "A dry run sends nothing.")
    }
}

/// Refuses values that would end a header and begin another one.
fn are_headers(request: &HttpRequest) -> Result<()> {
    match request.headers.iter().find(|(_, value)| value.chars().any(char::is_control)) {
        None => Ok(()),
        Some((name, _)) => Err(NodeError::new(
            INVALID_VALUE,
            format!("The value of the header \"{name}\" holds characters that no header has."),
        )),
    }
}
