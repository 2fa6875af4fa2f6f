//! The facts that need a ticket of our own: it is made, tried, and deleted.

use anyhow::{Result, anyhow, bail};
use serde_json::{Value, json};

use super::answer::shape;
use super::judge::{Verdict, agree, nth, number, of, unclear};
use super::probe::{Ask, Confidence, Finding, Method, Probe};
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
        judged: |_, answers| {
            let answer = nth(answers, 0)?;
            match answer.status {
                Some(201) => agree(answer.body.is_object(), || shape(&answer.body)),
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
        judged: |_, answers| {
            let answer = nth(answers, 0)?;
            is_done(answer)?;
            agree(answer.body.as_array().is_some_and(|all| all.len() == 2), || shape(&answer.body))
        },
    },
    Probe {
        name: "write-unknown-property",
        says: "a property that HaloPSA does not know is ignored",
        section: "§4",
        confidence: Confidence::Reported,
        asks: &[Ask::post("/Tickets", "", r#"[{"id": {ticket}, "no_such_property_here": 1}]"#)],
        judged: |_, answers| is_done(nth(answers, 0)?),
    },
    Probe {
        name: "write-null",
        says: "null leaves a value as it is",
        section: "§4",
        confidence: Confidence::Assumed,
        asks: &[
            Ask::post("/Tickets", "", r#"[{"id": {ticket}, "reportedby": "host-test"}]"#),
            Ask::get("/Tickets/{ticket}", "includedetails=true"),
            Ask::post("/Tickets", "", r#"[{"id": {ticket}, "reportedby": null, "impact": 3}]"#),
            Ask::get("/Tickets/{ticket}", "includedetails=true"),
        ],
        judged: |_, answers| {
            is_done(nth(answers, 0)?)?;
            is_done(nth(answers, 2)?)?;
            let has = |index| -> Result<bool, Finding> {
                Ok(of(nth(answers, index)?.record()?, "reportedby").and_then(Value::as_str)
                    == Some("host-test"))
            };
            if !has(1)? {
                return Err(unclear("a value that was written cannot be read"));
            }
            agree(has(3)?, || "the value is gone".to_owned())
        },
    },
    Probe {
        name: "write-text-for-id",
        says: "a number may be written as a text",
        section: "§4",
        confidence: Confidence::Reported,
        asks: &[Ask::post("/Tickets", "", r#"[{"id": "{ticket}", "impact": "3"}]"#)],
        judged: |_, answers| is_done(nth(answers, 0)?),
    },
    Probe {
        name: "write-bare-object",
        says: "a POST of one object instead of a list is refused",
        section: "§18.6",
        confidence: Confidence::Reported,
        asks: &[Ask::post("/Tickets", "", r#"{"id": {ticket}, "impact": 3}"#)],
        judged: |_, answers| is_refused(nth(answers, 0)?),
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
        judged: |_, answers| is_refused(nth(answers, 0)?),
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
        judged: |_, answers| {
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

/// What `--write` does, for whoever has to agree to it.
#[must_use]
pub fn plan() -> String {
    let count =
        |method| PROBES.iter().flat_map(|probe| probe.asks).filter(|ask| ask.method == method).count();
    // One more of each: the ticket is made at the beginning and deleted at the end.
    let (posts, deletes) = (count(Method::Post) + 1, count(Method::Delete) + 1);
    format!(
        "--write sends {posts} POST and {deletes} DELETE requests: it creates one ticket (\"{SUMMARY}\"), changes it, \
         tries to add a private note to it, deletes it, restores it and deletes it again. Everything else stays as \
         it is; HaloPSA itself may keep the deleted ticket among its deleted ones."
    )
}

/// Makes the test ticket, judges the probes that write, and deletes it again, however
/// they went and where Ctrl-C ends them. What was judged is in the report even then.
///
/// # Errors
///
/// Where the component cannot be called at all, the ticket cannot be made, or it
/// cannot be deleted: then the message says which one it is.
pub async fn write(session: &Session, report: &mut Report) -> Result<()> {
    let outcome = match make(session).await {
        Ok(ticket) => {
            let judged = tokio::select! {
                judged = judge_all(session, ticket, report) => judged,
                _ = tokio::signal::ctrl_c() => Err(anyhow!("interrupted")),
            };
            delete(session, ticket).await.and(judged)
        }
        Err(error) => Err(error),
    };
    let left: Vec<&Probe> = PROBES.iter().filter(|probe| report.finding(probe.name).is_none()).collect();
    report.not_tried.extend(left);
    outcome
}

async fn make(session: &Session) -> Result<i64> {
    let body = json!([{ "summary": SUMMARY, "details": SUMMARY, "dont_do_rules": true, "sendack": false }]);
    let made = send(session, json!({ "method": "POST", "path": "/Tickets", "body": body })).await?;
    match made.status {
        Some(200..300) => made.only().and_then(|ticket| number(ticket, "id")).ok_or_else(|| {
            anyhow!(
                "the test ticket was made, but the answer does not say its id ({}): look for \"{SUMMARY}\" and \
                 delete it by hand",
                shape(&made.body)
            )
        }),
        Some(400..500) => bail!("the test ticket could not be made: {}", made.outcome()),
        _ => bail!(
            "the test ticket may have been made ({}): look for \"{SUMMARY}\" and delete it by hand",
            made.outcome()
        ),
    }
}

async fn delete(session: &Session, ticket: i64) -> Result<()> {
    let path = format!("/Tickets/{ticket}");
    let deleted = send(session, json!({ "method": "DELETE", "path": path })).await?;
    match deleted.status {
        Some(200..300 | 404) => Ok(()),
        _ => {
            bail!("the test ticket {ticket} could not be deleted ({}): delete it by hand", deleted.outcome())
        }
    }
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
