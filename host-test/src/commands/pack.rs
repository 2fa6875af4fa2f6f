//! `pack`: a node out of the component that a compiler or an SDK produced.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};

use super::print;
use crate::cli::{ComponentArgs, PackArgs};
use crate::connect;
use crate::pack::{self, Behaviour};
use crate::sizes::Size;

pub(super) fn run(component: &ComponentArgs, args: &PackArgs) -> Result<ExitCode> {
    let PackArgs { raw, output, manifest, force } = args;
    ensure_writable(raw, output, *force)?;
    let bytes = fs::read(raw).with_context(|| unreadable(raw))?;
    let manifest = manifest
        .as_deref()
        .map(|file| fs::read_to_string(file).with_context(|| unreadable(file)))
        .transpose()?;
    let packed = pack::pack_with(&bytes, manifest.as_deref())
        .with_context(|| format!("{} cannot be packed", raw.display()))?;
    // What a host looks at beside the schema: egress, recipe, types of the exports.
    connect::host(component)?.load(&packed.bytes).context("the packed component cannot be loaded")?;
    fs::write(output, &packed.bytes).with_context(|| format!("{} cannot be written", output.display()))?;

    print("sealed")?;
    for sealed in &packed.sealed {
        let behaviour = match sealed.behaviour {
            Behaviour::Harmless => "harmless",
            Behaviour::Partly => "partly harmless, else traps",
            Behaviour::Traps => "traps when called",
        };
        print(format_args!("  {:<44} {behaviour}", sealed.import))?;
    }
    print("imports")?;
    for import in &packed.imports {
        print(format_args!("  {import}"))?;
    }
    let Size { plain, gzip } = packed.size()?;
    print(format_args!("digest  sha256:{}", packed.digest()))?;
    print(format_args!("size    {plain} bytes, {gzip} with gzip"))?;
    Ok(ExitCode::SUCCESS)
}

/// Refuses to write over the input or over another file.
fn ensure_writable(raw: &Path, output: &Path, force: bool) -> Result<()> {
    let Ok(existing) = fs::canonicalize(output) else { return Ok(()) };
    if fs::canonicalize(raw).is_ok_and(|raw| raw == existing) {
        bail!("{} is the input: name another file for the packed component", output.display());
    }
    ensure!(force, "{} exists: name another file, or add --force to replace it", output.display());
    Ok(())
}

fn unreadable(file: &Path) -> String {
    format!("{} cannot be read", file.display())
}
