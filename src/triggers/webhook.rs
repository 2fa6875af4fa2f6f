//! Webhooks at HaloPSA: setting up, taking down, and reading deliveries
//! (HAPI 13). A webhook is two things there, the webhook itself and a
//! notification for each event that triggers it; both are found again by a
//! marker, so that a set-up that was cut off is completed and never doubled.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde_json::{Value, json};

use super::delivery::{self, SIGNATURE_HEADER};
use super::poll::{self, Poller, Progress};
use super::settings::Settings;
use super::state::{Hook, State};
use super::{Delivery, Endpoint, Received, Subscription, Unsubscribed, client, find};
use crate::catalogue::triggers::{EventKind, Trigger};
use crate::client::Client;
use crate::contract::{CallContext, Connection, Object};
use crate::error::{Code, ErrorKind, NodeError, Result};
use crate::number;
use crate::protocol::envelope;
use crate::protocol::request::{ApiRequest, Safety};
use crate::transport::Transport;

/// The permission for webhooks (HAPI 13.1).
const SCOPE: &str = "admin";

/// Sets a webhook up, or finds the one that exists.
pub fn subscribe(
    transport: &mut dyn Transport,
    context: &CallContext,
    connection: &Connection,
    trigger: &str,
    config: &str,
    endpoint: &Endpoint,
    state: Option<&str>,
) -> Result<Subscription> {
    let trigger = find(context, trigger)?;
    may_write(context, trigger)?;
    let settings = Settings::parse(trigger, config)?;
    if trigger.webhook_events.is_empty() {
        return Err(NodeError::new(Code::Unsupported, "HaloPSA has no webhook for this event.")
            .advice("Poll this trigger."));
    }
    let known = state.map(|text| State::parse(text, trigger.name)).transpose()?;
    let begins = known.is_none();
    let mut client = client(transport, context, connection)?;
    client.keep_secret(&endpoint.signing_secret);
    let mut poller = Poller::new(&mut client, &settings, known.unwrap_or_else(|| State::new(trigger.name)));
    if begins {
        // Polling takes over from here what deliveries do not tell.
        poller.begin()?;
        if let Progress::Interrupted(error) = poller.first()? {
            return Err(error);
        }
    }
    let Poller { mut state, diagnostics, .. } = poller;
    let marker = delivery::marker(trigger.name, &endpoint.callback_url);
    let webhook = webhook(&mut client, trigger, endpoint, &marker)?;
    let notifications = notifications(&mut client, trigger, &webhook)?;
    state.hook = Some(Hook { webhook, notifications, marker });
    Ok(Subscription {
        state: state.to_text(),
        session: client.renewed_session().cloned(),
        usage: client.usage(),
        diagnostics,
    })
}

/// Takes a webhook down, with all its parts.
pub fn unsubscribe(
    transport: &mut dyn Transport,
    context: &CallContext,
    connection: &Connection,
    trigger: &str,
    state: &str,
) -> Result<Unsubscribed> {
    let trigger = find(context, trigger)?;
    may_write(context, trigger)?;
    let state = State::parse(state, trigger.name)?;
    let mut client = client(transport, context, connection)?;
    if let Some(hook) = &state.hook {
        let mut webhooks = marked(&mut client, &hook.marker)?;
        if !webhooks.contains(&hook.webhook) {
            webhooks.push(hook.webhook.clone());
        }
        let mut left = hook.notifications.clone();
        for webhook in &webhooks {
            left.extend(hanging_on(&mut client, webhook)?.iter().filter_map(id_of));
        }
        left.sort_unstable();
        left.dedup();
        for notification in left {
            remove(&mut client, &format!("/Notification/{notification}"))?;
        }
        for webhook in webhooks {
            remove(&mut client, &format!("/Webhook/{webhook}"))?;
        }
    }
    Ok(Unsubscribed {
        session: client.renewed_session().cloned(),
        usage: client.usage(),
        diagnostics: vec![],
    })
}

/// A subscription as its host knows it.
#[derive(Debug, Clone, Copy)]
pub struct Subscribed<'a> {
    /// Name of the trigger.
    pub trigger: &'a str,
    /// Its settings, as JSON.
    pub config: &'a str,
    /// Where deliveries come in.
    pub endpoint: &'a Endpoint,
    /// What is known.
    pub state: &'a str,
}

