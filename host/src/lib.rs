//! An embeddable host for components of the contract `workflow:node`.

mod bindings;
mod connection;
mod egress;
mod error;
mod events;
mod fold;
mod host;
pub mod json;
mod node;

pub use bindings::wit;
pub use connection::{AuthMode, CallOptions, Connection, ConnectionOptions};
pub use egress::EgressPolicy;
pub use error::{CallError, HostError, Stop};
pub use events::{RequestEvent, RequestObserver};
pub use fold::{Folded, FoldedItem, Progress};
pub use host::{Allocation, NodeHost, NodeHostBuilder};
pub use node::Node;
