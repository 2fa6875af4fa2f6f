//! Names that a list envelope holds beside its rows, which only number them.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::Value;

use crate::catalogue::resource::{Resource, Table};
use crate::contract::Object;
use crate::protocol::identity::Identity;

/// The column that gets a name, and the key of the row.
type Key = (&'static str, Vec<Option<Identity>>);

/// The names that were learnt from envelopes.
#[derive(Debug, Default)]
pub struct Names(BTreeMap<Key, Value>);

impl Names {
    /// Takes the names out of the envelope's tables. The first one of a key counts.
    pub fn learn(&mut self, resource: &Resource, tables: &[(String, Vec<Object>)]) {
        for table in resource.tables {
            let entries = tables.iter().filter(|(key, _)| key == table.key).flat_map(|(_, entries)| entries);
            for entry in entries {
                if let Some(name @ Value::String(_)) = entry.get(table.name) {
                    let key = table.on.iter().map(|(_, column)| identity(entry, column)).collect();
                    self.0.entry((table.column, key)).or_insert_with(|| name.clone());
                }
            }
        }
    }

    /// Writes the names that a record lacks into it.
    pub(super) fn complete(&self, resource: &Resource, record: &mut Object) {
        if self.0.is_empty() {
            return;
        }
        for table in resource.tables {
            if record.get(table.column).is_some_and(|value| !value.is_null() && value.as_str() != Some("")) {
                continue;
            }
            if let Some(name) = self.0.get(&key(table, record)) {
                record.insert(table.column.to_string(), name.clone());
            }
        }
    }
}

fn key(table: &Table, record: &Object) -> Key {
    (table.column, table.on.iter().map(|(column, _)| identity(record, column)).collect())
}

fn identity(record: &Object, column: &str) -> Option<Identity> {
    record.get(column).and_then(Identity::of_key)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalogue::ticket::TICKET;
    use crate::protocol::identity::comparisons;

    fn tables(entries: i64) -> Vec<(String, Vec<Object>)> {
        let entry =
            |id: i64| [("id".to_string(), json!(id)), ("name".to_string(), json!("x"))].into_iter().collect();
        Vec::from([("statuses".to_string(), (1..=entries).map(entry).collect())])
    }

    /// Ten times the names must not be a hundred times the work.
    #[test]
    fn learning_and_finding_names_grows_with_their_number() {
        let work = |entries: i64| {
            comparisons::of(|| {
                let mut names = Names::default();
                names.learn(&TICKET, &tables(entries));
                for id in 1..=entries {
                    let mut row = Object::from_iter([("status_id".to_string(), json!(id))]);
                    names.complete(&TICKET, &mut row);
                    assert_eq!(row.get("status_name"), Some(&json!("x")));
                }
            })
        };
        let (few, many) = (work(300), work(3_000));
        assert!(many < few * 20, "{few} comparisons for 300 names, {many} for 3,000");
    }
}
