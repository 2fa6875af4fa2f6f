//! Clients, sites and users of a seed.

use serde_json::json;

use super::{
    random::{Random, guid},
    words::{FIRMS, FIRST, FORMS, LAST, PLACES},
};
use crate::{
    desk::customers::{general_user, new_site},
    state::{Key, Row, TableId, World},
};

const LONG_AGO: &str = "2024-01-15T08:00:00";

/// Client 1 is "Unknown" with site 1 and user 1 (HAPI §16).
pub(super) fn plant(world: &mut World, random: &mut Random, clients: usize) {
    for index in 0..clients {
        let id = index as i64 + 1;
        let name = firm(index);
        world.table_mut(TableId::Clients).seed(
            Row::new()
                .with("id", id)
                .with("name", name)
                .with("ref", format!("C{id:04}"))
                .with("toplevel_id", if id % 9 == 0 { 2 } else { 1 })
                .with("inactive", id > 1 && id % 16 == 0)
                .with("is_vip", id % 7 == 0)
                .with("colour", "#2bd3c6")
                .with("customertype", 1)
                .with("accountmanagertech", 2 + id % 8)
                .with("website", if id == 1 { String::new() } else { format!("https://client{id}.example") })
                .with("datecreated", LONG_AGO)
                .with("last_update", LONG_AGO),
        );
        if id % 4 == 0 {
            let tenant = json!([{
                "client_id": id,
                "azure_tenant_id": guid(id.unsigned_abs(), "tenant"),
                "azure_tenant_domain": format!("client{id}.example"),
            }]);
            if let Some(row) = world.table_mut(TableId::Clients).get_mut(&Key::Int(id)) {
                row.set("azure_tenants", tenant);
            }
        }
        sites(world, random, id);
    }
}

fn firm(index: usize) -> String {
    if index == 0 {
        return "Unknown".to_owned();
    }
    let nth = index - 1;
    let name = FIRMS.get(nth % FIRMS.len()).copied().unwrap_or_default();
    let form = FORMS.get(nth % FORMS.len()).copied().unwrap_or_default();
    let branch = match nth / FIRMS.len() {
        0 => String::new(),
        more => format!(" {}", more + 1),
    };
    format!("{name}{branch} {form}").trim_end().to_owned()
}

fn sites(world: &mut World, random: &mut Random, client: i64) {
    let count = if client == 1 { 1 } else { 1 + random.below(3) };
    for index in 0..count {
        let site = world.table_mut(TableId::Sites).next_id();
        let name = if index == 0 { "Main" } else { random.pick(PLACES) };
        let mut row = new_site(site, client, name, LONG_AGO);
        row.set("sla_id", if client % 5 == 0 { 2 } else { 1 });
        row.set("phonenumber", format!("+49 30 55{client:03}{site:03}"));
        row.set("timezone", "Europe/Berlin");
        row.set("inactive", index == 2);
        row.set("delivery_address", serde_json::json!({
            "line1": format!("Hauptstraße {site}"), "line2": "", "line3": "Köln", "line4": "", "postcode": format!("{:05}", 50000 + site),
        }));
        world.table_mut(TableId::Sites).seed(row);
        if index == 0 {
            let user = world.table_mut(TableId::Users).next_id();
            world.table_mut(TableId::Users).seed(general_user(user, site, LONG_AGO));
            if let Some(row) = world.table_mut(TableId::Clients).get_mut(&Key::Int(client)) {
                row.set("main_site_id", site);
            }
        }
        if client > 1 {
            users(world, random, site);
        }
    }
}

fn users(world: &mut World, random: &mut Random, site: i64) {
    for _ in 0..2 + random.below(4) {
        let id = world.table_mut(TableId::Users).next_id();
        let (first, last) = (random.pick(FIRST), random.pick(LAST));
        let initials: String = [first, last].iter().filter_map(|name| name.chars().next()).collect();
        world.table_mut(TableId::Users).seed(
            Row::new()
                .with("id", id)
                .with("name", format!("{first} {last}"))
                .with("firstname", first)
                .with("surname", last)
                .with("initials", initials)
                .with("site_id", site as f64)
                .with("emailaddress", format!("user{id}@client.example"))
                .with("phonenumber", format!("+49 30 77{id:05}"))
                .with("login", format!("user{id}"))
                .with("inactive", id % 23 == 0)
                .with("isimportantcontact", id % 13 == 0)
                .with("azureoid", guid(id.unsigned_abs(), "azureoid"))
                .with("datecreated", LONG_AGO)
                .with("last_update", LONG_AGO),
        );
    }
}
