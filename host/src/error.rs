//! What can go wrong, told apart by who has to act.
//!
//! - [`HostError`]: the embedding is wrong (component, options, machine). No
//!   call was made; an operator reads it.
//! - [`CallError::Node`]: the call failed at the service or in the node. It has
//!   the shape that the contract gives every failure, so that callers handle a
//!   refused login, a trap and a time-out alike: by `kind`, `effect` and
//!   `retry`.
//! - [`Stop`]: why the host ended a guest. On the call path it becomes a
//!   [`NodeError`] in one place, [`Stop::into_node_error`].
//!
//! No text here holds guest memory, a wasm backtrace or a secret.

use std::path::PathBuf;

use crate::loading::Digest;
use crate::wit::types::{Effect, ErrorKind, NodeError, Report, Retry, Usage};

/// The report of a call that sent nothing.
pub(crate) const NOTHING_DONE: Report = Report {
    session: None,
    usage: Usage { requests: 0, retries: 0, waited_ms: 0, rate_limited: 0 },
    diagnostics: Vec::new(),
};

/// Why a component could not be used, before any call was made.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// The engine could not be made with these limits on this machine.
    #[error("the WebAssembly engine could not start: {0}")]
    Engine(String),
    /// A file could not be read.
    #[error("{} could not be read: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// The bytes are no WebAssembly component.
    #[error("this is no WebAssembly component: {0}")]
    NotAComponent(String),
    /// It is a component, but larger than the host's settings let one be, such as
    /// its slots in a pool.
    #[error("the component does not fit into the limits of this host: {0}")]
    TooLarge(String),
    /// It has more of something than this host compiles.
    #[error(
        "the component was not compiled: it has {found} {what}, and this host takes {limit}. \
         An operator who trusts it can raise `ComponentLimits::{setting}`"
    )]
    ComponentLimit {
        /// What there is too much of.
        what: &'static str,
        /// The limit's field in [`ComponentLimits`](crate::ComponentLimits).
        setting: &'static str,
        /// How much it has.
        found: u64,
        /// How much it may have.
        limit: u64,
    },
    /// It uses a proposal of WebAssembly that nodes do without.
    #[error(
        "the component uses {0}, which no node may; its makers can build it for the target \
         `wasm32-wasip2` without that"
    )]
    FeatureRefused(String),
    /// It is another component than the one that was to be loaded.
    #[error(
        "the component is another one than expected: its SHA-256 is {found}, and {expected} was asked for"
    )]
    OtherComponent {
        /// What was asked for.
        expected: Digest,
        /// What there is.
        found: Digest,
    },
    /// The component asks for more than a node may have.
    #[error(
        "the component asks for more than a node may have: {}. Allowed are wasi:io, \
         wasi:clocks/monotonic-clock, wasi:http/types and wasi:http/outgoing-handler, all 0.2, and \
         workflow:node/logging",
        .0.join(", ")
    )]
    ImportsRefused(Vec<String>),
    /// The component lacks exports of the contract, or has them in another form.
    #[error("the component does not export what a node must: {}", .0.join("; "))]
    ExportsMissing(Vec<String>),
    /// The component has no manifest, more than one, or one with rules that this host
    /// cannot read.
    #[error("the component has no usable custom section `workflow-node:manifest`: {0}")]
    Manifest(String),
    /// A pattern of an egress policy, of an acceptance or of a credential spec does not
    /// parse, or leaves open whose hosts it names.
    #[error("egress pattern {pattern:?}: {reason}")]
    Pattern {
        /// The pattern as it was given.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A network of an egress policy is none that could be opened.
    #[error("network {network:?}: {reason}")]
    Network {
        /// The network as it was given.
        network: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A certificate authority or a client certificate is of no use.
    #[error("the certificate cannot be used: {0}")]
    Certificate(String),
    /// Traces cannot be exported.
    #[cfg(feature = "otlp")]
    #[error("traces cannot be exported: {0}")]
    Otlp(String),
    /// The proxy is none that requests could go through.
    #[error("the proxy cannot be used: {0}")]
    Proxy(String),
    /// The folder of compiled components cannot be used.
    #[error("the cache {} cannot be used: {reason}", path.display())]
    Cache {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A connection cannot go on with another component.
    #[error("the connection cannot go on with this component: {0}")]
    Reload(String),
    /// The component wants the secret to go where nobody meant it to go.
    #[error("the secret is not sent to {to}: {reason}")]
    Audience {
        /// The token URL that it named, without its query.
        to: String,
        /// The rule, and who can change what about it.
        reason: String,
    },
    /// What the component says when it is asked is not what its manifest says.
    #[error(
        "the component's `{function}` differs from its manifest, which people were shown{}. Its makers must \
         build it again so that both are equal",
        if at.is_empty() { String::new() } else { format!(", first at `{at}`") }
    )]
    ManifestBroken {
        /// The function of the interface `node`.
        function: &'static str,
        /// JSON pointer to the first difference; empty where it is the whole.
        at: String,
    },
    /// The host cannot run this component's login.
    #[error("the host cannot log in by recipe: {0}")]
    Recipe(String),
    /// The guest was stopped in a call that has no `node-error`.
    #[error(transparent)]
    Stopped(#[from] Stop),
}

/// Why the host ended a guest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Stop {
    /// It trapped. The reason is the engine's own, such as `wasm unreachable
    /// instruction executed`.
    #[error("the component trapped ({0})")]
    Trapped(String),
    /// It was still running at its deadline.
    #[error("the component did not return by its deadline")]
    Deadline,
    /// It asked for more memory than it may have.
    #[error("the component asked for more memory than it may have")]
    Memory,
    /// It returned more than a host wants to hold.
    #[error("the component returned more than {0} bytes")]
    ResultSize(usize),
    /// It was never started: every slot of the pool was taken until the deadline.
    #[error("the host is busy with other calls")]
    Busy,
    /// It was never started: as many calls of its connection as may ran until the
    /// deadline.
    #[error("the connection is busy with other calls")]
    ConnectionBusy,
    /// It was never started: the host lets no more calls in.
    #[error("the host is shutting down")]
    ShuttingDown,
}

