//! A component that keeps no rule of a call: the host keeps them.

use serde_json::{Value, json};
use workflow_node_host::wit::types::{Effect, ErrorKind};
use workflow_node_host::{
    AuthMode, CallError, CallOptions, Connection, ConnectionOptions, EgressPolicy, HostError,
};

use crate::server::{Server, ok};
use crate::support::{
    SECRET, component, connect, fields, host, item, node, node_error, run_with, with_manifest, with_section,
};

const TOKEN: &str = r#"{"access_token":"tok-1","expires_in":3600}"#;

async fn tries(connection: &Connection, operation: &str, input: &Value, call: &CallOptions) -> String {
    match run_with(connection, operation, input.clone(), call).await {
        Ok(answer) => answer.get("error").map_or_else(|| "sent".to_owned(), Value::to_string),
        Err(error) => {
            let error = node_error(&error);
            assert_eq!(error.effect, Effect::None, "{error:?}");
            assert!(error.advice.is_some(), "{error:?}");
            error.code.clone()
        }
    }
}

#[tokio::test]
async fn an_operation_that_the_rules_forbid_is_not_even_begun() {
    let server = Server::start(|_| ok(TOKEN)).await;
    let connection = connect(server.url()).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");
    let before = server.seen().len();
    let only = |names: &[&str]| CallOptions {
        allowed_operations: Some(names.iter().map(|&name| name.to_owned()).collect()),
        confirmed: true,
        ..CallOptions::default()
    };
    let public = json!({ "url": server.at("/x"), "private": false });
    let input = json!({ "url": server.at("/x") });
    let by_a_model = CallOptions::default();
    let confirmed = CallOptions { confirmed: true, ..CallOptions::default() };
    for (operation, input, call, code) in [
        ("hidden", &input, &confirmed, "host.operation-unknown"),
        ("", &input, &confirmed, "host.operation-unknown"),
        ("Request", &input, &confirmed, "host.operation-unknown"),
        ("request", &input, &only(&[]), "host.operation-not-allowed"),
        ("request", &input, &only(&["told", "request "]), "host.operation-not-allowed"),
        ("destroy", &input, &by_a_model, "host.not-confirmed"),
        ("mail", &input, &by_a_model, "host.not-confirmed"),
        ("note", &public, &by_a_model, "host.not-confirmed"),
    ] {
        assert_eq!(tries(&connection, operation, input, call).await, code, "{operation}");
        let all = connection.execute_all(operation, &[item(input)], call, &mut |_| {}).await;
        assert_eq!(node_error(&all.expect_err("refused")).code, code, "{operation}");
    }
    assert_eq!(server.seen().len(), before, "something was sent");
    let several = [item(&input), item(&public)];
    let error = connection.execute("note", &several, None, &by_a_model).await.expect_err("refused");
    assert!(node_error(&error).message.contains("item 2"), "{error}");
    for (operation, input, call) in [
        ("request", &input, &only(&["request"])),
        ("destroy", &input, &confirmed),
        ("mail", &input, &confirmed),
        ("note", &public, &confirmed),
        ("note", &input, &by_a_model),
    ] {
        assert_eq!(tries(&connection, operation, input, call).await, "sent", "{operation}");
    }
}

#[tokio::test]
async fn a_call_that_may_only_read_sends_nothing_that_writes() {
    let server = Server::start(|_| ok(TOKEN)).await;
    let reading = CallOptions { read_only: true, confirmed: true, ..CallOptions::default() };
    for auth in [AuthMode::Component, AuthMode::Placeholder, AuthMode::Recipe] {
        let typed = fields(&[("url", server.url()), ("login", "by recipe"), ("secret", SECRET)]);
        let options = ConnectionOptions { auth, ..ConnectionOptions::default() };
        let connection = node().connect(typed, options).await.expect("connection");
        for method in ["DELETE", "PUT", "PATCH", "POST", "get", "MERGE"] {
            let input = json!({ "method": method, "url": server.at("/tickets/1") });
            let told = tries(&connection, "request", &input, &reading).await;
            assert!(told.contains("Denied"), "{auth:?} {method}: {told}");
        }
        let input =
            json!({ "url": server.at("/tickets/1"), "headers": { "X-HTTP-Method-Override": "DELETE" } });
        assert!(tries(&connection, "request", &input, &reading).await.contains("Denied"));
        for method in ["GET", "HEAD", "OPTIONS"] {
            let input = json!({ "method": method, "url": server.at("/list") });
            assert_eq!(tries(&connection, "request", &input, &reading).await, "sent", "{method}");
        }
        assert_eq!(
            tries(
                &connection,
                "request",
                &json!({ "method": "DELETE", "url": server.at("/gone") }),
                &CallOptions::default()
            )
            .await,
            "sent"
        );
    }
    assert_eq!((server.count("/tickets/1"), server.count("/gone")), (0, 3));
    assert_eq!(server.count("/token"), 3, "the token request is no write");
}

#[tokio::test]
async fn the_refusal_of_a_write_names_the_rule_and_the_line() {
    let server = Server::start(|_| ok(TOKEN)).await;
    let connection = connect(server.url()).await;
    let reading = CallOptions { read_only: true, ..CallOptions::default() };
    let input = json!({ "method": "DELETE", "url": server.at("/tickets/1"), "strict": true });
    let error = run_with(&connection, "request", input, &reading).await.expect_err("denied");
    let error = node_error(&error);
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(error.message.contains("may only read"), "{error:?}");
    let advice = error.advice.as_deref().unwrap_or_default();
    assert!(
        advice.contains("reads_with") && advice.contains(&format!("`DELETE {}`", server.at("/tickets/1"))),
        "{advice}"
    );
}

