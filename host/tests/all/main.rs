//! The host against a node that misbehaves on demand and servers that do, too.
//!
//! One file for each theme; `support.rs` builds the node, `server.rs` is the
//! other end of the wire.

mod calls;
mod limits;
mod load;
mod login;
mod network;
mod secrets;
mod server;
mod support;
mod tls;
