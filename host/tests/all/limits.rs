//! Guests that do not stop, do not fit or do not work, and their neighbours.

use std::time::{Duration, Instant};

use serde_json::json;
use workflow_node_host::wit::types::{Effect, ErrorKind, NodeError};
use workflow_node_host::{Allocation, CallError, Connection, ConnectionOptions, HostError, NodeHost};

use crate::server::{Server, ok};
use crate::support::{SECRET, alone, component, connect, fields, in_time, node_error, run, run_with, within};

async fn server() -> Server {
    Server::start(|_| ok("token")).await
}

/// A connection in a host of its own.
async fn connection_of(host: &NodeHost, url: &str) -> Connection {
    let node = host.load_file(component()).expect("node");
    node.connect(fields(&[("url", url), ("secret", SECRET)]), ConnectionOptions::default())
        .await
        .expect("connection")
}

#[track_caller]
fn stopped(result: Result<serde_json::Value, CallError>) -> NodeError {
    node_error(&result.expect_err("it should be stopped")).clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endless_loop_is_stopped_in_time_while_its_neighbours_go_on() {
    let _alone = alone().await;
    let server = server().await;
    let connection = connect(server.url()).await;
    connection.authenticate(&within(5000)).await.expect("login");
    // A busy machine may hold everything up for a while; what is late five times
    // is late.
    let mut took = Vec::new();
    for _ in 0..5 {
        let loops: Vec<_> = (0..4)
            .map(|_| {
                let connection = connection.clone();
                tokio::spawn(async move {
                    let start = Instant::now();
                    let error = stopped(run_with(&connection, "loop", json!({}), &within(500)).await);
                    (error, start.elapsed())
                })
            })
            .collect();
        for _ in 0..10 {
            run(&connection, "told", json!({})).await.expect("a good call");
        }
        took.clear();
        for stuck in loops {
            let (error, elapsed) = stuck.await.expect("no panic");
            assert_eq!((error.kind, error.effect), (ErrorKind::Timeout, Effect::Unknown), "{error:?}");
            took.push(elapsed);
        }
        if took.iter().all(|took| *took < Duration::from_millis(600)) {
            return;
        }
    }
    panic!("never within 600 ms: {took:?}");
}

#[tokio::test]
async fn an_endless_loop_leaves_a_runtime_of_one_thread_alive() {
    let server = server().await;
    let connection = connect(server.url()).await;
    connection.authenticate(&within(5000)).await.expect("login");
    let call = within(1000);
    let (stuck, good) = tokio::join!(
        run_with(&connection, "loop", json!({}), &call),
        tokio::time::timeout(Duration::from_millis(900), run(&connection, "told", json!({}))),
    );
    assert!(stuck.is_err());
    good.expect("in time").expect("a good call");
}

#[tokio::test]
async fn a_guest_that_sleeps_over_its_deadline_is_stopped() {
    let server = server().await;
    let connection = connect(server.url()).await;
    connection.authenticate(&within(5000)).await.expect("login");
    let call = within(200);
    let result = in_time(Duration::from_millis(300), async || {
        run_with(&connection, "sleep", json!({ "ms": 10_000 }), &call).await
    })
    .await;
    assert_eq!(stopped(result).kind, ErrorKind::Timeout);
}

#[tokio::test]
async fn a_guest_that_allocates_without_end_meets_the_limit() {
    let server = server().await;
    let host = NodeHost::builder().memory_limit(16 << 20).build().expect("host");
    let connection = connection_of(&host, server.url()).await;
    let error = stopped(run(&connection, "allocate", json!({})).await);
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Internal, "host.memory-limit"));
    assert_eq!(error.effect, Effect::Unknown);
    run(&connection, "told", json!({})).await.expect("the next call has memory again");
}

#[tokio::test]
async fn a_guest_that_hoards_in_the_host_meets_a_limit_too() {
    let server = server().await;
    let connection = connect(server.url()).await;
    let error = stopped(run_with(&connection, "hoard", json!({}), &within(20_000)).await);
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Internal, "host.memory-limit"));
    run(&connection, "told", json!({})).await.expect("a neighbour");
}

#[tokio::test]
async fn a_trap_is_internal_and_shows_nothing_of_the_guest() {
    let server = server().await;
    let connection = connect(server.url()).await;
    let error = stopped(run(&connection, "trap", json!({})).await);
    assert_eq!((error.kind, error.effect), (ErrorKind::Internal, Effect::Unknown));
    let text = format!("{error:?}");
    for word in ["unruly", "backtrace", "0x", "wasm32", SECRET] {
        assert!(!text.contains(word), "{word:?} is in {text}");
    }
}

#[tokio::test]
async fn a_result_that_is_too_large_is_refused() {
    let server = server().await;
    let host = NodeHost::builder().max_result_bytes(1 << 20).build().expect("host");
    let connection = connection_of(&host, server.url()).await;
    let error = stopped(run(&connection, "huge", json!({})).await);
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Internal, "host.result-limit"));
}

#[test]
fn a_component_that_does_not_fit_into_a_slot_is_refused_as_that() {
    let pool = Allocation::Pooling { instances: 1 };
    let host = NodeHost::builder().memory_limit(64 << 10).allocation(pool).build().expect("host");
    let error = host.load_file(component()).expect_err("it is larger");
    assert!(matches!(error, HostError::TooLarge(_)), "{error:?}");
    assert!(error.to_string().contains("memory"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_beyond_the_pool_wait_for_a_slot() {
    let server = server().await;
    let host = NodeHost::builder()
        .memory_limit(32 << 20)
        .allocation(Allocation::Pooling { instances: 4 })
        .build()
        .expect("host");
    let connection = connection_of(&host, server.url()).await;
    let calls: Vec<_> = (0..40)
        .map(|_| {
            let connection = connection.clone();
            tokio::spawn(async move { run(&connection, "sleep", json!({ "ms": 10 })).await.map(drop) })
        })
        .collect();
    for call in calls {
        call.await.expect("no panic").expect("every call gets its turn");
    }
}

#[tokio::test]
async fn a_call_that_gets_no_slot_in_time_says_that_nothing_happened() {
    let server = server().await;
    let host = NodeHost::builder().allocation(Allocation::Pooling { instances: 1 }).build().expect("host");
    let connection = connection_of(&host, server.url()).await;
    connection.authenticate(&within(5000)).await.expect("login");
    let (long, short) = (within(2000), within(100));
    let (slept, error) = tokio::join!(run_with(&connection, "sleep", json!({ "ms": 500 }), &long), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        stopped(run_with(&connection, "told", json!({}), &short).await)
    },);
    slept.expect("the one that was first");
    assert_eq!((error.kind, error.effect), (ErrorKind::Unavailable, Effect::None), "{error:?}");
}

#[tokio::test]
async fn the_clock_stops_with_the_host() {
    let threads = || {
        std::fs::read_dir("/proc/self/task").map_or(0, |tasks| {
            tasks
                .flatten()
                .filter(|task| {
                    std::fs::read_to_string(task.path().join("comm"))
                        .is_ok_and(|name| name.starts_with("workflow-node-e"))
                })
                .count()
        })
    };
    // Other tests have hosts of their own, so only the difference of many counts.
    let hosts: Vec<NodeHost> = (0..50).map(|_| NodeHost::builder().build().expect("host")).collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let during = threads();
    drop(hosts);
    tokio::time::sleep(Duration::from_millis(300)).await;
    if during > 0 {
        assert!(threads() + 40 <= during, "{} of {during} are left", threads());
    }
}
