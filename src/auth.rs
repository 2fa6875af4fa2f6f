//! Signing in (HAPI §3): the token request, its answers, and what `/authinfo`
//! says about where to sign in. Sending is [`client`](crate::client)'s.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use url::Url;
use url::form_urlencoded;
use workflow_node_sdk::http::{HttpRequest, HttpResponse, Method};
use workflow_node_sdk::interface::{Secret, Session};
use workflow_node_sdk::retry::Safety;
use workflow_node_sdk::text;

use crate::credentials::form::RECIPE;
use crate::credentials::{Application, Credentials, HostingType};
use crate::endpoints;
use crate::error::{Code, NodeError, Result};
use crate::protocol::{answer, envelope};

/// Where the token request goes. The tenant is in the query, as most clients
/// send it (HAPI §3.1).
pub fn token_url(auth_url: &Url, tenant: Option<&str>) -> Url {
    let mut url = auth_url.clone();
    let path = format!("{}/token", url.path().trim_end_matches('/'));
    url.set_path(&path);
    if let Some(tenant) = tenant {
        url.query_pairs_mut().append_pair("tenant", tenant);
    }
    url
}

/// Asks for a token.
pub fn token_request(credentials: &Credentials, application: &Application, auth_url: &Url) -> HttpRequest {
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "client_credentials")
        .append_pair("client_id", &application.client_id)
        .append_pair("client_secret", application.client_secret.reveal())
        // Without a scope there is a token that is refused everywhere.
        .append_pair("scope", &credentials.scope)
        .finish();
    HttpRequest {
        method: Method::Post,
        url: token_url(auth_url, credentials.tenant.as_deref()),
        headers: vec![
            ("accept", "application/json".to_string()),
            ("content-type", "application/x-www-form-urlencoded".to_string()),
        ],
        body: body.into_bytes(),
    }
}

/// Reads the answer to a token request.
pub fn session(answer: &HttpResponse, now: Timestamp) -> Result<Session> {
    if !(200..300).contains(&answer.status) {
        return Err(refusal(answer));
    }
    if answer.is_html() {
        return Err(wrong_tenant(answer.status));
    }
    let malformed = |why| Err(answer::malformed(answer, why, Safety::Read));
    let Ok(Value::Object(body)) = envelope::parse(&answer.body) else {
        return malformed("the token answer is no JSON object");
    };
    let Some(token) = body.get("access_token").and_then(Value::as_str).filter(|token| !token.is_empty())
    else {
        return malformed("it holds no access token");
    };
    // It becomes a header: nothing may stand in it that ends a header.
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return malformed("the access token holds characters that no token has");
    }
    let lifetime = body
        .get("expires_in")
        .and_then(|seconds| seconds.as_i64().or_else(|| seconds.as_str()?.parse().ok()))
        .filter(|seconds| *seconds > 0)
        .map_or(SignedDuration::from_millis(RECIPE.default_lifetime_ms.into()), SignedDuration::from_secs);
    Ok(Session {
        token: Secret::new(token),
        expires_at: now.checked_add(lifetime).ok(),
        scopes: scopes(body.get("scope").and_then(Value::as_str).unwrap_or_default()),
        extra: None,
    })
}

fn scopes(text: &str) -> Vec<String> {
    text.split_whitespace().map(ToString::to_string).collect()
}

/// Whether a session of an earlier call should be replaced before it is used.
pub fn is_stale(session: &Session, now: Timestamp) -> bool {
    let renew_before = SignedDuration::from_millis(RECIPE.renew_before_ms.into());
    session.expires_at.is_some_and(|ends| ends.duration_since(now) < renew_before)
}

/// Why the token endpoint refuses (HAPI §3.4).
fn refusal(answer: &HttpResponse) -> NodeError {
    let oauth = envelope::parse(&answer.body).ok();
    let code = oauth.as_ref().and_then(|body| body.get("error")?.as_str()).unwrap_or_default();
    if is_passing(answer) || matches!(code, "server_error" | "temporarily_unavailable") {
        return NodeError::new(Code::ServerError, "HaloPSA cannot sign anyone in now.")
            .with_advice("Try again later. If it goes on, look at HaloPSA's status page or its logs.")
            .with_http_status(answer.status)
            .with_vendor_message(answer::words(answer));
    }
    let error = match (code, answer.status) {
        ("invalid_client", _) => NodeError::new(Code::InvalidClient, "HaloPSA does not know this client id, or the secret is wrong.")
            .with_field("client_secret")
            .with_advice("Copy client id and secret from the API application again. The client id may change when the application is saved, and the secret is shown once."),
        ("invalid_scope", _) => NodeError::new(Code::InvalidScope, "HaloPSA does not grant this scope.")
            .with_field("scope")
            .with_advice("Use all, or names that HaloPSA has, such as edit:tickets and read:customers. There is no read:users and no read:agents."),
        ("unauthorized_client", _) => NodeError::new(Code::UnauthorizedClient, "The API application signs in another way.")
            .with_field("client_id")
            .with_advice("Set its authentication method to Client ID and Secret (Services) and its login type to Agent."),
        (_, 300..=399) => return answer::error(answer, Safety::Read, &[]),
        (_, status) if answer.is_html() || status == 404 => wrong_tenant(status),
        _ => NodeError::new(Code::SignInRefused, "HaloPSA refuses to sign in.")
            .with_advice("Check the API application: it is active, its login type is Agent, and the agent is enabled."),
    };
    error.with_http_status(answer.status).with_vendor_message(answer::words(answer))
}

