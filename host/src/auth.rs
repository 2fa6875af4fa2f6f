//! Who authenticates the calls of a connection, and with what.
//!
//! The decisions that go with [`AuthMode`](crate::AuthMode). How a host logs in
//! is in [`recipe`](crate::recipe), how a session is kept in
//! [`session`](crate::session).

use std::time::Duration;

use http::Uri;

use crate::credentials::Credentials;
use crate::error::CallError;
use crate::form::AuthRecipe;
use crate::recipe::LoginPlan;
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
#[derive(Default)]
pub(crate) struct Leased {
    /// `None`: whoever logs in keeps it to itself.
    pub(crate) session: Option<LeasedSession>,
}

/// A session on loan.
pub(crate) struct LeasedSession {
    pub(crate) session: Session,
    pub(crate) generation: u64,
    /// Whether it was made for this very call.
    pub(crate) fresh: bool,
}

/// Where the recipe's token request goes; `None` where there is none, or where it
/// may not be sent.
pub(crate) fn token_url(plan: &LoginPlan) -> Option<Uri> {
    let AuthRecipe::Oauth2ClientCredentials(recipe) = &plan.recipe else { return None };
    token_uri(recipe, &plan.ingredients(&plan.keyring.current().values)).ok()
}

/// Whether a component leaves its login to the host, which has a recipe for it.
pub(crate) fn is_left_to_host(error: &NodeError, recipe: &AuthRecipe) -> bool {
    let runs = match recipe {
        AuthRecipe::StaticToken(_) | AuthRecipe::Basic(_) | AuthRecipe::Oauth2ClientCredentials(_) => true,
        AuthRecipe::None | AuthRecipe::Custom | AuthRecipe::Other(_) => false,
    };
    runs && matches!(error.kind, ErrorKind::Unsupported) && matches!(error.effect, Effect::None)
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
