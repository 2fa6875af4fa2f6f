//! A node that misbehaves on demand, to test hosts with.
//!
//! Each operation does one thing that a host must cope with; `unruly.rs` lists
//! them. It talks to no service of its own: requests go where the input says, so
//! that a test can put any server there.
#![cfg_attr(target_arch = "wasm32", no_std)]

#[cfg(target_arch = "wasm32")]
extern crate alloc;

// For WebAssembly only: a native library cannot link the exports of a component.
#[cfg(target_arch = "wasm32")]
mod echo;
#[cfg(target_arch = "wasm32")]
mod extras;
#[cfg(target_arch = "wasm32")]
mod http;
#[cfg(target_arch = "wasm32")]
mod triggers;
#[cfg(target_arch = "wasm32")]
mod unruly;
#[cfg(target_arch = "wasm32")]
mod wire;

#[cfg(target_arch = "wasm32")]
mod bindings {
    pub(crate) use workflow_node_sdk::bindings::exports::workflow::node::{
        migration, node, revocation, setup, triggers, types,
    };
    pub(crate) use workflow_node_sdk::bindings::workflow::node::logging;
}

/// The manifest: only what a host needs to load the component, and what it shows to
/// people.
pub const MANIFEST: &str = include_str!("../manifest.json");
#[cfg(target_arch = "wasm32")]
use unruly::Unruly;
#[cfg(target_arch = "wasm32")]
workflow_node_sdk::export!(raw Unruly);
#[cfg(target_arch = "wasm32")]
workflow_node_sdk::manifest_section!(include_bytes!("../manifest.json"));
