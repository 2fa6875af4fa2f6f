//! The token request of OAuth 2 client credentials (RFC 6749, 4.4), made of the
//! recipe in the credential spec, and the reading of its answer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};
use wasmtime_wasi_http::WasiBody;
use workflow_node_redaction::{Kind, Redactor, tokens_in};

use crate::audience;
use crate::budget::retry_after;
use crate::error::{CallError, HostError, refusal};
use crate::failure::Failure;
use crate::form::{ClientAuthentication, Oauth2ClientCredentials};
use crate::limits::clean_text;
use crate::network::{Fetch, Network};
use crate::recipe::Ingredients;
use crate::secrets::{Secret, Secrets};
use crate::session::{Expiring, LARGEST, Lease};
use crate::template;
use crate::wit::types::{ErrorKind, NodeError, Retry};

/// How long a token that has not been used yet counts as fresh.
const FRESH: Duration = Duration::from_secs(30);
/// How long a refused request waits for what becomes of others with its token.
const VERDICT: Duration = Duration::from_secs(2);
/// Bytes that the answer may have.
pub(crate) const MAX_ANSWER: u64 = 1 << 20;

/// An access token of the host.
pub(crate) struct Token {
    pub(crate) value: Secret,
    obtained: Instant,
    renew_at: Option<Instant>,
    uses: watch::Sender<Uses>,
}

/// What became of the requests that carried a token.
#[derive(Default)]
struct Uses {
    under_way: usize,
    accepted: bool,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("renew_at", &self.renew_at).finish_non_exhaustive()
    }
}

impl Expiring for Token {
    fn is_usable(&self) -> bool {
        self.renew_at.is_none_or(|instant| Instant::now() < instant)
    }

    fn is_same(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Token {
    /// A token that has not been used yet.
    fn new(value: &str, usable: Duration) -> Self {
        let obtained = Instant::now();
        Self {
            value: Secret::new(value),
            obtained,
            renew_at: obtained.checked_add(usable),
            uses: watch::Sender::default(),
        }
    }

    /// Whether another one would fare better, now that it was refused: not if it
    /// is fresh and nobody had any success with it. A refusal may overtake the
    /// answers to requests that were accepted before, so those are awaited.
    pub(crate) async fn is_worn_out(&self, deadline: Instant) -> bool {
        if self.obtained.elapsed() >= FRESH {
            return true;
        }
        let mut uses = self.uses.subscribe();
        let verdict = uses.wait_for(|uses| uses.accepted || uses.under_way == 0);
        let _ = timeout_at(deadline.min(Instant::now() + VERDICT), verdict).await;
        self.uses.borrow().accepted
    }
}

/// The use of a token for one request, which is under way until this is dropped.
#[derive(Debug)]
pub(crate) struct TokenUse {
    pub(crate) lease: Lease<Token>,
}

impl TokenUse {
    pub(crate) fn new(lease: Lease<Token>) -> Self {
        lease.value.uses.send_modify(|uses| uses.under_way += 1);
        Self { lease }
    }

    /// Notes that the service accepted it.
    pub(crate) fn accepted(&self) {
        self.lease.value.uses.send_modify(|uses| uses.accepted = true);
    }
}

impl Drop for TokenUse {
    fn drop(&mut self) {
        self.lease.value.uses.send_modify(|uses| uses.under_way = uses.under_way.saturating_sub(1));
    }
}

/// Asks for a token.
pub(crate) struct TokenRequest {
    uri: Uri,
    form: Secret,
    authorization: Option<HeaderValue>,
    access_token: String,
    expires_in: String,
    default_lifetime: Duration,
    renew_before: Duration,
    secrets: Arc<Secrets>,
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest").finish_non_exhaustive()
    }
}

impl TokenRequest {
    /// The request that the recipe describes, filled from the fields.
    pub(crate) fn new(
        recipe: &Oauth2ClientCredentials,
        ingredients: &Ingredients<'_>,
        secrets: &Arc<Secrets>,
    ) -> Result<Self, HostError> {
        let client_id = ingredients.value(&recipe.client_id_field)?;
        let client_secret = ingredients.value(&recipe.client_secret_field)?;
        let values = ingredients.all();

        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        let mut authorization = None;
        match recipe.client_authentication {
            ClientAuthentication::RequestBody => {
                form.append_pair("client_id", client_id);
                form.append_pair("client_secret", client_secret);
            }
            ClientAuthentication::BasicHeader => {
                // RFC 6749, 2.3.1: both are form-encoded before they are joined.
                let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let pair = STANDARD.encode(format!("{}:{}", encode(client_id), encode(client_secret)));
                secrets.keep(&pair);
                let mut value = HeaderValue::try_from(format!("Basic {pair}"))
                    .map_err(|_| HostError::Recipe("the client does not fit into a header".to_owned()))?;
                value.set_sensitive(true);
                authorization = Some(value);
            }
        }
        let scope = template::expand(&recipe.scope, &values);
        if !scope.is_empty() {
            form.append_pair("scope", &scope);
        }
        for parameter in &recipe.form {
            let value = template::expand(&parameter.value, &values);
            if !value.is_empty() {
                form.append_pair(&parameter.name, &value);
            }
        }
        Ok(Self {
            uri: token_uri(recipe, ingredients)?,
            form: Secret::new(form.finish()),
            authorization,
            access_token: recipe.access_token.clone(),
            expires_in: recipe.expires_in.clone(),
            default_lifetime: Duration::from_millis(recipe.default_lifetime_ms),
            renew_before: Duration::from_millis(recipe.renew_before_ms),
            secrets: Arc::clone(secrets),
        })
    }

