//! Egress: which origins a connection may reach, and what may be asked there.
//!
//! Nothing is open unless somebody who may decide it opened it:
//!
//! | who | says | where |
//! |---|---|---|
//! | the person | which addresses are meant | the fields of the credentials |
//! | the component | the most that it needs | `credential-spec.egress` |
//! | the embedder | what of that it may have besides typed addresses | [`ConnectionOptions::accepted`](crate::ConnectionOptions::accepted) |
//! | the component | which origins this connection needs | `prepared.egress` |
//! | the operator | the limits of all that | [`EgressPolicy`] |
//!
//! A secret goes where a connection goes, so no step believes the component about
//! the steps before it: templates of the spec are filled from what was *typed*.
//! An origin that `prepare` names is opened if a person typed it, or if both the
//! spec and the acceptance cover it. Plain http is not opened for a host that was
//! typed with https.
//!
//! Which *address* a name may lead to is decided when a connection is opened, on the
//! very addresses that are then connected to: a name that changes its mind in
//! between (DNS rebinding) changes nothing.
//!
//! # Patterns
//!
//! | form | opens |
//! |---|---|
//! | `https://api.example.com` | that host over https, on port 443 |
//! | `https://api.example.com:8443` | that host, on that port |
//! | `https://*.example.com` | every host below `example.com`, but not itself |
//! | `http://192.168.1.5:8080` | plain http; so for hosts in your own network |
//! | `http://127.0.0.1:*` | that host, on every port |
//! | `api.example.com`, `*.example.com` | the same over https |
//! | `[2001:4860::1]:8443` | an IPv6 address, in brackets |
//!
//! A pattern has no query, userinfo or fragment, and `*` stands only for the first
//! labels of a host or for the port. It does not stand for names that anyone can
//! register: `*`, `*.com`, `*.co.uk` and `*.github.io` are refused, by the public
//! suffix list. An empty list opens nothing.
//!
//! A line of a policy may also say what may be asked:
//!
//! | form | opens |
//! |---|---|
//! | `GET,HEAD https://api.example.com` | these methods |
//! | `https://api.example.com/v2/*` | every path below `/v2/` |
//! | `POST https://api.example.com/search` | that method at that path |
//!
//! Paths are compared as they are sent, without the query. One that servers may read
//! in different ways (`..`, `%2F`, a backslash) matches no line with a path.
//!
//! In a credential spec, `{name}` alone stands for the address in that field. In a
//! host it stands for exactly one label, in a port for digits.
//!
//! # Addresses
//!
//! | kind | open |
//! |---|---|
//! | public | yes |
//! | private networks, carrier-grade NAT | where the operator opens the network: [`EgressPolicy::allow_networks`] |
//! | this machine | only where an allowed origin is a literal loopback address or `localhost`, and a person typed it into the credentials or the operator into the policy |
//! | link-local, metadata services | where the operator names that very address there |
//! | multicast, documentation, unspecified, reserved | never |

mod line;
mod networks;
mod pattern;
mod reach;
mod terms;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use http::Method;
use url::Host;

use crate::error::HostError;
use crate::origin::{Origin, typed_label, typed_origins};
use line::Line;
pub(crate) use line::{PathRule, method};
pub(crate) use networks::AddressRules;
use networks::Networks;
use pattern::{HostPattern, Pattern};
pub use reach::Reach;
pub(crate) use reach::{Hosts, SpecPattern};
pub(crate) use terms::{Terms, misfit};

/// What the operator allows a connection to reach.
///
/// The default opens whatever a person typed or the embedder
/// [accepted](crate::ConnectionOptions::accepted), on public addresses, and on this
/// machine where the credentials name it literally.
///
/// ```
/// use workflow_node_host::EgressPolicy;
///
/// let policy = EgressPolicy::allow(["GET https://*.example.com", "https://10.0.0.5:8443/api/*"])?
///     .allow_networks(["10.0.0.0/24", "fd12:3456::/48"])?;
/// # Ok::<(), workflow_node_host::HostError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct EgressPolicy {
    /// `None`: whatever was typed or accepted.
    lines: Option<Vec<Line>>,
    networks: Networks,
}

