//! Secrets and tokens are in no text that leaves the host.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use workflow_node_host::wit::types::ErrorKind;
use workflow_node_host::{AuthMode, CallOptions, ConnectionOptions};

use crate::server::{Reply, Server, ok};
use crate::support::{SECRET, Seen, connect_with, fields, item, node};

const TOKEN: &str = "tok-very-secret";

#[track_caller]
fn shows_nothing(what: &str, text: &str) {
    for secret in [SECRET, TOKEN] {
        assert!(!text.contains(secret), "{what} shows {secret}: {text}");
    }
}

#[tokio::test]
async fn a_careless_node_gives_nothing_away() {
    let server = Server::start(|request| match request.path.as_str() {
        "/login" => ok(TOKEN),
        _ => Reply::Answer(404, String::new()),
    })
    .await;
    let (seen, options) = Seen::options();
    shows_nothing("the options", &format!("{options:?}"));
    let connection = connect_with(server.url(), options).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");

    let error = connection
        .execute("fail", &[item(&json!({}))], None, &CallOptions::default())
        .await
        .expect_err("the failure");
    shows_nothing("the failure", &format!("{error:?} {error}"));
    assert!(error.to_string().contains("secret *** and token ***"), "{error}");

    let url = server.at(&format!("/{TOKEN}/x?a={SECRET}"));
    let input = item(&json!({ "url": url }));
    connection.execute("request", &[input], None, &CallOptions::default()).await.expect("an answer");
    shows_nothing("an event", &format!("{:?}", seen.events()));
    shows_nothing("the connection", &format!("{connection:?} {:?}", connection.fields()));
    shows_nothing("the node", &format!("{:?}", node()));
}

/// Collects what `tracing` is told, by this crate and by those below it.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Log {
    fn add(&self, what: &dyn Debug) {
        use std::fmt::Write as _;
        let _ = writeln!(self.0.lock().expect("lock"), "{what:?}");
    }
}

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(&(field.name(), format!("{value:?}")));
    }
}

impl Subscriber for Log {
    /// Below that, wasmtime tells every argument that a guest passes.
    fn enabled(&self, what: &Metadata<'_>) -> bool {
        *what.level() <= Level::DEBUG
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut self.clone());
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn the_log_shows_no_secret_down_to_debug() {
    let log = Log::default();
    let _logging = tracing::subscriber::set_default(log.clone());
    let server = Server::start(|request| match request.path.as_str() {
        "/login" => ok(TOKEN),
        "/token" => ok(&json!({ "access_token": TOKEN }).to_string()),
        _ => ok("fine"),
    })
    .await;
    for auth in [AuthMode::Component, AuthMode::Placeholder, AuthMode::Recipe] {
        let options = ConnectionOptions { auth, ..ConnectionOptions::default() };
        let connection = connect_with(server.url(), options).await;
        for (operation, input) in [
            ("guarded", json!({})),
            ("request", json!({ "url": server.at(&format!("/x?a={SECRET}")) })),
            ("fail", json!({})),
            ("trap", json!({})),
        ] {
            let _ = connection.execute(operation, &[item(&input)], None, &CallOptions::default()).await;
        }
        connection.check(&CallOptions::default()).await.expect("a report");
    }
    let log = log.0.lock().expect("lock").clone();
    assert!(log.contains("guarded"), "it was listened to: {log}");
    shows_nothing("the log", &log);
}

#[tokio::test]
async fn what_prepare_makes_up_for_a_secret_is_not_believed() {
    let server = Server::start(|_| ok(TOKEN)).await;
    let typed = fields(&[("url", server.url()), ("secret", SECRET)]);
    let connection = node().connect(typed, ConnectionOptions::default()).await.expect("connection");
    assert!(!connection.fields().contains_key("secret"), "{:?}", connection.fields());
}

#[tokio::test]
async fn a_placeholder_that_is_echoed_is_refused_and_shown_to_nobody() {
    let server = Server::start(|request| match request.path.as_str() {
        "/token" => ok(&json!({ "access_token": TOKEN }).to_string()),
        _ => ok("fine"),
    })
    .await;
    let (seen, options) = Seen::options();
    let options = ConnectionOptions { auth: AuthMode::Placeholder, ..options };
    let typed = fields(&[("url", server.url()), ("login", "by recipe"), ("secret", SECRET)]);
    let connection = node().connect(typed, options).await.expect("connection");
    let url = server.at("/x");
    for input in [
        json!({ "url": format!("{url}?a={{secret}}") }),
        json!({ "url": url, "headers": { "x-echo": "{secret}" } }),
        json!({ "url": url, "headers": { "x-echo": "Bearer {token}" } }),
        json!({ "url": url, "headers": { "authorization": "Bearer {secret}" } }),
        json!({ "url": url, "method": "POST", "body": "a={token}" }),
        json!({ "url": "https://elsewhere.example/", "method": "POST", "body": "a={secret}" }),
    ] {
        let mut strict = input.clone();
        strict["strict"] = json!(true);
        let error = connection
            .execute("request", &[item(&strict)], None, &CallOptions::default())
            .await
            .expect_err("refused");
        let error = error.node_error().expect("a node error").clone();
        assert_eq!(error.kind, ErrorKind::Denied, "{input}: {error:?}");
        assert!(!error.message.contains("placeholder-"), "{error:?}");
    }
    assert_eq!(server.count("/x"), 0);
    let good = json!({ "url": url, "headers": { "authorization": "Bearer {token}" } });
    connection.execute("request", &[item(&good)], None, &CallOptions::default()).await.expect("sent");
    let sent = server.seen().into_iter().find(|request| request.path == "/x").expect("it came");
    assert_eq!(sent.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    shows_nothing("an event", &format!("{:?}", seen.events()));
}
