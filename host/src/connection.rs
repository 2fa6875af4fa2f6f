//! One account at the service, and the calls made for it.

use crate::egress::EgressPolicy;
use crate::error::{CallError, HostError};
use crate::events::RequestObserver;
use crate::fold::{Folded, Progress};
use crate::wit::lookup::Entries;
use crate::wit::node::{CheckReport, Execution};
use crate::wit::types::{Diagnostic, Item};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Who logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AuthMode {
    /// The component, by its export `authenticate`.
    #[default]
    Component,
    /// The host, by the recipe of the credential spec; neither secret nor
    /// token enters the sandbox.
    Recipe,
}

/// How a connection is made.
#[derive(Clone, Default)]
pub struct ConnectionOptions {
    /// What the operator allows.
    pub policy: EgressPolicy,
    /// Who logs in.
    pub auth: AuthMode,
    /// Is told every request.
    pub observer: Option<Arc<dyn RequestObserver>>,
    /// PEM file of certificate authorities to trust besides the public ones.
    pub ca_file: Option<PathBuf>,
}

/// How a call is made.
#[derive(Debug, Clone)]
pub struct CallOptions {
    /// How long one call may take, login included. 60 s.
    pub deadline: Duration,
    /// Change nothing: answer with the requests that would have been sent.
    pub dry_run: bool,
    /// Refuse whatever would change something.
    pub read_only: bool,
    /// When given, refuse every other operation.
    pub allowed_operations: Option<Vec<String>>,
    /// Whether a person chose this very operation.
    pub confirmed: bool,
    /// The same for each repetition of one call.
    pub idempotency_key: Option<String>,
    /// W3C `traceparent` to send along.
    pub trace_parent: Option<String>,
    /// IANA name of the user's time zone.
    pub time_zone: Option<String>,
}

impl Default for CallOptions {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(60),
            dry_run: false,
            read_only: false,
            allowed_operations: None,
            confirmed: false,
            idempotency_key: None,
            trace_parent: None,
            time_zone: None,
        }
    }
}

/// One account at the service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Connection {}

impl Connection {
    /// The fields as `prepare` completed them, secrets not included.
    #[must_use]
    pub fn fields(&self) -> &BTreeMap<String, String> {
        static EMPTY: BTreeMap<String, String> = BTreeMap::new();
        &EMPTY
    }
    /// The origins that this connection may reach.
    #[must_use]
    pub fn egress(&self) -> Vec<String> {
        Vec::new()
    }
    /// What `prepare` had to say.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &[]
    }
    /// Tries what a person will need.
    ///
    /// # Errors
    /// As the contract says.
    pub async fn check(&self, _call: &CallOptions) -> Result<CheckReport, CallError> {
        Err(HostError::Engine("not there yet".into()).into())
    }
    /// Runs an operation once: one bounded part of it.
    ///
    /// # Errors
    /// As the contract says.
    pub async fn execute(
        &self,
        _operation: &str,
        _items: &[Item],
        _cursor: Option<&str>,
        _call: &CallOptions,
    ) -> Result<Execution, CallError> {
        Err(HostError::Engine("not there yet".into()).into())
    }
    /// Runs an operation to its end.
    ///
    /// # Errors
    /// When the first call fails as a whole.
    pub async fn execute_all(
        &self,
        _operation: &str,
        _items: &[Item],
        _call: &CallOptions,
        _progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Folded, CallError> {
        Err(HostError::Engine("not there yet".into()).into())
    }
    /// Values of a dropdown.
    ///
    /// # Errors
    /// As the contract says.
    pub async fn options(
        &self,
        _name: &str,
        _params_json: &str,
        _search: Option<&str>,
        _cursor: Option<&str>,
        _call: &CallOptions,
    ) -> Result<Entries, CallError> {
        Err(HostError::Engine("not there yet".into()).into())
    }
    /// Logs in, unless there is a session that still holds.
    ///
    /// # Errors
    /// As the contract says.
    pub async fn authenticate(&self, _call: &CallOptions) -> Result<(), CallError> {
        Err(HostError::Engine("not there yet".into()).into())
    }
}
