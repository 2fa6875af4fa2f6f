//! Types of version 0.1.0 from and to those of the newest version.

use super::generated::exports::workflow::node::lookup as old_lookup;
use super::generated::exports::workflow::node::node as old_node;
use super::generated::exports::workflow::node::triggers as old_triggers;
use super::generated::exports::workflow::node::types as old;
use crate::wit::types as new;
use crate::wit::{lookup, node, setup, triggers};

/// An enum whose cases have the same names in both versions.
macro_rules! same_cases {
    ($old:ty, $new:ty: $($case:ident),+) => {
        impl From<$old> for $new {
            fn from(old: $old) -> Self {
                match old { $(<$old>::$case => Self::$case,)+ }
            }
        }
    };
}

same_cases!(old::ErrorKind, new::ErrorKind: InvalidInput, Unauthenticated, Forbidden, NotFound, Conflict,
    RateLimited, Unavailable, Timeout, Cancelled, Denied, Protocol, Unsupported, Internal);
same_cases!(old::Effect, new::Effect: None, Applied, Unknown);
same_cases!(old::Level, new::Level: Info, Warning);
same_cases!(old_node::CheckStatus, setup::CheckStatus: Pass, Warn, Fail, Skipped);

/// A record whose members have the same names and convert one by one.
macro_rules! same_members {
    ($old:ty, $new:ty: $($member:ident),+) => {
        impl From<$old> for $new {
            fn from(old: $old) -> Self {
                Self { $($member: old.$member.into(),)+ }
            }
        }
    };
}

same_members!(old::FieldValue, new::FieldValue: name, value);
same_members!(new::FieldValue, old::FieldValue: name, value);
same_members!(old::Session, new::Session: token, expires_at, scopes, extra);
same_members!(new::Session, old::Session: token, expires_at, scopes, extra);
same_members!(old::Diagnostic, new::Diagnostic: level, code, message, item_index);
same_members!(old::Usage, new::Usage: requests, retries, waited_ms, rate_limited);
same_members!(old::AttachmentLink, new::AttachmentLink: url, expires_at);
same_members!(new::AttachmentLink, old::AttachmentLink: url, expires_at);
same_members!(old::Attachment, new::Attachment: name, mime_type, content);
same_members!(new::Attachment, old::Attachment: name, mime_type, content);
same_members!(old_lookup::Entry, lookup::Entry: value, label, description, parent, disabled, details);
same_members!(old_triggers::Header, triggers::Header: name, value);
same_members!(triggers::Header, old_triggers::Header: name, value);
same_members!(triggers::Endpoint, old_triggers::Endpoint: callback_url, signing_secret);

fn all<From, To: std::convert::From<From>>(list: Vec<From>) -> Vec<To> {
    list.into_iter().map(Into::into).collect()
}

impl From<old::AttachmentContent> for new::AttachmentContent {
    fn from(content: old::AttachmentContent) -> Self {
        match content {
            old::AttachmentContent::Bytes(bytes) => Self::Bytes(bytes),
            old::AttachmentContent::Link(link) => Self::Link(link.into()),
        }
    }
}

impl From<new::AttachmentContent> for old::AttachmentContent {
    fn from(content: new::AttachmentContent) -> Self {
        match content {
            new::AttachmentContent::Bytes(bytes) => Self::Bytes(bytes),
            new::AttachmentContent::Link(link) => Self::Link(link.into()),
        }
    }
}

// ---- Arguments ----

impl From<new::Connection> for old::Connection {
    fn from(connection: new::Connection) -> Self {
        Self {
            fields: all(connection.fields),
            auth: match connection.auth {
                new::ConnectionAuth::Session(session) => old::ConnectionAuth::Session(session.into()),
                new::ConnectionAuth::HostInjected => old::ConnectionAuth::HostInjected,
                new::ConnectionAuth::SelfManaged => old::ConnectionAuth::SelfManaged,
            },
        }
    }
}

impl From<new::CallContext> for old::CallContext {
    fn from(context: new::CallContext) -> Self {
        Self {
            now: context.now,
            deadline_ms: context.deadline_ms,
            attempt: context.attempt,
            idempotency_key: context.idempotency_key,
            entropy: context.entropy,
            trace_parent: context.trace_parent,
            time_zone: context.time_zone,
            dry_run: context.dry_run,
            read_only: context.read_only,
            allowed_operations: context.allowed_operations,
            confirmed: context.confirmed,
            extensions: context.extensions,
        }
    }
}

impl From<new::Item> for old::Item {
    fn from(item: new::Item) -> Self {
        Self { json: item.json, attachments: all(item.attachments), source_index: None }
    }
}

