//! Schemas from types, and inputs that fit them: loose in what people and
//! spreadsheets send, strict in what the closures get.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Number, Value, json};

use crate::error::{Code, ErrorKind, NodeError, Result, Retry};
use crate::text;

pub(crate) const INVALID_VALUE: Code = Code::new("invalid-value", ErrorKind::InvalidInput, Retry::Never);
const UNKNOWN_FIELD: Code = Code::new("unknown-field", ErrorKind::InvalidInput, Retry::Never);
const MISSING_FIELD: Code = Code::new("missing-field", ErrorKind::InvalidInput, Retry::Never);
const NOT_AN_OBJECT: Code = Code::new("not-an-object", ErrorKind::InvalidInput, Retry::Never);

/// The schema of an input: properties have titles and are never `null`, since
/// `null` means "not given" in every input.
pub(crate) fn input<T: JsonSchema>() -> Value {
    let mut schema = of::<T>();
    if let Value::Object(schema) = &mut schema {
        schema.entry("properties").or_insert_with(|| json!({}));
    }
    each(&mut schema, &mut |schema| {
        drop_null(schema);
        title_properties(schema);
        // Said in the schema, too, since `fit` refuses what is not there.
        if schema.contains_key("properties") {
            schema.entry("additionalProperties").or_insert(Value::Bool(false));
        }
    });
    schema
}

/// The schema of a result.
pub(crate) fn output<T: JsonSchema>() -> Value {
    of::<T>()
}

fn of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    each(&mut schema, &mut |schema| {
        // `uint64` and its like are no formats of JSON Schema.
        let is_of_rust = schema.get("format").and_then(Value::as_str).is_some_and(|format| {
            !format.contains('-') && format.ends_with(|end: char| end.is_ascii_digit())
        });
        if is_of_rust
            || schema.get("format") == Some(&json!("double"))
            || schema.get("format") == Some(&json!("float"))
        {
            schema.remove("format");
        }
    });
    if let Value::Object(schema) = &mut schema {
        // The name of the Rust type.
        schema.remove("title");
    }
    schema
}

/// Visits a schema and those inside it.
fn each(schema: &mut Value, visit: &mut impl FnMut(&mut Map<String, Value>)) {
    let Value::Object(schema) = schema else { return };
    visit(schema);
    for (name, inner) in schema.iter_mut() {
        match (name.as_str(), inner) {
            ("properties", Value::Object(properties)) => {
                properties.values_mut().for_each(|property| each(property, visit));
            }
            ("items" | "additionalProperties", inner) => each(inner, visit),
            ("anyOf" | "oneOf" | "allOf", Value::Array(inner)) => {
                inner.iter_mut().for_each(|inner| each(inner, visit));
            }
            _ => {}
        }
    }
}

fn drop_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_string(), only);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| choice["type"] != "null");
        if let [Value::Object(only)] = choices.as_mut_slice() {
            let only = core::mem::take(only);
            schema.remove("anyOf");
            for (name, value) in only {
                schema.entry(name).or_insert(value);
            }
        }
    }
}

/// A property without a title gets one made of its name: `shelf_id` becomes "Shelf".
fn title_properties(schema: &mut Map<String, Value>) {
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    for (name, property) in properties {
        if let Value::Object(property) = property {
            property.entry("title").or_insert_with(|| Value::from(title(name)));
        }
    }
}

fn title(name: &str) -> String {
    let words = name.strip_suffix("_id").filter(|words| !words.is_empty()).unwrap_or(name).replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// An input in the form that its schema describes.
///
/// # Errors
/// The first field that is missing, unknown or of another type, as a JSON pointer.
pub(crate) fn fit(schema: &Value, input: Value) -> Result<Value> {
    match input {
        Value::Object(_) => value(schema, input),
        _ => Err(NodeError::new(NOT_AN_OBJECT, "The input is not a JSON object.")),
    }
}

/// Empty values mean "not given".
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        _ => false,
    }
}

