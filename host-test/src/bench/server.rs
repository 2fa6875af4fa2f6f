//! A simulator in a process of its own: its work is not ours.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use workflow_node_host::{Connection, ConnectionOptions, Node};

use super::meter::Requests;
use crate::credentials::Fields;

/// A simulator that ends with this value.
pub(super) struct Server {
    process: Child,
    fields: Fields,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It holds nothing that anybody wants to keep.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// Starts this very program as `sim`, with each answer that much later.
    pub(super) fn start(seed: &str, latency_ms: u64) -> Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        command.args(["sim", "--port", "0", "--seed", seed]);
        if latency_ms > 0 {
            command.args(["--quirk", &format!("latency={latency_ms}")]);
        }
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = process.stdout.take().context("the simulator has no output")?;
        let mut server = Self { process, fields: Fields::new() };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let line: Value = serde_json::from_str(&line).context("the simulator did not start")?;
        for name in ["url", "client_id", "client_secret"] {
            let value = line.get(name).and_then(Value::as_str).context("the simulator said too little")?;
            server.fields.insert(name.to_owned(), value.to_owned());
        }
        Ok(server)
    }

    /// What a person would type in.
    pub(super) fn fields(&self) -> Fields {
        self.fields.clone()
    }

    /// Where it is.
    pub(super) fn url(&self) -> &str {
        self.fields.get("url").map_or("", String::as_str)
    }

    /// Switches a quirk on, for all requests from now on.
    pub(super) async fn switch_on(&self, quirk: &str) -> Result<()> {
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
        let body = json!({ "quirk": quirk }).to_string();
        let request = hyper::Request::post(format!("{}/_sim/faults", self.url())).body(body.into())?;
        let answer = client.request(request).await?;
        ensure!(answer.status().is_success(), "the simulator refuses the quirk {quirk}");
        Ok(())
    }

    /// Connects and counts requests.
    pub(super) async fn connect(&self, node: &Node) -> Result<(Connection, Arc<Requests>)> {
        let requests = Arc::new(Requests::default());
        let options = ConnectionOptions { observer: Some(requests.clone()), ..ConnectionOptions::default() };
        Ok((node.connect(self.fields(), options).await?, requests))
    }
}
