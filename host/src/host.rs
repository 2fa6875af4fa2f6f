//! The engine that all components share.

use crate::error::HostError;
use crate::node::Node;
use std::path::Path;

/// Engine, linker and clock for components of the contract. Cheap to clone.
#[derive(Debug, Clone)]
pub struct NodeHost {}

/// How the engine gets memory for instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Allocation {
    /// Fresh memory for each call.
    #[default]
    OnDemand,
    /// Slots for so many calls at the same time, made once.
    Pooling {
        /// How many calls can run at the same time.
        instances: u32,
    },
}

/// Settings of a [`NodeHost`].
#[derive(Debug, Clone)]
pub struct NodeHostBuilder {}

impl NodeHostBuilder {
    /// Bytes of memory that one call may use, tables included. 256 MiB.
    #[must_use]
    pub fn memory_limit(self, _bytes: usize) -> Self {
        self
    }
    /// Bytes that one response body may have. 64 MiB.
    #[must_use]
    pub fn max_response_bytes(self, _bytes: u64) -> Self {
        self
    }
    /// Bytes that the result of one call may have. 64 MiB.
    #[must_use]
    pub fn max_result_bytes(self, _bytes: usize) -> Self {
        self
    }
    /// How instances get their memory.
    #[must_use]
    pub fn allocation(self, _allocation: Allocation) -> Self {
        self
    }
    /// Makes the host.
    ///
    /// # Errors
    /// [`HostError::Engine`].
    pub fn build(self) -> Result<NodeHost, HostError> {
        Ok(NodeHost {})
    }
}

impl NodeHost {
    /// Settings to start from.
    #[must_use]
    pub fn builder() -> NodeHostBuilder {
        NodeHostBuilder {}
    }
    /// Reads and compiles a component.
    ///
    /// # Errors
    /// See [`load`](Self::load); [`HostError::File`].
    pub fn load_file(&self, _path: impl AsRef<Path>) -> Result<Node, HostError> {
        Err(HostError::Engine("not there yet".into()))
    }
    /// Compiles a component.
    ///
    /// # Errors
    /// As told.
    pub fn load(&self, _component: &[u8]) -> Result<Node, HostError> {
        Err(HostError::Engine("not there yet".into()))
    }
}
