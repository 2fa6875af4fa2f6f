//! What an answer that is no success means (HAPI §11): every body shape is
//! read, known messages become codes with advice.

use alloc::format;
use alloc::string::{String, ToString};
use core::time::Duration;

use serde_json::Value;
use workflow_node_redaction::{Kind, Redactor, tokens_in};
use workflow_node_sdk::http::{HttpResponse, Reached, Reason, TransportError};
use workflow_node_sdk::retry::Safety;
use workflow_node_sdk::text;

use super::envelope;
use crate::catalogue::field::Field;
use crate::error::{Code, Effect, ErrorKind, NodeError, Retry};

/// The most of an answer that is searched for words: more than an exception with
/// its stack trace takes.
const MOST_BYTES: usize = 1024 * 1024;

/// Halo's own words in an answer, cleaned. `None` where there are none, or
/// where they are a page for a browser.
pub fn words(answer: &HttpResponse) -> Option<String> {
    if answer.body.is_empty() || answer.is_html() {
        return None;
    }
    let body = answer.body.get(..MOST_BYTES).unwrap_or(&answer.body);
    let text = String::from_utf8_lossy(body);
    let mut said = match envelope::parse(body) {
        Ok(value) => find_words(&value)?,
        // Cut off: class names and stack traces stand between the words.
        Err(_) if begins_as_json(&text) => salvaged(&text)?,
        Err(_) => text.clone().into_owned(),
    };
    // The token endpoint may refuse with a token in its answer all the same.
    let tokens = tokens_in(&text);
    Redactor::new(tokens.iter().map(String::as_str)).text(&mut said, Kind::Words);
    let said = text::clean(&said);
    (!said.is_empty()).then_some(said)
}

