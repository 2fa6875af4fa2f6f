//! Which hosts one line of a policy, of a credential spec or of an acceptance
//! names, parsed once.

use std::fmt;

use url::Host;

use crate::error::HostError;
use crate::origin::{Origin, Scheme, host, is_loopback_name};

/// Hosts, and how they are reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    pub(super) scheme: Scheme,
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

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme.as_str())?;
        match &self.host {
            HostPattern::Exactly(host) => write!(f, "{host}")?,
            HostPattern::Below(suffix) => write!(f, "*{suffix}")?,
        }
        match self.port {
            None => f.write_str(":*"),
            Some(port) if port != self.scheme.default_port() => write!(f, ":{port}"),
            Some(_) => Ok(()),
        }
    }
}

impl Pattern {
    pub(crate) fn parse(text: &str) -> Result<Self, HostError> {
        Self::read(text.trim())
            .map_err(|reason| HostError::Pattern { pattern: text.to_owned(), reason: reason.to_owned() })
    }

    /// The same, with nothing but the reason as the error.
    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => {
                (Scheme::parse(scheme).ok_or("the scheme is neither http nor https")?, rest)
            }
            None => (Scheme::Https, text),
        };
        // A person copies `https://host/` from the address line.
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#', '\\']) {
            return Err("it may have no path here; the whole origin is meant");
        }
        if authority.contains('@') {
            return Err("it may have no user name or password");
        }
        let (name, port) = match authority.rsplit_once(':') {
            Some((name, "*")) => (name, None),
            Some((name, port)) if !port.contains(']') => {
                let port = port.parse().map_err(|_| "the port is not a number below 65536")?;
                (name, Some(port))
            }
            _ => (authority, Some(scheme.default_port())),
        };
        let host = match name.strip_prefix("*.") {
            Some(suffix) if suffix.contains('*') => None,
            Some(suffix) => match host(suffix) {
                Some(Host::Domain(suffix)) if !is_owned(&suffix) => {
                    return Err(
                        "anyone can register a name below this public suffix; name the domain of the service",
                    );
                }
                Some(Host::Domain(suffix)) => Some(HostPattern::Below(format!(".{suffix}"))),
                _ => None,
            },
            None if name.contains('*') => None,
            None => host(name).map(HostPattern::Exactly),
        };
        let host =
            host.ok_or("this is not a host; `*` may only stand for the first labels, as in `*.example.com`")?;
        Ok(Self { scheme, host, port })
    }

    /// Whether it names this machine literally.
    pub(super) fn is_loopback(&self) -> bool {
        matches!(&self.host, HostPattern::Exactly(host) if is_loopback_name(host))
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

/// Whether everything below this domain belongs to whoever registered it, by the
/// public suffix list: so for `example.com`, not for `com`, `co.uk` or `github.io`.
pub(super) fn is_owned(domain: &str) -> bool {
    psl::domain(domain.as_bytes()).is_some()
}

/// Whether names right below this domain are given out by one owner: besides owned
/// domains those where a service gives its customers a name each.
pub(super) fn has_owner(domain: &str) -> bool {
    is_owned(domain)
        || psl::suffix(domain.as_bytes()).is_some_and(|suffix| suffix.typ() == Some(psl::Type::Private))
}
