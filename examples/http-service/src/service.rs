//! `POST /execute`: JSON in, JSON out.

use json_call::{Call, Failure};
use serde_json::json;
use waki::{ErrorCode, Method, Request, Response, handler};

/// The largest request that is read, in bytes.
const MAX_BYTES: usize = 16 << 20;

#[handler]
#[expect(clippy::needless_pass_by_value, reason = "the macro calls it like this")]
fn handle(request: Request) -> Result<Response, ErrorCode> {
    let (status, body) = match (request.method(), request.path()) {
        (Method::Post, "/execute") => execute(&request),
        (_, "/execute") => (405, problem("Only POST is supported.")),
        _ => (404, problem("The only path is /execute.")),
    };
    Response::builder().status_code(status).header("content-type", "application/json").body(body).build()
}

/// Runs one operation; the status tells callers what to do, the body why.
fn execute(request: &Request) -> (u16, String) {
    match read(request).map(Call::run) {
        Ok(Ok(result)) => (200, result),
        Ok(Err(Failure::Permanent(error))) => (422, error),
        Ok(Err(Failure::Transient(error))) => (503, error),
        Err(message) => (400, problem(&message)),
    }
}

fn read(request: &Request) -> Result<Call, String> {
    let mut body = Vec::new();
    while let Some(chunk) = request.chunk(64 << 10).map_err(|_| "The body is not complete.")? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err("The body is too large.".to_owned());
        }
        body.extend(chunk);
    }
    serde_json::from_slice(&body).map_err(|error| format!("The body is not a call: {error}."))
}

fn problem(message: &str) -> String {
    json!({ "message": message }).to_string()
}
