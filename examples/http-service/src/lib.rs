//! An HTTP service around a workflow node, for hosts that serve `wasi:http`
//! and know nothing of nodes: `wasmtime serve`, Spin, wasmCloud.
//!
//! It imports the node interface (through `json-call`) and exports
//! `wasi:http/incoming-handler`; composed with a node it is a complete program.
//! README.md says how.

#[cfg(target_arch = "wasm32")]
mod service;
