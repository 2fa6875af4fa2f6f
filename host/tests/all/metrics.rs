//! What an operator sees of calls in the metrics.

use serde_json::json;
use workflow_node_host::{ConnectionOptions, Node, NodeHost};

use crate::server::{Server, ok};
use crate::support::{SECRET, component, fields, host, run, run_with, within};

/// A sample of the metrics; 0 where there is none.
fn sample(host: &NodeHost, name: &str) -> f64 {
    let text = host.metrics();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().expect("a number"))
}

fn loaded() -> (NodeHost, Node) {
    let host = host().build().expect("host");
    let node = host.load_file(component()).expect("node");
    (host, node)
}

#[tokio::test]
async fn bytes_of_requests_and_answers_are_counted() {
    let server = Server::start(|request| ok(if request.path == "/login" { "tok-1" } else { "12345" })).await;
    let (host, node) = loaded();
    let typed = fields(&[("url", server.url()), ("secret", SECRET)]);
    let connection = node.connect(typed, ConnectionOptions::default()).await.expect("connection");
    let input = json!({ "method": "POST", "url": server.at("/x"), "body": "1234567" });
    run(&connection, "request", input).await.expect("an answer");
    assert!((sample(&host, "workflow_node_request_bytes_total") - 7.0).abs() < 0.5);
    assert!((sample(&host, "workflow_node_response_bytes_total") - 10.0).abs() < 0.5, "the login's, too");
}

#[tokio::test]
async fn a_call_that_computes_is_told_from_one_that_waits() {
    let server = Server::start(|_| ok("tok-1")).await;
    let (host, node) = loaded();
    let typed = fields(&[("url", server.url()), ("secret", SECRET)]);
    let connection = node.connect(typed, ConnectionOptions::default()).await.expect("connection");
    let running = || sample(&host, r#"workflow_node_running_seconds_sum{function="execute"}"#);
    run(&connection, "sleep", json!({ "ms": 400 })).await.expect("slept");
    let waiting = running();
    assert!(waiting < 0.3, "{waiting} s");
    run_with(&connection, "loop", json!({}), &within(400)).await.expect_err("it never returns");
    assert!(running() - waiting > 0.05, "{} s", running());
    let count = sample(&host, r#"workflow_node_running_seconds_count{function="execute"}"#);
    assert!((count - 2.0).abs() < 0.5, "one that was cut off counts, too");
}

#[tokio::test]
async fn the_memory_of_a_call_is_seen_whatever_became_of_it() {
    let server = Server::start(|_| ok("tok-1")).await;
    let (host, node) = loaded();
    let typed = fields(&[("url", server.url()), ("secret", SECRET)]);
    let connection = node.connect(typed, ConnectionOptions::default()).await.expect("connection");
    let sum = || sample(&host, r#"workflow_node_memory_bytes_sum{function="execute"}"#);
    run(&connection, "told", json!({})).await.expect("told");
    let small = sum();
    assert!((65_536.0..8e6).contains(&small), "{small}");
    run(&connection, "huge", json!({ "bytes": 32 << 20 })).await.expect("a result");
    let large = sum() - small;
    assert!(large > 32e6, "{large}");
    run(&connection, "allocate", json!({})).await.expect_err("it asks for more than there is");
    let all = sum() - small - large;
    assert!(all > 200e6 && all <= 268_435_456.0, "{all}: the limit is 256 MiB");
}
