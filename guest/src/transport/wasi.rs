//! The client over `wasi:http` (WASI 0.2): several exchanges in flight, each a
//! small state machine, one `poll` for all of them.
//!
//! Time limits are kept here, by the monotonic clock, and asked of the host as
//! well: a host that cannot set one of them is no error.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

use wasi::clocks::monotonic_clock;
use wasi::http::outgoing_handler;
use wasi::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method as WasiMethod,
    OutgoingBody, OutgoingRequest, RequestOptions, Scheme, http_error_code,
};
use wasi::io::poll::{self, Pollable};
use wasi::io::streams::{InputStream, OutputStream, StreamError};

use super::{Exchange, Transport};
use crate::http::{HttpRequest, HttpResponse, Limits, Method, Reached, Reason, TransportError};

/// The most that is read or written at a time.
const CHUNK: usize = 64 * 1024;

/// The clock and the network of the host.
pub struct WasiTransport {
    began: u64,
}

impl WasiTransport {
    /// The call begins now.
    pub fn begin() -> Self {
        Self { began: monotonic_clock::now() }
    }
}

impl Transport for WasiTransport {
    fn send_all(&mut self, requests: &[HttpRequest], limits: &Limits) -> Vec<Exchange> {
        let mut now = Instant::now();
        let mut running: Vec<Running<'_>> =
            requests.iter().map(|request| Running::start(request, limits, now)).collect();
        loop {
            let mut room = limits.all_bytes.saturating_sub(running.iter().map(Running::bytes).sum());
            for exchange in &mut running {
                let before = exchange.bytes();
                exchange.advance(limits, &mut room, now);
                // One that was given up makes room for the others.
                room += before.saturating_sub(exchange.bytes());
            }
            let open = running.iter().filter(|exchange| !matches!(exchange.state, State::Done(_)));
            let Some(soonest) = open.map(|exchange| exchange.until).min() else { break };
            let mut waiting = vec![soonest.alarm()];
            running.iter().for_each(|exchange| exchange.wait_for(&mut waiting));
            poll::poll(&waiting.iter().collect::<Vec<_>>());
            now = Instant::now();
        }
        running.into_iter().map(Running::finish).collect()
    }

    fn elapsed(&self) -> Duration {
        Duration::from_nanos(monotonic_clock::now().saturating_sub(self.began))
    }

    fn wait(&mut self, duration: Duration) {
        Instant::now().after(duration).alarm().block();
    }
}

/// A point on the monotonic clock, in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Instant(u64);

impl Instant {
    fn now() -> Self {
        Self(monotonic_clock::now())
    }

    fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanoseconds(duration)))
    }

    fn alarm(self) -> Pollable {
        monotonic_clock::subscribe_instant(self.0)
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// One exchange under way.
struct Running<'a> {
    state: State<'a>,
    /// When the present step has taken too long.
    until: Instant,
    /// When the whole exchange has taken too long.
    total: Instant,
}

enum State<'a> {
    /// The body goes out; an early answer may come in.
    Sending(Sending<'a>),
    /// The answer has not begun.
    Waiting(FutureIncomingResponse),
    /// The answer comes in.
    Reading(Reading),
    Done(Exchange),
}

/// Dropped from the top: a stream goes before what it belongs to.
struct Sending<'a> {
    stream: OutputStream,
    body: OutgoingBody,
    response: FutureIncomingResponse,
    bytes: &'a [u8],
    sent: usize,
    flushed: bool,
}

/// Dropped from the top.
struct Reading {
    stream: InputStream,
    _body: IncomingBody,
    answer: HttpResponse,
}

impl<'a> Running<'a> {
    fn start(request: &'a HttpRequest, limits: &Limits, now: Instant) -> Self {
        let total = now.after(limits.total);
        let step = limits.connect.saturating_add(limits.first_byte);
        let state = match begin(request, limits) {
            Ok(state) => state,
            Err(error) => State::Done(Err(error)),
        };
        Self { state, until: now.after(step).min(total), total }
    }

    /// Bytes of the answer so far.
    fn bytes(&self) -> usize {
        match &self.state {
            State::Reading(reading) => reading.answer.body.len(),
            State::Done(Ok(answer)) => answer.body.len(),
            _ => 0,
        }
    }

    /// Goes as far as possible without waiting. `room` is how many bytes of answers
    /// may come yet.
    fn advance(&mut self, limits: &Limits, room: &mut usize, now: Instant) {
        loop {
            let state = mem::replace(&mut self.state, State::Done(Err(broken())));
            let (state, moved) = match state {
                State::Sending(sending) => sending.advance(),
                State::Waiting(response) => waiting(response, limits),
                State::Reading(reading) => reading.advance(limits, room),
                State::Done(exchange) => (State::Done(exchange), false),
            };
            self.state = state;
            if matches!(self.state, State::Done(_)) {
                return;
            }
            if !moved {
                if now >= self.until {
                    self.state = State::Done(Err(TransportError::new(Reason::TimedOut, Reached::Maybe)));
                }
                return;
            }
            if matches!(self.state, State::Reading(_)) {
                self.until = now.after(limits.between_bytes).min(self.total);
            }
        }
    }

