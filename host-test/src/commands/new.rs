//! `new`: a folder with a node that builds, passes its tests and conformance.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use super::print;
use crate::cli::NewArgs;
use crate::new;

pub(super) fn run(args: &NewArgs) -> Result<ExitCode> {
    let folder = new::write(Path::new(""), &args.name, args.lang, args.auth)?;
    print(format_args!(
        "{folder}: its README.md has the commands that test, build and pack it",
        folder = folder.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}
