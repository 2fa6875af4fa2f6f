//! Events: polling and webhooks, with the session, egress and scrubbing of every
//! other call.

use serde_json::json;
use workflow_node_host::wit::triggers::{Delivery, Endpoint, Header};
use workflow_node_host::wit::types::{Effect, ErrorKind};
use workflow_node_host::{CallOptions, json};

use crate::server::{Reply, Server, ok};
use crate::support::{connect, connect_by_recipe, node_error};

const SIGNING: &str = "signing-secret-of-this-test";

fn endpoint() -> Endpoint {
    Endpoint { callback_url: "https://hooks.example/1".to_owned(), signing_secret: SIGNING.to_owned() }
}

/// Accepts the second token that it gives out, and no other.
async fn forgetful() -> Server {
    let logins = std::sync::atomic::AtomicU32::new(0);
    Server::start(move |request| match request.path.as_str() {
        "/login" => ok(&format!("tok-{}", logins.fetch_add(1, std::sync::atomic::Ordering::Relaxed))),
        "/token" => ok(&json!({ "access_token": "tok-1" }).to_string()),
        _ if request.header("authorization") == Some("Bearer tok-1") => ok("news"),
        _ => Reply::Answer(401, String::new()),
    })
    .await
}

#[tokio::test]
async fn a_poll_goes_on_from_its_state_and_renews_a_dead_session() {
    let server = forgetful().await;
    let connection = connect(server.url()).await;
    connection.authenticate(&CallOptions::default()).await.expect("the first token");
    let call = CallOptions::default();
    let first = connection.poll("new", r#"{"a":1}"#, None, &call).await.expect("polled");
    assert_eq!(server.count("/login"), 2, "the first token was dead");
    assert!(first.report.session.is_none(), "the host keeps sessions to itself");
    assert_eq!((first.state.as_str(), first.next_poll_ms), ("1", 60_000));
    let second = connection.poll("new", "{}", Some(&first.state), &call).await.expect("polled");
    let shown = json::polled(&second);
    assert_eq!((&shown["state"], &shown["events"][0]["id"]), (&json!("2"), &json!("poll-2")));
    assert_eq!(shown["events"][0]["item"]["answer"], "news");
}

#[tokio::test]
async fn the_host_logs_in_for_triggers_too() {
    let server = forgetful().await;
    let connection = connect_by_recipe(server.url()).await;
    let polled = connection.poll("new", "{}", None, &CallOptions::default()).await.expect("polled");
    assert!(polled.events[0].item.json.contains("news"), "{polled:?}");
    assert_eq!((server.count("/token"), server.count("/login")), (1, 0));
}

#[tokio::test]
async fn a_subscription_is_made_found_again_and_ended() {
    let server = forgetful().await;
    let connection = connect_by_recipe(server.url()).await;
    let call = CallOptions::default();
    let made = connection.subscribe("new", "{}", &endpoint(), None, &call).await.expect("made");
    let found = connection.subscribe("new", "{}", &endpoint(), Some(&made.state), &call).await;
    let state = found.expect("found").state;
    assert_eq!(state, "2");
    let gone = connection.unsubscribe("new", "{}", &state, &call).await.expect("gone");
    assert_eq!(json::report(&gone)["usage"]["requests"], 1);
    assert_eq!(server.count("/unsubscribe"), 1);
}

#[tokio::test]
async fn a_signing_secret_is_in_no_failure() {
    let server = Server::start(|request| match request.path.as_str() {
        "/login" => ok("tok-1"),
        _ => Reply::Answer(409, String::new()),
    })
    .await;
    let connection = connect(server.url()).await;
    let failed = connection.subscribe("new", "{}", &endpoint(), None, &CallOptions::default()).await;
    let failed = failed.expect_err("refused");
    assert_eq!(node_error(&failed).effect, Effect::Unknown);
    assert_eq!(node_error(&failed).message, "not with ***");
}

#[tokio::test]
async fn only_an_authentic_delivery_has_events() {
    let server = forgetful().await;
    let connection = connect_by_recipe(server.url()).await;
    for (sign, events, status) in [(SIGNING, 1, 200), ("guessed", 0, 401)] {
        let delivery = Delivery {
            method: "POST".to_owned(),
            path_with_query: "/1".to_owned(),
            headers: vec![Header { name: "x-sign".to_owned(), value: sign.to_owned() }],
            body: b"{}".to_vec(),
        };
        let call = CallOptions::default();
        let received = connection.receive("new", "{}", &endpoint(), "s", &delivery, &call).await;
        let received = received.expect("read");
        assert_eq!((received.events.len(), received.reply.status), (events, status));
        assert_eq!(json::received(&received)["state"], "s");
    }
}

#[tokio::test]
async fn a_dry_run_of_a_subscription_sends_nothing() {
    let server = forgetful().await;
    let connection = connect(server.url()).await;
    let call = CallOptions { dry_run: true, ..CallOptions::default() };
    let failed = connection.subscribe("new", "{}", &endpoint(), None, &call).await.expect_err("no network");
    assert_ne!(node_error(&failed).kind, ErrorKind::Unauthenticated);
    assert!(server.seen().is_empty());
}
