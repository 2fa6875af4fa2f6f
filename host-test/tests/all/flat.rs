//! Text in, text out: the interface for shells and durable engines.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use serde_json::{Value, json};
use workflow_node_host::EgressPolicy;
use workflow_node_host::wit::flat::FlatError;

use crate::support::{Desk, drive, ids, node, text};

/// Invokes an operation; `Err` is the case of the error with its JSON.
async fn invoke(
    desk: &Desk,
    operation: &str,
    input: Value,
    cursor: Option<&str>,
) -> Result<Result<Value, (&'static str, Value)>> {
    let connection = json!(desk.fields()).to_string();
    let context =
        json!({ "now": "2026-03-01T09:15:02Z", "deadline_ms": 20_000, "confirmed": true }).to_string();
    let policy = EgressPolicy::allow([desk.sim.url()])?;
    let answer = node()?
        .invoke_flat(
            &connection,
            &context,
            operation,
            &input.to_string(),
            cursor,
            &policy,
            Duration::from_secs(30),
        )
        .await?;
    desk.keep(format!("{answer:?}"));
    Ok(match answer {
        Ok(result) => Ok(serde_json::from_str(&result)?),
        Err(FlatError::Transient(error)) => Err(("transient", serde_json::from_str(&error)?)),
        Err(FlatError::PermanentFailure(error)) => Err(("permanent", serde_json::from_str(&error)?)),
        Err(FlatError::ExecutionFailed) => return Err(anyhow!("execution-failed is the engine's own")),
    })
}

#[test]
fn an_operation_needs_nothing_but_text() -> Result<()> {
    drive!([], [], async |desk| {
        let result = invoke(desk, "ticket.create", json!({ "summary": "Flat" }), None).await?;
        let result = result.map_err(|(case, error)| anyhow!("{case}: {error}"))?;
        let created = result.pointer("/outcomes/0/items/0").context("no result")?.clone();
        assert_eq!(text(&created, "summary"), "Flat", "{created}");
        let input = json!([{ "id": created["id"] }, { "id": created["id"] }]);
        let result = invoke(desk, "ticket.get", input, None).await?;
        let result = result.map_err(|(case, error)| anyhow!("{case}: {error}"))?;
        assert_eq!(result["outcomes"].as_array().map(Vec::len), Some(2), "{result}");
        Ok(())
    })
}

#[test]
fn a_cursor_goes_on_where_the_call_ended() -> Result<()> {
    drive!([], ["page-cap=20"], async |desk| {
        let mut listed = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..100 {
            let result =
                invoke(desk, "ticket.list", json!({ "return_all": true }), cursor.as_deref()).await?;
            let result = result.map_err(|(case, error)| anyhow!("{case}: {error}"))?;
            let rows = result.pointer("/outcomes/0/items").and_then(Value::as_array).context("no rows")?;
            listed.extend(ids(rows));
            cursor = result["next"].as_str().map(ToOwned::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(listed.len(), desk.sim.ticket_count());
        Ok(())
    })
}

#[test]
fn a_mistake_is_permanent() -> Result<()> {
    drive!([], [], async |desk| {
        for (operation, input) in [
            ("ticket.create", json!({})),
            ("ticket.creat", json!({})),
            ("ticket.get", json!({ "id": 99_999_999 })),
        ] {
            let (case, error) = invoke(desk, operation, input, None).await?.unwrap_err();
            assert_eq!(case, "permanent", "{operation}: {error}");
            assert!(!text(&error, "kind").is_empty(), "{operation}: {error}");
        }
        Ok(())
    })
}

#[test]
fn an_outage_is_transient() -> Result<()> {
    drive!([], ["unavailable-next=100000"], async |desk| {
        let (case, error) = invoke(desk, "ticket.list", json!({ "limit": 1 }), None).await?.unwrap_err();
        assert_eq!(case, "transient", "{error}");
        assert_eq!(text(&error, "effect"), "none", "{error}");
        Ok(())
    })
}

/// An engine repeats what is transient, and would create the ticket twice.
#[test]
fn a_lost_answer_to_a_create_is_permanent() -> Result<()> {
    drive!([], ["cut-after-commit=1"], async |desk| {
        let before = desk.sim.ticket_count();
        let (case, error) =
            invoke(desk, "ticket.create", json!({ "summary": "Once" }), None).await?.unwrap_err();
        assert_eq!(case, "permanent", "{error}");
        assert_eq!(text(&error, "effect"), "unknown", "{error}");
        assert_eq!(desk.sim.ticket_count(), before + 1);
        Ok(())
    })
}
