//! The fields and items of a call, from JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use crate::Failure;

/// The member of an item that holds its files.
pub(crate) const ATTACHMENTS: &str = "attachments";

/// An item with its files.
#[derive(Debug, PartialEq)]
pub(crate) struct Item {
    pub(crate) json: Value,
    pub(crate) files: Vec<File>,
}

/// A file beside an item.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct File {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) mime_type: String,
    pub(crate) content: Content,
}

/// Links are in results only.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Content {
    #[serde(deserialize_with = "base64")]
    pub(crate) bytes: Vec<u8>,
}

fn base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    STANDARD.decode(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

/// Credential fields as text. Empty ones are left out.
pub(crate) fn fields(connection: &Map<String, Value>) -> Result<Vec<(String, String)>, Failure> {
    let mut fields = Vec::new();
    for (name, value) in connection {
        let text = match value {
            Value::Null => continue,
            Value::String(text) if text.is_empty() => continue,
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            _ => return Err(invalid(&format!("/{name}"), "A credential field must be text.")),
        };
        fields.push((name.clone(), text));
    }
    Ok(fields)
}

/// Whether a field of this credential form holds a secret.
pub(crate) fn is_secret(form: &Value, name: &str) -> bool {
    let fields = form.get("fields").and_then(Value::as_array).into_iter().flatten();
    fields
        .filter(|field| field.get("name").and_then(Value::as_str) == Some(name))
        .any(|field| field.get("secret") == Some(&json!(true)) || field.get("kind") == Some(&json!("secret")))
}

/// The items of an input, which is one or a list of them.
pub(crate) fn items(input: Value) -> Result<Vec<Item>, Failure> {
    let items = match input {
        Value::Array(items) => items,
        item @ Value::Object(_) => vec![item],
        _ => return Err(invalid("", "The input is neither a JSON object nor a list of them.")),
    };
    items.into_iter().map(item).collect()
}

fn item(mut json: Value) -> Result<Item, Failure> {
    let Some(files) = json.as_object_mut().and_then(take_files) else {
        return Ok(Item { json, files: Vec::new() });
    };
    match serde_json::from_value(files) {
        Ok(files) => Ok(Item { json, files }),
        Err(error) => Err(invalid("/attachments", &format!("The files cannot be read: {error}."))),
    }
}

/// A list is one of files where each of its members has a name and a content; any other
/// member of this name is a field of the operation.
fn take_files(item: &mut Map<String, Value>) -> Option<Value> {
    let is_file = |value: &Value| value.get("name").is_some() && value.get("content").is_some();
    let list = item.get(ATTACHMENTS)?.as_array()?;
    if list.is_empty() || !list.iter().all(is_file) {
        return None;
    }
    item.remove(ATTACHMENTS)
}

/// A failure of this library, which no repetition would help. The field is empty where
/// it is about the whole.
fn invalid(field: &str, message: &str) -> Failure {
    let mut error = Map::from_iter([
        ("kind".to_owned(), json!("invalid-input")),
        ("code".to_owned(), json!("json-call.invalid-input")),
        ("message".to_owned(), json!(message)),
        ("effect".to_owned(), json!("none")),
        ("retry".to_owned(), json!("never")),
    ]);
    if !field.is_empty() {
        error.insert("field".to_owned(), json!(field));
    }
    Failure::Permanent(Value::Object(error).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_text_and_empty_ones_are_left_out() {
        let connection = json!({"a": "x", "b": 7, "c": true, "d": null, "e": ""});
        let found = fields(connection.as_object().unwrap()).unwrap();
        assert_eq!(found, [("a", "x"), ("b", "7"), ("c", "true")].map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert!(fields(json!({"a": []}).as_object().unwrap()).is_err());
    }

    #[test]
    fn secrets_are_known_by_their_kind_or_their_mark() {
        let form = json!({"fields": [
            {"name": "key", "kind": "secret"},
            {"name": "certificate", "kind": "file", "secret": true},
            {"name": "url", "kind": "url", "secret": false},
        ]});
        let secret = ["key", "certificate", "url", "other"].map(|name| is_secret(&form, name));
        assert_eq!(secret, [true, true, false, false]);
    }

    #[test]
    fn files_are_taken_from_the_item() {
        let file = json!({"name": "a.txt", "content": {"bytes": "aGk="}});
        let found = items(json!({"a": 1, "attachments": [file]})).unwrap().remove(0);
        assert_eq!(found.json, json!({"a": 1}));
        assert_eq!(found.files.iter().map(|file| &file.content.bytes[..]).collect::<Vec<_>>(), [b"hi"]);
    }

    #[test]
    fn other_attachments_are_a_field_of_the_item() {
        for value in [json!([]), json!("none"), json!([7]), json!([{"name": "a"}])] {
            let item = json!({ "attachments": value });
            assert_eq!(items(item.clone()).unwrap(), [Item { json: item, files: vec![] }]);
        }
    }

    #[test]
    fn files_that_cannot_be_read_are_refused() {
        for content in [json!("aGk="), json!({"bytes": "?"}), json!({"link": {"url": "https://example.com"}})]
        {
            let input = json!([{"attachments": [{"name": "a", "content": content}]}]);
            let Err(Failure::Permanent(error)) = items(input) else { panic!("{content}") };
            assert!(error.contains(r#""field":"/attachments""#), "{error}");
        }
    }

    #[test]
    fn an_input_is_an_object_or_a_list() {
        assert_eq!(items(json!([{}, {}])).unwrap().len(), 2);
        for wrong in [json!(7), json!("{}"), Value::Null] {
            assert!(matches!(items(wrong), Err(Failure::Permanent(_))));
        }
    }
}
