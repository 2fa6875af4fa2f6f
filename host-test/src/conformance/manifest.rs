//! The manifest: complete, true, with schemas that work.

use serde_json::Value;
use workflow_node_host::Node;

use super::links;
use super::report::{CREDENTIALS, EXAMPLES, MANIFEST, Report, SCHEMAS};
use crate::manifest::Manifest;
use crate::schema;

/// What every manifest looks like.
const SCHEMA: &str = include_str!("../../../wit/manifest.schema.json");

/// What can be told from the manifest alone.
pub(super) fn examine(manifest: &Manifest, report: &mut Report) {
    report.add(&MANIFEST, members(manifest));
    report.add(&SCHEMAS, schemas(manifest));
    report.add(&EXAMPLES, examples(manifest));
}

/// What the component returns when it runs.
pub(super) async fn against_the_component(node: &Node, report: &mut Report) {
    let reasons = node.credential_schema().await.err().map(|error| error.to_string());
    report.add(&CREDENTIALS, reasons.into_iter().collect());
}

fn members(manifest: &Manifest) -> Vec<String> {
    let validator = match schema::manifest(SCHEMA) {
        Ok(validator) => validator,
        Err(error) => return vec![error.to_string()],
    };
    let place = |error: &jsonschema::ValidationError<'_>| match error.instance_path().as_str() {
        "" => error.to_string(),
        place => format!("{error} at {place}"),
    };
    let mut reasons: Vec<String> =
        validator.iter_errors(manifest.json()).map(|error| place(&error)).collect();
    reasons.extend(links::broken(manifest.json()));
    reasons
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
    fn an_empty_manifest_lacks_every_required_member() {
        let reasons = members(&manifest(&json!({})));
        assert_eq!(reasons.len(), 10, "{reasons:?}");
    }

    fn with_credentials(credentials: &Value) -> Vec<String> {
        members(&manifest(&json!({
            "contract": "workflow:node@0.2.0", "name": "x", "title": "X", "version": "1", "description": "X.",
            "license": "MIT", "operations": [], "lists": [], "triggers": [], "credentials": credentials,
        })))
    }

    #[test]
    fn recipes_and_fields_fit_the_schema() {
        let token = json!({ "token_url": "{url}/token", "client_id_field": "id",
            "inject": { "header": { "name": "authorization", "prefix": "Bearer " } } });
        let with = |name: &str, members: Value| {
            let mut recipe = token.clone();
            recipe.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            json!({ name: recipe })
        };
        for recipe in [
            json!("none"),
            json!("custom"),
            json!({ "basic": { "username_field": "u", "password_field": "p" } }),
            with("oauth2_client_credentials", json!({ "client_secret_field": "s" })),
            with(
                "oauth2_authorization_code",
                json!({ "authorization_url": "{url}/authorize", "pkce": "S256" }),
            ),
            with("oauth2_device_code", json!({ "device_authorization_url": "{url}/device" })),
            with(
                "jwt_bearer",
                json!({ "key_field": "k", "algorithm": "RS256", "claims": { "iss": "{id}" } }),
            ),
            json!({ "mutual_tls": { "certificate_field": "c", "key_field": "k" } }),
            json!({ "signed_requests": { "of_a_later": "version" } }),
        ] {
            let fields = ["u", "p", "s", "id", "c", "k"];
            let fields = fields.map(|name| json!({ "name": name, "label": name, "kind": "text" }));
            let credentials = json!({ "fields": fields, "auth_recipe": recipe });
            assert_eq!(with_credentials(&credentials), Vec::<String>::new(), "{recipe}");
        }
        for wrong in [
            json!({ "auth_recipe": 3 }),
            json!({ "auth_recipe": { "basic": {} } }),
            json!({ "auth_recipe": with("oauth2_authorization_code", json!({})) }),
            json!({ "fields": [{ "name": "a b", "label": "A", "kind": "text" }] }),
            json!({ "fields": [{ "name": "a", "kind": "text" }] }),
        ] {
            assert!(!with_credentials(&wrong).is_empty(), "{wrong}");
        }
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
}
