//! The credential form ([`form`]), and the one place where its values are read.

pub mod form;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use url::Url;
use workflow_node_sdk::interface::{Fields, Secret};
use workflow_node_sdk::text;

use crate::endpoints;
use crate::error::{Code, NodeError, Result};
use form::{FIELDS, HOSTED, ON_PREMISE};

/// Where HaloPSA runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostingType {
    /// At Halo.
    Hosted,
    /// On the customer's own server.
    OnPremise,
}

impl HostingType {
    /// Its value in the form.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hosted => HOSTED,
            Self::OnPremise => ON_PREMISE,
        }
    }
}

/// The application that we sign in as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// The client id.
    pub client_id: String,
    /// The client secret, or a placeholder for it.
    pub client_secret: Secret,
}

/// Credentials that make sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Where HaloPSA runs.
    pub hosting_type: HostingType,
    /// Where the API is.
    pub resource_url: Url,
    /// Whether its folder was read out of the address of some page, so that
    /// the API may be nearer to the root.
    pub is_folder_guessed: bool,
    /// Where to sign in, if a person typed it or `prepare` found it out.
    pub auth_url: Option<Url>,
    /// The tenant, if there is one.
    pub tenant: Option<String>,
    client_id: Option<String>,
    client_secret: Option<Secret>,
    /// What to ask for.
    pub scope: String,
}

impl Credentials {
    /// Reads the form. Client id and secret may be missing: a host may keep
    /// them to itself.
    pub fn parse(fields: &Fields) -> Result<Self> {
        if let Some(unknown) =
            fields.iter().map(|(name, _)| name).find(|name| FIELDS.iter().all(|field| field.name != *name))
        {
            let error = NodeError::new(
                Code::UnknownCredential,
                alloc::format!("There is no credential field \"{}\".", text::quoted(unknown)),
            )
            .with_field(&text::quoted(unknown));
            let names: Vec<&str> = FIELDS.iter().map(|field| field.name).collect();
            return Err(match text::nearest(unknown, &names) {
                Some(near) => error.with_advice(alloc::format!("Did you mean \"{near}\"?")),
                None => error.with_advice(alloc::format!("Fields are {}.", names.join(", "))),
            });
        }
        // What is pasted may carry characters that nobody sees.
        let cleaned = |name: &str| fields.get(name).map(text::visible).filter(|value| !value.is_empty());
        let (hosting, resource, url) = (cleaned("hosting_type"), cleaned("resource_url"), cleaned("url"));
        let hosting_type = match hosting.as_deref() {
            None | Some(HOSTED) => HostingType::Hosted,
            Some(ON_PREMISE) => HostingType::OnPremise,
            Some(other) => {
                return Err(NodeError::new(
                    Code::InvalidValue,
                    alloc::format!("\"{}\" is not a hosting type.", text::quoted(other)),
                )
                .with_field("hosting_type")
                .with_advice("It is hosted or on_premise."));
            }
        };
        let resource_url = match (resource.as_deref(), url.as_deref()) {
            (Some(typed), _) => endpoints::resource_server("resource_url", typed)?,
            (None, Some(typed)) => endpoints::of_instance("url", typed)?,
            (None, None) => return Err(missing("url", "the address of your HaloPSA")),
        };
        let typed_auth = cleaned("auth_url");
        let auth_url = typed_auth
            .as_deref()
            .map(|typed| endpoints::authorisation_server("auth_url", typed, &resource_url))
            .transpose()?;
        // "None" is what some guides tell people to type (HAPI §3.1). An address
        // of the sign-in may name the tenant, too.
        let tenant = cleaned("tenant")
            .or_else(|| {
                [&typed_auth, &url, &resource]
                    .into_iter()
                    .flatten()
                    .find_map(|typed| endpoints::tenant_in(typed))
            })
            .filter(|tenant| hosting_type == HostingType::Hosted && !tenant.eq_ignore_ascii_case("none"));
        Ok(Self {
            hosting_type,
            is_folder_guessed: resource.is_none() && resource_url.path() != "/api",
            resource_url,
            auth_url,
            tenant,
            client_id: cleaned("client_id"),
            // Trimmed and no more: it may be a placeholder, which must arrive
            // as it is.
            client_secret: fields
                .get("client_secret")
                .map(text::trimmed)
                .filter(|secret| !secret.is_empty())
                .map(Secret::new),
            scope: scope(fields.get("scope").unwrap_or_default()),
        })
    }

    /// The client id, which is no secret.
    pub fn client_id(&self) -> Result<&str> {
        self.client_id.as_deref().ok_or_else(|| missing("client_id", "the client id"))
    }

