//! What an answer that is no success means, for services that speak HTTP as usual.

use alloc::format;
use alloc::string::{String, ToString};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Safety;
use crate::error::{Code, Effect, ErrorKind, NodeError, Result, Retry};
use crate::http::{HttpResponse, Reached, Reason, TransportError};
use crate::text;
use crate::weight::{self, MAX_PARSED};

const fn code(name: &'static str, kind: ErrorKind) -> Code {
    Code::new(name, kind, Retry::Never)
}

const fn passing(name: &'static str, kind: ErrorKind) -> Code {
    Code::new(name, kind, Retry::HostDefault)
}

/// Members of an answer in which services say what is wrong.
const WORDS: [&str; 8] =
    ["error_description", "message", "detail", "error", "errors", "title", "description", "reason"];

/// The service's own words in an answer, cleaned; none where they are a web page.
fn words(answer: &HttpResponse) -> Option<String> {
    if answer.is_html() {
        return None;
    }
    let said = match serde_json::from_slice::<Value>(&answer.body) {
        Ok(value) => find_words(&value)?,
        Err(_) => String::from_utf8_lossy(answer.body.get(..4096).unwrap_or(&answer.body)).into_owned(),
    };
    Some(text::clean(&said)).filter(|said| !said.is_empty())
}

fn find_words(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(values) => values.iter().find_map(find_words),
        Value::Object(members) => WORDS.iter().find_map(|name| members.get(*name)).and_then(find_words),
        _ => None,
    }
}

/// The failure of an answer with a status that is no success.
pub(super) fn refused(answer: &HttpResponse, safety: Safety) -> NodeError {
    let (code, message, advice) = match answer.status {
        400 | 413 | 415 | 422 => (
            code("rejected", ErrorKind::InvalidInput),
            "The service does not accept the values.",
            "Compare the values with what the service asks for.",
        ),
        401 => (
            code("unauthenticated", ErrorKind::Unauthenticated),
            "The service does not accept the credentials.",
            "Check the credentials, or make new ones at the service.",
        ),
        403 => (
            code("forbidden", ErrorKind::Forbidden),
            "The account may not do this.",
            "Give the account the permission at the service.",
        ),
        404 | 410 => (
            code("not-found", ErrorKind::NotFound),
            "The service has no such record.",
            "Check the id, and whether the account may see the record.",
        ),
        409 | 412 | 423 => (
            code("conflict", ErrorKind::Conflict),
            "The state at the service does not allow it.",
            "Read the record again, and change what stands in the way.",
        ),
        429 => (
            passing("rate-limited", ErrorKind::RateLimited),
            "The service answers \"too many requests\".",
            "Wait, and send fewer requests.",
        ),
        300..=399 => (
            code("redirected", ErrorKind::Protocol),
            "The service sends the request somewhere else, which is not followed.",
            "Check the address of the service.",
        ),
        500..=599 => (
            passing("server-error", ErrorKind::Unavailable),
            "The service is out of order.",
            "Try again later.",
        ),
        _ => (
            code("protocol", ErrorKind::Protocol),
            "The service answers in an unexpected way.",
            "Check the address of the service.",
        ),
    };
    let error = NodeError::new(code, message).with_advice(advice).with_http_status(answer.status);
    lost(error.with_vendor_message(words(answer)), safety, answer.status >= 500 || answer.status < 400)
}

