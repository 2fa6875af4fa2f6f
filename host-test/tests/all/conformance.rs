//! The conformance check on components that keep the contract and on some
//! that do not.

use std::path::Path;

use anyhow::{Context as _, Result};
use host_test::conformance::{self, Account, Report, Verdict};
use host_test::credentials::Fields;
use host_test::paint::Paint;
use host_test::{artifacts, simulator};
use minimal_node::service::TodoService;
use workflow_node_host::ConnectionOptions;

use crate::support::{command, host, run};

pub(crate) async fn examine(file: &Path, account: Option<&Account>) -> Result<Report> {
    conformance::examine(&host()?, file, account).await
}

pub(crate) fn account(fields: Fields) -> Account {
    Account { fields, options: ConnectionOptions::default() }
}

pub(crate) fn broken(report: &Report) -> Vec<&'static str> {
    let failed = |finding: &&conformance::Finding| matches!(finding.verdict, Verdict::Failed(_));
    report.findings.iter().filter(failed).map(|finding| finding.rule.name).collect()
}

fn skipped(report: &Report) -> Vec<&'static str> {
    let skipped = |finding: &&conformance::Finding| matches!(finding.verdict, Verdict::Skipped(_));
    report.findings.iter().filter(skipped).map(|finding| finding.rule.name).collect()
}

#[test]
fn the_halopsa_node_keeps_every_rule() -> Result<()> {
    run(async {
        let sim = simulator::start(&[]).await?;
        let mut fields = simulator::credentials(&sim);
        // As the simulator prints it: what the form does not ask for is left out.
        fields.insert("port".to_owned(), sim.port().to_string());
        let account = account(fields);
        let report = examine(&artifacts::halopsa_node()?, Some(&account)).await?;
        assert!(report.passed(), "{}", report.text(Paint::plain()));
        assert!(skipped(&report).is_empty(), "{}", report.text(Paint::plain()));
        let writes = sim.requests().iter().filter(|request| request.method != "GET").count();
        assert_eq!(writes, sim.requests().iter().filter(|request| request.path.ends_with("/token")).count());
        Ok(())
    })
}

#[test]
fn the_minimal_node_keeps_every_rule_that_it_comes_under() -> Result<()> {
    let service = TodoService::start();
    let fields = Fields::from([
        ("url".to_owned(), service.url()),
        ("api_key".to_owned(), service.api_key().to_owned()),
    ]);
    run(async {
        let report = examine(&artifacts::minimal_node()?, Some(&account(fields))).await?;
        assert!(report.passed(), "{}", report.text(Paint::plain()));
        assert!(skipped(&report).is_empty(), "{:?}", skipped(&report));
        Ok(())
    })
}

#[test]
fn a_bad_node_hears_what_it_breaks() -> Result<()> {
    run(async {
        let report = examine(&artifacts::bad_node()?, Some(&account(Fields::new()))).await?;
        let kept = ["component", "imports", "exports", "credentials"];
        let all: Vec<&str> = report.findings.iter().map(|finding| finding.rule.name).collect();
        let others: Vec<&str> = all.into_iter().filter(|name| !kept.contains(name)).collect();
        assert_eq!(broken(&report), others, "{}", report.text(Paint::plain()));
        for (rule, reason) in [
            ("manifest", "\"license\" is a required property"),
            ("schemas", "#/$defs/limit"),
            ("examples", "\"None\""),
            ("unknown-operation", "done, with 1 results"),
            ("cursors", "the same cursor came twice"),
            ("results", "\"id\" is a required property"),
        ] {
            let Some(Verdict::Failed(reasons)) = report.verdict(rule) else { panic!("{rule} was kept") };
            assert!(reasons.iter().any(|text| text.contains(reason)), "{rule}: {reasons:?}");
        }
        Ok(())
    })
}

/// The same node with another manifest than the one that it was made with.
fn liar(old: &str, new: &str) -> Result<tempfile::NamedTempFile> {
    assert_eq!(old.len(), new.len());
    let mut bytes = std::fs::read(artifacts::bad_node()?)?;
    let name = b"workflow-node:manifest";
    let section = bytes.windows(name.len()).position(|part| part == name).context("a manifest")?;
    let found =
        bytes.get(section..).unwrap_or_default().windows(old.len()).position(|part| part == old.as_bytes());
    let at = section + found.context("the text")?;
    bytes.get_mut(at..at + new.len()).context("its bytes")?.copy_from_slice(new.as_bytes());
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(&file, bytes)?;
    Ok(file)
}

#[test]
fn a_form_that_differs_from_the_manifest_is_named() -> Result<()> {
    run(async {
        for (old, new, rule) in [("\"auth_recipe\": \"none\"", "\"auth_recipf\": \"none\"", "credentials")] {
            let report = examine(liar(old, new)?.path(), None).await?;
            let Some(Verdict::Failed(reasons)) = report.verdict(rule) else { panic!("{rule} was kept") };
            assert!(reasons.iter().any(|text| text.contains("from its manifest")), "{rule}: {reasons:?}");
        }
        Ok(())
    })
}

#[test]
fn a_component_with_further_imports_is_told_which() -> Result<()> {
    run(async {
        let report = examine(&artifacts::waki_guest()?, None).await?;
        let Some(Verdict::Failed(reasons)) = report.verdict("imports") else { panic!("{report:?}") };
        assert!(reasons.iter().any(|import| import.starts_with("wasi:cli/environment")), "{reasons:?}");
        assert!(report.interfaces.imports.len() > reasons.len());
        assert_eq!(report.interfaces.exports, ["fetch"]);
        Ok(())
    })
}

#[test]
fn the_command_prints_a_report_and_tells_by_its_exit_code() -> Result<()> {
    let bad = artifacts::bad_node()?;
    let bad = bad.to_str().context("the path is no text")?;
    run(async {
        let json = command(&["conformance", "--component", bad, "--json"]).output().await?;
        assert_eq!(json.status.code(), Some(1));
        let json: serde_json::Value = serde_json::from_slice(&json.stdout)?;
        assert_eq!(json["passed"], false);
        let text = command(&["conformance", "--component", bad]).output().await?;
        let text = String::from_utf8_lossy(&text.stdout);
        assert!(text.contains("FAIL  manifest") && text.contains("4 kept"), "{text}");
        let nothing = command(&["conformance", "--component", "/no/such/file"]).output().await?;
        assert_eq!(nothing.status.code(), Some(2));
        Ok(())
    })
}
