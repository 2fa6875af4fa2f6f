//! JSON forms of the interface `triggers`.

use super::*;
use crate::wit::triggers::{Delivery, Event, Header, Polled, Received, Reply, Subscription};

/// An event: `id`, `occurred_at`, `item`.
#[must_use]
pub fn event(event: &Event) -> Value {
    object([
        ("id", Some(json!(event.id))),
        ("occurred_at", event.occurred_at.as_ref().map(|instant| json!(instant))),
        ("item", Some(item(&event.item))),
    ])
}

/// What a poll found: `events`, `state`, `more`, `next_poll_ms`, `usage`,
/// `diagnostics`.
#[must_use]
pub fn polled(polled: &Polled) -> Value {
    json!({
        "events": list(&polled.events, event),
        "state": polled.state,
        "more": polled.more,
        "next_poll_ms": polled.next_poll_ms,
        "usage": usage(&polled.report.usage),
        "diagnostics": list(&polled.report.diagnostics, diagnostic),
    })
}

/// A subscription: `state`, `expires_at`, `usage`, `diagnostics`.
#[must_use]
pub fn subscription(subscription: &Subscription) -> Value {
    object([
        ("state", Some(json!(subscription.state))),
        ("expires_at", subscription.expires_at.as_ref().map(|instant| json!(instant))),
        ("usage", Some(usage(&subscription.report.usage))),
        ("diagnostics", Some(list(&subscription.report.diagnostics, diagnostic))),
    ])
}

/// What a delivery meant: `events`, `state`, `reply`, `usage`, `diagnostics`.
#[must_use]
pub fn received(received: &Received) -> Value {
    json!({
        "events": list(&received.events, event),
        "state": received.state,
        "reply": reply(&received.reply),
        "usage": usage(&received.report.usage),
        "diagnostics": list(&received.report.diagnostics, diagnostic),
    })
}

/// A request that came in: `method`, `path_with_query`, `headers`, `body`.
#[must_use]
pub fn delivery(delivery: &Delivery) -> Value {
    json!({
        "method": delivery.method,
        "path_with_query": delivery.path_with_query,
        "headers": list(&delivery.headers, header),
        "body": bytes(&delivery.body),
    })
}

/// What to answer the service: `status`, `headers`, `body`.
#[must_use]
pub fn reply(reply: &Reply) -> Value {
    json!({
        "status": reply.status,
        "headers": list(&reply.headers, header),
        "body": bytes(&reply.body),
    })
}

fn header(header: &Header) -> Value {
    json!({ "name": header.name, "value": header.value })
}
