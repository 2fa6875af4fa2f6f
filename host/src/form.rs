//! The credential form and how to log in with it: `credentials` of the manifest.
//!
//! `docs/manifest.md` describes the JSON, and what a host does with a kind of field
//! or a recipe that it does not know: such a field is asked for as one line of text,
//! such a recipe leaves the login to the component.

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde_json::Value;

/// What a host must know to ask for credentials and to guard them.
#[derive(Debug, Clone, Default, Deserialize)]
#[non_exhaustive]
pub struct CredentialSpec {
    /// The form, in the order in which people see it.
    #[serde(default)]
    pub fields: Vec<CredentialField>,
    /// How to log in.
    #[serde(default)]
    pub auth_recipe: AuthRecipe,
    /// The most that the node ever needs to reach.
    #[serde(default)]
    pub egress: Vec<String>,
    /// A page for the person who must find or make the credentials.
    pub documentation_url: Option<String>,
}

/// One field of the form.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct CredentialField {
    /// Key of the value.
    pub name: String,
    /// Label of the field.
    pub label: String,
    /// What it is and where to find it.
    #[serde(default)]
    pub help: String,
    /// An example, such as `https://example.com`.
    pub placeholder: Option<String>,
    /// How it is asked for.
    pub kind: FieldKind,
    /// Whether the value is hidden, whatever the kind. Kind `secret` always is.
    #[serde(default)]
    pub secret: bool,
    /// Whether it must be filled in where it is shown.
    #[serde(default)]
    pub required: bool,
    /// Whether it belongs into the part of the form that is closed at first.
    #[serde(default)]
    pub advanced: bool,
    /// The value while nothing is filled in.
    pub default_value: Option<String>,
    /// For `choice` and `choices`.
    #[serde(default)]
    pub choices: Vec<FieldChoice>,
    /// Name of a list that has the choices.
    pub choices_from: Option<String>,
    /// Regular expression (ECMA-262) of the value.
    pub pattern: Option<String>,
    /// The least value of a number.
    pub minimum: Option<f64>,
    /// The greatest value of a number.
    pub maximum: Option<f64>,
    /// All of them must hold; none: always shown.
    #[serde(default)]
    pub shown_when: Vec<ShownWhen>,
}

impl CredentialField {
    /// Whether the value must never be shown, logged or returned.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.secret || self.kind == FieldKind::Secret
    }
}

/// How a field is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldKind {
    /// One line.
    Text,
    /// Several lines.
    Multiline,
    /// A web address.
    Url,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// Yes or no.
    Boolean,
    /// One of the choices.
    Choice,
    /// Any of the choices.
    Choices,
    /// One line that is hidden.
    Secret,
    /// A day, `2026-03-01`.
    Date,
    /// The content of a file, as text.
    File,
    /// Names with values, a JSON object.
    KeyValue,
    /// JSON text.
    Json,
    /// Text to read, without a value.
    Notice,
    /// A kind of a later version: one line of text.
    Other(String),
}

impl<'de> Deserialize<'de> for FieldKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Ok(match name.as_str() {
            "text" => Self::Text,
            "multiline" => Self::Multiline,
            "url" => Self::Url,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            "choice" => Self::Choice,
            "choices" => Self::Choices,
            "secret" => Self::Secret,
            "date" => Self::Date,
            "file" => Self::File,
            "key_value" => Self::KeyValue,
            "json" => Self::Json,
            "notice" => Self::Notice,
            _ => Self::Other(name),
        })
    }
}

/// A value to choose from.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct FieldChoice {
    /// The value.
    pub value: String,
    /// What people read.
    pub label: String,
    /// A second line.
    pub help: Option<String>,
}

/// Show a field only while another one has one of these values.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct ShownWhen {
    /// Name of the other field.
    pub field: String,
    /// Its values.
    pub values: Vec<String>,
}

/// How to log in. In templates `{name}` is the value of a credential field, and
/// nothing where the field is empty.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum AuthRecipe {
    /// The service needs no credentials.
    #[default]
    None,
    /// A key or token that a person typed.
    StaticToken(StaticToken),
    /// HTTP Basic (RFC 7617).
    Basic(Basic),
    /// OAuth 2 client credentials (RFC 6749, 4.4).
    Oauth2ClientCredentials(Box<Oauth2ClientCredentials>),
    /// Only `authenticate` knows how.
    Custom,
    /// A recipe that this host does not run, such as `oauth2_authorization_code`:
    /// the login is left to the component.
    Other(String),
}

impl<'de> Deserialize<'de> for AuthRecipe {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (name, value) = match Value::deserialize(deserializer)? {
            Value::String(name) => (name, Value::Null),
            Value::Object(members) if members.len() == 1 => {
                members.into_iter().next().ok_or_else(|| D::Error::custom("no recipe"))?
            }
            _ => {
                return Err(D::Error::custom(
                    "a recipe is a name, or an object with its name as the only member",
                ));
            }
        };
        Ok(match name.as_str() {
            "none" => Self::None,
            // The spelling of version 0.1.
            "custom" | "by-node" => Self::Custom,
            "static_token" => Self::StaticToken(read(value)?),
            "basic" => Self::Basic(read(value)?),
            "oauth2_client_credentials" => Self::Oauth2ClientCredentials(read(value)?),
            _ => Self::Other(name),
        })
    }
}

