//! The JSON forms of what a component returns, for those who print it or pass it on.
//!
//! The records that all interfaces share have the form that
//! [`json_form!`](workflow_node_sdk::json_form!) writes; the others rest on it.

mod triggers;

use serde_json::{Value, json};
use workflow_node_sdk::json_form::{bytes, list, object, text};

use crate::fold::{Folded, FoldedItem};
use crate::wit::lookup::{Entries, Entry};
use crate::wit::node::{Execution, Outcome};
use crate::wit::setup::{CheckReport, CheckStatus, CheckStep};
use crate::wit::types::{FieldValue, Report};

pub use self::triggers::{delivery, event, polled, received, reply, subscription};

workflow_node_sdk::json_form!(crate::wit::types);

/// What a call returns beside its result: `usage`, `diagnostics`.
#[must_use]
pub fn report(report: &Report) -> Value {
    json!({
        "usage": usage(&report.usage),
        "diagnostics": list(&report.diagnostics, diagnostic),
    })
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

#[cfg(test)]
mod tests;
