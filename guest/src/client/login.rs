//! Who the requests are from: the recipe of the form, run by the node where the host
//! does not run it.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use serde_json::Value;
use url::form_urlencoded;

use super::{Http, Safety, answer};
use crate::builder::Login;
use crate::error::{Code, ErrorKind, NodeError, Result, Retry};
use crate::http::{HttpRequest, Method};
use crate::interface::{ConnectionAuth, Secret, Session};

/// How long a token is good whose answer does not say it.
const LIFETIME: i64 = 3600;
/// A token that ends sooner than this is renewed before it is used.
const RENEW_BEFORE: i64 = 60;

impl Http<'_> {
    /// Sees to it that there is a session, where the requests need one.
    pub(crate) fn log_in(&mut self) -> Result<()> {
        if *self.auth == ConnectionAuth::HostInjected {
            return Ok(());
        }
        let now = self.now();
        let ends = self.session.as_ref().and_then(|session| session.expires_at);
        let is_fresh = ends.is_none_or(|ends| ends.duration_since(now).as_secs() > RENEW_BEFORE);
        if self.session.is_some() && (is_fresh || self.is_renewed) {
            return Ok(());
        }
        match self.credentials.login() {
            Login::None | Login::Basic { .. } => Ok(()),
            Login::Key { field, .. } => {
                let token = self.required(field)?;
                self.session = Some(Session {
                    token: Secret::new(token),
                    expires_at: None,
                    scopes: vec![],
                    extra: None,
                });
                self.learn_secrets();
                Ok(())
            }
            // A session without the secret to renew it is used while it lasts.
            Login::ClientCredentials { .. } if self.session.is_some() && !self.can_renew() => Ok(()),
            Login::ClientCredentials { .. } => self.get_token(),
        }
    }

    /// Gets a new session after the service refused the one in use. `false` where
    /// that would change nothing.
    pub(super) fn renew(&mut self) -> Result<bool> {
        let by_token = matches!(self.credentials.login(), Login::ClientCredentials { .. });
        if !by_token || self.is_renewed || *self.auth == ConnectionAuth::HostInjected || !self.can_renew() {
            return Ok(false);
        }
        self.session = None;
        self.log_in()?;
        Ok(true)
    }

    fn can_renew(&self) -> bool {
        match self.credentials.login() {
            Login::ClientCredentials { secret, .. } => self.fields.get(secret).is_some(),
            _ => false,
        }
    }

    fn required(&self, name: &str) -> Result<String> {
        self.credentials.required(self.fields, name).map(ToString::to_string)
    }

    /// OAuth 2.0 client credentials (RFC 6749, 4.4).
    fn get_token(&mut self) -> Result<()> {
        let credentials = self.credentials;
        let Login::ClientCredentials { id, secret, token_url, scope } = credentials.login() else {
            return Ok(());
        };
        let url = credentials.fill(token_url, self.fields)?;
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        form.append_pair("client_id", &self.required(id)?);
        form.append_pair("client_secret", &self.required(secret)?);
        if let Some(scope) = scope {
            form.append_pair("scope", scope);
        }
        let request = HttpRequest {
            method: Method::Post,
            url,
            headers: vec![
                ("accept", "application/json".into()),
                ("content-type", "application/x-www-form-urlencoded".into()),
            ],
            body: form.finish().into_bytes(),
        };
        let response = self.exchange(&request, Safety::Read).map_err(|error| match error.http_status() {
            Some(400 | 401) => error
                .with_kind(ErrorKind::Unauthenticated)
                .with_message("The service does not accept the client id or the client secret.")
                .with_advice("Check both, or make a new secret at the service."),
            _ => error,
        })?;
        let token: Value = answer::parse(&response, Safety::Read)?;
        let found = token.get("access_token").and_then(Value::as_str);
        // It becomes a header: nothing may stand in it that ends a header.
        let is_token = |token: &&str| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        let Some(access_token) = found.filter(is_token) else {
            const NO_TOKEN: Code = Code::new("no-token", ErrorKind::Protocol, Retry::Never);
            return Err(NodeError::new(NO_TOKEN, "The login succeeded, but its answer holds no token."));
        };
        let seconds = token
            .get("expires_in")
            .and_then(|seconds| seconds.as_i64().or_else(|| seconds.as_str()?.parse().ok()))
            .filter(|seconds| *seconds > 0)
            .unwrap_or(LIFETIME);
        let granted = token.get("scope").and_then(Value::as_str).unwrap_or_default();
        self.session = Some(Session {
            token: Secret::new(access_token),
            expires_at: self.now().checked_add(SignedDuration::from_secs(seconds)).ok(),
            scopes: granted.split_whitespace().map(ToString::to_string).collect(),
            extra: None,
        });
        self.is_renewed = true;
        self.learn_secrets();
        Ok(())
    }

    /// Adds the credentials to a request, unless the host does.
    pub(super) fn sign(&self, request: &mut HttpRequest) -> Result<()> {
        if *self.auth == ConnectionAuth::HostInjected {
            return Ok(());
        }
        let token = self.session.as_ref().map(|session| session.token.reveal());
        let header = match (self.credentials.login(), token) {
            (Login::None, _) => return Ok(()),
            (Login::Basic { user, password }, _) => {
                let pair = format!("{}:{}", self.required(user)?, self.required(password)?);
                ("authorization", format!("Basic {}", STANDARD.encode(pair)))
            }
            (Login::Key { header, prefix, .. }, Some(token)) => (*header, format!("{prefix}{token}")),
            (Login::ClientCredentials { .. }, Some(token)) => ("authorization", format!("Bearer {token}")),
            (_, None) => return Ok(()),
        };
        request.headers.push(header);
        Ok(())
    }
}
