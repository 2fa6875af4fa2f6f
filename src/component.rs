//! The exports: WIT types in, plain Rust down, WIT types out. No rule lives
//! here.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use crate::contract;
use crate::credentials::form::{self, EGRESS, FIELDS, RECIPE};
use crate::error::{Code, Effect, ErrorKind, NodeError, Retry};
use crate::flat::{self, FlatError, milliseconds};
use crate::protocol::date;
use crate::transport::wasi::WasiTransport;
use crate::triggers::webhook;
use crate::weight::{self, MAX_ITEM};
use crate::{check, connection, lookup, manifest, operations, triggers};

mod bindings {
    #![allow(missing_docs, unreachable_pub, unsafe_code, clippy::all, reason = "generated from the contract")]

    wit_bindgen::generate!({ path: "wit", world: "workflow-node" });
    export!(Component with_types_in self);

    use super::Component;
}

use bindings::exports::workflow::node as wit;
use wit::types;

/// The manifest where a host finds it without running anything. The build
/// script made it with the same code that `describe` runs. Not `#[used]`: that
/// would keep a second copy in the data of the module.
#[expect(unsafe_code, reason = "naming a section counts as unsafe; this one is read by hosts only")]
#[expect(dead_code, reason = "it is for hosts")]
#[unsafe(link_section = "workflow-node:manifest")]
static MANIFEST: [u8; MANIFEST_LENGTH] = *include_bytes!(concat!(env!("OUT_DIR"), "/manifest.json"));
const MANIFEST_LENGTH: usize = include_bytes!(concat!(env!("OUT_DIR"), "/manifest.json")).len();

struct Component;

impl wit::node::Guest for Component {
    fn describe() -> String {
        manifest::render()
    }

    fn credential_schema() -> wit::node::CredentialSpec {
        credential_spec()
    }

    fn prepare(
        ctx: types::CallContext,
        fields: Vec<types::FieldValue>,
    ) -> Result<wit::node::Prepared, types::NodeError> {
        let context = context(ctx)?;
        let prepared = connection::prepare(&mut WasiTransport::begin(), &context, &fields_in(fields))?;
        Ok(wit::node::Prepared {
            fields: fields_out(&prepared.fields),
            egress: prepared.egress,
            token_url: Some(prepared.token_url),
            usage: prepared.usage.into(),
            diagnostics: diagnostics(prepared.diagnostics),
        })
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

    fn check(
        ctx: types::CallContext,
        connection: types::Connection,
    ) -> Result<wit::node::CheckReport, types::NodeError> {
        let context = context(ctx)?;
        let report = check::check(&mut WasiTransport::begin(), &context, &connection.try_into()?)?;
        Ok(wit::node::CheckReport {
            account: report.account,
            instance: report.instance,
            scopes: report.scopes,
            steps: report.steps.into_iter().map(Into::into).collect(),
            fields: fields_out(&report.fields),
            session: report.session.map(Into::into),
            usage: report.usage.into(),
        })
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
            session: execution.session.map(Into::into),
            usage: execution.usage.into(),
            diagnostics: diagnostics(execution.diagnostics),
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
            session: found.session.map(Into::into),
            usage: found.usage.into(),
            diagnostics: Vec::new(),
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
            session: polled.session.map(Into::into),
            usage: polled.usage.into(),
            diagnostics: diagnostics(polled.diagnostics),
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
            session: made.session.map(Into::into),
            usage: made.usage.into(),
            diagnostics: diagnostics(made.diagnostics),
        })
    }

    fn unsubscribe(
        ctx: types::CallContext,
        connection: types::Connection,
        trigger: String,
        _config: String,
        state: String,
    ) -> Result<wit::triggers::Unsubscribed, types::NodeError> {
        let context = context(ctx)?;
        let connection = connection.try_into()?;
        let gone =
            webhook::unsubscribe(&mut WasiTransport::begin(), &context, &connection, &trigger, &state)?;
        Ok(wit::triggers::Unsubscribed {
            session: gone.session.map(Into::into),
            usage: gone.usage.into(),
            diagnostics: diagnostics(gone.diagnostics),
        })
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
            session: received.session.map(Into::into),
            usage: received.usage.into(),
            diagnostics: diagnostics(received.diagnostics),
        })
    }
}

