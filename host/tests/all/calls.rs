//! What a guest is told, and how calls make a whole.

use std::collections::BTreeMap;

use serde_json::json;
use workflow_node_host::wit::setup::CheckStatus;
use workflow_node_host::wit::types::ErrorKind;
use workflow_node_host::{CallOptions, ConnectionOptions, EgressPolicy, Progress};

use crate::server::{Server, ok};
use crate::support::{SECRET, connect, connect_with, fields, item, node, node_error, run, run_with, within};

async fn server() -> Server {
    Server::start(|request| if request.path == "/login" { ok("tok-1") } else { ok("fine") }).await
}

#[tokio::test]
async fn a_guest_is_told_its_fields_session_and_context() {
    let server = server().await;
    let connection = connect(server.url()).await;
    let call = CallOptions { confirmed: true, attempt: 3, ..within(4000) };
    let told = run_with(&connection, "told", json!({}), &call).await.expect("told");
    // The guest has the secret; what it shows of it in a result is hidden.
    assert_eq!(told["fields"], json!({ "url": server.url(), "secret": "***" }));
    assert_eq!((&told["auth"], &told["token"]), (&json!("session"), &json!("tok-1")));
    assert_eq!(
        (&told["attempt"], &told["confirmed"], &told["dry_run"]),
        (&json!(3), &json!(true), &json!(false))
    );
    assert_eq!(told["entropy"], 32);
    let deadline = told["deadline_ms"].as_u64().expect("a number");
    assert!((3000..=4000).contains(&deadline), "the login took its part: {deadline}");
    assert!(told["now"].as_str().is_some_and(|now| now.ends_with('Z') && now.len() == 24), "{told}");
}

#[tokio::test]
async fn a_connection_shows_its_completed_fields_without_secrets() {
    let server = server().await;
    let connection = connect(server.url()).await;
    assert_eq!(*connection.fields(), fields(&[("url", server.url())]));
    assert_eq!(connection.egress(), [server.url()]);
}

#[tokio::test]
async fn prepare_reaches_the_typed_hosts() {
    let server = server().await;
    let typed = fields(&[("url", server.url()), ("probe", &server.at("/probe")), ("secret", SECRET)]);
    let connection = node().connect(typed, ConnectionOptions::default()).await.expect("connection");
    assert_eq!(server.count("/probe"), 1);
    assert!(connection.fields()["probed"].contains("\"status\":200"), "{:?}", connection.fields());
}

#[tokio::test]
async fn the_operator_learns_which_origin_the_policy_closes() {
    let server = server().await;
    let options = ConnectionOptions {
        policy: EgressPolicy::allow([server.url()]).expect("policy"),
        ..ConnectionOptions::default()
    };
    let typed = fields(&[("url", server.url()), ("also", "https://also.example"), ("secret", SECRET)]);
    let connection = node().connect(typed, options).await.expect("connection");
    assert_eq!(connection.egress(), [server.url()]);
    let told: Vec<&str> = connection.diagnostics().iter().map(|told| told.message.as_str()).collect();
    assert!(told.iter().any(|told| told.contains("add `https://also.example`")), "{told:?}");
}

#[tokio::test]
async fn fields_that_are_missing_or_unknown_are_refused_before_anything_runs() {
    let connect = |pairs: &[(&str, &str)]| {
        let typed: BTreeMap<String, String> = fields(pairs);
        async { node().connect(typed, ConnectionOptions::default()).await.expect_err("refused") }
    };
    let missing = connect(&[("url", "https://a.example")]).await;
    assert_eq!(node_error(&missing).field.as_deref(), Some("/secret"));
    let unknown = connect(&[("sekret", SECRET)]).await;
    assert_eq!(node_error(&unknown).kind, ErrorKind::InvalidInput);
    assert!(node_error(&unknown).advice.as_deref().is_some_and(|advice| advice.contains("`secret`")));
    assert!(!format!("{unknown:?}").contains(SECRET));
}

#[tokio::test]
async fn all_pages_come_together_and_each_call_has_its_own_key() {
    let server = server().await;
    let connection = connect(server.url()).await;
    let call = CallOptions { idempotency_key: Some("key".to_owned()), attempt: 2, ..CallOptions::default() };
    let mut calls = 0;
    let mut progress = |told: Progress| {
        if let Progress::Called { .. } = told {
            calls += 1;
        }
    };
    let folded = connection
        .execute_all("page", &[item(&json!({ "pages": 3 }))], &call, &mut progress)
        .await
        .expect("folded");
    let rows: Vec<&str> = folded.outcomes[0].items.iter().map(|row| row.json.as_str()).collect();
    assert_eq!(
        rows,
        [
            r#"{"attempt":2,"key":"key","page":1}"#,
            r#"{"attempt":1,"key":"key/1","page":2}"#,
            r#"{"attempt":1,"key":"key/2","page":3}"#,
        ]
    );
    assert_eq!((calls, folded.calls, folded.usage.requests), (3, 3, 3));
}

#[tokio::test]
async fn a_long_run_can_be_spawned() {
    let server = server().await;
    let connection = connect(server.url()).await;
    let run = tokio::spawn(async move {
        let items = [item(&json!({ "pages": 2 }))];
        connection.execute_all("page", &items, &CallOptions::default(), &mut |_| {}).await
    });
    assert_eq!(run.await.expect("no panic").expect("folded").calls, 2);
}

#[tokio::test]
async fn a_dry_run_sends_nothing_whatever_the_guest_tries() {
    let server = server().await;
    let connection = connect(server.url()).await;
    let call = CallOptions { dry_run: true, ..within(2000) };
    let told = run_with(&connection, "told", json!({}), &call).await.expect("told");
    assert_eq!((&told["dry_run"], &told["auth"]), (&json!(true), &json!("self-managed")));
    let answer = run_with(&connection, "request", json!({ "url": server.at("/x") }), &call).await;
    assert_eq!(answer.expect("an answer")["error"], "ErrorCode::HttpRequestDenied");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_list_that_the_node_does_not_export_is_unsupported() {
    let server = server().await;
    let connection = connect(server.url()).await;
    let error = connection.options("things", "{}", None, None, &within(1000)).await.expect_err("no lists");
    assert_eq!(node_error(&error).kind, ErrorKind::Unsupported);
}

#[tokio::test]
async fn a_check_lets_the_component_log_in_by_itself() {
    let server = server().await;
    let report = connect(server.url()).await.check(&within(2000)).await.expect("report");
    assert_eq!(report.steps[0].message, "self-managed");
    assert!(matches!(report.steps[0].status, CheckStatus::Pass));
    assert_eq!(server.count("/login"), 0, "the host did not log in beside it");
}

#[tokio::test]
async fn clones_share_the_session() {
    let server = server().await;
    let connection = connect_with(server.url(), ConnectionOptions::default()).await;
    run(&connection, "told", json!({})).await.expect("told");
    run(&connection.clone(), "told", json!({})).await.expect("told");
    assert_eq!(server.count("/login"), 1);
}
