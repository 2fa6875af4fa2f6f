//! The interfaces that a component may export or import: revocation, migration, logging.

use serde_json::{Value, json};
use workflow_node_host::wit::types::ErrorKind;
use workflow_node_host::{CallOptions, Revoked};

use crate::server::{Server, ok};
use crate::support::{SECRET, connect, connect_by_recipe, node, node_error, run};
use crate::traces::Log;

async fn service() -> Server {
    Server::start(|request| match request.path.as_str() {
        "/token" => ok(r#"{"access_token":"tok-1","expires_in":3600}"#),
        _ => ok("tok-1"),
    })
    .await
}

#[tokio::test]
async fn a_session_is_ended_at_the_service_and_here() {
    let server = service().await;
    let connection = connect(server.url()).await;
    let call = CallOptions::default();
    assert_eq!(connection.revoke(&call).await.expect("revoked"), Revoked::NoSession);
    connection.authenticate(&call).await.expect("a session");
    assert_eq!(connection.revoke(&call).await.expect("revoked"), Revoked::AtService);
    assert_eq!(server.count("/revoke"), 1);
    let sent = server.seen();
    let revoked = sent.iter().find(|request| request.path == "/revoke").expect("the request");
    assert_eq!(revoked.header("authorization"), Some("Bearer tok-1"));
    connection.authenticate(&call).await.expect("another session");
    assert_eq!(server.count("/login"), 2);
}

#[tokio::test]
async fn a_token_of_the_host_is_forgotten() {
    let server = service().await;
    let connection = connect_by_recipe(server.url()).await;
    let call = CallOptions::default();
    connection.authenticate(&call).await.expect("a token");
    assert_eq!(connection.revoke(&call).await.expect("revoked"), Revoked::Forgotten);
    assert_eq!(connection.revoke(&call).await.expect("revoked"), Revoked::NoSession);
    connection.authenticate(&call).await.expect("another token");
    assert_eq!(server.count("/token"), 2);
}

#[tokio::test]
async fn an_old_input_is_migrated_without_any_network() {
    let server = service().await;
    let input = json!({ "old": server.at("/x") }).to_string();
    let migrated = node().migrate("page", 1, &input).await.expect("migrated");
    let input: Value = serde_json::from_str(&migrated.input).expect("JSON");
    assert_eq!((migrated.operation.as_str(), &input["version"]), ("page", &json!(1)));
    assert!(input["sent"].is_string(), "the request was refused: {input}");
    assert!(server.seen().is_empty());
    let error = node().migrate("page", 1, "{}").await.expect_err("refused");
    assert_eq!(node_error(&error).kind, ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_log_is_bounded_and_holds_no_secret() {
    let server = service().await;
    let connection = connect(server.url()).await;
    let log = Log::default();
    let guard = tracing::subscriber::set_default(log.clone());
    let done = run(&connection, "log", json!({})).await.expect("logged");
    drop(guard);
    assert_eq!(done["logged"], true);
    let lines: Vec<String> = log.events().into_iter().filter(|line| !line.contains("method=")).collect();
    assert!(lines.len() <= 201, "{}", lines.len());
    assert!(lines.contains(&"message=the secret is *** ".to_owned()), "{:?}", lines.first());
    assert!(lines.iter().all(|line| !line.contains(SECRET)));
    assert!(lines.last().is_some_and(|line| line.contains("more than 200 lines")), "{:?}", lines.last());
}