impl wit::flat::Guest for Component {
    fn invoke(
        connection: String,
        context: String,
        operation: String,
        input: String,
        cursor: Option<String>,
    ) -> Result<String, wit::flat::FlatError> {
        let call = flat::Call {
            connection: &connection,
            context: &context,
            operation: &operation,
            input: &input,
            cursor: cursor.as_deref(),
        };
        flat::invoke(&mut WasiTransport::begin(), &call).map_err(|error| match error {
            FlatError::Transient(text) => wit::flat::FlatError::Transient(text),
            FlatError::Permanent(text) => wit::flat::FlatError::PermanentFailure(text),
        })
    }
}

// ---- In ----

fn context(ctx: types::CallContext) -> Result<contract::CallContext, NodeError> {
    let now = ctx
        .now
        .parse()
        .map_err(|_| NodeError::new(Code::InvalidContext, "The host tells no time that makes sense."))?;
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
                NodeError::new(Code::InvalidContext, "The host's session ends at no time that makes sense.")
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
    contract::Item { json, attachments, source_index: item.source_index }
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
                        source_index: item.source_index,
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
        item: types::Item { json: event.item.to_string(), attachments: Vec::new(), source_index: None },
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

impl From<contract::CheckStep> for wit::node::CheckStep {
    fn from(step: contract::CheckStep) -> Self {
        Self {
            name: step.name.to_string(),
            label: step.label,
            status: match step.status {
                contract::CheckStatus::Pass => wit::node::CheckStatus::Pass,
                contract::CheckStatus::Warn => wit::node::CheckStatus::Warn,
                contract::CheckStatus::Fail => wit::node::CheckStatus::Fail,
                contract::CheckStatus::Skipped => wit::node::CheckStatus::Skipped,
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

fn text(text: &str) -> String {
    text.to_string()
}

fn credential_spec() -> wit::node::CredentialSpec {
    use wit::node as n;
    let query =
        RECIPE.query.iter().map(|(name, value)| n::Parameter { name: text(name), value: text(value) });
    n::CredentialSpec {
        fields: FIELDS.iter().map(credential_field).collect(),
        auth_recipe: n::AuthRecipe::Oauth2ClientCredentials(n::Oauth2ClientCredentials {
            token_url: text(RECIPE.token_url),
            query: query.collect(),
            form: Vec::new(),
            client_authentication: n::ClientAuthentication::RequestBody,
            client_id_field: text(RECIPE.client_id_field),
            client_secret_field: text(RECIPE.client_secret_field),
            scope: text(RECIPE.scope),
            access_token: text(RECIPE.access_token),
            expires_in: text(RECIPE.expires_in),
            granted_scope: Some(text(RECIPE.granted_scope)),
            default_lifetime_ms: RECIPE.default_lifetime_ms,
            renew_before_ms: RECIPE.renew_before_ms,
            inject: n::Injection::Header(n::HeaderInjection {
                name: text(RECIPE.header),
                prefix: text(RECIPE.prefix),
            }),
            renew_on: RECIPE.renew_on.to_vec(),
        }),
        egress: EGRESS.iter().map(|pattern| text(pattern)).collect(),
        documentation_url: Some(text(form::DOCUMENTATION_URL)),
    }
}

fn credential_field(field: &form::CredentialField) -> wit::node::CredentialField {
    use wit::node as n;
    n::CredentialField {
        name: text(field.name),
        label: text(field.label),
        help: text(field.help),
        placeholder: field.placeholder.map(text),
        kind: match field.kind {
            form::FieldKind::Text => n::FieldKind::Text,
            form::FieldKind::Url => n::FieldKind::Url,
            form::FieldKind::Choice => n::FieldKind::Choice,
            form::FieldKind::Secret => n::FieldKind::Secret,
        },
        required: field.required,
        advanced: field.advanced,
        default_value: field.default.map(text),
        choices: field
            .choices
            .iter()
            .map(|(value, label)| n::FieldChoice { value: text(value), label: text(label), help: None })
            .collect(),
        shown_when: field
            .shown_when
            .iter()
            .map(|(name, values)| n::ShownWhen {
                field: text(name),
                values: values.iter().map(|value| text(value)).collect(),
            })
            .collect(),
    }
}
