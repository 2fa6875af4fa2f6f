//! The host against a node that misbehaves on demand and servers that do, too.
//!
//! One file for each theme; `support.rs` builds the node, `server.rs` is the
//! other end of the wire.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected has failed"
)]

mod attachments;
mod calls;
mod compressed;
mod hostile;
mod isolation;
mod json_form;
mod limits;
mod load;
mod login;
mod many;
mod memory;
mod metrics;
mod neighbours;
mod network;
mod odd;
mod operations;
mod optional;
#[cfg(feature = "otlp")]
mod otlp;
mod proxy;
mod rate;
mod rotation;
mod rules;
mod secrets;
mod serial;
mod server;
mod shares;
mod support;
mod tls;
mod traces;
mod triggers;