/// Reads a delivery: its events, and what to answer.
pub fn receive(
    transport: &mut dyn Transport,
    context: &CallContext,
    connection: &Connection,
    subscribed: &Subscribed<'_>,
    delivery: &Delivery,
) -> Result<Received> {
    let Subscribed { trigger, config, endpoint, state } = *subscribed;
    let trigger = find(context, trigger)?;
    let settings = Settings::parse(trigger, config)?;
    let known = State::parse(state, trigger.name)?;
    let webhook = known.hook.as_ref().map(|hook| hook.webhook.clone());
    let mut client = client(transport, context, connection)?;
    client.keep_secret(&endpoint.signing_secret);
    let mut poller = Poller::new(&mut client, &settings, known);
    let status = match delivery::read(delivery, &endpoint.signing_secret, webhook.as_deref()) {
        Ok(told) => {
            take(&mut poller, told)?;
            200
        }
        Err(status) => status,
    };
    let Poller { state: known, events, diagnostics, .. } = poller;
    Ok(Received {
        events,
        state: if status == 200 { known.to_text() } else { state.to_string() },
        status,
        session: client.renewed_session().cloned(),
        usage: client.usage(),
        diagnostics,
    })
}

/// Takes in what a delivery told. It is a hint: the tickets are read as they
/// are now, with the trigger's filters, and a change that is known is none.
fn take(poller: &mut Poller<'_, '_>, told: Vec<delivery::Told>) -> Result<()> {
    let settings = poller.settings;
    let me = poller.state.me.filter(|_| settings.ignore_own);
    let mut tickets: Vec<i64> = Vec::new();
    let mut rows = Vec::new();
    for told in told {
        if me.is_some() && told.agent == me && settings.trigger.kind != EventKind::NoteAdded {
            continue;
        }
        let plain = matches!(settings.trigger.kind, EventKind::Created | EventKind::Updated);
        match told.row {
            Some(row) if !settings.reread && plain && settings.filters.is_empty() => rows.push(row),
            _ if tickets.contains(&told.ticket) => {}
            _ => tickets.push(told.ticket),
        }
    }
    // One by one with `search_id`, which is known to work (HAPI 6.2).
    let requests: Vec<ApiRequest> =
        tickets.iter().map(|ticket| poller.request(1, 1).with("search_id", ticket)).collect();
    for (answer, ticket) in poller.client.send_all(&requests).into_iter().zip(tickets) {
        let page = poller.page(&answer?)?;
        rows.extend(page.rows.into_iter().filter(|row| id_of(row) == Some(ticket)));
    }
    poller.take_told(rows)
}

fn may_write(context: &CallContext, trigger: &Trigger) -> Result<()> {
    if context.read_only {
        return Err(NodeError::new(
            Code::ReadOnly,
            "Webhooks are set up at HaloPSA, and this connection only reads.",
        )
        .advice("Poll this trigger instead, which only reads."));
    }
    match &context.allowed_operations {
        Some(allowed) if !allowed.iter().any(|name| name == trigger.name) => {
            Err(NodeError::new(Code::NotAllowed, "This trigger is not allowed here.")
                .advice("The workflow platform allows a list of operations only."))
        }
        _ => Ok(()),
    }
}

/// The one webhook with our marker: made, or found and brought up to date.
fn webhook(client: &mut Client<'_>, trigger: &Trigger, endpoint: &Endpoint, marker: &str) -> Result<String> {
    let mut found = marked(client, marker)?.into_iter();
    let existing = found.next();
    // A set-up whose answer was lost may have been made twice.
    for double in found {
        for notification in hanging_on(client, &double)?.iter().filter_map(id_of) {
            remove(client, &format!("/Notification/{notification}"))?;
        }
        remove(client, &format!("/Webhook/{double}"))?;
    }
    // HAPI 13.3, but for the names.
    let mut record = json!({
        "name": format!("Workflow: {}", trigger.title),
        "note": marker,
        "url": endpoint.callback_url,
        "active": true,
        "type": 0,
        "method": 0,
        "content_type": "application/json",
        "authentication_type": "3",
        "authentication_header": SIGNATURE_HEADER,
        "algorithm": 0,
        "certificate_id": 0,
        "basic_password": endpoint.signing_secret.reveal(),
    });
    let safety = match (&existing, record.as_object_mut()) {
        (Some(id), Some(record)) => {
            record.insert("id".to_string(), id.as_str().into());
            Safety::Overwrite
        }
        _ => Safety::Create,
    };
    let made = post(client, "/Webhook", record, safety)?;
    match (existing, made.get("id").and_then(Value::as_str)) {
        (Some(id), _) => Ok(id),
        (None, Some(id)) => Ok(id.to_string()),
        (None, None) => match marked(client, marker)?.pop() {
            Some(id) => Ok(id),
            None => {
                Err(NodeError::new(Code::MalformedAnswer, "HaloPSA made a webhook and does not say which."))
            }
        },
    }
}

