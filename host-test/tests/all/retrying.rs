//! Outages and throttling: repeated where that is safe, told where it is not.

use anyhow::Result;
use serde_json::{Value, json};

use crate::support::{drive, text};

fn usage(result: &host_test::result::RunResult, key: &str) -> u64 {
    result.json().pointer(&format!("/usage/{key}")).and_then(Value::as_u64).unwrap_or_default()
}

#[test]
fn a_read_outlives_a_short_outage() -> Result<()> {
    drive!(["ticket.list"], ["unavailable-next=2"], async |desk| {
        let result = desk.run("ticket.list", json!({ "limit": 5 })).await?;
        assert_eq!(result.exit_code(), 0, "{}", result.json());
        assert_eq!(result.results().count(), 5);
        assert_eq!(usage(&result, "retries"), 2, "{}", result.json());
        Ok(())
    })
}

#[test]
fn an_outage_that_lasts_ends_in_a_typed_error() -> Result<()> {
    drive!(["ticket.list"], ["unavailable-next=100000"], async |desk| {
        let error = desk.error("ticket.list", json!({ "limit": 5 })).await?;
        assert_eq!(text(&error, "kind"), "unavailable", "{error}");
        assert_eq!(text(&error, "effect"), "none", "{error}");
        assert_ne!(text(&error, "retry"), "never", "{error}");
        Ok(())
    })
}

#[test]
fn throttling_is_waited_out_and_the_wait_is_told() -> Result<()> {
    drive!(["ticket.list"], ["throttle-next=3", "retry-after=1"], async |desk| {
        let result = desk.run("ticket.list", json!({ "limit": 5 })).await?;
        assert_eq!(result.exit_code(), 0, "{}", result.json());
        assert_eq!(usage(&result, "rate_limited"), 3, "{}", result.json());
        assert!(usage(&result, "waited_ms") >= 2000, "{}", result.json());
        Ok(())
    })
}

/// A throttled write did certainly nothing.
#[test]
fn a_throttled_create_is_repeated_and_makes_one_ticket() -> Result<()> {
    drive!(["ticket.create"], ["throttle-next=1", "retry-after=1"], async |desk| {
        let before = desk.sim.ticket_count();
        desk.result("ticket.create", json!({ "summary": "Once" })).await?;
        assert_eq!(desk.sim.ticket_count(), before + 1);
        Ok(())
    })
}

/// Whether the ticket was made is unknown, so it is not made again.
#[test]
fn a_create_whose_answer_was_lost_is_not_repeated() -> Result<()> {
    drive!(["ticket.create"], [], async |desk| {
        for (quirk, made) in [("cut-after-commit=1", 1), ("cut-before-commit=1", 0)] {
            let before = desk.sim.ticket_count();
            desk.switch_on(quirk)?;
            let error = desk.error("ticket.create", json!({ "summary": "Once" })).await?;
            desk.sim.clear_quirks();
            assert_eq!(text(&error, "effect"), "unknown", "{quirk}: {error}");
            assert!(!text(&error, "advice").is_empty(), "{quirk}: {error}");
            assert_eq!(desk.sim.ticket_count(), before + made, "{quirk}");
        }
        Ok(())
    })
}

#[test]
fn a_create_during_an_outage_is_not_repeated_blindly() -> Result<()> {
    drive!(["ticket.create"], [], async |desk| {
        desk.switch_on("unavailable-next=1")?;
        let error = desk.error("ticket.create", json!({ "summary": "Perhaps" })).await?;
        assert_eq!(text(&error, "kind"), "unavailable", "{error}");
        assert_eq!(desk.requests("POST", "/tickets"), 1);
        Ok(())
    })
}

#[test]
fn a_read_whose_connection_breaks_is_repeated() -> Result<()> {
    drive!(["ticket.get"], [], async |desk| {
        desk.switch_on("cut")?;
        let error = desk.error("ticket.get", json!({ "id": 1 })).await?;
        assert!(["unavailable", "protocol"].contains(&text(&error, "kind")), "{error}");
        assert!(desk.requests("GET", "/tickets/1") > 1, "it was tried once only");
        Ok(())
    })
}
