//! Builds the components of this tree and says where they are.
//!
//! The harness always runs what the sources say now: Cargo is asked each time
//! and decides by itself whether there is anything to do. Cargo's own lock on
//! the target folder makes many callers at once safe, within a process and
//! between processes. Loading a component is the host crate's affair.

mod environment;

use std::env;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};

/// What the components are compiled for.
const TARGET: &str = "wasm32-wasip2";

/// The profile of the shipped component, and with it the name of the folder
/// that Cargo puts the result into.
const PROFILE: &str = "node";

/// A build that takes longer than this is announced, so that nobody wonders
/// why a command is silent.
const QUIET_FOR: Duration = Duration::from_secs(2);

/// The HaloPSA component of this tree, freshly built where necessary.
pub fn halopsa_node() -> Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    once(&BUILT, || build("halopsa-node"))
}

/// The minimal example component of this tree, freshly built and packed where necessary.
#[cfg(feature = "pack")]
pub fn minimal_node() -> Result<PathBuf> {
    static PACKED: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    once(&PACKED, || packed("minimal-node"))
}

/// The example of a library's loans, freshly built and packed where necessary.
#[cfg(feature = "pack")]
pub fn loanbook() -> Result<PathBuf> {
    static PACKED: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    once(&PACKED, || packed("loanbook"))
}

/// The node that breaks the contract, freshly built where necessary.
pub fn bad_node() -> Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    once(&BUILT, || build("bad-node"))
}

/// The node that misbehaves on demand, freshly built where necessary.
pub fn unruly_node() -> Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    once(&BUILT, || build("unruly-node"))
}

/// The HTTP service that is composed with a node, freshly built where necessary.
pub fn http_service() -> Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    once(&BUILT, || build("http-service"))
}

/// The guest that fetches with waki, freshly built where necessary.
pub fn waki_guest() -> Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    once(&BUILT, || build("waki-guest"))
}

/// The node on the standard library, freshly built where necessary: a raw component.
pub fn std_guest() -> Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    once(&BUILT, || build("std-guest"))
}

/// One build in a process is enough: sources do not change under a test run.
fn once(
    cell: &OnceLock<Result<PathBuf, String>>,
    build: impl FnOnce() -> Result<PathBuf>,
) -> Result<PathBuf> {
    cell.get_or_init(|| build().map_err(|error| format!("{error:#}")))
        .clone()
        .map_err(|message| anyhow!(message))
}

/// Builds a package whose manifest `pack` writes.
#[cfg(feature = "pack")]
fn packed(package: &str) -> Result<PathBuf> {
    let raw = build(package)?;
    let packed = crate::pack::pack(&std::fs::read(&raw)?)?;
    let folder = raw.with_file_name("packed");
    std::fs::create_dir_all(&folder)?;
    let path = folder.join(raw.file_name().context("a component has a name")?);
    // Whole or not at all, for other programs that read it meanwhile.
    let beside = path.with_extension(format!("{}.part", std::process::id()));
    std::fs::write(&beside, packed.bytes)?;
    std::fs::rename(&beside, &path)?;
    Ok(path)
}

/// Builds a package of this workspace as a component.
fn build(package: &str) -> Result<PathBuf> {
    let root = workspace_root()?;
    let mut output = cargo_build(&root, package)?;
    if !output.status.success() && !target_is_installed(&root)? {
        add_target(&root)?;
        output = cargo_build(&root, package)?;
    }
    if !output.status.success() {
        bail!(
            "the component {package} does not build:\n{}",
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
    }
    let file = root
        .join(target_folder())
        .join(TARGET)
        .join(PROFILE)
        .join(format!("{}.wasm", package.replace('-', "_")));
    if !file.is_file() {
        bail!("the build of {package} left no file at {}", file.display());
    }
    Ok(file)
}

/// The components have a target folder of their own: the Cargo that started
/// this program may still hold the lock of the other one.
fn target_folder() -> PathBuf {
    Path::new("target").join("node")
}

/// The folder of the workspace: where this crate was compiled, or, when the
/// program has been moved elsewhere, a checkout around the current folder.
pub fn workspace_root() -> Result<PathBuf> {
    let compiled_in = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    if let Some(root) = compiled_in.filter(|root| is_workspace(root)) {
        return Ok(root.to_path_buf());
    }
    let here = env::current_dir().context("the current folder cannot be read")?;
    here.ancestors()
        .find(|folder| is_workspace(folder))
        .map(Path::to_path_buf)
        .context("the sources of the component are not here: name a built one with --component FILE")
}

fn is_workspace(folder: &Path) -> bool {
    folder.join("Cargo.lock").is_file() && folder.join("wit").join("node.wit").is_file()
}

/// The same command as the alias `cargo build-node`.
fn cargo_build(root: &Path, package: &str) -> Result<Output> {
    let mut command = environment::clean(Command::new(environment::cargo()));
    command
        .args(["rustc", "--quiet", "--lib", "--crate-type", "cdylib"])
        .args(["-p", package, "--target", TARGET, "--profile", PROFILE])
        .arg("--target-dir")
        .arg(target_folder())
        .current_dir(root);
    run_announced(command, &format!("Building the component {package} (the first time takes a minute)…"))
}

fn target_is_installed(root: &Path) -> Result<bool> {
    let output = environment::clean(Command::new("rustc"))
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(root)
        .output()
        .context("rustc cannot be started")?;
    let folder = String::from_utf8_lossy(&output.stdout);
    Ok(output.status.success() && Path::new(folder.trim()).is_dir())
}

fn add_target(root: &Path) -> Result<()> {
    let mut command = environment::clean(Command::new("rustup"));
    command.args(["target", "add", TARGET]).current_dir(root);
    let advice = format!("install the Rust target {TARGET} by hand, then try again");
    let output = run_announced(command, &format!("Installing the Rust target {TARGET}…"))
        .with_context(|| advice.clone())?;
    if !output.status.success() {
        bail!("{advice}: {}", String::from_utf8_lossy(&output.stderr).trim_end());
    }
    Ok(())
}

/// Runs a command to its end with its output kept, and says on stderr what is
/// going on when it takes a while.
fn run_announced(mut command: Command, announcement: &str) -> Result<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{name} cannot be started"))?;
    let (finished, is_finished) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            if is_finished.recv_timeout(QUIET_FOR) == Err(mpsc::RecvTimeoutError::Timeout) {
                // Nobody may be reading stderr; the build goes on all the same.
                let _ = writeln!(io::stderr(), "{announcement}");
            }
        });
        let output = child.wait_with_output().with_context(|| format!("{name} ended unexpectedly"));
        // Closes the channel, which ends the thread above at once.
        drop(finished);
        output
    })
}
