//! Articles, reports, canned texts (HAPI §10.12, §10.17, appendix A).

use serde_json::{Value, json};

use super::{
    Envelope, Required, Resource,
    customers::INACTIVE,
    field::{custom_fields, date, flag, int, json as any, list, text},
    filter::id,
};
use crate::{
    auth::Group,
    protocol::paging::PageRule,
    state::{Row, TableId, World},
};

/// `/KBArticle`
pub(crate) static KB_ARTICLE: Resource = Resource {
    path: "KBArticle",
    advanced_search: true,
    table: TableId::Articles,
    envelope: Envelope::Keyed("articles"),
    page: PageRule::Capped(100),
    group: Group::Kb,
    fields: &[
        int("id"),
        text("name"),
        text("description"),
        text("description_html").single(),
        text("resolution"),
        text("resolution_html").single(),
        int("type"),
        text("kb_tags"),
        text("tag_string"),
        list("faqlists").single(),
        flag("inactive"),
        date("date_created"),
        date("date_edited"),
        date("next_review_date"),
        int("creator_id"),
        int("editor_id"),
        int("view_count").fixed(),
        int("useful_count").fixed(),
        int("notuseful_count").fixed(),
        int("ticket_id"),
        custom_fields(23, false),
    ],
    filters: &[id("type", "type")],
    search: &["name", "description", "resolution", "tag_string"],
    hidden: Some(INACTIVE),
    required: &[Required { any_of: &["name"], message: "Name is mandatory" }],
    ..Resource::PLAIN
};

/// `/Report`: rows come with `includedetails`. SQL is not run: every report
/// counts the open tickets of each client.
pub(crate) static REPORT: Resource = Resource {
    path: "Report",
    table: TableId::Reports,
    envelope: Envelope::Keyed("reports"),
    page: PageRule::Capped(100),
    group: Group::Reporting,
    fields: &[
        int("id"),
        text("name"),
        text("sql").single(),
        int("charttype"),
        text("charttitle"),
        flag("is_published"),
        text("published_id"),
        any("report").computed(rows).detail(),
    ],
    search: &["name"],
    required: &[Required { any_of: &["name", "sql"], message: "Name is mandatory" }],
    ..Resource::PLAIN
};

fn rows(world: &World, _: &Row) -> Value {
    let mut open = std::collections::BTreeMap::<i64, usize>::new();
    for ticket in world.table(TableId::Tickets).rows() {
        if !ticket.flag("hasbeenclosed") && !ticket.flag("deleted") {
            *open.entry(ticket.int("client_id")).or_default() += 1;
        }
    }
    let rows: Vec<Value> = open
        .iter()
        .map(|(client, count)| json!({ "Client": world.text(TableId::Clients, *client, "name"), "Open": count }))
        .collect();
    json!({ "loaded": true, "load_error": "", "rows": rows })
}

/// `/CannedText`
pub(crate) static CANNED_TEXT: Resource = Resource {
    path: "CannedText",
    table: TableId::CannedTexts,
    fields: &[int("id"), text("name"), text("text"), text("html").single(), int("group_id")],
    required: &[Required { any_of: &["name"], message: "Name is mandatory" }],
    ..Resource::PLAIN
};
