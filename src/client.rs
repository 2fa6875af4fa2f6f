//! Requests with a token, sent until they succeed or are certain to fail:
//! signing in, renewing, repeating, waiting – all within the deadline.
//!
//! This is the only caller of [`Transport`]. What a repetition may do is
//! decided by [`retry`], what an answer means by
//! [`answer`]; here they are put together.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use url::Url;
use workflow_node_redaction::{Kind, Redactor};
use workflow_node_sdk::http::{HttpRequest, HttpResponse, Limits, Method, Reached, Reason, TransportError};
use workflow_node_sdk::interface::{
    CallContext, ConnectionAuth, Diagnostic, Level, Report, Secret, Session, Usage,
};
use workflow_node_sdk::retry::Safety;
use workflow_node_sdk::retry::{self, Decision, Trouble};
use workflow_node_sdk::transport::{Exchange, Transport};

use crate::auth;
use crate::catalogue::field::Field;
use crate::credentials::Credentials;
use crate::endpoints;
use crate::error::{Code, Effect, NodeError, Result, Retry};
use crate::protocol::answer;
use crate::protocol::envelope;
use crate::protocol::request::ApiRequest;

/// The largest answer that is read.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// The most bytes of answers that a call holds at once. Together with what one of
/// them and the results take when parsed ([`weight`](workflow_node_sdk::weight)) it stays below the memory that a host gives.
const MOST_BYTES_IN_FLIGHT: usize = 40 * 1024 * 1024;

/// Kept back from the deadline, to put the result together.
const RESERVE: Duration = Duration::from_millis(200);

/// How long a sign-in waits before it is tried once more.
const PAUSE: Duration = Duration::from_millis(500);

const CONNECT: Duration = Duration::from_secs(10);
const FIRST_BYTE: Duration = Duration::from_secs(30);
const BETWEEN_BYTES: Duration = Duration::from_secs(15);

/// How many requests are in flight at once, at most: all pages that one call
/// reads, so that a long list takes one round trip for each call.
pub const MOST_IN_FLIGHT: usize = 10;

/// A connection to one HaloPSA account for the length of one call.
pub struct Client<'a> {
    transport: &'a mut dyn Transport,
    context: &'a CallContext,
    /// Where and as whom.
    pub credentials: Credentials,
    token: Token,
    usage: Usage,
    /// What no word and no result of HaloPSA may repeat.
    secrets: Vec<Secret>,
    redactor: Redactor,
    /// Bytes of the largest answer so far.
    largest: usize,
    /// Updates that were sent again although the first may have been carried out.
    sent_again: u32,
    /// How much of the waiting was for looks, and not for the server to recover.
    looking: Duration,
}

/// What is known about the token.
struct Token {
    host_injects: bool,
    session: Option<Session>,
    /// Whether it was issued in this call.
    renewed: bool,
    /// How many requests it has carried well.
    successes: u32,
    /// Set when a fresh token was refused like the one before: asking for
    /// more of them is useless.
    refusal_stands: bool,
}

impl<'a> Client<'a> {
    /// Begins.
    pub fn new(
        transport: &'a mut dyn Transport,
        context: &'a CallContext,
        credentials: Credentials,
        auth: &ConnectionAuth,
    ) -> Self {
        let session = match auth {
            ConnectionAuth::Session(session) => Some(session.clone()),
            ConnectionAuth::HostInjected | ConnectionAuth::SelfManaged => None,
        };
        let token = Token {
            host_injects: *auth == ConnectionAuth::HostInjected,
            session,
            renewed: false,
            successes: 0,
            refusal_stands: false,
        };
        let secret = credentials.client_secret().map(Secret::new);
        let of_session = token.session.as_ref().map(|session| session.token.clone());
        let mut client = Self {
            transport,
            context,
            credentials,
            token,
            usage: Usage::default(),
            secrets: secret.into_iter().chain(of_session).collect(),
            redactor: Redactor::default(),
            largest: 0,
            sent_again: 0,
            looking: Duration::ZERO,
        };
        client.redactor = Redactor::new(client.secrets.iter().map(Secret::reveal));
        client
    }

    /// Sees to it that nothing that HaloPSA echoes shows this secret, either.
    pub fn keep_secret(&mut self, secret: &Secret) {
        if !self.secrets.contains(secret) {
            self.secrets.push(secret.clone());
            self.redactor = Redactor::new(self.secrets.iter().map(Secret::reveal));
        }
    }

