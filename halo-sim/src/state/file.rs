//! The tenant as a JSON file, so that it outlives the process.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::{Key, Row, TableId, World};
use crate::private;

impl World {
    /// Writes everything to a file, by way of a second one, so that a crash
    /// leaves the old state or the new one.
    pub(crate) fn save(&self, path: &Path) -> Result<()> {
        let tables: Map<String, Value> =
            self.tables.iter().map(|(id, table)| (format!("{id:?}"), table.to_json())).collect();
        let text = serde_json::to_vec(&tables)?;
        let mut beside = path.as_os_str().to_owned();
        beside.push(".tmp");
        let beside = PathBuf::from(beside);
        let written = private::create(&beside).and_then(|mut file| file.write_all(&text));
        written.with_context(|| format!("cannot write {}", beside.display()))?;
        fs::rename(&beside, path).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Reads what [`World::save`] wrote.
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let tables: Map<String, Value> =
            serde_json::from_slice(&text).with_context(|| format!("{} is no saved state", path.display()))?;
        let mut world = Self::default();
        for id in TableId::ALL {
            if let Some(table) = tables.get(&format!("{id:?}")) {
                let table = super::Table::from_json(table);
                world
                    .tables
                    .insert(*id, table.with_context(|| format!("{id:?} in the saved state is broken"))?);
            }
        }
        Ok(world)
    }
}

impl super::Table {
    fn to_json(&self) -> Value {
        let rows: Vec<Value> = self.entries().map(|(key, row)| json!([key.to_json(), row])).collect();
        json!({ "last": self.last, "rows": rows })
    }

    fn from_json(value: &Value) -> Option<Self> {
        let mut table = Self::new();
        for entry in value.get("rows")?.as_array()? {
            let (key, row) = (entry.get(0)?, entry.get(1)?.as_object()?);
            let row = row.iter().fold(Row::new(), |row, (name, value)| row.with(name.clone(), value.clone()));
            table.put(Key::from_json(key)?, row);
        }
        table.last = value.get("last")?.as_i64()?;
        Some(table)
    }
}

impl Key {
    fn to_json(&self) -> Value {
        match self {
            Self::Int(id) => json!(id),
            Self::Pair(owner, id) => json!([owner, id]),
            Self::Guid(guid) => json!(guid),
        }
    }

    fn from_json(value: &Value) -> Option<Self> {
        if let Some(id) = value.as_i64() {
            return Some(Self::Int(id));
        }
        if let Some(guid) = value.as_str() {
            return Some(Self::Guid(guid.to_owned()));
        }
        Some(Self::Pair(value.get(0)?.as_i64()?, value.get(1)?.as_i64()?))
    }
}
