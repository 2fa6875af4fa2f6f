//! `mirror`: copies the set-up of a desk for the simulator.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use workflow_node_host::RateLimit;

use super::{check, print};
use crate::cli::{ComponentArgs, MirrorArgs};
use crate::connect;
use crate::console::Console;
use crate::credentials::{self, Fields};
use crate::mirror::{Mirror, Part};

/// What is sent where the person says nothing: less than the smallest limit that
/// HaloPSA is said to have (HAPI §12), so that others may go on.
pub(crate) const RATE: RateLimit = RateLimit { requests: 150, window: Duration::from_secs(300) };

pub(super) async fn run(component: &ComponentArgs, args: &MirrorArgs, console: &Console) -> Result<ExitCode> {
    may_write(args)?;
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
    if check::refuse(&connection, &connection_args, console).await?.is_some() {
        return Ok(ExitCode::from(2));
    }
    if args.force {
        Part::remove(&args.out)?;
    }
    let instance = instance(&credentials::read(&args.connection.credentials)?);
    let part = Part::open(&args.out, &instance, usize::from(args.sample))?;
    if part.is_resumed() {
        console.note("going on where the last run stopped");
    }
    let session = connect::session(connection, &connection_args, console);
    let mut progress = |line: String| console.note(line);
    let mut mirror = Mirror::new(&session, part, &mut progress);
    mirror.read().await?;
    let copy = mirror.write(&args.out)?;
    Part::remove(&args.out)?;
    for missing in &copy.missing {
        console.warn(format_args!("the copy is incomplete: {missing}"));
    }
    print(format_args!(
        "{} records in {out}; run it with: host-test sim --state {out}",
        copy.records,
        out = args.out.display()
    ))?;
    Ok(ExitCode::from(u8::from(!copy.missing.is_empty())))
}

/// Refuses an output that cannot be written, before anything is asked.
fn may_write(args: &MirrorArgs) -> Result<()> {
    let out = args.out.as_path();
    let shown = out.display();
    if out.is_dir() || out.file_name().is_none() {
        let example = out.join("desk.json");
        bail!("{shown} is a folder; --out wants the file to write, such as {}", example.display());
    }
    let folder = match out.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        bail!("{} is no folder; make it first", folder.display());
    }
    let same =
        |other: &Path| matches!((fs::canonicalize(out), fs::canonicalize(other)), (Ok(a), Ok(b)) if a == b);
    if same(&args.connection.credentials) {
        bail!("{shown} is the credentials file; --out wants another one");
    }
    if out.exists() && !args.force {
        bail!("{shown} exists; use --force to replace it");
    }
    Ok(())
}

/// What tells one desk from another: its address, however it is written, and its tenant.
fn instance(fields: &Fields) -> String {
    let field = |name: &str| fields.get(name).map(|text| text.trim().to_lowercase()).unwrap_or_default();
    format!("{} {}", field("url").trim_end_matches('/'), field("tenant"))
}
