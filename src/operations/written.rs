//! What HaloPSA says about a write, held against what was sent.
//!
//! A write is answered with the record as it is now. HaloPSA may leave a value
//! out, change it or answer with another record, all with a status of success.
//! Compared is only what was sent and came back, and only its meaning: numbers
//! come as text, dates with fractions, texts as HTML.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::Value;
use workflow_node_redaction::HIDDEN;
use workflow_node_sdk::interface::{Level, Object};
use workflow_node_sdk::text;

use super::Task;
use crate::catalogue::resource::Resource;
use crate::error::{Code, Effect, NodeError, Result};
use crate::output;
use crate::protocol::date;
use crate::protocol::envelope;
use crate::protocol::identity::Identity;

/// Messages of HaloPSA inside a record (HAPI §4).
const MESSAGES: &[&str] = &["_warning", "_warnings", "_xmlwarning", "_statuswarning"];

/// How long two instants may be apart and still be one: some answers have no
/// fractions of a second.
const SAME_INSTANT_MS: u64 = 1000;

/// So many pairs of values are compared by what they mean, more by how they read.
const MAX_COMPARISONS: usize = 10_000;

/// Amounts that differ by less were rounded.
const SAME_AMOUNT: f64 = 0.005;

/// Refuses an answer about another record than the one that was meant.
pub fn check_id(resource: &Resource, record: &Object, id: i64, effect: Effect) -> Result<()> {
    if envelope::is_about(record, id) || (resource.id_may_change && effect != Effect::None) {
        return Ok(());
    }
    let other = record.get("id").and_then(Identity::of).map(|id| id.to_string()).unwrap_or_default();
    let message = format!("HaloPSA answered with record {} instead of {id}.", text::cut(&other, 60));
    let advice = match effect {
        Effect::None => "Check the id, and that no proxy answers with stored data.",
        _ => "Check both records in HaloPSA before you run this again.",
    };
    Err(NodeError::new(Code::MalformedAnswer, message).with_advice(advice).with_effect(effect))
}

/// Passes HaloPSA's own warnings about a record on.
pub fn pass_on_warnings(task: &mut Task<'_, '_>, record: &Object, index: usize) {
    for name in MESSAGES {
        for words in record.get(*name).into_iter().flat_map(words) {
            task.say(Level::Warning, "halopsa.vendor-warning", format!("HaloPSA says: {words}"), index);
        }
    }
}

fn words(value: &Value) -> Vec<String> {
    match value {
        Value::String(said) => Some(text::clean(said)).filter(|said| !said.is_empty()).into_iter().collect(),
        Value::Array(values) => values.iter().flat_map(words).collect(),
        _ => Vec::new(),
    }
}

/// Says that an update gave the record a new id.
pub fn note_new_id(task: &mut Task<'_, '_>, record: &Object, id: i64, index: usize) {
    if let (false, Some(new)) = (envelope::is_about(record, id), record.get("id").and_then(Identity::of)) {
        let new = text::cut(&new.to_string(), 60);
        let message = format!("The record {id} has the new id {new}.");
        task.say(Level::Warning, "halopsa.id-changed", message, index);
    }
}

/// Says what HaloPSA has to say about a record that was written, and what it did
/// not keep of the body that was sent.
pub fn review(task: &mut Task<'_, '_>, sent: &Value, record: &Object, index: usize) {
    pass_on_warnings(task, record, index);
    // One record travels in an array, too.
    let sent = if let Value::Array(bodies) = sent { bodies.first().unwrap_or(sent) } else { sent };
    if let Value::Object(sent) = sent {
        compare(task, sent, record, index);
    }
}

/// Warns of each field that came back with another value than was sent.
pub fn compare(task: &mut Task<'_, '_>, sent: &Object, record: &Object, index: usize) {
    let different = differences(task.resource, sent, record);
    if different.is_empty() {
        return;
    }
    let parts: Vec<String> = different.iter().map(Difference::to_string).collect();
    let message = format!(
        "HaloPSA did not keep everything that was sent. Different now: {}. Check the agent's rights and the rules of the ticket type or workflow.",
        parts.join("; ")
    );
    task.say(Level::Warning, "halopsa.value-not-kept", message, index);
}

/// A field that came back different.
#[derive(Debug, PartialEq)]
struct Difference {
    field: String,
    sent: String,
    came: String,
}

