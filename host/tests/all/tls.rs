//! TLS: whom the host trusts, how it shows who it is, and HTTP/2 where the server
//! offers it.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{HandshakeKind, RootCertStore, ServerConfig};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use workflow_node_host::wit::types::{AttachmentLink, ErrorKind};
use workflow_node_host::{AuthMode, ConnectionOptions, EgressPolicy, LinkPolicy, Tls};

use crate::support::{SECRET, connect_with, ends, fields, get, node, node_error, run, within};

/// Bytes of the answer to `/large`: a few of them fill the window that HTTP/2 gives a
/// connection by default.
const LARGE: usize = 900_000;

/// A server for `localhost` that answers with the HTTP version of the request.
pub(crate) struct TlsServer {
    pub(crate) url: String,
    /// PEM.
    certificate: String,
    /// Those whose handshake succeeded.
    pub(crate) connections: Arc<AtomicUsize>,
    /// Those that began.
    handshakes: Arc<AtomicUsize>,
    /// Those in which a client showed a certificate.
    identified: Arc<AtomicUsize>,
    /// Requests for `/large`.
    pub(crate) large: Arc<AtomicUsize>,
    /// Those of them that took up a session of an earlier one.
    resumed: Arc<AtomicUsize>,
}

impl TlsServer {
    pub(crate) async fn start(protocols: &[&[u8]]) -> Self {
        Self::start_like(protocols, None, None).await
    }

    /// One that takes so long for the handshake, if it is told to, and then never
    /// answers; and one that wants to see a client certificate of this authority.
    async fn start_like(
        protocols: &[&[u8]],
        slow: Option<Duration>,
        clients: Option<&CertificateDer<'static>>,
    ) -> Self {
        let names = ["localhost".to_owned(), "service.example".to_owned()];
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).expect("a certificate");
        let certificate = cert.pem();

        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = match clients {
            None => WebPkiClientVerifier::no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.clone()).expect("an authority");
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                    .build()
                    .expect("a verifier")
            }
        };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![cert.der().clone()], key)
            .expect("a server");
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        let acceptor = TlsAcceptor::from(Arc::new(config));

        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("https://localhost:{}", listener.local_addr().expect("its address").port());
        let connections = Arc::new(AtomicUsize::new(0));
        let resumed = Arc::new(AtomicUsize::new(0));
        let large = Arc::new(AtomicUsize::new(0));
        let identified = Arc::new(AtomicUsize::new(0));
        let handshakes = Arc::new(AtomicUsize::new(0));
        let began = Arc::clone(&handshakes);
        let counters =
            (Arc::clone(&connections), Arc::clone(&resumed), Arc::clone(&large), Arc::clone(&identified));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                began.fetch_add(1, Ordering::Relaxed);
                let acceptor = acceptor.clone();
                let (counter, resumed, large, identified) = counters.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(slow.unwrap_or_default()).await;
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    counter.fetch_add(1, Ordering::Relaxed);
                    if stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed) {
                        resumed.fetch_add(1, Ordering::Relaxed);
                    }
                    if stream.get_ref().1.peer_certificates().is_some() {
                        identified.fetch_add(1, Ordering::Relaxed);
                    }
                    let service = service_fn(|request: hyper::Request<Incoming>| {
                        let large = Arc::clone(&large);
                        async move {
                            if slow.is_some() {
                                std::future::pending::<()>().await;
                            }
                            // The answer to a login is the token, which no result may hold.
                            let body = match request.uri().path() {
                                "/login" | "/token" => "a-token".to_owned(),
                                "/large" => {
                                    large.fetch_add(1, Ordering::Relaxed);
                                    "x".repeat(LARGE)
                                }
                                _ => format!("{:?}", request.version()),
                            };
                            let mut answer = hyper::Response::new(Full::new(Bytes::from(body)));
                            if request.uri().path() == "/last" {
                                answer.headers_mut().insert("connection", HeaderValue::from_static("close"));
                            }
                            let headers = request.uri().path().strip_prefix("/headers/");
                            if let Some(bytes) = headers.and_then(|bytes| bytes.parse().ok()) {
                                let value = HeaderValue::try_from("h".repeat(bytes)).expect("a value");
                                answer.headers_mut().insert("x-long", value);
                            }
                            Ok::<_, Infallible>(answer)
                        }
                    });
                    let _ = auto::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self { url, certificate, connections, handshakes, identified, large, resumed }
    }

    pub(crate) fn trusted(&self) -> ConnectionOptions {
        ConnectionOptions { tls: self.tls(), ..ConnectionOptions::default() }
    }

    pub(crate) fn tls(&self) -> Tls {
        Tls::default().trust(self.certificate.as_bytes()).expect("an authority")
    }
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_servers_that_ask_and_not_by_links() {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["the-client".to_owned()]).expect("a certificate");
    let server = TlsServer::start_like(&[], None, Some(cert.der())).await;
    let (chain, key) = (cert.pem(), signing_key.serialize_pem());
    let identified = || server.tls().with_identity(chain.as_bytes(), key.as_bytes()).expect("an identity");
    let links =
        LinkPolicy { allow: EgressPolicy::allow([&server.url]).expect("policy"), ..LinkPolicy::default() };

    let without = connect_with(&server.url, server.trusted()).await;
    without.authenticate(&Default::default()).await.expect_err("no certificate");
    assert_eq!(server.connections.load(Ordering::Relaxed), 0);

    let options = ConnectionOptions { tls: identified(), links, ..ConnectionOptions::default() };
    let connection = connect_with(&server.url, options).await;
    assert_eq!(get(&connection, &format!("{}/x", server.url)).await["body"], "HTTP/1.1");
    assert!(server.identified.load(Ordering::Relaxed) > 0);

    let before = server.connections.load(Ordering::Relaxed);
    let link = AttachmentLink { url: format!("{}/file", server.url), expires_at: None };
    connection.fetch_link(&link, Duration::from_secs(60)).await.expect_err("links have no certificate");
    assert_eq!(server.connections.load(Ordering::Relaxed), before);
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_no_origin_that_nobody_accepted() {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["the-client".to_owned()]).expect("a certificate");
    let (chain, key) = (cert.pem(), signing_key.serialize_pem());
    let mine = TlsServer::start(&[]).await;
    let elsewhere = TlsServer::start_like(&[], None, Some(cert.der())).await;
    let tls = mine.tls().trust(elsewhere.certificate.as_bytes()).expect("an authority");
    let tls = tls.with_identity(chain.as_bytes(), key.as_bytes()).expect("an identity");
    for auth in [AuthMode::Component, AuthMode::Recipe] {
        let options = ConnectionOptions { tls: tls.clone(), auth, ..ConnectionOptions::default() };
        // What `prepare` writes back is accepted by nobody.
        let lie = json!({ "egress": [elsewhere.url], "fields": { "also": elsewhere.url } }).to_string();
        let typed = fields(&[("url", &mine.url), ("lie", &lie), ("secret", SECRET)]);
        let connection = node().connect(typed, options).await.expect("connection");
        let answer = run(&connection, "request", json!({ "url": format!("{}/x", elsewhere.url) })).await;
        assert!(!answer.is_ok_and(|answer| answer.get("status").is_some()), "{auth:?}");
    }
    assert_eq!(elsewhere.handshakes.load(Ordering::Relaxed), 0, "nobody even connected");
}