    /// What the call was told by its host.
    pub fn context(&self) -> &'a CallContext {
        self.context
    }

    /// What a call returns beside its result.
    pub fn report(&self, mut diagnostics: Vec<Diagnostic>) -> Report {
        if self.sent_again > 0 {
            diagnostics.push(Diagnostic {
                level: Level::Warning,
                code: "halopsa.sent-again",
                message: format!(
                    "The answers to {} updates were lost, so they were sent again. A change that somebody else made to the same fields in between may be overwritten.",
                    self.sent_again
                ),
                item_index: None,
            });
        }
        Report { session: self.renewed_session().cloned(), usage: self.usage, diagnostics }
    }

    /// What it cost so far.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// The session, if it was issued in this call.
    pub fn renewed_session(&self) -> Option<&Session> {
        self.token.session.as_ref().filter(|_| self.token.renewed)
    }

    /// The session in use.
    pub fn session(&self) -> Option<&Session> {
        self.token.session.as_ref()
    }

    /// Whether nothing may be sent.
    pub fn is_dry_run(&self) -> bool {
        self.context.dry_run
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

    /// Sends one request.
    pub fn send(&mut self, request: &ApiRequest) -> Result<HttpResponse> {
        self.send_all(core::slice::from_ref(request))
            .pop()
            .unwrap_or_else(|| Err(NodeError::new(Code::Internal, "A request got lost inside the node.")))
    }

    /// Sends one request and parses the answer.
    pub fn fetch(&mut self, request: &ApiRequest) -> Result<Value> {
        let answer = self.send(request)?;
        json(&answer, request.safety)
    }

    /// Sends all of them, a few at a time. Answers are successes, in the order
    /// of the requests.
    pub fn send_all(&mut self, requests: &[ApiRequest]) -> Vec<Result<HttpResponse>> {
        let mut results = Vec::with_capacity(requests.len());
        for some in requests.chunks(MOST_IN_FLIGHT) {
            results.extend(self.send_some(some));
        }
        results
    }

    /// How many requests should be in flight at once, for their answers to fit into
    /// the memory that there is, as far as those before them tell.
    pub fn at_once(&self) -> usize {
        (MOST_BYTES_IN_FLIGHT / self.largest.max(1)).clamp(1, MOST_IN_FLIGHT)
    }

    fn send_some(&mut self, requests: &[ApiRequest]) -> Vec<Result<HttpResponse>> {
        let mut slots: Vec<Slot<'_>> = requests.iter().map(Slot::new).collect();
        while slots.iter().any(Slot::is_open) {
            if let Err(error) = self.ensure_token() {
                slots.iter_mut().for_each(|slot| slot.settle(Err(error.clone())));
                break;
            }
            let kept = slots.iter().map(Slot::bytes).sum();
            let open = slots.iter_mut().filter(|slot| slot.is_open()).take(self.at_once());
            self.round(open.collect(), kept);
        }
        slots.into_iter().map(Slot::into_result).collect()
    }

    /// Sends what is open once, and settles what can be settled. `kept` is how many
    /// bytes of other answers are waiting to be read.
    fn round(&mut self, open: Vec<&mut Slot<'_>>, kept: usize) {
        let wire: Vec<HttpRequest> = open.iter().map(|slot| self.wire(slot.request)).collect();
        let patience = open.iter().filter_map(|slot| slot.request.first_byte).max();
        let exchanges = self.exchange_beside(&wire, patience, kept);
        let mut wait = Duration::ZERO;
        let mut refused = vec![];
        for (slot, exchange) in open.into_iter().zip(exchanges) {
            self.usage.retries += u32::from(slot.attempts > 0);
            slot.attempts += 1;
            match exchange {
                Ok(mut answer) if (200..300).contains(&answer.status) => {
                    self.forget_echoes(&mut answer, Kind::Data);
                    self.token.successes = self.token.successes.saturating_add(1);
                    let is_update = slot.request.safety == Safety::Overwrite;
                    self.sent_again +=
                        u32::from(is_update && slot.perhaps_done && slot.request.method != Method::Delete);
                    slot.settle(Ok(answer));
                }
                Ok(answer) if matches!(answer.status, 401 | 403) => refused.push((slot, answer)),
                // It was deleted by the attempt whose answer was lost.
                Ok(answer) if answer.status == 404 && slot.is_repeated_delete() => {
                    slot.settle(Ok(HttpResponse { status: 200, body: b"{}".to_vec(), ..answer }));
                }
                // The next call may have room for it.
                Err(error) if error.reason == Reason::NoRoom && slot.request.safety == Safety::Read => {
                    slot.settle(Err(answer::no_room()));
                }
                other => wait = wait.max(self.troubled(slot, other)),
            }
        }
        if !refused.is_empty() {
            self.refused(refused);
        }
        self.wait(wait);
    }

    /// Settles a request that failed, or says how long to wait before it is
    /// sent again.
    fn troubled(&mut self, slot: &mut Slot<'_>, exchange: Exchange) -> Duration {
        slot.perhaps_done |= match &exchange {
            Ok(answer) => answer.status >= 500,
            Err(error) => error.reached == Reached::Maybe,
        };
        if matches!(&exchange, Ok(answer) if matches!(answer.status, 400..=499) && answer.status != 429) {
            // It was understood, so the token was good.
            self.token.successes = self.token.successes.saturating_add(1);
        }
        if let Ok(answer) = &exchange
            && slot.request.final_statuses.contains(&answer.status)
        {
            slot.settle(Err(answer::error(answer, slot.request.safety, slot.request.fields)));
            return Duration::ZERO;
        }
        match self.weigh(slot.request.safety, slot.request.fields, slot.attempts, exchange) {
            Ok(wait) => wait,
            Err(error) => {
                slot.settle(Err(error));
                Duration::ZERO
            }
        }
    }

    /// How long to wait before a request is sent again, or why not.
    fn weigh(
        &mut self,
        safety: Safety,
        fields: &[Field],
        attempts: u32,
        exchange: Exchange,
    ) -> Result<Duration> {
        let (trouble, asked, error) = match exchange {
            Ok(answer) => {
                let asked = answer.retry_after(self.now());
                (Trouble::Status(answer.status), asked, answer::error(&answer, safety, fields))
            }
            Err(error) => {
                (Trouble::NoAnswer(error.reason, error.reached), None, answer::no_answer(error, safety))
            }
        };
        self.usage.rate_limited += u32::from(trouble == Trouble::Status(429));
        let recovering = self.usage.waited.saturating_sub(self.looking);
        let patience = retry::MOST_WAITING.saturating_sub(recovering).min(self.remaining());
        // Every request gets another byte, so that they do not come back as
        // one crowd.
        let entropy = &self.context.entropy;
        let index = usize::try_from(self.usage.requests).unwrap_or(0) % entropy.len().max(1);
        let jitter = entropy.get(index).copied().unwrap_or(0);
        match retry::decide(safety, attempts, trouble, asked, jitter, patience) {
            Decision::Wait(wait) => Ok(wait),
            Decision::Postpone(after) => Err(error.with_retry(Retry::After(after))),
            Decision::GiveUp => Err(error),
        }
    }

    fn wait(&mut self, duration: Duration) {
        if !duration.is_zero() {
            self.transport.wait(duration);
            self.usage.waited += duration;
        }
    }

    /// Waits for something that only time makes visible. It takes nothing from
    /// the waits that requests are repeated after.
    pub fn wait_for_a_look(&mut self, duration: Duration) {
        self.wait(duration);
        self.looking += duration;
    }

    /// A token was refused. Permissions live in the token, so 403 is worth a
    /// fresh one, too (HAPI §3.2) – once for each token, however many requests
    /// it carried, and only while fresh tokens are good for something.
    fn refused(&mut self, refused: Vec<(&mut Slot<'_>, HttpResponse)>) {
        let fresh_and_useless = self.token.renewed && self.token.successes == 0;
        let can_renew = !self.token.host_injects
            && !self.token.refusal_stands
            && !fresh_and_useless
            && self.credentials.can_sign_in();
        if can_renew {
            self.token.session = None;
            return;
        }
        self.token.refusal_stands |= fresh_and_useless;
        let mut agent_is_known = None;
        for (slot, answer) in refused {
            let error = if answer.status == 403 {
                answer::forbidden(slot.request.scope)
            } else if !self.token.renewed {
                // A token of the host's, and no secret to get another one.
                answer::error(&answer, slot.request.safety, &[])
            } else if *agent_is_known.get_or_insert_with(|| self.agent_is_known()) {
                // The token is good elsewhere: the permission is missing.
                answer::forbidden(slot.request.scope)
            } else {
                token_refused()
            };
            slot.settle(Err(error
                .with_http_status(answer.status)
                .with_vendor_message(answer::words(&answer))));
        }
    }

    /// Whether the token is good for asking who we are.
    fn agent_is_known(&mut self) -> bool {
        let request = self.wire(&ApiRequest::get("/Agent/me"));
        let answers = self.exchange(core::slice::from_ref(&request), None);
        matches!(answers.first(), Some(Ok(answer)) if answer.status == 200)
    }

    fn wire(&self, request: &ApiRequest) -> HttpRequest {
        let token = self.token.session.as_ref().map(|session| &session.token);
        request.to_http(&self.credentials.resource_url, token, self.context.trace_parent.as_deref())
    }

    /// Sends requests once. `first_byte` is how long answers may take to begin,
    /// where that is longer than usual.
    fn exchange(&mut self, requests: &[HttpRequest], first_byte: Option<Duration>) -> Vec<Exchange> {
        self.exchange_beside(requests, first_byte, 0)
    }

    /// The same beside answers of so many bytes that are kept.
    fn exchange_beside(
        &mut self,
        requests: &[HttpRequest],
        first_byte: Option<Duration>,
        kept: usize,
    ) -> Vec<Exchange> {
        let total = self.remaining();
        let limits = Limits {
            connect: CONNECT.min(total),
            first_byte: first_byte.unwrap_or(FIRST_BYTE).min(total),
            between_bytes: BETWEEN_BYTES.min(total),
            total,
            body_bytes: MOST_BYTES,
            all_bytes: MOST_BYTES_IN_FLIGHT.saturating_sub(kept),
        };
        if total.is_zero() {
            let late = TransportError::new(Reason::TimedOut, Reached::No);
            return requests.iter().map(|_| Err(late)).collect();
        }
        let count = u32::try_from(requests.len()).unwrap_or(u32::MAX);
        self.usage.requests = self.usage.requests.saturating_add(count);
        let mut exchanges = self.transport.send_all(requests, &limits);
        let bytes = exchanges.iter().flatten().map(|answer| answer.body.len());
        self.largest = bytes.fold(self.largest, usize::max);
        for answer in exchanges.iter_mut().flatten().filter(|answer| answer.status >= 300) {
            self.forget_echoes(answer, Kind::Words);
        }
        exchanges
    }

    /// Sends a request that needs no token, and repeats it as a read. Answers
    /// that mean trouble with the request itself are the caller's to read.
    fn send_open(&mut self, request: &HttpRequest) -> Result<HttpResponse> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            self.usage.retries += u32::from(attempts > 1);
            let exchange = self.exchange(core::slice::from_ref(request), None).pop();
            let exchange = exchange.ok_or_else(misplaced)?;
            let wait = match exchange {
                // The token endpoint out of order for a moment.
                Ok(answer) if answer.status == 500 && !answer.is_html() && attempts == 1 => {
                    PAUSE.min(self.remaining())
                }
                Ok(answer) if !matches!(answer.status, 429 | 502..) => return Ok(answer),
                exchange => self.weigh(Safety::Read, &[], attempts, exchange)?,
            };
            self.wait(wait);
        }
    }

    /// Sees to it that there is a token that is good for a while.
    fn ensure_token(&mut self) -> Result<()> {
        if self.token.host_injects {
            return Ok(());
        }
        let now = self.now();
        match &self.token.session {
            // One of this call is as fresh as it gets.
            Some(session) if self.token.renewed && session.expires_at.is_none_or(|ends| ends > now) => Ok(()),
            Some(session) if !auth::is_stale(session, now) || !self.credentials.can_sign_in() => Ok(()),
            _ => self.sign_in(),
        }
    }

    /// Gets a fresh token.
    pub fn sign_in(&mut self) -> Result<()> {
        let application = self.credentials.application()?;
        if self.credentials.auth_url.is_none() {
            self.discover()?;
        }
        let request = auth::token_request(&self.credentials, &application, &self.credentials.sign_in_url());
        let answer = self.send_open(&request)?;
        let session = auth::session(&answer, self.now())?;
        self.keep_secret(&session.token);
        self.token.session = Some(session);
        self.token.renewed = true;
        self.token.successes = 0;
        Ok(())
    }

    /// A server may echo what it was sent, and its words reach people. Files, which
    /// are neither JSON nor an error, stay as they are.
    fn forget_echoes(&self, answer: &mut HttpResponse, kind: Kind) {
        let is_file = kind == Kind::Data && answer.header("content-disposition").is_some();
        if is_file || !self.redactor.is_in(&answer.body) {
            return;
        }
        let is_json = answer.body.trim_ascii_start().first().is_some_and(|byte| b"{[\"".contains(byte));
        match String::from_utf8(core::mem::take(&mut answer.body)) {
            Ok(mut text) => {
                if is_json || kind == Kind::Words {
                    self.redactor.json(&mut text, kind);
                }
                answer.body = text.into_bytes();
            }
            // Words that are no text are not worth a risk.
            Err(error) if kind == Kind::Data => answer.body = error.into_bytes(),
            Err(_) => {}
        }
    }

    /// Completes the credentials with what the instance says about itself.
    /// Gives back why it said nothing, if so: then the usual address is taken.
    pub fn discover(&mut self) -> Result<Option<NodeError>> {
        let (info, problem) = self.ask(&self.credentials.resource_url.clone());
        if info == auth::AuthInfo::default() && self.credentials.is_folder_guessed {
            // What was taken for a folder may have been a page.
            for resource_url in endpoints::nearer_to_the_root(&self.credentials.resource_url) {
                let (there, _) = self.ask(&resource_url);
                if there != auth::AuthInfo::default() {
                    self.credentials.resource_url = resource_url;
                    auth::complete(&mut self.credentials, there)?;
                    return Ok(None);
                }
            }
        }
        auth::complete(&mut self.credentials, info)?;
        Ok(problem)
    }

    /// What an instance says about itself, or why it says nothing.
    fn ask(&mut self, resource_url: &Url) -> (auth::AuthInfo, Option<NodeError>) {
        let request = ApiRequest::get("/authinfo").to_http(resource_url, None, None);
        match self.send_open(&request) {
            Ok(answer) => (auth::auth_info(&answer), None),
            Err(error) => (auth::AuthInfo::default(), Some(error)),
        }
    }
}

