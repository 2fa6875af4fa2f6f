//! The tenants to start with: small, a believable service desk, one with many
//! clients, a large one, one whose rows have the shapes of recorded ones.
//!
//! Everything follows from fixed numbers: the same seed is the same tenant,
//! byte for byte, on every machine. All people and firms are invented.

mod business;
mod configuration;
mod customers;
mod live;
mod people;
pub(crate) mod random;
mod small;
mod ticket_types;
mod tickets;
mod words;

use std::{fmt, str::FromStr};

use self::random::Random;
use super::World;
use crate::ParseError;

/// The agent that the API application logs in as.
pub(crate) const API_AGENT: i64 = 12;

/// Which tenant to start with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Seed {
    /// 4 clients and 25 tickets: for tests that read everything.
    Small,
    /// 32 clients and 717 tickets: the desk of a managed service provider.
    #[default]
    Msp,
    /// 5,000 clients and 25 tickets: for lists that nobody can scroll through.
    Wide,
    /// 400 clients and 100,000 tickets: for speed and memory.
    Large,
    /// 12 clients and 120 tickets, whose rows have exactly the keys that rows of
    /// real tenants were recorded with.
    Live,
}

/// How much of everything.
struct Size {
    clients: usize,
    tickets: usize,
}

impl Seed {
    const ALL: [(&'static str, Self); 5] = [
        ("small", Self::Small),
        ("msp", Self::Msp),
        ("wide", Self::Wide),
        ("large", Self::Large),
        ("live", Self::Live),
    ];

    fn size(self) -> Size {
        match self {
            Self::Small => Size { clients: 4, tickets: 25 },
            Self::Msp => Size { clients: 32, tickets: 717 },
            Self::Wide => Size { clients: 5_000, tickets: 25 },
            Self::Large => Size { clients: 400, tickets: 100_000 },
            Self::Live => Size { clients: 12, tickets: 120 },
        }
    }

    /// Builds the tenant.
    pub(crate) fn build(self) -> World {
        let size = self.size();
        let mut world = World::default();
        let mut random = Random::new(0x4841_4c4f);
        people::plant(&mut world);
        configuration::plant(&mut world);
        ticket_types::plant(&mut world);
        small::plant(&mut world);
        customers::plant(&mut world, &mut random, size.clients);
        tickets::plant(&mut world, &mut random, size.tickets);
        business::plant(&mut world, &mut random);
        if self == Self::Live {
            live::shape(&mut world);
        }
        world
    }
}

impl FromStr for Seed {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::ALL
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(text))
            .map(|(_, seed)| *seed)
            .ok_or_else(|| ParseError(format!("there is no seed {text:?}: small, msp, wide, large or live")))
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(_, seed)| seed == self);
        formatter.write_str(name.map_or("msp", |(name, _)| name))
    }
}
