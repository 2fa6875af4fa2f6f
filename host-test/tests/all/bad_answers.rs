//! Answers that make no sense: typed errors, never a trap, never the page
//! itself.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::support::{Desk, drive, text};

/// The error of a list under a quirk that is switched on after the login.
async fn list_under(desk: &Desk, quirk: &str) -> Result<Value> {
    desk.switch_on(quirk)?;
    let error = desk.error("ticket.list", json!({ "limit": 5 })).await?;
    desk.sim.clear_quirks();
    // The connection must have survived it.
    desk.results("ticket.list", json!({ "limit": 1 })).await?;
    Ok(error)
}

#[test]
fn a_page_for_people_is_named_and_not_quoted() -> Result<()> {
    drive!(["ticket.list"], [], async |desk| {
        let error = list_under(desk, "html-200").await?;
        assert_eq!(text(&error, "kind"), "protocol", "{error}");
        assert!(!error.to_string().contains('<'), "{error}");
        Ok(())
    })
}

#[test]
fn json_that_ends_too_early_is_a_protocol_error() -> Result<()> {
    drive!(["ticket.list"], [], async |desk| {
        let error = list_under(desk, "truncate").await?;
        assert_eq!(text(&error, "kind"), "protocol", "{error}");
        Ok(())
    })
}

#[test]
fn json_of_another_shape_is_a_protocol_error() -> Result<()> {
    drive!(["ticket.list"], [], async |desk| {
        let error = list_under(desk, "wrong-shape").await?;
        assert_eq!(text(&error, "kind"), "protocol", "{error}");
        Ok(())
    })
}

/// Ten million of them: a parser that follows them one by one falls off its
/// stack.
#[test]
fn endless_brackets_are_a_protocol_error() -> Result<()> {
    drive!(["ticket.list"], [], async |desk| {
        let error = list_under(desk, "deep-json").await?;
        assert_eq!(text(&error, "kind"), "protocol", "{error}");
        Ok(())
    })
}

/// The host unpacks it, and stops at the size that any answer may have.
#[test]
fn an_answer_that_unpacks_without_end_is_a_protocol_error() -> Result<()> {
    drive!(["ticket.list"], [], async |desk| {
        let error = list_under(desk, "gzip-bomb").await?;
        assert_eq!(text(&error, "kind"), "protocol", "{error}");
        Ok(())
    })
}

#[test]
fn a_write_that_is_answered_with_nonsense_may_have_happened() -> Result<()> {
    drive!(["ticket.create"], [], async |desk| {
        for quirk in ["html-200", "truncate", "wrong-shape"] {
            let before = desk.sim.ticket_count();
            desk.switch_on(quirk)?;
            let error = desk.error("ticket.create", json!({ "summary": "Once" })).await?;
            desk.sim.clear_quirks();
            assert_eq!(text(&error, "kind"), "protocol", "{quirk}: {error}");
            assert_ne!(text(&error, "effect"), "none", "{quirk}: {error}");
            assert_eq!(desk.sim.ticket_count(), before + 1, "{quirk}");
        }
        Ok(())
    })
}

/// Every body that HaloPSA has been seen to refuse with says the same in the
/// end, and none shows its inside.
#[test]
fn every_shape_of_a_refusal_is_read() -> Result<()> {
    const SHAPES: [&str; 13] = [
        "exception",
        "message",
        "lower-message",
        "error",
        "error-description",
        "nested-error",
        "result-code",
        "text",
        "model-state",
        "problem",
        "single-key",
        "empty",
        "html",
    ];
    drive!(["ticket.get"], [], async |desk| {
        for shape in SHAPES {
            desk.switch_on(&format!("error-shape={shape}"))?;
            let error = desk.error("ticket.get", json!({ "id": 99_999_999 })).await?;
            desk.sim.clear_quirks();
            assert_eq!(text(&error, "kind"), "not-found", "{shape}: {error}");
            assert!(!text(&error, "message").is_empty(), "{shape}: {error}");
            let shown = error.to_string();
            assert!(!shown.contains('<') && !shown.contains("StackTrace"), "{shape}: {shown}");
        }
        Ok(())
    })
}

#[test]
fn an_exception_with_500_is_told_without_its_inside() -> Result<()> {
    drive!(["ticket.list"], [], async |desk| {
        desk.switch_on("server-error-next=50")?;
        let error = desk.error("ticket.list", json!({ "limit": 5 })).await?;
        assert_eq!(text(&error, "kind"), "unavailable", "{error}");
        assert_eq!(error.get("http_status").and_then(Value::as_u64).context("no status")?, 500);
        assert!(!error.to_string().contains("StackTrace"), "{error}");
        Ok(())
    })
}
