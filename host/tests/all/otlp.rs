//! Traces that a collector gets. `cargo test -p workflow-node-host --features otlp otlp`

use std::collections::BTreeMap;

use serde_json::json;
use tracing_subscriber::layer::SubscriberExt as _;
use workflow_node_host::otlp::{OtlpOptions, layer};
use workflow_node_host::{CallOptions, Secret, Tls};

use crate::server::{Server, ok};
use crate::support::{SECRET, connect_by_recipe, run_with};

fn options(endpoint: &str) -> OtlpOptions {
    OtlpOptions {
        endpoint: endpoint.to_owned(),
        service: "the-platform".to_owned(),
        headers: BTreeMap::from([("x-collector-key".to_owned(), Secret::new("hunter23-of-the-collector"))]),
        tls: Tls::default(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_gets_calls_below_their_callers_and_no_secret() {
    let collector = Server::start(|_| ok("")).await;
    let service = Server::start(|_| ok(&json!({ "access_token": "tok-very-secret" }).to_string())).await;
    let (exported, traces) = layer(&options(&collector.at("/v1/traces"))).expect("a layer");
    let logging = tracing::subscriber::set_default(tracing_subscriber::registry().with(exported));
    let connection = connect_by_recipe(service.url()).await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let call = CallOptions {
        trace_parent: Some(format!("00-{trace}-00f067aa0ba902b7-01")),
        ..CallOptions::default()
    };
    let url = service.at(&format!("/x?note={SECRET}"));
    run_with(&connection, "request", json!({ "url": url }), &call).await.expect("an answer");
    let told = run_with(&connection, "told", json!({}), &call).await.expect("told");
    let told = told["trace_parent"].as_str().expect("a span to go on from").to_owned();
    drop(logging);
    assert!(traces.shutdown().await, "all of it was taken");

    let batches = collector.seen();
    let sent: String = batches.iter().map(|request| request.body.as_str()).collect();
    assert_eq!(
        batches.first().and_then(|batch| batch.header("x-collector-key")),
        Some("hunter23-of-the-collector")
    );
    for known in ["the-platform", "call", "execute", "request", trace] {
        assert!(sent.contains(known), "{known} is not in {sent}");
    }
    // What the component is told is the span that the collector has.
    let span = told.split('-').nth(2).expect("a span");
    assert!(told.contains(trace) && sent.contains(span), "{told}");
    assert!(!sent.contains(SECRET) && !sent.contains("tok-very-secret"), "{sent}");
}

#[tokio::test]
async fn an_endpoint_that_is_none_is_refused() {
    assert!(layer::<tracing_subscriber::Registry>(&options("no address")).is_err());
}
