//! Mistakes of a person: a typed error with field and advice, and no request.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use workflow_node_host::{AuthMode, CallError, ConnectionOptions, json as contract_json};

use crate::support::{Desk, drive, text};

/// Connects with one field changed and returns the error.
async fn connect_with(desk: &Desk, field: &str, value: Option<&str>) -> Result<Value> {
    let mut fields = desk.fields();
    match value {
        Some(value) => fields.insert(field.to_owned(), value.to_owned()),
        None => fields.remove(field),
    };
    let before = desk.requests_in_all();
    let error = desk.connect(fields, ConnectionOptions::default()).await.err().context("it connected")?;
    assert_eq!(desk.requests_in_all(), before, "a request was sent for {field} = {value:?}");
    match error {
        CallError::Node(error) => Ok(contract_json::node_error(&error)),
        CallError::Host(error) => Err(error.into()),
    }
}

/// What every refusal of an input has.
fn assert_refusal(error: &Value, field: &str) {
    assert_eq!(text(error, "kind"), "invalid-input", "{error}");
    assert_eq!(text(error, "effect"), "none", "{error}");
    assert_eq!(text(error, "retry"), "never", "{error}");
    assert_eq!(text(error, "field"), field, "{error}");
    assert!(!text(error, "advice").is_empty(), "{error}");
}

#[test]
fn a_missing_credential_field_is_named() -> Result<()> {
    drive!([], [], async |desk| {
        for field in ["url", "client_id"] {
            for value in [None, Some("  ")] {
                let error = connect_with(desk, field, value).await?;
                assert_refusal(&error, &format!("/{field}"));
            }
        }
        Ok(())
    })
}

/// Whoever notices: nobody is asked for a token with half an application.
#[test]
fn a_missing_secret_is_named_before_any_login() -> Result<()> {
    drive!([], [], async |desk| {
        for auth in [AuthMode::Component, AuthMode::Placeholder, AuthMode::Recipe] {
            let mut fields = desk.fields();
            fields.remove("client_secret");
            let options = ConnectionOptions { auth, ..ConnectionOptions::default() };
            let error = match desk.connect(fields, options).await {
                Ok(session) => session.connection.authenticate(&session.call).await.err(),
                Err(error) => Some(error),
            };
            let error = error.context("it logged in")?;
            let error = contract_json::node_error(error.node_error().context("no error of the node")?);
            assert_refusal(&error, "/client_secret");
            assert_eq!(desk.requests("POST", "/token"), 0, "{auth:?}");
        }
        Ok(())
    })
}

#[test]
fn an_unknown_credential_field_hears_its_nearest_name() -> Result<()> {
    drive!([], [], async |desk| {
        let error = connect_with(desk, "client_secrte", Some("x")).await?;
        assert_refusal(&error, "/client_secrte");
        assert!(error.to_string().contains("client_secret"), "{error}");
        Ok(())
    })
}

#[test]
fn an_address_that_is_none_is_refused() -> Result<()> {
    drive!([], [], async |desk| {
        for address in
            ["not an address", "https://", "ftp://halo.example.com", "https://user:pw@halo.example.com"]
        {
            let error = connect_with(desk, "url", Some(address)).await?;
            assert_refusal(&error, "/url");
        }
        Ok(())
    })
}

/// The secret would travel in the clear.
#[test]
fn plain_http_off_this_machine_is_refused() -> Result<()> {
    drive!([], [], async |desk| {
        for address in ["http://example.halopsa.com", "http://10.0.0.1", "http://127.0.0.1.example.com"] {
            let error = connect_with(desk, "url", Some(address)).await?;
            assert_refusal(&error, "/url");
        }
        Ok(())
    })
}

#[test]
fn an_unknown_operation_hears_its_nearest_name() -> Result<()> {
    drive!([], [], async |desk| {
        let result = desk.session.run("ticket.creat", json!({ "summary": "x" })).await?;
        desk.keep(result.json().to_string());
        let error = result.json().get("error").context("the call began")?;
        assert_eq!(text(error, "kind"), "invalid-input", "{error}");
        assert!(error.to_string().contains("ticket.create"), "{error}");
        assert_eq!(text(error, "effect"), "none");
        Ok(())
    })
}

