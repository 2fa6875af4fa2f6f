//! Placeholder mode: the component logs in by itself, with stand-ins for the
//! secrets, and the host puts the real values in on the way out.
//!
//! A [`Vault`] knows what stands for what and, from the recipe of the credential
//! spec, the only places where a real value belongs:
//!
//! | value | place |
//! |---|---|
//! | client secret | the token URL, as the form field or in the `Basic` header that the recipe declares |
//! | token, typed key | the header or query parameter that the recipe injects, whole |
//! | user name and password | `Authorization: Basic`, to any origin that is open |
//!
//! What the token URL answers is read by the host: a token in it becomes a
//! placeholder before the component sees it. A placeholder in any other place is
//! no secret, so nothing is lost by it, but whoever put it there meant to send
//! one: such a request is refused.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, SET_COOKIE};
use http::{HeaderValue, Method, Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use serde_json::Value;
use url::form_urlencoded::{Serializer, byte_serialize, parse};
use wasmtime_wasi_http::{Error as WasiError, WasiBody};
use workflow_node_redaction::{Kind, Redactor, tokens_in};

use crate::context::random_hex;
use crate::egress::Refusal;
use crate::error::HostError;
use crate::failure::Failure;
use crate::form::{AuthRecipe, ClientAuthentication, Oauth2ClientCredentials};
use crate::keyring::Keyring;
use crate::network::without_query;
use crate::origin::Origin;
use crate::recipe::{Ingredients, LoginPlan, Place, not_run, with_query};
use crate::replay::{self, Room};
use crate::secrets::{Secret, Secrets};
use crate::session::LARGEST;
use crate::template;
use crate::token::{MAX_ANSWER, token_uri};
use crate::wit::types::FieldValue;

/// How many tokens have a placeholder at the same time; the oldest is forgotten.
const TOKENS: usize = 16;

/// Members of a token answer that open something, too. No recipe injects them.
const OTHER_TOKENS: [&str; 2] = ["refresh_token", "id_token"];

/// Secrets, the placeholders that stand for them, and the places where they go.
pub(crate) struct Vault {
    /// In every placeholder of this connection and in nothing else.
    stem: String,
    /// What stands for each secret field.
    fields: BTreeMap<String, String>,
    keyring: Arc<Keyring>,
    rule: Rule,
    tokens: Mutex<Vec<Held>>,
    secrets: Arc<Secrets>,
}

/// A value and what stands for it.
#[derive(Clone)]
struct Held {
    placeholder: String,
    value: Secret,
}

/// Where values go.
enum Rule {
    /// A typed value goes into every request.
    Key { field: String, place: Place },
    /// User name and password go into every request.
    Basic { field: String },
    /// The client secret goes to the token URL, the token into every request.
    Token(Box<TokenRule>),
}

struct TokenRule {
    /// Without its query.
    url: Uri,
    /// Form fields, and the credential fields that may be in them.
    form: Vec<(String, Vec<String>)>,
    /// The field that goes into a `Basic` header.
    basic: Option<String>,
    access_token: String,
    place: Place,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

/// What the host still has to do with the answer to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Nothing.
    Plain,
    /// There is a token in it.
    Token,
}

impl Vault {
    /// The vault of a connection. Only a recipe says where secrets belong, so
    /// there is none without.
    pub(crate) fn new(plan: &LoginPlan) -> Result<Self, HostError> {
        let ring = plan.keyring.current();
        let (ingredients, secrets) = (plan.ingredients(&ring.values), &plan.secrets);
        let rule = match &plan.recipe {
            AuthRecipe::Other(name) => return Err(not_run(name)),
            AuthRecipe::None | AuthRecipe::Custom => {
                return Err(HostError::Recipe("it does not say where the secrets go".to_owned()));
            }
            AuthRecipe::StaticToken(token) => {
                Rule::Key { field: token.token_field.clone(), place: Place::new(&token.inject)? }
            }
            AuthRecipe::Basic(basic) => Rule::Basic { field: basic.password_field.clone() },
            AuthRecipe::Oauth2ClientCredentials(recipe) => {
                Rule::Token(Box::new(TokenRule::new(recipe, &ingredients)?))
            }
        };
        let stem = format!("placeholder-{}", random_hex()?);
        let name = |(number, name): (usize, &String)| {
            let placeholder = format!("{stem}-{number}");
            secrets.keep(&placeholder);
            (name.clone(), placeholder)
        };
        let fields = ring.values.keys().enumerate().map(name).collect();
        let (keyring, secrets) = (Arc::clone(&plan.keyring), Arc::clone(secrets));
        Ok(Self { stem, fields, keyring, rule, tokens: Mutex::default(), secrets })
    }

    /// The secret fields as the component is given them.
    pub(crate) fn fields(&self) -> impl Iterator<Item = FieldValue> {
        self.fields
            .iter()
            .map(|(name, placeholder)| FieldValue { name: name.clone(), value: placeholder.clone() })
    }

    /// A field with the secret that it stands for now.
    fn held(&self, name: &str) -> Option<Held> {
        let value = self.keyring.current().values.get(name)?.clone();
        Some(Held { placeholder: self.fields.get(name)?.clone(), value })
    }

    /// Puts the real values into a request, where they belong.
    pub(crate) async fn fill(
        &self,
        request: Request<WasiBody>,
        room: &Room,
    ) -> Result<(Request<WasiBody>, Answer), Failure> {
        let (mut request, spare) = replay::hold(request, room).await.map_err(|_| Failure::RequestBody)?;
        let body = spare.as_ref().map_or(&[][..], |spare| spare.body());
        let answer = match &self.rule {
            Rule::Token(rule) if rule.is_for(&request) => {
                let form = self.filled_form(rule, body);
                if let Some(field) = rule.basic.as_ref().and_then(|name| self.held(name)) {
                    let encoded: String = byte_serialize(field.value.expose_secret().as_bytes()).collect();
                    fill_basic(&mut request, &field.placeholder, &encoded)?;
                }
                self.refuse_strays(
                    &request,
                    form.as_ref().map_or(body, |form| form.expose_secret().as_bytes()),
                )?;
                if let Some(form) = form {
                    request.headers_mut().remove(CONTENT_LENGTH);
                    *request.body_mut() = full(Bytes::from(form.expose_secret().to_owned()));
                }
                return Ok((request, Answer::Token));
            }
            Rule::Token(rule) => {
                let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner).clone();
                tokens.iter().try_for_each(|token| fill_place(&mut request, &rule.place, token))?;
                Answer::Plain
            }
            Rule::Key { field, place } => {
                self.held(field).map_or(Ok(()), |key| fill_place(&mut request, place, &key))?;
                Answer::Plain
            }
            Rule::Basic { field } => {
                if let Some(password) = self.held(field) {
                    fill_basic(&mut request, &password.placeholder, password.value.expose_secret())?;
                }
                Answer::Plain
            }
        };
        self.refuse_strays(&request, body)?;
        Ok((request, answer))
    }

    /// The form with the real values in the fields that may have them; `None`
    /// where there is nothing to put in.
    fn filled_form(&self, rule: &TokenRule, body: &[u8]) -> Option<Secret> {
        if !contains(body, self.stem.as_bytes()) {
            return None;
        }
        let mut form = Serializer::new(String::new());
        for (name, value) in parse(body) {
            let mut value = value.into_owned();
            let allowed = rule.form.iter().filter(|(field, _)| *field == name).flat_map(|(_, names)| names);
            for held in allowed.filter_map(|name| self.held(name)) {
                value = value.replace(&held.placeholder, held.value.expose_secret());
            }
            form.append_pair(&name, &value);
        }
        Some(Secret::new(form.finish()))
    }

    /// Refuses a request that still has a placeholder anywhere.
    fn refuse_strays(&self, request: &Request<WasiBody>, body: &[u8]) -> Result<(), Failure> {
        let stem = self.stem.as_bytes();
        let place = if contains(request.uri().to_string().as_bytes(), stem) {
            "the URL".to_owned()
        } else if let Some((name, _)) =
            request.headers().iter().find(|(_, value)| contains(value.as_bytes(), stem))
        {
            format!("the header `{name}`")
        } else if contains(body, stem) {
            "the body".to_owned()
        } else {
            return Ok(());
        };
        Err(Failure::Refused(Refusal::malformed(&format!(
            "the component put a secret into {place} of a request to {}, where its credential spec declares none",
            request.uri().authority().map_or("nowhere", |authority| authority.as_str()),
        ))))
    }

    /// The answer of the token URL with a placeholder in the place of the token.
    /// One that cannot be read has no token that a recipe could find, and is
    /// given to nobody.
    pub(crate) async fn veil(&self, response: Response<WasiBody>) -> Result<Response<WasiBody>, WasiError> {
        let Rule::Token(rule) = &self.rule else { return Ok(response) };
        let (mut head, body) = response.into_parts();
        let limit = usize::try_from(MAX_ANSWER).unwrap_or(usize::MAX);
        let body = Limited::new(body, limit).collect().await.map_err(|error| {
            match error.downcast::<WasiError>() {
                Ok(error) => *error,
                Err(_) => WasiError::HttpResponseBodySize(Some(MAX_ANSWER)),
            }
        })?;
        head.headers.remove(CONTENT_LENGTH);
        head.headers.remove(SET_COOKIE);
        let text = if head.status.is_success() {
            match serde_json::from_slice(&body.to_bytes()) {
                Ok(answer) => self.veiled(rule, answer),
                Err(_) => String::new(),
            }
        } else {
            let mut text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
            // A refusal may hold a token all the same.
            let tokens = tokens_in(&text);
            Redactor::new(tokens.iter().map(String::as_str)).json(&mut text, Kind::Words);
            self.secrets.scrub_json(&mut text);
            text
        };
        Ok(Response::from_parts(head, full(Bytes::from(text))))
    }

    fn veiled(&self, rule: &TokenRule, mut answer: Value) -> String {
        let token = answer.pointer(&rule.access_token).and_then(Value::as_str).map(str::to_owned);
        let Some(token) = token.filter(|token| (1..=LARGEST).contains(&token.len())) else {
            return "{}".to_owned();
        };
        for name in OTHER_TOKENS {
            if let Some(other) = answer.as_object_mut().and_then(|answer| answer.remove(name))
                && let Some(other) = other.as_str().filter(|other| other.len() <= LARGEST)
            {
                self.secrets.add(other);
            }
        }
        let placeholder = self.placeholder_of(&token);
        // The rest of the answer may repeat it. The placeholder comes afterwards: it
        // begins like others that are hidden, too.
        let mut text = answer.to_string();
        self.secrets.scrub_json(&mut text);
        let mut answer: Value = serde_json::from_str(&text).unwrap_or_default();
        match answer.pointer_mut(&rule.access_token) {
            Some(place) => *place = Value::String(placeholder),
            None => return "{}".to_owned(),
        }
        answer.to_string()
    }

    /// What stands for a token: the same for the same token.
    fn placeholder_of(&self, token: &str) -> String {
        self.secrets.add(token);
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = tokens.iter().find(|held| held.value.expose_secret() == token) {
            return held.placeholder.clone();
        }
        // Numbers go on where the last one ended, so that none is used twice.
        let last = tokens.last().and_then(|held| held.placeholder.rsplit_once("-t")?.1.parse::<u64>().ok());
        let placeholder = format!("{}-t{}", self.stem, last.map_or(0, |last| last.wrapping_add(1)));
        if tokens.len() == TOKENS {
            tokens.remove(0);
        }
        tokens.push(Held { placeholder: placeholder.clone(), value: Secret::new(token) });
        placeholder
    }
}

