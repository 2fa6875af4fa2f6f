//! `conformance`: does a component keep the contract?

use std::io;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use workflow_node_host::{ConnectionOptions, EgressPolicy};

use super::{print, print_json};
use crate::cli::{ComponentArgs, ConformanceArgs};
use crate::conformance::{self, Account};
use crate::connect;
use crate::credentials;
use crate::paint::Paint;

pub(super) async fn run(component: &ComponentArgs, args: &ConformanceArgs) -> Result<ExitCode> {
    let file = connect::component_file(component)?;
    let account = args.credentials.as_deref().map(|file| account(file, args)).transpose()?;
    let report = conformance::examine(&connect::host(component)?, &file, account.as_ref()).await?;
    if args.json {
        print_json(&report.json())?;
    } else {
        print(report.text(Paint::of(&io::stdout())))?;
    }
    Ok(ExitCode::from(u8::from(!report.passed())))
}

fn account(file: &Path, args: &ConformanceArgs) -> Result<Account> {
    let fields = credentials::read(file)?;
    let options = ConnectionOptions {
        policy: EgressPolicy::default()
            .allow_private(args.allow_private)
            .allow_networks(&args.allow_network)?,
        accepted: connect::accepted(&args.accept)?,
        tls: connect::tls(args.ca_file.as_deref())?,
        auth: args.login.into(),
        ..ConnectionOptions::default()
    };
    Ok(Account { fields, options })
}
