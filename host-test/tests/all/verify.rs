//! `verify`: each fact is seen to hold and to differ, nothing personal is told, and
//! what is written is taken away again.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use halo_sim::{HaloSim, Seed};
use host_test::verify::{self, Answer, Finding, Report};
use serde_json::{Value, json};

use crate::support::{Desk, Program, run};

/// Facts that a switch of the simulator turns over: probe and switch.
const TURNED: &[(&str, &str)] = &[
    ("page-of-tickets", "page-cap=30"),
    ("page-of-others", "page-cap=30"),
    ("page-of-assets", "page-cap=30"),
    ("page-past-the-end", "repeat-last-page"),
    ("size-needs-pageinate", "page-cap=30"),
    ("size-needs-number", "page-size-alone"),
    ("count-of-rows", "count-off=5"),
    ("count-cuts", "count-off=5"),
    ("lookup-filter", "lookup-by-id-empty"),
    ("null-keys-left-out", "null-keys"),
    ("actions-without-ticket", "actions-need-ticket"),
    ("module-of-contracts", "unauthorized-record=contracts"),
];

/// Facts that no switch turns over: the answers of an instance where they differ,
/// status and body of each.
const MADE_UP: &[(&str, &[(u16, &str)])] = &[
    (
        "no-state-is-every-state",
        &[
            (200, r#"{"record_count":50,"tickets":[]}"#),
            (200, r#"{"record_count":50,"tickets":[]}"#),
            (200, r#"{"record_count":900,"tickets":[]}"#),
        ],
    ),
    ("appointments-page", &[(200, r#"{"appointments":[{"id":1},{"id":2}]}"#)]),
    ("bare-lists-repeat", &[(200, r#"[{"id":1},{"id":2}]"#), (200, r#"[{"id":2}]"#)]),
    ("agents-change-envelope", &[(200, r#"{"agents":[]}"#), (200, r#"{"agents":[]}"#)]),
    ("newest-tickets-first", &[(200, r#"{"tickets":[{"id":1},{"id":2}]}"#)]),
    (
        "only-true-descends",
        &[(200, r#"{"tickets":[{"id":2},{"id":1}]}"#), (200, r#"{"tickets":[{"id":2},{"id":1}]}"#)],
    ),
    (
        "oldest-actions-first",
        &[(200, r#"{"tickets":[{"id":2}]}"#), (200, r#"{"actions":[{"id":2},{"id":1}]}"#)],
    ),
    ("unknown-parameters-ignored", &[(400, "null")]),
    (
        "parameters-without-case",
        &[
            (200, r#"{"record_count":3,"tickets":[{"id":3},{"id":2},{"id":1}]}"#),
            (200, r#"{"record_count":3,"tickets":[{"id":3}]}"#),
        ],
    ),
    ("filter-of-wrong-type", &[(200, r#"{"tickets":[]}"#)]),
    (
        "tickettype-id-no-filter",
        &[(200, r#"{"tickets":[{"id":1}]}"#), (200, r#"{"tickets":[]}"#), (200, r#"{"tickets":[]}"#)],
    ),
    ("team-id-no-filter", &[(200, r#"{"tickets":[{"id":1}]}"#), (200, r#"{"tickets":[]}"#)]),
    ("client-search", &[(200, r#"{"clients":[{"id":1}]}"#), (200, r#"{"clients":[{"id":1}]}"#)]),
    ("agent-search-ignored", &[(200, r#"[{"id":1}]"#), (200, "[]")]),
    ("advanced-search-names", &[(200, r#"{"tickets":[]}"#)]),
    ("deleted-alone", &[(200, r#"{"tickets":[{"id":1}]}"#), (200, r#"{"tickets":[{"id":1}]}"#)]),
    ("inactive-hidden", &[(200, r#"{"clients":[{"id":1,"inactive":true}]}"#)]),
    ("inactive-alone", &[(200, r#"{"clients":[{"id":1,"inactive":false}]}"#)]),
    ("changed-since", &[(200, r#"{"tickets":[{"id":1}]}"#), (200, r#"{"tickets":[{"id":1}]}"#)]),
    ("last-day-included", &[(200, r#"{"tickets":[{"id":1}]}"#), (200, r#"{"tickets":[]}"#)]),
    ("ids-alone", &[(200, r#"{"clients":[{"id":1,"name":"x"}]}"#)]),
    (
        "names-on-request",
        &[(200, r#"{"tickets":[{"id":1,"agent_name":"x"}]}"#), (200, r#"{"tickets":[{"id":1}]}"#)],
    ),
    ("closed-tickets-say-so", &[(200, r#"{"tickets":[]}"#), (200, r#"{"tickets":[{"id":1}]}"#)]),
    ("date-of-a-ticket", &[(200, r#"{"tickets":[{"dateoccurred":"x","datecreated":"x"}]}"#)]),
    ("dates-without-offset", &[(200, r#"{"tickets":[{"dateoccurred":"2026-01-01T00:00:00Z"}]}"#)]),
    ("details-of-a-ticket", &[(200, r#"{"tickets":[{"id":1}]}"#), (200, r#"{"id":1}"#)]),
    (
        "action-ids-per-ticket",
        &[
            (200, r#"{"tickets":[{"id":2}]}"#),
            (200, r#"{"actions":[{"id":7}]}"#),
            (200, r#"{"tickets":[{"id":1}]}"#),
            (200, r#"{"actions":[{"id":6}]}"#),
        ],
    ),
    ("attachments-need-filter", &[(200, r#"{"attachments":[{"id":1}]}"#)]),
    ("notes-need-client", &[(200, r#"{"actions":[{"id":1}]}"#)]),
    ("timesheet-events-are-zero", &[(200, r#"[{"id":4}]"#)]),
    ("priority-ids", &[(200, r#"[{"id":4,"priorityid":1}]"#)]),
    ("holiday-ids", &[(200, r#"[{"id":4}]"#)]),
    ("recurring-invoice-ids", &[(200, r#"{"invoices":[{"id":4}]}"#)]),
    ("site-of-a-user", &[(200, r#"{"users":[{"id":4,"site_id":18}]}"#)]),
    ("text-for-an-id", &[(404, "null")]),
    ("unknown-id", &[(400, "null")]),
    ("status-9-closes", &[(200, r#"[{"id":9,"name":"Waiting"}]"#)]),
    ("form-of-a-ticket-type", &[(200, r#"[{"id":1}]"#), (200, r#"{"id":1}"#)]),
    ("priorities-of-an-sla", &[(200, r#"[{"id":1}]"#), (200, r#"{"id":1}"#)]),
    ("events-of-webhooks", &[(200, r#"[{"id":3,"lookupid":64,"name":"Something"}]"#)]),
    ("webhook-ids", &[(200, r#"[{"id":3}]"#)]),
    ("webhook-log", &[(200, r#"[{"id":3}]"#)]),
    ("claims-of-the-token", &[(200, r#"{"id":3}"#)]),
    ("agent-1-is-nobody", &[(200, r#"{"id":1,"name":"Anna"}"#)]),
    ("instance-info", &[(200, r#"{"version":1}"#)]),
    ("users-me", &[(200, r#"{"id":1}"#)]),
    ("own-timesheet", &[(200, "[]")]),
    ("search-everywhere", &[(200, r#"[{"id":1}]"#)]),
    ("keys-of-reports", &[(200, r#"{"reports":[{"id":1,"is_published":true}]}"#)]),
    ("write-answers-201", &[(200, r#"{"id":1}"#)]),
    ("write-many-answers-last", &[(201, r#"{"id":1}"#)]),
    ("write-unknown-property", &[(400, "null")]),
    (
        "write-null",
        &[
            (201, r#"{"id":1}"#),
            (200, r#"{"id":1,"reportedby":"host-test"}"#),
            (201, r#"{"id":1}"#),
            (200, r#"{"id":1,"reportedby":""}"#),
        ],
    ),
    ("write-text-for-id", &[(400, "null")]),
    ("write-bare-object", &[(201, r#"{"id":1}"#)]),
    ("write-action-needs-outcome", &[(201, r#"{"id":1}"#)]),
    (
        "write-delete-and-restore",
        &[(200, r#"{"id":1}"#), (200, r#"{"id":1}"#), (201, r#"{"id":1}"#), (200, r#"{"id":1}"#)],
    ),
];

async fn read(desk: &Desk) -> Result<Report> {
    verify::read(&desk.session, |_, _| {}).await
}

#[test]
fn a_desk_with_the_recorded_shapes_differs_in_nothing() -> Result<()> {
    run(async {
        let desk = Desk::open(&[]).await?;
        desk.sim.replant(Seed::Live);
        let report = read(&desk).await?;
        let [holds, _, unclear] = report.counts();
        let differ: Vec<&str> = report
            .judged
            .iter()
            .filter(|judged| matches!(judged.finding, Finding::Differs(_)))
            .map(|judged| judged.probe.name)
            .collect();
        assert!(differ.is_empty(), "{}", report.text(host_test::paint::Paint::plain()));
        assert!(holds > 4 * unclear, "{holds} hold, {unclear} could not be told: {}", report.json());
        Ok(())
    })
}

#[test]
fn each_fact_is_seen_to_differ() -> Result<()> {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (name, answers) in MADE_UP {
        let answers: Vec<Answer> = answers
            .iter()
            .map(|(status, body)| {
                Ok(Answer { status: Some(*status), body: serde_json::from_str(body)?, code: None })
            })
            .collect::<Result<_>>()?;
        let probe = verify::probes::all().iter().copied().chain(verify::writes::PROBES);
        let probe = probe.into_iter().find(|probe| probe.name == *name).with_context(|| name.to_string())?;
        let finding = probe.judge(&answers);
        assert!(matches!(finding, Finding::Differs(_)), "{name}: {finding:?}");
        seen.insert(name);
    }
    run(async {
        for (name, quirk) in TURNED {
            let desk = Desk::open(&[]).await?;
            desk.switch_on(quirk)?;
            let probe = verify::probes::all().iter().find(|probe| probe.name == *name);
            let probe = probe.with_context(|| name.to_string())?;
            let judged = verify::Examiner::reading(&desk.session).examine(probe).await?;
            assert!(matches!(judged.finding, Finding::Differs(_)), "{name}: {:?}", judged.finding);
        }
        Ok(())
    })?;
    seen.extend(TURNED.iter().map(|(name, _)| *name));
    let lists = verify::probes::all().iter().filter(|probe| probe.name.starts_with("list "));
    for probe in lists {
        let odd = Answer { status: Some(200), body: json!({ "unheard_of": [{ "id": 1 }] }), code: None };
        assert!(matches!(probe.judge(&[odd]), Finding::Differs(_)), "{}", probe.name);
        let other = if probe.name == "list client" { "users" } else { "clients" };
        let odd = Answer { status: Some(200), body: json!({ other: [{ "id": 1 }] }), code: None };
        assert!(
            matches!(probe.judge(&[odd]), Finding::Differs(_)),
            "{}: the key of another list",
            probe.name
        );
        seen.insert(probe.name);
    }
    let all = verify::probes::all().iter().copied().chain(verify::writes::PROBES);
    let all: BTreeSet<&str> = all.map(|probe| probe.name).collect();
    assert_eq!(all, seen, "left: the probes, right: those that were seen to differ");
    Ok(())
}

/// Texts of the desk that no report may hold.
fn values(sim: &HaloSim) -> Vec<String> {
    let mut values = Vec::new();
    for (path, keys) in [
        ("Client", &["name", "website"][..]),
        ("Users", &["name", "emailaddress", "phonenumber"]),
        ("Agent", &["name", "email"]),
        ("Tickets", &["summary", "dateoccurred"]),
        ("TicketType", &["name"]),
    ] {
        for record in sim.records(path) {
            values.extend(keys.iter().filter_map(|key| record.get(*key)?.as_str()).map(str::to_owned));
        }
    }
    // Shorter ones stand in names of keys.
    values.retain(|value| value.trim().len() > 8 && value != "Unassigned");
    values
}

#[test]
fn a_report_holds_no_value_of_the_instance() -> Result<()> {
    run(async {
        let desk = Desk::open(&[]).await?;
        let report = read(&desk).await?;
        let text = format!("{}\n{}", report.json(), report.text(host_test::paint::Paint::plain()));
        for value in values(&desk.sim) {
            assert!(!text.contains(&value), "{value}");
        }
        assert!(text.contains("dateoccurred"), "names of keys are there: {text}");
        assert!(desk.sim.requests().iter().all(|request| request.token_request || request.method == "GET"));
        Ok(())
    })
}

#[test]
fn an_instance_in_a_shape_that_nobody_has_seen_is_described() -> Result<()> {
    run(async {
        let desk = Desk::open(&["wrong-shape"]).await?;
        let report = read(&desk).await?;
        let [holds, ..] = report.counts();
        assert!(holds < 10, "{}", report.text(host_test::paint::Paint::plain()));
        let text = report.json().to_string();
        assert!(!text.contains("looking for"), "{text}");

        // Also where nothing but the sign-in is as it should be.
        for quirk in ["wrong-shape", "html-200"] {
            let program = Program::new(&[quirk]).await?;
            let run = program.run(&arguments(&["--json"])).await?;
            assert_eq!(run.code, Some(1), "{run:?}");
            assert!(run.stderr.contains("another shape"), "{run:?}");
            let report = run.json()?;
            assert!(report["counts"]["differs"].as_u64() > Some(0), "{report}");
            assert!(!run.stdout.contains("looking for"), "{report}");
        }
        Ok(())
    })
}

#[test]
fn every_probe_has_a_name_of_its_own_and_only_asks() {
    let mut names = BTreeSet::new();
    for probe in verify::probes::all().iter().copied().chain(verify::writes::PROBES) {
        assert!(names.insert(probe.name), "{} is there twice", probe.name);
        assert!(probe.section.starts_with('§') && !probe.asks.is_empty(), "{}", probe.name);
    }
    for probe in verify::probes::all() {
        assert!(probe.asks.iter().all(|ask| ask.method == verify::Method::Get), "{}", probe.name);
    }
}

const VERIFY: [&str; 3] = ["verify", "--credentials", "credentials.json"];

fn arguments<'a>(more: &[&'a str]) -> Vec<&'a str> {
    VERIFY.iter().copied().chain(more.iter().copied()).collect()
}

#[test]
fn credentials_that_do_not_work_are_exit_code_2_with_the_report_of_the_check() -> Result<()> {
    run(async {
        let program = Program::new(&["refuse-tokens"]).await?;
        let run = program.run(&arguments(&[])).await?;
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{run:?}");
        assert!(run.stderr.contains("Sign in"), "{run:?}");
        let run = program.run(&arguments(&["--json"])).await?;
        assert_eq!(run.code, Some(2), "{run:?}");
        let report = run.json()?;
        let steps = report["check"]["steps"].as_array().context("no steps")?;
        let failed = steps.iter().find(|step| step["status"] == "fail").context("no failed step")?;
        assert!(failed["error"]["code"].is_string(), "{report}");
        assert!(!run.stdout.contains("127.0.0.1"), "{report}");

        program.file("typing.json", r#"{"url": "http://127.0.0.1:1", "clientid": "x"}"#)?;
        let run = program.run(&["verify", "--json", "--credentials", "typing.json"]).await?;
        assert_eq!((run.code, &run.json()?["error"]["field"]), (Some(2), &json!("/clientid")), "{run:?}");
        let run = program.run(&["mirror", "--credentials", "credentials.json", "--out", "desk.json"]).await?;
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{run:?}");
        Ok(())
    })
}

#[test]
fn what_is_written_is_asked_for_and_taken_away_again() -> Result<()> {
    run(async {
        let program = Program::new(&[]).await?;
        program.sim.replant(Seed::Live);
        let before = program.sim.ticket_count();
        let run = program.run_with(&arguments(&["--write"]), None, "n\n").await?;
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(run.stdout.contains("0 differ") && run.stdout.contains("not tried"), "{run:?}");
        assert!(run.stderr.contains("nothing was written"), "{run:?}");
        assert!(
            program.sim.requests().iter().all(|request| request.token_request || request.method == "GET")
        );
        let run = program.run_with(&arguments(&["--write", "--json"]), None, "").await?;
        let report = run.json()?;
        assert_eq!(report["not_tried"].as_array().map(Vec::len), Some(verify::writes::PROBES.len()));

        program.sim.clear_requests();
        let run = program.run_with(&arguments(&["--write", "--json"]), None, "y\n").await?;
        assert_eq!(run.code, Some(0), "{run:?}");
        assert_eq!(program.sim.ticket_count(), before);
        let sent = |method: &str| {
            let requests = program.sim.requests().into_iter().filter(|request| !request.token_request);
            requests.filter(|request| request.method == method).count()
        };
        let promised = format!("{} POST and {} DELETE requests", sent("POST"), sent("DELETE"));
        assert!(run.stderr.contains(&promised), "{promised}: {run:?}");
        assert!(run.stderr.contains(verify::writes::SUMMARY), "{run:?}");
        let report = run.json()?;
        let of = |name: &str| {
            let probes = report["probes"].as_array().into_iter().flatten();
            probes.filter(|probe| probe["probe"] == name).map(|probe| probe["finding"].clone()).next()
        };
        assert_eq!(of("write-delete-and-restore"), Some(Value::from("holds")), "{report}");
        let posts = program.sim.requests().into_iter().filter(|request| request.method != "GET");
        let paths: BTreeSet<String> =
            posts.filter(|request| !request.token_request).map(|request| request.path).collect();
        assert!(
            paths.iter().all(|path| path.starts_with("/api/Tickets") || path == "/api/Actions"),
            "{paths:?}"
        );
        Ok(())
    })
}

/// Shapes of answers that the node reads, and the facts that the shape is about. No other
/// may differ: a probe that cannot read what the node reads tells of differences that
/// are none.
const SHAPES: &[(&str, &[&str])] = &[
    ("text-ids", &["site-of-a-user"]),
    ("no-ids", &["ids-alone"]),
    ("null-keys", &["null-keys-left-out"]),
    ("count-off=5", &["count-cuts", "count-of-rows", "page-past-the-end"]),
    ("count-off=-5", &["count-cuts", "count-of-rows", "page-past-the-end"]),
    ("no-count", &["count-of-rows", "page-past-the-end"]),
    ("wrap-list", &[]),
    ("record-in-list", &[]),
    ("nested-names", &["details-of-a-ticket", "names-on-request"]),
    ("bom", &[]),
    ("lookup-ids-as-text", &[]),
    ("repeat-last-page", &["page-past-the-end"]),
    (
        "ignore-paging",
        &["appointments-page", "page-of-assets", "page-of-tickets", "page-past-the-end", "size-needs-number"],
    ),
];

#[test]
fn another_shape_of_the_same_facts_is_no_difference() -> Result<()> {
    run(async {
        let mut wrong = Vec::new();
        for (quirk, expected) in SHAPES {
            let desk = Desk::open(&[]).await?;
            desk.sim.replant(Seed::Live);
            desk.switch_on(quirk)?;
            let report = read(&desk).await?;
            let differ = report.judged.iter().filter(|judged| matches!(judged.finding, Finding::Differs(_)));
            let found: BTreeSet<&str> = differ.clone().map(|judged| judged.probe.name).collect();
            if found != expected.iter().copied().collect() {
                let how: Vec<String> = differ
                    .map(|judged| {
                        format!("{}: {}", judged.probe.name, judged.finding.how().unwrap_or_default())
                    })
                    .collect();
                wrong.push(format!("{quirk}:\n  {}", how.join("\n  ")));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    })
}
