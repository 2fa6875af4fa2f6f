//! `advanced_search`: conditions as a JSON array in the query (HAPI §6.2).
//!
//! `[{"filter_name":"name","filter_type":4,"filter_value":"exam"}]`; type 2 is
//! "equals", 4 is "contains". A name that is not allowed is refused. Which
//! names are allowed is not known: here it is every plain field of a row, and
//! every custom field.

use serde_json::Value;

use super::{
    Resource, custom,
    field::{Kind, Shown},
    filter::{Predicate, searchable},
};
use crate::{
    protocol::Refusal,
    state::{TableId, World},
};

const EQUALS: i64 = 2;
const CONTAINS: i64 = 4;

/// The conditions as predicates.
pub(super) fn compile<'a>(
    world: &'a World,
    resource: &'static Resource,
    text: &str,
) -> Result<Vec<Predicate<'a>>, Refusal> {
    let refused = || Refusal::rule("Invalid advanced search parameter");
    let conditions: Vec<Value> = serde_json::from_str(text).map_err(|_| refused())?;
    let mut predicates = Vec::new();
    for condition in &conditions {
        let name = condition.get("filter_name").and_then(Value::as_str).ok_or_else(refused)?;
        let place = place(world, resource, name).ok_or_else(refused)?;
        let wanted = condition.get("filter_value").map(searchable).unwrap_or_default().to_lowercase();
        let equals = match condition.get("filter_type").and_then(Value::as_i64) {
            Some(EQUALS) => true,
            Some(CONTAINS) => false,
            _ => return Err(refused()),
        };
        predicates.push(Box::new(move |row: &_| {
            let value = match place {
                Place::Field(field) => searchable(&resource.value(world, row, field)),
                Place::Custom(list, id) => {
                    custom::stored_value(row.get(list), id).map(searchable).unwrap_or_default()
                }
            };
            let value = value.to_lowercase();
            if equals { value == wanted } else { value.contains(&wanted) }
        }) as Predicate<'a>);
    }
    Ok(predicates)
}

/// Where a condition looks.
#[derive(Clone, Copy)]
enum Place {
    /// In a field.
    Field(&'static str),
    /// In a custom field of this id, within this list.
    Custom(&'static str, i64),
}

/// What is behind a filter name. On tickets `priority` takes the label. That a
/// custom field can be named is assumed.
fn place(world: &World, resource: &'static Resource, name: &str) -> Option<Place> {
    if resource.table == TableId::Tickets && name == "priority" {
        return Some(Place::Field("priority_name"));
    }
    let Some(field) = resource.field(name) else {
        return resource.fields.iter().find_map(|field| match field.kind {
            Kind::CustomFields { usage, .. } => {
                custom::id_of(world, usage, name).map(|id| Place::Custom(field.name, id))
            }
            _ => None,
        });
    };
    let plain = matches!(field.kind, Kind::Int | Kind::Text);
    (plain && !matches!(field.shown, Shown::Never)).then_some(Place::Field(field.name))
}
