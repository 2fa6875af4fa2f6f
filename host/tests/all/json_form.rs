//! The JSON form of the interface, written by the host and read by a component: what
//! a component makes of a form is the same form again.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};
use workflow_node_host::wit::types::Item;
use workflow_node_host::{CallOptions, json as form};

use crate::server::{Server, ok};
use crate::support::connect;

/// How many random outcomes are compared, in calls of this many items.
const CALLS: usize = 16;
const ITEMS: usize = 32;

/// Text that a host passes on as it is.
fn words() -> impl Strategy<Value = String> {
    "[a-zäß漢 \"\\\\{}/,.:-]{1,20}[a-z]"
}

fn kind() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "invalid-input",
        "unauthenticated",
        "forbidden",
        "not-found",
        "conflict",
        "rate-limited",
        "unavailable",
        "timeout",
        "denied",
        "protocol",
        "unsupported",
        "internal",
    ])
}

fn retry() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!("never")),
        Just(json!("host-default")),
        any::<u32>().prop_map(|after| json!({ "after_ms": after })),
    ]
}

fn error() -> impl Strategy<Value = Value> {
    let optional = || prop::option::of(words());
    let effect = prop::sample::select(vec!["none", "applied", "unknown"]);
    let texts = (words(), optional(), optional(), optional());
    (kind(), texts, prop::option::of(100_u16..600), effect, retry(), prop::option::of(object())).prop_map(
        |(kind, (message, advice, field, vendor_message), http_status, effect, retry, details)| {
            let mut form = json!({
                "kind": kind, "code": "unruly.failed", "message": message, "effect": effect, "retry": retry,
            });
            let optional = [
                ("advice", advice.map(Value::from)),
                ("field", field.map(|field| json!(format!("/{field}")))),
                ("http_status", http_status.map(Value::from)),
                ("vendor_message", vendor_message.map(Value::from)),
                ("details", details),
            ];
            let there = optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
            form.as_object_mut().expect("an object").extend(there);
            form
        },
    )
}

fn object() -> impl Strategy<Value = Value> {
    let value = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        words().prop_map(Value::from),
        prop::collection::vec(words(), 0..3).prop_map(Value::from),
    ];
    prop::collection::btree_map("[a-z]{1,8}", value, 0..4)
        .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>()))
}

fn attachment() -> impl Strategy<Value = Value> {
    let bytes = prop::collection::vec(any::<u8>(), 0..40)
        .prop_map(|bytes| json!({ "bytes": STANDARD.encode(bytes) }));
    let link = prop::option::of(Just("2026-03-01T09:00:00Z")).prop_map(|expires_at| {
        let mut link = json!({ "url": "https://files.example/a" });
        if let Some(expires_at) = expires_at {
            link["expires_at"] = json!(expires_at);
        }
        json!({ "link": link })
    });
    ("[a-z]{1,8}\\.txt", prop_oneof![bytes, link])
        .prop_map(|(name, content)| json!({ "name": name, "mime_type": "text/plain", "content": content }))
}

fn result() -> impl Strategy<Value = Value> {
    (object(), prop::collection::vec(attachment(), 0..3)).prop_map(|(mut result, attachments)| {
        if !attachments.is_empty() {
            result["attachments"] = Value::Array(attachments);
        }
        result
    })
}

fn outcome() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => error().prop_map(|error| json!({ "error": error })),
        4 => prop::collection::vec(result(), 0..3).prop_map(|items| json!({ "items": items })),
        1 => Just(json!({ "not_attempted": true })),
    ]
}

#[tokio::test]
async fn what_a_component_makes_of_a_form_is_the_same_form_again() {
    let server = Server::start(|_| ok("token")).await;
    let connection = connect(server.url()).await;
    let mut runner = TestRunner::deterministic();
    let options = CallOptions { deadline: Duration::from_secs(60), ..CallOptions::default() };
    for _ in 0..CALLS {
        let outcomes: Vec<Value> =
            (0..ITEMS).map(|_| outcome().new_tree(&mut runner).expect("a strategy").current()).collect();
        let items: Vec<Item> = outcomes
            .iter()
            .map(|form| Item { json: form.to_string(), attachments: Vec::new(), sources: Vec::new() })
            .collect();
        let execution = connection.execute("echo", &items, None, &options).await.expect("done");
        let shown = form::execution(&execution);
        for (index, expected) in outcomes.iter().enumerate() {
            let mut expected = expected.clone();
            expected["item"] = json!(index);
            assert_eq!(shown["outcomes"][index], expected);
        }
    }
}
