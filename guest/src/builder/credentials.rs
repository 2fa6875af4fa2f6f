//! Where the service is and how to log in, as data: the form, the recipe and the
//! reach of the manifest come from it.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde_json::{Value, json};
use url::Url;

use crate::error::{Code, ErrorKind, NodeError, Result, Retry};
use crate::interface::Fields;
use crate::text;

const MISSING: Code = Code::new("missing-credential", ErrorKind::InvalidInput, Retry::Never);
const INVALID_URL: Code = Code::new("invalid-url", ErrorKind::InvalidInput, Retry::Never);

/// Name of the field with the address that a person types.
const URL: &str = "url";

/// How the node logs in.
#[derive(Debug, Clone)]
pub(crate) enum Login {
    /// Not at all.
    None,
    /// With a key in a header.
    Key { field: &'static str, header: &'static str, prefix: &'static str },
    /// With HTTP Basic.
    Basic { user: &'static str, password: &'static str },
    /// With a token for client id and secret.
    ClientCredentials {
        id: &'static str,
        secret: &'static str,
        token_url: String,
        scope: Option<&'static str>,
    },
}

/// Where the service is and how to log in.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The address of the service: a template.
    address: String,
    fields: Vec<Value>,
    login: Login,
    /// How many logins were chosen; there can be one.
    logins: usize,
}

fn field(name: &str, label: &str, help: &str, kind: &str) -> Value {
    json!({ "name": name, "label": label, "help": help, "kind": kind, "required": true })
}

impl Credentials {
    /// A service at one address, such as `https://api.example.com/v2`.
    #[must_use]
    pub fn at(address: &'static str) -> Self {
        Self { address: address.to_string(), fields: vec![], login: Login::None, logins: 0 }
    }

    /// A service whose address a person types, in the field `url`.
    #[must_use]
    pub fn at_typed_address(help: &'static str) -> Self {
        let fields = vec![field(URL, "Address", help, "url")];
        Self { address: format!("{{{URL}}}"), fields, login: Login::None, logins: 0 }
    }

    /// A key in a header, such as `x-api-key`, from the field `api_key`.
    #[must_use]
    pub fn key_header(mut self, header: &'static str, help: &'static str) -> Self {
        self.fields.push(field("api_key", "API key", help, "secret"));
        self.logins += 1;
        self.login = Login::Key { field: "api_key", header, prefix: "" };
        self
    }

    /// A key as bearer token, from the field `api_key`.
    #[must_use]
    pub fn bearer_key(mut self, help: &'static str) -> Self {
        self.fields.push(field("api_key", "API key", help, "secret"));
        self.logins += 1;
        self.login = Login::Key { field: "api_key", header: "authorization", prefix: "Bearer " };
        self
    }

    /// A user name and a password (HTTP Basic).
    #[must_use]
    pub fn basic(mut self, help: &'static str) -> Self {
        self.fields.push(field("user", "User name", help, "text"));
        self.fields.push(field("password", "Password", "", "secret"));
        self.logins += 1;
        self.login = Login::Basic { user: "user", password: "password" };
        self
    }

    /// A client id and a client secret, for which `token_path` gives a token (OAuth
    /// 2.0 client credentials). `token_path` is below the address, or absolute.
    #[must_use]
    pub fn client_credentials(mut self, token_path: &'static str, help: &'static str) -> Self {
        self.fields.push(field("client_id", "Client id", help, "text"));
        self.fields.push(field("client_secret", "Client secret", "", "secret"));
        let token_url = match token_path.contains("://") {
            true => token_path.to_string(),
            false => format!("{}/{}", self.address.trim_end_matches('/'), token_path.trim_start_matches('/')),
        };
        self.logins += 1;
        self.login =
            Login::ClientCredentials { id: "client_id", secret: "client_secret", token_url, scope: None };
        self
    }

    /// The scope that [`client_credentials`](Self::client_credentials) asks for.
    #[must_use]
    pub fn scope(mut self, wanted: &'static str) -> Self {
        if let Login::ClientCredentials { scope, .. } = &mut self.login {
            *scope = Some(wanted);
        }
        self
    }

    /// One more field of the form, as the manifest describes it.
    #[must_use]
    pub fn field(mut self, field: Value) -> Self {
        self.fields.push(field);
        self
    }

    pub(crate) fn login(&self) -> &Login {
        &self.login
    }

    /// `credentials` of the manifest.
    pub(crate) fn to_json(&self) -> Value {
        let bearer = json!({ "header": { "name": "authorization", "prefix": "Bearer " } });
        let recipe = match &self.login {
            Login::None => json!("none"),
            Login::Key { field, header, prefix: "" } => {
                json!({ "static_token": { "token_field": field, "inject": { "header": { "name": header } } } })
            }
            Login::Key { field, header, prefix } => json!({ "static_token": {
                "token_field": field, "inject": { "header": { "name": header, "prefix": prefix } }
            } }),
            Login::Basic { user, password } => {
                json!({ "basic": { "username_field": user, "password_field": password } })
            }
            Login::ClientCredentials { id, secret, token_url, scope } => {
                let mut recipe = json!({
                    "client_id_field": id, "client_secret_field": secret, "token_url": token_url,
                    "client_authentication": "request-body", "inject": bearer, "renew_on": [401],
                });
                if let (Some(scope), Value::Object(recipe)) = (scope, &mut recipe) {
                    recipe.insert("scope".to_string(), json!(scope));
                }
                json!({ "oauth2_client_credentials": recipe })
            }
        };
        json!({ "fields": self.fields, "auth_recipe": recipe, "egress": self.egress() })
    }