/// Whether the token endpoint is out of order for a while. An unknown tenant has a
/// server error, too, but a page for a browser with it (HAPI §3.4).
pub fn is_passing(answer: &HttpResponse) -> bool {
    match answer.status {
        408 | 425 => true,
        500 => !answer.is_html(),
        status => status > 500,
    }
}

fn wrong_tenant(status: u16) -> NodeError {
    NodeError::new(Code::WrongTenant, "There is no sign-in for this address and tenant.")
        .with_field("tenant")
        .with_advice("Compare the tenant and the authorisation server with Configuration > Integrations > Halo API. On premise there is no tenant.")
        .with_http_status(status)
}

/// What an instance says about itself without a sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuthInfo {
    /// Where to sign in.
    pub auth_url: Option<String>,
    /// The tenant.
    pub tenant: Option<String>,
}

/// Reads `GET /authinfo` (HAPI §2). Whatever else comes says nothing.
pub fn auth_info(answer: &HttpResponse) -> AuthInfo {
    let body = match envelope::parse(&answer.body) {
        Ok(Value::Object(body)) if answer.status == 200 => body,
        _ => return AuthInfo::default(),
    };
    let filled = |name: &str| {
        body.get(name)
            .and_then(Value::as_str)
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(ToString::to_string)
    };
    AuthInfo { auth_url: filled("auth_url"), tenant: filled("tenant_id") }
}

/// Completes credentials with what the instance says. What a person typed
/// stands; an authorisation server is believed only where it is safe.
pub fn complete(credentials: &mut Credentials, info: AuthInfo) -> Result<()> {
    if credentials.auth_url.is_none() {
        let discovered = match info.auth_url {
            Some(said) => endpoints::discovered_authorisation_server(&said, &credentials.resource_url)
                .ok()
                .filter(|url| endpoints::is_trusted(url, &credentials.resource_url))
                .ok_or_else(|| foreign(&said))?,
            None => credentials.sign_in_url(),
        };
        credentials.auth_url = Some(discovered);
    }
    if credentials.tenant.is_none() && credentials.hosting_type == HostingType::Hosted {
        credentials.tenant = info.tenant;
    }
    Ok(())
}

