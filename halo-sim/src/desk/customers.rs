//! New clients bring a site and a contact; users need a site (HAPI §10.1–10.3).

use serde_json::{Value, json};

use super::{Desk, Written, generic};
use crate::{
    protocol::Refusal,
    resources::{Resource, patch::Element},
    state::{Key, Row, TableId, World, seed::random},
};

/// Creates a client with its main site and General User, or changes a client.
pub(crate) fn write_client(
    desk: &mut Desk<'_>,
    resource: &'static Resource,
    element: &Element,
) -> Result<Written, Refusal> {
    if element.key.is_some() {
        return generic::write(desk, resource, element);
    }
    let key = generic::create(desk, resource, element)?;
    let client = key.number().unwrap_or(0);
    let now = desk.now.clone();
    let sites = desk.world.table_mut(TableId::Sites);
    let site = sites.next_id();
    sites.put(Key::Int(site), new_site(site, client, "Main", &now));
    let users = desk.world.table_mut(TableId::Users);
    let user = users.next_id();
    users.put(Key::Int(user), general_user(user, site, &now));
    if let Some(row) = desk.world.table_mut(TableId::Clients).get_mut(&key) {
        row.set("main_site_id", site);
        if row.int("toplevel_id") == 0 {
            row.set("toplevel_id", 1);
        }
    }
    // The password is in plain text in the real answer too (HAPI §10.1).
    let update = json!([{
        "id": site,
        "name": "Main",
        "client_id": client as f64,
        "users_update": [{
            "id": user,
            "name": "General User",
            "site_id": site as f64,
            "new_password": random::password(client.unsigned_abs()),
        }],
    }]);
    Ok(Written { extra: vec![("site_update", update)], ..Written::plain(key) })
}

/// The site that comes with a client.
pub(crate) fn new_site(id: i64, client: i64, name: &str, now: &str) -> Row {
    Row::new()
        .with("id", id)
        .with("name", name)
        .with("client_id", client as f64)
        .with("datecreated", now)
        .with("last_update", now)
}

/// The contact that comes with a client.
pub(crate) fn general_user(id: i64, site: i64, now: &str) -> Row {
    Row::new()
        .with("id", id)
        .with("name", "General User")
        .with("firstname", "General")
        .with("surname", "User")
        .with("site_id", site as f64)
        .with("generaluser", true)
        .with("datecreated", now)
        .with("last_update", now)
}

/// Creates or changes a site; its client must exist.
pub(crate) fn write_site(
    desk: &mut Desk<'_>,
    resource: &'static Resource,
    element: &Element,
) -> Result<Written, Refusal> {
    let client = element.patch.int("client_id");
    if client != 0 && desk.world.row(TableId::Clients, client).is_none() {
        return Err(Refusal::rule("Please select a valid Client"));
    }
    generic::write(desk, resource, element)
}

/// Creates or changes a user; its site must exist.
pub(crate) fn write_user(
    desk: &mut Desk<'_>,
    resource: &'static Resource,
    element: &Element,
) -> Result<Written, Refusal> {
    let patch = &element.patch;
    let site = patch.int("site_id");
    if site != 0 && desk.world.row(TableId::Sites, site).is_none() {
        return Err(Refusal::rule("Please select a valid Site"));
    }
    let supplier = element.raw.get("supplier").is_some_and(Value::is_object);
    if supplier && element.key.is_none() && patch.text("emailaddress").is_empty() {
        return Err(Refusal::mandatory("Email Address"));
    }
    let written = generic::write(desk, resource, element)?;
    if let Some(row) = desk.world.table_mut(TableId::Users).get_mut(&written.key) {
        complete_name(row, patch);
    }
    Ok(written)
}

/// Keeps the three names of a user in step.
fn complete_name(row: &mut Row, patch: &Row) {
    if patch.has("name") && !patch.has("firstname") && !patch.has("surname") {
        let name = row.text("name").trim().to_owned();
        let (first, last) = name.rsplit_once(' ').unwrap_or((name.as_str(), ""));
        row.set("firstname", first);
        row.set("surname", last);
    } else if !patch.has("name") && (patch.has("firstname") || patch.has("surname")) {
        let name = format!("{} {}", row.text("firstname"), row.text("surname"));
        row.set("name", name.trim());
    }
}

/// Deletes a client with its sites and users.
pub(crate) fn delete_client(
    desk: &mut Desk<'_>,
    resource: &'static Resource,
    key: &Key,
) -> Result<Row, Refusal> {
    let client = key.number().unwrap_or(0);
    if desk.knobs.conflict_on_delete && has_tickets(desk.world, client) {
        return Err(Refusal::Conflict("The client has related records and cannot be deleted".to_owned()));
    }
    let gone = generic::delete(desk, resource, key)?;
    let mut sites = Vec::new();
    desk.world.table_mut(TableId::Sites).retain(|site| {
        let keep = site.int("client_id") != client;
        if !keep {
            sites.push(site.int("id"));
        }
        keep
    });
    desk.world.table_mut(TableId::Users).retain(|user| !sites.contains(&user.int("site_id")));
    Ok(gone)
}

fn has_tickets(world: &World, client: i64) -> bool {
    let mut tickets = world.table(TableId::Tickets).rows();
    tickets.any(|ticket| ticket.int("client_id") == client && !ticket.flag("deleted"))
}
