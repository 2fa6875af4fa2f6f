//! Everything that a guest can do wrong, one thing after the other and all at the
//! same time, each time with a hundred good calls beside it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use workflow_node_host::wit::types::{Effect, ErrorKind, NodeError};
use workflow_node_host::{AuthMode, Connection, ConnectionOptions, NodeHost};

use crate::server::{Reply, Server, ok};
use crate::support::{SECRET, alone, component, fields, node_error, run, run_with, within};

/// Time that a bad call has, in milliseconds.
const DEADLINE: u64 = 2000;
/// How long after that it may still be there.
const LATE: Duration = Duration::from_millis(DEADLINE + 100);

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

const TIME_OUT: (ErrorKind, &str, Effect) = (ErrorKind::Timeout, "host.deadline", Effect::Unknown);
const MEMORY: (ErrorKind, &str, Effect) = (ErrorKind::Internal, "host.memory-limit", Effect::Unknown);
const RESULT: (ErrorKind, &str, Effect) = (ErrorKind::Internal, "host.result-limit", Effect::Unknown);
const TRAP: (ErrorKind, &str, Effect) = (ErrorKind::Internal, "host.trapped", Effect::Unknown);
/// The node itself says that it was refused, and that it did nothing else.
const DENIED: (ErrorKind, &str, Effect) = (ErrorKind::Denied, "unruly.failed", Effect::None);

fn bad_guests(server: &Server) -> Vec<Bad> {
    let moved = json!({ "url": server.at("/moved"), "follow": true, "strict": true });
    let foreign = json!({ "url": "https://elsewhere.example/x", "strict": true });
    let echo = json!({ "url": server.at("/x"), "headers": { "x-echo": "{secret}" }, "strict": true });
    [
        ("loops for ever", "loop", json!({}), TIME_OUT, "deadline"),
        ("sleeps for ever", "sleep", json!({ "ms": 60_000 }), TIME_OUT, "deadline"),
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
    let start = Instant::now();
    let result = run_with(connection, bad.operation, bad.input.clone(), &within(DEADLINE)).await;
    let took = start.elapsed();
    let error: NodeError = node_error(&result.expect_err(bad.what)).clone();
    let told = format!("{} {}", error.message, error.advice.as_deref().unwrap_or_default());
    let right = (error.kind, error.code.as_str(), error.effect) == (bad.kind, bad.code, bad.effect);
    let well = right && told.contains(bad.told) && took <= LATE;
    (!well).then(|| format!("a guest that {} ended after {took:?} with {error:?}", bad.what))
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
            tokio::spawn(async move { run(&connection, "request", input).await })
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
async fn each_bad_guest_is_stopped_in_time_with_its_own_error_beside_a_hundred_good_calls() {
    let _alone = alone().await;
    let server = Server::start(|request| match request.path.as_str() {
        "/token" => ok(&json!({ "access_token": "tok-1" }).to_string()),
        "/moved" => Reply::Bytes(
            b"HTTP/1.1 307 X\r\nlocation: https://moved.example/\r\ncontent-length: 0\r\n\r\n".to_vec(),
        ),
        _ => Reply::Late(Duration::from_millis(20), 200, "good".to_owned()),
    })
    .await;
    let host = NodeHost::builder().memory_limit(32 << 20).max_result_bytes(1 << 20).build().expect("host");
    let node = host.load_file(component()).expect("node");
    let typed = fields(&[("url", server.url()), ("login", "by recipe"), ("secret", SECRET)]);
    let options = ConnectionOptions { auth: AuthMode::Placeholder, ..ConnectionOptions::default() };
    let connection = node.connect(typed, options).await.expect("connection");
    connection.authenticate(&within(5000)).await.expect("login");

    let guests = bad_guests(&server);
    for bad in guests.chunks(1).chain([guests.as_slice()]) {
        // A busy machine may hold everything up for a while, so that a guest meets
        // its deadline first; what is wrong five times is wrong.
        let mut complaints = Vec::new();
        for _ in 0..5 {
            complaints = side_by_side(&connection, &server, bad).await;
            if complaints.is_empty() {
                break;
            }
        }
        assert!(complaints.is_empty(), "{complaints:#?}");
    }
    assert_eq!(server.count("/x"), 0, "the echoed placeholder went nowhere");
    assert!(server.count("/good") >= 100 * (guests.len() + 1));
}
