//! Where neither secret nor token enters the sandbox, neither is anywhere in the
//! guest's memory. The HaloPSA component is held to the same in `host-test`.

mod watched;

use std::sync::Arc;

use serde_json::json;
use workflow_node_host::{AuthMode, CallOptions, ConnectionOptions};

use crate::server::{Reply, Server, ok};
use crate::support::{SECRET, component, fields, host, item};
use watched::{Watched, holds};

const TOKEN: &str = "tok-very-secret-0815";

/// The memories of every call of a connection's life: making it, logging in,
/// asking for something with the token, failing, checking.
async fn memories(auth: AuthMode) -> Vec<Vec<u8>> {
    let server = Server::start(|request| match request.path.as_str() {
        "/token" if request.body.contains(SECRET) => {
            ok(&json!({ "access_token": TOKEN, "expires_in": 3600 }).to_string())
        }
        "/guarded" if request.header("authorization") == Some(&format!("Bearer {TOKEN}")) => ok("fine"),
        _ => Reply::Answer(401, String::new()),
    })
    .await;
    let watched = Watched::default();
    let ended = watched.ended();
    let host = host().memory_creator(Arc::new(watched)).build().expect("host");
    let node = host.load_file(component()).expect("node");
    let typed = fields(&[("url", server.url()), ("login", "by recipe"), ("secret", SECRET)]);
    let connection =
        node.connect(typed, ConnectionOptions { auth, ..ConnectionOptions::default() }).await.expect("made");
    let call = CallOptions::default();
    connection.authenticate(&call).await.expect("login");
    for operation in ["guarded", "told"] {
        connection.execute(operation, &[item(&json!({}))], None, &call).await.expect("done");
    }
    connection.execute("fail", &[item(&json!({}))], None, &call).await.expect_err("a failure");
    connection.check(&call).await.expect("report");
    assert_eq!(server.count("/guarded"), 1, "the token was good");
    let ended = ended.lock().expect("lock").clone();
    assert!(ended.len() >= 5, "{} calls", ended.len());
    ended
}

#[tokio::test]
async fn a_component_that_logs_in_by_itself_holds_both() {
    let memories = memories(AuthMode::Component).await;
    // Else the two tests below would prove nothing.
    assert!(holds(&memories, &[SECRET]) && holds(&memories, &[TOKEN]));
}

#[tokio::test]
async fn by_recipe_neither_secret_nor_token_is_in_the_sandbox() {
    let memories = memories(AuthMode::Recipe).await;
    assert!(holds(&memories, &["by recipe"]), "the memories are those of the calls");
    assert!(!holds(&memories, &[SECRET, TOKEN]));
}

#[tokio::test]
async fn with_placeholders_neither_secret_nor_token_is_in_the_sandbox() {
    let memories = memories(AuthMode::Placeholder).await;
    assert!(holds(&memories, &["placeholder-"]), "the memories are those of the calls");
    assert!(!holds(&memories, &[SECRET, TOKEN]));
}