    /// Where to sign in: where that is not known, beside the API.
    pub fn sign_in_url(&self) -> Url {
        self.auth_url.clone().unwrap_or_else(|| endpoints::usual_authorisation_server(&self.resource_url))
    }

    /// Who we sign in as.
    pub fn application(&self) -> Result<Application> {
        Ok(Application {
            client_id: self.client_id()?.to_string(),
            client_secret: self
                .client_secret
                .clone()
                .ok_or_else(|| missing("client_secret", "the client secret"))?,
        })
    }

    /// Whether we can sign in by ourselves.
    pub fn can_sign_in(&self) -> bool {
        self.client_id.is_some() && self.client_secret.is_some()
    }

    /// Whether the instance can tell more than the person did.
    pub fn lacks_something(&self) -> bool {
        self.auth_url.is_none() || (self.hosting_type == HostingType::Hosted && self.tenant.is_none())
    }

    /// The client secret, to look for it where it must not be.
    pub fn client_secret(&self) -> Option<&str> {
        self.client_secret.as_ref().map(Secret::reveal)
    }

    /// The form again, completed and without secrets.
    pub fn to_fields(&self) -> Fields {
        let base = |url: &Url| url.as_str().trim_end_matches('/').to_string();
        let instance = endpoints::instance(&self.resource_url);
        [
            ("hosting_type", Some(self.hosting_type.name().to_string())),
            ("url", Some(instance)),
            ("resource_url", Some(base(&self.resource_url))),
            (
                "auth_url",
                Some(endpoints::shown_authorisation_server(&self.sign_in_url(), &self.resource_url)),
            ),
            ("tenant", self.tenant.clone()),
            ("client_id", self.client_id.clone()),
            ("scope", Some(self.scope.clone())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_string(), value?)))
        .collect()
    }
}

/// Names with one space between them.
fn scope(typed: &str) -> String {
    let names: Vec<String> =
        typed.split_whitespace().map(text::visible).filter(|name| !name.is_empty()).collect();
    if names.is_empty() { "all".to_string() } else { names.join(" ") }
}

