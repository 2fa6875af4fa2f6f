//! A tenant put together from records as the API shows them.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::{
    Key, Row, TableId, World,
    row::{MORE, whole},
    seed::API_AGENT,
};
use crate::resources::{
    self, Identity, Resource,
    field::{Kind, Source},
};

/// The state of a tenant, put together from records of the API: what `--state`
/// reads and [`HaloSim::load_state`](crate::HaloSim::load_state) loads.
#[derive(Debug, Default)]
pub struct StateFile {
    world: World,
}

impl StateFile {
    /// A tenant without records.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether records of this path have a place.
    #[must_use]
    pub fn takes(path: &str) -> bool {
        resources::find(path).is_some()
    }

    /// Adds a record as a list shows it and, where it was read alone, as that
    /// answer shows it. Members that the simulator knows fill its own fields; others
    /// of the row are kept and shown as they are.
    ///
    /// # Errors
    ///
    /// Where the path is unknown or the record has no id of the right kind.
    pub fn put(
        &mut self,
        path: &str,
        row: &Map<String, Value>,
        detail: Option<&Map<String, Value>>,
    ) -> Result<(), String> {
        let resource = resources::find(path).ok_or_else(|| format!("there is no resource {path:?}"))?;
        let key = key(resource, row).ok_or_else(|| format!("a record of {path} has no usable id"))?;
        let value = |name: &str| {
            let given = detail.and_then(|detail| detail.get(name)).or_else(|| row.get(name));
            given.filter(|value| !value.is_null())
        };
        let mut stored = Row::new();
        for field in resource.fields {
            if let (Source::Stored, Some(value)) = (field.source, value(field.name)) {
                stored.push(field.name, converted(field.kind, value));
            }
        }
        // The wire has a name; the simulator keeps the id.
        if resource.table == TableId::Tickets
            && !stored.has("team_id")
            && let Some(name) = value("team").and_then(Value::as_str)
            && let Some(team) = self.world.table(TableId::Teams).rows().find(|team| team.text("name") == name)
        {
            let id = team.int("id");
            stored.set("team_id", id);
        }
        let more: Map<String, Value> = row
            .iter()
            .filter(|(name, value)| resource.field(name).is_none() && !value.is_null())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if !more.is_empty() {
            stored.set(MORE, Value::Object(more));
        }
        self.world.table_mut(resource.table).put(key, stored);
        Ok(())
    }

    /// Writes the file. The agent that the simulator logs in as is added, or made a
    /// member of every team, because otherwise nobody would see anything.
    ///
    /// # Errors
    ///
    /// Where the file cannot be written.
    pub fn save(&mut self, path: &Path) -> anyhow::Result<()> {
        self.add_api_agent();
        self.world.save(path)
    }

    fn add_api_agent(&mut self) {
        let teams: Vec<Value> = self
            .world
            .table(TableId::Teams)
            .rows()
            .map(|team| {
                json!({ "team_id": team.int("id"), "team_name": team.text("name"), "department_id": team.int("department_id") })
            })
            .collect();
        let mut row = self.world.row(TableId::Agents, API_AGENT).cloned().unwrap_or_else(|| {
            Row::new().with("id", API_AGENT).with("name", format!("Agent {API_AGENT}")).with("is_agent", true)
        });
        row.set("isdisabled", false);
        row.set("isapiagent", true);
        row.set("clients", json!([]));
        row.set("teams", Value::Array(teams));
        // Being in some department is what counts where there is no team.
        row.set("departments", json!([{ "agent_id": API_AGENT, "department_id": 0 }]));
        self.world.table_mut(TableId::Agents).seed(row);
    }
}

fn key(resource: &Resource, row: &Map<String, Value>) -> Option<Key> {
    let id = row.get("id")?;
    Some(match resource.identity {
        Identity::Int | Identity::Negative => Key::Int(number(id)?),
        Identity::Guid => Key::Guid(id.as_str()?.to_ascii_lowercase()),
        Identity::Owned(owner) => Key::Pair(row.get(owner).and_then(number)?, number(id)?),
    })
}

/// A whole number, also one that came as a text.
fn number(value: &Value) -> Option<i64> {
    whole(value).or_else(|| value.as_str()?.trim().parse().ok())
}

/// A value of the wire as the simulator stores it.
fn converted(kind: Kind, value: &Value) -> Value {
    match kind {
        Kind::Int => number(value).map_or_else(|| value.clone(), Value::from),
        Kind::FloatId => number(value).map_or_else(|| value.clone(), |id| Value::from(id as f64)),
        Kind::CustomFields { .. } => {
            let fields = value.as_array().into_iter().flatten();
            fields.map(|field| json!({ "id": field.get("id"), "value": field.get("value") })).collect()
        }
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_fills_known_fields_and_keeps_the_others() -> Result<(), String> {
        let mut file = StateFile::new();
        let row = json!({ "id": 3.0, "name": "Waiting", "useworkinghours": true, "colour": null });
        let row = row.as_object().cloned().unwrap_or_default();
        file.put("Status", &row, None)?;
        // Some endpoints and proxies write ids as texts.
        let lookup = json!({ "id": "5", "lookupid": "17", "name": "x" });
        file.put("Lookup", &lookup.as_object().cloned().unwrap_or_default(), None)?;
        let user = json!({ "id": "31", "site_id": "18", "name": "x" });
        file.put("Users", &user.as_object().cloned().unwrap_or_default(), None)?;
        assert_eq!(file.world.row(TableId::Users, 31).map(|user| user.int("site_id")), Some(18));
        let stored = file.world.row(TableId::Statuses, 3).cloned().unwrap_or_default();
        assert_eq!((stored.text("name"), stored.has("colour")), ("Waiting", false));
        assert_eq!(stored.more().next().map(|(name, _)| name.as_str()), Some("useworkinghours"));
        assert!(file.put("Status", &Map::new(), None).is_err());
        assert!(file.put("Nothing", &row, None).is_err());
        Ok(())
    }
}
