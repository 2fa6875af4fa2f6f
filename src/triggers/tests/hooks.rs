//! Webhooks against the model: one of them, however often and however badly it
//! is set up; nothing afterwards; each event once.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use workflow_node_sdk::interface::Secret;
use workflow_node_sdk::interface::{Delivery, Endpoint, Received, Subscribed, Trigger};

use super::desk::{Desk, Watch, Wire, connection, context};
use crate::error::Result;
use crate::triggers::webhook;

const SECRET: &str = "the-signing-secret-of-this-test";

fn endpoint(url: &str) -> Endpoint {
    Endpoint { callback_url: url.to_string(), signing_secret: Secret::new(SECRET) }
}

fn subscribe(desk: &mut Desk, trigger: &str, url: &str, state: Option<&str>) -> Result<String> {
    let context = context(desk.now);
    let mut wire = Wire(desk, core::time::Duration::ZERO);
    webhook::subscribe(
        &mut wire,
        &context,
        &connection(),
        Trigger { name: trigger, config: "{}" },
        &endpoint(url),
        state,
    )
    .map(|subscription| subscription.state)
}

fn unsubscribe(desk: &mut Desk, trigger: &str, state: &str) -> Result<()> {
    let context = context(desk.now);
    webhook::unsubscribe(&mut Wire(desk, core::time::Duration::ZERO), &context, &connection(), trigger, state)
        .map(|_| ())
}

fn receive(desk: &mut Desk, config: &Value, state: &str, delivery: &Delivery) -> Received {
    let context = context(desk.now);
    let subscribed = Subscribed {
        trigger: Trigger { name: "ticket.updated", config: &config.to_string() },
        endpoint: &endpoint("https://h.example/1"),
        state,
    };
    let mut wire = Wire(desk, core::time::Duration::ZERO);
    webhook::receive(&mut wire, &context, &connection(), subscribed, delivery).unwrap()
}

fn delivery(payload: &Value) -> Delivery {
    let body = payload.to_string().into_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(&body);
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    Delivery {
        method: "POST".into(),
        path_with_query: "/".into(),
        headers: vec![("Token".into(), signature)],
        body,
    }
}

fn ids(received: &Received) -> Vec<String> {
    received.events.iter().map(|event| event.id.clone()).collect()
}

#[test]
fn twice_set_up_is_one_and_taken_down_is_none() {
    let mut desk = Desk::with_tickets(5);
    let first = subscribe(&mut desk, "ticket.updated", "https://h.example/1", None).unwrap();
    assert!(!first.contains(SECRET) && !first.contains("h.example"), "{first}");
    for state in [None, Some(first.as_str())] {
        subscribe(&mut desk, "ticket.updated", "https://h.example/1", state).unwrap();
        assert_eq!((desk.webhooks.len(), desk.notifications.len()), (1, 4));
    }
    let other = subscribe(&mut desk, "ticket.created", "https://h.example/2", None).unwrap();
    assert_eq!((desk.webhooks.len(), desk.notifications.len()), (2, 5));
    unsubscribe(&mut desk, "ticket.updated", &first).unwrap();
    unsubscribe(&mut desk, "ticket.updated", &first).unwrap();
    assert_eq!((desk.webhooks.len(), desk.notifications.len()), (1, 1));
    unsubscribe(&mut desk, "ticket.created", &other).unwrap();
    assert_eq!((desk.webhooks.len(), desk.notifications.len()), (0, 0));
}

#[test]
fn a_set_up_that_is_cut_off_anywhere_is_completed_and_not_doubled() {
    let whole = {
        let mut desk = Desk::with_tickets(5);
        subscribe(&mut desk, "ticket.updated", "https://h.example/1", None).unwrap();
        desk.requests
    };
    assert!(whole > 5, "{whole}");
    for commits in [false, true] {
        for cut in 1..=whole {
            let mut desk = Desk::with_tickets(5);
            desk.cut = Some((cut, commits));
            // A read is repeated and a write is not.
            let state = subscribe(&mut desk, "ticket.updated", "https://h.example/1", None);
            desk.cut = None;
            let state =
                state.or_else(|_| subscribe(&mut desk, "ticket.updated", "https://h.example/1", None));
            assert_eq!((desk.webhooks.len(), desk.notifications.len()), (1, 4), "{cut} {commits}");
            let state = state.unwrap();
            desk.cut = Some((desk.requests + 2, commits));
            if unsubscribe(&mut desk, "ticket.updated", &state).is_err() {
                desk.cut = None;
                unsubscribe(&mut desk, "ticket.updated", &state).unwrap();
            }
            assert_eq!((desk.webhooks.len(), desk.notifications.len()), (0, 0), "{cut} {commits}");
        }
    }
}

