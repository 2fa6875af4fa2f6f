//! `precompile`: compiles a component into the folder of compiled code, in a process
//! of its own that the system bounds.
//!
//! How long compiling takes, and how much memory, no look at a component tells for
//! sure. A service that takes components from strangers lets this command do it: what
//! goes too far ends this process and not the service, which then finds the code in
//! the cache.

use std::env;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};

use anyhow::{Context as _, Result, bail};

use super::print;
use crate::cli::{ComponentArgs, PrecompileArgs};
use crate::connect;

/// Sets the limits of the process that it becomes: `$1` seconds, `$2` KiB.
const CONFINED: &str = r#"ulimit -t "$1" && ulimit -v "$2" && shift 2 && exec "$@""#;

pub(super) fn run(component: &ComponentArgs, args: &PrecompileArgs) -> Result<ExitCode> {
    let file = connect::component_file(component)?;
    if args.inside {
        let node = connect::load_file(&file, component)?;
        print(format!("{}  {}\n{}", node.digest(), file.display(), node.counts()))?;
        return Ok(ExitCode::SUCCESS);
    }
    if component.no_cache {
        bail!("--no-cache leaves no place for compiled code");
    }
    let status = compile(&file, component, args)?;
    match status.code() {
        Some(code) => Ok(ExitCode::from(u8::try_from(code).unwrap_or(1))),
        None => bail!(
            "the component was not compiled: it took more than {} s of processor time or {} MiB of memory ({status}). \
             --cpu-seconds and --memory-mib raise that",
            args.cpu_seconds,
            args.memory_mib,
        ),
    }
}

/// Runs this very command once more, with limits.
fn compile(file: &Path, component: &ComponentArgs, args: &PrecompileArgs) -> Result<ExitStatus> {
    if !cfg!(unix) {
        bail!("this system has no `ulimit` to bound a process with");
    }
    let program = env::current_exe().context("the program does not know where it is")?;
    let mut confined = Command::new("sh");
    confined.args(["-c", CONFINED, "sh"]);
    confined.args([args.cpu_seconds.to_string(), (args.memory_mib * 1024).to_string()]);
    confined.arg(program).arg("--component").arg(file);
    if let Some(folder) = &component.cache {
        confined.arg("--cache").arg(folder);
    }
    confined.args(["precompile", "--inside"]);
    confined.status().context("`sh` could not be started")
}
