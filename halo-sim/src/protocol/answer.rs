//! An answer before it is put on the wire.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

/// Status, headers, body, and a remark for the request log.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: StatusCode,
    /// Headers besides those of the connection.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// The complete body.
    pub(crate) body: Bytes,
    /// Why the answer is as it is: for the log, never sent.
    pub(crate) hint: Option<String>,
}

impl Answer {
    /// An answer without a body.
    #[must_use]
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new(), hint: None }
    }

    /// An answer with a body of a named type.
    #[must_use]
    pub(crate) fn of(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut answer = Self::empty(status);
        answer.body = body.into();
        answer.headers.push((header::CONTENT_TYPE, HeaderValue::from_static(content_type)));
        answer
    }

    /// A JSON answer.
    #[must_use]
    pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Self {
        // Rows and values always serialise; a failure would be ours to see.
        let body = serde_json::to_vec(body).unwrap_or_else(|error| error.to_string().into_bytes());
        Self::of(status, "application/json; charset=utf-8", body)
    }

    /// A JSON answer with 200.
    #[must_use]
    pub(crate) fn ok(body: &impl Serialize) -> Self {
        Self::json(StatusCode::OK, body)
    }

    /// A page for people where a client expects JSON.
    #[must_use]
    pub(crate) fn html(status: StatusCode, body: String) -> Self {
        Self::of(status, "text/html; charset=utf-8", body)
    }

    /// The answer with one more header; one that cannot be sent is left out.
    #[must_use]
    pub(crate) fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// The answer with a remark for the request log.
    #[must_use]
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
