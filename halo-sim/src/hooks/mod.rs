//! Deliveries of webhooks: who is told, what, and with which signature
//! (HAPI §13.4, §13.5). Their order is in [`outbox`], sending in [`send`].
//!
//! Each delivery is tried once, unless a switch says otherwise: the retry
//! schedule is not known. Batching, conditions and custom payloads are not
//! simulated.

mod outbox;
mod send;

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{
    desk::webhooks::Event,
    resources::{
        render::{self, Depth},
        tickets::TICKETS,
    },
    shared::Shared,
    state::{Key, Row, TableId, World, seed::random},
};

pub(crate) use outbox::Outbox;

/// Signature authentication (HAPI §13.2).
const SIGNATURE: i64 = 3;
/// Basic authentication [assumed].
const BASIC: i64 = 1;

/// One message on its way.
#[derive(Debug)]
struct Delivery {
    webhook_id: String,
    notification_id: i64,
    ticket: i64,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// Tells all webhooks that want to know. Returns at once; sending goes on in a
/// task, and the log of deliveries is written when it is done.
pub(crate) fn announce(shared: &Arc<Shared>, events: &[(i64, Event)]) {
    if !events.is_empty() {
        outbox::post(shared, deliveries(shared, events));
    }
}

fn deliveries(shared: &Shared, events: &[(i64, Event)]) -> Vec<Delivery> {
    let world = shared.world();
    let mut deliveries = Vec::new();
    for (ticket, event) in events {
        for notification in world.table(TableId::Notifications).rows() {
            if notification.int("eventno") != event.number() {
                continue;
            }
            let wanted = notification.text("webhook_id");
            let mut webhooks = world.table(TableId::Webhooks).rows();
            let webhook = webhooks.find(|webhook| {
                webhook.text("id").eq_ignore_ascii_case(wanted)
                    && webhook.flag("active")
                    && !webhook.flag("disabled")
            });
            if let Some(webhook) = webhook {
                let news = News {
                    event: event.name(),
                    message: event.message(*ticket),
                    notification: notification.int("id"),
                    ticket: *ticket,
                };
                deliveries.push(delivery(shared, &world, webhook, &news));
            }
        }
    }
    deliveries
}

/// Sends a test to webhooks that ask for one with `_test`; what it holds is
/// assumed (HAPI §13.2).
pub(crate) fn test(shared: &Arc<Shared>, webhooks: &[Key]) {
    let deliveries = {
        let world = shared.world();
        let found = webhooks.iter().filter_map(|key| world.table(TableId::Webhooks).get(key));
        let news = News { event: "Test", message: "Test".to_owned(), notification: 0, ticket: 0 };
        found.map(|webhook| delivery(shared, &world, webhook, &news)).collect()
    };
    outbox::post(shared, deliveries);
}

/// What a delivery tells.
struct News {
    event: &'static str,
    message: String,
    notification: i64,
    ticket: i64,
}

fn delivery(shared: &Shared, world: &World, webhook: &Row, news: &News) -> Delivery {
    let (ticket, notification) = (news.ticket, news.notification);
    let now = shared.clock.now();
    let salt = (now.as_nanosecond().unsigned_abs() as u64)
        ^ ticket.unsigned_abs()
        ^ notification.unsigned_abs().rotate_left(48);
    let body = json!({
        "id": random::guid(salt, "delivery"),
        "webhook_id": webhook.text("id"),
        "notification_id": notification,
        "escmsg_id": random::guid(salt, "message"),
        "event": news.event,
        "message": news.message,
        "object_id": ticket,
        "agent_id": shared.application.agent_id,
        // Seven digits of a second and a `Z`, as nowhere else (HAPI §13.4).
        "timestamp": format!(
            "{}.{:07}Z",
            now.strftime("%Y-%m-%dT%H:%M:%S"),
            now.subsec_nanosecond() / 100
        ),
        "ticket": world.row(TableId::Tickets, ticket).map(|row| {
            Value::from(render::single(world, &TICKETS, row, Depth::Plain))
        }),
    })
    .to_string();
    Delivery {
        webhook_id: webhook.text("id").to_owned(),
        notification_id: notification,
        ticket,
        url: webhook.text("url").to_owned(),
        headers: headers(webhook, &body),
        body,
    }
}

fn headers(webhook: &Row, body: &str) -> Vec<(String, String)> {
    let secret = webhook.text("basic_password");
    let mut headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    match webhook.int("authentication_type") {
        SIGNATURE => {
            let name = webhook.text("authentication_header");
            let value = format!("{}{}", webhook.text("signature_prefix"), sign(secret, body));
            headers.push((name.to_owned(), value));
        }
        BASIC => {
            let pair = format!("{}:{secret}", webhook.text("basic_username"));
            headers.push(("Authorization".to_owned(), format!("Basic {}", STANDARD.encode(pair))));
        }
        _ => {}
    }
    headers
}

/// base64 of HMAC-SHA256 over the raw body (HAPI §13.3).
fn sign(secret: &str, body: &str) -> String {
    // A key of any length is fine for HMAC.
    Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map(|mut mac| {
            mac.update(body.as_bytes());
            STANDARD.encode(mac.finalize().into_bytes())
        })
        .unwrap_or_default()
}
