//! Reading the rows of a list, page by page or all at once, and making entries
//! of them.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde_json::{Value, json};
use workflow_node_sdk::interface::{Entry, Object};
use workflow_node_sdk::retry::Safety;
use workflow_node_sdk::text;

use super::{forms, values};
use crate::catalogue::lists::{List, Rule};
use crate::client::{self, Client};
use crate::error::{Code, NodeError, Result};
use crate::number;
use crate::operations::record;
use crate::output;
use crate::protocol::answer;
use crate::protocol::envelope;
use crate::protocol::identity::Identity;
use crate::protocol::paging::Pager;
use crate::protocol::request::ApiRequest;
use crate::references::Found;

/// The most pages that one call reads to find something that can be shown.
const MOST_PAGES: usize = 3;

/// The most entries of a list that comes all at once.
const MOST_ENTRIES: usize = 500;

/// One row of a list.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its number.
    pub id: Value,
    /// Its GUID, where rows have one in place of a number (HAPI §7.5).
    pub guid: Option<String>,
    /// The names that it can be found by.
    pub names: Vec<String>,
    /// What people see.
    pub entry: Entry,
}

/// Which rows are wanted.
#[derive(Debug, Clone, Copy)]
pub enum Search<'a> {
    /// All.
    Nothing,
    /// Those that a text is in.
    Contains(&'a str),
    /// Those of exactly this name, as far as HaloPSA can be asked so.
    Equals(&'a str),
}

/// Part of a list.
#[derive(Debug, Default)]
pub struct Part {
    /// The rows.
    pub rows: Vec<Row>,
    /// Where to go on.
    pub next: Option<String>,
}

/// Reads part of a list. The parameters hold ids.
pub fn read(
    client: &mut Client<'_>,
    list: &'static List,
    params: &Object,
    search: Search<'_>,
    cursor: Option<&str>,
) -> Result<Part> {
    let position = cursor.map(|cursor| position(list, cursor)).transpose()?.unwrap_or_default();
    if list.is_paged() {
        return paged(client, list, params, search, &position);
    }
    let mut rows = at_once(client, list, params)?.0;
    if let Search::Contains(search) | Search::Equals(search) = search {
        rows.retain(|row| has(row, search));
    }
    let from = position.as_u64().and_then(|from| usize::try_from(from).ok()).unwrap_or(0);
    let end = from.saturating_add(MOST_ENTRIES);
    let next = (rows.len() > end).then(|| cursor_at(list, &json!(end)));
    let rows = rows.into_iter().skip(from).take(MOST_ENTRIES).collect();
    let part = Part { rows, next };
    Ok(if list.tree { with_parents(part) } else { part })
}

/// All rows of a list that comes at once.
pub fn whole(client: &mut Client<'_>, list: &'static List, params: &Object) -> Result<Found> {
    let (rows, is_whole) = at_once(client, list, params)?;
    Ok(if is_whole { Found::All(rows) } else { Found::Some(rows) })
}

/// The records of a list that comes at once, whatever it depends on.
pub fn records(client: &mut Client<'_>, list: &'static List) -> Result<Vec<Object>> {
    let request = request(list, &Object::new());
    match list.path {
        values::PATH => values::read(client, &request),
        _ => page(client, list, &request).map(|page| page.rows),
    }
}

/// The rows, and whether they are all that there are.
fn at_once(client: &mut Client<'_>, list: &'static List, params: &Object) -> Result<(Vec<Row>, bool)> {
    let mut params = params.clone();
    learn_ticket(client, list, &mut params)?;
    match list.rule {
        Rule::TicketFields => {
            let fields = forms::read(client, id(&params, "tickettype_id"))?;
            Ok((fields.into_iter().map(forms::Field::row).collect(), true))
        }
        _ => bare(client, list, &mut params),
    }
}

// ---- Cursors: the list's name, and where it stopped ----

fn cursor_at(list: &List, position: &Value) -> String {
    json!([list.name, position]).to_string()
}

fn position(list: &List, cursor: &str) -> Result<Value> {
    let parts = serde_json::from_str::<Value>(cursor).ok();
    let parts = parts.as_ref().and_then(|parts| <&[Value; 2]>::try_from(parts.as_array()?.as_slice()).ok());
    match parts {
        Some([name, position]) if name == list.name => Ok(position.clone()),
        _ => Err(NodeError::new(Code::InvalidCursor, "The cursor is not one of this list.")
            .with_advice("Pass the cursor of the call before, with the same arguments.")),
    }
}

// ---- Lists that HaloPSA searches and pages ----

fn paged(
    client: &mut Client<'_>,
    list: &'static List,
    params: &Object,
    search: Search<'_>,
    position: &Value,
) -> Result<Part> {
    let mut pager = if position.is_null() {
        Pager::new(None, false)
    } else {
        Pager::from_json(position, None)
            .ok_or_else(|| NodeError::new(Code::InvalidCursor, "The cursor is damaged."))?
    };
    let mut rows = vec![];
    for _ in 0..MOST_PAGES {
        let plan = pager.plan(1);
        let Some(page_no) = plan.pages.first() else { break };
        let mut request = request(list, params)
            .with("pageinate", true)
            .with("page_no", page_no)
            .with("page_size", plan.page_size)
            .with("order", if list.newest_first { "id" } else { list.label.first().copied().unwrap_or("id") })
            .with("orderdesc", list.newest_first);
        // 2 is "equals", 4 is "contains" (HAPI §6.2).
        let (text, condition) = match search {
            Search::Nothing => (None, None),
            Search::Contains(text) => (Some(text), list.search_by_name.then_some(4)),
            Search::Equals(text) => (Some(text), Some(2)),
        };
        if let Some(text) = text {
            request = request.with("search", text);
        }
        if let (Some(text), Some(kind)) = (text, condition) {
            let column = list.label.first().copied().unwrap_or("name");
            let condition = json!([{"filter_name": column, "filter_type": kind, "filter_value": text}]);
            request = request.with("advanced_search", condition);
        }
        let page = page(client, list, &request)?;
        rows.extend(pager.take(page).into_iter().flatten().filter_map(|row| self::row(list, &row)));
        if !rows.is_empty() {
            break;
        }
    }
    let next = pager.end().is_none().then(|| cursor_at(list, &pager.to_json()));
    Ok(Part { rows, next })
}

fn request(list: &List, params: &Object) -> ApiRequest {
    let mut request = ApiRequest::get(list.path).with_defaults(list.query);
    for parameter in list.parameters {
        if let (Some(query), Some(value)) = (parameter.query, params.get(parameter.field.name)) {
            request = request.with(query, value);
        }
    }
    ApiRequest { scope: list.scope, ..request }
}

fn page(client: &mut Client<'_>, list: &List, request: &ApiRequest) -> Result<envelope::Page> {
    let answer = client.send(request)?;
    let value = client::json(&answer, Safety::Read)?;
    envelope::list(value, list.list_key, &[]).map_err(|why| answer::malformed(&answer, why, Safety::Read))
}

// ---- Lists that come all at once ----

fn bare(client: &mut Client<'_>, list: &'static List, params: &mut Object) -> Result<(Vec<Row>, bool)> {
    let mut is_whole = true;
    if list.rule == Rule::PrioritiesOfSla && id(params, "sla_id") == 0 {
        let kind = ticket_type(client, id(params, "tickettype_id"))?;
        let sla = kind.get("default_sla").cloned().map(output::integer).filter(Value::is_i64);
        let sla = sla.ok_or_else(|| {
            NodeError::new(Code::MissingField, "The ticket type has no SLA of its own.")
                .with_field("sla_id")
                .with_advice("Choose the SLA first.")
        })?;
        params.insert("sla_id".to_string(), sla);
    }
    let request = request(list, params);
    let mut rows = match list.path {
        values::PATH => values::read(client, &request)?,
        _ => {
            let page = page(client, list, &request)?;
            is_whole = page.is_whole();
            page.rows
        }
    };
    match list.rule {
        Rule::StatusesOfTicketType if id(params, "tickettype_id") > 0 => {
            let kind = ticket_type(client, id(params, "tickettype_id"))?;
            keep_allowed(&mut rows, &kind, "allowall_status", "allowed_status", "status_id");
        }
        // Instances may ignore the filter.
        Rule::PrioritiesOfSla => {
            let sla = id(params, "sla_id");
            rows.retain(|row| row.get("slaid").is_none_or(|of| number::id(of) == Some(sla)));
        }
        Rule::OutcomesOfTicket => keep_step(client, &mut rows, params)?,
        Rule::TeamsOfAgents if rows.is_empty() => {
            // Teams without agents are not among them.
            is_whole = false;
            rows = teams_of_agents(client)?;
        }
        _ => {}
    }
    // Who sees no names at all cannot say that one is missing.
    is_whole &= list.takes_ids() || !rows.is_empty();
    Ok((rows.iter().filter_map(|row| self::row(list, row)).collect(), is_whole))
}

/// What the ticket says about what else is asked for.
fn learn_ticket(client: &mut Client<'_>, list: &List, params: &mut Object) -> Result<()> {
    const USEFUL: &[&str] = &["tickettype_id", "sla_id", "workflow_id", "workflow_step"];
    let depends = list.parameters.iter().any(|parameter| parameter.field.name == "ticket_id");
    let known = params.contains_key("tickettype_id") && list.rule != Rule::OutcomesOfTicket;
    if !depends || known || !params.contains_key("ticket_id") {
        return Ok(());
    }
    let path = format!("/Tickets/{}", id(params, "ticket_id"));
    let ticket = one(client, path, &[("includedetails", "true")])?;
    for name in USEFUL {
        if let (false, Some(value)) = (params.contains_key(*name), ticket.get(*name)) {
            params.insert((*name).to_string(), output::integer(value.clone()));
        }
    }
    Ok(())
}

/// A ticket type with its configuration (HAPI §7.5).
pub fn ticket_type(client: &mut Client<'_>, id: i64) -> Result<Object> {
    let query = [("includedetails", "true"), ("isrtconfig", "true"), ("includeconfig", "true")];
    one(client, format!("/TicketType/{id}"), &query)
}

fn one(client: &mut Client<'_>, path: String, query: &[(&str, &str)]) -> Result<Object> {
    let answer = client.send(&ApiRequest::get(path).with_defaults(query))?;
    record::record(&answer, Safety::Read)
}

/// Ids are numbers, numbers with a fraction, texts or GUIDs.
fn is_same_id(one: Option<&Value>, other: Option<&Value>) -> bool {
    one.and_then(Identity::of).is_some_and(|one| other.and_then(Identity::of) == Some(one))
}

/// Keeps the rows that a configuration allows. One that says nothing allows
/// everything.
fn keep_allowed(rows: &mut Vec<Object>, of: &Object, all: &str, list: &str, column: &str) {
    let Some(Value::Array(allowed)) = of.get(list) else { return };
    if of.get(all) == Some(&Value::Bool(true)) || allowed.is_empty() {
        return;
    }
    rows.retain(|row| allowed.iter().any(|allowed| is_same_id(allowed.get(column), row.get("id"))));
}

/// Keeps what the step of the ticket's workflow offers (HAPI §7.5).
fn keep_step(client: &mut Client<'_>, rows: &mut Vec<Object>, params: &Object) -> Result<()> {
    let workflow = id(params, "workflow_id");
    if workflow <= 0 {
        return Ok(());
    }
    let workflow = one(client, format!("/Workflow/{workflow}"), &[("includedetails", "true")])?;
    let step = id(params, "workflow_step");
    let steps = workflow.get("steps").and_then(Value::as_array);
    let step = steps
        .into_iter()
        .flatten()
        .find(|candidate| candidate.get("step_id").and_then(number::id) == Some(step));
    let actions = step.and_then(|step| step.get("actions")?.as_array());
    if let Some(actions) = actions.filter(|actions| !actions.is_empty()) {
        rows.retain(|row| actions.iter().any(|action| is_same_id(action.get("action_id"), row.get("id"))));
    }
    Ok(())
}

/// The agent of the API may not see the teams; agents say which they are in
/// (HAPI §7.5).
fn teams_of_agents(client: &mut Client<'_>) -> Result<Vec<Object>> {
    let answer = client.send(&ApiRequest::get("/Agent"))?;
    let agents = envelope::list(client::json(&answer, Safety::Read)?, "results", &[])
        .map_err(|why| answer::malformed(&answer, why, Safety::Read))?;
    let mut teams: Vec<Object> = vec![];
    for agent in &agents.rows {
        for team in agent.get("teams").and_then(Value::as_array).into_iter().flatten() {
            let (Some(id), Some(name)) = (team.get("team_id"), team.get("team_name")) else { continue };
            if !teams.iter().any(|known| known.get("id") == Some(id)) {
                let mut row = Object::new();
                row.insert("id".to_string(), id.clone());
                row.insert("name".to_string(), name.clone());
                teams.push(row);
            }
        }
    }
    Ok(teams)
}

fn id(params: &Object, name: &str) -> i64 {
    params.get(name).and_then(Value::as_i64).unwrap_or_default()
}

// ---- Entries ----

/// `None` for a row without a value: nobody could choose it.
fn row(list: &List, row: &Object) -> Option<Row> {
    let number = |column: &str| row.get(column).cloned().map(output::integer);
    let value = number(list.value).filter(|value| !value.is_null())?;
    let names = texts(row, list.label);
    let mut label = names.first().cloned().unwrap_or_else(|| plain(&value));
    if let Some(more) = names.get(1).filter(|more| **more != label) {
        label = format!("{label} ({more})");
    }
    let description = texts(row, list.description_columns).join(" · ");
    let is_off = |name: &&str| row.get(*name) == Some(&Value::Bool(true));
    Some(Row {
        id: number(list.id).unwrap_or(Value::Null),
        guid: row.get("id").and_then(Value::as_str).map(ToString::to_string),
        names,
        entry: Entry {
            value,
            label,
            description: (!description.is_empty()).then_some(description),
            parent: None,
            disabled: ["inactive", "isdisabled", "ishidden", "hidden"].iter().any(is_off),
            details: None,
        },
    })
}

fn texts(row: &Object, columns: &[&str]) -> Vec<String> {
    let texts = columns.iter().filter_map(|column| row.get(*column)).map(plain);
    texts.filter(|text| !text.is_empty()).collect()
}

/// A value as people read it. Names may carry trailing blanks (HAPI §7.5).
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text::clean(text),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Whether a text is in what people see of a row.
fn has(row: &Row, wanted: &str) -> bool {
    let wanted = wanted.to_lowercase();
    row.entry.label.to_lowercase().contains(&wanted)
        || row.entry.description.as_ref().is_some_and(|text| text.to_lowercase().contains(&wanted))
        || row.names.iter().any(|name| name.to_lowercase().contains(&wanted))
}

/// Hangs paths below each other. What is only a step on the way to others
/// can be seen and not chosen.
fn with_parents(part: Part) -> Part {
    let mut rows: Vec<Row> = vec![];
    for mut row in part.rows {
        let path = row.entry.value.as_str().unwrap_or_default();
        let mut parent = None;
        for (end, _) in path.match_indices('>') {
            let above = Value::from(path.get(..end).unwrap_or_default());
            if !rows.iter().any(|known| known.entry.value == above) {
                rows.push(Row {
                    id: Value::Null,
                    guid: None,
                    names: vec![],
                    entry: Entry {
                        value: above.clone(),
                        label: plain(&above),
                        description: None,
                        parent: parent.take(),
                        disabled: true,
                        details: None,
                    },
                });
            }
            parent = Some(above);
        }
        row.entry.parent = parent;
        match rows.iter_mut().find(|known| known.entry.value == row.entry.value) {
            Some(known) => *known = row,
            None => rows.push(row),
        }
    }
    Part { rows, ..part }
}
