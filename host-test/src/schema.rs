//! Validators for the JSON Schemas of a manifest.

use anyhow::{Context as _, Result, anyhow};
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::manifest::Manifest;

/// The dialect that all schemas of a manifest are written in.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// A validator for a schema of the manifest, with the definitions that it
/// shares with others; an error where it is no valid schema, or refers to
/// something that is not there.
pub fn validator(manifest: &Manifest, schema: &Value) -> Result<Validator> {
    let mut schema = schema.clone();
    let members = schema.as_object_mut().context("the schema is no object")?;
    members.insert("$schema".to_owned(), json!(DIALECT));
    if let Some(shared) = manifest.json().get("$defs") {
        members.insert("$defs".to_owned(), shared.clone());
    }
    jsonschema::draft202012::meta::validate(&schema)
        .map_err(|error| anyhow!("{error} at {}", error.instance_path()))?;
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&schema)
        .map_err(|error| anyhow!("{error}"))
}

/// A validator for manifests.
pub fn manifest(schema: &str) -> Result<Validator> {
    let schema: Value = serde_json::from_str(schema)?;
    jsonschema::draft202012::options().build(&schema).map_err(|error| anyhow!("{error}"))
}

/// All references in a schema that lead nowhere in the manifest.
#[must_use]
pub fn dangling<'a>(manifest: &Manifest, schema: &'a Value) -> Vec<&'a str> {
    let mut found = Vec::new();
    collect(manifest, schema, &mut found);
    found
}

fn collect<'a>(manifest: &Manifest, schema: &'a Value, found: &mut Vec<&'a str>) {
    match schema {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str)
                && !leads_somewhere(manifest, reference)
            {
                found.push(reference);
            }
            members.values().for_each(|member| collect(manifest, member, found));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(manifest, value, found)),
        _ => {}
    }
}

/// `docs/manifest.md`: references begin with `#/$defs/`.
fn leads_somewhere(manifest: &Manifest, reference: &str) -> bool {
    reference
        .strip_prefix('#')
        .filter(|pointer| pointer.starts_with("/$defs/"))
        .is_some_and(|pointer| manifest.json().pointer(pointer).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest::parse(r##"{"$defs":{"id":{"type":"integer"}}}"##).unwrap()
    }

    #[test]
    fn shared_definitions_are_found() {
        let validator = validator(&manifest(), &json!({"$ref": "#/$defs/id"})).unwrap();
        assert!(validator.is_valid(&json!(1)));
        assert!(!validator.is_valid(&json!("1")));
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        for schema in [json!({"type": "wholenumber"}), json!([]), json!({"$ref": "#/$defs/name"})] {
            assert!(validator(&manifest(), &schema).is_err(), "{schema}");
        }
    }

    #[test]
    fn references_that_lead_nowhere_are_named() {
        let schema = json!({"allOf": [{"$ref": "#/$defs/id"}, {"$ref": "#/$defs/name"}, {"$ref": "x.json"}]});
        assert_eq!(dangling(&manifest(), &schema), ["#/$defs/name", "x.json"]);
    }
}
