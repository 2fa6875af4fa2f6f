//! Searching a list for a name, and how much the result is worth.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde_json::Value;
use workflow_node_sdk::interface::Object;
use workflow_node_sdk::text;

use crate::catalogue::lists::List;
use crate::client::Client;
use crate::error::{Code, ErrorKind, NodeError, Result};
use crate::lookup::rows::{self, Row, Search};

/// The most pages that are searched for a name.
const MAX_PAGES: usize = 5;

/// The most lists that are kept for the length of a call.
const MAX_LISTS: usize = 32;

/// The rows of a search. Absence and uniqueness follow from all rows only, so
/// whoever uses them must say what becomes of a part.
#[derive(Debug, Clone)]
#[must_use]
pub enum Found {
    /// Every row that fits the search.
    All(Vec<Row>),
    /// Some of them: the search was cut short, or the list is known to leave
    /// rows out.
    Some(Vec<Row>),
}

/// What is to be found.
#[derive(Debug)]
pub(super) enum Wanted<'a> {
    /// The record with this number, for lists whose values are names.
    Id(i32),
    /// The record of this name.
    Name(&'a str),
}

impl Wanted<'_> {
    pub(super) fn is(&self, row: &Row) -> bool {
        match self {
            Self::Id(id) => row.id == *id,
            Self::Name(name) => {
                // As names of rows are cleaned.
                let name = text::clean(name).to_lowercase();
                row.names.iter().any(|known| known.to_lowercase() == name)
                    || row.guid.as_deref().is_some_and(|guid| guid.eq_ignore_ascii_case(&name))
            }
        }
    }

    pub(super) fn shown(&self) -> String {
        match self {
            Self::Id(id) => id.to_string(),
            Self::Name(name) => text::quoted(name),
        }
    }
}

/// The rows of a list among which the wanted one is, if there is one.
pub(super) fn find(
    client: &mut Client<'_>,
    lists: &mut Vec<(String, Found)>,
    list: &'static List,
    params: &Object,
    wanted: &Wanted<'_>,
) -> Result<Found> {
    let Wanted::Name(name) = wanted else { return whole(client, lists, list, params) };
    if !list.is_paged() {
        return whole(client, lists, list, params);
    }
    // "it" is in the names of hundreds, and is the whole name of one.
    let mut equals_asked = false;
    if list.search_by_name {
        equals_asked = true;
        if let Some(found) = by_equality(client, list, params, wanted, name)? {
            return Ok(found);
        }
    }
    let found = pages(client, list, params, Search::Contains(name), MAX_PAGES)?;
    if let (Found::Some(_), false) = (&found, equals_asked)
        && let Some(equal) = by_equality(client, list, params, wanted, name)?
    {
        return Ok(equal);
    }
    Ok(found)
}

/// The rows of exactly this name, by a condition that not every instance
/// honours and that some lists refuse. `None` where it says nothing.
fn by_equality(
    client: &mut Client<'_>,
    list: &'static List,
    params: &Object,
    wanted: &Wanted<'_>,
    name: &str,
) -> Result<Option<Found>> {
    match pages(client, list, params, Search::Equals(name), 1) {
        // Nothing found may mean that the condition compares otherwise.
        Ok(Found::All(rows)) if !rows.is_empty() && rows.iter().all(|row| wanted.is(row)) => {
            Ok(Some(Found::All(rows)))
        }
        Ok(_) => Ok(None),
        Err(error) if is_about_the_condition(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_about_the_condition(error: &NodeError) -> bool {
    error.kind() == ErrorKind::InvalidInput || error.code() == Code::ServerError
}

fn pages(
    client: &mut Client<'_>,
    list: &'static List,
    params: &Object,
    search: Search<'_>,
    most: usize,
) -> Result<Found> {
    let mut rows: Vec<Row> = vec![];
    let mut cursor: Option<String> = None;
    for _ in 0..most {
        let part = rows::read(client, list, params, search, cursor.as_deref())?;
        rows.extend(part.rows);
        cursor = part.next;
        if cursor.is_none() {
            return Ok(Found::All(rows));
        }
    }
    Ok(Found::Some(rows))
}

/// A list that comes all at once, read once in a call.
fn whole(
    client: &mut Client<'_>,
    lists: &mut Vec<(String, Found)>,
    list: &'static List,
    params: &Object,
) -> Result<Found> {
    let place = format!("{} {}", list.name, Value::Object(params.clone()));
    if let Some((_, found)) = lists.iter().find(|(known, _)| *known == place) {
        return Ok(found.clone());
    }
    let found = if list.is_paged() {
        pages(client, list, params, Search::Nothing, MAX_PAGES)?
    } else {
        rows::whole(client, list, params)?
    };
    if lists.len() < MAX_LISTS {
        lists.push((place, found.clone()));
    }
    Ok(found)
}

/// Names of rows that begin like a name that none has: misspelt at its end,
/// mostly.
pub(super) fn similar(
    client: &mut Client<'_>,
    list: &'static List,
    params: &Object,
    name: &str,
) -> Result<Vec<String>> {
    let start: String = name.chars().take(3).collect();
    let part = rows::read(client, list, params, Search::Contains(&start), None)?;
    Ok(part.rows.into_iter().flat_map(|row| row.names).collect())
}
