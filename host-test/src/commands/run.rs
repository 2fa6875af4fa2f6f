//! `run`: an operation on items, its result as JSON.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use workflow_node_host::wit::types::{AttachmentContent, Item};
use workflow_node_host::{CallError, CallOptions, Connection, EgressPolicy, LinkPolicy, Progress};

use super::print_json;
use crate::cli::{ComponentArgs, RunArgs};
use crate::connect;
use crate::console::Console;
use crate::input;
use crate::manifest::Manifest;
use crate::result::RunResult;

pub(super) async fn run(component: &ComponentArgs, args: &RunArgs, console: &Console) -> Result<ExitCode> {
    // What the person wrote comes first: a typing error must not wait for a build.
    let inputs = input::inputs(args.items.as_deref(), &args.params)?;
    let allow = EgressPolicy::allow(&args.follow_links)?
        .allow_private(args.connection.allow_private)
        .allow_networks(&args.connection.allow_network)?;
    let links = LinkPolicy { allow, ..LinkPolicy::default() };
    let node = connect::load(component)?;
    let manifest = Manifest::parse(node.manifest())?;
    let operation = manifest.operation(&args.operation);
    let takes_files = operation.is_some_and(|operation| operation.takes_files());
    // Half of what was to be written is nothing that anybody asked for.
    let to_the_end = args.all || operation.is_none_or(|operation| !operation.is_marked("read_only"));
    let items = input::items(inputs, takes_files)?;
    let connection = connect::connect_with(&node, &args.connection, console, links).await?;
    let call = CallOptions {
        dry_run: args.dry_run,
        read_only: args.read_only,
        ..connect::call_options(&args.connection)
    };
    let mut result = match execute(&connection, args, &items, &call, to_the_end, console).await {
        Ok(result) => result,
        Err(CallError::Node(error)) => {
            console.node_error(&error);
            RunResult::refused(&args.operation, &error)
        }
        Err(error) => return Err(error.into()),
    };
    let mut all_saved = true;
    if let Some(folder) = &args.save {
        all_saved = save(&mut result, folder, &connection, args, console).await?;
    } else if !result.files().is_empty() {
        console.note("files came out: --save DIR writes them");
    }
    print_json(result.json())?;
    match result.failed_items() {
        0 => {}
        failed => console.warn(format_args!("{failed} of {} items failed", result.items())),
    }
    match result.items_not_attempted() {
        0 => {}
        left => console.warn(format_args!("{left} of {} items were not attempted", result.items())),
    }
    if result.has_more() && !to_the_end {
        console.note("there is more: --all follows the cursor to the end");
    }
    Ok(ExitCode::from(result.exit_code().max(u8::from(!all_saved))))
}

/// Writes the files, after following the links that may be followed. Says
/// whether each that came as bytes was written.
async fn save(
    result: &mut RunResult,
    folder: &Path,
    connection: &Connection,
    args: &RunArgs,
    console: &Console,
) -> Result<bool> {
    if !args.follow_links.is_empty() {
        for file in result.files_mut() {
            let AttachmentContent::Link(link) = &file.attachment.content else { continue };
            match connection.fetch_link(link, args.connection.timeout).await {
                Ok(bytes) => file.attachment.content = AttachmentContent::Bytes(bytes.into()),
                Err(CallError::Node(error)) => console.node_error(&error),
                Err(error) => return Err(error.into()),
            }
        }
    }
    let unsaved = result.save(folder);
    for error in &unsaved.errors {
        console.warn(format_args!("a file was not saved: {error}"));
    }
    if unsaved.links > 0 {
        console
            .warn(format_args!("a file came as a link and was not saved: --follow-links ORIGIN fetches it"));
    }
    Ok(unsaved.errors.is_empty())
}

async fn execute(
    connection: &Connection,
    args: &RunArgs,
    items: &[Item],
    call: &CallOptions,
    to_the_end: bool,
    console: &Console,
) -> Result<RunResult, CallError> {
    let operation = &args.operation;
    if to_the_end {
        let mut progress = |progress: Progress| console.progress(&progress);
        let folded = connection.execute_all(operation, items, call, &mut progress).await?;
        console.diagnostics(&folded.diagnostics);
        if let Some(CallError::Node(error)) = &folded.interrupted {
            console.node_error(error);
        }
        Ok(RunResult::of_all(operation, folded))
    } else {
        let execution = connection.execute(operation, items, None, call).await?;
        console.diagnostics(&execution.report.diagnostics);
        Ok(RunResult::of_call(operation, execution))
    }
}
