//! Tokens: gained, renewed, refused.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use workflow_node_host::wit::types::ErrorKind;
use workflow_node_host::{AuthMode, CallOptions, ConnectionOptions, json as contract_json};

use crate::support::{Desk, drive, ids, text};

/// Every form in which the address is pasted out of HaloPSA or a browser.
#[test]
fn every_form_of_the_address_leads_to_the_same_place() -> Result<()> {
    drive!(["client.list"], [], async |desk| {
        let url = desk.sim.url();
        let url = url.trim_end_matches('/');
        for pasted in [
            format!("{url}/"),
            format!("  {url}  "),
            format!("{url}/auth"),
            format!("{url}/auth/"),
            format!("{url}/auth/token"),
            format!("{url}/api"),
            format!("{url}/api/"),
        ] {
            let mut fields = desk.fields();
            fields.insert("url".to_owned(), pasted.clone());
            let session = desk
                .connect(fields, ConnectionOptions::default())
                .await
                .with_context(|| format!("{pasted:?} was refused"))?;
            let result = desk.run_in(&session, "client.list", json!({ "limit": 1 })).await?;
            assert_eq!(result.exit_code(), 0, "{pasted:?}: {}", result.json());
        }
        Ok(())
    })
}

#[test]
fn one_login_serves_many_calls() -> Result<()> {
    drive!(["ticket.get"], [], async |desk| {
        for id in 1..=5 {
            desk.result("ticket.get", json!({ "id": id })).await?;
        }
        assert_eq!(desk.requests("POST", "/token"), 1);
        Ok(())
    })
}

#[test]
fn a_token_that_dies_after_five_calls_is_renewed_once_per_death() -> Result<()> {
    drive!(["ticket.get"], ["token-dies-after=5"], async |desk| {
        for id in 1..=17 {
            desk.result("ticket.get", json!({ "id": id })).await?;
        }
        // 5 + 5 + 5 + 2.
        assert_eq!(desk.requests("POST", "/token"), 4);
        Ok(())
    })
}

/// Eight pages are refused at the same moment; one login must do for all.
#[test]
fn a_token_that_dies_under_eight_pages_is_renewed_once_per_death() -> Result<()> {
    drive!(["ticket.list"], ["token-dies-after=5", "page-cap=20", "latency=20"], async |desk| {
        let rows = desk.results("ticket.list", json!({ "return_all": true })).await?;
        assert_eq!(rows.len(), desk.sim.ticket_count());
        // Each token serves five pages.
        let (logins, deaths) = (desk.requests("POST", "/token"), rows.len().div_ceil(20).div_ceil(5));
        assert!(logins <= deaths + 1, "{logins} logins for {deaths} deaths");
        Ok(())
    })
}

#[test]
fn a_fresh_token_that_is_refused_ends_the_call() -> Result<()> {
    drive!(["ticket.list"], ["refuse-tokens"], async |desk| {
        let error = desk.error("ticket.list", json!({})).await?;
        assert_eq!(text(&error, "kind"), "unauthenticated", "{error}");
        assert!(!text(&error, "advice").is_empty(), "{error}");
        assert_eq!(text(&error, "effect"), "none", "{error}");
        // The component asks for one fresh token, and the host for one more.
        let logins = desk.requests("POST", "/token");
        assert!(logins <= 4, "{logins} logins for a service that refuses every token");
        Ok(())
    })
}

#[test]
fn a_token_is_renewed_before_it_expires() -> Result<()> {
    drive!(["ticket.get"], ["token-lifetime=1"], async |desk| {
        for id in 1..=3 {
            desk.result("ticket.get", json!({ "id": id })).await?;
            tokio::time::sleep(std::time::Duration::from_millis(600)).await;
        }
        Ok(())
    })
}

#[test]
fn a_wrong_secret_is_unauthenticated_with_advice() -> Result<()> {
    drive!([], [], async |desk| {
        for auth in [AuthMode::Component, AuthMode::Placeholder, AuthMode::Recipe] {
            let mut fields = desk.fields();
            fields.insert("client_secret".to_owned(), "not the secret at all".to_owned());
            let options = ConnectionOptions { auth, ..ConnectionOptions::default() };
            let session = desk.connect(fields, options).await?;
            let error = session.connection.authenticate(&CallOptions::default()).await.unwrap_err();
            desk.keep(format!("{error:?}"));
            let error = error.node_error().context("not an error of the node")?;
            assert!(matches!(error.kind, ErrorKind::Unauthenticated), "{auth:?}: {error:?}");
            assert!(error.advice.is_some(), "{auth:?}: {error:?}");
        }
        Ok(())
    })
}

