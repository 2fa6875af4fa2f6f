//! The command `host-test`. Its exit code: 0 all went well, 1 something
//! failed, 2 it could not be tried at all.

use std::process::ExitCode;

use clap::Parser as _;
use host_test::cli::Cli;
use host_test::commands;
use host_test::console::Console;
use host_test::guest_log;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let console = Console::stderr(cli.verbose).debug(cli.debug);
    if cli.debug {
        guest_log::show(console);
    }
    match commands::run(cli, &console).await {
        Ok(code) => code,
        Err(error) => {
            console.failure(&error);
            ExitCode::from(2)
        }
    }
}
