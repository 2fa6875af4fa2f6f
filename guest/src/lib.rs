//! What every node of `workflow:node` needs, so that a node is about its service.
//!
//! A node is a value of [`builder::Node`], built from closures and types, or a type
//! that implements the [`traits`] by hand. Either way [`export!`] makes a component
//! of it:
//!
//! | module | what it holds |
//! |---|---|
//! | [`builder`] | a node as a value: credentials, operations, lists, triggers, manifest |
//! | [`traits`] | what a node implements, one trait for each interface in `wit/` |
//! | [`client`] | the service, for the length of one call |
//! | [`json_form`](mod@json_form) | the JSON form of the interface, for the types of any generator |
//! | [`log`] | lines for the author of the node |
//! | [`interface`], [`error`] | the types of the interface as plain Rust |
//! | [`queue`] | the items of a call, and the cursor from one call to the next |
//! | [`retry`] | whether a request is sent again |
//! | [`http`], [`transport`] | requests and answers as data, and the way they leave |
//! | [`text`], [`weight`] | foreign text, cleaned; how much memory JSON takes |
//! | [`testing`] | a node without a service and without a sandbox |
//! | `export`, `bindings` | WIT types to plain Rust and back (components only) |
//! | `runtime` | allocator and panic handler of a `no_std` component |

#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

#[cfg(feature = "builder")]
pub mod builder;
#[cfg(feature = "builder")]
pub mod client;
pub mod error;
pub mod http;
pub mod interface;
pub mod json_form;
pub mod log;
#[cfg(feature = "builder")]
pub mod prelude;
pub mod queue;
pub mod retry;
#[cfg(all(feature = "builder", not(target_arch = "wasm32")))]
pub mod testing;
pub mod text;
pub mod traits;
pub mod transport;
pub mod weight;

#[cfg(target_arch = "wasm32")]
pub mod bindings {
    //! Generated from `wit/`.
    #![allow(missing_docs, unreachable_pub, unsafe_code, clippy::all, reason = "generated from wit/")]

    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}
#[cfg(target_arch = "wasm32")]
pub mod export;
#[cfg(all(target_arch = "wasm32", feature = "runtime"))]
mod runtime;

mod macros;
