//! The command line, also for programs that offer the simulator as a command.

use std::{fmt::Write as _, io::Write as _, path::PathBuf};

use clap::Args;

use crate::{Config, HaloSim, Quirk, Seed};

/// Options of the command that runs the simulator.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = quirk_help(), after_help = "More, with all quirks: --help")]
pub struct SimArgs {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// The tenant to start with: small, msp, wide, large or live
    #[arg(long, default_value_t = Seed::default())]
    pub seed: Seed,
    /// A way in which to misbehave; may be given several times
    #[arg(long = "quirk", value_name = "NAME[=VALUE]")]
    pub quirks: Vec<Quirk>,
    /// Keep the data in this file: read at the start where it exists, written at the end
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Say how many behaviours are live, reported and assumed, and end
    #[arg(long)]
    pub facts: bool,
    /// Print every request on standard error: ignored parameters, and why it was answered so
    #[arg(long)]
    pub log: bool,
}

impl SimArgs {
    /// Runs the simulator until Ctrl-C or SIGTERM, after one line of JSON on standard
    /// output ([`HaloSim::start_line`]).
    ///
    /// # Errors
    ///
    /// Where the port cannot be bound or the state file is no good.
    pub async fn run(self) -> anyhow::Result<()> {
        if self.facts {
            writeln!(std::io::stdout().lock(), "{}", crate::counts())?;
            return Ok(());
        }
        let (state, log) = (self.state.clone(), self.log);
        let sim = HaloSim::start(self.into()).await?;
        if log {
            sim.log_to_stderr();
        }
        if let Some(path) = state.as_deref().filter(|path| path.exists()) {
            sim.load_state(path)?;
        }
        {
            let mut out = std::io::stdout().lock();
            writeln!(out, "{}", sim.start_line())?;
            out.flush()?;
        }
        stopped().await?;
        match state.as_deref() {
            Some(path) => sim.save_state(path),
            None => Ok(()),
        }
    }
}

/// Waits for somebody to end the program in a friendly way.
async fn stopped() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

impl From<SimArgs> for Config {
    fn from(args: SimArgs) -> Self {
        Self { port: args.port, seed: args.seed, quirks: args.quirks }
    }
}

/// The list of all quirks for a help text.
#[must_use]
pub fn quirk_help() -> String {
    let mut text = String::from("Quirks:\n");
    for quirk in Quirk::CATALOGUE {
        let name = match quirk.value {
            "" => quirk.name.to_owned(),
            value => format!("{}={value}", quirk.name),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {name:<28} {}", quirk.help);
    }
    text
}
