//! Compressed answers: asked for by the host, unpacked by the host.
//!
//! A component need not carry a decoder, and JSON shrinks to a tenth on its way.
//! What comes out is bounded like any other answer ([`AnswerBody`]), so a small
//! answer that unpacks without end (a "zip bomb") is cut off at the same size; it
//! is unpacked piece by piece, as the component reads it.
//!
//! [`AnswerBody`]: crate::body::AnswerBody

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder};
use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, RANGE};
use http::{HeaderMap, HeaderValue, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyDataStream, BodyExt as _};
use hyper::body::Incoming;
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};
use tokio_util::io::StreamReader;
use wasmtime_wasi_http::{Error as WasiError, WasiBody};

/// Bytes that are unpacked at a time.
pub(crate) const PIECE: usize = 16 << 10;
/// Packed bytes that are read before the clock is looked at.
const TURN: usize = 64 << 10;

/// Asks for a compressed answer, unless the component says itself what it takes:
/// then it gets what comes. Parts of a compressed body would be no parts of the
/// body.
pub(crate) fn ask(headers: &mut HeaderMap) -> bool {
    if headers.contains_key(ACCEPT_ENCODING) || headers.contains_key(RANGE) {
        return false;
    }
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, br"));
    true
}

/// The answer as it was before it was compressed, if the host asked for that.
pub(crate) fn unpacked(response: Response<Incoming>, asked: bool) -> Response<WasiBody> {
    let (mut head, body) = response.into_parts();
    let coding = head.headers.get(CONTENT_ENCODING).and_then(|coding| coding.to_str().ok());
    let coding = match coding.map(str::trim) {
        Some(name) if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => "gzip",
        Some(name) if name.eq_ignore_ascii_case("br") => "br",
        _ => "",
    };
    // The answer to HEAD tells of a body that it does not have.
    if !asked || coding.is_empty() || body.is_end_stream() {
        return Response::from_parts(head, body.map_err(|error| broken(&error)).boxed_unsync());
    }
    head.headers.remove(CONTENT_ENCODING);
    head.headers.remove(CONTENT_LENGTH);
    let packed = StreamReader::new(BodyDataStream::new(body.map_err(io::Error::other)));
    let reader = reader(packed, coding);
    Response::from_parts(head, Unpacked { reader, coding }.boxed_unsync())
}

fn reader(
    packed: impl AsyncBufRead + Unpin + Send + 'static,
    coding: &str,
) -> Pin<Box<dyn AsyncRead + Send>> {
    let packed = Paced { inner: packed, taken: 0 };
    if coding == "br" {
        return Box::pin(BrotliDecoder::new(packed));
    }
    let mut decoder = GzipDecoder::new(packed);
    decoder.multiple_members(true);
    Box::pin(decoder)
}

/// Packed bytes that come with pauses. What unpacks to nothing, such as many empty
/// members of gzip, is otherwise read to its end in one go, and no clock is looked at.
struct Paced<R> {
    inner: R,
    /// Bytes since the last pause.
    taken: usize,
}

impl<R: AsyncBufRead + Unpin> AsyncBufRead for Paced<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if this.taken >= TURN {
            this.taken = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let part = ready!(Pin::new(&mut this.inner).poll_fill_buf(context))?;
        Poll::Ready(Ok(part.get(..part.len().min(TURN)).unwrap_or_default()))
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        self.taken = self.taken.saturating_add(amount);
        Pin::new(&mut self.inner).consume(amount);
    }
}

impl<R: AsyncBufRead + Unpin> AsyncRead for Paced<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let part = ready!(self.as_mut().poll_fill_buf(context))?;
        let part = part.get(..part.len().min(buffer.remaining())).unwrap_or_default();
        buffer.put_slice(part);
        let taken = part.len();
        self.consume(taken);
        Poll::Ready(Ok(()))
    }
}

/// What a broken answer is to the component.
fn broken(error: &hyper::Error) -> WasiError {
    if error.is_timeout() { WasiError::HttpResponseTimeout } else { WasiError::HttpResponseIncomplete }
}

/// A body that is unpacked while it is read.
struct Unpacked {
    reader: Pin<Box<dyn AsyncRead + Send>>,
    coding: &'static str,
}

impl Body for Unpacked {
    type Data = Bytes;
    type Error = WasiError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, WasiError>>> {
        let mut piece = vec![0; PIECE];
        let mut buffer = ReadBuf::new(&mut piece);
        Poll::Ready(match ready!(self.reader.as_mut().poll_read(context, &mut buffer)) {
            Ok(()) => match buffer.filled().len() {
                0 => None,
                read => {
                    piece.truncate(read);
                    Some(Ok(Frame::data(Bytes::from(piece))))
                }
            },
            Err(error) => Some(Err(match error.get_ref().and_then(|inner| inner.downcast_ref()) {
                Some(error) => broken(error),
                None => WasiError::HttpResponseContentCoding(Some(self.coding.to_owned())),
            })),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    /// A member of gzip with nothing in it.
    const EMPTY: [u8; 20] = [31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    #[test]
    fn what_unpacks_to_nothing_is_read_with_pauses() {
        let packed: &'static [u8] = EMPTY.repeat(20 * TURN / EMPTY.len()).leak();
        let mut reader = reader(packed, "gzip");
        let mut context = Context::from_waker(Waker::noop());
        let mut pauses = 0;
        loop {
            let mut piece = [0; 100];
            let mut buffer = ReadBuf::new(&mut piece);
            match reader.as_mut().poll_read(&mut context, &mut buffer) {
                Poll::Pending => pauses += 1,
                Poll::Ready(read) => {
                    read.expect("sound");
                    assert!(buffer.filled().is_empty());
                    break;
                }
            }
        }
        assert!((15..=20).contains(&pauses), "{pauses}");
    }
}
