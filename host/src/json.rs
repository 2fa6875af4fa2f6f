//! JSON forms of the contract's records, as the contract itself defines them.
//!
//! One function for each record. Members are in snake_case and absent where they
//! are none, enum cases are text as written in WIT, a variant is the text of its
//! case or an object of that one key, bytes are base64. JSON text of the
//! contract becomes JSON; text that is none stays a string, so that nothing is
//! lost.

mod triggers;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::fold::{Folded, FoldedItem};
use crate::wit::lookup::{Entries, Entry};
use crate::wit::node::{Execution, Outcome};
use crate::wit::setup::{CheckReport, CheckStatus, CheckStep};
use crate::wit::types::{
    Attachment, AttachmentContent, Diagnostic, Effect, ErrorKind, FieldValue, Item, Level, NodeError, Report,
    Retry, Usage,
};

pub use self::triggers::{delivery, event, polled, received, reply, subscription};

/// A failure: `kind`, `code`, `message`, `advice`, `field`, `http_status`,
/// `vendor_message`, `effect`, `retry` (`"never"`, `"host-default"` or
/// `{"after_ms": N}`) and `details`.
#[must_use]
pub fn node_error(error: &NodeError) -> Value {
    let retry = match &error.retry {
        Retry::Never => json!("never"),
        Retry::HostDefault => json!("host-default"),
        Retry::AfterMs(milliseconds) => json!({ "after_ms": milliseconds }),
    };
    object([
        ("kind", Some(json!(error_kind(error.kind)))),
        ("code", Some(json!(error.code))),
        ("message", Some(json!(error.message))),
        ("advice", error.advice.as_ref().map(|text| json!(text))),
        ("field", error.field.as_ref().map(|text| json!(text))),
        ("http_status", error.http_status.map(|status| json!(status))),
        ("vendor_message", error.vendor_message.as_ref().map(|text| json!(text))),
        ("effect", Some(json!(effect(error.effect)))),
        ("retry", Some(retry)),
        ("details", error.details.as_deref().map(text)),
    ])
}

/// A kind as the contract spells it, such as `invalid-input`.
#[must_use]
pub fn error_kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidInput => "invalid-input",
        ErrorKind::Unauthenticated => "unauthenticated",
        ErrorKind::Forbidden => "forbidden",
        ErrorKind::NotFound => "not-found",
        ErrorKind::Conflict => "conflict",
        ErrorKind::RateLimited => "rate-limited",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Cancelled => "cancelled",
        ErrorKind::Denied => "denied",
        ErrorKind::Protocol => "protocol",
        ErrorKind::Unsupported => "unsupported",
        ErrorKind::Internal => "internal",
    }
}

/// An effect as the contract spells it.
#[must_use]
pub fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::None => "none",
        Effect::Applied => "applied",
        Effect::Unknown => "unknown",
    }
}

/// What a call cost: `requests`, `retries`, `waited_ms`, `rate_limited`.
#[must_use]
pub fn usage(usage: &Usage) -> Value {
    json!({
        "requests": usage.requests,
        "retries": usage.retries,
        "waited_ms": usage.waited_ms,
        "rate_limited": usage.rate_limited,
    })
}

/// A diagnostic: `level`, `code`, `message`, `item_index`.
#[must_use]
pub fn diagnostic(diagnostic: &Diagnostic) -> Value {
    let level = match diagnostic.level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warning => "warning",
    };
    object([
        ("level", Some(json!(level))),
        ("code", Some(json!(diagnostic.code))),
        ("message", Some(json!(diagnostic.message))),
        ("item_index", diagnostic.item_index.map(|index| json!(index))),
    ])
}

/// What a call returns beside its result: `usage`, `diagnostics`.
#[must_use]
pub fn report(report: &Report) -> Value {
    json!({
        "usage": usage(&report.usage),
        "diagnostics": list(&report.diagnostics, diagnostic),
    })
}

/// A result: its JSON, and `attachments` beside it where there are any.
#[must_use]
pub fn item(item: &Item) -> Value {
    let value = text(&item.json);
    if item.attachments.is_empty() {
        return value;
    }
    let attachments = list(&item.attachments, attachment);
    match value {
        Value::Object(mut members) => {
            members.insert("attachments".to_owned(), attachments);
            Value::Object(members)
        }
        value => json!({ "value": value, "attachments": attachments }),
    }
}

fn attachment(attachment: &Attachment) -> Value {
    let content = match &attachment.content {
        AttachmentContent::Bytes(bytes) => json!({ "bytes": STANDARD.encode(bytes) }),
        AttachmentContent::Link(link) => json!({ "link": object([
            ("url", Some(json!(link.url))),
            ("expires_at", link.expires_at.as_ref().map(|instant| json!(instant))),
        ]) }),
    };
    json!({ "name": attachment.name, "mime_type": attachment.mime_type, "content": content })
}

