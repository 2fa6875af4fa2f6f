//! The credential form ([`form`]), and the one place where its values are read.

pub mod form;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use url::Url;

use crate::contract::{Fields, Secret};
use crate::endpoints;
use crate::error::{Code, NodeError, Result};
use crate::text;
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
                alloc::format!("There is no credential field \"{}\".", text::cut(unknown, 80)),
            )
            .field(unknown);
            let names: Vec<&str> = FIELDS.iter().map(|field| field.name).collect();
            return Err(match text::nearest(unknown, &names) {
                Some(near) => error.advice(alloc::format!("Did you mean \"{near}\"?")),
                None => error.advice(alloc::format!("Fields are {}.", names.join(", "))),
            });
        }
        let filled = |name: &str| fields.get(name).map(str::trim).filter(|value| !value.is_empty());
        let hosting_type = match filled("hosting_type") {
            None | Some(HOSTED) => HostingType::Hosted,
            Some(ON_PREMISE) => HostingType::OnPremise,
            Some(other) => {
                return Err(NodeError::new(
                    Code::InvalidValue,
                    alloc::format!("\"{}\" is no hosting type.", text::cut(other, 80)),
                )
                .field("hosting_type")
                .advice("It is hosted or on_premise."));
            }
        };
        let resource_url = match (filled("resource_url"), filled("url")) {
            (Some(typed), _) => endpoints::resource_server("resource_url", typed)?,
            (None, Some(typed)) => endpoints::of_instance("url", typed)?,
            (None, None) => return Err(missing("url", "the address of your HaloPSA")),
        };
        let auth_url = filled("auth_url")
            .map(|typed| endpoints::authorisation_server("auth_url", typed, &resource_url))
            .transpose()?;
        // "None" is what some guides tell people to type (HAPI 3.1).
        let tenant = filled("tenant")
            .filter(|tenant| hosting_type == HostingType::Hosted && !tenant.eq_ignore_ascii_case("none"))
            .map(ToString::to_string);
        Ok(Self {
            hosting_type,
            resource_url,
            auth_url,
            tenant,
            client_id: filled("client_id").map(ToString::to_string),
            // Not trimmed but for white space that no secret has: it may be a
            // placeholder, which must arrive as it is.
            client_secret: filled("client_secret").map(Secret::new),
            scope: filled("scope").unwrap_or("all").to_string(),
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
            ("auth_url", Some(base(&self.sign_in_url()))),
            ("tenant", self.tenant.clone()),
            ("client_id", self.client_id.clone()),
            ("scope", Some(self.scope.clone())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_string(), value?)))
        .collect()
    }
}

fn missing(field: &str, what: &str) -> NodeError {
    NodeError::new(Code::MissingCredential, alloc::format!("The credentials lack {what}."))
        .field(field)
        .advice(alloc::format!("Fill in {field}."))
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
            assert_eq!((error.get_code(), error.get_field()), (code, Some(field)));
        }
        let error = parse(&[("url", "x"), ("clientid", "1")]).unwrap_err();
        assert_eq!(error.get_advice(), Some("Did you mean \"client_id\"?"));
        let error = parse(&[("url", "x"), ("client_id", "1")]).unwrap().application().unwrap_err();
        assert_eq!(error.get_field(), Some("/client_secret"));
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