impl Difference {
    /// What results withhold is named and not shown.
    fn of(field: String, sent: &Value, came: String) -> Self {
        if output::is_secret_name(&field) {
            return Self { field, sent: HIDDEN.to_string(), came: HIDDEN.to_string() };
        }
        Self { field, sent: shown(sent), came }
    }
}

impl core::fmt::Display for Difference {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} (sent {}, is {})", self.field, self.sent, self.came)
    }
}

fn differences(resource: &Resource, sent: &Object, record: &Object) -> Vec<Difference> {
    let mut different = Vec::new();
    for (name, value) in sent {
        // Names with `_` in front are commands (HAPI §4).
        if name == "id" || name.starts_with('_') || value.is_null() {
            continue;
        }
        if name == "customfields" {
            different.extend(custom_fields(value, record.get("customfields")));
            continue;
        }
        let column =
            resource.columns.iter().chain(resource.detail_columns).find(|column| column.name == name);
        let came = match column {
            Some(column) => output::find(record, column),
            None => record.get(name).filter(|value| !value.is_null()).cloned(),
        };
        let came = match came {
            Some(came) => came,
            // A field that results show came back without a value.
            None if column.is_some() && record.contains_key(name) => Value::Null,
            None => continue,
        };
        if !is_same(value, &came) {
            different.push(Difference::of(name.clone(), value, shown(&came)));
        }
    }
    different
}

/// Custom fields, by name or by id. HaloPSA ignores those that it does not know.
fn custom_fields(sent: &Value, came: Option<&Value>) -> Vec<Difference> {
    let (Value::Array(sent), Some(Value::Array(came))) = (sent, came) else { return Vec::new() };
    if came.is_empty() {
        return Vec::new();
    }
    let name_of = |field: &Value| {
        field.get("name").and_then(Value::as_str).map(|name| Key::Name(name.to_ascii_lowercase()))
    };
    let id_of = |field: &Value| id(field).map(Key::Id);
    let mut known: BTreeMap<Key, &Value> = BTreeMap::new();
    for field in came {
        for key in name_of(field).into_iter().chain(id_of(field)) {
            known.entry(key).or_insert(field);
        }
    }
    let mut different = Vec::new();
    for field in sent {
        let other = name_of(field).or_else(|| id_of(field)).and_then(|key| known.get(&key).copied());
        let name = field.get("name").or_else(|| field.get("id")).map(shown_plain).unwrap_or_default();
        let wanted = field.get("value").unwrap_or(&Value::Null);
        match other {
            Some(other) => {
                let value = other.get("value").unwrap_or(&Value::Null);
                let display = other.get("display").unwrap_or(&Value::Null);
                if !wanted.is_null() && !is_same(wanted, value) && !is_same(wanted, display) {
                    different.push(Difference::of(name, wanted, shown(value)));
                }
            }
            None if wanted.is_null() => {}
            None => different.push(Difference::of(name, wanted, "missing".to_string())),
        }
    }
    different
}

/// By what a custom field is known.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Name(String),
    Id(Identity),
}

fn id(value: &Value) -> Option<Identity> {
    value.get("id").and_then(Identity::of)
}

/// Whether two values mean the same.
fn is_same(sent: &Value, came: &Value) -> bool {
    if is_empty(sent) && is_empty(came) {
        return true;
    }
    match (sent, came) {
        // What HaloPSA makes of an object or a list inside a record is its own.
        (Value::Object(_), _) | (_, Value::Object(_)) => true,
        (Value::Array(sent), Value::Array(came)) => same_lists(sent, came),
        (Value::Array(_), _) | (_, Value::Array(_)) => true,
        (Value::String(sent), Value::String(came)) => same_texts(sent, came),
        _ => match (number(sent), number(came)) {
            (Some(sent), Some(came)) => {
                let whole = sent % 1.0 == 0.0 && came % 1.0 == 0.0;
                if whole { sent == came } else { (sent - came).abs() < SAME_AMOUNT }
            }
            _ => same_texts(&shown_plain(sent), &shown_plain(came)),
        },
    }
}

