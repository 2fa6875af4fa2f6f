//! Calls that must be refused or must send nothing, all without a network: a
//! host gives a dry run none, and what is wrong with an input, a cursor or a
//! permission is known before anything is sent.

use serde_json::{Map, Value, json};
use workflow_node_host::wit::node::{Execution, Outcome};
use workflow_node_host::wit::types::{Attachment, AttachmentContent, Effect, ErrorKind, Item, NodeError};
use workflow_node_host::{CallError, CallOptions, Connection};

use super::report::{Report, Rule};
use super::stage::call_options;
use crate::manifest::{Manifest, Operation};
use crate::schema;

const UNKNOWN_OPERATION: Rule =
    Rule { name: "unknown-operation", says: "an operation that is not there is refused as invalid-input" };
const NOT_AN_OBJECT: Rule =
    Rule { name: "not-an-object", says: "an input that is no JSON object fails its item as invalid-input" };
const UNKNOWN_FIELD: Rule =
    Rule { name: "unknown-field", says: "a field that the schema excludes fails its item as invalid-input" };
const MISSING_FIELD: Rule = Rule {
    name: "missing-field",
    says: "a required field that is missing fails its item as invalid-input and is named",
};
const BAD_CURSOR: Rule =
    Rule { name: "bad-cursor", says: "a cursor that makes no sense is refused as invalid-input" };
const READ_ONLY: Rule = Rule { name: "read-only", says: "a write is denied on a connection that only reads" };
const ALLOWED: Rule =
    Rule { name: "allowed-operations", says: "an operation that the host does not allow is denied" };
const DRY_RUN: Rule =
    Rule { name: "dry-run", says: "a dry run shows method and URL of what would be sent, and sends nothing" };

pub(super) const RULES: [&Rule; 8] = [
    &UNKNOWN_OPERATION,
    &NOT_AN_OBJECT,
    &UNKNOWN_FIELD,
    &MISSING_FIELD,
    &BAD_CURSOR,
    &READ_ONLY,
    &ALLOWED,
    &DRY_RUN,
];

/// Not the name of anything.
const NONSENSE: &str = "conformance-nonsense";

pub(super) async fn examine(connection: &Connection, manifest: &Manifest, report: &mut Report) {
    let name = manifest.json().get("name").and_then(Value::as_str).unwrap_or_default();
    let try_out = Trial { connection, manifest, name };
    report.add(&UNKNOWN_OPERATION, try_out.unknown_operation().await);
    report.add(&NOT_AN_OBJECT, try_out.not_an_object(manifest).await);
    try_out.fields(manifest, report).await;
    try_out.cursors(manifest, report).await;
    try_out.permissions(manifest, report).await;
    report.add(&DRY_RUN, try_out.dry_runs(manifest).await);
}

struct Trial<'a> {
    connection: &'a Connection,
    manifest: &'a Manifest,
    name: &'a str,
}

/// What a refusal must look like.
#[derive(Clone, Copy)]
enum Whole {
    /// The call as a whole is refused.
    Call,
    /// The item fails; the call is made.
    Item,
}

