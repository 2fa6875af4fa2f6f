//! Requests: where they may go, how they fail, and what is kept open.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use workflow_node_host::wit::types::ErrorKind;
use workflow_node_host::{CallOptions, ConnectionOptions, EgressPolicy};

use crate::server::{Reply, Server, ok};
use crate::support::{
    SECRET, Seen, connect, connect_by_recipe, connect_with, ends, fields, get, node, node_error, run,
    run_with, until, within,
};

/// A server for everything but the login.
async fn server(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |request| match request.path.as_str() {
        "/login" => ok("tok-1"),
        "/token" => ok("{\"access_token\":\"tok-1\"}"),
        path => reply(path),
    })
    .await
}

#[tokio::test]
async fn an_answer_comes_back_whole() {
    let server = server(|_| ok("hello")).await;
    let answer = get(&connect(server.url()).await, &server.at("/x?y=z")).await;
    assert_eq!((&answer["status"], &answer["body"]), (&json!(200), &json!("hello")));
    let request = server.seen().pop().expect("a request");
    assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/x?y=z"));
    assert_eq!(request.header("host"), server.url().strip_prefix("http://"));
}

#[tokio::test]
async fn many_calls_share_a_connection_and_two_customers_share_none() {
    let server = server(|_| ok("hello")).await;
    let one = connect(server.url()).await;
    for _ in 0..10 {
        get(&one, &server.at("/x")).await;
    }
    assert_eq!(server.connections(), 1);
    get(&connect(server.url()).await, &server.at("/x")).await;
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_place_that_the_component_never_named_is_denied_and_no_policy_opens_it() {
    let (server, other) = (server(|_| ok("mine")).await, server(|_| ok("not mine")).await);
    let (seen, options) = Seen::options();
    let policy = EgressPolicy::allow([server.url(), other.url()]).expect("policy");
    let connection = connect_with(server.url(), ConnectionOptions { policy, ..options }).await;
    let body = "x".repeat(200_000);
    let input = json!({ "method": "POST", "url": other.at("/x"), "body": body, "strict": true });
    let error = run(&connection, "request", input).await.expect_err("denied");
    let error = node_error(&error);
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(error.message.contains(other.url()), "{error:?}");
    let told = "let the component's makers name it";
    assert!(error.advice.as_deref().is_some_and(|advice| advice.contains(told)), "{error:?}");
    assert!(other.seen().is_empty());
    let refused = seen.events().pop().expect("an event");
    assert!(refused.error.is_some_and(|error| error.contains(told)));
    assert_eq!((refused.status, refused.request_bytes), (None, 0));
}

#[tokio::test]
async fn a_place_that_the_policy_closes_is_denied_and_the_line_to_add_opens_it() {
    let (server, other) = (server(|_| ok("mine")).await, server(|_| ok("also mine")).await);
    let connect = async |lines: &[&str]| {
        let policy = EgressPolicy::allow(lines).expect("policy");
        let typed = fields(&[("url", server.url()), ("also", other.url()), ("secret", SECRET)]);
        let options = ConnectionOptions { policy, ..ConnectionOptions::default() };
        node().connect(typed, options).await.expect("connection")
    };
    let input = json!({ "url": other.at("/x"), "strict": true });
    let error = run(&connect(&[server.url()]).await, "request", input.clone()).await.expect_err("denied");
    let advice = node_error(&error).advice.clone().expect("advice");
    let line = advice.split('`').nth(1).expect("a line to add");
    let answer = run(&connect(&[server.url(), line]).await, "request", input).await.expect("it is open");
    assert_eq!(answer["body"], "also mine");
}

#[tokio::test]
async fn a_secret_in_the_name_of_a_host_is_in_no_text_about_the_refusal() {
    let server = server(|_| ok("mine")).await;
    let (seen, options) = Seen::options();
    let connection = connect_with(server.url(), options).await;
    let input = json!({ "url": "https://{secret}.example/x", "strict": true });
    let error = run(&connection, "request", input).await.expect_err("denied");
    let error = node_error(&error);
    assert!(error.message.contains("https://***.example"), "{error:?}");
    let told = format!("{error:?} {:?}", seen.events());
    assert!(!told.contains(SECRET), "{told}");
}

#[tokio::test]
async fn the_guest_learns_only_that_it_was_denied() {
    let server = server(|_| ok("mine")).await;
    let connection = connect(server.url()).await;
    for url in
        ["https://example.com/", "http://169.254.169.254/latest", "http://[::1]:1/", "http://0x7f.1:1/"]
    {
        let answer = get(&connection, url).await;
        assert_eq!(answer, json!({ "error": "ErrorCode::HttpRequestDenied" }), "{url}");
    }
}

#[tokio::test]
async fn a_private_address_is_denied_with_what_the_operator_can_do() {
    let server = server(|_| ok("mine")).await;
    let (seen, options) = Seen::options();
    let typed = fields(&[("url", server.url()), ("also", "http://10.255.255.1:9"), ("secret", SECRET)]);
    let connection = node().connect(typed, options).await.expect("connection");
    let answer = get(&connection, "http://10.255.255.1:9/").await;
    assert_eq!(answer, json!({ "error": "ErrorCode::HttpRequestDenied" }));
    let refused = seen.events().pop().and_then(|event| event.error).expect("an event");
    assert!(refused.contains("allow_networks"), "{refused}");
}

#[tokio::test]
async fn a_user_name_in_a_url_is_denied() {
    let server = server(|_| ok("mine")).await;
    let url = server.at("/x").replace("http://", "http://me:pw@");
    let answer = get(&connect(server.url()).await, &url).await;
    assert!(answer["error"].is_string(), "{answer}");
    assert_eq!(server.count("/x"), 0);
}

#[tokio::test]
async fn the_guest_cannot_name_another_host() {
    let server = server(|_| ok("mine")).await;
    let input = json!({ "url": server.at("/x"), "headers": { "host": "other.example" } });
    let answer = run(&connect(server.url()).await, "request", input).await.expect("an answer");
    assert_eq!(answer, json!({ "error": "forbidden header" }));
}

#[tokio::test]
async fn methods_that_make_a_tunnel_or_an_echo_are_denied() {
    let server = server(|_| ok("mine")).await;
    let connection = connect(server.url()).await;
    for method in ["CONNECT", "connect", "TRACE", "trace", "TRACK", "Track"] {
        let input = json!({ "method": method, "url": server.at("/x") });
        let answer = run(&connection, "request", input).await.expect("an answer");
        assert_eq!(answer, json!({ "error": "ErrorCode::HttpRequestDenied" }), "{method}");
    }
    assert_eq!(server.seen().len(), 1, "the login alone");
}

#[tokio::test]
async fn headers_that_belong_to_the_connection_are_forbidden() {
    let server = server(|_| ok("mine")).await;
    let connection = connect(server.url()).await;
    for name in ["connection", "upgrade", "Transfer-Encoding", "proxy-authorization", "keep-alive"] {
        let input = json!({ "url": server.at("/x"), "headers": { name: "x" } });
        let answer = run(&connection, "request", input).await.expect("an answer");
        assert_eq!(answer, json!({ "error": "forbidden header" }), "{name}");
    }
}

#[tokio::test]
async fn a_length_without_a_body_is_refused() {
    let server = server(|_| ok("mine")).await;
    let connection = connect(server.url()).await;
    let input = |length| json!({ "url": server.at("/x"), "headers": { "content-length": length } });
    let refused = run(&connection, "request", input("5")).await.expect("an answer");
    assert_eq!(refused, json!({ "error": "ErrorCode::HttpRequestBodySize(Some(0))" }));
    let accepted = run(&connection, "request", input("0")).await.expect("an answer");
    assert_eq!(accepted["status"], 200);
    assert_eq!(server.count("/x"), 1);
}

#[tokio::test]
async fn a_length_that_lies_cannot_smuggle_a_second_request() {
    let server = server(|_| ok("mine")).await;
    let body = "12345GET /smuggled HTTP/1.1\r\nhost: h\r\n\r\n";
    for connection in [connect(server.url()).await, connect_by_recipe(server.url()).await] {
        for length in ["5", "999", "x", "-1"] {
            let input = json!({
                "method": "POST", "url": server.at("/x"), "body": body, "headers": { "content-length": length },
            });
            // Whatever becomes of it: nothing else arrives, and the next one does.
            let _ = run_with(&connection, "request", input, &within(300)).await;
            assert_eq!(get(&connection, &server.at("/next")).await["body"], "mine", "{length}");
        }
    }
    let paths: BTreeSet<String> = server.seen().into_iter().map(|request| request.path).collect();
    assert!(
        paths.iter().all(|path| ["/login", "/token", "/x", "/next"].contains(&path.as_str())),
        "{paths:?}"
    );
}

#[tokio::test]
async fn a_guest_has_a_bounded_number_of_requests_under_way() {
    let server = server(|_| Reply::Silence).await;
    let connection = connect(server.url()).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");
    let input = json!({ "url": server.at("/x"), "count": 100 });
    let flood = tokio::spawn(async move { run_with(&connection, "flood", input, &within(600_000)).await });
    until(|| server.count("/x") >= 32).await;
    // Time for one more, if there were one.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(server.count("/x"), 32);
    flood.abort();
}

#[tokio::test]
async fn an_answer_that_is_not_read_keeps_its_place_among_them() {
    let server = server(|_| {
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
        Reply::Drip(head, b"1\r\nx\r\n".to_vec(), Duration::from_millis(20))
    })
    .await;
    let connection = connect(server.url()).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");
    let input = json!({ "url": server.at("/x"), "count": 100 });
    let flood = tokio::spawn(async move { run_with(&connection, "flood", input, &within(600_000)).await });
    until(|| server.count("/x") >= 32).await;
    // Time for one more, if there were one.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(server.count("/x"), 32);
    flood.abort();
}

#[tokio::test]
async fn answers_without_a_body_keep_no_place() {
    let server = server(|_| Reply::Answer(204, String::new())).await;
    let connection = connect(server.url()).await;
    let input = json!({ "url": server.at("/x"), "count": 100 });
    run(&connection, "flood", input).await.expect("all of them");
    assert_eq!(server.count("/x"), 100);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let server = server(|path| match path {
        "/from" => Reply::Bytes(b"HTTP/1.1 302 Found\r\nlocation: /to\r\ncontent-length: 0\r\n\r\n".to_vec()),
        _ => ok("followed"),
    })
    .await;
    let answer = get(&connect(server.url()).await, &server.at("/from")).await;
    assert_eq!((&answer["status"], &answer["location"]), (&json!(302), &json!("/to")));
    assert_eq!(server.count("/to"), 0);
}

/// What the guest is told about a request with these options.
async fn told(server: &Server, path: &str, options: Value) -> Value {
    let connection = connect(server.url()).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");
    let mut input = json!({ "url": server.at(path) });
    let (Some(input_members), Some(options)) = (input.as_object_mut(), options.as_object()) else {
        panic!("objects")
    };
    input_members.extend(options.clone());
    run_with(&connection, "request", input, &within(60_000)).await.expect("an answer")
}

#[tokio::test]
async fn a_silent_server_ends_in_a_time_out_as_asked() {
    let server = server(|_| Reply::Silence).await;
    let answer = ends(async { told(&server, "/x", json!({ "first_byte_ms": 200 })).await }).await;
    assert_eq!(answer["error"], "ErrorCode::ConnectionReadTimeout");
}

#[tokio::test]
async fn a_silent_server_ends_at_the_deadline_where_nothing_was_asked() {
    let server = server(|_| Reply::Silence).await;
    let connection = connect(server.url()).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");
    // The guest has no time-out of its own: the host's answer comes at the
    // deadline, and the guest has the grace to say so.
    let call = within(300);
    let result =
        ends(async { run_with(&connection, "request", json!({ "url": server.at("/x") }), &call).await })
            .await;
    match result {
        Ok(answer) => assert_eq!(answer["error"], "ErrorCode::ConnectionReadTimeout"),
        Err(error) => assert_eq!(node_error(&error).kind, ErrorKind::Timeout),
    }
}

#[tokio::test]
async fn a_body_that_pauses_too_long_breaks_off_with_a_time_out() {
    let server =
        server(|_| Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_vec())).await;
    let answer = ends(async { told(&server, "/x", json!({ "between_bytes_ms": 200 })).await }).await;
    assert_eq!((&answer["status"], &answer["body"]), (&json!(200), &json!("half")));
    assert_eq!(answer["body_error"], "Some(ErrorCode::ConnectionReadTimeout)");
}

