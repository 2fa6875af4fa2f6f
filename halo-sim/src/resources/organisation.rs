//! The own organisation and its top levels (HAPI §10.5, §10.20, appendix A).

use super::{
    Envelope, Resource, Write,
    field::{date, flag, int, text},
    filter::{Test, by},
};
use crate::{auth::Group, protocol::paging::PageRule, state::TableId};

/// `/Organisation`: read only here.
pub(crate) static ORGANISATION: Resource = Resource {
    path: "Organisation",
    table: TableId::Organisations,
    fields: &[
        int("id"),
        text("name"),
        text("phone"),
        text("email"),
        text("website"),
        text("portalurl"),
        int("linked_client_id"),
    ],
    write: Write::Never,
    ..Resource::PLAIN
};

/// `/Audit`: what was changed on tickets.
pub(crate) static AUDIT: Resource = Resource {
    path: "Audit",
    table: TableId::Audits,
    envelope: Envelope::Keyed("audit"),
    group: Group::Admin,
    fields: &[
        int("id"),
        int("ticket_id"),
        int("agent_id"),
        int("user_id"),
        text("username"),
        date("date"),
        text("table_name"),
        text("value"),
        text("from"),
        text("to"),
        int("clientid"),
    ],
    write: Write::Never,
    ..Resource::PLAIN
};

/// `/TopLevel`: customer groups and departments; the key is `tree` (HAPI §5.1).
pub(crate) static TOP_LEVEL: Resource = Resource {
    path: "TopLevel",
    table: TableId::TopLevels,
    envelope: Envelope::Keyed("tree"),
    page: PageRule::Capped(100),
    fields: &[
        int("id"),
        text("guid").fixed(),
        text("name"),
        int("parentid"),
        text("notes"),
        flag("agent_department"),
        int("organisation_id"),
        text("organisation_name").from("organisation_id", TableId::Organisations, "name"),
        text("long_name"),
        int("type"),
    ],
    filters: &[by("agent_departments_only", Test::On("agent_department"))],
    search: &["name", "long_name"],
    write: Write::Never,
    ..Resource::PLAIN
};
