//! Notes, time and mails: actions on a ticket (HAPI §8).
//!
//! A note is private and moves nothing unless the input says so. An action is
//! never posted twice: what was refused did nothing, and what was lost stays
//! unknown.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde_json::Value;
use workflow_node_sdk::interface::{Attachment, Diagnostic, Item, Level, Object};
use workflow_node_sdk::retry::Safety;

use super::outcome::{self, Purpose};
use super::{Task, confirm, files, record, written};
use crate::catalogue::resource::{Act, Handler, Job, Verb};
use crate::error::{Code, Effect, NodeError, Result};
use crate::input::Input;
use crate::output::View;
use crate::protocol::request::ApiRequest;

/// What is done with an item.
pub fn run(task: &mut Task<'_, '_>, index: usize, input: &Input) -> Result<Vec<Item>> {
    let act = act(task.verb);
    let ticket_id = ticket_id(input)?;
    permit(task, act, input)?;
    let mut request = draft(task, act, files_of(task, index), input, false)?;
    let ticket = match act {
        Act::Mail if !input.values.contains_key("emailto") => Some(address(task, ticket_id, &mut request)?),
        _ => None,
    };
    let named = input.values.contains_key("outcome_id") || input.values.contains_key("outcome");
    let answer = match purpose(act, input) {
        Some(purpose) if !named => outcome::post(task.client, &mut request, purpose, ticket_id, ticket)?,
        _ => task.client.send(&request)?,
    };
    let safety = request.safety;
    let mut sent = sent(request);
    let mut action = record::record(&answer, safety)?;
    if let (Act::Change, Some(id)) = (act, input.id) {
        written::check_id(task.resource, &action, id, Effect::Unknown)?;
    }
    written::pass_on_warnings(task, &action, index);
    let asked_for_private = matches!(purpose(act, input), Some(Purpose::Private));
    if asked_for_private {
        // It has a warning of its own.
        sent.remove("hiddenfromuser");
    }
    written::compare(task, &sent, &action, index);
    if asked_for_private && action.get("hiddenfromuser") == Some(&Value::Bool(false)) {
        task.diagnostics.push(Diagnostic {
            level: Level::Warning,
            code: "halopsa.note-not-private",
            message: "HaloPSA shows the note to the customer although it was to be private. Choose another outcome.".into(),
            item_index: u32::try_from(index).ok(),
        });
    }
    if let Some(minutes) = input.values.get("minutes") {
        action.insert("minutes".to_string(), minutes.clone());
    }
    task.note_renames(index, files_of(task, index));
    let json = task.present(action, View::single(input.simplify), index);
    Ok(vec![Item::new(json)])
}

/// What a request for an action says, without its files.
fn sent(request: ApiRequest) -> Object {
    let mut sent = match request.body {
        Some(Value::Array(mut actions)) => actions.pop(),
        body => body,
    };
    let mut sent = sent.as_mut().and_then(Value::as_object_mut).map(core::mem::take).unwrap_or_default();
    sent.remove("attachments");
    sent
}

/// The request that is sent first.
pub fn plan(task: &Task<'_, '_>, index: usize, input: &Input) -> Result<Vec<ApiRequest>> {
    let act = act(task.verb);
    ticket_id(input)?;
    let mut request = draft(task, act, files_of(task, index), input, true)?;
    let named = input.values.contains_key("outcome_id") || input.values.contains_key("outcome");
    if let (Some(purpose), false) = (purpose(act, input), named)
        && let Some((field, outcome)) = outcome::stock(purpose)
    {
        set(&mut request, field, outcome);
    }
    Ok(vec![request])
}

const fn act(verb: Verb) -> Act {
    match verb {
        Verb::Job(Job { handler: Handler::Act(act), .. }) => *act,
        _ => Act::Note,
    }
}

/// The files beside an item.
pub fn files_of<'b>(task: &Task<'_, 'b>, index: usize) -> &'b [Attachment] {
    task.items.get(index).map_or(&[], |item| &item.attachments)
}

/// The ticket's number; a name in its place was not found.
pub fn ticket_id(input: &Input) -> Result<i64> {
    input.values.get("ticket_id").and_then(Value::as_i64).ok_or_else(|| {
        NodeError::new(Code::InvalidValue, "The ticket must be named by its number.")
            .with_field("ticket_id")
            .with_advice("Give the number or the address of the ticket.")
    })
}

/// What an action that is added is for.
fn purpose(act: Act, input: &Input) -> Option<Purpose> {
    let is_public = input.values.get("hiddenfromuser") == Some(&Value::Bool(false));
    match act {
        Act::Change => None,
        Act::Mail => Some(Purpose::Mail),
        Act::Note | Act::Time if is_public => Some(Purpose::Public),
        Act::Note | Act::Time => Some(Purpose::Private),
    }
}