impl Trial<'_> {
    async fn call(
        &self,
        operation: &str,
        input: &str,
        cursor: Option<&str>,
        change: impl FnOnce(&mut CallOptions),
    ) -> Result<Execution, CallError> {
        let mut options = CallOptions { dry_run: true, ..call_options() };
        change(&mut options);
        // Some operations do nothing without a file.
        let takes_files = self.manifest.operation(operation).is_some_and(|operation| operation.takes_files());
        let attachments = if takes_files { vec![file()] } else { vec![] };
        let item = Item { json: input.to_owned(), attachments, sources: Vec::new() };
        // Not every host keeps the rules, so the component must.
        self.connection.rehearse(operation, &[item], cursor, &options).await
    }

    /// What is wrong with how a bad call was answered.
    fn judge(
        &self,
        answer: Result<Execution, CallError>,
        whole: Whole,
        kind: ErrorKind,
    ) -> Result<NodeError, String> {
        let error = match (answer, whole) {
            (Err(CallError::Node(error)), _) => *error,
            (Err(error), _) => return Err(format!("no typed error: {error}")),
            (Ok(execution), Whole::Item) => failure(execution)?,
            (Ok(execution), Whole::Call) => {
                let shown = failure(execution)
                    .map_or_else(|why| why, |error| format!("failed an item with {}", error.code));
                return Err(format!("not refused as a whole, but {shown}"));
            }
        };
        if error.kind != kind {
            let (found, code, message) = (error.kind, &error.code, &error.message);
            return Err(format!("{found:?} instead of {kind:?} ({code}: {message})"));
        }
        if error.effect != Effect::None {
            return Err(format!("the effect of {} is {:?} instead of none", error.code, error.effect));
        }
        if error.message.trim().is_empty() {
            return Err(format!("{} has no message", error.code));
        }
        if !error.code.starts_with(&format!("{}.", self.name)) {
            return Err(format!("the code {:?} does not begin with \"{}.\"", error.code, self.name));
        }
        Ok(error)
    }

    async fn unknown_operation(&self) -> Vec<String> {
        let answer = self.call(NONSENSE, "{}", None, |_| {}).await;
        self.judge(answer, Whole::Call, ErrorKind::InvalidInput).err().into_iter().collect()
    }

    async fn not_an_object(&self, manifest: &Manifest) -> Vec<String> {
        let mut reasons = Vec::new();
        for operation in manifest.operations() {
            for input in ["[]", "\"text\"", "null", "{"] {
                let answer = self.call(operation.id(), input, None, |_| {}).await;
                if let Err(why) = self.judge(answer, Whole::Item, ErrorKind::InvalidInput) {
                    reasons.push(format!("{} with {input}: {why}", operation.id()));
                    break;
                }
            }
        }
        reasons
    }

    /// Fields too many and too few, held against what the schema says of them.
    async fn fields(&self, manifest: &Manifest, report: &mut Report) {
        let (mut unknown, mut missing) = (Tally::default(), Tally::default());
        for operation in manifest.operations() {
            let Some(validator) = operation.input().and_then(|input| schema::validator(manifest, input).ok())
            else {
                continue;
            };
            let Some(example) = example(&operation).filter(|example| validator.is_valid(&json!(example)))
            else {
                continue;
            };
            let mut more = example.clone();
            more.insert(NONSENSE.to_owned(), json!(1));
            if !validator.is_valid(&json!(more)) {
                let answer = self.call(operation.id(), &json!(more).to_string(), None, |_| {}).await;
                unknown.tried(
                    operation.id(),
                    self.judge(answer, Whole::Item, ErrorKind::InvalidInput).map(drop),
                );
            }
            for field in operation.fields().iter().filter(|field| field.is_required()) {
                let mut less = example.clone();
                less.remove(field.name());
                let answer = self.call(operation.id(), &json!(less).to_string(), None, |_| {}).await;
                let judged = self.judge(answer, Whole::Item, ErrorKind::InvalidInput).and_then(|error| {
                    let pointer = format!("/{}", field.name());
                    match error.field {
                        Some(named) if named == pointer => Ok(()),
                        named => Err(format!("names {named:?} instead of {pointer:?}")),
                    }
                });
                missing.tried(&format!("{} without {}", operation.id(), field.name()), judged);
            }
        }
        unknown.tell(&UNKNOWN_FIELD, "no operation excludes further fields", report);
        missing.tell(&MISSING_FIELD, "no operation requires a field", report);
    }

    async fn cursors(&self, manifest: &Manifest, report: &mut Report) {
        let mut tally = Tally::default();
        for operation in manifest.operations().filter(|operation| operation.is_marked("paginated")) {
            let answer = self.call(operation.id(), &input(&operation), Some(NONSENSE), |_| {}).await;
            tally.tried(operation.id(), self.judge(answer, Whole::Call, ErrorKind::InvalidInput).map(drop));
        }
        tally.tell(&BAD_CURSOR, "no operation is paginated", report);
    }

    async fn permissions(&self, manifest: &Manifest, report: &mut Report) {
        let (mut writes, mut allowed) = (Tally::default(), Tally::default());
        for operation in manifest.operations() {
            let (id, input) = (operation.id(), input(&operation));
            for example in operation.examples().filter(|_| !operation.is_marked("read_only")) {
                let input = example.input().to_string();
                let answer = self.call(id, &input, None, |call| call.read_only = true).await;
                // What an operation does may depend on its input.
                if !only_reads(&answer) {
                    writes.tried(id, self.judge(answer, Whole::Call, ErrorKind::Denied).map(drop));
                }
            }
            let nothing = |call: &mut CallOptions| call.allowed_operations = Some(vec![]);
            let answer = self.call(id, &input, None, nothing).await;
            allowed.tried(id, self.judge(answer, Whole::Call, ErrorKind::Denied).map(drop));
        }
        writes.tell(&READ_ONLY, "no operation writes", report);
        allowed.tell(&ALLOWED, "there are no operations", report);
    }

    async fn dry_runs(&self, manifest: &Manifest) -> Vec<String> {
        let mut reasons = Vec::new();
        for operation in manifest.operations() {
            for example in operation.examples() {
                let answer = self.call(operation.id(), &example.input().to_string(), None, |_| {}).await;
                if let Err(why) = shows_requests(answer) {
                    reasons.push(format!("{}, {:?}: {why}", operation.id(), example.title()));
                }
            }
        }
        reasons
    }
}

