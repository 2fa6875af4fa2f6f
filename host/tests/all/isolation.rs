//! Everything that a guest can do wrong at the same time, and a hundred good
//! calls beside it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use workflow_node_host::wit::types::{Effect, ErrorKind, NodeError};
use workflow_node_host::{AuthMode, Connection, ConnectionOptions, NodeHost};

use crate::server::{Reply, Server, ok};
use crate::support::{SECRET, alone, component, fields, node_error, run, run_with, within};

const DEADLINE: Duration = Duration::from_secs(3);

/// Operation, input, and what becomes of it: kind, code, effect.
fn bad_calls(server: &Server) -> Vec<(&'static str, Value, ErrorKind, &'static str, Effect)> {
    let strict = |url: String, more: Value| {
        let mut input = json!({ "url": url, "strict": true });
        input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        input
    };
    vec![
        ("loop", json!({}), ErrorKind::Timeout, "host.deadline", Effect::Unknown),
        ("sleep", json!({ "ms": 60_000 }), ErrorKind::Timeout, "host.deadline", Effect::Unknown),
        ("allocate", json!({}), ErrorKind::Internal, "host.memory-limit", Effect::Unknown),
        ("huge", json!({ "bytes": 1_u64 << 30 }), ErrorKind::Internal, "host.memory-limit", Effect::Unknown),
        ("huge", json!({ "bytes": 2 << 20 }), ErrorKind::Internal, "host.result-limit", Effect::Unknown),
        ("trap", json!({}), ErrorKind::Internal, "host.trapped", Effect::Unknown),
        (
            "request",
            strict("https://elsewhere.example/x".to_owned(), json!({})),
            ErrorKind::Denied,
            "unruly.failed",
            Effect::None,
        ),
        (
            "request",
            strict(server.at("/x"), json!({ "headers": { "x-echo": "{secret}" } })),
            ErrorKind::Denied,
            "unruly.failed",
            Effect::None,
        ),
    ]
}

/// What became of a bad call, and when.
type Ended = (&'static str, NodeError, Duration);

async fn side_by_side(connection: &Connection, server: &Server) -> Vec<Ended> {
    let bad: Vec<_> = bad_calls(server)
        .into_iter()
        .map(|(operation, input, kind, code, effect)| {
            let connection = connection.clone();
            tokio::spawn(async move {
                let start = Instant::now();
                let call = within(u64::try_from(DEADLINE.as_millis()).expect("small"));
                let result = run_with(&connection, operation, input, &call).await;
                let error = node_error(&result.expect_err(operation)).clone();
                assert_eq!((error.kind, error.effect), (kind, effect), "{operation}: {error:?}");
                assert_eq!(error.code, code, "{operation}: {error:?}");
                (operation, error, start.elapsed())
            })
        })
        .collect();
    let good: Vec<_> = (0..100)
        .map(|_| {
            let connection = connection.clone();
            tokio::spawn(async move { run(&connection, "told", json!({})).await.map(drop) })
        })
        .collect();
    for call in good {
        call.await.expect("no panic").expect("a good call");
    }
    let mut ended = Vec::new();
    for call in bad {
        ended.push(call.await.expect("no panic"));
    }
    ended
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_is_stopped_in_time_with_its_own_error_and_a_hundred_good_calls_succeed() {
    let _alone = alone().await;
    let server = Server::start(|request| match request.path.as_str() {
        "/token" => ok(&json!({ "access_token": "tok-1" }).to_string()),
        _ => ok("fine"),
    })
    .await;
    let host = NodeHost::builder().memory_limit(32 << 20).max_result_bytes(1 << 20).build().expect("host");
    let node = host.load_file(component()).expect("node");
    let typed = fields(&[("url", server.url()), ("login", "by recipe"), ("secret", SECRET)]);
    let options = ConnectionOptions { auth: AuthMode::Placeholder, ..ConnectionOptions::default() };
    let connection = node.connect(typed, options).await.expect("connection");
    connection.authenticate(&within(5000)).await.expect("login");

    // A busy machine may hold everything up for a while; what is late five times
    // is late.
    let mut late = Vec::new();
    for _ in 0..5 {
        let ended = side_by_side(&connection, &server).await;
        let refused = ended.iter().find(|(_, error, _)| error.message.contains("elsewhere"));
        let advice = refused.and_then(|(_, error, _)| error.advice.clone()).expect("advice");
        assert!(advice.contains("add `https://elsewhere.example`"), "{advice}");
        assert_eq!(server.count("/x"), 0, "the echoed placeholder went nowhere");
        late = ended
            .into_iter()
            .filter(|(_, _, took)| *took > DEADLINE + Duration::from_millis(100))
            .map(|(operation, _, took)| (operation, took))
            .collect();
        if late.is_empty() {
            return;
        }
    }
    panic!("late: {late:?}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_leads_nowhere() {
    let elsewhere = Server::start(|_| ok("you should not be here")).await;
    let to = elsewhere.at("/stolen");
    let server = Server::start(move |request| match request.path.as_str() {
        "/login" => ok("tok-1"),
        _ => Reply::Bytes(
            format!("HTTP/1.1 307 X\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n").into_bytes(),
        ),
    })
    .await;
    let connection = crate::support::connect(server.url()).await;
    let answer = crate::support::get(&connection, &server.at("/x")).await;
    assert_eq!((&answer["status"], &answer["location"]), (&json!(307), &json!(elsewhere.at("/stolen"))));
    // And going there by itself is refused.
    let answer = crate::support::get(&connection, &elsewhere.at("/stolen")).await;
    assert_eq!(answer["error"], "ErrorCode::HttpRequestDenied");
    assert!(elsewhere.seen().is_empty());
}
