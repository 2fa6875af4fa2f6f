//! One line of an operator's policy: hosts, and perhaps methods and a path.

use std::fmt;

use http::Method;

use super::pattern::Pattern;
use crate::error::HostError;
use crate::origin::Origin;

/// `[METHOD[,METHOD…]] origin[/path]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Empty: every method.
    methods: Vec<Method>,
    pub(super) pattern: Pattern,
    /// `None`: every path.
    path: Option<PathRule>,
}

/// Which paths of an origin are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PathRule {
    Exactly(String),
    /// Paths that begin with this, which ends in a slash, and are longer.
    Below(String),
}

impl Line {
    pub(super) fn parse(text: &str) -> Result<Self, HostError> {
        let refuse =
            |reason: &str| HostError::Pattern { pattern: text.to_owned(), reason: reason.to_owned() };
        let (methods, rest) = match text.trim().split_once(char::is_whitespace) {
            Some((methods, rest)) => (methods, rest.trim_start()),
            None => ("", text.trim()),
        };
        let methods = methods
            .split(',')
            .filter(|_| !methods.is_empty())
            .map(|name| {
                method(name).ok_or_else(|| {
                    refuse("in front of an origin stand methods in capital letters, such as `GET,HEAD`")
                })
            })
            .collect::<Result<_, _>>()?;
        let start = rest.find("://").map_or(0, |colon| colon + "://".len());
        let (origin, path) = match rest.get(start..).and_then(|authority| authority.find('/')) {
            Some(slash) => rest.split_at(start + slash),
            None => (rest, ""),
        };
        let path = match path {
            "" | "/" => None,
            path => Some(PathRule::parse(path).map_err(refuse)?),
        };
        Ok(Self { methods, pattern: Pattern::read(origin).map_err(refuse)?, path })
    }

    pub(super) fn allows(&self, origin: &Origin, method: &Method, path: &str) -> bool {
        self.pattern.matches(origin)
            && (self.methods.is_empty() || self.methods.contains(method))
            && self.path.as_ref().is_none_or(|rule| rule.matches(path))
    }

    /// Whether it names this very method, and a path that this one is of.
    pub(super) fn names(&self, origin: &Origin, method: &Method, path: &str) -> bool {
        self.methods.contains(method) && self.path.is_some() && self.allows(origin, method, path)
    }
}

/// A method as rules spell it.
pub(crate) fn method(name: &str) -> Option<Method> {
    let is_plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
    Method::from_bytes(name.as_bytes()).ok().filter(|_| is_plain)
}

impl PathRule {
    /// A path; one that ends in `/*` means all below it.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        if !text.starts_with('/') || text.contains(['?', '#', '\\', ' ']) || !is_unambiguous(text) {
            return Err("this is not a path; it begins with a slash and has no query, `..` or `%2F`");
        }
        match text.strip_suffix('*') {
            None if !text.contains('*') => Ok(Self::Exactly(text.to_owned())),
            Some(start) if start.ends_with('/') && !start.contains('*') => Ok(Self::Below(start.to_owned())),
            _ => Err("`*` may only stand at the end of a path, after a slash"),
        }
    }

    pub(crate) fn matches(&self, path: &str) -> bool {
        is_unambiguous(path)
            && match self {
                Self::Exactly(exactly) => path == exactly,
                Self::Below(start) => path.len() > start.len() && path.starts_with(start.as_str()),
            }
    }
}

impl fmt::Display for PathRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(path) => f.write_str(path),
            Self::Below(start) => write!(f, "{start}*"),
        }
    }
}

/// Whether every server reads the path alike. Some take `%2e%2e`, `..;x` or a
/// backslash for a step up, and then it is another path that they answer.
fn is_unambiguous(path: &str) -> bool {
    let path = path.to_ascii_lowercase().replace("%2e", ".");
    !path.contains(['\\']) && !path.contains("%2f") && !path.contains("%5c") && {
        let name = |segment: &str| matches!(segment.split(';').next(), Some("." | ".."));
        !path.split('/').any(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(line: &str, method: &str, url: &str) -> bool {
        let uri: http::Uri = url.parse().expect(url);
        let line = Line::parse(line).expect(line);
        let method = Method::from_bytes(method.as_bytes()).expect(method);
        line.allows(&Origin::of(&uri).expect(url), &method, uri.path())
    }

    #[test]
    fn methods_and_paths_narrow_a_line() {
        for (line, method, url, open) in [
            ("https://a.example.com", "DELETE", "https://a.example.com/x", true),
            ("GET https://a.example.com", "GET", "https://a.example.com/x", true),
            ("GET https://a.example.com", "POST", "https://a.example.com/x", false),
            ("GET https://a.example.com", "get", "https://a.example.com/x", false),
            ("GET,POST  https://a.example.com/", "POST", "https://a.example.com/x", true),
            ("https://a.example.com/v2/*", "GET", "https://a.example.com/v2/x/y?z", true),
            ("https://a.example.com/v2/*", "GET", "https://a.example.com/v2/", false),
            ("https://a.example.com/v2/*", "GET", "https://a.example.com/v20/x", false),
            ("https://a.example.com/v2/*", "GET", "https://b.example.com/v2/x", false),
            ("POST *.example.com/search", "POST", "https://a.example.com/search?q=1", true),
            ("POST *.example.com/search", "POST", "https://a.example.com/search/1", false),
        ] {
            assert_eq!(allows(line, method, url), open, "{line}: {method} {url}");
        }
    }

    #[test]
    fn a_path_that_servers_read_differently_matches_no_path() {
        for path in ["/v2/../x", "/v2/%2e%2E/x", "/v2/..;/x", "/v2/x%2fy", "/v2/x%5C..", "/v2/./x"] {
            let rule = PathRule::parse("/v2/*").expect("rule");
            assert!(!rule.matches(path), "{path}");
        }
        assert!(PathRule::parse("/v2/*").expect("rule").matches("/v2/a..b/.well-known"));
    }

    #[test]
    fn lines_that_mean_nothing_are_refused() {
        for line in [
            "get https://a.example.com",
            "GET, POST https://a.example.com",
            "GET POST https://a.example.com",
            "GET https://a.example.com/x?y",
            "https://a.example.com/x*",
            "https://a.example.com/*/x",
            "https://a.example.com/../x",
            "GET *",
        ] {
            assert!(matches!(Line::parse(line), Err(HostError::Pattern { .. })), "{line}");
        }
    }
}
