//! How much work the component does for fixed calls: instructions (wasmtime's
//! fuel) and requests. Unlike a time, both are the same on every machine.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result, anyhow, ensure};
use host_test::{artifacts, simulator};
use serde_json::{Value, json};
use wasmtime::component::{Component, Linker, Val};
use wasmtime::{Config, Engine, Store};

use crate::support::{Everything, drive};

/// Whether so much more than the stored amount is still fine: how answers are
/// cut into pieces on their way differs from run to run.
const TOLERANCE: f64 = 1.10;

/// `INSTA_UPDATE=always` stores what is measured, on purpose.
#[test]
fn no_call_takes_more_than_before() -> Result<()> {
    drive!([], [], async |desk| {
        let connection = json!(simulator::credentials(&desk.sim)).to_string();
        let calls = [
            ("ticket.create, dry run", "ticket.create", json!({ "summary": "Printer offline" }), true),
            ("ticket.get", "ticket.get", json!({ "id": 10 }), false),
            ("ticket.list of 100", "ticket.list", json!({ "limit": 100 }), false),
            ("ticket.list of 700", "ticket.list", json!({ "limit": 700 }), false),
        ];
        let mut used = BTreeMap::new();
        for (name, operation, input, dry_run) in calls {
            let context = json!({ "now": "2026-03-01T09:15:00Z", "dry_run": dry_run }).to_string();
            let arguments = [&connection, &context, operation, &input.to_string()]
                .map(|text| Val::String(text.to_owned()));
            let work = work(&arguments).await.map_err(|error| anyhow!("{name}: {error:?}"))?;
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

/// What one call of `flat.invoke` takes, login and all.
async fn work(arguments: &[Val]) -> wasmtime::Result<Work> {
    let mut config = Config::new();
    config.consume_fuel(true);
    let engine = Engine::new(&config)?;
    let file = artifacts::halopsa_node().map_err(|error| wasmtime::Error::msg(format!("{error:#}")))?;
    let component = Component::from_file(&engine, file)?;
    let mut linker: Linker<Everything> = Linker::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    let mut store = Store::new(&engine, Everything::default());
    store.set_fuel(u64::MAX)?;
    let instance = linker.instantiate_async(&mut store, &component).await?;
    let interface = instance.get_export_index(&mut store, None, "workflow:node/flat@0.1.0");
    let function = instance
        .get_export_index(&mut store, interface.as_ref(), "invoke")
        .and_then(|index| instance.get_func(&mut store, index))
        .ok_or_else(|| wasmtime::Error::msg("there is no flat.invoke"))?;
    let mut arguments = arguments.to_vec();
    arguments.push(Val::Option(None));
    let mut results = [Val::Bool(false)];
    function.call_async(&mut store, &arguments, &mut results).await?;
    let instructions = u64::MAX - store.get_fuel()?;
    let [Val::Result(Ok(Some(result)))] = &results else {
        return Err(wasmtime::Error::msg(format!("it failed: {results:?}")));
    };
    let Val::String(result) = result.as_ref() else {
        return Err(wasmtime::Error::msg("the result is no text"));
    };
    let result: Value =
        serde_json::from_str(result).map_err(|error| wasmtime::Error::msg(error.to_string()))?;
    let requests = result.pointer("/usage/requests").and_then(Value::as_u64);
    Ok(Work { instructions, requests: requests.unwrap_or(u64::MAX) })
}
