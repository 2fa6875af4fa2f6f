//! A loaded component.

use crate::connection::{Connection, ConnectionOptions};
use crate::egress::EgressPolicy;
use crate::error::{CallError, HostError};
use crate::wit::flat::FlatError;
use crate::wit::node::CredentialSpec;
use std::collections::BTreeMap;
use std::time::Duration;

/// A component that keeps the contract. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Node {}

impl Node {
    /// The manifest, read from the component without running it.
    #[must_use]
    pub fn manifest(&self) -> &str {
        ""
    }
    /// What the component imports, such as `wasi:http/types@0.2.12`.
    #[must_use]
    pub fn imports(&self) -> &[String] {
        &[]
    }
    /// Calls `describe`.
    ///
    /// # Errors
    /// [`HostError::Stopped`].
    pub async fn describe(&self) -> Result<String, HostError> {
        Err(HostError::Engine("not there yet".into()))
    }
    /// Calls `credential-schema`.
    ///
    /// # Errors
    /// [`HostError::Stopped`].
    pub async fn credential_schema(&self) -> Result<CredentialSpec, HostError> {
        Err(HostError::Engine("not there yet".into()))
    }
    /// Prepares the fields and makes a connection of them.
    ///
    /// # Errors
    /// What `prepare` says.
    pub async fn connect(
        &self,
        _fields: BTreeMap<String, String>,
        _options: ConnectionOptions,
    ) -> Result<Connection, CallError> {
        Err(HostError::Engine("not there yet".into()).into())
    }
    /// Calls `flat.invoke`.
    ///
    /// # Errors
    /// [`HostError::Stopped`].
    #[expect(clippy::too_many_arguments, reason = "the arguments of flat.invoke, and its bounds")]
    pub async fn invoke_flat(
        &self,
        _connection: &str,
        _context: &str,
        _operation: &str,
        _input: &str,
        _cursor: Option<&str>,
        _policy: &EgressPolicy,
        _deadline: Duration,
    ) -> Result<Result<String, FlatError>, HostError> {
        Err(HostError::Engine("not there yet".into()))
    }
}
