//! What a successful answer holds (HAPI §5): lists in an envelope or bare,
//! single records as an object or as an array of one.
//!
//! The same thing comes in several shapes, so what can only be meant in one way
//! is understood: an envelope inside an array of one, one record in the
//! envelope of a list, rows under another key. What could be meant in two ways
//! is refused.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::Value;
use workflow_node_sdk::interface::Object;
use workflow_node_sdk::weight;

use super::identity::Identity;
use crate::number;

/// One page of a list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// The rows, all of them objects.
    pub rows: Vec<Object>,
    /// How many there are in all, if HaloPSA says so.
    pub record_count: Option<u64>,
    /// The tables that came with the rows.
    pub tables: Vec<(String, Vec<Object>)>,
    /// The key of the rows, where it is not the one that was expected.
    pub unexpected_key: Option<String>,
}

impl Page {
    /// Whether a list that was asked for as a whole came as a whole.
    pub fn is_whole(&self) -> bool {
        self.record_count.is_none_or(|counted| counted <= self.rows.len() as u64)
    }
}

/// Why an answer is not what was asked for: one sentence.
pub type Malformed = &'static str;

/// Parsed, the answer would take more memory than there is.
pub const TOO_LARGE: Malformed = "the answer is larger than this node takes";

/// A body that is not weighed: the worst of them takes what a call has.
const LIGHT: usize = 512 * 1024;

/// Lists of an envelope that are never its rows (HAPI §5.2).
const NEVER_ROWS: &[&str] = &["columns", "errors", "folders"];

const COUNT: &str = "record_count";

/// Parses JSON. A byte order mark in front of it is no part of it.
pub fn parse(body: &[u8]) -> Result<Value, Malformed> {
    if body.len() > LIGHT && weight::of_text(body) > weight::MAX_PARSED {
        return Err(TOO_LARGE);
    }
    let wrong = |cut| if cut { "the answer ends in the middle" } else { "the answer is no JSON" };
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    // Looking at all of it once is faster than at each text in it.
    let text = core::str::from_utf8(body).map_err(|error| wrong(error.error_len().is_none()))?;
    serde_json::from_str(text).map_err(|error| wrong(error.is_eof()))
}

/// Reads a list. `key` is the property that holds the rows; `tables` are
/// properties to keep. An empty list may come without its key, and rows may
/// come under another one where no other list could be meant.
pub fn list(body: Value, key: &str, tables: &[&str]) -> Result<Page, Malformed> {
    let mut envelope = match body {
        Value::Array(rows) => match <[Value; 1]>::try_from(rows) {
            Ok([Value::Object(only)]) if is_envelope(&only, key) => only,
            Ok([row]) => return Ok(Page { rows: objects(Vec::from([row]))?, ..Page::default() }),
            Err(rows) => return Ok(Page { rows: objects(rows)?, ..Page::default() }),
        },
        Value::Object(envelope) => envelope,
        _ => return Err("the answer is neither a list nor an envelope"),
    };
    let record_count = envelope.get(COUNT).and_then(count);
    let mut unexpected_key = None;
    let rows = match envelope.remove(key) {
        Some(Value::Array(rows)) => objects(rows)?,
        Some(Value::Object(row)) if has_id(&row) => Vec::from([row]),
        Some(Value::Null) => Vec::new(),
        Some(_) => return Err("the rows of the answer are no list"),
        None => match other_key(&envelope, tables)? {
            Some(other) => {
                let Some(Value::Array(rows)) = envelope.remove(&other) else {
                    return Err("the answer has no rows");
                };
                unexpected_key = (!rows.is_empty()).then_some(other);
                objects(rows)?
            }
            // Without rows and without a count it is some other object.
            None if record_count.is_none() => return Err("the answer has no rows"),
            None if record_count != Some(0) => return Err("the answer counts rows but has none"),
            None => Vec::new(),
        },
    };
    let mut kept = Vec::new();
    for name in tables {
        if let Some(Value::Array(rows)) = envelope.remove(*name)
            && let Ok(rows) = objects(rows)
        {
            kept.push(((*name).to_string(), rows));
        }
    }
    Ok(Page { rows, record_count, tables: kept, unexpected_key })
}

/// The only property that can be the rows, where the expected one is missing.
fn other_key(envelope: &Object, tables: &[&str]) -> Result<Option<String>, Malformed> {
    if has_id(envelope) {
        return Err("the answer is one record and no list");
    }
    let may_be_rows = |(name, value): &(&String, &Value)| {
        let is_list = value.as_array().is_some_and(|rows| rows.iter().all(Value::is_object));
        is_list && !tables.contains(&name.as_str()) && !NEVER_ROWS.contains(&name.as_str())
    };
    let lists = || envelope.iter().filter(may_be_rows);
    let filled = || lists().filter(|(_, value)| value.as_array().is_some_and(|rows| !rows.is_empty()));
    match (filled().count(), lists().count()) {
        (0, 0) => Ok(None),
        (1, _) => Ok(filled().next().map(|(name, _)| name.clone())),
        (0, 1) => Ok(lists().next().map(|(name, _)| name.clone())),
        (0, _) => Ok(None),
        _ => Err("the answer has several lists, none of them under the expected name"),
    }
}

/// Whether an object is the envelope of a list and not a row.
fn is_envelope(object: &Object, key: &str) -> bool {
    !has_id(object) && (object.contains_key(COUNT) || object.get(key).is_some_and(Value::is_array))
}

fn has_id(object: &Object) -> bool {
    object.get("id").is_some_and(|id| !id.is_null())
}

/// A count of rows, which some servers write as text or as a fraction.
fn count(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| number::whole(number)?.try_into().ok()),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn objects(rows: Vec<Value>) -> Result<Vec<Object>, Malformed> {
    rows.into_iter()
        .map(|row| match row {
            Value::Object(row) => Ok(row),
            _ => Err("a row of the answer is no object"),
        })
        .collect()
}

