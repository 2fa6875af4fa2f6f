//! Bodies on their way: what is counted and bounded while they pass.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep};
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::{Error as WasiError, WasiBody};

use crate::client::Timeouts;
use crate::events::Record;

/// A request body whose bytes are counted.
pub(crate) struct CountedBody {
    pub(crate) inner: WasiBody,
    pub(crate) bytes: Arc<AtomicU64>,
}

impl Body for CountedBody {
    type Data = Bytes;
    type Error = WasiError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, WasiError>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        if let Some(data) = frame.as_ref().and_then(|frame| frame.as_ref().ok()).and_then(Frame::data_ref) {
            self.bytes.fetch_add(u64::try_from(data.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A response body whose size and pauses are bounded.
pub(crate) struct AnswerBody {
    incoming: WasiBody,
    record: Record,
    limit: u64,
    timeouts: Timeouts,
    pause: Pin<Box<Sleep>>,
    /// The request's place among those under way, given up with the last byte.
    place: Option<OwnedSemaphorePermit>,
}

impl AnswerBody {
    pub(crate) fn new(
        incoming: WasiBody,
        record: Record,
        limit: u64,
        timeouts: Timeouts,
        place: OwnedSemaphorePermit,
    ) -> Self {
        let pause = Box::pin(tokio::time::sleep_until(pause_end(timeouts)));
        let place = (!incoming.is_end_stream()).then_some(place);
        Self { incoming, record, limit, timeouts, pause, place }
    }
}

/// When the next part of a body is late.
fn pause_end(timeouts: Timeouts) -> Instant {
    (Instant::now() + timeouts.between_bytes).min(timeouts.deadline)
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = WasiError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, WasiError>>> {
        let error = match Pin::new(&mut self.incoming).poll_frame(context) {
            Poll::Ready(None) => {
                self.place = None;
                return Poll::Ready(None);
            }
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                self.record.received(u64::try_from(bytes).unwrap_or(u64::MAX));
                if self.record.response_bytes() <= self.limit {
                    if self.incoming.is_end_stream() {
                        self.place = None;
                    }
                    let end = pause_end(self.timeouts);
                    self.pause.as_mut().reset(end);
                    return Poll::Ready(Some(Ok(frame)));
                }
                WasiError::HttpResponseBodySize(Some(self.limit))
            }
            Poll::Ready(Some(Err(error))) => error,
            Poll::Pending => {
                ready!(self.pause.as_mut().poll(context));
                WasiError::ConnectionReadTimeout
            }
        };
        self.record.failed(&error);
        self.place = None;
        Poll::Ready(Some(Err(error)))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

/// The code behind a stream error, for `http-error-code`.
///
/// `wasmtime-wasi-http` looks for its p2 code there, while bodies fail with the
/// crate's own [`WasiError`], so its guests never learn why a body broke off.
/// The host therefore answers that function itself.
pub(crate) fn error_code(error: &wasmtime::Error) -> Option<ErrorCode> {
    if let Some(code) = error.downcast_ref::<ErrorCode>() {
        return Some(code.clone());
    }
    Some(match error.downcast_ref::<WasiError>()? {
        WasiError::HttpResponseBodySize(size) => ErrorCode::HttpResponseBodySize(*size),
        WasiError::HttpResponseTimeout => ErrorCode::HttpResponseTimeout,
        WasiError::ConnectionReadTimeout => ErrorCode::ConnectionReadTimeout,
        WasiError::HttpResponseContentCoding(coding) => ErrorCode::HttpResponseContentCoding(coding.clone()),
        WasiError::HttpResponseIncomplete => ErrorCode::HttpResponseIncomplete,
        WasiError::HttpRequestBodySize(size) => ErrorCode::HttpRequestBodySize(*size),
        _ => ErrorCode::InternalError(None),
    })
}
