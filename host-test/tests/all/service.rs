//! The node as an HTTP service: composed with `examples/http-service` and
//! served by wasmtime, as any host of `wasi:http` would.

use std::fs;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow};
use host_test::compose::compose;
use host_test::{artifacts, simulator};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};
use wasmtime_wasi_http::WasiHttpView as _;
use wasmtime_wasi_http::io::TokioIo;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use crate::support::{Everything, drive, quick_engine, text};

#[test]
fn a_node_is_served_over_http() -> Result<()> {
    drive!([], [], async |desk| {
        let url = serve().await?;
        let connection = json!(simulator::credentials(&desk.sim));
        let call = |operation: &str, input: Value| json!({ "operation": operation, "input": input, "connection": connection });

        let (status, answer) =
            post(&url, "/execute", &call("ticket.create", json!({ "summary": "Printer offline" }))).await?;
        assert_eq!(status, 200, "{answer}");
        let id = answer.pointer("/outcomes/0/items/0/id").and_then(Value::as_i64).context("no id")?;
        let stored = desk.sim.record("Tickets", id).context("it is not there")?;
        assert_eq!(text(&stored, "summary"), "Printer offline");

        let (status, answer) = post(&url, "/execute", &call("ticket.get", json!({ "id": id }))).await?;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer.pointer("/outcomes/0/items/0/id"), Some(&json!(id)));

        let (status, answer) = post(&url, "/execute", &call("ticket.get", json!({ "id": 999_999 }))).await?;
        assert_eq!((status, text(&answer, "kind")), (422, "not-found"), "{answer}");
        desk.keep(answer.to_string());
        Ok(())
    })
}

#[test]
fn the_status_says_whether_it_is_worth_trying_again() -> Result<()> {
    drive!([], [], async |desk| {
        let url = serve().await?;
        let connection = json!(simulator::credentials(&desk.sim));
        for (path, body, expected) in [
            ("/", json!({}), 404),
            ("/execute", json!([]), 400),
            ("/execute", json!({ "input": {} }), 400),
            ("/execute", json!({ "operation": "ticket.lists", "connection": connection }), 422),
        ] {
            let (status, answer) = post(&url, path, &body).await?;
            assert_eq!(status, expected, "{answer}");
            assert!(!text(&answer, "message").is_empty(), "{answer}");
        }
        desk.switch_on("unavailable-next=100")?;
        let context = json!({ "deadline_ms": 2000 });
        let body = json!({ "operation": "ticket.list", "connection": connection, "context": context });
        let (status, answer) = post(&url, "/execute", &body).await?;
        assert_eq!((status, text(&answer, "kind")), (503, "unavailable"), "{answer}");
        Ok(())
    })
}

/// Serves the composed component for as long as the runtime runs.
async fn serve() -> Result<String> {
    let composed = compose(&fs::read(artifacts::http_service()?)?, &fs::read(artifacts::halopsa_node()?)?)?;
    let proxy = Arc::new(proxy(&composed).map_err(|error| anyhow!("{error:?}"))?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let proxy = Arc::clone(&proxy);
            let service = service_fn(move |request| answer(Arc::clone(&proxy), request));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    Ok(url)
}

fn proxy(component: &[u8]) -> wasmtime::Result<ProxyPre<Everything>> {
    let engine = Engine::new(&quick_engine())?;
    let component = Component::new(&engine, component)?;
    let mut linker = Linker::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    ProxyPre::new(linker.instantiate_pre(&component)?)
}

/// One request in an instance of its own.
async fn answer(
    proxy: Arc<ProxyPre<Everything>>,
    request: hyper::Request<Incoming>,
) -> wasmtime::Result<hyper::Response<HyperOutgoingBody>> {
    let mut store = Store::new(proxy.engine(), Everything::default());
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let request = store.data_mut().http().new_incoming_request(Scheme::Http, request)?;
    let out = store.data_mut().http().new_response_outparam(sender)?;
    let guest = tokio::spawn(async move {
        let instance = proxy.instantiate_async(&mut store).await?;
        instance.wasi_http_incoming_handler().call_handle(&mut store, request, out).await
    });
    match receiver.await {
        Ok(answer) => Ok(answer?),
        // It ended without an answer.
        Err(_) => {
            guest.await??;
            Err(wasmtime::Error::msg("the component gave no answer"))
        }
    }
}

async fn post(url: &str, path: &str, body: &Value) -> Result<(u16, Value)> {
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let request = hyper::Request::post(format!("{url}{path}")).body(Full::from(body.to_string()))?;
    let answer = client.request(request).await?;
    let status = answer.status().as_u16();
    let body = answer.collect().await?.to_bytes();
    Ok((status, serde_json::from_slice(&body).with_context(|| format!("{body:?}"))?))
}
