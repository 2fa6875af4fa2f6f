//! Where secrets come from, if not from the person who connects: a provider, asked for
//! one field of one connection.
//!
//! Three are here. [`EnvironmentSecrets`] and [`FileSecrets`] read what an orchestrator
//! puts beside a process, [`MemorySecrets`] what the embedder sets. A vault is a
//! provider that the embedder writes:
//!
//! ```
//! use workflow_node_host::{ProviderError, Providing, Secret, SecretProvider};
//!
//! /// Reads `secret/data/nodes/{connection}` of a KV version 2 engine.
//! #[derive(Debug)]
//! struct Vault {/* the embedder's own HTTP client, address and role */}
//!
//! impl Vault {
//!     async fn read(&self, path: String, field: &str) -> Result<Option<String>, String> {
//!         // One GET with the token of this process; 404 is `None`.
//!         # let _ = (path, field); Ok(None)
//!     }
//! }
//!
//! impl SecretProvider for Vault {
//!     fn secret<'a>(&'a self, connection: &'a str, field: &'a str) -> Providing<'a> {
//!         Box::pin(async move {
//!             let value = self.read(format!("secret/data/nodes/{connection}"), field).await;
//!             value.map(|value| value.map(Secret::new)).map_err(ProviderError::new)
//!         })
//!     }
//! }
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, ready};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};

use crate::secrets::Secret;

/// Bytes that a secret in a file may have.
const LARGEST: u64 = 64 << 10;

/// What a [`SecretProvider`] promises: the secret, or that it has none.
pub type Providing<'a> = Pin<Box<dyn Future<Output = Result<Option<Secret>, ProviderError>> + Send + 'a>>;

/// Gives the secrets of connections.
///
/// Asked when a connection is made, for each secret field that nobody typed; and once
/// more when the service refuses the login, and by
/// [`Connection::refresh_secrets`](crate::Connection::refresh_secrets). If it has
/// another value then, the connection goes on with that.
pub trait SecretProvider: fmt::Debug + Send + Sync {
    /// The secret of a field of the credential form, for a connection by the name that
    /// the embedder gave it.
    fn secret<'a>(&'a self, connection: &'a str, field: &'a str) -> Providing<'a>;
}

/// Why a secret could not be read. For operators; it must hold no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ProviderError(String);

impl ProviderError {
    /// With these words.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// The provider of one connection.
#[derive(Debug, Clone)]
pub struct SecretSource {
    /// Who is asked.
    pub provider: Arc<dyn SecretProvider>,
    /// The connection's name there. Never a name that a person typed: whoever chooses it
    /// chooses whose secret it is.
    pub connection: String,
}

/// Secrets in variables of the environment: `{PREFIX}__{CONNECTION}__{FIELD}`, such as
/// `NODES__ACME_DESK__CLIENT_SECRET` for the connection `acme-desk` and the field
/// `client_secret`.
///
/// The environment of a process does not change: use [`FileSecrets`] for secrets that
/// are rotated while it runs.
#[derive(Debug, Clone)]
pub struct EnvironmentSecrets {
    prefix: String,
}

impl EnvironmentSecrets {
    /// Reads variables that begin with `prefix` and two underscores.
    pub fn new(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into() }
    }

    fn variable(&self, connection: &str, field: &str) -> Result<String, ProviderError> {
        Ok(format!("{}__{}__{}", self.prefix, part(connection, '-')?, part(field, '_')?))
    }
}

/// A name in capitals. Two names never become the same one: lower-case letters, digits
/// and single separators within them.
fn part(name: &str, separator: char) -> Result<String, ProviderError> {
    let is_word = |word: &str| {
        !word.is_empty() && word.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    };
    if !name.split(separator).all(is_word) {
        return Err(ProviderError(format!(
            "{name:?} cannot be part of the name of a variable: use lower-case letters and digits, separated by \
             single `{separator}`"
        )));
    }
    Ok(name.replace(separator, "_").to_ascii_uppercase())
}

impl SecretProvider for EnvironmentSecrets {
    fn secret<'a>(&'a self, connection: &'a str, field: &'a str) -> Providing<'a> {
        let read = || {
            let variable = self.variable(connection, field)?;
            match std::env::var(&variable) {
                Ok(value) => Ok(Some(Secret::new(value))),
                Err(std::env::VarError::NotPresent) => Ok(None),
                Err(std::env::VarError::NotUnicode(_)) => {
                    Err(ProviderError(format!("the variable {variable} is not text")))
                }
            }
        };
        Box::pin(ready(read()))
    }
}

/// Secrets in files: `{folder}/{connection}/{field}`, as Docker and Kubernetes mount
/// them. A line end at the end of a file is not part of the secret.
#[derive(Debug, Clone)]
pub struct FileSecrets {
    folder: PathBuf,
}