/// One call: `outcomes`, `next`, `resume_after_ms`, `usage`, `diagnostics`.
#[must_use]
pub fn execution(execution: &Execution) -> Value {
    let outcomes = execution
        .outcomes
        .iter()
        .enumerate()
        .map(|(index, outcome)| match outcome {
            Outcome::Done(items) => json!({ "item": index, "items": list(items, item) }),
            Outcome::Failed(error) => json!({ "item": index, "error": node_error(error) }),
            Outcome::NotAttempted => json!({ "item": index, "not_attempted": true }),
        })
        .collect();
    object([
        ("outcomes", Some(Value::Array(outcomes))),
        ("next", execution.next.as_ref().map(|cursor| json!(cursor))),
        ("resume_after_ms", execution.resume_after_ms.map(|wait| json!(wait))),
        ("usage", Some(usage(&execution.report.usage))),
        ("diagnostics", Some(list(&execution.report.diagnostics, diagnostic))),
    ])
}

/// All calls: `outcomes`, `usage`, `diagnostics`; where it ended before the end
/// also `next`, `gave_up` and `interrupted`.
#[must_use]
pub fn folded(folded: &Folded) -> Value {
    let outcomes = folded.outcomes.iter().enumerate().map(folded_item).collect();
    let interrupted = folded.interrupted.as_ref().map(|error| match error.node_error() {
        Some(error) => node_error(error),
        None => json!({ "message": error.to_string() }),
    });
    object([
        ("outcomes", Some(Value::Array(outcomes))),
        ("next", folded.next.as_ref().map(|cursor| json!(cursor))),
        ("gave_up", folded.gave_up.then_some(Value::Bool(true))),
        ("interrupted", interrupted),
        ("usage", Some(usage(&folded.usage))),
        ("diagnostics", Some(list(&folded.diagnostics, diagnostic))),
    ])
}

fn folded_item((index, folded): (usize, &FoldedItem)) -> Value {
    let results = folded.error.is_none() || !folded.items.is_empty();
    object([
        ("item", Some(json!(index))),
        ("items", (folded.attempted && results).then(|| list(&folded.items, item))),
        ("error", folded.error.as_ref().map(node_error)),
        ("not_attempted", (!folded.attempted).then_some(Value::Bool(true))),
    ])
}

/// A connection check: `account`, `instance`, `scopes`, `steps`, `fields`, `usage`, `diagnostics`.
#[must_use]
pub fn check_report(report: &CheckReport) -> Value {
    object([
        ("account", report.account.as_ref().map(|text| json!(text))),
        ("instance", report.instance.as_ref().map(|text| json!(text))),
        ("scopes", Some(json!(report.scopes))),
        ("steps", Some(list(&report.steps, check_step))),
        ("fields", Some(fields(&report.fields))),
        ("usage", Some(usage(&report.report.usage))),
        ("diagnostics", Some(list(&report.report.diagnostics, diagnostic))),
    ])
}

/// How a step of the check went: `pass`, `warn`, `fail` or `skipped`.
#[must_use]
pub fn check_status(status: CheckStatus) -> &'static str {
    match status {
        CheckStatus::Pass => "pass",
        CheckStatus::Warn => "warn",
        CheckStatus::Fail => "fail",
        CheckStatus::Skipped => "skipped",
    }
}

fn check_step(step: &CheckStep) -> Value {
    object([
        ("name", Some(json!(step.name))),
        ("label", Some(json!(step.label))),
        ("status", Some(json!(check_status(step.status)))),
        ("message", Some(json!(step.message))),
        ("error", step.error.as_ref().map(node_error)),
        ("advice", step.advice.as_ref().map(|text| json!(text))),
    ])
}

fn fields(fields: &[FieldValue]) -> Value {
    list(fields, |field| json!({ "name": field.name, "value": field.value }))
}

/// Values of a dropdown: `entries`, `next`, `usage`, `diagnostics`.
#[must_use]
pub fn entries(entries: &Entries) -> Value {
    object([
        ("entries", Some(list(&entries.entries, entry))),
        ("next", entries.next.as_ref().map(|cursor| json!(cursor))),
        ("usage", Some(usage(&entries.report.usage))),
        ("diagnostics", Some(list(&entries.report.diagnostics, diagnostic))),
    ])
}

fn entry(entry: &Entry) -> Value {
    object([
        ("value", Some(text(&entry.value))),
        ("label", Some(json!(entry.label))),
        ("description", entry.description.as_ref().map(|text| json!(text))),
        ("parent", entry.parent.as_deref().map(text)),
        ("disabled", entry.disabled.then_some(Value::Bool(true))),
        ("details", entry.details.as_deref().map(text)),
    ])
}

/// JSON text as JSON.
fn text(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

pub(crate) fn list<T>(values: &[T], form: impl Fn(&T) -> Value) -> Value {
    Value::Array(values.iter().map(form).collect())
}

/// An object of the members that are there.
pub(crate) fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    Value::Object(
        members
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect::<Map<String, Value>>(),
    )
}

#[cfg(test)]
mod tests;
