//! What leaves the node: records simplified to their columns, and nothing
//! secret in them. What is left out is said ([`LeftOut`]).

mod left_out;
mod names;
mod secrets;
mod values;

use alloc::format;
use alloc::string::ToString;

use serde_json::Value;
use workflow_node_sdk::interface::Object;

use crate::catalogue::field::Column;
use crate::catalogue::resource::Resource;

pub use left_out::LeftOut;
pub use names::Names;
pub use secrets::{is_secret_name, remove as redact};
pub use values::{columns, find, integer, without_unset_dates};

/// Which form of a record is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// As HaloPSA sent it.
    Raw,
    /// The columns of a row.
    Row,
    /// The columns of a row and of a single record.
    Detail,
}

impl View {
    /// The form of a single record.
    pub const fn single(simplify: bool) -> Self {
        if simplify { Self::Detail } else { Self::Raw }
    }

    /// The form of a row.
    pub const fn row(simplify: bool) -> Self {
        if simplify { Self::Row } else { Self::Raw }
    }
}

/// Properties that come with every record of a kind and say nothing about it:
/// the configuration of its type was 85 percent of 196 KB in a recorded ticket.
const ALWAYS_HEAVY: &[&str] = &["tickettype"];

/// A nested record of more bytes than this is reduced to its id and name.
const MAX_NESTED_BYTES: usize = 4096;

/// Makes a record fit to leave. `instance` is the address of the application
/// that agents use, for links.
pub fn record(
    resource: &Resource,
    mut record: Object,
    view: View,
    names: &Names,
    instance: &str,
    left_out: &mut LeftOut,
) -> Value {
    let columns: &[&[Column]] = match view {
        View::Raw => {
            reduce(&mut record, left_out);
            let mut value = Value::Object(record);
            redact(&mut value, left_out);
            return value;
        }
        View::Row => &[resource.columns],
        View::Detail => &[resource.columns, resource.detail_columns],
    };
    names.complete(resource, &mut record);
    let mut simple = Object::new();
    for column in columns.iter().copied().flatten() {
        // Taken and not copied: no two columns have the same source.
        let value = values::take(&mut record, column);
        values::insert(&mut simple, column, value, left_out);
    }
    if let (Some(page), Some(id)) = (resource.page, simple.get("id").and_then(Value::as_i64)) {
        simple.insert("link".to_string(), Value::String(format!("{instance}{page}{id}")));
    }
    let mut value = Value::Object(simple);
    redact(&mut value, left_out);
    value
}

/// Reduces what is heavy and not about the record itself.
fn reduce(record: &mut Object, left_out: &mut LeftOut) {
    // A new ticket carries about 94 KB of forms in it (HAPI §4, §14.39).
    if let Some(forms) = record.remove("extra_actions").filter(|forms| !forms.is_null()) {
        left_out.reduce("extra_actions", forms.to_string().len());
    }
    for (name, value) in record.iter_mut() {
        let Value::Object(nested) = value else { continue };
        if !nested.contains_key("id") || nested.keys().all(|name| name == "id" || name == "name") {
            continue;
        }
        let bytes = size(nested);
        if bytes > MAX_NESTED_BYTES || ALWAYS_HEAVY.contains(&name.as_str()) {
            left_out.reduce(name, bytes);
            nested.retain(|name, _| name == "id" || name == "name");
        }
    }
}

