//! What `run` prints, and the exit code that goes with it.

use serde_json::{Value, json};
use workflow_node_host::Folded;
use workflow_node_host::json;
use workflow_node_host::wit::node::Execution;
use workflow_node_host::wit::types::NodeError;

/// The result of a run as JSON.
#[derive(Clone, Debug)]
pub struct RunResult(Value);

impl RunResult {
    /// Of one call.
    #[must_use]
    pub fn of_call(operation: &str, execution: &Execution) -> Self {
        Self::with_operation(operation, json::execution(execution))
    }

    /// Of all calls that it took.
    #[must_use]
    pub fn of_all(operation: &str, folded: &Folded) -> Self {
        Self::with_operation(operation, json::folded(folded))
    }

    /// Of a call that could not begin.
    #[must_use]
    pub fn refused(operation: &str, error: &NodeError) -> Self {
        Self::with_operation(operation, json!({ "error": json::node_error(error) }))
    }

    fn with_operation(operation: &str, mut result: Value) -> Self {
        if let Value::Object(members) = &mut result {
            members.insert("operation".to_owned(), Value::from(operation));
        }
        Self(result)
    }

    /// The result itself.
    #[must_use]
    pub fn json(&self) -> &Value {
        &self.0
    }

    /// 0 when every item went well, 1 when one did not or was not reached, 2
    /// when the call could not begin.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if says(&self.0, "error") {
            return 2;
        }
        u8::from(self.failed_items() > 0 || says(&self.0, "interrupted") || says(&self.0, "gave_up"))
    }

    /// How many items failed or were not reached.
    #[must_use]
    pub fn failed_items(&self) -> usize {
        self.outcomes().filter(|outcome| says(outcome, "error") || says(outcome, "not_attempted")).count()
    }

    /// How many items went in.
    #[must_use]
    pub fn items(&self) -> usize {
        self.outcomes().count()
    }

    /// Whether there is more than this result holds.
    #[must_use]
    pub fn has_more(&self) -> bool {
        says(&self.0, "next")
    }

    /// All result items, in order.
    pub fn results(&self) -> impl Iterator<Item = &Value> {
        self.outcomes().filter_map(|outcome| outcome.get("items").and_then(Value::as_array)).flatten()
    }

    /// The first failure: of the call, or of an item.
    #[must_use]
    pub fn first_error(&self) -> Option<&Value> {
        let of_call = [self.0.get("error"), self.0.get("interrupted")];
        of_call.into_iter().flatten().chain(self.outcomes().filter_map(|outcome| outcome.get("error"))).next()
    }

    /// How many HTTP requests it took.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.0.pointer("/usage/requests").and_then(Value::as_u64).unwrap_or_default()
    }

    fn outcomes(&self) -> impl Iterator<Item = &Value> {
        self.0.get("outcomes").and_then(Value::as_array).into_iter().flatten()
    }
}

/// Whether a member is there and more than a polite no.
fn says(json: &Value, key: &str) -> bool {
    !matches!(json.get(key), None | Some(Value::Null | Value::Bool(false)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(result: Value) -> u8 {
        RunResult(result).exit_code()
    }

    #[test]
    fn the_exit_code_tells_how_it_went() {
        assert_eq!(code(json!({"outcomes":[{"item":0,"items":[]}]})), 0);
        assert_eq!(code(json!({"outcomes":[]})), 0);
        assert_eq!(code(json!({"outcomes":[{"item":0,"items":[]}],"next":"c"})), 0);
        assert_eq!(code(json!({"outcomes":[{"item":0,"items":[]},{"item":1,"error":{}}]})), 1);
        assert_eq!(code(json!({"outcomes":[{"item":0,"not_attempted":true}]})), 1);
        assert_eq!(code(json!({"outcomes":[{"item":0,"items":[]}],"interrupted":{}})), 1);
        assert_eq!(code(json!({"outcomes":[{"item":0,"items":[]}],"gave_up":false})), 0);
        assert_eq!(code(json!({"error":{"kind":"unsupported"}})), 2);
    }
}
