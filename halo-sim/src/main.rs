//! Runs the simulator until Ctrl-C.

use std::io::Write;

use clap::Parser;
use halo_sim::{HaloSim, SimArgs};

/// A fake HaloPSA: a stateful simulator of its REST API for tests.
///
/// Prints one JSON line with url, port, tenant, client_id and client_secret,
/// then serves until Ctrl-C.
#[derive(Parser)]
#[command(name = "halo-sim", version)]
struct Cli {
    #[command(flatten)]
    sim: SimArgs,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let sim = HaloSim::start(Cli::parse().sim.into()).await?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", sim.start_line())?;
    out.flush()?;
    tokio::signal::ctrl_c().await?;
    Ok(())
}