    fn wait_for(&self, pollables: &mut Vec<Pollable>) {
        match &self.state {
            State::Sending(sending) => {
                pollables.push(sending.stream.subscribe());
                pollables.push(sending.response.subscribe());
            }
            State::Waiting(response) => pollables.push(response.subscribe()),
            State::Reading(reading) => pollables.push(reading.stream.subscribe()),
            State::Done(_) => {}
        }
    }

    fn finish(self) -> Exchange {
        match self.state {
            State::Done(exchange) => exchange,
            _ => Err(broken()),
        }
    }
}

/// Hands the request to the host.
fn begin<'a>(request: &'a HttpRequest, limits: &Limits) -> Result<State<'a>, TransportError> {
    let malformed = |()| TransportError::new(Reason::NotHttp, Reached::No);
    let mut headers: Vec<(String, Vec<u8>)> =
        request.headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    if !request.body.is_empty() {
        // Without it the body would go out in chunks, which some proxies refuse.
        headers.push(("content-length".to_string(), request.body.len().to_string().into_bytes()));
    }
    let headers = Fields::from_list(&headers).map_err(|_| malformed(()))?;
    let outgoing = OutgoingRequest::new(headers);
    let method = match request.method {
        // It is GET already.
        Method::Get => None,
        Method::Post => Some(WasiMethod::Post),
        Method::Put => Some(WasiMethod::Put),
        Method::Patch => Some(WasiMethod::Patch),
        Method::Delete => Some(WasiMethod::Delete),
    };
    let scheme = if request.url.scheme() == "http" { Scheme::Http } else { Scheme::Https };
    let path_with_query = request.url.as_str().get(request.url[..url::Position::BeforePath].len()..);
    if let Some(method) = method {
        outgoing.set_method(&method).map_err(malformed)?;
    }
    outgoing.set_scheme(Some(&scheme)).map_err(malformed)?;
    outgoing.set_authority(Some(request.url.authority())).map_err(malformed)?;
    outgoing.set_path_with_query(path_with_query).map_err(malformed)?;

    let options = RequestOptions::new();
    // Advice to the host; the limits are kept here in any case.
    let _ = options.set_connect_timeout(Some(nanoseconds(limits.connect)));
    let _ = options.set_first_byte_timeout(Some(nanoseconds(limits.first_byte)));
    let _ = options.set_between_bytes_timeout(Some(nanoseconds(limits.between_bytes)));

    if request.body.is_empty() {
        let response = outgoing_handler::handle(outgoing, Some(options)).map_err(failure)?;
        return Ok(State::Waiting(response));
    }
    let body = outgoing.body().map_err(malformed)?;
    let stream = body.write().map_err(malformed)?;
    let response = match outgoing_handler::handle(outgoing, Some(options)) {
        Ok(response) => response,
        Err(code) => {
            drop(stream);
            return Err(failure(code));
        }
    };
    let bytes = &request.body;
    Ok(State::Sending(Sending { stream, body, response, bytes, sent: 0, flushed: false }))
}

impl<'a> Sending<'a> {
    /// The next state, and whether anything moved.
    fn advance(mut self) -> (State<'a>, bool) {
        match self.write() {
            // The server need not read on to answer, with 413 for one.
            Ok(Progress::Blocked) if self.response.subscribe().ready() => (self.stop(), true),
            Ok(Progress::Blocked) => (State::Sending(self), false),
            Ok(Progress::Moved) => (State::Sending(self), true),
            Ok(Progress::Finished) => {
                let Self { stream, body, response, .. } = self;
                drop(stream);
                match OutgoingBody::finish(body, None) {
                    Ok(()) => (State::Waiting(response), true),
                    Err(code) => (State::Done(Err(failure(code))), true),
                }
            }
            // The server stopped listening: it may have answered already, and
            // that answer says more than the broken pipe.
            Err(_) => (self.stop(), true),
        }
    }

    /// Gives the body up and waits for the answer.
    fn stop(self) -> State<'a> {
        let Self { stream, body, response, .. } = self;
        drop(stream);
        drop(body);
        State::Waiting(response)
    }

    fn write(&mut self) -> Result<Progress, StreamError> {
        let room = usize::try_from(self.stream.check_write()?).unwrap_or(CHUNK).min(CHUNK);
        if room == 0 {
            return Ok(Progress::Blocked);
        }
        let rest = self.bytes.get(self.sent..).unwrap_or_default();
        if let Some(part) = rest.get(..room.min(rest.len())).filter(|part| !part.is_empty()) {
            self.stream.write(part)?;
            self.sent += part.len();
            return Ok(Progress::Moved);
        }
        if self.flushed {
            return Ok(Progress::Finished);
        }
        self.stream.flush()?;
        self.flushed = true;
        Ok(Progress::Moved)
    }
}

