//! Servers that are slow, silent or endless: stopped in time, with a typed
//! error.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tokio::time::timeout;
use workflow_node_host::ConnectionOptions;
use workflow_node_host::wit::types::ErrorKind;

use crate::support::{Desk, drive, text};

const DEADLINE: Duration = Duration::from_secs(3);

/// Longer than anything takes, however busy the machine is: that a call ends at its
/// deadline and not later is measured by the bench.
const HANG: Duration = Duration::from_secs(300);

/// The error of an operation with a short deadline, under a quirk that is
/// switched on after the login.
async fn error_under(desk: &Desk, quirk: &str, operation: &str, input: Value) -> Result<Value> {
    desk.session.connection.authenticate(&desk.session.call).await?;
    desk.switch_on(quirk)?;
    let session = desk.session.with(|call| call.deadline = DEADLINE);
    let result = timeout(HANG, desk.run_in(&session, operation, input)).await.context(quirk.to_owned())??;
    Ok(result.first_error().context("it went well")?.clone())
}

#[test]
fn a_silent_server_ends_in_a_time_out() -> Result<()> {
    drive!(["ticket.list"], [], async |desk| {
        let error = error_under(desk, "silent", "ticket.list", json!({ "limit": 5 })).await?;
        assert_eq!(text(&error, "kind"), "timeout", "{error}");
        assert_eq!(text(&error, "effect"), "none", "{error}");
        assert!(!text(&error, "advice").is_empty(), "{error}");
        Ok(())
    })
}

#[test]
fn a_silent_server_at_the_login_ends_in_a_time_out() -> Result<()> {
    drive!(["ticket.list"], [], async |desk| {
        desk.switch_on("silent")?;
        let session = desk.session.with(|call| call.deadline = DEADLINE);
        let result = timeout(HANG, desk.run_in(&session, "ticket.list", json!({ "limit": 5 }))).await??;
        let error = result.first_error().context("it went well")?;
        assert_eq!(text(error, "kind"), "timeout", "{error}");
        Ok(())
    })
}

#[test]
fn a_silent_server_at_the_first_contact_ends_in_a_time_out() -> Result<()> {
    drive!([], [], async |desk| {
        desk.switch_on("silent")?;
        let options = ConnectionOptions { deadline: DEADLINE, ..ConnectionOptions::default() };
        let connected = timeout(HANG, desk.connect(desk.fields(), options)).await?;
        // Without discovery the address may do; the login will tell.
        if let Err(error) = connected {
            let error = error.node_error().context("not an error of the node")?;
            assert!(matches!(error.kind, ErrorKind::Timeout), "{error:?}");
            assert!(error.advice.is_some(), "{error:?}");
        }
        Ok(())
    })
}

#[test]
fn a_create_that_is_never_answered_may_have_happened() -> Result<()> {
    drive!(["ticket.create"], [], async |desk| {
        let error = error_under(desk, "silent", "ticket.create", json!({ "summary": "Perhaps" })).await?;
        assert_eq!(text(&error, "kind"), "timeout", "{error}");
        assert_eq!(text(&error, "effect"), "unknown", "{error}");
        Ok(())
    })
}

#[test]
fn an_endless_answer_is_cut_off() -> Result<()> {
    drive!(["ticket.list"], [], async |desk| {
        let error = error_under(desk, "endless-body", "ticket.list", json!({ "limit": 5 })).await?;
        assert!(["timeout", "protocol"].contains(&text(&error, "kind")), "{error}");
        Ok(())
    })
}

#[test]
fn an_answer_that_drips_is_cut_off() -> Result<()> {
    drive!(["ticket.list"], [], async |desk| {
        let error = error_under(desk, "slow-body=1000", "ticket.list", json!({ "limit": 5 })).await?;
        assert_eq!(text(&error, "kind"), "timeout", "{error}");
        Ok(())
    })
}

#[test]
fn a_slow_answer_within_the_deadline_is_fine() -> Result<()> {
    drive!(["ticket.list"], ["slow-body=20", "latency=200", "jitter=100"], async |desk| {
        desk.results("ticket.list", json!({ "limit": 5 })).await.map(drop)
    })
}

/// One slow neighbour must not hold up the others.
#[test]
fn a_call_that_hangs_leaves_its_neighbours_alone() -> Result<()> {
    drive!([], [], async |desk| {
        let other = Desk::open(&[]).await?;
        other.session.connection.authenticate(&other.session.call).await?;
        desk.session.connection.authenticate(&desk.session.call).await?;
        desk.switch_on("silent")?;
        let session = desk.session.with(|call| call.deadline = HANG);
        tokio::select! {
            slow = desk.run_in(&session, "ticket.list", json!({ "limit": 5 })) => bail!("it ended first: {slow:?}"),
            quick = other.results("ticket.list", json!({ "limit": 5 })) => quick.map(drop)?,
        }
        Ok(())
    })
}
