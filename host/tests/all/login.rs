//! Who logs in, how often, and what happens when a login dies.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use workflow_node_host::wit::setup::CheckStatus;
use workflow_node_host::wit::types::{Effect, ErrorKind};
use workflow_node_host::{AuthMode, CallError, CallOptions, Connection, ConnectionOptions};

use crate::server::{Reply, Server, ok};
use crate::support::{
    SECRET, connect, connect_by_recipe, ends, fields, item, node, node_error, run, run_with, within,
};

/// A service with tokens: it hands out a new one at each login, and accepts
/// those that are alive.
struct Service {
    server: Server,
    alive: Arc<Mutex<BTreeSet<String>>>,
    open: Arc<AtomicBool>,
}

impl Service {
    async fn start() -> Self {
        let alive = Arc::new(Mutex::new(BTreeSet::new()));
        let open = Arc::new(AtomicBool::new(true));
        let logins = AtomicUsize::new(0);
        let (tokens, accepts) = (Arc::clone(&alive), Arc::clone(&open));
        let server = Server::start(move |request| {
            let new_token = || {
                let token = format!("tok-{:04}", logins.fetch_add(1, Ordering::Relaxed) + 1);
                tokens.lock().expect("lock").insert(token.clone());
                token
            };
            match request.path.as_str() {
                "/login" | "/token" if !accepts.load(Ordering::Relaxed) => Reply::Answer(
                    401,
                    json!({ "error": "invalid_client", "error_description": format!("not {SECRET}") })
                        .to_string(),
                ),
                "/login" => ok(&new_token()),
                "/token" => ok(&json!({ "access_token": new_token(), "expires_in": 3600 }).to_string()),
                _ => {
                    let token = request.header("authorization").and_then(|text| text.strip_prefix("Bearer "));
                    match token {
                        Some(token) if tokens.lock().expect("lock").contains(token) => ok(&request.body),
                        _ => Reply::Answer(401, "no".to_owned()),
                    }
                }
            }
        })
        .await;
        Self { server, alive, open }
    }

    fn kill_tokens(&self) {
        self.alive.lock().expect("lock").clear();
    }

    fn refuse_logins(&self) {
        self.open.store(false, Ordering::Relaxed);
    }

    fn logins(&self) -> usize {
        self.server.count("/login") + self.server.count("/token")
    }
}

/// So many guarded calls at once.
async fn guarded(connection: &Connection, calls: usize) -> Vec<Result<Value, CallError>> {
    let calls: Vec<_> = (0..calls)
        .map(|_| {
            let connection = connection.clone();
            tokio::spawn(async move { run(&connection, "guarded", json!({})).await })
        })
        .collect();
    let mut results = Vec::new();
    for call in calls {
        results.push(call.await.expect("no panic"));
    }
    results
}

