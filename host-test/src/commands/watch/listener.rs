//! The least of an HTTP server that takes deliveries: one request for each
//! connection, each connection on its own, all within bounds.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinSet};
use workflow_node_host::wit::triggers::{Delivery, Header};

/// The longest head.
const MAX_HEAD: usize = 64 * 1024;
/// The longest body that a component is shown.
const MAX_BODY: usize = 8 * 1024 * 1024;
/// How many connections are open at a time. One more closes the oldest.
const MAX_CONNECTIONS: usize = 64;
/// How many deliveries wait for the component.
const MAX_WAITING: usize = 16;
/// How long a request, or the reading of its answer, may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);
/// How long to wait where a connection cannot be accepted.
const PAUSE: Duration = Duration::from_millis(100);

/// A delivery that waits for its answer.
#[derive(Debug)]
pub(super) struct Incoming {
    /// What came in.
    pub(super) delivery: Delivery,
    answer: oneshot::Sender<(u16, Vec<u8>)>,
}

impl Incoming {
    /// Answers; whoever has gone meanwhile misses it.
    pub(super) fn answer(self, status: u16, body: Vec<u8>) {
        let _ = self.answer.send((status, body));
    }
}

/// Where deliveries come in.
#[derive(Debug)]
pub(super) struct Inbox<'a> {
    listener: &'a TcpListener,
    patience: Duration,
    sender: mpsc::Sender<Incoming>,
    incoming: mpsc::Receiver<Incoming>,
    connections: JoinSet<()>,
    oldest_first: VecDeque<AbortHandle>,
}

impl<'a> Inbox<'a> {
    /// Takes deliveries at a listener. A connection that has sent no whole
    /// request after `patience` is closed.
    pub(super) fn new(listener: &'a TcpListener, patience: Duration) -> Self {
        let (sender, incoming) = mpsc::channel(MAX_WAITING);
        let connections = JoinSet::new();
        Self { listener, patience, sender, incoming, connections, oldest_first: VecDeque::new() }
    }

    /// The next delivery that is complete, whatever other connections do. Nothing
    /// is lost where this is dropped before it is ready.
    pub(super) async fn next(&mut self) -> Incoming {
        loop {
            tokio::select! {
                Some(incoming) = self.incoming.recv() => return incoming,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => self.serve(stream),
                    // The other side has gone, or there are no sockets left.
                    Err(_) => tokio::time::sleep(PAUSE).await,
                },
                Some(_) = self.connections.join_next() => {}
            }
        }
    }

    fn serve(&mut self, stream: TcpStream) {
        self.oldest_first.retain(|connection| !connection.is_finished());
        if self.oldest_first.len() >= MAX_CONNECTIONS
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            oldest.abort();
        }
        let connection = connection(stream, self.sender.clone(), self.patience);
        self.oldest_first.push_back(self.connections.spawn(connection));
    }
}

/// One request and its answer.
async fn connection(mut stream: TcpStream, sender: mpsc::Sender<Incoming>, patience: Duration) {
    let (status, body) = match tokio::time::timeout(patience, read_request(&mut stream)).await {
        Ok(Ok(Ok(delivery))) => {
            let (answer, answered) = oneshot::channel();
            if sender.send(Incoming { delivery, answer }).await.is_err() {
                return;
            }
            // The service delivers again.
            answered.await.unwrap_or((503, Vec::new()))
        }
        Ok(Ok(Err(status))) => (status, Vec::new()),
        Ok(Err(_)) => return,
        Err(_) => (408, Vec::new()),
    };
    // Who does not read the answer is not waited for.
    let _ = tokio::time::timeout(patience, reply(&mut stream, status, &body)).await;
}

async fn read_request(stream: &mut TcpStream) -> Result<Result<Delivery, u16>> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break end;
        }
        if bytes.len() > MAX_HEAD {
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
    if length > MAX_BODY {
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

async fn reply(stream: &mut TcpStream, status: u16, body: &[u8]) -> Result<()> {
    let head = format!("HTTP/1.1 {status} -\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await?;
    Ok(stream.shutdown().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Longer than any test.
    const NEVER: Duration = Duration::from_secs(86_400);

    async fn connect(listener: &TcpListener) -> TcpStream {
        TcpStream::connect(listener.local_addr().unwrap()).await.unwrap()
    }

    async fn send(stream: &mut TcpStream, body: &str) {
        let request = format!("POST /hook HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(request.as_bytes()).await.unwrap();
    }

    async fn answer_to(mut stream: TcpStream) -> String {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn idle_and_slow_connections_hold_up_no_delivery() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut inbox = Inbox::new(&listener, NEVER);
        let mut idle = connect(&listener).await;
        let mut slow = connect(&listener).await;
        slow.write_all(b"POST /hook HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf").await.unwrap();
        let mut quick = connect(&listener).await;
        send(&mut quick, "first").await;
        let first = inbox.next().await;
        assert_eq!(first.delivery.body, b"first");
        // Not even one that waits for its answer holds up the next.
        send(&mut idle, "second").await;
        let second = inbox.next().await;
        assert_eq!(second.delivery.body, b"second");
        second.answer(200, b"ok".to_vec());
        first.answer(401, vec![]);
        assert!(answer_to(idle).await.starts_with("HTTP/1.1 200"));
        assert!(answer_to(quick).await.starts_with("HTTP/1.1 401"));
    }

    #[tokio::test]
    async fn the_oldest_of_too_many_connections_is_closed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut inbox = Inbox::new(&listener, NEVER);
        let mut first = connect(&listener).await;
        let mut others = Vec::new();
        for _ in 0..MAX_CONNECTIONS {
            others.push(connect(&listener).await);
        }
        send(others.last_mut().unwrap(), "last").await;
        assert_eq!(inbox.next().await.delivery.body, b"last");
        assert_eq!(first.read(&mut [0]).await.unwrap_or(0), 0);
        assert!(inbox.oldest_first.len() <= MAX_CONNECTIONS);
    }

    #[tokio::test]
    async fn a_connection_that_sends_no_whole_request_is_closed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut inbox = Inbox::new(&listener, Duration::from_millis(1));
        let idle = connect(&listener).await;
        tokio::select! {
            _ = inbox.next() => panic!("there is no delivery"),
            answer = answer_to(idle) => assert!(answer.starts_with("HTTP/1.1 408"), "{answer}"),
        }
    }
}
