//! `check`: will these credentials work?

use std::io;
use std::process::ExitCode;

use anyhow::Result;
use workflow_node_host::wit::setup::{CheckReport, CheckStatus, CheckStep};
use workflow_node_host::{CallOptions, Connection, json};

use super::{print, print_json};
use crate::cli::{CheckArgs, ComponentArgs, ConnectionArgs};
use crate::connect;
use crate::console::Console;
use crate::paint::Paint;

pub(super) async fn run(component: &ComponentArgs, args: &CheckArgs, console: &Console) -> Result<ExitCode> {
    let node = connect::load(component)?;
    let connection = connect::connect(&node, &args.connection, console).await?;
    let call = CallOptions {
        allowed_operations: args.operations.clone(),
        ..connect::call_options(&args.connection)
    };
    let report = connection.check(&call).await?;
    if args.json {
        print_json(&json::check_report(&report))?;
    } else {
        print(table(&report, Paint::of(&io::stdout())))?;
    }
    Ok(ExitCode::from(u8::from(has_failed(&report))))
}

/// The report of credentials that do not work, after it was shown on stderr.
pub(super) async fn refuse(
    connection: &Connection,
    args: &ConnectionArgs,
    console: &Console,
) -> Result<Option<CheckReport>> {
    let report = connection.check(&connect::call_options(args)).await?;
    if !has_failed(&report) {
        return Ok(None);
    }
    for line in steps(&report, Paint::of(&io::stderr())) {
        console.note(line);
    }
    Ok(Some(report))
}

/// Whether a step of the check failed.
pub(super) fn has_failed(report: &CheckReport) -> bool {
    report.steps.iter().any(|step| matches!(step.status, CheckStatus::Fail))
}

/// The report for people.
fn table(report: &CheckReport, paint: Paint) -> String {
    let mut lines = steps(report, paint);
    let facts = [
        ("account", report.account.clone()),
        ("instance", report.instance.clone()),
        ("granted", Some(report.scopes.join(" ")).filter(|scopes| !scopes.is_empty())),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            lines.push(format!("{} {value}", paint.dim(format_args!("{name:<9}"))));
        }
    }
    lines.join("\n")
}

/// One line for each step, and one more where there is something to do.
pub(super) fn steps(report: &CheckReport, paint: Paint) -> Vec<String> {
    let width = report.steps.iter().map(|step| step.label.chars().count()).max().unwrap_or_default();
    let mut lines = Vec::new();
    for step in &report.steps {
        lines.push(format!("{} {:<width$}  {}", mark(&step.status, paint), step.label, step.message));
        if let Some(advice) = advice(step) {
            lines.push(format!("  {:<width$}  {}", "", paint.bold(format_args!("→ {advice}"))));
        }
    }
    lines
}

fn advice(step: &CheckStep) -> Option<&str> {
    step.advice.as_deref().or_else(|| step.error.as_ref()?.advice.as_deref())
}

fn mark(status: &CheckStatus, paint: Paint) -> String {
    match status {
        CheckStatus::Pass => paint.good("✓"),
        CheckStatus::Warn => paint.warning("!"),
        CheckStatus::Fail => paint.bad("✗"),
        CheckStatus::Skipped => paint.dim("–"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use workflow_node_host::wit::types::{Report, Usage};

    fn step(label: &str, status: CheckStatus, advice: Option<&str>) -> CheckStep {
        CheckStep {
            name: label.to_lowercase(),
            label: label.to_owned(),
            status,
            message: "as told".to_owned(),
            error: None,
            advice: advice.map(ToOwned::to_owned),
        }
    }

    fn report(steps: Vec<CheckStep>) -> CheckReport {
        CheckReport {
            account: Some("API agent".to_owned()),
            instance: None,
            scopes: vec!["read:tickets".to_owned(), "edit:tickets".to_owned()],
            steps,
            fields: Vec::new(),
            report: Report {
                session: None,
                usage: Usage { requests: 3, retries: 0, waited_ms: 0, rate_limited: 0 },
                diagnostics: vec![],
            },
        }
    }

    #[test]
    fn the_table_aligns_and_advises() {
        let report = report(vec![
            step("Sign in", CheckStatus::Pass, None),
            step("Read tickets", CheckStatus::Warn, Some("Add the agent to a team.")),
        ]);
        assert!(!has_failed(&report));
        assert_eq!(
            table(&report, Paint::plain()),
            "✓ Sign in       as told\n\
             ! Read tickets  as told\n\
             \u{20}               → Add the agent to a team.\n\
             account   API agent\n\
             granted   read:tickets edit:tickets"
        );
    }

    #[test]
    fn a_failed_step_fails_the_check() {
        assert!(has_failed(&report(vec![step("Sign in", CheckStatus::Fail, None)])));
    }
}