    fn egress(&self) -> Vec<String> {
        let mut origins = vec![origin_of(&self.address)];
        if let Login::ClientCredentials { token_url, .. } = &self.login {
            origins.push(origin_of(token_url));
        }
        origins.dedup();
        origins
    }

    /// The address that requests begin with.
    pub(crate) fn base(&self, fields: &Fields) -> Result<Url> {
        self.fill(&self.address, fields)
    }

    /// An address of which a field may be the beginning.
    pub(crate) fn fill(&self, template: &str, fields: &Fields) -> Result<Url> {
        let Some(rest) = template.strip_prefix("{url}") else {
            return Url::parse(template)
                .map_err(|_| NodeError::new(Code::INTERNAL, "An address in the node is not a URL."));
        };
        let mut url = typed_address(self.required(fields, URL)?)?;
        let path = format!("{}{rest}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Ok(url)
    }

    /// The value of a field that must be there.
    pub(crate) fn required<'f>(&self, fields: &'f Fields, name: &str) -> Result<&'f str> {
        fields.get(name).map(text::trimmed).filter(|value| !value.is_empty()).ok_or_else(|| {
            let label = self.fields.iter().find(|field| field["name"] == name).map(|field| &field["label"]);
            let label = label.and_then(Value::as_str).unwrap_or(name);
            NodeError::new(MISSING, format!("The credentials lack \"{label}\"."))
                .with_field(name)
                .with_advice("Fill it in.")
        })
    }

    /// What cannot work.
    pub(crate) fn contradictions(&self) -> Vec<String> {
        let mut wrong = vec![];
        if self.logins > 1 {
            wrong.push(format!("the credentials choose {} logins, and a node has one", self.logins));
        }
        let filled = self.address.replace("{url}", "https://example.com");
        if Url::parse(&filled).ok().filter(|url| matches!(url.scheme(), "http" | "https")).is_none() {
            wrong.push(format!("the address \"{}\" is no web address", self.address));
        }
        if let Login::Key { header, .. } = &self.login
            && (header.is_empty() || !header.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
        {
            wrong.push(format!("\"{header}\" is no name of a header"));
        }
        wrong
    }

    /// The names of the fields.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().filter_map(|field| field["name"].as_str())
    }

    /// The values of the secret fields.
    pub(crate) fn secrets<'f>(&self, fields: &'f Fields) -> Vec<&'f str> {
        let is_secret = |field: &&Value| field["kind"] == "secret" || field["secret"] == true;
        self.fields
            .iter()
            .filter(is_secret)
            .filter_map(|field| fields.get(field["name"].as_str().unwrap_or_default()))
            .collect()
    }

    /// The fields with a clean address, and without the secrets.
    pub(crate) fn complete(&self, fields: &Fields) -> Result<Fields> {
        let mut complete = vec![];
        for (name, value) in fields.iter() {
            let value = match name {
                URL if self.address.starts_with("{url}") => {
                    typed_address(value)?.as_str().trim_end_matches('/').to_string()
                }
                _ => text::trimmed(value).to_string(),
            };
            complete.push((name.to_string(), value));
        }
        for field in &self.fields {
            let name = field["name"].as_str().unwrap_or_default();
            if field["kind"] != "secret" && field["required"] == true {
                self.required(fields, name)?;
            }
        }
        Ok(complete.into_iter().collect())
    }
}

/// The part of an address that an origin is: everything before the path.
fn origin_of(address: &str) -> String {
    let after_scheme = address.find("://").map_or(0, |at| at + 3);
    let end = address.get(after_scheme..).and_then(|rest| rest.find('/')).map(|at| after_scheme + at);
    address.get(..end.unwrap_or(address.len())).unwrap_or(address).to_string()
}

/// An address as people type and paste it: without a scheme it is https.
fn typed_address(typed: &str) -> Result<Url> {
    let invalid = || {
        NodeError::new(INVALID_URL, "The address must look like https://example.com.")
            .with_field(URL)
            .with_advice("Copy it from the browser, up to the first slash after the host name.")
    };
    let typed = text::visible(typed);
    let with_scheme = if typed.contains("://") { typed } else { format!("https://{typed}") };
    let mut url = Url::parse(&with_scheme).map_err(|_| invalid())?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    if !is_web || !url.username().is_empty() || url.password().is_some() {
        return Err(invalid());
    }
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(typed: &str) -> Result<String> {
        let fields = [(URL.to_string(), typed.to_string())].into_iter().collect();
        Credentials::at_typed_address("").base(&fields).map(|url| url.to_string())
    }

    #[test]
    fn an_address_is_read_as_people_paste_it() {
        for (typed, expected) in [
            ("https://example.com", "https://example.com/"),
            (" Example.com/ \u{200b}", "https://example.com/"),
            ("http://127.0.0.1:4711/api/?x=1#top", "http://127.0.0.1:4711/api"),
        ] {
            assert_eq!(base(typed).unwrap(), expected, "{typed}");
        }
        for typed in ["", "ftp://example.com", "https://user@example.com", "https://", "not an address"] {
            assert!(base(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn a_token_url_below_the_address_opens_no_second_origin() {
        let credentials = Credentials::at_typed_address("").client_credentials("/oauth/token", "");
        let form = credentials.to_json();
        assert_eq!(form["egress"], json!(["{url}"]));
        assert_eq!(form["auth_recipe"]["oauth2_client_credentials"]["token_url"], "{url}/oauth/token");
        let elsewhere = Credentials::at("https://api.example.com/v2")
            .client_credentials("https://login.example.com/token", "")
            .to_json();
        assert_eq!(elsewhere["egress"], json!(["https://api.example.com", "https://login.example.com"]));
    }
}