    /// Sends it and reads the token.
    pub(crate) async fn send(&self, network: &Network, deadline: Instant) -> Result<Token, CallError> {
        let body: WasiBody = Full::new(Bytes::from(self.form.expose_secret().to_owned()))
            .map_err(|never| match never {})
            .boxed_unsync();
        let mut request = Request::new(body);
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        match network.fetch(request, Fetch { deadline, max_bytes: MAX_ANSWER, signed: false }).await {
            Ok((head, body)) if head.status.is_success() => self.read(&body),
            Ok((head, body)) => Err(self.refused(head.status, &head.headers, &body).into()),
            Err(failure) => Err(unreachable(&failure).into()),
        }
    }

    fn read(&self, body: &[u8]) -> Result<Token, CallError> {
        let answer: Value = serde_json::from_slice(body).map_err(|_| no_token())?;
        let value = answer
            .pointer(&self.access_token)
            .and_then(Value::as_str)
            .filter(|token| (1..=LARGEST).contains(&token.len()))
            .ok_or_else(no_token)?;
        let seconds = answer.pointer(&self.expires_in).and_then(|expires| match expires {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        });
        let lifetime = seconds
            .filter(|seconds| *seconds > 0.0)
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .unwrap_or(self.default_lifetime);
        // Three quarters of a short life, as for a component's session.
        let usable = lifetime.saturating_sub(self.renew_before.min(lifetime / 4));
        Ok(Token::new(value, usable))
    }

