//! Why an HTTP request got no answer, for the operator and for the guest.
//!
//! One type carries it from the socket to the event; one function turns it into
//! the code that the guest sees.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use wasmtime_wasi_http::Error as WasiError;

use crate::egress::Refusal;

/// Why there is no answer. The text is for the operator.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("refused: {0}")]
    Refused(Refusal),
    #[error("the host could not log in")]
    Login,
    #[error("held back: the rate budget has no place for {0:.0?}")]
    HeldBack(Duration),
    #[error("the name could not be resolved: {0}")]
    Dns(String),
    #[error("connection refused")]
    ConnectionRefused,
    #[error("unreachable: {0}")]
    Unreachable(String),
    #[error("the proxy gave no connection: {0}")]
    Proxy(String),
    #[error("no connection in time")]
    ConnectTimeout,
    #[error("the server's certificate is not trusted: {0}")]
    Certificate(String),
    #[error("TLS failed: {0}")]
    Tls(String),
    #[error("no answer in time")]
    ResponseTimeout,
    #[error("the connection ended before the answer")]
    Terminated,
    #[error("the answer's headers are too large")]
    HeadersTooLarge,
    #[error("the answer is no HTTP")]
    Protocol,
    #[error("the answer is too large")]
    AnswerTooLarge,
    #[error("the component gave up its request body")]
    RequestBody,
    #[error(
        "the request bodies of the call have more than {0} bytes together; \
         let the operator raise `ConnectionLimits::request_bytes`"
    )]
    RequestTooLarge(u64),
}

impl Failure {
    /// What the guest is told. Codes that mean "the request was never sent" are
    /// given for failures before it was sent and for no others: nodes build
    /// `effect` on that.
    pub(crate) fn into_error(self) -> WasiError {
        match self {
            Self::Refused(_) => WasiError::HttpRequestDenied,
            // Guests are given the answer 429 instead.
            Self::HeldBack(_) => WasiError::InternalError(Some("the rate budget has no place".to_owned())),
            Self::Login => WasiError::InternalError(Some("the host could not log in".to_owned())),
            Self::Dns(_) => WasiError::DnsError { rcode: None, info_code: None },
            Self::ConnectionRefused => WasiError::ConnectionRefused,
            Self::Unreachable(_) | Self::Proxy(_) => WasiError::DestinationUnavailable,
            Self::ConnectTimeout => WasiError::ConnectionTimeout,
            Self::Certificate(_) => WasiError::TlsCertificateError,
            Self::Tls(_) => WasiError::TlsProtocolError,
            Self::ResponseTimeout => WasiError::ConnectionReadTimeout,
            Self::Terminated => WasiError::ConnectionTerminated,
            Self::HeadersTooLarge => WasiError::HttpResponseHeaderSectionSize(None),
            Self::Protocol => WasiError::HttpProtocolError,
            Self::AnswerTooLarge => WasiError::HttpResponseBodySize(None),
            Self::RequestBody => WasiError::HttpProtocolError,
            Self::RequestTooLarge(limit) => WasiError::HttpRequestBodySize(Some(limit)),
        }
    }

    pub(crate) fn of(error: &hyper_util::client::legacy::Error) -> Self {
        if let Some(failure) = cause::<Self>(error) {
            return failure.again();
        }
        if error.is_connect() {
            return match cause::<rustls::Error>(error) {
                Some(rustls::Error::InvalidCertificate(reason)) => Self::Certificate(reason.to_string()),
                Some(reason) => Self::Tls(reason.to_string()),
                None => match cause::<io::Error>(error) {
                    Some(reason) => Self::Tls(reason.kind().to_string()),
                    None => Self::Unreachable("the connection could not be set up".to_owned()),
                },
            };
        }
        match cause::<hyper::Error>(error) {
            Some(error) if error.is_parse_too_large() => Self::HeadersTooLarge,
            Some(error) if error.is_parse() => Self::Protocol,
            Some(error) if error.is_timeout() => Self::ResponseTimeout,
            Some(error) if error.is_user() => match cause::<WasiError>(error) {
                Some(_) => Self::RequestBody,
                None => Self::Protocol,
            },
            _ => Self::Terminated,
        }
    }

    /// The same failure for another owner: the original stays inside hyper's.
    fn again(&self) -> Self {
        match self {
            Self::Refused(refusal) => Self::Refused(refusal.clone()),
            Self::Dns(reason) => Self::Dns(reason.clone()),
            Self::Proxy(reason) => Self::Proxy(reason.clone()),
            Self::ConnectionRefused => Self::ConnectionRefused,
            Self::ConnectTimeout => Self::ConnectTimeout,
            other => Self::Unreachable(other.to_string()),
        }
    }
}

/// The first cause of a type. `io::Error` hides what it wraps from `source`.
fn cause<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
