//! `sim`: the simulator, until Ctrl-C.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use halo_sim::{HaloSim, SimArgs};

use super::print;

pub(super) async fn run(args: SimArgs) -> Result<ExitCode> {
    let sim = HaloSim::start(args.into()).await?;
    print(sim.start_line())?;
    tokio::signal::ctrl_c().await.context("Ctrl-C cannot be waited for")?;
    Ok(ExitCode::SUCCESS)
}