fn missing(field: &str, what: &str) -> NodeError {
    NodeError::new(Code::MissingCredential, alloc::format!("The credentials lack {what}."))
        .with_field(field)
        .with_advice(alloc::format!("Fill in {field}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pairs: &[(&str, &str)]) -> Result<Credentials> {
        Credentials::parse(&pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect())
    }

    #[test]
    fn one_address_is_enough() {
        let credentials = parse(&[("url", "x")]).unwrap();
        assert_eq!(credentials.hosting_type, HostingType::Hosted);
        assert_eq!(credentials.resource_url.as_str(), "https://x.halopsa.com/api");
        assert_eq!(credentials.auth_url, None);
        assert_eq!(credentials.scope, "all");
        assert_eq!(
            parse(&[("resource_url", "https://x.halopsa.com/api")]).unwrap().resource_url,
            credentials.resource_url
        );
    }

    #[test]
    fn a_tenant_is_for_hosted_instances() {
        let tenant = |pairs| parse(pairs).unwrap().tenant;
        assert_eq!(tenant(&[("url", "x"), ("tenant", " demo ")]).as_deref(), Some("demo"));
        assert_eq!(tenant(&[("url", "x"), ("tenant", "None")]), None);
        assert_eq!(tenant(&[("url", "x"), ("tenant", "demo"), ("hosting_type", "on_premise")]), None);
    }

    #[test]
    fn bad_fields_are_named() {
        type Form = &'static [(&'static str, &'static str)];
        let cases: [(Form, Code, &str); 5] = [
            (&[], Code::MissingCredential, "/url"),
            (&[("url", "x"), ("clientid", "1")], Code::UnknownCredential, "/clientid"),
            (&[("url", "x"), ("hosting_type", "cloud")], Code::InvalidValue, "/hosting_type"),
            (&[("url", "http://x.halopsa.com")], Code::PlainHttp, "/url"),
            (&[("url", "x"), ("auth_url", "ftp://y")], Code::InvalidUrl, "/auth_url"),
        ];
        for (pairs, code, field) in cases {
            let error = parse(pairs).unwrap_err();
            assert_eq!((crate::error::code_of(&error), error.field()), (code, Some(field)));
        }
        let error = parse(&[("url", "x"), ("clientid", "1")]).unwrap_err();
        assert_eq!(error.advice(), Some("Did you mean \"client_id\"?"));
        let error = parse(&[("url", "x"), ("client_id", "1")]).unwrap().application().unwrap_err();
        assert_eq!(error.field(), Some("/client_secret"));
    }

    #[test]
    fn invisible_characters_around_pasted_values_are_dropped() {
        for around in ['\u{200b}', '\u{feff}', '\u{a0}', '\u{202a}', '\u{202c}', '\u{2066}', '\u{200e}', '\n']
        {
            let pasted = |value: &str| alloc::format!("{around}{value}{around} ");
            let (url, id, secret) = (pasted("https://x.halopsa.com"), pasted("1111-2222"), pasted("s3cret"));
            let (tenant, scope) = (pasted("acme"), pasted("edit:tickets"));
            let credentials = parse(&[
                ("url", &url),
                ("client_id", &id),
                ("client_secret", &secret),
                ("tenant", &tenant),
                ("scope", &scope),
            ])
            .unwrap();
            assert_eq!(credentials.resource_url.as_str(), "https://x.halopsa.com/api", "{around:?}");
            assert_eq!(credentials.client_id().unwrap(), "1111-2222", "{around:?}");
            assert_eq!(credentials.client_secret(), Some("s3cret"), "{around:?}");
            assert_eq!(credentials.tenant.as_deref(), Some("acme"), "{around:?}");
            assert_eq!(credentials.scope, "edit:tickets", "{around:?}");
        }
        let only = parse(&[("url", "x"), ("client_id", "\u{200b}")]).unwrap();
        assert_eq!(only.client_id().unwrap_err().code(), Code::MissingCredential);
        let inside = parse(&[("url", "https://x.halo\u{200b}psa.com"), ("client_id", "11\u{ad}22")]).unwrap();
        assert_eq!(inside.resource_url.as_str(), "https://x.halopsa.com/api");
        assert_eq!(inside.client_id().unwrap(), "1122");
    }

    #[test]
    fn a_sign_in_without_a_folder_stays_where_it_was_typed() {
        for (url, auth, token) in [
            (
                "https://same.host",
                "https://same.host/token?tenant=acme",
                "https://same.host/token?tenant=acme",
            ),
            ("https://same.host", "same.host/token?tenant=acme", "https://same.host/token?tenant=acme"),
            (
                "https://same.host",
                "https://same.host?tenant=acme",
                "https://same.host/auth/token?tenant=acme",
            ),
            (
                "https://same.host",
                "https://same.host/auth/token/token?tenant=acme",
                "https://same.host/auth/token?tenant=acme",
            ),
            (
                "https://same.host",
                "https://auth.other.host/token?tenant=acme",
                "https://auth.other.host/token?tenant=acme",
            ),
            ("x", "https://auth.halopsa.com/?tenant=acme", "https://auth.halopsa.com/token?tenant=acme"),
            ("https://x.halopsa.com/?tenant=acme", "", "https://x.halopsa.com/auth/token?tenant=acme"),
        ] {
            let credentials = parse(&[("url", url), ("auth_url", auth), ("client_id", "c")]).unwrap();
            let token_url = |of: &Credentials| {
                crate::auth::token_url(&of.sign_in_url(), of.tenant.as_deref()).to_string()
            };
            assert_eq!(token_url(&credentials), token, "{url} {auth}");
            let fields = credentials.to_fields();
            let again = Credentials::parse(&fields).unwrap();
            assert_eq!(again.to_fields(), fields, "{url} {auth}");
            assert_eq!(token_url(&again), token, "{url} {auth}, read a second time");
            // Hosts that sign in by themselves put the address together.
            let by_recipe = alloc::format!("{}/token", fields.get("auth_url").unwrap());
            let by_recipe = Url::parse(&by_recipe).unwrap();
            assert_eq!(by_recipe.as_str(), token.split_once('?').unwrap().0, "{url} {auth}");
        }
        let typed =
            parse(&[("url", "x"), ("tenant", "mine"), ("auth_url", "https://auth.halopsa.com?tenant=acme")]);
        assert_eq!(typed.unwrap().tenant.as_deref(), Some("mine"), "what is typed stands");
    }

    #[test]
    fn completing_twice_is_completing_once_and_shows_no_secret() {
        let first =
            parse(&[("url", "x"), ("tenant", "demo"), ("client_id", "c"), ("client_secret", "very-secret")])
                .unwrap();
        let fields = first.to_fields();
        assert!(!alloc::format!("{fields:?}{first:?}").contains("very-secret"));
        assert_eq!(Credentials::parse(&fields).unwrap().to_fields(), fields);
    }
}
