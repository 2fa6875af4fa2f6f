//! The connection check, as a person meets it.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use workflow_node_host::wit::setup::{CheckReport, CheckStatus};
use workflow_node_host::{AuthMode, CallOptions, ConnectionOptions};

use crate::support::{Desk, drive};

async fn check(desk: &Desk) -> Result<CheckReport> {
    let report = desk.session.connection.check(&CallOptions::default()).await?;
    desk.keep(format!("{report:?}"));
    Ok(report)
}

fn statuses(report: &CheckReport) -> BTreeMap<&str, &CheckStatus> {
    report.steps.iter().map(|step| (step.name.as_str(), &step.status)).collect()
}

#[test]
fn one_address_an_id_and_a_secret_are_enough() -> Result<()> {
    drive!([], [], async |desk| {
        let report = check(desk).await?;
        ensure!(report.steps.len() >= 3, "too few steps: {:?}", statuses(&report));
        for step in &report.steps {
            assert!(matches!(step.status, CheckStatus::Pass), "{step:?}");
            assert!(!step.message.is_empty(), "{step:?}");
        }
        assert!(report.account.is_some(), "who it is stays unsaid");
        assert!(report.instance.is_some(), "where it is stays unsaid");
        assert!(report.report.session.is_none(), "a host never hands a session out");
        Ok(())
    })
}

#[test]
fn the_completed_fields_hold_no_secret() -> Result<()> {
    drive!([], [], async |desk| {
        let report = check(desk).await?;
        let fields: BTreeMap<&str, &str> =
            report.fields.iter().map(|field| (field.name.as_str(), field.value.as_str())).collect();
        assert!(!fields.contains_key("client_secret"));
        assert!(fields.get("auth_url").is_some_and(|url| url.starts_with("http://127.0.0.1")), "{fields:?}");
        assert!(fields.contains_key("resource_url"), "{fields:?}");
        assert_eq!(desk.session.connection.fields().get("client_secret"), None);
        Ok(())
    })
}

#[test]
fn a_wrong_secret_fails_the_first_step_and_skips_the_rest() -> Result<()> {
    drive!([], [], async |desk| {
        let mut fields = desk.fields();
        fields.insert("client_secret".to_owned(), "not the secret at all".to_owned());
        let session = desk.connect(fields, ConnectionOptions::default()).await?;
        let report = session.connection.check(&CallOptions::default()).await?;
        desk.keep(format!("{report:?}"));
        let mut steps = report.steps.iter();
        let first = steps.next().unwrap();
        assert!(matches!(first.status, CheckStatus::Fail), "{first:?}");
        let error = first.error.as_ref().unwrap();
        assert!(error.advice.is_some(), "{error:?}");
        assert!(steps.all(|step| matches!(step.status, CheckStatus::Skipped)), "{:?}", statuses(&report));
        Ok(())
    })
}

/// The list is empty with status 200: nothing but the check will say why.
#[test]
fn an_agent_that_sees_nothing_is_warned_about() -> Result<()> {
    drive!([], ["agent-sees-nothing"], async |desk| {
        let report = check(desk).await?;
        let warning = report.steps.iter().find(|step| matches!(step.status, CheckStatus::Warn));
        let warning = warning.unwrap_or_else(|| panic!("no warning: {:?}", statuses(&report)));
        assert!(warning.advice.is_some(), "{warning:?}");
        Ok(())
    })
}

#[test]
fn a_missing_permission_fails_its_own_step() -> Result<()> {
    drive!([], ["forbid=read:tickets"], async |desk| {
        let report = check(desk).await?;
        let failed: Vec<_> =
            report.steps.iter().filter(|step| matches!(step.status, CheckStatus::Fail)).collect();
        assert_eq!(failed.len(), 1, "{:?}", statuses(&report));
        let advice = failed[0].error.as_ref().and_then(|error| error.advice.as_deref());
        assert!(advice.is_some(), "{failed:?}");
        Ok(())
    })
}

/// Which permissions are tried follows from what the workflow may do, and the
/// application's are told apart from the agent's.
#[test]
fn the_wanted_operations_decide_what_is_tried() -> Result<()> {
    drive!([], ["forbid=read:customers"], async |desk| {
        let wanted = |ids: &[&str]| CallOptions {
            allowed_operations: Some(ids.iter().map(ToString::to_string).collect()),
            ..CallOptions::default()
        };
        let call = wanted(&["ticket.list", "ticket.create"]);
        let report = desk.session.connection.check(&call).await?;
        desk.keep(format!("{report:?}"));
        assert_eq!(
            statuses(&report).into_keys().collect::<Vec<_>>(),
            ["agent", "permissions", "tickets", "token"]
        );
        assert!(report.steps.iter().any(|step| step.message.contains("edit:tickets")), "{report:?}");

        let report = desk.session.connection.check(&wanted(&["client.list"])).await?;
        desk.keep(format!("{report:?}"));
        let failed = report.steps.iter().find_map(|step| step.error.as_ref()).context("nothing failed")?;
        let advice = failed.advice.as_deref().unwrap_or_default();
        assert!(advice.contains("so it is the agent"), "{advice}");
        Ok(())
    })
}

#[test]
fn a_disabled_or_restricted_agent_is_named() -> Result<()> {
    drive!(["api.request"], [], async |desk| {
        for (change, words) in [
            (
                json!({ "clients": [{ "client_id": 12, "client_name": "Example" }] }),
                "kept to these clients: Example",
            ),
            (json!({ "isdisabled": true }), "is disabled"),
        ] {
            let me = desk.result("api.request", json!({ "method": "GET", "path": "/Agent/me" })).await?;
            let mut body = change;
            body["id"] = me["body"]["id"].clone();
            let input = json!({ "method": "POST", "path": "/Agent", "body": [body] });
            desk.result("api.request", input).await?;
            let report = check(desk).await?;
            let step = report.steps.iter().find(|step| step.name == "agent").context("no such step")?;
            assert!(step.message.contains(words), "{step:?}");
            assert!(matches!(step.status, CheckStatus::Warn), "{step:?}");
        }
        Ok(())
    })
}

#[test]
fn the_host_can_keep_secret_and_token_to_itself() -> Result<()> {
    drive!([], [], async |desk| {
        for auth in [AuthMode::Placeholder, AuthMode::Recipe] {
            let options = ConnectionOptions { auth, ..ConnectionOptions::default() };
            let session = desk.connect(desk.fields(), options).await?;
            let report = session.connection.check(&CallOptions::default()).await?;
            desk.keep(format!("{report:?}"));
            assert!(
                report.steps.iter().all(|step| !matches!(step.status, CheckStatus::Fail)),
                "{auth:?}: {:?}",
                statuses(&report)
            );
        }
        Ok(())
    })
}
