//! Secrets that a provider gives, and gives anew when the service refuses them.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use workflow_node_host::wit::types::ErrorKind;
use workflow_node_host::{
    AuthMode, CallOptions, Connection, ConnectionOptions, MemorySecrets, Node, ProviderError, Providing,
    Secret, SecretProvider, SecretSource,
};

use crate::server::{Reply, Server, ok};
use crate::support::{fields, host, node, node_error, run, with_text};

const OLD: &str = "hunter22-the-old-one";
const NEW: &str = "hunter23-the-new-one";

const MODES: [AuthMode; 3] = [AuthMode::Component, AuthMode::Placeholder, AuthMode::Recipe];

/// A provider that counts, and may fail.
#[derive(Debug, Default)]
struct Provider {
    secrets: MemorySecrets,
    asked: AtomicUsize,
    broken: Mutex<Option<ProviderError>>,
}

impl SecretProvider for Provider {
    fn secret<'a>(&'a self, connection: &'a str, field: &'a str) -> Providing<'a> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match self.broken.lock().expect("lock").clone() {
            Some(error) => Box::pin(async { Err(error) }),
            None => self.secrets.secret(connection, field),
        }
    }
}

impl Provider {
    fn with(secret: &str) -> Arc<Self> {
        let provider = Arc::new(Self::default());
        provider.set(secret);
        provider
    }

    fn set(&self, secret: &str) {
        self.secrets.set("acme", "secret", Secret::new(secret));
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    async fn connect(
        self: &Arc<Self>,
        node: &Node,
        server: &Server,
        login: &str,
        auth: AuthMode,
    ) -> Connection {
        let provider = Arc::clone(self) as Arc<dyn SecretProvider>;
        let secrets = Some(SecretSource { provider, connection: "acme".to_owned() });
        let options = ConnectionOptions { auth, secrets, ..ConnectionOptions::default() };
        let typed = fields(&[("url", server.url()), ("login", login)]);
        node.connect(typed, options).await.expect("connection")
    }
}

/// A service that knows one secret at a time: tokens die with the secret that they
/// were got with.
struct Service {
    server: Server,
    secret: Arc<Mutex<&'static str>>,
}

impl Service {
    async fn start() -> Self {
        let secret = Arc::new(Mutex::new(OLD));
        let (known, tokens) = (Arc::clone(&secret), Mutex::new(BTreeSet::new()));
        let server = Server::start(move |request| {
            let secret = *known.lock().expect("lock");
            let mut tokens = tokens.lock().expect("lock");
            if request.path == "/token" {
                if !request.body.contains(&format!("client_secret={secret}")) {
                    return Reply::Answer(401, json!({ "error": "invalid_client" }).to_string());
                }
                let token = format!("token-{secret}-{}", tokens.len());
                tokens.insert(token.clone());
                return ok(&json!({ "access_token": token, "expires_in": 3600 }).to_string());
            }
            let bearer = request.header("authorization").and_then(|text| text.strip_prefix("Bearer "));
            let alive = |token: &str| token == secret || (tokens.contains(token) && token.contains(secret));
            if bearer.is_some_and(alive) { ok("in") } else { Reply::Answer(401, "no".to_owned()) }
        })
        .await;
        Self { server, secret }
    }

