//! Egress policy: which origins a connection may reach.
//!
//! Nothing is open unless a rule opens it. Two owners must agree: the component
//! says which origins a connection needs (`prepared.egress`, within the most
//! that its credential spec names), and the operator says what is allowed. Which
//! *address* a name may lead to is decided when a connection is opened, on the
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
//! A pattern has no path, query, userinfo or fragment, and `*` stands only for
//! the first labels of a host or for the port. An empty list opens nothing.
//!
//! # Addresses
//!
//! | kind | open |
//! |---|---|
//! | public | yes |
//! | private networks, carrier-grade NAT | where the operator says so: [`EgressPolicy::allow_private`] |
//! | this machine | only where an allowed origin is a literal loopback address or `localhost`, and a person typed it into the credentials or the operator into the policy |
//! | link-local, metadata services, multicast, documentation, unspecified, reserved | never |

mod pattern;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use url::Host;

use crate::addresses::{self, AddressKind};
use crate::error::HostError;
use crate::origin::{Origin, is_loopback_name, typed_label, typed_origins};
use crate::template;
use pattern::{HostPattern, Pattern};

/// What the operator allows a connection to reach.
///
/// The default opens what the component's `prepare` names, on public addresses,
/// and on this machine where the credentials name it literally.
///
/// ```
/// use workflow_node_host::EgressPolicy;
///
/// let policy = EgressPolicy::allow(["https://*.example.com", "https://10.0.0.5:8443"])?
///     .allow_private(true);
/// # Ok::<(), workflow_node_host::HostError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct EgressPolicy {
    /// `None`: whatever `prepare` names.
    patterns: Option<Vec<Pattern>>,
    allow_private: bool,
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
        let patterns = patterns
            .into_iter()
            .map(|pattern| Pattern::parse(pattern.as_ref()))
            .collect::<Result<Vec<Pattern>, HostError>>()?;
        Ok(Self { patterns: Some(patterns), allow_private: false })
    }

    /// Allows nothing at all.
    #[must_use]
    pub fn deny_all() -> Self {
        Self { patterns: Some(Vec::new()), allow_private: false }
    }

    /// Whether addresses of private networks may be reached. `false` unless set.
    #[must_use]
    pub fn allow_private(mut self, allow: bool) -> Self {
        self.allow_private = allow;
        self
    }

    fn allows(&self, origin: &Origin) -> bool {
        self.patterns.as_ref().is_none_or(|patterns| patterns.iter().any(|pattern| pattern.matches(origin)))
    }

    /// Whether the operator wrote this loopback host down.
    fn names_loopback(&self) -> bool {
        self.patterns
            .iter()
            .flatten()
            .any(|pattern| matches!(&pattern.host, HostPattern::Exactly(host) if is_loopback_name(host)))
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
    /// Origins that the component named and the policy closes.
    closed: Vec<Origin>,
    policy: EgressPolicy,
    /// Whether this machine was named literally by someone who may.
    loopback: bool,
}

impl Egress {
    /// For `prepare`: what stands in the typed fields, and what the spec's
    /// patterns make of them. A field may hold a whole address, or a bare name
    /// that the component completes; such a name opens the hosts of the spec's
    /// wildcards that begin with it.
    pub(crate) fn typed(fields: &BTreeMap<String, String>, spec: &[String], policy: &EgressPolicy) -> Self {
        let mut rules: Vec<Rule> =
            fields.values().flat_map(|value| typed_origins(value)).map(Rule::Origin).collect();
        let labels: Vec<String> = fields.values().filter_map(|value| typed_label(value)).collect();
        for template in spec {
            let expanded = template::expand(template, fields);
            match Pattern::parse(&expanded) {
                Ok(pattern) if matches!(pattern.host, HostPattern::Below(_)) => {
                    rules.extend(labels.iter().map(|label| Rule::Labelled(pattern.clone(), label.clone())));
                }
                Ok(pattern) => rules.push(Rule::Pattern(pattern)),
                Err(_) => rules.extend(Origin::of_text(&expanded).map(Rule::Origin)),
            }
        }
        Self {
            asker: Asker::Person,
            rules,
            closed: Vec::new(),
            loopback: names_loopback(fields) || policy.names_loopback(),
            policy: policy.clone(),
        }
    }

    /// For calls: the origins that `prepare` named, as far as the credential
    /// spec (its templates filled from the completed fields) and the operator
    /// allow them. The second part says what fell away, and why.
    pub(crate) fn prepared(
        typed: &BTreeMap<String, String>,
        completed: &BTreeMap<String, String>,
        prepared: &[String],
        spec: &[String],
        policy: &EgressPolicy,
    ) -> (Self, Vec<Refusal>) {
        let most: Vec<Rule> = spec
            .iter()
            .map(|template| template::expand(template, completed))
            .filter_map(|text| match Pattern::parse(&text) {
                Ok(pattern) => Some(Rule::Pattern(pattern)),
                Err(_) => Origin::of_text(&text).map(Rule::Origin),
            })
            .collect();
        let (mut rules, mut closed, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for text in prepared {
            let Some(origin) = Origin::of_text(text) else {
                refused.push(Refusal::malformed(&format!("{text:?} is no origin")));
                continue;
            };
            if !most.iter().any(|rule| rule.matches(&origin)) {
                refused.push(Refusal {
                    reason: format!("{origin} is more than the component's credential spec names"),
                    remedy: None,
                });
            } else if !policy.allows(&origin) {
                refused.push(not_allowed(&origin));
                closed.push(origin);
            } else if !rules.contains(&Rule::Origin(origin.clone())) {
                rules.push(Rule::Origin(origin));
            }
        }
        let egress = Self {
            asker: Asker::Component,
            rules,
            closed,
            loopback: names_loopback(typed) || policy.names_loopback(),
            policy: policy.clone(),
        };
        (egress, refused)
    }

    /// For calls without `prepare`: the operator's patterns alone.
    pub(crate) fn explicit(policy: &EgressPolicy) -> Self {
        Self {
            asker: Asker::Operator,
            rules: policy.patterns.iter().flatten().cloned().map(Rule::Pattern).collect(),
            closed: Vec::new(),
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
        let named = self.closed.contains(origin) || self.rules.iter().any(|rule| rule.matches(origin));
        if !named && self.asker != Asker::Operator {
            return Err(self.not_named(origin));
        }
        if !named || !self.policy.allows(origin) {
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
        AddressRules { loopback: self.loopback, private: self.policy.allow_private }
    }
}

/// Which addresses a name may lead to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AddressRules {
    loopback: bool,
    private: bool,
}

impl AddressRules {
    /// May `host` be reached at this address? Asked for each address that the
    /// host resolved to, just before it is connected to.
    pub(crate) fn check(self, host: &Host, address: IpAddr) -> Result<(), Refusal> {
        match addresses::kind(address) {
            AddressKind::Public => Ok(()),
            AddressKind::Loopback if self.loopback && is_loopback_name(host) => Ok(()),
            AddressKind::Loopback => Err(Refusal {
                reason: format!("{host} leads to this machine ({address}), which nobody named literally"),
                remedy: None,
            }),
            AddressKind::Private if self.private => Ok(()),
            AddressKind::Private => Err(Refusal {
                reason: format!("{host} leads to the private address {address}"),
                remedy: Some("let the operator allow private addresses for this connection".to_owned()),
            }),
            AddressKind::Forbidden(what) => {
                Err(Refusal { reason: format!("{host} leads to {what} ({address})"), remedy: None })
            }
        }
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
