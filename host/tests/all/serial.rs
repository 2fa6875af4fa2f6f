//! Calls with the same key, one after the other.

use std::time::{Duration, Instant};

use serde_json::json;
use workflow_node_host::wit::types::{Effect, ErrorKind};
use workflow_node_host::{CallOptions, Connection};

use crate::server::{Server, ok};
use crate::support::{connect, item, node_error, within};

/// How long these calls take when they are all made at once.
async fn all_at_once(connection: &Connection, keys: &[&str], each: u64) -> Duration {
    let start = Instant::now();
    let calls: Vec<_> = keys
        .iter()
        .map(|key| {
            let (connection, input) = (connection.clone(), item(&json!({ "key": key, "ms": each })));
            tokio::spawn(async move {
                connection.execute_all("exclusive", &[input], &CallOptions::default(), &mut |_| {}).await
            })
        })
        .collect();
    for call in calls {
        call.await.expect("no panic").expect("done");
    }
    start.elapsed()
}

#[tokio::test]
async fn equal_keys_wait_for_each_other_and_others_do_not() {
    let server = Server::start(|_| ok("token")).await;
    let connection = connect(server.url()).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");
    let same = all_at_once(&connection, &["a", "A", " a "], 100).await;
    assert!(same >= Duration::from_millis(300), "{same:?}");
    let keys = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    // One after the other they would take at least twenty-four seconds.
    let different = all_at_once(&connection, &keys, 2000).await;
    assert!(different < Duration::from_secs(24), "{different:?}");
}

#[tokio::test]
async fn the_wait_is_visible_and_ends_at_the_deadline() {
    let server = Server::start(|_| ok("token")).await;
    let connection = connect(server.url()).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");
    let run = |ms: u64, call: CallOptions| {
        let (connection, input) = (connection.clone(), item(&json!({ "key": "a", "ms": ms })));
        async move { connection.execute("exclusive", &[input], None, &call).await }
    };
    let (first, second, third) =
        tokio::join!(run(300, CallOptions::default()), run(0, CallOptions::default()), run(0, within(100)),);
    assert_eq!(first.expect("first").report.usage.waited_ms, 0);
    assert!(second.expect("second").report.usage.waited_ms >= 200);
    let error = third.expect_err("its turn did not come");
    let error = node_error(&error);
    assert_eq!(
        (error.kind, error.effect, error.code.as_str()),
        (ErrorKind::Timeout, Effect::None, "host.turn")
    );
}
