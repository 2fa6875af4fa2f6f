//! Tickets (HAPI §6.3, §7, appendix A).

use serde_json::Value;

use super::{
    Envelope, Hidden, IdOnly, Resource, Write,
    field::{Field, custom_fields, date, flag, int, json, list, number, text},
    filter::{Filter, Test, by, id, one_of},
};
use crate::{
    auth::Group,
    desk,
    protocol::{dates, paging::PageRule, query::split_list},
    state::{Row, TableId, World},
};

/// `/Tickets`: everything that is a ticket, opportunities and projects too.
pub(crate) static TICKETS: Resource = TICKET_SHAPE;

/// What tickets, opportunities and projects have in common (HAPI §10.10).
pub(crate) const TICKET_SHAPE: Resource = Resource {
    path: "Tickets",
    id_only: Some(IdOnly {
        asked_by: "ticketidonly",
        fields: &["id", "sla_id", "status_id", "client_id", "client_name", "lastincomingemail"],
    }),
    advanced_search: true,
    table: TableId::Tickets,
    envelope: Envelope::Keyed("tickets"),
    page: PageRule::Capped(100),
    group: Group::Tickets,
    fields: FIELDS,
    filters: FILTERS,
    search: SEARCH,
    newest_first: true,
    hidden: Some(DELETED),
    write: Write::Each(desk::tickets::write),
    delete: Some(desk::tickets::delete),
    renames: RENAMES,
    ..Resource::PLAIN
};

/// Deleted tickets come back in lists that ask for them, and alone [assumed].
const DELETED: Hidden = Hidden { flag: "deleted", shown_by: "deleted", only: true, without: None };

/// Where `search` looks (HAPI §6.2).
const SEARCH: &[&str] = &["id", "summary", "details", "user_name", "client_name"];

/// POST answers name these differently (HAPI §7.4).
const RENAMES: &[(&str, &str)] = &[
    ("last_update", "lastupdate"),
    ("category_1", "category1"),
    ("category_2", "category2"),
    ("category_3", "category3"),
    ("category_4", "category4"),
    ("user_email", "useremail"),
    ("ticket_tags", "tickettags"),
    ("estimatedays", "estimateddays"),
];

