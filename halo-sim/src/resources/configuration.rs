//! Statuses, ticket types, priorities, SLAs, categories, outcomes, workflows
//! (HAPI §7.5, appendix A). All bare arrays, none paged.

use serde_json::Value;

use super::{
    Identity, Resource,
    field::{Field, flag, int, json, list, number, text},
    filter::{Test, by, id, one_of},
};
use crate::state::{Row, TableId, World};

/// `/Status`. The `type` filter does nothing (HAPI §7.5), so there is none.
pub(crate) static STATUS: Resource = Resource {
    path: "Status",
    table: TableId::Statuses,
    fields: &[
        int("id"),
        text("guid").fixed(),
        text("name"),
        text("shortname"),
        int("type"),
        int("sequence"),
        text("colour"),
        text("slaaction"),
        int("ticket_count").single_or_on("showcounts").computed(|world, row| {
            let id = row.int("id");
            let tickets = world.table(TableId::Tickets).rows();
            Value::from(
                tickets.filter(|ticket| ticket.int("status_id") == id && !ticket.flag("deleted")).count(),
            )
        }),
        flag("showonquickchange"),
    ],
    ..Resource::PLAIN
};

/// `/TicketType`; the configuration comes with `includedetails`.
pub(crate) static TICKET_TYPE: Resource = Resource {
    path: "TicketType",
    table: TableId::TicketTypes,
    fields: TICKET_TYPE_FIELDS,
    filters: &[
        id("itil_type", "itilrequesttype"),
        id("group_id", "group_id"),
        // All of them are seen here either way.
        by("showall", Test::By(|_, _, _| true)),
        by("can_create_only", Test::On("cancreate")),
        by(
            "domain",
            Test::By(|_, row, text| match text {
                "reqs" => row.text("use") == "ticket",
                "opps" => row.text("use") == "opportunity",
                "prjs" => row.text("use") == "project",
                _ => true,
            }),
        ),
    ],
    ..Resource::PLAIN
};

const TICKET_TYPE_FIELDS: &[Field] = &[
    int("id"),
    text("guid").fixed(),
    text("name"),
    text("use"),
    int("sequence"),
    int("group_id"),
    text("group_name"),
    flag("cancreate"),
    flag("agentscanselect"),
    flag("enduserscanselect"),
    flag("anonymouscanselect"),
    int("itilrequesttype"),
    int("workflow_id").single(),
    int("initial_status").single(),
    int("default_sla"),
    int("default_priority"),
    text("default_team"),
    int("default_agent"),
    text("default_category_1").single(),
    text("default_summary").single(),
    text("default_details").single(),
    int("reopenedstatus").single(),
    flag("allowall_status").single(),
    list("allowed_status").detail(),
    flag("allowall_actions").single(),
    list("allowed_actions").detail(),
    flag("allowall_team").single(),
    list("allowed_teams").detail(),
    list("fields").detail(),
];

/// `/Priority`: one row per SLA and priority; the id is a GUID, tickets use
/// `priorityid` (HAPI §7.5).
pub(crate) static PRIORITY: Resource = Resource {
    path: "Priority",
    table: TableId::Priorities,
    identity: Identity::Guid,
    fields: &[
        text("id"),
        int("slaid"),
        int("priorityid"),
        text("name"),
        number("responsetime"),
        text("responseunits"),
        number("fixtime"),
        text("fixunits"),
        flag("ishidden"),
        text("colour"),
        flag("startofday"),
    ],
    filters: &[id("slaid", "slaid")],
    ..Resource::PLAIN
};

/// `/SLA`; its priorities come with `includedetails`.
pub(crate) static SLA: Resource = Resource {
    path: "SLA",
    table: TableId::Slas,
    fields: &[
        int("id"),
        text("guid").fixed(),
        text("name"),
        int("workday_id"),
        text("workday_name"),
        flag("hoursaretechslocaltime"),
        flag("responsereset"),
        flag("trackslaresponsetime"),
        flag("trackslafixbytime"),
        list("priorities").computed(priorities_of).detail(),
    ],
    ..Resource::PLAIN
};

fn priorities_of(world: &World, row: &Row) -> Value {
    let id = row.int("id");
    world
        .table(TableId::Priorities)
        .rows()
        .filter(|priority| priority.int("slaid") == id)
        .map(|priority| Value::from(priority.clone()))
        .collect()
}

/// `/Category`: `value` is the `A>B` text that tickets hold.
pub(crate) static CATEGORY: Resource = Resource {
    path: "Category",
    table: TableId::Categories,
    fields: &[
        int("id"),
        text("guid").fixed(),
        text("value"),
        text("category_name"),
        int("type_id"),
        int("sla_id"),
        int("priority_id"),
        int("category_group_id"),
        int("itilrequesttype").single(),
        text("note"),
    ],
    filters: &[
        id("type_id", "type_id"),
        // Categories kept to one kind of work are for ticket types of it.
        by(
            "tickettype_id",
            Test::By(|world, row, text| {
                let only = row.int("itilrequesttype");
                let kind = text.parse().ok().and_then(|id: i64| world.row(TableId::TicketTypes, id));
                only == 0 || kind.is_none_or(|kind| kind.int("itilrequesttype") == only)
            }),
        ),
    ],
    ..Resource::PLAIN
};

/// `/Outcome`: the actions that one may perform.
pub(crate) static OUTCOME: Resource = Resource {
    path: "Outcome",
    table: TableId::Outcomes,
    fields: &[
        int("id"),
        text("guid").fixed(),
        text("outcome"),
        text("buttonname"),
        text("labellong"),
        int("sequence"),
        flag("hidden"),
        text("icon"),
        text("colour"),
        int("respondtype"),
        int("sendemail"),
        flag("hidefromuser"),
        int("newstatus"),
        int("emailtemplate_id"),
        int("chargerate"),
        flag("mustaddnote"),
        int("requesttype"),
        int("workflow_id"),
        int("workflow_step_id"),
        text("default_note").single(),
    ],
    filters: &[
        by(
            "tickettype_id",
            Test::By(|_, row, text| {
                let only = row.int("requesttype");
                only == 0 || text.parse() == Ok(only)
            }),
        ),
        one_of("workflow_id", "workflow_id"),
        one_of("workflow_step", "workflow_step_id"),
    ],
    hidden: Some(super::Hidden { flag: "hidden", shown_by: "showhidden", only: false, without: None }),
    ..Resource::PLAIN
};

/// `/Workflow`; steps and stages come with `includedetails`.
pub(crate) static WORKFLOW: Resource = Resource {
    path: "Workflow",
    table: TableId::Workflows,
    fields: &[
        int("id"),
        text("name"),
        flag("active"),
        list("steps").detail(),
        list("stages").detail(),
        json("flow_chart_json").detail(),
    ],
    ..Resource::PLAIN
};