impl TokenRule {
    fn new(recipe: &Oauth2ClientCredentials, ingredients: &Ingredients<'_>) -> Result<Self, HostError> {
        let mut form: Vec<(String, Vec<String>)> = recipe
            .form
            .iter()
            .map(|parameter| {
                let names = template::names(&parameter.value).map(str::to_owned).collect();
                (parameter.name.clone(), names)
            })
            .collect();
        let secret = recipe.client_secret_field.clone();
        let basic = match recipe.client_authentication {
            ClientAuthentication::RequestBody => {
                form.push(("client_secret".to_owned(), vec![secret]));
                None
            }
            ClientAuthentication::BasicHeader => Some(secret),
        };
        Ok(Self {
            url: token_uri(recipe, ingredients)?,
            form,
            basic,
            access_token: recipe.access_token.clone(),
            place: Place::new(&recipe.inject)?,
        })
    }

    /// Whether a request goes to the token URL, whatever its query.
    fn is_for(&self, request: &Request<WasiBody>) -> bool {
        let uri = request.uri();
        request.method() == Method::POST
            && Origin::of(uri).ok() == Origin::of(&self.url).ok()
            && uri.path() == self.url.path()
    }
}

/// Puts a value into its declared place, if its placeholder is there.
fn fill_place(request: &mut Request<WasiBody>, place: &Place, held: &Held) -> Result<(), Failure> {
    match place {
        Place::Header { name, prefix } => {
            let expected = format!("{prefix}{}", held.placeholder);
            if request.headers().get(name).is_some_and(|value| value.as_bytes() == expected.as_bytes()) {
                let value = sensitive(&format!("{prefix}{}", held.value.expose_secret()))?;
                request.headers_mut().insert(name.clone(), value);
            }
        }
        Place::Query(name) => {
            let query = request.uri().query().unwrap_or_default();
            let mut pairs: Vec<(String, String)> = parse(query.as_bytes()).into_owned().collect();
            let before = pairs.len();
            pairs.retain(|(known, value)| known != name || *value != held.placeholder);
            if pairs.len() < before {
                pairs.push((name.clone(), held.value.expose_secret().to_owned()));
                let query = Serializer::new(String::new()).extend_pairs(pairs).finish();
                let bare = without_query(request.uri());
                *request.uri_mut() = with_query(&bare, &query).ok_or(Failure::Protocol)?;
            }
        }
    }
    Ok(())
}

/// Puts a value into the second half of a `Basic` header, if its placeholder is
/// there.
fn fill_basic(request: &mut Request<WasiBody>, placeholder: &str, value: &str) -> Result<(), Failure> {
    let pair = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|header| header.to_str().ok()?.strip_prefix("Basic "))
        .and_then(|pair| String::from_utf8(STANDARD.decode(pair).ok()?).ok());
    if let Some((user, password)) = pair.as_deref().and_then(|pair| pair.split_once(':'))
        && password == placeholder
    {
        let pair = STANDARD.encode(format!("{user}:{value}"));
        request.headers_mut().insert(AUTHORIZATION, sensitive(&format!("Basic {pair}"))?);
    }
    Ok(())
}

fn sensitive(text: &str) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::try_from(text).map_err(|_| Failure::Login)?;
    value.set_sensitive(true);
    Ok(value)
}

fn full(bytes: Bytes) -> WasiBody {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

#[cfg(test)]
mod tests;
