//! Requests through an HTTP proxy.

use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use workflow_node_host::wit::types::ErrorKind;
use workflow_node_host::{AuthMode, Connection, ConnectionOptions, Node, Proxy, Route, Secret};

use crate::server::{Server, ok};
use crate::support::{SECRET, Seen, component, fields, get, host, node, node_error};
use crate::tls::TlsServer;

/// The `Basic` value of `nodes:hunter22`.
const BASIC: &str = "Basic bm9kZXM6aHVudGVyMjI=";

/// A proxy for which every name is this machine, at the port that is asked for.
struct TestProxy {
    address: String,
    heads: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for TestProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl TestProxy {
    /// One that answers the first line with this status, unless it is 200; with
    /// `credentials` it wants [`BASIC`].
    async fn start(status: u16, credentials: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("its address"));
        let heads = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&heads);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, status, credentials, Arc::clone(&log)));
            }
        });
        Self { address, heads, task }
    }

    fn proxy(&self) -> Proxy {
        Proxy::new(&self.address).expect("a proxy")
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("lock").clone()
    }
}

async fn serve(mut stream: TcpStream, status: u16, credentials: bool, heads: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        head.push(byte);
    }
    let head = String::from_utf8(head).expect("text");
    heads.lock().expect("lock").push(head.clone());
    let known = head.lines().any(|line| line.eq_ignore_ascii_case(&format!("proxy-authorization: {BASIC}")));
    let status = if credentials && !known { 407 } else { status };
    let _ = stream.write_all(format!("HTTP/1.1 {status} X\r\n\r\n").as_bytes()).await;
    let port = head.split_whitespace().nth(1).and_then(|target| target.rsplit(':').next());
    if status == 200
        && let Ok(mut service) = TcpStream::connect(format!("127.0.0.1:{}", port.expect("a port"))).await
    {
        let _ = copy_bidirectional(&mut stream, &mut service).await;
    }
}

async fn connect(node: &Node, url: &str, options: ConnectionOptions) -> Connection {
    node.connect(fields(&[("url", url), ("secret", SECRET)]), options).await.expect("connection")
}

fn through(proxy: Proxy) -> ConnectionOptions {
    ConnectionOptions { route: Route::Proxy(proxy), ..ConnectionOptions::default() }
}

/// A server's address under a name that only the proxy knows.
fn named(url: &str, name: &str) -> String {
    let port = url.rsplit(':').next().expect("a port");
    let scheme = url.split(':').next().expect("a scheme");
    format!("{scheme}://{name}:{port}")
}

#[tokio::test]
async fn plain_http_and_https_go_through_a_tunnel() {
    let plain = Server::start(|request| ok(if request.path == "/login" { "tok-1" } else { "mine" })).await;
    let proxy = TestProxy::start(200, true).await;
    let credentials =
        || proxy.proxy().with_credentials("nodes", &Secret::new("hunter22")).expect("credentials");
    let url = named(plain.url(), "service.example");
    let connection = connect(&node(), &url, through(credentials())).await;
    assert_eq!(get(&connection, &format!("{url}/x")).await["body"], "mine");

    let tls = TlsServer::start(&[b"h2"]).await;
    let secure = named(&tls.url, "service.example");
    let options = ConnectionOptions { tls: tls.tls(), ..through(credentials()) };
    let connection = connect(&node(), &secure, options).await;
    assert_eq!(get(&connection, &format!("{secure}/x")).await["body"], "HTTP/2.0");

    let heads = proxy.heads();
    assert!(heads.iter().all(|head| head.starts_with("CONNECT service.example:")), "{heads:?}");
    assert_eq!(heads.len(), 2, "one for each origin: {heads:?}");
    for request in plain.seen() {
        assert!(request.header("proxy-authorization").is_none(), "{request:?}");
    }
}

#[tokio::test]
async fn a_connection_has_the_route_of_its_host_unless_it_has_its_own() {
    let service = Server::start(|request| ok(if request.path == "/login" { "tok-1" } else { "mine" })).await;
    let proxy = TestProxy::start(200, false).await;
    let host = host().proxy(proxy.proxy()).build().expect("host");
    let node = host.load_file(component()).expect("node");
    let url = named(service.url(), "service.example");
    let connection = connect(&node, &url, ConnectionOptions::default()).await;
    assert_eq!(get(&connection, &format!("{url}/x")).await["body"], "mine");
    let before = proxy.heads().len();
    let options = ConnectionOptions { route: Route::Direct, ..ConnectionOptions::default() };
    let connection = connect(&node, &url, options).await;
    connection.authenticate(&Default::default()).await.expect_err("nobody knows the name");
    // This machine is reached without it.
    let connection = connect(&node, service.url(), ConnectionOptions::default()).await;
    assert_eq!(get(&connection, &service.at("/x")).await["body"], "mine");
    assert_eq!(proxy.heads().len(), before);
}

#[tokio::test]
async fn the_rules_for_origins_and_literal_addresses_hold_with_a_proxy() {
    let service = Server::start(|_| ok("tok-1")).await;
    let proxy = TestProxy::start(200, false).await;
    let url = named(service.url(), "service.example");
    let typed = fields(&[("url", &url), ("also", "http://10.1.2.3:9"), ("secret", SECRET)]);
    let connection = node().connect(typed, through(proxy.proxy())).await.expect("connection");
    for refused in
        ["http://elsewhere.example/", "http://10.1.2.3:9/", "http://169.254.169.254/", "http://127.0.0.1:1/"]
    {
        let answer = get(&connection, refused).await;
        assert_eq!(answer, json!({ "error": "ErrorCode::HttpRequestDenied" }), "{refused}");
    }
    assert!(proxy.heads().iter().all(|head| head.starts_with("CONNECT service.example:")));
}

#[tokio::test]
async fn a_refusing_proxy_is_told_with_whose_turn_it_is_and_nothing_was_sent() {
    let service = Server::start(|_| ok("tok-1")).await;
    let url = named(service.url(), "service.example");
    for (status, credentials, reason) in [(403, false, "unsuccessful"), (200, true, "authorization required")]
    {
        let proxy = TestProxy::start(status, credentials).await;
        let (seen, options) = Seen::options();
        let wrong = proxy.proxy().with_credentials("nodes", &Secret::new("hunter23")).expect("credentials");
        let options = ConnectionOptions { auth: AuthMode::Recipe, route: Route::Proxy(wrong), ..options };
        let connection = connect(&node(), &url, options).await;
        let error = connection.authenticate(&Default::default()).await.expect_err("no tunnel");
        let error = node_error(&error);
        assert_eq!(error.kind, ErrorKind::Unavailable, "{error:?}");
        assert!(error.message.contains("proxy") && error.message.contains(reason), "{error:?}");
        assert!(error.advice.as_deref().is_some_and(|advice| advice.contains("Proxy::")), "{error:?}");
        assert!(!format!("{error:?} {:?}", seen.events()).contains("hunter23"));
    }
    assert!(service.seen().is_empty());
}
