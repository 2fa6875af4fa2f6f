//! The node under test and short ways to call it.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use wasmparser::{Parser, Payload};
use workflow_node_host::wit::node::Outcome;
use workflow_node_host::wit::types::{Item, NodeError};
use workflow_node_host::{
    AuthMode, CallError, CallOptions, CompiledCache, Connection, ConnectionOptions, Node, NodeHost,
    NodeHostBuilder, RequestEvent, RequestObserver,
};

/// The secret that tests type in. Nothing may ever show it.
pub(crate) const SECRET: &str = "hunter22-the-secret";

/// Longer than anything takes, however busy the machine is.
pub(crate) const HANG: Duration = Duration::from_secs(300);

/// Settings of a host that keeps what it compiles for other runs of the tests.
pub(crate) fn host() -> NodeHostBuilder {
    let cache = CompiledCache::open(Path::new(env!("CARGO_TARGET_TMPDIR")).join("workflow-node"));
    match cache {
        Ok(cache) => NodeHost::builder().cache(cache),
        Err(_) => NodeHost::builder(),
    }
}

/// The component, built once in a target folder of its own: the Cargo that runs
/// the tests holds the lock of the usual one.
pub(crate) fn component() -> &'static Path {
    static BUILT: LazyLock<PathBuf> = LazyLock::new(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace around this crate");
        let target = root.join("target").join("node");
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // What Cargo and its wrappers set for this run is not meant for that one.
        for (name, _) in env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            let kept = ["CARGO_HOME", "CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTR"];
            let outer = ["CARGO", "RUSTC", "RUSTDOC", "RUSTFLAGS", "CLIPPY_", "LLVM_PROFILE_FILE"];
            if outer.iter().any(|outer| name.starts_with(outer))
                && !kept.iter().any(|kept| name.starts_with(kept))
            {
                cargo.env_remove(name);
            }
        }
        let status = cargo
            .args(["rustc", "--quiet", "--lib", "--crate-type", "cdylib", "-p", "unruly-node"])
            .args(["--target", "wasm32-wasip2", "--profile", "node", "--target-dir"])
            .arg(&target)
            .current_dir(root)
            .status()
            .expect("cargo");
        assert!(status.success(), "the test component does not build");
        target.join("wasm32-wasip2").join("node").join("unruly_node.wasm")
    });
    &BUILT
}

/// The node in a host with the usual settings, shared by all tests that need no
/// others.
pub(crate) fn node() -> Node {
    static NODE: LazyLock<Node> = LazyLock::new(|| {
        let host = host().max_response_bytes(1 << 20).build().expect("host");
        host.load_file(component()).expect("node")
    });
    NODE.clone()
}

/// The component with one more custom section at its end.
pub(crate) fn with_section(name: &str, text: &str) -> Vec<u8> {
    let mut bytes = std::fs::read(component()).expect("the component");
    let size = u8::try_from(1 + name.len() + text.len()).expect("small");
    assert!(size < 128, "one byte of LEB128");
    bytes.extend([0, size, u8::try_from(name.len()).expect("small")]);
    bytes.extend(name.bytes());
    bytes.extend(text.bytes());
    bytes
}

/// The component with a manifest in which a text was replaced by another one of the
/// same length. What its functions return stays.
pub(crate) fn with_manifest(old: &str, new: &str) -> Vec<u8> {
    assert_eq!(old.len(), new.len(), "{old} {new}");
    let mut bytes = std::fs::read(component()).expect("the component");
    let section = Parser::new(0)
        .parse_all(&bytes)
        .find_map(|payload| match payload.expect("a component") {
            Payload::CustomSection(section) if section.name() == "workflow-node:manifest" => {
                Some(section.range())
            }
            _ => None,
        })
        .expect("a manifest");
    let section = bytes.get_mut(section).expect("its bytes");
    let at = section.windows(old.len()).position(|part| part == old.as_bytes()).expect(old);
    section[at..at + new.len()].copy_from_slice(new.as_bytes());
    bytes
}

