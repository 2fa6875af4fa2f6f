//! A HaloPSA that is late, short-sighted or brief, and the real component:
//! whatever it does, nothing is there twice. The random workloads for this are
//! in the component's own tests, where time can be skipped
//! (`src/operations/late.rs`).

use anyhow::{Context as _, Result, ensure};
use halo_sim::Fault;
use host_test::{input, simulator};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use workflow_node_host::wit::node::Outcome;
use workflow_node_host::wit::types::Retry;
use workflow_node_host::{CallOptions, Connection, ConnectionOptions};

use crate::support::{Desk, HANG, drive, node, run, text};

fn alert(key: &str, words: &str) -> Value {
    json!({ "key": key, "summary": "Disk full on SRV-01", "details": words, "client_id": 12 })
}

/// Switches a quirk on for the next requests that it concerns.
fn next(desk: &Desk, quirk: &str, count: u32) -> Result<()> {
    for quirk in simulator::parse(&[quirk])? {
        desk.sim.add_fault(Fault { left: Some(count), ..Fault::new(quirk) });
    }
    Ok(())
}

/// Numbers of the tickets whose summary says so.
fn tickets(desk: &Desk, summary: &str) -> Vec<i64> {
    let all = desk.sim.records("Tickets");
    let named = all.iter().filter(|ticket| text(ticket, "summary").contains(summary));
    named.filter_map(|ticket| ticket["id"].as_i64()).collect()
}

fn codes(result: &host_test::result::RunResult) -> Vec<String> {
    let diagnostics = result.json()["diagnostics"].as_array().cloned().unwrap_or_default();
    diagnostics.iter().map(|diagnostic| text(diagnostic, "code").to_owned()).collect()
}

#[test]
fn an_upsert_that_is_done_after_its_answer_was_lost_makes_one_ticket() -> Result<()> {
    drive!(["ticket.upsert"], [], async |desk| {
        for (number, quirk) in ["late-commit=20", "late-gateway=50", "late-commit=700"].iter().enumerate() {
            next(desk, quirk, 1)?;
            let summary = format!("Rotate certificate {number}");
            let made = desk
                .result("ticket.upsert", json!({ "key": format!("OPS-{number}"), "summary": summary }))
                .await?;
            desk.sim.settle();
            assert_eq!(Some(tickets(desk, &summary)), made["id"].as_i64().map(|id| vec![id]), "{quirk}");
        }
        Ok(())
    })
}

#[test]
fn an_alert_that_is_kept_after_its_answer_was_lost_is_there_once() -> Result<()> {
    drive!(["ticket.find_or_append"], [], async |desk| {
        next(desk, "late-gateway=300", 1)?;
        let first = desk.result("ticket.find_or_append", alert("disk", "first")).await?;
        next(desk, "late-commit=1500", 1)?;
        let second = desk.result("ticket.find_or_append", alert("disk", "second")).await?;
        desk.sim.settle();
        assert_eq!((text(&first, "done"), text(&second, "done")), ("created", "appended"));
        assert_eq!(
            Some(tickets(desk, "Disk full on SRV-01")),
            first["ticket_id"].as_i64().map(|id| vec![id])
        );
        let notes = desk.sim.actions(first["ticket_id"].as_i64().context("no id")?);
        assert_eq!(notes.iter().filter(|note| text(note, "note").contains("second")).count(), 1);
        Ok(())
    })
}

#[test]
fn a_note_that_is_kept_after_its_answer_was_lost_is_there_once() -> Result<()> {
    drive!(["note.add"], [], async |desk| {
        next(desk, "late-gateway=300", 1)?;
        let error = desk.error("note.add", json!({ "ticket_id": 1, "note": "words of a note" })).await?;
        assert_eq!(text(&error, "effect"), "unknown", "{error}");
        desk.sim.settle();
        let notes = desk.sim.actions(1);
        assert_eq!(notes.iter().filter(|note| text(note, "note").contains("words of a note")).count(), 1);
        Ok(())
    })
}

