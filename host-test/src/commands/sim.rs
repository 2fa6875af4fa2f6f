//! `sim`: the simulator, until Ctrl-C.

use std::process::ExitCode;

use anyhow::Result;
use halo_sim::SimArgs;

pub(super) async fn run(args: SimArgs) -> Result<ExitCode> {
    args.run().await?;
    Ok(ExitCode::SUCCESS)
}
