//! The very same client, compiled for this machine: the logic of the component
//! with a transport of hyper instead of `wasi:http`.
//!
//! It does what the component does with text: parse the input, write the
//! results as JSON.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use halopsa_node::operations;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::runtime::Handle;
use tokio::task;
use workflow_node_sdk::http::{HttpRequest, HttpResponse, Limits, Reached, Reason, TransportError};
use workflow_node_sdk::interface::{CallContext, Connection, ConnectionAuth, Item, Outcome};
use workflow_node_sdk::transport::{Exchange, Transport};

use crate::credentials::Fields;

type Pool = Client<HttpConnector, Full<Bytes>>;

/// A connection without a sandbox.
pub(super) struct Native {
    pool: Pool,
    connection: Connection,
}

impl Native {
    /// Logs in with completed fields. Must run on a runtime with several threads.
    pub(super) fn connect(fields: Fields) -> Result<Self> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let pool = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
        let connection =
            Connection { fields: fields.into_iter().collect(), auth: ConnectionAuth::SelfManaged };
        let mut native = Self { pool, connection };
        let session = native.run("ticket.list", r#"{"limit": 1}"#)?.report.session.context("no session")?;
        native.connection.auth = ConnectionAuth::Session(session);
        Ok(native)
    }

    /// Runs an operation and returns its results as text.
    pub(super) fn execute(&self, operation: &str, input: &str) -> Result<Vec<String>> {
        let execution = self.run(operation, input)?;
        let mut results = Vec::new();
        for outcome in execution.outcomes {
            match outcome {
                Outcome::Done(items) => results.extend(items.iter().map(|item| item.json.to_string())),
                Outcome::Failed(error) => bail!("{}", error.message()),
                Outcome::NotAttempted => bail!("not attempted"),
            }
        }
        Ok(results)
    }

    fn run(&self, operation: &str, input: &str) -> Result<workflow_node_sdk::interface::Execution> {
        let context = CallContext {
            now: "2026-03-01T09:00:00Z".parse()?,
            deadline: Duration::from_secs(60),
            attempt: 1,
            idempotency_key: None,
            entropy: vec![7; 16],
            trace_parent: None,
            time_zone: None,
            dry_run: false,
            read_only: false,
            allowed_operations: None,
            confirmed: true,
        };
        let mut transport = Hyper { pool: &self.pool, began: Instant::now() };
        let item = Item::new(serde_json::from_str(input)?);
        operations::execute(&mut transport, &context, &self.connection, operation, &[item], None)
            .map_err(|error| anyhow!("{}", error.message()))
    }
}

/// The transport: as much as a bench on this machine needs.
struct Hyper<'a> {
    pool: &'a Pool,
    began: Instant,
}

impl Transport for Hyper<'_> {
    fn send_all(&mut self, requests: &[HttpRequest], limits: &Limits) -> Vec<Exchange> {
        task::block_in_place(|| {
            Handle::current().block_on(async {
                let sent: Vec<_> = requests
                    .iter()
                    .map(|request| task::spawn(send(self.pool.clone(), convert(request))))
                    .collect();
                let mut answers = Vec::with_capacity(sent.len());
                for answer in sent {
                    let broken = Err(TransportError::new(Reason::Broken, Reached::Maybe));
                    let late = Err(TransportError::new(Reason::TimedOut, Reached::Maybe));
                    answers.push(match tokio::time::timeout(limits.total, answer).await {
                        Ok(answer) => answer.unwrap_or(broken),
                        Err(_) => late,
                    });
                }
                answers
            })
        })
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    fn wait(&mut self, duration: Duration) {
        task::block_in_place(|| Handle::current().block_on(tokio::time::sleep(duration)));
    }
}

fn convert(request: &HttpRequest) -> Option<hyper::Request<Full<Bytes>>> {
    let mut converted = hyper::Request::builder().method(request.method.name()).uri(request.url.as_str());
    for (name, value) in &request.headers {
        converted = converted.header(*name, value);
    }
    converted.body(Full::new(Bytes::from(request.body.clone()))).ok()
}

async fn send(pool: Pool, request: Option<hyper::Request<Full<Bytes>>>) -> Exchange {
    let broken = |_| TransportError::new(Reason::Broken, Reached::Maybe);
    let request = request.ok_or(TransportError::new(Reason::NotHttp, Reached::No))?;
    let answer =
        pool.request(request).await.map_err(|_| TransportError::new(Reason::NoConnection, Reached::No))?;
    let (head, body) = answer.into_parts();
    let headers =
        head.headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    let body = body.collect().await.map_err(broken)?.to_bytes().to_vec();
    Ok(HttpResponse { status: head.status.as_u16(), headers, body })
}
