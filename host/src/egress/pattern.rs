//! One line of an egress policy, parsed once.

use url::Host;

use crate::error::HostError;
use crate::origin::{Origin, Scheme, host};

/// One line of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    scheme: Scheme,
    pub(super) host: HostPattern,
    /// `None`: every port.
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum HostPattern {
    Exactly(Host),
    /// Hosts that end in this, which begins with a dot.
    Below(String),
}

impl Pattern {
    pub(crate) fn parse(text: &str) -> Result<Self, HostError> {
        let refuse =
            |reason: &str| HostError::Pattern { pattern: text.to_owned(), reason: reason.to_owned() };
        let (scheme, rest) = match text.trim().split_once("://") {
            Some((scheme, rest)) => {
                (Scheme::parse(scheme).ok_or_else(|| refuse("the scheme is neither http nor https"))?, rest)
            }
            None => (Scheme::Https, text.trim()),
        };
        // A person copies `https://host/` from the address line.
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#', '\\']) {
            return Err(refuse("a pattern has no path; the whole origin is opened"));
        }
        if authority.contains('@') {
            return Err(refuse("a pattern has no user name or password"));
        }
        let (name, port) = match authority.rsplit_once(':') {
            Some((name, "*")) => (name, None),
            Some((name, port)) if !port.contains(']') => {
                let port = port.parse().map_err(|_| refuse("the port is no number below 65536"))?;
                (name, Some(port))
            }
            _ => (authority, Some(scheme.default_port())),
        };
        let host = match name.strip_prefix("*.") {
            Some(suffix) if suffix.contains('*') => None,
            Some(suffix) => match host(suffix) {
                Some(Host::Domain(suffix)) => Some(HostPattern::Below(format!(".{suffix}"))),
                _ => None,
            },
            None if name.contains('*') => None,
            None => host(name).map(HostPattern::Exactly),
        };
        let host = host.ok_or_else(|| {
            refuse("this is no host; `*` may only stand for the first labels, as in `*.example.com`")
        })?;
        Ok(Self { scheme, host, port })
    }

    pub(crate) fn matches(&self, origin: &Origin) -> bool {
        self.scheme == origin.scheme
            && self.port.is_none_or(|port| port == origin.port)
            && match (&self.host, &origin.host) {
                (HostPattern::Exactly(host), origin) => host == origin,
                (HostPattern::Below(suffix), Host::Domain(name)) => {
                    name.len() > suffix.len() && name.ends_with(suffix.as_str())
                }
                (HostPattern::Below(_), _) => false,
            }
    }
}