fn object(schema: &Value, members: Map<String, Value>) -> Result<Value> {
    let none = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    // A type without members is a map of anything.
    let open = schema.get("additionalProperties") != Some(&Value::Bool(false));
    let mut fitting = Map::new();
    for (name, given) in members {
        let Some(property) = properties.get(&name) else {
            if open {
                fitting.insert(name, given);
                continue;
            }
            let names: Vec<&str> = properties.keys().map(String::as_str).collect();
            let error =
                NodeError::new(UNKNOWN_FIELD, format!("There is no field \"{}\".", text::quoted(&name)));
            return Err(error.with_field(&name).with_advice(match text::nearest(&name, &names) {
                Some(near) => format!("Did you mean \"{near}\"?"),
                None => format!("Fields are {}.", names.join(", ")),
            }));
        };
        if !is_empty(&given) {
            let given = value(property, given).map_err(|error| error.with_field(&name))?;
            fitting.insert(name, given);
        }
    }
    for (name, property) in properties {
        let default = property.get("default").filter(|default| !default.is_null());
        if let (false, Some(default)) = (fitting.contains_key(name), default) {
            fitting.insert(name.clone(), default.clone());
        }
    }
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        if !fitting.contains_key(name) {
            let title = properties.get(name).and_then(|property| property["title"].as_str()).unwrap_or(name);
            return Err(NodeError::new(MISSING_FIELD, format!("\"{title}\" is missing."))
                .with_field(name)
                .with_advice("Fill it in."));
        }
    }
    Ok(Value::Object(fitting))
}

fn value(schema: &Value, given: Value) -> Result<Value> {
    let wanted = match schema.get("type") {
        Some(Value::String(kind)) => kind.as_str(),
        // Several types, or none: serde decides.
        _ => return among(schema, given),
    };
    let converted = match (wanted, given) {
        ("object", Value::Object(members)) => return object(schema, members),
        ("object", Value::String(text)) => return value_of_text(schema, &text, Value::is_object),
        ("array", Value::Array(values)) => return array(schema, values),
        ("array", Value::String(text)) if text.trim_start().starts_with('[') => {
            return value_of_text(schema, &text, Value::is_array);
        }
        ("array", Value::String(text)) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            return array(schema, parts.map(Value::from).collect());
        }
        // One of them.
        ("array", one) => return array(schema, Vec::from([one])),
        ("integer" | "number", Value::Number(number)) => number_of(wanted, &number),
        ("integer" | "number", Value::String(text)) => {
            serde_json::from_str::<Number>(text.trim()).ok().and_then(|number| number_of(wanted, &number))
        }
        ("boolean", Value::Bool(on)) => Some(Value::Bool(on)),
        ("boolean", given) => truth(&given).map(Value::Bool),
        ("string", Value::String(text)) => Some(Value::String(text)),
        ("string", given @ (Value::Number(_) | Value::Bool(_))) => Some(Value::String(given.to_string())),
        _ => None,
    };
    match converted {
        Some(value) => among(schema, value).and_then(|value| bounds(schema, value)),
        None => Err(invalid(format!("The value must be {}.", article(wanted)))),
    }
}

fn invalid(message: String) -> NodeError {
    NodeError::new(INVALID_VALUE, message)
}

fn article(kind: &str) -> &'static str {
    match kind {
        "object" => "a JSON object",
        "array" => "a list",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        _ => "text",
    }
}

fn value_of_text(schema: &Value, text: &str, is_wanted: impl Fn(&Value) -> bool) -> Result<Value> {
    match serde_json::from_str::<Value>(text).ok().filter(is_wanted) {
        Some(parsed) => value(schema, parsed),
        None => Err(invalid(format!(
            "The value must be {}.",
            article(schema["type"].as_str().unwrap_or_default())
        ))),
    }
}