fn read<T: DeserializeOwned, E: serde::de::Error>(value: Value) -> Result<T, E> {
    match value {
        Value::Null => Err(E::custom("a recipe with members is an object with its name as the only member")),
        value => serde_json::from_value(value).map_err(E::custom),
    }
}

/// Where a credential goes in a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Injection {
    /// A header.
    Header(HeaderInjection),
    /// The query parameter of this name.
    Query(String),
}

/// A header that holds a credential.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct HeaderInjection {
    /// Header name, such as `authorization`.
    pub name: String,
    /// Text before the value, such as `Bearer `.
    #[serde(default)]
    pub prefix: String,
}

/// A key or token that a person typed.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct StaticToken {
    /// The field that holds it.
    pub token_field: String,
    /// Where it goes.
    pub inject: Injection,
}

/// HTTP Basic.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Basic {
    /// The field with the user name.
    pub username_field: String,
    /// The field with the password.
    pub password_field: String,
}

/// How the application identifies itself to the token endpoint (RFC 6749, 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// `client_id` and `client_secret` in the form.
    #[default]
    RequestBody,
    /// HTTP Basic.
    BasicHeader,
}

/// A parameter of the token request.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Template. The parameter is left out where the result is empty.
    pub value: String,
}

/// OAuth 2 client credentials.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Oauth2ClientCredentials {
    /// Template of the token URL.
    pub token_url: String,
    /// Parameters for the query of the token URL.
    #[serde(default)]
    pub query: Vec<Parameter>,
    /// Parameters for the form, besides `grant_type`, the application and `scope`.
    #[serde(default)]
    pub form: Vec<Parameter>,
    /// How the application identifies itself.
    #[serde(default)]
    pub client_authentication: ClientAuthentication,
    /// The field with the id of the application.
    pub client_id_field: String,
    /// The field with its secret.
    pub client_secret_field: String,
    /// Template of the `scope` parameter.
    #[serde(default)]
    pub scope: String,
    /// JSON pointer to the token in the response.
    #[serde(default = "access_token")]
    pub access_token: String,
    /// JSON pointer to its lifetime in seconds.
    #[serde(default = "expires_in")]
    pub expires_in: String,
    /// JSON pointer to what was granted.
    pub granted_scope: Option<String>,
    /// Lifetime of a token whose response does not say it, in milliseconds.
    #[serde(default = "hour")]
    pub default_lifetime_ms: u64,
    /// How long before its end a token is renewed, in milliseconds.
    #[serde(default = "minute")]
    pub renew_before_ms: u64,
    /// Where the token goes.
    pub inject: Injection,
    /// Statuses on which a host gets one fresh token and sends the request again,
    /// once for each token.
    #[serde(default)]
    pub renew_on: Vec<u16>,
}

fn access_token() -> String {
    "/access_token".to_owned()
}

fn expires_in() -> String {
    "/expires_in".to_owned()
}

fn hour() -> u64 {
    3_600_000
}

fn minute() -> u64 {
    60_000
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec(json: Value) -> Result<CredentialSpec, serde_json::Error> {
        serde_json::from_value(json)
    }

    #[test]
    fn an_unknown_kind_of_field_is_one_line_that_may_be_secret() {
        let spec = spec(json!({ "fields": [
            { "name": "a", "label": "A", "kind": "passkey", "secret": true },
            { "name": "b", "label": "B", "kind": "colour" },
            { "name": "c", "label": "C", "kind": "secret" },
        ] }))
        .expect("spec");
        assert_eq!(spec.fields[0].kind, FieldKind::Other("passkey".to_owned()));
        let secret: Vec<bool> = spec.fields.iter().map(CredentialField::is_secret).collect();
        assert_eq!(secret, [true, false, true]);
    }

    #[test]
    fn an_unknown_recipe_is_left_to_the_component() {
        for (recipe, name) in [
            (json!({ "oauth2_device_code": { "anything": 1 } }), "oauth2_device_code"),
            (json!("mutual_tls"), "mutual_tls"),
        ] {
            let spec = spec(json!({ "auth_recipe": recipe })).expect("spec");
            assert!(matches!(spec.auth_recipe, AuthRecipe::Other(found) if found == name));
        }
    }

    #[test]
    fn what_a_recipe_leaves_out_has_the_usual_value() {
        let spec = spec(json!({ "auth_recipe": { "oauth2_client_credentials": {
            "token_url": "{url}/token", "client_id_field": "id", "client_secret_field": "secret",
            "default_lifetime_ms": 31_536_000_000_u64,
            "inject": { "header": { "name": "authorization", "prefix": "Bearer " } },
        } } }))
        .expect("spec");
        let AuthRecipe::Oauth2ClientCredentials(recipe) = spec.auth_recipe else { panic!("another recipe") };
        assert_eq!((recipe.access_token.as_str(), recipe.renew_before_ms), ("/access_token", 60_000));
        assert_eq!(recipe.default_lifetime_ms, 31_536_000_000);
    }

    #[test]
    fn a_recipe_that_lacks_something_is_refused() {
        for recipe in [
            json!({ "basic": {} }),
            json!({ "basic": {}, "none": {} }),
            json!({ "static_token": { "token_field": "key" } }),
            json!(["none"]),
        ] {
            spec(json!({ "auth_recipe": recipe })).expect_err("refused");
        }
    }
}
