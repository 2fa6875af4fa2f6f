//! The manifest: complete, true, with schemas that work.

use std::collections::BTreeSet;

use serde_json::Value;
use workflow_node_host::{Node, json as contract_json};

use super::report::{CREDENTIALS, DESCRIBE, EXAMPLES, MANIFEST, Report, SCHEMAS};
use crate::manifest::Manifest;
use crate::schema;

/// The contract that this harness knows.
const CONTRACT: &str = "workflow:node@0.1.0";

/// Members that every manifest has.
const TEXTS: [&str; 5] = ["name", "title", "version", "description", "license"];
const LISTS: [&str; 3] = ["operations", "lists", "triggers"];
/// Marks that every operation has.
const MARKS: [&str; 4] = ["read_only", "destructive", "idempotent", "paginated"];
/// Texts that every operation has.
const OPERATION: [&str; 3] = ["id", "title", "description"];

/// What can be told from the manifest alone.
pub(super) fn examine(manifest: &Manifest, report: &mut Report) {
    report.add(&MANIFEST, members(manifest));
    report.add(&SCHEMAS, schemas(manifest));
    report.add(&EXAMPLES, examples(manifest));
}

/// What the component says when it runs.
pub(super) async fn against_the_component(node: &Node, manifest: &Manifest, report: &mut Report) {
    report.add(
        &DESCRIBE,
        match node.describe().await {
            Ok(described) if described == node.manifest() => vec![],
            Ok(described) => vec![difference(node.manifest(), &described)],
            Err(error) => vec![error.to_string()],
        },
    );
    report.add(
        &CREDENTIALS,
        match node.credential_schema().await {
            Ok(spec) => form(manifest, &contract_json::credential_spec(&spec)),
            Err(error) => vec![error.to_string()],
        },
    );
}

fn members(manifest: &Manifest) -> Vec<String> {
    let json = manifest.json();
    let mut reasons = Vec::new();
    if text(json, "contract") != CONTRACT {
        reasons.push(format!("\"contract\" is not {CONTRACT:?}"));
    }
    reasons.extend(TEXTS.iter().filter(|name| text(json, name).is_empty()).map(|name| lacks("it", name)));
    let no_list = |name: &&&str| !json.get(**name).is_some_and(Value::is_array);
    reasons.extend(LISTS.iter().filter(no_list).map(|name| lacks("it", name)));
    if !json.get("credentials").is_some_and(Value::is_object) {
        reasons.push(lacks("it", "credentials"));
    }
    let mut seen = BTreeSet::new();
    for operation in array(json, "operations") {
        let id = text(operation, "id");
        let who = format!("the operation {id:?}");
        reasons.extend(
            OPERATION.iter().filter(|name| text(operation, name).is_empty()).map(|name| lacks(&who, name)),
        );
        if !seen.insert(id) {
            reasons.push(format!("{who} is there twice"));
        }
        let mark = |name: &str| operation.pointer(&format!("/annotations/{name}")).and_then(Value::as_bool);
        reasons.extend(
            MARKS
                .iter()
                .filter(|name| mark(name).is_none())
                .map(|name| lacks(&who, &format!("annotations.{name}"))),
        );
        if mark("read_only") == Some(true) && mark("destructive") == Some(true) {
            reasons.push(format!("{who} both only reads and destroys"));
        }
    }
    reasons
}

fn lacks(who: &str, member: &str) -> String {
    format!("{who} lacks {member:?}")
}

/// Every place of the manifest that holds a schema, and whether it must.
fn places(manifest: &Manifest) -> Vec<(String, Option<&Value>)> {
    let mut places = Vec::new();
    let kinds = [("operations", "id", ["input", "output"]), ("triggers", "name", ["config", "output"])];
    for (kind, name, sides) in kinds {
        for entry in array(manifest.json(), kind) {
            for side in sides {
                places.push((format!("{side} of {:?}", text(entry, name)), entry.get(side)));
            }
        }
    }
    for list in array(manifest.json(), "lists") {
        // A list that depends on nothing may leave them out.
        if let Some(parameters) = list.get("parameters") {
            places.push((format!("parameters of {:?}", text(list, "name")), Some(parameters)));
        }
    }
    places
}

fn schemas(manifest: &Manifest) -> Vec<String> {
    let mut reasons = Vec::new();
    for (place, schema) in places(manifest) {
        let Some(schema) = schema else {
            reasons.push(format!("the {place} is missing"));
            continue;
        };
        let dangling = schema::dangling(manifest, schema);
        if let Some(reference) = dangling.first() {
            reasons.push(format!("the {place} refers to {reference:?}, which is not there"));
        } else if let Err(error) = schema::validator(manifest, schema) {
            reasons.push(format!("the {place}: {error}"));
        }
    }
    for (name, schema) in manifest.json().get("$defs").and_then(Value::as_object).into_iter().flatten() {
        reasons.extend(
            schema::dangling(manifest, schema)
                .iter()
                .map(|reference| format!("$defs {name:?} refers to {reference:?}, which is not there")),
        );
    }
    reasons
}

