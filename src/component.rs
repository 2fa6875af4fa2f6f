//! The exports: WIT types in, plain Rust down, WIT types out. No rule lives
//! here.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use crate::contract;
use crate::error::{Code, Effect, ErrorKind, NodeError, Retry};
use crate::protocol::date;
use crate::transport::wasi::WasiTransport;
use crate::triggers::webhook;
use crate::weight::{self, MAX_ITEM};
use crate::{check, connection, lookup, operations, triggers};

mod bindings {
    #![allow(missing_docs, unreachable_pub, unsafe_code, clippy::all, reason = "generated from the contract")]

    wit_bindgen::generate!({
        path: "wit",
        inline: "
            package halopsa:node;
            world halopsa {
                include workflow:node/minimal-node@0.2.0;
                export workflow:node/setup@0.2.0;
                export workflow:node/lookup@0.2.0;
                export workflow:node/triggers@0.2.0;
            }
        ",
    });
    export!(Component with_types_in self);

    use super::Component;
}

use bindings::exports::workflow::node as wit;
use wit::types;

/// The manifest, rendered by the build script, where a host finds it without running
/// anything. Not `#[used]`: that would keep a second copy in the data of the module.
#[expect(unsafe_code, reason = "naming a section counts as unsafe; this one is read by hosts only")]
#[expect(dead_code, reason = "it is for hosts")]
#[unsafe(link_section = "workflow-node:manifest")]
static MANIFEST: [u8; MANIFEST_LENGTH] = *include_bytes!(concat!(env!("OUT_DIR"), "/manifest.json"));
const MANIFEST_LENGTH: usize = include_bytes!(concat!(env!("OUT_DIR"), "/manifest.json")).len();

/// `credentials` of the manifest.
static CREDENTIALS: &str = include_str!(concat!(env!("OUT_DIR"), "/credentials.json"));

struct Component;

impl wit::node::Guest for Component {
    fn credential_schema() -> String {
        text(CREDENTIALS)
    }

    fn authenticate(
        ctx: types::CallContext,
        connection: types::Connection,
    ) -> Result<types::Session, types::NodeError> {
        let context = context(ctx)?;
        let session =
            connection::authenticate(&mut WasiTransport::begin(), &context, &connection.try_into()?)?;
        Ok(session.into())
    }

    fn execute(
        ctx: types::CallContext,
        connection: types::Connection,
        operation: String,
        items: Vec<types::Item>,
        cursor: Option<String>,
    ) -> Result<wit::node::Execution, types::NodeError> {
        let context = context(ctx)?;
        weight::admit(items.iter().map(|item| item.json.as_str()))?;
        let items: Vec<contract::Item> = items.into_iter().map(item_in).collect();
        let execution = operations::execute(
            &mut WasiTransport::begin(),
            &context,
            &connection.try_into()?,
            &operation,
            &items,
            cursor.as_deref(),
        )?;
        Ok(wit::node::Execution {
            outcomes: execution.outcomes.into_iter().map(Into::into).collect(),
            next: execution.next,
            resume_after_ms: execution.resume_after.map(milliseconds),
            report: report(execution.session, execution.usage, execution.diagnostics),
        })
    }
}

impl wit::setup::Guest for Component {
    fn prepare(
        ctx: types::CallContext,
        fields: Vec<types::FieldValue>,
    ) -> Result<wit::setup::Prepared, types::NodeError> {
        let context = context(ctx)?;
        let prepared = connection::prepare(&mut WasiTransport::begin(), &context, &fields_in(fields))?;
        Ok(wit::setup::Prepared {
            fields: fields_out(&prepared.fields),
            egress: prepared.egress,
            token_url: Some(prepared.token_url),
            report: report(None, prepared.usage, prepared.diagnostics),
        })
    }

    fn check(
        ctx: types::CallContext,
        connection: types::Connection,
    ) -> Result<wit::setup::CheckReport, types::NodeError> {
        let context = context(ctx)?;
        let report = check::check(&mut WasiTransport::begin(), &context, &connection.try_into()?)?;
        Ok(wit::setup::CheckReport {
            account: report.account,
            instance: report.instance,
            scopes: report.scopes,
            steps: report.steps.into_iter().map(Into::into).collect(),
            fields: fields_out(&report.fields),
            report: self::report(report.session, report.usage, Vec::new()),
        })
    }
}

