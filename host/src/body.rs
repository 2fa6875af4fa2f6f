//! Bodies on their way: what is counted and bounded while they pass.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep};
use wasmtime_wasi_http::{Error as WasiError, WasiBody};

use crate::client::Timeouts;
use crate::events::Record;
use crate::quota::Allowance;

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

/// A request body that ends where its call has sent as much as it may.
pub(crate) struct MeteredBody {
    pub(crate) inner: WasiBody,
    pub(crate) allowance: Allowance,
}

impl Body for MeteredBody {
    type Data = Bytes;
    type Error = WasiError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, WasiError>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        let bytes = match &frame {
            Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
            Some(Err(_)) | None => 0,
        };
        if !self.allowance.bytes(u64::try_from(bytes).unwrap_or(u64::MAX)) {
            return Poll::Ready(Some(Err(WasiError::HttpRequestBodySize(None))));
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
    /// When the next part is late.
    late: Instant,
    /// The alarm for it, once there is something to wait for: each alarm that is
    /// set or moved can wake a thread.
    alarm: Option<Pin<Box<Sleep>>>,
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
        let place = (!incoming.is_end_stream()).then_some(place);
        Self { incoming, record, limit, timeouts, late: late(timeouts), alarm: None, place }
    }
}

/// When the next part of a body is late.
fn late(timeouts: Timeouts) -> Instant {
    (Instant::now() + timeouts.between_bytes).min(timeouts.deadline)
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = WasiError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, WasiError>>> {
        let this = &mut *self;
        let error = match Pin::new(&mut this.incoming).poll_frame(context) {
            Poll::Ready(None) => {
                this.place = None;
                return Poll::Ready(None);
            }
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                this.record.received(u64::try_from(bytes).unwrap_or(u64::MAX));
                if this.record.response_bytes() <= this.limit {
                    if this.incoming.is_end_stream() {
                        this.place = None;
                    }
                    this.late = late(this.timeouts);
                    this.alarm = None;
                    return Poll::Ready(Some(Ok(frame)));
                }
                WasiError::HttpResponseBodySize(Some(this.limit))
            }
            Poll::Ready(Some(Err(error))) => error,
            Poll::Pending => {
                let late = this.late;
                let alarm = this.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(late)));
                ready!(alarm.as_mut().poll(context));
                WasiError::ConnectionReadTimeout
            }
        };
        this.record.failed(&error);
        this.place = None;
        Poll::Ready(Some(Err(error)))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
