//! What only the service can answer: the check, lists that end, and results
//! that are what their schema says. Nothing is changed there.

use std::collections::BTreeSet;

use serde_json::Value;
use workflow_node_host::wit::node::Outcome;
use workflow_node_host::wit::setup::CheckStatus;
use workflow_node_host::wit::types::{ErrorKind, Item};
use workflow_node_host::{CallError, Connection};

use super::report::{Report, Rule};
use super::stage::call_options;
use crate::manifest::{Example, Manifest, Operation};
use crate::schema;

pub(super) const CHECK: Rule = Rule { name: "check", says: "the connection check passes" };
const CURSORS: Rule =
    Rule { name: "cursors", says: "every read ends: no cursor comes twice, and the last call has none" };
const RESULTS: Rule = Rule { name: "results", says: "every result of a read fits its output schema" };

pub(super) const RULES: [&Rule; 3] = [&CHECK, &CURSORS, &RESULTS];

/// Calls after which a read without an end is given up.
const CALLS: usize = 1000;

pub(super) async fn examine(connection: &Connection, manifest: &Manifest, report: &mut Report) {
    report.add(&CHECK, check(connection).await);
    let (mut cursors, mut results) = (Vec::new(), Vec::new());
    for operation in manifest.operations().filter(|operation| operation.is_marked("read_only")) {
        for example in operation.examples() {
            let read = Read::of(connection, &operation, &example).await;
            let place = |why: String| format!("{}, {:?}: {why}", operation.id(), example.title());
            cursors.extend(read.endless.map(place));
            // docs/manifest.md: the schema is for results as they are by default.
            let raw = example.input().get("simplify") == Some(&Value::Bool(false));
            let misfit = if raw { None } else { misfit(manifest, &operation, &read.results) };
            results.extend(misfit.or(read.broken).map(place));
        }
    }
    report.add(&CURSORS, cursors);
    report.add(&RESULTS, results);
}

async fn check(connection: &Connection) -> Vec<String> {
    match connection.check(&call_options()).await {
        Err(error) => vec![error.to_string()],
        Ok(report) => report
            .steps
            .iter()
            .filter(|step| step.status == CheckStatus::Fail)
            .map(|step| format!("{}: {}", step.label, step.message))
            .collect(),
    }
}

/// What following a read to its end brought.
#[derive(Default)]
struct Read {
    results: Vec<Value>,
    endless: Option<String>,
    broken: Option<String>,
}

impl Read {
    async fn of(connection: &Connection, operation: &Operation<'_>, example: &Example<'_>) -> Self {
        let mut read = Self::default();
        let item = Item { json: example.input().to_string(), attachments: vec![], sources: Vec::new() };
        let items = [item];
        let mut seen = BTreeSet::new();
        let mut cursor: Option<String> = None;
        for _ in 0..CALLS {
            let answer = connection.execute(operation.id(), &items, cursor.as_deref(), &call_options()).await;
            let execution = match answer {
                Ok(execution) => execution,
                Err(error) => {
                    read.broken = broken(&error);
                    return read;
                }
            };
            for outcome in execution.outcomes {
                match outcome {
                    Outcome::Done(items) => read.take(&items),
                    // An example may name a record that is not there.
                    Outcome::Failed(error) => read.broken = broken(&CallError::from(error)),
                    Outcome::NotAttempted => {}
                }
            }
            match execution.next {
                None => return read,
                Some(next) if !seen.insert(next.clone()) => {
                    read.endless = Some("the same cursor came twice".to_owned());
                    return read;
                }
                next => cursor = next,
            }
        }
        read.endless = Some(format!("no end after {CALLS} calls"));
        read
    }

    fn take(&mut self, items: &[Item]) {
        for item in items {
            match serde_json::from_str(&item.json) {
                Ok(result) => self.results.push(result),
                Err(error) => self.broken = Some(format!("a result is no JSON: {error}")),
            }
        }
    }
}

/// A failure that the component, and not the account, is to blame for.
fn broken(error: &CallError) -> Option<String> {
    match error {
        CallError::Node(error) if !matches!(error.kind, ErrorKind::Internal | ErrorKind::Protocol) => None,
        error => Some(error.to_string()),
    }
}

/// The first result that is not what the schema says.
fn misfit(manifest: &Manifest, operation: &Operation<'_>, results: &[Value]) -> Option<String> {
    let validator = schema::validator(manifest, operation.output()?).ok()?;
    results.iter().enumerate().find_map(|(index, result)| {
        let error = validator.validate(result).err()?;
        Some(format!("result {index} at {}: {error}", error.instance_path()))
    })
}
