//! What an embedder says about a connection and about a call.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::budget::RateLimit;
use crate::egress::{EgressPolicy, Reach};
use crate::events::RequestObserver;
use crate::links::LinkPolicy;
use crate::provider::SecretSource;
use crate::proxy::Route;
use crate::quota::ConnectionLimits;
use crate::tls::Tls;

/// Who logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AuthMode {
    /// The component, by its export `authenticate`. The host keeps the session
    /// and passes it to each call; secrets are passed along, so that the
    /// component can renew it. One that answers `unsupported` leaves the login to the
    /// recipe of its credential spec: from then on the host logs in as with
    /// [`Recipe`](Self::Recipe).
    #[default]
    Component,
    /// The component, with placeholders for the secrets. The host puts the real
    /// values in where the recipe of the credential spec declares them, and a
    /// placeholder in the place of the token that comes back: neither a secret
    /// nor a token enters the sandbox. For components whose login is more than
    /// their recipe says.
    Placeholder,
    /// The host, by the recipe of the credential spec. It adds the header to
    /// each request, and neither a secret nor a token enters the sandbox.
    Recipe,
}

/// How a connection is made.
#[derive(Clone)]
pub struct ConnectionOptions {
    /// What the operator allows.
    pub policy: EgressPolicy,
    /// What was accepted of the component's [reach](crate::Node::reach), after a person
    /// saw it. Nothing unless set: then only typed addresses are reached.
    pub accepted: Reach,
    /// Who logs in.
    pub auth: AuthMode,
    /// Who gives the secrets that nobody types. Nobody unless set.
    pub secrets: Option<SecretSource>,
    /// Whether attachment links are followed. None is unless set.
    pub links: LinkPolicy,
    /// How many requests its calls may send together. As many as the service
    /// takes, unless set: after a 429 all of them wait in either case.
    pub rate: Option<RateLimit>,
    /// What it may take of the host that it shares with others.
    pub limits: ConnectionLimits,
    /// Is told every request.
    pub observer: Option<Arc<dyn RequestObserver>>,
    /// Whom it trusts, and with which certificate it shows who it is.
    pub tls: Tls,
    /// Whether its requests go through a proxy.
    pub route: Route,
    /// How long `prepare` may take. 30 s.
    pub deadline: Duration,
}

impl Default for ConnectionOptions {
    fn default() -> Self {
        Self {
            policy: EgressPolicy::default(),
            accepted: Reach::default(),
            auth: AuthMode::default(),
            secrets: None,
            links: LinkPolicy::default(),
            rate: None,
            limits: ConnectionLimits::default(),
            observer: None,
            tls: Tls::default(),
            route: Route::default(),
            deadline: Duration::from_secs(30),
        }
    }
}

impl fmt::Debug for ConnectionOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionOptions")
            .field("policy", &self.policy)
            .field("accepted", &self.accepted)
            .field("auth", &self.auth)
            .field("secrets", &self.secrets)
            .field("links", &self.links)
            .field("rate", &self.rate)
            .field("limits", &self.limits)
            .field("observed", &self.observer.is_some())
            .field("tls", &self.tls)
            .field("route", &self.route)
            .field("deadline", &self.deadline)
            .finish()
    }
}

/// How a call is made.
#[derive(Debug, Clone)]
pub struct CallOptions {
    /// How long one call may take, its login included. 60 s. The component is
    /// told, and returns by itself; it is cut off shortly after.
    pub deadline: Duration,
    /// 1 for the first time that this call is made, 2 for its first repetition…
    pub attempt: u32,
    /// Send nothing: answer with the requests that would have been sent. The
    /// host does not log in for such a call, and gives it no network.
    pub dry_run: bool,
    /// Refuse whatever would change something at the service. The host lets GET, HEAD
    /// and OPTIONS out, and the token request; what else an operation needs to read
    /// must stand in its manifest (`reads_with`) and in a line of the policy with
    /// method and path.
    pub read_only: bool,
    /// When given, the host refuses every other operation.
    pub allowed_operations: Option<Vec<String>>,
    /// Whether a person chose this very operation. `false` unless set: then the host
    /// refuses what the manifest marks as destructive, as visible to customers, or
    /// by `confirm_when` for such an input.
    pub confirmed: bool,
    /// The same for each repetition of one call, different for any other call.
    pub idempotency_key: Option<String>,
    /// W3C `traceparent` of the caller. Sent along with a span of this call in it.
    pub trace_parent: Option<String>,
    /// IANA name of the user's time zone, for dates without one.
    pub time_zone: Option<String>,
    /// BCP 47 tag of the user's language, for messages.
    pub locale: Option<String>,
}

impl Default for CallOptions {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(60),
            attempt: 1,
            dry_run: false,
            read_only: false,
            allowed_operations: None,
            confirmed: false,
            idempotency_key: None,
            trace_parent: None,
            time_zone: None,
            locale: None,
        }
    }
}
