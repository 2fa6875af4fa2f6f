//! The operations:
//!
//! | operation | does |
//! |---|---|
//! | `told` | answers with the fields, session and context that it was given |
//! | `request` | sends the request in the input: see `http.rs`; `{secret}` and `{token}` in it become what the node was told; `follow` goes where the answer leads; `strict` makes a refusal by the host a failure |
//! | `destroy`, `mail`, `note`, `search` | the same, and the manifest marks them |
//! | `hidden` | the same, and the manifest does not have it |
//! | `flood` | begins `count` requests to `url` and waits for the last of them |
//! | `page` | returns one row and a cursor, `pages` times |
//! | `guarded` | gets `{url}/guarded` with its session's token |
//! | `fail` | fails as a whole with the `kind` and `message` of the input |
//! | `sleep` | waits for `ms` |
//! | `allocate` | asks for memory of its own without end |
//! | `hoard` | makes headers, which the host holds, without end |
//! | `echo` | returns the outcomes whose JSON form is in the input |
//! | `attach` | returns the attachments that it was given and, for `link`, one as a link |
//! | `exclusive` | waits for `ms`; calls with the same `key` are to come one after the other |
//! | `log` | logs its secret, and 100,000 lines |
//! | `huge` | returns so many `bytes` |
//! | `loop`, `trap` | what they say |
//!
//! Those of `wire.rs` come on top.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::arch::wasm32;
use core::hint::black_box;

use serde_json::{Map, Value, json};
use wasi::clocks::monotonic_clock::subscribe_duration;

use crate::bindings::logging::{self, LogLevel};
use crate::bindings::node::*;
use crate::bindings::types::{
    Attachment, AttachmentContent, AttachmentLink, ConnectionAuth, Effect, ErrorKind, FieldValue, Retry,
    Usage,
};
use crate::echo;
use crate::http::{flood, hoard, send};
use crate::wire;

pub(crate) struct Unruly;

/// The report of a call that sent so many requests.
pub(crate) fn report(requests: u32) -> Report {
    let usage = Usage { requests, retries: 0, waited_ms: 0, rate_limited: 0 };
    Report { session: None, usage, diagnostics: vec![] }
}

impl Guest for Unruly {
    fn credential_schema() -> String {
        let manifest: Value = serde_json::from_str(crate::MANIFEST).unwrap_or_default();
        format!("{}", manifest.get("credentials").unwrap_or(&Value::Null))
    }

    /// Takes what `{url}/login` answers as its token; with the field `login`, asks
    /// `{url}/token` as the recipe says. With `delete` in it, it deletes a ticket
    /// instead; with `host` it leaves the login to the host; with `key` the secret is
    /// the session.
    fn authenticate(_: CallContext, connection: Connection) -> Result<Session, NodeError> {
        let given = |name: &str| value(&connection.fields, name).unwrap_or_default();
        let url = given("url");
        if given("login") == "delete" {
            let answer = send(&json!({ "method": "DELETE", "url": format!("{url}/tickets/1") }));
            return Err(failure(ErrorKind::Denied, &format!("{answer}")));
        }
        match given("login") {
            "host" => return Err(failure(ErrorKind::Unsupported, "The recipe says how to log in.")),
            "key" => return Ok(session(given("secret"))),
            _ => {}
        }
        let by_recipe = !given("login").is_empty();
        let answer = if by_recipe {
            let form = format!("grant_type=client_credentials&client_secret={}", given("secret"));
            send(&json!({ "method": "POST", "url": format!("{url}/token"), "body": form }))
        } else {
            send(&json!({ "url": format!("{url}/login") }))
        };
        let body = answer.get("body").and_then(Value::as_str).unwrap_or_default();
        let token = if by_recipe {
            let body: Value = serde_json::from_str(body).unwrap_or_default();
            body.get("access_token").and_then(Value::as_str).map(str::to_owned)
        } else {
            Some(body.to_owned())
        };
        match (answer.get("status").and_then(Value::as_u64), token) {
            (Some(200), Some(token)) => Ok(session(&token)),
            _ => Err(failure(ErrorKind::Unauthenticated, &format!("No login: {answer}"))),
        }
    }

