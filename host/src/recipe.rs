//! Logging in without the node: the host runs the recipe of the credential spec,
//! and neither the secret nor the token ever enters the sandbox.
//!
//! [`HostLogin`] is built once for a connection. [`network`](crate::network) asks it
//! for a [`HostLease`] for each request, which puts the credential in, and tells it
//! when the service refuses the token. How a token is asked for is in
//! [`token`](crate::token); who may ask at the same time in
//! [`session`](crate::session).

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue, Request, StatusCode, Uri};
use tokio::time::Instant;
use url::form_urlencoded::Serializer;

use crate::credentials::{Credentials, Typed};
use crate::error::{CallError, HostError};
use crate::form::{AuthRecipe, Injection};
use crate::keyring::{Keyring, is_refused};
use crate::network::Network;
use crate::origin::{Origin, typed_origins};
use crate::secrets::{Secret, Secrets};
use crate::session::{Cache, Lease};
use crate::token::{Token, TokenRequest, TokenUse};

/// How the host of one connection logs in.
#[derive(Debug)]
pub(crate) struct HostLogin {
    plan: LoginPlan,
    made: RwLock<Arc<Login>>,
}

/// What a login is made of, with the secrets as they are at the time.
#[derive(Debug, Clone)]
pub(crate) struct LoginPlan {
    pub(crate) recipe: AuthRecipe,
    /// As `prepare` completed them.
    pub(crate) credentials: Credentials,
    pub(crate) typed: Typed,
    pub(crate) token_url: Option<String>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) secrets: Arc<Secrets>,
}

/// A login with the secrets of one time.
#[derive(Debug)]
struct Login {
    /// Of which secrets it was made.
    ring: u64,
    place: Place,
    kind: Kind,
    /// Statuses that mean that what it gave is no good.
    renew_on: Vec<u16>,
}

/// Where the credential goes in a request.
#[derive(Debug)]
pub(crate) enum Place {
    Header { name: HeaderName, prefix: String },
    Query(String),
}

/// What the credential is.
#[derive(Debug)]
enum Kind {
    /// The same in every request.
    Fixed(Secret),
    /// A token that is asked for, and ends.
    Token(Box<Asked>),
}

#[derive(Debug)]
struct Asked {
    request: TokenRequest,
    cache: Cache<Token>,
    secrets: Arc<Secrets>,
}

/// What a recipe is filled from.
pub(crate) struct Ingredients<'a> {
    /// The completed fields.
    pub(crate) fields: &'a BTreeMap<String, String>,
    /// The same as they were typed.
    pub(crate) typed: &'a Typed,
    /// The fields of kind `secret`.
    pub(crate) secrets: &'a BTreeMap<String, Secret>,
    /// `prepared.token-url`.
    pub(crate) token_url: Option<&'a str>,
}

impl Ingredients<'_> {
    /// The value of a field of either sort.
    pub(crate) fn value(&self, name: &str) -> Result<&str, HostError> {
        self.secrets
            .get(name)
            .map(Secret::expose_secret)
            .or_else(|| self.plain(name))
            .ok_or_else(|| HostError::Recipe(format!("there is no value for the field `{name}`")))
    }

    /// The value of a field for a template: what the component completed, but where
    /// a person typed something, no more than that tidied up. The scope of a token
    /// request is the person's to choose, too.
    fn plain(&self, name: &str) -> Option<&str> {
        let completed = self.fields.get(name)?;
        match self.typed.fields.get(name) {
            Some(typed) if !is_tidied(typed, completed) => Some(typed),
            _ => Some(completed),
        }
    }

    /// All fields for templates.
    pub(crate) fn plain_fields(&self) -> BTreeMap<String, String> {
        let plain = |name: &String| Some((name.clone(), self.plain(name)?.to_owned()));
        self.fields.keys().filter_map(plain).collect()
    }

    /// Fields and secrets together, for templates that may hold both.
    pub(crate) fn all(&self) -> BTreeMap<String, String> {
        let mut all = self.plain_fields();
        all.extend(
            self.secrets.iter().map(|(name, secret)| (name.clone(), secret.expose_secret().to_owned())),
        );
        all
    }
}

/// A recipe that this host does not run.
pub(crate) fn not_run(name: &str) -> HostError {
    HostError::Recipe(format!("this host does not run `{name}`; let the component log in"))
}

/// Whether a completed value is a typed one in another spelling: the same address,
/// or some of the same words.
fn is_tidied(typed: &str, completed: &str) -> bool {
    fn words(text: &str) -> impl Iterator<Item = &str> {
        text.split(|letter: char| letter.is_whitespace() || matches!(letter, ',' | ';'))
    }
    words(completed).filter(|word| !word.is_empty()).all(|word| words(typed).any(|typed| typed == word))
        || Origin::of_text(completed).is_some_and(|origin| typed_origins(typed).contains(&origin))
}

