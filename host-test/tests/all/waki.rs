//! Why the node has an HTTP client of its own: what a guest with waki does on
//! a server that accepts and never answers.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use host_test::artifacts;
use serde_json::json;
use tokio::net::TcpListener;
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

use crate::support::{Everything, drive, quick_engine, text};

/// The deadline of our node, and the only time-out that waki can be given.
const DEADLINE: Duration = Duration::from_secs(2);

#[test]
fn a_guest_with_waki_waits_long_after_our_node_gave_up() -> Result<()> {
    drive!(["ticket.list"], [], async |desk| {
        desk.switch_on("silent-api")?;
        let session = desk.session.with(|call| call.deadline = DEADLINE);
        let result = desk.run_in(&session, "ticket.list", json!({})).await?;
        let error = result.json().pointer("/outcomes/0/error").context("it answered")?;
        ensure!(text(error, "kind") == "timeout", "{error}");

        let silent = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/", silent.local_addr()?);
        let guest = artifacts::waki_guest()?;
        let (accepted, given_up) = tokio::join!(silent.accept(), fetch(&guest, url, DEADLINE * 3));
        accepted?;
        let given_up = given_up.map_err(|error| anyhow!("{error:?}"))?;
        ensure!(given_up.is_none(), "waki gave up with {given_up:?}: the decision should be looked at again");
        Ok(())
    })
}

/// What the guest with waki answers within the time, if it does.
async fn fetch(
    guest: &Path,
    url: String,
    patience: Duration,
) -> wasmtime::Result<Option<Result<u16, String>>> {
    let engine = Engine::new(&quick_engine())?;
    let component = Component::from_file(&engine, guest)?;
    let mut linker: Linker<Everything> = Linker::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    let mut store = Store::new(&engine, Everything::default());
    let instance = linker.instantiate_async(&mut store, &component).await?;
    let fetch = instance.get_typed_func::<(String, u32), (Result<u16, String>,)>(&mut store, "fetch")?;
    let connect_timeout = u32::try_from(DEADLINE.as_millis())?;
    let call = fetch.call_async(&mut store, (url, connect_timeout));
    match tokio::time::timeout(patience, call).await {
        Ok(answer) => Ok(Some(answer?.0)),
        Err(_) => Ok(None),
    }
}