const FIELDS: &[Field] = &[
    int("id"),
    text("summary"),
    text("details"),
    text("details_html").single(),
    date("dateoccurred"),
    date("datecreated").fixed(),
    int("status_id"),
    text("status_name").on("includestatus").from("status_id", TableId::Statuses, "name"),
    int("tickettype_id"),
    text("tickettype_name").on("includetickettype").from("tickettype_id", TableId::TicketTypes, "name"),
    int("sla_id"),
    text("sla_name").detail().from("sla_id", TableId::Slas, "name"),
    int("priority_id"),
    text("priority_name").detail().computed(priority_name),
    int("client_id"),
    text("client_name").from("client_id", TableId::Clients, "name"),
    int("site_id"),
    text("site_name").from("site_id", TableId::Sites, "name"),
    int("user_id"),
    text("user_name").from("user_id", TableId::Users, "name"),
    text("user_email").from("user_id", TableId::Users, "emailaddress"),
    text("reportedby"),
    text("emailtolist"),
    text("emailcclist"),
    // A name on the wire (HAPI §7.2); kept as an id, so that renames show.
    text("team").from("team_id", TableId::Teams, "name"),
    int("team_id"),
    int("agent_id"),
    text("agent_name").on("includeagent").from("agent_id", TableId::Agents, "name"),
    int("department_id").fixed(),
    int("organisation_id").fixed(),
    text("category_1"),
    text("category_2"),
    text("category_3"),
    text("category_4"),
    int("categoryid_1").nullable().computed(|world, row| category_id(world, row, "category_1")),
    int("categoryid_2").nullable().computed(|world, row| category_id(world, row, "category_2")),
    int("impact"),
    int("urgency"),
    int("impactlevel"),
    int("source"),
    number("estimate"),
    number("estimatedays"),
    number("timetaken").fixed(),
    number("cost"),
    int("quantity"),
    int("parent_id"),
    int("milestone_id"),
    int("child_count").fixed(),
    int("attachment_count").fixed(),
    int("merged_into_id"),
    flag("flagged"),
    flag("read"),
    flag("onhold"),
    flag("excludefromsla"),
    flag("is_vip"),
    flag("isimportantcontact"),
    flag("reviewed"),
    flag("inactive"),
    // In rows of closed tickets only (HAPI §7.2).
    flag("hasbeenclosed").nullable().fixed(),
    flag("deleted").single().fixed(),
    flag("locked").single(),
    date("respondbydate").fixed(),
    date("responsedate").fixed(),
    date("fixbydate"),
    date("dateclosed").fixed(),
    date("dateassigned").fixed(),
    date("lastactiondate").fixed(),
    date("last_update").fixed(),
    date("lastincomingemail").fixed(),
    date("targetdate").never_null(),
    text("targettime"),
    date("deadlinedate").never_null(),
    // Missing in lists (HAPI §7.2).
    date("startdate").single(),
    text("starttime").single(),
    date("followupdate"),
    text("slaresponsestate").fixed(),
    number("slaholdtime").fixed(),
    int("workflow_id"),
    int("workflow_step"),
    int("pipeline_stage_id"),
    int("itil_requesttype_id").from("tickettype_id", TableId::TicketTypes, "itilrequesttype"),
    text("use").fixed(),
    int("table").computed(|_, _| Value::from(1)),
    text("userdef1"),
    text("userdef2"),
    text("userdef3"),
    text("userdef4"),
    text("userdef5"),
    int("matched_kb_id"),
    int("product_id"),
    int("release_id"),
    int("supplier_id"),
    int("contract_id").nullable(),
    int("ticketarea_id").fixed(),
    text("oppcontactname").single(),
    text("oppcompanyname").single(),
    text("oppemailaddress").single(),
    number("oppvalue").single(),
    number("oppvalueadjusted").single(),
    number("oppconversionprobability").single(),
    text("closure_note").single(),
    text("closure_note_html").single(),
    number("closure_time").single(),
    text("reference").single(),
    text("third_party_id_string").single(),
    int("enduserstatus"),
    custom_fields(1, false),
    list("assets").single(),
    list("milestones").detail(),
    list("tags").single(),
    list("child_ticket_ids").computed(children).detail(),
    json("workflow_history").fixed().detail(),
    list("extratabs").fixed().detail(),
];

const FILTERS: &[Filter] = &[
    by("open_only", Test::Off("hasbeenclosed")),
    by("closed_only", Test::On("hasbeenclosed")),
    id("client_id", "client_id"),
    one_of("client_ids", "client_id"),
    id("site_id", "site_id"),
    id("user_id", "user_id"),
    id("agent_id", "agent_id"),
    one_of("agent", "agent_id"),
    id("status_id", "status_id"),
    one_of("status", "status_id"),
    one_of("team", "team_id"),
    one_of("team_name", "team"),
    id("requesttype_id", "tickettype_id"),
    one_of("requesttype", "tickettype_id"),
    id("itil_requesttype_id", "itil_requesttype_id"),
    one_of("itil_requesttype", "itil_requesttype_id"),
    one_of("priority", "priority_id"),
    one_of("sla", "sla_id"),
    id("search_id", "id"),
    one_of("ticketids", "id"),
    by("excludethese", Test::By(|_, row, text| !listed(row.int("id"), text))),
    id("parent_id", "parent_id"),
    id("milestone_id", "milestone_id"),
    id("contract_id", "contract_id"),
    id("supplier_id", "supplier_id"),
    id("ticketarea_id", "ticketarea_id"),
    by("domain", Test::By(in_domain)),
    by("toplevel_id", Test::By(in_toplevel)),
    by("asset_id", Test::By(has_asset)),
    by("category_1", Test::By(|world, row, text| in_category(world, row, "category_1", text))),
    by("category_2", Test::By(|world, row, text| in_category(world, row, "category_2", text))),
    by("category_3", Test::By(|world, row, text| in_category(world, row, "category_3", text))),
    by("category_4", Test::By(|world, row, text| in_category(world, row, "category_4", text))),
    by("search_summary", Test::Contains("summary")),
    by("search_details", Test::Contains("details")),
    by("search_user_name", Test::Contains("user_name")),
    by("search_reportedby", Test::Contains("reportedby")),
    by("lastupdatefromdate", Test::Since("last_update")),
    by("lastupdatetodate", Test::Until("last_update")),
    by("withattachments", Test::By(|_, row, text| text != "true" || row.int("attachment_count") > 0)),
];