    fn execute(
        ctx: CallContext,
        connection: Connection,
        operation: String,
        items: Vec<Item>,
        cursor: Option<String>,
    ) -> Result<Execution, NodeError> {
        let input: Value = items
            .first()
            .and_then(|item| serde_json::from_slice(item.json.as_bytes()).ok())
            .unwrap_or_default();
        if operation == "echo" {
            let outcomes = items
                .iter()
                .map(|item| echo::outcome(&serde_json::from_slice(item.json.as_bytes()).unwrap_or_default()));
            return Ok(Execution {
                outcomes: outcomes.collect(),
                next: None,
                resume_after_ms: None,
                report: report(0),
            });
        }
        let mut next = None;
        let mut attachments = vec![];
        let result = match operation.as_str() {
            "told" => told(&ctx, &connection),
            "request" | "destroy" | "mail" | "note" | "search" | "hidden" => {
                match request(&with_secrets(&input, &connection)) {
                    answer if strict(&input, &answer) => {
                        return Err(failure(ErrorKind::Denied, "The host refused the request."));
                    }
                    answer => answer,
                }
            }
            "page" => {
                let page: u64 = cursor.and_then(|cursor| cursor.parse().ok()).unwrap_or(1);
                if page < input.get("pages").and_then(Value::as_u64).unwrap_or(1) {
                    next = Some(format!("{}", page + 1));
                }
                json!({ "page": page, "attempt": ctx.attempt, "key": ctx.idempotency_key })
            }
            "flood" => {
                flood(&input);
                json!({ "flooded": true })
            }
            "guarded" => ask(&connection, "guarded")?,
            "fail" => return Err(fail(&input, &connection)),
            "attach" => {
                attachments = items.into_iter().flat_map(|item| item.attachments).collect();
                attachments.extend(input.get("link").and_then(Value::as_str).map(linked));
                json!({ "attached": attachments.len() })
            }
            "sleep" | "exclusive" => {
                subscribe_duration(input.get("ms").and_then(Value::as_u64).unwrap_or(0) * 1_000_000).block();
                json!({ "slept": true })
            }
            "loop" | "loop_reading" => {
                if let Some(request) = input.get("send") {
                    send(request);
                }
                loop {
                    black_box(());
                }
            }
            "allocate" => {
                let mut hoard = Vec::new();
                loop {
                    hoard.push(black_box(vec![1_u8; 1 << 20]));
                }
            }
            "log" => log(&connection),
            "hoard" => hoard(),
            "huge" => {
                let bytes = input.get("bytes").and_then(Value::as_u64).unwrap_or(4 << 20);
                json!("x".repeat(usize::try_from(bytes).unwrap_or(usize::MAX)))
            }
            other => match wire::run(other, &input) {
                Some(result) => result,
                None => wasm32::unreachable(),
            },
        };
        let result = Item { json: format!("{result}"), attachments, sources: vec![0] };
        Ok(Execution {
            outcomes: vec![Outcome::Done(vec![result])],
            next,
            resume_after_ms: None,
            report: report(1),
        })
    }
}

fn session(token: &str) -> Session {
    Session { token: token.to_owned(), expires_at: None, scopes: vec![], extra: None }
}

/// Logs what it knows, and then without end.
fn log(connection: &Connection) -> Value {
    let secret = value(&connection.fields, "secret").unwrap_or_default();
    logging::log(LogLevel::Warning, &format!("the secret is {secret}"));
    for number in 0..100_000 {
        logging::log(LogLevel::Debug, &format!("line {number}"));
    }
    json!({ "logged": true })
}

fn linked(url: &str) -> Attachment {
    Attachment {
        name: "linked.txt".to_owned(),
        mime_type: "text/plain".to_owned(),
        content: AttachmentContent::Link(AttachmentLink { url: url.to_owned(), expires_at: None }),
    }
}

