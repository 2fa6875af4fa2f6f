//! Long lists: pages side by side against one page at a time, and the memory
//! that the guest needs for it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use workflow_node_host::wit::types::Item;
use workflow_node_host::{CallOptions, Connection, NodeHost};

use super::figure::{Bar, Results};
use super::server::Server;
use super::{Bench, Extent};

const PART: &str = "lists";

/// Rows of a page, the most that HaloPSA gives (HAPI §5.3).
const PAGE: usize = 100;

/// Milliseconds that the server takes.
const LATENCY: u64 = 50;

pub(super) async fn measure(bench: &Bench<'_>, results: &mut Results) -> Result<()> {
    results.method(
        PART,
        "ticket.list against a server of 100,000 tickets that takes 50 ms for each answer; one page at a \
         time: the same pages by a plain native client that waits for each; guest memory: the least limit, \
         in whole MB, with which the host still sees the call succeed",
    );
    let amounts: &[usize] = match bench.extent {
        Extent::Quick => &[1_000, 10_000],
        Extent::Full => &[1_000, 10_000, 100_000],
    };
    let server = Server::start("large", LATENCY)?;
    let (connection, requests) = server.connect(&bench.node).await?;
    // Logs in, which is not what is measured.
    read(&connection, 1).await?;
    let mut growth = Vec::new();
    for &amount in amounts {
        let before = requests.all();
        let took = read(&connection, amount).await?.as_secs_f64();
        results.add(PART, format!("{amount} tickets"), took, "s", None);
        let needed = f64::from(u32::try_from(requests.all() - before)?);
        results.add(PART, format!("{amount} tickets: requests"), needed, "requests", None);
        let pages = amount / PAGE;
        let one_by_one = one_page_at_a_time(&server, pages).await?.as_secs_f64();
        results.add(PART, format!("{amount} tickets, one page at a time"), one_by_one, "s", None);
        let bar = (amount == 10_000).then_some(Bar::AtLeast(4.0));
        results.add(PART, format!("{amount} tickets: times faster"), one_by_one / took, "times", bar);
        growth.push((float(amount)?, took));
    }
    results.curve("List, 50 ms server", "s", "tickets", growth);
    drop(connection);
    drop(server);

    let server = Server::start("large", 0)?;
    let mut growth = Vec::new();
    for &amount in amounts.iter().filter(|amount| **amount <= 10_000) {
        let least = float(least_memory(bench, &server, amount).await?)?;
        results.add(PART, format!("{amount} tickets: guest memory"), least, "MB", None);
        growth.push((float(amount)?, least));
    }
    if bench.extent == Extent::Full
        && let Some((_, enough)) = growth.last().copied()
    {
        // Flat: what was enough for a tenth is enough for all.
        let holds = fits(bench, &server, 100_000, megabytes(enough)).await?;
        let (name, bar) = ("100000 tickets in the guest memory of 10000", Some(Bar::AtLeast(1.0)));
        results.add(PART, name, f64::from(u8::from(holds)), "yes (1)", bar);
        growth.push((100_000.0, enough));
    }
    results.curve("Guest memory of a list", "MB", "tickets", growth);
    Ok(())
}

/// Reads so many tickets.
async fn read(connection: &Connection, amount: usize) -> Result<Duration> {
    let call = CallOptions::default();
    let json = json!({"limit": amount}).to_string();
    let items = [Item { json, attachments: vec![], sources: Vec::new() }];
    let began = Instant::now();
    let folded = connection.execute_all("ticket.list", &items, &call, &mut |_| {}).await?;
    let took = began.elapsed();
    let outcome = folded.outcomes.first().context("no outcome")?;
    ensure!(outcome.error.is_none() && folded.interrupted.is_none(), "the list failed");
    ensure!(outcome.items.len() == amount, "{} tickets instead of {amount}", outcome.items.len());
    Ok(took)
}

/// What a client does that knows no better.
async fn one_page_at_a_time(server: &Server, pages: usize) -> Result<Duration> {
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let token = token(server).await?;
    let began = Instant::now();
    for page in 1..=pages {
        let query = format!("pageinate=true&page_no={page}&page_size={PAGE}&order=id&orderdesc=false");
        let request = hyper::Request::get(format!("{}/api/Tickets?{query}", server.url()))
            .header("authorization", format!("Bearer {token}"))
            .body(Empty::new())?;
        let answer: Value =
            serde_json::from_slice(&client.request(request).await?.collect().await?.to_bytes())?;
        let rows = answer.pointer("/tickets").and_then(Value::as_array).map(Vec::len);
        ensure!(rows == Some(PAGE), "page {page} has {rows:?} rows");
    }
    Ok(began.elapsed())
}

async fn token(server: &Server) -> Result<String> {
    let fields = server.fields();
    let of = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let form = format!(
        "grant_type=client_credentials&scope=all&client_id={}&client_secret={}",
        of("client_id"),
        of("client_secret")
    );
    let client: Client<_, http_body_util::Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let request = hyper::Request::post(format!("{}/auth/token", server.url()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.into())?;
    let answer: Value = serde_json::from_slice(&client.request(request).await?.collect().await?.to_bytes())?;
    Ok(answer.get("access_token").and_then(Value::as_str).context("no token")?.to_owned())
}

/// The least limit, in megabytes, that a list works with.
async fn least_memory(bench: &Bench<'_>, server: &Server, amount: usize) -> Result<usize> {
    let (mut too_little, mut enough) = (0, 64);
    ensure!(fits(bench, server, amount, enough).await?, "more than {enough} MB");
    while enough - too_little > 1 {
        let middle = (too_little + enough) / 2;
        if fits(bench, server, amount, middle).await? {
            enough = middle;
        } else {
            too_little = middle;
        }
    }
    Ok(enough)
}

/// Whether a list works with so many megabytes for the guest.
async fn fits(bench: &Bench<'_>, server: &Server, amount: usize, megabytes: usize) -> Result<bool> {
    let host = NodeHost::builder().memory_limit(megabytes << 20).build()?;
    let node = host.load_file(bench.file)?;
    let Ok((connection, _)) = server.connect(&node).await else { return Ok(false) };
    Ok(read(&connection, amount).await.is_ok())
}

fn float(amount: usize) -> Result<f64> {
    Ok(f64::from(u32::try_from(amount)?))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few megabytes, made of a whole number"
)]
fn megabytes(value: f64) -> usize {
    value as usize
}
