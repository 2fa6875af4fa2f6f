//! Where a request goes: scheme, host and port in their one canonical spelling.
//!
//! Everything that compares hosts goes through here, so that `EXAMPLE.com.`,
//! `example.com` and, for addresses, `0x7f.1` and `127.0.0.1` are the same
//! thing. Whether an origin may be reached is [`egress`](crate::egress)'s
//! business.

use std::fmt;
use std::net::IpAddr;

use url::Host;

use crate::addresses::{self, AddressKind};
use crate::egress::Refusal;

/// Where a request goes: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Origin {
    pub(crate) scheme: Scheme,
    pub(crate) host: Host,
    pub(crate) port: u16,
}

/// The schemes that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    pub(crate) fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "http" => Some(Self::Http),
            "https" => Some(Self::Https),
            _ => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.host)?;
        if self.port != self.scheme.default_port() {
            write!(f, ":{}", self.port)?;
        }
        Ok(())
    }
}

impl Origin {
    /// The origin of a request.
    pub(crate) fn of(uri: &http::Uri) -> Result<Self, Refusal> {
        let scheme = uri
            .scheme_str()
            .and_then(Scheme::parse)
            .ok_or_else(|| Refusal::malformed("the URL is neither http nor https"))?;
        let authority = uri.authority().ok_or_else(|| Refusal::malformed("the URL has no host"))?;
        if authority.as_str().contains('@') {
            return Err(Refusal::malformed("the URL holds a user name or password"));
        }
        let host =
            host(authority.host()).ok_or_else(|| Refusal::malformed("the URL has a host that is none"))?;
        let port = match authority.port() {
            Some(port) => port.as_u16(),
            None => scheme.default_port(),
        };
        Ok(Self { scheme, host, port })
    }

    /// The origin of a URL in text, which may have a path.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let scheme = Scheme::parse(scheme)?;
        let authority = rest.split(['/', '?', '#', '\\']).next()?;
        let (host, port) = host_and_port(authority)?;
        Some(Self { scheme, host, port: port.unwrap_or_else(|| scheme.default_port()) })
    }

    /// Whether the host is this machine by its very name.
    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback_name(&self.host)
    }
}

/// A host in its one canonical spelling: lower case, punycode, no dot at the
/// end, `0x7f.1` as `127.0.0.1`.
pub(crate) fn host(text: &str) -> Option<Host> {
    match Host::parse(text.strip_suffix('.').unwrap_or(text)).ok()? {
        Host::Domain(name) if name.is_empty() => None,
        host => Some(host),
    }
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`.
fn host_and_port(authority: &str) -> Option<(Host, Option<u16>)> {
    let (name, port) = match authority.rsplit_once(':') {
        // The colons inside brackets belong to the address.
        Some((name, port)) if !port.contains(']') => (name, Some(port.parse().ok()?)),
        _ => (authority, None),
    };
    if name.contains(['@', '*']) {
        return None;
    }
    Some((host(name)?, port))
}

pub(crate) fn is_loopback_name(host: &Host) -> bool {
    match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => addresses::kind(IpAddr::V4(*address)) == AddressKind::Loopback,
        Host::Ipv6(address) => addresses::kind(IpAddr::V6(*address)) == AddressKind::Loopback,
    }
}

/// The origins that a typed value names. Without a scheme it is https, and plain
/// http too where it is this machine.
pub(crate) fn typed_origins(value: &str) -> Vec<Origin> {
    let value = value.trim();
    if let Some(origin) = Origin::of_text(value) {
        return vec![origin];
    }
    if value.contains("://") {
        return Vec::new();
    }
    let authority = value.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let Some((host, port)) = host_and_port(authority) else {
        return Vec::new();
    };
    let plain = is_loopback_name(&host);
    if matches!(&host, Host::Domain(name) if !name.contains('.')) && !plain {
        return Vec::new();
    }
    let schemes: &[Scheme] = if plain { &[Scheme::Https, Scheme::Http] } else { &[Scheme::Https] };
    schemes
        .iter()
        .map(|&scheme| Origin {
            scheme,
            host: host.clone(),
            port: port.unwrap_or_else(|| scheme.default_port()),
        })
        .collect()
}

/// A typed value that is one label of a host name.
pub(crate) fn typed_label(value: &str) -> Option<String> {
    match host(value.trim())? {
        Host::Domain(name) if !name.contains('.') => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> String {
        Origin::of_text(text).map_or_else(|| "none".to_owned(), |origin| origin.to_string())
    }

    #[test]
    fn an_origin_has_one_spelling() {
        for (text, expected) in [
            ("https://Example.COM/a?b#c", "https://example.com"),
            ("https://example.com.:443", "https://example.com"),
            ("HTTP://example.com:8080", "http://example.com:8080"),
            ("http://0x7f.1/", "http://127.0.0.1"),
            ("http://2130706433", "http://127.0.0.1"),
            ("https://[::1]:8443/x", "https://[::1]:8443"),
            ("https://XN--bcher-kva.example", "https://xn--bcher-kva.example"),
        ] {
            assert_eq!(origin(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_web_origin_is_none() {
        for text in [
            "",
            "example.com",
            "ftp://example.com",
            "https://",
            "https://user@example.com",
            "https://exa mple.com",
            "https://example.com:99999",
            "https://*.example.com",
        ] {
            assert_eq!(origin(text), "none", "{text}");
        }
    }

    #[test]
    fn a_request_with_a_user_name_in_its_url_has_no_origin() {
        let uri = http::Uri::from_static("https://me:pw@example.com/");
        assert!(Origin::of(&uri).is_err());
    }

    #[test]
    fn a_typed_value_names_origins_with_and_without_scheme() {
        let typed = |value: &str| typed_origins(value).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(typed(" https://a.example/x "), ["https://a.example"]);
        assert_eq!(typed("a.example/x"), ["https://a.example"]);
        assert_eq!(typed("a.example:8443"), ["https://a.example:8443"]);
        assert_eq!(typed("127.0.0.1:9000"), ["https://127.0.0.1:9000", "http://127.0.0.1:9000"]);
        assert_eq!(typed("localhost"), ["https://localhost", "http://localhost"]);
        assert!(typed("example").is_empty());
        assert!(typed("all").is_empty());
        assert!(typed("").is_empty());
        assert!(typed("ftp://a.example").is_empty());
    }

    #[test]
    fn a_single_label_is_a_label_and_nothing_else_is() {
        assert_eq!(typed_label(" Example "), Some("example".to_owned()));
        for value in ["a.example", "127.0.0.1", "", "two words", "https://x"] {
            assert_eq!(typed_label(value), None, "{value}");
        }
    }
}
