//! Gives rows the keys that rows of real tenants were recorded with.
//!
//! `live/shapes.json` has names and types, no values: what is added is HaloPSA's
//! "nothing" of the type. Keys that the recorded row would have shown and did not
//! are taken out where they may be null.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::random::guid;
use crate::{
    resources::{self, Resource, Rows, field::Shown, field::Source},
    state::{Row, World, row::MORE},
};

const SHAPES: &str = include_str!("../../../live/shapes.json");

/// The keys of a recorded row.
#[derive(Debug, Default)]
struct Shape {
    /// Each key with the letter of its type.
    keys: BTreeMap<String, char>,
    /// The last key that the record would show; absent where it is whole.
    known_to: Option<String>,
}

impl Shape {
    /// What was recorded of a list, if anything.
    fn of(shapes: &Value, path: &str) -> Option<Self> {
        let path = format!("/{path}");
        let endpoints = shapes.get("endpoints")?.as_array()?;
        let endpoint = endpoints.iter().find(|endpoint| endpoint["path"] == path.as_str())?;
        let mut shape = Self::default();
        shape.add(endpoint.get("row_keys")?, endpoint.get("row_types")?);
        if let Some(second) = shapes.pointer("/second_row_keys").and_then(|all| all.get(&path)) {
            shape.add(second.get("keys")?, second.get("types")?);
        }
        shape.known_to = endpoint.get("row_keys_known_to").and_then(Value::as_str).map(str::to_owned);
        Some(shape)
    }

    fn add(&mut self, keys: &Value, types: &Value) {
        let keys = keys.as_array().into_iter().flatten().filter_map(Value::as_str);
        let types = types.as_str().unwrap_or_default().chars();
        for (key, kind) in keys.zip(types) {
            self.keys.entry(key.to_owned()).or_insert(kind);
        }
    }

    /// Whether the record says that rows lack a key.
    fn lacks(&self, key: &str) -> bool {
        !self.keys.contains_key(key) && self.known_to.as_deref().is_none_or(|end| key < end)
    }
}

/// Changes all rows of which a shape is recorded.
pub(super) fn shape(world: &mut World) {
    // The file is part of the program, and a test reads it.
    let shapes: Value = serde_json::from_str(SHAPES).unwrap_or_default();
    let mut done = BTreeSet::new();
    for resource in resources::ALL {
        let Some(shape) = Shape::of(&shapes, resource.path) else {
            continue;
        };
        let only = match resource.rows {
            Rows::Only { field, value } => Some((field, value)),
            _ => None,
        };
        let keys: Vec<_> = world.table(resource.table).entries().map(|(key, _)| key.clone()).collect();
        for (serial, key) in (1_u64..).zip(keys) {
            if let Some(row) = world.table_mut(resource.table).get_mut(&key)
                && only.is_none_or(|(field, value)| row.text(field) == value)
            {
                let fresh = done.insert((resource.table as usize, key.clone()));
                *row = reshaped(resource, &shape, row, serial, fresh);
            }
        }
    }
}

/// A row with the keys of the shape. One that had another shape before keeps what
/// it has: projects are tickets, too.
fn reshaped(resource: &Resource, shape: &Shape, row: &Row, serial: u64, fresh: bool) -> Row {
    let mut changed = Row::new();
    for (name, value) in row.clone().into_fields() {
        let field = resource.field(&name);
        let in_lists = field.is_some_and(|field| field.shown == Shown::Always && field.nullable);
        if fresh && in_lists && shape.lacks(&name) {
            continue;
        }
        changed.push(name, value);
    }
    let mut more: Map<String, Value> =
        row.more().map(|(name, value)| (name.clone(), value.clone())).collect();
    for (name, kind) in &shape.keys {
        match resource.field(name) {
            None => {
                more.entry(name.clone()).or_insert_with(|| nothing(name, *kind, serial));
            }
            Some(field) => {
                let stored = matches!(field.source, Source::Stored);
                if stored && field.shown == Shown::Always && field.nullable && !changed.has(name) {
                    changed.set(name.clone(), nothing(name, *kind, serial));
                }
            }
        }
    }
    changed.set(MORE, Value::Object(more));
    changed
}

/// A value of a type that is neither null nor anybody's.
fn nothing(name: &str, kind: char, serial: u64) -> Value {
    match kind {
        'i' => json!(0),
        'n' => json!(0.0),
        'b' => json!(false),
        'd' => json!("2026-01-05T09:00:00"),
        'a' => json!([]),
        'o' => json!({}),
        _ if name.ends_with("guid") => json!(guid(serial, name)),
        _ => json!(""),
    }
}
