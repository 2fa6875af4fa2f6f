//! A component that wants the secret elsewhere: under the default policy, in every
//! mode, it goes to where a person typed or an embedder accepted.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use workflow_node_host::wit::types::ErrorKind;
use workflow_node_host::{AuthMode, CallError, CallOptions, Connection, ConnectionOptions, HostError, Reach};

use crate::server::{Server, ok};
use crate::support::{SECRET, fields, node, node_error, run};

const MODES: [AuthMode; 3] = [AuthMode::Component, AuthMode::Placeholder, AuthMode::Recipe];

async fn service() -> Server {
    Server::start(|_| ok(r#"{"access_token":"tok-1","expires_in":3600}"#)).await
}

fn typed(url: &str, more: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut typed = fields(&[("url", url), ("login", "by recipe"), ("secret", SECRET)]);
    typed.extend(fields(more));
    typed
}

async fn connect(url: &str, lie: &Value, auth: AuthMode, accepted: &[&str]) -> Result<Connection, CallError> {
    let accepted = Reach::accept(accepted).expect("patterns");
    let options = ConnectionOptions { auth, accepted, ..ConnectionOptions::default() };
    node().connect(typed(url, &[("lie", &lie.to_string())]), options).await
}

/// Everything that a person and an operator are told when a connection is made and used.
async fn told(connected: Result<Connection, CallError>) -> String {
    let connection = match connected {
        Err(error) => return format!("{error} {:?}", error.node_error()),
        Ok(connection) => connection,
    };
    let logged_in = connection.authenticate(&CallOptions::default()).await;
    format!("{:?} {:?}", connection.diagnostics(), logged_in.err())
}

#[tokio::test]
async fn the_secret_goes_to_no_origin_that_prepare_wrote_back() {
    let (good, evil) = (service().await, service().await);
    let port = |server: &Server| server.url().rsplit_once(':').expect("a port").1.to_owned();
    let at = |name: &str| format!("http://{name}:{}", port(&evil));
    let lies =
        [evil.url().to_owned(), at("localhost"), at("0x7f.1"), at("127.0.0.1."), at("[::ffff:127.0.0.1]")];
    for auth in MODES {
        for lie in &lies {
            let lie =
                json!({ "fields": { "url": lie }, "egress": [lie], "token_url": format!("{lie}/token") });
            let told = told(connect(good.url(), &lie, auth, &[]).await).await;
            assert!(told.contains(&port(&evil)), "{auth:?} {lie}: {told}");
            assert!(!told.contains(SECRET), "{told}");
        }
    }
    assert!(evil.seen().is_empty(), "{:?}", evil.seen());
}

#[tokio::test]
async fn an_address_typed_with_https_is_not_asked_in_plain() {
    let plain = service().await;
    let tls = plain.url().replace("http://", "https://");
    for auth in MODES {
        let url = plain.url();
        let lie = json!({ "fields": { "url": url }, "egress": [url], "token_url": plain.at("/token") });
        let told = told(connect(&tls, &lie, auth, &[]).await).await;
        assert!(told.contains(url), "{auth:?}: {told}");
    }
    assert!(plain.seen().is_empty(), "{:?}", plain.seen());
}

#[tokio::test]
async fn an_origin_named_on_top_is_closed_and_the_line_to_accept_opens_it() {
    let (good, other) = (service().await, service().await);
    let lie = json!({ "egress": [other.url()] });
    for auth in MODES {
        let connection = connect(good.url(), &lie, auth, &[]).await.expect("connection");
        assert_eq!(connection.egress(), [good.url()]);
        let input =
            json!({ "url": other.at("/x"), "headers": { "x-key": "{secret} {token}" }, "strict": true });
        let error = run(&connection, "request", input.clone()).await.expect_err("denied");
        let error = node_error(&error);
        assert_eq!(error.kind, ErrorKind::Denied);
        assert!(other.seen().is_empty());
        let advice = error.advice.clone().expect("advice");
        assert!(advice.contains("ConnectionOptions::accepted"), "{advice}");
        let line = advice.split('`').nth(1).expect("a line");
        assert!(node().reach().iter().any(|reach| reach == line), "{line} was not shown");
    }
    let accepted = node().reach();
    let accepted: Vec<&str> = accepted.iter().map(String::as_str).collect();
    let connection = connect(good.url(), &lie, AuthMode::Recipe, &accepted).await.expect("connection");
    run(&connection, "request", json!({ "url": other.at("/x"), "strict": true })).await.expect("it is open");
    assert_eq!(other.count("/x"), 1);
}

#[tokio::test]
async fn the_secret_goes_to_the_token_url_of_the_recipe() {
    let (good, other) = (service().await, service().await);
    // Another path of the right origin, and an origin that was accepted for other things.
    for token_url in [good.at("/hooks/1"), good.at("/token/.."), good.at("/x?/token"), other.at("/token")] {
        let lie = json!({ "egress": [other.url()], "token_url": token_url });
        for auth in [AuthMode::Placeholder, AuthMode::Recipe] {
            let connected = connect(good.url(), &lie, auth, &["http://127.0.0.1:*"]).await;
            assert!(matches!(connected, Err(CallError::Host(HostError::Audience { .. }))), "{token_url}");
        }
    }
    assert!(good.seen().is_empty() && other.seen().is_empty());
    let lie = json!({ "token_url": good.at("/deeper/token?tenant=x") });
    let connection = connect(good.url(), &lie, AuthMode::Recipe, &[]).await.expect("connection");
    connection.authenticate(&CallOptions::default()).await.expect("login");
    let login = good.seen().pop().expect("a login");
    assert!(login.path.starts_with("/deeper/token") && login.body.contains(SECRET), "{login:?}");
}

#[tokio::test]
async fn a_component_asks_for_no_more_than_the_typed_scope() {
    let good = service().await;
    for (typed_scope, completed, sent) in
        [("read", "all", "scope=read"), ("read, list", "read list", "scope=read+list")]
    {
        let lie = json!({ "fields": { "scope": completed } }).to_string();
        let options = ConnectionOptions { auth: AuthMode::Recipe, ..ConnectionOptions::default() };
        let typed = typed(good.url(), &[("lie", &lie), ("scope", typed_scope)]);
        let connection = node().connect(typed, options).await.expect("connection");
        connection.authenticate(&CallOptions::default()).await.expect("login");
        let login = good.seen().pop().expect("a login");
        assert!(login.body.contains(sent), "{}", login.body);
    }
}

#[tokio::test]
async fn a_field_cannot_replace_the_host_that_it_stands_in() {
    let (good, evil) = (service().await, service().await);
    let authority = evil.url().trim_start_matches("http://").to_owned();
    let (host, _) = authority.split_once(':').expect("a port");
    let values = [
        format!("{authority}/"),
        format!("{authority}#"),
        format!("{authority}?"),
        format!("{authority}\\"),
        format!("me@{authority}/"),
        format!("http://{authority}/"),
        authority.clone(),
        host.to_owned(),
        "evil.test/".to_owned(),
        "evil.test:8080/".to_owned(),
        "*".to_owned(),
        "a.b".to_owned(),
        "..".to_owned(),
        "%2f".to_owned(),
        "b\u{fc}cher".to_owned(),
        "acme\u{ff0f}".to_owned(),
        "acme\u{3002}evil".to_owned(),
    ];
    for auth in MODES {
        for tenant in &values {
            let lie = json!({ "egress": [evil.url()], "token_url": format!("http://{tenant}.vendor.example/token") });
            let typed = typed(good.url(), &[("tenant", tenant), ("lie", &lie.to_string())]);
            let error =
                node().connect(typed, ConnectionOptions { auth, ..ConnectionOptions::default() }).await;
            let error = error.expect_err("no label");
            let error = node_error(&error);
            assert_eq!(
                (error.code.as_str(), error.field.as_deref()),
                ("host.credential-host", Some("/tenant")),
                "{tenant}"
            );
        }
    }
    assert!(evil.seen().is_empty() && good.seen().is_empty());
    for tenant in ["", "acme", "ACME-1"] {
        let typed = typed(good.url(), &[("tenant", tenant)]);
        node().connect(typed, ConnectionOptions::default()).await.expect(tenant);
    }
}

#[tokio::test]
async fn prepare_reaches_no_place_that_nobody_typed_or_accepted() {
    let (good, other) = (service().await, service().await);
    // As a component would that knows the address by heart.
    let probe = json!({ "hidden": other.url() }).to_string();
    let typed = typed(good.url(), &[("lie", &probe), ("probe", &format!(" {{{}", other.url()))]);
    node().connect(typed, ConnectionOptions::default()).await.expect("connection");
    assert!(other.seen().is_empty());
}
