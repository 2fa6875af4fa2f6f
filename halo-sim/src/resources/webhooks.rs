//! Webhooks, what triggers them, and their delivery log (HAPI §13, appendix A).

use super::{
    Envelope, Identity, Required, Resource, Write,
    field::{Field, date, flag, int, list, number, text},
    filter::{Test, by, id},
};
use crate::{auth::Group, desk, state::TableId};

/// `/Webhook`
pub(crate) static WEBHOOK: Resource = Resource {
    path: "Webhook",
    table: TableId::Webhooks,
    group: Group::Admin,
    identity: Identity::Guid,
    fields: WEBHOOK_FIELDS,
    filters: &[id("type", "type")],
    required: &[
        Required { any_of: &["name"], message: "Name is mandatory" },
        Required { any_of: &["url"], message: "URL is mandatory" },
    ],
    write: Write::Each(desk::webhooks::write),
    delete: Some(desk::webhooks::delete),
    ..Resource::PLAIN
};

const WEBHOOK_FIELDS: &[Field] = &[
    text("id"),
    text("name"),
    text("note"),
    int("type"),
    text("url"),
    text("content_type"),
    int("method"),
    int("authentication_type"),
    text("basic_username"),
    // The password, or the signing secret: written, never shown [assumed].
    text("basic_password").unseen(),
    int("certificate_id"),
    text("authentication_header"),
    int("algorithm"),
    int("digest"),
    text("signature_prefix"),
    flag("active"),
    flag("disabled"),
    int("payload_type"),
    flag("custom_payload"),
    list("mappings"),
    int("batch_method"),
    int("batch_delay_seconds"),
    int("batch_limit"),
    int("last_status").fixed(),
    int("log_retention_policy_days"),
    int("infinite_loop_threshold"),
    flag("notify_on_failure"),
    list("events").computed(desk::webhooks::events_of).single(),
];

/// `/Notification`: the events that trigger a webhook.
pub(crate) static NOTIFICATION: Resource = Resource {
    path: "Notification",
    table: TableId::Notifications,
    group: Group::Admin,
    fields: &[
        int("id"),
        text("guid").fixed(),
        text("name"),
        int("agent_id"),
        int("type"),
        int("delivery_method"),
        int("eventno"),
        int("emailtemplate_id"),
        int("user_id"),
        text("email_list"),
        text("webhook_id"),
        number("interval"),
        int("useworkinghours"),
        int("restriction_type"),
        int("filter_type"),
        list("conditions"),
    ],
    filters: &[by("webhook_id", Test::Contains("webhook_id"))],
    required: &[Required {
        any_of: &["eventno"],
        message: "Please select an event to trigger the Notification",
    }],
    ..Resource::PLAIN
};

/// `/WebhookEvent`: what was delivered.
pub(crate) static WEBHOOK_EVENT: Resource = Resource {
    path: "WebhookEvent",
    envelope: Envelope::Keyed("events"),
    table: TableId::WebhookEvents,
    group: Group::Admin,
    identity: Identity::Guid,
    fields: &[
        text("id"),
        text("webhook_id"),
        int("notification_id"),
        date("timestamp"),
        int("status"),
        number("duration"),
        text("requestheaders"),
        text("requestbody"),
        int("responsestatus"),
        text("responseheaders"),
        text("responsebody"),
        flag("error"),
        int("entity_id"),
    ],
    filters: &[by("webhook_id", Test::Contains("webhook_id"))],
    write: Write::Never,
    ..Resource::PLAIN
};
