//! Who authenticates the calls of a connection, and with what.
//!
//! The decisions that go with [`AuthMode`](crate::AuthMode). How a host logs in
//! is in [`recipe`](crate::recipe), how a session is kept in
//! [`session`](crate::session).

use std::sync::Arc;
use std::time::Duration;

use http::Uri;

use crate::credentials::{Credentials, Typed};
use crate::error::{CallError, HostError};
use crate::form::{AuthRecipe, CredentialSpec};
use crate::placeholders::Vault;
use crate::recipe::{HostLogin, Ingredients};
use crate::secrets::Secrets;
use crate::session::{Cache, HeldSession};
use crate::token::token_uri;
use crate::wit::setup::{CheckReport, CheckStatus, CheckStep};
use crate::wit::types::{Effect, ErrorKind, NodeError, Report, Session, Usage};

/// How long before its end a session is renewed, where no recipe says it.
const RENEW_BEFORE: Duration = Duration::from_secs(60);

/// Who puts the credentials into the requests.
#[derive(Debug)]
pub(crate) enum Auth {
    /// The guest, from a session that the host keeps.
    Session { cache: Cache<HeldSession>, renew_before: Duration },
    /// The host, or nobody because the service asks for nothing.
    Host,
}

impl Auth {
    /// An empty cache of sessions.
    pub(crate) fn session(recipe: &AuthRecipe) -> Self {
        let renew_before = match recipe {
            AuthRecipe::Oauth2ClientCredentials(recipe) => Duration::from_millis(recipe.renew_before_ms),
            _ => RENEW_BEFORE,
        };
        Self::Session { cache: Cache::default(), renew_before }
    }
}

/// What one attempt authenticates with.
pub(crate) struct Leased {
    pub(crate) session: Option<Session>,
    /// The generation, if it came out of the cache and may be dead.
    pub(crate) cached: Option<u64>,
}

impl Leased {
    pub(crate) fn by_itself() -> Self {
        Self { session: None, cached: None }
    }

    /// Whether this failure means that the cached session is over. One that was
    /// made for this very call and refused at once is not worth a second try.
    pub(crate) fn is_worn_out(&self, error: &NodeError) -> bool {
        self.cached.is_some()
            && matches!(error.kind, ErrorKind::Unauthenticated)
            && matches!(error.effect, Effect::None)
    }
}

fn ingredients<'a>(
    credentials: &'a Credentials,
    typed: &'a Typed,
    token_url: Option<&'a str>,
) -> Ingredients<'a> {
    Ingredients { fields: &credentials.plain, typed, secrets: &credentials.secret, token_url }
}

/// Where the recipe's token request goes; `None` where there is none, or where it
/// may not be sent.
pub(crate) fn token_url(
    recipe: &AuthRecipe,
    credentials: &Credentials,
    typed: &Typed,
    token_url: Option<&str>,
) -> Option<Uri> {
    let AuthRecipe::Oauth2ClientCredentials(recipe) = recipe else { return None };
    token_uri(recipe, &ingredients(credentials, typed, token_url)).ok()
}

/// The login that the host makes by itself; `None` where there is nothing to
/// log in with.
pub(crate) fn host_login(
    spec: &CredentialSpec,
    credentials: &Credentials,
    typed: &Typed,
    token_url: Option<&str>,
    secrets: &Arc<Secrets>,
) -> Result<Option<HostLogin>, HostError> {
    let ingredients = ingredients(credentials, typed, token_url);
    HostLogin::new(spec, &ingredients, secrets)
}

/// What a component that logs in with placeholders needs on the way out.
pub(crate) fn vault(
    spec: &CredentialSpec,
    credentials: &Credentials,
    typed: &Typed,
    token_url: Option<&str>,
    secrets: &Arc<Secrets>,
) -> Result<Vault, HostError> {
    let ingredients = ingredients(credentials, typed, token_url);
    Vault::new(spec, &ingredients, secrets)
}

/// The report of a check whose login the host could not make.
pub(crate) fn login_report(error: CallError, credentials: &Credentials) -> Result<CheckReport, CallError> {
    let CallError::Node(error) = error else { return Err(error) };
    let message = error.message.clone();
    Ok(report(sign_in(CheckStatus::Fail, message, Some(*error)), credentials))
}

/// The report on a component that has no check of its own.
pub(crate) fn login_only(credentials: &Credentials) -> CheckReport {
    let message = "The login was accepted, or needs no request. This node tries nothing else.".to_owned();
    report(sign_in(CheckStatus::Pass, message, None), credentials)
}

fn sign_in(status: CheckStatus, message: String, error: Option<NodeError>) -> CheckStep {
    CheckStep { name: "token".to_owned(), label: "Sign in".to_owned(), status, message, advice: None, error }
}

fn report(step: CheckStep, credentials: &Credentials) -> CheckReport {
    CheckReport {
        account: None,
        instance: None,
        scopes: Vec::new(),
        steps: vec![step],
        fields: credentials.plain_fields(),
        report: Report {
            session: None,
            usage: Usage { requests: 1, retries: 0, waited_ms: 0, rate_limited: 0 },
            diagnostics: Vec::new(),
        },
    }
}
