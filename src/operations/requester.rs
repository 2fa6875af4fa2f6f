//! Who asks: a user by e-mail address or by id in Entra (HAPI §6.2, §7.3).
//!
//! A ticket with a user needs the user's site too, so both are filled in, and
//! the client. Nobody is guessed: several users are a conflict, none is a
//! failure unless the input chose the client's general user.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::{Value, json};
use workflow_node_sdk::interface::Object;
use workflow_node_sdk::text;

use super::search;
use crate::catalogue::user::USER;
use crate::client::Client;
use crate::error::{Code, NodeError, Result};
use crate::number;
use crate::protocol::request::ApiRequest;

/// How many candidates a conflict names.
const MOST_NAMED: usize = 5;

/// The person that an input asks for.
pub struct Requester {
    email: Option<String>,
    entra_id: Option<String>,
    general_user: bool,
}

impl Requester {
    /// Takes the person out of an input.
    pub fn take(values: &mut Object) -> Result<Option<Self>> {
        let mut text = |name: &str| {
            values.remove(name).and_then(|value| value.as_str().map(|text| text.trim().to_string()))
        };
        let (email, entra_id) = (text("user_by_email"), text("user_by_entra_id"));
        let general_user = text("if_user_missing").as_deref() == Some("general_user");
        if email.is_none() && entra_id.is_none() {
            return Ok(None);
        }
        if let Some(name) = ["user_id", "userlookup"].iter().find(|name| values.contains_key(**name)) {
            return Err(NodeError::new(Code::InvalidValue, "The user is given in two ways.")
                .with_field(name)
                .with_advice(format!("Give {name}, or how the user is to be found.")));
        }
        Ok(Some(Self { email, entra_id, general_user }))
    }

    /// The first look-up.
    pub fn request(&self, values: &Object) -> ApiRequest {
        match (&self.entra_id, &self.email) {
            (Some(id), _) => by_entra_id(values, id),
            (None, email) => by_email(values, email.as_deref().unwrap_or_default()),
        }
    }

    /// Looks the person up and fills in user, site and client.
    pub fn link(&self, client: &mut Client<'_>, values: &mut Object) -> Result<()> {
        let mut users = Vec::new();
        let mut is_complete = true;
        if let Some(id) = &self.entra_id {
            match look_up(client, &by_entra_id(values, id)) {
                Ok(found) => {
                    is_complete = found.is_complete;
                    users = matching(found.rows, &["azureoid"], id);
                }
                // Some instances do not search by it.
                Err(error) if self.email.is_some() && refuses_the_search(&error) => {}
                Err(error) if refuses_the_search(&error) => {
                    return Err(error.with_field("user_by_entra_id").with_advice(
                        "This instance does not search users by their id in Entra. Give user_by_email.",
                    ));
                }
                Err(error) => return Err(error),
            }
        }
        if let (true, Some(email)) = (users.is_empty(), &self.email) {
            let found = look_up(client, &by_email(values, email))?;
            is_complete &= found.is_complete;
            users = matching(found.rows, &["emailaddress", "email2", "email3", "login"], email);
        }
        let field = if self.email.is_some() { "user_by_email" } else { "user_by_entra_id" };
        let wanted = self.email.as_deref().or(self.entra_id.as_deref()).unwrap_or_default();
        match users.as_slice() {
            [] | [_] if !is_complete => {
                let message = format!(
                    "Whether \"{}\" is one user is not known: the search found more users than are read.",
                    text::quoted(wanted)
                );
                return Err(search::inconclusive(message)
                    .with_field(field)
                    .with_advice("Give client_id too, or user_id and site_id of the one that is meant."));
            }
            [user] => fill_in(values, user)?,
            [] if self.general_user => {
                values.insert("userlookup".to_string(), json!({"id": -1, "lookupdisplay": "General User"}));
            }
            [] => {
                let message = format!("There is no user \"{}\".", text::quoted(wanted));
                return Err(NodeError::new(Code::RecordNotFound, message).with_field(field).with_advice(
                    "Make the user in HaloPSA, or choose general_user as if_user_missing. Users of other clients than client_id do not count.",
                ));
            }
            several => {
                let named: Vec<String> = several.iter().take(MOST_NAMED).map(describe).collect();
                let message = format!(
                    "{} users are \"{}\": {}.",
                    several.len(),
                    text::quoted(wanted),
                    named.join(", ")
                );
                return Err(NodeError::new(Code::Conflict, message)
                    .with_field(field)
                    .with_advice("Give client_id too, or user_id and site_id of the one that is meant."));
            }
        }
        Ok(())
    }
}

fn by_email(values: &Object, email: &str) -> ApiRequest {
    users(values).with("search", email)
}

/// `search` does not find it, `advanced_search` does: 2 is "equals" (HAPI §6.2).
fn by_entra_id(values: &Object, id: &str) -> ApiRequest {
    let filter = json!([{"filter_name": "azureoid", "filter_type": 2, "filter_value": id}]);
    users(values).with("advanced_search", filter)
}

fn users(values: &Object) -> ApiRequest {
    let mut request = ApiRequest::get(USER.path)
        .with("pageinate", true)
        .with("page_no", 1)
        .with("page_size", 100)
        .needing(USER.scopes.read);
    for name in ["client_id", "site_id"] {
        if let Some(id) = values.get(name).and_then(Value::as_i64) {
            request = request.with(name, id);
        }
    }
    request
}

fn look_up(client: &mut Client<'_>, request: &ApiRequest) -> Result<search::Rows> {
    search::read(client, request, USER.list_key, &[], &mut |_| false)
}

fn refuses_the_search(error: &NodeError) -> bool {
    error.vendor_message().is_some_and(|words| words.contains("Invalid advanced search parameter"))
}

/// A search finds parts of words, so what it found is compared once more.
fn matching(rows: Vec<Object>, columns: &[&str], wanted: &str) -> Vec<Object> {
    let is = |value: Option<&Value>| {
        value.and_then(Value::as_str).is_some_and(|text| text.trim().eq_ignore_ascii_case(wanted))
    };
    let mut rows = rows;
    rows.retain(|row| columns.iter().any(|column| is(row.get(*column))));
    rows
}

fn fill_in(values: &mut Object, user: &Object) -> Result<()> {
    if whole(user.get("id")).is_none() {
        return Err(NodeError::new(Code::MalformedAnswer, "HaloPSA's user has no number as its id."));
    }
    for (name, columns) in [
        ("user_id", ["id", "id"]),
        ("site_id", ["site_id_int", "site_id"]),
        ("client_id", ["client_id", "client_id"]),
    ] {
        let id = columns.iter().find_map(|column| whole(user.get(*column)).filter(|id| *id > 0));
        if let Some(id) = id {
            values.entry(name).or_insert_with(|| Value::from(id));
        }
    }
    Ok(())
}

fn describe(user: &Object) -> String {
    let said = |name: &str| user.get(name).and_then(Value::as_str).unwrap_or("?");
    let id = whole(user.get("id")).unwrap_or(0);
    format!(
        "{} ({id}, {} / {})",
        text::cut(&text::quoted(said("name")), 60),
        text::cut(&text::quoted(said("client_name")), 60),
        text::cut(&text::quoted(said("site_name")), 60)
    )
}

fn whole(value: Option<&Value>) -> Option<i64> {
    value.and_then(number::id)
}

#[cfg(test)]
mod tests;
