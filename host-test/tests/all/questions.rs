//! Twenty questions that a good HaloPSA node answers with yes, each on the real
//! component against the simulator.

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::support::{drive, text};

#[test]
fn question_18_does_read_only_stop_deletes_through_the_custom_call_too() -> Result<()> {
    drive!(["api.request", "ticket.delete"], [], async |desk| {
        let reader = desk.session.with(|call| call.read_only = true);
        for (operation, input) in [
            ("ticket.delete", json!({ "id": 17 })),
            ("api.request", json!({ "method": "DELETE", "path": "/Tickets/17" })),
            (
                "api.request",
                json!({ "method": "POST", "path": "/Tickets", "body": [{ "id": 17, "status_id": 9 }] }),
            ),
        ] {
            let result = desk.run_in(&reader, operation, input).await?;
            let error = result.first_error().context("it went through")?;
            assert_eq!(text(error, "code"), "halopsa.read-only", "{error}");
        }
        let read = json!({ "method": "GET", "path": "/Tickets/17" });
        assert_eq!(desk.run_in(&reader, "api.request", read).await?.exit_code(), 0);
        assert_eq!(desk.requests("DELETE", "/tickets/17") + desk.requests("POST", "/tickets"), 0);
        Ok(())
    })
}