fn begins_as_json(text: &str) -> bool {
    text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').starts_with(['{', '[', '"'])
}

/// The words in JSON that ends in the middle or is broken: the first whole text
/// under one of the known names.
fn salvaged(text: &str) -> Option<String> {
    MESSAGE_KEYS.iter().find_map(|key| {
        text.match_indices(&format!("\"{key}\"")).find_map(|(at, name)| {
            let value = text.get(at + name.len()..)?.trim_start().strip_prefix(':')?.trim_start();
            // Reads the first value and is not asked for the rest.
            let mut values = serde_json::Deserializer::from_str(value).into_iter::<String>();
            values.next()?.ok().filter(|words| !words.trim().is_empty())
        })
    })
}

/// Where messages stand, best first (HAPI §11.2).
const MESSAGE_KEYS: &[&str] =
    &["error_description", "error", "Message", "message", "errorMessage", "errors", "title"];

fn find_words(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(values) => values.iter().find_map(find_words),
        Value::Object(object) => MESSAGE_KEYS
            .iter()
            .filter_map(|key| object.get(*key))
            .find_map(find_words)
            .or_else(|| model_state(object)),
        _ => None,
    }
}

/// `{"[0].id": ["The JSON value could not be converted…"]}`: which field, and
/// what about it. Class names and stack traces of exceptions are no messages.
fn model_state(object: &serde_json::Map<String, Value>) -> Option<String> {
    const NOISE: &[&str] = &["ClassName", "Source", "traceId", "type", "HelpURL"];
    let is_noise = |key: &str| {
        NOISE.contains(&key)
            || key.contains("Stack")
            || key.starts_with("Exception")
            || key.to_ascii_lowercase().ends_with("token")
    };
    object.iter().filter(|(key, _)| !is_noise(key)).find_map(|(key, value)| {
        let said = find_words(value)?;
        let field = key.rsplit('.').next().unwrap_or(key);
        if object.len() == 1 && value.is_string() { Some(said) } else { Some(format!("{field}: {said}")) }
    })
}

/// The mandatory field that a message is about, if it names one: its label.
pub fn mandatory_label(words: &str) -> Option<&str> {
    // "<Label> is mandatory", "<Label> must be completed",
    // "Please select a valid <Thing>" (HAPI §11.3).
    let label = words
        .strip_suffix('.')
        .unwrap_or(words)
        .strip_suffix(" is mandatory")
        .or_else(|| words.strip_suffix(" must be completed"))
        .or_else(|| words.strip_prefix("Please select a valid "))?;
    (!label.is_empty() && label.len() <= 80).then_some(label)
}

/// What a failing status means for a request.
/// `fields` are those that it may have been refused for.
pub fn error(answer: &HttpResponse, safety: Safety, fields: &[Field]) -> NodeError {
    let words = words(answer);
    let error = match answer.status {
        // A wrong address, or a proxy.
        400..=499 if answer.is_html() && !matches!(answer.status, 401 | 403 | 404 | 429) => html_page(),
        401 => NodeError::new(Code::TokenRefused, "HaloPSA does not accept the access token."),
        403 => forbidden(None),
        404 => NodeError::new(Code::RecordNotFound, "HaloPSA has no such record.")
            .with_advice("Check the id, and the address of the instance. The record may be deleted, or the API agent may not see it."),
        429 => NodeError::new(Code::RateLimited, "HaloPSA has had too many requests.")
            .with_advice("Wait, ask for less, or run fewer workflows at the same time."),
        400..=499 => rejected(answer, words.as_deref(), fields),
        300..=399 => NodeError::new(Code::Redirected, "HaloPSA answers with a redirect.")
            .with_advice("Enter the address that the browser ends at as the address of your instance."),
        200..=299 => NodeError::new(Code::MalformedAnswer, "HaloPSA's answer makes no sense."),
        status => NodeError::new(Code::ServerError, format!("HaloPSA is out of order (status {status})."))
            .with_advice("Try again later. If it goes on, look at HaloPSA's status page or its logs."),
    };
    let effect = match (safety, answer.status) {
        (Safety::Read, _) => Effect::None,
        // It was understood, and something went wrong on the way.
        (_, 500..) => Effect::Unknown,
        _ => Effect::None,
    };
    lost(error.with_http_status(answer.status).with_vendor_message(words), safety, effect)
}

/// A page for a browser where data should be.
pub fn html_page() -> NodeError {
    NodeError::new(Code::HtmlAnswer, "A web page came instead of data.").with_advice(
        "Check the address of the instance, and that no proxy or maintenance page stands before it.",
    )
}

/// An answer that is a success and cannot be read. What it said about a write
/// is lost, but the write was done or may have been.
pub fn malformed(answer: &HttpResponse, why: &str, safety: Safety) -> NodeError {
    let error = if answer.is_html() {
        html_page()
    } else {
        NodeError::new(Code::MalformedAnswer, format!("HaloPSA's answer makes no sense: {why}."))
            .with_advice("Try again. If it goes on, check the address of the instance.")
    };
    let effect = if safety == Safety::Read { Effect::None } else { Effect::Unknown };
    lost(error.with_http_status(answer.status), safety, effect)
}

/// An answer to a read that found no room beside others. Nothing is wrong with it:
/// in the next call it may have the room.
pub fn no_room() -> NodeError {
    NodeError::new(Code::AnswerTooLarge, "HaloPSA's answers are too large to be held at the same time.")
        .with_advice("Run fewer items in one call.")
        .with_retry(Retry::After(Duration::ZERO))
}

/// An answer that would take more memory than there is.
pub fn too_large(answer: &HttpResponse, safety: Safety) -> NodeError {
    no_answer(TransportError::new(Reason::TooLarge, Reached::Maybe), safety).with_http_status(answer.status)
}

/// The application's permission or the agent's: both must allow (HAPI §3.5).
pub fn forbidden(scope: Option<&str>) -> NodeError {
    let application = match scope {
        Some(scope) => format!("give the API application the permission {scope}"),
        None => "give the API application the permission for it".to_string(),
    };
    NodeError::new(Code::Forbidden, "HaloPSA does not allow this.").with_advice(format!(
        "Both must allow it. In HaloPSA, {application}, and give the agent that it logs in as the role, teams and clients for it."
    ))
}

fn rejected(answer: &HttpResponse, words: Option<&str>, fields: &[Field]) -> NodeError {
    let Some(words) = words else {
        return NodeError::new(Code::Rejected, "HaloPSA does not accept the values.")
            .with_advice("It does not say why. Check ids and mandatory fields.");
    };
    if answer.status == 409 {
        return NodeError::new(Code::Conflict, format!("HaloPSA refuses: {words}"))
            .with_advice("Other records stand in the way. Setting the record inactive may do.");
    }
    if let Some(label) = mandatory_label(words) {
        return NodeError::new(Code::MandatoryField, format!("The field \"{label}\" is mandatory."))
            .with_advice(format!(
                "Fill in \"{label}\". The ticket type or your instance makes it mandatory; a custom field goes into customfields."
            ))
            .with_field(field_name(label, fields).unwrap_or("customfields"));
    }
    let advice = ADVICE
        .iter()
        .find(|(part, _)| words.contains(part))
        .map_or("Change the values as HaloPSA says.", |(_, advice)| *advice);
    let error = NodeError::new(Code::Rejected, format!("HaloPSA does not accept the values: {words}"))
        .with_advice(advice);
    match words.split_once(':').and_then(|(key, _)| fields.iter().find(|field| field.name == key)) {
        // ModelState names the field.
        Some(field) => error.with_field(field.name),
        None => error,
    }
}

/// Which of the fields a label stands for.
pub fn field_name(label: &str, fields: &[Field]) -> Option<&'static str> {
    // Labels of HaloPSA's screens that are not those of our catalogue.
    const SYNONYMS: &[(&str, &str)] = &[
        ("category", "category_1"),
        ("user", "user_id"),
        ("end user", "user_id"),
        ("customer", "client_id"),
        ("assigned agent", "agent_id"),
    ];
    let plain = |text: &str| text.replace(['-', ' '], "").to_ascii_lowercase();
    let wanted = plain(label);
    let synonym = SYNONYMS.iter().find(|(label, _)| plain(label) == wanted).map(|(_, name)| *name);
    fields
        .iter()
        .find(|field| Some(field.name) == synonym || plain(field.label) == wanted)
        .map(|field| field.name)
}

