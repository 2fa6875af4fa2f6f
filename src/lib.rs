//! The HaloPSA node: one sandboxed WebAssembly component that any workflow
//! platform can load.
//!
//! A host calls the exports in `wit/`. What every node needs for that is in the crate
//! `workflow-node-sdk`: types, exports, queue, transport, runtime. Here is HaloPSA; a
//! call can be followed downwards without coming back up:
//!
//! | room | what lives there |
//! |---|---|
//! | `component` | what is exported (wasm only) |
//! | [`connection`], [`check`] | completing credentials, signing in; will it work? |
//! | [`operations`] | running operations: rules, the generic engines |
//! | [`lookup`], [`references`] | values for dropdowns, and names where ids are wanted |
//! | [`triggers`] | events: polling and webhooks |
//! | [`catalogue`] | resources, fields, filters and operations as data |
//! | [`credentials`], [`endpoints`], [`auth`] | the form, addresses, tokens |
//! | [`input`], [`output`], [`number`] | one parse on the way in, no secret on the way out |
//! | [`client`] | a token, repetitions and waits within the deadline |
//! | [`protocol`] | the HaloPSA wire, as pure functions |
//! | [`error`] | the ways in which this node fails |
//!
//! The component holds no state and imports no clock of the day, no
//! randomness, no environment: what it must know comes with the call.
//!
//! HAPI §n in comments is a section of the fact sheet, `docs/halopsa-api.md`.

#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

pub mod auth;
pub mod catalogue;
pub mod check;
pub mod client;
pub mod connection;
pub mod credentials;
pub mod endpoints;
pub mod error;
pub mod input;
pub mod lookup;
pub mod manifest;
pub mod number;
pub mod operations;
pub mod output;
pub mod protocol;
pub mod references;
pub mod triggers;

#[cfg(target_arch = "wasm32")]
mod component;
