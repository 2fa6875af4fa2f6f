//! Webhooks at HaloPSA: setting up, taking down, and reading deliveries
//! (HAPI §13). A webhook is two things there, the webhook itself and a
//! notification for each event that triggers it; both are found again, so that
//! a set-up that was cut off is completed and never doubled.
//!
//! Names of webhooks must be unique, so each subscription has a tag of its own
//! in the names of its parts. Whether lists show a `note`, or which webhook a
//! notification belongs to, is not known: each of them finds a part, and so
//! does the tag.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde_json::{Value, json};
use workflow_node_sdk::interface::{
    self, CallContext, Connection, Delivery, Diagnostic, Endpoint, Level, Object, Received, Reply, Report,
    Subscribed, Subscription,
};
use workflow_node_sdk::retry::Safety;
use workflow_node_sdk::transport::Transport;

use super::delivery::{self, SIGNATURE_HEADER};
use super::facts::whole;
use super::halo_events;
use super::poll::{self, Poller, Progress};
use super::settings::Settings;
use super::state::{Hook, State};
use super::{client, find};
use crate::catalogue::triggers::{ANY_CHANGE, EventKind, Trigger};
use crate::client::Client;
use crate::error::{Code, ErrorKind, NodeError, Result, Retry};
use crate::protocol::envelope;
use crate::protocol::request::ApiRequest;

/// The permission for webhooks (HAPI §13.1).
const SCOPE: &str = "admin";

/// The longest name that is given to a part. HaloPSA's limit is not known.
const MAX_NAME: usize = 50;

/// How often another name is tried where HaloPSA says that it is taken.
const MAX_NAMES: usize = 3;