/// Messages that were seen, and what helps (HAPI §11.3).
const ADVICE: &[(&str, &str)] = &[
    (
        "Record not found",
        "Check the id. Some instances want tickettype_id and client_id with every update of a ticket.",
    ),
    ("could not be converted", "A value has the wrong type. Ids are whole numbers."),
    (
        "You do not have access to this Action",
        "The agent may not use this outcome on this ticket. Choose another outcome.",
    ),
    ("An Outcome must be entered", "Give an outcome that the ticket's workflow allows."),
    (
        "CODE:APP03/2",
        "The ticket type asks for approval. Choose the members of the board, or another ticket type.",
    ),
];

/// No answer at all.
pub fn no_answer(error: TransportError, safety: Safety) -> NodeError {
    let (code, message, advice) = match error.reason {
        Reason::Denied => (
            Code::EgressDenied,
            "The workflow platform does not let this node reach HaloPSA.",
            "Ask the operator of the platform to allow the address of your instance.",
        ),
        Reason::UnknownHost => (
            Code::Unreachable,
            "There is no host of this name.",
            "Check the address of the instance for spelling.",
        ),
        Reason::NoConnection => (
            Code::Unreachable,
            "HaloPSA cannot be reached.",
            "Check the address of the instance, and that it is up.",
        ),
        Reason::Broken => (Code::Unreachable, "The connection to HaloPSA broke.", "Try again."),
        Reason::TimedOut => (
            Code::Timeout,
            "HaloPSA did not answer in time.",
            "Try again later, ask for less, or allow more time.",
        ),
        Reason::TooLarge | Reason::NoRoom => (
            Code::AnswerTooLarge,
            "HaloPSA's answer is larger than this node takes.",
            "Ask for less with filters or a limit.",
        ),
        Reason::NotHttp => (
            Code::MalformedAnswer,
            "What answers there does not speak HTTP.",
            "Check the address and the port of the instance.",
        ),
    };
    let effect = match (safety, error.reached) {
        (Safety::Read, _) | (_, Reached::No) => Effect::None,
        (_, Reached::Maybe) => Effect::Unknown,
    };
    lost(NodeError::new(code, message).with_advice(advice), safety, effect)
}

