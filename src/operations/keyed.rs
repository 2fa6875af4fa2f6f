//! Tickets that are known by a key from outside: writing the key, and finding
//! tickets by it.
//!
//! HaloPSA has no lookup by such a key that is confirmed everywhere, so the
//! default is a reference in the summary, which `search` finds (HAPI §6.2). What
//! a search gives is looked at again here: it matches parts of words, and an
//! instance that ignores a parameter gives everything. What it does not give
//! proves something only where all of it was read (see [`search`]).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde_json::{Value, json};
use workflow_node_sdk::interface::Object;
use workflow_node_sdk::retry::Safety;
use workflow_node_sdk::text;

use super::search::{self, PAGE_SIZE, Sighting};
use super::{record, tag};
use crate::catalogue::field::{Field, Kind};
use crate::catalogue::resource::{Resource, Verb};
use crate::client::Client;
use crate::error::{Code, ErrorKind, NodeError, Result};
use crate::input::Input;
use crate::number;
use crate::output::Names;
use crate::protocol::date;
use crate::protocol::request::ApiRequest;

/// How many rows that do not show the key's field are looked into.
const MAX_LOOKED_INTO: usize = 10;

/// The longest summary that has its reference at the end, with it. HaloPSA's
/// limit is not known; where it cuts a longer one, the reference must not be
/// what is lost.
const MAX_SHORT_SUMMARY: usize = 100;

/// How many merges are followed from a ticket.
const MAX_MERGES: usize = 5;

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
    /// Open and closed ones that changed at this time or later, in milliseconds
    /// since 1970.
    ChangedSince(i64),
}

/// What a search for a key gave: tickets that have it, by their ids, rising.
#[derive(Debug)]
pub struct Matches {
    rows: Vec<Object>,
    is_complete: bool,
}

impl Matches {
    /// Those that were seen. That there is no other one is for
    /// [`Matches::sighting`] to say.
    pub fn seen(&self) -> &[Object] {
        &self.rows
    }

    /// Whether there are others that were not seen.
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// What it means for whoever wants to write.
    pub fn sighting(self) -> Sighting<Vec<Object>> {
        match (self.rows.is_empty(), self.is_complete) {
            (false, _) => Sighting::Found(self.rows),
            (true, true) => Sighting::Absent,
            (true, false) => Sighting::Inconclusive,
        }
    }
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
                let message = format!("Tickets have no text field \"{}\".", text::quoted(field));
                return Err(NodeError::new(Code::InvalidValue, message)
                    .with_field("key_field")
                    .with_advice("Name a text field, such as userdef1, or a custom field, such as CFKey."));
            }
        }
        let client_id = values.get("client_id").and_then(number::id);
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

    /// Puts a tag into a summary.
    pub fn sign(fields: &mut Object, tag: &str) {
        if let Some(Value::String(summary)) = fields.get_mut("summary") {
            *summary = signed(summary, tag);
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
            // 2: equals (HAPI §6.2).
            Some(field) => {
                let filter = json!([{"filter_name": field, "filter_type": 2, "filter_value": self.text}]);
                request.with("advanced_search", filter)
            }
        };
        let request = match state {
            State::Open => request.with("open_only", true),
            State::Any => request,
            State::ChangedSince(since) => match date::to_wire(&date::from_instant(since)) {
                Some(since) => request.with("lastupdatefromdate", since),
                None => request,
            },
        };
        listed(resource, request)
    }

    /// Finds the tickets with this key that were opened at `since` or later
    /// (milliseconds since 1970). `names` learns what is beside them.
    pub fn find(
        &self,
        client: &mut Client<'_>,
        resource: &'static Resource,
        state: State,
        since: Option<i64>,
        names: &mut Names,
    ) -> Result<Matches> {
        let tables: Vec<&str> = resource.tables.iter().map(|table| table.key).collect();
        let request = self.search(resource, state);
        let found = search::read(client, &request, resource.list_key, &tables, &mut |_| false)?;
        names.learn(resource, &found.tables);
        let mut matches = Matches { rows: vec![], is_complete: found.is_complete };
        let mut looked_into = 0;
        for row in found.rows {
            let opened = row.get("dateoccurred").and_then(Value::as_str).and_then(date::instant);
            let too_old = matches!((opened, since), (Some(opened), Some(since)) if opened < since);
            if too_old {
                continue;
            }
            let holds = match self.is_held_by(&row) {
                Some(holds) => holds,
                None if looked_into < MAX_LOOKED_INTO => {
                    looked_into += 1;
                    let request = record::request(resource, Verb::Get, &Input::of_record(id(&row)));
                    let answer = client.send(&request)?;
                    self.is_held_by(&record::record(&answer, Safety::Read)?) == Some(true)
                }
                None => {
                    matches.is_complete = false;
                    false
                }
            };
            if holds {
                matches.rows.push(row);
            }
        }
        matches.rows.sort_unstable_by_key(id);
        Ok(matches)
    }

    /// Whether a ticket has the key; `None` where that does not show.
    fn is_held_by(&self, ticket: &Object) -> Option<bool> {
        let Some(field) = &self.field else {
            let summary = ticket.get("summary")?.as_str()?;
            return Some(summary.to_ascii_lowercase().contains(&self.token));
        };
        if let (Some(wanted), Some(client_id)) =
            (self.client_id, ticket.get("client_id").and_then(number::id))
            && wanted != client_id
        {
            return Some(false);
        }
        let value = if is_custom(field) {
            let fields = ticket.get("customfields")?.as_array()?;
            let named = |value: &&Value| {
                value.get("name").and_then(Value::as_str).is_some_and(|name| name.eq_ignore_ascii_case(field))
            };
            fields.iter().find(named).and_then(|value| value.get("value"))?
        } else {
            ticket.get(field).filter(|value| !value.is_null())?
        };
        Some(match value {
            Value::String(text) => text.trim() == self.text.trim(),
            Value::Number(number) => number.to_string() == self.text,
            _ => false,
        })
    }
}

