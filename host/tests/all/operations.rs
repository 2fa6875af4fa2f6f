//! What an operator needs of a host: figures, traces, an orderly end, and new
//! components without a new start.

use std::time::Duration;

use serde_json::json;
use workflow_node_host::wit::types::{Effect, ErrorKind};
use workflow_node_host::{CallOptions, Connection, ConnectionOptions, Node};

use crate::server::{Reply, Server, ok};
use crate::support::{HANG, SECRET, component, fields, node_error, run, run_with, until, with_section};

async fn connect_to(node: &Node, url: &str) -> Connection {
    let typed = fields(&[("url", url), ("secret", SECRET)]);
    node.connect(typed, ConnectionOptions::default()).await.expect("connection")
}

#[tokio::test]
async fn a_host_counts_calls_requests_and_failures() {
    let server = Server::start(|_| ok("tok-1")).await;
    let host = crate::support::host().build().expect("host");
    let connection = connect_to(&host.load_file(component()).expect("node"), server.url()).await;
    run(&connection, "told", json!({})).await.expect("told");
    run(&connection, "request", json!({ "url": server.at("/x") })).await.expect("an answer");
    run(&connection, "trap", json!({})).await.expect_err("a trap");
    run(&connection, "fail", json!({})).await.expect_err("a failure");
    let text = host.metrics();
    for line in [
        r#"workflow_node_calls_total{function="prepare",outcome="ok"} 1"#,
        r#"workflow_node_calls_total{function="authenticate",outcome="ok"} 1"#,
        r#"workflow_node_calls_total{function="execute",outcome="ok"} 2"#,
        r#"workflow_node_calls_total{function="execute",outcome="trapped"} 1"#,
        r#"workflow_node_calls_total{function="execute",outcome="conflict"} 1"#,
        r#"workflow_node_call_seconds_count{function="execute"} 4"#,
        r#"workflow_node_requests_total{status="2xx"} 2"#,
        "workflow_node_instances 0",
    ] {
        assert!(text.lines().any(|known| known == line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn the_trace_goes_on_with_a_span_of_the_call() {
    let server = Server::start(|_| ok("tok-1")).await;
    let host = crate::support::host().build().expect("host");
    let connection = connect_to(&host.load_file(component()).expect("node"), server.url()).await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-";
    let call = |parent: &str| CallOptions { trace_parent: Some(parent.to_owned()), ..CallOptions::default() };
    let parent = format!("{trace}00f067aa0ba902b7-01");
    let told = run_with(&connection, "told", json!({}), &call(&parent)).await.expect("told");
    let passed = told["trace_parent"].as_str().expect("a trace parent");
    assert!(passed.starts_with(trace) && passed.ends_with("-01") && passed != parent, "{passed}");
    let told = run_with(&connection, "told", json!({}), &call("nonsense\r\nx: y")).await.expect("told");
    assert_eq!(told["trace_parent"], json!(null));
}

#[tokio::test]
async fn a_host_that_shuts_down_lets_its_calls_end_and_no_more_in() {
    let server = Server::start(|request| match request.path.as_str() {
        "/slow" => Reply::Late(Duration::from_secs(3), 200, String::new()),
        _ => ok("tok-1"),
    })
    .await;
    let host = crate::support::host().build().expect("host");
    let connection = connect_to(&host.load_file(component()).expect("node"), server.url()).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");
    let running = tokio::spawn({
        let (connection, input) = (connection.clone(), json!({ "url": server.at("/slow") }));
        async move { run(&connection, "request", input).await }
    });
    until(|| server.count("/slow") == 1).await;
    assert_eq!(host.shutdown(Duration::from_millis(1)).await, 1, "one is still there");
    let error = run(&connection, "told", json!({})).await.expect_err("nobody comes in");
    let error = node_error(&error);
    assert_eq!((error.kind, error.effect), (ErrorKind::Unavailable, Effect::None), "{error:?}");
    assert_eq!(error.code, "host.shutting-down");
    assert_eq!(host.shutdown(HANG).await, 0);
    running.await.expect("no panic").expect("it ended well");
}

#[tokio::test]
async fn a_connection_goes_on_with_a_component_that_was_loaded_anew() {
    let server = Server::start(|_| ok("tok-1")).await;
    let tight = crate::support::host().max_result_bytes(1 << 20).build().expect("host");
    let connection = connect_to(&tight.load_file(component()).expect("node"), server.url()).await;
    let input = json!({ "bytes": 2 << 20 });
    run(&connection, "huge", input.clone()).await.expect_err("more than the old one may return");
    let roomy = crate::support::host().build().expect("host");
    connection.reload(&roomy.load_file(component()).expect("node")).await.expect("the same form");
    run(&connection, "huge", input).await.expect("the new one may");
    assert_eq!(server.count("/login"), 1, "the session stayed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_disturbs_no_call_that_runs() {
    let server = Server::start(|_| ok("tok-1")).await;
    let host = crate::support::host().build().expect("host");
    let (one, other) =
        (host.load_file(component()).expect("node"), host.load_file(component()).expect("node"));
    let connection = connect_to(&one, server.url()).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");
    let calls: Vec<_> = (0..50)
        .map(|n| {
            let connection = connection.clone();
            tokio::spawn(async move { run(&connection, "sleep", json!({ "ms": n * 10 })).await })
        })
        .collect();
    for node in [&other, &one, &other] {
        tokio::time::sleep(Duration::from_millis(50)).await;
        connection.reload(node).await.expect("the same form");
        run(&connection, "told", json!({})).await.expect("with the new one");
    }
    for call in calls {
        call.await.expect("no panic").expect("it ended as it had begun");
    }
    assert_eq!(server.count("/login"), 1, "the session stayed");
}

#[tokio::test]
async fn several_components_live_side_by_side() {
    let server = Server::start(|_| ok("tok-1")).await;
    let host = crate::support::host().build().expect("host");
    let one = host.load(&with_section("one", "{}")).expect("node");
    let other = host.load(&with_section("other", "{}")).expect("node");
    let (one, other) = (connect_to(&one, server.url()).await, connect_to(&other, server.url()).await);
    let (first, second) = tokio::join!(run(&one, "told", json!({})), run(&other, "told", json!({})));
    first.expect("told");
    second.expect("told");
}
