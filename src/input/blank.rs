//! What counts as "not given".
//!
//! Forms, spreadsheets and language models fill in what nobody chose: `null`,
//! an empty text, an empty list. For every field that may be left out these
//! mean that it was left out. To empty a field is a deliberate act: `clear`.

use serde_json::Value;
use workflow_node_sdk::text;

/// Whether a value stands for "not given".
pub(super) fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text::trimmed(text).is_empty(),
        Value::Array(values) => values.iter().all(is_blank),
        Value::Object(members) => members.values().all(is_blank),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_in_any_form_is_blank_and_zero_and_false_are_not() {
        for blank in [
            json!(null),
            json!(""),
            json!(" \u{200b}\n"),
            json!([]),
            json!([null, ""]),
            json!({}),
            json!({"a": ""}),
        ] {
            assert!(is_blank(&blank), "{blank}");
        }
        for given in [json!(0), json!(false), json!("x"), json!(["", 1]), json!({"a": false})] {
            assert!(!is_blank(&given), "{given}");
        }
    }
}