impl wit::lookup::Guest for Component {
    fn options(
        ctx: types::CallContext,
        connection: types::Connection,
        name: String,
        params: String,
        search: Option<String>,
        cursor: Option<String>,
    ) -> Result<wit::lookup::Entries, types::NodeError> {
        let context = context(ctx)?;
        let question = lookup::Question {
            list: &name,
            params: &params,
            search: search.as_deref(),
            cursor: cursor.as_deref(),
        };
        let found =
            lookup::options(&mut WasiTransport::begin(), &context, &connection.try_into()?, &question)?;
        Ok(wit::lookup::Entries {
            entries: found.entries.into_iter().map(entry).collect(),
            next: found.next,
            report: report(found.session, found.usage, Vec::new()),
        })
    }
}

fn entry(entry: contract::Entry) -> wit::lookup::Entry {
    wit::lookup::Entry {
        value: entry.value.to_string(),
        label: entry.label,
        description: entry.description,
        parent: entry.parent.map(|parent| parent.to_string()),
        disabled: entry.disabled,
        details: entry.details.map(|details| details.to_string()),
    }
}

impl wit::triggers::Guest for Component {
    fn poll(
        ctx: types::CallContext,
        connection: types::Connection,
        trigger: String,
        config: String,
        state: Option<String>,
    ) -> Result<wit::triggers::Polled, types::NodeError> {
        let context = context(ctx)?;
        let connection = connection.try_into()?;
        let mut transport = WasiTransport::begin();
        let polled =
            triggers::poll(&mut transport, &context, &connection, &trigger, &config, state.as_deref())?;
        Ok(wit::triggers::Polled {
            events: polled.events.into_iter().map(event_out).collect(),
            state: polled.state,
            more: polled.more,
            next_poll_ms: milliseconds(polled.next_poll),
            report: report(polled.session, polled.usage, polled.diagnostics),
        })
    }

    fn subscribe(
        ctx: types::CallContext,
        connection: types::Connection,
        trigger: String,
        config: String,
        endpoint: wit::triggers::Endpoint,
        state: Option<String>,
    ) -> Result<wit::triggers::Subscription, types::NodeError> {
        let context = context(ctx)?;
        let made = webhook::subscribe(
            &mut WasiTransport::begin(),
            &context,
            &connection.try_into()?,
            &trigger,
            &config,
            &endpoint.into(),
            state.as_deref(),
        )?;
        Ok(wit::triggers::Subscription {
            state: made.state,
            expires_at: None,
            report: report(made.session, made.usage, made.diagnostics),
        })
    }

    fn unsubscribe(
        ctx: types::CallContext,
        connection: types::Connection,
        trigger: String,
        _config: String,
        state: String,
    ) -> Result<types::Report, types::NodeError> {
        let context = context(ctx)?;
        let connection = connection.try_into()?;
        let gone =
            webhook::unsubscribe(&mut WasiTransport::begin(), &context, &connection, &trigger, &state)?;
        Ok(report(gone.session, gone.usage, gone.diagnostics))
    }

    fn receive(
        ctx: types::CallContext,
        connection: types::Connection,
        trigger: String,
        config: String,
        endpoint: wit::triggers::Endpoint,
        state: String,
        delivery: wit::triggers::Delivery,
    ) -> Result<wit::triggers::Received, types::NodeError> {
        let context = context(ctx)?;
        let subscribed = webhook::Subscribed {
            trigger: &trigger,
            config: &config,
            endpoint: &endpoint.into(),
            state: &state,
        };
        let delivery = triggers::Delivery {
            method: delivery.method,
            headers: delivery.headers.into_iter().map(|header| (header.name, header.value)).collect(),
            body: delivery.body,
        };
        let connection = connection.try_into()?;
        let received =
            webhook::receive(&mut WasiTransport::begin(), &context, &connection, &subscribed, &delivery)?;
        Ok(wit::triggers::Received {
            events: received.events.into_iter().map(event_out).collect(),
            state: received.state,
            reply: wit::triggers::Reply { status: received.status, headers: Vec::new(), body: Vec::new() },
            report: report(received.session, received.usage, received.diagnostics),
        })
    }
}

// ---- In ----

