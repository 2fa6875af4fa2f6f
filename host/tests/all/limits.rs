//! Guests that do not stop, do not fit or do not work, and their neighbours.

use serde_json::json;
use workflow_node_host::wit::types::{Effect, ErrorKind, NodeError};
use workflow_node_host::{
    Allocation, CallError, CallOptions, Connection, ConnectionOptions, HostError, NodeHost,
};

use crate::server::{Reply, Server, ok};
use crate::support::{
    SECRET, alone, component, connect, ends, fields, host, node_error, run, run_with, until, within,
};

async fn server() -> Server {
    Server::start(|request| if request.path == "/silent" { Reply::Silence } else { ok("token") }).await
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

#[tokio::test]
async fn an_endless_loop_is_stopped_and_did_nothing_that_was_not_sent() {
    let server = server().await;
    let connection = connect(server.url()).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");
    let error = stopped(ends(run_with(&connection, "loop", json!({}), &within(300))).await);
    assert_eq!((error.kind, error.effect), (ErrorKind::Timeout, Effect::None), "{error:?}");
}

#[tokio::test]
async fn what_a_stopped_call_had_sent_may_have_been_done_unless_it_only_reads() {
    let server = server().await;
    let connection = connect(server.url()).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");
    for (operation, method, effect) in [
        ("loop", "POST", Effect::Unknown),
        ("loop", "GET", Effect::None),
        ("loop_reading", "POST", Effect::None),
    ] {
        let input = json!({ "send": { "method": method, "url": server.at("/sent"), "body": "" } });
        let before = server.count("/sent");
        // Until the request is out: a busy machine may need more than one attempt.
        let mut deadline = 500;
        let error = loop {
            let error =
                stopped(ends(run_with(&connection, operation, input.clone(), &within(deadline))).await);
            if server.count("/sent") > before {
                break error;
            }
            deadline *= 2;
        };
        assert_eq!(
            (error.kind, error.effect),
            (ErrorKind::Timeout, effect),
            "{operation} {method}: {error:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_loops_leave_their_neighbours_time() {
    let _alone = alone().await;
    let server = server().await;
    let connection = connect(server.url()).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");
    let mut loops = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let connection = connection.clone();
        loops.spawn(async move { run_with(&connection, "loop", json!({}), &within(3_600_000)).await });
    }
    for _ in 0..10 {
        ends(run(&connection, "told", json!({}))).await.expect("a good call");
    }
    assert!(loops.try_join_next().is_none(), "they still run");
}

#[tokio::test]
async fn an_endless_loop_leaves_a_runtime_of_one_thread_alive() {
    let server = server().await;
    let connection = connect(server.url()).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");
    let call = within(3_600_000);
    tokio::select! {
        stuck = run_with(&connection, "loop", json!({}), &call) => panic!("{stuck:?}"),
        good = ends(run(&connection, "told", json!({}))) => { good.expect("a good call"); }
    }
}

#[tokio::test]
async fn a_guest_that_sleeps_over_its_deadline_is_stopped() {
    let server = server().await;
    let connection = connect(server.url()).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");
    let result = ends(run_with(&connection, "sleep", json!({ "ms": 3_600_000 }), &within(200))).await;
    assert_eq!(stopped(result).kind, ErrorKind::Timeout);
}

#[tokio::test]
async fn a_guest_that_allocates_without_end_meets_the_limit() {
    let server = server().await;
    let host = host().memory_limit(16 << 20).build().expect("host");
    let connection = connection_of(&host, server.url()).await;
    let error = stopped(run(&connection, "allocate", json!({})).await);
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Internal, "host.memory-limit"));
    assert_eq!(error.effect, Effect::None, "nothing was sent");
    run(&connection, "told", json!({})).await.expect("the next call has memory again");
}

#[tokio::test]
async fn items_for_which_there_is_no_memory_are_refused_before_the_guest_starts() {
    let server = server().await;
    let host = host().memory_limit(16 << 20).build().expect("host");
    let connection = connection_of(&host, server.url()).await;
    let error = stopped(run(&connection, "told", json!({ "large": "x".repeat(13 << 20) })).await);
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::InvalidInput, "host.input-limit"));
    assert_eq!(error.effect, Effect::None);
    run(&connection, "told", json!({ "large": "x".repeat(1 << 20) })).await.expect("less is fine");
}

#[tokio::test]
async fn a_guest_that_hoards_in_the_host_meets_a_limit_too() {
    let server = server().await;
    let connection = connect(server.url()).await;
    let error = stopped(run_with(&connection, "hoard", json!({}), &within(600_000)).await);
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Internal, "host.memory-limit"));
    run(&connection, "told", json!({})).await.expect("a neighbour");
}

#[tokio::test]
async fn a_trap_is_internal_and_shows_nothing_of_the_guest() {
    let server = server().await;
    let connection = connect(server.url()).await;
    let error = stopped(run(&connection, "trap", json!({})).await);
    assert_eq!((error.kind, error.effect), (ErrorKind::Internal, Effect::None));
    let text = format!("{error:?}");
    for word in ["unruly", "backtrace", "0x", "wasm32", SECRET] {
        assert!(!text.contains(word), "{word:?} is in {text}");
    }
}

#[tokio::test]
async fn a_result_that_is_too_large_is_refused() {
    let server = server().await;
    let host = host().max_result_bytes(1 << 20).build().expect("host");
    let connection = connection_of(&host, server.url()).await;
    let error = stopped(run(&connection, "huge", json!({})).await);
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Internal, "host.result-limit"));
}

#[test]
fn a_component_that_does_not_fit_into_a_slot_is_refused_as_that() {
    let pool = Allocation::Pooling { instances: 1 };
    let host = host().memory_limit(64 << 10).allocation(pool).build().expect("host");
    let error = host.load_file(component()).expect_err("it is larger");
    assert!(matches!(error, HostError::TooLarge(_)), "{error:?}");
    assert!(error.to_string().contains("memory"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_beyond_the_pool_wait_for_a_slot() {
    let server = server().await;
    let host =
        host().memory_limit(32 << 20).allocation(Allocation::Pooling { instances: 4 }).build().expect("host");
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
async fn a_call_that_gets_no_slot_by_its_deadline_says_that_nothing_happened() {
    let server = server().await;
    let host = host().allocation(Allocation::Pooling { instances: 1 }).build().expect("host");
    let connection = connection_of(&host, server.url()).await;
    connection.authenticate(&within(5000)).await.expect("login");
    let first = tokio::spawn({
        let (connection, input) = (connection.clone(), json!({ "url": server.at("/silent") }));
        async move { run_with(&connection, "request", input, &within(600_000)).await }
    });
    until(|| server.count("/silent") == 1).await;
    let error = stopped(ends(run_with(&connection, "told", json!({}), &within(100))).await);
    first.abort();
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
    if threads() == 0 {
        // No Linux.
        return;
    }
    until(|| threads() >= 50).await;
    drop(hosts);
    until(|| threads() < 50).await;
}
