//! What the requests of one call have in common, and what each of them meets first.
//!
//! It comes from [`outgoing`](crate::outgoing), waits until few enough are under
//! way, and becomes an [`exchange`](Network::exchange) of the connection's
//! [`Network`]. What was refused is remembered for the operator. Redirects are not
//! followed: a 3xx is an answer like any other.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use http::{Method, Request, Response};
use http_body_util::BodyExt as _;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use wasmtime_wasi_http::{Error as WasiError, RequestOptions, WasiBody, WasiHttpHooks};

use crate::budget::{Class, Waits};
use crate::client::Timeouts;
use crate::egress::Refusal;
use crate::network::Network;
use crate::outgoing::Sending;
use crate::quota::Allowance;
use crate::reading::Reading;
use crate::replay::Room;
use crate::secrets::Secrets;
use crate::wit::types::{Effect, ErrorKind, NodeError};

/// How many requests of one call may be under way at the same time, from their
/// beginning to the last byte of the answer; others wait. Each has a socket.
pub(crate) const AT_ONCE: usize = 32;

/// Bytes of a request body that the host takes from a guest at a time: each
/// request that a guest writes holds so many, outside of its memory.
pub(crate) const CHUNK: usize = 64 << 10;

/// The hook of one call.
#[derive(Debug)]
pub(crate) struct CallHttp {
    /// `None`: this call has no business on the network.
    network: Option<Arc<Network>>,
    deadline: Instant,
    at_once: Arc<Semaphore>,
    /// The places of the connection's calls, where the call is one of them.
    places: Option<Arc<Semaphore>>,
    turn: Turn,
}

/// What the requests of one call have in common.
#[derive(Debug, Clone)]
pub(crate) struct Turn {
    pub(crate) class: Class,
    pub(crate) waits: Arc<Waits>,
    pub(crate) refusals: Refusals,
    pub(crate) room: Room,
    pub(crate) writes: Writes,
    /// Present where the call may only read.
    pub(crate) reading: Option<Arc<Reading>>,
    pub(crate) allowance: Allowance,
}

/// Whether a call sent anything that may have changed something: a request with a
/// method that is not safe (RFC 9110, 9.2.1).
#[derive(Debug, Clone, Default)]
pub(crate) struct Writes(Arc<AtomicBool>);

impl Writes {
    fn note(&self, method: &Method) {
        if !method.is_safe() {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    /// What a call that was cut off may have done, if it may change anything.
    pub(crate) fn effect(&self) -> Effect {
        if self.0.load(Ordering::Relaxed) { Effect::Unknown } else { Effect::None }
    }
}

/// What the policy refused during a call, for the operator's error message. The
/// guest is told nothing but that it was refused.
#[derive(Debug, Clone, Default)]
pub(crate) struct Refusals(Arc<Mutex<Option<Refusal>>>);

impl Refusals {
    /// Whether it is the first one of the call.
    pub(crate) fn add(&self, refusal: Refusal) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(refusal).is_none()
    }

    /// Tells the operator what to do about a refusal by the egress policy, which
    /// the guest can only report as such.
    pub(crate) fn amend(&self, error: &mut NodeError) {
        if !matches!(error.kind, ErrorKind::Denied) {
            return;
        }
        if let Some(refusal) = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            error.message = format!("The host refused a request: {}.", refusal.reason);
            error.advice =
                refusal.remedy.map(|remedy| format!("If it is meant, {remedy}.")).or(error.advice.take());
        }
    }
}

impl CallHttp {
    /// The secrets of the connection that the call is for.
    pub(crate) fn secrets(&self) -> Option<Arc<Secrets>> {
        self.network.as_ref().map(|network| network.events.secrets())
    }

    pub(crate) fn new(network: Option<Arc<Network>>, deadline: Instant, class: Class) -> Self {
        let at_once = Arc::new(Semaphore::new(AT_ONCE));
        let limits = network.as_ref().map(|network| network.limits).unwrap_or_default();
        let turn = Turn {
            class,
            waits: Arc::default(),
            refusals: Refusals::default(),
            room: Room::default(),
            writes: Writes::default(),
            reading: None,
            allowance: limits.allowance(),
        };
        let places = network.as_ref().map(|network| Arc::clone(&network.places));
        Self { network, deadline, at_once, places, turn }
    }

    /// A call that sends nothing, of a connection all the same.
    pub(crate) fn dry(network: &Network, deadline: Instant, class: Class) -> Self {
        Self { places: Some(Arc::clone(&network.places)), ..Self::new(None, deadline, class) }
    }

    /// The same for a call that may only read.
    pub(crate) fn only_reading(mut self, reading: Option<Reading>) -> Self {
        self.turn.reading = reading.map(Arc::new);
        self
    }

    pub(crate) fn refusals(&self) -> Refusals {
        self.turn.refusals.clone()
    }

    pub(crate) fn places(&self) -> Option<Arc<Semaphore>> {
        self.places.clone()
    }

    /// Whether the call sent anything that may have changed something.
    pub(crate) fn writes(&self) -> Writes {
        self.turn.writes.clone()
    }

    /// How long requests of this call wait for their places in the rate budget.
    pub(crate) fn waits(&self) -> Arc<Waits> {
        Arc::clone(&self.turn.waits)
    }
}

impl CallHttp {
    /// Sends a request of this call.
    pub(crate) fn send(&self, request: Request<WasiBody>, options: Option<RequestOptions>) -> Sending {
        let Some(network) = self.network.clone() else {
            drain(request.into_body(), self.deadline);
            return Box::pin(async { Err(WasiError::HttpRequestDenied) });
        };
        let deadline = self.deadline;
        let turn = self.turn.clone();
        let at_once = Arc::clone(&self.at_once);
        Box::pin(async move {
            // Only a semaphore that is closed has none.
            let Ok(place) = at_once.acquire_owned().await else { return Err(WasiError::ConnectionTimeout) };
            if Instant::now() >= deadline {
                return Err(WasiError::ConnectionTimeout);
            }
            turn.writes.note(request.method());
            network.exchange(request, Timeouts::new(options, deadline), &turn, place).await
        })
    }
}

impl WasiHttpHooks for CallHttp {
    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        CHUNK
    }

    /// Never called: requests are sent by [`outgoing`](crate::outgoing).
    fn send_request(
        &mut self,
        _: Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), WasiError>> + Send>,
    ) -> Box<dyn Future<Output = Result<(Response<WasiBody>, Io), WasiError>> + Send> {
        Box::new(async { Err(WasiError::HttpRequestDenied) })
    }
}

/// What wasmtime wants done beside an answer.
type Io = Box<dyn Future<Output = Result<(), WasiError>> + Send>;

/// Reads a refused request's body to its end, beside the call: a guest that is
/// still writing would otherwise see a broken stream instead of the refusal.
pub(crate) fn drain(mut body: WasiBody, deadline: Instant) {
    tokio::spawn(tokio::time::timeout_at(
        deadline,
        async move { while let Some(Ok(_)) = body.frame().await {} },
    ));
}
