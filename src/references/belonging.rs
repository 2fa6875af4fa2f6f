//! A site or a user of another client is caught before it is written.
//!
//! A form that keeps the site while the client is changed gives both, and what
//! HaloPSA does with them is not known. Where both are given by number, the
//! record is read once in a call and compared.

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use serde_json::Value;
use workflow_node_sdk::interface::Object;
use workflow_node_sdk::text;

use super::Known;
use crate::catalogue::field::{Choice, Field, Kind};
use crate::catalogue::lists::find_list;
use crate::client::Client;
use crate::error::{Code, ErrorKind, NodeError, Result};
use crate::number;
use crate::protocol::envelope;
use crate::protocol::request::ApiRequest;

/// The most records that one call reads for this.
const MAX_RECORDS: usize = 50;

/// Refuses values that belong to another record than the one beside them. What
/// cannot be read is not judged, and what `given` names was found beside it.
pub fn check(
    client: &mut Client<'_>,
    known: &mut Known,
    fields: &[&Field],
    given: &Object,
    values: &Object,
) -> Result<()> {
    if client.is_dry_run() {
        return Ok(());
    }
    // A user says the site and the client at once, so it is read first.
    let mut dependent: Vec<(&Field, Choice)> = fields
        .iter()
        .filter_map(|field| match field.kind {
            Kind::Reference(choice) => Some((*field, choice)),
            _ => None,
        })
        .collect();
    dependent.sort_by_key(|(_, choice)| core::cmp::Reverse(choice.parameters.len()));
    let mut settled: Vec<(&str, i64, &str)> = Vec::new();
    for (field, choice) in dependent {
        let Some(list) = find_list(choice.list).filter(|list| !list.belongs.is_empty()) else { continue };
        if !given.get(field.name).is_some_and(Value::is_number) {
            continue;
        }
        let Some(id) = id(values.get(field.name)) else { continue };
        let open = |parent: &(&str, i64, &str)| {
            !settled
                .iter()
                .any(|(list, known, column)| *list == choice.list && *known == id && *column == parent.0)
        };
        let parents: Vec<(&str, i64, &str)> = choice
            .parameters
            .iter()
            .filter_map(|(parameter, parent)| Some((*parameter, self::id(values.get(*parent))?, *parent)))
            .filter(|(parameter, _, _)| list.belongs.iter().any(|(known, _)| known == parameter))
            .filter(|parent| open(parent))
            .collect();
        if parents.is_empty() {
            continue;
        }
        let Some(record) = read(client, known, &format!("{}/{id}", list.path))? else { continue };
        for (parameter, wanted, parent) in parents {
            let columns = list
                .belongs
                .iter()
                .find(|(known, _)| *known == parameter)
                .map_or(&[][..], |(_, columns)| columns);
            let Some(actual) = columns.iter().find_map(|column| self::id(record.get(*column))) else {
                continue;
            };
            if actual != wanted {
                return Err(foreign(field, id, &record, parent, wanted, actual));
            }
            // The site of this user is a site of this client.
            if parameter == "site_id"
                && list.belongs.iter().any(|(known, columns)| {
                    *known == "client_id"
                        && columns.iter().any(|column| self::id(record.get(*column)).is_some())
                })
            {
                settled.push(("sites", wanted, "client_id"));
            }
        }
    }
    Ok(())
}

fn id(value: Option<&Value>) -> Option<i64> {
    value.and_then(number::id).filter(|id| *id > 0)
}

fn foreign(field: &Field, id: i64, record: &Object, parent: &str, wanted: i64, actual: i64) -> NodeError {
    let name = record.get("name").and_then(Value::as_str).map(text::quoted).unwrap_or_default();
    NodeError::new(
        Code::InvalidValue,
        format!("{} {id} \"{name}\" belongs to {parent} {actual} and not to {wanted}.", field.label),
    )
    .with_field(field.name)
    .with_advice(format!("Give a value of {parent} {wanted}, or leave {} out.", field.name))
}

/// A record, read once; `None` where it cannot be had.
fn read(client: &mut Client<'_>, known: &mut Known, path: &str) -> Result<Option<Object>> {
    if let Some((_, record)) = known.records.iter().find(|(other, _)| other == path) {
        return Ok(Some(record.clone()).filter(|record| !record.is_empty()));
    }
    if known.records.len() >= MAX_RECORDS {
        return Ok(None);
    }
    let record = match client.fetch(&ApiRequest::get(path.to_string())) {
        Ok(value) => envelope::record(value).unwrap_or_default(),
        // What stops everything else, too, is reported by it.
        Err(error) if error.kind() == ErrorKind::Unauthenticated => return Err(error),
        Err(_) => Object::new(),
    };
    known.records.push((path.to_string(), record.clone()));
    Ok(Some(record).filter(|record| !record.is_empty()))
}