/// Parses the body of a success.
pub fn json(answer: &HttpResponse, safety: Safety) -> Result<Value> {
    if answer.is_html() {
        return Err(answer::malformed(answer, "it is a web page", safety));
    }
    envelope::parse(&answer.body).map_err(|why| match why {
        envelope::TOO_LARGE => answer::too_large(answer, safety),
        why => answer::malformed(answer, why, safety),
    })
}

fn misplaced() -> NodeError {
    NodeError::new(Code::Internal, "A request got lost inside the node.")
}

fn token_refused() -> NodeError {
    NodeError::new(Code::TokenRefused, "HaloPSA refuses a token that it has just issued.").with_advice(
        "In HaloPSA, check the API application: its login type is Agent, it has an agent to log in as who is enabled, and it has permissions. The scope must not be empty.",
    )
}

/// A request and what became of it.
struct Slot<'a> {
    request: &'a ApiRequest,
    attempts: u32,
    /// Whether an attempt without a clear answer may have been carried out.
    perhaps_done: bool,
    result: Option<Box<Result<HttpResponse>>>,
}

impl<'a> Slot<'a> {
    fn new(request: &'a ApiRequest) -> Self {
        Self { request, attempts: 0, perhaps_done: false, result: None }
    }

    fn is_open(&self) -> bool {
        self.result.is_none()
    }

    fn settle(&mut self, result: Result<HttpResponse>) {
        let perhaps_done = self.perhaps_done && self.request.safety != Safety::Read;
        let result =
            result.map_err(|error| if perhaps_done { error.with_effect(Effect::Unknown) } else { error });
        self.result.get_or_insert_with(|| Box::new(result));
    }

    /// Bytes of its answer, if there is one.
    fn bytes(&self) -> usize {
        match self.result.as_deref() {
            Some(Ok(answer)) => answer.body.len(),
            _ => 0,
        }
    }

    fn is_repeated_delete(&self) -> bool {
        self.perhaps_done && self.request.method == Method::Delete
    }

    fn into_result(self) -> Result<HttpResponse> {
        self.result.map_or_else(|| Err(misplaced()), |result| *result)
    }
}
