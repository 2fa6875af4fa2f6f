//! A guest's request on its way and the answer that it waits for: the functions of
//! `wasi:http` that send, and those that tell how it went.
//!
//! They stand in the place of wasmtime's own, which makes two tasks of the runtime
//! for each request. Tasks wake threads, and for a small call that took a fifth of
//! its processor time (docs/decisions/0008-requests-in-the-calls-own-task.md). Here
//! the requests of a call belong to its own task, which goes on with them whenever
//! the guest waits, for whatever it waits.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};

use http::header::CONTENT_LENGTH;
use http::uri::Scheme;
use http::{HeaderMap, Method, Request, Response, Uri};
use http_body::Body as _;
use http_body_util::{BodyExt as _, Empty};
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceType};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{DynPollable, Pollable, bindings::io, subscribe};
use wasmtime_wasi_http::p2::bindings::http::types::{self, ErrorCode};
use wasmtime_wasi_http::p2::body::HostIncomingBody;
use wasmtime_wasi_http::p2::types::{HostIncomingResponse, HostOutgoingRequest};
use wasmtime_wasi_http::{Error as WasiError, FieldMap, RequestOptions, WasiBody, WasiHttpView as _};

use crate::call::State;
use crate::held;

pub(crate) const TYPES: &str = "wasi:http/types@0.2.12";
const HANDLER: &str = "wasi:http/outgoing-handler@0.2.12";

/// What became of a request.
pub(crate) type Sent = Result<Response<WasiBody>, WasiError>;
/// A request on its way.
pub(crate) type Sending = Pin<Box<dyn Future<Output = Sent> + Send>>;

/// The requests of one call that are under way.
#[derive(Clone, Default)]
pub(crate) struct UnderWay(Arc<Mutex<Vec<Running>>>);

struct Running {
    sending: Sending,
    begun: bool,
    /// Bytes that the host holds for it.
    held: usize,
    /// Where the guest finds what became of it, for as long as it wants to know.
    place: Weak<Place>,
}

type Place = Mutex<Option<Sent>>;

impl UnderWay {
    /// Runs a guest, and its requests whenever it waits.
    pub(crate) async fn beside<T>(&self, guest: impl Future<Output = T>) -> T {
        let mut guest = pin!(guest);
        poll_fn(|context| {
            self.go_on(context, |_| true);
            loop {
                if let Poll::Ready(output) = guest.as_mut().poll(context) {
                    return Poll::Ready(output);
                }
                // The others will wake this task; if one ended at once, the guest
                // may wait for just that.
                if !self.go_on(context, |running| !running.begun) {
                    return Poll::Pending;
                }
            }
        })
        .await
    }

    /// Goes on with some requests; whether one of them ended. Those that the guest
    /// has dropped are given up.
    fn go_on(&self, context: &mut Context<'_>, which: fn(&Running) -> bool) -> bool {
        let mut ended = false;
        locked(&self.0).retain_mut(|running| {
            let Some(place) = running.place.upgrade() else { return false };
            if !which(running) {
                return true;
            }
            running.begun = true;
            let Poll::Ready(sent) = running.sending.as_mut().poll(context) else { return true };
            *locked(&place) = Some(sent);
            ended = true;
            false
        });
        ended
    }

    /// Bytes that the host holds for all of them.
    pub(crate) fn held(&self) -> usize {
        locked(&self.0).iter().map(|running| running.held).sum()
    }

