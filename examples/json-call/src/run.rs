//! The call itself: from JSON to the types of the node interface, and back.

use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use serde_json::{Value, json};
use workflow_node_sdk::json_form::object;

use self::bindings::node::{Outcome, credential_schema, execute};
use self::bindings::types::{
    Attachment, AttachmentContent, CallContext, Connection, ConnectionAuth, FieldValue, Item, Level,
    NodeError, Report,
};
use crate::input;
use crate::output;
use crate::{Call, Context, Failure};

mod bindings {
    #![allow(missing_docs, unsafe_code, unreachable_pub, reason = "generated from wit/")]

    #[cfg(feature = "setup")]
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package example:json-call;
            world caller {
                import workflow:node/node@0.2.0;
                import workflow:node/setup@0.2.0;
            }
        ",
        generate_all,
    });
    #[cfg(not(feature = "setup"))]
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package example:json-call;
            world caller {
                import workflow:node/node@0.2.0;
            }
        ",
        generate_all,
    });

    #[cfg(feature = "setup")]
    pub(crate) use self::workflow::node::setup;
    pub(crate) use self::workflow::node::{node, types};
}

/// Time that a call has when its context does not say.
const DEADLINE_MS: u32 = 60_000;

/// Random bytes for one call.
const ENTROPY: u64 = 32;

impl Call {
    /// Runs the operation on the node that this component is composed with.
    pub fn run(self) -> Result<String, Failure> {
        let failed = |error: NodeError| output::failure(&node_error(&error));
        let began = Instant::now();
        let fields = input::fields(&self.connection)?;
        let items: Vec<Item> = input::items(self.input)?.into_iter().map(Into::into).collect();
        let mut context = CallContext::from(self.context);
        let (fields, preparation) = prepared(&context, fields).map_err(failed)?;
        context.deadline_ms = context.deadline_ms.saturating_sub(milliseconds(began.elapsed()));
        let connection = Connection { fields, auth: ConnectionAuth::SelfManaged };
        let execution = execute(&context, &connection, &self.operation, &items, self.cursor.as_deref());
        let execution = execution.map_err(failed)?;

        let reports: Vec<Report> = preparation.into_iter().chain([execution.report]).collect();
        let outcomes = execution.outcomes.into_iter().enumerate();
        let result = object([
            ("outcomes", Some(outcomes.map(|(index, outcome)| outcome_json(index, outcome)).collect())),
            ("next", execution.next.map(Value::from)),
            ("resume_after_ms", execution.resume_after_ms.map(Value::from)),
            ("usage", Some(usage_json(&reports))),
            ("diagnostics", Some(diagnostics_json(&reports))),
        ]);
        output::conclude(&result)
    }
}

// ---- In ----

/// The fields as `execute` wants them: completed by the node, which sees no secret
/// while it does so.
fn prepared(context: &CallContext, fields: Vec<(String, String)>) -> Result<Prepared, NodeError> {
    let form = serde_json::from_str(&credential_schema()).unwrap_or_default();
    let (secret, open): (Vec<_>, Vec<_>) =
        fields.into_iter().map(field_value).partition(|field| input::is_secret(&form, &field.name));
    let (mut fields, report) = completed(context, &open)?;
    fields.extend(secret);
    Ok((fields, report))
}

/// Fields, and what it took to complete them.
type Prepared = (Vec<FieldValue>, Option<Report>);

#[cfg(feature = "setup")]
fn completed(context: &CallContext, fields: &[FieldValue]) -> Result<Prepared, NodeError> {
    let prepared = bindings::setup::prepare(context, fields)?;
    Ok((prepared.fields, Some(prepared.report)))
}

#[cfg(not(feature = "setup"))]
fn completed(_: &CallContext, fields: &[FieldValue]) -> Result<Prepared, NodeError> {
    Ok((fields.to_vec(), None))
}

fn field_value((name, value): (String, String)) -> FieldValue {
    FieldValue { name, value }
}

impl From<Context> for CallContext {
    fn from(context: Context) -> Self {
        Self {
            now: context.now.unwrap_or_else(now),
            deadline_ms: context.deadline_ms.unwrap_or(DEADLINE_MS),
            attempt: context.attempt.unwrap_or(1 + u32::from(context.idempotency_key.is_some())),
            idempotency_key: context.idempotency_key,
            entropy: wasi::random::random::get_random_bytes(ENTROPY),
            trace_parent: context.trace_parent,
            time_zone: context.time_zone,
            locale: context.locale,
            dry_run: context.dry_run.unwrap_or_default(),
            read_only: context.read_only.unwrap_or_default(),
            allowed_operations: context.allowed_operations,
            confirmed: context.confirmed.unwrap_or_default(),
            extensions: context.extensions.map(|extensions| Value::Object(extensions).to_string()),
        }
    }
}

fn now() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or_default();
    Timestamp::from_second(seconds).unwrap_or_default().to_string()
}

fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

impl From<input::Item> for Item {
    fn from(item: input::Item) -> Self {
        let attachments = item.files.into_iter().map(|file| Attachment {
            name: file.name,
            mime_type: file.mime_type,
            content: AttachmentContent::Bytes(file.content.bytes),
        });
        Self { json: item.json.to_string(), attachments: attachments.collect(), sources: Vec::new() }
    }
}

// ---- Out ----

workflow_node_sdk::json_form!(bindings::types);

fn outcome_json(index: usize, outcome: Outcome) -> Value {
    match outcome {
        Outcome::Done(items) => {
            let sources: Vec<Value> = items.iter().map(|item| json!(item.sources)).collect();
            let has_sources = items.iter().any(|item| !item.sources.is_empty());
            object([
                ("item", Some(json!(index))),
                ("items", Some(items.iter().map(item).collect())),
                ("sources", has_sources.then_some(Value::Array(sources))),
            ])
        }
        Outcome::Failed(error) => json!({ "item": index, "error": node_error(&error) }),
        Outcome::NotAttempted => json!({ "item": index, "not_attempted": true }),
    }
}

fn usage_json(reports: &[Report]) -> Value {
    let total = |count: fn(&Report) -> u32| reports.iter().map(count).fold(0, u32::saturating_add);
    json!({
        "requests": total(|report| report.usage.requests),
        "retries": total(|report| report.usage.retries),
        "waited_ms": total(|report| report.usage.waited_ms),
        "rate_limited": total(|report| report.usage.rate_limited),
    })
}

/// Without those for the author of the node.
fn diagnostics_json(reports: &[Report]) -> Value {
    let diagnostics = reports.iter().flat_map(|report| &report.diagnostics);
    diagnostics.filter(|diagnostic| diagnostic.level != Level::Debug).map(diagnostic).collect()
}
