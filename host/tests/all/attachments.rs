//! Files: bytes in, bytes or links out, and what becomes of a link.

use std::time::Duration;

use serde_json::json;
use workflow_node_host::wit::node::Outcome;
use workflow_node_host::wit::types::{
    Attachment, AttachmentContent, AttachmentLink, ErrorKind, Item, NodeError,
};
use workflow_node_host::{AuthMode, CallOptions, ConnectionOptions, EgressPolicy, LinkPolicy, json};

use crate::server::{Reply, Server, ok};
use crate::support::{Seen, connect, connect_with, item, node_error};

const TIME: Duration = Duration::from_secs(5);

fn link(url: String) -> AttachmentLink {
    AttachmentLink { url, expires_at: None }
}

/// A server whose files are behind signed links on an origin of its own.
async fn files() -> Server {
    Server::start(|request| match request.path.as_str() {
        path if path.starts_with("/file?sign=") => Reply::Answer(200, "the file".to_owned()),
        "/large" => Reply::Answer(200, "x".repeat(2000)),
        "/endless" => {
            let head = b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
            Reply::Drip(
                head,
                b"400\r\n".iter().chain(&[b'x'; 1024]).chain(b"\r\n").copied().collect(),
                Duration::ZERO,
            )
        }
        "/moved" => {
            Reply::Bytes(b"HTTP/1.1 302 X\r\nlocation: /file?sign=1\r\ncontent-length: 0\r\n\r\n".to_vec())
        }
        "/broken" => Reply::Answer(503, String::new()),
        _ => Reply::Answer(403, String::new()),
    })
    .await
}

fn following(files: &Server, options: ConnectionOptions) -> ConnectionOptions {
    let allow = EgressPolicy::allow([files.url()]).expect("policy");
    ConnectionOptions { links: LinkPolicy { allow, max_bytes: 1000 }, ..options }
}

#[tokio::test]
async fn bytes_come_back_as_they_went_in() {
    let server = Server::start(|_| ok("token")).await;
    let connection = connect(server.url()).await;
    let bytes: Vec<u8> = (0..=255).cycle().take(3 << 20).collect();
    let file = Attachment {
        name: "a.bin".to_owned(),
        mime_type: "application/octet-stream".to_owned(),
        content: AttachmentContent::Bytes(bytes.clone()),
    };
    let input = json!({ "link": "https://files.example/x?sig=1" }).to_string();
    let items = [Item { json: input, attachments: vec![file], sources: Vec::new() }];
    let execution = connection.execute("attach", &items, None, &CallOptions::default()).await.expect("done");
    let Some(Outcome::Done(results)) = execution.outcomes.first() else { panic!("{execution:?}") };
    let [file, linked] = results[0].attachments.as_slice() else { panic!("two attachments") };
    assert!(matches!(&file.content, AttachmentContent::Bytes(back) if *back == bytes));
    assert_eq!(file.name, "a.bin");
    let shown =
        json::item(&Item { json: "{}".to_owned(), attachments: vec![linked.clone()], sources: Vec::new() });
    assert_eq!(shown["attachments"][0]["content"]["link"]["url"], "https://files.example/x?sig=1");
}

#[tokio::test]
async fn a_link_is_fetched_without_the_token_where_the_operator_lets_it() {
    let service = Server::start(|_| ok(&json!({ "access_token": "tok-1" }).to_string())).await;
    let files = files().await;
    let (seen, options) = Seen::options();
    let options = following(&files, ConnectionOptions { auth: AuthMode::Recipe, ..options });
    let connection = connect_with(service.url(), options).await;
    connection.authenticate(&CallOptions::default()).await.expect("a token");
    let bytes = connection.fetch_link(&link(files.at("/file?sign=abc123")), TIME).await.expect("bytes");
    assert_eq!(bytes, "the file");
    let requests = files.seen();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].header("authorization"), None);
    let events = format!("{:?}", seen.events());
    assert!(events.contains("/file") && !events.contains("abc123"), "{events}");
}