/// The numbers of the events that are subscribed to.
fn numbers(desk: &Desk) -> Vec<i64> {
    desk.notifications.iter().map(|row| row["eventno"].as_str().unwrap().parse().unwrap()).collect()
}

#[test]
fn events_are_subscribed_to_by_their_names() {
    let theirs = json!([{"lookupid": "64", "id": "903", "name": "New Incident Logged - All"},
        {"lookupid": "64", "id": "904", "name": "New Incident Logged - Assigned to Recipient"}]);
    for (lookup, ignores_lookups, expected) in [
        (None, false, 3),
        (None, true, 3),
        (Some(theirs.clone()), false, 903),
        (Some(theirs), true, 903),
        (Some(json!([])), false, 3),
    ] {
        let mut desk = Desk::with_tickets(5);
        desk.ignores_lookups = ignores_lookups;
        if let Some(Value::Array(rows)) = lookup {
            desk.lookup = rows;
        }
        subscribe(&mut desk, "ticket.created", "https://h.example/1", None).unwrap();
        assert_eq!(numbers(&desk), [expected]);
    }
}

#[test]
fn every_subscription_has_a_name_of_its_own() {
    let mut desk = Desk::with_tickets(5);
    for url in 0..5 {
        subscribe(&mut desk, "ticket.status_changed", &format!("https://h.example/{url}"), None).unwrap();
    }
    let names: alloc::collections::BTreeSet<&str> =
        desk.webhooks.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 5, "{names:?}");
    assert!(names.iter().all(|name| name.len() <= 50), "{names:?}");
}

/// A flow that crashed has left its webhook, and its state is lost.
#[test]
fn a_webhook_of_a_crashed_flow_is_taken_over_whatever_lists_show() {
    for unlisted in [&[][..], &["note"], &["note", "webhook_id"], &["name"]] {
        let mut desk = Desk::with_tickets(5);
        desk.unlisted = unlisted;
        let url = "https://h.example/1";
        subscribe(&mut desk, "ticket.updated", url, None).unwrap();
        let state = subscribe(&mut desk, "ticket.updated", url, None).unwrap();
        assert_eq!((desk.webhooks.len(), desk.notifications.len()), (1, 4), "{unlisted:?}");
        // Its address has changed.
        let moved = subscribe(&mut desk, "ticket.updated", "https://h.example/2", Some(&state)).unwrap();
        assert_eq!((desk.webhooks.len(), desk.notifications.len()), (1, 4), "{unlisted:?}");
        assert_eq!(desk.webhooks[0]["url"], "https://h.example/2");
        unsubscribe(&mut desk, "ticket.updated", &moved).unwrap();
        assert_eq!((desk.webhooks.len(), desk.notifications.len()), (0, 0), "{unlisted:?}");
    }
}

#[test]
fn a_name_that_somebody_else_has_is_avoided() {
    let mut desk = Desk::with_tickets(5);
    let url = "https://h.example/1";
    let state = subscribe(&mut desk, "ticket.created", url, None).unwrap();
    unsubscribe(&mut desk, "ticket.created", &state).unwrap();
    // Not in lists: another type, or out of the agent's sight.
    let name = {
        subscribe(&mut desk, "ticket.created", url, None).unwrap();
        desk.webhooks[0]["name"].clone()
    };
    desk.webhooks = vec![json!({"id": null, "name": name})];
    desk.notifications.clear();
    desk.unlisted = &["id", "note"];
    subscribe(&mut desk, "ticket.created", url, None).unwrap();
    assert_eq!(desk.webhooks.len(), 2);
}

