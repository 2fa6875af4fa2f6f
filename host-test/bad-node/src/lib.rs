//! A node that breaks the rules of the interface wherever it can and still loads. It says
//! something else when it runs than before, and answers every call, however
//! senseless or forbidden, with one row and the same cursor.
#![cfg_attr(target_arch = "wasm32", no_std)]

#[cfg(target_arch = "wasm32")]
extern crate alloc;

// For WebAssembly only: a native library cannot link the exports of a component.
#[cfg(target_arch = "wasm32")]
mod node;

#[cfg(target_arch = "wasm32")]
mod bindings {
    pub(crate) use workflow_node_sdk::bindings::exports::workflow::node::{node, setup, types};
}

#[cfg(target_arch = "wasm32")]
use node::Bad;
#[cfg(target_arch = "wasm32")]
workflow_node_sdk::export!(raw Bad);
#[cfg(target_arch = "wasm32")]
workflow_node_sdk::manifest_section!(include_bytes!("../manifest.json"));