#[tokio::test]
async fn what_the_policy_does_not_open_is_refused_with_the_line_to_add() {
    let service = Server::start(|_| ok("token")).await;
    let files = files().await;
    let refused = |url: String, options: ConnectionOptions| {
        let service = service.url().to_owned();
        async move {
            let connection = connect_with(&service, options).await;
            let error = connection.fetch_link(&link(url), TIME).await.expect_err("refused");
            node_error(&error).clone()
        }
    };
    let error = refused(files.at("/file?sign=abc"), ConnectionOptions::default()).await;
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(error.advice.as_deref().is_some_and(|advice| advice.contains(files.url())), "{error:?}");
    assert!(!format!("{error:?}").contains("abc"), "{error:?}");

    let follow = || following(&files, ConnectionOptions::default());
    let error = refused(files.at("/moved"), follow()).await;
    assert_eq!((error.kind, error.http_status), (ErrorKind::Denied, Some(302)), "{error:?}");
    for path in ["/large", "/endless"] {
        let error = refused(files.at(path), follow()).await;
        assert_eq!(error.code, "host.link-too-large", "{path} {error:?}");
    }
    for url in ["ftp://files.example/x", "nothing", "https://me:pw@files.example/x"] {
        assert_eq!(refused(url.to_owned(), follow()).await.code, "host.link-malformed", "{url}");
    }
    assert_eq!(files.count("/file?sign=1"), 0, "no redirect was followed");
}

#[tokio::test]
async fn a_link_leads_into_a_private_network_only_where_its_own_policy_says_so() {
    let service = Server::start(|_| ok("token")).await;
    let fetch = async |private: bool| {
        let allow = EgressPolicy::allow(["http://10.255.255.1:9"]).expect("policy").allow_private(private);
        let options = ConnectionOptions {
            // That of the connection says nothing about links.
            policy: EgressPolicy::default().allow_private(true),
            links: LinkPolicy { allow, ..LinkPolicy::default() },
            ..ConnectionOptions::default()
        };
        let connection = connect_with(service.url(), options).await;
        let link = link("http://10.255.255.1:9/file".to_owned());
        let error = connection.fetch_link(&link, Duration::from_millis(200)).await.expect_err("nobody there");
        node_error(&error).clone()
    };
    let denied = fetch(false).await;
    assert_eq!(denied.kind, ErrorKind::Denied, "{denied:?}");
    assert!(denied.advice.is_some_and(|advice| advice.contains("allow_networks")));
    assert_ne!(fetch(true).await.kind, ErrorKind::Denied);
}

#[tokio::test]
async fn a_dead_link_and_a_busy_server_are_told_apart() {
    let service = Server::start(|_| ok("token")).await;
    let files = files().await;
    let connection = connect_with(service.url(), following(&files, ConnectionOptions::default())).await;
    let fails = |link: AttachmentLink| {
        let connection = connection.clone();
        async move {
            let error = connection.fetch_link(&link, TIME).await.expect_err("a failure");
            let NodeError { kind, .. } = node_error(&error).clone();
            kind
        }
    };
    assert_eq!(fails(link(files.at("/gone"))).await, ErrorKind::NotFound);
    assert_eq!(fails(link(files.at("/broken"))).await, ErrorKind::Unavailable);
    let expired =
        AttachmentLink { url: files.at("/file?sign=1"), expires_at: Some("2020-01-01T00:00:00Z".to_owned()) };
    assert_eq!(fails(expired).await, ErrorKind::NotFound);
    assert_eq!(files.count("/file?sign=1"), 0, "a link that is over is not even tried");
}

#[tokio::test]
async fn an_item_without_files_has_none() {
    let server = Server::start(|_| ok("token")).await;
    let connection = connect(server.url()).await;
    let execution = connection.execute("attach", &[item(&json!({}))], None, &CallOptions::default()).await;
    let shown = json::execution(&execution.expect("done"));
    assert_eq!(shown["outcomes"][0]["items"][0], json!({ "attached": 0 }));
}
