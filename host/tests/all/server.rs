//! A server that answers as a test says, down to the byte.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request that came in.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// Which connection it came on, counted from 0.
    pub(crate) connection: usize,
    /// Which request of that connection it is, counted from 0.
    pub(crate) on_connection: usize,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What becomes of it.
pub(crate) enum Reply {
    /// An ordinary answer; the connection stays.
    Answer(u16, String),
    /// The same, after a while.
    Late(Duration, u16, String),
    /// These bytes, then nothing more; the connection stays open.
    Bytes(Vec<u8>),
    /// These bytes, then the end of the connection.
    Last(Vec<u8>),
    /// Nothing at all.
    Silence,
    /// These bytes, again and again, at this pace.
    Drip(Vec<u8>, Vec<u8>, Duration),
}

pub(crate) fn ok(body: &str) -> Reply {
    Reply::Answer(200, body.to_owned())
}

/// It stops when it is dropped.
pub(crate) struct Server {
    url: String,
    seen: Arc<Mutex<Vec<Request>>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) async fn start(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, reply) = (Arc::clone(&seen), Arc::new(reply));
        let connections = AtomicUsize::new(0);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let connection = connections.fetch_add(1, Ordering::Relaxed);
                let (log, reply) = (Arc::clone(&log), Arc::clone(&reply));
                tokio::spawn(async move { serve(stream, connection, &log, &*reply).await });
            }
        });
        Self { url, seen, task }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().expect("lock").clone()
    }

    /// How many requests came for a path.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.seen().iter().filter(|request| request.path == path).count()
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        self.seen().iter().map(|request| request.connection + 1).max().unwrap_or(0)
    }
}

async fn serve(
    stream: TcpStream,
    connection: usize,
    log: &Mutex<Vec<Request>>,
    reply: &(dyn Fn(&Request) -> Reply + Send + Sync),
) {
    let mut stream = BufReader::new(stream);
    for on_connection in 0.. {
        let Some(request) = read(&mut stream, connection, on_connection).await else { return };
        log.lock().expect("lock").push(request.clone());
        let sent = match reply(&request) {
            Reply::Answer(status, body) => stream.write_all(&answer(status, &body)).await,
            Reply::Late(after, status, body) => {
                tokio::time::sleep(after).await;
                stream.write_all(&answer(status, &body)).await
            }
            Reply::Bytes(bytes) => stream.write_all(&bytes).await,
            Reply::Last(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.flush().await;
                return;
            }
            Reply::Silence => std::future::pending().await,
            Reply::Drip(first, again, pace) => {
                let mut sent = stream.write_all(&first).await;
                while sent.is_ok() {
                    tokio::time::sleep(pace).await;
                    sent = stream.write_all(&again).await;
                }
                sent
            }
        };
        if sent.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
}

fn answer(status: u16, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

async fn read(stream: &mut BufReader<TcpStream>, connection: usize, on_connection: usize) -> Option<Request> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request { method, path, headers, body: String::new(), connection, on_connection };
    let mut body = Vec::new();
    if let Some(length) = request.header("content-length").and_then(|length| length.parse().ok()) {
        body.resize(length, 0);
        stream.read_exact(&mut body).await.ok()?;
    } else if request.header("transfer-encoding").is_some() {
        loop {
            let mut size = String::new();
            stream.read_line(&mut size).await.ok()?;
            let size = usize::from_str_radix(size.trim(), 16).ok()?;
            let mut part = vec![0; size + 2];
            stream.read_exact(&mut part).await.ok()?;
            if size == 0 {
                break;
            }
            body.extend_from_slice(&part[..size]);
        }
    }
    request.body = String::from_utf8_lossy(&body).into_owned();
    Some(request)
}
