//! A service that repeats what it was sent, in every spelling and in every place:
//! no secret and no token comes out, whoever logs in.

#[expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected has failed"
)]
#[path = "../../../host/tests/all/server.rs"]
#[allow(dead_code, reason = "the host's own tests need more of it")]
mod server;

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use host_test::session::Session;
use serde_json::{Value, json};
use workflow_node_host::wit::types::{ErrorKind, Retry};
use workflow_node_host::{AuthMode, CallOptions, ConnectionOptions};

use crate::support::{node, run};
use server::{Reply, Request, Server};

const SECRET: &str = "CANARY/5f+0c6d\u{f6}1e\"3b7&a4<c>52 9d8e2a1b4c6d8e0f";
const TOKEN: &str = "TOKEN-eyJhbGciOi.9d8e2a1b4c6d8e0f5f0c6d1e3b7a4c52";
const MODES: [AuthMode; 3] = [AuthMode::Component, AuthMode::Placeholder, AuthMode::Recipe];

/// The spellings of a value that servers use.
fn spellings(value: &str) -> Vec<String> {
    let each = |encode: &dyn Fn(u8) -> String| -> String {
        value
            .bytes()
            .map(
                |byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { encode(byte) },
            )
            .collect()
    };
    let chars = |encode: &dyn Fn(char) -> String| -> String {
        value.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { encode(c) }).collect()
    };
    vec![
        value.to_owned(),
        each(&|byte| format!("%{byte:02X}")),
        each(&|byte| format!("%{byte:02x}")),
        chars(&|c| format!("\\u{:04x}", u32::from(c))),
        chars(&|c| format!("&#{};", u32::from(c))),
        chars(&|c| format!("&#x{:X};", u32::from(c))),
        STANDARD.encode(value),
        STANDARD.encode(format!("id:{value}")),
        STANDARD.encode(format!("id-1:{value}")),
        STANDARD.encode(format!("my-id:{value}")),
        json!({ "nested": value }).to_string(),
    ]
}

/// Pieces of a value, of which none may come out.
fn pieces(value: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    for spelling in spellings(value).iter().filter(|spelling| !spelling.contains("nested")) {
        let chars: Vec<char> = spelling.chars().collect();
        // Twelve characters of an encoded text may be two of the value.
        let length = if spelling.len() > value.len() * 3 / 2 { 40 } else { 10 };
        pieces.extend(chars.windows(length).step_by(3).map(|piece| piece.iter().collect::<String>()));
    }
    pieces
}

fn assert_clean(text: &str) -> Result<()> {
    let inner = text.replace("\\\\", "\\").replace("\\\"", "\"");
    for piece in [SECRET, TOKEN].into_iter().flat_map(pieces) {
        ensure!(!text.contains(&piece) && !inner.contains(&piece), "{piece:?} is in {text:.2000}");
    }
    Ok(())
}

/// Answers with echoes; `cut` is where the words of a refusal end.
fn echo(request: &Request) -> Reply {
    let path = request.path.split('?').next().unwrap_or_default();
    let number = path.rsplit('/').next().and_then(|last| last.parse::<usize>().ok());
    let values = [SECRET, TOKEN].map(spellings).concat();
    match (request.method.as_str(), path) {
        ("POST", "/auth/token") => Reply::Answer(
            200,
            json!({ "access_token": TOKEN, "expires_in": 3600, "scope": "all" }).to_string(),
        ),
        ("GET", "/api/Tickets") => {
            let rows: Vec<Value> = (1..)
                .zip(&values)
                .map(|(id, value)| json!({ "id": id, "summary": format!("x {value} y"), "nested": [{ value: value }] }))
                .collect();
            Reply::Answer(200, json!({ "record_count": rows.len(), "tickets": rows }).to_string())
        }
        ("GET", _) if path.starts_with("/api/Tickets/") => {
            // The spelling and the place of the cut are in the number.
            let number = number.unwrap_or_default();
            let value = values.get(number / 1000 % values.len()).map_or("", String::as_str);
            let before = 500_usize.saturating_sub(number % 1000);
            Reply::Answer(
                400,
                json!({ "Message": format!("{} {value} end", "x".repeat(before)) }).to_string(),
            )
        }
        _ => Reply::Answer(404, String::new()),
    }
}

async fn connect(server: &Server, auth: AuthMode) -> Result<Session> {
    let fields = [("url", server.url()), ("client_id", "my-id"), ("client_secret", SECRET)];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let options = ConnectionOptions { auth, ..ConnectionOptions::default() };
    Ok(Session::new(node()?.connect(fields, options).await?))
}

#[test]
fn an_echoed_secret_or_token_is_in_no_result() -> Result<()> {
    run(async {
        let server = Server::start(echo).await;
        for auth in MODES {
            let session = connect(&server, auth).await?;
            for simplify in [true, false] {
                let result = session.run("ticket.list", json!({ "simplify": simplify })).await?;
                ensure!(result.exit_code() == 0, "{auth:?}: {}", result.json());
                let rows: Vec<&Value> = result.results().collect();
                ensure!(rows.len() == spellings("").len() * 2, "{} rows", rows.len());
                for row in rows {
                    let summary = row.get("summary").and_then(Value::as_str).unwrap_or_default();
                    ensure!(summary.starts_with("x ") && summary.ends_with(" y"), "{auth:?}: {summary}");
                }
                assert_clean(&result.json().to_string())?;
            }
        }
        Ok(())
    })
}

