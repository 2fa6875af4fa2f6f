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
mod runtime;

#[cfg(target_arch = "wasm32")]
mod bindings {
    #![allow(missing_docs, unreachable_pub, unsafe_code, reason = "generated from wit/")]
    use crate::node::Bad;

    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package bad:node;
            world bad {
                include workflow:node/minimal-node@0.2.0;
                export workflow:node/setup@0.2.0;
            }
        ",
        world: "bad:node/bad",
    });
    export!(Bad with_types_in self);
    pub(crate) use self::exports::workflow::node::{node, setup, types};
}

/// The manifest, with its mistakes.
pub const MANIFEST: &str = include_str!("../manifest.json");