impl EgressPolicy {
    /// Allows what matches one of these patterns and nothing else. The
    /// [table of forms](self#patterns) says how they are written.
    ///
    /// # Errors
    /// [`HostError::Pattern`] for the first pattern that does not parse.
    pub fn allow<I>(patterns: I) -> Result<Self, HostError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let lines = patterns
            .into_iter()
            .map(|line| Line::parse(line.as_ref()))
            .collect::<Result<Vec<Line>, HostError>>()?;
        Ok(Self { lines: Some(lines), networks: Networks::default() })
    }

    /// Allows nothing at all.
    #[must_use]
    pub fn deny_all() -> Self {
        Self { lines: Some(Vec::new()), networks: Networks::default() }
    }

    /// Opens private networks as well: each is a network such as `10.1.0.0/16` or
    /// `fd12:3456::/48`, or a single address. A link-local address or a metadata
    /// service is opened by naming that very address, and by no network around it.
    ///
    /// # Errors
    /// [`HostError::Network`] for what is neither, and for networks that are not
    /// private.
    pub fn allow_networks<I>(mut self, networks: I) -> Result<Self, HostError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let networks = networks.into_iter().map(|network| networks::parse(network.as_ref()));
        self.networks = self.networks.with(networks.collect::<Result<Vec<_>, _>>()?);
        Ok(self)
    }

    /// Opens every private network, for machines on which only trusted people type
    /// addresses. `false` opens none.
    #[must_use]
    pub fn allow_private(mut self, allow: bool) -> Self {
        if allow {
            self.networks = self.networks.with(networks::private());
        }
        self
    }

    /// Whether anything may be asked of this origin.
    fn allows(&self, origin: &Origin) -> bool {
        self.lines.as_ref().is_none_or(|lines| lines.iter().any(|line| line.pattern.matches(origin)))
    }

    /// Whether this may be asked of it.
    fn allows_request(&self, origin: &Origin, method: &Method, path: &str) -> bool {
        self.lines.as_ref().is_none_or(|lines| lines.iter().any(|line| line.allows(origin, method, path)))
    }

    /// Whether the operator wrote this loopback host down.
    fn names_loopback(&self) -> bool {
        self.lines.iter().flatten().any(|line| line.pattern.is_loopback())
    }
}

/// Why a request was not sent. The text is for the operator, who reads what to
/// change; the guest learns only that it was denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// What was refused, and why.
    pub(crate) reason: String,
    /// What the operator can do, where that would be right.
    pub(crate) remedy: Option<String>,
}

impl Refusal {
    pub(crate) fn malformed(reason: &str) -> Self {
        Self { reason: reason.to_owned(), remedy: None }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        match &self.remedy {
            Some(remedy) => write!(f, "; {remedy}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}

/// One thing that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    Origin(Origin),
    Pattern(Pattern),
    /// Hosts of a pattern whose first label is this one.
    Labelled(Pattern, String),
}

impl Rule {
    fn matches(&self, origin: &Origin) -> bool {
        match self {
            Self::Origin(allowed) => allowed == origin,
            Self::Pattern(pattern) => pattern.matches(origin),
            Self::Labelled(pattern, label) => {
                pattern.matches(origin)
                    && matches!(&origin.host, Host::Domain(name)
                        if name.split('.').next() == Some(label))
            }
        }
    }
}

/// Who says what is needed; the operator's policy only ever narrows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Asker {
    /// The person who typed the credentials: for `prepare`.
    Person,
    /// The component, by its `prepare`: for calls.
    Component,
    /// Nobody but the operator.
    #[default]
    Operator,
}

/// What is open for the calls of one connection, or for one `prepare`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Egress {
    asker: Asker,
    rules: Vec<Rule>,
    /// Origins that the component named, and why they are closed all the same.
    closed: Vec<(Origin, Refusal)>,
    /// For `prepare`: what was not typed must have been accepted.
    terms: Option<Arc<Terms>>,
    policy: EgressPolicy,
    /// Whether this machine was named literally by someone who may.
    loopback: bool,
}

impl Egress {
    /// For `prepare`, which is given no secret: what stands in the typed fields, and
    /// what was accepted of the spec's patterns. A field may hold a whole address, or
    /// a bare name that the component completes; such a name opens the hosts of
    /// accepted wildcards that begin with it.
    pub(crate) fn typed(terms: &Terms, fields: &BTreeMap<String, String>, policy: &EgressPolicy) -> Self {
        let typed = fields.values().flat_map(|value| typed_origins(value)).map(Rule::Origin);
        let labels: Vec<String> = fields.values().filter_map(|value| typed_label(value)).collect();
        let mut rules: Vec<Rule> = typed.collect();
        for pattern in terms.patterns() {
            if matches!(pattern.host, HostPattern::Below(_)) {
                rules.extend(labels.iter().map(|label| Rule::Labelled(pattern.clone(), label.clone())));
            } else {
                rules.push(Rule::Pattern(pattern.clone()));
            }
        }
        Self {
            asker: Asker::Person,
            rules,
            closed: Vec::new(),
            terms: Some(Arc::new(terms.clone())),
            policy: policy.clone(),
            loopback: names_loopback(fields) || policy.names_loopback() || terms.accepts_loopback(),
        }
    }