/// Limited to some clients, as the set-up recommends, the agent does not see
/// what it makes for others.
#[test]
fn a_batch_of_an_agent_that_sees_nothing_of_it_is_made_once() -> Result<()> {
    drive!(["ticket.create"], ["agent-sees-clients=2"], async |desk| {
        let mut items: Vec<Value> = (0..10)
            .map(|number| json!({ "summary": format!("bulk {number}."), "client_id": 12, "bulk": true }))
            .collect();
        items[6]["status_id"] = json!(99_999);
        let result = desk.run("ticket.create", Value::Array(items)).await?;
        let outcomes = result.json()["outcomes"].as_array().cloned().context("no outcomes")?;
        for (number, outcome) in outcomes.iter().enumerate() {
            let count = tickets(desk, &format!("bulk {number}.")).len();
            assert!(count <= 1, "bulk {number} is there {count} times");
            let effect = outcome.pointer("/error/effect").and_then(Value::as_str);
            match effect {
                None => assert_eq!(count, 1, "{outcome}"),
                Some("none") => assert_eq!(count, 0, "{outcome}"),
                Some(_) => {}
            }
        }
        Ok(())
    })
}

#[test]
fn an_agent_that_does_not_see_its_ticket_is_warned() -> Result<()> {
    drive!(["ticket.find_or_append", "ticket.upsert"], ["own-unseen=1"], async |desk| {
        let made = desk.run("ticket.find_or_append", alert("disk", "first")).await?;
        assert_eq!(codes(&made), ["halopsa.key-not-found-again"], "{}", made.json());
        let made = desk.run("ticket.upsert", json!({ "key": "OPS-1", "summary": "Unseen" })).await?;
        assert_eq!(codes(&made), ["halopsa.key-not-found-again"], "{}", made.json());
        Ok(())
    })
}

#[test]
fn a_key_is_found_again_whatever_halopsa_does_to_the_answers() -> Result<()> {
    drive!(["ticket.find_or_append", "ticket.upsert"], [], async |desk| {
        for (number, quirks) in [
            &["summary-limit=255"][..],
            &["text-ids"],
            &["record-in-list"],
            &["wrap-array"],
            &["late-lists=500"],
        ]
        .iter()
        .enumerate()
        {
            quirks.iter().try_for_each(|quirk| desk.switch_on(quirk))?;
            let mut alert = alert(&format!("key {number}"), "words");
            alert["summary"] = json!(format!("Alert {number}: {}", "long words ".repeat(23)));
            for done in ["created", "appended", "appended"] {
                let result = desk.run("ticket.find_or_append", alert.clone()).await?;
                let told = result.results().next().context("no result")?;
                // What was cut is said when it happens.
                let is_cut = done == "created" && quirks.contains(&"summary-limit=255");
                let said: &[&str] = if is_cut { &["halopsa.value-not-kept"] } else { &[] };
                assert_eq!(text(told, "done"), done, "{quirks:?}: {told}");
                assert_eq!(codes(&result), said, "{quirks:?}: {told}");
            }
            let upsert = json!({ "key": format!("OPS-{number}"), "summary": format!("Upsert {number}") });
            for _ in 0..2 {
                desk.run("ticket.upsert", upsert.clone()).await?;
            }
            assert_eq!(tickets(desk, &format!("Upsert {number}")).len(), 1, "{quirks:?}");
            desk.sim.clear_quirks();
        }
        Ok(())
    })
}

#[test]
fn a_custom_field_may_hold_the_key() -> Result<()> {
    drive!(["ticket.find_or_append", "ticket.upsert"], [], async |desk| {
        let mut alert = alert("host-17", "words");
        alert["key_field"] = json!("CFLocation");
        for done in ["created", "appended"] {
            let told = desk.result("ticket.find_or_append", alert.clone()).await?;
            assert_eq!(text(&told, "done"), done, "{told}");
        }
        let upsert = json!({ "key": "host-18", "key_field": "CFlocation", "summary": "Key in a field" });
        let ids: Vec<Value> = vec![
            desk.result("ticket.upsert", upsert.clone()).await?["id"].clone(),
            desk.result("ticket.upsert", upsert).await?["id"].clone(),
        ];
        assert_eq!(ids[0], ids[1]);
        Ok(())
    })
}

