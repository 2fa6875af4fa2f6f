//! JSON forms of the contract's records.
//!
//! Keys are the WIT names in snake_case, enum cases stay as in WIT.

use crate::fold::Folded;
use crate::wit::{
    lookup::Entries,
    node::{CheckReport, CredentialSpec, Execution},
    types::{Diagnostic, Item, NodeError, Usage},
};
use serde_json::Value;

/// A failure.
#[must_use]
pub fn node_error(_error: &NodeError) -> Value {
    Value::Null
}
/// What a call cost.
#[must_use]
pub fn usage(_usage: &Usage) -> Value {
    Value::Null
}
/// A diagnostic.
#[must_use]
pub fn diagnostic(_diagnostic: &Diagnostic) -> Value {
    Value::Null
}
/// A result item.
#[must_use]
pub fn item(_item: &Item) -> Value {
    Value::Null
}
/// One call: `outcomes`, `next`, `resume_after_ms`, `usage`, `diagnostics`.
#[must_use]
pub fn execution(_execution: &Execution) -> Value {
    Value::Null
}
/// All calls: `outcomes`, `usage`, `diagnostics`, and `next`, `gave_up`, `interrupted` where there is something to say.
#[must_use]
pub fn folded(_folded: &Folded) -> Value {
    Value::Null
}
/// The credential form.
#[must_use]
pub fn credential_spec(_spec: &CredentialSpec) -> Value {
    Value::Null
}
/// A connection check.
#[must_use]
pub fn check_report(_report: &CheckReport) -> Value {
    Value::Null
}
/// Values of a dropdown.
#[must_use]
pub fn entries(_entries: &Entries) -> Value {
    Value::Null
}
