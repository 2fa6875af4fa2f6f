//! `compose`: one component of two.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::cli::{ComponentArgs, ComposeArgs};
use crate::compose::compose;
use crate::connect;

pub(super) fn run(component: &ComponentArgs, args: &ComposeArgs) -> Result<ExitCode> {
    let read = |file: &Path| fs::read(file).with_context(|| format!("{} cannot be read", file.display()));
    let node = read(&connect::component_file(component)?)?;
    let composed = compose(&read(&args.socket)?, &node)?;
    fs::write(&args.output, composed)
        .with_context(|| format!("{} cannot be written", args.output.display()))?;
    Ok(ExitCode::SUCCESS)
}