/// The input with `{secret}` and `{token}` replaced by what it was told.
fn with_secrets(input: &Value, connection: &Connection) -> Value {
    let secret = value(&connection.fields, "secret").unwrap_or_default();
    let token = auth(connection).1.unwrap_or_default();
    let text = format!("{input}").replace("{secret}", secret).replace("{token}", token);
    serde_json::from_str(&text).unwrap_or_default()
}

/// Sends a request, and another one where its answer leads and it may.
fn request(input: &Value) -> Value {
    let answer = send(input);
    let to = answer.get("location").and_then(Value::as_str);
    match to.filter(|_| input.get("follow") == Some(&Value::Bool(true))) {
        Some(to) => send(&json!({ "url": to })),
        None => answer,
    }
}

/// Whether a refused request is to fail the call.
fn strict(input: &Value, answer: &Value) -> bool {
    let denied = answer.get("error").and_then(Value::as_str).is_some_and(|code| code.contains("Denied"));
    denied && input.get("strict") == Some(&Value::Bool(true))
}

fn told(ctx: &CallContext, connection: &Connection) -> Value {
    let fields: Map<String, Value> =
        connection.fields.iter().map(|field| (field.name.clone(), json!(field.value))).collect();
    let (auth, token) = auth(connection);
    json!({
        "fields": fields,
        "auth": auth,
        "token": token,
        "now": ctx.now,
        "deadline_ms": ctx.deadline_ms,
        "attempt": ctx.attempt,
        "entropy": ctx.entropy.len(),
        "trace_parent": ctx.trace_parent,
        "confirmed": ctx.confirmed,
        "dry_run": ctx.dry_run,
    })
}

pub(crate) fn auth(connection: &Connection) -> (&'static str, Option<&str>) {
    match &connection.auth {
        ConnectionAuth::Session(session) => ("session", Some(session.token.as_str())),
        ConnectionAuth::HostInjected => ("host-injected", None),
        ConnectionAuth::SelfManaged => ("self-managed", None),
    }
}

/// Asks for a path of the service, which needs the session. A refused one is the
/// caller's to renew.
pub(crate) fn ask(connection: &Connection, path: &str) -> Result<Value, NodeError> {
    let url = value(&connection.fields, "url").unwrap_or_default();
    let headers = match auth(connection).1 {
        Some(token) => json!({ "authorization": format!("Bearer {token}") }),
        None => json!({}),
    };
    let answer = send(&json!({ "url": format!("{url}/{path}"), "headers": headers }));
    match answer.get("status").and_then(Value::as_u64) {
        Some(401) => Err(failure(ErrorKind::Unauthenticated, "The session is over.")),
        _ => Ok(answer),
    }
}

fn fail(input: &Value, connection: &Connection) -> NodeError {
    let kind = match input.get("kind").and_then(Value::as_str) {
        Some("denied") => ErrorKind::Denied,
        Some("unauthenticated") => ErrorKind::Unauthenticated,
        _ => ErrorKind::Conflict,
    };
    // A careless node says what it knows.
    let secret = value(&connection.fields, "secret").unwrap_or_default();
    let token = auth(connection).1.unwrap_or_default();
    let mut error = failure(kind, &format!("secret {secret} and token {token} were not enough"));
    if input.get("effect").and_then(Value::as_str) == Some("unknown") {
        error.effect = Effect::Unknown;
    }
    error
}

pub(crate) fn value<'a>(fields: &'a [FieldValue], name: &str) -> Option<&'a str> {
    fields.iter().find(|field| field.name == name).map(|field| field.value.as_str())
}

pub(crate) fn failure(kind: ErrorKind, message: &str) -> NodeError {
    NodeError {
        kind,
        code: "unruly.failed".to_owned(),
        message: message.to_owned(),
        advice: None,
        field: None,
        http_status: None,
        vendor_message: None,
        effect: Effect::None,
        retry: Retry::Never,
        details: None,
    }
}
