//! One HTTP request, exactly as the input describes it.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::mem::forget;

use serde_json::{Value, json};
use wasi::http::outgoing_handler::handle;
use wasi::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingResponse, Method, OutgoingBody, OutgoingRequest,
    RequestOptions, Scheme, http_error_code,
};
use wasi::io::streams::StreamError;

/// Sends `{"method", "url", "headers", "body", "connect_ms", "first_byte_ms",
/// "between_bytes_ms"}` and tells what came of it: `{"status",
/// "length", "body", "location"}`, or `{"error"}` with the name of the error code
/// and, for a broken body, what was read of it.
pub(crate) fn send(input: &Value) -> Value {
    let answer = begin(input).and_then(|future| {
        future.subscribe().block();
        let Some(Ok(response)) = future.get() else { return Err("no future".to_owned()) };
        response.map(|response| read(&response)).map_err(|code| shown(&code))
    });
    answer.unwrap_or_else(|error| json!({ "error": error }))
}

/// Begins the same request `count` times and waits for the last one.
pub(crate) fn flood(input: &Value) {
    let count = input.get("count").and_then(Value::as_u64).unwrap_or(1);
    let futures: Vec<FutureIncomingResponse> = (0..count).filter_map(|_| begin(input).ok()).collect();
    if let Some(last) = futures.last() {
        last.subscribe().block();
    }
}

/// Makes headers without end.
pub(crate) fn hoard() -> ! {
    let value = vec![b'x'; 64 << 10];
    loop {
        let headers = Fields::new();
        let _ = headers.append("x-hoard", &value);
        forget(headers);
    }
}

/// Sends a body of so many bytes, as fast as the host takes them.
pub(crate) fn upload(input: &Value, bytes: u64) -> Value {
    let mut input = input.clone();
    if let Some(members) = input.as_object_mut() {
        members.insert("zeros".to_owned(), json!(bytes));
    }
    send(&input)
}

pub(crate) fn begin(input: &Value) -> Result<FutureIncomingResponse, String> {
    let text = |name: &str| input.get(name).and_then(Value::as_str);
    let headers = Fields::new();
    for (name, value) in input.get("headers").and_then(Value::as_object).into_iter().flatten() {
        if headers.append(name, value.as_str().unwrap_or_default().as_bytes()).is_err() {
            return Err("forbidden header".to_owned());
        }
    }
    let request = OutgoingRequest::new(headers);
    let url = text("url").unwrap_or_default();
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let slash = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(slash);
    let method = match text("method").unwrap_or("GET") {
        "GET" => Method::Get,
        "POST" => Method::Post,
        other => Method::Other(other.to_owned()),
    };
    let scheme = if scheme == "http" { Scheme::Http } else { Scheme::Https };
    let accepted = request.set_method(&method).is_ok()
        && request.set_scheme(Some(&scheme)).is_ok()
        && request.set_authority(Some(authority)).is_ok()
        && request.set_path_with_query(Some(if path.is_empty() { "/" } else { path })).is_ok();
    if !accepted {
        return Err("refused by the request itself".to_owned());
    }
    let options = RequestOptions::new();
    let nanoseconds = |name: &str| input.get(name).and_then(Value::as_u64).map(|ms| ms * 1_000_000);
    let set = options.set_connect_timeout(nanoseconds("connect_ms")).is_ok()
        && options.set_first_byte_timeout(nanoseconds("first_byte_ms")).is_ok()
        && options.set_between_bytes_timeout(nanoseconds("between_bytes_ms")).is_ok();
    if !set {
        return Err("no such time-out".to_owned());
    }

    let zeros = input.get("zeros").and_then(Value::as_u64).unwrap_or(0);
    let text = text("body").or((zeros > 0).then_some(""));
    let body = text.map(|text| (request.body(), text));
    let future = handle(request, Some(options)).map_err(|code| shown(&code))?;
    if let Some((Ok(body), text)) = body {
        if let Ok(stream) = body.write() {
            for part in text.as_bytes().chunks(4096) {
                if stream.blocking_write_and_flush(part).is_err() {
                    break;
                }
            }
            let piece = [0; 4096];
            for _ in 0..zeros.div_ceil(4096) {
                if stream.blocking_write_and_flush(&piece).is_err() {
                    break;
                }
            }
        }
        if input.get("unfinished") == Some(&Value::Bool(true)) {
            forget(body);
        } else {
            let _ = OutgoingBody::finish(body, None);
        }
    }
    Ok(future)
}

pub(crate) fn shown(code: &ErrorCode) -> String {
    format!("{code:?}")
}

fn read(response: &IncomingResponse) -> Value {
    let location = response.headers().get("location");
    let location = location.first().map(|value| String::from_utf8_lossy(value).into_owned());
    let mut read = Vec::new();
    let mut error = None;
    if let Ok(body) = response.consume()
        && let Ok(stream) = body.stream()
    {
        loop {
            match stream.blocking_read(64 * 1024) {
                Ok(part) => read.extend(part),
                Err(StreamError::Closed) => break,
                Err(StreamError::LastOperationFailed(failure)) => {
                    error = Some(format!("{:?}", http_error_code(&failure)));
                    break;
                }
            }
        }
    }
    let shown = String::from_utf8_lossy(read.get(..read.len().min(1000)).unwrap_or_default()).into_owned();
    json!({
        "status": response.status(),
        "length": read.len(),
        "body": shown,
        "location": location,
        "body_error": error,
    })
}