/// How long the JSON text of an object is, written into nothing.
fn size(object: &Object) -> usize {
    struct Counter(usize);
    impl core::fmt::Write for Counter {
        fn write_str(&mut self, text: &str) -> core::fmt::Result {
            self.0 = self.0.saturating_add(text.len());
            Ok(())
        }
    }
    let mut counter = Counter(2);
    for (name, value) in object {
        // Quotes, colon and comma.
        counter.0 = counter.0.saturating_add(name.len() + 4);
        // Counting cannot fail.
        let _ = core::fmt::write(&mut counter, format_args!("{value}"));
    }
    counter.0
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use serde_json::json;

    use super::*;
    use crate::catalogue::RESOURCES;
    use crate::catalogue::site::SITE;
    use crate::catalogue::ticket::TICKET;

    fn object(value: Value) -> Object {
        match value {
            Value::Object(object) => object,
            _ => Object::new(),
        }
    }

    fn shown(resource: &Resource, row: Value, view: View, names: &Names) -> Value {
        record(resource, object(row), view, names, "https://x.halopsa.com", &mut LeftOut::default())
    }

    #[test]
    fn a_row_is_simplified_with_names_dates_and_link() {
        let mut names = Names::default();
        names.learn(
            &TICKET,
            &[
                ("statuses".to_string(), [object(json!({"id": 1, "name": "New"}))].to_vec()),
                (
                    "priorities".to_string(),
                    [
                        object(json!({"priorityid": 3, "slaid": 1, "name": "Medium"})),
                        object(json!({"priorityid": "3", "slaid": 2.0, "name": "P3"})),
                    ]
                    .to_vec(),
                ),
            ],
        );
        let row = json!({
            "id": 17, "summary": "x", "status_id": 1, "priority_id": 3, "sla_id": 2, "client_id": 12.0,
            "dateoccurred": "2026-03-01T09:15:02.147", "fixbydate": "1900-01-01T00:00:00",
            "flastupdate": "2026-03-01T09:15:02", "matched_kb_id": 5,
        });
        let simple = shown(&TICKET, row, View::Row, &names);
        assert_eq!(simple["status_name"], "New");
        assert_eq!(simple["priority_name"], "P3");
        assert_eq!(simple["client_id"].to_string(), "12");
        assert_eq!(simple["dateoccurred"], "2026-03-01T09:15:02.147Z");
        assert_eq!(simple["fixbydate"], Value::Null);
        assert_eq!(simple["last_update"], "2026-03-01T09:15:02Z");
        assert_eq!(simple["link"], "https://x.halopsa.com/ticket?id=17");
        assert_eq!(simple.get("matched_kb_id"), None);
        assert_eq!(simple["agent_name"], Value::Null, "every column is there, known or not");
    }

    #[test]
    fn secrets_are_removed_in_every_view() {
        let answer = json!({"id": 1, "site_update": [{"users_update": [{"new_password": "hunter2"}]}],
            "client_secret": "s", "password_expires": false});
        let raw = shown(&SITE, answer.clone(), View::Raw, &Names::default());
        assert_eq!(raw, json!({"id": 1, "site_update": [{"users_update": [{}]}], "password_expires": false}));
        assert!(!shown(&SITE, answer, View::Detail, &Names::default()).to_string().contains("hunter2"));
    }

    #[test]
    fn heavy_nested_records_are_reduced_and_named() {
        let ticket = json!({
            "id": 1,
            "tickettype": {"id": 3, "name": "Incident", "fields": [1, 2, 3]},
            "workflow": {"id": 4, "name": "W", "steps": "x".repeat(5_000)},
            "user": {"id": 5, "name": "U", "emailaddress": "u@x.example"},
            "lines": "x".repeat(5_000),
            "extra_actions": [{"id": 1}],
        });
        let mut left_out = LeftOut::default();
        let raw = record(&TICKET, object(ticket.clone()), View::Raw, &Names::default(), "", &mut left_out);
        assert_eq!(raw["tickettype"], json!({"id": 3, "name": "Incident"}));
        assert_eq!(raw["workflow"], json!({"id": 4, "name": "W"}));
        assert_eq!((&raw["user"], &raw["lines"]), (&ticket["user"], &ticket["lines"]));
        let said = left_out.diagnostics(Some(0));
        let said: Vec<&str> = said.iter().map(|said| said.message.as_str()).collect();
        for name in ["tickettype", "workflow", "extra_actions"] {
            assert!(matches!(said.as_slice(), [only] if only.contains(name)), "{said:?}");
        }
    }

    #[test]
    fn a_date_that_cannot_be_read_is_named() {
        let mut left_out = LeftOut::default();
        let row = object(json!({"id": 1, "dateoccurred": "soon", "fixbydate": ""}));
        let simple = record(&TICKET, row, View::Row, &Names::default(), "", &mut left_out);
        assert_eq!((&simple["dateoccurred"], &simple["fixbydate"]), (&Value::Null, &Value::Null));
        let said = left_out.diagnostics(None);
        assert!(matches!(said.as_slice(), [only] if only.message.contains(": dateoccurred.")), "{said:?}");
    }

    #[test]
    fn no_two_columns_have_the_same_source() {
        for resource in RESOURCES {
            let columns = resource.columns.iter().chain(resource.detail_columns);
            let mut sources: Vec<String> = Vec::new();
            for column in columns {
                // Other spellings of a name count as the name.
                let names = core::iter::once(&column.name).chain(column.aliases);
                let mut own: Vec<String> = names.map(|name| name.replace('_', "")).collect();
                own.push(column.display_name().replace('_', ""));
                own.sort_unstable();
                own.dedup();
                sources.extend(own);
            }
            sources.sort_unstable();
            let double = sources.windows(2).find(|pair| pair[0] == pair[1]);
            assert_eq!(double, None, "{}", resource.name);
        }
    }
}
