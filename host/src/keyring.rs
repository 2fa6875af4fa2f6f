//! The secrets of one connection, and the question for newer ones.
//!
//! What is made of them (a login, the values behind placeholders, a component's
//! session) remembers of which [`Ring`] it was made. When the service refuses it, the
//! provider is asked once: all calls that were refused share the question.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use crate::credentials::visible;
use crate::error::{CallError, refusal};
use crate::form::CredentialSpec;
use crate::limits::clean_error;
use crate::provider::SecretSource;
use crate::secrets::{Secret, Secrets};
use crate::wit::types::{Effect, ErrorKind, NodeError, Retry};

/// The secrets as they are at one time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ring {
    /// Grows with each change.
    pub(crate) generation: u64,
    /// By the name of the field.
    pub(crate) values: Arc<BTreeMap<String, Secret>>,
}

/// The secrets of one connection.
pub(crate) struct Keyring {
    held: RwLock<Ring>,
    /// Who gave some of them, if not a person.
    source: Option<SecretSource>,
    /// The fields that it gave.
    fields: Vec<String>,
    /// Held by whoever asks.
    asking: Mutex<()>,
    known: Arc<Secrets>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("source", &self.source).finish_non_exhaustive()
    }
}

impl Keyring {
    /// With `fields` from the provider, and the rest from a person.
    pub(crate) fn new(
        values: BTreeMap<String, Secret>,
        source: Option<SecretSource>,
        fields: Vec<String>,
        known: Arc<Secrets>,
    ) -> Self {
        let held = Ring { generation: 0, values: Arc::new(values) };
        Self { held: RwLock::new(held), source, fields, asking: Mutex::default(), known }
    }

    /// The secrets as they are now.
    pub(crate) fn current(&self) -> Ring {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether there may ever be others.
    pub(crate) fn may_change(&self) -> bool {
        self.source.is_some() && !self.fields.is_empty()
    }

    /// Whether there are newer secrets than those of a generation that the service
    /// refused. A provider that cannot be asked has none: the refusal is what counts.
    pub(crate) async fn is_newer(&self, refused: u64, deadline: Instant) -> bool {
        if !self.may_change() {
            return false;
        }
        match self.ask(refused, deadline).await {
            Ok(newer) => newer,
            Err(error) => {
                tracing::warn!(reason = error.message, "the secrets were refused, and there are no others");
                false
            }
        }
    }

    /// Asks for them now; whether they changed.
    pub(crate) async fn refresh(&self, deadline: Instant) -> Result<bool, CallError> {
        Ok(self.ask(self.current().generation, deadline).await?)
    }

    async fn ask(&self, seen: u64, deadline: Instant) -> Result<bool, Box<NodeError>> {
        let Some(source) = &self.source else { return Ok(false) };
        let first = self.fields.first().map_or("", String::as_str);
        let late = || Box::new(unread(first, "nobody answered in time"));
        let _asking = timeout_at(deadline, self.asking.lock()).await.map_err(|_| late())?;
        let before = self.current();
        if before.generation > seen {
            return Ok(true);
        }
        let mut values = BTreeMap::clone(&before.values);
        for field in &self.fields {
            let value = given(source, field, &self.known, deadline).await?;
            let value = value.ok_or_else(|| Box::new(unread(field, "the provider has it no more")))?;
            self.known.keep(value.expose_secret());
            values.insert(field.clone(), value);
        }
        if values == *before.values {
            return Ok(false);
        }
        let after = Ring { generation: before.generation + 1, values: Arc::new(values) };
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = after;
        tracing::info!(connection = source.connection, "the secrets changed");
        Ok(true)
    }
}

/// Asks the provider for the secret fields that nobody typed and puts what it has
/// among the typed ones. The names of those.
pub(crate) async fn provide(
    source: &SecretSource,
    fields: &mut BTreeMap<String, String>,
    spec: &CredentialSpec,
    known: &Secrets,
    deadline: Instant,
) -> Result<Vec<String>, CallError> {
    let mut provided = Vec::new();
    for field in spec.fields.iter().filter(|field| field.is_secret()) {
        if fields.get(&field.name).is_some_and(|typed| !visible(typed).is_empty()) {
            continue;
        }
        if let Some(value) = given(source, &field.name, known, deadline).await? {
            fields.insert(field.name.clone(), value.expose_secret().to_owned());
            provided.push(field.name.clone());
        }
    }
    Ok(provided)
}

/// One secret, without what nobody sees around it.
async fn given(
    source: &SecretSource,
    field: &str,
    known: &Secrets,
    deadline: Instant,
) -> Result<Option<Secret>, Box<NodeError>> {
    let failed = |reason: &str| {
        let mut error = unread(field, reason);
        clean_error(&mut error, known);
        Box::new(error)
    };
    let asked = source.provider.secret(&source.connection, field);
    let secret = timeout_at(deadline, asked).await.map_err(|_| failed("nobody answered in time"))?;
    let secret = secret.map_err(|error| failed(&error.to_string()))?;
    let value = secret.map(|secret| Zeroizing::new(visible(secret.expose_secret()).to_owned()));
    Ok(value.filter(|value| !value.is_empty()).map(|value| Secret::new(value.as_str())))
}

fn unread(field: &str, reason: &str) -> NodeError {
    NodeError {
        retry: Retry::HostDefault,
        ..refusal(
            ErrorKind::Unavailable,
            "host.secret-provider",
            format!("The secret `{field}` could not be read: {reason}."),
            "Let the operator look at the provider of this connection's secrets (`ConnectionOptions::secrets`).",
        )
    }
}

/// Whether a failure says that the service refused the credentials, and nothing was
/// changed.
pub(crate) fn is_refused(error: &NodeError) -> bool {
    error.kind == ErrorKind::Unauthenticated && error.effect == Effect::None
}
