//! The facts that need a ticket of our own: it is made, tried, and deleted.

use anyhow::Result;
use serde_json::{Value, json};

use super::judge::{Verdict, agree, nth};
use super::probe::{Ask, Confidence, Finding, Probe};
use super::report::{Judged, Report, Seen};
use super::{Answer, send};
use crate::session::Session;

/// The summary of the test ticket: whoever meets it knows where it comes from.
pub const SUMMARY: &str = "Test ticket of `host-test verify --write`, to be deleted";

/// All probes that write, in their order. None touches anything but `{ticket}`.
pub static PROBES: &[Probe] = &[
    Probe {
        name: "write-answers-201",
        says: "an update with nothing but the id and one field answers 201 with one object",
        section: "§7.4",
        confidence: Confidence::Live,
        asks: &[Ask::post("/Tickets", "", r#"[{"id": {ticket}, "impact": 3}]"#)],
        judged: |answers| {
            let answer = nth(answers, 0)?;
            match answer.status {
                Some(201) => agree(answer.body.is_object(), || super::answer::shape(&answer.body)),
                Some(status @ 200..300) => Err(Finding::Differs(format!("status {status}"))),
                _ => Err(Finding::Differs(answer.outcome())),
            }
        },
    },
    Probe {
        name: "write-many-answers-last",
        says: "with returnall=true, a POST of two elements answers both",
        section: "§4",
        confidence: Confidence::Reported,
        asks: &[Ask::post(
            "/Tickets",
            "returnall=true",
            r#"[{"id": {ticket}, "impact": 2}, {"id": {ticket}, "impact": 3}]"#,
        )],
        judged: |answers| {
            let answer = nth(answers, 0)?;
            is_done(answer)?;
            agree(answer.body.as_array().is_some_and(|all| all.len() == 2), || {
                super::answer::shape(&answer.body)
            })
        },
    },
    Probe {
        name: "write-unknown-property",
        says: "a property that HaloPSA does not know is ignored",
        section: "§4",
        confidence: Confidence::Reported,
        asks: &[Ask::post("/Tickets", "", r#"[{"id": {ticket}, "no_such_property_here": 1}]"#)],
        judged: |answers| is_done(nth(answers, 0)?),
    },
    Probe {
        name: "write-null",
        says: "null leaves a value as it is",
        section: "§4",
        confidence: Confidence::Assumed,
        asks: &[
            Ask::post("/Tickets", "", r#"[{"id": {ticket}, "reportedby": "host-test"}]"#),
            Ask::post("/Tickets", "", r#"[{"id": {ticket}, "reportedby": null, "impact": 3}]"#),
            Ask::get("/Tickets/{ticket}", "includedetails=true"),
        ],
        judged: |answers| {
            is_done(nth(answers, 0)?)?;
            is_done(nth(answers, 1)?)?;
            let read = nth(answers, 2)?;
            read.is_read()?;
            agree(read.body.get("reportedby").and_then(Value::as_str) == Some("host-test"), || {
                "the value is gone".to_owned()
            })
        },
    },
    Probe {
        name: "write-text-for-id",
        says: "a number may be written as a text",
        section: "§4",
        confidence: Confidence::Reported,
        asks: &[Ask::post("/Tickets", "", r#"[{"id": "{ticket}", "impact": "3"}]"#)],
        judged: |answers| is_done(nth(answers, 0)?),
    },
    Probe {
        name: "write-bare-object",
        says: "a POST of one object instead of a list is refused",
        section: "§18.6",
        confidence: Confidence::Reported,
        asks: &[Ask::post("/Tickets", "", r#"{"id": {ticket}, "impact": 3}"#)],
        judged: |answers| is_refused(nth(answers, 0)?),
    },
    Probe {
        name: "write-action-needs-outcome",
        says: "an action without an outcome is refused with 400",
        section: "§8.2",
        confidence: Confidence::Reported,
        asks: &[Ask::post(
            "/Actions",
            "",
            r#"[{"ticket_id": {ticket}, "note": "x", "hiddenfromuser": true}]"#,
        )],
        judged: |answers| is_refused(nth(answers, 0)?),
    },
    Probe {
        name: "write-delete-and-restore",
        says: "a deleted ticket is 404, and _recover brings it back",
        section: "§7.1",
        confidence: Confidence::Live,
        asks: &[
            Ask::delete("/Tickets/{ticket}"),
            Ask::get("/Tickets/{ticket}", ""),
            Ask::post("/Tickets", "", r#"[{"id": {ticket}, "_recover": true, "_validate_updates": true}]"#),
            Ask::get("/Tickets/{ticket}", ""),
        ],
        judged: |answers| {
            is_done(nth(answers, 0)?)?;
            let gone = nth(answers, 1)?;
            agree(gone.status == Some(404), || format!("deleted: {}", gone.outcome()))?;
            let back = nth(answers, 3)?;
            agree(back.status == Some(200), || format!("restored: {}", back.outcome()))
        },
    },
];

fn is_refused(answer: &Answer) -> Verdict {
    match answer.status {
        Some(400) => Ok(()),
        Some(200..300) => Err(Finding::Differs("it is accepted".to_owned())),
        _ => Err(Finding::Unclear(answer.outcome())),
    }
}

fn is_done(answer: &Answer) -> Verdict {
    match answer.status {
        Some(200..300) => Ok(()),
        Some(400) => Err(Finding::Differs(answer.outcome())),
        _ => Err(Finding::Unclear(answer.outcome())),
    }
}

/// Makes the test ticket, judges the probes that write, and deletes it again, however
/// they went.
///
/// # Errors
///
/// Where the component cannot be called at all, the ticket cannot be made, or it
/// cannot be deleted: then the message says which one it is.
pub async fn write(session: &Session) -> Result<Report> {
    let body = json!([{ "summary": SUMMARY, "details": SUMMARY, "dont_do_rules": true, "sendack": false }]);
    let made = send(session, json!({ "method": "POST", "path": "/Tickets", "body": body })).await?;
    let made_id = made.body.get("id").or_else(|| made.body.pointer("/0/id")).and_then(Value::as_i64);
    let Some(ticket) = made_id else {
        anyhow::bail!("the test ticket could not be made: {}", made.outcome());
    };
    let mut report = Report::default();
    let judged = judge_all(session, ticket, &mut report).await;
    let path = format!("/Tickets/{ticket}");
    let deleted = send(session, json!({ "method": "DELETE", "path": path })).await?;
    if !matches!(deleted.status, Some(200..300 | 404)) {
        anyhow::bail!(
            "the test ticket {ticket} could not be deleted ({}): delete it by hand",
            deleted.outcome()
        );
    }
    judged.map(|()| report)
}

async fn judge_all(session: &Session, ticket: i64, report: &mut Report) -> Result<()> {
    for probe in PROBES {
        let mut answers = Vec::new();
        let mut unclear = None;
        for ask in probe.asks {
            match ask.filled(&answers, Some(ticket)) {
                Ok(request) => {
                    let answer = send(session, request).await?;
                    report.seen.push(Seen::of(ask, &answer));
                    answers.push(answer);
                }
                Err(why) => {
                    unclear = Some(Finding::Unclear(why));
                    break;
                }
            }
        }
        let finding = unclear.unwrap_or_else(|| probe.judge(&answers));
        report.judged.push(Judged { probe, finding });
    }
    Ok(())
}
