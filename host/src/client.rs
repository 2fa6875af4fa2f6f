//! The HTTP client of one connection: a pool of HTTP/1.1 and HTTP/2 connections
//! that are opened to vetted addresses only.
//!
//! Each connection has a client of its own and shares it with nobody: neither
//! sockets nor TLS sessions of one customer ever serve another. Whether a
//! request may be sent at all is decided before it gets here, in
//! [`network`](crate::network); which addresses its host may lead to, in [`connector`](crate::connector).
//!
//! # What is sent twice, and what never is
//!
//! A pooled connection may die between two requests. `hyper-util` then tries
//! again by itself (`retry_canceled_requests`), but only where `hyper` hands the
//! untouched request back, that is, where not one byte of it was written. So
//! this stays on: it cannot double a write. If the request was written and the
//! connection then ended without a byte of answer, nobody knows whether the
//! server saw it. A GET, HEAD or OPTIONS without a body is sent once more, on
//! condition that the connection had served before (RFC 9110, 9.2.2); anything
//! else fails with `connection-terminated`, and the node decides.

use std::fmt;
use std::time::Duration;

use http::{Method, Request, Response};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::{Instant, sleep_until, timeout_at};
use wasmtime_wasi_http::WasiBody;

use crate::connector::{Use, VettedConnector};
use crate::error::HostError;
use crate::failure::Failure;
use crate::tls::Tls;

/// How long an unused connection is kept. Shorter than the keep-alive of common
/// servers, so that they seldom close it first.
pub(crate) const IDLE: Duration = Duration::from_secs(20);
/// How many unused connections are kept to one origin.
pub(crate) const IDLE_CONNECTIONS: usize = 16;

/// Bytes that the headers of an answer may have.
pub(crate) const HEADERS: usize = 64 << 10;

/// What HTTP/2 lets a server send before it is read: of one answer, and of all that
/// share a connection. Answers that nobody reads fill their own windows and must not
/// fill the common one, or every other call on the connection waits for them; 32 of a
/// call fill a quarter of it.
pub(crate) const STREAM_WINDOW: u32 = 128 << 10;
pub(crate) const CONNECTION_WINDOW: u32 = 16 << 20;

/// How long the parts of a request may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    /// To get a connection.
    pub(crate) connect: Duration,
    /// From there to the head of the answer.
    pub(crate) first_byte: Duration,
    /// From one part of the body to the next.
    pub(crate) between_bytes: Duration,
    /// The end of the call.
    pub(crate) deadline: Instant,
}

impl Timeouts {
    /// As the guest asked, but never beyond the deadline.
    pub(crate) fn new(options: Option<wasmtime_wasi_http::RequestOptions>, deadline: Instant) -> Self {
        let options = options.unwrap_or_default();
        let remaining = deadline.saturating_duration_since(Instant::now());
        let bounded = |timeout: Option<Duration>| timeout.unwrap_or(remaining).min(remaining);
        Self {
            connect: bounded(options.connect_timeout),
            first_byte: bounded(options.first_byte_timeout),
            between_bytes: bounded(options.between_bytes_timeout),
            deadline,
        }
    }

    /// When the head of an answer is late that is waited for from now on.
    pub(crate) fn late(&self) -> Instant {
        (Instant::now() + self.first_byte).min(self.deadline)
    }
}

/// The pooled client of one connection.
#[derive(Clone)]
pub(crate) struct HttpClient {
    pool: Client<HttpsConnector<VettedConnector>, WasiBody>,
    base: VettedConnector,
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").finish_non_exhaustive()
    }
}

impl HttpClient {
    /// A client that connects and trusts as it is told.
    pub(crate) fn new(connector: VettedConnector, tls: &Tls) -> Result<Self, HostError> {
        let base = connector.clone();
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls.config()?)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(connector);
        let pool = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            // A dead HTTP/2 connection would swallow every request until its
            // time-out, because all of them share it.
            .http2_keep_alive_interval(IDLE)
            .http2_initial_stream_window_size(STREAM_WINDOW)
            .http2_initial_connection_window_size(CONNECTION_WINDOW)
            .http2_max_header_list_size(u32::try_from(HEADERS).unwrap_or(u32::MAX))
            .http1_max_buf_size(HEADERS)
            .retry_canceled_requests(true)
            .build(https);
        Ok(Self { pool, base })
    }

    /// What it connects with, to make another client.
    pub(crate) fn connector(&self) -> &VettedConnector {
        &self.base
    }

    /// Sends a request to the origin that its URI names. `again` is told when it
    /// is sent a second time.
    pub(crate) async fn send(
        &self,
        request: Request<WasiBody>,
        timeouts: Timeouts,
        again: impl FnOnce(),
    ) -> Result<Response<Incoming>, Failure> {
        let spare = spare(&request);
        let attempt = self.send_once(request, timeouts).await;
        match (attempt, spare) {
            (Err(Attempt { failure: Failure::Terminated, reused: true }), Some(request)) => {
                again();
                self.send_once(request, timeouts).await.map_err(|attempt| attempt.failure)
            }
            (result, _) => result.map_err(|attempt| attempt.failure),
        }
    }

    async fn send_once(
        &self,
        mut request: Request<WasiBody>,
        timeouts: Timeouts,
    ) -> Result<Response<Incoming>, Attempt> {
        let mut captured = capture_connection(&mut request);
        let mut response = self.pool.request(request);
        let unsent = |failure| Attempt { failure, reused: false };
        // Until the pool has chosen a connection nothing was sent, so a
        // time-out here is one of connecting.
        let reused = tokio::select! {
            biased;
            answer = &mut response => return answer.map_err(|error| unsent(Failure::of(&error))),
            reused = async {
                captured.wait_for_connection_metadata().await.as_ref().is_some_and(Use::again)
            } => reused,
            () = sleep_until((Instant::now() + timeouts.connect).min(timeouts.deadline)) => return Err(unsent(Failure::ConnectTimeout)),
        };
        match timeout_at(timeouts.late(), response).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(Attempt { failure: Failure::of(&error), reused }),
            Err(_) => Err(Attempt { failure: Failure::ResponseTimeout, reused }),
        }
    }
}

/// A failed attempt, and whether its connection had served before.
struct Attempt {
    failure: Failure,
    reused: bool,
}

/// A copy of a request that may safely be sent a second time.
fn spare(request: &Request<WasiBody>) -> Option<Request<WasiBody>> {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !safe || !request.body().is_end_stream() {
        return None;
    }
    let body = http_body_util::Empty::new().map_err(|never| match never {}).boxed_unsync();
    let mut spare = Request::new(body);
    *spare.method_mut() = request.method().clone();
    *spare.uri_mut() = request.uri().clone();
    *spare.headers_mut() = request.headers().clone();
    Some(spare)
}
