//! A simulator and the component connected to it, for the length of a test.
//!
//! Everything that comes out of a test is kept and searched for secrets at its
//! end, whatever the test was about. Tests name the operations that they
//! drive; `coverage` holds them against the manifest.

mod everything;
mod program;
mod secrets;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use halo_sim::HaloSim;
use host_test::artifacts;
use host_test::credentials::Fields;
use host_test::result::RunResult;
use host_test::session::Session;
use host_test::simulator;
use serde_json::Value;
use wasmtime::{Config, OptLevel, RegallocAlgorithm};
use workflow_node_host::wit::types::{Attachment, AttachmentContent, Item};
use workflow_node_host::{CallError, CompiledCache, ConnectionOptions, Node, NodeHost, NodeHostBuilder};

pub(crate) use everything::Everything;
pub(crate) use program::{Program, Run, command};
pub(crate) use secrets::Transcript;

/// Longer than a call takes, and the calls with its key before it, however busy the
/// machine is.
pub(crate) const HANG: Duration = Duration::from_secs(600);

/// Operations that a test drives.
pub(crate) struct Driven(pub(crate) &'static [&'static str]);

inventory::collect!(Driven);

/// Runs a scenario on a fresh simulator with the given quirks, and declares
/// the operations that it drives.
macro_rules! drive {
    ([$($operation:literal),*], $quirks:expr, $scenario:expr) => {{
        inventory::submit! { $crate::support::Driven(&[$($operation),*]) }
        $crate::support::on_desk(&[$($operation),*], &$quirks, $scenario)
    }};
}
pub(crate) use drive;

/// A simulator, the component connected to it, and a memory.
pub(crate) struct Desk {
    pub(crate) sim: HaloSim,
    pub(crate) session: Session,
    node: Node,
    transcript: Arc<Transcript>,
}

/// Runs a scenario and looks for secrets in what it left behind.
pub(crate) fn on_desk(
    operations: &[&str],
    quirks: &[&str],
    scenario: impl AsyncFnOnce(&Desk) -> Result<()>,
) -> Result<()> {
    run(async {
        let desk = Desk::open(quirks).await?;
        let outcome = scenario(&desk).await;
        if let Err(error) = &outcome {
            desk.transcript.keep(format!("{error:?}"));
        }
        desk.transcript.search(&desk.sim)?;
        outcome?;
        desk.nothing_was_ignored()?;
        desk.transcript.has_driven(operations)
    })
}

/// Runs a future to its end on a runtime of its own.
pub(crate) fn run<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(future)
}

/// The HaloPSA component, loaded once in each process.
pub(crate) fn node() -> Result<Node> {
    static NODE: OnceLock<Result<Node, String>> = OnceLock::new();
    NODE.get_or_init(|| load(artifacts::halopsa_node()).map_err(|error| format!("{error:#}")))
        .clone()
        .map_err(|message| anyhow!(message))
}

/// Loads a component that was just built. Test runs share what they compiled.
pub(crate) fn load(file: Result<PathBuf>) -> Result<Node> {
    Ok(host()?.load_file(file?)?)
}

/// A host that keeps what it compiles: in a debug build that takes half a minute.
pub(crate) fn host() -> Result<NodeHost> {
    Ok(builder().build()?)
}

/// The same, with more to be set.
pub(crate) fn builder() -> NodeHostBuilder {
    match CompiledCache::open(compiled()) {
        Ok(cache) => NodeHost::builder().cache(cache),
        Err(_) => NodeHost::builder(),
    }
}

/// Settings of an engine without our host, which compiles quickly what is run once.
pub(crate) fn quick_engine() -> Config {
    let mut config = Config::new();
    config.cranelift_opt_level(OptLevel::None);
    config.cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass);
    config
}

/// Where test runs keep compiled components, those of the program among them.
fn compiled() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("workflow-node")
}

impl Desk {
    /// Starts a simulator and connects to it as a newcomer would: with an
    /// address, an id and a secret.
    pub(crate) async fn open(quirks: &[&str]) -> Result<Self> {
        let sim = simulator::start(quirks).await?;
        let transcript = Arc::new(Transcript::default());
        let options =
            ConnectionOptions { observer: Some(transcript.clone()), ..ConnectionOptions::default() };
        let node = node()?;
        let connection = node.connect(simulator::credentials(&sim), options).await?;
        Ok(Self { sim, session: Session::new(connection), node, transcript })
    }

    /// Connects once more, with other fields or options.
    pub(crate) async fn connect(
        &self,
        fields: Fields,
        options: ConnectionOptions,
    ) -> Result<Session, CallError> {
        let options = ConnectionOptions { observer: Some(self.transcript.clone()), ..options };
        match self.node.connect(fields, options).await {
            Ok(connection) => Ok(Session::new(connection)),
            Err(error) => {
                self.transcript.keep(format!("{error:?}"));
                Err(error)
            }
        }
    }