/// How often a rule was tried, and what spoke against it.
#[derive(Default)]
struct Tally {
    tried: usize,
    reasons: Vec<String>,
}

impl Tally {
    fn tried(&mut self, what: &str, judged: Result<(), String>) {
        self.tried += 1;
        self.reasons.extend(judged.err().map(|why| format!("{what}: {why}")));
    }

    fn tell(self, rule: &'static Rule, nothing: &str, report: &mut Report) {
        if self.tried == 0 {
            report.skip(rule, nothing);
        } else {
            report.add(rule, self.reasons);
        }
    }
}

/// The failure of the only item.
fn failure(execution: Execution) -> Result<NodeError, String> {
    match execution.outcomes.into_iter().next() {
        Some(Outcome::Failed(error)) => Ok(error),
        Some(Outcome::Done(items)) => Err(format!("done, with {} results", items.len())),
        Some(Outcome::NotAttempted) => Err("not attempted".to_owned()),
        None => Err("no outcome for its item".to_owned()),
    }
}

fn shows_requests(answer: Result<Execution, CallError>) -> Result<(), String> {
    let execution = answer.map_err(|error| error.to_string())?;
    let Some(Outcome::Done(items)) = execution.outcomes.first() else {
        return Err(
            failure(execution).map_or_else(|why| why, |error| format!("{}: {}", error.code, error.message))
        );
    };
    if items.is_empty() {
        return Err("no result".to_owned());
    }
    for item in items {
        let shown: Value =
            serde_json::from_str(&item.json).map_err(|error| format!("a result is no JSON: {error}"))?;
        let has_text = |name: &str| shown.get(name).is_some_and(Value::is_string);
        if shown.get("dry_run") != Some(&json!(true)) || !has_text("method") || !has_text("url") {
            return Err(format!("a result is {shown} instead of dry_run, method and url"));
        }
    }
    match execution.report.usage.requests {
        0 => Ok(()),
        requests => Err(format!("it counts {requests} requests")),
    }
}

/// Whether a dry run shows that nothing would be changed.
fn only_reads(answer: &Result<Execution, CallError>) -> bool {
    let Some(Outcome::Done(items)) = answer.as_ref().ok().and_then(|execution| execution.outcomes.first())
    else {
        return false;
    };
    let reads = |item: &Item| {
        let shown: Value = serde_json::from_str(&item.json).unwrap_or_default();
        matches!(shown.get("method").and_then(Value::as_str), Some("GET" | "HEAD"))
    };
    !items.is_empty() && items.iter().all(reads)
}

fn file() -> Attachment {
    Attachment {
        name: "conformance.txt".to_owned(),
        mime_type: "text/plain".to_owned(),
        content: AttachmentContent::Bytes(b"conformance".to_vec()),
    }
}

fn example(operation: &Operation<'_>) -> Option<Map<String, Value>> {
    operation.examples().next()?.input().as_object().cloned()
}

fn input(operation: &Operation<'_>) -> String {
    Value::Object(example(operation).unwrap_or_default()).to_string()
}
