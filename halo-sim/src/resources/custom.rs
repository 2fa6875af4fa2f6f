//! Custom fields: definitions live in `FieldInfo`, records hold values only
//! (HAPI §7.5, §10.16).

use serde_json::{Value, json};

use crate::state::{Row, TableId, World};

/// The custom fields of a record, all of its table or the chosen ones.
pub(crate) fn render(world: &World, usage: i64, stored: Option<&Value>, only: Option<&[i64]>) -> Value {
    definitions(world, usage)
        .filter(|field| only.is_none_or(|only| only.contains(&field.int("id"))))
        .map(|field| {
            let id = field.int("id");
            let value = stored_value(stored, id).cloned().unwrap_or(Value::Null);
            json!({
                "id": id,
                "name": field.text("name"),
                "label": field.text("label"),
                "summary": field.text("summary"),
                "type": field.int("type"),
                "usage": usage,
                "characterlimit": field.int("characterlimit"),
                "inputtype": field.int("inputtype"),
                "searchable": field.flag("searchable"),
                "display": display(world, field, &value),
                "value": value,
            })
        })
        .collect()
}

/// The stored values after a write. Elements name a field by id or by name;
/// others are ignored.
pub(crate) fn merged(
    world: &World,
    usage: i64,
    stored: Option<&Value>,
    given: &Value,
    replaced: bool,
) -> Value {
    let mut values: Vec<Value> = match stored {
        Some(Value::Array(values)) if !replaced => values.clone(),
        _ => Vec::new(),
    };
    for element in given.as_array().into_iter().flatten() {
        let Some(id) = definition_of(world, usage, element).map(|field| field.int("id")) else {
            continue;
        };
        let value = element.get("value").cloned().unwrap_or(Value::Null);
        values.retain(|known| known.get("id").and_then(Value::as_i64) != Some(id));
        values.push(json!({ "id": id, "value": value }));
    }
    Value::Array(values)
}

/// Whether the custom field with this name has a value.
pub(crate) fn is_filled(world: &World, usage: i64, stored: Option<&Value>, name: &str) -> bool {
    let field = definitions(world, usage).find(|field| field.text("name") == name);
    let value = field.and_then(|field| stored_value(stored, field.int("id")));
    value.is_some_and(|value| !value.is_null() && value.as_str() != Some(""))
}

fn definitions(world: &World, usage: i64) -> impl Iterator<Item = &Row> {
    world
        .table(TableId::FieldInfo)
        .rows()
        .filter(move |field| field.int("usage") == usage && field.int("custom") == 1)
}

fn definition_of<'w>(world: &'w World, usage: i64, element: &Value) -> Option<&'w Row> {
    let id = element.get("id").and_then(Value::as_i64).filter(|id| *id > 0);
    let name = element.get("name").and_then(Value::as_str);
    definitions(world, usage).find(|field| match (id, name) {
        (Some(id), _) => field.int("id") == id,
        (None, Some(name)) => field.text("name").eq_ignore_ascii_case(name),
        (None, None) => false,
    })
}

/// The id of the custom field with this name.
pub(super) fn id_of(world: &World, usage: i64, name: &str) -> Option<i64> {
    let field = definitions(world, usage).find(|field| field.text("name").eq_ignore_ascii_case(name));
    field.map(|field| field.int("id"))
}

/// The value that is stored for a custom field.
pub(super) fn stored_value(stored: Option<&Value>, id: i64) -> Option<&Value> {
    stored?.as_array()?.iter().find(|known| known.get("id").and_then(Value::as_i64) == Some(id))?.get("value")
}

/// What people read: the name of a chosen lookup value, else the value.
fn display(world: &World, field: &Row, value: &Value) -> String {
    let chosen = value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    if let (lookup @ 1.., Some(chosen)) = (field.int("lookup"), chosen) {
        let key = crate::state::Key::Pair(lookup, chosen);
        if let Some(row) = world.table(TableId::Lookups).get(&key) {
            return row.text("name").to_owned();
        }
    }
    super::filter::searchable(value)
}
