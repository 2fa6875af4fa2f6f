//! `verify`: does this HaloPSA behave as the fact sheet says?

use std::io::{self, BufRead as _, Write as _};
use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Value, json};
use workflow_node_host::wit::setup::CheckReport;
use workflow_node_host::wit::types::{ErrorKind, NodeError};
use workflow_node_host::{CallError, Connection, json as wire};

use super::check;
use super::{print, print_json};
use crate::cli::{ComponentArgs, VerifyArgs};
use crate::connect;
use crate::console::Console;
use crate::paint::Paint;
use crate::verify;

/// Something could not be tried.
const UNTRIED: u8 = 2;

pub(super) async fn run(component: &ComponentArgs, args: &VerifyArgs, console: &Console) -> Result<ExitCode> {
    let Some(connection) = connected(component, args, console).await? else {
        return Ok(ExitCode::from(UNTRIED));
    };
    let session = connect::session(connection, &args.connection, console);
    let writes = args.write && (args.yes || agreed(&args.connection.credentials.display().to_string())?);
    let mut report = verify::read(&session, |done, all| {
        if done % 20 == 0 {
            console.note(format_args!("{done} of {all} facts asked for"));
        }
    })
    .await?;
    let mut written = Ok(());
    if writes {
        console.note("making a test ticket, which is deleted at the end");
        written = verify::writes::write(&session, &mut report).await;
    } else if args.write {
        console.warn("nothing was written: the facts that need a test ticket were not tried");
        report.not_tried.extend(verify::writes::PROBES);
    }
    if args.json {
        print_json(&report.json())?;
    } else {
        print(report.text(Paint::of(&io::stdout())))?;
    }
    if let Err(error) = written {
        console.failure(&error);
        return Ok(ExitCode::from(UNTRIED));
    }
    let [_, differs, _] = report.counts();
    Ok(ExitCode::from(u8::from(differs > 0)))
}

/// A connection whose credentials work. Otherwise a person reads the reason on stderr,
/// and a program gets it as JSON.
async fn connected(
    component: &ComponentArgs,
    args: &VerifyArgs,
    console: &Console,
) -> Result<Option<Connection>> {
    let node = connect::load(component)?;
    let connection = match connect::connect(&node, &args.connection, console).await {
        Ok(connection) => connection,
        Err(error) => {
            let Some(CallError::Node(refusal)) = error.downcast_ref::<CallError>() else { return Err(error) };
            console.node_error(refusal);
            if args.json {
                print_json(&json!({ "error": without_values(refusal) }))?;
            }
            return Ok(None);
        }
    };
    let Some(report) = check::refuse(&connection, &args.connection, console).await? else {
        return Ok(Some(connection));
    };
    let failed = report.steps.iter().filter_map(|step| step.error.as_ref());
    if failed.clone().count() > 0 && failed.clone().all(|error| error.kind == ErrorKind::Protocol) {
        console.warn("the credentials work, but the answers have another shape: here is which");
        return Ok(Some(connection));
    }
    if args.json {
        print_json(&json!({ "check": steps(&report) }))?;
    }
    Ok(None)
}

/// The steps of a check, fit for a bug report: messages may hold names and addresses.
fn steps(report: &CheckReport) -> Value {
    let steps = report.steps.iter().map(|step| {
        json!({
            "name": step.name,
            "label": step.label,
            "status": wire::check_status(step.status),
            "error": step.error.as_ref().map(without_values),
        })
    });
    json!({ "steps": steps.collect::<Vec<_>>() })
}

fn without_values(error: &NodeError) -> Value {
    json!({
        "kind": wire::error_kind(error.kind),
        "code": error.code,
        "field": error.field,
        "http_status": error.http_status,
    })
}

/// Asks a person; no answer is a no.
fn agreed(credentials: &str) -> Result<bool> {
    let mut err = io::stderr();
    write!(err, "{} It works on the HaloPSA of {credentials}. Go on? [y/N] ", verify::writes::plan())?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
