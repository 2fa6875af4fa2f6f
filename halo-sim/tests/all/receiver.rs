//! The other end of a webhook.

use anyhow::Result;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::client::Client;

/// A webhook at this listener that is told of these events; its id.
pub(crate) async fn subscribe(client: &Client, listener: &TcpListener, events: &[&str]) -> Result<Value> {
    let webhook = json!([{
        "name": "Tests", "url": format!("http://{}/in?x=1", listener.local_addr()?),
        "active": true, "type": 0, "method": 0, "content_type": "application/json", "algorithm": 0,
        "certificate_id": 0, "authentication_type": "3", "authentication_header": "Token", "basic_password": "s3cret",
    }]);
    let webhook = client.post("Webhook", &webhook).await?.json();
    let id = webhook.get("id").cloned().unwrap_or_default();
    for event in events {
        let notification = json!([{
            "webhook_id": id, "type": "-2", "delivery_method": "6", "filter_type": "2",
            "eventno": event, "emailtemplate_id": "32", "agent_id": "0", "interval": "0", "useworkinghours": "0",
        }]);
        let reply = client.post("Notification", &notification).await?;
        assert_eq!(reply.status, 201, "{}", reply.text());
    }
    Ok(id)
}

/// Takes one delivery and answers 200: head and body.
pub(crate) async fn receive(listener: &TcpListener) -> Result<(String, String)> {
    let (mut stream, _) = listener.accept().await?;
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await?;
        bytes.extend_from_slice(buffer.get(..read).unwrap_or_default());
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
        if length.is_none_or(|length| body.len() >= length) {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await?;
            return Ok((head.to_owned(), body.to_owned()));
        }
    }
}

/// The delivery log, as soon as it has this many entries.
pub(crate) async fn delivery_log(client: &Client, entries: usize) -> Result<Vec<Value>> {
    for _ in 0..100 {
        let log = client.get("WebhookEvent").await?.json();
        let log = log.get("events").and_then(Value::as_array);
        if let Some(log) = log.filter(|log| log.len() >= entries) {
            return Ok(log.clone());
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    anyhow::bail!("the deliveries were not written down")
}
