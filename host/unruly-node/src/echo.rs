//! Reads the JSON form of the interface's records, to compare how a host writes it.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::Value;

use crate::bindings::node::{Item, Outcome};
use crate::bindings::types::{
    Attachment, AttachmentContent, AttachmentLink, Effect, ErrorKind, NodeError, Retry,
};

/// The outcome that a JSON form describes, `{"items": […]}` or `{"error": {…}}`.
pub(crate) fn outcome(form: &Value) -> Outcome {
    if form["not_attempted"] == true {
        return Outcome::NotAttempted;
    }
    match form["items"].as_array() {
        Some(items) => Outcome::Done(items.iter().map(item).collect()),
        None => Outcome::Failed(error(&form["error"])),
    }
}

fn text(form: &Value) -> Option<String> {
    form.as_str().map(str::to_owned)
}

fn number<T: TryFrom<u64>>(form: &Value) -> Option<T> {
    form.as_u64().and_then(|number| T::try_from(number).ok())
}

fn item(form: &Value) -> Item {
    let mut json = form.clone();
    let attachments = json.as_object_mut().and_then(|members| members.remove("attachments"));
    let attachments = attachments.as_ref().and_then(Value::as_array).into_iter().flatten();
    Item { json: format!("{json}"), attachments: attachments.map(attachment).collect(), sources: Vec::new() }
}

fn attachment(form: &Value) -> Attachment {
    let link = &form["content"]["link"];
    Attachment {
        name: text(&form["name"]).unwrap_or_default(),
        mime_type: text(&form["mime_type"]).unwrap_or_default(),
        content: match text(&link["url"]) {
            Some(url) => {
                AttachmentContent::Link(AttachmentLink { url, expires_at: text(&link["expires_at"]) })
            }
            None => AttachmentContent::Bytes(base64(form["content"]["bytes"].as_str().unwrap_or_default())),
        },
    }
}

fn error(form: &Value) -> NodeError {
    NodeError {
        kind: match form["kind"].as_str().unwrap_or_default() {
            "invalid-input" => ErrorKind::InvalidInput,
            "unauthenticated" => ErrorKind::Unauthenticated,
            "forbidden" => ErrorKind::Forbidden,
            "not-found" => ErrorKind::NotFound,
            "conflict" => ErrorKind::Conflict,
            "rate-limited" => ErrorKind::RateLimited,
            "unavailable" => ErrorKind::Unavailable,
            "timeout" => ErrorKind::Timeout,
            "denied" => ErrorKind::Denied,
            "protocol" => ErrorKind::Protocol,
            "unsupported" => ErrorKind::Unsupported,
            _ => ErrorKind::Internal,
        },
        code: text(&form["code"]).unwrap_or_default(),
        message: text(&form["message"]).unwrap_or_default(),
        advice: text(&form["advice"]),
        field: text(&form["field"]),
        http_status: number(&form["http_status"]),
        vendor_message: text(&form["vendor_message"]),
        effect: match form["effect"].as_str().unwrap_or_default() {
            "none" => Effect::None,
            "applied" => Effect::Applied,
            _ => Effect::Unknown,
        },
        retry: match (&form["retry"], number(&form["retry"]["after_ms"])) {
            (_, Some(after)) => Retry::AfterMs(after),
            (retry, None) if retry == "host-default" => Retry::HostDefault,
            _ => Retry::Never,
        },
        details: form.get("details").map(|details| format!("{details}")),
    }
}

/// Base64 (RFC 4648, 4) of what a test sends, which is well-formed.
fn base64(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let mut bytes = Vec::new();
    for four in text.as_bytes().chunks(4) {
        let digits: Vec<u8> = four.iter().filter(|byte| **byte != b'=').map(|byte| digit(*byte)).collect();
        let bits = digits.iter().fold(0_u32, |bits, digit| bits << 6 | u32::from(*digit));
        let bits = bits << (6 * (4 - digits.len()));
        bytes.extend(bits.to_be_bytes().into_iter().skip(1).take(digits.len().saturating_sub(1)));
    }
    bytes
}
