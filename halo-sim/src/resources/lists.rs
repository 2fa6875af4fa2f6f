//! A list request: filter, search, sort, page, render.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::{Envelope, Identity, Resource, Rows, filter, render::ListRenderer, sight::Sight, tickets};
use crate::{
    faults::Knobs,
    protocol::{
        Query, Refusal, dates,
        list::ListBody,
        paging::{self, Page},
    },
    state::{Row, TableId, World, row::Switch},
};

/// Answers a list request.
pub(crate) fn list(
    world: &World,
    resource: &'static Resource,
    query: &Query,
    sight: &Sight,
    knobs: &Knobs,
) -> Result<ListBody, Refusal> {
    let mut rows = matching(world, resource, query, knobs)?;
    if sight.sees_nothing() {
        rows.clear();
    }
    if !sight.is_unlimited() {
        rows.retain(|row| sight.sees(world, resource, row));
    }
    sort(world, resource, query, &mut rows);
    let paged = query.flag("pageinate");
    let key = match resource.envelope {
        Envelope::Keyed(key) => Some(key),
        Envelope::Bare => None,
        Envelope::BareUnlessPaged(key) => paged.then_some(key),
    };
    let most = match resource.table {
        TableId::Tickets => paging::COUNT_CAP,
        _ => usize::MAX,
    };
    // A bare array ignores every paging parameter (HAPI §5.1).
    let page = match key {
        None => Page::EVERYTHING,
        Some(_) => paging::page(resource.page, query, rows.len(), most, knobs.page),
    };
    let renderer = ListRenderer::new(world, resource, query, knobs.null_keys);
    let sent = rows
        .into_iter()
        .skip(page.skip)
        .take(page.take)
        .map(|row| disguised(resource, knobs, renderer.row(row)));
    let sent = sent.collect();
    Ok(ListBody { key, page, rows: sent, sidecars: sidecars(resource, query) })
}

/// A row in another shape that real tenants may have.
fn disguised(resource: &Resource, knobs: &Knobs, row: Row) -> Row {
    let unlisted = match resource.table {
        TableId::Webhooks if knobs.webhook_lists_are_short => "note",
        TableId::Notifications if knobs.webhook_lists_are_short => "webhook_id",
        _ => "",
    };
    let has_texts = knobs.lookup_ids_as_text && resource.table == TableId::Lookups;
    if unlisted.is_empty() && !has_texts {
        return row;
    }
    let mut sent = Row::new();
    for (name, value) in row.into_fields() {
        let is_text = has_texts && (name == "id" || name == "lookupid");
        match is_text {
            _ if name == unlisted => {}
            true => sent.push(name, value.to_string().into()),
            false => sent.push(name, value),
        }
    }
    sent
}

fn matching<'w>(
    world: &'w World,
    resource: &'static Resource,
    query: &'w Query,
    knobs: &Knobs,
) -> Result<Vec<&'w Row>, Refusal> {
    let table = world.table(resource.table);
    let predicates = filter::compile(world, resource, query)?;
    let hidden = hidden(resource, query);
    let range = date_range(resource, query)?;
    let search = query.get("search").filter(|_| !resource.search.is_empty()).map(str::to_lowercase);
    let keep = |row: &&Row| {
        hidden(row)
            && predicates.iter().all(|predicate| predicate(row))
            && range.as_ref().is_none_or(|(column, start, end)| {
                tickets::in_range(row, column, start.as_deref(), end.as_deref())
            })
            && search.as_ref().is_none_or(|wanted| found(world, resource, row, wanted))
    };
    Ok(match resource.rows {
        Rows::All if resource.newest_first => table.rows().rev().filter(keep).collect(),
        Rows::All => table.rows().filter(keep).collect(),
        Rows::Only { field, value } => {
            let rows = table.rows().rev().filter(|row| row.text(field) == value);
            rows.filter(keep).collect()
        }
        Rows::Owned { by } => match query.int(by) {
            Some(owner) => table.owned_by(owner).map(|(_, row)| row).filter(keep).collect(),
            None if knobs.actions_need_ticket => {
                return Err(Refusal::Crash(format!("{by} must be specified")));
            }
            None => Vec::new(),
        },
        Rows::Asked(any_of) => {
            let asked = any_of.iter().any(|parameter| query.get(parameter).is_some());
            let rows = table.rows().filter(|_| asked);
            rows.filter(keep).collect()
        }
    })
}

fn hidden(resource: &Resource, query: &Query) -> impl Fn(&Row) -> bool {
    let rule = resource.hidden.map(|hidden| {
        let asked = query.flag(hidden.shown_by);
        let without = hidden.without.and_then(|parameter| query.get(parameter));
        let only = hidden.only || without.is_some_and(|value| value.eq_ignore_ascii_case("false"));
        (Switch::named(hidden.flag), asked, only)
    });
    move |row| match rule {
        None => true,
        Some((switch, false, _)) => !switch.is_on(row),
        Some((switch, true, only)) => !only || switch.is_on(row),
    }
}

type Range = (String, Option<String>, Option<String>);

