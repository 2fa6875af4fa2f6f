//! How fast the simulator is on one core: server and client share a thread,
//! so the real figures are better.
//!
//! `cargo run --release -p halo-sim --example speed`

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use halo_sim::{Config, HaloSim, Seed};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    for seed in [Seed::Msp, Seed::Large] {
        let started = Instant::now();
        let sim = HaloSim::start(Config { seed, ..Config::default() }).await?;
        println!(
            "seed {seed}: {} tickets, ready in {} ms",
            sim.ticket_count(),
            started.elapsed().as_millis()
        );
        let mut client = Client::start(&sim).await?;
        let middle = sim.ticket_count() / 2;
        let reads = 5_000;
        let took = client.repeat(reads, &format!("Tickets/{middle}")).await?;
        println!("  one ticket:              {:>8.0} reads/s", f64::from(reads) / took.as_secs_f64());
        for (what, query) in [
            ("page of 100 by id", "order=id"),
            ("page of 100, newest", ""),
            ("page of 100, open only", "open_only=true"),
            ("page of 100, searched", "search=drucker"),
            ("page of 100 by client", "order=client_name"),
        ] {
            let path = format!("Tickets?pageinate=true&page_no=3&page_size=100&{query}");
            let took = client.repeat(20, &path).await?;
            println!("  {what:<24} {:>8.2} ms", took.as_secs_f64() * 1000.0 / 20.0);
        }
    }
    Ok(())
}

struct Client {
    stream: TcpStream,
    token: String,
    port: u16,
}

impl Client {
    async fn start(sim: &HaloSim) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", sim.port())).await?;
        stream.set_nodelay(true)?;
        let mut client = Self { stream, token: String::new(), port: sim.port() };
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope=all",
            sim.client_id(),
            sim.client_secret()
        );
        let head = format!("POST /auth/token HTTP/1.1\r\nContent-Length: {}\r\n", form.len());
        let answer = client.exchange(&format!("{head}Host: 127.0.0.1:{}\r\n\r\n{form}", client.port)).await?;
        let answer: serde_json::Value = serde_json::from_slice(&answer)?;
        let token = answer.get("access_token").and_then(serde_json::Value::as_str);
        token.context("no token")?.clone_into(&mut client.token);
        Ok(client)
    }

    async fn repeat(&mut self, times: u32, path: &str) -> Result<Duration> {
        let request = format!(
            "GET /api/{path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {}\r\n\r\n",
            self.port, self.token
        );
        let started = Instant::now();
        for _ in 0..times {
            self.exchange(&request).await?;
        }
        Ok(started.elapsed())
    }

    /// One request on the open connection; the body of its answer.
    async fn exchange(&mut self, request: &str) -> Result<Vec<u8>> {
        self.stream.write_all(request.as_bytes()).await?;
        let mut bytes = Vec::new();
        let mut buffer = vec![0; 65_536];
        loop {
            let read = self.stream.read(&mut buffer).await?;
            bytes.extend_from_slice(buffer.get(..read).unwrap_or_default());
            let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
                continue;
            };
            let head = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.context("no length")?.parse()?;
            while bytes.len() < end + 4 + length {
                let read = self.stream.read(&mut buffer).await?;
                bytes.extend_from_slice(buffer.get(..read).unwrap_or_default());
            }
            return Ok(bytes.split_off(end + 4));
        }
    }
}