fn examples(manifest: &Manifest) -> Vec<String> {
    let mut reasons = Vec::new();
    for operation in manifest.operations() {
        let id = operation.id();
        let Some(validator) = operation.input().and_then(|input| schema::validator(manifest, input).ok())
        else {
            continue; // That the schema is of no use is another rule's finding.
        };
        if operation.examples().next().is_none() {
            reasons.push(format!("{id} has no example"));
        }
        for example in operation.examples() {
            if let Err(error) = validator.validate(example.input()) {
                reasons.push(format!("{id}, {:?}: {error}", example.title()));
            }
        }
    }
    reasons
}

/// Both forms mean the same where a member that is none is absent or null.
fn form(manifest: &Manifest, returned: &Value) -> Vec<String> {
    let Some(promised) = manifest.json().get("credentials") else {
        return vec!["the manifest has no \"credentials\"".to_owned()];
    };
    let (promised, returned) = (without_nulls(promised), without_nulls(returned));
    let mut reasons = Vec::new();
    let names = |spec: &Value| -> Vec<String> {
        array(spec, "fields").iter().map(|field| text(field, "name").to_owned()).collect()
    };
    if names(&promised) != names(&returned) {
        reasons.push(format!("fields {:?} instead of {:?}", names(&returned), names(&promised)));
    } else {
        for (is, should) in array(&returned, "fields").iter().zip(array(&promised, "fields")) {
            if is != should {
                reasons.push(format!("the field {:?} differs: {is} instead of {should}", text(is, "name")));
            }
        }
    }
    for member in ["auth_recipe", "egress", "documentation_url"] {
        if promised.get(member) != returned.get(member) {
            reasons.push(format!("{member:?} differs"));
        }
    }
    reasons
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(_, member)| !member.is_null())
            .map(|(name, member)| (name.clone(), without_nulls(member)))
            .collect(),
        Value::Array(values) => values.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

/// Where two texts part.
fn difference(section: &str, described: &str) -> String {
    let same = section.bytes().zip(described.bytes()).take_while(|(left, right)| left == right).count();
    format!(
        "they differ from byte {same} on ({} bytes in the section, {} returned)",
        section.len(),
        described.len()
    )
}

fn text<'a>(json: &'a Value, name: &str) -> &'a str {
    json.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn array<'a>(json: &'a Value, name: &str) -> &'a [Value] {
    json.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manifest(json: &Value) -> Manifest {
        Manifest::parse(&json.to_string()).unwrap()
    }

    #[test]
    fn an_empty_manifest_lacks_everything() {
        let reasons = members(&manifest(&json!({})));
        assert_eq!(reasons.len(), 1 + TEXTS.len() + LISTS.len() + 1, "{reasons:?}");
    }

    #[test]
    fn an_example_must_fit_and_be_there() {
        let operation = |examples: Value| {
            let input = json!({"type": "object", "required": ["title"]});
            manifest(&json!({"operations": [{"id": "a.b", "input": input, "examples": examples}]}))
        };
        assert_eq!(examples(&operation(json!([{"input": {"title": ""}}]))), Vec::<String>::new());
        assert_eq!(examples(&operation(json!([]))), ["a.b has no example"]);
        assert_eq!(examples(&operation(json!([{"title": "x", "input": {}}]))).len(), 1);
    }

    #[test]
    fn schemas_of_triggers_and_lists_count_too() {
        let reasons = schemas(&manifest(&json!({
            "triggers": [{"name": "t", "config": {}, "output": {"type": 3}}],
            "lists": [{"name": "plain"}, {"name": "l", "parameters": {"$ref": "#/$defs/no"}}],
        })));
        assert_eq!(reasons.len(), 2, "{reasons:?}");
        assert!(reasons.iter().any(|reason| reason.contains("output of \"t\"")), "{reasons:?}");
        assert!(reasons.iter().any(|reason| reason.contains("parameters of \"l\"")), "{reasons:?}");
    }

    #[test]
    fn a_member_that_is_none_may_be_null_or_absent() {
        let promised = manifest(&json!({"credentials": {"fields": [{"name": "url", "placeholder": null}]}}));
        assert_eq!(form(&promised, &json!({"fields": [{"name": "url"}]})), Vec::<String>::new());
        assert_eq!(form(&promised, &json!({"fields": [{"name": "url", "label": "x"}]})).len(), 1);
        assert_eq!(form(&promised, &json!({"fields": []})), ["fields [] instead of [\"url\"]"]);
    }
}
