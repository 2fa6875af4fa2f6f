//! Many customers on one host: connections that all have something to do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use workflow_node_host::wit::node::Outcome;
use workflow_node_host::wit::types::Item;
use workflow_node_host::{Allocation, CallOptions, Connection, ConnectionOptions, NodeHost};

use super::Bench;
use super::figure::{Bar, Results};
use super::meter::{Requests, Sample, memory};
use super::server::Server;

const PART: &str = "fleet";

const CONNECTIONS: usize = 1000;
const CALLS: usize = 10_000;
/// Calls at the same time.
const AT_ONCE: usize = 100;

pub(super) async fn measure(bench: &Bench<'_>, results: &mut Results) -> Result<()> {
    results.method(
        PART,
        "ticket.get, ten times on each connection, 100 calls at a time, on a pool of 100 instances, against \
         one server process; memory: of the whole process (VmRSS), after all have connected, after a tenth \
         of the calls, and after all",
    );
    let connections = bench.extent.of(CONNECTIONS);
    let host = NodeHost::builder().allocation(Allocation::Pooling { instances: 100 }).build()?;
    let node = host.load_file(bench.file)?;
    let server = Server::start("small", 0)?;
    let requests = Arc::new(Requests::default());
    let began = Instant::now();
    let mut fleet = Vec::with_capacity(connections);
    for _ in 0..connections {
        let options = ConnectionOptions { observer: Some(requests.clone()), ..ConnectionOptions::default() };
        fleet.push(node.connect(server.fields(), options).await?);
    }
    results.add(PART, "connections", float(connections)?, "connections", None);
    results.add(
        PART,
        "to make a connection",
        began.elapsed().as_secs_f64() * 1e3 / float(connections)?,
        "ms",
        None,
    );
    let connected = memory("VmRSS");

    let calls = bench.extent.of(CALLS);
    let mut growth = Vec::new();
    let mut after_a_tenth = None;
    for amount in [calls / 100, calls / 10, calls] {
        let (took, mut sample, errors) = run(&fleet, amount).await?;
        growth.push((float(amount)?, took.as_secs_f64()));
        if amount == calls / 10 {
            after_a_tenth = memory("VmRSS");
        }
        if amount == calls {
            results.add(PART, format!("{amount} calls"), took.as_secs_f64(), "s", None);
            results.add(PART, "throughput", float(amount)? / took.as_secs_f64(), "calls/s", None);
            results.add(PART, "a call, median", sample.median() * 1e3, "ms", None);
            results.add(PART, "a call, 99th percentile", sample.percentile(99) * 1e3, "ms", None);
            results.add(PART, "calls that failed", float(errors)?, "calls", Some(Bar::AtMost(0.0)));
        }
    }
    let logins = float(requests.logins())? / float(connections)?;
    results.add(PART, "token requests per connection", logins, "requests", Some(Bar::AtMost(1.0)));
    for (name, megabytes) in [
        ("connected", connected),
        ("after a tenth of the calls", after_a_tenth),
        ("after all calls", memory("VmRSS")),
    ] {
        if let Some(megabytes) = megabytes {
            results.add(PART, format!("memory, {name}"), megabytes, "MB", None);
        }
    }
    if let (Some(before), Some(after)) = (after_a_tenth, memory("VmRSS")) {
        results.add(
            PART,
            "memory, growth over nine tenths of the calls",
            after / before,
            "times",
            Some(Bar::AtMost(1.5)),
        );
    }
    results.curve("Calls over many connections", "s", "calls", growth);
    Ok(())
}

/// Makes so many calls, in turns over the connections.
async fn run(fleet: &[Connection], calls: usize) -> Result<(Duration, Sample, usize)> {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    let began = Instant::now();
    for connection in fleet.iter().cycle().take(calls) {
        let turn = Arc::clone(&turns).acquire_owned().await?;
        let connection = connection.clone();
        running.spawn(async move {
            let began = Instant::now();
            let went_well = call(&connection).await;
            drop(turn);
            (began.elapsed(), went_well)
        });
    }
    let (mut sample, mut errors) = (Sample::default(), 0);
    while let Some(finished) = running.join_next().await {
        let (took, went_well) = finished?;
        sample.add(took);
        errors += usize::from(!went_well);
    }
    ensure!(errors < calls, "every call failed");
    Ok((began.elapsed(), sample, errors))
}

async fn call(connection: &Connection) -> bool {
    let items = [Item { json: r#"{"id": 10}"#.to_owned(), attachments: vec![], sources: Vec::new() }];
    match connection.execute("ticket.get", &items, None, &CallOptions::default()).await {
        Ok(execution) => matches!(execution.outcomes.first(), Some(Outcome::Done(items)) if items.len() == 1),
        Err(_) => false,
    }
}

fn float(amount: usize) -> Result<f64> {
    Ok(f64::from(u32::try_from(amount)?))
}
