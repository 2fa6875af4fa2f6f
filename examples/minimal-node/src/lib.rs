//! A second node of the interface in `wit/`: to-dos, kept by a small REST service.
//!
//! It shows what a node needs at least, and that nothing in the interface is
//! made for one service. `node.rs` is the node, `http.rs` its way to the
//! service, and `runtime.rs` what any component without `std` needs.
#![cfg_attr(target_arch = "wasm32", no_std)]

#[cfg(target_arch = "wasm32")]
extern crate alloc;

// For WebAssembly only: a native library cannot link the exports of a component.
#[cfg(target_arch = "wasm32")]
mod http;
#[cfg(target_arch = "wasm32")]
mod node;
#[cfg(target_arch = "wasm32")]
mod runtime;
#[cfg(not(target_arch = "wasm32"))]
pub mod service;

#[cfg(target_arch = "wasm32")]
mod bindings {
    #![allow(missing_docs, unreachable_pub, unsafe_code, reason = "generated from wit/")]
    use crate::node::Todo;

    wit_bindgen::generate!({ path: "../../wit", world: "minimal-node" });
    export!(Todo with_types_in self);
    pub(crate) use self::exports::workflow::node::{node, types};
}

/// The manifest: what the node is and what it can do.
pub const MANIFEST: &str = include_str!("../manifest.json");
