//! What the calls of one connection share on their way out, and the way itself.
//!
//! In this order: method and origin are checked against the connection's egress,
//! placeholders are filled in, the request waits for its place in the rate budget,
//! the credential of a host-run login is added, the request goes through the pooled
//! [`client`](crate::client), and the answer comes back with its size and its
//! pauses bounded. Every request becomes an [event](crate::events).

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, Uri};
use http_body::Body as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};
use wasmtime_wasi_http::{Error as WasiError, WasiBody};

use crate::body::{AnswerBody, CountedBody, MeteredBody};
use crate::budget::{Admission, Budget, Class};
use crate::client::{HttpClient, Timeouts};
use crate::decode;
use crate::egress::{Egress, Refusal};
use crate::events::{Events, Record};
use crate::failure::Failure;
use crate::http::{Refusals, Turn, drain};
use crate::origin::Origin;
use crate::placeholders::{Answer, Vault};
use crate::quota::ConnectionLimits;
use crate::recipe::HostLogin;
use crate::replay;

/// How many tokens one request is tried with. Each but the last was good for
/// other requests, so this is about bad luck and not about bad credentials.
const TOKENS: u32 = 32;

/// What the calls of one connection share: everything behind the [hook](crate::http).
#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub(crate) client: HttpClient,
    pub(crate) egress: Egress,
    pub(crate) events: Events,
    /// Set where the host logs in.
    pub(crate) login: OnceLock<Arc<HostLogin>>,
    /// Where the token request of the recipe goes, whoever makes it.
    pub(crate) token_url: Option<Uri>,
    /// Present where the component logs in with placeholders.
    pub(crate) vault: Option<Arc<Vault>>,
    pub(crate) budget: Arc<Budget>,
    pub(crate) limits: ConnectionLimits,
    /// Places for its calls.
    pub(crate) places: Arc<Semaphore>,
    /// Bytes that a response body may have.
    pub(crate) max_response: u64,
}

/// How the host makes a request of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fetch {
    pub(crate) deadline: Instant,
    /// Bytes that the answer may have.
    pub(crate) max_bytes: u64,
    /// Whether the query is what opens the door; then no event shows it.
    pub(crate) signed: bool,
}

impl Network {
    /// The URI of a request that may be sent, in the host's own spelling: what was
    /// checked, what is resolved, what is in `host` and what the certificate must
    /// name are one and the same text.
    fn admit(&self, method: &Method, uri: &Uri) -> Result<Uri, Refusal> {
        // The first makes a tunnel of the connection; the answer to the others is
        // the request, with the credential that the host put in.
        if ["CONNECT", "TRACE", "TRACK"].iter().any(|refused| method.as_str().eq_ignore_ascii_case(refused)) {
            return Err(Refusal::malformed(&format!("the method {method} is for proxies")));
        }
        let origin = Origin::of(uri)?;
        self.egress.check_request(&origin, method, uri.path())?;
        canonical(uri, &origin).ok_or_else(|| Refusal::malformed("the URL has no canonical form"))
    }

    /// Sends a guest's request and gives it the answer. `place` is its own among
    /// those of its call that are under way.
    pub(crate) async fn exchange(
        &self,
        mut request: Request<WasiBody>,
        timeouts: Timeouts,
        turn: &Turn,
        place: OwnedSemaphorePermit,
    ) -> Result<Response<WasiBody>, WasiError> {
        let refusals = &turn.refusals;
        let mut record = self.events.begin(request.method(), request.uri(), false);
        let admitted = self.admit(request.method(), request.uri()).and_then(|uri| {
            let Some(reading) = &turn.reading else { return Ok(uri) };
            let token_url = self.token_url.as_ref();
            reading.check(request.method(), &uri, request.headers(), token_url, &self.egress)?;
            Ok(uri)
        });
        let admitted = admitted.map_err(Failure::Refused);
        match admitted.and_then(|uri| turn.allowance.request().map(|()| uri)) {
            Ok(uri) => *request.uri_mut() = uri,
            Err(failure) => {
                drain(request.into_body(), timeouts.deadline);
                return Err(self.failed(&mut record, failure, refusals));
            }
        }
        if !request.body().is_end_stream() {
            let allowance = turn.allowance.clone();
            request = request.map(|inner| MeteredBody { inner, allowance }.boxed_unsync());
        }
        request.headers_mut().remove(http::header::HOST);
        let mut answer = Answer::Plain;
        if let Some(vault) = &self.vault {
            // The body is read before anything is sent: a guest that never finishes it
            // waits no longer for that than for an answer.
            let filled = timeout_at(timeouts.late(), vault.fill(request, &turn.room)).await;
            match filled.unwrap_or(Err(Failure::ResponseTimeout)) {
                Ok(filled) => (request, answer) = filled,
                Err(failure) => {
                    return Err(self.failed(&mut record, turn.allowance.explain(failure), refusals));
                }
            }
        }

        let compressed = decode::ask(request.headers_mut());
        let origin = origin_of(request.uri());
        let admitted = self.wait_in(turn, &origin, timeouts.deadline, &mut record).await;
        let response = match (admitted, self.login.get()) {
            (Err(failure), _) => {
                drain(request.into_body(), timeouts.deadline);
                Err(failure)
            }
            (Ok(()), None) => self.send(request, timeouts, &record).await,
            (Ok(()), Some(login)) => self.send_with_login(login, request, timeouts, turn, &mut record).await,
        };
        let response = match response {
            Ok(response) => self.answer(response, compressed, record, timeouts, place)?,
            Err(Failure::HeldBack(after)) => {
                record.failed(Failure::HeldBack(after));
                return Ok(held_back(after));
            }
            Err(failure) => {
                return Err(self.failed(&mut record, turn.allowance.explain(failure), refusals));
            }
        };
        match (&self.vault, answer) {
            (Some(vault), Answer::Token) => vault.veil(response).await,
            _ => Ok(response),
        }
    }