/// The column that `datesearch` names (HAPI §6.1); the misspelling is official.
pub(crate) fn date_column(name: &str) -> &str {
    match name.to_ascii_lowercase().as_str() {
        "dateoccured" | "dateoccurred" => "dateoccurred",
        "datecleared" | "dateclosed" => "dateclosed",
        _ => name,
    }
}

fn listed(id: i64, text: &str) -> bool {
    split_list(text).iter().any(|part| part.parse() == Ok(id))
}

fn in_domain(_: &World, row: &Row, text: &str) -> bool {
    match text {
        "reqs" => row.text("use") == "ticket",
        "opps" => row.text("use") == "opportunity",
        "prjs" => row.text("use") == "project",
        _ => true,
    }
}

fn in_toplevel(world: &World, row: &Row, text: &str) -> bool {
    world
        .row(TableId::Clients, row.int("client_id"))
        .is_some_and(|client| text.parse() == Ok(client.int("toplevel_id")))
}

fn has_asset(_: &World, row: &Row, text: &str) -> bool {
    let assets = row.get("assets").and_then(Value::as_array);
    assets.is_some_and(|assets| {
        assets
            .iter()
            .any(|asset| asset.get("id").and_then(Value::as_i64).is_some_and(|id| text.parse() == Ok(id)))
    })
}

/// A category filter takes ids or `A>B` texts.
fn in_category(world: &World, row: &Row, field: &str, text: &str) -> bool {
    let value = row.text(field);
    let id = category_id(world, row, field).as_i64().unwrap_or(0);
    split_list(text)
        .iter()
        .any(|part| part.eq_ignore_ascii_case(value) || (id != 0 && part.parse() == Ok(id)))
}

fn category_id(world: &World, row: &Row, field: &str) -> Value {
    let value = row.text(field);
    let found = world
        .table(TableId::Categories)
        .rows()
        .find(|category| !value.is_empty() && category.text("value") == value);
    Value::from(found.map_or(0, |category| category.int("id")))
}

fn priority_name(world: &World, row: &Row) -> Value {
    let name = desk::priorities::find(world, row.int("sla_id"), row.int("priority_id"))
        .map_or("", |priority| priority.text("name"));
    Value::from(name)
}

fn children(world: &World, row: &Row) -> Value {
    let id = row.int("id");
    if row.int("child_count") == 0 {
        return Value::Array(Vec::new());
    }
    world
        .table(TableId::Tickets)
        .rows()
        .filter(|child| child.int("parent_id") == id && !child.flag("deleted"))
        .map(|child| Value::from(child.int("id")))
        .collect()
}

/// Whether a row is inside `datesearch` + `startdate` + `enddate` (HAPI §6.1).
pub(crate) fn in_range(row: &Row, column: &str, start: Option<&str>, end: Option<&str>) -> bool {
    let value = row.text(column);
    let value = if value.is_empty() { dates::NO_DATE } else { value };
    start.is_none_or(|start| value >= start) && end.is_none_or(|end| value <= end)
}