impl From<triggers::Delivery> for old_triggers::Delivery {
    fn from(delivery: triggers::Delivery) -> Self {
        Self {
            method: delivery.method,
            path_with_query: delivery.path_with_query,
            headers: all(delivery.headers),
            body: delivery.body,
        }
    }
}

// ---- Results ----

fn report(
    session: Option<old::Session>,
    usage: old::Usage,
    diagnostics: Vec<old::Diagnostic>,
) -> new::Report {
    new::Report { session: session.map(Into::into), usage: usage.into(), diagnostics: all(diagnostics) }
}

impl From<old::NodeError> for new::NodeError {
    fn from(old: old::NodeError) -> Self {
        Self {
            kind: old.kind.into(),
            code: old.code,
            message: old.message,
            advice: old.advice,
            field: old.field,
            http_status: old.http_status,
            vendor_message: old.vendor_message,
            effect: old.effect.into(),
            retry: match old.retry {
                old::Retry::Never => new::Retry::Never,
                old::Retry::HostDefault => new::Retry::HostDefault,
                old::Retry::AfterMs(wait) => new::Retry::AfterMs(wait),
            },
            details: old.details,
        }
    }
}

impl From<old::Item> for new::Item {
    fn from(old: old::Item) -> Self {
        Self {
            json: old.json,
            attachments: all(old.attachments),
            sources: old.source_index.into_iter().collect(),
        }
    }
}

impl From<old_node::Prepared> for setup::Prepared {
    fn from(old: old_node::Prepared) -> Self {
        Self {
            fields: all(old.fields),
            egress: old.egress,
            token_url: old.token_url,
            report: report(None, old.usage, old.diagnostics),
        }
    }
}

impl From<old_node::CheckStep> for setup::CheckStep {
    fn from(old: old_node::CheckStep) -> Self {
        Self {
            name: old.name,
            label: old.label,
            status: old.status.into(),
            message: old.message,
            error: old.error.map(Into::into),
            advice: old.advice,
        }
    }
}

impl From<old_node::CheckReport> for setup::CheckReport {
    fn from(old: old_node::CheckReport) -> Self {
        Self {
            account: old.account,
            instance: old.instance,
            scopes: old.scopes,
            steps: all(old.steps),
            fields: all(old.fields),
            report: report(old.session, old.usage, Vec::new()),
        }
    }
}

impl From<old_node::Outcome> for node::Outcome {
    fn from(old: old_node::Outcome) -> Self {
        match old {
            old_node::Outcome::Done(items) => Self::Done(all(items)),
            old_node::Outcome::Failed(error) => Self::Failed(error.into()),
            old_node::Outcome::NotAttempted => Self::NotAttempted,
        }
    }
}

impl From<old_node::Execution> for node::Execution {
    fn from(old: old_node::Execution) -> Self {
        Self {
            outcomes: all(old.outcomes),
            next: old.next,
            resume_after_ms: old.resume_after_ms,
            report: report(old.session, old.usage, old.diagnostics),
        }
    }
}

impl From<old_lookup::Entries> for lookup::Entries {
    fn from(old: old_lookup::Entries) -> Self {
        Self {
            entries: all(old.entries),
            next: old.next,
            report: report(old.session, old.usage, old.diagnostics),
        }
    }
}

impl From<old_triggers::Event> for triggers::Event {
    fn from(old: old_triggers::Event) -> Self {
        Self { id: old.id, occurred_at: old.occurred_at, item: old.item.into() }
    }
}

impl From<old_triggers::Polled> for triggers::Polled {
    fn from(old: old_triggers::Polled) -> Self {
        Self {
            events: all(old.events),
            state: old.state,
            more: old.more,
            next_poll_ms: old.next_poll_ms,
            report: report(old.session, old.usage, old.diagnostics),
        }
    }
}

impl From<old_triggers::Subscription> for triggers::Subscription {
    fn from(old: old_triggers::Subscription) -> Self {
        Self {
            state: old.state,
            expires_at: old.expires_at,
            report: report(old.session, old.usage, old.diagnostics),
        }
    }
}

impl From<old_triggers::Unsubscribed> for new::Report {
    fn from(old: old_triggers::Unsubscribed) -> Self {
        report(old.session, old.usage, old.diagnostics)
    }
}

impl From<old_triggers::Received> for triggers::Received {
    fn from(old: old_triggers::Received) -> Self {
        Self {
            events: all(old.events),
            state: old.state,
            reply: triggers::Reply {
                status: old.reply.status,
                headers: all(old.reply.headers),
                body: old.reply.body,
            },
            report: report(old.session, old.usage, old.diagnostics),
        }
    }
}