fn context(ctx: types::CallContext) -> Result<contract::CallContext, NodeError> {
    let now = ctx.now.parse().map_err(|_| {
        NodeError::new(Code::InvalidContext, "`now` of the call context is not an RFC 3339 timestamp.")
    })?;
    Ok(contract::CallContext {
        now,
        deadline: Duration::from_millis(ctx.deadline_ms.into()),
        attempt: ctx.attempt,
        idempotency_key: ctx.idempotency_key,
        entropy: ctx.entropy,
        trace_parent: ctx.trace_parent,
        time_zone: ctx.time_zone,
        dry_run: ctx.dry_run,
        read_only: ctx.read_only,
        allowed_operations: ctx.allowed_operations,
        confirmed: ctx.confirmed,
    })
}

fn fields_in(fields: Vec<types::FieldValue>) -> contract::Fields {
    fields.into_iter().map(|field| (field.name, field.value)).collect()
}

impl TryFrom<types::Connection> for contract::Connection {
    type Error = NodeError;

    fn try_from(connection: types::Connection) -> Result<Self, NodeError> {
        let auth = match connection.auth {
            types::ConnectionAuth::Session(session) => contract::ConnectionAuth::Session(session.try_into()?),
            types::ConnectionAuth::HostInjected => contract::ConnectionAuth::HostInjected,
            types::ConnectionAuth::SelfManaged => contract::ConnectionAuth::SelfManaged,
        };
        Ok(Self { fields: fields_in(connection.fields), auth })
    }
}

impl TryFrom<types::Session> for contract::Session {
    type Error = NodeError;

    fn try_from(session: types::Session) -> Result<Self, NodeError> {
        let expires_at = match session.expires_at {
            None => jiff::Timestamp::MAX,
            Some(text) => text.parse().map_err(|_| {
                NodeError::new(
                    Code::InvalidContext,
                    "`expires-at` of the session is not an RFC 3339 timestamp.",
                )
            })?,
        };
        Ok(Self { token: contract::Secret::new(session.token), expires_at, scopes: session.scopes })
    }
}

/// What is no JSON becomes text, which the parser of inputs refuses with the
/// rest of what is no object.
fn item_in(item: types::Item) -> contract::Item {
    // One that is too large stays text, which is refused like what is no JSON.
    let json = Some(&item.json)
        .filter(|json| weight::of_text(json.as_bytes()) <= MAX_ITEM)
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or(serde_json::Value::String(item.json));
    let attachments = item.attachments.into_iter().map(attachment_in).collect();
    contract::Item { json, attachments }
}

impl From<wit::triggers::Endpoint> for triggers::Endpoint {
    fn from(endpoint: wit::triggers::Endpoint) -> Self {
        Self {
            callback_url: endpoint.callback_url,
            signing_secret: contract::Secret::new(endpoint.signing_secret),
        }
    }
}

fn attachment_in(attachment: types::Attachment) -> contract::Attachment {
    contract::Attachment {
        name: attachment.name,
        mime_type: attachment.mime_type,
        content: match attachment.content {
            types::AttachmentContent::Bytes(bytes) => contract::Content::Bytes(bytes),
            types::AttachmentContent::Link(link) => contract::Content::Link(link.url),
        },
    }
}

// ---- Out ----

fn fields_out(fields: &contract::Fields) -> Vec<types::FieldValue> {
    let copy = |(name, value): (&str, &str)| types::FieldValue { name: text(name), value: text(value) };
    fields.iter().map(copy).collect()
}

impl From<contract::Session> for types::Session {
    fn from(session: contract::Session) -> Self {
        Self {
            token: session.token.reveal().to_string(),
            expires_at: Some(session.expires_at.to_string()),
            scopes: session.scopes,
            extra: None,
        }
    }
}

impl From<contract::Usage> for types::Usage {
    fn from(usage: contract::Usage) -> Self {
        Self {
            requests: usage.requests,
            retries: usage.retries,
            waited_ms: milliseconds(usage.waited),
            rate_limited: usage.rate_limited,
        }
    }
}

fn report(
    session: Option<contract::Session>,
    usage: contract::Usage,
    diagnostics: Vec<contract::Diagnostic>,
) -> types::Report {
    types::Report {
        session: session.map(Into::into),
        usage: usage.into(),
        diagnostics: self::diagnostics(diagnostics),
    }
}