#[track_caller]
fn all_well(results: &[Result<Value, CallError>]) {
    for result in results {
        assert_eq!(result.as_ref().expect("a result")["status"], 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_calls_make_one_login_in_every_mode() {
    let service = Service::start().await;
    for (before, auth) in
        [AuthMode::Component, AuthMode::Placeholder, AuthMode::Recipe].into_iter().enumerate()
    {
        let typed = fields(&[("url", service.server.url()), ("login", "by recipe"), ("secret", SECRET)]);
        let options = ConnectionOptions { auth, ..ConnectionOptions::default() };
        let connection = node().connect(typed, options).await.expect("connection");
        all_well(&guarded(&connection, 100).await);
        assert_eq!(service.logins(), before + 1, "{auth:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_session_is_replaced_once_unseen_by_all_who_used_it() {
    let service = Service::start().await;
    let connection = connect(service.server.url()).await;
    all_well(&guarded(&connection, 1).await);
    service.kill_tokens();
    all_well(&guarded(&connection, 30).await);
    assert_eq!(service.logins(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_token_of_the_host_is_replaced_once_unseen_by_the_guest() {
    let service = Service::start().await;
    let connection = connect_by_recipe(service.server.url()).await;
    all_well(&guarded(&connection, 1).await);
    service.kill_tokens();
    all_well(&guarded(&connection, 30).await);
    assert_eq!(service.logins(), 2);
}

/// A service whose tokens each die after five calls, and that takes `pause` to
/// accept one and no time to refuse it.
async fn forgetful(pause: Duration) -> Server {
    let left = Mutex::new(BTreeMap::new());
    Server::start(move |request| {
        let mut left = left.lock().expect("lock");
        if request.path == "/token" {
            let token = format!("tok-{:04}", left.len());
            left.insert(format!("Bearer {token}"), 5);
            return ok(&json!({ "access_token": token, "expires_in": 3600 }).to_string());
        }
        match request.header("authorization").and_then(|token| left.get_mut(token)) {
            Some(left) if *left > 0 => {
                *left -= 1;
                Reply::Late(pause, 200, String::new())
            }
            _ => Reply::Answer(401, String::new()),
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_the_host_that_dies_after_five_calls_is_renewed_once_per_death() {
    for pause in [0, 30] {
        let server = forgetful(Duration::from_millis(pause)).await;
        let connection = connect_by_recipe(server.url()).await;
        for _ in 0..5 {
            all_well(&guarded(&connection, 8).await);
        }
        assert_eq!(server.count("/token"), 8, "40 calls, five with each token");
    }
}

#[tokio::test]
async fn a_request_with_a_body_is_sent_again_whole_with_the_fresh_token() {
    let service = Service::start().await;
    let connection = connect_by_recipe(service.server.url()).await;
    all_well(&guarded(&connection, 1).await);
    service.kill_tokens();
    let input = json!({ "method": "POST", "url": service.server.at("/write"), "body": "the whole body" });
    let answer = run(&connection, "request", input).await.expect("an answer");
    assert_eq!((&answer["status"], &answer["body"]), (&json!(200), &json!("the whole body")));
    assert_eq!(service.server.count("/write"), 2);
}

#[tokio::test]
async fn a_fresh_session_that_is_refused_is_an_error_and_not_a_loop() {
    let service = Service::start().await;
    let connection = connect(service.server.url()).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");
    let dying = {
        let alive = Arc::clone(&service.alive);
        tokio::spawn(async move {
            loop {
                alive.lock().expect("lock").clear();
                tokio::task::yield_now().await;
            }
        })
    };
    let error = run(&connection, "guarded", json!({})).await.expect_err("no token lives");
    dying.abort();
    assert_eq!(node_error(&error).kind, ErrorKind::Unauthenticated);
    assert_eq!(service.logins(), 2, "one for the dead session, and no more");
}

#[tokio::test]
async fn a_fresh_token_of_the_host_that_is_refused_is_not_renewed() {
    let server = Server::start(|request| match request.path.as_str() {
        "/token" => ok("{\"access_token\":\"tok-1\"}"),
        _ => Reply::Answer(401, String::new()),
    })
    .await;
    let connection = connect_by_recipe(server.url()).await;
    let error = run(&connection, "guarded", json!({})).await.expect_err("refused");
    assert_eq!(node_error(&error).kind, ErrorKind::Unauthenticated);
    assert_eq!((server.count("/token"), server.count("/guarded")), (1, 1));
}

#[tokio::test]
async fn a_failure_that_may_have_changed_something_is_never_repeated() {
    let service = Service::start().await;
    let connection = connect(service.server.url()).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");
    let input = json!({ "kind": "unauthenticated", "effect": "unknown" });
    let error = connection
        .execute("fail", &[item(&input)], None, &CallOptions::default())
        .await
        .expect_err("the failure");
    assert_eq!(node_error(&error).effect, Effect::Unknown);
    assert_eq!(service.logins(), 1);
}

#[tokio::test]
async fn a_refused_login_is_told_once_to_all_and_with_the_services_words() {
    let service = Service::start().await;
    service.refuse_logins();
    for connection in [connect(service.server.url()).await, connect_by_recipe(service.server.url()).await] {
        let before = service.logins();
        let results = guarded(&connection, 20).await;
        for result in &results {
            let error = node_error(result.as_ref().expect_err("no login"));
            assert_eq!((error.kind, error.effect), (ErrorKind::Unauthenticated, Effect::None));
            assert!(!format!("{error:?}").contains(SECRET), "{error:?}");
        }
        assert!(service.logins() - before < 5, "{} logins", service.logins() - before);
        assert_eq!(service.server.count("/guarded"), 0);
    }
}

#[tokio::test]
async fn a_check_of_a_refused_recipe_is_a_report_with_the_failed_step() {
    let service = Service::start().await;
    service.refuse_logins();
    let connection = connect_by_recipe(service.server.url()).await;
    let report = connection.check(&CallOptions::default()).await.expect("a report");
    let step = report.steps.first().expect("a step");
    assert!(matches!(step.status, CheckStatus::Fail));
    let error = step.error.as_ref().expect("its failure");
    assert_eq!(error.vendor_message.as_deref(), Some("not ***"));
    assert!(error.advice.is_some());
}

#[tokio::test]
async fn a_check_and_its_login_share_one_deadline() {
    let server = Server::start(|_| {
        Reply::Late(Duration::from_millis(300), 200, "{\"access_token\":\"tok-1\"}".to_owned())
    })
    .await;
    let report = connect_by_recipe(server.url()).await.check(&within(60_000)).await.expect("a report");
    let left: u64 = report.account.expect("what was left").parse().expect("milliseconds");
    assert!(left <= 59_700, "{left}");
}

#[tokio::test]
async fn with_a_recipe_neither_secret_nor_token_enters_the_sandbox() {
    let service = Service::start().await;
    let connection = connect_by_recipe(service.server.url()).await;
    all_well(&guarded(&connection, 1).await);
    let told = run(&connection, "told", json!({})).await.expect("told");
    assert_eq!((&told["auth"], &told["token"]), (&json!("host-injected"), &Value::Null));
    assert_eq!(told["fields"], json!({ "url": service.server.url() }));
    let login = service.server.seen().into_iter().find(|request| request.path == "/token").expect("a login");
    assert!(login.body.contains(&format!("client_secret={SECRET}")), "{}", login.body);
}

#[tokio::test]
async fn a_silent_login_ends_at_the_deadline_and_nothing_happened() {
    let server = Server::start(|_| Reply::Silence).await;
    for connection in [connect(server.url()).await, connect_by_recipe(server.url()).await] {
        let call = within(300);
        let result = ends(async { run_with(&connection, "told", json!({}), &call).await }).await;
        let error = result.expect_err("no answer");
        let error = node_error(&error);
        assert_eq!(error.effect, Effect::None);
        assert!(matches!(error.kind, ErrorKind::Timeout | ErrorKind::Unauthenticated), "{error:?}");
    }
}
