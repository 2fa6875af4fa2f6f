//! What a result or an error means to a caller.

use serde_json::{Value, json};

use crate::Failure;

/// The result as text, or the failure where every item failed. With several of them,
/// one that must not be repeated makes the whole call unrepeatable.
pub(crate) fn conclude(execution: &Value) -> Result<String, Failure> {
    let outcomes = execution.get("outcomes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let errors = outcomes.iter().filter_map(|outcome| outcome.get("error"));
    let mut failures: Vec<Failure> = errors.map(failure).collect();
    if failures.is_empty() || failures.len() < outcomes.len() {
        return Ok(execution.to_string());
    }
    let worst = failures.iter().position(|failure| matches!(failure, Failure::Permanent(_)));
    Err(failures.swap_remove(worst.unwrap_or_default()))
}

/// Whether a call with this `node-error` is worth repeating.
pub(crate) fn failure(error: &Value) -> Failure {
    let may_work = error.get("retry").is_some_and(|retry| retry != &json!("never"));
    if may_work && error.get("effect") == Some(&json!("none")) {
        Failure::Transient(error.to_string())
    } else {
        Failure::Permanent(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(effect: &str, retry: &Value) -> Value {
        json!({"effect": effect, "retry": retry})
    }

    #[test]
    fn only_what_did_nothing_and_may_work_later_is_transient() {
        for (effect, retry, expected) in [
            ("none", json!("host-default"), true),
            ("none", json!({"after_ms": 5}), true),
            ("unknown", json!("host-default"), false),
            ("applied", json!("host-default"), false),
            ("none", json!("never"), false),
        ] {
            let found = failure(&error(effect, &retry));
            assert_eq!(matches!(found, Failure::Transient(_)), expected, "{effect} {retry}");
        }
    }

    #[test]
    fn a_call_fails_where_every_item_failed() {
        let of = |outcomes: &[Value]| conclude(&json!({ "outcomes": outcomes }));
        let (lost, later) = (error("unknown", &json!("never")), error("none", &json!("host-default")));
        let [lost, later] = [lost, later].map(|error| json!({ "error": error }));
        assert!(of(&[]).is_ok());
        assert!(of(&[later.clone(), json!({"items": []})]).is_ok());
        assert!(of(&[later.clone(), json!({"not_attempted": true})]).is_ok());
        assert!(matches!(of(&[later.clone(), later.clone()]), Err(Failure::Transient(_))));
        assert!(matches!(of(&[later, lost]), Err(Failure::Permanent(_))));
    }
}
