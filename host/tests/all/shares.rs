//! What one connection may take of the host that it shares with others.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use workflow_node_host::wit::types::{Effect, ErrorKind};
use workflow_node_host::{
    Allocation, AuthMode, CallOptions, Connection, ConnectionLimits, ConnectionOptions, NodeHost, Resolver,
    Resolving,
};

use crate::server::{Reply, Server, ok};
use crate::support::{
    SECRET, Seen, component, connect_with, ends, fields, get, host, item, node_error, run, run_with, until,
    within,
};

fn limited(limits: ConnectionLimits) -> ConnectionOptions {
    ConnectionOptions { limits, ..ConnectionOptions::default() }
}

async fn connection_of(host: &NodeHost, url: &str, limits: ConnectionLimits) -> Connection {
    let node = host.load_file(component()).expect("node");
    let typed = fields(&[("url", url), ("secret", SECRET)]);
    let connection = node.connect(typed, limited(limits)).await.expect("connection");
    connection.authenticate(&CallOptions::default()).await.expect("login");
    connection
}

async fn silent() -> Server {
    Server::start(|request| if request.path == "/silent" { Reply::Silence } else { ok("token") }).await
}

#[tokio::test]
async fn calls_of_one_connection_wait_for_each_other_and_not_those_of_another() {
    let server = silent().await;
    let host = host().allocation(Allocation::Pooling { instances: 4 }).build().expect("host");
    let greedy = connection_of(&host, server.url(), ConnectionLimits::default()).await;
    let other = connection_of(&host, server.url(), ConnectionLimits::default()).await;
    let stuck: Vec<_> = (0..8)
        .map(|_| {
            let (connection, input) = (greedy.clone(), json!({ "url": server.at("/silent") }));
            tokio::spawn(async move { run_with(&connection, "request", input, &within(600_000)).await })
        })
        .collect();
    until(|| server.count("/silent") == 2).await;
    // Half of the slots are for others, however many calls of the one wait.
    ends(run(&other, "told", json!({}))).await.expect("at once");
    let dry = CallOptions { dry_run: true, ..within(100) };
    let error = ends(run_with(&greedy, "told", json!({}), &dry)).await.expect_err("busy");
    let error = node_error(&error);
    assert_eq!((error.kind, error.effect), (ErrorKind::Unavailable, Effect::None), "{error:?}");
    assert_eq!(error.code, "host.connection-busy");
    assert!(error.advice.as_deref().is_some_and(|advice| advice.contains("ConnectionLimits::calls")));
    assert_eq!(server.count("/silent"), 2);
    stuck.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn a_call_sends_a_bounded_number_of_requests() {
    let server = Server::start(|_| ok("token")).await;
    let (seen, options) = Seen::options();
    let limits = ConnectionLimits { requests: 5, ..ConnectionLimits::default() };
    let connection = connect_with(server.url(), ConnectionOptions { limits, ..options }).await;
    let hammer = || run(&connection, "hammer", json!({ "url": server.at("/x"), "count": 20 }));
    for calls in 1..=2 {
        let answer = hammer().await.expect("told");
        assert_eq!(answer["answered"], 5, "{answer}");
        assert_eq!(answer["error"], json!({ "error": "ErrorCode::HttpRequestDenied" }));
        assert_eq!(server.count("/x"), 5 * calls, "each call has its own");
    }
    let told = seen.events().pop().and_then(|event| event.error).expect("an event");
    assert!(told.contains("ConnectionLimits::requests"), "{told}");
}

#[tokio::test]
async fn a_call_sends_a_bounded_number_of_bytes() {
    for auth in [AuthMode::Component, AuthMode::Placeholder, AuthMode::Recipe] {
        let server = Server::start(|request| match request.path.as_str() {
            "/token" => ok("{\"access_token\":\"tok-1\"}"),
            _ => ok("token"),
        })
        .await;
        let (seen, options) = Seen::options();
        let limits = ConnectionLimits { request_bytes: 100_000, ..ConnectionLimits::default() };
        let connection = connect_with(server.url(), ConnectionOptions { limits, auth, ..options }).await;
        let upload = |bytes: u64| {
            let input = json!({ "method": "POST", "url": server.at("/x"), "bytes": bytes });
            let connection = connection.clone();
            async move { run(&connection, "upload", input).await.expect("told") }
        };
        assert_eq!(upload(90_000).await["status"], 200, "{auth:?}");
        let refused = upload(9_000_000).await;
        assert_eq!(refused["error"], "ErrorCode::HttpRequestBodySize(Some(100000))", "{auth:?}");
        let told = seen.events().pop().and_then(|event| event.error).expect("an event");
        assert!(told.contains("ConnectionLimits::request_bytes"), "{told}");
        assert_eq!(server.count("/x"), 1, "{auth:?}: the other one never arrived whole");
    }
}

#[tokio::test]
async fn a_connection_has_a_bounded_number_of_sockets() {
    let server = silent().await;
    let limits = ConnectionLimits { sockets: 3, ..ConnectionLimits::default() };
    let connection = connect_with(server.url(), limited(limits)).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");
    let flood = tokio::spawn({
        let (connection, input) = (connection.clone(), json!({ "url": server.at("/silent"), "count": 20 }));
        async move { run_with(&connection, "flood", input, &within(600_000)).await }
    });
    until(|| server.count("/silent") == 3).await;
    let input = json!({ "url": server.at("/x"), "connect_ms": 100 });
    let answer = ends(run(&connection, "request", input)).await.expect("told");
    assert_eq!(answer["error"], "ErrorCode::ConnectionTimeout");
    assert_eq!(server.count("/silent"), 3);
    flood.abort();
    let _ = flood.await;
    // Sockets that are closed are free again.
    assert_eq!(ends(get(&connection, &server.at("/x"))).await["status"], 200);
}

#[tokio::test]
async fn a_run_waits_for_its_turn_no_longer_than_a_call_may_take() {
    let server = Server::start(|_| ok("token")).await;
    let connection = connect_with(server.url(), ConnectionOptions::default()).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");
    let run = |ms: u64, call: CallOptions| {
        let (connection, input) = (connection.clone(), item(&json!({ "key": "a", "ms": ms })));
        async move { connection.execute_all("exclusive", &[input], &call, &mut |_| {}).await }
    };
    let first = tokio::spawn(run(3_600_000, within(3_600_000)));
    // Until it has its turn.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let error = ends(run(0, within(100))).await.expect_err("its turn did not come");
    let error = node_error(&error);
    assert_eq!((error.kind, error.effect), (ErrorKind::Timeout, Effect::None), "{error:?}");
    assert_eq!(error.code, "host.turn");
    first.abort();
}

/// Says where names lead to: to this machine, after addresses at which nobody is.
#[derive(Debug, Default)]
struct Counting {
    asked: AtomicUsize,
    dead: Vec<IpAddr>,
}

impl Resolver for Counting {
    fn resolve(&self, _: &str) -> Resolving {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let addresses = self.dead.iter().copied().chain([IpAddr::from([127, 0, 0, 1])]).collect();
        Box::pin(async { Ok(addresses) })
    }
}

async fn connection_with(resolver: &Arc<Counting>, url: &str) -> Connection {
    let host = host().resolver(Arc::clone(resolver) as Arc<dyn Resolver>).build().expect("host");
    connection_of(&host, url, ConnectionLimits::default()).await
}

#[tokio::test]
async fn the_requests_of_a_call_share_the_lookup_of_a_name() {
    let server = silent().await;
    let resolver = Arc::new(Counting::default());
    let connection = connection_with(&resolver, &server.url().replace("127.0.0.1", "localhost")).await;
    let url = server.at("/silent").replace("127.0.0.1", "localhost");
    let input = json!({ "url": url, "count": 32 });
    let flood = tokio::spawn(async move { run_with(&connection, "flood", input, &within(600_000)).await });
    until(|| server.count("/silent") == 32).await;
    // Of the login and of them, with some room for a machine that is busy for seconds.
    let asked = resolver.asked.load(Ordering::Relaxed);
    assert!(asked < 8, "{asked}");
    flood.abort();
}

#[tokio::test]
async fn addresses_at_which_nobody_is_do_not_keep_a_call_from_the_one_that_answers() {
    let server = Server::start(|_| ok("token")).await;
    // Of this machine, too, where nobody listens.
    let dead = (2..6).map(|last| IpAddr::from([127, 0, 0, last])).collect();
    let resolver = Arc::new(Counting { dead, ..Counting::default() });
    let connection = connection_with(&resolver, &server.url().replace("127.0.0.1", "localhost")).await;
    let url = server.at("/x").replace("127.0.0.1", "localhost");
    assert_eq!(ends(get(&connection, &url)).await["status"], 200);
}
