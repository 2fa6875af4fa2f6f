//! How a simulator is started.

use crate::{Quirk, Seed};

/// What a simulator is started with. The default: a free port, the seed
/// [`Seed::Msp`], no quirks.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// The tenant to start with.
    pub seed: Seed,
    /// The switches that are on from the start.
    pub quirks: Vec<Quirk>,
}
