//! Many new tickets: one by one, side by side, and many in one request where
//! the component offers that.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;
use workflow_node_host::wit::types::Item;
use workflow_node_host::{CallOptions, Connection};

use super::Bench;
use super::figure::{Bar, Results};
use super::server::Server;
use crate::manifest::Manifest;

const PART: &str = "creates";

/// Tickets, at the most.
const TICKETS: usize = 1000;
/// Milliseconds that the server takes.
const LATENCY: u64 = 20;

pub(super) async fn measure(bench: &Bench<'_>, results: &mut Results) -> Result<()> {
    results.method(
        PART,
        "ticket.create against a server that takes 20 ms for each answer; one by one: a call for each; \
         concurrent: one run with all items, which the component sends side by side; bulk: the same with \
         the field \"bulk\", where the component has it",
    );
    let server = Server::start("small", LATENCY)?;
    let (connection, requests) = server.connect(&bench.node).await?;
    create(&connection, 1, Way::Together).await?;
    let mut ways = vec![("one by one", Way::OneByOne), ("concurrent", Way::Together)];
    let manifest = Manifest::parse(bench.node.manifest())?;
    let fields = manifest.operation("ticket.create").map(|operation| operation.fields()).unwrap_or_default();
    if fields.iter().any(|field| field.name() == "bulk") {
        ways.push(("bulk", Way::Bulk));
    }
    for (name, way) in ways {
        let mut growth = Vec::new();
        for amount in [TICKETS / 100, TICKETS / 10, TICKETS].map(|amount| bench.extent.of(amount)) {
            let before = requests.all();
            let took = create(&connection, amount, way).await?.as_secs_f64();
            results.add(PART, format!("{amount} tickets, {name}"), took, "s", None);
            let needed = f64::from(u32::try_from(requests.all() - before)?);
            let bar =
                (matches!(way, Way::Bulk) && amount == bench.extent.of(TICKETS)).then_some(Bar::AtMost(12.0));
            results.add(PART, format!("{amount} tickets, {name}: requests"), needed, "requests", bar);
            growth.push((f64::from(u32::try_from(amount)?), took));
        }
        results.curve(&format!("Creates {name}, 20 ms server"), "s", "tickets", growth);
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Way {
    OneByOne,
    Together,
    Bulk,
}

async fn create(connection: &Connection, amount: usize, way: Way) -> Result<Duration> {
    let call = CallOptions { confirmed: true, ..CallOptions::default() };
    let items: Vec<Item> = (0..amount)
        .map(|number| Item {
            json: match way {
                Way::Bulk => json!({"summary": format!("Printer {number} is offline"), "bulk": true}),
                _ => json!({"summary": format!("Printer {number} is offline")}),
            }
            .to_string(),
            attachments: vec![],
            sources: Vec::new(),
        })
        .collect();
    let size = match way {
        Way::OneByOne => 1,
        Way::Together | Way::Bulk => amount,
    };
    let began = Instant::now();
    for items in items.chunks(size) {
        let folded = connection.execute_all("ticket.create", items, &call, &mut |_| {}).await?;
        let made = folded.outcomes.iter().filter(|outcome| outcome.items.len() == 1).count();
        let error = folded.outcomes.iter().find_map(|outcome| outcome.error.as_ref());
        ensure!(made == items.len(), "{made} of {} were made: {error:?}", items.len());
    }
    Ok(began.elapsed())
}
