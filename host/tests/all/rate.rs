//! The rate budget on the wire.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;
use workflow_node_host::wit::types::ErrorKind;
use workflow_node_host::{AuthMode, CallOptions, ConnectionOptions, RateLimit};

use crate::server::{Reply, Server, ok};
use crate::support::{
    Seen, connect, connect_with, ends, get, item, node_error, run, run_with, until, within,
};

fn limited(requests: u32, window: Duration, options: ConnectionOptions) -> ConnectionOptions {
    ConnectionOptions { rate: Some(RateLimit { requests, window }), ..options }
}

#[tokio::test]
async fn calls_share_the_window() {
    let server = Server::start(|_| ok("fine")).await;
    let window = Duration::from_secs(600);
    let connection = connect_with(server.url(), limited(10, window, ConnectionOptions::default())).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");
    let mut calls = JoinSet::new();
    for _ in 0..12 {
        let (connection, url) = (connection.clone(), server.at("/x"));
        calls.spawn(async move {
            run_with(&connection, "request", json!({ "url": url }), &within(3_600_000)).await
        });
    }
    let mut sent = 0;
    while let Some(call) = ends(calls.join_next()).await {
        sent += usize::from(call.expect("no panic").expect("an answer")["status"] == 200);
    }
    // One of ten places went to the login and one is kept for people. The others would
    // wait too long for a new window.
    assert_eq!((sent, server.count("/x")), (8, 8));
}

#[tokio::test]
async fn a_call_that_waits_for_the_next_window_says_so() {
    let server = Server::start(|_| ok("fine")).await;
    let (seen, options) = Seen::options();
    // The login, a place for people, and one call.
    let connection = connect_with(server.url(), limited(3, Duration::from_secs(3), options)).await;
    let mut waited = 0;
    for _ in 0..2 {
        let items = [item(&json!({ "url": server.at("/x") }))];
        let done = connection.execute("request", &items, None, &CallOptions::default()).await;
        waited = done.expect("done").report.usage.waited_ms;
    }
    assert!(waited > 0);
    assert!(seen.events().last().is_some_and(|event| !event.waited.is_zero()));
}

