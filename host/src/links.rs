//! Attachments that a node hands out as links.
//!
//! A link may be signed and lead to any host, so it is the host's to follow, or
//! not: only to origins that the operator listed for this, without the
//! connection's credentials, without redirects, and with a bound on its size. It
//! shares no socket and no TLS session with the node's own requests.

use bytes::Bytes;
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::egress::{EgressPolicy, Refusal};
use crate::error::{CallError, refusal};
use crate::failure::Failure;
use crate::network::{Fetch, Network};
use crate::origin::Origin;
use crate::wit::types::{AttachmentLink, ErrorKind, NodeError, Retry};

/// Whether and where attachment links are followed.
#[derive(Debug, Clone)]
pub struct LinkPolicy {
    /// Where they may lead. A policy without a list of patterns opens nothing.
    pub allow: EgressPolicy,
    /// Bytes that a file may have. 64 MiB.
    pub max_bytes: u64,
}

impl Default for LinkPolicy {
    /// Follows none.
    fn default() -> Self {
        Self { allow: EgressPolicy::deny_all(), max_bytes: 64 << 20 }
    }
}

/// Fetches what a link leads to.
pub(crate) async fn fetch(
    network: &Network,
    link: &AttachmentLink,
    max_bytes: u64,
    deadline: Instant,
) -> Result<Bytes, CallError> {
    let end = link.expires_at.as_deref().and_then(|end| end.parse::<Timestamp>().ok());
    if end.is_some_and(|end| end <= Timestamp::now()) {
        return Err(gone("The link to the attachment has expired.".to_owned()).into());
    }
    let uri: Uri = link.url.parse().map_err(|_| no_link())?;
    let origin = Origin::of(&uri).map_err(|_| no_link())?;
    if network.egress.check(&origin).is_err() {
        return Err(denied(&Refusal {
            reason: format!("attachment links to {origin} are not followed"),
            remedy: Some(format!("let the operator add `{origin}` to the policy for attachment links")),
        })
        .into());
    }
    let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
    let mut request = Request::new(body);
    *request.method_mut() = Method::GET;
    *request.uri_mut() = uri;
    match network.fetch(request, Fetch { deadline, max_bytes, signed: true }).await {
        Ok((head, body)) if head.status.is_success() => Ok(body),
        Ok((head, _)) => Err(answered(head.status).into()),
        Err(failure) => Err(failed(&failure, max_bytes).into()),
    }
}

fn no_link() -> NodeError {
    refusal(
        ErrorKind::Protocol,
        "host.link-malformed",
        "The link to the attachment is no web address.".to_owned(),
        "Ask for the attachment again.",
    )
}

fn gone(message: String) -> NodeError {
    refusal(
        ErrorKind::NotFound,
        "host.link-expired",
        message,
        "Ask for the attachment again: that gives a new link.",
    )
}

fn denied(why: &Refusal) -> NodeError {
    let advice = match &why.remedy {
        Some(remedy) => format!("If it is meant, {remedy}."),
        None => "Fetch the attachment by other means.".to_owned(),
    };
    refusal(
        ErrorKind::Denied,
        "host.link-denied",
        format!("The host did not follow a link: {}.", why.reason),
        &advice,
    )
}

fn answered(status: StatusCode) -> NodeError {
    let mut error = match status.as_u16() {
        300..400 => denied(&Refusal::malformed("it leads on to another address")),
        429 | 500.. => NodeError {
            retry: Retry::HostDefault,
            ..refusal(
                ErrorKind::Unavailable,
                "host.link-unavailable",
                "The attachment cannot be fetched now.".to_owned(),
                "Try again later.",
            )
        },
        _ => gone("There is no attachment behind the link any more.".to_owned()),
    };
    error.http_status = Some(status.as_u16());
    error
}

fn failed(failure: &Failure, max_bytes: u64) -> NodeError {
    let message = format!("The attachment could not be fetched: {failure}.");
    match failure {
        Failure::Refused(refusal) => denied(refusal),
        Failure::AnswerTooLarge => refusal(
            ErrorKind::Denied,
            "host.link-too-large",
            format!("The attachment has more than {max_bytes} bytes."),
            "If it is meant, let the operator raise the size that attachment links may have.",
        ),
        Failure::ConnectTimeout | Failure::ResponseTimeout => NodeError {
            retry: Retry::HostDefault,
            ..refusal(ErrorKind::Timeout, "host.link-unreachable", message, "Try again later.")
        },
        _ => NodeError {
            retry: Retry::HostDefault,
            ..refusal(ErrorKind::Unavailable, "host.link-unreachable", message, "Try again later.")
        },
    }
}
