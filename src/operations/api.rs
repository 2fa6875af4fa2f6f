//! `api.request`: any path of the API, with the host fixed.
//!
//! A path is a few plain segments: nothing in it can lead to another host, out
//! of the API, or past the list of what is closed. The method decides what is
//! allowed: read-only mode lets GET through, and whatever writes wants a
//! person.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use serde_json::{Value, json};
use workflow_node_sdk::http::Method;
use workflow_node_sdk::interface::{Item, Object};
use workflow_node_sdk::retry::Safety;

use super::{Task, report};
use crate::client;
use crate::error::{Code, NodeError, Result};
use crate::input::{self, Input};
use crate::protocol::request::ApiRequest;

/// The largest answer that is passed on.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// First segments that are closed: secrets and settings of administrators,
/// receivers of other systems, and paths whose GET changes something.
const CLOSED: &[&str] = &[
    "application",
    "certificate",
    "control",
    "gotoresolve",
    "integrationdata",
    "lapsafe",
    "licenseinfo",
    "logintoken",
    "mo",
    "notify",
    "passwordfield",
];

/// Second segments that change something, whatever the method.
const CLOSED_BELOW: &[&str] = &["clearcache", "updateenc", "setup"];

/// The request for an input.
pub fn request(input: &Input) -> Result<ApiRequest> {
    let values = &input.values;
    let text = |name: &str| values.get(name).and_then(Value::as_str).unwrap_or_default();
    let path = path(text("path"))?;
    let body = values.get("body");
    let (method, safety) = match text("method") {
        "POST" => (Method::Post, Safety::Create),
        "DELETE" => (Method::Delete, Safety::Overwrite),
        _ => (Method::Get, Safety::Read),
    };
    match (method, body) {
        (Method::Post, Some(Value::Array(_) | Value::Object(_))) | (Method::Get | Method::Delete, None) => {}
        (Method::Post, _) => {
            return Err(NodeError::new(
                Code::MissingField,
                "A POST needs a body: a list of objects, or an object.",
            )
            .with_field("body")
            .with_advice("Most paths want a list, even for one record."));
        }
        _ => {
            return Err(NodeError::new(Code::InvalidValue, "Only a POST has a body.")
                .with_field("body")
                .with_advice("Give parameters in `query`."));
        }
    }
    // Whoever runs a report this way: its gateway time-out is final, too.
    let final_statuses = if is_report(&path) { report::FINAL_STATUSES } else { &[] };
    let query = query(values)?;
    Ok(ApiRequest { method, query, body: body.cloned(), safety, final_statuses, ..ApiRequest::get(path) })
}

fn is_report(path: &str) -> bool {
    path.split('/').nth(1).is_some_and(|first| first.eq_ignore_ascii_case("report"))
}

fn query(values: &Object) -> Result<Vec<(String, String)>> {
    let wrong = |name: &str| {
        Err(NodeError::new(
            Code::InvalidValue,
            "A query parameter is a text, a number, a boolean, or a list of them.",
        )
        .with_field(name)
        .with_field("query"))
    };
    let simple = |value: &Value| !matches!(value, Value::Null | Value::Object(_) | Value::Array(_));
    match values.get("query") {
        None => Ok(vec![]),
        Some(Value::Object(query)) => {
            for (name, value) in query {
                let fits = match value {
                    Value::Array(values) => values.iter().all(simple),
                    value => simple(value),
                };
                if !fits {
                    return wrong(name);
                }
            }
            Ok(input::to_query(query))
        }
        Some(_) => {
            Err(NodeError::new(Code::InvalidValue, "The query must be an object.").with_field("query"))
        }
    }
}

/// A path below the resource server, or why it is none.
fn path(given: &str) -> Result<String> {
    let refuse = |message: &'static str| Err(NodeError::new(Code::InvalidValue, message).with_field("path"));
    let below = given.trim();
    if below.contains('?') {
        return Err(NodeError::new(Code::InvalidValue, "The path has a query in it.")
            .with_field("path")
            .with_advice("Give the path alone, and its parameters in `query`, such as {\"count\": 3}."));
    }
    let below = below.strip_prefix('/').unwrap_or(below);
    let segments: Vec<&str> = match below.split('/').collect::<Vec<_>>().as_slice() {
        [api, rest @ ..] if api.eq_ignore_ascii_case("api") && !rest.is_empty() => rest.to_vec(),
        all => all.to_vec(),
    };
    let is_plain = |segment: &&str| {
        !segment.is_empty()
            && segment
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~'))
            && !segment.bytes().all(|byte| byte == b'.')
    };
    if !segments.iter().all(is_plain) {
        return refuse(
            "The path must be plain segments such as /Tickets/17: no other host, no dots, no encoded characters.",
        );
    }
    let is_in = |list: &[&str], segment: Option<&&str>| {
        segment.is_some_and(|segment| list.iter().any(|closed| segment.eq_ignore_ascii_case(closed)))
    };
    if is_in(CLOSED, segments.first()) || is_in(CLOSED_BELOW, segments.get(1)) {
        return Err(NodeError::new(Code::NotAllowed, "This path is closed here.")
            .with_field("path")
            .with_advice("It holds settings of administrators, or changes something when it is read."));
    }
    let mut path = String::new();
    for segment in segments {
        path.push('/');
        path.push_str(segment);
    }
    Ok(path)
}

/// Calls the API for one item.
pub fn call(task: &mut Task<'_, '_>, index: usize, input: &Input) -> Result<Vec<Item>> {
    let request = request(input)?;
    if request.method != Method::Get {
        super::permit_write(task.context)?;
        super::confirm(task.context, "This call writes to HaloPSA, and nobody confirmed it.")?;
    }
    let answer = task.client.send(&request)?;
    if answer.body.len() > MOST_BYTES {
        return Err(NodeError::new(Code::AnswerTooLarge, "The answer has more than 4 MB.")
            .with_advice("Ask for less: with filters, page_size and page_no."));
    }
    let mut body = if answer.body.is_empty() { Value::Null } else { client::json(&answer, request.safety)? };
    task.redact(&mut body, index);
    Ok(vec![Item::new(json!({"status": answer.status, "body": body}))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_paths_of_the_api_pass() {
        for (given, expected) in [
            ("/Tickets/17", "/Tickets/17"),
            ("Tickets", "/Tickets"),
            (" /api/Tickets ", "/Tickets"),
            ("/API/Client/12", "/Client/12"),
            ("/Control2", "/Control2"),
            (
                "/Webhook/7b0e4f2a-1111-2222-3333-444455556666",
                "/Webhook/7b0e4f2a-1111-2222-3333-444455556666",
            ),
        ] {
            assert_eq!(path(given).as_deref(), Ok(expected), "{given}");
        }
        for given in [
            "",
            "/",
            "//evil.example/x",
            "https://evil.example/api/Tickets",
            "/Tickets/../Application",
            "/Tickets/%2e%2e/Application",
            "/Tickets/..",
            "/./Tickets",
            "/Tickets\\17",
            "/Tickets//17",
            "/Tickets/",
            "/Tickets?id=3",
            "/Tickets#x",
            "/Tickets/1 7",
            "/Tick\u{eb}ts",
            "/user:pass@host/x",
        ] {
            assert_eq!(path(given).unwrap_err().code(), Code::InvalidValue, "{given}");
        }
        for given in
            ["/Application", "/application/3", "api/APPLICATION", "/Agent/ClearCache", "/Control/setup"]
        {
            assert_eq!(path(given).unwrap_err().code(), Code::NotAllowed, "{given}");
        }
    }
}
