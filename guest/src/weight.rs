//! How much memory JSON takes once it is parsed: much more than as text.
//!
//! `{"id":1},` are nine bytes, and an object of half a kilobyte; so a body well
//! below the limit of its bytes could take all memory that a host gives, and with
//! it everything that a call did before. The figures are upper bounds for 32-bit
//! `serde_json`, with room for vectors that grow.

use serde_json::Value;

use crate::error::{Code, NodeError, Result};

/// The most that one parsed answer may take.
pub const MAX_PARSED: usize = 96 << 20;
/// The most that the results of one call may take.
pub const MAX_RESULTS: usize = 64 << 20;
/// The most that one input item may take.
pub const MAX_ITEM: usize = 16 << 20;
/// The most that all input items of a call may take.
pub const MAX_ITEMS: usize = 40 << 20;

/// A value in a list or an object.
const VALUE: usize = 48;
/// The first entries of an object.
const OBJECT: usize = 400;
/// An entry of an object, without its value.
const ENTRY: usize = 32;
/// A text, without its bytes.
const TEXT: usize = 16;

/// Refuses items that a call cannot hold. One that is too large by itself does not
/// count: it is not parsed, and refused in its turn.
///
/// # Errors
/// [`Code::INPUT_TOO_LARGE`].
pub fn admit<'a>(items: impl IntoIterator<Item = &'a str>) -> Result<()> {
    let weights = items.into_iter().map(|item| of_text(item.as_bytes()));
    if weights.filter(|weight| *weight <= MAX_ITEM).fold(0, usize::saturating_add) <= MAX_ITEMS {
        return Ok(());
    }
    Err(too_much())
}

/// The items of a call are too large.
pub fn too_much() -> NodeError {
    NodeError::new(Code::INPUT_TOO_LARGE, "The items are more than one call can hold.")
        .with_advice("Give fewer items in one call.")
}

/// The weight of JSON text, parsed. What is no JSON weighs something, too.
pub fn of_text(json: &[u8]) -> usize {
    let mut weight = VALUE;
    let mut rest = json.iter();
    while let Some(byte) = rest.next() {
        weight += match byte {
            b'{' => OBJECT,
            b'[' | b',' => VALUE,
            b':' => ENTRY,
            b'"' => {
                let mut length = 0;
                while let Some(byte) = rest.next().filter(|byte| **byte != b'"') {
                    length += 1;
                    if *byte == b'\\' {
                        rest.next();
                    }
                }
                TEXT + length
            }
            _ => 0,
        };
    }
    weight
}

/// The weight of a value.
pub fn of_value(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => VALUE,
        Value::String(text) => VALUE + TEXT + text.len(),
        Value::Array(values) => values.iter().map(of_value).fold(VALUE, usize::saturating_add),
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| ENTRY + TEXT + name.len() + of_value(value))
            .fold(OBJECT, usize::saturating_add),
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use serde_json::json;

    use super::*;

    #[test]
    fn text_weighs_what_its_value_weighs() {
        for value in [
            json!(null),
            json!([]),
            json!({"id": 1}),
            json!([{"id": 1}, {"id": 2, "name": "a \"b\" \\ {[,:"}]),
            json!({"a": {"b": [1, 2.5, "c", true, {}]}}),
        ] {
            let (text, parsed) = (of_text(value.to_string().as_bytes()), of_value(&value));
            assert!((parsed..=2 * parsed).contains(&text), "{value}: {text} as text, {parsed} as a value");
        }
    }

    #[test]
    fn items_are_admitted_by_what_they_weigh_together() {
        let small = "[".to_string() + &"[],".repeat(100_000) + "0]";
        assert!(admit([small.as_str(); 3]).is_ok());
        let error = admit([small.as_str(); 5]).unwrap_err();
        assert_eq!((error.code(), error.field()), (Code::INPUT_TOO_LARGE, None));
        let large = "[".to_string() + &"[],".repeat(1_000_000) + "0]";
        assert!(admit([large.as_str(), "{}"]).is_ok());
    }

    #[test]
    fn many_small_values_weigh_more_than_their_text() {
        let rows = |row: &str| [b"[", row.repeat(1 << 20).as_bytes(), b"0]"].concat();
        for row in ["{\"id\":1},", "{},", "[],", "0,"] {
            let text = rows(row);
            assert!(of_text(&text) > 15 * text.len(), "{row}");
        }
        let words = [b"[\"".as_slice(), "many words ".repeat(100_000).as_bytes(), b"\"]"].concat();
        assert!(of_text(&words) < words.len() + 1000);
        assert!(of_text(&[b'"'; 100]) < 10_000 && of_text(b"\"\\") < 100);
    }
}
