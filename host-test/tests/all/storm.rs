//! 200 alerts at once with 20 keys, every seventh write cut off after it was
//! done: one open ticket for each key, and each alert in exactly one place.
//!
//! Three seeds run with the other tests; all twenty, and what became of them:
//!
//! ```text
//! STORM_SEEDS=20 cargo test -p host-test --test all storm -- --nocapture
//! ```

use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use halo_sim::HaloSim;
use host_test::{input, simulator};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use workflow_node_host::{CallOptions, Connection, ConnectionOptions};

use crate::support::{Driven, HANG, node, run, text};

inventory::submit! { Driven(&["ticket.find_or_append"]) }

const ALERTS: usize = 200;
const KEYS: usize = 20;

/// How often a host repeats a call.
const MOST_ATTEMPTS: u32 = 8;

#[test]
fn two_hundred_alerts_with_twenty_keys_one_after_the_other_by_key() -> Result<()> {
    for seed in 1..=seeds() {
        run(storm(seed, 1)).with_context(|| format!("seed {seed}"))?;
    }
    Ok(())
}

/// Ten connections, as of ten hosts that know nothing of each other: each has
/// one alert for each key, so nothing is serialised.
#[test]
fn two_hundred_alerts_with_twenty_keys_all_at_once() -> Result<()> {
    for seed in 1..=seeds() {
        run(storm(seed, ALERTS / KEYS)).with_context(|| format!("seed {seed}"))?;
    }
    Ok(())
}

fn seeds() -> u64 {
    std::env::var("STORM_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(3)
}

async fn storm(seed: u64, hosts: usize) -> Result<()> {
    let began = Instant::now();
    let sim = simulator::start(&[]).await?;
    let mut connections = Vec::new();
    for _ in 0..hosts {
        let options = ConnectionOptions::default();
        let connection = node()?.connect(simulator::credentials(&sim), options).await?;
        connection.authenticate(&CallOptions::default()).await?;
        connections.push(connection);
    }
    // What the seed decides: when writes are cut, how long answers take, and
    // in which order the alerts come.
    for quirk in simulator::parse(&["cut-every-commit=7", &format!("jitter={}", 2 + seed % 5)])? {
        sim.add_quirk(quirk);
    }
    let first = connections.first().context("no connection")?;
    for _ in 0..seed % 7 {
        first
            .execute(
                "ticket.update",
                &[item(json!({ "id": 1, "urgency": 1 }))?],
                None,
                &options("warm up", 1),
            )
            .await?;
    }
    let mut order: Vec<usize> = (0..ALERTS).collect();
    order.sort_by_key(|alert| (*alert as u64 + 1).wrapping_mul(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1));
    let mut calls = JoinSet::new();
    for alert in order {
        let connection = connections.get(alert / KEYS % hosts).context("no such connection")?;
        calls.spawn(raise(connection.clone(), seed, alert));
    }
    let results: Vec<(u32, Value)> = calls.join_all().await.into_iter().collect::<Result<_>>()?;
    let attempts: u32 = results.iter().map(|(attempts, _)| attempts).sum();
    let told = |what: &str| results.iter().filter(|(_, result)| text(result, "done") == what).count();

    let open = judge(&sim)?;
    for (_, result) in &results {
        ensure!(open.contains(&result["ticket_id"]), "a ticket that is not open was named: {result}");
    }
    println!(
        "seed {seed:2}, {hosts:2} connections: {} open tickets; {} created, {} appended, {} reconciled; {attempts} attempts, {} requests, {} cut, {:.1} s",
        open.len(),
        told("created"),
        told("appended"),
        told("reconciled"),
        sim.requests().len(),
        sim.requests().iter().filter(|request| request.status.is_none()).count(),
        began.elapsed().as_secs_f64(),
    );
    Ok(())
}

/// Makes one call as a host should: the same idempotency key each time, and
/// one attempt more, as long as the node says that it is worth it. The
/// operation is marked as idempotent, so a lost answer is no obstacle.
async fn raise(connection: Connection, seed: u64, alert: usize) -> Result<(u32, Value)> {
    let key = format!("storm {seed}, key {}", alert % KEYS);
    let details = words(alert);
    let input = item(json!({ "key": key, "summary": "Storm", "details": details, "client_id": 12 }))?;
    for attempt in 1..=MOST_ATTEMPTS {
        let call = options(&format!("storm {seed}, alert {alert}"), attempt);
        let folded = connection
            .execute_all("ticket.find_or_append", std::slice::from_ref(&input), &call, &mut |_| {})
            .await?;
        let outcome = folded.outcomes.first().context("no outcome")?;
        match &outcome.error {
            None => {
                let json = &outcome.items.first().context("no result")?.json;
                return Ok((attempt, serde_json::from_str(json)?));
            }
            Some(error) if matches!(error.retry, workflow_node_host::wit::types::Retry::Never) => {
                bail!("alert {alert}: {error:?}")
            }
            Some(_) => {}
        }
    }
    bail!("alert {alert} failed {MOST_ATTEMPTS} times")
}

/// One open ticket for each key, and each alert on one of them, once.
fn judge(sim: &HaloSim) -> Result<Vec<Value>> {
    let tickets = sim.records("Tickets");
    let open: Vec<&Value> = tickets
        .iter()
        .filter(|ticket| text(ticket, "summary").starts_with("Storm "))
        .filter(|ticket| ticket["hasbeenclosed"] != true && ticket["deleted"] != true)
        .collect();
    let mut texts = Vec::new();
    for ticket in &open {
        texts.push(text(ticket, "details").to_owned());
        // The first action is the ticket's own text.
        for note in sim.actions(ticket["id"].as_i64().context("no id")?).iter().skip(1) {
            ensure!(note["hiddenfromuser"] == true, "customers see {note}");
            texts.push(text(note, "note").to_owned());
        }
    }
    for alert in 0..ALERTS {
        let words = words(alert);
        let homes = texts.iter().filter(|text| text.contains(&words)).count();
        ensure!(homes == 1, "alert {alert} is in {homes} places");
    }
    ensure!(texts.len() == ALERTS, "{} texts for {ALERTS} alerts", texts.len());
    ensure!(open.len() == KEYS, "{} open tickets for {KEYS} keys", open.len());
    Ok(open.iter().map(|ticket| ticket["id"].clone()).collect())
}

fn words(alert: usize) -> String {
    format!("words of alert {alert}.")
}

fn item(json: Value) -> Result<workflow_node_host::wit::types::Item> {
    match json {
        Value::Object(object) => Ok(input::item(object)),
        other => bail!("{other} is no object"),
    }
}

fn options(key: &str, attempt: u32) -> CallOptions {
    CallOptions { idempotency_key: Some(key.to_owned()), attempt, deadline: HANG, ..CallOptions::default() }
}
