//! One request, put together and sent.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt::Display;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Http, answer};
use crate::builder::INVALID_VALUE;
use crate::error::{Code, ErrorKind, NodeError, Result};
use crate::http::{HttpRequest, HttpResponse, Method};
pub use crate::retry::Safety;

/// What a request carries.
enum Body {
    None,
    Json(core::result::Result<Value, String>),
    Bytes { content_type: &'static str, bytes: Vec<u8> },
}

/// A request that is being put together.
pub struct Call<'h, 'a> {
    http: &'h mut Http<'a>,
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(&'static str, String)>,
    body: Body,
    safety: Safety,
}

impl<'h, 'a> Call<'h, 'a> {
    pub(super) fn new(http: &'h mut Http<'a>, method: Method, path: String) -> Self {
        let safety = match method {
            Method::Get => Safety::Read,
            // A change of somebody else may have come in between.
            Method::Post | Method::Put | Method::Patch | Method::Delete => Safety::Create,
        };
        Self { http, method, path, query: vec![], headers: vec![], body: Body::None, safety }
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl Display) -> Self {
        self.query.push((name.to_string(), value.to_string()));
        self
    }

    /// Adds a query parameter if there is a value.
    #[must_use]
    pub fn maybe(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sets the JSON body. Members that are `null` are left out at every depth, since
    /// they stand for what was not given; [`exact_body`](Self::exact_body) keeps them.
    #[must_use]
    pub fn body(mut self, body: impl Serialize) -> Self {
        self.body =
            Body::Json(serde_json::to_value(body).map(without_nulls).map_err(|error| error.to_string()));
        self
    }

    /// Sets the JSON body as it is.
    #[must_use]
    pub fn exact_body(mut self, body: impl Serialize) -> Self {
        self.body = Body::Json(serde_json::to_value(body).map_err(|error| error.to_string()));
        self
    }

    /// Sets a body of form fields (`application/x-www-form-urlencoded`).
    #[must_use]
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        self.bytes("application/x-www-form-urlencoded", form.finish().into_bytes())
    }

    /// Sets a body that is no JSON, such as a file.
    #[must_use]
    pub fn bytes(mut self, content_type: &'static str, bytes: Vec<u8>) -> Self {
        self.body = Body::Bytes { content_type, bytes };
        self
    }

    /// Says what becomes of it when it is sent twice, where the method does not: a
    /// search by POST is [`Safety::Read`], and [`Safety::Overwrite`] has a write sent again
    /// after a gateway error or a lost answer.
    #[must_use]
    pub fn safety(mut self, safety: Safety) -> Self {
        self.safety = safety;
        self
    }

    /// Sends it and parses the answer.
    ///
    /// # Errors
    /// What the service, the network or the host refused; an answer of another shape.
    pub fn send<T: DeserializeOwned>(self) -> Result<T> {
        let safety = self.safety;
        let answer = self.send_raw()?;
        answer::parse(&answer, safety)
    }

    /// Sends it and returns the answer as it is, for what is no JSON.
    ///
    /// # Errors
    /// What the service, the network or the host refused.
    pub fn send_raw(self) -> Result<HttpResponse> {
        let Self { http, method, path, query, mut headers, body, safety } = self;
        headers.push(("accept", "application/json".into()));
        // What a dry run shows of the body, and what is sent.
        let (shown, content_type, bytes) = match body {
            Body::None => (None, None, vec![]),
            Body::Json(Ok(body)) => {
                let bytes = body.to_string().into_bytes();
                (Some(body), Some("application/json"), bytes)
            }
            Body::Json(Err(error)) => {
                let message = format!("The body of a request cannot be written: {error}.");
                return Err(NodeError::new(Code::INTERNAL, message));
            }
            Body::Bytes { content_type, bytes } => {
                let shown = format!("{} bytes of {content_type}", bytes.len());
                (Some(Value::String(shown)), Some(content_type), bytes)
            }
        };
        headers.extend(content_type.map(|content_type| ("content-type", content_type.to_string())));
        let mut request = HttpRequest { method, url: http.address(&path, &query), headers, body: bytes };
        stays_in_place(&path)?;
        if http.context.dry_run {
            return Err(http.keep_for_dry_run(&request, shown.as_ref()));
        }
        if let Some(trace_parent) = &http.context.trace_parent {
            request.headers.push(("traceparent", trace_parent.clone()));
        }
        let unsigned = request.headers.len();
        http.log_in()?;
        http.sign(&mut request)?;
        match http.exchange(&request, safety) {
            Err(error) if error.kind() == ErrorKind::Unauthenticated && http.renew()? => {
                request.headers.truncate(unsigned);
                http.sign(&mut request)?;
                http.usage.retries += 1;
                http.exchange(&request, safety)
            }
            answer => answer,
        }
    }
}

/// Refuses a path that an input could lead somewhere else: `..` in an id would name
/// another record.
fn stays_in_place(path: &str) -> Result<()> {
    let moves =
        |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    if !path.split(['/', '\\']).any(moves) {
        return Ok(());
    }
    Err(NodeError::new(INVALID_VALUE, "A value in the address of a request is \".\" or \"..\".")
        .with_advice("Give the id of a record."))
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let there = members.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(there.map(|(name, value)| (name, without_nulls(value))).collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(without_nulls).collect()),
        value => value,
    }
}
