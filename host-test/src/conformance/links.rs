//! Names in a manifest that refer to something else in it.

use std::collections::BTreeSet;

use serde_json::Value;

/// What refers to something that is not there, and what is there twice.
pub(super) fn broken(manifest: &Value) -> Vec<String> {
    let mut reasons = Vec::new();
    let lists = names(manifest, "/lists", "name", &mut reasons);
    let resources = names(manifest, "/resources", "name", &mut reasons);
    let fields = names(manifest, "/credentials/fields", "name", &mut reasons);
    names(manifest, "/triggers", "name", &mut reasons);
    let operations = names(manifest, "/operations", "id", &mut reasons);
    for operation in entries(manifest, "/operations") {
        let id = text(operation, "id");
        let replaced_by = text(operation, "replaced_by");
        if !replaced_by.is_empty() && (replaced_by == id || !operations.contains(replaced_by)) {
            reasons.push(format!("{id:?} is replaced by {replaced_by:?}, which is not another operation"));
        }
        let resource = text(operation, "resource");
        if !resource.is_empty() && !resources.contains(resource) {
            reasons.push(format!("{id:?} is of the resource {resource:?}, which is not there"));
        }
    }
    for list in referred_lists(manifest) {
        if !lists.contains(list) {
            reasons.push(format!("the list {list:?} is referred to and not there"));
        }
    }
    for field in entries(manifest, "/credentials/fields") {
        let name = text(field, "name");
        let others = entries(field, "/shown_when").map(|when| text(when, "field"));
        for other in others.filter(|other| !fields.contains(other)) {
            reasons.push(format!("the field {name:?} is shown for {other:?}, which is not a field"));
        }
        let has_choices = entries(field, "/choices").next().is_some() || field.get("choices_from").is_some();
        if matches!(text(field, "kind"), "choice" | "choices") && !has_choices {
            reasons.push(format!("the field {name:?} has no choices"));
        }
    }
    let recipe = manifest.pointer("/credentials/auth_recipe").and_then(Value::as_object);
    for (member, value) in recipe.into_iter().flatten().filter_map(|(_, recipe)| recipe.as_object()).flatten()
    {
        let name = value.as_str().unwrap_or_default();
        if member.ends_with("_field") && !fields.contains(name) {
            reasons.push(format!("{member:?} of the recipe is {name:?}, which is not a field"));
        }
    }
    reasons
}

/// The names of a list of entries; one that is there twice is a reason.
fn names<'a>(manifest: &'a Value, at: &str, member: &str, reasons: &mut Vec<String>) -> BTreeSet<&'a str> {
    let mut names = BTreeSet::new();
    for entry in entries(manifest, at) {
        let name = text(entry, member);
        if !names.insert(name) {
            reasons.push(format!("{name:?} is twice in {at}"));
        }
    }
    names
}

/// The lists of which anything takes values.
fn referred_lists(json: &Value) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    match json {
        Value::Object(members) => {
            found.extend(json.pointer("/x-options/list").and_then(Value::as_str));
            found.extend(members.get("choices_from").and_then(Value::as_str));
            found.extend(members.values().flat_map(referred_lists));
        }
        Value::Array(values) => found.extend(values.iter().flat_map(referred_lists)),
        _ => {}
    }
    found
}

fn entries<'a>(json: &'a Value, at: &str) -> impl Iterator<Item = &'a Value> {
    json.pointer(at).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(json: &'a Value, name: &str) -> &'a str {
    json.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_that_lead_nowhere_are_found() {
        for (manifest, reason) in [
            (json!({ "operations": [{ "id": "a" }, { "id": "a" }] }), "twice in /operations"),
            (json!({ "operations": [{ "id": "a", "replaced_by": "a" }] }), "not another operation"),
            (json!({ "operations": [{ "id": "a", "replaced_by": "b" }] }), "not another operation"),
            (json!({ "operations": [{ "id": "a", "resource": "r" }] }), "resource \"r\""),
            (
                json!({ "$defs": { "d": { "anyOf": [{ "x-options": { "list": "l" } }] } } }),
                "the list \"l\" is referred to",
            ),
            (
                json!({ "credentials": { "fields": [{ "name": "f", "choices_from": "l" }] } }),
                "the list \"l\"",
            ),
            (json!({ "credentials": { "fields": [{ "name": "f", "kind": "choice" }] } }), "no choices"),
            (
                json!({ "credentials": { "fields": [{ "name": "f", "shown_when": [{ "field": "g" }] }] } }),
                "shown for \"g\"",
            ),
            (
                json!({ "credentials": { "auth_recipe": { "static_token": { "token_field": "k" } } } }),
                "\"token_field\" of the recipe",
            ),
        ] {
            let found = broken(&manifest);
            assert!(found.len() == 1 && found[0].contains(reason), "{manifest}: {found:?}");
        }
        assert!(broken(&json!({})).is_empty());
    }
}
