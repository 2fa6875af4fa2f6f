//! The same answers in other shapes, as live tenants and other versions send
//! them: names inside objects, ids as text, wrapped lists.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::protocol::Answer;

/// Which shapes are on. What each means stands at the variant of `Quirk`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shapes {
    pub(crate) no_ids: bool,
    pub(crate) wrap_list: bool,
    pub(crate) list_key: Option<String>,
    pub(crate) nested_names: bool,
    pub(crate) text_ids: bool,
    pub(crate) record_in_list: bool,
    pub(crate) bom: bool,
}

/// Records that others name by id and name.
const OTHERS: &[&str] = &["priority", "tickettype", "status", "user", "client", "site", "agent", "supplier"];

/// About what the configuration of a ticket type has.
const CONFIGURATION: usize = 2_000;

impl Shapes {
    fn are_on(&self) -> bool {
        self.no_ids
            || self.wrap_list
            || self.list_key.is_some()
            || self.nested_names
            || self.text_ids
            || self.record_in_list
            || self.bom
    }

    /// The answer in these shapes. `list` says whether it is one, `key` the key
    /// that the rows of a list have.
    pub(crate) fn shape(&self, mut answer: Answer, list: bool, key: Option<&str>) -> Answer {
        if !self.are_on() || !matches!(answer.status, StatusCode::OK | StatusCode::CREATED) {
            return answer;
        }
        // Files stay what they are.
        let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body) else { return answer };
        if self.nested_names {
            nest(&mut body);
        }
        if self.text_ids {
            write_ids_out(&mut body);
        }
        if list {
            self.shape_list(&mut body, key);
        } else if self.record_in_list && body.get("id").is_some() {
            body = json!({ "record_count": 1, key.unwrap_or("records"): [body] });
        }
        let mut bytes = if self.bom { b"\xEF\xBB\xBF".to_vec() } else { Vec::new() };
        bytes.extend(body.to_string().into_bytes());
        answer.body = bytes.into();
        answer
    }

    fn shape_list(&self, body: &mut Value, key: Option<&str>) {
        let rows = match (&mut *body, key) {
            (Value::Object(envelope), Some(key)) => envelope.get_mut(key),
            (Value::Array(_), _) => Some(&mut *body),
            _ => None,
        };
        if self.no_ids {
            for row in rows.and_then(Value::as_array_mut).into_iter().flatten() {
                if let Value::Object(row) = row {
                    row.remove("id");
                }
            }
        }
        if let (Some(other), Some(key), Value::Object(envelope)) = (&self.list_key, key, &mut *body)
            && let Some(rows) = envelope.remove(key)
        {
            envelope.insert(other.clone(), rows);
        }
        if self.wrap_list && body.is_object() {
            *body = json!([body.take()]);
        }
    }
}

/// Moves names into objects, however deep.
fn nest(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(nest),
        Value::Object(record) => {
            record.values_mut().for_each(nest);
            for other in OTHERS {
                nest_one(record, other);
            }
            if let Some(time) = record.remove("last_update").or_else(|| record.remove("lastupdate")) {
                record.insert("flastupdate".to_owned(), time);
            }
        }
        _ => {}
    }
}

fn nest_one(record: &mut Map<String, Value>, other: &str) {
    let Some(name) = record.remove(&format!("{other}_name")) else { return };
    let id = record.get(&format!("{other}_id")).cloned().unwrap_or_default();
    let mut nested = Map::new();
    nested.insert("id".to_owned(), id);
    nested.insert("name".to_owned(), name);
    if other == "tickettype" {
        let fields = (0..CONFIGURATION).map(|id| json!({ "id": id, "name": "a field" })).collect();
        nested.insert("fields".to_owned(), fields);
    }
    if other == "user" {
        let address = record.remove("user_email").or_else(|| record.remove("useremail"));
        nested.insert("emailaddress".to_owned(), address.unwrap_or_default());
    }
    record.insert(other.to_owned(), nested.into());
}

fn write_ids_out(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(write_ids_out),
        Value::Object(record) => {
            for (name, value) in record.iter_mut() {
                match value {
                    Value::Number(id) if name == "id" || name.ends_with("_id") => {
                        *value = id.to_string().into();
                    }
                    value => write_ids_out(value),
                }
            }
        }
        _ => {}
    }
}
