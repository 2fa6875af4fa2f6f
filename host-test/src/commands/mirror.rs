//! `mirror`: copies the set-up of a desk for the simulator.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use workflow_node_host::RateLimit;

use super::{check, print};
use crate::cli::{ComponentArgs, MirrorArgs};
use crate::connect;
use crate::console::Console;
use crate::mirror::{Mirror, Part};
use crate::session::Session;

/// What is sent where the person says nothing: less than the smallest limit that
/// HaloPSA is said to have (HAPI §12), so that others may go on.
const RATE: RateLimit = RateLimit { requests: 150, window: Duration::from_secs(300) };

pub(super) async fn run(component: &ComponentArgs, args: &MirrorArgs, console: &Console) -> Result<ExitCode> {
    if args.out.exists() && !args.force {
        bail!("{} exists; use --force to replace it", args.out.display());
    }
    let node = connect::load(component)?;
    let mut connection_args = args.connection.clone();
    if connection_args.rate.is_none() {
        connection_args.rate = Some(RATE);
        console.note(format_args!(
            "at most {} requests in {} seconds, so that others may go on; --rate N/SECONDS says otherwise",
            RATE.requests,
            RATE.window.as_secs()
        ));
    }
    let connection = connect::connect(&node, &connection_args, console).await?;
    if let Some(code) = check::refuse(&connection, &connection_args, console).await? {
        return Ok(code);
    }
    if args.force {
        Part::remove(&args.out)?;
    }
    let instance = crate::credentials::read(&args.connection.credentials)?.remove("url").unwrap_or_default();
    let part = Part::open(&args.out, &instance, args.sample)?;
    if part.is_resumed() {
        console.note("going on where the last run stopped");
    }
    let session = Session { connection, call: connect::call_options(&connection_args) };
    let mut progress = |line: String| console.note(line);
    let mut mirror = Mirror::new(&session, part, &mut progress).await?;
    mirror.read().await?;
    let written = mirror.write(&args.out)?;
    Part::remove(&args.out)?;
    print(format_args!(
        "{written} records in {0}; run it with: host-test sim --state {0}",
        args.out.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}
