//! An HTTP proxy between a host and the services.
//!
//! Every request goes through a tunnel (`CONNECT`), plain http too: the proxy sees
//! which host and port are meant, and of https nothing else; its credentials are in no
//! request to a service.
//!
//! With a proxy it is the proxy that looks up names, so the host cannot check which
//! address a name leads to. What is left of the [rules for
//! addresses](crate::egress#addresses) holds for literal addresses; which origins may be
//! reached is the egress rules' business as before. What a proxy must not reach, the
//! proxy must refuse.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri};
use ipnet::IpNet;
use url::Host;
use zeroize::Zeroizing;

use crate::error::HostError;
use crate::origin::{self, Origin, Scheme, is_loopback_name};
use crate::secrets::Secret;

/// How the requests of a connection reach the network.
#[derive(Debug, Clone, Default)]
pub enum Route {
    /// As the host is [set up](crate::NodeHostBuilder::proxy).
    #[default]
    OfHost,
    /// Without a proxy, whatever the host has.
    Direct,
    /// Through this proxy.
    Proxy(Proxy),
}

impl Route {
    /// The proxy, if there is one.
    pub(crate) fn proxy(self, of_host: Option<Proxy>) -> Option<Proxy> {
        match self {
            Self::OfHost => of_host,
            Self::Direct => None,
            Self::Proxy(proxy) => Some(proxy),
        }
    }
}

/// An HTTP proxy. Nothing is read from the environment (`HTTPS_PROXY`, `NO_PROXY`): an
/// embedder that wants those reads them and says so.
///
/// ```
/// use workflow_node_host::{Proxy, Secret};
///
/// let proxy = Proxy::new("http://proxy.corp.example:3128")?
///     .with_credentials("nodes", &Secret::new("…"))?
///     .except(["*.corp.example", "10.0.0.0/8"])?;
/// # Ok::<(), workflow_node_host::HostError>(())
/// ```
#[derive(Clone)]
pub struct Proxy {
    shared: Arc<Shared>,
}

#[derive(Clone)]
struct Shared {
    origin: Origin,
    authorization: Option<HeaderValue>,
    exceptions: Vec<Exception>,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("address", &self.shared.origin.to_string())
            .field("exceptions", &self.shared.exceptions)
            .finish_non_exhaustive()
    }
}

/// What is reached without the proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Exception {
    Host(String),
    /// Every host below this one.
    Below(String),
    Network(IpNet),
}

impl Exception {
    fn parse(text: &str) -> Result<Self, HostError> {
        if let Ok(network) = text.parse::<IpNet>() {
            return Ok(Self::Network(network));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Network(address.into()));
        }
        let below = text.strip_prefix("*.").or_else(|| text.strip_prefix('.'));
        match origin::host(below.unwrap_or(text)) {
            Some(Host::Domain(name)) if !name.contains('*') => {
                Ok(if below.is_some() { Self::Below(name) } else { Self::Host(name) })
            }
            _ => Err(HostError::Proxy(format!(
                "the exception {text:?} is neither a host, nor `*.corp.example`, nor a network such as `10.0.0.0/8`"
            ))),
        }
    }

    fn holds(&self, host: &Host) -> bool {
        match (self, host) {
            (Self::Host(name), Host::Domain(host)) => name == host,
            (Self::Below(parent), Host::Domain(host)) => host
                .strip_suffix(parent.as_str())
                .is_some_and(|below| below.len() > 1 && below.ends_with('.')),
            (Self::Network(network), host) => literal(host).is_some_and(|address| network.contains(&address)),
            _ => false,
        }
    }
}

/// The address that a host is, without asking for a name.
pub(crate) fn literal(host: &Host) -> Option<IpAddr> {
    match host {
        Host::Ipv4(address) => Some(IpAddr::V4(*address)),
        Host::Ipv6(address) => Some(IpAddr::V6(*address).to_canonical()),
        Host::Domain(_) => None,
    }
}

