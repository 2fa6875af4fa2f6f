//! Sends one delivery and writes it down.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::Delivery;
use crate::{
    shared::Shared,
    state::{Key, Row, TableId, seed::random},
};

/// How long a receiver may take [assumed].
const PATIENCE: Duration = Duration::from_secs(10);

struct Response {
    status: u16,
    headers: String,
    body: String,
}

impl Response {
    /// No answer, and why.
    fn none(body: String) -> Self {
        Self { status: 0, headers: String::new(), body }
    }
}

/// Sends a delivery, writes down what came of it, and says whether it arrived.
pub(super) async fn deliver(shared: &Shared, delivery: &Delivery) -> bool {
    let started = Instant::now();
    let sent = match tokio::time::timeout(PATIENCE, send(delivery)).await {
        Ok(sent) => sent,
        Err(_) => Err(anyhow::anyhow!("no answer within {} s", PATIENCE.as_secs())),
    };
    let response = sent.unwrap_or_else(|error| Response::none(format!("{error:#}")));
    write_down(shared, delivery, response, started.elapsed())
}

/// Writes down a delivery that gets lost on the way.
pub(super) fn lose(shared: &Shared, delivery: &Delivery) {
    let response = Response::none("the switch delivery-drop".to_owned());
    write_down(shared, delivery, response, Duration::ZERO);
}

/// A row of `/WebhookEvent`; whether the delivery arrived.
fn write_down(shared: &Shared, delivery: &Delivery, response: Response, took: Duration) -> bool {
    let arrived = (200..300).contains(&response.status);
    let mut world = shared.world_mut();
    let events = world.table_mut(TableId::WebhookEvents);
    let id = random::guid(events.next_id().unsigned_abs(), "WebhookEvent");
    let headers: Vec<String> =
        delivery.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let row = Row::new()
        .with("id", id.as_str())
        .with("webhook_id", delivery.webhook_id.as_str())
        .with("notification_id", delivery.notification_id)
        .with("timestamp", shared.now())
        .with("status", i64::from(!arrived))
        .with("duration", took.as_secs_f64())
        .with("requestheaders", headers.join("\n"))
        .with("requestbody", delivery.body.as_str())
        .with("responsestatus", response.status)
        .with("responseheaders", response.headers)
        .with("responsebody", response.body)
        .with("error", !arrived)
        .with("entity_id", delivery.ticket);
    events.put(Key::Guid(id), row);
    let webhook = Key::Guid(delivery.webhook_id.clone());
    if let Some(webhook) = world.table_mut(TableId::Webhooks).get_mut(&webhook) {
        webhook.set("last_status", response.status);
    }
    arrived
}

async fn send(delivery: &Delivery) -> Result<Response> {
    let uri: Uri = delivery.url.parse().context("the webhook's URL is none")?;
    if uri.scheme_str() != Some("http") {
        bail!("the simulator delivers to http:// only");
    }
    let host = uri.host().context("the webhook's URL has no host")?;
    let stream = TcpStream::connect((host, uri.port_u16().unwrap_or(80))).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::post(path)
        .header("Host", uri.authority().map_or(host, |authority| authority.as_str()))
        .header("Connection", "close");
    for (name, value) in &delivery.headers {
        request = request.header(name, value);
    }
    let response = sender.send_request(request.body(Full::<Bytes>::from(delivery.body.clone()))?).await?;
    let status = response.status().as_u16();
    let headers = response.headers().iter();
    let headers: Vec<String> = headers
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    let body = response.into_body().collect().await?.to_bytes();
    connection.abort();
    Ok(Response { status, headers: headers.join("\n"), body: String::from_utf8_lossy(&body).into_owned() })
}
