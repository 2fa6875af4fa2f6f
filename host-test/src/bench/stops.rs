//! What does not end by itself: answers that never come or never stop, and guests
//! that loop or hoard. Each has a hundred good calls beside it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{self, JoinHandle, JoinSet};
use workflow_node_host::wit::node::Outcome;
use workflow_node_host::wit::types::{ErrorKind, Item};
use workflow_node_host::{CallOptions, Connection, ConnectionOptions};

use super::Bench;
use super::figure::{Bar, Results};
use super::server::Server;
use crate::artifacts;

const PART: &str = "stops";

const DEADLINE: Duration = Duration::from_secs(2);
/// What a call may take beyond it.
const GRACE: Duration = Duration::from_millis(100);
/// Good calls beside each bad one.
const BESIDE: usize = 100;
/// Quirks of a server, and how a list under them fails.
const SERVERS: [(&str, &str, &[ErrorKind]); 4] = [
    ("silent server", "silent-api", &[ErrorKind::Timeout]),
    ("endless body", "endless-body", &[ErrorKind::Timeout, ErrorKind::Protocol]),
    ("body that drips", "slow-body=1000", &[ErrorKind::Timeout]),
    ("compression bomb", "gzip-bomb", &[ErrorKind::Protocol]),
];

/// Operations of the unruly node, and how they fail.
const GUESTS: [(&str, &str, &str, ErrorKind); 4] = [
    ("endless loop", "loop", "{}", ErrorKind::Timeout),
    ("memory hunger", "allocate", "{}", ErrorKind::Internal),
    ("headers without end", "hoard", "{}", ErrorKind::Internal),
    ("result of 1 GB", "huge", r#"{"bytes": 1073741824}"#, ErrorKind::Internal),
];

pub(super) async fn measure(bench: &Bench<'_>, results: &mut Results) -> Result<()> {
    results.method(
        PART,
        "calls with a deadline of 2 s and the usual limits, until their typed error is there; a hundred ticket.get on a \
         healthy connection of the same host beside each; the guests that misbehave are operations of \
         host/unruly-node",
    );
    let healthy = Server::start("small", 0)?;
    let (neighbour, _) = healthy.connect(&bench.node).await?;
    let mut failed = 0;
    for (what, quirk, kinds) in SERVERS {
        let server = Server::start("small", 0)?;
        let (connection, _) = server.connect(&bench.node).await?;
        connection.authenticate(&CallOptions::default()).await?;
        server.switch_on(quirk).await?;
        let (took, kind, lost) = beside(&neighbour, &connection, "ticket.list", r#"{"limit": 5}"#).await?;
        ensure!(kinds.contains(&kind), "{what}: {kind:?}");
        add(results, what, took);
        failed += lost;
    }
    let unruly = bench.host.load_file(artifacts::unruly_node()?)?;
    let token = Token::serve().await?;
    let fields = [("url", token.url.as_str()), ("secret", "none")];
    let fields: BTreeMap<_, _> = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let connection = unruly.connect(fields, ConnectionOptions::default()).await?;
    connection.authenticate(&CallOptions::default()).await?;
    for (what, operation, input, expected) in GUESTS {
        let (took, kind, lost) = beside(&neighbour, &connection, operation, input).await?;
        ensure!(kind == expected, "{what}: {kind:?}");
        add(results, what, took);
        failed += lost;
    }
    let cases = SERVERS.len() + GUESTS.len();
    let name = format!("of {} good calls beside them, failed", cases * BESIDE);
    results.add(PART, name, f64::from(u32::try_from(failed)?), "calls", Some(Bar::AtMost(0.0)));
    Ok(())
}

fn add(results: &mut Results, what: &str, took: Duration) {
    let bar = Bar::AtMost((DEADLINE + GRACE).as_secs_f64() * 1e3);
    results.add(PART, format!("{what}: ended after"), took.as_secs_f64() * 1e3, "ms", Some(bar));
}

/// Makes a call that fails, with good ones beside it: how long it took, how it
/// failed, and how many of the others did, too.
async fn beside(
    neighbour: &Connection,
    bad: &Connection,
    operation: &str,
    input: &str,
) -> Result<(Duration, ErrorKind, usize)> {
    let mut good = JoinSet::new();
    for _ in 0..BESIDE {
        let neighbour = neighbour.clone();
        good.spawn(
            async move { fails(&neighbour, "ticket.get", r#"{"id": 10}"#, CallOptions::default()).await },
        );
    }
    let call = CallOptions { deadline: DEADLINE, ..CallOptions::default() };
    let began = Instant::now();
    let kind = fails(bad, operation, input, call).await.with_context(|| format!("{operation} went well"))?;
    let took = began.elapsed();
    let mut failed = 0;
    while let Some(finished) = good.join_next().await {
        failed += usize::from(finished?.is_some());
    }
    Ok((took, kind, failed))
}

/// How a call fails, if it does.
async fn fails(
    connection: &Connection,
    operation: &str,
    input: &str,
    call: CallOptions,
) -> Option<ErrorKind> {
    let items = [Item { json: input.to_owned(), attachments: vec![], sources: Vec::new() }];
    match connection.execute(operation, &items, None, &call).await {
        Ok(execution) => match execution.outcomes.first() {
            Some(Outcome::Done(_)) => None,
            Some(Outcome::Failed(error)) => Some(error.kind),
            _ => Some(ErrorKind::Internal),
        },
        Err(error) => Some(error.node_error().map_or(ErrorKind::Internal, |error| error.kind)),
    }
}

/// A server that gives everybody the same token: all that the unruly node needs.
struct Token {
    url: String,
    task: JoinHandle<()>,
}

impl Drop for Token {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Token {
    async fn serve() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let task = task::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Who breaks off needs no answer.
                let _ = answer(stream).await;
            }
        });
        Ok(Self { url, task })
    }
}

async fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") && stream.read_buf(&mut request).await? > 0 {}
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\ntoken").await
}
