//! Where the component can go: to the service, and nowhere else.

use anyhow::{Context as _, Result};
use serde_json::json;
use tokio::net::TcpListener;
use workflow_node_host::{ConnectionOptions, EgressPolicy};

use crate::support::{drive, text};

/// A listener that nobody may call.
async fn forbidden_place() -> Result<(TcpListener, String)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

/// Fails when somebody has connected.
async fn assert_untouched(listener: &TcpListener) {
    let visit = tokio::time::timeout(std::time::Duration::from_millis(200), listener.accept()).await;
    assert!(visit.is_err(), "somebody called the forbidden place");
}

#[test]
fn a_connection_reaches_its_service_only() -> Result<()> {
    drive!([], [], async |desk| {
        assert_eq!(desk.session.connection.egress(), [desk.sim.url()]);
        Ok(())
    })
}

/// A redirect would carry the token to another server.
#[test]
fn redirects_are_not_followed() -> Result<()> {
    drive!(["ticket.list"], [], async |desk| {
        let (listener, url) = forbidden_place().await?;
        desk.switch_on(&format!("redirect={url}"))?;
        let error = desk.error("ticket.list", json!({ "limit": 1 })).await?;
        assert_eq!(text(&error, "kind"), "protocol", "{error}");
        assert_untouched(&listener).await;
        Ok(())
    })
}

#[test]
fn the_login_is_not_redirected_either() -> Result<()> {
    drive!(["ticket.list"], [], async |desk| {
        let (listener, url) = forbidden_place().await?;
        desk.switch_on(&format!("redirect-token={url}"))?;
        let error = desk.error("ticket.list", json!({ "limit": 1 })).await?;
        assert_eq!(text(&error, "effect"), "none", "{error}");
        assert_untouched(&listener).await;
        Ok(())
    })
}

/// A lying server must be sent neither the secret nor a token.
#[test]
fn a_discovered_login_server_elsewhere_is_not_believed() -> Result<()> {
    drive!([], [], async |desk| {
        for lie in
            ["https://login.example.com/auth", "https://example.halopsa.com/auth", "http://10.0.0.1/auth"]
        {
            desk.switch_on(&format!("lying-authinfo={lie}"))?;
            let connected = desk.connect(desk.fields(), ConnectionOptions::default()).await;
            match connected {
                // Refused: the person must type it.
                Err(error) => {
                    let error = error.node_error().context("not an error of the node")?.clone();
                    assert_eq!(error.field.as_deref(), Some("/auth_url"), "{error:?}");
                    assert!(error.advice.is_some(), "{error:?}");
                }
                // Or not believed: the login goes where the address points.
                Ok(session) => {
                    let auth_url = session.connection.fields().get("auth_url").cloned().unwrap_or_default();
                    assert!(auth_url.starts_with(&desk.sim.url()), "{lie} was believed");
                }
            }
            desk.sim.clear_quirks();
        }
        Ok(())
    })
}

#[test]
fn without_discovery_the_address_is_enough() -> Result<()> {
    drive!(["ticket.list"], ["no-authinfo"], async |desk| {
        desk.results("ticket.list", json!({ "limit": 1 })).await.map(drop)
    })
}

#[test]
fn the_operator_has_the_last_word() -> Result<()> {
    drive!([], [], async |desk| {
        let options = ConnectionOptions {
            policy: EgressPolicy::allow(["https://*.halopsa.com"])?,
            ..ConnectionOptions::default()
        };
        let requests = desk.sim.requests().len();
        let error = match desk.connect(desk.fields(), options).await {
            Err(error) => error,
            Ok(session) => session.connection.authenticate(&session.call).await.unwrap_err(),
        };
        let error = error.node_error().context("not an error of the node")?.clone();
        desk.keep(format!("{error:?}"));
        assert!(error.advice.is_some(), "{error:?}");
        assert_eq!(desk.sim.requests().len(), requests, "a request went out all the same");
        Ok(())
    })
}
