//! Guests that take more than their share of what calls have in common.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};
use workflow_node_host::wit::types::{ErrorKind, NodeError};
use workflow_node_host::{AuthMode, CallError, CallOptions, Connection, ConnectionOptions, NodeHost};

use crate::server::{Reply, Server, ok};
use crate::support::{
    SECRET, alone, component, connect, connect_with, ends, fields, get, host, node_error, run, run_with,
    until, within,
};
use crate::tls::TlsServer;

/// A connection in a host of its own.
async fn connection_of(host: &NodeHost, url: &str) -> Connection {
    let node = host.load_file(component()).expect("node");
    let typed = fields(&[("url", url), ("secret", SECRET)]);
    let connection = node.connect(typed, ConnectionOptions::default()).await.expect("connection");
    connection.authenticate(&CallOptions::default()).await.expect("login");
    connection
}

#[track_caller]
fn stopped(result: Result<Value, CallError>) -> NodeError {
    node_error(&result.expect_err("it should be stopped")).clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twelve_unread_answers_leave_an_http_2_connection_to_its_other_calls() {
    let server = TlsServer::start(&[b"h2"]).await;
    let connection = connect_with(&server.url, server.trusted()).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");
    let keep = tokio::spawn({
        let input = json!({ "url": format!("{}/large", server.url), "count": 12, "ms": 3_600_000 });
        let connection = connection.clone();
        async move { run_with(&connection, "keep", input, &within(3_600_000)).await }
    });
    until(|| server.large.load(Ordering::Relaxed) == 12).await;
    // Time for the server to send all that the windows let through.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let answer = get(&connection, &format!("{}/x", server.url)).await;
    assert_eq!((&answer["body"], &answer["body_error"]), (&json!("HTTP/2.0"), &json!(null)), "{answer}");
    keep.abort();
}

/// A server whose answers have so many bytes of headers and no body.
async fn talkative(bytes: usize) -> Server {
    Server::start(move |request| match request.path.as_str() {
        "/head" => {
            let value = "h".repeat(bytes / 8);
            let headers: String = (0..8).map(|n| format!("x-{n}: {value}\r\n")).collect();
            Reply::Bytes(format!("HTTP/1.1 200 OK\r\n{headers}content-length: 0\r\n\r\n").into_bytes())
        }
        _ => ok("token"),
    })
    .await
}

#[tokio::test]
async fn the_headers_of_an_answer_have_a_limit() {
    for (bytes, expected) in [
        (40_000, json!({ "kept": 1, "error": null })),
        (380_000, json!({ "kept": 0, "error": "ErrorCode::HttpResponseHeaderSectionSize(None)" })),
    ] {
        let server = talkative(bytes).await;
        let input = json!({ "url": server.at("/head") });
        let kept = run(&connect(server.url()).await, "keep", input).await.expect("done");
        assert_eq!(kept, expected, "{bytes}");
    }
}

#[tokio::test]
async fn the_headers_of_an_http_2_answer_have_a_limit() {
    let server = TlsServer::start(&[b"h2"]).await;
    let connection = connect_with(&server.url, server.trusted()).await;
    for (bytes, kept) in [(40_000, 1), (380_000, 0)] {
        let input = json!({ "url": format!("{}/headers/{bytes}", server.url) });
        let answer = run(&connection, "keep", input).await.expect("done");
        assert_eq!(answer["kept"], kept, "{bytes}: {answer}");
    }
}

#[tokio::test]
async fn answers_that_a_guest_keeps_count_in_its_memory() {
    let server = talkative(40_000).await;
    let host = host().memory_limit(16 << 20).build().expect("host");
    let connection = connection_of(&host, server.url()).await;
    let input = |count| json!({ "url": server.at("/head"), "count": count });
    let few = run(&connection, "keep", input(200)).await.expect("done");
    assert_eq!(few["kept"], 200, "{few}");
    let many = run(&connection, "keep", input(500)).await.expect("done");
    let kept = many["kept"].as_u64().expect("a number");
    assert!((200..=(16 << 20) / 40_000).contains(&kept), "{many}");
    assert!(many["error"].as_str().is_some_and(|error| error.contains("HeaderSection")), "{many}");
}

/// Bytes of this process in memory, server and test included.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: usize = status.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * 4096
}

