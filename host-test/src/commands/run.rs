//! `run`: an operation on items, its result as JSON.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use workflow_node_host::wit::types::Item;
use workflow_node_host::{CallError, CallOptions, Connection, Progress};

use super::print_json;
use crate::cli::RunArgs;
use crate::connect;
use crate::console::Console;
use crate::input;
use crate::result::RunResult;

pub(super) async fn run(component: Option<&Path>, args: &RunArgs, console: &Console) -> Result<ExitCode> {
    // What the person wrote comes first: a typing error must not wait for a build.
    let items = input::items(args.items.as_deref(), &args.params)?;
    let node = connect::load(component)?;
    let connection = connect::connect(&node, &args.connection, console).await?;
    let call = CallOptions {
        dry_run: args.dry_run,
        read_only: args.read_only,
        ..connect::call_options(&args.connection)
    };
    let result = match execute(&connection, args, &items, &call, console).await {
        Ok(result) => result,
        Err(CallError::Node(error)) => {
            console.node_error(&error);
            RunResult::refused(&args.operation, &error)
        }
        Err(error) => return Err(error.into()),
    };
    print_json(result.json())?;
    match result.failed_items() {
        0 => {}
        failed => console.warn(format_args!("{failed} of {} items failed", result.items())),
    }
    if result.has_more() && !args.all {
        console.note("there is more: --all follows the cursor to the end");
    }
    Ok(ExitCode::from(result.exit_code()))
}

async fn execute(
    connection: &Connection,
    args: &RunArgs,
    items: &[Item],
    call: &CallOptions,
    console: &Console,
) -> Result<RunResult, CallError> {
    let operation = &args.operation;
    if args.all {
        let mut progress = |progress: Progress| console.progress(&progress);
        let folded = connection.execute_all(operation, items, call, &mut progress).await?;
        console.diagnostics(&folded.diagnostics);
        if let Some(CallError::Node(error)) = &folded.interrupted {
            console.node_error(error);
        }
        Ok(RunResult::of_all(operation, &folded))
    } else {
        let execution = connection.execute(operation, items, None, call).await?;
        console.diagnostics(&execution.diagnostics);
        Ok(RunResult::of_call(operation, &execution))
    }
}