#[test]
fn a_call_takes_eighty_requests_and_then_a_cursor() -> Result<()> {
    drive!(["ticket.find_or_append", "note.add", "ticket.create"], [], async |desk| {
        let alerts: Vec<Value> = (0..90).map(|number| alert(&format!("key {number}"), "words")).collect();
        let notes: Vec<Value> = (0..170).map(|_| json!({ "ticket_id": 1, "note": "words" })).collect();
        let created: Vec<Value> = (0..100)
            .map(|_| json!({ "summary": "For a person", "user_by_email": "user4@client.example" }))
            .collect();
        for (operation, items) in
            [("ticket.find_or_append", alerts), ("note.add", notes), ("ticket.create", created)]
        {
            let (mut calls, mut cursor, mut done): (u32, Option<String>, usize) = (0, None, 0);
            loop {
                let result = desk.call(operation, Value::Array(items.clone()), cursor.as_deref()).await?;
                let requests = result.json().pointer("/usage/requests").and_then(Value::as_u64);
                assert!(requests.is_some_and(|requests| requests <= 80), "{operation}: {requests:?}");
                calls += 1;
                done += result.results().count();
                cursor = result.json()["next"].as_str().map(ToOwned::to_owned);
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(done, items.len(), "{operation}");
            assert!(calls > 1, "{operation}");
        }
        Ok(())
    })
}

const KEYS: usize = 5;
const ALERTS: usize = 40;

/// Forty alerts with five keys by four hosts at once, while a fifth of the writes
/// is done late.
#[test]
fn a_storm_over_late_writes_leaves_each_alert_once() -> Result<()> {
    run(async {
        let sim = simulator::start(&[]).await?;
        let mut hosts = Vec::new();
        for _ in 0..4 {
            let connection =
                node()?.connect(simulator::credentials(&sim), ConnectionOptions::default()).await?;
            connection.authenticate(&CallOptions::default()).await?;
            hosts.push(connection);
        }
        for quirk in simulator::parse(&["late-commit=400", "late-gateway=90", "late-commit=1500"])? {
            sim.add_fault(Fault { probability: Some(0.07), ..Fault::new(quirk) });
        }
        let mut calls = JoinSet::new();
        for number in 0..ALERTS {
            let host = hosts.get(number % hosts.len()).context("no host")?.clone();
            calls.spawn(raise(host, number));
        }
        calls.join_all().await.into_iter().collect::<Result<()>>()?;
        sim.settle();
        let open: Vec<Value> = sim
            .records("Tickets")
            .into_iter()
            .filter(|ticket| text(ticket, "summary").starts_with("Storm ") && ticket["hasbeenclosed"] != true)
            .collect();
        let mut texts = Vec::new();
        for ticket in &open {
            texts.push(text(ticket, "details").to_owned());
            let actions = sim.actions(ticket["id"].as_i64().context("no id")?);
            texts.extend(actions.iter().skip(1).map(|note| text(note, "note").to_owned()));
        }
        for number in 0..ALERTS {
            let homes = texts.iter().filter(|text| text.contains(&format!("alert {number}."))).count();
            ensure!(homes == 1, "alert {number} is in {homes} places");
        }
        ensure!(open.len() == KEYS, "{} open tickets for {KEYS} keys", open.len());
        Ok(())
    })
}

async fn raise(host: Connection, number: usize) -> Result<()> {
    let json = json!({
        "key": format!("key {}", number % KEYS), "summary": "Storm", "details": format!("alert {number}."),
        "client_id": 12,
    });
    let item = input::item(json.as_object().cloned().unwrap_or_default());
    for attempt in 1..=6 {
        let idempotency_key = Some(format!("late storm, alert {number}"));
        let call = CallOptions { idempotency_key, attempt, deadline: HANG, ..CallOptions::default() };
        let execution =
            host.execute("ticket.find_or_append", std::slice::from_ref(&item), None, &call).await?;
        match execution.outcomes.first() {
            Some(Outcome::Done(_)) => return Ok(()),
            Some(Outcome::Failed(error)) => {
                ensure!(!matches!(error.retry, Retry::Never), "alert {number}: {error:?}");
            }
            Some(Outcome::NotAttempted) | None => {}
        }
    }
    anyhow::bail!("alert {number} was not delivered")
}