    /// Waits for a place in the rate budget.
    async fn wait(
        &self,
        class: Class,
        origin: &str,
        deadline: Instant,
        record: &mut Record,
    ) -> Result<(), Failure> {
        let began = Instant::now();
        let admission = self.budget.admit(class, origin, deadline).await;
        record.waited(began.elapsed());
        match admission {
            Admission::Go => Ok(()),
            Admission::Later(after) => Err(Failure::HeldBack(after)),
        }
    }

    /// The same for a request of a call, whose wait it is.
    async fn wait_in(
        &self,
        turn: &Turn,
        origin: &str,
        deadline: Instant,
        record: &mut Record,
    ) -> Result<(), Failure> {
        let _waiting = turn.waits.begin();
        self.wait(turn.class, origin, deadline, record).await
    }

    /// Adds the login's credential. A request that is refused is sent again, once
    /// for each token: when many are in flight, others may have used up the fresh
    /// one before it gets there. Each time it needs a place in the rate budget.
    async fn send_with_login(
        &self,
        login: &HostLogin,
        request: Request<WasiBody>,
        timeouts: Timeouts,
        turn: &Turn,
        record: &mut Record,
    ) -> Result<Response<Incoming>, Failure> {
        let mut lease = login.lease(self, timeouts.deadline).await.map_err(|_| Failure::Login)?;
        let (mut request, spare) = timeout_at(timeouts.late(), replay::hold(request, &turn.room))
            .await
            .map_err(|_| Failure::ResponseTimeout)?
            .map_err(|_| Failure::RequestBody)?;
        let origin = origin_of(request.uri());
        let mut tokens = 1;
        loop {
            lease.inject(&mut request);
            let response = self.send(request, timeouts, record).await?;
            if !lease.is_refusal(response.status()) {
                lease.accepted();
                return Ok(response);
            }
            let Some(spare) = spare.as_ref().filter(|_| tokens < TOKENS) else { return Ok(response) };
            // Whoever comes first renews; the others find the new token there. If
            // there is none to be had, the guest gets the refusal as it was.
            let Ok(Some(newer)) = login.renew(self, lease, timeouts.deadline).await else {
                return Ok(response);
            };
            self.wait_in(turn, &origin, timeouts.deadline, record).await?;
            (lease, request, tokens) = (newer, spare.request(), tokens + 1);
        }
    }

    /// Sends one request and counts the bytes of its body.
    async fn send(
        &self,
        request: Request<WasiBody>,
        timeouts: Timeouts,
        record: &Record,
    ) -> Result<Response<Incoming>, Failure> {
        let (bytes, origin) = (record.request_bytes(), origin_of(request.uri()));
        // A body that is over at once stays as it is: the client can tell that
        // such a request may be repeated.
        let request = if request.body().is_end_stream() {
            request
        } else {
            request.map(|inner| CountedBody { inner, bytes }.boxed_unsync())
        };
        let response = self.client.send(request, timeouts, || self.budget.sent_again()).await?;
        self.budget.answered(&origin, response.status().as_u16(), response.headers());
        Ok(response)
    }

