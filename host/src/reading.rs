//! What may leave in a call that may only read, whatever the component takes its
//! requests for: GET, HEAD and OPTIONS, and the request for a token.

use http::{HeaderMap, Method, Uri};

use crate::egress::{Egress, PathRule, Refusal};
use crate::origin::Origin;

/// Headers by which some servers take a request for one with another method.
const OVERRIDES: [&str; 3] = ["x-http-method", "x-http-method-override", "x-method-override"];

/// The rule of one call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reading {
    /// Requests of which the manifest says that they only read. Each needs a line of
    /// the operator's, too: a manifest is the word of the component's makers.
    pub(crate) reads_with: Vec<(Method, PathRule)>,
    /// How the path of a token URL ends that is not known otherwise; empty: it is. It
    /// needs a line of the operator's in the same way.
    pub(crate) login: String,
}

impl Reading {
    /// Refuses a request that may change something. `token_url` is where the recipe's
    /// token request goes.
    pub(crate) fn check(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        token_url: Option<&Uri>,
        egress: &Egress,
    ) -> Result<(), Refusal> {
        let origin = Origin::of(uri)?;
        if let Some(name) = OVERRIDES.iter().find(|name| headers.contains_key(**name)) {
            return Err(Refusal {
                reason: format!(
                    "the header `{name}` may make another method of it, and this call may only read"
                ),
                remedy: None,
            });
        }
        if [Method::GET, Method::HEAD, Method::OPTIONS].contains(method) {
            return Ok(());
        }
        if *method == Method::POST && token_url.is_some_and(|token_url| is_at(uri, &origin, token_url)) {
            return Ok(());
        }
        let path = uri.path();
        let promised = self.reads_with.iter().any(|(known, rule)| known == method && rule.matches(path))
            || (*method == Method::POST && !self.login.is_empty() && path.ends_with(&self.login));
        if promised && egress.names_request(&origin, method, path) {
            return Ok(());
        }
        let who = if promised {
            String::new()
        } else {
            format!(
                "the component's makers name {method} and the path in `reads_with` of the operation, and "
            )
        };
        Err(Refusal {
            reason: format!("{method} {origin}{path} may change something, and this call may only read"),
            remedy: Some(format!("let {who}the operator add `{method} {origin}{path}` to the egress policy")),
        })
    }
}

fn is_at(uri: &Uri, origin: &Origin, token_url: &Uri) -> bool {
    Origin::of(token_url).is_ok_and(|other| other == *origin) && uri.path() == token_url.path()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::EgressPolicy;

    fn passes(
        reading: &Reading,
        policy: &[&str],
        method: &str,
        url: &str,
        header: Option<&'static str>,
    ) -> bool {
        let egress = Egress::explicit(&EgressPolicy::allow(policy).expect("policy"));
        let mut headers = HeaderMap::new();
        headers.extend(
            header
                .map(|name| (http::HeaderName::from_static(name), http::HeaderValue::from_static("DELETE"))),
        );
        let token_url = Uri::from_static("https://a.example.com/token?tenant=x");
        let method = Method::from_bytes(method.as_bytes()).expect("method");
        reading.check(&method, &url.parse().expect(url), &headers, Some(&token_url), &egress).is_ok()
    }

    #[test]
    fn reading_methods_and_the_token_request_pass() {
        let reading = Reading::default();
        for (method, url, expected) in [
            ("GET", "https://a.example.com/x", true),
            ("HEAD", "https://a.example.com/x", true),
            ("OPTIONS", "https://a.example.com/x", true),
            ("POST", "https://a.example.com/token", true),
            ("POST", "https://A.example.com:443/token?tenant=y", true),
            ("POST", "https://a.example.com/token/", false),
            ("POST", "https://a.example.com:8443/token", false),
            ("POST", "http://a.example.com/token", false),
            ("POST", "https://a.example.com/x", false),
            ("PUT", "https://a.example.com/token", false),
            ("DELETE", "https://a.example.com/x", false),
            ("get", "https://a.example.com/x", false),
            ("PROPFIND", "https://a.example.com/x", false),
        ] {
            assert_eq!(passes(&reading, &[], method, url, None), expected, "{method} {url}");
        }
    }

    #[test]
    fn a_method_in_a_header_is_no_way_round() {
        for name in OVERRIDES {
            assert!(
                !passes(&Reading::default(), &[], "GET", "https://a.example.com/x", Some(name)),
                "{name}"
            );
        }
    }

    #[test]
    fn a_post_that_reads_needs_the_manifest_and_the_operator() {
        let rule = PathRule::parse("/search").expect("rule");
        let promised = Reading { reads_with: vec![(Method::POST, rule)], login: String::new() };
        let line = "POST https://a.example.com/search";
        let url = "https://a.example.com/search";
        assert!(passes(&promised, &[line], "POST", url, None));
        assert!(passes(&promised, &["GET,POST https://a.example.com/*"], "POST", url, None));
        // A line that opens everything was not written with this in mind.
        for policy in [
            &[][..],
            &["https://a.example.com"],
            &["POST https://a.example.com"],
            &["POST https://a.example.com/x"],
        ] {
            assert!(!passes(&promised, policy, "POST", url, None), "{policy:?}");
        }
        assert!(!passes(&Reading::default(), &[line], "POST", url, None));
        assert!(!passes(&promised, &["DELETE https://a.example.com/search"], "DELETE", url, None));
    }
}