#[tokio::test]
async fn guests_that_hoard_stay_within_the_memory_that_operators_plan() {
    let _alone = alone().await;
    let test = std::env::current_exe().expect("this program");
    let run = tokio::task::spawn_blocking(|| {
        let arguments =
            ["--exact", "neighbours::hoarding_in_a_process_of_its_own", "--ignored", "--nocapture"];
        std::process::Command::new(test).args(arguments).output()
    });
    let run = run.await.expect("no panic").expect("it runs");
    assert!(run.status.success() && String::from_utf8_lossy(&run.stdout).contains("MiB more"), "{run:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures the memory of its process, so the test above runs it in one of its own"]
async fn hoarding_in_a_process_of_its_own() {
    const CALLS: usize = 4;
    const MIB: usize = 1 << 20;
    let server = talkative(60_000).await;
    let host = host().memory_limit(32 * MIB).max_result_bytes(MIB).build().expect("host");
    let connection = connection_of(&host, server.url()).await;
    // The server of the test, its buffers and what is under way are in this process, too.
    let warm = json!({ "url": server.at("/head"), "count": 100 });
    let warm: Vec<_> = (0..CALLS)
        .map(|_| {
            let (connection, input) = (connection.clone(), warm.clone());
            tokio::spawn(async move { run(&connection, "keep", input).await })
        })
        .collect();
    for warm in warm {
        warm.await.expect("no panic").expect("told");
    }
    let before = resident();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..CALLS {
        let (connection, input) =
            (connection.clone(), json!({ "url": server.at("/head"), "count": 1000, "ms": 300 }));
        calls.spawn(async move { run_with(&connection, "keep", input, &within(600_000)).await });
    }
    let mut most = 0;
    while !calls.is_empty() {
        most = most.max(resident());
        tokio::select! {
            done = calls.join_next() => {
                let done = done.expect("a call").expect("no panic").expect("told");
                assert!(done["kept"].as_u64().is_some_and(|kept| kept > 100), "{done}");
            }
            () = tokio::time::sleep(Duration::from_millis(10)) => {}
        }
    }
    let more = most.saturating_sub(before);
    println!("{} MiB more", more / MIB);
    // As docs/hosting.md has it: memory limit, result limit, and 40 MiB.
    assert!(more <= CALLS * (32 + 1 + 40) * MIB, "{} MiB", more / MIB);
}

#[tokio::test]
async fn headers_that_a_guest_makes_count_in_its_memory() {
    let server = talkative(0).await;
    let host = host().memory_limit(16 << 20).build().expect("host");
    let connection = connection_of(&host, server.url()).await;
    let input = |count| json!({ "count": count, "bytes": 60_000 });
    run(&connection, "clutter", input(200)).await.expect("12 MB");
    let error = stopped(run(&connection, "clutter", input(400)).await);
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Internal, "host.memory-limit"), "{error:?}");
    run(&connection, "clutter", input(200)).await.expect("the next call has memory again");
}

#[tokio::test]
async fn request_bodies_that_a_guest_opens_count_in_its_memory() {
    let server = talkative(0).await;
    let host = host().memory_limit(16 << 20).build().expect("host");
    let connection = connection_of(&host, server.url()).await;
    run(&connection, "drafts", json!({ "count": 50 })).await.expect("a few");
    let error = stopped(run(&connection, "drafts", json!({ "count": 300 })).await);
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Internal, "host.memory-limit"), "{error:?}");
}

#[tokio::test]
async fn a_list_to_poll_has_a_limit() {
    let server = Server::start(|_| ok("token")).await;
    let connection = connect(server.url()).await;
    let polled = run(&connection, "poll", json!({ "count": 1000 })).await.expect("a long list");
    assert_eq!(polled["ready"], 1000);
    let error = stopped(ends(run(&connection, "poll", json!({ "count": 20_000 }))).await);
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Internal, "host.memory-limit"), "{error:?}");
}

#[tokio::test]
async fn a_body_that_is_never_finished_waits_no_longer_than_for_an_answer_in_every_mode() {
    let server = Server::start(|request| match request.path.as_str() {
        "/token" => ok("{\"access_token\":\"tok-1\"}"),
        _ => ok("token"),
    })
    .await;
    for auth in [AuthMode::Component, AuthMode::Placeholder, AuthMode::Recipe] {
        let options = ConnectionOptions { auth, ..ConnectionOptions::default() };
        let connection = connect_with(server.url(), options).await;
        connection.authenticate(&CallOptions::default()).await.expect("login");
        let input = json!({ "method": "POST", "url": server.at("/x"), "body": "half", "first_byte_ms": 200 });
        let answer = ends(run_with(&connection, "half", input, &within(3_600_000))).await.expect("told");
        assert_eq!(answer, json!({ "error": "ErrorCode::ConnectionReadTimeout" }), "{auth:?}");
    }
    assert_eq!(server.count("/x"), 0);
}
