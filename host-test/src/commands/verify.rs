//! `verify`: does this HaloPSA behave as the fact sheet says?

use std::io::{self, BufRead as _, Write as _};
use std::process::ExitCode;

use anyhow::Result;

use super::check;
use super::{print, print_json};
use crate::cli::{ComponentArgs, VerifyArgs};
use crate::connect;
use crate::console::Console;
use crate::paint::Paint;
use crate::session::Session;
use crate::verify;

pub(super) async fn run(component: &ComponentArgs, args: &VerifyArgs, console: &Console) -> Result<ExitCode> {
    let node = connect::load(component)?;
    let connection = connect::connect(&node, &args.connection, console).await?;
    if let Some(code) = check::refuse(&connection, &args.connection, console).await? {
        return Ok(code);
    }
    if args.write && !args.yes && !agreed()? {
        console.warn("nothing was written and nothing was asked");
        return Ok(ExitCode::from(2));
    }
    let session = Session { connection, call: connect::call_options(&args.connection) };
    let mut report = verify::read(&session, |done, all| {
        if done % 20 == 0 {
            console.note(format_args!("{done} of {all} facts asked for"));
        }
    })
    .await?;
    if args.write {
        console.note("making a test ticket, which is deleted at the end");
        report.extend(verify::writes::write(&session).await?);
    }
    if args.json {
        print_json(&report.json())?;
    } else {
        print(report.text(Paint::of(&io::stdout())))?;
    }
    let [_, differs, _] = report.counts();
    Ok(ExitCode::from(u8::from(differs > 0)))
}

/// Asks a person; no answer is a no.
fn agreed() -> Result<bool> {
    let mut err = io::stderr();
    write!(err, "This makes one ticket in your HaloPSA, changes it, and deletes it. Go on? [y/N] ")?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
