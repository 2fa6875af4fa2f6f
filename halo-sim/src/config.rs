//! How a simulator is started.

use std::{error::Error, fmt};

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

/// A name or a value that means nothing, with a word on what would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError(pub(crate) String);

impl fmt::Display for ParseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Error for ParseError {}