#[tokio::test]
async fn a_429_holds_the_other_calls_back_until_retry_after() {
    let asked = AtomicU32::new(0);
    let server = Server::start(move |request| match request.path.as_str() {
        "/x" if asked.fetch_add(1, Ordering::Relaxed) == 0 => {
            Reply::Bytes(b"HTTP/1.1 429 X\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n".to_vec())
        }
        _ => ok("fine"),
    })
    .await;
    let connection = connect(server.url()).await;
    // The pause begins when the host sees the answer, which on a busy machine is long
    // before this test does.
    let start = Instant::now();
    assert_eq!(get(&connection, &server.at("/x")).await["status"], 429);
    assert_eq!(get(&connection, &server.at("/x")).await["status"], 200);
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_request_that_would_wait_too_long_is_answered_by_the_host() {
    let server = Server::start(|request| match request.path.as_str() {
        "/busy" => Reply::Bytes(b"HTTP/1.1 429 X\r\nretry-after: 600\r\ncontent-length: 0\r\n\r\n".to_vec()),
        _ => ok("fine"),
    })
    .await;
    let (seen, options) = Seen::options();
    let connection = connect_with(server.url(), options).await;
    get(&connection, &server.at("/busy")).await;
    let input = json!({ "url": server.at("/x"), "method": "POST", "body": "x".repeat(100_000) });
    let answer = run(&connection, "request", input).await.expect("an answer");
    assert_eq!(answer["status"], 429);
    assert_eq!(server.count("/x"), 0, "nothing was sent");
    let events = seen.events();
    let held = events.last().expect("an event");
    assert!(held.status.is_none() && held.error.as_deref().is_some_and(|error| error.contains("held back")));
}

#[tokio::test]
async fn requests_of_one_call_that_are_under_way_together_stay_within_the_window() {
    let server = Server::start(|_| Reply::Late(Duration::from_millis(10), 200, String::new())).await;
    let window = Duration::from_secs(2);
    let connection = connect_with(server.url(), limited(20, window, ConnectionOptions::default())).await;
    let start = Instant::now();
    let input = json!({ "url": server.at("/x"), "count": 40 });
    let flood = tokio::spawn(async move { run(&connection, "flood", input).await });
    until(|| server.count("/x") >= 17).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    // One of twenty places went to the login and two are kept for people.
    let sent = server.count("/x");
    assert!(sent == 17 || start.elapsed() >= window, "{sent} after {:?}", start.elapsed());
    flood.await.expect("no panic").expect("all of them");
    assert!(start.elapsed() >= 2 * window, "{:?}", start.elapsed());
}

/// A service with a new token at each login, of which the first is dead by the
/// time of its second use.
async fn forgetful() -> Server {
    let logins = AtomicU32::new(0);
    let first = AtomicU32::new(0);
    Server::start(move |request| match request.path.as_str() {
        "/token" => {
            let token = format!("tok-{}", logins.fetch_add(1, Ordering::Relaxed));
            ok(&json!({ "access_token": token }).to_string())
        }
        _ => match request.header("authorization") {
            Some("Bearer tok-0") if first.fetch_add(1, Ordering::Relaxed) > 0 => {
                Reply::Answer(401, String::new())
            }
            _ => ok("fine"),
        },
    })
    .await
}

fn by_recipe(requests: u32, window: Duration) -> ConnectionOptions {
    limited(requests, window, ConnectionOptions { auth: AuthMode::Recipe, ..ConnectionOptions::default() })
}

#[tokio::test]
async fn the_hosts_own_requests_and_those_sent_again_count() {
    let server = forgetful().await;
    let window = Duration::from_secs(4);
    let start = Instant::now();
    let connection = connect_with(server.url(), by_recipe(6, window)).await;
    // Login, answer, refusal, login, answer: five places, and the sixth is for people.
    run(&connection, "guarded", json!({})).await.expect("with the first token");
    run(&connection, "guarded", json!({})).await.expect("with the second token");
    assert_eq!((server.count("/token"), server.count("/guarded")), (2, 3));
    run(&connection, "guarded", json!({})).await.expect("in its turn");
    assert!(start.elapsed() >= window, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_request_that_would_be_sent_again_too_late_is_answered_by_the_host() {
    let server = forgetful().await;
    // Two places for runs and one for people: the second login takes the last.
    let connection = connect_with(server.url(), by_recipe(4, Duration::from_secs(600))).await;
    run(&connection, "guarded", json!({})).await.expect("with the first token");
    let answer = run(&connection, "guarded", json!({})).await.expect("an answer");
    assert_eq!(answer["status"], 429, "{answer}");
    assert_eq!((server.count("/token"), server.count("/guarded")), (2, 2));
}

#[tokio::test]
async fn a_login_of_the_host_that_is_held_back_says_until_when() {
    let server = Server::start(|request| match request.path.as_str() {
        "/token" => Reply::Bytes(b"HTTP/1.1 429 X\r\nretry-after: 600\r\ncontent-length: 0\r\n\r\n".to_vec()),
        _ => ok("fine"),
    })
    .await;
    let connection = connect_with(server.url(), by_recipe(10, Duration::from_secs(60))).await;
    for code in ["host.login-rate-limited", "host.login-held-back"] {
        let error = connection.authenticate(&CallOptions::default()).await.expect_err("not now");
        let error = node_error(&error);
        assert_eq!((error.kind, error.code.as_str()), (ErrorKind::RateLimited, code), "{error:?}");
        assert!(format!("{:?}", error.retry).contains("AfterMs"), "{error:?}");
    }
    assert_eq!(server.count("/token"), 1);
}