    fn begin(&self, sending: Sending, held: usize) -> Answer {
        let place = Arc::default();
        let running = Running { sending, begun: false, held, place: Arc::downgrade(&place) };
        locked(&self.0).push(running);
        Answer { place, taken: false }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The answer to a request: the resource `future-incoming-response`.
pub(crate) struct Answer {
    place: Arc<Place>,
    taken: bool,
}

impl Answer {
    /// Bytes that the host holds of an answer that the guest did not take yet.
    pub(crate) fn held(&self) -> usize {
        match &*locked(&self.place) {
            Some(Ok(response)) => held::size(response.headers()),
            _ => 0,
        }
    }
}

#[async_trait]
impl Pollable for Answer {
    /// Needs nobody to wake it: answers come in [`UnderWay::beside`], which looks at
    /// the guest right after that.
    async fn ready(&mut self) {
        let is_here = || self.taken || locked(&self.place).is_some();
        poll_fn(|_| if is_here() { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}

type Store<'a> = StoreContextMut<'a, State>;

/// Puts these functions in the place of wasmtime's, in a linker that lets them.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut types = linker.instance(TYPES)?;
    types.resource("future-incoming-response", ResourceType::host::<Answer>(), |mut store, id| {
        store.data_mut().table().delete(Resource::<Answer>::new_own(id))?;
        Ok(())
    })?;
    types.func_wrap(
        "[method]future-incoming-response.subscribe",
        |mut store: Store<'_>,
         (answer,): (Resource<Answer>,)|
         -> wasmtime::Result<(Resource<DynPollable>,)> {
            Ok((subscribe(store.data_mut().table(), answer)?,))
        },
    )?;
    types.func_wrap(
        "[method]future-incoming-response.get",
        |mut store: Store<'_>, (answer,): (Resource<Answer>,)| Ok((get(store.data_mut(), &answer)?,)),
    )?;
    types.func_wrap(
        "http-error-code",
        |mut store: Store<'_>, (error,): (Resource<io::error::Error>,)| -> wasmtime::Result<(_,)> {
            Ok((code_of_stream(store.data_mut().table().get(&error)?),))
        },
    )?;
    linker.instance(HANDLER)?.func_wrap(
        "handle",
        |mut store: Store<'_>,
         (request, options): (Resource<HostOutgoingRequest>, Option<Resource<RequestOptions>>)| {
            Ok((handle(store.data_mut(), request, options)?,))
        },
    )
}

/// `outgoing-handler.handle`.
fn handle(
    state: &mut State,
    request: Resource<HostOutgoingRequest>,
    options: Option<Resource<RequestOptions>>,
) -> wasmtime::Result<Result<Resource<Answer>, ErrorCode>> {
    let options = options.map(|options| state.table().delete(options)).transpose()?;
    let outgoing = state.table().delete(request)?;
    let request = match request_of(outgoing) {
        Ok(request) => request,
        Err(code) => return Ok(Err(code)),
    };
    let held = held::size_of_request(request.headers(), !request.body().is_end_stream());
    let sending = state.send(request, options);
    // Its headers were counted as they were made.
    let own = size_of_val(&*sending);
    state.room(own)?;
    let held = held + own;
    let answer = state.under_way().begin(sending, held);
    Ok(Ok(state.table().push(answer)?))
}

/// The request as the host's client takes it.
fn request_of(outgoing: HostOutgoingRequest) -> Result<Request<WasiBody>, ErrorCode> {
    let headers: HeaderMap = outgoing.headers.into();
    // A length without a body would take the beginning of the next request for it.
    if outgoing.body.is_none() && headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0") {
        return Err(ErrorCode::HttpRequestBodySize(Some(0)));
    }
    let scheme = match outgoing.scheme {
        None | Some(types::Scheme::Https) => Scheme::HTTPS,
        Some(types::Scheme::Http) => Scheme::HTTP,
        Some(types::Scheme::Other(_)) => return Err(ErrorCode::HttpProtocolError),
    };
    let authority = outgoing.authority.unwrap_or_default();
    let path = outgoing.path_with_query.unwrap_or_default();
    let uri = Uri::builder().scheme(scheme).authority(authority).path_and_query(path).build();
    let body = outgoing.body.unwrap_or_else(|| Empty::new().map_err(|never| match never {}).boxed_unsync());
    let mut request = Request::new(body);
    *request.method_mut() = method(&outgoing.method)?;
    *request.uri_mut() = uri.map_err(|_| ErrorCode::HttpRequestUriInvalid)?;
    *request.headers_mut() = headers;
    Ok(request)
}

fn method(method: &types::Method) -> Result<Method, ErrorCode> {
    use types::Method as M;
    Ok(match method {
        M::Get => Method::GET,
        M::Head => Method::HEAD,
        M::Post => Method::POST,
        M::Put => Method::PUT,
        M::Delete => Method::DELETE,
        M::Connect => Method::CONNECT,
        M::Options => Method::OPTIONS,
        M::Trace => Method::TRACE,
        M::Patch => Method::PATCH,
        M::Other(name) => {
            Method::from_bytes(name.as_bytes()).map_err(|_| ErrorCode::HttpRequestMethodInvalid)?
        }
    })
}

/// What `get` returns: nothing yet, or once the answer or why there is none.
type Got = Option<Result<Result<Resource<HostIncomingResponse>, ErrorCode>, ()>>;

/// `future-incoming-response.get`.
fn get(state: &mut State, answer: &Resource<Answer>) -> wasmtime::Result<Got> {
    let answer = state.table().get_mut(answer)?;
    if answer.taken {
        return Ok(Some(Err(())));
    }
    let Some(sent) = locked(&answer.place).take() else { return Ok(None) };
    answer.taken = true;
    let response = match sent {
        Ok(response) => response,
        Err(error) => return Ok(Some(Ok(Err(code(&error))))),
    };
    let bytes = held::size(response.headers());
    if !state.has_room(bytes) {
        return Ok(Some(Ok(Err(ErrorCode::HttpResponseHeaderSectionSize(None)))));
    }
    let (head, body) = response.into_parts();
    let incoming = HostIncomingResponse {
        status: head.status.as_u16(),
        headers: FieldMap::new_immutable(state.http().hooks, held::apart(head.headers)),
        body: Some(HostIncomingBody::new(body)),
    };
    Ok(Some(Ok(Ok(state.table().push(incoming)?))))
}

/// The code behind a stream error, for `http-error-code`.
///
/// wasmtime looks for its own p2 code there, while bodies fail with the crate's
/// [`WasiError`], so its guests never learn why a body broke off.
fn code_of_stream(error: &wasmtime::Error) -> Option<ErrorCode> {
    error.downcast_ref::<ErrorCode>().cloned().or_else(|| error.downcast_ref().map(code))
}

/// What a guest is told about an error of this host.
fn code(error: &WasiError) -> ErrorCode {
    match error {
        WasiError::HttpRequestDenied => ErrorCode::HttpRequestDenied,
        WasiError::HttpRequestBodySize(size) => ErrorCode::HttpRequestBodySize(*size),
        WasiError::DnsError { .. } => {
            ErrorCode::DnsError(types::DnsErrorPayload { rcode: None, info_code: None })
        }
        WasiError::ConnectionRefused => ErrorCode::ConnectionRefused,
        WasiError::DestinationUnavailable => ErrorCode::DestinationUnavailable,
        WasiError::ConnectionTimeout => ErrorCode::ConnectionTimeout,
        WasiError::TlsCertificateError => ErrorCode::TlsCertificateError,
        WasiError::TlsProtocolError => ErrorCode::TlsProtocolError,
        WasiError::ConnectionReadTimeout => ErrorCode::ConnectionReadTimeout,
        WasiError::ConnectionTerminated => ErrorCode::ConnectionTerminated,
        WasiError::HttpResponseTimeout => ErrorCode::HttpResponseTimeout,
        WasiError::HttpResponseIncomplete => ErrorCode::HttpResponseIncomplete,
        WasiError::HttpResponseHeaderSectionSize(size) => ErrorCode::HttpResponseHeaderSectionSize(*size),
        WasiError::HttpResponseBodySize(size) => ErrorCode::HttpResponseBodySize(*size),
        WasiError::HttpResponseContentCoding(coding) => ErrorCode::HttpResponseContentCoding(coding.clone()),
        WasiError::HttpProtocolError => ErrorCode::HttpProtocolError,
        WasiError::InternalError(reason) => ErrorCode::InternalError(reason.clone()),
        _ => ErrorCode::InternalError(None),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use tokio::sync::oneshot;

    use super::*;

    fn answered() -> Sent {
        Ok(Response::new(Empty::new().map_err(|never| match never {}).boxed_unsync()))
    }

    /// A function under another name than wasmtime's own would not take its place, and
    /// requests would go nowhere. When this fails after an update: set `TYPES` and
    /// `HANDLER` to the version that wasmtime-wasi-http has now, and compare what is
    /// replaced here and in `held` with what it does there.
    #[test]
    fn the_functions_that_are_replaced_are_there_under_these_names() {
        let engine = wasmtime::Engine::default();
        let mut linker: Linker<State> = Linker::new(&engine);
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker).expect("wasmtime's own");
        for (interface, function) in [
            (TYPES, "http-error-code"),
            (TYPES, "[method]future-incoming-response.get"),
            (TYPES, "[method]future-incoming-response.subscribe"),
            (TYPES, "[method]fields.append"),
            (TYPES, "[method]fields.set"),
            (TYPES, "[static]fields.from-list"),
            (TYPES, "[method]fields.clone"),
            (TYPES, "[method]outgoing-request.body"),
            (TYPES, "[method]future-trailers.get"),
            (HANDLER, "handle"),
        ] {
            let mut instance = linker.instance(interface).expect("an interface");
            let added = instance.func_wrap(function, |_: Store<'_>, (): ()| Ok(()));
            let error = added.expect_err("wasmtime has no such function now").to_string();
            assert!(error.contains("defined twice"), "{interface} {function}: {error}");
        }
    }

    #[tokio::test]
    async fn requests_go_on_while_the_guest_waits_for_something_else() {
        let under_way = UnderWay::default();
        let (told, tell) = (oneshot::channel(), oneshot::channel());
        let sending = Box::pin(async move {
            let _ = tell.1.await;
            let _ = told.0.send(());
            answered()
        });
        let mut answer = under_way.begin(sending, 0);
        let guest = async {
            tokio::task::yield_now().await;
            tell.0.send(()).expect("it is under way");
            told.1.await.expect("it went on");
            answer.ready().await;
            locked(&answer.place).take().is_some()
        };
        assert!(under_way.beside(guest).await);
        assert!(locked(&under_way.0).is_empty());
    }

    #[tokio::test]
    async fn an_answer_at_once_does_not_wait_for_a_waker() {
        let under_way = UnderWay::default();
        let guest = async {
            let mut answer = under_way.begin(Box::pin(async { answered() }), 0);
            answer.ready().await;
        };
        // Polled once, as nobody would wake it again.
        let mut run = pin!(under_way.beside(guest));
        let poll = run.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop()));
        assert!(poll.is_ready());
    }

    #[tokio::test]
    async fn a_request_whose_answer_is_dropped_is_given_up() {
        struct Dropped<'a>(&'a AtomicBool);
        impl Drop for Dropped<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        static GIVEN_UP: AtomicBool = AtomicBool::new(false);
        let under_way = UnderWay::default();
        let guest = async {
            let answer = under_way.begin(
                Box::pin(async {
                    let _dropped = Dropped(&GIVEN_UP);
                    std::future::pending().await
                }),
                0,
            );
            tokio::task::yield_now().await;
            assert!(!GIVEN_UP.load(Ordering::Relaxed));
            drop(answer);
            tokio::task::yield_now().await;
            assert!(GIVEN_UP.load(Ordering::Relaxed));
        };
        under_way.beside(guest).await;
    }
}