#[test]
fn an_input_that_breaks_its_schema_names_the_field() -> Result<()> {
    drive!(["ticket.create", "ticket.list"], [], async |desk| {
        let cases = [
            ("ticket.create", json!({ "summary": [7] }), "/summary"),
            ("ticket.create", json!({ "summary": "" }), "/summary"),
            ("ticket.create", json!({ "summary": null }), "/summary"),
            ("ticket.create", json!({ "summary": "  " }), "/summary"),
            ("ticket.create", json!({}), "/summary"),
            ("ticket.create", json!({ "summary": "x", "client_id": "twelve" }), "/client_id"),
            ("ticket.create", json!({ "summary": "x", "client_id": 12.5 }), "/client_id"),
            ("ticket.list", json!({ "limit": 0 }), "/limit"),
            ("ticket.list", json!({ "open_only": "yes, please" }), "/open_only"),
        ];
        for (operation, input, field) in cases {
            let error = desk.error(operation, input.clone()).await?;
            assert_eq!(text(&error, "kind"), "invalid-input", "{input}: {error}");
            assert_eq!(text(&error, "field"), field, "{input}: {error}");
            assert_eq!(text(&error, "effect"), "none", "{input}: {error}");
        }
        assert_eq!(desk.requests("POST", "/tickets"), 0);
        assert_eq!(desk.requests("GET", "/tickets"), 0);
        Ok(())
    })
}

/// HaloPSA would take it for a new record.
#[test]
fn an_update_without_an_id_is_refused() -> Result<()> {
    drive!(["client.update", "site.update", "ticket.update", "user.update"], [], async |desk| {
        for resource in ["client", "site", "ticket", "user"] {
            let operation = format!("{resource}.update");
            for input in [json!({ "name": "x" }), json!({ "id": null }), json!({ "id": 0 })] {
                let error = desk.error(&operation, input.clone()).await?;
                assert_eq!(text(&error, "kind"), "invalid-input", "{operation} {input}: {error}");
                assert_eq!(text(&error, "effect"), "none", "{operation} {input}: {error}");
            }
            let error = desk.error(&operation, json!({})).await?;
            assert_eq!(text(&error, "field"), "/id", "{operation}: {error}");
        }
        for path in ["/client", "/site", "/tickets", "/users"] {
            assert_eq!(desk.requests("POST", path), 0, "{path}");
        }
        Ok(())
    })
}

/// HaloPSA would ignore it and return everything.
#[test]
fn an_unknown_filter_hears_its_nearest_name() -> Result<()> {
    drive!(["ticket.list"], [], async |desk| {
        let error = desk.error("ticket.list", json!({ "cliend_id": 12 })).await?;
        assert_eq!(text(&error, "kind"), "invalid-input", "{error}");
        assert_eq!(text(&error, "field"), "/cliend_id", "{error}");
        assert!(text(&error, "advice").contains("client_id"), "{error}");
        assert_eq!(desk.requests("GET", "/tickets"), 0);
        Ok(())
    })
}

#[test]
fn an_unknown_field_is_not_dropped_in_silence() -> Result<()> {
    drive!(["ticket.create"], [], async |desk| {
        let error = desk.error("ticket.create", json!({ "summary": "x", "clientid": 12 })).await?;
        assert_eq!(text(&error, "kind"), "invalid-input", "{error}");
        assert_eq!(text(&error, "field"), "/clientid", "{error}");
        Ok(())
    })
}

#[test]
fn a_cursor_that_is_none_is_refused() -> Result<()> {
    drive!(["ticket.list"], [], async |desk| {
        for cursor in ["", "{}", "nonsense", "AAAA"] {
            let result = desk.call("ticket.list", json!({}), Some(cursor)).await?;
            let error = result.first_error().context("it went through")?;
            assert_eq!(text(error, "kind"), "invalid-input", "{cursor:?}: {error}");
        }
        Ok(())
    })
}
