//! Runs the simulator until Ctrl-C or SIGTERM.

use clap::Parser;
use halo_sim::SimArgs;

/// A fake HaloPSA: a stateful simulator of its REST API for tests.
///
/// Prints one JSON line with url, port, tenant, client_id and client_secret,
/// then serves until Ctrl-C or SIGTERM.
#[derive(Parser)]
#[command(name = "halo-sim", version)]
struct Cli {
    #[command(flatten)]
    sim: SimArgs,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    Cli::parse().sim.run().await
}
