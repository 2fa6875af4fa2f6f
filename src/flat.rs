//! The same operations as text in, text out (`wit/flat.wit`): for shells and
//! for durable engines that call functions of this shape as they are.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::catalogue::{
    self,
    resource::{Files, Verb},
};
use crate::contract::{
    Attachment, CallContext, Connection, ConnectionAuth, Content, Diagnostic, Execution, Fields, Item, Level,
    Outcome, Usage,
};
use crate::error::{Code, Effect, NodeError, Result, Retry};
use crate::operations;
use crate::text;
use crate::transport::Transport;
use crate::weight::{self, MAX_ITEMS};

/// Time that a call has when its context does not say.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(60);

/// Why there is no result; each holds a `node-error` as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlatError {
    /// It may work later, and nothing was changed.
    Transient(String),
    /// It will not work, or something may have been changed.
    Permanent(String),
}

impl From<&NodeError> for FlatError {
    fn from(error: &NodeError) -> Self {
        let text = error_json(error).to_string();
        match (error.get_retry(), error.get_effect()) {
            (Retry::HostDefault | Retry::After(_), Effect::None) => Self::Transient(text),
            _ => Self::Permanent(text),
        }
    }
}

/// What a call is about, all text.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// JSON object of credential fields.
    pub connection: &'a str,
    /// JSON object of the call context.
    pub context: &'a str,
    /// Id of the operation.
    pub operation: &'a str,
    /// JSON object, or an array of them.
    pub input: &'a str,
    /// `next` of the call before.
    pub cursor: Option<&'a str>,
}

/// Runs an operation.
pub fn invoke(transport: &mut dyn Transport, call: &Call<'_>) -> core::result::Result<String, FlatError> {
    let execution = run(transport, call).map_err(|error| FlatError::from(&error))?;
    let failures: Vec<&NodeError> = execution
        .outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            Outcome::Failed(error) => Some(error),
            _ => None,
        })
        .collect();
    if let (Some(first), true) = (failures.first(), failures.len() == execution.outcomes.len()) {
        // One of them that must not be repeated makes the call unrepeatable.
        let worst =
            failures.iter().copied().find(|error| matches!(FlatError::from(*error), FlatError::Permanent(_)));
        return Err(FlatError::from(worst.unwrap_or(first)));
    }
    Ok(execution_json(&execution).to_string())
}

fn run(transport: &mut dyn Transport, call: &Call<'_>) -> Result<Execution> {
    let context = context(call.context)?;
    let connection = Connection { fields: fields(call.connection)?, auth: ConnectionAuth::SelfManaged };
    let takes_files = catalogue::find(call.operation)
        .is_some_and(|(_, operation)| matches!(operation.verb, Verb::Job(job) if job.files == Files::Takes));
    let items = items(call.input, takes_files)?;
    operations::execute(transport, &context, &connection, call.operation, &items, call.cursor)
}

fn object(text: &str, what: &str, code: Code) -> Result<Map<String, Value>> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(NodeError::new(code, format!("The {what} is no JSON object."))),
    }
}

fn fields(text: &str) -> Result<Fields> {
    let mut fields = Vec::new();
    for (name, value) in object(text, "connection", Code::MissingCredential)? {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text,
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            _ => {
                return Err(
                    NodeError::new(Code::InvalidValue, "A credential field must be text.").field(&name)
                );
            }
        };
        fields.push((name, text));
    }
    Ok(fields.into_iter().collect())
}

/// Where the operation takes files, `attachments` of an item are those beside
/// it; elsewhere they are a field like any other.
fn items(text: &str, takes_files: bool) -> Result<Vec<Item>> {
    let not_json =
        || NodeError::new(Code::NotAnObject, "The input is neither a JSON object nor a list of them.");
    if weight::of_text(text.as_bytes()) > MAX_ITEMS {
        return Err(weight::too_much());
    }
    let values = match serde_json::from_str(text).map_err(|_| not_json())? {
        Value::Array(values) => values,
        object @ Value::Object(_) => vec![object],
        _ => return Err(not_json()),
    };
    let item = |mut json: Value| {
        let files =
            json.as_object_mut().filter(|_| takes_files).and_then(|object| object.remove(ATTACHMENTS));
        let attachments = files.map(|files| self::files(&files)).transpose()?.unwrap_or_default();
        Ok(Item { json, attachments, source_index: None })
    };
    values.into_iter().map(item).collect()
}

/// The member of an item that holds the files beside it.
const ATTACHMENTS: &str = "attachments";