fn array(schema: &Value, values: Vec<Value>) -> Result<Value> {
    let of_item = schema.get("items").unwrap_or(&Value::Null);
    let fitting = values
        .into_iter()
        .enumerate()
        .map(|(index, item)| value(of_item, item).map_err(|error| error.with_field(&index.to_string())));
    fitting.collect::<Result<Vec<_>>>().map(Value::Array)
}

/// A whole number may be written as a fraction: spreadsheets send `12.0`.
fn number_of(wanted: &str, number: &Number) -> Option<Value> {
    if wanted == "number" || number.is_i64() || number.is_u64() {
        return Some(Value::Number(number.clone()));
    }
    let float = number.as_f64().filter(|float| float.abs() < 9_007_199_254_740_992.0)?;
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked above")]
    let whole = float as i64;
    #[expect(clippy::cast_precision_loss, reason = "the range is checked above")]
    let is_whole = whole as f64 == float;
    is_whole.then(|| Value::from(whole))
}

fn truth(given: &Value) -> Option<bool> {
    match given {
        Value::Number(number) => match number.as_i64()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "y" | "on" | "1" => Some(true),
            "false" | "no" | "n" | "off" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// One of the values of an enum, without regard to case and outer white space.
fn among(schema: &Value, given: Value) -> Result<Value> {
    let Some(choices) = schema.get("enum").and_then(Value::as_array) else { return Ok(given) };
    let same = |choice: &&Value| match (choice, &given) {
        (Value::String(choice), Value::String(given)) => choice.eq_ignore_ascii_case(given.trim()),
        (choice, given) => *choice == given,
    };
    choices.iter().find(same).cloned().ok_or_else(|| {
        let choices: Vec<String> = choices
            .iter()
            .map(|choice| choice.as_str().map_or_else(|| choice.to_string(), ToString::to_string))
            .collect();
        invalid(format!("The value must be one of {}.", choices.join(", ")))
    })
}

fn bounds(schema: &Value, value: Value) -> Result<Value> {
    let limit = |name: &str| schema.get(name).and_then(Value::as_f64);
    if let Some(number) = value.as_f64() {
        if let Some(least) = limit("minimum").filter(|least| number < *least) {
            return Err(invalid(format!("The value must be at least {least}.")));
        }
        if let Some(most) = limit("maximum").filter(|most| number > *most) {
            return Err(invalid(format!("The value must be at most {most}.")));
        }
    }
    if let Some(text) = value.as_str() {
        let limit = |name: &str| schema.get(name).and_then(Value::as_u64);
        let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        if let Some(least) = limit("minLength").filter(|least| length < *least) {
            return Err(invalid(format!("The text must have at least {least} characters.")));
        }
        if let Some(most) = limit("maxLength").filter(|most| length > *most) {
            return Err(invalid(format!("The text must have at most {most} characters.")));
        }
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Loan {
        #[schemars(length(min = 1, max = 10))]
        title: String,
        shelf_id: Option<u64>,
        is_open: Option<bool>,
        tags: Option<Vec<String>>,
        extra: Option<Map<String, Value>>,
        state: Option<State>,
    }

    #[derive(JsonSchema)]
    #[serde(rename_all = "snake_case")]
    #[expect(dead_code, reason = "only its schema is used")]
    enum State {
        Open,
        Returned,
    }

    #[test]
    fn a_schema_has_titles_and_no_null() {
        let schema = input::<Loan>();
        assert_eq!(
            schema["properties"]["shelf_id"],
            json!({"type": "integer", "minimum": 0, "title": "Shelf"})
        );
        assert_eq!(schema["properties"]["state"]["enum"], json!(["open", "returned"]));
        assert_eq!(schema["required"], json!(["title"]));
        assert!(!schema.to_string().contains("null"), "{schema}");
    }

    #[test]
    fn what_people_send_is_understood() {
        let given = json!({
            "title": 12, "shelf_id": "7.0", "is_open": "Yes", "tags": "red", "extra": "{\"a\":1}", "state": " OPEN "
        });
        let fitting = fit(&input::<Loan>(), given).unwrap();
        let expected = json!({
            "title": "12", "shelf_id": 7, "is_open": true, "tags": ["red"], "extra": {"a": 1}, "state": "open"
        });
        assert_eq!(fitting, expected);
        let nothing = json!({"title": "x", "shelf_id": null, "is_open": "", "tags": []});
        assert_eq!(fit(&input::<Loan>(), nothing).unwrap(), json!({"title": "x"}));
    }

    /// The schema of a field in the notation of `guest/cases.json`, as far as the cases
    /// of inputs use it.
    fn of_notation(field: &Value) -> (Value, bool) {
        let notation = field.as_str().or_else(|| field["type"].as_str()).unwrap();
        let (kind, title) = notation.split_once(' ').unwrap_or((notation, ""));
        let is_required = kind.ends_with('!');
        let kind = kind.trim_end_matches(['!', '?']);
        let mut schema = match kind.strip_suffix("[]") {
            Some(of) => json!({ "type": "array", "items": { "type": of } }),
            None => json!({ "type": kind }),
        };
        if !title.is_empty() {
            schema["title"] = json!(title);
        }
        if let Value::Object(members) = field {
            for (name, value) in members {
                match name.as_str() {
                    "type" => {}
                    "fields" => schema.as_object_mut().unwrap().extend(
                        of_fields(value)
                            .as_object()
                            .unwrap()
                            .clone()
                            .into_iter()
                            .filter(|(name, _)| name != "type"),
                    ),
                    _ => schema[name.as_str()] = value.clone(),
                }
            }
        }
        (schema, is_required)
    }

    fn of_fields(fields: &Value) -> Value {
        let mut properties = Map::new();
        let mut required = vec![];
        for (name, field) in fields.as_object().unwrap() {
            let (schema, is_required) = of_notation(field);
            properties.insert(name.clone(), schema);
            required.extend(is_required.then(|| json!(name)));
        }
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
    }

    #[test]
    fn inputs_are_read_as_the_other_sdks_read_them() {
        let cases: Value = serde_json::from_str(include_str!("../../cases.json")).unwrap();
        for case in cases["inputs"].as_array().unwrap() {
            let fitting = fit(&of_fields(&case["fields"]), case["input"].clone());
            match case["error"].as_str() {
                None => assert_eq!(fitting.unwrap(), case["read"], "{case}"),
                Some(code) => {
                    let error = fitting.unwrap_err();
                    let at = case.get("at").and_then(Value::as_str);
                    assert_eq!((error.code().name(), error.field()), (code, at), "{case}");
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_place() {
        for (given, field, message) in [
            (json!({}), "/title", "\"Title\" is missing."),
            (json!({"title": "x", "shelf": 1}), "/shelf", "There is no field \"shelf\"."),
            (json!({"title": "x", "shelf_id": 1.5}), "/shelf_id", "The value must be a whole number."),
            (json!({"title": "x", "shelf_id": -1}), "/shelf_id", "The value must be at least 0."),
            (json!({"title": "x", "is_open": "maybe"}), "/is_open", "The value must be true or false."),
            (json!({"title": "x", "tags": [{}]}), "/tags/0", "The value must be text."),
            (json!({"title": "x", "state": "lost"}), "/state", "The value must be one of open, returned."),
            (json!({"title": "much too long"}), "/title", "The text must have at most 10 characters."),
        ] {
            let error = fit(&input::<Loan>(), given.clone()).unwrap_err();
            assert_eq!((error.field(), error.message()), (Some(field), message), "{given}");
        }
        let error = fit(&input::<Loan>(), json!({"title": "x", "shelf_di": 1})).unwrap_err();
        assert_eq!(error.advice(), Some("Did you mean \"shelf_id\"?"));
        assert_eq!(fit(&input::<Loan>(), json!([])).unwrap_err().field(), None);
    }
}
