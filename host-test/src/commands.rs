//! What the commands do: one module each, and the short ones here.
//!
//! Each takes its arguments, prints its result on stdout and returns the exit
//! code; an error means that it could not be tried.

#[cfg(feature = "bench")]
mod bench;
mod check;
#[cfg(feature = "compose")]
mod compose;
#[cfg(feature = "conformance")]
mod conformance;
mod demo;
mod mirror;
#[cfg(feature = "new")]
mod new;
#[cfg(feature = "pack")]
mod pack;
mod precompile;
mod recipe;
mod report;
mod run;
mod sim;
mod verify;
mod watch;

use std::fmt::Display;
use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use serde_json::Value;
use workflow_node_host::json;
use workflow_node_host::wit::lookup::Entries;

use crate::cli::{Cli, Command, ComponentArgs, DescribeArgs, OptionsArgs};
use crate::connect;
use crate::console::Console;
use crate::explain;
use crate::input;
use crate::manifest::Manifest;
use crate::names;
use crate::paint::Paint;
use crate::peers;

pub(crate) use mirror::RATE as MIRROR_RATE;

/// Runs the command that was typed.
pub async fn run(cli: Cli, console: &Console) -> Result<ExitCode> {
    let component = &cli.component;
    match cli.command {
        Command::Demo => demo::run(component, console).await,
        Command::Describe(args) => describe(component, &args),
        Command::CredentialSchema => credential_schema(component).await,
        Command::Check(args) => check::run(component, &args, console).await,
        Command::Run(args) => run::run(component, &args, console).await,
        Command::Recipe(args) => recipe::run(component, &args, console).await,
        Command::Options(args) => options(component, &args, console).await,
        Command::Watch(args) => watch::run(component, &args, console).await,
        Command::Verify(args) => verify::run(component, &args, console).await,
        Command::Mirror(args) => mirror::run(component, &args, console).await,
        Command::Sim(args) => sim::run(args).await,
        Command::Report => report::run(component),
        Command::Precompile(args) => precompile::run(component, &args),
        #[cfg(feature = "bench")]
        Command::Bench(args) => bench::run(component, &args, console).await,
        #[cfg(feature = "compose")]
        Command::Compose(args) => compose::run(component, &args),
        #[cfg(feature = "pack")]
        Command::Pack(args) => pack::run(component, &args),
        #[cfg(feature = "new")]
        Command::New(args) => new::run(&args),
        #[cfg(feature = "conformance")]
        Command::Conformance(args) => conformance::run(component, &args).await,
    }
}

fn describe(component: &ComponentArgs, args: &DescribeArgs) -> Result<ExitCode> {
    if args.peers {
        print(peers::table().trim_end())?;
        return Ok(ExitCode::SUCCESS);
    }
    let node = connect::load(component)?;
    let manifest = Manifest::parse(node.manifest())?;
    match &args.operation {
        None if args.table => print(explain::table(&manifest).trim_end())?,
        None if args.json => print_json(manifest.json())?,
        None => {
            let paint = Paint::of(&io::stdout());
            print(explain::overview(&manifest, paint))?;
            print(format!("\n{}", explain::reach(&manifest, &node.reach(), paint)))?;
        }
        Some(id) => match manifest.operation(id) {
            Some(operation) => print(explain::operation(&operation, Paint::of(&io::stdout())))?,
            None => bail!(unknown_operation(id, &manifest)),
        },
    }
    Ok(ExitCode::SUCCESS)
}

/// Says what else it could have been.
fn unknown_operation(id: &str, manifest: &Manifest) -> String {
    let ids: Vec<&str> = manifest.operations().map(|operation| operation.id()).collect();
    let (introduction, names) = match names::nearest(id, ids.iter().copied()) {
        near if near.is_empty() => ("there are", ids),
        near => ("did you mean", near),
    };
    let end = if introduction == "there are" { "" } else { "?" };
    format!("there is no operation {id:?}; {introduction} {}{end}", names.join(", "))
}

async fn credential_schema(component: &ComponentArgs) -> Result<ExitCode> {
    let node = connect::load(component)?;
    node.credential_schema().await?;
    print_json(Manifest::parse(node.manifest())?.json().get("credentials").unwrap_or_default())?;
    Ok(ExitCode::SUCCESS)
}

async fn options(component: &ComponentArgs, args: &OptionsArgs, console: &Console) -> Result<ExitCode> {
    let params = Value::Object(input::parse_params(&args.params)?).to_string();
    let node = connect::load(component)?;
    let connection = connect::connect(&node, &args.connection, console).await?;
    let call = connect::call_options(&args.connection);
    let part = async |cursor: Option<&str>| {
        connection.options(&args.name, &params, args.search.as_deref(), cursor, &call).await
    };
    let mut entries = part(args.cursor.as_deref()).await?;
    while args.all
        && let Some(cursor) = entries.next.take()
    {
        let more = part(Some(&cursor)).await?;
        ensure!(
            more.next.as_ref() != Some(&cursor),
            "the list {:?} does not end: its cursor repeats",
            args.name
        );
        append(&mut entries, more);
    }
    console.diagnostics(&entries.report.diagnostics);
    print_json(&json::entries(&entries))?;
    if entries.next.is_some() {
        console.note("there is more: --all reads to the end, --cursor goes on from `next`");
    }
    Ok(ExitCode::SUCCESS)
}

/// Adds the next part of a list.
fn append(entries: &mut Entries, more: Entries) {
    entries.entries.extend(more.entries);
    entries.next = more.next;
    let (usage, added) = (&mut entries.report.usage, more.report.usage);
    usage.requests = usage.requests.saturating_add(added.requests);
    usage.retries = usage.retries.saturating_add(added.retries);
    usage.waited_ms = usage.waited_ms.saturating_add(added.waited_ms);
    usage.rate_limited = usage.rate_limited.saturating_add(added.rate_limited);
    entries.report.diagnostics.extend(more.report.diagnostics);
}

/// Prints a result on stdout.
fn print(text: impl Display) -> Result<()> {
    match writeln!(io::stdout(), "{text}") {
        // The reader has seen enough, as in `host-test describe | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

fn print_json(value: &Value) -> Result<()> {
    print(serde_json::to_string_pretty(value)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_operation_hears_what_there_is() {
        let manifest =
            Manifest::parse(r#"{"operations":[{"id":"ticket.create"},{"id":"site.list"}]}"#).unwrap();
        assert_eq!(
            unknown_operation("ticket.creat", &manifest),
            "there is no operation \"ticket.creat\"; did you mean ticket.create?"
        );
        assert_eq!(
            unknown_operation("x", &manifest),
            "there is no operation \"x\"; there are ticket.create, site.list"
        );
    }
}
