//! Odd requests and odd answers, in a table.
//!
//! The host sends requests itself, in the place of wasmtime's own functions: what is
//! hardened there does not come with an update. This table says how each of these ends
//! today, so that a difference is seen.

use std::time::Duration;

use serde_json::{Value, json};
use workflow_node_host::CallOptions;

use crate::server::{Reply, Server, ok};
use crate::support::{connect, ends, get, run, run_with, within};

/// How a request ends.
#[derive(Debug)]
enum End {
    /// This part of it cannot even be set.
    Unset(&'static str),
    /// With this error code, and nothing is sent.
    Code(&'static str),
    /// It is sent, with this method and path.
    Sent(&'static str, &'static str),
}
use End::{Code, Sent, Unset};

const DENIED: End = Code("HttpRequestDenied");
const INVALID: End = Code("HttpRequestUriInvalid");

/// Sends each and compares; `{here}` is the server's authority.
async fn compare(table: Vec<(Value, End)>) {
    let server = Server::start(|_| ok("token")).await;
    let connection = connect(server.url()).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");
    let here = server.url().trim_start_matches("http://").to_owned();
    let mut wrong = Vec::new();
    for (input, end) in table {
        let before = server.seen().len();
        let input: Value = serde_json::from_str(&input.to_string().replace("{here}", &here)).expect("JSON");
        let told = run(&connection, "odd", input.clone()).await.expect("told");
        let sent: Vec<(String, String)> =
            server.seen().into_iter().skip(before).map(|request| (request.method, request.path)).collect();
        let expected = match &end {
            Unset(part) => (json!({ "refused": part }), vec![]),
            Code(code) => (json!({ "error": format!("ErrorCode::{code}") }), vec![]),
            Sent(method, path) => {
                (json!({ "status": 200 }), vec![((*method).to_owned(), (*path).to_owned())])
            }
        };
        if (told.clone(), sent.clone()) != expected {
            wrong.push(format!("{input}: {told} {sent:?}, and not {end:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn requests_without_their_parts() {
    compare(vec![
        (json!({}), INVALID),
        (json!({ "scheme": "http" }), INVALID),
        (json!({ "scheme": "http", "authority": "{here}" }), Sent("GET", "/")),
        (json!({ "scheme": "http", "path": "/x" }), INVALID),
        (json!({ "scheme": "http", "authority": "", "path": "/x" }), Unset("authority")),
        (json!({ "authority": "{here}", "path": "/x" }), DENIED),
        (json!({ "scheme": "ftp", "authority": "{here}", "path": "/x" }), Code("HttpProtocolError")),
        (json!({ "scheme": "http", "authority": "{here}", "path": "/x" }), Sent("GET", "/x")),
    ])
    .await;
}

#[tokio::test]
async fn paths() {
    let path = |path: &str| json!({ "scheme": "http", "authority": "{here}", "path": path });
    compare(vec![
        (path(""), Sent("GET", "/")),
        (path("x"), Unset("path")),
        (path("*"), Unset("path")),
        (path("http://evil.example/x"), Unset("path")),
        (path("/x\r\nx-evil: 1"), Unset("path")),
        (path("/x y"), Unset("path")),
        (path("/x\u{0}"), Unset("path")),
        (path("/x#part"), Sent("GET", "/x")),
        (path("//evil.example/x"), Sent("GET", "//evil.example/x")),
        (path("/../x?a=//b"), Sent("GET", "/../x?a=//b")),
    ])
    .await;
}

#[tokio::test]
async fn authorities() {
    let authority = |authority: &str| json!({ "scheme": "http", "authority": authority, "path": "/x" });
    compare(vec![
        (authority("me@{here}"), DENIED),
        (authority("evil.example@{here}"), DENIED),
        (authority("{here}@evil.example"), DENIED),
        (authority("evil.example"), DENIED),
        (authority("{here}\r\nx: y"), Unset("authority")),
        (authority("{here}/evil"), Unset("authority")),
        (authority("127.0.0.1:65536"), DENIED),
        (authority("127.0.0.1:+80"), DENIED),
        (authority("127.0.0.1\u{0}"), Unset("authority")),
        (authority("[fe80::1%25eth0]:80"), DENIED),
    ])
    .await;
}

#[tokio::test]
async fn methods() {
    let method =
        |method: &str| json!({ "method": method, "scheme": "http", "authority": "{here}", "path": "/x" });
    compare(vec![
        (method(""), Unset("method")),
        (method("GET /evil HTTP/1.1\r\n"), Unset("method")),
        (method("CONNECT"), DENIED),
        (method("connect"), DENIED),
        (method("TRACE"), DENIED),
        (method("TRACK"), DENIED),
        (method("get"), Sent("get", "/x")),
        (method("PURGE"), Sent("PURGE", "/x")),
    ])
    .await;
}

#[tokio::test]
async fn headers() {
    let headers =
        |headers: Value| json!({ "scheme": "http", "authority": "{here}", "path": "/x", "headers": headers });
    let mut table = vec![
        (headers(json!([["content-length", "5"]])), Code("HttpRequestBodySize(Some(0))")),
        (headers(json!([["content-length", "0"]])), Sent("GET", "/x")),
        (headers(json!([["content-length", "0"], ["content-length", "0"]])), Unset("header")),
        (headers(json!([["content-length", "+0"]])), Unset("header")),
        (headers(json!([["content-length", "0, 0"]])), Unset("header")),
        (headers(json!([["x-a", "1\r\nx-evil: 1"]])), Unset("header")),
        (headers(json!([["x a", "1"]])), Unset("header")),
        (headers(json!([["", "1"]])), Unset("header")),
        (headers(json!([[":authority", "evil.example"]])), Unset("header")),
        (headers(json!([["te", "x"]])), Sent("GET", "/x")),
        (headers(json!([["expect", "100-continue"]])), Sent("GET", "/x")),
        (headers(json!([["x-forwarded-host", "evil.example"]])), Sent("GET", "/x")),
    ];
    for name in ["host", "connection", "upgrade", "transfer-encoding", "keep-alive", "proxy-connection"] {
        table.push((headers(json!([[name, "x"]])), Unset("header")));
    }
    compare(table).await;
}

#[tokio::test]
async fn answers() {
    let answers: [(&str, &str, &str); 10] = [
        ("/split", "HTTP/1.1 200 OK\r\nx: a\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil", "body"),
        ("/two-lengths", "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nevil", "error"),
        ("/folded", "HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 0\r\n\r\n", "error"),
        ("/nul", "HTTP/1.1 200 OK\r\nx: a\0b\r\ncontent-length: 0\r\n\r\n", "error"),
        ("/status", "HTTP/1.1 99 OK\r\ncontent-length: 0\r\n\r\n", "error"),
        ("/negative", "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", "error"),
        ("/plus", "HTTP/1.1 200 OK\r\ncontent-length: +4\r\n\r\nevil", "error"),
        ("/no-http", "220 mail.example ESMTP\r\n\r\n", "error"),
        ("/upgrade", "HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", "status"),
        (
            "/chunk",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nevil\r\n0\r\n\r\n",
            "body_error",
        ),
    ];
    let server =
        Server::start(move |request| match answers.iter().find(|(path, _, _)| *path == request.path) {
            Some((_, bytes, _)) => Reply::Last(bytes.as_bytes().to_vec()),
            None => ok("fine"),
        })
        .await;
    let connection = connect(server.url()).await;
    for (path, _, member) in answers {
        let answer = ends(get(&connection, &server.at(path))).await;
        assert!(!answer[member].is_null(), "{path}: {answer}");
        // Whatever came after it: the next one gets its own answer.
        assert_eq!(get(&connection, &server.at("/next")).await["body"], "fine", "{path}");
    }
}

#[tokio::test]
async fn answers_that_never_begin_end_in_the_time_out_that_was_asked_for() {
    for line in ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"] {
        let server = Server::start(move |request| match request.path.as_str() {
            "/endless" => Reply::Drip(line.into(), line.into(), Duration::from_millis(1)),
            _ => ok("fine"),
        })
        .await;
        let connection = connect(server.url()).await;
        let input = json!({ "url": server.at("/endless"), "first_byte_ms": 200 });
        let answer = ends(run_with(&connection, "request", input, &within(3_600_000))).await.expect("told");
        assert_eq!(answer["error"], "ErrorCode::ConnectionReadTimeout", "{line}");
    }
}

#[tokio::test]
async fn time_outs_of_nothing_and_of_for_ever() {
    let server = Server::start(|_| ok("fine")).await;
    let connection = connect(server.url()).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");
    let ms = u64::MAX / 1_000_000;
    let input =
        json!({ "url": server.at("/x"), "connect_ms": ms, "first_byte_ms": ms, "between_bytes_ms": ms });
    assert_eq!(ends(run(&connection, "request", input)).await.expect("told")["body"], "fine");
    let input = json!({ "url": server.at("/x"), "connect_ms": 0, "first_byte_ms": 0, "between_bytes_ms": 0 });
    let answer = ends(run(&connection, "request", input)).await.expect("told");
    assert!(answer["error"].is_string() || answer["status"] == 200, "{answer}");
}
