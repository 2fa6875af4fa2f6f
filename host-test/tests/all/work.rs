//! How much work the component does for fixed calls: instructions (wasmtime's
//! fuel) and requests. Unlike a time, both are the same on every machine.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result, anyhow, ensure};
use host_test::{artifacts, simulator};
use serde_json::{Value, json};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};
use workflow_node_host::wit::node::{Execution, Outcome};
use workflow_node_host::wit::types::{CallContext, Connection, ConnectionAuth, FieldValue, Item, NodeError};

use crate::support::{Everything, drive, quick_engine};

/// Whether so much more than the stored amount is still fine: how answers are
/// cut into pieces on their way differs from run to run.
const TOLERANCE: f64 = 1.10;

/// `INSTA_UPDATE=always` stores what is measured, on purpose.
#[test]
fn no_call_takes_more_than_before() -> Result<()> {
    drive!([], [], async |desk| {
        let fields = simulator::credentials(&desk.sim);
        let calls = [
            ("ticket.create, dry run", "ticket.create", json!({ "summary": "Printer offline" }), true),
            ("ticket.get", "ticket.get", json!({ "id": 10 }), false),
            ("ticket.list of 100", "ticket.list", json!({ "limit": 100 }), false),
            ("ticket.list of 700", "ticket.list", json!({ "limit": 700 }), false),
        ];
        let component = component().map_err(|error| anyhow!("{error:?}"))?;
        let mut used = BTreeMap::new();
        for (name, operation, input, dry_run) in calls {
            let field =
                |(name, value): (&String, &String)| FieldValue { name: name.clone(), value: value.clone() };
            let connection =
                Connection { fields: fields.iter().map(field).collect(), auth: ConnectionAuth::SelfManaged };
            let item = Item { json: input.to_string(), attachments: vec![], sources: vec![] };
            let work = work(&component, &context(dry_run), &connection, operation, &item)
                .await
                .map_err(|error| anyhow!("{name}: {error:?}"))?;
            used.insert(name.to_owned(), work);
        }
        compare(&used)
    })
}

/// What a call takes.
#[derive(Clone, Copy)]
struct Work {
    instructions: u64,
    requests: u64,
}

fn compare(used: &BTreeMap<String, Work>) -> Result<()> {
    let file = artifacts::workspace_root()?.join("host-test/tests/all/work.json");
    if std::env::var("INSTA_UPDATE").is_ok_and(|wish| wish == "always") {
        let json: Value = used
            .iter()
            .map(|(name, work)| {
                (name.clone(), json!({ "instructions": work.instructions, "requests": work.requests }))
            })
            .collect();
        fs::write(&file, serde_json::to_string_pretty(&json)? + "\n")?;
        return Ok(());
    }
    let stored: Value = serde_json::from_str(&fs::read_to_string(&file)?)?;
    for (name, work) in used {
        let before = |what: &str| {
            let stored = stored.get(name).and_then(|stored| stored.get(what)).and_then(Value::as_u64);
            stored.with_context(|| format!("{what} of {name} are not stored"))
        };
        #[expect(clippy::cast_precision_loss, reason = "a ratio of millions")]
        let times = work.instructions as f64 / before("instructions")? as f64;
        ensure!(
            times <= TOLERANCE,
            "{name}: {} instructions, {times:.2} times as many as before",
            work.instructions
        );
        let (now, then) = (work.requests, before("requests")?);
        ensure!(now <= then, "{name}: {now} requests instead of {then}");
    }
    Ok(())
}

fn context(dry_run: bool) -> CallContext {
    CallContext {
        now: "2026-03-01T09:15:00Z".to_owned(),
        deadline_ms: 60_000,
        attempt: 1,
        idempotency_key: None,
        entropy: vec![0; 16],
        trace_parent: None,
        time_zone: None,
        locale: None,
        dry_run,
        read_only: false,
        allowed_operations: None,
        confirmed: true,
        extensions: None,
    }
}

type Arguments<'a> = (&'a CallContext, &'a Connection, &'a str, &'a [Item], Option<&'a str>);
type Returned = (Result<Execution, NodeError>,);

/// The component, for an engine that counts instructions.
fn component() -> wasmtime::Result<Component> {
    let mut config = quick_engine();
    config.consume_fuel(true);
    let file = artifacts::halopsa_node().map_err(|error| wasmtime::Error::msg(format!("{error:#}")))?;
    Component::from_file(&Engine::new(&config)?, file)
}

/// What one call of `execute` takes, login and all.
async fn work(
    component: &Component,
    context: &CallContext,
    connection: &Connection,
    operation: &str,
    item: &Item,
) -> wasmtime::Result<Work> {
    let engine = component.engine();
    let mut linker: Linker<Everything> = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    let mut store = Store::new(engine, Everything::default());
    store.set_fuel(u64::MAX)?;
    let instance = linker.instantiate_async(&mut store, component).await?;
    let interface = instance.get_export_index(&mut store, None, "workflow:node/node@0.2.0");
    let function = instance
        .get_export_index(&mut store, interface.as_ref(), "execute")
        .ok_or_else(|| wasmtime::Error::msg("there is no execute"))?;
    let function = instance.get_typed_func::<Arguments<'_>, Returned>(&mut store, &function)?;
    let items = std::slice::from_ref(item);
    let (returned,) = function.call_async(&mut store, (context, connection, operation, items, None)).await?;
    let instructions = u64::MAX - store.get_fuel()?;
    let execution = returned.map_err(|error| wasmtime::Error::msg(format!("{error:?}")))?;
    ensure_done(&execution.outcomes)?;
    Ok(Work { instructions, requests: execution.report.usage.requests.into() })
}

fn ensure_done(outcomes: &[Outcome]) -> wasmtime::Result<()> {
    match outcomes {
        [Outcome::Done(_)] => Ok(()),
        other => Err(wasmtime::Error::msg(format!("it failed: {other:?}"))),
    }
}