#[tokio::test]
async fn a_post_that_reads_needs_the_manifest_and_the_operator() {
    let server = Server::start(|_| ok("tok-1")).await;
    let reading = CallOptions { read_only: true, ..CallOptions::default() };
    let input = json!({ "method": "POST", "url": server.at("/search"), "body": "{}" });
    for (operation, lines, open) in [
        ("search", vec![server.url().to_owned()], false),
        ("search", vec![format!("GET {}", server.url()), format!("POST {}", server.at("/search"))], true),
        ("request", vec![format!("GET {}", server.url()), format!("POST {}", server.at("/search"))], false),
    ] {
        let policy = EgressPolicy::allow(&lines).expect("policy");
        let typed = fields(&[("url", server.url()), ("secret", SECRET)]);
        let connection =
            node().connect(typed, ConnectionOptions { policy, ..ConnectionOptions::default() }).await;
        let told = tries(&connection.expect("connection"), operation, &input, &reading).await;
        assert_eq!(told == "sent", open, "{operation} {lines:?}: {told}");
    }
    assert_eq!(server.count("/search"), 1);
}

#[tokio::test]
async fn methods_and_paths_of_a_policy_hold_in_every_call() {
    let server = Server::start(|_| ok("tok-1")).await;
    let lines = [format!("GET {}", server.at("/login")), format!("GET {}", server.at("/v2/*"))];
    let policy = EgressPolicy::allow(&lines).expect("policy");
    let typed = fields(&[("url", server.url()), ("secret", SECRET)]);
    let options = ConnectionOptions { policy, ..ConnectionOptions::default() };
    let connection = node().connect(typed, options).await.expect("connection");
    for (method, path, open) in [
        ("GET", "/v2/x", true),
        ("POST", "/v2/x", false),
        ("GET", "/v1/x", false),
        ("GET", "/v2/../v1", false),
        ("GET", "/v2/%2e%2e/v1", false),
    ] {
        let input = json!({ "method": method, "url": server.at(path) });
        let told = tries(&connection, "request", &input, &CallOptions::default()).await;
        assert_eq!(told == "sent", open, "{method} {path}: {told}");
    }
    assert_eq!(server.seen().iter().filter(|request| request.path != "/login").count(), 1);
}

#[tokio::test]
async fn a_login_that_deletes_is_no_login() {
    let server = Server::start(|_| ok("tok-1")).await;
    let typed = fields(&[("url", server.url()), ("login", "delete"), ("secret", SECRET)]);
    let connection = node().connect(typed, ConnectionOptions::default()).await.expect("connection");
    let reading = CallOptions { read_only: true, ..CallOptions::default() };
    let error = run_with(&connection, "told", json!({}), &reading).await.expect_err("denied");
    assert_eq!(node_error(&error).kind, ErrorKind::Denied, "{error}");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_trigger_that_people_were_not_shown_is_refused() {
    let server = Server::start(|_| ok("tok-1")).await;
    let connection = connect(server.url()).await;
    let polled = connection.poll("hidden", "{}", None, &CallOptions::default()).await.expect_err("unknown");
    assert_eq!(node_error(&polled).code, "host.trigger-unknown");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_component_whose_form_differs_from_its_manifest_is_refused() {
    let server = Server::start(|_| ok("tok-1")).await;
    for (old, new, place) in [
        ("For tests.", "For tests!", "/fields/0/help"),
        ("\"{url}\",\"{also}\"", "\"{url}\",\"{URL}\" ", "/egress/1"),
    ] {
        let loaded =
            host().build().expect("host").load(&with_manifest(old, new)).expect("its manifest is sound");
        let typed = fields(&[("url", server.url()), ("secret", SECRET)]);
        let refused = loaded.connect(typed, ConnectionOptions::default()).await;
        let Err(CallError::Host(HostError::ManifestBroken { function: lied, at })) = refused else {
            panic!("{old}: {refused:?}")
        };
        assert_eq!((lied, at.as_str()), ("credential-schema", place), "{old}");
    }
    assert!(server.seen().is_empty());
}

#[test]
fn a_component_with_a_second_manifest_is_refused() {
    let host = host().build().expect("host");
    let second = with_section("workflow-node:manifest", r#"{"name":"nice","operations":[]}"#);
    assert!(matches!(host.load(&second), Err(HostError::Manifest(reason)) if reason.contains("two")));
    assert!(host.load_file(component()).is_ok());
}

#[test]
fn a_manifest_that_reaches_for_a_public_suffix_is_refused() {
    let host = host().build().expect("host");
    let bytes = with_manifest("https://*.vendor.example", "https://*.co.uk\",\"{also}");
    assert!(
        matches!(host.load(&bytes), Err(HostError::Pattern { pattern, .. }) if pattern == "https://*.co.uk")
    );
}

/// A component around a module with this memory section.
fn with_memories(memories: &[u8]) -> Vec<u8> {
    let size = u8::try_from(memories.len()).expect("small");
    let module = [b"\0asm\x01\0\0\0".as_slice(), &[5, size], memories].concat();
    let size = u8::try_from(module.len()).expect("small");
    [b"\0asm\x0d\0\x01\0".as_slice(), &[1, size], &module].concat()
}

#[test]
fn memories_that_no_node_needs_are_refused() {
    let host = host().build().expect("host");
    for (what, memories) in [("64 bits", &[1, 4, 1][..]), ("two", &[2, 0, 1, 0, 1])] {
        let error = host.load(&with_memories(memories)).expect_err("refused");
        assert!(matches!(error, HostError::FeatureRefused(_)), "{what}: {error}");
    }
    assert!(!matches!(host.load(&with_memories(&[1, 0, 1])), Err(HostError::FeatureRefused(_))));
}