/// Files in the contract's JSON form.
fn files(files: &Value) -> Result<Vec<Attachment>> {
    let file = |file: &Value| {
        let text = |name: &str| file.get(name).and_then(Value::as_str).map(ToString::to_string);
        let content = match file.get("content")? {
            Value::Object(content) => match (content.get("bytes"), content.get("link")) {
                (Some(Value::String(bytes)), None) => Content::Bytes(STANDARD.decode(bytes).ok()?),
                (None, Some(link)) => Content::Link(link.get("url")?.as_str()?.to_string()),
                _ => return None,
            },
            _ => return None,
        };
        Some(Attachment { name: text("name")?, mime_type: text("mime_type").unwrap_or_default(), content })
    };
    files.as_array().and_then(|files| files.iter().map(file).collect()).ok_or_else(|| {
        NodeError::new(Code::InvalidValue, "The files beside the item make no sense.")
            .field(ATTACHMENTS)
            .advice(r#"Give a list of {"name", "mime_type", "content": {"bytes": base64}}."#)
    })
}

/// A result: its JSON, and the files beside it as one of its members.
fn item_json(item: &Item) -> Value {
    let mut json = item.json.clone();
    if let (Value::Object(object), false) = (&mut json, item.attachments.is_empty()) {
        let files = item.attachments.iter().map(|file| {
            let content = match &file.content {
                Content::Bytes(bytes) => json!({ "bytes": STANDARD.encode(bytes) }),
                Content::Link(url) => json!({ "link": { "url": url } }),
            };
            json!({ "name": file.name, "mime_type": file.mime_type, "content": content })
        });
        object.insert(ATTACHMENTS.to_string(), files.collect());
    }
    json
}

/// The members that a context may have.
const CONTEXT: &[&str] = &[
    "now",
    "deadline_ms",
    "attempt",
    "idempotency_key",
    "trace_parent",
    "time_zone",
    "dry_run",
    "read_only",
    "allowed_operations",
    "confirmed",
    "extensions",
];

fn context(text: &str) -> Result<CallContext> {
    let context = object(text, "context", Code::InvalidContext)?;
    let wrong = |name: &str| {
        NodeError::new(Code::InvalidContext, format!("\"{name}\" of the context makes no sense."))
    };
    if let Some(unknown) = context.keys().find(|name| !CONTEXT.contains(&name.as_str())) {
        return Err(wrong(&text::quoted(unknown)).advice("The contract names the members that it has."));
    }
    let given = |name: &str| context.get(name).filter(|value| !value.is_null());
    let flag = |name: &str| match given(name) {
        None => Ok(false),
        Some(value) => value.as_bool().ok_or_else(|| wrong(name)),
    };
    let now: Timestamp = given("now")
        .and_then(|now| now.as_str()?.parse().ok())
        .ok_or_else(|| wrong("now").advice("Give the time of the day, such as 2026-03-01T09:15:00Z."))?;
    let deadline = match given("deadline_ms") {
        None => DEFAULT_DEADLINE,
        Some(value) => Duration::from_millis(value.as_u64().ok_or_else(|| wrong("deadline_ms"))?),
    };
    let allowed_operations = match given("allowed_operations") {
        None => None,
        Some(value) => {
            let names =
                value.as_array().map(|names| names.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
            let names = names.flatten().ok_or_else(|| wrong("allowed_operations"))?;
            Some(names.into_iter().map(ToString::to_string).collect())
        }
    };
    let attempt = match given("attempt") {
        // Engines that repeat a call as it was do not count.
        None => 1 + u32::from(given("idempotency_key").is_some()),
        Some(value) => {
            value.as_u64().and_then(|count| u32::try_from(count).ok()).ok_or_else(|| wrong("attempt"))?
        }
    };
    Ok(CallContext {
        now,
        deadline,
        attempt,
        idempotency_key: given("idempotency_key").and_then(Value::as_str).map(ToString::to_string),
        entropy: vec![],
        trace_parent: given("trace_parent").and_then(Value::as_str).map(ToString::to_string),
        time_zone: given("time_zone").and_then(Value::as_str).map(ToString::to_string),
        dry_run: flag("dry_run")?,
        read_only: flag("read_only")?,
        allowed_operations,
        confirmed: flag("confirmed")?,
    })
}

fn execution_json(execution: &Execution) -> Value {
    let outcomes: Vec<Value> = execution
        .outcomes
        .iter()
        .enumerate()
        .map(|(index, outcome)| match outcome {
            Outcome::Done(items) => {
                json!({"item": index, "items": items.iter().map(item_json).collect::<Vec<_>>()})
            }
            Outcome::Failed(error) => json!({"item": index, "error": error_json(error)}),
            Outcome::NotAttempted => json!({"item": index, "not_attempted": true}),
        })
        .collect();
    let mut result = json!({
        "outcomes": outcomes,
        "usage": usage_json(&execution.usage),
        "diagnostics": execution.diagnostics.iter().map(diagnostic_json).collect::<Vec<_>>(),
    });
    if let Value::Object(result) = &mut result {
        put(result, "next", execution.next.as_deref());
        put(result, "resume_after_ms", execution.resume_after.map(milliseconds));
    }
    result
}

fn put(object: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        object.insert(name.to_string(), value.into());
    }
}

fn usage_json(usage: &Usage) -> Value {
    json!({
        "requests": usage.requests,
        "retries": usage.retries,
        "waited_ms": milliseconds(usage.waited),
        "rate_limited": usage.rate_limited,
    })
}

fn diagnostic_json(diagnostic: &Diagnostic) -> Value {
    let level = match diagnostic.level {
        Level::Info => "info",
        Level::Warning => "warning",
    };
    let mut json = json!({"level": level, "code": diagnostic.code, "message": diagnostic.message});
    if let Value::Object(json) = &mut json {
        put(json, "item_index", diagnostic.item_index);
    }
    json
}

/// A failure in the contract's JSON form.
fn error_json(error: &NodeError) -> Value {
    let retry = match error.get_retry() {
        Retry::Never => json!("never"),
        Retry::HostDefault => json!("host-default"),
        Retry::After(after) => json!({ "after_ms": milliseconds(after) }),
    };
    let mut json = json!({
        "kind": error.get_kind().name(),
        "code": error.get_code().name(),
        "message": error.get_message(),
        "effect": error.get_effect().name(),
        "retry": retry,
    });
    if let Value::Object(json) = &mut json {
        put(json, "advice", error.get_advice());
        put(json, "field", error.get_field());
        put(json, "http_status", error.get_status());
        put(json, "vendor_message", error.get_vendor());
    }
    json
}

/// A duration as the contract has it; longer than 49 days is 49 days.
pub fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_needs_the_time_and_nothing_else() {
        let least = context(r#"{"now": "2026-03-01T09:15:00Z"}"#).unwrap();
        assert_eq!(least.deadline, DEFAULT_DEADLINE);
        assert!(!least.confirmed && !least.dry_run && !least.read_only);
        for wrong in
            ["", "[]", "{}", r#"{"now": "soon"}"#, r#"{"now": "2026-03-01T09:15:00Z", "readonly": true}"#]
        {
            assert_eq!(context(wrong).unwrap_err().get_code(), Code::InvalidContext, "{wrong}");
        }
    }

    #[test]
    fn files_travel_as_base64_where_the_operation_takes_them() {
        let text = r#"{"a": 1, "attachments": [{"name": "a.txt", "content": {"bytes": "aGk="}}]}"#;
        let beside = items(text, true).unwrap().remove(0);
        assert_eq!(beside.json, json!({"a": 1}));
        let shown = item_json(&beside);
        assert_eq!(shown["attachments"][0]["content"], json!({"bytes": "aGk="}));
        assert_eq!(items(text, false).unwrap().remove(0).attachments, []);
        for wrong in ["7", "[7]", r#"[{"name": "a"}]"#, r#"[{"name": "a", "content": {"bytes": "?"}}]"#] {
            let text = format!(r#"{{"attachments": {wrong}}}"#);
            let error = items(&text, true).unwrap_err();
            assert_eq!(error.get_field(), Some("/attachments"), "{wrong}");
        }
    }

    #[test]
    fn only_what_did_nothing_and_may_work_later_is_transient() {
        let transient = |error: NodeError| matches!(FlatError::from(&error), FlatError::Transient(_));
        assert!(transient(NodeError::new(Code::Unreachable, "x")));
        assert!(!transient(NodeError::new(Code::Unreachable, "x").effect(Effect::Unknown)));
        assert!(!transient(NodeError::new(Code::MissingField, "x")));
    }

    #[test]
    fn an_error_has_the_json_form_of_the_contract() {
        let error = NodeError::new(Code::RateLimited, "slow down").status(429).field("a");
        assert_eq!(
            error_json(&error.retry(Retry::After(Duration::from_secs(2)))),
            json!({
                "kind": "rate-limited", "code": "halopsa.rate-limited", "message": "slow down",
                "field": "/a", "http_status": 429, "effect": "none", "retry": {"after_ms": 2000},
            })
        );
    }
}