#[test]
fn no_part_of_an_echoed_secret_or_token_is_in_an_error_wherever_it_was_cut() -> Result<()> {
    run(async {
        let server = Server::start(echo).await;
        for auth in MODES {
            let session = connect(&server, auth).await?;
            let spellings = spellings("").len() * 2;
            let items: Vec<Value> = (0..spellings)
                .flat_map(|spelling| [0, 1, 9, 13, 24, 43, 60].map(|cut| spelling * 1000 + cut + 1))
                .map(|id| json!({ "id": id }))
                .collect();
            let result = session.run("ticket.get", Value::Array(items)).await?;
            ensure!(result.failed_items() == result.items(), "{}", result.json());
            assert_clean(&result.json().to_string())?;
        }
        Ok(())
    })
}

#[test]
fn a_token_in_a_refused_answer_is_not_shown_and_a_passing_error_is_no_wrong_tenant() -> Result<()> {
    run(async {
        for (status, kind) in [
            (400, ErrorKind::Unauthenticated),
            (401, ErrorKind::Unauthenticated),
            (500, ErrorKind::Unavailable),
            (503, ErrorKind::Unavailable),
        ] {
            let server = Server::start(move |request| match request.method.as_str() {
                "POST" => {
                    let body = json!({ "error": "odd", "error_description": format!("no {TOKEN}"), "access_token": TOKEN });
                    Reply::Answer(status, body.to_string())
                }
                _ => Reply::Answer(404, String::new()),
            })
            .await;
            for auth in MODES {
                let session = connect(&server, auth).await?;
                let error = session.connection.authenticate(&CallOptions::default()).await.unwrap_err();
                let error = error.node_error().context("not an error of the node")?.clone();
                ensure!(error.kind == kind, "{status} {auth:?}: {error:?}");
                ensure!(
                    kind != ErrorKind::Unavailable || !matches!(error.retry, Retry::Never),
                    "{status} {auth:?}: {error:?}"
                );
                assert_clean(&format!("{error:?}"))?;
            }
        }
        Ok(())
    })
}

/// A body of many small values that is larger in memory than as text.
fn heavy(value: &str, megabytes: usize) -> String {
    format!("[{}0]", format!("{value},").repeat((megabytes << 20) / (value.len() + 1)))
}

#[test]
fn answers_that_are_too_large_are_typed_errors_of_their_items_alone() -> Result<()> {
    run(async {
        let server = Server::start(|request| match (request.method.as_str(), request.path.as_str()) {
            ("POST", path) if path.starts_with("/auth/token") => {
                Reply::Answer(200, json!({ "access_token": TOKEN, "expires_in": 3600 }).to_string())
            }
            ("POST", _) if request.body.contains("number 25") => Reply::Answer(201, heavy("[]", 27)),
            ("POST", _) => Reply::Answer(201, json!({ "id": 7, "summary": "made" }).to_string()),
            ("GET", path) if path.contains("/api/Tickets/") => {
                let path = path.split('?').next().unwrap_or_default();
                let id = path.rsplit('/').next().and_then(|id| id.parse::<u64>().ok());
                let body = json!({ "id": id, "summary": "large", "details": "x".repeat(12 << 20) });
                Reply::Answer(200, body.to_string())
            }
            ("GET", path) if path.contains("/api/Tickets") => {
                Reply::Answer(200, format!("{{\"tickets\":{}}}", heavy("{\"id\":1}", 21)))
            }
            _ => Reply::Answer(404, String::new()),
        })
        .await;
        let session = connect(&server, AuthMode::Component)
            .await?
            .with(|call| call.deadline = Duration::from_secs(600));

        let items: Vec<Value> = (1..=40).map(|n| json!({ "summary": format!("number {n}.") })).collect();
        let made = session.run("ticket.create", Value::Array(items)).await?;
        ensure!((made.failed_items(), made.items()) == (1, 40), "{:.2000}", made.json());
        let error = made.json().pointer("/outcomes/24/error").context("the 25th fails")?;
        ensure!(error.get("effect") == Some(&json!("unknown")), "{error}");

        let listed = session.run("ticket.list", json!({ "limit": 5 })).await?;
        let error = listed.first_error().context("it is too large")?;
        ensure!(error.get("code") == Some(&json!("halopsa.answer-too-large")), "{error}");
        ensure!(error.get("effect") == Some(&json!("none")), "{error}");

        // Ten of twelve megabytes each: not all at the same time.
        let items: Vec<Value> = (1..=10).map(|id| json!({ "id": id })).collect();
        let read = session.run("ticket.get", Value::Array(items)).await?;
        ensure!(read.exit_code() == 0 && read.results().count() == 10, "{:.2000}", read.json());
        Ok(())
    })
}

#[test]
fn inputs_that_are_too_large_are_typed_errors_and_nothing_is_sent() -> Result<()> {
    run(async {
        let server = Server::start(echo).await;
        let session = connect(&server, AuthMode::Component)
            .await?
            .with(|call| call.deadline = Duration::from_secs(600));
        session.connection.authenticate(&session.call).await?;
        let before = server.seen().len();
        let small: Value = serde_json::from_str(&heavy("[]", 10))?;
        for (operation, item) in [
            ("ticket.create", json!({ "summary": "x".repeat(60 << 20) })),
            ("ticket.create", json!({ "summary": "x", "customfields": { "CFBig": small } })),
            ("api.request", json!({ "method": "POST", "path": "/Tickets", "body": "x".repeat(24 << 20) })),
        ] {
            let result = session.run(operation, item).await?;
            let error = result.first_error().context("it is too large")?;
            ensure!(
                error.get("code") == Some(&json!("halopsa.input-too-large")),
                "{operation}: {error:.500}"
            );
            ensure!(error.get("effect") == Some(&json!("none")), "{operation}: {error:.500}");
        }
        ensure!(server.seen().len() == before, "something was sent");
        Ok(())
    })
}