impl Stop {
    /// Its name in metrics.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Trapped(_) => "trapped",
            Self::Deadline => "deadline",
            Self::Memory => "memory-limit",
            Self::ResultSize(_) => "result-limit",
            Self::Busy => "busy",
            Self::ConnectionBusy => "connection-busy",
            Self::ShuttingDown => "shutting-down",
        }
    }

    /// The failure as the contract tells it. `effect` says whether the stopped
    /// call could have changed something.
    pub(crate) fn into_node_error(self, effect: Effect) -> NodeError {
        let (kind, code, advice) = match &self {
            Self::Trapped(_) => (
                ErrorKind::Internal,
                "host.trapped",
                "This is a fault of the component: report it to its makers.",
            ),
            Self::Deadline => {
                (ErrorKind::Timeout, "host.deadline", "Give the call more time, or ask for less in one call.")
            }
            Self::Memory => (
                ErrorKind::Internal,
                "host.memory-limit",
                "Ask for less in one call, or let the operator raise the memory limit.",
            ),
            Self::ResultSize(_) => (
                ErrorKind::Internal,
                "host.result-limit",
                "Ask for less in one call, or let the operator raise the result limit.",
            ),
            Self::Busy => (
                ErrorKind::Unavailable,
                "host.busy",
                "Try again later, or let the operator raise the number of instances.",
            ),
            Self::ConnectionBusy => (
                ErrorKind::Unavailable,
                "host.connection-busy",
                "Make fewer calls at once, or let the operator raise `ConnectionLimits::calls`.",
            ),
            Self::ShuttingDown => (
                ErrorKind::Unavailable,
                "host.shutting-down",
                "Make the call again, where another host runs.",
            ),
        };
        let effect = if matches!(self, Self::Busy | Self::ConnectionBusy | Self::ShuttingDown) {
            Effect::None
        } else {
            effect
        };
        let retry = match effect {
            Effect::None if kind == ErrorKind::Unavailable => Retry::HostDefault,
            Effect::None if kind == ErrorKind::Timeout => Retry::HostDefault,
            _ => Retry::Never,
        };
        NodeError {
            kind,
            code: code.to_owned(),
            message: sentence(&self),
            advice: Some(advice.to_owned()),
            field: None,
            http_status: None,
            vendor_message: None,
            effect,
            retry,
            details: None,
        }
    }
}

/// Why a call gave no result.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CallError {
    /// The node, the service or the sandbox failed.
    #[error("{}", .0.message)]
    Node(Box<NodeError>),
    /// The call could not be made.
    #[error(transparent)]
    Host(#[from] HostError),
}

impl CallError {
    /// The failure in the contract's form, where it has one.
    #[must_use]
    pub fn node_error(&self) -> Option<&NodeError> {
        match self {
            Self::Node(error) => Some(error),
            Self::Host(_) => None,
        }
    }
}

impl From<Box<NodeError>> for CallError {
    fn from(error: Box<NodeError>) -> Self {
        Self::Node(error)
    }
}

impl From<NodeError> for CallError {
    fn from(error: NodeError) -> Self {
        Self::Node(Box::new(error))
    }
}

/// An error of the host's own making about a call that changed nothing.
pub(crate) fn refusal(kind: ErrorKind, code: &str, message: String, advice: &str) -> NodeError {
    NodeError {
        kind,
        code: code.to_owned(),
        message,
        advice: Some(advice.to_owned()),
        field: None,
        http_status: None,
        vendor_message: None,
        effect: Effect::None,
        retry: Retry::Never,
        details: None,
    }
}

/// Text of an error as a sentence: first letter large, full stop at the end.
fn sentence(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let mut sentence: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    sentence.push_str(letters.as_str());
    sentence.push('.');
    sentence
}
