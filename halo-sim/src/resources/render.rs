//! From a stored row to the row that is sent.

use serde_json::Value;

use super::{
    Resource, custom,
    field::{Kind, Shown},
};
use crate::{
    protocol::Query,
    state::{Row, TableId, World},
};

/// Renders the rows of one list, with the columns that the request asked for.
pub(crate) struct ListRenderer<'a> {
    world: &'a World,
    resource: &'static Resource,
    asked: Vec<&'static str>,
    custom_fields: Option<Vec<i64>>,
    only: Option<&'static [&'static str]>,
    null_keys: bool,
}

impl<'a> ListRenderer<'a> {
    /// Reads the request's wishes once for all rows. With `null_keys`, keys without
    /// a value are there and null.
    pub(crate) fn new(world: &'a World, resource: &'static Resource, query: &Query, null_keys: bool) -> Self {
        let asked = resource.fields.iter().filter_map(|field| match field.shown {
            Shown::OnRequest(parameter) | Shown::SingleOrOnRequest(parameter) if query.flag(parameter) => {
                Some(field.name)
            }
            _ => None,
        });
        // Known of tickets, and of clients in newer builds (HAPI §6.3, §10.1).
        let custom_fields = match resource.table {
            TableId::Tickets | TableId::Clients => query.list("include_custom_fields"),
            _ => None,
        };
        let custom_fields = custom_fields.map(|ids| ids.iter().filter_map(|id| id.parse().ok()).collect());
        let only = resource.id_only.filter(|rule| query.flag(rule.asked_by)).map(|rule| rule.fields);
        Self { world, resource, asked: asked.collect(), custom_fields, only, null_keys }
    }

    /// One row of the list.
    pub(crate) fn row(&self, row: &Row) -> Row {
        let mut sent = Row::new();
        for field in self.resource.fields {
            if self.only.is_some_and(|only| !only.contains(&field.name)) {
                continue;
            }
            let value = match (field.kind, field.shown) {
                // Absent in lists unless chosen by id (HAPI §7.2).
                (Kind::CustomFields { usage, .. }, _) => self
                    .custom_fields
                    .as_ref()
                    .map(|ids| custom::render(self.world, usage, row.get(field.name), Some(ids))),
                (_, Shown::Always) => field.list_value(self.world, row),
                (_, Shown::OnRequest(_) | Shown::SingleOrOnRequest(_))
                    if self.asked.contains(&field.name) =>
                {
                    field.list_value(self.world, row)
                }
                _ => continue,
            };
            match value {
                Some(value) => sent.push(field.name, value),
                None if self.null_keys => sent.push(field.name, Value::Null),
                None => {}
            }
        }
        if self.only.is_none() {
            more(&mut sent, row);
        }
        sent
    }
}

/// Adds what no resource declares.
fn more(sent: &mut Row, row: &Row) {
    for (name, value) in row.more() {
        sent.push(name.clone(), value.clone());
    }
}

/// How much of a single record is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// The record.
    Plain,
    /// `includedetails=true`, and answers to writes.
    Details,
}

/// A single record.
pub(crate) fn single(world: &World, resource: &'static Resource, row: &Row, depth: Depth) -> Row {
    let mut sent = Row::new();
    for field in resource.fields {
        let value = match (field.kind, field.shown) {
            (_, Shown::Never) => continue,
            (Kind::CustomFields { usage, .. }, _) => custom::render(world, usage, row.get(field.name), None),
            (_, Shown::Detail | Shown::OnRequest(_)) if depth == Depth::Plain => continue,
            _ => field.value(world, row),
        };
        sent.push(field.name, value);
    }
    more(&mut sent, row);
    sent
}

/// The record as the answer to a write, with the names of POST answers.
pub(crate) fn written(world: &World, resource: &'static Resource, row: &Row) -> Row {
    let mut sent = Row::new();
    for (name, value) in single(world, resource, row, Depth::Details).into_fields() {
        let renamed = resource.renames.iter().find(|(known, _)| *known == name);
        match renamed {
            Some((_, other)) => sent.push(*other, value),
            None => sent.push(name, value),
        }
    }
    sent
}