    fn rotate(&self) {
        *self.secret.lock().expect("lock") = NEW;
    }
}

/// So many guarded calls at once; their statuses.
async fn guarded(connection: &Connection, calls: usize) -> Vec<Value> {
    let calls: Vec<_> = (0..calls)
        .map(|_| {
            let connection = connection.clone();
            tokio::spawn(async move { run(&connection, "guarded", json!({})).await })
        })
        .collect();
    let mut statuses = Vec::new();
    for call in calls {
        let answer = call.await.expect("no panic").expect("a result");
        statuses.push(answer["status"].clone());
    }
    statuses
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_was_rotated_is_asked_for_once_by_all_calls_that_are_refused() {
    for auth in MODES {
        let service = Service::start().await;
        let provider = Provider::with(OLD);
        let connection = provider.connect(&node(), &service.server, "by recipe", auth).await;
        assert_eq!(guarded(&connection, 5).await, [200; 5], "{auth:?}");
        assert_eq!(provider.asked(), 1, "{auth:?}: for the connection");
        service.rotate();
        provider.set(NEW);
        assert_eq!(guarded(&connection, 20).await, [200; 20], "{auth:?}");
        assert_eq!(provider.asked(), 2, "{auth:?}: once more for all of them");
        let shown = format!("{connection:?} {:?}", connection.fields());
        assert!(!shown.contains(OLD) && !shown.contains(NEW), "{shown}");
    }
}

#[tokio::test]
async fn a_refusal_stands_where_the_provider_has_nothing_newer() {
    for auth in MODES {
        let service = Service::start().await;
        service.rotate();
        let provider = Provider::with(OLD);
        let connection = provider.connect(&node(), &service.server, "by recipe", auth).await;
        let error = run(&connection, "guarded", json!({})).await.expect_err("refused");
        assert_eq!(node_error(&error).kind, ErrorKind::Unauthenticated, "{auth:?} {error:?}");
        assert_eq!((provider.asked(), service.server.count("/token")), (2, 1), "{auth:?}");
        // Nor does it help to ask in vain.
        *provider.broken.lock().expect("lock") = Some(ProviderError::new("sealed"));
        let error = run(&connection, "guarded", json!({})).await.expect_err("refused");
        assert_eq!(node_error(&error).kind, ErrorKind::Unauthenticated, "{auth:?} {error:?}");
    }
}

/// What the service is told by a component whose form has a key, which goes into each
/// request.
fn with_a_key() -> Node {
    let manifest = include_str!("../../unruly-node/manifest.json");
    let from = manifest.find("{\"oauth2_client_credentials\"").expect("its recipe");
    let to = manifest.find(",\"egress\"").expect("what follows");
    let inject = json!({ "header": { "name": "authorization", "prefix": "Bearer " } });
    let recipe = json!({ "static_token": { "token_field": "secret", "inject": inject } });
    // The form ends right before the egress.
    let component = with_text(manifest.get(from..to).expect("its recipe"), &recipe.to_string());
    host().build().expect("host").load(&component).expect("a component")
}

#[tokio::test]
async fn a_key_that_was_rotated_is_asked_for_when_the_service_refuses_it() {
    let node = with_a_key();
    for auth in MODES {
        let service = Service::start().await;
        let provider = Provider::with(OLD);
        let connection = provider.connect(&node, &service.server, "key", auth).await;
        assert_eq!(guarded(&connection, 1).await, [200], "{auth:?}");
        service.rotate();
        provider.set(NEW);
        assert_eq!(guarded(&connection, 1).await, [200], "{auth:?}");
        assert_eq!(provider.asked(), 2, "{auth:?}");
    }
}

#[tokio::test]
async fn newer_secrets_are_taken_on_demand_before_the_service_refuses_the_old_ones() {
    for auth in MODES {
        let service = Service::start().await;
        let provider = Provider::with(OLD);
        let connection = provider.connect(&node(), &service.server, "by recipe", auth).await;
        assert_eq!(guarded(&connection, 1).await, [200], "{auth:?}");
        let patience = Duration::from_secs(60);
        assert!(!connection.refresh_secrets(patience).await.expect("asked"), "{auth:?}: the same");
        provider.set(NEW);
        service.rotate();
        assert!(connection.refresh_secrets(patience).await.expect("asked"), "{auth:?}");
        let before = service.server.seen().len();
        assert_eq!(guarded(&connection, 1).await, [200], "{auth:?}");
        let sent: Vec<String> = service.server.seen().drain(before..).map(|request| request.path).collect();
        assert_eq!(sent, ["/token", "/guarded"], "{auth:?}: nothing was refused");
    }
}

#[tokio::test]
async fn a_provider_that_fails_is_told_with_whose_turn_it_is_and_without_a_secret() {
    let service = Service::start().await;
    let provider = Provider::with(OLD);
    let connection = provider.connect(&node(), &service.server, "by recipe", AuthMode::Recipe).await;
    *provider.broken.lock().expect("lock") = Some(ProviderError::new(format!("sealed, and {OLD} too")));
    let error = connection.refresh_secrets(Duration::from_secs(60)).await.expect_err("sealed");
    let error = node_error(&error);
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Unavailable, "host.secret-provider"));
    assert!(error.message.contains("`secret`") && error.message.contains("sealed, and ***"), "{error:?}");
    assert!(error.advice.as_deref().is_some_and(|advice| advice.contains("ConnectionOptions::secrets")));
    // The connection goes on.
    assert_eq!(guarded(&connection, 1).await, [200]);

    let options = ConnectionOptions {
        secrets: Some(SecretSource { provider: Arc::clone(&provider) as _, connection: "acme".to_owned() }),
        ..ConnectionOptions::default()
    };
    let typed = || fields(&[("url", service.server.url())]);
    let error = node().connect(typed(), options.clone()).await.expect_err("sealed");
    assert_eq!(node_error(&error).code, "host.secret-provider");
    *provider.broken.lock().expect("lock") = None;
    provider.secrets.remove("acme");
    let error = node().connect(typed(), options.clone()).await.expect_err("it has none");
    assert_eq!(node_error(&error).code, "host.credential-missing");
    // What a person typed is not asked for.
    let before = provider.asked();
    let mut typed = typed();
    typed.insert("secret".to_owned(), NEW.to_owned());
    node().connect(typed, options).await.expect("connection");
    assert_eq!(provider.asked(), before);
}

/// The host logs in for a component that has no code for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_that_leaves_its_login_to_the_recipe_is_logged_in_by_the_host_in_every_mode() {
    for auth in MODES {
        let service = Service::start().await;
        let provider = Provider::with(OLD);
        let connection = provider.connect(&node(), &service.server, "host", auth).await;
        assert_eq!(guarded(&connection, 10).await, [200; 10], "{auth:?}");
        assert_eq!(service.server.count("/token"), 1, "{auth:?}: one login for all");
        let told = run(&connection, "told", json!({})).await.expect("told");
        assert_eq!((&told["auth"], &told["token"]), (&json!("host-injected"), &Value::Null), "{auth:?}");
        assert_eq!(told["fields"], json!({ "url": service.server.url(), "login": "host" }), "{auth:?}");
        service.rotate();
        provider.set(NEW);
        assert_eq!(guarded(&connection, 10).await, [200; 10], "{auth:?}");
    }
}

#[tokio::test]
async fn a_check_of_such_a_component_is_made_with_the_hosts_login() {
    for auth in MODES {
        let service = Service::start().await;
        let connection = Provider::with(OLD).connect(&node(), &service.server, "host", auth).await;
        let report = connection.check(&CallOptions::default()).await.expect("a report");
        assert_eq!(report.steps.first().map(|step| step.message.as_str()), Some("host-injected"), "{auth:?}");
        let refused = Service::start().await;
        refused.rotate();
        let connection = Provider::with(OLD).connect(&node(), &refused.server, "host", auth).await;
        let report = connection.check(&CallOptions::default()).await.expect("a report");
        let error = report.steps.first().and_then(|step| step.error.as_ref()).expect("a failed step");
        assert_eq!(error.code, "host.login-refused", "{auth:?}");
    }
}