/// Reads one record: an object, an array that holds one (HAPI §4), or either
/// in the envelope of a list.
pub fn record(body: Value) -> Result<Object, Malformed> {
    match body {
        Value::Object(record) => match only_list(&record) {
            None => Ok(record),
            Some(key) => one_of(record, &key),
        },
        Value::Array(records) => match <[Value; 1]>::try_from(records) {
            Ok([Value::Object(record)]) => self::record(Value::Object(record)),
            _ => Err("the answer is not one record"),
        },
        _ => Err("the answer is no record"),
    }
}

/// The key of the rows, where an object is nothing but the envelope of a list.
fn only_list(object: &Object) -> Option<String> {
    let is_envelope = !object.contains_key("id") && (object.contains_key(COUNT) || object.len() == 1);
    other_key(object, &[]).ok().flatten().filter(|_| is_envelope)
}

fn one_of(mut envelope: Object, key: &str) -> Result<Object, Malformed> {
    match envelope.remove(key) {
        Some(Value::Array(rows)) => match <[Value; 1]>::try_from(rows) {
            Ok([Value::Object(record)]) => Ok(record),
            Err(rows) if rows.is_empty() => Err("the answer holds no record"),
            _ => Err("the answer holds several records"),
        },
        _ => Err("the answer is no record"),
    }
}

/// Whether a record is the one with this id, as far as it says.
pub fn is_about(record: &Object, id: i64) -> bool {
    record.get("id").and_then(Identity::of).is_none_or(|said| said == Identity::Number(id))
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
    fn one_record_may_come_in_an_array_or_in_the_envelope_of_a_list() {
        let expected = json!({"id": 1, "lines": [{"id": 5}]});
        for shape in [
            expected.clone(),
            json!([expected]),
            json!({"record_count": 1, "tickets": [expected]}),
            json!([{"record_count": 1, "page_no": 1, "tickets": [expected]}]),
            json!({"tickets": [expected]}),
        ] {
            assert_eq!(record(shape.clone()).map(Value::Object).as_ref(), Ok(&expected), "{shape}");
        }
        for wrong in [
            json!([]),
            json!([{}, {}]),
            json!(null),
            json!([1]),
            json!({"record_count": 2, "tickets": [{"id": 1}, {"id": 2}]}),
            json!({"record_count": 0, "tickets": []}),
        ] {
            assert!(record(wrong.clone()).is_err(), "{wrong}");
        }
        // Lines of a record that names no id are not the record.
        let action = json!({"ticket_id": 3, "lines": [{"id": 5}]});
        assert_eq!(record(action.clone()).map(Value::Object), Ok(action));
    }

    #[test]
    fn an_envelope_inside_an_array_of_one_is_the_envelope() {
        let page = list(json!([{"record_count": 2, "tickets": [{"id": 1}, {"id": 2}]}]), "tickets", &[]);
        assert_eq!(page.map(|page| (page.rows.len(), page.record_count)), Ok((2, Some(2))));
        let other = list(json!([{"record_count": "2", "audits": [{"id": 1}, {"id": 2}]}]), "audit", &[]);
        assert_eq!(other.map(|page| (page.rows.len(), page.record_count)), Ok((2, Some(2))));
        // A row with a list in it stays a row.
        let row = list(json!([{"id": 4, "tickets": [{"id": 1}, {"id": 2}]}]), "tickets", &[]);
        assert_eq!(row.map(|page| page.rows.len()), Ok(1));
    }

    #[test]
    fn rows_under_another_key_are_understood_where_no_other_list_could_be_meant() {
        let page = list(json!({"record_count": 2, "audits": [{"id": 1}, {"id": 2}]}), "audit", &[]).unwrap();
        assert_eq!((page.rows.len(), page.unexpected_key.as_deref()), (2, Some("audits")));
        let beside =
            json!({"requests": [{"id": 1}], "statuses": [{"id": 9}], "columns": [{"id": 1}], "views": []});
        let page = list(beside, "tickets", &["statuses"]).unwrap();
        assert_eq!((page.rows.len(), page.unexpected_key.as_deref()), (1, Some("requests")));
        assert_eq!(page.tables.len(), 1);
        assert_eq!(list(json!({"audits": []}), "audit", &[]).map(|page| page.unexpected_key), Ok(None));
        let expected = list(json!({"tickets": [], "others": [{"id": 1}]}), "tickets", &[]).unwrap();
        assert!(expected.rows.is_empty(), "the expected key wins, empty or not");
        for wrong in [
            json!({"a": [{"id": 1}], "b": [{"id": 2}]}),
            json!({"id": 7, "lines": [{"id": 1}]}),
            json!({"errors": [{"message": "no"}]}),
            json!({"record_count": 3, "names": ["x"]}),
        ] {
            assert!(list(wrong.clone(), "tickets", &[]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_json() {
        assert_eq!(parse(b"\xEF\xBB\xBF{\"a\":1}"), Ok(json!({"a": 1})));
        assert!(parse(b"\xEF\xBB\xBF").is_err());
    }

    #[test]
    fn ten_megabytes_of_brackets_are_no_json() {
        assert!(parse(&vec![b'['; 10_000_000]).is_err());
        let many = [b"[".as_slice(), &b"[],".repeat(9_000_000), b"[]]"].concat();
        assert_eq!(parse(&many), Err(TOO_LARGE));
        let long = [b"\"".as_slice(), &[b'x'; 20_000_000], b"\""].concat();
        assert!(parse(&long).is_ok());
        assert_eq!(parse(br#"{"a":"#), Err("the answer ends in the middle"));
    }
}
