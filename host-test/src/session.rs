//! A connection together with the way calls are made on it, for code that
//! drives a component: recipes, the demo and the tests.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use workflow_node_host::wit::types::Item;
use workflow_node_host::{CallError, CallOptions, Connection, Progress};

use crate::input;
use crate::result::RunResult;

/// A connection and the options of its calls.
#[derive(Clone, Debug)]
pub struct Session {
    /// Where the calls go.
    pub connection: Connection,
    /// How they are made.
    pub call: CallOptions,
    /// Who hears of pauses.
    pub pauses: Pauses,
}

/// Is told when a run begins to wait, because the rate limit is used up or HaloPSA
/// asked for it, and for how long.
#[derive(Clone, Default)]
pub struct Pauses(Option<Arc<dyn Fn(Duration) + Send + Sync>>);

impl Pauses {
    /// Tells a function.
    pub fn tell(listener: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    fn hear(&self, progress: &Progress) {
        if let (Some(listener), Progress::Waiting { duration }) = (&self.0, progress) {
            listener(*duration);
        }
    }
}

impl fmt::Debug for Pauses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pauses").field(&self.0.is_some()).finish()
    }
}

impl Session {
    /// Calls as a person would make them.
    #[must_use]
    pub fn new(connection: Connection) -> Self {
        let call = CallOptions { confirmed: true, ..CallOptions::default() };
        Self { connection, call, pauses: Pauses::default() }
    }

    /// The same connection with other options.
    #[must_use]
    pub fn with(&self, change: impl FnOnce(&mut CallOptions)) -> Self {
        let mut session = self.clone();
        change(&mut session.call);
        session
    }

    /// Runs an operation to its end on one object, or on an array of them. A
    /// failure that the node explains is a result, too.
    pub async fn run(&self, operation: &str, input: Value) -> Result<RunResult> {
        self.run_items(operation, &items(input)?).await
    }

    /// The same on items that may have files beside them.
    pub async fn run_items(&self, operation: &str, items: &[Item]) -> Result<RunResult> {
        let mut progress = |progress: Progress| self.pauses.hear(&progress);
        match self.connection.execute_all(operation, items, &self.call, &mut progress).await {
            Ok(folded) => Ok(RunResult::of_all(operation, folded)),
            Err(CallError::Node(error)) => Ok(RunResult::refused(operation, &error)),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes one call and follows no cursor.
    pub async fn call(&self, operation: &str, input: Value, cursor: Option<&str>) -> Result<RunResult> {
        let items = items(input)?;
        match self.connection.execute(operation, &items, cursor, &self.call).await {
            Ok(execution) => Ok(RunResult::of_call(operation, execution)),
            Err(CallError::Node(error)) => Ok(RunResult::refused(operation, &error)),
            Err(error) => Err(error.into()),
        }
    }

    /// Runs an operation on one object that must go well, and returns its
    /// results.
    pub async fn results(&self, operation: &str, input: Value) -> Result<Vec<Value>> {
        let result = self.run(operation, input).await?;
        if let Some(error) = result.first_error() {
            bail!("{operation} failed: {error}");
        }
        Ok(result.results().cloned().collect())
    }

    /// Runs an operation on one object that must go well with one result.
    pub async fn result(&self, operation: &str, input: Value) -> Result<Value> {
        let mut results = self.results(operation, input).await?;
        let last = results.pop().with_context(|| format!("{operation} gave no result"))?;
        if !results.is_empty() {
            bail!("{operation} gave {} results instead of one", results.len() + 1);
        }
        Ok(last)
    }
}

fn items(input: Value) -> Result<Vec<Item>> {
    let inputs = match input {
        Value::Array(inputs) => inputs,
        input => vec![input],
    };
    inputs
        .into_iter()
        .map(|input| match input {
            Value::Object(input) => Ok(input::item(input)),
            other => bail!("an input must be an object and not {other}"),
        })
        .collect()
}
