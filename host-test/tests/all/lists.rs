//! Values for dropdowns, and names where ids are wanted.

use anyhow::{Context as _, Result, anyhow};
use host_test::manifest::Manifest;
use serde_json::{Value, json};
use workflow_node_host::{CallError, CallOptions, json as contract_json};

use crate::support::{Desk, drive, node, text};

/// Part of a list, in the JSON form of the contract.
pub(crate) async fn part(
    desk: &Desk,
    list: &str,
    params: Value,
    search: Option<&str>,
    cursor: Option<&str>,
) -> Result<Value> {
    ask(desk, list, params, search, cursor, &desk.session.call)
        .await?
        .map_err(|error| anyhow!("{list}: {error}"))
}

async fn ask(
    desk: &Desk,
    list: &str,
    params: Value,
    search: Option<&str>,
    cursor: Option<&str>,
    call: &CallOptions,
) -> Result<Result<Value, Value>> {
    let answer = desk.session.connection.options(list, &params.to_string(), search, cursor, call).await;
    let answer = match answer {
        Ok(entries) => Ok(contract_json::entries(&entries)),
        Err(CallError::Node(error)) => Err(contract_json::node_error(&error)),
        Err(error) => return Err(error.into()),
    };
    desk.keep(format!("{answer:?}"));
    Ok(answer)
}

/// All entries of a list, following its cursor.
pub(crate) async fn all(desk: &Desk, list: &str, params: Value, search: Option<&str>) -> Result<Vec<Value>> {
    let mut entries = Vec::new();
    let mut next = None;
    loop {
        let part = part(desk, list, params.clone(), search, next.as_deref()).await?;
        entries.extend(part.get("entries").and_then(Value::as_array).context("no entries")?.iter().cloned());
        next = part.get("next").and_then(Value::as_str).map(str::to_owned);
        if next.is_none() {
            return Ok(entries);
        }
    }
}

async fn failure(desk: &Desk, list: &str, params: Value, call: &CallOptions) -> Result<Value> {
    ask(desk, list, params, None, None, call).await?.err().context("it went well")
}

/// What a list depends on in the simulator's seed.
fn params_of(list: &Value) -> Value {
    let known = [("sla_id", 1), ("tickettype_id", 1), ("lookup_id", 101)];
    let required = list["parameters"].to_string();
    let needs = |name: &str| {
        required.contains("required")
            && list.pointer("/parameters/properties").and_then(|all| all.get(name)).is_some()
    };
    known.into_iter().filter(|(name, _)| needs(name)).map(|(name, id)| (name.to_owned(), json!(id))).collect()
}

#[test]
fn every_list_of_the_manifest_has_entries() -> Result<()> {
    drive!([], [], async |desk| {
        let manifest = Manifest::parse(node()?.manifest())?;
        let lists = manifest.json()["lists"].as_array().context("no lists")?;
        assert!(lists.len() > 20, "{}", lists.len());
        for list in lists {
            let name = text(list, "name");
            let entries = part(desk, name, params_of(list), None, None).await?;
            let entries = entries["entries"].as_array().context("no entries")?;
            // The seed has none of these.
            let may_be_empty = matches!(name, "categories_3" | "categories_4" | "projects" | "opportunities");
            assert!(may_be_empty || !entries.is_empty(), "{name} is empty");
            for entry in entries {
                assert!(!text(entry, "label").is_empty(), "{name}: {entry}");
                assert!(!entry["value"].is_null(), "{name}: {entry}");
                assert_eq!(entry.get("details").is_some(), text(list, "kind") == "fields", "{name}: {entry}");
            }
        }
        Ok(())
    })
}

#[test]
fn a_list_is_searched_and_paged_by_the_server() -> Result<()> {
    drive!([], [], async |desk| {
        let first = part(desk, "users", json!({}), None, None).await?;
        assert_eq!(first["entries"].as_array().map(Vec::len), Some(100));
        let all = all(desk, "users", json!({}), None).await?;
        let values: std::collections::BTreeSet<String> =
            all.iter().map(|entry| entry["value"].to_string()).collect();
        assert_eq!(values.len(), all.len(), "an entry came twice");
        assert!(all.len() > 100, "{}", all.len());
        let found = self::all(desk, "users", json!({}), Some("user44@")).await?;
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(text(&found[0], "label").contains("(user44@client.example)"), "{found:?}");
        Ok(())
    })
}

#[test]
fn a_dependent_list_needs_what_it_depends_on() -> Result<()> {
    drive!([], [], async |desk| {
        let call = &desk.session.call;
        for (list, params, code, field) in [
            ("priorities", json!({}), "halopsa.missing-field", "/sla_id"),
            ("ticket_fields", json!({"tickettype_id": null}), "halopsa.missing-field", "/tickettype_id"),
            ("custom_field_values", json!({}), "halopsa.missing-field", "/lookup_id"),
            ("sites", json!({"client": 12}), "halopsa.unknown-field", "/client"),
            ("sites", json!({"client_id": "Nobody & Sons"}), "halopsa.unknown-name", "/client_id"),
            ("client", json!({}), "halopsa.unknown-list", ""),
        ] {
            let error = failure(desk, list, params, call).await?;
            assert_eq!((text(&error, "code"), text(&error, "field")), (code, field), "{list}: {error}");
            assert!(!text(&error, "advice").is_empty(), "{error}");
        }
        let near = failure(desk, "client", json!({}), call).await?;
        assert_eq!(text(&near, "advice"), "Did you mean \"clients\"?");
        Ok(())
    })
}