impl LoginPlan {
    pub(crate) fn ingredients<'a>(&'a self, secrets: &'a BTreeMap<String, Secret>) -> Ingredients<'a> {
        Ingredients {
            fields: &self.credentials.plain,
            typed: &self.typed,
            secrets,
            token_url: self.token_url.as_deref(),
        }
    }

    /// The login with the secrets as they are now; `None` where the service needs none.
    fn make(&self) -> Result<Option<Login>, HostError> {
        let ring = self.keyring.current();
        let (ingredients, secrets) = (self.ingredients(&ring.values), &self.secrets);
        // A key that does not change is refused for good.
        let mut renew_on =
            if self.keyring.may_change() { vec![StatusCode::UNAUTHORIZED.as_u16()] } else { Vec::new() };
        let (place, kind) = match &self.recipe {
            AuthRecipe::None => return Ok(None),
            AuthRecipe::Custom => {
                return Err(HostError::Recipe("only the component knows how to log in".to_owned()));
            }
            AuthRecipe::Other(name) => {
                return Err(not_run(name));
            }
            AuthRecipe::StaticToken(token) => {
                (Place::new(&token.inject)?, Kind::Fixed(Secret::new(ingredients.value(&token.token_field)?)))
            }
            AuthRecipe::Basic(basic) => {
                let pair = STANDARD.encode(format!(
                    "{}:{}",
                    ingredients.value(&basic.username_field)?,
                    ingredients.value(&basic.password_field)?
                ));
                secrets.keep(&pair);
                (Place::authorization("Basic "), Kind::Fixed(Secret::new(pair)))
            }
            AuthRecipe::Oauth2ClientCredentials(recipe) => {
                renew_on.clone_from(&recipe.renew_on);
                let request = TokenRequest::new(recipe, &ingredients, secrets)?;
                let asked = Asked { request, cache: Cache::default(), secrets: Arc::clone(secrets) };
                (Place::new(&recipe.inject)?, Kind::Token(Box::new(asked)))
            }
        };
        Ok(Some(Login { ring: ring.generation, place, kind, renew_on }))
    }
}

impl HostLogin {
    /// The login of a connection; `None` where the service needs none.
    pub(crate) fn new(plan: LoginPlan) -> Result<Option<Self>, HostError> {
        let Some(login) = plan.make()? else { return Ok(None) };
        Ok(Some(Self { plan, made: RwLock::new(Arc::new(login)) }))
    }

    /// The login with the secrets as they are now.
    fn current(&self) -> Result<Arc<Login>, HostError> {
        let made = Arc::clone(&self.made.read().unwrap_or_else(PoisonError::into_inner));
        if made.ring == self.plan.keyring.current().generation {
            return Ok(made);
        }
        let mut made = self.made.write().unwrap_or_else(PoisonError::into_inner);
        if made.ring != self.plan.keyring.current().generation
            && let Some(login) = self.plan.make()?
        {
            *made = Arc::new(login);
        }
        Ok(Arc::clone(&made))
    }

    /// What goes into the next request; logs in if there is no token. Where the service
    /// refuses to, and there are newer secrets, with those.
    pub(crate) async fn lease(&self, network: &Network, deadline: Instant) -> Result<HostLease, CallError> {
        let login = self.current()?;
        match login.lease(network, deadline).await {
            Err(CallError::Node(error))
                if is_refused(&error) && self.plan.keyring.is_newer(login.ring, deadline).await =>
            {
                self.current()?.lease(network, deadline).await
            }
            leased => leased,
        }
    }

    /// A lease on a newer token than a refused one; `None` where there is none
    /// and another one would fare no better.
    pub(crate) async fn renew(
        &self,
        network: &Network,
        refused: HostLease,
        deadline: Instant,
    ) -> Result<Option<HostLease>, CallError> {
        let login = Arc::clone(&refused.login);
        if self.current()?.ring != login.ring {
            return self.lease(network, deadline).await.map(Some);
        }
        let (asked, used) = match (&login.kind, &refused.token) {
            (Kind::Token(asked), Some(used)) => (asked, used),
            _ if self.plan.keyring.is_newer(login.ring, deadline).await => {
                return self.lease(network, deadline).await.map(Some);
            }
            _ => return Ok(None),
        };
        let (token, generation) = (Arc::clone(&used.lease.value), used.lease.generation);
        drop(refused);
        let newer = match asked.cache.newer(generation, deadline).await {
            Some(newer) => newer,
            None if token.is_worn_out(deadline).await => {
                match asked.token(network, Some(generation), deadline).await {
                    Err(CallError::Node(error))
                        if is_refused(&error) && self.plan.keyring.is_newer(login.ring, deadline).await =>
                    {
                        return self.lease(network, deadline).await.map(Some);
                    }
                    token => token?,
                }
            }
            None => return Ok(None),
        };
        login.leased(newer).map(Some)
    }

