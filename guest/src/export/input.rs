//! From the types of WIT to plain Rust.

use core::time::Duration;

use alloc::string::String;
use alloc::vec::Vec;

use jiff::Timestamp;
use serde_json::Value;

use super::types;
use crate::error::{Code, NodeError, Result};
use crate::interface::{
    Attachment, CallContext, Connection, ConnectionAuth, Content, Fields, Item, Link, Secret, Session,
};
use crate::weight::{self, MAX_ITEM};

fn instant(text: &str, what: &'static str) -> Result<Timestamp> {
    text.parse().map_err(|_| NodeError::new(Code::INVALID_CONTEXT, what))
}

pub(super) fn context(context: types::CallContext) -> Result<CallContext> {
    Ok(CallContext {
        now: instant(&context.now, "`now` of the call context is not an RFC 3339 timestamp.")?,
        deadline: Duration::from_millis(context.deadline_ms.into()),
        attempt: context.attempt,
        idempotency_key: context.idempotency_key,
        entropy: context.entropy,
        trace_parent: context.trace_parent,
        time_zone: context.time_zone,
        dry_run: context.dry_run,
        read_only: context.read_only,
        allowed_operations: context.allowed_operations,
        confirmed: context.confirmed,
    })
}

pub(super) fn fields(fields: Vec<types::FieldValue>) -> Fields {
    fields.into_iter().map(|field| (field.name, field.value)).collect()
}

pub(super) fn connection(connection: types::Connection) -> Result<Connection> {
    let auth = match connection.auth {
        types::ConnectionAuth::Session(session) => ConnectionAuth::Session(self::session(session)?),
        types::ConnectionAuth::HostInjected => ConnectionAuth::HostInjected,
        types::ConnectionAuth::SelfManaged => ConnectionAuth::SelfManaged,
    };
    Ok(Connection { fields: fields(connection.fields), auth })
}

fn session(session: types::Session) -> Result<Session> {
    let expires_at = session
        .expires_at
        .map(|text| instant(&text, "`expires-at` of the session is not an RFC 3339 timestamp."))
        .transpose()?;
    let extra = session.extra.and_then(|extra| serde_json::from_slice(extra.as_bytes()).ok());
    Ok(Session { token: Secret::new(session.token), expires_at, scopes: session.scopes, extra })
}

/// What is no JSON becomes text, which is refused with the rest of what is no object.
pub(super) fn item(item: types::Item) -> Item {
    // One that is too large stays text, which is refused like what is no JSON.
    let json = Some(&item.json)
        .filter(|json| weight::of_text(json.as_bytes()) <= MAX_ITEM)
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or(Value::String(item.json));
    let attachments = item.attachments.into_iter().map(attachment).collect();
    Item { json, attachments, sources: item.sources }
}

fn attachment(attachment: types::Attachment) -> Attachment {
    Attachment {
        name: attachment.name,
        mime_type: attachment.mime_type,
        content: match attachment.content {
            types::AttachmentContent::Bytes(bytes) => Content::Bytes(bytes),
            types::AttachmentContent::Link(link) => Content::Link(Link {
                url: link.url,
                expires_at: link.expires_at.and_then(|text: String| text.parse().ok()),
            }),
        },
    }
}

#[cfg(feature = "triggers")]
pub(super) fn endpoint(endpoint: super::wit::triggers::Endpoint) -> crate::interface::Endpoint {
    crate::interface::Endpoint {
        callback_url: endpoint.callback_url,
        signing_secret: Secret::new(endpoint.signing_secret),
    }
}

#[cfg(feature = "triggers")]
pub(super) fn delivery(delivery: super::wit::triggers::Delivery) -> crate::interface::Delivery {
    crate::interface::Delivery {
        method: delivery.method,
        path_with_query: delivery.path_with_query,
        headers: delivery.headers.into_iter().map(|header| (header.name, header.value)).collect(),
        body: delivery.body,
    }
}
