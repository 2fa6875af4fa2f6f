//! What a successful answer holds (HAPI 5): lists in an envelope or bare,
//! single records as an object or as an array of one.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::Value;

use crate::contract::Object;

/// One page of a list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// The rows, all of them objects.
    pub rows: Vec<Object>,
    /// How many there are in all, if HaloPSA says so.
    pub record_count: Option<u64>,
    /// The tables that stand beside the rows.
    pub tables: Vec<(String, Vec<Object>)>,
}

/// Why an answer is not what was asked for: one sentence.
pub type Malformed = &'static str;

/// Parses JSON.
pub fn parse(body: &[u8]) -> Result<Value, Malformed> {
    let wrong = |cut| if cut { "the answer ends in the middle" } else { "the answer is no JSON" };
    // Looking at all of it once is faster than at each text in it.
    let text = core::str::from_utf8(body).map_err(|error| wrong(error.error_len().is_none()))?;
    serde_json::from_str(text).map_err(|error| wrong(error.is_eof()))
}

/// Reads a list. `key` is the property that holds the rows; `tables` are
/// properties to keep. An empty list may come without its key.
pub fn list(body: Value, key: &str, tables: &[&str]) -> Result<Page, Malformed> {
    let mut envelope = match body {
        Value::Array(rows) => return Ok(Page { rows: objects(rows)?, ..Page::default() }),
        Value::Object(envelope) => envelope,
        _ => return Err("the answer is neither a list nor an envelope"),
    };
    let record_count = envelope.get("record_count").and_then(Value::as_u64);
    let rows = match envelope.remove(key) {
        Some(Value::Array(rows)) => objects(rows)?,
        Some(Value::Null) => Vec::new(),
        Some(_) => return Err("the rows of the answer are no list"),
        // Without rows and without a count it is some other object.
        None if record_count.is_none() => return Err("the answer has no rows"),
        None if record_count != Some(0) => return Err("the answer counts rows but has none"),
        None => Vec::new(),
    };
    let mut kept = Vec::new();
    for name in tables {
        if let Some(Value::Array(rows)) = envelope.remove(*name)
            && let Ok(rows) = objects(rows)
        {
            kept.push(((*name).to_string(), rows));
        }
    }
    Ok(Page { rows, record_count, tables: kept })
}

fn objects(rows: Vec<Value>) -> Result<Vec<Object>, Malformed> {
    rows.into_iter()
        .map(|row| match row {
            Value::Object(row) => Ok(row),
            _ => Err("a row of the answer is no object"),
        })
        .collect()
}

/// Reads one record: an object, or an array that holds one (HAPI 4).
pub fn record(body: Value) -> Result<Object, Malformed> {
    match body {
        Value::Object(record) => Ok(record),
        Value::Array(records) => match <[Value; 1]>::try_from(records) {
            Ok([Value::Object(record)]) => Ok(record),
            _ => Err("the answer is not one record"),
        },
        _ => Err("the answer is no record"),
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use serde_json::json;

    use super::*;

    #[test]
    fn lists_come_in_every_form() {
        let page = list(json!({"record_count": 2, "tickets": [{"id": 1}, {"id": 2}]}), "tickets", &[]);
        assert_eq!(page.map(|page| (page.rows.len(), page.record_count)), Ok((2, Some(2))));
        let bare = list(json!([{"id": 1}]), "tickets", &[]);
        assert_eq!(bare.map(|page| (page.rows.len(), page.record_count)), Ok((1, None)));
        for empty in [json!([]), json!({"record_count": 0}), json!({"tickets": null})] {
            assert_eq!(list(empty, "tickets", &[]).map(|page| page.rows), Ok(vec![]));
        }
    }

    #[test]
    fn tables_beside_the_rows_are_kept_and_never_taken_for_rows() {
        let body = json!({"record_count": 0, "statuses": [{"id": 1}], "tickets": []});
        let page = list(body, "tickets", &["statuses", "agents"]).unwrap();
        assert!(page.rows.is_empty());
        assert_eq!(
            page.tables.iter().map(|(name, rows)| (name.as_str(), rows.len())).collect::<Vec<_>>(),
            [("statuses", 1)]
        );
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for wrong in [
            json!("text"),
            json!(7),
            json!({"id": 1}),
            json!({"tickets": 3}),
            json!({"tickets": [1]}),
            json!({"record_count": 7}),
        ] {
            assert!(list(wrong, "tickets", &[]).is_err());
        }
    }

    #[test]
    fn one_record_may_come_in_an_array() {
        assert!(record(json!({"id": 1})).is_ok());
        assert!(record(json!([{"id": 1}])).is_ok());
        for wrong in [json!([]), json!([{}, {}]), json!(null), json!([1])] {
            assert!(record(wrong).is_err());
        }
    }

    #[test]
    fn ten_megabytes_of_brackets_are_no_json() {
        assert!(parse(&vec![b'['; 10_000_000]).is_err());
        assert_eq!(parse(br#"{"a":"#), Err("the answer ends in the middle"));
    }
}
