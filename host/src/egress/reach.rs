//! What a component may reach besides the addresses that a person typed: its
//! spec names it, the embedder accepts it.

use std::collections::BTreeMap;

use super::pattern::{Pattern, has_owner};
use crate::error::HostError;
use crate::origin::typed_origins;
use crate::template;

/// What an embedder accepted for a component, after a person saw it: patterns
/// of [`Node::reach`](crate::Node::reach), or origins that its `prepare`
/// discovered. Nothing unless set: then a connection reaches typed addresses only.
///
/// It names patterns and no build, so that a newer build which reaches further is
/// not covered by what was accepted before.
///
/// ```
/// use workflow_node_host::Reach;
///
/// let accepted = Reach::accept(["https://*.example.com", "https://{region}.example.net"])?;
/// // Anyone can register a name below these.
/// assert!(Reach::accept(["https://*.co.uk"]).is_err());
/// # Ok::<(), workflow_node_host::HostError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Reach {
    hosts: Vec<Hosts>,
}

impl Reach {
    /// Accepts these patterns. They have the [forms](crate::egress#patterns) of a
    /// policy, without methods and paths, or those of a credential spec, where
    /// `{name}` stands for one label of a host.
    ///
    /// # Errors
    /// [`HostError::Pattern`] for the first that does not parse, or that leaves
    /// to anyone who registers a name where requests go.
    pub fn accept<I>(patterns: I) -> Result<Self, HostError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let hosts = patterns.into_iter().map(|pattern| {
            let text = pattern.as_ref();
            match SpecPattern::parse(text)? {
                SpecPattern::Hosts(hosts) => Ok(hosts),
                SpecPattern::Address(_) => Err(HostError::Pattern {
                    pattern: text.to_owned(),
                    reason: "a person types this address; there is nothing to accept".to_owned(),
                }),
            }
        });
        Ok(Self { hosts: hosts.collect::<Result<_, _>>()? })
    }

    /// The patterns with fields filled in.
    pub(super) fn patterns(&self, values: &BTreeMap<String, String>) -> Vec<Pattern> {
        self.hosts.iter().filter_map(|hosts| hosts.expand(values)).collect()
    }
}

/// One pattern of a credential spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SpecPattern {
    /// `{name}`: the address in that field.
    Address(String),
    Hosts(Hosts),
}

/// Hosts, in whose names fields may stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hosts {
    /// As it was written.
    pub(crate) text: String,
    parts: Parts,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Parts {
    Fixed(Pattern),
    /// Up to the port, and the port.
    Template(String, String),
}

impl SpecPattern {
    pub(crate) fn parse(text: &str) -> Result<Self, HostError> {
        let text = text.trim();
        if let Some(name) = template::sole_name(text) {
            return Ok(Self::Address(name.to_owned()));
        }
        Hosts::read(text)
            .map(Self::Hosts)
            .map_err(|reason| HostError::Pattern { pattern: text.to_owned(), reason: reason.to_owned() })
    }

    /// The origins that it comes to with these values; none for a wildcard.
    pub(crate) fn origins(&self, values: &BTreeMap<String, String>) -> Vec<String> {
        match self {
            Self::Address(name) => {
                let typed = values.get(name).into_iter().flat_map(|value| typed_origins(value));
                typed.map(|origin| origin.to_string()).collect()
            }
            Self::Hosts(hosts) if hosts.is_wildcard() => Vec::new(),
            Self::Hosts(hosts) => hosts.expand(values).iter().map(ToString::to_string).collect(),
        }
    }
}

impl Hosts {
    fn read(text: &str) -> Result<Self, &'static str> {
        let parts = match template::names(text).next() {
            None => Parts::Fixed(Pattern::read(text)?),
            Some(_) => Self::template(text)?,
        };
        Ok(Self { text: text.to_owned(), parts })
    }

    fn template(text: &str) -> Result<Parts, &'static str> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("https", text));
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        // The colons inside brackets would be an address, which has no fields.
        let (host, port) = rest.rsplit_once(':').unwrap_or((rest, ""));
        if let Some((_, last)) = host.rsplit_once('}') {
            // What stands behind the label of the last field is fixed.
            let fixed = last.split_once('.').map(|(_, fixed)| fixed).unwrap_or_default();
            if !has_owner(fixed) {
                return Err("whoever fills the field in chooses the domain; name it behind the field");
            }
        }
        if port.contains(']') {
            return Err("an address has no fields in it");
        }
        let parts = Parts::Template(format!("{scheme}://{host}"), port.to_owned());
        // Any label and any port will do to see whether the rest is in order.
        Self::filled(&parts, &|_| Some("x".to_owned()), &|_| Some("1".to_owned())).map(|_| parts)
    }

    fn filled(
        parts: &Parts,
        label: &dyn Fn(&str) -> Option<String>,
        digits: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Pattern, &'static str> {
        let (host, port) = match parts {
            Parts::Fixed(pattern) => return Ok(pattern.clone()),
            Parts::Template(host, port) => (host, port),
        };
        let host = template::fill(host, label).ok_or("a field of it is not set")?;
        match template::fill(port, digits).ok_or("a field of it is not set")? {
            port if port.is_empty() => Pattern::read(&host),
            port => Pattern::read(&format!("{host}:{port}")),
        }
    }

    /// With the fields filled in; `None` where one is missing or does not fit.
    pub(crate) fn expand(&self, values: &BTreeMap<String, String>) -> Option<Pattern> {
        let label = |name: &str| values.get(name).and_then(|value| label(value));
        let digits = |name: &str| values.get(name).and_then(|value| digits(value));
        Self::filled(&self.parts, &label, &digits).ok()
    }

    /// A field that is set and fits not into its place.
    pub(crate) fn misfit<'a>(&'a self, values: &BTreeMap<String, String>) -> Option<&'a str> {
        let Parts::Template(host, port) = &self.parts else { return None };
        let bad = |part: &'a str, fits: fn(&str) -> Option<String>| {
            template::names(part).find(|name| values.get(*name).is_some_and(|value| fits(value).is_none()))
        };
        bad(host, label).or_else(|| bad(port, digits))
    }

    /// Whether hosts below a domain are meant, whatever they are called.
    pub(crate) fn is_wildcard(&self) -> bool {
        self.text.contains('*')
    }
}