/// Sets a webhook up, or finds the one that exists.
pub fn subscribe(
    transport: &mut dyn Transport,
    context: &CallContext,
    connection: &Connection,
    asked: interface::Trigger<'_>,
    endpoint: &Endpoint,
    state: Option<&str>,
) -> Result<Subscription> {
    let trigger = find(context, asked.name)?;
    may_write(context, trigger)?;
    let settings = Settings::parse(trigger, asked.config)?;
    if trigger.webhook_events.is_empty() {
        return Err(NodeError::new(Code::Unsupported, "HaloPSA has no webhook for this event.")
            .with_advice("Poll this trigger."));
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
    let Poller { mut state, mut diagnostics, .. } = poller;
    let ours = Ours::new(delivery::marker(trigger.name, &endpoint.callback_url), state.hook.as_ref());
    let events = events(&mut client, trigger, &mut diagnostics)?;
    let webhook = webhook(&mut client, trigger, endpoint, &ours)?;
    let notifications = notifications(&mut client, trigger, &webhook, &ours, &events)?;
    state.hook = Some(Hook { webhook, notifications, marker: ours.marker });
    Ok(Subscription { state: state.to_text(), expires_at: None, report: client.report(diagnostics) })
}

/// Takes a webhook down, with all its parts.
pub fn unsubscribe(
    transport: &mut dyn Transport,
    context: &CallContext,
    connection: &Connection,
    trigger: &str,
    state: &str,
) -> Result<Report> {
    let trigger = find(context, trigger)?;
    may_write(context, trigger)?;
    let state = State::parse(state, trigger.name)?;
    let mut client = client(transport, context, connection)?;
    if let Some(hook) = &state.hook {
        let ours = Ours::new(hook.marker.clone(), Some(hook));
        let mut webhooks = ours.webhooks(&mut client)?;
        if !webhooks.iter().any(|id| id.eq_ignore_ascii_case(&hook.webhook)) {
            webhooks.push(hook.webhook.clone());
        }
        let mut left = hook.notifications.clone();
        for webhook in &webhooks {
            left.extend(ours.notifications(&mut client, webhook)?.iter().filter_map(id_of));
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
    Ok(client.report(vec![]))
}

/// Reads a delivery: its events, and what to answer.
pub fn receive(
    transport: &mut dyn Transport,
    context: &CallContext,
    connection: &Connection,
    subscribed: Subscribed<'_>,
    delivery: &Delivery,
) -> Result<Received> {
    let Subscribed { trigger: asked, endpoint, state } = subscribed;
    let trigger = find(context, asked.name)?;
    let settings = Settings::parse(trigger, asked.config)?;
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
        reply: Reply::status(status),
        report: client.report(diagnostics),
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
    // One by one with `search_id`, which is known to work (HAPI §6.2).
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
        .with_advice("Poll this trigger instead, which only reads."));
    }
    match &context.allowed_operations {
        Some(allowed) if !allowed.iter().any(|name| name == trigger.name) => {
            Err(NodeError::new(Code::NotAllowed, "This trigger is not allowed here.")
                .with_advice("The workflow platform allows a list of operations only."))
        }
        _ => Ok(()),
    }
}

/// How the parts of a subscription are found at HaloPSA.
struct Ours {
    /// What the `note` of the webhook says.
    marker: String,
    /// What stands in the names of all parts, and of no others.
    tag: String,
    /// The webhook and the notifications that the state knows.
    known: Option<(String, Vec<i64>)>,
}

impl Ours {
    fn new(marker: String, known: Option<&Hook>) -> Self {
        let tag = format!("{:010x}", super::facts::fingerprint(&marker));
        Self { marker, tag, known: known.map(|hook| (hook.webhook.clone(), hook.notifications.clone())) }
    }

    /// The name of a part. What makes it unique comes first, so that it is still
    /// there where HaloPSA cuts a name.
    fn name(&self, title: &str, suffix: &str) -> String {
        let name = format!("Workflow {}: ", self.tag);
        let room = MAX_NAME.saturating_sub(name.len() + suffix.len());
        let title: String = title.chars().take(room).collect();
        format!("{name}{}{suffix}", title.trim_end())
    }

    fn is_named(&self, row: &Object) -> bool {
        let name = row.get("name").and_then(Value::as_str).unwrap_or_default();
        name.to_ascii_lowercase().contains(&self.tag)
    }

    /// Ids of the webhooks that are ours, the one that the state knows first.
    fn webhooks(&self, client: &mut Client<'_>) -> Result<Vec<String>> {
        let rows = rows(client, ApiRequest::get("/Webhook").with("type", 0))?;
        let id = |row: &Object| row.get("id").and_then(Value::as_str).map(ToString::to_string);
        let is_known =
            |id: &String| self.known.as_ref().is_some_and(|(known, _)| known.eq_ignore_ascii_case(id));
        let is_ours = |row: &&Object| {
            row.get("note").and_then(Value::as_str) == Some(&self.marker)
                || self.is_named(row)
                || id(row).is_some_and(|id| is_known(&id))
        };
        let mut ids: Vec<String> = rows.iter().filter(is_ours).filter_map(id).collect();
        ids.sort_by_key(|id| !is_known(id));
        Ok(ids)
    }

    /// The notifications of one of our webhooks. HaloPSA may ignore the filter.
    fn notifications(&self, client: &mut Client<'_>, webhook: &str) -> Result<Vec<Object>> {
        let mut rows = rows(client, ApiRequest::get("/Notification").with("webhook_id", webhook))?;
        rows.retain(|row| match row.get("webhook_id").and_then(Value::as_str) {
            Some(id) => id.eq_ignore_ascii_case(webhook),
            None => {
                let is_known =
                    |id| self.known.as_ref().is_some_and(|(_, notifications)| notifications.contains(&id));
                self.is_named(row) || id_of(row).is_some_and(is_known)
            }
        });
        Ok(rows)
    }
}

/// The numbers of the events to subscribe to.
fn events(client: &mut Client<'_>, trigger: &Trigger, diagnostics: &mut Vec<Diagnostic>) -> Result<Vec<i64>> {
    let mut rows = Vec::new();
    // A tenant was seen to answer every filtered question with nothing.
    for filtered in [true, false] {
        let mut request = ApiRequest::get("/Lookup");
        if filtered {
            request = request.with("lookupid", halo_events::LOOKUP);
        }
        rows = match client.send(&request).and_then(|answer| poll::list(&answer, "lookups", &[])) {
            Ok(page) => halo_events::rows(page.rows, filtered),
            // The usual numbers are better than none.
            Err(error) if error.retry() == Retry::Never => Vec::new(),
            Err(error) => return Err(error),
        };
        if !rows.is_empty() {
            break;
        }
    }
    let found = halo_events::numbers(trigger.webhook_events, &rows);
    if !found.unnamed.is_empty() {
        diagnostics.push(Diagnostic {
            level: Level::Warning,
            code: "halopsa.event-not-named",
            message: halo_events::message(&found.unnamed, trigger.name),
            item_index: None,
        });
    }
    Ok(found.numbers)
}

/// The one webhook that is ours: made, or found and brought up to date.
fn webhook(client: &mut Client<'_>, trigger: &Trigger, endpoint: &Endpoint, ours: &Ours) -> Result<String> {
    let mut found = ours.webhooks(client)?.into_iter();
    let existing = found.next();
    // A set-up whose answer was lost may have been made twice.
    for double in found {
        for notification in ours.notifications(client, &double)?.iter().filter_map(id_of) {
            remove(client, &format!("/Notification/{notification}"))?;
        }
        remove(client, &format!("/Webhook/{double}"))?;
    }
    // HAPI §13.3, but for the names.
    let mut record = json!({
        "name": ours.name(trigger.title, ""),
        "note": ours.marker,
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
    let Some(members) = record.as_object_mut() else { return Err(unnamed()) };
    let safety = match &existing {
        Some(id) => {
            members.insert("id".to_string(), id.as_str().into());
            Safety::Overwrite
        }
        None => Safety::Create,
    };
    let mut made = post(client, "/Webhook", members.clone().into(), safety);
    for turn in 2..=MAX_NAMES {
        if !made.as_ref().is_err_and(is_taken) {
            break;
        }
        // By one that this agent does not see, or by itself.
        if existing.is_some() {
            members.remove("name");
        } else {
            members.insert("name".to_string(), ours.name(trigger.title, &format!(" {turn}")).into());
        }
        made = post(client, "/Webhook", members.clone().into(), safety);
    }
    let made = made?;
    match (existing, made.get("id").and_then(Value::as_str)) {
        (Some(id), _) => Ok(id),
        (None, Some(id)) => Ok(id.to_string()),
        (None, None) => ours.webhooks(client)?.pop().ok_or_else(unnamed),
    }
}

fn unnamed() -> NodeError {
    NodeError::new(Code::MalformedAnswer, "HaloPSA made a webhook and does not say which.")
}

/// Whether HaloPSA refuses a name because another webhook has it.
fn is_taken(error: &NodeError) -> bool {
    let says = error.vendor_message().unwrap_or_else(|| error.message());
    error.kind() == ErrorKind::InvalidInput && says.to_ascii_lowercase().contains("unique")
}

/// One notification for each event; what is missing is made, what is too many
/// is removed.
fn notifications(
    client: &mut Client<'_>,
    trigger: &Trigger,
    webhook: &str,
    ours: &Ours,
    wanted: &[i64],
) -> Result<Vec<i64>> {
    let existing = ours.notifications(client, webhook)?;
    let mut kept = Vec::new();
    let mut events: Vec<i64> = Vec::new();
    for notification in &existing {
        let (Some(id), Some(event)) = (id_of(notification), whole(notification.get("eventno"))) else {
            continue;
        };
        if wanted.contains(&event) && !events.contains(&event) {
            kept.push(id);
            events.push(event);
        } else {
            remove(client, &format!("/Notification/{id}"))?;
        }
    }
    for event in wanted.iter().filter(|event| !events.contains(event)) {
        let mut record = json!({
            "name": ours.name(trigger.title, &format!(" ({event})")),
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
        if let (Some(members), true) =
            (record.as_object_mut(), ANY_CHANGE.number.map(i64::from) == Some(*event))
        {
            // HAPI §13.3: it is used with a condition that is always true. 1 is unequal.
            let never = ours.tag.as_str();
            let always = json!([{"fieldname": "symptom", "tablename": "faults", "value_type": "string", "type": 1,
                "change_context": 0, "value_string": never}]);
            members.insert("conditions".to_string(), always);
        }
        let made = post(client, "/Notification", record, Safety::Create)?;
        kept.extend(id_of(&made));
    }
    Ok(kept)
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
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(explain(error)),
        Ok(_) => Ok(()),
    }
}

fn explain(error: NodeError) -> NodeError {
    if error.kind() == ErrorKind::Forbidden {
        return error.with_advice(
            "Webhooks need the permission admin of the API application, and an agent who is an administrator. Without them, poll this trigger.",
        );
    }
    error
}

fn id_of(row: &Object) -> Option<i64> {
    whole(row.get("id"))
}
