//! What the probes judge answers with. Nothing here quotes a value.

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

/// Rows are what was expected of `key`, or the finding.
pub(super) fn sizes(answers: &[Answer], key: &str, expected: usize, total_from: usize) -> Verdict {
    let rows = nth(answers, 0)?.rows(key)?.len();
    let total = nth(answers, total_from)?.count()?;
    if total <= i64::try_from(expected).unwrap_or(i64::MAX) {
        return Err(unclear(format!("there are not more than {expected} records")));
    }
    agree(rows == expected, || format!("{rows} rows instead of {expected}"))
}

pub(super) fn ids(rows: &[Value]) -> Vec<i64> {
    rows.iter().filter_map(|row| row.get("id")?.as_i64()).collect()
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
    let values: Vec<&Value> = rows.iter().filter_map(|row| row.get(key)).collect();
    if values.is_empty() {
        return Err(unclear(format!("no row has `{key}`")));
    }
    agree(values.into_iter().all(fits), || how.to_owned())
}
