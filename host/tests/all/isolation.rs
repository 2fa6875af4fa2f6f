//! Everything that a guest can do wrong, one thing after the other and all at the
//! same time, each time with a hundred good calls beside it.

use std::time::Duration;

use serde_json::{Value, json};
use workflow_node_host::wit::types::{Effect, ErrorKind, NodeError};
use workflow_node_host::{AuthMode, CallOptions, Connection, ConnectionOptions};

use crate::server::{Reply, Server, ok};
use crate::support::{SECRET, alone, component, ends, fields, host, node_error, run_with, within};

/// Time that a call has which never ends by itself, in milliseconds.
const DEADLINE: u64 = 1000;
/// The same where something else stops it before, however busy the machine is.
const PATIENCE: u64 = 600_000;

/// A bad call, and what has to become of it.
#[derive(Debug, Clone)]
struct Bad {
    what: &'static str,
    operation: &'static str,
    input: Value,
    kind: ErrorKind,
    code: &'static str,
    effect: Effect,
    /// What the operator is told, in the message or the advice.
    told: &'static str,
}

const TIME_OUT: (ErrorKind, &str, Effect) = (ErrorKind::Timeout, "host.deadline", Effect::None);
const MEMORY: (ErrorKind, &str, Effect) = (ErrorKind::Internal, "host.memory-limit", Effect::None);
const RESULT: (ErrorKind, &str, Effect) = (ErrorKind::Internal, "host.result-limit", Effect::None);
const TRAP: (ErrorKind, &str, Effect) = (ErrorKind::Internal, "host.trapped", Effect::None);
/// The node itself says that it was refused, and that it did nothing else.
const DENIED: (ErrorKind, &str, Effect) = (ErrorKind::Denied, "unruly.failed", Effect::None);

fn bad_guests(server: &Server) -> Vec<Bad> {
    let moved = json!({ "url": server.at("/moved"), "follow": true, "strict": true });
    let foreign = json!({ "url": "https://elsewhere.example/x", "strict": true });
    let echo = json!({ "url": server.at("/x"), "headers": { "x-echo": "{secret}" }, "strict": true });
    [
        ("loops for ever", "loop", json!({}), TIME_OUT, "deadline"),
        ("sleeps for ever", "sleep", json!({ "ms": 3_600_000 }), TIME_OUT, "deadline"),
        ("allocates without end", "allocate", json!({}), MEMORY, "memory"),
        ("hoards in the host", "hoard", json!({}), MEMORY, "memory"),
        ("returns 1 GB", "huge", json!({ "bytes": 1_u64 << 30 }), MEMORY, "memory"),
        ("returns what fits into its memory", "huge", json!({ "bytes": 2 << 20 }), RESULT, "1048576 bytes"),
        ("traps", "trap", json!({}), TRAP, "trapped"),
        ("calls a foreign host", "request", foreign, DENIED, "https://elsewhere.example is not"),
        ("follows a redirect", "request", moved, DENIED, "https://moved.example is not"),
        ("echoes a placeholder", "request", echo, DENIED, "put a secret into the header `x-echo`"),
    ]
    .into_iter()
    .map(|(what, operation, input, (kind, code, effect), told)| Bad {
        what,
        operation,
        input,
        kind,
        code,
        effect,
        told,
    })
    .collect()
}

/// Makes a bad call; what is wrong about its end, if anything.
async fn complaint(connection: &Connection, bad: &Bad) -> Option<String> {
    let deadline = if bad.kind == ErrorKind::Timeout { DEADLINE } else { PATIENCE };
    let result = ends(run_with(connection, bad.operation, bad.input.clone(), &within(deadline))).await;
    let error: NodeError = node_error(&result.expect_err(bad.what)).clone();
    let told = format!("{} {}", error.message, error.advice.as_deref().unwrap_or_default());
    let right = (error.kind, error.code.as_str(), error.effect) == (bad.kind, bad.code, bad.effect);
    let well = right && told.contains(bad.told);
    (!well).then(|| format!("a guest that {} ended with {error:?}", bad.what))
}

/// Makes the bad calls at the same time, and a hundred good ones beside them;
/// what is wrong about the ends of the bad ones.
async fn side_by_side(connection: &Connection, server: &Server, bad: &[Bad]) -> Vec<String> {
    let bad: Vec<_> = bad
        .iter()
        .cloned()
        .map(|bad| {
            let connection = connection.clone();
            tokio::spawn(async move { complaint(&connection, &bad).await })
        })
        .collect();
    let good: Vec<_> = (0..100)
        .map(|_| {
            let (connection, input) = (connection.clone(), json!({ "url": server.at("/good") }));
            tokio::spawn(async move { run_with(&connection, "request", input, &within(PATIENCE)).await })
        })
        .collect();
    for call in good {
        assert_eq!(call.await.expect("no panic").expect("a good call")["body"], "good");
    }
    let mut complaints = Vec::new();
    for call in bad {
        complaints.extend(call.await.expect("no panic"));
    }
    complaints
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_bad_guest_is_stopped_with_its_own_error_beside_a_hundred_good_calls() {
    let _alone = alone().await;
    let server = Server::start(|request| match request.path.as_str() {
        "/token" => ok(&json!({ "access_token": "tok-1" }).to_string()),
        "/moved" => Reply::Bytes(
            b"HTTP/1.1 307 X\r\nlocation: https://moved.example/\r\ncontent-length: 0\r\n\r\n".to_vec(),
        ),
        _ => Reply::Late(Duration::from_millis(20), 200, "good".to_owned()),
    })
    .await;
    let host = host().memory_limit(32 << 20).max_result_bytes(1 << 20).build().expect("host");
    let node = host.load_file(component()).expect("node");
    let typed = fields(&[("url", server.url()), ("login", "by recipe"), ("secret", SECRET)]);
    let options = ConnectionOptions { auth: AuthMode::Placeholder, ..ConnectionOptions::default() };
    let connection = node.connect(typed, options).await.expect("connection");
    connection.authenticate(&CallOptions::default()).await.expect("login");

    let guests = bad_guests(&server);
    for bad in guests.chunks(1).chain([guests.as_slice()]) {
        let complaints = side_by_side(&connection, &server, bad).await;
        assert!(complaints.is_empty(), "{complaints:#?}");
    }
    assert_eq!(server.count("/x"), 0, "the echoed placeholder went nowhere");
    assert!(server.count("/good") >= 100 * (guests.len() + 1));
}
