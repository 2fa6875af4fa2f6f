//! The small ones: areas, tags, working days, services and the like
//! (HAPI §5.1, §10.20). Enough of each to be listed, read and written.

use super::{
    Envelope, Identity, Required, Resource,
    field::{date, flag, int, list, number, text},
    filter::id,
};
use crate::{auth::Group, protocol::paging::PageRule, state::TableId};

const NAME: &[Required] = &[Required { any_of: &["name"], message: "Name is mandatory" }];

/// `/TicketArea`: Service Desk, Projects, …
pub(crate) static TICKET_AREA: Resource = Resource {
    path: "TicketArea",
    table: TableId::TicketAreas,
    fields: &[
        int("id"),
        text("guid").fixed(),
        text("name"),
        int("sequence"),
        text("icon"),
        text("area_use_name"),
    ],
    required: NAME,
    ..Resource::PLAIN
};

/// `/Tags`: the text is not called `name`.
pub(crate) static TAGS: Resource = Resource {
    path: "Tags",
    table: TableId::Tags,
    fields: &[int("id"), text("text")],
    required: &[Required { any_of: &["text"], message: "Text is mandatory" }],
    ..Resource::PLAIN
};

/// `/Workday`
pub(crate) static WORKDAY: Resource = Resource {
    path: "Workday",
    table: TableId::Workdays,
    fields: &[
        int("id"),
        text("guid").fixed(),
        text("name"),
        text("summary"),
        text("timezone"),
        text("start"),
        text("end"),
        flag("incmonday"),
        flag("incsaturday"),
        flag("incsunday"),
    ],
    required: NAME,
    ..Resource::PLAIN
};

/// `/Holiday`
pub(crate) static HOLIDAY: Resource = Resource {
    path: "Holiday",
    table: TableId::Holidays,
    // Recorded on a live tenant (HAPI §4).
    identity: Identity::Guid,
    fields: &[
        text("id"),
        int("workday_id"),
        date("date"),
        date("end_date"),
        flag("allday"),
        text("name"),
        int("holiday_type"),
        int("agent_id"),
    ],
    filters: &[id("agent_id", "agent_id"), id("workdayid", "workday_id")],
    required: NAME,
    ..Resource::PLAIN
};

/// `/Currency`
pub(crate) static CURRENCY: Resource = Resource {
    path: "Currency",
    table: TableId::Currencies,
    fields: &[int("id"), text("name"), text("symbol"), text("code"), number("conversion_rate")],
    required: NAME,
    ..Resource::PLAIN
};

/// `/EmailTemplate`
pub(crate) static EMAIL_TEMPLATE: Resource = Resource {
    path: "EmailTemplate",
    table: TableId::EmailTemplates,
    // New ones are below zero (HAPI §4).
    identity: Identity::Negative,
    fields: &[
        int("id"),
        text("guid").fixed(),
        text("name"),
        text("description"),
        text("body_text").single(),
        text("body_html").single(),
    ],
    required: NAME,
    ..Resource::PLAIN
};

/// `/BudgetType`
pub(crate) static BUDGET_TYPE: Resource = Resource {
    path: "BudgetType",
    table: TableId::BudgetTypes,
    fields: &[int("id"), text("name"), number("defaultrate"), int("chargerate").single()],
    required: NAME,
    ..Resource::PLAIN
};

/// `/ApprovalProcess`
pub(crate) static APPROVAL_PROCESS: Resource = Resource {
    path: "ApprovalProcess",
    table: TableId::ApprovalProcesses,
    fields: &[int("id"), text("guid").fixed(), text("name"), int("type"), list("steps").single()],
    required: NAME,
    ..Resource::PLAIN
};

/// `/Service`
pub(crate) static SERVICE: Resource = Resource {
    path: "Service",
    table: TableId::Services,
    envelope: Envelope::Keyed("services"),
    page: PageRule::Capped(100),
    fields: &[
        int("id"),
        text("guid").fixed(),
        text("name"),
        text("summary"),
        int("sequence"),
        flag("trackstatus"),
        int("service_category_id"),
        text("service_category_name"),
    ],
    filters: &[id("service_category_id", "service_category_id")],
    search: &["name", "summary"],
    required: NAME,
    ..Resource::PLAIN
};

/// `/Release`
pub(crate) static RELEASE: Resource = Resource {
    path: "Release",
    table: TableId::Releases,
    envelope: Envelope::Keyed("releases"),
    page: PageRule::Capped(100),
    fields: &[
        int("id"),
        text("name"),
        int("releasetype_id"),
        text("releasetype_name"),
        int("product_id"),
        text("product_name"),
        date("releasedate"),
        text("note"),
    ],
    filters: &[id("product_id", "product_id")],
    search: &["name"],
    required: NAME,
    ..Resource::PLAIN
};

/// `/Timesheet`: one row for each agent and day, every one with the id 0
/// (HAPI §10.18).
pub(crate) static TIMESHEET: Resource = Resource {
    path: "Timesheet",
    table: TableId::Timesheets,
    group: Group::Timesheets,
    fields: &[
        int("id").computed(|_, _| 0.into()),
        int("agent_id"),
        text("agent_name").from("agent_id", TableId::Agents, "name"),
        date("date"),
        date("start_time"),
        date("end_time"),
        number("target_hours"),
        number("actual_hours"),
        number("break_hours").single(),
        number("unlogged_hours"),
        number("work_hours"),
        number("chargeable_hours"),
        int("workdayid"),
        list("events").single(),
    ],
    delete: None,
    required: &[Required { any_of: &["agent_id"], message: "Please select a valid Agent" }],
    ..Resource::PLAIN
};
