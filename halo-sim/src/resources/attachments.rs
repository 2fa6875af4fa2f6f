//! Attachments (HAPI §9, appendix A).

use super::{
    Envelope, Reading, Resource, Rows, Write,
    field::{Field, date, flag, int, text},
    filter::{Filter, id, one_of},
};
use crate::{auth::Group, desk, state::TableId};

/// `/Attachment`: a list needs a filter; one is a file, not a record.
pub(crate) static ATTACHMENT: Resource = Resource {
    path: "Attachment",
    table: TableId::Attachments,
    envelope: Envelope::Keyed("attachments"),
    group: Group::Tickets,
    fields: FIELDS,
    filters: FILTERS,
    rows: Rows::Asked(&["ticket_id", "action_id", "unique_id", "one_attachment_id"]),
    reading: Reading::File,
    write: Write::Each(desk::attachments::write),
    delete: Some(desk::attachments::delete),
    ..Resource::PLAIN
};

const FIELDS: &[Field] = &[
    int("id"),
    text("filename"),
    int("filesize").fixed(),
    int("type"),
    int("unique_id"),
    text("desc"),
    text("note"),
    flag("isimage"),
    text("content_type").fixed(),
    date("datecreated").fixed(),
    int("ticket_id"),
    int("action_id"),
    int("user_id"),
    int("agent_id").fixed(),
    flag("showforusers"),
    flag("showonchild"),
    text("link").single(),
    text("third_party_id"),
    // The bytes, as the data URI that brought them.
    text("data_base64").unseen(),
];

const FILTERS: &[Filter] = &[
    id("ticket_id", "ticket_id"),
    id("action_id", "action_id"),
    id("unique_id", "unique_id"),
    id("one_attachment_id", "id"),
    one_of("type", "type"),
];
