//! Compressed answers, and how little of them a bomb needs.

use async_compression::tokio::write::{BrotliEncoder, GzipEncoder};
use serde_json::json;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::server::{Reply, Request, Server, ok};
use crate::support::{connect, get, run};

async fn packed(coding: &str, bytes: &[u8]) -> Vec<u8> {
    async fn write(mut encoder: impl AsyncWrite + Unpin, bytes: &[u8]) {
        encoder.write_all(bytes).await.expect("written");
        encoder.shutdown().await.expect("ended");
    }
    let mut packed = Vec::new();
    match coding {
        "br" => write(BrotliEncoder::new(&mut packed), bytes).await,
        _ => write(GzipEncoder::new(&mut packed), bytes).await,
    }
    packed
}

/// An answer in pieces of a few bytes, so that the decoder has to wait for more.
fn coded(coding: &str, packed: &[u8]) -> Reply {
    let mut answer =
        format!("HTTP/1.1 200 X\r\ncontent-encoding: {coding}\r\ntransfer-encoding: chunked\r\n\r\n")
            .into_bytes();
    for piece in packed.chunks(100) {
        answer.extend(format!("{:x}\r\n", piece.len()).bytes());
        answer.extend(piece);
        answer.extend(b"\r\n");
    }
    answer.extend(b"0\r\n\r\n");
    Reply::Bytes(answer)
}

async fn server(coding: &'static str, packed: Vec<u8>) -> Server {
    Server::start(move |request: &Request| match request.path.as_str() {
        "/packed" => coded(coding, &packed),
        "/broken" => coded(coding, &packed[..packed.len() / 2]),
        "/nonsense" => coded(coding, b"this was never compressed"),
        _ => ok("token"),
    })
    .await
}

#[tokio::test]
async fn the_host_asks_for_compression_and_unpacks_it() {
    let text = "Grüße, ".repeat(10_000);
    for coding in ["gzip", "br"] {
        let packed = packed(coding, text.as_bytes()).await;
        assert!(packed.len() < text.len() / 20);
        let server = server(coding, packed).await;
        let connection = connect(server.url()).await;
        let answer = get(&connection, &server.at("/packed")).await;
        assert_eq!((&answer["status"], &answer["body_error"]), (&json!(200), &json!(null)), "{answer}");
        assert_eq!(answer["length"], text.len());
        assert!(answer["body"].as_str().is_some_and(|body| body.starts_with("Grüße, Grüße, ")));
        let asked = server.seen().into_iter().find(|request| request.path == "/packed").expect("asked");
        assert_eq!(asked.header("accept-encoding"), Some("gzip, br"));
    }
}

#[tokio::test]
async fn a_bomb_is_cut_off_at_the_size_of_any_answer() {
    for coding in ["gzip", "br"] {
        // A hundred times what this host lets an answer have.
        let packed = packed(coding, &vec![0; 100 << 20]).await;
        assert!(packed.len() < 1 << 20, "{}", packed.len());
        let server = server(coding, packed).await;
        let connection = connect(server.url()).await;
        let answer = get(&connection, &server.at("/packed")).await;
        let error = answer["body_error"].as_str().expect("it was cut off");
        assert!(error.contains("HttpResponseBodySize"), "{answer}");
        assert!(answer["length"].as_u64().is_some_and(|length| length <= 1 << 20), "{answer}");
    }
}

#[tokio::test]
async fn what_cannot_be_unpacked_is_a_broken_answer() {
    for coding in ["gzip", "br"] {
        let packed = packed(coding, "words ".repeat(100).as_bytes()).await;
        let server = server(coding, packed).await;
        let connection = connect(server.url()).await;
        for path in ["/broken", "/nonsense"] {
            let answer = get(&connection, &server.at(path)).await;
            let error = answer["body_error"].as_str().expect("it broke off");
            assert!(error.contains("HttpResponseContentCoding"), "{coding} {path}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_component_that_asks_by_itself_gets_what_comes() {
    let packed = packed("gzip", b"words").await;
    let length = packed.len();
    let server = server("gzip", packed).await;
    let connection = connect(server.url()).await;
    let input = json!({ "url": server.at("/packed"), "headers": { "accept-encoding": "gzip" } });
    assert_eq!(run(&connection, "request", input).await.expect("an answer")["length"], length);
}
