//! Which outcome an action gets where nobody chose one: HaloPSA wants one for
//! each (HAPI §8.2), and what a ticket allows depends on its type and workflow.
//!
//! The stock one is tried first and costs no further request. Where it is
//! refused nothing has happened, and the ticket's own outcomes are looked up.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::Value;
use workflow_node_sdk::http::HttpResponse;
use workflow_node_sdk::interface::Object;
use workflow_node_sdk::retry::Safety;

use crate::client::{self, Client};
use crate::error::{Code, Effect, NodeError, Result};
use crate::protocol::envelope;
use crate::protocol::request::ApiRequest;

/// What an action is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A note that only agents see.
    Private,
    /// A note that customers see.
    Public,
    /// A mail.
    Mail,
}

/// Id of the private note that every instance is set up with (HAPI §8.2).
pub const PRIVATE_NOTE: i64 = 7;

/// Name of the public note that every instance is set up with (HAPI §8.2).
pub const PUBLIC_NOTE: &str = "Note";

/// How many outcomes are tried after the stock one.
const MOST_TRIES: usize = 3;

/// The outcome that is tried first, as a field of the action.
pub fn stock(purpose: Purpose) -> Option<(&'static str, Value)> {
    match purpose {
        Purpose::Private => Some(("outcome_id", Value::from(PRIVATE_NOTE))),
        Purpose::Public => Some(("outcome", Value::from(PUBLIC_NOTE))),
        // There is none that is known by number or by name.
        Purpose::Mail => None,
    }
}

/// Posts an action that names no outcome: with the stock one, else with one
/// that the ticket allows. `ticket` is the ticket, where it was read already.
pub fn post(
    client: &mut Client<'_>,
    request: &mut ApiRequest,
    purpose: Purpose,
    ticket_id: i64,
    ticket: Option<Object>,
) -> Result<HttpResponse> {
    let mut refusal = None;
    if let Some((field, outcome)) = stock(purpose) {
        put(request, field, outcome);
        match client.send(request) {
            Err(error) if is_refused(&error) => refusal = Some(error),
            sent => return sent,
        }
    }
    let offered = match offered(client, ticket_id, ticket) {
        Ok(offered) => offered,
        // What the ticket allows stays unknown, so the refusal stands.
        Err(error) => return Err(refusal.unwrap_or(error)),
    };
    for outcome in ranked(&offered, purpose).into_iter().take(MOST_TRIES) {
        put(request, "outcome_id", Value::from(outcome));
        match client.send(request) {
            Err(error) if is_refused(&error) => refusal = Some(error),
            sent => return sent,
        }
    }
    let error =
        refusal.unwrap_or_else(|| NodeError::new(Code::Rejected, "The ticket offers no outcome that fits."));
    let names: Vec<&str> = offered.iter().map(name).filter(|name| !name.is_empty()).collect();
    let advice = if names.is_empty() {
        "Choose an outcome that the API agent may use on this ticket.".to_string()
    } else {
        format!(
            "Choose one of the ticket's outcomes: {}.",
            workflow_node_sdk::text::cut(&names.join(", "), 400)
        )
    };
    Err(error.with_field("outcome_id").with_advice(advice))
}

/// Reads a ticket.
pub fn ticket(client: &mut Client<'_>, id: i64) -> Result<Object> {
    let request = ApiRequest::get(format!("/Tickets/{id}")).with("includedetails", true);
    let value = client.fetch(&request.needing("read:tickets"))?;
    envelope::record(value).map_err(malformed)
}

/// Names an outcome in the action that is posted.
fn put(request: &mut ApiRequest, field: &str, outcome: Value) {
    if let Some(action) =
        request.body.as_mut().and_then(|body| body.get_mut(0)).and_then(Value::as_object_mut)
    {
        action.remove("outcome");
        action.remove("outcome_id");
        action.insert(field.to_string(), outcome);
    }
}

/// Whether it was the outcome that HaloPSA did not like (HAPI §8.3).
pub fn is_refused(error: &NodeError) -> bool {
    let words = error.vendor_message().unwrap_or_default();
    error.effect() == Effect::None
        && (words.contains("An Outcome must be entered")
            || words.contains("You do not have access to this Action"))
}

/// The outcomes that a ticket's type and workflow allow.
fn offered(client: &mut Client<'_>, ticket_id: i64, ticket: Option<Object>) -> Result<Vec<Object>> {
    let ticket = match ticket {
        Some(ticket) => ticket,
        None => self::ticket(client, ticket_id)?,
    };
    let mut request = ApiRequest::get("/Outcome").needing("read:tickets");
    if let Some(kind) = number(&ticket, "tickettype_id").filter(|kind| *kind > 0) {
        request = request.with("tickettype_id", kind);
    }
    let answer = client.send(&request)?;
    let value = client::json(&answer, Safety::Read)?;
    let mut outcomes = envelope::list(value, "outcomes", &[]).map_err(malformed)?.rows;
    if let Some(workflow) = number(&ticket, "workflow_id").filter(|workflow| *workflow > 0) {
        let request = ApiRequest::get(format!("/Workflow/{workflow}")).with("includedetails", true);
        // Without it every outcome of the type is tried.
        if let Ok(workflow) = client.fetch(&request) {
            let step = number(&ticket, "workflow_step").unwrap_or(0).max(1);
            outcomes.retain(|outcome| is_open(&workflow, number(outcome, "id").unwrap_or(0), step));
        }
    }
    Ok(outcomes)
}