    /// Forgets the token; whether there was one.
    pub(crate) async fn forget(&self, deadline: Instant) -> bool {
        let login = Arc::clone(&self.made.read().unwrap_or_else(PoisonError::into_inner));
        match &login.kind {
            Kind::Fixed(_) => false,
            Kind::Token(asked) => asked.cache.take(deadline).await.is_some(),
        }
    }
}

impl Login {
    async fn lease(self: &Arc<Self>, network: &Network, deadline: Instant) -> Result<HostLease, CallError> {
        match &self.kind {
            Kind::Fixed(value) => Ok(HostLease {
                login: Arc::clone(self),
                credential: self.place.credential(value.expose_secret())?,
                token: None,
            }),
            Kind::Token(asked) => {
                let token = asked.token(network, None, deadline).await?;
                self.leased(token)
            }
        }
    }

    fn leased(self: &Arc<Self>, token: Lease<Token>) -> Result<HostLease, CallError> {
        Ok(HostLease {
            login: Arc::clone(self),
            credential: self.place.credential(token.value.value.expose_secret())?,
            token: Some(TokenUse::new(token)),
        })
    }
}

impl Place {
    pub(crate) fn new(injection: &Injection) -> Result<Self, HostError> {
        Ok(match injection {
            Injection::Query(name) => Self::Query(name.clone()),
            Injection::Header(header) => Self::Header {
                name: HeaderName::try_from(header.name.as_str())
                    .map_err(|_| HostError::Recipe(format!("{:?} is no header name", header.name)))?,
                prefix: header.prefix.clone(),
            },
        })
    }

    fn authorization(prefix: &str) -> Self {
        Self::Header { name: http::header::AUTHORIZATION, prefix: prefix.to_owned() }
    }

    fn credential(&self, value: &str) -> Result<Credential, HostError> {
        Ok(match self {
            Self::Query(name) => {
                let mut pair = Serializer::new(String::new());
                pair.append_pair(name, value);
                Credential::Query(Secret::new(pair.finish()))
            }
            Self::Header { name, prefix } => {
                // The text stays out of the error: it is the secret.
                let mut value = HeaderValue::try_from(format!("{prefix}{value}")).map_err(|_| {
                    HostError::Recipe("the token or key does not fit into a header".to_owned())
                })?;
                value.set_sensitive(true);
                Credential::Header(name.clone(), value)
            }
        })
    }
}

impl Asked {
    async fn token(
        &self,
        network: &Network,
        dead: Option<u64>,
        deadline: Instant,
    ) -> Result<Lease<Token>, CallError> {
        self.cache
            .get(dead, deadline, async {
                let token = self.request.send(network, deadline).await?;
                self.secrets.add(token.value.expose_secret());
                Ok(token)
            })
            .await
    }
}

/// What goes into one request, which is under way until this is dropped.
#[derive(Debug)]
pub(crate) struct HostLease {
    login: Arc<Login>,
    credential: Credential,
    token: Option<TokenUse>,
}

/// A credential in the form in which it is sent. A header's value is marked as
/// sensitive and shows itself as that.
#[derive(Debug)]
enum Credential {
    Header(HeaderName, HeaderValue),
    /// `name=value`, encoded.
    Query(Secret),
}

impl HostLease {
    /// Puts the credential in. A header that the guest may have set is
    /// overwritten: it was told to send none.
    pub(crate) fn inject<B>(&self, request: &mut Request<B>) {
        match &self.credential {
            Credential::Header(name, value) => {
                request.headers_mut().insert(name.clone(), value.clone());
            }
            Credential::Query(pair) => {
                if let Some(uri) = with_query(request.uri(), pair.expose_secret()) {
                    *request.uri_mut() = uri;
                }
            }
        }
    }

    /// Whether this status means that the token is no good.
    pub(crate) fn is_refusal(&self, status: StatusCode) -> bool {
        self.login.renew_on.contains(&status.as_u16())
    }

    /// Notes that the service accepted it.
    pub(crate) fn accepted(&self) {
        if let Some(token) = &self.token {
            token.accepted();
        }
    }
}