/// Not to be mixed up with "there are none".
#[test]
fn a_list_that_cannot_be_loaded_is_an_error() -> Result<()> {
    drive!([], ["forbid=customers"], async |desk| {
        let error = failure(desk, "clients", json!({}), &desk.session.call).await?;
        assert_eq!(text(&error, "kind"), "forbidden", "{error}");
        assert!(text(&error, "advice").contains("read:customers"), "{error}");
        Ok(())
    })
}

#[test]
fn the_hosts_rules_hold_for_lists() -> Result<()> {
    drive!([], [], async |desk| {
        let rules = |change: fn(&mut CallOptions)| desk.session.with(change).call;
        let only = rules(|call| call.allowed_operations = Some(vec!["site.create".to_owned()]));
        let error = failure(desk, "suppliers", json!({}), &only).await?;
        assert_eq!(text(&error, "code"), "host.list-not-allowed", "{error}");
        assert!(ask(desk, "clients", json!({}), None, None, &only).await?.is_ok());
        let only = rules(|call| call.allowed_operations = Some(vec!["asset.list".to_owned()]));
        assert!(
            ask(desk, "asset_statuses", json!({}), None, None, &only).await?.is_ok(),
            "a filter takes it"
        );
        let reads = rules(|call| call.read_only = true);
        assert!(ask(desk, "clients", json!({}), None, None, &reads).await?.is_ok());
        let before = desk.requests_in_all();
        let dry = rules(|call| call.dry_run = true);
        let error = failure(desk, "clients", json!({}), &dry).await?;
        assert_eq!(text(&error, "kind"), "denied", "{error}");
        assert_eq!(desk.requests_in_all(), before);
        Ok(())
    })
}

/// Recorded on a live tenant: the filter leaves nothing, and all lookups have to be
/// read (HAPI §10.16).
#[test]
fn values_of_a_lookup_are_found_where_its_filter_leaves_nothing() -> Result<()> {
    drive!([], [], async |desk| {
        let mut found = Vec::new();
        for _ in 0..2 {
            for (list, params) in [
                ("customer_types", json!({})),
                ("asset_statuses", json!({})),
                ("charge_rates", json!({})),
                ("custom_field_values", json!({ "lookup_id": 101 })),
                // A form with a selection field.
                ("ticket_fields", json!({ "tickettype_id": 8 })),
            ] {
                let entries = all(desk, list, params, None).await?;
                assert!(!entries.is_empty(), "{list}");
                found.push(entries);
            }
            desk.switch_on("lookup-by-id-empty")?;
        }
        let (filtered, unfiltered) = found.split_at(found.len() / 2);
        assert_eq!(filtered, unfiltered);
        Ok(())
    })
}

#[test]
fn categories_are_a_tree() -> Result<()> {
    drive!([], [], async |desk| {
        let entries = all(desk, "categories_2", json!({}), None).await?;
        let entry = |value: &str| {
            entries
                .iter()
                .find(|entry| entry["value"] == json!(json!(value).to_string()) || entry["value"] == value)
        };
        let leaf = entry("Solved>Remotely").context("no leaf")?;
        let above = entry("Solved").context("no branch")?;
        assert_eq!(leaf["parent"], above["value"], "{entries:?}");
        assert_eq!(above["disabled"], true);
        assert!(leaf.get("disabled").is_none_or(|disabled| disabled == false), "{leaf}");
        Ok(())
    })
}

#[test]
fn several_names_in_a_filter_stand_for_their_ids() -> Result<()> {
    drive!(["ticket.list"], [], async |desk| {
        let id = async |list: &str, name: &str| -> Result<Value> {
            let entries = all(desk, list, json!({}), Some(name)).await?;
            let entry = entries.iter().find(|entry| text(entry, "label") == name).context("no such entry")?;
            Ok(entry["value"].clone())
        };
        let (new, closed) = (id("statuses", "New").await?, id("statuses", "Closed").await?);
        let team = id("team_ids", "1st Line Support").await?;
        let list = async |status: Value, team: Value| {
            let input = json!({ "status": status, "team": team, "return_all": true });
            desk.results("ticket.list", input).await
        };
        let by_id = list(json!([new, closed]), team).await?;
        let found = |status: &Value| by_id.iter().any(|ticket| ticket["status_id"] == *status);
        assert!(found(&new) && found(&closed), "{by_id:?}");
        assert_eq!(list(json!(["new", closed]), json!(["1st line support"])).await?, by_id);
        assert_eq!(list(json!(["Closed", "New"]), json!("1st Line Support")).await?, by_id);

        let sent = desk.requests("GET", "/api/Tickets");
        assert!(sent > 0);
        let unknown = json!({ "status": [new, "Closd"] });
        let error = desk.error("ticket.list", unknown.clone()).await?;
        assert_eq!(
            (text(&error, "code"), text(&error, "field")),
            ("halopsa.unknown-name", "/status/1"),
            "{error}"
        );
        let dry = desk.session.with(|call| call.dry_run = true);
        let before = desk.requests_in_all();
        let result = desk.run_in(&dry, "ticket.list", unknown).await?;
        let error = result.first_error().context("it went well")?;
        assert_eq!(
            (text(error, "code"), text(error, "field")),
            ("halopsa.not-in-dry-run", "/status/1"),
            "{error}"
        );
        assert_eq!(desk.requests_in_all(), before);
        assert_eq!(desk.requests("GET", "/api/Tickets"), sent);
        Ok(())
    })
}