    /// The fields that the desk was opened with.
    pub(crate) fn fields(&self) -> Fields {
        simulator::credentials(&self.sim)
    }

    /// Runs an operation to its end.
    pub(crate) async fn run(&self, operation: &str, input: Value) -> Result<RunResult> {
        self.run_in(&self.session, operation, input).await
    }

    /// The same with another connection or other call options.
    pub(crate) async fn run_in(&self, session: &Session, operation: &str, input: Value) -> Result<RunResult> {
        let result = session.run(operation, input).await;
        self.remember(operation, result)
    }

    /// Runs an operation on one object with files beside it.
    pub(crate) async fn run_files(
        &self,
        operation: &str,
        input: Value,
        files: Vec<Attachment>,
    ) -> Result<RunResult> {
        self.run_files_in(&self.session, operation, input, files).await
    }

    /// The same with another connection or other call options.
    pub(crate) async fn run_files_in(
        &self,
        session: &Session,
        operation: &str,
        input: Value,
        files: Vec<Attachment>,
    ) -> Result<RunResult> {
        let item = Item { json: input.to_string(), attachments: files, sources: Vec::new() };
        let result = session.run_items(operation, &[item]).await;
        self.remember(operation, result)
    }

    /// Makes one call.
    pub(crate) async fn call(
        &self,
        operation: &str,
        input: Value,
        cursor: Option<&str>,
    ) -> Result<RunResult> {
        let result = self.session.call(operation, input, cursor).await;
        self.remember(operation, result)
    }

    /// The results of a run that must go well.
    pub(crate) async fn results(&self, operation: &str, input: Value) -> Result<Vec<Value>> {
        let result = self.run(operation, input).await?;
        ensure!(result.exit_code() == 0, "{operation} failed: {}", result.json());
        Ok(result.results().cloned().collect())
    }

    /// The one result of a run that must go well.
    pub(crate) async fn result(&self, operation: &str, input: Value) -> Result<Value> {
        let results = self.results(operation, input).await?;
        ensure!(results.len() == 1, "{operation} gave {} results", results.len());
        results.into_iter().next().context("no result")
    }

    /// The error of a run that must fail.
    pub(crate) async fn error(&self, operation: &str, input: Value) -> Result<Value> {
        let result = self.run(operation, input).await?;
        let error = result.first_error().with_context(|| format!("it went well: {}", result.json()))?;
        Ok(error.clone())
    }

    /// Keeps the result of an operation that something else than the desk ran.
    pub(crate) fn ran(&self, operation: &str, result: &Value) {
        self.transcript.ran(operation, result);
    }

    /// Keeps a text for the search at the end.
    pub(crate) fn keep(&self, text: String) {
        self.transcript.keep(text);
    }

    /// Requests of the component so far whose method and path match.
    pub(crate) fn requests(&self, method: &str, path: &str) -> usize {
        self.transcript.requests(method, path)
    }

    /// HaloPSA ignores parameters that it does not know, and then answers
    /// something else than what was asked for: the component sends none.
    fn nothing_was_ignored(&self) -> Result<()> {
        let went_well = |status: &Option<u16>| status.is_some_and(|status| status < 300);
        for request in self.sim.requests().iter().filter(|request| went_well(&request.status)) {
            ensure!(request.ignored.is_empty(), "{} {}: {:?}", request.method, request.path, request.ignored);
        }
        Ok(())
    }

    /// All requests of the component so far.
    pub(crate) fn requests_in_all(&self) -> usize {
        self.transcript.requests_in_all()
    }

    /// Switches a quirk of the simulator on.
    pub(crate) fn switch_on(&self, quirk: &str) -> Result<()> {
        for quirk in simulator::parse(&[quirk])? {
            self.sim.add_quirk(quirk);
        }
        Ok(())
    }

    fn remember(&self, operation: &str, result: Result<RunResult>) -> Result<RunResult> {
        match &result {
            Ok(result) => self.transcript.ran(operation, result.json()),
            Err(error) => self.transcript.keep(format!("{error:?}")),
        }
        result
    }
}

/// A file with these bytes.
pub(crate) fn file(name: &str, bytes: impl Into<Vec<u8>>) -> Attachment {
    Attachment {
        name: name.to_owned(),
        mime_type: "application/octet-stream".to_owned(),
        content: AttachmentContent::Bytes(bytes.into()),
    }
}

/// A text member of an object.
pub(crate) fn text<'a>(json: &'a Value, key: &str) -> &'a str {
    json.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The ids of rows, in their order.
pub(crate) fn ids<'a>(rows: impl IntoIterator<Item = &'a Value>) -> Vec<i64> {
    rows.into_iter().filter_map(|row| row.get("id")?.as_i64()).collect()
}
