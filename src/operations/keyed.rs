//! Tickets that are known by a key from outside: writing the key, and finding
//! tickets by it.
//!
//! HaloPSA has no lookup by such a key that is confirmed everywhere, so the
//! default is a reference in the summary, which `search` finds (HAPI 6.2). What
//! a search gives is looked at again here: it matches parts of words, and an
//! instance that ignores a parameter gives everything.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde_json::{Value, json};

use super::{record, tag};
use crate::catalogue::field::{Field, Kind};
use crate::catalogue::resource::{Resource, Verb};
use crate::client::{self, Client};
use crate::contract::Object;
use crate::error::{Code, NodeError, Result};
use crate::input::Input;
use crate::number;
use crate::output::Names;
use crate::protocol::answer;
use crate::protocol::date;
use crate::protocol::envelope;
use crate::protocol::request::{ApiRequest, Safety};
use crate::text;

/// How many rows that do not show the key's field are looked into.
const MOST_LOOKED_INTO: usize = 5;

/// The key of a ticket.
pub struct Key {
    text: String,
    /// The field that holds it, where it is not the summary.
    field: Option<String>,
    client_id: Option<i64>,
    token: String,
}

/// Which tickets count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Open ones.
    Open,
    /// Open and closed ones.
    Any,
}

impl Key {
    /// Takes the key out of an input.
    pub fn take(resource: &Resource, values: &mut Object) -> Result<Option<Self>> {
        let mut text =
            |name: &str| values.remove(name).and_then(|value| value.as_str().map(ToString::to_string));
        let (field, Some(key)) = (text("key_field"), text("key")) else { return Ok(None) };
        if let Some(field) = field.as_deref().filter(|field| !is_custom(field)) {
            // HaloPSA would ignore it, and make a ticket that is never found.
            let is_text = |known: &&Field| known.name == field && matches!(known.kind, Kind::Text);
            if resource.fields.iter().find(is_text).is_none() {
                let message = format!("Tickets have no text field \"{}\".", text::cut(field, 80));
                return Err(NodeError::new(Code::InvalidValue, message)
                    .field("key_field")
                    .advice("Name a text field, such as userdef1, or a custom field, such as CFKey."));
            }
        }
        let client_id = values.get("client_id").and_then(Value::as_i64);
        let client = client_id.map(|id| id.to_string()).unwrap_or_default();
        Ok(Some(Self { token: tag::of_key(&key, &client), text: key, field, client_id }))
    }

    /// What stands in a text so that it is found by the key and, if a mark is
    /// given, known as the work of one call.
    pub fn tag(&self, mark: Option<&str>) -> String {
        match mark {
            Some(mark) => format!("[{}-{mark}]", self.token),
            None => format!("[{}]", self.token),
        }
    }

    /// Puts a tag behind a summary.
    pub fn sign(fields: &mut Object, tag: &str) {
        if let Some(Value::String(summary)) = fields.get_mut("summary") {
            summary.push(' ');
            summary.push_str(tag);
        }
    }

    /// Puts the key into the field that was named for it.
    pub fn put(&self, fields: &mut Object) {
        let Some(field) = &self.field else { return };
        if !is_custom(field) {
            fields.insert(field.clone(), Value::from(self.text.as_str()));
            return;
        }
        let value = json!({"name": field, "value": self.text});
        match fields.get_mut("customfields") {
            Some(Value::Array(others)) => others.push(value),
            _ => {
                fields.insert("customfields".to_string(), Value::Array(vec![value]));
            }
        }
    }

    /// Whether the key stands in the summary.
    pub fn is_in_summary(&self) -> bool {
        self.field.is_none()
    }

    /// The key itself.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The search for tickets with this key.
    pub fn search(&self, resource: &Resource, state: State) -> ApiRequest {
        let request = ApiRequest::get(resource.path);
        let request = match &self.field {
            None => request.with("search", &self.token),
            // 2: equals (HAPI 6.2).
            Some(field) => {
                let filter = json!([{"filter_name": field, "filter_type": 2, "filter_value": self.text}]);
                request.with("advanced_search", filter)
            }
        };
        let request = if state == State::Open { request.with("open_only", true) } else { request };
        request
            .with("order", "id")
            .with("orderdesc", false)
            .with_defaults(resource.list_query)
            .with("pageinate", true)
            .with("page_no", 1)
            .with("page_size", 100)
            .needing(resource.scopes.read)
    }

    /// Finds the tickets with this key that were opened at `since` or later
    /// (milliseconds since 1970):
    /// rows of the list by their ids, rising. `names` learns what is beside them.
    pub fn find(
        &self,
        client: &mut Client<'_>,
        resource: &'static Resource,
        state: State,
        since: Option<i64>,
        names: &mut Names,
    ) -> Result<Vec<Object>> {
        let answer = client.send(&self.search(resource, state))?;
        let tables: Vec<&str> = resource.tables.iter().map(|table| table.key).collect();
        let page = envelope::list(client::json(&answer, Safety::Read)?, resource.list_key, &tables)
            .map_err(|why| answer::malformed(&answer, why, Safety::Read))?;
        names.learn(resource, &page.tables);
        let mut found: Vec<Object> = vec![];
        let mut looked_into = 0;
        for row in page.rows {
            let opened = row.get("dateoccurred").and_then(Value::as_str).and_then(date::instant);
            let too_old = matches!((opened, since), (Some(opened), Some(since)) if opened < since);
            if too_old || id(&row) == 0 || found.iter().any(|other| id(other) == id(&row)) {
                continue;
            }
            let holds = match self.is_held_by(&row) {
                Some(holds) => holds,
                None if looked_into < MOST_LOOKED_INTO => {
                    looked_into += 1;
                    let one = Input::of_record(id(&row));
                    let request = record::request(resource, Verb::Get, &one);
                    let answer = client.send(&request)?;
                    self.is_held_by(&record::record(&answer, Safety::Read)?) == Some(true)
                }
                None => false,
            };
            if holds {
                found.push(row);
            }
        }
        found.sort_unstable_by_key(id);
        Ok(found)
    }

    /// Whether a ticket has the key; `None` where that does not show.
    fn is_held_by(&self, ticket: &Object) -> Option<bool> {
        let Some(field) = &self.field else {
            let summary = ticket.get("summary")?.as_str()?;
            return Some(summary.to_ascii_lowercase().contains(&self.token));
        };
        if let (Some(wanted), Some(client_id)) = (self.client_id, ticket.get("client_id").and_then(whole))
            && wanted != client_id
        {
            return Some(false);
        }
        let value = if is_custom(field) {
            let fields = ticket.get("customfields")?.as_array()?;
            let named = |value: &&Value| value.get("name").and_then(Value::as_str) == Some(field);
            fields.iter().find(named).and_then(|value| value.get("value"))?
        } else {
            ticket.get(field).filter(|value| !value.is_null())?
        };
        Some(match value {
            Value::String(text) => text.eq_ignore_ascii_case(&self.text),
            Value::Number(number) => number.to_string() == self.text,
            _ => false,
        })
    }
}

/// The id of a ticket; 0 where it has none.
pub fn id(ticket: &Object) -> i64 {
    ticket.get("id").and_then(whole).unwrap_or(0)
}

fn whole(value: &Value) -> Option<i64> {
    value.as_number().and_then(number::whole)
}

/// Names of custom fields begin so (HAPI 7.5).
fn is_custom(field: &str) -> bool {
    field.starts_with("CF")
}
