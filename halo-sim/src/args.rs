//! The command line, also for programs that offer the simulator as a command.

use std::fmt::Write;

use clap::Args;

use crate::{Config, Quirk, Seed};

/// Options of the command that runs the simulator.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = quirk_help(), after_help = "More, with all quirks: --help")]
pub struct SimArgs {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// The tenant to start with: small, msp or large
    #[arg(long, default_value_t = Seed::default())]
    pub seed: Seed,
    /// A way in which to misbehave; may be given several times
    #[arg(long = "quirk", value_name = "NAME[=VALUE]")]
    pub quirks: Vec<Quirk>,
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
