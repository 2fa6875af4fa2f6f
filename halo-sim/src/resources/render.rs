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
}

impl<'a> ListRenderer<'a> {
    /// Reads the request's wishes once for all rows.
    pub(crate) fn new(world: &'a World, resource: &'static Resource, query: &Query) -> Self {
        let asked = resource.fields.iter().filter_map(|field| match field.shown {
            Shown::OnRequest(parameter) | Shown::SingleOrOnRequest(parameter) if query.flag(parameter) => {
                Some(field.name)
            }
            _ => None,
        });
        // Known of tickets only (HAPI §6.3).
        let custom_fields = match resource.table {
            TableId::Tickets => query.list("include_custom_fields"),
            _ => None,
        };
        let custom_fields = custom_fields.map(|ids| ids.iter().filter_map(|id| id.parse().ok()).collect());
        let only = resource.id_only.filter(|rule| query.flag(rule.asked_by)).map(|rule| rule.fields);
        Self { world, resource, asked: asked.collect(), custom_fields, only }
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
                (Kind::CustomFields { usage, .. }, _) => match &self.custom_fields {
                    Some(ids) => custom::render(self.world, usage, row.get(field.name), Some(ids)),
                    None => Value::Null,
                },
                (_, Shown::Always) => field.value(self.world, row),
                (_, Shown::OnRequest(_) | Shown::SingleOrOnRequest(_))
                    if self.asked.contains(&field.name) =>
                {
                    field.value(self.world, row)
                }
                _ => continue,
            };
            sent.push(field.name, value);
        }
        sent
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
