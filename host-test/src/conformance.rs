//! Does a component keep the rules of the node interface? For people who write one.
//!
//! The rules come in the order in which a host meets them: what can be read
//! without running anything (`form`, `manifest`), what a call does that
//! sends nothing (`refusals`), and, with credentials, what the service has
//! to do with it (`live`). `report` is what is found out.

mod form;
mod links;
mod live;
mod manifest;
mod refusals;
mod report;
mod stage;

use std::path::Path;

use anyhow::{Context as _, Result};
use workflow_node_host::{HostError, Node, NodeHost};

use crate::manifest::Manifest;

pub(crate) use form::interfaces;
pub use report::{Finding, Report, Verdict};
pub use stage::{Account, call_options};

/// Holds a component file against the rules of the interface; what needs the service is
/// tried where there is an account.
///
/// # Errors
/// When the file cannot be read: everything else is a finding.
pub async fn examine(host: &NodeHost, file: &Path, account: Option<&Account>) -> Result<Report> {
    let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let mut report = Report::new(interfaces(&bytes));
    let Some(node) = form::load(host, &bytes, &mut report) else {
        report.skip_rest("the component cannot be loaded");
        return Ok(report);
    };
    match Manifest::parse(node.manifest()) {
        Ok(read) => with_manifest(&node, &read, account, &mut report).await,
        Err(error) => {
            report.add(&report::MANIFEST, vec![format!("{error:#}")]);
            report.skip_rest("the manifest cannot be read");
        }
    }
    Ok(report)
}

async fn with_manifest(node: &Node, read: &Manifest, account: Option<&Account>, report: &mut Report) {
    manifest::examine(read, report);
    manifest::against_the_component(node, report).await;
    match stage::offline(node).await {
        Ok(stage) => refusals::examine(&stage.connection, read, report).await,
        Err(error) => report.skip_all(
            &refusals::RULES,
            &format!("no connection could be made of invented credentials: {error}"),
        ),
    }
    match account {
        None => report.skip_all(&live::RULES, "needs --credentials"),
        Some(account) => match stage::connect(node, account).await {
            Ok(connection) => live::examine(&connection, read, report).await,
            Err(error) => report.add(&live::CHECK, vec![format!("no connection: {error}")]),
        },
    }
    report.skip_rest("could not be tried");
}

#[cfg(feature = "pack")]
/// What is wrong with a manifest alone, and which rules that breaks.
pub(crate) fn faults_of_manifest(read: &Manifest) -> Vec<(&'static report::Rule, String)> {
    let mut report = Report::new(report::Interfaces::default());
    manifest::examine(read, &mut report);
    let reasons = |finding: Finding| match finding.verdict {
        Verdict::Failed(reasons) => reasons.into_iter().map(|reason| (finding.rule, reason)).collect(),
        Verdict::Passed | Verdict::Skipped(_) => Vec::new(),
    };
    report.findings.into_iter().flat_map(reasons).collect()
}

/// The reason why a component cannot be loaded, and the rule that it breaks.
fn broken(error: &HostError) -> (&'static report::Rule, Vec<String>) {
    match error {
        HostError::ImportsRefused(imports) => (&report::IMPORTS, imports.clone()),
        HostError::ExportsMissing(exports) => (&report::EXPORTS, exports.clone()),
        HostError::Manifest(reason) => (&report::MANIFEST, vec![reason.clone()]),
        other => (&report::COMPONENT, vec![other.to_string()]),
    }
}
