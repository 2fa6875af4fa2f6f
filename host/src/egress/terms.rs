//! Whether an origin may be opened for a component: what was typed, what its spec
//! names, and what was accepted of that.

use std::collections::BTreeMap;

use super::Refusal;
use super::pattern::Pattern;
use super::reach::{Hosts, Reach, SpecPattern};
use crate::origin::{Origin, Scheme, typed_origins};

/// The terms of one connection. Nothing in it comes from the component's `prepare`.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    /// Origins in fields of which the spec says that they are addresses.
    typed: Vec<Origin>,
    /// Hosts of the spec, and the lines that name them.
    named: Vec<(Pattern, String)>,
    /// Names of the fields that are addresses.
    addresses: Vec<String>,
    accepted: Vec<Pattern>,
}

impl Terms {
    /// `values` are what was typed, and the spec's own defaults for the rest.
    pub(crate) fn new(
        spec: &[SpecPattern],
        typed: &BTreeMap<String, String>,
        values: &BTreeMap<String, String>,
        accepted: &Reach,
    ) -> Self {
        let mut terms = Self {
            typed: Vec::new(),
            named: Vec::new(),
            addresses: Vec::new(),
            accepted: accepted.patterns(values),
        };
        for pattern in spec {
            match pattern {
                SpecPattern::Address(name) => {
                    terms.typed.extend(typed.get(name).iter().flat_map(|value| typed_origins(value)));
                    terms.addresses.push(name.clone());
                    // An address that nobody typed is the component's.
                    let default = values.get(name).filter(|_| !typed.contains_key(name));
                    for origin in default.iter().flat_map(|value| typed_origins(value)) {
                        if let Ok(pattern) = Pattern::parse(&origin.to_string()) {
                            terms.named.push((pattern, origin.to_string()));
                        }
                    }
                }
                SpecPattern::Hosts(hosts) => {
                    terms.named.extend(hosts.expand(values).map(|pattern| (pattern, hosts.text.clone())));
                }
            }
        }
        terms
    }

    /// What the spec names besides typed addresses.
    pub(super) fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        self.named.iter().map(|(pattern, _)| pattern)
    }

    /// The origins of addresses that nobody typed, as `prepare` completed them.
    pub(super) fn discovered(&self, completed: &BTreeMap<String, String>) -> Vec<Origin> {
        let values = self.addresses.iter().filter_map(|name| completed.get(name));
        values.flat_map(|value| typed_origins(value)).collect()
    }

    /// Whether an accepted origin is this machine, literally.
    pub(super) fn accepts_loopback(&self) -> bool {
        self.accepted.iter().any(Pattern::is_loopback)
    }

    /// May this origin be opened?
    pub(super) fn judge(&self, origin: &Origin, discovered: &[Origin]) -> Result<(), Refusal> {
        if self.typed.contains(origin) {
            return Ok(());
        }
        let typed_with_tls = |typed: &&Origin| {
            typed.scheme == Scheme::Https && typed.host == origin.host && !typed.is_loopback()
        };
        if origin.scheme == Scheme::Http && self.typed.iter().any(|typed| typed_with_tls(&typed)) {
            return Err(Refusal {
                reason: format!("{origin} is plain http, and the address was typed with https"),
                remedy: Some(format!("type `{origin}` into the credentials")),
            });
        }
        let line =
            self.named.iter().find(|(pattern, _)| pattern.matches(origin)).map(|(_, line)| line.clone());
        let Some(line) = line.or_else(|| discovered.contains(origin).then(|| origin.to_string())) else {
            return Err(Refusal {
                reason: format!("{origin} is more than the component's credential spec names"),
                remedy: Some(format!(
                    "let the component's makers add `{origin}` to the egress of its credential spec"
                )),
            });
        };
        if self.accepted.iter().any(|pattern| pattern.matches(origin)) {
            return Ok(());
        }
        Err(not_accepted(origin, &line))
    }
}

/// The component may ask for it; nobody said yes.
fn not_accepted(origin: &Origin, line: &str) -> Refusal {
    Refusal {
        reason: format!(
            "{origin} was not typed into the credentials, and nobody accepted it for this component"
        ),
        remedy: Some(format!(
            "show `{line}` to the person whose credentials these are, and accept it for this component \
             (`ConnectionOptions::accepted`)"
        )),
    }
}

/// The first field that is set and does not fit into a host of the spec, and where.
pub(crate) fn misfit<'a>(
    spec: &'a [SpecPattern],
    typed: &BTreeMap<String, String>,
) -> Option<(&'a str, &'a Hosts)> {
    spec.iter().find_map(|pattern| match pattern {
        SpecPattern::Hosts(hosts) => hosts.misfit(typed).map(|name| (name, hosts)),
        SpecPattern::Address(_) => None,
    })
}
