//! Articles, reports, canned texts (HAPI §10.12, §10.17, appendix A).

use serde_json::{Value, json};

use super::{
    Envelope, Required, Resource, Write,
    customers::INACTIVE,
    field::{custom_fields, date, flag, int, json as any, list, text},
    filter::{id, searchable},
};
use crate::{
    auth::Group,
    desk,
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
        int("charttype").single(),
        text("charttitle").single(),
        flag("is_published").single(),
        text("published_id").single(),
        list("available_columns").computed(|_, _| columns()).detail(),
        any("report").computed(rows).detail(),
        text("mainentity"),
        int("datasource_id"),
        int("systemreportid"),
        flag("restrictaccess"),
    ],
    search: &["name"],
    required: &[Required { any_of: &["name", "sql"], message: "Name is mandatory" }],
    write: Write::Each(desk::reports::write),
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

/// HaloPSA ends a report here, without a word (recorded on a live tenant).
const MAX_REPORT_ROWS: usize = 50_000;

/// So many rows, as far as HaloPSA sends them.
pub(crate) fn many_rows(rows: usize) -> Value {
    (1..=rows.min(MAX_REPORT_ROWS)).map(|row| json!({ "Row": row })).collect()
}

fn columns() -> Value {
    json!([{ "name": "Client" }, { "name": "Open" }])
}

/// Keeps the rows of a report that its `filters` keep (HAPI §10.17). One that
/// cannot be read gives an error text and no rows [assumed].
pub(crate) fn narrow(report: &mut Value, filters: &str) {
    let Some(report) = report.as_object_mut() else {
        return;
    };
    let filters: Vec<Value> = match serde_json::from_str(filters) {
        Ok(filters) => filters,
        Err(error) => {
            report.insert("load_error".to_owned(), format!("filters: {error}").into());
            Vec::new()
        }
    };
    let failed = report.get("load_error").and_then(Value::as_str).is_some_and(|error| !error.is_empty());
    if let Some(rows) = report.get_mut("rows").and_then(Value::as_array_mut) {
        rows.retain(|row| !failed && filters.iter().all(|filter| keeps(filter, row)));
    }
}

/// `stringruletype` 0 keeps the values named, 1 the others.
fn keeps(filter: &Value, row: &Value) -> bool {
    let field = filter.get("fieldname").and_then(Value::as_str).unwrap_or_default();
    let value = row.get(field).map(searchable).unwrap_or_default();
    let values = filter.get("stringrulevalues").and_then(Value::as_array);
    let named = values.into_iter().flatten().any(|wanted| searchable(wanted) == value);
    named == (filter.get("stringruletype").and_then(Value::as_i64) != Some(1))
}

/// `/CannedText`
pub(crate) static CANNED_TEXT: Resource = Resource {
    path: "CannedText",
    table: TableId::CannedTexts,
    fields: &[
        int("id"),
        text("guid").fixed(),
        text("name"),
        text("text"),
        text("html"),
        int("group_id"),
        int("department_id"),
        int("team_id"),
        int("agent_id"),
        int("restriction_type"),
        text("group_name").single(),
    ],
    required: &[Required { any_of: &["name"], message: "Name is mandatory" }],
    ..Resource::PLAIN
};