/// `datesearch` with `startdate` and `enddate`; without `datesearch` the
/// opening date is meant [assumed].
fn date_range(resource: &Resource, query: &Query) -> Result<Option<Range>, Refusal> {
    let default = match resource.table {
        TableId::Tickets => "dateoccurred",
        TableId::Actions => "datetime",
        _ => return Ok(None),
    };
    let bad = |name: &str| Refusal::ModelState {
        path: name.to_owned(),
        message: format!("The value '{}' is not valid.", query.get(name).unwrap_or("")),
    };
    let read = |name: &str, form: fn(&str) -> Option<String>| {
        query.get(name).map(|text| form(text).ok_or_else(|| bad(name))).transpose()
    };
    let start = read("startdate", dates::canonical)?;
    let end = read("enddate", dates::upper_bound)?;
    if start.is_none() && end.is_none() {
        return Ok(None);
    }
    let column = query.get("datesearch").map_or(default, tickets::date_column);
    Ok(Some((column.to_owned(), start, end)))
}

fn found(world: &World, resource: &'static Resource, row: &Row, wanted: &str) -> bool {
    resource.search.iter().any(|column| {
        let value = resource.value(world, row, column);
        match value.as_str() {
            Some(text) => holds(text, wanted),
            None => filter::searchable(&value).contains(wanted),
        }
    })
}

/// Whether a text holds another one, which is in small letters; quick where it
/// is plain, because `search` reads all texts of all tickets.
fn holds(text: &str, wanted: &str) -> bool {
    if !text.is_ascii() {
        return text.to_lowercase().contains(wanted);
    }
    let wanted = wanted.as_bytes();
    text.as_bytes().windows(wanted.len().max(1)).any(|part| part.eq_ignore_ascii_case(wanted))
}

/// A sort column and whether it runs downwards.
type Order<'q> = (&'q str, bool);

fn sort(world: &World, resource: &'static Resource, query: &Query, rows: &mut [&Row]) {
    let orders: Vec<Order<'_>> = [
        ("order", "orderdesc"),
        ("order2", "orderdesc2"),
        ("order3", "orderdesc3"),
        ("order4", "orderdesc4"),
        ("order5", "orderdesc5"),
    ]
    .iter()
    .filter_map(|(name, down)| {
        let column = query.get(name)?;
        // A column that does not exist is ignored like any unknown parameter.
        let known = resource.field(column)?;
        // Only the word counts here: `1` ascends (HAPI §5.3).
        Some((known.name, query.is_true(down)))
    })
    .collect();
    match orders.as_slice() {
        [] => return,
        // The order that careful clients ask for; rows come in it, or the
        // other way round.
        [("id", down)] if resource.identity == Identity::Int => {
            let comes_down = match resource.rows {
                Rows::All => resource.newest_first,
                Rows::Only { .. } => true,
                Rows::Owned { .. } | Rows::Asked(_) => false,
            };
            if *down != comes_down {
                rows.reverse();
            }
            return;
        }
        _ => {}
    }
    let keys = |row: &Row| -> Vec<Value> {
        let values = orders.iter().map(|(column, _)| resource.value(world, row, column));
        values
            .map(|value| match value.as_str() {
                // Texts are compared without case; lowered once, not in every comparison.
                Some(text) => text.to_lowercase().into(),
                None => value.into_owned(),
            })
            .collect()
    };
    let mut keyed: Vec<(Vec<Value>, &Row)> = rows.iter().map(|row| (keys(row), *row)).collect();
    keyed.sort_by(|(left, _), (right, _)| {
        let pairs = left.iter().zip(right).zip(&orders);
        pairs
            .map(|((left, right), (_, down))| {
                let order = compare(left, right);
                if *down { order.reverse() } else { order }
            })
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    });
    for (slot, (_, row)) in rows.iter_mut().zip(keyed) {
        *slot = row;
    }
}

/// Numbers as numbers, texts as texts, everything else equal.
fn compare(left: &Value, right: &Value) -> Ordering {
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => left.total_cmp(&right),
        _ => match (left, right) {
            (Value::String(left), Value::String(right)) => left.cmp(right),
            (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
            _ => Ordering::Equal,
        },
    }
}

/// Further members of the envelope; a trap for clients that take the first
/// array they find (HAPI §5.1).
fn sidecars(resource: &Resource, query: &Query) -> Vec<(&'static str, Value)> {
    if resource.table == TableId::Attachments {
        let ticket = query.int("ticket_id").unwrap_or(0);
        return vec![("ticket_id", ticket.into()), ("folders", json!([]))];
    }
    if resource.table != TableId::Tickets {
        return Vec::new();
    }
    let mut members = vec![("include_children", Value::from(false))];
    if query.flag("includecolumns") {
        let columns = ["id", "summary", "client_name", "status_id"];
        let columns: Vec<Value> = columns
            .iter()
            .enumerate()
            .map(|(index, name)| json!({ "id": index + 1, "name": name, "sequence": index }))
            .collect();
        members.push(("columns", Value::Array(columns)));
    }
    members
}
