//! Requests to the resource server.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt::Write as _;
use core::time::Duration;

use serde_json::{Value, json};
use url::Url;
use workflow_node_sdk::http::{HttpRequest, Method};
use workflow_node_sdk::interface::Secret;
use workflow_node_sdk::retry::Safety;

use crate::catalogue::field::Field;

/// A request to the HaloPSA API, before it is known where that is and with
/// what token.
#[derive(Debug, Clone)]
pub struct ApiRequest {
    /// What to do.
    pub method: Method,
    /// Path below the resource server, such as `/Tickets/17`.
    pub path: String,
    /// Query parameters, not encoded.
    pub query: Vec<(String, String)>,
    /// The JSON body of a POST.
    pub body: Option<Value>,
    /// What becomes of it when it is sent twice.
    pub safety: Safety,
    /// The permission that the API application needs for it.
    pub scope: Option<&'static str>,
    /// The fields that it may be refused for.
    pub fields: &'static [Field],
    /// Statuses of a server in trouble that no repetition changes.
    pub final_statuses: &'static [u16],
    /// How long the server may work before its answer begins, where that is
    /// longer than usual.
    pub first_byte: Option<Duration>,
}

impl ApiRequest {
    /// Reads.
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::Get,
            path: path.into(),
            query: vec![],
            body: None,
            safety: Safety::Read,
            scope: None,
            fields: &[],
            final_statuses: &[],
            first_byte: None,
        }
    }

    /// Creates or updates one record: HaloPSA wants an array, and answers with
    /// the last element only, so one element at a time (HAPI §4).
    pub fn post_one(path: impl Into<String>, record: Value, safety: Safety) -> Self {
        Self {
            method: Method::Post,
            path: path.into(),
            query: vec![],
            body: Some(Value::Array(vec![record])),
            safety,
            scope: None,
            fields: &[],
            final_statuses: &[],
            first_byte: None,
        }
    }

    /// Deletes.
    pub fn delete(path: impl Into<String>) -> Self {
        Self {
            method: Method::Delete,
            path: path.into(),
            query: vec![],
            body: None,
            safety: Safety::Overwrite,
            scope: None,
            fields: &[],
            final_statuses: &[],
            first_byte: None,
        }
    }

    /// Says which permission it needs, if any.
    pub fn needing(mut self, scope: &'static str) -> Self {
        self.scope = Some(scope).filter(|scope| !scope.is_empty());
        self
    }

    /// Adds a query parameter.
    pub fn with(mut self, name: &str, value: impl core::fmt::Display) -> Self {
        self.query.push((name.to_string(), value.to_string()));
        self
    }

    /// Adds fixed query parameters, unless they are there already.
    pub fn with_defaults(mut self, defaults: &[(&str, &str)]) -> Self {
        for (name, value) in defaults {
            if !self.query.iter().any(|(present, _)| present == name) {
                self.query.push(((*name).to_string(), (*value).to_string()));
            }
        }
        self
    }

    /// Where it goes.
    pub fn url(&self, resource_url: &Url) -> Url {
        let mut url = resource_url.clone();
        let path = format!("{}{}", url.path().trim_end_matches('/'), self.path);
        url.set_path(&path);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        url
    }

    /// The request on the wire. Without a token the host adds it.
    pub fn to_http(
        &self,
        resource_url: &Url,
        token: Option<&Secret>,
        trace_parent: Option<&str>,
    ) -> HttpRequest {
        let mut headers = vec![("accept", "application/json".to_string())];
        if let Some(token) = token {
            headers.push(("authorization", format!("Bearer {}", token.reveal())));
        }
        if let Some(trace_parent) = trace_parent {
            headers.push(("traceparent", trace_parent.to_string()));
        }
        let body = self.body.as_ref().map(text).unwrap_or_default().into_bytes();
        if !body.is_empty() {
            headers.push(("content-type", "application/json; charset=utf-8".to_string()));
        }
        HttpRequest { method: self.method, url: self.url(resource_url), headers, body }
    }

    /// The request for people and for dry runs: no header, so no secret.
    pub fn to_json(&self, resource_url: &Url) -> Value {
        let mut shown = json!({"method": self.method.name(), "url": self.url(resource_url).as_str()});
        if let (Some(body), Some(object)) = (&self.body, shown.as_object_mut()) {
            object.insert("body".into(), body.clone());
        }
        shown
    }
}

/// JSON text, written in one piece: a body may hold a file, and would be
/// copied each time that its text outgrows its place.
fn text(body: &Value) -> String {
    let mut text = String::with_capacity(length(body));
    // Writing into a string cannot fail.
    let _ = write!(text, "{body}");
    text
}

/// About how long the JSON text is: exact enough where it is long.
fn length(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 4,
        Value::Array(values) => values.iter().map(length).sum::<usize>() + 2,
        Value::Object(members) => members.iter().map(|(name, value)| name.len() + length(value) + 4).sum(),
        _ => 20,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_becomes_an_address_below_the_resource_server() {
        let base = Url::parse("https://x.halopsa.com/api").unwrap();
        let request = ApiRequest::get("/Tickets").with("search", "ü & =").with("page_no", 1);
        assert_eq!(
            request.url(&base).as_str(),
            "https://x.halopsa.com/api/Tickets?search=%C3%BC+%26+%3D&page_no=1"
        );
        assert_eq!(ApiRequest::delete("/Site/3").url(&base).as_str(), "https://x.halopsa.com/api/Site/3");
    }

    #[test]
    fn defaults_do_not_override() {
        let request = ApiRequest::get("/Tickets").with("a", 1).with_defaults(&[("a", "2"), ("b", "3")]);
        assert_eq!(request.query, [("a".into(), "1".into()), ("b".into(), "3".to_string())]);
    }

    #[test]
    fn a_write_is_an_array_of_one() {
        let base = Url::parse("https://x.halopsa.com/api").unwrap();
        let request = ApiRequest::post_one("/Tickets", json!({"summary": "x"}), Safety::Create);
        let http = request.to_http(&base, Some(&Secret::new("t")), None);
        assert_eq!(http.body, br#"[{"summary":"x"}]"#);
        assert!(http.headers.contains(&("authorization", "Bearer t".to_string())));
        assert!(!request.to_json(&base).to_string().contains("Bearer"));
    }
}
