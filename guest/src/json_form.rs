//! The JSON form of the interface's records, as the head of `wit/world.wit` defines
//! it, in one place for whoever has types generated from `wit/`.
//!
//! Members are in snake_case and left out where they are `none`; enum cases are text as
//! written in WIT; a variant is the text of its case or an object of that one key; bytes
//! are base64. JSON text of the interface becomes JSON; text that is none stays a string,
//! so that nothing is lost.
//!
//! Every generator makes types of its own, with the same names: [`json_form!`](crate::json_form!) writes
//! the functions for a module of them.

#[doc(hidden)]
pub use serde_json;

use alloc::borrow::ToOwned;
use alloc::string::String;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// An object of the members that are there.
pub fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let there = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(there.collect::<Map<String, Value>>())
}

/// JSON text as JSON.
pub fn text(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// Bytes as base64.
pub fn bytes(bytes: &[u8]) -> Value {
    Value::String(STANDARD.encode(bytes))
}

/// Values, each in its form.
pub fn list<T>(values: &[T], form: impl Fn(&T) -> Value) -> Value {
    Value::Array(values.iter().map(form).collect())
}

/// Writes `node_error`, `error_kind`, `effect`, `usage`, `diagnostic` and `item` for the
/// types in a module: `json_form!(crate::wit::types);`
#[macro_export]
macro_rules! json_form {
    ($($types:tt)+) => {
        /// A failure: `kind`, `code`, `message`, `advice`, `field`, `http_status`,
        /// `vendor_message`, `effect`, `retry` (`"never"`, `"host-default"` or
        /// `{"after_ms": N}`) and `details`.
        #[must_use]
        pub fn node_error(error: &$($types)+::NodeError) -> $crate::json_form::serde_json::Value {
            use $crate::json_form::serde_json::{Value, json};
            use $($types)+::Retry;

            let retry = match &error.retry {
                Retry::Never => json!("never"),
                Retry::HostDefault => json!("host-default"),
                Retry::AfterMs(milliseconds) => json!({ "after_ms": milliseconds }),
            };
            let text = |text: &Option<String>| text.clone().map(Value::from);
            $crate::json_form::object([
                ("kind", Some(json!(error_kind(error.kind)))),
                ("code", Some(json!(error.code))),
                ("message", Some(json!(error.message))),
                ("advice", text(&error.advice)),
                ("field", text(&error.field)),
                ("http_status", error.http_status.map(Value::from)),
                ("vendor_message", text(&error.vendor_message)),
                ("effect", Some(json!(effect(error.effect)))),
                ("retry", Some(retry)),
                ("details", error.details.as_deref().map($crate::json_form::text)),
            ])
        }

        /// A kind as WIT spells it, such as `invalid-input`.
        #[must_use]
        pub fn error_kind(kind: $($types)+::ErrorKind) -> &'static str {
            use $($types)+::ErrorKind;

            match kind {
                ErrorKind::InvalidInput => "invalid-input",
                ErrorKind::Unauthenticated => "unauthenticated",
                ErrorKind::Forbidden => "forbidden",
                ErrorKind::NotFound => "not-found",
                ErrorKind::Conflict => "conflict",
                ErrorKind::RateLimited => "rate-limited",
                ErrorKind::Unavailable => "unavailable",
                ErrorKind::Timeout => "timeout",
                ErrorKind::Cancelled => "cancelled",
                ErrorKind::Denied => "denied",
                ErrorKind::Protocol => "protocol",
                ErrorKind::Unsupported => "unsupported",
                ErrorKind::Internal => "internal",
            }
        }

        /// An effect as WIT spells it.
        #[must_use]
        pub fn effect(effect: $($types)+::Effect) -> &'static str {
            use $($types)+::Effect;

            match effect {
                Effect::None => "none",
                Effect::Applied => "applied",
                Effect::Unknown => "unknown",
            }
        }

        /// What a call cost: `requests`, `retries`, `waited_ms`, `rate_limited`.
        #[must_use]
        pub fn usage(usage: &$($types)+::Usage) -> $crate::json_form::serde_json::Value {
            $crate::json_form::serde_json::json!({
                "requests": usage.requests,
                "retries": usage.retries,
                "waited_ms": usage.waited_ms,
                "rate_limited": usage.rate_limited,
            })
        }

        /// A diagnostic: `level`, `code`, `message`, `item_index`.
        #[must_use]
        pub fn diagnostic(diagnostic: &$($types)+::Diagnostic) -> $crate::json_form::serde_json::Value {
            use $crate::json_form::serde_json::{Value, json};
            use $($types)+::Level;

            let level = match diagnostic.level {
                Level::Debug => "debug",
                Level::Info => "info",
                Level::Warning => "warning",
            };
            $crate::json_form::object([
                ("level", Some(json!(level))),
                ("code", Some(json!(diagnostic.code))),
                ("message", Some(json!(diagnostic.message))),
                ("item_index", diagnostic.item_index.map(Value::from)),
            ])
        }

        /// A result: its JSON, and `attachments` beside it where there are any.
        #[must_use]
        pub fn item(item: &$($types)+::Item) -> $crate::json_form::serde_json::Value {
            use $crate::json_form::serde_json::{Value, json};

            let value = $crate::json_form::text(&item.json);
            if item.attachments.is_empty() {
                return value;
            }
            let attachments = $crate::json_form::list(&item.attachments, attachment);
            match value {
                Value::Object(mut members) => {
                    members.insert("attachments".to_owned(), attachments);
                    Value::Object(members)
                }
                value => json!({ "value": value, "attachments": attachments }),
            }
        }

        fn attachment(attachment: &$($types)+::Attachment) -> $crate::json_form::serde_json::Value {
            use $crate::json_form::serde_json::{Value, json};
            use $($types)+::AttachmentContent;

            let content = match &attachment.content {
                AttachmentContent::Bytes(bytes) => json!({ "bytes": $crate::json_form::bytes(bytes) }),
                AttachmentContent::Link(link) => json!({ "link": $crate::json_form::object([
                    ("url", Some(json!(link.url))),
                    ("expires_at", link.expires_at.clone().map(Value::from)),
                ]) }),
            };
            json!({ "name": attachment.name, "mime_type": attachment.mime_type, "content": content })
        }
    };
}