#[test]
fn an_event_is_told_once_by_deliveries_and_polls_together() {
    let mut desk = Desk::with_tickets(30);
    let state = subscribe(&mut desk, "ticket.updated", "https://h.example/1", None).unwrap();
    desk.pass(60);
    desk.change(7);
    let first = format!("ticket/7/updated/{}", desk.time());
    let payload = json!({"webhook_id": "guid-1", "object_id": 7, "agent_id": 4, "timestamp": "2026-03-01T10:01:00.5Z",
        "ticket": {"id": 7}});
    let one = receive(&mut desk, &json!({}), &state, &delivery(&payload));
    assert_eq!((one.reply.status, ids(&one)), (200, vec![first]));
    let mut state = one.state;
    for _ in 0..2 {
        let again = receive(&mut desk, &json!({}), &state, &delivery(&payload));
        assert_eq!((again.reply.status, ids(&again).len()), (200, 0));
        state = again.state;
    }
    // A delivery got lost, a batch comes twice, and the poll finds the rest.
    desk.change(8);
    desk.pass(2);
    desk.change(9);
    let batch = delivery(&json!([{"object_id": 9}, {"object_id": 9}, {"object_id": 3}]));
    let received = receive(&mut desk, &json!({}), &state, &batch);
    assert_eq!(ids(&received), [format!("ticket/9/updated/{}", desk.time())]);
    let mut watch = Watch::new("ticket.updated", json!({}));
    watch.state = Some(received.state);
    let told = watch.drain(&mut desk);
    assert!(told.len() == 1 && told[0].starts_with("ticket/8/updated/"), "{told:?}");
    // An old delivery, sent again much later.
    desk.pass(4_000);
    watch.drain(&mut desk);
    let old = receive(&mut desk, &json!({}), watch.state.as_deref().unwrap(), &delivery(&payload));
    assert_eq!((old.reply.status, ids(&old).len()), (200, 0));
}

#[test]
fn what_is_refused_changes_nothing() {
    let mut desk = Desk::with_tickets(5);
    let state = subscribe(&mut desk, "ticket.updated", "https://h.example/1", None).unwrap();
    desk.pass(60);
    desk.change(1);
    let before = desk.requests;
    let mut forged = delivery(&json!({"object_id": 1}));
    forged.body.push(b' ');
    let foreign = delivery(&json!({"object_id": 1, "webhook_id": "guid-2"}));
    let huge = Delivery { body: vec![b' '; 20_000_000], ..delivery(&json!({"object_id": 1})) };
    for (delivery, status) in [(forged, 401), (foreign, 403), (huge, 413)] {
        let received = receive(&mut desk, &json!({}), &state, &delivery);
        assert_eq!((received.reply.status, received.events.len(), &received.state), (status, 0, &state));
    }
    assert_eq!(desk.requests, before);
}

#[test]
fn without_reading_again_the_payload_is_believed() {
    let mut desk = Desk::with_tickets(5);
    let state = subscribe(&mut desk, "ticket.updated", "https://h.example/1", None).unwrap();
    desk.pass(60);
    let before = desk.requests;
    let payload = json!({"object_id": 3, "timestamp": "2026-03-01T10:00:30.1234567Z", "ticket": {"id": 3, "summary": "x"}});
    let received = receive(&mut desk, &json!({"reread": false}), &state, &delivery(&payload));
    assert_eq!(ids(&received), ["ticket/3/updated/2026-03-01T10:00:30Z"]);
    assert_eq!(desk.requests, before);
}

#[test]
fn read_only_connections_set_nothing_up() {
    let mut desk = Desk::with_tickets(5);
    let context = workflow_node_sdk::interface::CallContext { read_only: true, ..context(desk.now) };
    let mut wire = Wire(&mut desk, core::time::Duration::ZERO);
    let made = webhook::subscribe(
        &mut wire,
        &context,
        &connection(),
        Trigger { name: "ticket.updated", config: "{}" },
        &endpoint("https://h.example/1"),
        None,
    );
    assert!(made.is_err());
    assert_eq!(desk.requests, 0);
}