/// Whether a step of a workflow offers an outcome. Those that no step mentions
/// are taken for possible: HaloPSA has the last word.
fn is_open(workflow: &Value, outcome: i64, step: i64) -> bool {
    let steps = workflow.get("steps").and_then(Value::as_array).into_iter().flatten();
    let actions = steps.filter_map(|step| step.get("actions").and_then(Value::as_array)).flatten();
    let mut mentioned = false;
    for action in actions {
        let number = |name: &str| action.get(name).and_then(Value::as_i64);
        if number("action_id") == Some(outcome) {
            if number("start_step") == Some(step) {
                return true;
            }
            mentioned = true;
        }
    }
    !mentioned
}

/// Ids of those that suit the purpose, best first.
fn ranked(offered: &[Object], purpose: Purpose) -> Vec<i64> {
    let mut fitting: Vec<(u8, i64)> = Vec::new();
    for outcome in offered {
        if let (Some(rank), Some(id)) = (rank(outcome, purpose), number(outcome, "id")) {
            fitting.push((rank, id));
        }
    }
    fitting.sort_unstable();
    fitting.into_iter().map(|(_, id)| id).collect()
}

/// The lower the better; `None` for what must not be chosen by itself: what is
/// hidden, and what mails, shows or moves the ticket though nobody asked.
fn rank(outcome: &Object, purpose: Purpose) -> Option<u8> {
    let is_on = |name: &str| match outcome.get(name) {
        Some(Value::Bool(on)) => *on,
        // What the numbers of `sendemail` mean is not known, only that 0 is no.
        Some(Value::Number(number)) => number.as_i64() != Some(0),
        _ => false,
    };
    let moves = number(outcome, "newstatus").is_some_and(|status| status > 0);
    let name = name(outcome).to_ascii_lowercase();
    let hides = is_on("hidefromuser");
    if is_on("hidden") {
        return None;
    }
    let unlike_a_note = u8::from(!name.contains("note"));
    match purpose {
        Purpose::Private if is_on("sendemail") || moves => None,
        Purpose::Private => Some(2 * u8::from(!hides) + unlike_a_note),
        Purpose::Public if is_on("sendemail") || moves || hides => None,
        Purpose::Public => Some(unlike_a_note),
        Purpose::Mail if !is_on("sendemail") => None,
        // The usual one may set the ticket to waiting.
        Purpose::Mail if name == "email user" => Some(0),
        Purpose::Mail if moves => None,
        Purpose::Mail => Some(1),
    }
}

fn name(outcome: &Object) -> &str {
    outcome.get("outcome").and_then(Value::as_str).unwrap_or_default().trim()
}

fn number(record: &Object, name: &str) -> Option<i64> {
    record.get(name).and_then(crate::number::id)
}

fn malformed(why: &'static str) -> NodeError {
    let message: String = format!("HaloPSA's answer makes no sense: {why}.");
    NodeError::new(Code::MalformedAnswer, message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rank_of(purpose: Purpose, outcome: Value) -> Option<u8> {
        match outcome {
            Value::Object(outcome) => rank(&outcome, purpose),
            _ => None,
        }
    }

    #[test]
    fn a_private_note_neither_mails_nor_moves_the_ticket() {
        let private = |outcome| rank_of(Purpose::Private, outcome);
        let best = private(
            json!({"outcome": "Internal Note", "hidefromuser": true, "sendemail": 0, "newstatus": 0}),
        );
        assert_eq!(best, Some(0));
        assert!(private(json!({"outcome": "Assigned", "hidefromuser": true})) > best);
        assert!(
            private(json!({"outcome": "Note"}))
                > private(json!({"outcome": "Assigned", "hidefromuser": true}))
        );
        for wrong in [
            json!({"outcome": "Private Note", "hidefromuser": true, "hidden": true}),
            json!({"outcome": "Private Note", "hidefromuser": true, "sendemail": 2}),
            json!({"outcome": "Private Note", "hidefromuser": true, "newstatus": 9}),
        ] {
            assert_eq!(private(wrong.clone()), None, "{wrong}");
        }
    }

    #[test]
    fn a_public_note_is_not_one_that_hides_and_a_mail_is_one_that_mails() {
        assert_eq!(rank_of(Purpose::Public, json!({"outcome": "Note", "hidefromuser": true})), None);
        assert_eq!(rank_of(Purpose::Public, json!({"outcome": "Note", "hidefromuser": false})), Some(0));
        assert_eq!(
            rank_of(Purpose::Mail, json!({"outcome": "Email User", "sendemail": 1, "newstatus": 4})),
            Some(0)
        );
        assert_eq!(
            rank_of(Purpose::Mail, json!({"outcome": "Resolved", "sendemail": 1, "newstatus": 9})),
            None
        );
        assert_eq!(rank_of(Purpose::Mail, json!({"outcome": "Note", "sendemail": 0})), None);
    }

    #[test]
    fn a_workflow_opens_what_its_step_offers_and_what_it_does_not_know() {
        let workflow = json!({"steps": [
            {"actions": [{"action_id": 9, "start_step": 1}]},
            {"actions": [{"action_id": 4, "start_step": 2}, {"action_id": 9, "start_step": 2}]},
        ]});
        let open = |outcome| is_open(&workflow, outcome, 1);
        assert_eq!((open(9), open(4), open(7)), (true, false, true));
    }
}