/// The component with a text replaced by another one, padded to its length, in its
/// manifest and in what its functions return.
pub(crate) fn with_text(old: &str, new: &str) -> Vec<u8> {
    let mut bytes = std::fs::read(component()).expect("the component");
    let new = format!("{new:width$}", width = old.len());
    assert_eq!(old.len(), new.len(), "{new} is too long");
    let mut places = 0;
    while let Some(at) = bytes.windows(old.len()).position(|part| part == old.as_bytes()) {
        bytes[at..at + old.len()].copy_from_slice(new.as_bytes());
        places += 1;
    }
    assert!(places >= 2, "{old} is in {places} places");
    bytes
}

pub(crate) fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A connection to `url`, as most tests need it.
pub(crate) async fn connect(url: &str) -> Connection {
    connect_with(url, ConnectionOptions::default()).await
}

pub(crate) async fn connect_by_recipe(url: &str) -> Connection {
    connect_with(url, ConnectionOptions { auth: AuthMode::Recipe, ..ConnectionOptions::default() }).await
}

pub(crate) async fn connect_with(url: &str, options: ConnectionOptions) -> Connection {
    node().connect(fields(&[("url", url), ("secret", SECRET)]), options).await.expect("connection")
}

/// Options of a call with this deadline in milliseconds.
pub(crate) fn within(milliseconds: u64) -> CallOptions {
    CallOptions { deadline: Duration::from_millis(milliseconds), ..CallOptions::default() }
}

pub(crate) fn item(input: &Value) -> Item {
    Item { json: input.to_string(), attachments: Vec::new(), sources: Vec::new() }
}

/// Runs an operation on one item and gives its first result.
pub(crate) async fn run(connection: &Connection, operation: &str, input: Value) -> Result<Value, CallError> {
    run_with(connection, operation, input, &CallOptions::default()).await
}

pub(crate) async fn run_with(
    connection: &Connection,
    operation: &str,
    input: Value,
    call: &CallOptions,
) -> Result<Value, CallError> {
    let execution = connection.execute(operation, &[item(&input)], None, call).await?;
    assert!(execution.report.session.is_none(), "the host keeps sessions to itself");
    match execution.outcomes.first() {
        Some(Outcome::Done(results)) => {
            let result = results.first().expect("a result");
            Ok(serde_json::from_str(&result.json).expect("JSON"))
        }
        other => panic!("{operation} gave {other:?}"),
    }
}

/// Gets a URL through the guest.
pub(crate) async fn get(connection: &Connection, url: &str) -> Value {
    run(connection, "request", json!({ "url": url })).await.expect("an answer or an error code")
}

/// Waits for the other tests that need the machine, to measure time or to work a
/// lot.
pub(crate) async fn alone() -> tokio::sync::MutexGuard<'static, ()> {
    static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    ALONE.lock().await
}

/// What something comes to that must end by itself. How soon it ends is measured by
/// the bench (`host-test bench --only stops`): on a busy machine a test cannot tell.
pub(crate) async fn ends<T>(something: impl Future<Output = T>) -> T {
    tokio::time::timeout(HANG, something).await.expect("it does not end")
}

/// Waits until something that was set going has happened.
pub(crate) async fn until(happened: impl Fn() -> bool) {
    ends(async {
        while !happened() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

pub(crate) fn node_error(error: &CallError) -> &NodeError {
    error.node_error().unwrap_or_else(|| panic!("no node error: {error}"))
}

/// An observer that remembers.
#[derive(Default)]
pub(crate) struct Seen(Mutex<Vec<RequestEvent>>);

impl RequestObserver for Seen {
    fn observed(&self, event: &RequestEvent) {
        self.0.lock().expect("lock").push(event.clone());
    }
}

impl Seen {
    pub(crate) fn options() -> (Arc<Self>, ConnectionOptions) {
        let seen = Arc::new(Self::default());
        let observer = Arc::clone(&seen) as Arc<dyn RequestObserver>;
        (seen, ConnectionOptions { observer: Some(observer), ..ConnectionOptions::default() })
    }

    pub(crate) fn events(&self) -> Vec<RequestEvent> {
        self.0.lock().expect("lock").clone()
    }
}
