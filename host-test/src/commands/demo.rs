//! `demo`: the main job of the HaloPSA component, told step by step.
//!
//! Nothing here is staged: a real component is loaded and talks HTTP to a
//! simulator over a socket. Whatever comes out differently from what the text
//! promises ends the demo with exit code 1.

mod stage;
mod story;

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::ComponentArgs;
use crate::console::Console;
use stage::Stage;

pub(super) async fn run(component: &ComponentArgs, console: &Console) -> Result<ExitCode> {
    let mut stage = Stage::stdout();
    match story::tell(&mut stage, component).await {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            console.failure(&error);
            console.note(format_args!("the demo ended in step {}", stage.step_number()));
            Ok(ExitCode::from(1))
        }
    }
}