enum Progress {
    Blocked,
    Moved,
    Finished,
}

fn waiting<'a>(response: FutureIncomingResponse, limits: &Limits) -> (State<'a>, bool) {
    match response.get() {
        None => (State::Waiting(response), false),
        Some(Ok(Ok(incoming))) => (reading(&incoming, limits), true),
        Some(Ok(Err(code))) => (State::Done(Err(failure(code))), true),
        Some(Err(())) => (State::Done(Err(broken())), true),
    }
}

fn reading<'a>(incoming: &IncomingResponse, limits: &Limits) -> State<'a> {
    let headers = incoming.headers();
    let answer = HttpResponse { status: incoming.status(), headers: headers.entries(), body: vec![] };
    drop(headers);
    let announced = answer.header("content-length").and_then(|length| length.trim().parse::<usize>().ok());
    if announced.is_some_and(|length| length > limits.body_bytes) {
        return State::Done(Err(TransportError::new(Reason::TooLarge, Reached::Maybe)));
    }
    let Ok(body) = incoming.consume() else { return State::Done(Err(broken())) };
    let Ok(stream) = body.stream() else { return State::Done(Err(broken())) };
    State::Reading(Reading { stream, _body: body, answer })
}

impl Reading {
    fn advance<'a>(mut self, limits: &Limits, room: &mut usize) -> (State<'a>, bool) {
        match self.stream.read(u64::try_from(CHUNK).unwrap_or(u64::MAX)) {
            Ok(part) if part.is_empty() => (State::Reading(self), false),
            Ok(part) => {
                let Some(left) = room.checked_sub(part.len()) else {
                    return (State::Done(Err(TransportError::new(Reason::NoRoom, Reached::Maybe))), true);
                };
                *room = left;
                let body = &mut self.answer.body;
                // The first piece is the whole answer more often than not.
                if body.is_empty() {
                    *body = part;
                } else {
                    // Twice as much each time would be more than there is.
                    if body.capacity() - body.len() < part.len() {
                        body.reserve_exact(part.len().max(body.len() / 4));
                    }
                    body.extend_from_slice(&part);
                }
                if body.len() > limits.body_bytes {
                    return (State::Done(Err(TransportError::new(Reason::TooLarge, Reached::Maybe))), true);
                }
                (State::Reading(self), true)
            }
            Err(StreamError::Closed) => (State::Done(Ok(self.answer)), true),
            Err(StreamError::LastOperationFailed(error)) => {
                let error = http_error_code(&error).map_or_else(broken, failure);
                // It had begun to answer.
                (State::Done(Err(TransportError::new(error.reason, Reached::Maybe))), true)
            }
        }
    }
}

fn broken() -> TransportError {
    TransportError::new(Reason::Broken, Reached::Maybe)
}

/// What the host's code means, and whether the request can have arrived.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn failure(code: ErrorCode) -> TransportError {
    use ErrorCode as E;
    let (reason, reached) = match code {
        E::HttpRequestDenied | E::DestinationIpProhibited => (Reason::Denied, Reached::No),
        E::DnsError(_) | E::DestinationNotFound => (Reason::UnknownHost, Reached::No),
        E::DnsTimeout
        | E::DestinationUnavailable
        | E::DestinationIpUnroutable
        | E::ConnectionRefused
        | E::ConnectionTimeout
        | E::ConnectionLimitReached
        | E::TlsProtocolError
        | E::TlsCertificateError
        | E::TlsAlertReceived(_) => (Reason::NoConnection, Reached::No),
        E::HttpRequestLengthRequired
        | E::HttpRequestBodySize(_)
        | E::HttpRequestMethodInvalid
        | E::HttpRequestUriInvalid
        | E::HttpRequestUriTooLong
        | E::HttpRequestHeaderSectionSize(_)
        | E::HttpRequestHeaderSize(_)
        | E::HttpRequestTrailerSectionSize(_)
        | E::HttpRequestTrailerSize(_)
        | E::ConfigurationError => (Reason::NotHttp, Reached::No),
        E::ConnectionReadTimeout | E::ConnectionWriteTimeout | E::HttpResponseTimeout => {
            (Reason::TimedOut, Reached::Maybe)
        }
        E::HttpResponseBodySize(_) => (Reason::TooLarge, Reached::Maybe),
        E::HttpResponseHeaderSectionSize(_)
        | E::HttpResponseHeaderSize(_)
        | E::HttpResponseTrailerSectionSize(_)
        | E::HttpResponseTrailerSize(_)
        | E::HttpResponseTransferCoding(_)
        | E::HttpResponseContentCoding(_)
        | E::HttpUpgradeFailed
        | E::HttpProtocolError => (Reason::NotHttp, Reached::Maybe),
        E::LoopDetected | E::ConnectionTerminated | E::HttpResponseIncomplete | E::InternalError(_) => {
            (Reason::Broken, Reached::Maybe)
        }
    };
    TransportError::new(reason, reached)
}
