//! Secrets and tokens are in no text that leaves the host.

use serde_json::json;
use workflow_node_host::{CallOptions, ConnectionOptions};

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

#[tokio::test]
async fn what_prepare_makes_up_for_a_secret_is_not_believed() {
    let server = Server::start(|_| ok(TOKEN)).await;
    let typed = fields(&[("url", server.url()), ("secret", SECRET)]);
    let connection = node().connect(typed, ConnectionOptions::default()).await.expect("connection");
    assert!(!connection.fields().contains_key("secret"), "{:?}", connection.fields());
}