/// Refuses what customers would see, unless a person decided it.
fn permit(task: &mut Task<'_, '_>, act: Act, input: &Input) -> Result<()> {
    const MESSAGE: &str = "Customers would see this, and nobody confirmed it.";
    if input.values.get("hiddenfromuser") == Some(&Value::Bool(false)) {
        return confirm(task.client.context(), MESSAGE).map_err(|error| error.with_field("hiddenfromuser"));
    }
    if act != Act::Change || confirm(task.client.context(), MESSAGE).is_ok() {
        return Ok(());
    }
    // Only a look tells whether customers see it.
    let request = record::request(task.resource, Verb::Get, &key(input));
    let answer = task.client.send(&request)?;
    let action = record::record(&answer, Safety::Read)?;
    if action.get("hiddenfromuser") == Some(&Value::Bool(true)) {
        return Ok(());
    }
    confirm(task.client.context(), "Customers see this note, and nobody confirmed the change.")
}

/// The input without anything but the key.
fn key(input: &Input) -> Input {
    let mut key = input.clone();
    key.values.retain(|name, _| name == "ticket_id");
    key
}

/// The request for an action, without an outcome that nobody named.
fn draft(
    task: &Task<'_, '_>,
    act: Act,
    files: &[Attachment],
    input: &Input,
    for_people: bool,
) -> Result<ApiRequest> {
    let mut action = input.values.clone();
    let mut safety = Safety::Create;
    let mut default = |name: &str, value: Value| {
        action.entry(name).or_insert(value);
    };
    match act {
        Act::Note | Act::Time => {
            default("hiddenfromuser", Value::Bool(true));
            // Whatever the outcome does by itself.
            default("sendemail", Value::Bool(false));
        }
        Act::Mail => {
            default("hiddenfromuser", Value::Bool(false));
            default("sendemail", Value::Bool(true));
        }
        Act::Change => {
            default("id", input.id.unwrap_or_default().into());
            safety = Safety::Overwrite;
        }
    }
    if let Some(minutes) = action.remove("minutes").as_ref().and_then(Value::as_f64) {
        // HaloPSA counts in hours.
        action.insert("timetaken".to_string(), Value::from(minutes / 60.0));
    }
    in_order(&action)?;
    if act == Act::Mail {
        text_of_mail(&mut action);
    }
    files::check(files)?;
    if !files.is_empty() {
        let shown = action.get("hiddenfromuser") == Some(&Value::Bool(false));
        let elements = files.iter().map(|file| {
            let mut element = files::element(file, for_people);
            element.insert("showforusers".to_string(), Value::Bool(shown));
            Value::Object(element)
        });
        action.insert("attachments".to_string(), Value::Array(elements.collect()));
    }
    let request = ApiRequest::post_one(task.resource.path, Value::Object(action), safety);
    let fields = match task.verb {
        Verb::Job(job) => job.parameters,
        _ => task.resource.fields,
    };
    Ok(ApiRequest { fields, ..request.needing(task.resource.scope(task.verb)) })
}

/// Which field carries the text of a mail is assumed: other integrations send
/// the note, the note as HTML and the mail as HTML. All of them get it, so that
/// no mail goes out empty and the ticket shows what was sent.
fn text_of_mail(action: &mut Object) {
    let text = action.get("emailbody").and_then(Value::as_str).map(ToString::to_string);
    let html = action.get("emailbody_html").and_then(Value::as_str).map(ToString::to_string);
    let html = html.or_else(|| text.as_deref().map(as_html));
    for (name, value) in [("note", text), ("note_html", html.clone()), ("emailbody_html", html)] {
        if let Some(value) = value {
            action.entry(name).or_insert(Value::String(value));
        }
    }
}

/// Plain text as HTML that looks the same.
fn as_html(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<p>{}</p>", text.replace("\r\n", "\n").replace('\n', "<br>"))
}

/// Refuses work that ends before it begins. Dates of the wire sort as text.
fn in_order(action: &Object) -> Result<()> {
    let date = |name: &str| action.get(name).and_then(Value::as_str);
    match (date("actionarrivaldate"), date("actioncompletiondate")) {
        (Some(start), Some(end)) if end < start => Err(NodeError::new(
            Code::InvalidValue,
            format!("The work ends before it begins: {end} and {start}."),
        )
        .with_field("actioncompletiondate")
        .with_advice("Give an end that is later than the start.")),
        _ => Ok(()),
    }
}

/// Puts the address of the ticket's user into a mail; gives back the ticket.
fn address(task: &mut Task<'_, '_>, ticket_id: i64, request: &mut ApiRequest) -> Result<Object> {
    let ticket = outcome::ticket(task.client, ticket_id)?;
    // Answers to POSTs spell it the second way (HAPI §7.4).
    let address = ["user_email", "useremail"]
        .iter()
        .filter_map(|name| ticket.get(*name).and_then(Value::as_str))
        .find(|address| address.contains('@'))
        .ok_or_else(|| {
            NodeError::new(Code::MissingField, "The ticket has no user with an e-mail address.")
                .with_field("emailto")
                .with_advice("Fill in emailto, or give the ticket's user an address.")
        })?;
    set(request, "emailto", Value::from(address));
    Ok(ticket)
}

fn set(request: &mut ApiRequest, name: &str, value: Value) {
    if let Some(action) =
        request.body.as_mut().and_then(|body| body.get_mut(0)).and_then(Value::as_object_mut)
    {
        action.insert(name.to_string(), value);
    }
}
