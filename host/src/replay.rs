//! A request that can be sent again.
//!
//! Where the host logs in, a refused token is replaced without the guest
//! knowing, so its request must still be there. The bodies of one call are held
//! up to [`HELD`] bytes together; one that finds no [`Room`] streams through and
//! is sent once.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::Request;
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Full};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime_wasi_http::{Error as WasiError, WasiBody};

/// Bytes of request bodies that one call holds to send them again.
pub(crate) const HELD: usize = 8 << 20;

/// Where the bodies of one call are held: as many permits as bytes.
#[derive(Debug, Clone)]
pub(crate) struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(HELD)))
    }
}

impl Room {
    fn take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).try_acquire_many_owned(u32::try_from(bytes).ok()?).ok()
    }
}

/// A request that can be made again.
pub(crate) struct Spare {
    head: http::request::Parts,
    body: Bytes,
    /// The room that the body takes.
    _taken: Option<OwnedSemaphorePermit>,
}

impl Spare {
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    pub(crate) fn request(&self) -> Request<WasiBody> {
        let body = Full::new(self.body.clone()).map_err(|never| match never {}).boxed_unsync();
        Request::from_parts(self.head.clone(), body)
    }
}

/// The request to send first, and the one to send again if all of it was held.
pub(crate) async fn hold(
    request: Request<WasiBody>,
    room: &Room,
) -> Result<(Request<WasiBody>, Option<Spare>), WasiError> {
    let (head, mut body) = request.into_parts();
    let mut held = BytesMut::new();
    let mut taken = room.take(0);
    while let Some(frame) = body.frame().await {
        // Request trailers are the only other frames; no service that is spoken
        // to with a login header like this expects any.
        let Ok(data) = frame?.into_data() else { continue };
        held.extend_from_slice(&data);
        let more = room.take(data.len());
        if let (Some(taken), Some(more)) = (&mut taken, more) {
            taken.merge(more);
        } else {
            let body = Continued { held: Some(held.freeze()), rest: body }.boxed_unsync();
            return Ok((Request::from_parts(head, body), None));
        }
    }
    let spare = Spare { head, body: held.freeze(), _taken: taken };
    Ok((spare.request(), Some(spare)))
}

/// The held part of a body, then the rest of it.
struct Continued {
    held: Option<Bytes>,
    rest: WasiBody,
}

impl Body for Continued {
    type Data = Bytes;
    type Error = WasiError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, WasiError>>> {
        match self.held.take() {
            Some(held) => Poll::Ready(Some(Ok(Frame::data(held)))),
            None => Pin::new(&mut self.rest).poll_frame(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(body: WasiBody) -> Request<WasiBody> {
        Request::post("https://h.example/x").header("x-a", "1").body(body).expect("request")
    }

    fn full(bytes: Bytes) -> WasiBody {
        Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
    }

    async fn read(request: Request<WasiBody>) -> Bytes {
        assert_eq!(request.headers()["x-a"], "1");
        request.into_body().collect().await.expect("body").to_bytes()
    }

    #[tokio::test]
    async fn a_small_request_is_the_same_both_times() {
        let body = full(Bytes::from_static(b"{\"a\":1}"));
        let (first, spare) = hold(request(body), &Room::default()).await.expect("held");
        assert_eq!(read(first).await, "{\"a\":1}");
        assert_eq!(read(spare.expect("spare").request()).await, "{\"a\":1}");
    }

    #[tokio::test]
    async fn a_large_request_goes_through_whole_and_once() {
        let large = Bytes::from(vec![7_u8; HELD + 1]);
        let body = Continued { held: Some(large.clone()), rest: full(Bytes::from_static(b"end")) };
        let (first, spare) = hold(request(body.boxed_unsync()), &Room::default()).await.expect("held");
        assert!(spare.is_none());
        let sent = read(first).await;
        assert_eq!(sent.len(), large.len() + 3);
        assert!(sent.ends_with(b"end"));
    }

    #[tokio::test]
    async fn a_request_without_a_body_stays_without_one() {
        let empty = http_body_util::Empty::new().map_err(|never| match never {}).boxed_unsync();
        let (first, _) = hold(request(empty), &Room::default()).await.expect("held");
        assert!(first.body().is_end_stream());
    }

    #[tokio::test]
    async fn the_requests_of_a_call_share_the_room_for_as_long_as_they_last() {
        let room = Room::default();
        let most = || full(Bytes::from(vec![7; HELD - 10]));
        let (_, spare) = hold(request(most()), &room).await.expect("held");
        let (_, none) = hold(request(full(Bytes::from_static(b"eleven more"))), &room).await.expect("sent");
        assert!(spare.is_some() && none.is_none());
        drop(spare);
        let (_, spare) = hold(request(most()), &room).await.expect("held");
        assert!(spare.is_some(), "the room is there again");
    }
}
