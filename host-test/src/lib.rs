//! The harness for components of the contract `workflow:node`: what the
//! command `host-test` does, as a library that tests can use, too.
//!
//! A command can be followed downwards: [`cli`] says what can be typed,
//! [`commands`] does it with the help of the rest. [`artifacts`] builds the
//! components of this tree, [`credentials`], [`input`] and [`files`] read what a
//! person wrote, [`connect`] joins both to a connection, [`manifest`] and [`explain`]
//! describe operations, [`result`] is what a run prints, [`console`],
//! [`guest_log`] and [`paint`] are for people's eyes, [`sizes`] and [`mod@bench`] measure, [`conformance`]
//! judges with the validators of [`schema`], [`compose`] joins two components, [`mod@pack`]
//! makes a node of what a compiler or an SDK produced, [`mod@new`] a folder with a new
//! one. [`recipe`] runs several operations in a row. [`session`] is for recipes, the demo and tests,
//! [`simulator`] for the latter two. [`verify`] compares an instance with the fact sheet,
//! [`mirror`] copies its set-up for the simulator.
//!
//! Loading and calling components is the host crate's work and what HaloPSA
//! answers is the simulator's; neither knows this crate.
//! [`peers`] is data for the README: who else does what.

pub mod artifacts;
#[cfg(feature = "bench")]
pub mod bench;
pub mod cli;
pub mod commands;
#[cfg(feature = "compose")]
pub mod compose;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod connect;
pub mod console;
pub mod credentials;
pub mod explain;
pub mod files;
pub mod guest_log;
pub mod input;
pub mod manifest;
pub mod mirror;
pub mod names;
#[cfg(feature = "new")]
pub mod new;
#[cfg(feature = "pack")]
pub mod pack;
pub mod paint;
pub mod peers;
pub mod recipe;
pub mod result;
#[cfg(feature = "conformance")]
pub mod schema;
pub mod session;
pub mod simulator;
pub mod sizes;
pub mod verify;
