//! Names of what rows only number: from the envelope of the rows, else from the
//! list that has them.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use serde_json::Value;
use workflow_node_sdk::interface::Object;

use crate::catalogue::lists::find_list;
use crate::catalogue::resource::{Resource, Table};
use crate::client::Client;
use crate::lookup::rows;
use crate::number;
use crate::protocol::identity::Identity;

/// The column that gets a name, and the key of the row.
type Key = (&'static str, Vec<Option<Identity>>);

/// A list is not read for its names where less time than this is left.
const LEAST_TIME: Duration = Duration::from_secs(5);

/// The names that were learnt.
#[derive(Debug, Default)]
pub struct Names {
    names: BTreeMap<Key, Value>,
    /// Columns whose list was asked for, well or not.
    asked: Vec<&'static str>,
}

impl Names {
    /// Takes the names out of the envelope's tables. The first one of a key counts.
    pub fn learn(&mut self, resource: &'static Resource, tables: &[(String, Vec<Object>)]) {
        for table in resource.tables {
            for (_, entries) in tables.iter().filter(|(key, _)| key == table.key) {
                self.take(table, entries);
            }
        }
    }

    fn take(&mut self, table: &'static Table, entries: &[Object]) {
        for entry in entries {
            if let Some(name @ Value::String(_)) = entry.get(table.name) {
                let key = table.on.iter().map(|(_, column)| identity(entry, column)).collect();
                self.names.entry((table.column, key)).or_insert_with(|| name.clone());
            }
        }
    }

    /// Reads the lists with names that these rows lack, each once in a call.
    /// A row is worth having without its names, so what cannot be read leaves
    /// them out.
    pub fn look_up(&mut self, client: &mut Client<'_>, resource: &'static Resource, rows: &[Object]) {
        for table in resource.tables {
            let Some(list) = find_list(table.list) else { continue };
            let is_wanted = !self.asked.contains(&table.column) && client.remaining() > LEAST_TIME;
            if is_wanted && rows.iter().any(|row| self.lacks(table, row)) {
                self.asked.push(table.column);
                self.take(table, &rows::records(client, list).unwrap_or_default());
            }
        }
    }

    /// Whether a row numbers what it does not name.
    fn lacks(&self, table: &Table, row: &Object) -> bool {
        let is_numbered = |(column, _): &(&str, &str)| {
            row.get(*column).is_some_and(|id| !id.is_null() && number::id(id) != Some(0))
        };
        table.on.iter().all(is_numbered)
            && !has_name(table, row)
            && !self.names.contains_key(&key(table, row))
    }

    /// Writes the names that a record lacks into it.
    pub(super) fn complete(&self, resource: &Resource, record: &mut Object) {
        for table in self.tables(resource) {
            if !has_name(table, record)
                && let Some(name) = self.names.get(&key(table, record))
            {
                record.insert(table.column.to_string(), name.clone());
            }
        }
    }

    /// Writes the names that a simplified record lacks into it. It may not show
    /// all that they hang on, so that is read from the row.
    pub fn complete_shown(&self, resource: &Resource, row: &Object, shown: &mut Object) {
        for table in self.tables(resource) {
            if shown.contains_key(table.column)
                && !has_name(table, shown)
                && let Some(name) = self.names.get(&key(table, row))
            {
                shown.insert(table.column.to_string(), name.clone());
            }
        }
    }

    fn tables(&self, resource: &Resource) -> &'static [Table] {
        if self.names.is_empty() { &[] } else { resource.tables }
    }
}

/// Whether a record says the name that a table is for.
fn has_name(table: &Table, record: &Object) -> bool {
    record.get(table.column).is_some_and(|value| !value.is_null() && value.as_str() != Some(""))
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
    use crate::operations::tests::{answer, run_all};
    use crate::protocol::identity::comparisons;
    use workflow_node_sdk::interface::Outcome;

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

    /// Rows are worth having without the names.
    #[test]
    fn rows_come_without_names_that_cannot_be_read() {
        let mut asked = 0;
        let execution = run_all("ticket.list", &[json!({}), json!({})], None, |request| {
            if request.url.path() == "/api/Priority" {
                asked += 1;
                return answer(404, &json!({}));
            }
            let row = json!({"id": 1, "summary": "x", "priority_id": 2, "sla_id": 1});
            answer(200, &json!({"record_count": 1, "tickets": [row]}))
        });
        assert_eq!(asked, 1, "once in a call");
        for outcome in &execution.outcomes {
            let Outcome::Done(rows) = outcome else { panic!("{outcome:?}") };
            assert_eq!(rows[0].json["priority_name"], Value::Null);
        }
    }
}
