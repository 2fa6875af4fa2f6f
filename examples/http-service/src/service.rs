//! `POST /execute`: JSON in, JSON out.

use std::time::SystemTime;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use waki::{ErrorCode, Method, Request, Response, handler};

use crate::bindings::flat::{FlatError, invoke};

/// The largest request that is read, in bytes.
const MOST_BYTES: usize = 16 << 20;

#[handler]
fn handle(request: Request) -> Result<Response, ErrorCode> {
    let (status, body) = match (request.method(), request.path()) {
        (Method::Post, "/execute") => execute(request),
        (_, "/execute") => (405, problem("only POST is understood")),
        _ => (404, problem("there is only /execute")),
    };
    Response::builder().status_code(status).header("content-type", "application/json").body(body).build()
}

/// Runs one operation; the status tells callers what to do, the body why.
fn execute(request: Request) -> (u16, String) {
    let call = match read(request) {
        Ok(call) => call,
        Err(message) => return (400, problem(message)),
    };
    let text = |name: &str| call.get(name).map_or_else(|| "{}".to_owned(), Value::to_string);
    let Some(operation) = call.get("operation").and_then(Value::as_str) else {
        return (400, problem("\"operation\" is missing"));
    };
    let cursor = call.get("cursor").and_then(Value::as_str);
    match invoke(&text("connection"), &context(&call), operation, &text("input"), cursor) {
        Ok(result) => (200, result),
        Err(FlatError::Transient(error)) => (503, error),
        Err(FlatError::PermanentFailure(error)) => (422, error),
        Err(FlatError::ExecutionFailed) => (500, problem("the node failed")),
    }
}

fn read(request: Request) -> Result<Map<String, Value>, &'static str> {
    let mut body = Vec::new();
    while let Some(chunk) = request.chunk(64 << 10).map_err(|_| "the body broke off")? {
        if body.len() + chunk.len() > MOST_BYTES {
            return Err("the body is too large");
        }
        body.extend(chunk);
    }
    match serde_json::from_slice(&body) {
        Ok(Value::Object(call)) => Ok(call),
        _ => Err("the body is no JSON object"),
    }
}

/// What the caller said, and the time, which a node cannot find out.
fn context(call: &Map<String, Value>) -> String {
    let mut context = call.get("context").and_then(Value::as_object).cloned().unwrap_or_default();
    context.entry("now").or_insert_with(|| json!(now()));
    Value::Object(context).to_string()
}

fn now() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or_default();
    Timestamp::from_second(seconds).unwrap_or_default().to_string()
}

fn problem(message: &str) -> String {
    json!({ "message": message }).to_string()
}
