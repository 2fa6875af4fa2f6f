//! What the sandbox costs: the same calls, once in the component and once in
//! the same client compiled natively.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use workflow_node_host::wit::node::Outcome;
use workflow_node_host::wit::types::Item;
use workflow_node_host::{CallOptions, Connection, ConnectionOptions};

use super::Bench;
use super::figure::{Bar, Results};
use super::meter::{self, Sample};
use super::native::Native;
use super::server::Server;

const PART: &str = "overhead";

/// What is called: one small answer, which shows the fixed cost of a call, and a
/// page of a hundred rows, which shows what work costs.
const CALLS: [(&str, &str, &str); 2] = [
    ("one ticket", "ticket.get", r#"{"id": 10}"#),
    ("a page of 100 tickets", "ticket.list", r#"{"limit": 100}"#),
];

/// Calls of each side in a round.
const BATCH: u32 = 10;

/// Milliseconds that the server takes, rounds, and the bar for the time on the wall.
const LATENCIES: [(u64, usize, Option<Bar>); 3] =
    [(0, 100, None), (20, 30, Some(Bar::AtMost(1.10))), (100, 10, None)];

pub(super) async fn measure(bench: &Bench<'_>, results: &mut Results) -> Result<()> {
    results.method(
        PART,
        "calls one after the other, sandbox and native client in turns of ten against the same server process, \
         nobody observing the requests; \
         wall: median of a call; CPU: all threads of this process, per call, median of the turns, without the server; \
         its ratio: median of those of two turns side by side",
    );
    for (latency, rounds, bar) in LATENCIES {
        let server = Server::start("msp", latency)?;
        let connection = bench.node.connect(server.fields(), ConnectionOptions::default()).await?;
        let mut fields = connection.fields().clone();
        fields.extend(server.fields().remove_entry("client_secret"));
        let native = Native::connect(fields)?;
        if latency == 0 {
            growth(&connection, bench.extent.of(rounds), results).await?;
        }
        for (what, operation, input) in CALLS {
            let mut sides = (Side::default(), Side::default());
            sandboxed(&connection, operation, input, &mut Side::default()).await?;
            natively(&native, operation, input, &mut Side::default())?;
            let mut ratios = Vec::new();
            for _ in 0..bench.extent.of(rounds) {
                let sandbox = sandboxed(&connection, operation, input, &mut sides.0).await?;
                let native = natively(&native, operation, input, &mut sides.1)?;
                ratios
                    .extend(sandbox.zip(native).map(|(one, other)| one.as_secs_f64() / other.as_secs_f64()));
            }
            ratios.sort_by(f64::total_cmp);
            let (mut sandbox, mut native) = sides;
            let at = format!("{what}, server {latency} ms");
            let (wall, native_wall) = (sandbox.wall.median(), native.wall.median());
            results.add(PART, format!("{at}: sandbox"), wall * 1e3, "ms", None);
            results.add(PART, format!("{at}: native"), native_wall * 1e3, "ms", None);
            results.add(PART, format!("{at}: wall, sandbox / native"), wall / native_wall, "times", bar);
            if let (Some(cpu), Some(ratio)) = (sandbox.cpu_per_call(), ratios.get(ratios.len() / 2)) {
                results.add(PART, format!("{at}: CPU in the sandbox"), cpu * 1e3, "ms", None);
                let name = format!("{at}: CPU, sandbox / native");
                results.add(PART, name, *ratio, "times", Some(Bar::AtMost(2.0)));
            }
        }
    }
    Ok(())
}

/// How the work in the sandbox grows with the size of an answer.
async fn growth(connection: &Connection, rounds: usize, results: &mut Results) -> Result<()> {
    let mut points = Vec::new();
    for rows in [1, 10, 100] {
        let input = format!(r#"{{"limit": {rows}}}"#);
        let mut side = Side::default();
        for _ in 0..rounds {
            sandboxed(connection, "ticket.list", &input, &mut side).await?;
        }
        if let Some(cpu) = side.cpu_per_call() {
            points.push((f64::from(rows), cpu * 1e3));
        }
    }
    results.curve("CPU of a list call in the sandbox", "ms", "tickets", points);
    Ok(())
}

/// What the calls of one side took.
#[derive(Default)]
struct Side {
    wall: Sample,
    /// Of each batch.
    cpu: Sample,
}

impl Side {
    /// In seconds; none where the system does not tell.
    fn cpu_per_call(&mut self) -> Option<f64> {
        let batch = self.cpu.median();
        (batch > 0.0).then(|| batch / f64::from(BATCH))
    }

    /// Adds a batch that began when so much time had been spent; what it took.
    fn add(&mut self, before: Option<Duration>) -> Option<Duration> {
        let spent = meter::cpu()?.saturating_sub(before?);
        self.cpu.add(spent);
        Some(spent)
    }
}

/// A batch in a task of the runtime, as a platform makes its calls; the time on
/// the processors that it took.
async fn sandboxed(
    connection: &Connection,
    operation: &str,
    input: &str,
    side: &mut Side,
) -> Result<Option<Duration>> {
    let call = CallOptions { confirmed: true, ..CallOptions::default() };
    let items = [Item { json: input.to_owned(), attachments: vec![], sources: Vec::new() }];
    let (connection, operation) = (connection.clone(), operation.to_owned());
    let before = meter::cpu();
    let batch = tokio::spawn(async move {
        let mut wall = Vec::new();
        for _ in 0..BATCH {
            let began = Instant::now();
            let execution = connection.execute(&operation, &items, None, &call).await?;
            wall.push(began.elapsed());
            let first = execution.outcomes.first().context("no outcome")?;
            ensure!(matches!(first, Outcome::Done(items) if !items.is_empty()), "{first:?}");
        }
        Ok(wall)
    });
    for took in batch.await?? {
        side.wall.add(took);
    }
    Ok(side.add(before))
}

/// The same without a sandbox.
fn natively(native: &Native, operation: &str, input: &str, side: &mut Side) -> Result<Option<Duration>> {
    let before = meter::cpu();
    for _ in 0..BATCH {
        let began = Instant::now();
        let results = native.execute(operation, input)?;
        side.wall.add(began.elapsed());
        ensure!(!results.is_empty(), "no results");
    }
    Ok(side.add(before))
}