#[tokio::test]
async fn a_server_of_an_unknown_authority_is_not_trusted() {
    let server = TlsServer::start(&[]).await;
    let connection = connect_with(&server.url, ConnectionOptions::default()).await;
    let error = connection.authenticate(&Default::default()).await.expect_err("not trusted");
    assert!(error.to_string().contains("TlsCertificateError"), "{error}");
}

#[tokio::test]
async fn an_authority_that_the_operator_added_is_trusted() {
    let server = TlsServer::start(&[]).await;
    let connection = connect_with(&server.url, server.trusted()).await;
    assert_eq!(get(&connection, &format!("{}/x", server.url)).await["body"], "HTTP/1.1");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_trusted() {
    let server = TlsServer::start(&[]).await;
    let url = server.url.replace("localhost", "127.0.0.1");
    let connection = connect_with(&url, server.trusted()).await;
    let error = connection.authenticate(&Default::default()).await.expect_err("another name");
    assert!(error.to_string().contains("TlsCertificateError"), "{error}");
}

#[tokio::test]
async fn a_slow_handshake_and_a_silent_server_end_together_at_the_deadline() {
    let server = TlsServer::start_like(&[], Some(Duration::from_millis(250)), None).await;
    let connection =
        connect_with(&server.url, ConnectionOptions { auth: AuthMode::Recipe, ..server.trusted() }).await;
    let result = ends(connection.authenticate(&within(400))).await;
    assert_eq!(node_error(&result.expect_err("no answer")).kind, ErrorKind::Timeout);
}

#[tokio::test]
async fn http_2_is_spoken_where_the_server_offers_it_and_one_connection_is_enough() {
    let server = TlsServer::start(&[b"h2", b"http/1.1"]).await;
    let connection = connect_with(&server.url, server.trusted()).await;
    connection.authenticate(&Default::default()).await.expect("login");
    let calls: Vec<_> = (0..20)
        .map(|n| {
            let (connection, url) = (connection.clone(), format!("{}/{n}", server.url));
            tokio::spawn(async move { get(&connection, &url).await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.expect("no panic")["body"], "HTTP/2.0");
    }
    assert_eq!(server.connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_connection_that_has_to_be_made_anew_takes_up_the_tls_session() {
    let server = TlsServer::start(&[]).await;
    let connection = connect_with(&server.url, server.trusted()).await;
    connection.authenticate(&Default::default()).await.expect("login");
    for _ in 0..4 {
        get(&connection, &format!("{}/last", server.url)).await;
    }
    assert_eq!(server.connections.load(Ordering::Relaxed), 4, "the first one served the login, too");
    assert_eq!(server.resumed.load(Ordering::Relaxed), 3);

    // Sessions belong to one customer.
    connect_with(&server.url, server.trusted()).await.authenticate(&Default::default()).await.expect("login");
    assert_eq!(server.connections.load(Ordering::Relaxed), 5);
    assert_eq!(server.resumed.load(Ordering::Relaxed), 3);
}
