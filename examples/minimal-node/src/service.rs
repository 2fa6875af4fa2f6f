//! The to-do service itself, small enough for tests: one thread, all in memory.

use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

const API_KEY: &str = "todo-key-for-tests";
const PAGE_SIZE: usize = 2;
const LONGEST_REQUEST: u64 = 16 * 1024;

/// A running service. It begins with five to-dos, serves two a page, and stops
/// when it is dropped.
#[derive(Debug)]
pub struct TodoService {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl TodoService {
    /// Starts a service on a free port of this machine.
    ///
    /// # Panics
    /// When there is no free port.
    #[must_use]
    #[expect(clippy::expect_used, reason = "without a server, its test has failed already")]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("the address of an open port");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut titles: Vec<String> = (1..=5).map(|n| format!("\"To-do {n}\"")).collect();
            for connection in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                // A client that goes away harms only itself.
                let _ = connection.and_then(|connection| serve(&connection, &mut titles));
            }
        });
        Self { address, stop, thread: Some(thread) }
    }

    /// Where it listens, such as `http://127.0.0.1:4711`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The key that it accepts.
    #[must_use]
    pub fn api_key(&self) -> &'static str {
        API_KEY
    }
}

impl Drop for TodoService {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // The thread waits for a connection: this is its last one.
        if TcpStream::connect(self.address).is_ok() {
            let _ = self.thread.take().map(JoinHandle::join);
        }
    }
}

/// Answers the one request of a connection.
fn serve(connection: &TcpStream, titles: &mut Vec<String>) -> Result<()> {
    connection.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut reader = BufReader::new(connection.take(LONGEST_REQUEST));
    let mut request_line = String::new();
    reader.read_line(&mut request_line)?;
    let (mut key, mut length, mut line) = (String::new(), 0, String::new());
    while reader.read_line(&mut line)? > 2 {
        match line.split_once(':').map(|(name, value)| (name.to_ascii_lowercase(), value.trim())) {
            Some((name, value)) if name == "x-api-key" => value.clone_into(&mut key),
            Some((name, value)) if name == "content-length" => length = value.parse().unwrap_or(0),
            _ => {}
        }
        line.clear();
    }
    let mut body = String::new();
    reader.take(length).read_to_string(&mut body)?;

    let (status, answer) = answer(&request_line, key == API_KEY, &body, titles);
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        answer.len()
    );
    let mut connection = connection;
    connection.write_all(head.as_bytes())?;
    connection.write_all(answer.as_bytes())
}

fn answer(request_line: &str, known: bool, body: &str, titles: &mut Vec<String>) -> (&'static str, String) {
    let todo =
        |(index, title): (usize, &String)| format!(r#"{{"id":{},"title":{title},"done":false}}"#, index + 1);
    if !known {
        return ("401 Unauthorized", r#"{"error":"unknown API key"}"#.to_owned());
    }
    let mut words = request_line.split(' ');
    match (words.next(), words.next().map(|target| target.split_once("?page=").unwrap_or((target, "1")))) {
        (Some("GET"), Some(("/todos", page))) => {
            let skip = page.parse::<usize>().unwrap_or(1).saturating_sub(1).saturating_mul(PAGE_SIZE);
            let page: Vec<String> = titles.iter().enumerate().skip(skip).take(PAGE_SIZE).map(todo).collect();
            let more = skip.saturating_add(PAGE_SIZE) < titles.len();
            ("200 OK", format!(r#"{{"todos":[{}],"more":{more}}}"#, page.join(",")))
        }
        // The title stays the JSON text that it came as, which spares a parser.
        (Some("POST"), Some(("/todos", _))) => {
            match body.strip_prefix(r#"{"title":"#).and_then(|rest| rest.strip_suffix('}')) {
                Some(title) if title.len() > 2 => {
                    titles.push(title.to_owned());
                    ("201 Created", titles.iter().enumerate().next_back().map(todo).unwrap_or_default())
                }
                _ => ("422 Unprocessable Content", r#"{"error":"a to-do needs a title"}"#.to_owned()),
            }
        }
        _ => ("404 Not Found", r#"{"error":"there are only /todos"}"#.to_owned()),
    }
}