/// A write of which nobody knows whether it was done.
fn lost(error: NodeError, safety: Safety, effect: Effect) -> NodeError {
    if effect != Effect::Unknown {
        return error.with_effect(effect);
    }
    if matches!(safety, Safety::Overwrite | Safety::Replace) {
        // Doing it again, from the beginning, does no harm, so the error stays
        // what it is.
        return error.with_effect(effect);
    }
    let kind = match error.kind() {
        kind @ (ErrorKind::Timeout | ErrorKind::Protocol) => kind,
        _ => ErrorKind::Unavailable,
    };
    let lost = NodeError::new(Code::AnswerLost, format!("{} It may have made the record.", error.message()))
        .with_kind(kind)
        .with_advice("Look in HaloPSA before you run this again: it could make a second one.")
        .with_vendor_message(error.vendor_message().map(ToString::to_string))
        .with_effect(effect);
    match error.http_status() {
        Some(status) => lost.with_http_status(status),
        None => lost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{ticket::TICKET, user::USER};

    fn answer(status: u16, body: &str) -> HttpResponse {
        HttpResponse { status, body: body.as_bytes().to_vec(), ..HttpResponse::default() }
    }

    #[test]
    fn the_words_are_found_in_every_shape() {
        let cases = [
            (
                r#"{"ClassName":"System.Exception","Message":"No outcome","StackTraceString":"   at X"}"#,
                "No outcome",
            ),
            (r#"{"message":"No"}"#, "No"),
            (r#"{"error":"invalid_client"}"#, "invalid_client"),
            (r#"{"error":"invalid_client","error_description":"Wrong secret."}"#, "Wrong secret."),
            (r#"{"error":{"error_description":"Inner"}}"#, "Inner"),
            (r#"{"resultCode":3,"errorMessage":"Result"}"#, "Result"),
            (r#""plain""#, "plain"),
            ("just text", "just text"),
            (
                r#"{"[0].id":["The JSON value could not be converted"]}"#,
                "id: The JSON value could not be converted",
            ),
            (r#"{"title":"One or more errors","status":400,"errors":{"id":["Bad id"]}}"#, "id: Bad id"),
            (r#"{"anything":"the message"}"#, "the message"),
        ];
        for (body, expected) in cases {
            assert_eq!(words(&answer(400, body)).as_deref(), Some(expected), "{body}");
        }
        let cut = [
            (
                r#"{"ClassName":"System.Exception","Message":"No outcome","StackTraceString":"   at Ha"#,
                Some("No outcome"),
            ),
            (r#"{"ClassName": "System.Exception", "StackTraceString": "at Halo.Secret.Path()"#, None),
            (r#"{"Message":"No out"#, None),
            (r#"[{"errors":{"id":["Bad"]},"message": "Bad \"id\"", "traceId": 0"#, Some("Bad \"id\"")),
            ("\u{feff}{\"ClassName\":\"System.Exception\",", None),
            (r#""System.Exception: at Halo.Api(Int32 id)"#, None),
        ];
        for (body, expected) in cut {
            assert_eq!(words(&answer(400, body)).as_deref(), expected, "{body}");
        }
        let long = format!(
            r#"{{"ClassName":"System.Exception","StackTraceString":"{}","Message":"No outcome"}}"#,
            "   at Halo.Api.Post(Int32 id)".repeat(10_000)
        );
        assert_eq!(words(&answer(400, &long)).as_deref(), Some("No outcome"));
        let inside = r#"{"ClassName":"X","Message":null,"RemoteStackTraceString":"at Halo.Api(Int32 id)"}"#;
        for nothing in ["", "<html>hundreds of kilobytes</html>", "{}", "7", "[]", inside] {
            assert_eq!(words(&answer(400, nothing)), None, "{nothing}");
        }
    }

    #[test]
    fn a_mandatory_field_is_named() {
        let mandatory = |message: &str, fields| {
            error(&answer(400, &format!(r#"{{"Message":"{message} is mandatory"}}"#)), Safety::Create, fields)
        };
        let error = mandatory("Category", TICKET.fields);
        assert_eq!(crate::error::code_of(&error), Code::MandatoryField);
        assert_eq!(error.field(), Some("/category_1"));
        assert_eq!(error.vendor_message(), Some("Category is mandatory"));
        let field = |message, fields| mandatory(message, fields).field().map(ToString::to_string);
        assert_eq!(field("Change Window", TICKET.fields).as_deref(), Some("/customfields"));
        assert_eq!(field("Email Address", USER.fields).as_deref(), Some("/emailaddress"));
        assert_eq!(field("SLA", USER.fields).as_deref(), Some("/slaid"));
        assert_eq!(field("Category", USER.fields).as_deref(), Some("/customfields"));
    }

    #[test]
    fn a_value_that_cannot_be_read_is_named() {
        let body = r#"{"[0].client_id":["The JSON value could not be converted"]}"#;
        assert_eq!(error(&answer(400, body), Safety::Create, TICKET.fields).field(), Some("/client_id"));
    }

    #[test]
    fn a_page_is_named_and_an_odd_refusal_is_no_outage() {
        assert_eq!(error(&answer(400, "<html>"), Safety::Read, &[]).code(), Code::HtmlAnswer);
        for status in [405, 410, 413, 414, 431] {
            assert_eq!(error(&answer(status, ""), Safety::Read, &[]).retry(), Retry::Never, "{status}");
        }
    }

    #[test]
    fn nothing_happened_where_the_request_was_refused() {
        for status in [400, 401, 403, 404, 409, 429] {
            assert_eq!(error(&answer(status, ""), Safety::Create, &[]).effect(), Effect::None, "{status}");
        }
    }

    #[test]
    fn a_lost_create_is_unknown_and_never_retried() {
        for status in [500, 502, 504] {
            let error = error(&answer(status, "<html>"), Safety::Create, &[]);
            assert_eq!(error.effect(), Effect::Unknown);
            assert_eq!(error.retry(), Retry::Never);
            assert_eq!(crate::error::code_of(&error), Code::AnswerLost);
        }
        let timeout = no_answer(TransportError::new(Reason::TimedOut, Reached::Maybe), Safety::Create);
        assert_eq!((timeout.kind(), timeout.effect()), (ErrorKind::Timeout, Effect::Unknown));
        let refused = no_answer(TransportError::new(Reason::NoConnection, Reached::No), Safety::Create);
        assert_eq!((refused.effect(), refused.retry()), (Effect::None, Retry::HostDefault));
    }

    #[test]
    fn a_page_is_named_and_never_quoted() {
        let error = malformed(&answer(200, "<html><p>secret page</p>"), "no JSON", Safety::Read);
        assert_eq!(crate::error::code_of(&error), Code::HtmlAnswer);
        assert!(!alloc::format!("{error:?}").contains("secret page"));
    }
}
