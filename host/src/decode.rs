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
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::io::StreamReader;
use wasmtime_wasi_http::{Error as WasiError, WasiBody};

/// Bytes that are unpacked at a time.
const PIECE: usize = 16 << 10;

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
    let reader: Pin<Box<dyn AsyncRead + Send>> = if coding == "br" {
        Box::pin(BrotliDecoder::new(packed))
    } else {
        let mut decoder = GzipDecoder::new(packed);
        decoder.multiple_members(true);
        Box::pin(decoder)
    };
    Response::from_parts(head, Unpacked { reader, coding }.boxed_unsync())
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
