//! From plain Rust to the types of WIT.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use jiff::Timestamp;

use super::{types, wit};
use crate::error::{Effect, ErrorKind, NodeError, Retry};
use crate::interface::{Attachment, Content, Diagnostic, Execution, Item, Level, Outcome, Report, Session};

pub(super) fn instant(instant: Timestamp) -> String {
    instant.to_string()
}

/// A duration in the unit of the interface; longer than 49 days is 49 days.
pub(super) fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

#[cfg(feature = "setup")]
pub(super) fn fields(fields: &crate::interface::Fields) -> Vec<types::FieldValue> {
    let copy = |(name, value): (&str, &str)| types::FieldValue { name: name.into(), value: value.into() };
    fields.iter().map(copy).collect()
}

pub(super) fn session(session: Session) -> types::Session {
    types::Session {
        token: session.token.reveal().into(),
        expires_at: session.expires_at.map(instant),
        scopes: session.scopes,
        extra: session.extra.map(|extra| serde_json::Value::Object(extra).to_string()),
    }
}

pub(super) fn report(node: &str, report: Report) -> types::Report {
    types::Report {
        session: report.session.map(session),
        usage: types::Usage {
            requests: report.usage.requests,
            retries: report.usage.retries,
            waited_ms: milliseconds(report.usage.waited),
            rate_limited: report.usage.rate_limited,
        },
        diagnostics: report.diagnostics.into_iter().map(|each| diagnostic(node, each)).collect(),
    }
}

fn diagnostic(node: &str, diagnostic: Diagnostic) -> types::Diagnostic {
    types::Diagnostic {
        level: match diagnostic.level {
            Level::Debug => types::Level::Debug,
            Level::Info => types::Level::Info,
            Level::Warning => types::Level::Warning,
        },
        code: crate::error::full_name(node, diagnostic.code),
        message: diagnostic.message,
        item_index: diagnostic.item_index,
    }
}

pub(super) fn execution(node: &str, execution: Execution) -> wit::node::Execution {
    let outcomes = execution.outcomes.into_iter().map(|outcome| match outcome {
        Outcome::Done(items) => wit::node::Outcome::Done(items.into_iter().map(item).collect()),
        Outcome::Failed(error) => wit::node::Outcome::Failed(self::error(node, &error)),
        Outcome::NotAttempted => wit::node::Outcome::NotAttempted,
    });
    wit::node::Execution {
        outcomes: outcomes.collect(),
        next: execution.next,
        resume_after_ms: execution.resume_after.map(milliseconds),
        report: report(node, execution.report),
    }
}

fn item(item: Item) -> types::Item {
    types::Item {
        json: item.json.to_string(),
        attachments: item.attachments.into_iter().map(attachment).collect(),
        sources: item.sources,
    }
}

fn attachment(attachment: Attachment) -> types::Attachment {
    types::Attachment {
        name: attachment.name,
        mime_type: attachment.mime_type,
        content: match attachment.content {
            Content::Bytes(bytes) => types::AttachmentContent::Bytes(bytes),
            Content::Link(link) => types::AttachmentContent::Link(types::AttachmentLink {
                url: link.url,
                expires_at: link.expires_at.map(instant),
            }),
        },
    }
}

#[cfg(feature = "setup")]
pub(super) fn check_report(node: &str, report: crate::interface::CheckReport) -> wit::setup::CheckReport {
    use crate::interface::CheckStatus;

    let steps = report.steps.into_iter().map(|step| wit::setup::CheckStep {
        name: step.name.into(),
        label: step.label,
        status: match step.status {
            CheckStatus::Pass => wit::setup::CheckStatus::Pass,
            CheckStatus::Warn => wit::setup::CheckStatus::Warn,
            CheckStatus::Fail => wit::setup::CheckStatus::Fail,
            CheckStatus::Skipped => wit::setup::CheckStatus::Skipped,
        },
        message: step.message,
        error: step.error.map(|error| self::error(node, &error)),
        advice: step.advice,
    });
    wit::setup::CheckReport {
        account: report.account,
        instance: report.instance,
        scopes: report.scopes,
        steps: steps.collect(),
        fields: fields(&report.fields),
        report: self::report(node, report.report),
    }
}

#[cfg(feature = "lookup")]
pub(super) fn entry(entry: crate::interface::Entry) -> wit::lookup::Entry {
    wit::lookup::Entry {
        value: entry.value.to_string(),
        label: entry.label,
        description: entry.description,
        parent: entry.parent.map(|parent| parent.to_string()),
        disabled: entry.disabled,
        details: entry.details.map(|details| details.to_string()),
    }
}

#[cfg(feature = "triggers")]
pub(super) fn event(event: crate::interface::Event) -> wit::triggers::Event {
    wit::triggers::Event { id: event.id, occurred_at: event.occurred_at.map(instant), item: item(event.item) }
}

#[cfg(feature = "triggers")]
pub(super) fn reply(reply: crate::interface::Reply) -> wit::triggers::Reply {
    let header = |(name, value)| wit::triggers::Header { name, value };
    wit::triggers::Reply {
        status: reply.status,
        headers: reply.headers.into_iter().map(header).collect(),
        body: reply.body,
    }
}

pub(super) fn error(node: &str, error: &NodeError) -> types::NodeError {
    types::NodeError {
        kind: match error.kind() {
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
        code: crate::error::full_name(node, error.code().name()),
        message: error.message().into(),
        advice: error.advice().map(Into::into),
        field: error.field().map(Into::into),
        http_status: error.http_status(),
        vendor_message: error.vendor_message().map(Into::into),
        effect: match error.effect() {
            Effect::None => types::Effect::None,
            Effect::Applied => types::Effect::Applied,
            Effect::Unknown => types::Effect::Unknown,
        },
        retry: match error.retry() {
            Retry::Never => types::Retry::Never,
            Retry::HostDefault => types::Retry::HostDefault,
            Retry::After(after) => types::Retry::AfterMs(milliseconds(after)),
        },
        details: None,
    }
}