    fn refused(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> NodeError {
        let mut error = match status.as_u16() {
            400 | 401 | 403 => refusal(
                ErrorKind::Unauthenticated,
                "host.login-refused",
                "The service refused the credentials.".to_owned(),
                "Check client ID and secret, and that this client may use the client credentials flow.",
            ),
            429 => NodeError {
                retry: retry_after(headers).map_or(Retry::HostDefault, |wait| {
                    Retry::AfterMs(u32::try_from(wait.as_millis()).unwrap_or(u32::MAX))
                }),
                ..refusal(
                    ErrorKind::RateLimited,
                    "host.login-rate-limited",
                    "The service has too many requests to log in now.".to_owned(),
                    "Wait, then try again.",
                )
            },
            500.. => NodeError {
                retry: Retry::HostDefault,
                ..refusal(
                    ErrorKind::Unavailable,
                    "host.login-unavailable",
                    "The service cannot log anyone in now.".to_owned(),
                    "Try again later. If it goes on, check the address in the credentials.",
                )
            },
            _ => refusal(
                ErrorKind::InvalidInput,
                "host.login-address",
                "There is no token endpoint at this address.".to_owned(),
                "Check the address in the credentials.",
            ),
        };
        error.http_status = Some(status.as_u16());
        error.vendor_message = vendor_message(body).map(|mut text| {
            // A refusal may hold a token all the same.
            let tokens = tokens_in(&String::from_utf8_lossy(body));
            Redactor::new(tokens.iter().map(String::as_str)).text(&mut text, Kind::Words);
            clean_text(&mut text, &self.secrets);
            text
        });
        error
    }
}

/// The token URL: `prepared.token-url`, or what the recipe's template comes to, if it
/// is one that may be sent the secret.
pub(crate) fn token_uri(
    recipe: &Oauth2ClientCredentials,
    ingredients: &Ingredients<'_>,
) -> Result<Uri, HostError> {
    let text = match ingredients.token_url {
        Some(url) => url.to_owned(),
        None => {
            let templates = std::iter::once(&recipe.token_url)
                .chain(recipe.query.iter().map(|parameter| &parameter.value));
            for name in templates.flat_map(|template| template::names(template)) {
                if ingredients.secrets.contains_key(name) {
                    return Err(HostError::Recipe(format!("it puts the secret `{name}` into a URL")));
                }
            }
            let fields = ingredients.plain_fields();
            let text = template::expand(&recipe.token_url, &fields);
            let mut url = Url::parse(&text)
                .map_err(|_| HostError::Recipe(format!("its token URL comes out as {text:?}")))?;
            for parameter in &recipe.query {
                let value = template::expand(&parameter.value, &fields);
                if !value.is_empty() {
                    url.query_pairs_mut().append_pair(&parameter.name, &value);
                }
            }
            url.into()
        }
    };
    let uri = text.parse().map_err(|_| HostError::Recipe("its token URL is none".to_owned()))?;
    audience::check(&recipe.token_url, &uri, ingredients.typed)?;
    Ok(uri)
}

fn no_token() -> CallError {
    refusal(
        ErrorKind::Protocol,
        "host.login-answer",
        "The service answered the login without a token.".to_owned(),
        "Check the address in the credentials: something else may be answering there.",
    )
    .into()
}

fn unreachable(failure: &Failure) -> NodeError {
    let message = format!("The login failed: {failure}.");
    let (kind, advice) = match failure {
        Failure::Refused(refusal) => {
            let advice =
                refusal.remedy.clone().unwrap_or_else(|| "Check the address in the credentials.".to_owned());
            return crate::error::refusal(ErrorKind::Denied, "host.egress-denied", message, &advice);
        }
        Failure::HeldBack(after) => {
            return NodeError {
                retry: Retry::AfterMs(u32::try_from(after.as_millis()).unwrap_or(u32::MAX)),
                ..refusal(
                    ErrorKind::RateLimited,
                    "host.login-held-back",
                    message,
                    "Wait, then try again, or let the operator raise the rate limit.",
                )
            };
        }
        Failure::ConnectTimeout | Failure::ResponseTimeout => (ErrorKind::Timeout, "Try again later."),
        Failure::Certificate(_) => (
            ErrorKind::Unavailable,
            "If the service has a private certificate authority, let the operator add its certificate (`Tls::trust`).",
        ),
        Failure::Proxy(_) => (
            ErrorKind::Unavailable,
            "Let the operator look at the proxy: its address, its credentials (`Proxy::with_credentials`), and whether it \
             allows `CONNECT` to this host and port; or except the host (`Proxy::except`).",
        ),
        Failure::Protocol | Failure::HeadersTooLarge | Failure::AnswerTooLarge => {
            (ErrorKind::Protocol, "Check the address in the credentials.")
        }
        _ => (ErrorKind::Unavailable, "Check the address in the credentials, or try again later."),
    };
    let retry = match kind {
        ErrorKind::Timeout | ErrorKind::Unavailable => Retry::HostDefault,
        _ => Retry::Never,
    };
    NodeError { retry, ..refusal(kind, "host.login-unreachable", message, advice) }
}

/// The service's own words (RFC 6749, 5.2), if they are words.
fn vendor_message(body: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    ["error_description", "message", "error"]
        .into_iter()
        .find_map(|name| answer.get(name)?.as_str())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests;
