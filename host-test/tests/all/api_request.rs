//! Any path of the API, and no other place.

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::support::{drive, text};

#[test]
fn any_path_can_be_read_and_written() -> Result<()> {
    drive!(["api.request"], [], async |desk| {
        let input = json!({ "method": "POST", "path": "/Tickets", "body": [{ "summary": "Raw" }] });
        let created = desk.result("api.request", input).await?;
        assert_eq!((&created["status"], &created["body"]["summary"]), (&json!(201), &json!("Raw")));
        let id = created["body"]["id"].as_i64().context("no id")?;
        let input =
            json!({ "method": "DELETE", "path": format!("/Tickets/{id}"), "query": { "reason": "test" } });
        assert_eq!(desk.result("api.request", input).await?["status"], 200);
        Ok(())
    })
}

#[test]
fn no_path_leads_out_of_the_api_or_to_what_is_closed() -> Result<()> {
    drive!(["api.request"], [], async |desk| {
        let is_api = |path: &str| path.starts_with("/api/") && path != "/api/authinfo";
        for path in [
            "//127.0.0.1/x",
            "https://example.com/api/Tickets",
            "/Tickets/../Application",
            "/Tickets/%2e%2e/Application",
            "\\\\example.com\\x",
            "/Application",
            "/Agent/ClearCache",
        ] {
            let error = desk.error("api.request", json!({ "method": "GET", "path": path })).await?;
            assert_eq!(text(&error, "field"), "/path", "{path}: {error}");
        }
        let sent = desk.sim.requests();
        assert!(!sent.iter().any(|request| is_api(&request.path)), "{sent:?}");
        Ok(())
    })
}

#[test]
fn a_password_in_an_answer_is_taken_out() -> Result<()> {
    drive!(["api.request"], [], async |desk| {
        let input = json!({ "method": "POST", "path": "/Client", "body": [{ "name": "Raw client" }] });
        let created = desk.result("api.request", input).await?;
        assert!(!created.to_string().contains("new_password"), "{created}");
        Ok(())
    })
}

#[test]
fn what_writes_wants_a_person() -> Result<()> {
    drive!(["api.request"], [], async |desk| {
        let unattended = desk.session.with(|call| call.confirmed = false);
        for input in [
            json!({ "method": "POST", "path": "/Tickets", "body": [{ "summary": "x" }] }),
            json!({ "method": "DELETE", "path": "/Tickets/17" }),
        ] {
            let result = desk.run_in(&unattended, "api.request", input).await?;
            let error = result.first_error().context("it went through")?;
            assert_eq!(text(error, "code"), "host.not-confirmed", "{error}");
        }
        let listed =
            desk.session.with(|call| call.allowed_operations = Some(vec!["ticket.list".to_string()]));
        let read = json!({ "method": "GET", "path": "/Tickets/17" });
        let result = desk.run_in(&listed, "api.request", read).await;
        assert!(result.is_err() || result?.exit_code() != 0, "it is not on the list");
        Ok(())
    })
}
