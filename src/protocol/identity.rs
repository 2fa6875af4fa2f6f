//! When two records are the same one: ids come as `2`, as `2.0` and as `"2"`
//! (HAPI §4), and some are GUIDs.

use alloc::string::{String, ToString};
use core::cmp::Ordering;
use core::fmt;

use serde_json::Value;

use crate::number;

/// The id of a record, whatever form it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// A whole number; negative for recurring invoices.
    Number(i64),
    /// Anything else, such as a GUID, in lower case.
    Text(String),
}

impl Identity {
    /// The id in a value. `None` where there is none: null, nothing, or `0`,
    /// which HaloPSA sends for records that have no number.
    pub fn of(value: &Value) -> Option<Self> {
        let identity = Self::of_key(value)?;
        (identity != Self::Number(0)).then_some(identity)
    }

    /// The same for a value that points to another record, where `0` may be one.
    pub fn of_key(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => {
                Some(number::whole(number).map_or_else(|| Self::Text(number.to_string()), Self::Number))
            }
            Value::String(text) => Self::of_text(text),
            _ => None,
        }
    }

    /// The id that a text stands for.
    pub fn of_text(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let number = text.parse().ok().or_else(|| {
            let float: f64 = text.parse().ok()?;
            number::whole(&serde_json::Number::from_f64(float)?)
        });
        Some(number.map_or_else(|| Self::Text(text.to_ascii_lowercase()), Self::Number))
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Ord for Identity {
    fn cmp(&self, other: &Self) -> Ordering {
        #[cfg(test)]
        comparisons::count();
        match (self, other) {
            (Self::Number(left), Self::Number(right)) => left.cmp(right),
            (Self::Text(left), Self::Text(right)) => left.cmp(right),
            (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Number(_)) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Identity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Counts comparisons of ids, so that tests can see how work grows.
#[cfg(test)]
pub(crate) mod comparisons {
    use std::cell::Cell;

    std::thread_local! {
        static COUNT: Cell<u64> = const { Cell::new(0) };
    }

    pub(super) fn count() {
        COUNT.with(|count| count.set(count.get() + 1));
    }

    /// How many comparisons a piece of work makes.
    pub(crate) fn of(work: impl FnOnce()) -> u64 {
        let before = COUNT.with(Cell::get);
        work();
        COUNT.with(Cell::get) - before
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_id_in_several_forms_is_one_id() {
        for same in [json!(2), json!(2.0), json!("2"), json!(" 2 "), json!("2.0")] {
            assert_eq!(Identity::of(&same), Some(Identity::Number(2)), "{same}");
        }
        assert_eq!(Identity::of(&json!(-94)), Some(Identity::Number(-94)));
        assert_eq!(Identity::of(&json!("7B0E-a")), Identity::of(&json!("7b0e-A")));
        for none in [json!(null), json!(""), json!(0), json!("0"), json!(true), json!({}), json!([])] {
            assert_eq!(Identity::of(&none), None, "{none}");
        }
        assert_eq!(Identity::of_key(&json!(0)), Some(Identity::Number(0)));
    }
}
