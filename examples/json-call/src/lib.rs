//! Calls a workflow node with JSON, for components that are composed with one.
//!
//! [`Call`] is what to run; `Call::run`, which exists on WebAssembly only, imports
//! `workflow:node/node` and `workflow:node/setup`, has the fields completed, lets the
//! node log in by itself, and returns the result as JSON text.
//!
//! Names and values have the JSON form that `wit/world.wit` defines. The files of an
//! item are its member `attachments`.

#[cfg(any(target_arch = "wasm32", test))]
mod input;
#[cfg(any(target_arch = "wasm32", test))]
mod output;
#[cfg(target_arch = "wasm32")]
mod run;

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What to run.
///
/// A [`Failure`] is what `execute` returned as its error, or the failure of an item
/// where every item failed. Else the result is a JSON object:
///
/// - `outcomes`: one for each item, with its position `item`, and either `items` (the
///   JSON of its results), `error`, or `"not_attempted": true`. `sources` has the
///   `sources` of each result where the node returned any.
/// - `next`: the `cursor` of the next call, if there is more
/// - `resume_after_ms`
/// - `usage` and `diagnostics`, with those of `prepare`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Id of the operation.
    pub operation: String,
    /// An item, or a list of them.
    #[serde(default = "no_input")]
    pub input: Value,
    /// Values of the credential fields.
    #[serde(default)]
    pub connection: Map<String, Value>,
    /// Members of the call context.
    #[serde(default)]
    pub context: Context,
    /// `next` of an earlier result.
    pub cursor: Option<String>,
}

fn no_input() -> Value {
    json!({})
}

/// The members of `call-context` that a caller can set; all of them may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Context {
    /// Default: the clock of the machine.
    pub now: Option<String>,
    /// Default: one minute.
    pub deadline_ms: Option<u32>,
    /// Default: 1, or 2 with an idempotency key: engines that repeat a call as it was
    /// do not count.
    pub attempt: Option<u32>,
    /// Equal for all repetitions of one call.
    pub idempotency_key: Option<String>,
    /// W3C `traceparent`.
    pub trace_parent: Option<String>,
    /// Time zone for dates without one.
    pub time_zone: Option<String>,
    /// Language for messages.
    pub locale: Option<String>,
    /// Whether to send nothing.
    pub dry_run: Option<bool>,
    /// Whether to change nothing.
    pub read_only: Option<bool>,
    /// The operations that are allowed, if not all.
    pub allowed_operations: Option<Vec<String>>,
    /// Whether a person chose this very operation.
    pub confirmed: Option<bool>,
    /// Further members.
    pub extensions: Option<Map<String, Value>>,
}

/// Why there is no result; each case holds a `node-error` as JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It may work later, and nothing was changed.
    Transient(String),
    /// It will not work, or something may have been changed.
    Permanent(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_needs_an_operation_and_nothing_else() {
        let call: Call = serde_json::from_str(r#"{"operation": "todo.list"}"#).unwrap();
        assert_eq!(call.input, json!({}));
        assert!(call.connection.is_empty() && call.cursor.is_none());
        for wrong in [
            json!({}),
            json!({"operation": 1}),
            json!({"operation": "todo.list", "connection": []}),
            json!({"operation": "todo.list", "conection": {}}),
            json!({"operation": "todo.list", "context": {"readonly": true}}),
            json!({"operation": "todo.list", "context": {"deadline_ms": "soon"}}),
        ] {
            assert!(serde_json::from_value::<Call>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
