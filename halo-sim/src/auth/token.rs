//! The token endpoint (HAPI §3.1, §3.2, §3.4).

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{StatusCode, header};
use serde_json::json;

use super::{Application, Grants, Ledger};
use crate::{
    faults::Knobs,
    protocol::{Answer, Query, errors, query},
};

/// Seconds a token lives, where no switch says otherwise (HAPI §3.2).
pub(crate) const LIFETIME_S: u32 = 3600;

/// What a token request brought.
#[derive(Debug)]
pub(crate) struct TokenRequest<'a> {
    /// The query of the URL; `tenant` may stand there.
    pub(crate) query: &'a Query,
    /// The form of the body; `tenant` may stand there too.
    pub(crate) form: Query,
    /// The `Authorization` header: HTTP Basic client authentication.
    pub(crate) authorization: Option<&'a str>,
}

/// Answers a token request.
#[must_use]
pub(crate) fn answer(
    request: &TokenRequest<'_>,
    application: &Application,
    ledger: &mut Ledger,
    now_ms: i64,
    knobs: &Knobs,
) -> Answer {
    match decide(request, application, knobs) {
        Ok(grants) => grant(application, grants, ledger, now_ms, knobs),
        Err(refusal) => refusal,
    }
}

fn decide(request: &TokenRequest<'_>, application: &Application, knobs: &Knobs) -> Result<Grants, Answer> {
    if knobs.server_error {
        return Err(Answer::json(StatusCode::INTERNAL_SERVER_ERROR, &json!({ "error": "server_error" })));
    }
    let field = |name| request.form.get(name);
    let tenant = request.query.get("tenant").or_else(|| field("tenant"));
    if tenant.is_some_and(|tenant| !tenant.eq_ignore_ascii_case(application.tenant)) && !knobs.any_tenant {
        return Err(errors::html_error(StatusCode::INTERNAL_SERVER_ERROR).with_hint("unknown tenant"));
    }
    let Some(grant_type) = field("grant_type") else {
        return Err(refuse("invalid_request", "The mandatory 'grant_type' parameter is missing.", "ID2029"));
    };
    if grant_type != "client_credentials" {
        return Err(refuse(
            "unsupported_grant_type",
            "The specified 'grant_type' is not supported.",
            "ID2032",
        ));
    }
    let basic = request.authorization.and_then(basic_credentials);
    let (id, secret) = basic.unwrap_or_else(|| {
        let text = |name| field(name).unwrap_or_default().to_owned();
        (text("client_id"), text("client_secret"))
    });
    if id.is_empty() {
        return Err(refuse("invalid_request", "The mandatory 'client_id' parameter is missing.", "ID2029"));
    }
    if knobs.not_services {
        return Err(refuse(
            "unauthorized_client",
            "This client application is not allowed to use the specified grant type.",
            "ID2064",
        ));
    }
    if !id.eq_ignore_ascii_case(application.client_id) || secret != application.client_secret {
        return Err(refuse("invalid_client", "The specified client credentials are invalid.", "ID2055"));
    }
    Grants::request(field("scope").unwrap_or_default()).map_err(|unknown| {
        refuse("invalid_scope", "The specified 'scope' is invalid.", "ID2052")
            .with_hint(format!("no scope is named {unknown:?}"))
    })
}

fn grant(
    application: &Application,
    grants: Grants,
    ledger: &mut Ledger,
    now_ms: i64,
    knobs: &Knobs,
) -> Answer {
    let scope = grants.to_string();
    let without_scope = grants.is_empty();
    let lifetime = knobs.token_lifetime.unwrap_or(LIFETIME_S);
    let token = ledger.issue(application, grants, now_ms, lifetime);
    let mut body = json!({
        "token_type": "Bearer",
        "expires_in": lifetime,
        "access_token": token,
        "id_token": ledger.issue(application, Grants::default(), now_ms, lifetime),
        "scope": scope,
    });
    if knobs.refresh_token
        && let Some(fields) = body.as_object_mut()
    {
        let token = ledger.issue(application, Grants::default(), now_ms, lifetime);
        fields.insert("refresh_token".to_owned(), token.into());
    }
    let answer = Answer::ok(&body).with_header(header::CACHE_CONTROL, "no-store");
    if without_scope {
        return answer.with_hint("no scope was asked for: this token will be refused everywhere");
    }
    answer
}

/// An OpenIddict error; `invalid_client` is 401, the rest 400 (HAPI §3.4).
fn refuse(error: &str, description: &str, code: &str) -> Answer {
    let status = match error {
        "invalid_client" => StatusCode::UNAUTHORIZED,
        _ => StatusCode::BAD_REQUEST,
    };
    let body = json!({
        "error": error,
        "error_description": description,
        "error_uri": format!("https://documentation.openiddict.com/errors/{code}"),
    });
    Answer::json(status, &body).with_hint(error)
}

fn basic_credentials(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    // RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
    Some((query::decode(id), query::decode(secret)))
}
