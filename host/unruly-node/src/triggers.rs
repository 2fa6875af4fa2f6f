//! Events, by polling `{url}/events` and by deliveries that tell their number.
//!
//! Its states count: the state of a poll is how many polls there were, that of a
//! subscription how often it was set up.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use serde_json::{Value, json};

use crate::bindings::triggers::*;
use crate::bindings::types::{Effect, ErrorKind};
use crate::unruly::{Unruly, ask, failure, report};

impl Guest for Unruly {
    fn poll(
        _: CallContext,
        connection: Connection,
        trigger: String,
        config: String,
        state: Option<String>,
    ) -> Result<Polled, NodeError> {
        let answer = ask(&connection, "events")?;
        let polls = count(state.as_deref()) + 1;
        let json = json!({ "trigger": trigger, "config": config, "answer": answer.get("body") });
        Ok(Polled {
            events: vec![event(&format!("poll-{polls}"), &json)],
            state: format!("{polls}"),
            more: false,
            next_poll_ms: 60_000,
            report: report(1),
        })
    }

    fn subscribe(
        _: CallContext,
        connection: Connection,
        _: String,
        _: String,
        endpoint: Endpoint,
        state: Option<String>,
    ) -> Result<Subscription, NodeError> {
        let answer = ask(&connection, "subscribe")?;
        if answer.get("status").and_then(Value::as_u64) != Some(200) {
            // A careless node says what it knows.
            let mut error = failure(ErrorKind::Conflict, &format!("not with {}", endpoint.signing_secret));
            error.effect = Effect::Unknown;
            return Err(error);
        }
        Ok(Subscription {
            state: format!("{}", count(state.as_deref()) + 1),
            expires_at: None,
            report: report(1),
        })
    }

    fn unsubscribe(
        _: CallContext,
        connection: Connection,
        _: String,
        _: String,
        _: String,
    ) -> Result<Report, NodeError> {
        ask(&connection, "unsubscribe")?;
        Ok(report(1))
    }

    /// A delivery is authentic when it names the signing secret.
    fn receive(
        _: CallContext,
        _: Connection,
        _: String,
        _: String,
        endpoint: Endpoint,
        state: String,
        delivery: Delivery,
    ) -> Result<Received, NodeError> {
        let authentic = delivery.headers.iter().any(|header| header.value == endpoint.signing_secret);
        let body = json!({ "body": String::from_utf8_lossy(&delivery.body) });
        Ok(Received {
            events: if authentic { vec![event("delivery", &body)] } else { vec![] },
            state,
            reply: Reply { status: if authentic { 200 } else { 401 }, headers: vec![], body: vec![] },
            report: report(0),
        })
    }
}

fn count(state: Option<&str>) -> u32 {
    state.and_then(|state| state.parse().ok()).unwrap_or(0)
}

fn event(id: &str, json: &Value) -> Event {
    let item = Item { json: format!("{json}"), attachments: Vec::new(), sources: Vec::new() };
    Event { id: id.to_owned(), occurred_at: None, item }
}
