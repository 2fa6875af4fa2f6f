//! The manifest: what the node can do, as one JSON text, rendered from the
//! catalogue and the credential form. `docs/manifest.md` describes its shape.
//!
//! The build script compiles this file too and puts the same bytes into the
//! component's custom section, for hosts that read it without running anything.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::{Map, Value, json};

use crate::catalogue::field::{Column, Field, Kind, Shape};
use crate::catalogue::resource::{
    DEFAULT_LIMIT, ID, LIMIT, ORDER, ORDER_DESC, Operation, RETURN_ALL, Resource, SIMPLIFY, UPDATED_SINCE,
    Verb,
};
use crate::catalogue::{RESOURCES, operations};
use crate::credentials::form::{CredentialField, DOCUMENTATION_URL, EGRESS, FIELDS, RECIPE};
use crate::error::Code;

/// The whole manifest.
pub fn render() -> String {
    json!({
        "contract": "workflow:node@0.1.0",
        "name": "halopsa",
        "title": "HaloPSA",
        "description": "Tickets, clients, sites and users of HaloPSA.",
        "version": env!("CARGO_PKG_VERSION"),
        "license": env!("CARGO_PKG_LICENSE"),
        "documentation_url": DOCUMENTATION_URL,
        "keywords": ["halopsa", "haloitsm", "service desk", "ticket", "msp"],
        "credentials": credentials(),
        "resources": RESOURCES.iter().map(|resource| json!({
            "name": resource.name,
            "title": resource.title,
            "plural": resource.plural,
            "description": resource.description,
        })).collect::<Vec<_>>(),
        "operations": operations().map(|(resource, operation)| self::operation(resource, operation)).collect::<Vec<_>>(),
        "lists": [],
        "triggers": [],
        "errors": Code::ALL.iter().map(|code| json!({"code": code.name(), "kind": code.kind().name()})).collect::<Vec<_>>(),
        "$defs": definitions(),
    })
    .to_string()
}

fn operation(resource: &'static Resource, operation: &Operation) -> Value {
    let verb = operation.verb;
    let examples: Vec<Value> = operation
        .examples
        .iter()
        .map(|example| {
            let input: Value = serde_json::from_str(example.input).unwrap_or_default();
            json!({"title": example.title, "input": input})
        })
        .collect();
    json!({
        "id": format!("{}.{}", resource.name, verb.name()),
        "resource": resource.name,
        "title": title(resource, verb),
        "description": operation.description,
        "annotations": {
            "read_only": verb.reads(),
            "destructive": verb.destroys(),
            "idempotent": verb.idempotent(),
            "paginated": verb == Verb::List,
            "dry_run": true,
        },
        "scopes": [resource.scope(verb)],
        "input": input(resource, verb),
        "output": output(resource, verb),
        "examples": examples,
    })
}

/// A sentence for the operation, such as "Create a ticket".
fn title(resource: &Resource, verb: Verb) -> String {
    let one = resource.title.to_ascii_lowercase();
    let article = if one.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    match verb {
        Verb::Create => format!("Create {article} {one}"),
        Verb::Get => format!("Get {article} {one}"),
        Verb::List => format!("List {}", resource.plural.to_ascii_lowercase()),
        Verb::Update => format!("Update {article} {one}"),
        Verb::Delete => format!("Delete {article} {one}"),
    }
}

/// Fields and columns that several operations share are in `$defs`.
fn input(resource: &'static Resource, verb: Verb) -> Value {
    let (shared, own): (Option<&str>, Vec<&Field>) = match verb {
        Verb::Create => (Some("fields"), [&SIMPLIFY].to_vec()),
        Verb::Update => (Some("fields"), [&ID, &SIMPLIFY].to_vec()),
        Verb::List => {
            (Some("filters"), [&RETURN_ALL, &LIMIT, &UPDATED_SINCE, &ORDER, &ORDER_DESC, &SIMPLIFY].to_vec())
        }
        Verb::Get => (None, [&ID, &SIMPLIFY].to_vec()),
        Verb::Delete => (None, [&ID].into_iter().chain(resource.delete_parameters).collect()),
    };
    let mut schema = Map::new();
    schema.insert("type".into(), json!("object"));
    if let Some(part) = shared {
        schema.insert("$ref".into(), json!(format!("#/$defs/{}.{part}", resource.name)));
    }
    let own = own.into_iter().map(|field| (field.name.to_string(), parameter(field)));
    schema.insert("properties".into(), object(own));
    let required = resource.required(verb);
    if !required.all.is_empty() {
        schema.insert("required".into(), json!(required.all));
    }
    if !required.any.is_empty() {
        let ways: Vec<Value> = required.any.iter().map(|group| json!({ "required": group })).collect();
        schema.insert("anyOf".into(), json!(ways));
    }
    schema.insert("unevaluatedProperties".into(), json!(false));
    Value::Object(schema)
}

/// One of the parameters that all resources share.
fn parameter(field: &Field) -> Value {
    match PARAMETERS.iter().find(|shared| shared.name == field.name) {
        Some(shared) => json!({ "$ref": format!("#/$defs/{}", shared.name) }),
        None => property(field),
    }
}

const PARAMETERS: &[&Field] = &[&ID, &SIMPLIFY, &RETURN_ALL, &LIMIT, &UPDATED_SINCE, &ORDER, &ORDER_DESC];

fn output(resource: &Resource, verb: Verb) -> Value {
    match verb {
        Verb::List => json!({"$ref": format!("#/$defs/{}.row", resource.name)}),
        Verb::Delete => json!({
            "type": "object",
            "properties": {"id": {"type": "integer"}, "deleted": {"const": true}},
            "required": ["id", "deleted"],
        }),
        _ => json!({"$ref": format!("#/$defs/{}.record", resource.name)}),
    }
}