/// A list of tickets, the newest first: what was made lately is wanted most.
fn listed(resource: &Resource, request: ApiRequest) -> ApiRequest {
    request
        .with("order", "id")
        .with("orderdesc", true)
        .with_defaults(resource.list_query)
        .with("pageinate", true)
        .with("page_no", 1)
        .with("page_size", PAGE_SIZE)
        .needing(resource.scopes.read)
}

/// Finds the tickets whose summary has a tag with this mark, open and closed
/// ones. Hardly anything else holds the mark, so however many tickets have the
/// key, one page shows them.
pub fn find_marked(
    client: &mut Client<'_>,
    resource: &'static Resource,
    mark: &str,
    tag: &str,
) -> Result<Matches> {
    let request = listed(resource, ApiRequest::get(resource.path).with("search", mark));
    let found = search::read(client, &request, resource.list_key, &[], &mut |_| false)?;
    let mut rows = found.rows;
    rows.retain(|row| has_tag(row, tag));
    rows.sort_unstable_by_key(id);
    Ok(Matches { rows, is_complete: found.is_complete })
}

/// Whether a ticket's summary has a tag.
pub fn has_tag(ticket: &Object, tag: &str) -> bool {
    ticket.get("summary").and_then(Value::as_str).is_some_and(|summary| summary.contains(tag))
}

/// A text with a tag: at the end of a short one, before a long one, which may be
/// cut.
pub fn signed(summary: &str, tag: &str) -> String {
    let at_the_end = format!("{summary} {tag}");
    if at_the_end.chars().count() > MAX_SHORT_SUMMARY { format!("{tag} {summary}") } else { at_the_end }
}

/// The ticket that a ticket was merged into in the end; the ticket itself where
/// it was not, and nothing where that one cannot be read.
pub fn merged_into(
    client: &mut Client<'_>,
    resource: &'static Resource,
    ticket: Object,
) -> Result<Option<Object>> {
    let mut ticket = ticket;
    for _ in 0..MAX_MERGES {
        let target = ticket.get("merged_into_id").and_then(number::id).unwrap_or(0);
        if target <= 0 || target == id(&ticket) {
            return Ok(Some(ticket));
        }
        let answer = client.send(&record::request(resource, Verb::Get, &Input::of_record(target)));
        ticket = match answer.and_then(|answer| record::record(&answer, Safety::Read)) {
            Ok(ticket) => ticket,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Forbidden) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
    }
    Ok(None)
}

/// The id of a ticket that a search gave; 0 where it has none.
pub fn id(ticket: &Object) -> i64 {
    search::id(ticket).unwrap_or(0)
}

/// Names of custom fields begin so (HAPI §7.5).
fn is_custom(field: &str) -> bool {
    field.starts_with("CF")
}
