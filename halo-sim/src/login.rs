//! The way in: token, discovery, and the anonymous `/api/authinfo`.

use http::{Method, StatusCode, header};
use serde_json::json;

use crate::{
    auth::token::{self, TokenRequest},
    faults::Knobs,
    protocol::{Answer, Query, Refusal},
    routes::Route,
    shared::Shared,
};

/// A request for the way in.
pub(crate) struct Knock<'a> {
    pub(crate) method: &'a Method,
    pub(crate) route: &'a Route<'a>,
    pub(crate) query: &'a Query,
    pub(crate) authorization: Option<&'a str>,
    /// Where the client thinks it is: scheme and host.
    pub(crate) origin: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) knobs: &'a Knobs,
}

/// Answers it.
pub(crate) fn answer(shared: &Shared, knock: &Knock<'_>) -> Answer {
    match (knock.route, knock.method) {
        (Route::Token, &Method::POST) => token(shared, knock),
        (Route::Discovery, &Method::GET) => discovery(knock),
        (Route::AuthInfo, &Method::GET) => auth_info(shared, knock),
        (Route::Nowhere, _) => Refusal::NoSuchPath.answer(None),
        _ => Refusal::MethodNotAllowed.answer(None),
    }
}

fn token(shared: &Shared, knock: &Knock<'_>) -> Answer {
    if let Some(target) = &knock.knobs.redirect_token {
        return Answer::empty(StatusCode::FOUND).with_header(header::LOCATION, target.as_str());
    }
    let request = TokenRequest {
        query: knock.query,
        form: Query::parse(&String::from_utf8_lossy(knock.body)),
        authorization: knock.authorization,
    };
    token::answer(&request, &shared.application, &mut shared.ledger(), shared.clock.now_ms(), knock.knobs)
}

fn discovery(knock: &Knock<'_>) -> Answer {
    let base = format!("{}/auth", knock.origin);
    Answer::ok(&json!({
        "issuer": base,
        "token_endpoint": format!("{base}/token"),
        "authorization_endpoint": format!("{base}/authorize"),
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    }))
}

fn auth_info(shared: &Shared, knock: &Knock<'_>) -> Answer {
    if knock.knobs.no_authinfo {
        return Refusal::NoSuchPath.answer(None);
    }
    let auth_url = match &knock.knobs.lying_authinfo {
        Some(target) => target.as_str().to_owned(),
        None => format!("{}/auth", knock.origin),
    };
    Answer::ok(&json!({
        "auth_url": auth_url,
        "tenant_id": shared.application.tenant,
    }))
}