/// The URI with one more pair in its query. `None` cannot happen for a pair that
/// is encoded; such a request would go out without its credential and be refused.
pub(crate) fn with_query(uri: &Uri, pair: &str) -> Option<Uri> {
    let path = match uri.query() {
        None => format!("{}?{pair}", uri.path()),
        Some(query) => format!("{}?{query}&{pair}", uri.path()),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path.parse().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::{Basic, HeaderInjection, StaticToken};

    fn login(recipe: AuthRecipe, secret: &str) -> Result<Option<HostLogin>, HostError> {
        let secret = [("key".to_owned(), Secret::new(secret))].into();
        HostLogin::new(LoginPlan {
            recipe,
            credentials: Credentials { plain: [("user".to_owned(), "me".to_owned())].into() },
            typed: Typed::default(),
            token_url: None,
            keyring: Arc::new(Keyring::new(secret, None, Vec::new(), Arc::default())),
            secrets: Arc::default(),
        })
    }

    /// A request with the login's credential in it.
    fn injected(login: &HostLogin) -> Request<()> {
        let made = login.current().expect("a login");
        let Kind::Fixed(value) = &made.kind else { panic!("a fixed value") };
        let credential = made.place.credential(value.expose_secret()).expect("credential");
        let lease = HostLease { login: Arc::clone(&made), credential, token: None };
        assert!(!format!("{login:?} {lease:?}").contains(value.expose_secret()));
        let mut request = Request::get("https://h.example/a?b=c").body(()).expect("request");
        lease.inject(&mut request);
        request
    }

    fn key(inject: Injection) -> AuthRecipe {
        AuthRecipe::StaticToken(StaticToken { token_field: "key".to_owned(), inject })
    }

    fn in_header(name: &str, prefix: &str) -> Injection {
        Injection::Header(HeaderInjection { name: name.to_owned(), prefix: prefix.to_owned() })
    }

    #[test]
    fn a_typed_key_goes_into_the_named_header() {
        let login = login(key(in_header("X-Api-Key", "k ")), "hunter22").expect("login").expect("some");
        let request = injected(&login);
        assert_eq!(request.headers()["x-api-key"], "k hunter22");
        assert!(request.headers()["x-api-key"].is_sensitive());
    }

    #[test]
    fn a_typed_key_goes_into_the_named_parameter() {
        let inject = Injection::Query("api key".to_owned());
        let login = login(key(inject), "hunter&22").expect("login").expect("some");
        assert_eq!(injected(&login).uri().to_string(), "https://h.example/a?b=c&api+key=hunter%2622");
    }

    #[test]
    fn user_and_password_become_basic_authentication() {
        let recipe =
            AuthRecipe::Basic(Basic { username_field: "user".to_owned(), password_field: "key".to_owned() });
        let login = login(recipe, "hunter22").expect("login").expect("some");
        assert_eq!(injected(&login).headers()["authorization"], "Basic bWU6aHVudGVyMjI=");
    }

    #[test]
    fn a_typed_value_is_tidied_up_and_not_replaced() {
        for (typed, completed, used) in [
            ("read:a,  edit:b", "read:a edit:b", "read:a edit:b"),
            ("read:a edit:b", "read:a", "read:a"),
            ("read:a", "all", "read:a"),
            ("read:a", "read:a all", "read:a"),
            ("a.example", "https://a.example/api", "https://a.example/api"),
            ("https://a.example", "https://evil.test/api", "https://a.example"),
            ("https://a.example", "http://a.example", "https://a.example"),
        ] {
            let fields = [("f".to_owned(), completed.to_owned())].into();
            let typed = Typed { fields: [("f".to_owned(), typed.to_owned())].into(), ..Typed::default() };
            let secrets = BTreeMap::new();
            let ingredients =
                Ingredients { fields: &fields, typed: &typed, secrets: &secrets, token_url: None };
            assert_eq!(ingredients.value("f").expect("value"), used);
            assert_eq!(ingredients.all()["f"], used);
        }
    }

    #[test]
    fn a_service_without_credentials_needs_no_login() {
        assert!(login(AuthRecipe::None, "x").expect("login").is_none());
    }

    #[test]
    fn what_only_the_component_can_do_is_refused() {
        assert!(matches!(login(AuthRecipe::Custom, "x"), Err(HostError::Recipe(_))));
        assert!(matches!(login(key(in_header("no header", "")), "x"), Err(HostError::Recipe(_))));
    }

    #[test]
    fn a_secret_that_fits_no_header_is_refused_without_being_shown() {
        let login = login(key(in_header("x-key", "")), "hunter\n22").expect("login").expect("some");
        let login = login.current().expect("a login");
        let error = login.place.credential("hunter\n22").expect_err("refused").to_string();
        assert!(!error.contains("hunter"), "{error}");
    }
}
