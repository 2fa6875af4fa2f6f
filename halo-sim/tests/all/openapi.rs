//! Does every name that the simulator uses exist in the OpenAPI document?
//!
//! The document is not part of this project. It is looked for where
//! `HALO_OPENAPI` says, else in `../shared/` beside the checkout; where it is
//! absent the check is skipped with a message.

use std::{collections::HashSet, path::PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::client::start;

/// Names that are not in the document, each with the reason why they stand.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("Tickets", "team_id", "newer builds have it in rows (HAPI §7.2)"),
    ("Tickets", "ticketarea_id", "sent by clients and used as a filter (HAPI §6.3, §7.3)"),
    ("Tickets", "include_custom_fields", "newer than the document (HAPI §6.3)"),
    ("Actions", "who", "in every row (HAPI §8.2, §8.3)"),
    ("Appointment", "count", "part of the paging parameters (HAPI §10, legend)"),
];

#[tokio::test]
async fn every_name_stands_in_the_openapi_document() -> Result<()> {
    let Some(document) = document()? else {
        println!("SKIPPED: no OpenAPI document; set HALO_OPENAPI to its path");
        return Ok(());
    };
    let client = start(&[]).await?;
    let resources = client.send("GET", "/_sim/resources", "", "").await?.json();
    let mut checked = 0;
    let mut missing = Vec::new();
    let mut used = HashSet::new();
    for resource in resources.as_array().context("no list")? {
        let path = resource["path"].as_str().context("no path")?;
        // Lists say what they take; paths that only write do so themselves.
        let reads = resource["methods"].as_array().is_some_and(|all| all.contains(&"get".into()));
        let method = if reads { "get" } else { "post" };
        let known =
            names(&document, path, method).with_context(|| format!("/{path} is not in the document"))?;
        for (kind, known) in [("fields", &known.fields), ("parameters", &known.parameters)] {
            for name in resource[kind].as_array().into_iter().flatten().filter_map(Value::as_str) {
                checked += 1;
                if known.contains(name) {
                    continue;
                }
                match exception(path, name) {
                    Some(exception) => used.insert(exception),
                    None => {
                        missing.push(format!("{path}: {name} ({kind})"));
                        false
                    }
                };
            }
        }
        for method in resource["methods"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            checked += 1;
            if !known.methods.contains(method) {
                missing.push(format!("{path}: method {method}"));
            }
        }
    }
    println!("{checked} names checked against the OpenAPI document, {} exceptions:", EXCEPTIONS.len());
    for (path, name, reason) in EXCEPTIONS {
        println!("  {path}.{name}: {reason}");
    }
    assert_eq!(used.len(), EXCEPTIONS.len(), "an exception is no longer needed: {used:?}");
    assert!(missing.is_empty(), "not in the document:\n{}", missing.join("\n"));
    Ok(())
}

fn document() -> Result<Option<Value>> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/halo-openapi.json");
    let path = std::env::var_os("HALO_OPENAPI").map_or(beside, PathBuf::from);
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read(&path)?;
    Ok(Some(serde_json::from_slice(&text)?))
}

fn exception(path: &str, name: &str) -> Option<usize> {
    // Opportunities and projects are tickets.
    let path = if matches!(path, "Opportunities" | "Projects") { "Tickets" } else { path };
    EXCEPTIONS.iter().position(|(known, field, _)| *known == path && *field == name)
}

struct Names {
    fields: HashSet<String>,
    parameters: HashSet<String>,
    methods: HashSet<String>,
}

fn names(document: &Value, path: &str, method: &str) -> Option<Names> {
    let paths = document.get("paths")?;
    let list = paths.get(format!("/{path}"))?;
    let one = paths.get(format!("/{path}/{{id}}"));
    let mut methods: HashSet<String> = list.as_object()?.keys().cloned().collect();
    methods.extend(one.and_then(Value::as_object).into_iter().flatten().map(|(method, _)| method.clone()));
    let parameters = [Some(list), one]
        .into_iter()
        .flatten()
        .filter_map(|path| path.get(method)?.get("parameters")?.as_array())
        .flatten()
        .filter_map(|parameter| parameter.get("name")?.as_str().map(str::to_owned))
        .collect();
    let fields = schema(document, list).or_else(|| by_name(document, path));
    // Paths below a resource have no fields of their own.
    Some(Names { fields: fields.unwrap_or_default(), parameters, methods })
}

/// The fields of what is posted.
fn schema(document: &Value, path: &Value) -> Option<HashSet<String>> {
    let content = path.get("post")?.get("requestBody")?.get("content")?;
    let schema = content.get("application/json")?.get("schema")?;
    let schema = schema.get("items").unwrap_or(schema);
    let name = schema.get("$ref")?.as_str()?.rsplit('/').next()?;
    by_name(document, name)
}

fn by_name(document: &Value, name: &str) -> Option<HashSet<String>> {
    let properties = document.get("components")?.get("schemas")?.get(name)?.get("properties")?;
    Some(properties.as_object()?.keys().cloned().collect())
}
