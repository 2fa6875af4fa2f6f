//! Conditions on the input of an operation: `{"at": pointer, "is": [values]}` holds
//! where one of the values stands there, `{"at": pointer, "not": [values]}` where
//! none of them does. `null` stands for "not given".
//!
//! Nodes take values in many spellings (docs/manifest.md), so values are compared as
//! a node reads them: `"no"`, `0` and `false` are one.

use std::fmt;

use serde_json::Value;

/// One condition.
#[derive(Debug)]
pub(super) struct Condition {
    at: String,
    values: Vec<Value>,
    /// Whether it holds where one of the values stands, or where none does.
    is: bool,
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<String> = self.values.iter().map(Value::to_string).collect();
        let verb = if self.is { "is" } else { "is not" };
        write!(f, "`{}` {verb} {}", self.at, values.join(" or "))
    }
}

impl Condition {
    pub(super) fn parse(json: &Value) -> Result<Self, &'static str> {
        let at = json.get("at").and_then(Value::as_str).ok_or("a condition has no `at`")?;
        if !at.starts_with('/') {
            return Err("the `at` of a condition is not a JSON pointer into the input");
        }
        let (is, values) = match (json.get("is"), json.get("not")) {
            (Some(values), None) => (true, values),
            (None, Some(values)) => (false, values),
            _ => return Err("a condition has either `is` or `not`"),
        };
        if json.as_object().is_none_or(|members| members.len() != 2) {
            return Err("a condition has a member that this host does not know");
        }
        let values = values.as_array().filter(|values| !values.is_empty());
        let values = values.ok_or("the values of a condition are not a list with something in it")?.clone();
        if values.iter().any(|value| value.is_array() || value.is_object()) {
            return Err("a condition compares with texts, numbers, true, false and null only");
        }
        Ok(Self { at: at.to_owned(), values, is })
    }

    pub(super) fn holds(&self, input: &Value) -> bool {
        let given = input.pointer(&self.at).unwrap_or(&Value::Null);
        self.values.iter().any(|value| is_same(value, given)) == self.is
    }
}

/// Whether a node would read `given` as `value`.
fn is_same(value: &Value, given: &Value) -> bool {
    match value {
        Value::Null => is_nothing(given),
        Value::Bool(value) => boolean(given) == Some(*value),
        Value::String(value) => text(given).is_some_and(|given| given.eq_ignore_ascii_case(value.trim())),
        Value::Number(_) => text(given) == text(value),
        Value::Array(_) | Value::Object(_) => false,
    }
}

fn is_nothing(given: &Value) -> bool {
    match given {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

fn text(given: &Value) -> Option<String> {
    match given {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(given) => Some(given.to_string()),
        _ => None,
    }
}

fn boolean(given: &Value) -> Option<bool> {
    if let Some(number) = given.as_f64() {
        return (number == 0.0 || number == 1.0).then_some(number == 1.0);
    }
    match text(given)?.to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "no" | "n" | "off" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn holds(condition: &Value, input: &Value) -> bool {
        Condition::parse(condition).expect("condition").holds(input)
    }

    #[test]
    fn a_value_is_compared_as_a_node_reads_it() {
        let shown = json!({ "at": "/note/private", "is": [false] });
        for off in
            [json!(false), json!("false"), json!(" NO "), json!("off"), json!(0), json!("0"), json!(0.0)]
        {
            assert!(holds(&shown, &json!({ "note": { "private": off } })), "{off}");
        }
        for other in [json!(true), json!("yes"), json!(null), json!(""), json!([]), json!(2), json!("later")]
        {
            assert!(!holds(&shown, &json!({ "note": { "private": other } })), "{other}");
        }
    }

    #[test]
    fn what_is_not_listed_meets_a_not() {
        let writes = json!({ "at": "/method", "not": ["GET", null] });
        for reads in
            [json!({}), json!({ "method": "get" }), json!({ "method": " GET " }), json!({ "method": "" })]
        {
            assert!(!holds(&writes, &reads), "{reads}");
        }
        for other in [json!({ "method": "POST" }), json!({ "method": ["GET"] }), json!({ "method": "G E T" })]
        {
            assert!(holds(&writes, &other), "{other}");
        }
        assert!(!holds(&writes, &json!("no object")), "nothing is given there");
    }
}
