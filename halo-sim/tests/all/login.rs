//! Tokens, tenants, scopes (HAPI §3, §16 "Token" to "Expiry").

use anyhow::Result;
use base64::{Engine, engine::general_purpose::STANDARD};

use crate::client::start;

#[tokio::test]
async fn a_token_answer_has_the_expanded_scope() -> Result<()> {
    let client = start(&[]).await?;
    let reply = client.ask_token(&client.form("all")).await?;
    let body = reply.json();
    assert_eq!(reply.status, 200);
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 3600);
    let scope = body["scope"].as_str().unwrap_or_default();
    assert!(scope.contains("offline_access roles read:tickets edit:tickets"), "{scope}");
    assert!(body.get("id_token").is_some());
    assert!(body.get("refresh_token").is_none());
    Ok(())
}

#[tokio::test]
async fn credentials_may_stand_in_the_form_or_in_a_basic_header() -> Result<()> {
    let client = start(&[]).await?;
    let pair = format!("{}:{}", client.sim.client_id(), client.sim.client_secret());
    let head = format!(
        "Authorization: Basic {}\r\nContent-Type: application/x-www-form-urlencoded\r\n",
        STANDARD.encode(pair)
    );
    for path in ["/auth/token", "/token", "/AUTH/Token?tenant=demo"] {
        let reply = client.send("POST", path, &head, "grant_type=client_credentials&scope=all").await?;
        assert_eq!(reply.status, 200, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn an_unknown_tenant_gets_a_page_for_people() -> Result<()> {
    let client = start(&[]).await?;
    for (path, form) in [
        ("/auth/token?tenant=other", client.form("all")),
        ("/auth/token", client.form("all") + "&tenant=other"),
    ] {
        let reply = client.send("POST", path, "", &form).await?;
        assert_eq!(reply.status, 500);
        assert!(reply.text().starts_with("<!DOCTYPE html>"));
        assert!(reply.body.len() > 200_000);
    }
    client.sim.add_quirk(crate::client::quirk("any-tenant")?);
    let reply = client.send("POST", "/auth/token?tenant=other", "", &client.form("all")).await?;
    assert_eq!(reply.status, 200);
    Ok(())
}

#[tokio::test]
async fn token_errors_are_those_of_openiddict() -> Result<()> {
    let client = start(&[]).await?;
    let good = client.form("all");
    for (form, status, error) in [
        (good.replace(client.sim.client_secret(), "wrong"), 401, "invalid_client"),
        (good.replace(client.sim.client_id(), "wrong"), 401, "invalid_client"),
        (good.replace("scope=all", "scope=read:actions"), 400, "invalid_scope"),
        (good.replace("client_credentials", "password"), 400, "unsupported_grant_type"),
        (String::new(), 400, "invalid_request"),
    ] {
        let reply = client.ask_token(&form).await?;
        assert_eq!(reply.status, status, "{error}");
        assert_eq!(reply.json()["error"], error);
        assert!(reply.json()["error_uri"].is_string());
    }
    client.sim.add_quirk(crate::client::quirk("not-services")?);
    let reply = client.ask_token(&good).await?;
    assert_eq!(reply.json()["error"], "unauthorized_client");
    Ok(())
}

#[tokio::test]
async fn a_token_without_scope_is_refused_everywhere() -> Result<()> {
    let mut client = start(&[]).await?;
    let reply = client.ask_token(&client.form("")).await?;
    assert_eq!(reply.status, 200);
    client.login("").await?;
    for path in ["Agent/me", "Status", "Tickets"] {
        assert_eq!(client.get(path).await?.status, 401, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_scope_that_was_not_granted_gives_403_with_an_empty_body() -> Result<()> {
    let mut client = start(&[]).await?;
    client.login("read:tickets").await?;
    assert_eq!(client.get("Tickets").await?.status, 200);
    assert_eq!(client.get("Status").await?.status, 200);
    assert_eq!(client.get("Agent/me").await?.status, 200);
    for (method, path) in [("GET", "Client"), ("POST", "Tickets"), ("DELETE", "Tickets/1")] {
        let reply = client.call(method, path, "[]").await?;
        assert_eq!((reply.status, reply.body.len()), (403, 0), "{method} {path}");
    }
    Ok(())
}

#[tokio::test]
async fn tokens_expire_by_the_tenants_clock_and_die_by_count() -> Result<()> {
    let mut client = start(&[]).await?;
    client.sim.advance_clock_ms(3_599_000);
    assert_eq!(client.get("Agent/me").await?.status, 200);
    client.sim.advance_clock_ms(2_000);
    assert_eq!(client.get("Agent/me").await?.status, 401);
    client.sim.add_quirk(crate::client::quirk("token-dies-after=2")?);
    client.login("all").await?;
    assert_eq!(client.get("Agent/me").await?.status, 200);
    assert_eq!(client.get("Agent/me").await?.status, 200);
    assert_eq!(client.get("Agent/me").await?.status, 401);
    client.login("all").await?;
    assert_eq!(client.get("Agent/me").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn authinfo_needs_no_login_and_may_lie() -> Result<()> {
    let client = start(&[]).await?;
    let info = client.send("GET", "/api/AuthInfo", "", "").await?.json();
    assert_eq!(info["auth_url"], format!("{}/auth", client.sim.url()));
    assert_eq!(info["tenant_id"], client.sim.tenant());
    client.sim.add_quirk(crate::client::quirk("lying-authinfo=https://evil.example/auth")?);
    let info = client.send("GET", "/api/authinfo", "", "").await?.json();
    assert_eq!(info["auth_url"], "https://evil.example/auth");
    client.sim.add_quirk(crate::client::quirk("no-authinfo")?);
    assert_eq!(client.send("GET", "/api/authinfo", "", "").await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn the_log_holds_no_secrets() -> Result<()> {
    let client = start(&[]).await?;
    client.send("POST", "/auth/token?client_secret=abc", "", "").await?;
    client.get("Tickets?pageinate=true&page=2&statuss=1").await?;
    let log = client.sim.requests();
    let text = format!("{log:?}");
    assert!(!text.contains(client.sim.client_secret()) && !text.contains("abc"));
    assert!(client.sim.tokens_issued().iter().all(|token| !text.contains(token)));
    let last = log.last().map(|record| record.ignored.clone());
    assert_eq!(last, Some(vec!["page".to_owned(), "statuss".to_owned()]));
    assert_eq!(log.iter().filter(|record| record.token_request).count(), 2);
    Ok(())
}
