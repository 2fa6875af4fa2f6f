//! What the probes judge answers with. Nothing here quotes a value.
//!
//! Values are read as the node reads them: an id or a count may be a text or a
//! fraction, a switch may be a number, and null is the same as a missing key. What
//! cannot be read is unclear and never a difference.

use halopsa_node::number::id;
use serde_json::Value;

use super::{Answer, Finding};

/// What a probe says of the answers.
pub(super) type Verdict = Result<(), Finding>;

pub(super) fn nth(answers: &[Answer], index: usize) -> Result<&Answer, Finding> {
    answers.get(index).ok_or_else(|| Finding::Unclear("it was not asked".to_owned()))
}

pub(super) fn differs(how: impl Into<String>) -> Finding {
    Finding::Differs(how.into())
}

pub(super) fn unclear(why: impl Into<String>) -> Finding {
    Finding::Unclear(why.into())
}

/// Holds where it agrees; else says how it differs.
pub(super) fn agree(agrees: bool, how: impl FnOnce() -> String) -> Verdict {
    if agrees { Ok(()) } else { Err(differs(how())) }
}

/// The list has so many rows although there are more, by the count of another answer.
pub(super) fn sizes(answers: &[Answer], key: &str, expected: usize, total_from: usize) -> Verdict {
    let rows = nth(answers, 0)?.rows(key)?.len();
    agree(rows <= expected, || format!("{rows} rows instead of {expected}"))?;
    let total = nth(answers, total_from)?.count()?;
    if total <= i64::try_from(expected).unwrap_or(i64::MAX) {
        return Err(unclear(format!("there are not more than {expected} records, says `record_count`")));
    }
    agree(rows == expected, || format!("{rows} rows instead of {expected}"))
}

/// `record_count`, where the fact is about it: one that is missing is a difference.
pub(super) fn counted(answer: &Answer) -> Result<i64, Finding> {
    answer.count().map_err(|finding| match finding {
        Finding::Unclear(why) if answer.is_read().is_ok() => Finding::Differs(why),
        other => other,
    })
}

/// The value of a key, unless it is null.
pub(super) fn of<'a>(row: &'a Value, key: &str) -> Option<&'a Value> {
    row.get(key).filter(|value| !value.is_null())
}

/// The number of a key.
pub(super) fn number(row: &Value, key: &str) -> Option<i64> {
    id(row.get(key)?)
}

/// A switch.
pub(super) fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        value => match id(value)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
    }
}

/// The ids of all rows.
pub(super) fn ids(rows: &[Value]) -> Result<Vec<i64>, Finding> {
    rows.iter().map(|row| number(row, "id").ok_or_else(|| unclear("a row has no number as its id"))).collect()
}

pub(super) fn is_guid(value: &Value) -> bool {
    let groups = value.as_str().unwrap_or_default().split('-');
    let hex = |group: &str| group.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(group.len());
    groups.map(hex).eq([8, 4, 4, 4, 12].map(Some))
}

pub(super) fn status(answers: &[Answer], index: usize, expected: &[u16]) -> Verdict {
    let answer = nth(answers, index)?;
    match answer.status {
        Some(status) if expected.contains(&status) => Ok(()),
        Some(429 | 500..) | None => Err(unclear(answer.outcome())),
        Some(_) => Err(differs(answer.outcome())),
    }
}

/// Every row that has the key has it so.
pub(super) fn every(rows: &[Value], key: &str, fits: fn(&Value) -> bool, how: &str) -> Verdict {
    let values: Vec<&Value> = rows.iter().filter_map(|row| of(row, key)).collect();
    if values.is_empty() {
        return Err(unclear(format!("no row has `{key}`")));
    }
    agree(values.into_iter().all(fits), || how.to_owned())
}

/// The same for a switch.
pub(super) fn every_flag(rows: &[Value], key: &str, expected: bool, how: &str) -> Verdict {
    let values: Vec<&Value> = rows.iter().filter_map(|row| of(row, key)).collect();
    if values.is_empty() {
        return Err(unclear(format!("no row has `{key}`")));
    }
    let flags: Option<Vec<bool>> = values.into_iter().map(flag).collect();
    let flags = flags.ok_or_else(|| unclear(format!("`{key}` of a row is neither true nor false")))?;
    agree(flags.into_iter().all(|flag| flag == expected), || how.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_are_read_as_the_node_reads_them() {
        assert_eq!(
            ids(&[json!({ "id": 1 }), json!({ "id": 2.0 }), json!({ "id": " 3" })]),
            Ok(vec![1, 2, 3])
        );
        assert!(matches!(ids(&[json!({ "name": "x" })]), Err(Finding::Unclear(_))));
    }

    #[test]
    fn a_guid_has_its_groups() {
        assert!(is_guid(&json!("01234567-89ab-cdef-0123-456789ABCDEF")));
        for other in [json!("0123456789abcdef0123456789abcdef0123"), json!(36), json!("")] {
            assert!(!is_guid(&other), "{other}");
        }
    }

    #[test]
    fn a_switch_that_cannot_be_read_is_unclear() {
        let rows = |value: Value| [json!({ "inactive": value })];
        assert_eq!(every_flag(&rows(json!("False")), "inactive", false, "x"), Ok(()));
        assert_eq!(every_flag(&rows(json!(1)), "inactive", false, "x"), Err(differs("x")));
        for unreadable in [json!(null), json!("perhaps")] {
            assert!(matches!(
                every_flag(&rows(unreadable), "inactive", false, "x"),
                Err(Finding::Unclear(_))
            ));
        }
    }
}
