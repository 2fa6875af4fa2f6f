//! How fast and how large: the figures that the project holds itself to, each
//! with the way in which it was measured.
//!
//! | module | measures |
//! |---|---|
//! | `start` | sizes, compiling, a fresh instance |
//! | `overhead` | a call in the sandbox against the same client compiled natively (`native`) |
//! | `lists` | long lists: time, requests, memory of the guest |
//! | `creates` | many new tickets |
//! | `fleet` | many connections at the same time |
//! | `stops` | when calls end that would not end by themselves |
//!
//! `server` is what they talk to: a simulator in a process of its own, so that
//! its work does not count. `figure` is the result, `page` and `plot` make
//! documentation of it.

mod creates;
mod figure;
mod fleet;
mod lists;
mod meter;
mod native;
mod overhead;
pub mod page;
mod plot;
mod server;
mod start;
mod stops;

use std::path::Path;

use anyhow::{Context as _, Result};
use workflow_node_host::{Allocation, Node, NodeHost};

pub use figure::{Bar, Curve, Figure, Results};

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// A minute or two: a tenth of the work, for a look in between.
    Quick,
    /// Everything.
    Full,
}

impl Extent {
    /// A number of repetitions, or a tenth of it.
    fn of(self, full: usize) -> usize {
        match self {
            Self::Quick => (full / 10).max(1),
            Self::Full => full,
        }
    }
}

/// The parts, in the order in which they run.
pub const PARTS: [&str; 6] = ["start", "overhead", "lists", "creates", "fleet", "stops"];

/// Calls at the same time that the host has room for, as one in production has.
const INSTANCES: u32 = 128;

/// What every part works with.
struct Bench<'a> {
    file: &'a Path,
    host: NodeHost,
    node: Node,
    extent: Extent,
}

/// Measures the parts that are named, or all. `say` hears what is going on.
pub async fn measure(
    file: &Path,
    extent: Extent,
    only: &[String],
    say: &mut dyn FnMut(&str),
) -> Result<Results> {
    let host = NodeHost::builder().allocation(Allocation::Pooling { instances: INSTANCES }).build()?;
    let node = host.load_file(file).with_context(|| format!("{} cannot be used", file.display()))?;
    let bench = Bench { file, host, node, extent };
    let mut results = Results::new(extent);
    for part in PARTS {
        if !only.is_empty() && !only.iter().any(|name| name == part) {
            continue;
        }
        say(part);
        match part {
            "start" => start::measure(&bench, &mut results).await,
            "overhead" => overhead::measure(&bench, &mut results).await,
            "lists" => lists::measure(&bench, &mut results).await,
            "creates" => creates::measure(&bench, &mut results).await,
            "fleet" => fleet::measure(&bench, &mut results).await,
            _ => stops::measure(&bench, &mut results).await,
        }
        .with_context(|| format!("measuring {part}"))?;
    }
    Ok(results)
}