    fn answer(
        &self,
        response: Response<Incoming>,
        compressed: bool,
        mut record: Record,
        timeouts: Timeouts,
        place: OwnedSemaphorePermit,
    ) -> Result<Response<WasiBody>, WasiError> {
        record.answered(response.status().as_u16());
        let announced = response.body().size_hint().lower();
        if announced > self.max_response {
            record
                .failed(format_args!("the answer has {announced} bytes; {} are allowed", self.max_response));
            return Err(WasiError::HttpResponseBodySize(Some(announced)));
        }
        let limit = self.max_response;
        let response = decode::unpacked(response, compressed);
        Ok(response.map(|body| AnswerBody::new(body, record, limit, timeouts, place).boxed_unsync()))
    }

    fn failed(&self, record: &mut Record, failure: Failure, refusals: &Refusals) -> WasiError {
        record.failed(&failure);
        // One warning is enough: a guest may try without end.
        if let Failure::Refused(refusal) = &failure
            && refusals.add(refusal.clone())
        {
            record.warn(refusal);
        }
        failure.into_error()
    }

    /// A request of the host itself, its answer read to the end. Somebody waits
    /// for it, be it a call, and it counts like any other.
    pub(crate) async fn fetch(
        &self,
        mut request: Request<WasiBody>,
        how: Fetch,
    ) -> Result<(http::response::Parts, Bytes), Failure> {
        let Fetch { deadline, max_bytes, signed } = how;
        let timeouts = Timeouts::new(None, deadline);
        let shown = if signed { without_query(request.uri()) } else { request.uri().clone() };
        let mut record = self.events.begin(request.method(), &shown, true);
        let result = async {
            *request.uri_mut() = self.admit(request.method(), request.uri()).map_err(Failure::Refused)?;
            let origin = origin_of(request.uri());
            self.wait(Class::Interactive, &origin, deadline, &mut record).await?;
            let (parts, body) = self.send(request, timeouts, &record).await?.into_parts();
            record.answered(parts.status.as_u16());
            let limited = Limited::new(body, usize::try_from(max_bytes).unwrap_or(usize::MAX));
            match timeout_at(deadline, limited.collect()).await {
                Ok(Ok(body)) => Ok((parts, body.to_bytes())),
                Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Failure::AnswerTooLarge),
                Ok(Err(_)) => Err(Failure::Protocol),
                Err(_) => Err(Failure::ResponseTimeout),
            }
        }
        .await;
        match &result {
            Ok((_, body)) => record.received(u64::try_from(body.len()).unwrap_or(u64::MAX)),
            Err(failure) => record.failed(failure),
        }
        result
    }
}

/// The answer to a request that was not sent, in the words of the service: nodes
/// know what to do about it.
fn held_back(after: Duration) -> Response<WasiBody> {
    let seconds = after.as_millis().div_ceil(1000);
    let body = http_body_util::Empty::new().map_err(|never| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
    if let Ok(seconds) = HeaderValue::try_from(seconds.to_string()) {
        response.headers_mut().insert(http::header::RETRY_AFTER, seconds);
    }
    response
}

/// The URI with the origin's canonical host.
fn canonical(uri: &Uri, origin: &Origin) -> Option<Uri> {
    let text = origin.to_string();
    let (scheme, authority) = text.split_once("://")?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    Uri::builder().scheme(scheme).authority(authority).path_and_query(path).build().ok()
}

/// The origin of a URI that was admitted.
fn origin_of(uri: &Uri) -> String {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    format!("{}://{authority}", uri.scheme_str().unwrap_or_default())
}

/// The URI up to its query.
pub(crate) fn without_query(uri: &Uri) -> Uri {
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = uri.path().parse().ok();
    Uri::from_parts(parts).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical_of(text: &str) -> Option<String> {
        let uri: Uri = text.parse().expect(text);
        canonical(&uri, &Origin::of(&uri).expect(text)).map(|uri| uri.to_string())
    }

    #[test]
    fn a_request_goes_out_in_one_spelling() {
        for (text, expected) in [
            ("HTTPS://API.Example.COM.:443/A?b=C", "https://api.example.com/A?b=C"),
            ("http://0x7f.1:80", "http://127.0.0.1/"),
            ("http://[::FFFF:127.0.0.1]:8080/x", "http://[::ffff:7f00:1]:8080/x"),
        ] {
            assert_eq!(canonical_of(text).as_deref(), Some(expected));
        }
    }
}