/// The error of a login with one field changed.
async fn login_with(desk: &Desk, field: &str, value: &str) -> Result<Value> {
    let mut fields = desk.fields();
    fields.insert(field.to_owned(), value.to_owned());
    let session = desk.connect(fields, ConnectionOptions::default()).await?;
    let error = session.connection.authenticate(&session.call).await.err().context("it logged in")?;
    desk.keep(format!("{error:?}"));
    Ok(contract_json::node_error(error.node_error().context("not an error of the node")?))
}

#[test]
fn what_is_wrong_with_the_application_is_told_by_its_field() -> Result<()> {
    drive!([], [], async |desk| {
        for (field, value) in [
            ("tenant", "nobody"),
            ("client_id", "11111111-2222-3333-4444-555555555555"),
            ("client_secret", "not the secret at all"),
            ("scope", "fly:moon"),
        ] {
            let error = login_with(desk, field, value).await?;
            assert_eq!(text(&error, "effect"), "none", "{field}: {error}");
            assert!(!text(&error, "advice").is_empty(), "{field}: {error}");
            // Which half of id and secret is wrong, HaloPSA does not say.
            let named = text(&error, "field");
            assert!(named == format!("/{field}") || field.starts_with("client_"), "{field}: {error}");
        }
        Ok(())
    })
}

/// The application signs in as a person instead of as itself.
#[test]
fn the_wrong_login_method_is_told_with_advice() -> Result<()> {
    drive!([], ["not-services"], async |desk| {
        let error = login_with(desk, "scope", "all").await?;
        assert_eq!(text(&error, "kind"), "unauthenticated", "{error}");
        assert!(!text(&error, "advice").is_empty(), "{error}");
        Ok(())
    })
}

/// Asking for less is a choice; what it rules out is told as such.
#[test]
fn a_narrow_scope_reads_but_does_not_write() -> Result<()> {
    drive!(["ticket.list", "ticket.create"], [], async |desk| {
        let mut fields = desk.fields();
        fields.insert("scope".to_owned(), "read:tickets".to_owned());
        let session = desk.connect(fields, ConnectionOptions::default()).await?;
        let result = desk.run_in(&session, "ticket.list", json!({ "limit": 1 })).await?;
        assert_eq!(result.exit_code(), 0, "{}", result.json());
        let result = desk.run_in(&session, "ticket.create", json!({ "summary": "x" })).await?;
        let error = result.first_error().context("it went through")?;
        assert_eq!(text(error, "kind"), "forbidden", "{error}");
        assert!(text(error, "advice").contains("edit:tickets"), "{error}");
        Ok(())
    })
}

/// The endpoint says 401, but the token is good: asking again changes nothing.
#[test]
fn an_endpoint_that_keeps_saying_401_is_forbidden() -> Result<()> {
    drive!(["ticket.list"], ["unauthorized=read:tickets"], async |desk| {
        let error = desk.error("ticket.list", json!({})).await?;
        assert_eq!(text(&error, "kind"), "forbidden", "{error}");
        assert!(!text(&error, "advice").is_empty(), "{error}");
        Ok(())
    })
}

#[test]
fn a_missing_permission_is_forbidden_with_advice() -> Result<()> {
    drive!(["ticket.list", "ticket.create"], ["forbid=edit:tickets"], async |desk| {
        desk.results("ticket.list", json!({ "limit": 1 })).await?;
        let error = desk.error("ticket.create", json!({ "summary": "x" })).await?;
        assert_eq!(text(&error, "kind"), "forbidden", "{error}");
        assert_eq!(text(&error, "effect"), "none", "{error}");
        assert!(text(&error, "advice").contains("edit:tickets"), "{error}");
        Ok(())
    })
}

#[test]
fn by_recipe_the_component_needs_no_token() -> Result<()> {
    drive!(["ticket.list"], ["token-dies-after=5", "page-cap=50"], async |desk| {
        let options = ConnectionOptions { auth: AuthMode::Recipe, ..ConnectionOptions::default() };
        let session = desk.connect(desk.fields(), options).await?;
        let result = desk.run_in(&session, "ticket.list", json!({ "return_all": true })).await?;
        assert_eq!(result.exit_code(), 0, "{}", result.json());
        assert_eq!(ids(result.results()).len(), desk.sim.ticket_count());
        Ok(())
    })
}
