//! Whose the client secret is: where a token request may go.
//!
//! A component may look its token URL up, so it names it in `prepared.token-url`. It is
//! believed as far as the recipe of its credential spec and the typed fields leave
//! room. Whether the origin is open at all is [`egress`](crate::egress)'s business.

use http::Uri;

use crate::credentials::Typed;
use crate::egress::SpecPattern;
use crate::error::HostError;
use crate::origin::{Origin, typed_origins};
use crate::template;

/// Where the origin of a token URL comes from.
enum Head<'a> {
    /// The address in a field.
    Field(&'a str),
    /// Written in the recipe; fields in it are labels.
    Origin(&'a str),
}

/// Refuses a token URL that is not what the recipe's template can come to.
pub(crate) fn check(template: &str, uri: &Uri, typed: &Typed) -> Result<(), HostError> {
    let origin = Origin::of(uri).map_err(|refusal| HostError::Recipe(refusal.reason))?;
    let refuse = |reason: String| Err(HostError::Audience { to: format!("{origin}{}", uri.path()), reason });
    match head(template).ok_or_else(|| no_template(template))? {
        Head::Field(name) => {
            // Without a typed value it was discovered: then it must have been accepted,
            // or be where the person sent the component anyway.
            if let Some(value) = typed.fields.get(name)
                && !typed_origins(value).contains(&origin)
            {
                return refuse(format!(
                    "the field `{name}` was typed as another address. The person can type this one there, or leave \
                     the field empty to have it found out"
                ));
            }
        }
        Head::Origin(text) => {
            let SpecPattern::Hosts(hosts) = SpecPattern::parse(text)? else {
                return Err(no_template(template));
            };
            if hosts.is_wildcard()
                || !hosts.expand(&typed.values).is_some_and(|pattern| pattern.matches(&origin))
            {
                return refuse(format!(
                    "the token URL of the recipe is `{template}`, filled from what was typed. The component's makers \
                     can name another one there"
                ));
            }
        }
    }
    if !uri.path().ends_with(tail(template)) {
        return refuse(format!(
            "the token URL of the recipe is `{template}`, which does not end so. The component's makers can name \
             another one there"
        ));
    }
    Ok(())
}

fn no_template(template: &str) -> HostError {
    HostError::Recipe(format!(
        "its token URL {template:?} begins with neither an origin nor a field and a slash"
    ))
}

fn head(template: &str) -> Option<Head<'_>> {
    if let Some((scheme, rest)) = template.split_once("://") {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        return template.get(..scheme.len() + "://".len() + end).map(Head::Origin);
    }
    let (field, rest) = template.split_at_checked(template.find('}')?.checked_add(1)?)?;
    let name = template::sole_name(field)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(Head::Field(name))
}

/// What is written at the end of the path, behind the last field.
pub(crate) fn tail(template: &str) -> &str {
    let path = template.split(['?', '#']).next().unwrap_or_default();
    let path = match path.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or_default(),
        None => path,
    };
    path.rsplit_once('}').map_or(path, |(_, tail)| tail)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn allowed(template: &str, typed: &[(&str, &str)], url: &str) -> bool {
        let fields: BTreeMap<String, String> =
            typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let typed = Typed { values: fields.clone(), fields };
        check(template, &url.parse().expect(url), &typed).is_ok()
    }

    #[test]
    fn a_typed_address_is_the_only_origin() {
        for (typed, url, expected) in [
            ("https://a.example", "https://a.example/token", true),
            ("https://a.example/auth", "https://a.example/other/token", true),
            ("a.example", "https://A.example.:443/token", true),
            ("https://a.example", "http://a.example/token", false),
            ("https://a.example", "https://a.example:8443/token", false),
            ("https://a.example", "https://b.a.example/token", false),
            ("https://a.example", "https://evil.test/token", false),
            ("https://a.example", "https://a.example/tickets", false),
            ("https://a.example", "https://a.example/x?/token", false),
            ("http://[::1]:9", "http://[0:0::1]:9/token", true),
        ] {
            assert_eq!(allowed("{url}/token", &[("url", typed)], url), expected, "{typed} {url}");
        }
    }

    #[test]
    fn a_discovered_address_is_for_the_egress_to_judge() {
        assert!(allowed("{auth_url}/token", &[("url", "https://a.example")], "https://auth.example/token"));
        assert!(!allowed("{auth_url}/token", &[], "https://auth.example/tickets/1"));
    }

    #[test]
    fn a_written_origin_is_meant_exactly() {
        let template = "https://{tenant}.vendor.example/oauth/token";
        let typed = [("tenant", "acme")];
        assert!(allowed(template, &typed, "https://acme.vendor.example/oauth/token?x"));
        for url in [
            "https://other.vendor.example/oauth/token",
            "https://acme.vendor.example/token",
            "http://acme.vendor.example/oauth/token",
            "https://evil.test/oauth/token",
        ] {
            assert!(!allowed(template, &typed, url), "{url}");
        }
        for tenant in ["evil.test/", "evil.test#", "*", ""] {
            let typed = [("tenant", tenant)];
            assert!(!allowed(template, &typed, "https://evil.test/.vendor.example/oauth/token"), "{tenant}");
        }
    }

    #[test]
    fn a_recipe_without_an_origin_is_refused() {
        for template in [
            "token",
            "/token",
            "x{url}/token",
            "{url}{path}",
            "{a b}/token",
            "*.vendor.example",
            "https://*.vendor.example/t",
        ] {
            assert!(
                !allowed(template, &[("url", "https://a.example")], "https://a.example/token"),
                "{template}"
            );
        }
    }
}
