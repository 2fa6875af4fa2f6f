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
mod extras;
#[cfg(target_arch = "wasm32")]
mod http;
#[cfg(target_arch = "wasm32")]
mod runtime;
#[cfg(target_arch = "wasm32")]
mod triggers;
#[cfg(target_arch = "wasm32")]
mod unruly;
#[cfg(target_arch = "wasm32")]
mod wire;

#[cfg(target_arch = "wasm32")]
mod bindings {
    #![allow(missing_docs, unreachable_pub, unsafe_code, reason = "generated from wit/")]
    use crate::unruly::Unruly;

    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package unruly:node;
            world unruly {
                include workflow:node/minimal-node@0.2.0;
                import workflow:node/logging@0.2.0;
                export workflow:node/setup@0.2.0;
                export workflow:node/triggers@0.2.0;
                export workflow:node/revocation@0.2.0;
                export workflow:node/migration@0.2.0;
            }
        ",
        world: "unruly:node/unruly",
        generate_all,
    });
    export!(Unruly with_types_in self);
    pub(crate) use self::exports::workflow::node::{migration, node, revocation, setup, triggers, types};
    pub(crate) use self::workflow::node::logging;
}

/// The manifest: only what a host needs to load the component, and what it shows to
/// people.
pub const MANIFEST: &str = include_str!("../manifest.json");