impl Proxy {
    /// The proxy at this address, `http://proxy.corp.example:3128`. It may be anywhere,
    /// in private networks and on this machine, too: the operator names it.
    ///
    /// # Errors
    /// [`HostError::Proxy`] for another scheme, a user name in the address, or a path.
    pub fn new(address: &str) -> Result<Self, HostError> {
        let wrong = |reason: &str| HostError::Proxy(format!("its address {reason}"));
        let address: Uri =
            address.parse().map_err(|_| wrong("is not one, such as `http://proxy.corp.example:3128`"))?;
        if address.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(wrong("holds credentials: give them to `Proxy::with_credentials`"));
        }
        if address.path_and_query().is_some_and(|path| path.as_str() != "/") {
            return Err(wrong("has a path"));
        }
        let origin = Origin::of(&address).map_err(|refusal| HostError::Proxy(refusal.reason))?;
        if origin.scheme != Scheme::Http {
            return Err(wrong(
                "must begin with `http://`: https to the services goes through it all the same",
            ));
        }
        Ok(Self { shared: Arc::new(Shared { origin, authorization: None, exceptions: Vec::new() }) })
    }

    /// Signs in at the proxy, with HTTP Basic.
    ///
    /// # Errors
    /// [`HostError::Proxy`] for a user name with a colon, and what no header can hold.
    pub fn with_credentials(mut self, user: &str, password: &Secret) -> Result<Self, HostError> {
        if user.contains(':') {
            return Err(HostError::Proxy("the user name has a colon".to_owned()));
        }
        let pair = Zeroizing::new(format!("{user}:{}", password.expose_secret()));
        let header = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_str())));
        let mut header = HeaderValue::try_from(header.as_str())
            .map_err(|_| HostError::Proxy("the credentials do not fit into a header".to_owned()))?;
        header.set_sensitive(true);
        Arc::make_mut(&mut self.shared).authorization = Some(header);
        Ok(self)
    }

    /// Reaches these without the proxy: hosts (`desk.corp.example`), hosts below one
    /// (`*.corp.example`), literal addresses by their network (`10.0.0.0/8`). This
    /// machine is always reached without it.
    ///
    /// # Errors
    /// [`HostError::Proxy`] for the first one that is none of these.
    pub fn except<I>(mut self, exceptions: I) -> Result<Self, HostError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let exceptions = exceptions.into_iter().map(|text| Exception::parse(text.as_ref()));
        let exceptions = exceptions.collect::<Result<Vec<_>, _>>()?;
        Arc::make_mut(&mut self.shared).exceptions.extend(exceptions);
        Ok(self)
    }

    /// Whether a host is reached through it.
    pub(crate) fn serves(&self, host: &Host) -> bool {
        !is_loopback_name(host) && !self.shared.exceptions.iter().any(|exception| exception.holds(host))
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.shared.origin
    }

    pub(crate) fn authorization(&self) -> Option<&HeaderValue> {
        self.shared.authorization.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serves(exceptions: &[&str], host: &str) -> bool {
        let proxy = Proxy::new("http://proxy.corp.example:3128").and_then(|proxy| proxy.except(exceptions));
        proxy.expect("a proxy").serves(&origin::host(host).expect(host))
    }

    #[test]
    fn exceptions_and_this_machine_are_reached_without_it() {
        for (exception, host, served) in [
            ("*.corp.example", "desk.corp.example", false),
            ("*.corp.example", "a.b.corp.example", false),
            ("*.corp.example", "corp.example", true),
            ("*.corp.example", "notcorp.example", true),
            (".corp.example", "desk.corp.example", false),
            ("desk.corp.example", "DESK.corp.example.", false),
            ("desk.corp.example", "x.desk.corp.example", true),
            ("10.0.0.0/8", "10.1.2.3", false),
            ("10.0.0.0/8", "[::ffff:10.1.2.3]", false),
            ("10.0.0.0/8", "11.1.2.3", true),
            ("fd12::/16", "[fd12::1]", false),
            ("10.1.2.3", "10.1.2.3", false),
            // What a name leads to is not known.
            ("10.0.0.0/8", "desk.corp.example", true),
            ("x.example", "localhost", false),
            ("x.example", "127.0.0.1", false),
            ("x.example", "[::1]", false),
        ] {
            assert_eq!(serves(&[exception], host), served, "{exception} {host}");
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_with_the_reason_and_without_its_password() {
        for (address, reason) in [
            ("https://proxy.example:3128", "must begin with `http://`"),
            ("socks5://proxy.example:1080", "neither http nor https"),
            ("http://me:hunter22@proxy.example:3128", "with_credentials"),
            ("http://proxy.example/path", "has a path"),
            ("proxy example", "is not one"),
        ] {
            let refused = Proxy::new(address).expect_err(address).to_string();
            assert!(refused.contains(reason) && !refused.contains("hunter22"), "{refused}");
        }
        let proxy = Proxy::new("http://proxy.example:3128").expect("a proxy");
        for exception in ["*", "*.*.example", "http://x.example", "a b", ""] {
            assert!(proxy.clone().except([exception]).is_err(), "{exception}");
        }
        let proxy = proxy.with_credentials("me", &Secret::new("hunter22")).expect("credentials");
        assert!(!format!("{proxy:?}").contains("hunter22") && !format!("{proxy:?}").contains("Basic"));
        assert!(proxy.with_credentials("a:b", &Secret::new("x")).is_err());
    }
}
