//! Opportunities, projects, CRM notes (HAPI §10.10, §10.19, appendix A).

use super::{
    Envelope, Required, Resource, Rows,
    customers::client_in_toplevel,
    field::{custom_fields, date, int, number, text},
    filter::{Test, by, id},
    tickets::TICKET_SHAPE,
};
use crate::{auth::Group, protocol::paging::PageRule, state::TableId};

/// `/Opportunities`: tickets of another use, under the same key.
pub(crate) static OPPORTUNITIES: Resource = Resource {
    path: "Opportunities",
    group: Group::Crm,
    rows: Rows::Only { field: "use", value: "opportunity" },
    required: &[Required { any_of: &["targetdate"], message: "Target Date is mandatory" }],
    ..TICKET_SHAPE
};

/// `/Projects`: tickets of another use, under the same key.
pub(crate) static PROJECTS: Resource = Resource {
    path: "Projects",
    group: Group::Projects,
    rows: Rows::Only { field: "use", value: "project" },
    ..TICKET_SHAPE
};

/// `/CRMNote`: the key is `actions` (HAPI §14.7). Nothing without a filter, 50
/// rows without `count`, and the true count (recorded on a live tenant).
pub(crate) static CRM_NOTE: Resource = Resource {
    path: "CRMNote",
    table: TableId::CrmNotes,
    envelope: Envelope::Keyed("actions"),
    page: PageRule::Counted,
    rows: Rows::Asked(&["client_id", "supplier_id", "toplevel_id"]),
    group: Group::Crm,
    fields: &[
        int("id"),
        int("client_id"),
        int("supplier_id"),
        int("site_id"),
        int("user_id"),
        date("datetime"),
        int("who_agentid"),
        text("note"),
        text("detail"),
        number("timetaken"),
        date("nextcalldate"),
        int("ticketid"),
        custom_fields(50, false),
    ],
    filters: &[
        id("client_id", "client_id"),
        id("supplier_id", "supplier_id"),
        by("toplevel_id", Test::By(client_in_toplevel)),
    ],
    required: &[Required { any_of: &["note"], message: "Note is mandatory" }],
    ..Resource::PLAIN
};
