//! Many connections, each with many calls: no error, flat memory, one login each.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use workflow_node_host::{Allocation, AuthMode, CallOptions, Connection, ConnectionOptions};

use crate::server::{Reply, Server, ok};
use crate::support::{SECRET, alone, component, connect, fields, get, host, item};

/// How many calls are made at the same time.
const AT_ONCE: usize = 100;

/// Bytes of this process in memory, server and test included.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: usize = status.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * 4096
}

/// Makes `each` calls on every connection, so many at once; gives the memory that
/// was in use after each round.
async fn rounds(connections: &[Connection], each: usize) -> Vec<usize> {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut memory = Vec::new();
    for _ in 0..each {
        let mut calls = JoinSet::new();
        for connection in connections {
            let (connection, turns) = (connection.clone(), Arc::clone(&turns));
            calls.spawn(async move {
                let _turn = turns.acquire().await.expect("open");
                connection.execute("guarded", &[item(&json!({}))], None, &CallOptions::default()).await
            });
        }
        while let Some(call) = calls.join_next().await {
            call.expect("no panic").expect("no error");
        }
        memory.push(resident());
    }
    memory
}

/// Makes the calls; gives the bytes that stayed in memory for each of them, once
/// half of them were made.
async fn many(connections: usize, each: usize) -> usize {
    let _alone = alone().await;
    let server = Server::start(|request| match request.path.as_str() {
        "/token" => ok(&json!({ "access_token": "tok-1", "expires_in": 3600 }).to_string()),
        _ if request.header("authorization") == Some("Bearer tok-1") => ok("fine"),
        _ => Reply::Answer(401, String::new()),
    })
    .await;
    let host = host()
        .memory_limit(16 << 20)
        .allocation(Allocation::Pooling { instances: u32::try_from(AT_ONCE).expect("small") })
        .build()
        .expect("host");
    let node = host.load_file(component()).expect("node");
    let mut made = Vec::new();
    for _ in 0..connections {
        let options = ConnectionOptions { auth: AuthMode::Recipe, ..ConnectionOptions::default() };
        let typed = fields(&[("url", server.url()), ("secret", SECRET)]);
        made.push(node.connect(typed, options).await.expect("connection"));
    }
    let start = Instant::now();
    let memory = rounds(&made, each).await;
    let took = start.elapsed();
    assert_eq!(server.count("/token"), connections, "one token request for each connection");
    assert_eq!(server.count("/guarded"), connections * each);
    // The test's own server remembers every request, which is what grows here.
    let (first, last) = (memory[memory.len() / 2], memory[memory.len() - 1]);
    let grown = last.saturating_sub(first) / (connections * each / 2);
    println!(
        "{} calls over {connections} connections in {took:.1?}; {} MiB after half of them, {} MiB at the end",
        connections * each,
        first >> 20,
        last >> 20,
    );
    grown
}

#[tokio::test]
async fn ten_thousand_calls_over_a_thousand_connections() {
    let _alone = alone().await;
    let test = std::env::current_exe().expect("this program");
    let run = tokio::task::spawn_blocking(|| {
        let arguments = ["--exact", "many::in_a_process_of_its_own", "--ignored", "--nocapture"];
        std::process::Command::new(test).args(arguments).output()
    });
    let run = run.await.expect("no panic").expect("it runs");
    let told = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && told.contains("10000 calls"), "{run:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures the memory of its process, so the test above runs it in one of its own"]
async fn in_a_process_of_its_own() {
    let grown = many(1000, 10).await;
    assert!(grown < 4096, "{grown} bytes stay of each call");
}

#[tokio::test]
async fn calls_one_after_the_other_share_one_tcp_connection() {
    let server = Server::start(|_| ok("fine")).await;
    let connection = connect(server.url()).await;
    for _ in 0..50 {
        get(&connection, &server.at("/x")).await;
    }
    assert_eq!((server.count("/x"), server.connections()), (50, 1));
}

#[tokio::test]
async fn calls_at_the_same_time_need_no_more_connections_than_they_are() {
    let server = Server::start(|request| match request.path.as_str() {
        "/x" => Reply::Late(Duration::from_millis(20), 200, "fine".to_owned()),
        _ => ok("tok"),
    })
    .await;
    let connection = connect(server.url()).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");
    for _ in 0..5 {
        let mut calls = JoinSet::new();
        for _ in 0..8 {
            let (connection, url) = (connection.clone(), server.at("/x"));
            calls.spawn(async move { get(&connection, &url).await });
        }
        calls.join_all().await;
    }
    // Forty calls; where two that wait for one connection meet, there may be one more.
    assert!(server.connections() <= 20, "{}", server.connections());
}
