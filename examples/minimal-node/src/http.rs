//! One HTTP request at a time, within the deadline of the call.

use alloc::{format, string::String, string::ToString, vec::Vec};

use serde_json::Value;
use wasi::http::outgoing_handler::handle;
use wasi::http::types::{ErrorCode, Fields, Method, OutgoingBody, OutgoingRequest, Scheme};
use wasi::io::poll::{Pollable, poll};
use wasi::io::streams::StreamError;

use crate::bindings::types::{Effect, ErrorKind, NodeError, Retry, Usage};
use crate::node::{Answer, error};

const LONGEST_ANSWER: usize = 1 << 20;

/// The service, for the length of one call.
pub(crate) struct Client {
    pub(crate) url: String,
    pub(crate) key: Option<String>,
    pub(crate) trace_parent: Option<String>,
    pub(crate) deadline: Pollable,
    pub(crate) usage: Usage,
}

impl Client {
    /// Gets `path`, or posts `body` to it.
    pub(crate) fn send(&mut self, path: &str, body: Option<&Value>) -> Answer<Value> {
        let body = body.map(Value::to_string);
        let request = self.request(path, body.as_deref()).ok_or_else(|| {
            let message = "The address or the key does not fit into a request.";
            error(ErrorKind::InvalidInput, "todo.bad-connection", message)
        })?;
        self.usage.requests += 1;
        // Nobody knows what became of a write that was not answered.
        let lost = if body.is_some() { Effect::Unknown } else { Effect::None };
        let (status, answer) =
            self.exchange(request, body.as_deref()).map_err(|code| unanswered(&code, lost))?;
        let (kind, effect, retry) = match (status, serde_json::from_slice(&answer)) {
            (200..=299, Ok(answer)) => return Ok(answer),
            (400 | 422, _) => (ErrorKind::InvalidInput, Effect::None, Retry::Never),
            (401, _) => (ErrorKind::Unauthenticated, Effect::None, Retry::Never),
            (403, _) => (ErrorKind::Forbidden, Effect::None, Retry::Never),
            (404, _) => (ErrorKind::NotFound, Effect::None, Retry::Never),
            (429, _) => (ErrorKind::RateLimited, Effect::None, Retry::HostDefault),
            (500.., _) => (ErrorKind::Unavailable, lost, Retry::HostDefault),
            _ => (ErrorKind::Protocol, lost, Retry::Never),
        };
        self.usage.rate_limited += u32::from(status == 429);
        let code = format!("todo.status-{status}");
        let message = format!("The to-do service answered with status {status}.");
        Err(NodeError { http_status: Some(status), effect, retry, ..error(kind, &code, &message) })
    }

    fn request(&self, path: &str, body: Option<&str>) -> Option<OutgoingRequest> {
        let headers = Fields::new();
        let length = body.map(|body| body.len().to_string());
        for (name, value) in [
            ("content-length", length.as_deref()),
            ("content-type", body.map(|_| "application/json")),
            ("traceparent", self.trace_parent.as_deref()),
            ("x-api-key", self.key.as_deref()),
        ] {
            if let Some(value) = value {
                headers.append(name, value.as_bytes()).ok()?;
            }
        }
        let (scheme, authority) = match self.url.strip_prefix("http://") {
            Some(authority) => (Scheme::Http, authority),
            None => (Scheme::Https, self.url.strip_prefix("https://")?),
        };
        let method = body.map_or(Method::Get, |_| Method::Post);
        let request = OutgoingRequest::new(headers);
        request.set_method(&method).ok()?;
        request.set_scheme(Some(&scheme)).ok()?;
        request.set_authority(Some(authority)).ok()?;
        request.set_path_with_query(Some(path)).ok()?;
        Some(request)
    }

    /// Status and body of the answer.
    fn exchange(&self, request: OutgoingRequest, body: Option<&str>) -> Result<(u16, Vec<u8>), ErrorCode> {
        let sink = body.map(|_| request.body()).transpose().map_err(broken)?;
        let future = handle(request, None)?;
        if let (Some(sink), Some(body)) = (sink, body) {
            // Should this fail, the answer says why.
            let _ = self.write(sink, body.as_bytes());
        }
        self.wait(&future.subscribe())?;
        let response = future.get().and_then(Result::ok).ok_or(()).map_err(broken)??;
        let incoming = response.consume().map_err(broken)?;
        let stream = incoming.stream().map_err(broken)?;
        let mut answer = Vec::new();
        while answer.len() < LONGEST_ANSWER {
            self.wait(&stream.subscribe())?;
            match stream.read(64 * 1024) {
                Ok(part) => answer.extend(part),
                Err(StreamError::Closed) => return Ok((response.status(), answer)),
                Err(error) => return Err(broken(error)),
            }
        }
        Err(ErrorCode::HttpResponseBodySize(None))
    }

    fn write(&self, sink: OutgoingBody, body: &[u8]) -> Result<(), ErrorCode> {
        let stream = sink.write().map_err(broken)?;
        self.wait(&stream.subscribe())?;
        // A title has at most 200 characters: one write takes it.
        if stream.check_write().map_err(broken)? >= body.len() as u64 {
            stream.write(body).map_err(broken)?;
        }
        drop(stream);
        OutgoingBody::finish(sink, None)
    }

    /// Waits for `event`, but not beyond the deadline.
    fn wait(&self, event: &Pollable) -> Result<(), ErrorCode> {
        match poll(&[&self.deadline, event]).contains(&0) {
            true => Err(ErrorCode::HttpResponseTimeout),
            false => Ok(()),
        }
    }
}

fn broken<E>(_: E) -> ErrorCode {
    ErrorCode::ConnectionTerminated
}

fn unanswered(code: &ErrorCode, lost: Effect) -> NodeError {
    let (kind, effect) = match code {
        ErrorCode::HttpRequestDenied => {
            return error(ErrorKind::Denied, "todo.egress-denied", "The host does not allow this address.");
        }
        ErrorCode::ConnectionRefused | ErrorCode::DnsError(_) => (ErrorKind::Unavailable, Effect::None),
        ErrorCode::HttpResponseTimeout => (ErrorKind::Timeout, lost),
        _ => (ErrorKind::Unavailable, lost),
    };
    let error = error(kind, "todo.no-answer", "The to-do service gave no answer.");
    NodeError { effect, retry: Retry::HostDefault, ..error }
}
