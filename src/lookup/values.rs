//! The values of a lookup table (HAPI §10.16).
//!
//! `/Lookup?lookupid=N` gives them in most sources, and nothing for every N on
//! one live tenant, where `/Lookup` holds the rows of all tables. So where the
//! filtered list is empty, the whole one is read.

use alloc::vec::Vec;

use serde_json::Value;
use workflow_node_sdk::interface::Object;
use workflow_node_sdk::retry::Safety;

use crate::client::{self, Client};
use crate::error::Result;
use crate::protocol::answer;
use crate::protocol::envelope;
use crate::protocol::identity::Identity;
use crate::protocol::request::ApiRequest;

/// Path of the lookup tables.
pub const PATH: &str = "/Lookup";

/// The parameter, and the column, that says which table a row is of.
const TABLE: &str = "lookupid";

/// The rows of a lookup table. `request` asks for it by its number.
pub fn read(client: &mut Client<'_>, request: &ApiRequest) -> Result<Vec<Object>> {
    let mut rows = list(client, request)?;
    let table =
        request.query.iter().find(|(name, _)| name == TABLE).and_then(|(_, id)| Identity::of_text(id));
    let Some(table) = table else { return Ok(rows) };
    let of = |row: &Object| row.get(TABLE).and_then(Identity::of);
    // Where the filter is ignored, the rows of all tables come.
    rows.retain(|row| of(row).is_none_or(|of| of == table));
    if !rows.is_empty() {
        return Ok(rows);
    }
    let mut whole = request.clone();
    whole.query.retain(|(name, _)| name != TABLE);
    let mut rows = list(client, &whole)?;
    rows.retain(|row| of(row) == Some(table.clone()));
    Ok(rows)
}

/// The request for a lookup table.
pub fn request(table: i64) -> ApiRequest {
    ApiRequest::get(PATH).with(TABLE, table)
}

fn list(client: &mut Client<'_>, request: &ApiRequest) -> Result<Vec<Object>> {
    let answer = client.send(request)?;
    let body: Value = client::json(&answer, Safety::Read)?;
    let page = envelope::list(body, "", &[]);
    page.map(|page| page.rows).map_err(|why| answer::malformed(&answer, why, Safety::Read))
}
