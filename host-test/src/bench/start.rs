//! What it takes until a component is ready, and to be ready again for each
//! call.

use std::time::Instant;
use std::{env, fs, process};

use anyhow::Result;
use workflow_node_host::{Allocation, CallOptions, CompiledCache, NodeHost};

use super::Bench;
use super::figure::{Bar, Results};
use super::meter::Sample;
use super::server::Server;
use crate::sizes;

const PART: &str = "start";

/// Calls whose median is the figure.
const CALLS: usize = 5000;
/// Compilations whose median is the figure.
const COMPILATIONS: usize = 10;

pub(super) async fn measure(bench: &Bench<'_>, results: &mut Results) -> Result<()> {
    results.method(
        PART,
        "sizes as `host-test report` counts them; medians; the trivial call is an operation on no items, \
         one after the other, with a fresh instance each",
    );
    for measured in sizes::measure(bench.file)? {
        let (plain, gzip) = measured.budget.map_or((None, None), |budget| {
            (Some(Bar::AtMost(kilobytes(budget.plain))), Some(Bar::AtMost(kilobytes(budget.gzip))))
        });
        results.add(PART, measured.part, kilobytes(measured.size.plain), "kB", plain);
        let name = format!("{}, gzip", measured.part);
        results.add(PART, name, kilobytes(measured.size.gzip), "kB", gzip);
    }
    let imports = f64::from(u32::try_from(bench.node.imports().len())?);
    results.add(PART, "imports", imports, "interfaces", Some(Bar::AtMost(6.0)));
    let bytes = fs::read(bench.file)?;
    let mut compile = Sample::default();
    for _ in 0..bench.extent.of(COMPILATIONS) {
        let began = Instant::now();
        drop(bench.host.load(&bytes)?);
        compile.add(began.elapsed());
    }
    results.add(PART, "compile and load", compile.median() * 1e3, "ms", None);
    let mut cached = from_cache(&bytes, bench.extent.of(COMPILATIONS))?;
    results.add(PART, "load from the cache of compiled code", cached.median() * 1e3, "ms", None);
    for (name, allocation, bar) in [
        (
            "fresh instance and trivial call, pooled",
            Allocation::Pooling { instances: 4 },
            Some(Bar::AtMost(40.0)),
        ),
        ("fresh instance and trivial call, on demand", Allocation::OnDemand, None),
    ] {
        let mut calls = trivial(&bytes, allocation, bench.extent.of(CALLS)).await?;
        results.add(PART, name, calls.median() * 1e6, "µs", bar);
    }
    Ok(())
}

/// How long it took to load what was compiled before, its check included.
fn from_cache(component: &[u8], times: usize) -> Result<Sample> {
    let folder = env::temp_dir().join(format!("workflow-node-bench-{}", process::id()));
    let host = NodeHost::builder().cache(CompiledCache::open(&folder)?).build()?;
    drop(host.load(component)?);
    let mut sample = Sample::default();
    for _ in 0..times {
        let began = Instant::now();
        drop(host.load(component)?);
        sample.add(began.elapsed());
    }
    fs::remove_dir_all(&folder)?;
    Ok(sample)
}

/// How long each call took that does nothing.
async fn trivial(component: &[u8], allocation: Allocation, calls: usize) -> Result<Sample> {
    let node = NodeHost::builder().allocation(allocation).build()?.load(component)?;
    let server = Server::start("small", 0)?;
    let (connection, _) = server.connect(&node).await?;
    let call = CallOptions { dry_run: true, ..CallOptions::default() };
    let mut sample = Sample::default();
    // The first ones warm the pool and the processor.
    for number in 0..calls + 100 {
        let began = Instant::now();
        connection.execute("ticket.get", &[], None, &call).await?;
        let took = began.elapsed();
        if number >= 100 {
            sample.add(took);
        }
    }
    Ok(sample)
}

#[expect(clippy::cast_precision_loss, reason = "sizes of files")]
fn kilobytes(bytes: usize) -> f64 {
    bytes as f64 / 1000.0
}
