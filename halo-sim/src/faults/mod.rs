//! Everything that differs from the ordinary on purpose.
//!
//! [`quirk`] lists all switches with their help, [`switchboard`] holds those
//! that are on and decides which apply to a request, [`Knobs`] is the decision
//! for one request, [`wire`] does what needs the connection itself, [`late`] what
//! happens when nobody waits for it any more.
//! Switches compose: each changes one thing.

pub(crate) mod knobs;
pub(crate) mod late;
pub(crate) mod quirk;
pub(crate) mod shapes;
pub(crate) mod switchboard;
pub(crate) mod wire;

pub(crate) use knobs::{DeliveryKnobs, Knobs, Lateness};
pub(crate) use switchboard::{Switchboard, Traffic};
