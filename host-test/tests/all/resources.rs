//! Each resource from its creation to its deletion.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::support::{Desk, drive, ids, text};

/// Creates a record, reads, finds, changes and deletes it. Returns what was
/// created.
pub(crate) async fn live(
    desk: &Desk,
    resource: &str,
    new: Value,
    change: Value,
    find: Value,
) -> Result<Value> {
    let operation = |verb: &str| format!("{resource}.{verb}");
    let created = desk.result(&operation("create"), new.clone()).await?;
    let id = created.get("id").and_then(Value::as_i64).context("no id")?;
    let read = desk.result(&operation("get"), json!({ "id": id })).await?;
    assert_holds(&read, &new);

    let listed = ids(&desk.results(&operation("list"), with(find, "return_all", json!(true))).await?);
    assert!(listed.contains(&id), "{resource} {id} is not in {listed:?}");

    desk.result(&operation("update"), with(change.clone(), "id", json!(id))).await?;
    let read = desk.result(&operation("get"), json!({ "id": id })).await?;
    assert_holds(&read, &change);
    // What was not named stays.
    let untouched: serde_json::Map<String, Value> = new
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| change.get(key.as_str()).is_none())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    assert_holds(&read, &Value::Object(untouched));

    desk.results(&operation("delete"), json!({ "id": id })).await?;
    let error = desk.error(&operation("get"), json!({ "id": id })).await?;
    assert_eq!(text(&error, "kind"), "not-found", "{error}");
    let error = desk.error(&operation("delete"), json!({ "id": id })).await?;
    assert_eq!(text(&error, "kind"), "not-found", "{error}");
    Ok(created)
}

fn with(mut object: Value, key: &str, value: Value) -> Value {
    if let Value::Object(members) = &mut object {
        members.insert(key.to_owned(), value);
    }
    object
}

#[track_caller]
fn assert_holds(record: &Value, expected: &Value) {
    for (key, value) in expected.as_object().into_iter().flatten() {
        assert_eq!(record.get(key), Some(value), "{key} of {record}");
    }
}

#[test]
fn a_ticket_lives_from_create_to_delete() -> Result<()> {
    drive!(
        ["ticket.create", "ticket.get", "ticket.list", "ticket.update", "ticket.delete"],
        [],
        async |desk| {
            let created = live(
                desk,
                "ticket",
                json!({ "summary": "Wächter-Test „ß“ 🖨", "details": "Zeile 1\nZeile 2", "tickettype_id": 1 }),
                json!({ "summary": "Geändert", "status_id": 2 }),
                json!({ "open_only": true }),
            )
            .await?;
            assert!(text(&created, "link").starts_with("http"), "no link to the ticket: {created}");
            assert!(created.get("client_name").is_some(), "{created}");
            assert!(created.get("status_name").is_some(), "{created}");
            Ok(())
        }
    )
}

#[test]
fn a_client_lives_from_create_to_delete() -> Result<()> {
    drive!(
        ["client.create", "client.get", "client.list", "client.update", "client.delete"],
        [],
        async |desk| {
            live(
                desk,
                "client",
                json!({ "name": "Łódź & Söhne", "toplevel_id": 1 }),
                json!({ "name": "Łódź & Töchter" }),
                json!({ "search": "Łódź" }),
            )
            .await
            .map(drop)
        }
    )
}

#[test]
fn a_site_lives_from_create_to_delete() -> Result<()> {
    drive!(
        ["site.create", "site.get", "site.list", "site.update", "site.delete", "client.list"],
        [],
        async |desk| {
            let client = a_client(desk).await?;
            live(
                desk,
                "site",
                json!({ "name": "Außenstelle", "client_id": client }),
                json!({ "name": "Hauptstelle" }),
                json!({ "client_id": client }),
            )
            .await
            .map(drop)
        }
    )
}

#[test]
fn a_user_lives_from_create_to_delete() -> Result<()> {
    drive!(
        ["user.create", "user.get", "user.list", "user.update", "user.delete", "client.list", "site.list"],
        [],
        async |desk| {
            let client = a_client(desk).await?;
            let sites = desk.results("site.list", json!({ "client_id": client, "limit": 1 })).await?;
            let site = ids(&sites).first().copied().context("a client without a site")?;
            live(
                desk,
                "user",
                json!({ "name": "Jörg Ångström", "site_id": site, "emailaddress": "joerg@example.com" }),
                json!({ "emailaddress": "j.angstroem@example.com" }),
                json!({ "site_id": site }),
            )
            .await
            .map(drop)
        }
    )
}

/// A client that is not the one that stands for unknown.
async fn a_client(desk: &Desk) -> Result<i64> {
    let clients = desk.results("client.list", json!({ "limit": 5 })).await?;
    ids(&clients).into_iter().find(|id| *id > 1).context("no client")
}

#[test]
fn filters_are_applied_by_the_service() -> Result<()> {
    drive!(["ticket.list", "client.list"], [], async |desk| {
        let client = a_client(desk).await?;
        let input = json!({ "client_id": client, "return_all": true });
        let of_client = desk.results("ticket.list", input).await?;
        assert!(!of_client.is_empty() && of_client.len() < desk.sim.ticket_count());
        assert!(of_client.iter().all(|row| row["client_id"] == client));
        let open = desk.results("ticket.list", json!({ "open_only": true, "return_all": true })).await?;
        let closed = desk.results("ticket.list", json!({ "closed_only": true, "return_all": true })).await?;
        assert_eq!(open.len() + closed.len(), desk.sim.ticket_count());
        Ok(())
    })
}

#[test]
fn raw_output_is_the_services_own_and_simple_output_is_small() -> Result<()> {
    drive!(["ticket.get"], [], async |desk| {
        let simple = desk.result("ticket.get", json!({ "id": 1 })).await?;
        let raw = desk.result("ticket.get", json!({ "id": 1, "simplify": false })).await?;
        let members = |value: &Value| value.as_object().map_or(0, serde_json::Map::len);
        assert!(members(&raw) > members(&simple), "raw {}, simple {}", members(&raw), members(&simple));
        for record in [&simple, &raw] {
            assert!(record.get("status_id").is_some() && record.get("client_id").is_some(), "{record}");
        }
        assert!(!simple.to_string().contains("1900-01-01"), "a date that means never: {simple}");
        Ok(())
    })
}