/// Lists are replaced as a whole: what was sent must be there.
fn same_lists(sent: &[Value], came: &[Value]) -> bool {
    if sent.iter().all(|value| id(value).is_some()) {
        let there: BTreeSet<Identity> = came.iter().filter_map(id).collect();
        return there.is_empty() || sent.iter().filter_map(id).all(|id| there.contains(&id));
    }
    let simple = |value: &Value| !value.is_object() && !value.is_array();
    if !sent.iter().chain(came).all(simple) {
        return true;
    }
    if sent.len().saturating_mul(came.len()) > MAX_COMPARISONS {
        let there: BTreeSet<String> = came.iter().map(|value| plain(&shown_plain(value))).collect();
        return sent.iter().all(|value| there.contains(&plain(&shown_plain(value))));
    }
    sent.iter().all(|value| came.iter().any(|other| is_same(value, other)))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => plain(text).is_empty() || date::is_unset(text),
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Array(values) => values.is_empty(),
        Value::Object(_) | Value::Bool(true) => false,
    }
}

/// A number, also as text; a switch is 1 or 0.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(on) => Some(f64::from(u8::from(*on))),
        _ => None,
    }
}

fn same_texts(sent: &str, came: &str) -> bool {
    if let (Some(sent), Some(came)) = (date::instant(sent), date::instant(came)) {
        return sent.abs_diff(came) <= SAME_INSTANT_MS;
    }
    let numbers = (sent.trim().parse::<f64>(), came.trim().parse::<f64>());
    if let (Ok(sent), Ok(came)) = numbers {
        return (sent - came).abs() < SAME_AMOUNT;
    }
    let (sent, came) = (plain(sent), plain(came));
    if sent == came {
        return true;
    }
    // Addresses have no capitals, and a time of day may come with a day.
    let is_address = sent.contains('@') || sent.contains("://");
    (is_address && sent.trim_end_matches('/').eq_ignore_ascii_case(came.trim_end_matches('/')))
        || (is_time(&sent) && came.contains(sent.as_str()))
        || (sent.eq_ignore_ascii_case("true") || sent.eq_ignore_ascii_case("false"))
            && sent.eq_ignore_ascii_case(&came)
}

fn is_time(text: &str) -> bool {
    date::time_to_wire(text).is_some()
}

/// The words of a text, without markup and whatever stands between them.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        plain.push_str(before);
        let opens =
            tag.starts_with(|letter: char| letter.is_ascii_alphabetic() || matches!(letter, '/' | '!'));
        match tag.split_once('>').filter(|_| opens) {
            Some((_, after)) => {
                plain.push(' ');
                rest = after;
            }
            None => {
                plain.push('<');
                rest = tag;
            }
        }
    }
    plain.push_str(rest);
    let mut decoded = plain;
    for (entity, letter) in
        [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
    {
        if decoded.contains(entity) {
            decoded = decoded.replace(entity, letter);
        }
    }
    // Markup between two words may or may not stand for a blank.
    decoded
        .chars()
        .filter(|letter| !letter.is_whitespace() && !letter.is_control() && *letter != '\u{feff}')
        .collect()
}

/// A value as a warning shows it: short, and no secret by accident.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "empty".to_string(),
        Value::String(said) if said.trim().is_empty() => "empty".to_string(),
        Value::Array(values) => format!("a list of {}", values.len()),
        Value::Object(_) => "an object".to_string(),
        other => text::cut(&text::clean(&shown_plain(other)), 60),
    }
}

