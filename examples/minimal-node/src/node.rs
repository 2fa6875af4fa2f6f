//! The interface `node`: the credential form, the login and the operations.

use alloc::{borrow::ToOwned, format, string::String, vec, vec::Vec};

use serde_json::{Value, json};
use wasi::clocks::monotonic_clock::subscribe_duration;

use crate::bindings::node::*;
use crate::bindings::types::{ConnectionAuth, Effect, ErrorKind, FieldValue, Retry, Usage};
use crate::http::Client;

pub(crate) type Answer<T> = Result<T, NodeError>;

pub(crate) struct Todo;

impl Guest for Todo {
    fn credential_schema() -> String {
        let manifest: Value = serde_json::from_str(crate::MANIFEST).unwrap_or_default();
        format!("{}", manifest.get("credentials").unwrap_or(&Value::Null))
    }

    fn authenticate(_: CallContext, connection: Connection) -> Answer<Session> {
        Ok(Session {
            token: field(&connection.fields, "api_key")?,
            expires_at: None,
            scopes: vec![],
            extra: None,
        })
    }

    fn execute(
        ctx: CallContext,
        connection: Connection,
        operation: String,
        items: Vec<Item>,
        cursor: Option<String>,
    ) -> Answer<Execution> {
        let (adds, dry_run) = (operation == "todo.add", ctx.dry_run);
        if !adds && operation != "todo.list" {
            return Err(error(
                ErrorKind::InvalidInput,
                "todo.unknown-operation",
                "There is no such operation.",
            ));
        }
        let allowed = ctx.allowed_operations.as_ref().is_none_or(|all| all.contains(&operation));
        if !allowed || (adds && ctx.read_only) {
            let message = "The host does not allow this operation.";
            return Err(error(ErrorKind::Denied, "todo.denied", message));
        }
        let position = cursor.as_deref().unwrap_or("0:1").split_once(':');
        let (first, mut page) = position
            .and_then(|(item, page)| Some((item.parse::<usize>().ok()?, page.parse::<u32>().ok()?)))
            .ok_or_else(|| error(ErrorKind::InvalidInput, "todo.bad-cursor", "Unknown cursor."))?;
        let mut client = client(ctx, connection)?;
        // Items before the cursor were finished by an earlier call.
        let mut outcomes = vec![Outcome::Done(vec![]); first.min(items.len())];
        let mut next = None;
        for (index, item) in items.iter().enumerate().skip(first) {
            if client.deadline.ready() {
                next = Some(format!("{index}:{page}"));
                break;
            }
            let (outcome, more) = match run(&mut client, adds, dry_run, &item.json, page) {
                Ok((rows, more)) => (Outcome::Done(rows.iter().map(output).collect()), more),
                Err(error) => (Outcome::Failed(error), false),
            };
            outcomes.push(outcome);
            if more {
                next = Some(format!("{index}:{}", page.saturating_add(1)));
                break;
            }
            page = 1;
        }
        outcomes.resize(items.len(), Outcome::NotAttempted);
        Ok(Execution {
            outcomes,
            next,
            resume_after_ms: None,
            report: Report { session: None, usage: client.usage, diagnostics: vec![] },
        })
    }
}

/// Runs one item: its results, and whether another page follows.
fn run(client: &mut Client, adds: bool, dry_run: bool, input: &str, page: u32) -> Answer<(Vec<Value>, bool)> {
    let invalid = |field: &str, message| NodeError {
        field: Some(field.to_owned()),
        ..error(ErrorKind::InvalidInput, "todo.invalid-input", message)
    };
    let input = serde_json::from_slice(input.as_bytes()).ok().filter(Value::is_object);
    let input = input.ok_or_else(|| invalid("", "The input is not a JSON object."))?;
    let (path, body) = if adds {
        let title = input.get("title").and_then(Value::as_str);
        let title = title.filter(|title| (1..=200).contains(&title.chars().count()));
        let title = title.ok_or_else(|| invalid("/title", "A title has 1 to 200 characters."))?;
        ("/todos".to_owned(), Some(json!({ "title": title })))
    } else {
        (format!("/todos?page={page}"), None)
    };
    if dry_run {
        let method = if adds { "POST" } else { "GET" };
        let url = format!("{}{path}", client.url);
        return Ok((vec![json!({ "dry_run": true, "method": method, "url": url, "body": body })], false));
    }
    let mut answer = client.send(&path, body.as_ref())?;
    let more = answer.get("more") == Some(&Value::Bool(true));
    match answer.get_mut("todos").map(Value::take) {
        _ if adds => Ok((vec![answer], false)),
        Some(Value::Array(rows)) => Ok((rows, more)),
        _ => Err(error(ErrorKind::Protocol, "todo.no-list", "The to-do service sent no list.")),
    }
}

fn output(row: &Value) -> Item {
    Item { json: format!("{row}"), attachments: vec![], sources: vec![] }
}

fn client(ctx: CallContext, connection: Connection) -> Answer<Client> {
    let url = origin(&connection.fields)?;
    let key = match connection.auth {
        ConnectionAuth::Session(session) => Some(session.token),
        ConnectionAuth::HostInjected => None,
        ConnectionAuth::SelfManaged => Some(field(&connection.fields, "api_key")?),
    };
    Ok(Client {
        url,
        key,
        trace_parent: ctx.trace_parent,
        // A tenth of the time, in nanoseconds, is left for the way back.
        deadline: subscribe_duration(u64::from(ctx.deadline_ms) * 900_000),
        usage: UNUSED,
    })
}

fn field(fields: &[FieldValue], name: &str) -> Answer<String> {
    let found = fields.iter().find(|field| field.name == name);
    found.map(|field| field.value.clone()).ok_or_else(|| bad_field(name, "A credential field is missing."))
}

/// The address as an origin, which is a scheme, a host and perhaps a port.
fn origin(fields: &[FieldValue]) -> Answer<String> {
    let url = field(fields, "url")?.trim().trim_end_matches('/').to_ascii_lowercase();
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    if host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@'])) {
        return Ok(url);
    }
    Err(bad_field("url", "The address must look like https://todo.example.com."))
}

fn bad_field(name: &str, message: &str) -> NodeError {
    NodeError { field: Some(format!("/{name}")), ..error(ErrorKind::InvalidInput, "todo.bad-field", message) }
}

const UNUSED: Usage = Usage { requests: 0, retries: 0, waited_ms: 0, rate_limited: 0 };

/// A failure that changed nothing and would happen again.
pub(crate) fn error(kind: ErrorKind, code: &str, message: &str) -> NodeError {
    NodeError {
        kind,
        code: code.to_owned(),
        message: message.to_owned(),
        advice: None,
        field: None,
        http_status: None,
        vendor_message: None,
        effect: Effect::None,
        retry: Retry::Never,
        details: None,
    }
}