fn foreign(said: &str) -> NodeError {
    NodeError::new(
        Code::ForeignAuthServer,
        format!(
            "The instance sends sign-ins to \"{}\", which is not its own.",
            text::cut(&text::clean(said), 120)
        ),
    )
    .with_field("auth_url")
    .with_advice("If that is right, type the authorisation server yourself: your secret would go there.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{ErrorKind, Retry};

    fn answer(status: u16, body: &str) -> HttpResponse {
        HttpResponse { status, body: body.as_bytes().to_vec(), ..HttpResponse::default() }
    }

    fn credentials(pairs: &[(&str, &str)]) -> Credentials {
        Credentials::parse(&pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect()).unwrap()
    }

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn the_token_request_is_a_form() {
        let credentials =
            credentials(&[("url", "x"), ("tenant", "d&mo"), ("client_id", "id"), ("client_secret", "s-+&")]);
        let auth = Url::parse("https://x.halopsa.com/auth").unwrap();
        let request = token_request(&credentials, &credentials.application().unwrap(), &auth);
        assert_eq!(request.url.as_str(), "https://x.halopsa.com/auth/token?tenant=d%26mo");
        assert_eq!(
            String::from_utf8(request.body).unwrap(),
            "grant_type=client_credentials&client_id=id&client_secret=s-%2B%26&scope=all"
        );
        assert_eq!(token_url(&Url::parse("https://auth.halopsa.com").unwrap(), None).path(), "/token");
    }

    #[test]
    fn a_session_is_read_with_its_lifetime_and_scopes() {
        let body =
            r#"{"access_token":"abc","expires_in":120,"scope":"openid edit:tickets","token_type":"Bearer"}"#;
        let session = session(&answer(200, body), NOW).unwrap();
        assert_eq!(session.expires_at.map(Timestamp::as_second), Some(120));
        assert_eq!(session.scopes, ["openid", "edit:tickets"]);
        assert!(!is_stale(&session, NOW));
        assert!(is_stale(&session, Timestamp::from_second(61).unwrap()));
        assert_eq!(
            super::session(&answer(200, r#"{"access_token":"a"}"#), NOW)
                .unwrap()
                .expires_at
                .unwrap()
                .as_second(),
            3_600
        );
    }

    #[test]
    fn every_refusal_has_its_cause() {
        for (status, body, code) in [
            (401, r#"{"error":"invalid_client"}"#, Code::InvalidClient),
            (400, r#"{"error":"invalid_scope"}"#, Code::InvalidScope),
            (400, r#"{"error":"unauthorized_client"}"#, Code::UnauthorizedClient),
            (400, r#"{"error":"invalid_request"}"#, Code::SignInRefused),
            (500, "<html>", Code::WrongTenant),
            (200, "<html>", Code::WrongTenant),
            (404, "", Code::WrongTenant),
            (500, r#"{"error":"server_error"}"#, Code::ServerError),
            (500, r#"{"Message":"Timeout expired."}"#, Code::ServerError),
            (500, "", Code::ServerError),
            (500, "Out of memory", Code::ServerError),
            (400, r#"{"error":"temporarily_unavailable"}"#, Code::ServerError),
            (408, "", Code::ServerError),
            (503, "<html>", Code::ServerError),
            (200, "{}", Code::MalformedAnswer),
            (200, r#"{"access_token":"a\r\nx: y"}"#, Code::MalformedAnswer),
        ] {
            assert_eq!(session(&answer(status, body), NOW).unwrap_err().code(), code, "{status} {body}");
        }
        let error = session(&answer(401, r#"{"error":"invalid_client"}"#), NOW).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        let error = session(&answer(500, r#"{"error":"server_error"}"#), NOW).unwrap_err();
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::HostDefault));
    }

    #[test]
    fn a_token_in_a_refused_answer_is_not_shown() {
        for status in [302, 400, 401, 404, 409, 429, 500, 503] {
            for body in [
                r#"{"access_token":"CANARY-0123456789"}"#,
                r#"{"error":"x","data":{"refresh_token":"CANARY-0123456789"}}"#,
                r#"{"error_description":"no CANARY-0123456789","access_token":"CANARY-0123456789"}"#,
                r#"{"error_description":"{\"id_token\":\"CANARY-0123456789\"}"}"#,
                "error=x&access_token=CANARY-0123456789&x=1",
                r#"{"error":"x","access_token":"CANARY-01234567"#,
            ] {
                let error = session(&answer(status, body), NOW).unwrap_err();
                assert!(!alloc::format!("{error:?}").contains("CANARY-0"), "{status} {body}: {error:?}");
            }
        }
    }

    #[test]
    fn discovery_completes_and_does_not_override() {
        let info = || auth_info(&answer(200, r#"{"auth_url":"https://auth.halopsa.com","tenant_id":"t1"}"#));
        let mut found = credentials(&[("url", "x")]);
        complete(&mut found, info()).unwrap();
        assert_eq!(found.auth_url.unwrap().as_str(), "https://auth.halopsa.com/");
        assert_eq!(found.tenant.as_deref(), Some("t1"));
        let mut typed =
            credentials(&[("url", "x"), ("auth_url", "https://x.halopsa.com/auth"), ("tenant", "mine")]);
        complete(&mut typed, info()).unwrap();
        assert_eq!(typed.auth_url.unwrap().as_str(), "https://x.halopsa.com/auth");
        assert_eq!(typed.tenant.as_deref(), Some("mine"));
        let mut silent = credentials(&[("url", "x")]);
        complete(&mut silent, auth_info(&answer(404, ""))).unwrap();
        assert_eq!(silent.auth_url.unwrap().as_str(), "https://x.halopsa.com/auth");
    }

    #[test]
    fn a_foreign_authorisation_server_is_refused() {
        let mut lied_to = credentials(&[("url", "x")]);
        let info = auth_info(&answer(200, r#"{"auth_url":"https://evil.example/auth"}"#));
        let error = complete(&mut lied_to, info).unwrap_err();
        assert_eq!(
            (crate::error::code_of(&error), error.field()),
            (Code::ForeignAuthServer, Some("/auth_url"))
        );
    }
}