impl FileSecrets {
    /// Reads files below this folder, which only the service's user should be able to
    /// read.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    fn path(&self, connection: &str, field: &str) -> Result<PathBuf, ProviderError> {
        for name in [connection, field] {
            if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', ':', '\0']) {
                return Err(ProviderError(format!("{name:?} cannot be the name of a file")));
            }
        }
        Ok(self.folder.join(connection).join(field))
    }
}

fn read(path: &Path) -> Result<Option<Secret>, ProviderError> {
    let refuse = |reason: &str| ProviderError(format!("{} could not be read: {reason}", path.display()));
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refuse(&error.kind().to_string())),
    };
    let mut text = zeroize::Zeroizing::new(String::new());
    file.take(LARGEST + 1).read_to_string(&mut text).map_err(|error| refuse(&error.kind().to_string()))?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > LARGEST {
        return Err(refuse("it is too large to be a secret"));
    }
    Ok(Some(Secret::new(text.trim_end_matches(['\r', '\n']))))
}

impl SecretProvider for FileSecrets {
    fn secret<'a>(&'a self, connection: &'a str, field: &'a str) -> Providing<'a> {
        let path = self.path(connection, field);
        Box::pin(async move {
            let path = path?;
            tokio::task::spawn_blocking(move || read(&path))
                .await
                .map_err(|_| ProviderError::new("the file could not be read"))?
        })
    }
}

/// Secrets that the embedder sets, and sets anew.
#[derive(Default)]
pub struct MemorySecrets {
    values: RwLock<BTreeMap<(String, String), Secret>>,
}

impl fmt::Debug for MemorySecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySecrets").finish_non_exhaustive()
    }
}

impl MemorySecrets {
    /// Sets the secret of a field of a connection.
    pub fn set(&self, connection: impl Into<String>, field: impl Into<String>, value: Secret) {
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        values.insert((connection.into(), field.into()), value);
    }

    /// Forgets all secrets of a connection.
    pub fn remove(&self, connection: &str) {
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        values.retain(|(name, _), _| name != connection);
    }
}

impl SecretProvider for MemorySecrets {
    fn secret<'a>(&'a self, connection: &'a str, field: &'a str) -> Providing<'a> {
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        let secret = values.get(&(connection.to_owned(), field.to_owned())).cloned();
        Box::pin(ready(Ok(secret)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn text(provider: &dyn SecretProvider, connection: &str, field: &str) -> Option<String> {
        let secret = provider.secret(connection, field).await.expect("no failure");
        secret.map(|secret| secret.expose_secret().to_owned())
    }

    #[tokio::test]
    async fn a_variable_belongs_to_one_field_of_one_connection() {
        let provider = EnvironmentSecrets::new("NODES");
        let variable = provider.variable("acme-desk", "client_secret");
        assert_eq!(variable.as_deref(), Ok("NODES__ACME_DESK__CLIENT_SECRET"));
        for (connection, field) in [
            ("acme_desk", "client_secret"),
            ("Acme", "client_secret"),
            ("a--b", "key"),
            ("-a", "key"),
            ("a", "b__c"),
            ("a", "_c"),
            ("", "key"),
            ("ä", "key"),
        ] {
            assert!(provider.variable(connection, field).is_err(), "{connection} {field}");
        }
        // What Cargo sets for each test.
        let cargo = EnvironmentSecrets::new("NO_SUCH_PREFIX");
        assert_eq!(text(&cargo, "a", "b").await, None);
    }

    #[tokio::test]
    async fn a_file_is_read_without_its_line_end_and_only_below_the_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("acme")).expect("a folder");
        std::fs::write(folder.path().join("acme").join("secret"), "hunter22 \r\n").expect("a file");
        std::fs::write(folder.path().join("outside"), "hunter23").expect("a file");
        let provider = FileSecrets::new(folder.path());
        assert_eq!(text(&provider, "acme", "secret").await.as_deref(), Some("hunter22 "));
        assert_eq!(text(&provider, "acme", "other").await, None);
        for (connection, field) in
            [("acme", "../outside"), ("..", "outside"), ("", "outside"), ("a/b", "c"), ("acme", ".")]
        {
            assert!(provider.secret(connection, field).await.is_err(), "{connection} {field}");
        }
        let large = vec![b'x'; (64 << 10) + 1];
        std::fs::write(folder.path().join("acme").join("large"), large).expect("a file");
        let error = provider.secret("acme", "large").await.expect_err("too large").to_string();
        assert!(error.contains("too large") && !error.contains("xxx"), "{error}");
    }

    #[tokio::test]
    async fn a_secret_in_memory_is_its_connections_and_does_not_show_itself() {
        let provider = MemorySecrets::default();
        provider.set("acme", "secret", Secret::new("hunter22"));
        assert_eq!(text(&provider, "acme", "secret").await.as_deref(), Some("hunter22"));
        assert_eq!(text(&provider, "other", "secret").await, None);
        assert!(!format!("{provider:?}").contains("hunter22"));
        provider.remove("acme");
        assert_eq!(text(&provider, "acme", "secret").await, None);
    }
}
