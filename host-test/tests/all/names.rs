//! Names beside the numbers in simplified results.

use anyhow::{Context as _, Result};
use host_test::manifest::Manifest;
use serde_json::{Value, json};

use crate::support::{drive, node};

/// Whether a column says something.
fn is_set(row: &Value, column: &str) -> bool {
    row.get(column).is_some_and(|value| !value.is_null() && *value != "" && *value != 0)
}

/// The columns of names that are empty in every row although their number is set.
fn never_filled(rows: &[Value]) -> Vec<String> {
    let columns = rows.first().and_then(Value::as_object).into_iter().flat_map(serde_json::Map::keys);
    let is_never_filled = |name: &&String| {
        let Some(start) = name.strip_suffix("_name") else { return false };
        let mut numbered = rows.iter().filter(|row| is_set(row, &format!("{start}_id"))).peekable();
        numbered.peek().is_some() && !numbered.any(|row| is_set(row, name))
    };
    columns.filter(is_never_filled).cloned().collect()
}

/// What an operation cannot do without, from its example.
fn least_input(operation: &Value) -> Value {
    let required = |schema: &Value| schema["required"].as_array().cloned().unwrap_or_default();
    let schema = &operation["input"];
    let mut names = required(schema);
    names.extend(schema["anyOf"].as_array().into_iter().flatten().flat_map(required));
    let example = operation.pointer("/examples/0/input").and_then(Value::as_object).into_iter().flatten();
    example
        .filter(|(name, _)| names.iter().any(|known| known == name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

#[test]
fn no_list_leaves_a_name_empty_in_all_rows() -> Result<()> {
    drive!(
        [
            "agent.list",
            "appointment.list",
            "asset.list",
            "attachment.list",
            "audit.list",
            "canned_text.list",
            "client.list",
            "contract.list",
            "crm_note.list",
            "invoice.list",
            "item.list",
            "kb_article.list",
            "note.list",
            "opportunity.list",
            "project.list",
            "purchase_order.list",
            "quotation.list",
            "recurring_invoice.list",
            "report.list",
            "sales_order.list",
            "site.list",
            "software_licence.list",
            "supplier.list",
            "team.list",
            "ticket.list",
            "user.list"
        ],
        [],
        async |desk| {
            let manifest = Manifest::parse(node()?.manifest())?;
            let operations = manifest.json()["operations"].as_array().context("no operations")?;
            let mut empty = Vec::new();
            let mut lists = 0;
            for operation in
                operations.iter().filter(|operation| operation["annotations"]["paginated"] == true)
            {
                let id = operation["id"].as_str().context("no id")?;
                let rows = desk.results(id, least_input(operation)).await?;
                lists += usize::from(!rows.is_empty());
                empty.extend(never_filled(&rows).into_iter().map(|column| format!("{id}: {column}")));
            }
            assert!(lists > 20, "only {lists} lists have rows");
            assert!(empty.is_empty(), "{empty:#?}");
            Ok(())
        }
    )
}

/// Rows and envelopes of tickets number their priority, and name it nowhere.
#[test]
fn names_of_priorities_cost_one_request_and_only_where_they_are_shown() -> Result<()> {
    drive!(["ticket.list", "ticket.find_or_append", "asset.list"], [], async |desk| {
        let raw = desk.results("ticket.list", json!({ "simplify": false, "limit": 5 })).await?;
        assert!(raw.iter().all(|row| row.get("priority_name").is_none()), "the simulator names them itself");
        assert_eq!(desk.requests("GET", "/priority"), 0);
        let rows = desk.results("ticket.list", json!({ "limit": 120 })).await?;
        let unnamed = rows.iter().find(|row| is_set(row, "priority_id") != is_set(row, "priority_name"));
        assert_eq!(unnamed, None);
        assert_eq!(desk.requests("GET", "/priority"), 1);

        let alert = json!({ "key": "disk/1", "summary": "Disk full", "client_id": 12, "priority_id": 2 });
        for done in ["created", "appended"] {
            let result = desk.result("ticket.find_or_append", alert.clone()).await?;
            assert_eq!((&result["done"], &result["ticket"]["priority_name"]), (&json!(done), &json!("High")));
        }

        let assets = desk.results("asset.list", json!({ "limit": 60 })).await?;
        assert!(assets.iter().all(|row| is_set(row, "status_name")), "{assets:?}");
        assert_eq!(desk.requests("GET", "/lookup"), 1);
        Ok(())
    })
}