/// A value that is one label of a host name and can end nothing else.
fn label(value: &str) -> Option<String> {
    let fits = (1..=63).contains(&value.len())
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !value.starts_with('-')
        && !value.ends_with('-');
    fits.then(|| value.to_ascii_lowercase())
}

/// A value that is a port.
fn digits(value: &str) -> Option<String> {
    let fits = (1..=5).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(text: &str) -> Hosts {
        match SpecPattern::parse(text).expect(text) {
            SpecPattern::Hosts(hosts) => hosts,
            SpecPattern::Address(_) => panic!("{text} is an address"),
        }
    }

    fn expand(text: &str, value: &str) -> Option<String> {
        let values = [("t".to_owned(), value.to_owned())].into();
        hosts(text).expand(&values).map(|pattern| pattern.to_string())
    }

    #[test]
    fn a_field_in_a_host_is_one_label() {
        let text = "http://{t}.vendor.example";
        assert_eq!(expand(text, "Acme-1").as_deref(), Some("http://acme-1.vendor.example"));
        let long = "x".repeat(64);
        for value in [
            "evil.example/",
            "evil.example#",
            "evil.example?",
            "evil.example:8080/",
            "me@evil.example/",
            "*",
            "evil.example\\",
            "a.b",
            ".",
            "..",
            "",
            " ",
            "-a",
            "a-",
            "b\u{fc}cher",
            "a\u{3002}b",
            "a_b",
            "%2e",
            "[::1]",
            "a b",
            "{t}",
            "a\u{0}",
            &long,
        ] {
            assert_eq!(expand(text, value), None, "{value:?}");
        }
    }

    #[test]
    fn a_field_in_a_port_is_digits() {
        let text = "https://api.vendor.example:{t}";
        assert_eq!(expand(text, "8443").as_deref(), Some("https://api.vendor.example:8443"));
        for value in ["", "*", "443/", "99999", "443@evil.example", "-1", "443#", "\u{0664}43"] {
            assert_eq!(expand(text, value), None, "{value:?}");
        }
    }

    #[test]
    fn a_field_may_be_a_part_of_a_label() {
        let text = "https://api-{t}.eu.vendor.example";
        assert_eq!(expand(text, "7").as_deref(), Some("https://api-7.eu.vendor.example"));
        assert_eq!(expand("https://{t}.github.io", "a").as_deref(), Some("https://a.github.io"));
        assert_eq!(
            expand("https://*.{t}.vendor.example", "a").as_deref(),
            Some("https://*.a.vendor.example")
        );
    }

    #[test]
    fn a_name_alone_is_an_address() {
        assert_eq!(SpecPattern::parse(" {url} ").expect("spec"), SpecPattern::Address("url".to_owned()));
        assert!(Reach::accept(["{url}"]).is_err());
    }

    #[test]
    fn patterns_that_leave_the_domain_open_are_refused() {
        for text in [
            "*",
            "https://*",
            "*.com",
            "https://*.co.uk",
            "*.github.io",
            "*.xn--p1ai",
            "*.com.",
            "*.COM",
            "*.local",
            "{t}.com",
            "https://{t}.co.uk",
            "https://api.{t}",
            "https://vendor.{t}.com",
            "{t}:443",
            "{a}.{b}",
            "{scheme}://vendor.example",
            "https://{t}.vendor.example/path",
            "https://{t}@vendor.example",
            "127.0.0.{t}",
            "[::{t}]",
            "{url}/api",
            "{url}{also}",
            "https://{a b}.vendor.example",
        ] {
            assert!(SpecPattern::parse(text).is_err(), "{text}");
            assert!(Reach::accept([text]).is_err(), "{text}");
        }
    }
}
