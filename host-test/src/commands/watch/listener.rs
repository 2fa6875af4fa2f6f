//! The least of an HTTP server that takes deliveries: one request for each
//! connection, with a bound.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use workflow_node_host::wit::triggers::{Delivery, Header};

/// The longest head.
const MOST_HEAD: usize = 64 * 1024;
/// The longest body that a component is shown.
const MOST_BODY: usize = 8 * 1024 * 1024;
/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// Reads a request, or says with which status to refuse it.
pub(super) async fn read(stream: &mut TcpStream) -> Result<Result<Delivery, u16>> {
    tokio::time::timeout(PATIENCE, read_request(stream)).await.context("a delivery took too long")?
}

async fn read_request(stream: &mut TcpStream) -> Result<Result<Delivery, u16>> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break end;
        }
        if bytes.len() > MOST_HEAD {
            return Ok(Err(431));
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(Err(400));
        }
    };
    let mut body = bytes.split_off(head_end + 4);
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let mut lines = head.lines();
    let mut request = lines.next().unwrap_or_default().split(' ');
    let (method, path) = (request.next().unwrap_or_default(), request.next().unwrap_or_default());
    let headers: Vec<Header> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| Header { name: name.trim().to_owned(), value: value.trim().to_owned() })
        .collect();
    let length = headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let Some(length) = length.map_or(Some(0), |header| header.value.parse::<usize>().ok()) else {
        return Ok(Err(400));
    };
    if length > MOST_BODY {
        return Ok(Err(413));
    }
    while body.len() < length {
        if stream.read_buf(&mut body).await? == 0 {
            return Ok(Err(400));
        }
    }
    body.truncate(length);
    Ok(Ok(Delivery { method: method.to_owned(), path_with_query: path.to_owned(), headers, body }))
}

/// Answers.
pub(super) async fn reply(stream: &mut TcpStream, status: u16, body: &[u8]) -> Result<()> {
    let head = format!("HTTP/1.1 {status} -\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await?;
    Ok(stream.shutdown().await?)
}