#[tokio::test]
async fn a_body_that_drips_for_ever_ends_at_the_deadline() {
    let server = server(|_| {
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
        Reply::Drip(head, b"1\r\nx\r\n".to_vec(), Duration::from_millis(20))
    })
    .await;
    let connection = connect(server.url()).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");
    let call = within(400);
    let result =
        ends(async { run_with(&connection, "request", json!({ "url": server.at("/x") }), &call).await })
            .await;
    // Whoever is faster: the guest that passes the host's error on, or its end.
    match result {
        Ok(answer) => assert_eq!(answer["body_error"], "Some(ErrorCode::ConnectionReadTimeout)"),
        Err(error) => assert_eq!(node_error(&error).kind, ErrorKind::Timeout),
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_an_error_before_or_while_it_is_read() {
    let server = server(|path| match path {
        "/announced" => Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n".to_vec()),
        _ => {
            let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
            let part = [b"10000\r\n".to_vec(), vec![b'x'; 0x10000], b"\r\n".to_vec()].concat();
            Reply::Drip(head, part, Duration::from_millis(1))
        }
    })
    .await;
    let answer = told(&server, "/announced", json!({})).await;
    assert_eq!(answer["error"], "ErrorCode::HttpResponseBodySize(Some(99999999))");
    let answer = told(&server, "/endless", json!({})).await;
    assert_eq!(answer["body_error"], "Some(ErrorCode::HttpResponseBodySize(Some(1048576)))");
    assert!(answer["length"].as_u64().is_some_and(|length| length <= 1 << 20), "{}", answer["length"]);
}

#[tokio::test]
async fn a_body_that_ends_early_is_incomplete() {
    let server = server(|_| Reply::Last(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_vec())).await;
    let answer = told(&server, "/x", json!({})).await;
    assert_eq!(answer["body_error"], "Some(ErrorCode::HttpResponseIncomplete)");
}

#[tokio::test]
async fn failures_to_connect_are_told_apart_from_failures_afterwards() {
    let server = server(|path| match path {
        "/hang-up" => Reply::Last(Vec::new()),
        "/nonsense" => Reply::Last(b"220 mail.example ESMTP\r\n\r\n".to_vec()),
        _ => ok("fine"),
    })
    .await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("address");
    let typed = fields(&[("url", server.url()), ("also", &format!("http://{free}")), ("secret", SECRET)]);
    let connection = node().connect(typed, ConnectionOptions::default()).await.expect("connection");
    for (url, code) in [
        (format!("http://{free}/x"), "ErrorCode::ConnectionRefused"),
        (server.at("/hang-up"), "ErrorCode::ConnectionTerminated"),
        (server.at("/nonsense"), "ErrorCode::HttpProtocolError"),
    ] {
        assert_eq!(get(&connection, &url).await["error"], code, "{url}");
    }
    // TLS with a server that speaks none: the request was never sent.
    let tls = server.at("/x").replace("http://", "https://");
    let typed = fields(&[("url", server.url()), ("also", &tls), ("secret", SECRET)]);
    let connection = node().connect(typed, ConnectionOptions::default()).await.expect("connection");
    assert_eq!(get(&connection, &tls).await["error"], "ErrorCode::TlsProtocolError");
}

/// A server that ends every connection at its second request, before answering.
async fn tired() -> Server {
    Server::start(|request| match request.on_connection {
        0 => ok("tok-1"),
        _ => Reply::Last(Vec::new()),
    })
    .await
}

#[tokio::test]
async fn a_read_on_a_stale_connection_is_sent_once_more() {
    let server = tired().await;
    let connection = connect(server.url()).await;
    let answer = get(&connection, &server.at("/x")).await;
    assert_eq!(answer["status"], 200, "{answer}");
    assert_eq!(server.count("/x"), 2);
}

#[tokio::test]
async fn a_write_on_a_stale_connection_is_never_sent_twice() {
    let server = tired().await;
    let connection = connect(server.url()).await;
    let input = json!({ "method": "POST", "url": server.at("/x"), "body": "{}" });
    let answer = run(&connection, "request", input).await.expect("an answer");
    assert_eq!(answer["error"], "ErrorCode::ConnectionTerminated");
    assert_eq!(server.count("/x"), 1);
}

#[tokio::test]
async fn a_write_after_an_idle_connection_was_closed_goes_out_on_a_new_one() {
    let server = Server::start(|request| match request.path.as_str() {
        "/login" => Reply::Last(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\ntok-1".to_vec()),
        _ => ok("written"),
    })
    .await;
    let connection = connect(server.url()).await;
    connection.authenticate(&CallOptions::default()).await.expect("login");
    tokio::time::sleep(Duration::from_millis(50)).await;
    let input = json!({ "method": "POST", "url": server.at("/x"), "body": "{}" });
    let answer = run(&connection, "request", input).await.expect("an answer");
    assert_eq!(answer["status"], 200, "{answer}");
    assert_eq!(server.count("/x"), 1);
}

#[tokio::test]
async fn every_request_is_an_event() {
    let server = server(|_| ok("12345")).await;
    let (seen, options) = Seen::options();
    let connection = connect_with(server.url(), options).await;
    let url = server.at(&format!("/x?token=abc&note={SECRET}"));
    run(&connection, "request", json!({ "method": "POST", "url": url, "body": "1234567" }))
        .await
        .expect("an answer");
    let events = seen.events();
    assert_eq!(events.len(), 2, "{events:?}");
    let event = events.last().expect("an event");
    assert_eq!((event.method.as_str(), event.status), ("POST", Some(200)));
    assert_eq!((event.request_bytes, event.response_bytes), (7, 5));
    assert_eq!(event.url, server.at("/x?token=***&note=***"));
    assert!(!event.by_host);
}
