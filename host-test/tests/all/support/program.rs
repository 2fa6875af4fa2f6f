//! The program `host-test` as a person runs it: a process with arguments,
//! files, an exit code and two streams.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result};
use halo_sim::HaloSim;
use host_test::artifacts;
use host_test::{credentials, simulator};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::Transcript;

/// The program, with a simulator and a folder for its files.
pub(crate) struct Program {
    pub(crate) sim: HaloSim,
    folder: TempDir,
    transcript: Transcript,
}

/// How a run of the program ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Stdout as JSON.
    pub(crate) fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.stdout).with_context(|| format!("stdout is no JSON: {self:?}"))
    }
}

impl Program {
    /// Prepares a simulator and a credentials file for it.
    pub(crate) async fn new(quirks: &[&str]) -> Result<Self> {
        // Once here, so that no run has to announce a build on stderr.
        artifacts::halopsa_node()?;
        let sim = simulator::start(quirks).await?;
        let program = Self { sim, folder: TempDir::new()?, transcript: Transcript::default() };
        program.file("credentials.json", &json!(simulator::credentials(&program.sim)).to_string())?;
        Ok(program)
    }

    /// The folder of its files.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file that arguments can name.
    pub(crate) fn file(&self, name: &str, content: &str) -> Result<PathBuf> {
        let path = self.folder.path().join(name);
        fs::write(&path, content)?;
        Ok(path)
    }

    /// Runs the program with arguments; file names are relative to its folder.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Result<Run> {
        self.run_with(arguments, None, "").await
    }

    /// Runs an operation with the credentials file.
    pub(crate) async fn operation(&self, operation: &str, arguments: &[&str]) -> Result<Run> {
        let mut all = vec!["run", operation, "--credentials", "credentials.json"];
        all.extend(arguments);
        self.run(&all).await
    }

    /// Runs the program with a client secret in the environment and text on
    /// stdin.
    pub(crate) async fn run_with(
        &self,
        arguments: &[&str],
        secret: Option<&str>,
        stdin: &str,
    ) -> Result<Run> {
        let mut command = command(arguments);
        command.current_dir(self.folder.path());
        match secret {
            Some(secret) => command.env(credentials::SECRET_VARIABLE, secret),
            None => command.env_remove(credentials::SECRET_VARIABLE),
        };
        let mut child = command.spawn()?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(stdin.as_bytes()).await?;
        }
        let output = child.wait_with_output().await?;
        let run = Run {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout)?,
            stderr: String::from_utf8(output.stderr)?,
        };
        self.transcript.keep(format!("{}\n{}", run.stdout, run.stderr));
        self.transcript.search(&self.sim)?;
        Ok(run)
    }
}

/// The program with both streams kept.
pub(crate) fn command(arguments: &[impl AsRef<OsStr>]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-test"));
    command
        .args(arguments)
        // What is compiled is kept among these, and not among the user's own.
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}