fn definitions() -> Value {
    let mut definitions = Map::new();
    for field in PARAMETERS {
        let mut schema = property(field);
        if let Value::Object(schema) = &mut schema {
            match field.name {
                "limit" => schema.insert("default".into(), json!(DEFAULT_LIMIT)),
                "simplify" => schema.insert("default".into(), json!(true)),
                "return_all" | "orderdesc" => schema.insert("default".into(), json!(false)),
                _ => None,
            };
        }
        definitions.insert(field.name.into(), schema);
    }
    for resource in RESOURCES {
        let name = resource.name;
        definitions.insert(format!("{name}.fields"), json!({"properties": properties(resource.fields)}));
        definitions.insert(format!("{name}.filters"), json!({"properties": properties(resource.filters)}));
        definitions.insert(format!("{name}.row"), columns(resource, &[resource.columns]));
        definitions.insert(
            format!("{name}.record"),
            columns(resource, &[resource.columns, resource.detail_columns]),
        );
    }
    Value::Object(definitions)
}

/// Filled one by one: `collect` would bring a sorting algorithm along.
fn object(pairs: impl Iterator<Item = (String, Value)>) -> Value {
    let mut object = Map::new();
    object.extend(pairs);
    Value::Object(object)
}

fn properties(fields: &[Field]) -> Value {
    object(fields.iter().map(|field| (field.name.to_string(), property(field))))
}

fn property(field: &Field) -> Value {
    let mut schema = schema(field.kind);
    if let Value::Object(schema) = &mut schema {
        schema.insert("title".into(), json!(field.label));
        if !field.help.is_empty() {
            schema.insert("description".into(), json!(field.help));
        }
    }
    schema
}

fn schema(kind: Kind) -> Value {
    match kind {
        Kind::Text => json!({"type": "string"}),
        Kind::RequiredText => json!({"type": "string", "pattern": "\\S"}),
        Kind::Html => json!({"type": "string", "contentMediaType": "text/html"}),
        Kind::Integer => json!({"type": "integer"}),
        Kind::Range(least, i64::MAX) => json!({"type": "integer", "minimum": least}),
        Kind::Range(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Kind::Number => json!({"type": "number"}),
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::DateTime => json!({"type": "string", "format": "date-time"}),
        Kind::Time => json!({"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}(:[0-9]{2})?$"}),
        Kind::Choice(choices) => json!({ "enum": choices }),
        Kind::IdList => json!({"type": ["integer", "array"], "items": {"type": "integer"}, "minItems": 1}),
        Kind::TextList => json!({
            "type": ["string", "array"], "pattern": "\\S",
            "items": {"type": "string", "pattern": "\\S"}, "minItems": 1,
        }),
        Kind::Object(fields) => {
            json!({"type": "object", "properties": properties(fields), "additionalProperties": false})
        }
        Kind::Objects(fields) => json!({"type": "array", "items": schema(Kind::Object(fields))}),
        Kind::AnyObjects => json!({"type": "array", "items": {"type": "object"}}),
        Kind::Integers => json!({"type": "array", "items": {"type": "integer"}}),
        Kind::Any => json!({}),
    }
}

fn columns(resource: &Resource, groups: &[&[Column]]) -> Value {
    let mut properties = Map::new();
    properties.extend(groups.iter().copied().flatten().map(|column| {
        let schema = match column.shape {
            Shape::Integer => json!({"type": ["integer", "null"]}),
            Shape::DateTime => json!({"type": ["string", "null"], "format": "date-time"}),
            Shape::CustomFields => json!({"type": ["object", "null"]}),
            Shape::Plain => json!({}),
        };
        (column.name.to_string(), schema)
    }));
    if resource.page.is_some() {
        properties.insert("link".into(), json!({"type": "string", "format": "uri"}));
    }
    json!({"type": "object", "properties": properties, "required": ["id"]})
}

fn credentials() -> Value {
    let query: Vec<Value> =
        RECIPE.query.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    json!({
        "fields": FIELDS.iter().map(credential_field).collect::<Vec<_>>(),
        "auth_recipe": {"oauth2_client_credentials": {
            "token_url": RECIPE.token_url,
            "query": query,
            "form": [],
            "client_authentication": "request-body",
            "client_id_field": RECIPE.client_id_field,
            "client_secret_field": RECIPE.client_secret_field,
            "scope": RECIPE.scope,
            "access_token": RECIPE.access_token,
            "expires_in": RECIPE.expires_in,
            "granted_scope": RECIPE.granted_scope,
            "default_lifetime_ms": RECIPE.default_lifetime_ms,
            "renew_before_ms": RECIPE.renew_before_ms,
            "inject": {"header": {"name": RECIPE.header, "prefix": RECIPE.prefix}},
            "renew_on": RECIPE.renew_on,
        }},
        "egress": EGRESS,
        "documentation_url": DOCUMENTATION_URL,
    })
}

fn credential_field(field: &CredentialField) -> Value {
    let mut shown = json!({
        "name": field.name,
        "label": field.label,
        "help": field.help,
        "kind": field.kind.name(),
        "required": field.required,
        "advanced": field.advanced,
        "choices": field.choices.iter().map(|(value, label)| json!({"value": value, "label": label})).collect::<Vec<_>>(),
        "shown_when": field.shown_when.iter().map(|(name, values)| json!({"field": name, "values": values})).collect::<Vec<_>>(),
    });
    if let Value::Object(shown) = &mut shown {
        if let Some(placeholder) = field.placeholder {
            shown.insert("placeholder".into(), json!(placeholder));
        }
        if let Some(default) = field.default {
            shown.insert("default_value".into(), json!(default));
        }
    }
    shown
}