fn shown_plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => {
            crate::number::whole(number).map_or_else(|| number.to_string(), |n| n.to_string())
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalogue::ticket::TICKET;

    fn object(value: Value) -> Object {
        match value {
            Value::Object(object) => object,
            _ => Object::new(),
        }
    }

    fn different(sent: Value, came: Value) -> Vec<String> {
        let differences = differences(&TICKET, &object(sent), &object(came));
        differences.into_iter().map(|difference| difference.field).collect()
    }

    #[test]
    fn each_field_that_came_back_different_is_named() {
        let sent = json!({
            "id": 1, "agent_id": 5, "team": "1st Line", "summary": "A long summary", "status_id": 2,
            "fixbydate": "2026-03-01T09:00:00", "reference": "X-1", "hasbeenclosed": true,
            "customfields": [{"name": "CFa", "value": 3}, {"name": "CFb", "value": "y"}],
            "userdef1": "k", "asset_ids": [1, 2],
        });
        let came = json!({
            "id": 1, "agent_id": 1, "team": null, "summary": "A long sum", "status_id": 2,
            "fixbydate": "2026-03-02T09:00:00", "reference": "", "hasbeenclosed": false,
            "customfields": [{"name": "CFa", "value": 4, "display": "Four"}], "asset_ids": [1],
        });
        assert_eq!(
            different(sent, came),
            [
                "agent_id",
                "asset_ids",
                "CFa",
                "CFb",
                "fixbydate",
                "hasbeenclosed",
                "reference",
                "summary",
                "team"
            ]
        );
    }

    #[test]
    fn a_secret_that_was_not_kept_is_named_and_not_shown() {
        let sent = object(json!({"customfields": [{"name": "CFPassword", "value": "hunter2"}]}));
        let came = object(json!({"customfields": [{"name": "CFPassword", "value": "hunter1"}]}));
        let said: Vec<String> =
            differences(&TICKET, &sent, &came).iter().map(Difference::to_string).collect();
        assert_eq!(said, ["CFPassword (sent ***, is ***)"]);
    }

    #[test]
    fn many_values_are_compared_without_one_by_one() {
        let all: Vec<Value> = (0..5_000).map(|number| json!(format!("value {number}"))).collect();
        assert!(same_lists(&all, &all));
        assert!(!same_lists(&all, &all[1..]));
    }

    #[test]
    fn the_same_in_another_form_is_no_difference() {
        for (sent, came) in [
            (json!({"agent_id": 5}), json!({"agent_id": 5.0})),
            (json!({"agent_id": 5}), json!({"agent_id": "5"})),
            (json!({"agent_id": 5}), json!({"agent": {"id": 5}})),
            (json!({"agent_id": 5}), json!({})),
            (json!({"summary": "a  b\r\nc "}), json!({"summary": "a b\nc"})),
            (json!({"details": "a & b"}), json!({"details": "<p>a &amp; <b>b</b></p>\r\n"})),
            (json!({"details": "1 < 2"}), json!({"details": "1 &lt; 2"})),
            (json!({"details_html": "<p>a</p>"}), json!({"details_html": null})),
            (
                json!({"fixbydate": "2026-03-01T09:00:00"}),
                json!({"fixbydate": "2026-03-01T09:00:00.4470000Z"}),
            ),
            (json!({"starttime": "09:30:00"}), json!({"starttime": "1900-01-01T09:30:00"})),
            (json!({"user_email": "A@B.example"}), json!({"useremail": "a@b.example"})),
            (json!({"category_1": "a>b"}), json!({"category1": "a>b"})),
            (json!({"estimate": 1.3333}), json!({"estimate": 1.33})),
            (json!({"flagged": true}), json!({"flagged": 1})),
            (json!({"flagged": false}), json!({"flagged": null})),
            (json!({"parent_id": 0}), json!({"parent_id": null})),
            (json!({"reference": ""}), json!({"reference": null})),
            (json!({"summary": null}), json!({"summary": "x"})),
            (json!({"_novalidate": true}), json!({"_novalidate": false})),
            (
                json!({"customfields": [{"name": "cfa", "value": 9}]}),
                json!({"customfields": [{"name": "CFa", "value": "9"}]}),
            ),
            (
                json!({"customfields": [{"id": 4, "value": "B"}]}),
                json!({"customfields": [{"id": 4.0, "name": "CFa", "value": 9, "display": "B"}]}),
            ),
            (json!({"customfields": [{"name": "CFa", "value": 9}]}), json!({"customfields": null})),
            (json!({"assets": [{"id": 1}]}), json!({"assets": [{"id": "1", "x": 2}, {"id": 3}]})),
            (json!({"lines": [{"qty_order": 1}]}), json!({"lines": [{"id": 4, "qty_order": 1.0}]})),
        ] {
            let none: [&str; 0] = [];
            assert_eq!(different(sent.clone(), came.clone()), none, "{sent} and {came}");
        }
    }

    #[test]
    fn an_answer_about_another_record_is_refused() {
        let about = |record: Value| check_id(&TICKET, &object(record), 17, Effect::Unknown);
        for same in [json!({"id": 17}), json!({"id": 17.0}), json!({"id": "17"}), json!({"summary": "x"})] {
            assert!(about(same.clone()).is_ok(), "{same}");
        }
        let error = about(json!({"id": 18})).unwrap_err();
        assert_eq!((crate::error::code_of(&error), error.effect()), (Code::MalformedAnswer, Effect::Unknown));
    }

    #[test]
    fn the_words_of_a_warning_are_found() {
        assert_eq!(words(&json!("<b>Careful</b>")), ["Careful"]);
        assert_eq!(words(&json!(["a", "", null, "b"])), ["a", "b"]);
        assert!(words(&json!("")).is_empty() && words(&json!(false)).is_empty());
    }
}
