//! A small HTTP client that shows what is on the wire: whether a body had a
//! length, and whether the connection broke.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use halo_sim::{Config, HaloSim, Quirk};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A simulator, and a token for it.
pub(crate) struct Client {
    pub(crate) sim: HaloSim,
    pub(crate) token: String,
}

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }
}

/// A simulator with these quirks, and a token with scope `all`.
pub(crate) async fn start(quirks: &[&str]) -> Result<Client> {
    let sim = HaloSim::start(Config {
        quirks: quirks.iter().map(|text| quirk(text)).collect::<Result<_>>()?,
        ..Config::default()
    })
    .await?;
    let mut client = Client { sim, token: String::new() };
    client.login("all").await?;
    Ok(client)
}

pub(crate) fn quirk(text: &str) -> Result<Quirk> {
    text.parse().map_err(anyhow::Error::msg)
}

impl Client {
    /// Takes a token with this scope.
    pub(crate) async fn login(&mut self, scope: &str) -> Result<()> {
        let reply = self.ask_token(&self.form(scope)).await?;
        self.token = match reply.json().get("access_token").and_then(Value::as_str) {
            Some(token) => token.to_owned(),
            None => bail!("no token: {}", reply.status),
        };
        Ok(())
    }

    /// The usual form of a token request.
    pub(crate) fn form(&self, scope: &str) -> String {
        format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope={}",
            self.sim.client_id(),
            self.sim.client_secret(),
            scope.replace(' ', "+"),
        )
    }

    /// Posts a form to the token endpoint.
    pub(crate) async fn ask_token(&self, form: &str) -> Result<Reply> {
        let head = "Content-Type: application/x-www-form-urlencoded\r\n";
        self.send("POST", "/auth/token", head, form).await
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Reply> {
        self.call("GET", path, "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Reply> {
        self.call("POST", path, &body.to_string()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<Reply> {
        self.call("DELETE", path, "").await
    }

    /// One API call with the token.
    pub(crate) async fn call(&self, method: &str, path: &str, body: &str) -> Result<Reply> {
        let head = format!("Authorization: Bearer {}\r\nContent-Type: application/json\r\n", self.token);
        self.send(method, &format!("/api/{path}"), &head, body).await
    }

    /// One request on a connection of its own.
    pub(crate) async fn send(&self, method: &str, path: &str, head: &str, body: &str) -> Result<Reply> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.sim.port())).await?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n{head}Content-Length: {}\r\n\r\n{body}",
            self.sim.port(),
            body.len(),
        );
        stream.write_all(request.as_bytes()).await?;
        let mut bytes = Vec::new();
        tokio::time::timeout(Duration::from_secs(300), stream.read_to_end(&mut bytes))
            .await
            .context("no answer within 10 s")??;
        parse(&bytes)
    }
}

fn parse(bytes: &[u8]) -> Result<Reply> {
    let end = bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .context("the connection was closed without an answer")?;
    let (head, body) = bytes.split_at(end + 4);
    let head = String::from_utf8_lossy(head).into_owned();
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).context("no status")?;
    let mut reply = Reply { status, head, body: body.to_vec() };
    if reply.header("transfer-encoding").is_some() {
        reply.body = unchunked(body);
    }
    Ok(reply)
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(at) = rest.windows(2).position(|window| window == b"\r\n") {
        let (size, after) = rest.split_at(at);
        let size = usize::from_str_radix(&String::from_utf8_lossy(size), 16).unwrap_or(0);
        let after = after.get(2..).unwrap_or_default();
        if size == 0 {
            break;
        }
        body.extend_from_slice(after.get(..size).unwrap_or(after));
        rest = after.get(size + 2..).unwrap_or_default();
    }
    body
}

/// The ids of the rows below `key`, or of a bare array.
pub(crate) fn ids(value: &Value, key: &str) -> Vec<i64> {
    let rows = value.get(key).unwrap_or(value).as_array();
    rows.into_iter().flatten().filter_map(|row| row.get("id")?.as_i64()).collect()
}