/// One notification for each event; what is missing is made, what is too many
/// is removed.
fn notifications(client: &mut Client<'_>, trigger: &Trigger, webhook: &str) -> Result<Vec<i64>> {
    let existing = hanging_on(client, webhook)?;
    let mut kept = Vec::new();
    let mut events: Vec<i64> = Vec::new();
    for notification in &existing {
        let (Some(id), Some(event)) = (id_of(notification), whole(notification.get("eventno"))) else {
            continue;
        };
        let wanted = trigger.webhook_events.iter().any(|number| i64::from(*number) == event);
        if wanted && !events.contains(&event) {
            kept.push(id);
            events.push(event);
        } else {
            remove(client, &format!("/Notification/{id}"))?;
        }
    }
    for event in trigger.webhook_events.iter().filter(|event| !events.contains(&i64::from(**event))) {
        let record = json!({
            "name": format!("Workflow: {}", trigger.title),
            "webhook_id": webhook,
            "type": "-2",
            "delivery_method": "6",
            "filter_type": "2",
            "eventno": event.to_string(),
            "emailtemplate_id": "32",
            "agent_id": "0",
            "interval": "0",
            "useworkinghours": "0",
        });
        let made = post(client, "/Notification", record, Safety::Create)?;
        kept.extend(id_of(&made));
    }
    Ok(kept)
}

/// Ids of the webhooks that carry our marker.
fn marked(client: &mut Client<'_>, marker: &str) -> Result<Vec<String>> {
    let rows = rows(client, ApiRequest::get("/Webhook").with("type", 0))?;
    let is_ours = |row: &&Object| row.get("note").and_then(Value::as_str) == Some(marker);
    let id = |row: &Object| row.get("id").and_then(Value::as_str).map(ToString::to_string);
    Ok(rows.iter().filter(is_ours).filter_map(id).collect())
}

/// The notifications of a webhook. HaloPSA may ignore the filter.
fn hanging_on(client: &mut Client<'_>, webhook: &str) -> Result<Vec<Object>> {
    let mut rows = rows(client, ApiRequest::get("/Notification").with("webhook_id", webhook))?;
    rows.retain(|row| {
        row.get("webhook_id").and_then(Value::as_str).is_some_and(|id| id.eq_ignore_ascii_case(webhook))
    });
    Ok(rows)
}

fn rows(client: &mut Client<'_>, request: ApiRequest) -> Result<Vec<Object>> {
    let answer = client.send(&request.needing(SCOPE)).map_err(explain)?;
    Ok(poll::list(&answer, "results", &[])?.rows)
}

fn post(client: &mut Client<'_>, path: &str, record: Value, safety: Safety) -> Result<Object> {
    let request = ApiRequest::post_one(path, record, safety).needing(SCOPE);
    let answer = client.send(&request).map_err(explain)?;
    let value = crate::client::json(&answer, safety)?;
    envelope::record(value).map_err(|why| crate::protocol::answer::malformed(&answer, why, safety))
}

/// Deletes; what is gone already is no error.
fn remove(client: &mut Client<'_>, path: &str) -> Result<()> {
    match client.send(&ApiRequest::delete(path).needing(SCOPE)) {
        Err(error) if error.get_kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(explain(error)),
        Ok(_) => Ok(()),
    }
}

fn explain(error: NodeError) -> NodeError {
    if error.get_kind() == ErrorKind::Forbidden {
        return error.advice(
            "Webhooks need the permission admin of the API application, and an agent who is an administrator. Without them, poll this trigger.",
        );
    }
    error
}

fn id_of(row: &Object) -> Option<i64> {
    whole(row.get("id"))
}

fn whole(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::Number(number) => number::whole(number),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