    /// For calls: the origins that `prepare` named, as far as the terms of the
    /// connection and the operator allow them. The second part says what fell away,
    /// and why.
    pub(crate) fn prepared(
        terms: &Terms,
        typed: &BTreeMap<String, String>,
        completed: &BTreeMap<String, String>,
        prepared: &[String],
        policy: &EgressPolicy,
    ) -> (Self, Vec<Refusal>) {
        let discovered = terms.discovered(completed);
        let (mut rules, mut closed, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for text in prepared {
            let Some(origin) = Origin::of_text(text) else {
                refused.push(Refusal::malformed(&format!("{text:?} is not an origin")));
                continue;
            };
            let judged = terms
                .judge(&origin, &discovered)
                .and_then(|()| if policy.allows(&origin) { Ok(()) } else { Err(not_allowed(&origin)) });
            match judged {
                Err(refusal) => {
                    refused.push(refusal.clone());
                    closed.push((origin, refusal));
                }
                Ok(()) if !rules.contains(&Rule::Origin(origin.clone())) => rules.push(Rule::Origin(origin)),
                Ok(()) => {}
            }
        }
        let loopback = names_loopback(typed) || policy.names_loopback() || terms.accepts_loopback();
        let policy = policy.clone();
        let egress = Self { asker: Asker::Component, rules, closed, terms: None, policy, loopback };
        (egress, refused)
    }

    /// For calls without `prepare`: the operator's patterns alone.
    pub(crate) fn explicit(policy: &EgressPolicy) -> Self {
        let patterns = policy.lines.iter().flatten().map(|line| line.pattern.clone());
        Self {
            asker: Asker::Operator,
            rules: patterns.map(Rule::Pattern).collect(),
            closed: Vec::new(),
            terms: None,
            loopback: policy.names_loopback(),
            policy: policy.clone(),
        }
    }

    /// The open origins, as text.
    pub(crate) fn origins(&self) -> Vec<String> {
        self.rules
            .iter()
            .filter_map(|rule| match rule {
                Rule::Origin(origin) => Some(origin.to_string()),
                Rule::Pattern(_) | Rule::Labelled(..) => None,
            })
            .collect()
    }

    /// May a request go to this origin?
    pub(crate) fn check(&self, origin: &Origin) -> Result<(), Refusal> {
        if !self.rules.iter().any(|rule| rule.matches(origin)) {
            if let Some((_, refusal)) = self.closed.iter().find(|(closed, _)| closed == origin) {
                return Err(refusal.clone());
            }
            return Err(match self.asker {
                Asker::Operator => not_allowed(origin),
                Asker::Person | Asker::Component => self.not_named(origin),
            });
        }
        if let Some(terms) = &self.terms
            && !self.rules.contains(&Rule::Origin(origin.clone()))
        {
            terms.judge(origin, &[])?;
        }
        if !self.policy.allows(origin) {
            return Err(not_allowed(origin));
        }
        if origin.is_loopback() && !self.loopback {
            return Err(Refusal {
                reason: format!("{origin} is this machine, which nobody named literally"),
                remedy: Some(format!("let the operator add `{origin}` to the egress policy")),
            });
        }
        Ok(())
    }

    /// May this be asked of it?
    pub(crate) fn check_request(&self, origin: &Origin, method: &Method, path: &str) -> Result<(), Refusal> {
        self.check(origin)?;
        if self.policy.allows_request(origin, method, path) {
            return Ok(());
        }
        Err(Refusal {
            reason: format!("no line of the egress policy allows {method} {origin}{path}"),
            remedy: Some(format!("let the operator add `{method} {origin}{path}` to the egress policy")),
        })
    }

    /// Whether the operator wrote down this very method and path.
    pub(crate) fn names_request(&self, origin: &Origin, method: &Method, path: &str) -> bool {
        self.policy.lines.iter().flatten().any(|line| line.names(origin, method, path))
    }

    /// What nobody asked for, no line of a policy opens.
    fn not_named(&self, origin: &Origin) -> Refusal {
        let (reason, remedy) = match self.asker {
            Asker::Person => ("not named in the credentials", "name it in the credentials"),
            _ => (
                "not among the origins that the component named for this connection",
                "let the component's makers name it: a policy opens nothing beyond that",
            ),
        };
        Refusal { reason: format!("{origin} is {reason}"), remedy: Some(remedy.to_owned()) }
    }

    /// The rules for addresses, which hold for `prepare` and calls alike.
    pub(crate) fn addresses(&self) -> AddressRules {
        AddressRules { loopback: self.loopback, networks: self.policy.networks.clone() }
    }
}

fn not_allowed(origin: &Origin) -> Refusal {
    Refusal {
        reason: format!("{origin} is not in the egress of this connection"),
        remedy: Some(format!("let the operator add `{origin}` to the egress policy")),
    }
}

fn names_loopback(fields: &BTreeMap<String, String>) -> bool {
    fields.values().flat_map(|value| typed_origins(value)).any(|origin| origin.is_loopback())
}

#[cfg(test)]
mod tests;
