//! Operations that lean on what calls share: sockets, host memory, the runtime.
//!
//! | operation | does |
//! |---|---|
//! | `keep` | waits for the heads of `count` responses, reads none of their bodies, and keeps all of them for `ms` |
//! | `clutter` | makes `count` header maps of `bytes` each and keeps them |
//! | `drafts` | opens `count` request bodies, writes as much into each as the host takes, and sends none |
//! | `poll` | polls a list that names one pollable `count` times |
//! | `half` | sends a request whose body it never finishes, and tells what became of it |
//! | `upload` | sends `bytes` as the body of one request |
//! | `odd` | sends a request of `method`, `scheme`, `authority`, `path` and `headers` as they are, and sets nothing that is not given |
//! | `hammer` | sends `count` requests, one after the other |

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::mem::forget;

use serde_json::{Value, json};
use wasi::clocks::monotonic_clock::subscribe_duration;
use wasi::http::outgoing_handler::handle;
use wasi::http::types::{Fields, IncomingResponse, Method, OutgoingRequest, Scheme};
use wasi::io::poll::{Pollable, poll};

use crate::http::{begin, send, shown, upload};

/// Runs one of these operations; `None` where it is none of them.
pub(crate) fn run(operation: &str, input: &Value) -> Option<Value> {
    let number = |name: &str, default: u64| input.get(name).and_then(Value::as_u64).unwrap_or(default);
    let count = number("count", 1);
    Some(match operation {
        "keep" => keep(input, count, number("ms", 0)),
        "clutter" => clutter(count, number("bytes", 0)),
        "drafts" => drafts(count),
        "poll" => {
            let pollable = subscribe_duration(0);
            let list: Vec<&Pollable> = (0..count).map(|_| &pollable).collect();
            json!({ "ready": poll(&list).len() })
        }
        "half" => {
            let mut half = input.clone();
            if let Some(members) = half.as_object_mut() {
                members.insert("unfinished".to_owned(), Value::Bool(true));
            }
            send(&half)
        }
        "upload" => upload(input, number("bytes", 0)),
        "odd" => odd(input),
        "hammer" => hammer(input, count),
        _ => return None,
    })
}

fn keep(input: &Value, count: u64, ms: u64) -> Value {
    let futures: Vec<_> = (0..count).filter_map(|_| begin(input).ok()).collect();
    let mut kept: Vec<IncomingResponse> = Vec::new();
    let mut errors: Vec<String> = Vec::new();
    for future in futures {
        future.subscribe().block();
        match future.get() {
            Some(Ok(Ok(response))) => kept.push(response),
            Some(Ok(Err(code))) => errors.push(shown(&code)),
            _ => errors.push("no future".to_owned()),
        }
    }
    if ms > 0 {
        subscribe_duration(ms * 1_000_000).block();
    }
    json!({ "kept": kept.len(), "error": errors.first() })
}

fn clutter(count: u64, bytes: u64) -> Value {
    let value = vec![b'x'; usize::try_from(bytes).unwrap_or_default()];
    for _ in 0..count {
        let headers = Fields::new();
        if headers.append("x-clutter", &value).is_err() {
            return json!({ "error": "refused" });
        }
        forget(headers);
    }
    json!({ "made": count })
}

fn drafts(count: u64) -> Value {
    for _ in 0..count {
        let request = OutgoingRequest::new(Fields::new());
        let Ok(body) = request.body() else { return json!({ "error": "no body" }) };
        let Ok(stream) = body.write() else { return json!({ "error": "no stream" }) };
        while let Ok(room @ 1..) = stream.check_write() {
            if stream.write(&vec![0; usize::try_from(room).unwrap_or_default()]).is_err() {
                break;
            }
        }
        forget((request, body, stream));
    }
    json!({ "made": count })
}

/// Tells which part was refused before it was sent, or what became of it.
fn odd(input: &Value) -> Value {
    let text = |name: &str| input.get(name).and_then(Value::as_str);
    let headers = Fields::new();
    for header in input.get("headers").and_then(Value::as_array).into_iter().flatten() {
        let part = |index: usize| header.get(index).and_then(Value::as_str).unwrap_or_default();
        if headers.append(part(0), part(1).as_bytes()).is_err() {
            return json!({ "refused": "header" });
        }
    }
    let request = OutgoingRequest::new(headers);
    let scheme = text("scheme").map(|scheme| match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_owned()),
    });
    let method = text("method").map(|method| Method::Other(method.to_owned()));
    if method.is_some_and(|method| request.set_method(&method).is_err()) {
        return json!({ "refused": "method" });
    }
    if scheme.is_some_and(|scheme| request.set_scheme(Some(&scheme)).is_err()) {
        return json!({ "refused": "scheme" });
    }
    if text("authority").is_some_and(|authority| request.set_authority(Some(authority)).is_err()) {
        return json!({ "refused": "authority" });
    }
    if text("path").is_some_and(|path| request.set_path_with_query(Some(path)).is_err()) {
        return json!({ "refused": "path" });
    }
    match handle(request, None) {
        Ok(future) => {
            future.subscribe().block();
            match future.get() {
                Some(Ok(Ok(response))) => json!({ "status": response.status() }),
                Some(Ok(Err(code))) => json!({ "error": shown(&code) }),
                _ => json!({ "error": "no future" }),
            }
        }
        Err(code) => json!({ "error": shown(&code) }),
    }
}

fn hammer(input: &Value, count: u64) -> Value {
    let mut answered = 0_u64;
    for _ in 0..count {
        let answer = send(input);
        if answer.get("error").is_some() {
            return json!({ "answered": answered, "error": answer });
        }
        answered += 1;
    }
    json!({ "answered": answered })
}
