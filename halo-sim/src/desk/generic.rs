//! Create, update and delete as they are for most resources.

use super::{Desk, Written};
use crate::{
    protocol::Refusal,
    resources::{Identity, Resource, custom, field::Kind, patch::Element},
    state::{Key, Row, seed::random},
};

/// Creates a record, or changes the one that the element names.
pub(crate) fn write(
    desk: &mut Desk<'_>,
    resource: &'static Resource,
    element: &Element,
) -> Result<Written, Refusal> {
    let key = match &element.key {
        Some(key) => update(desk, resource, key, element)?,
        None => create(desk, resource, element)?,
    };
    Ok(Written::plain(key))
}

/// Changes the fields that were sent, and nothing else.
pub(crate) fn update(
    desk: &mut Desk<'_>,
    resource: &'static Resource,
    key: &Key,
    element: &Element,
) -> Result<Key, Refusal> {
    let table = desk.world.table(resource.table);
    let mut row = table.get(key).ok_or(Refusal::NotFound)?.clone();
    apply(desk, resource, &mut row, element);
    stamp(resource, &mut row, "last_update", &desk.now);
    desk.world.table_mut(resource.table).put(key.clone(), row);
    Ok(key.clone())
}

/// Adds a record with the next id.
pub(crate) fn create(
    desk: &mut Desk<'_>,
    resource: &'static Resource,
    element: &Element,
) -> Result<Key, Refusal> {
    check_required(resource, &element.patch)?;
    let (key, mut row) = fresh(desk, resource, element)?;
    apply(desk, resource, &mut row, element);
    stamp(resource, &mut row, "datecreated", &desk.now);
    stamp(resource, &mut row, "last_update", &desk.now);
    desk.world.table_mut(resource.table).put(key.clone(), row);
    Ok(key)
}

/// Refuses a new record that lacks something.
pub(crate) fn check_required(resource: &Resource, patch: &Row) -> Result<(), Refusal> {
    for required in resource.required {
        let filled = required
            .any_of
            .iter()
            .any(|name| !patch.text(name).trim().is_empty() || patch.int(name) != 0 || patch.flag(name));
        if !filled {
            return Err(Refusal::rule(required.message));
        }
    }
    Ok(())
}

/// The key of a new record and its row with the `id`.
pub(crate) fn fresh(
    desk: &mut Desk<'_>,
    resource: &'static Resource,
    element: &Element,
) -> Result<(Key, Row), Refusal> {
    let table = desk.world.table_mut(resource.table);
    Ok(match resource.identity {
        Identity::Int => {
            let id = table.next_id();
            (Key::Int(id), Row::new().with("id", id))
        }
        Identity::Negative => {
            let id = -table.next_id();
            (Key::Int(id), Row::new().with("id", id))
        }
        Identity::Guid => {
            let guid = random::guid(table.next_id().unsigned_abs(), resource.path);
            (Key::Guid(guid.clone()), Row::new().with("id", guid))
        }
        Identity::Owned(by) => {
            let owner =
                element.raw_int(by).ok_or_else(|| Refusal::rule(format!("{by} must be specified")))?;
            let id = table.next_owned(owner);
            (Key::Pair(owner, id), Row::new().with("id", id))
        }
    })
}

/// Puts the sent values into a row. Lists are replaced as a whole.
pub(crate) fn apply(desk: &Desk<'_>, resource: &Resource, row: &mut Row, element: &Element) {
    for (name, value) in element.patch.clone().into_fields() {
        let merged = match resource.field(&name).map(|field| field.kind) {
            Some(Kind::CustomFields { usage, replaced }) => {
                custom::merged(desk.world, usage, row.get(&name), &value, replaced)
            }
            _ => value,
        };
        row.set(name, merged);
    }
}

/// Sets a date that the resource has.
pub(crate) fn stamp(resource: &Resource, row: &mut Row, name: &'static str, now: &str) {
    if resource.field(name).is_some() {
        row.set(name, now);
    }
}

/// Takes a record out for good.
pub(crate) fn delete(desk: &mut Desk<'_>, resource: &'static Resource, key: &Key) -> Result<Row, Refusal> {
    let table = desk.world.table_mut(resource.table);
    table.remove(key).ok_or(Refusal::NotFound)
}