/// The failure of a request without an answer.
pub(super) fn no_answer(error: TransportError, safety: Safety) -> NodeError {
    let (code, message, advice) = match error.reason {
        Reason::Denied => (
            code("egress-denied", ErrorKind::Denied),
            "The host does not let the request out.",
            "The operator of the platform can allow the address.",
        ),
        Reason::UnknownHost => (
            passing("unreachable", ErrorKind::Unavailable),
            "There is no host of this name.",
            "Check the address of the service.",
        ),
        Reason::NoConnection => (
            passing("unreachable", ErrorKind::Unavailable),
            "The service cannot be reached.",
            "Check the address, and whether the service is running.",
        ),
        Reason::Broken => (
            passing("answer-lost", ErrorKind::Unavailable),
            "The connection broke before the answer was complete.",
            "Try again later.",
        ),
        Reason::TimedOut => (
            passing("timeout", ErrorKind::Timeout),
            "The service did not answer in time.",
            "Try again later.",
        ),
        Reason::TooLarge | Reason::NoRoom => {
            (Code::ANSWER_TOO_LARGE, "The answer is larger than a call can hold.", "Ask for less.")
        }
        Reason::NotHttp => (
            code("protocol", ErrorKind::Protocol),
            "What answered is no service that speaks HTTP.",
            "Check the address of the service.",
        ),
    };
    lost(NodeError::new(code, message).with_advice(advice), safety, error.reached == Reached::Maybe)
}

/// The failure of a write that may have been done.
fn lost(error: NodeError, safety: Safety, perhaps_done: bool) -> NodeError {
    if safety == Safety::Read || !perhaps_done {
        return error;
    }
    error
        .with_effect(Effect::Unknown)
        .with_advice("Whether it was done is not known. Look at the service before you try again.")
}

/// Parses the body of a success; an empty one is `null`.
pub(super) fn parse<T: DeserializeOwned>(answer: &HttpResponse, safety: Safety) -> Result<T> {
    let body: &[u8] = if answer.body.trim_ascii().is_empty() { b"null" } else { &answer.body };
    if weight::of_text(body) > MAX_PARSED {
        let error = NodeError::new(Code::ANSWER_TOO_LARGE, "The answer is larger than a call can hold.");
        return Err(applied(error.with_advice("Ask for less."), safety));
    }
    serde_json::from_slice(body).map_err(|error| {
        let message = if answer.is_html() {
            "The service answered with a web page.".to_string()
        } else {
            format!("The answer of the service cannot be read: {}.", text::clean(&error.to_string()))
        };
        let error = NodeError::new(code("malformed-answer", ErrorKind::Protocol), message);
        applied(error.with_http_status(answer.status), safety)
    })
}

/// The service answered a write with success, whatever is wrong with the answer.
fn applied(error: NodeError, safety: Safety) -> NodeError {
    match safety {
        Safety::Read => error,
        _ => error.with_effect(Effect::Applied).with_advice("It was done. Read the record to see it."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> HttpResponse {
        HttpResponse { status, headers: vec![], body: body.as_bytes().to_vec() }
    }

    #[test]
    fn the_words_are_found_in_the_usual_shapes() {
        for body in [
            r#"{"error":{"message":"no title"}}"#,
            r#"{"error":"x","error_description":"no title"}"#,
            r#"{"errors":[{"detail":"no title"}]}"#,
            r#"{"message":"<b>no title</b>"}"#,
            "no title",
        ] {
            assert_eq!(words(&answer(422, body)).as_deref(), Some("no title"), "{body}");
        }
        assert_eq!(words(&answer(502, "<html>Bad gateway</html>")), None);
    }

    #[test]
    fn only_a_write_that_may_have_arrived_is_uncertain() {
        for (status, safety, effect) in [
            (422, Safety::Create, Effect::None),
            (429, Safety::Create, Effect::None),
            (503, Safety::Create, Effect::Unknown),
            (503, Safety::Read, Effect::None),
        ] {
            assert_eq!(refused(&answer(status, ""), safety).effect(), effect, "{status} {safety:?}");
        }
        let broken = TransportError::new(Reason::Broken, Reached::Maybe);
        assert_eq!(no_answer(broken, Safety::Create).effect(), Effect::Unknown);
        let refused = TransportError::new(Reason::NoConnection, Reached::No);
        assert_eq!(no_answer(refused, Safety::Create).effect(), Effect::None);
    }

    #[test]
    fn a_success_that_cannot_be_read_was_done_all_the_same() {
        let error = parse::<u32>(&answer(201, "<html>"), Safety::Create).unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Protocol, Effect::Applied));
        assert_eq!(parse::<Value>(&answer(204, " "), Safety::Create).unwrap(), Value::Null);
    }
}