fn diagnostics(diagnostics: Vec<contract::Diagnostic>) -> Vec<types::Diagnostic> {
    diagnostics
        .into_iter()
        .map(|diagnostic| types::Diagnostic {
            level: match diagnostic.level {
                contract::Level::Info => types::Level::Info,
                contract::Level::Warning => types::Level::Warning,
            },
            code: diagnostic.code.to_string(),
            message: diagnostic.message,
            item_index: diagnostic.item_index,
        })
        .collect()
}

impl From<contract::Outcome> for wit::node::Outcome {
    fn from(outcome: contract::Outcome) -> Self {
        match outcome {
            contract::Outcome::Done(items) => Self::Done(
                items
                    .into_iter()
                    .map(|item| types::Item {
                        json: item.json.to_string(),
                        attachments: item.attachments.into_iter().map(attachment_out).collect(),
                        sources: Vec::new(),
                    })
                    .collect(),
            ),
            contract::Outcome::Failed(error) => Self::Failed(error.into()),
            contract::Outcome::NotAttempted => Self::NotAttempted,
        }
    }
}

fn event_out(event: triggers::Event) -> wit::triggers::Event {
    wit::triggers::Event {
        id: event.id,
        occurred_at: event.at.map(date::from_instant),
        item: types::Item { json: event.item.to_string(), attachments: Vec::new(), sources: Vec::new() },
    }
}

fn attachment_out(attachment: contract::Attachment) -> types::Attachment {
    types::Attachment {
        name: attachment.name,
        mime_type: attachment.mime_type,
        content: match attachment.content {
            contract::Content::Bytes(bytes) => types::AttachmentContent::Bytes(bytes),
            contract::Content::Link(url) => {
                types::AttachmentContent::Link(types::AttachmentLink { url, expires_at: None })
            }
        },
    }
}

impl From<contract::CheckStep> for wit::setup::CheckStep {
    fn from(step: contract::CheckStep) -> Self {
        Self {
            name: step.name.to_string(),
            label: step.label,
            status: match step.status {
                contract::CheckStatus::Pass => wit::setup::CheckStatus::Pass,
                contract::CheckStatus::Warn => wit::setup::CheckStatus::Warn,
                contract::CheckStatus::Fail => wit::setup::CheckStatus::Fail,
                contract::CheckStatus::Skipped => wit::setup::CheckStatus::Skipped,
            },
            message: step.message,
            error: step.error.map(Into::into),
            advice: step.advice,
        }
    }
}

/// The one place where failures become WIT errors.
impl From<NodeError> for types::NodeError {
    fn from(error: NodeError) -> Self {
        Self {
            kind: match error.get_kind() {
                ErrorKind::InvalidInput => types::ErrorKind::InvalidInput,
                ErrorKind::Unauthenticated => types::ErrorKind::Unauthenticated,
                ErrorKind::Forbidden => types::ErrorKind::Forbidden,
                ErrorKind::NotFound => types::ErrorKind::NotFound,
                ErrorKind::Conflict => types::ErrorKind::Conflict,
                ErrorKind::RateLimited => types::ErrorKind::RateLimited,
                ErrorKind::Unavailable => types::ErrorKind::Unavailable,
                ErrorKind::Timeout => types::ErrorKind::Timeout,
                ErrorKind::Denied => types::ErrorKind::Denied,
                ErrorKind::Protocol => types::ErrorKind::Protocol,
                ErrorKind::Unsupported => types::ErrorKind::Unsupported,
                ErrorKind::Internal => types::ErrorKind::Internal,
            },
            code: error.get_code().name().to_string(),
            message: error.get_message().to_string(),
            advice: error.get_advice().map(ToString::to_string),
            field: error.get_field().map(ToString::to_string),
            http_status: error.get_status(),
            vendor_message: error.get_vendor().map(ToString::to_string),
            effect: match error.get_effect() {
                Effect::None => types::Effect::None,
                Effect::Applied => types::Effect::Applied,
                Effect::Unknown => types::Effect::Unknown,
            },
            retry: match error.get_retry() {
                Retry::Never => types::Retry::Never,
                Retry::HostDefault => types::Retry::HostDefault,
                Retry::After(after) => types::Retry::AfterMs(milliseconds(after)),
            },
            details: None,
        }
    }
}

/// A duration in the unit of the interface; longer than 49 days is 49 days.
fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

fn text(text: &str) -> String {
    text.to_string()
}
