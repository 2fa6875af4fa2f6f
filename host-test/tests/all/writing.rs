//! Creating, changing and deleting: what happened is what is told.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::support::{drive, text};

/// The ticket type of the simulator that makes a field mandatory.
const STRICT_TICKET_TYPE: u32 = 4;

#[test]
fn one_bad_item_leaves_the_others_done() -> Result<()> {
    drive!(["ticket.create"], [], async |desk| {
        let before = desk.sim.ticket_count();
        let items = json!([
            { "summary": "First" },
            { "summary": "Second", "tickettype_id": STRICT_TICKET_TYPE },
            { "summary": "Third" },
        ]);
        let result = desk.run("ticket.create", items).await?;
        assert_eq!(result.exit_code(), 1, "{}", result.json());
        assert_eq!(desk.sim.ticket_count(), before + 2);
        let outcomes = result.json()["outcomes"].as_array().context("no outcomes")?;
        let summary = |index: usize| outcomes[index].pointer("/items/0/summary").and_then(Value::as_str);
        assert_eq!((summary(0), summary(2)), (Some("First"), Some("Third")), "{}", result.json());
        let error = outcomes[1].get("error").context("the second went through")?;
        assert_eq!(text(error, "kind"), "invalid-input", "{error}");
        assert_eq!(text(error, "code"), "halopsa.mandatory-field-missing", "{error}");
        assert_eq!(text(error, "effect"), "none", "{error}");
        assert_eq!(text(error, "field"), "/customfields/CFChangeWindow", "{error}");
        assert!(text(error, "message").contains("Change Window"), "{error}");
        assert!(!text(error, "advice").is_empty(), "{error}");
        Ok(())
    })
}

#[test]
fn each_ticket_is_a_request_of_its_own() -> Result<()> {
    drive!(["ticket.create"], [], async |desk| {
        let items = json!([{ "summary": "1" }, { "summary": "2" }, { "summary": "3" }]);
        let result = desk.run("ticket.create", items).await?;
        assert_eq!(result.exit_code(), 0, "{}", result.json());
        assert_eq!(desk.requests("POST", "/tickets"), 3);
        Ok(())
    })
}

#[test]
fn an_answer_in_an_array_is_read_like_a_bare_one() -> Result<()> {
    drive!(["ticket.create", "ticket.update"], ["wrap-array"], async |desk| {
        let created = desk.result("ticket.create", json!({ "summary": "Wrapped" })).await?;
        assert_eq!(text(&created, "summary"), "Wrapped");
        let input = json!({ "id": created["id"], "summary": "Unwrapped" });
        let updated = desk.result("ticket.update", input).await?;
        assert_eq!(text(&updated, "summary"), "Unwrapped");
        Ok(())
    })
}

/// Some tenants say "Record not found" to an update that names the changed
/// fields alone.
#[test]
fn an_update_that_needs_type_and_client_works_or_says_so() -> Result<()> {
    drive!(["ticket.get", "ticket.update"], ["record-not-found-on-bare-update"], async |desk| {
        let result = desk.run("ticket.update", json!({ "id": 5, "status_id": 2 })).await?;
        if let Some(error) = result.first_error() {
            assert_eq!(text(error, "effect"), "none", "{error}");
            assert!(text(error, "advice").contains("tickettype_id"), "{error}");
            let ticket = desk.result("ticket.get", json!({ "id": 5 })).await?;
            let (kind, client) = (&ticket["tickettype_id"], &ticket["client_id"]);
            let input = json!({ "id": 5, "status_id": 2, "tickettype_id": kind, "client_id": client });
            desk.result("ticket.update", input).await?;
        }
        let ticket = desk.result("ticket.get", json!({ "id": 5 })).await?;
        assert_eq!(ticket["status_id"], 2);
        Ok(())
    })
}

#[test]
fn an_update_of_nothing_that_exists_is_not_found() -> Result<()> {
    drive!(["ticket.update"], [], async |desk| {
        let before = desk.sim.ticket_count();
        let error = desk.error("ticket.update", json!({ "id": 99_999_999, "summary": "x" })).await?;
        assert_eq!(text(&error, "kind"), "not-found", "{error}");
        assert_eq!(desk.sim.ticket_count(), before, "the update made a ticket");
        Ok(())
    })
}

#[test]
fn a_conflict_is_told_as_one() -> Result<()> {
    drive!(["client.delete"], ["conflict-on-delete"], async |desk| {
        let error = desk.error("client.delete", json!({ "id": 12 })).await?;
        assert_eq!(text(&error, "kind"), "conflict", "{error}");
        assert_eq!(text(&error, "effect"), "none", "{error}");
        Ok(())
    })
}

#[test]
fn a_dry_run_changes_nothing_and_shows_the_request() -> Result<()> {
    drive!(["ticket.create", "ticket.update", "ticket.delete"], [], async |desk| {
        let before = desk.sim.ticket_count();
        let dry = desk.session.with(|call| call.dry_run = true);
        for (operation, input, method) in [
            ("ticket.create", json!({ "summary": "Not yet" }), "POST"),
            ("ticket.update", json!({ "id": 1, "summary": "Not yet" }), "POST"),
            ("ticket.delete", json!({ "id": 1 }), "DELETE"),
        ] {
            let result = desk.run_in(&dry, operation, input).await?;
            assert_eq!(result.exit_code(), 0, "{operation}: {}", result.json());
            let request = result.results().next().with_context(|| format!("{operation} shows nothing"))?;
            assert_eq!(request["dry_run"], true, "{operation}: {request}");
            assert_eq!(request["method"], method, "{operation}: {request}");
            assert!(text(request, "url").starts_with(&desk.sim.url()), "{operation}: {request}");
            assert_eq!(desk.requests(method, "/tickets") + desk.requests(method, "/tickets/1"), 0);
        }
        assert_eq!(desk.sim.ticket_count(), before);
        Ok(())
    })
}

#[test]
fn read_only_refuses_every_write() -> Result<()> {
    drive!(
        ["ticket.create", "ticket.update", "ticket.delete", "client.create", "ticket.list"],
        [],
        async |desk| {
            let reader = desk.session.with(|call| call.read_only = true);
            for (operation, input) in [
                ("ticket.create", json!({ "summary": "x" })),
                ("ticket.update", json!({ "id": 1, "summary": "x" })),
                ("ticket.delete", json!({ "id": 1 })),
                ("client.create", json!({ "name": "x", "toplevel_id": 1 })),
            ] {
                let result = desk.run_in(&reader, operation, input).await?;
                let error = result.first_error().with_context(|| format!("{operation} went through"))?;
                assert_eq!(text(error, "kind"), "denied", "{operation}: {error}");
            }
            let result = desk.run_in(&reader, "ticket.list", json!({ "limit": 1 })).await?;
            assert_eq!(result.exit_code(), 0, "{}", result.json());
            Ok(())
        }
    )
}

#[test]
fn what_is_not_on_the_hosts_list_is_refused() -> Result<()> {
    drive!(["ticket.list", "ticket.create"], [], async |desk| {
        let limited =
            desk.session.with(|call| call.allowed_operations = Some(vec!["ticket.list".to_owned()]));
        let result = desk.run_in(&limited, "ticket.create", json!({ "summary": "x" })).await?;
        assert_eq!(text(result.first_error().context("it went through")?, "kind"), "denied");
        let result = desk.run_in(&limited, "ticket.list", json!({ "limit": 1 })).await?;
        assert_eq!(result.exit_code(), 0, "{}", result.json());
        Ok(())
    })
}

/// A model or an unattended agent must not delete without a person.
#[test]
fn destruction_wants_a_person() -> Result<()> {
    drive!(["ticket.delete", "ticket.get"], [], async |desk| {
        let unattended = desk.session.with(|call| call.confirmed = false);
        let result = desk.run_in(&unattended, "ticket.delete", json!({ "id": 1 })).await?;
        assert_eq!(text(result.first_error().context("it went through")?, "kind"), "denied");
        desk.result("ticket.get", json!({ "id": 1 })).await.map(drop)
    })
}

#[test]
fn a_deleted_ticket_comes_back() -> Result<()> {
    drive!(["ticket.delete", "ticket.restore", "ticket.get"], [], async |desk| {
        desk.result("ticket.delete", json!({ "id": 17 })).await?;
        let restored = desk.result("ticket.restore", json!({ "id": 17 })).await?;
        assert_eq!(restored["id"], 17);
        let read = desk.result("ticket.get", json!({ "id": 17 })).await?;
        assert_eq!(read["id"], 17);
        Ok(())
    })
}

#[test]
fn a_ticket_is_closed_reopened_and_handed_over() -> Result<()> {
    drive!(["ticket.create", "ticket.close", "ticket.reopen", "ticket.assign"], [], async |desk| {
        let created = desk.result("ticket.create", json!({ "summary": "Life of a ticket" })).await?;
        let id = &created["id"];
        let input = json!({ "id": id, "closure_note": "Done." });
        let closed = desk.result("ticket.close", input).await?;
        assert_eq!((&closed["status_id"], &closed["hasbeenclosed"]), (&json!(9), &json!(true)), "{closed}");
        let reopened = desk.result("ticket.reopen", json!({ "id": id })).await?;
        assert_eq!(reopened["status_id"], 1, "{reopened}");
        let assigned = desk.result("ticket.assign", json!({ "id": id, "agent_id": 3 })).await?;
        assert_eq!(assigned["agent_id"], 3, "{assigned}");
        let result = desk.run("ticket.assign", json!({ "id": id })).await?;
        let error = &result.json()["outcomes"][0]["error"];
        assert_eq!(text(error, "message"), "It needs agent_id, or team.");
        Ok(())
    })
}

#[test]
fn a_merge_says_where_the_ticket_went() -> Result<()> {
    drive!(["ticket.merge", "ticket.get"], [], async |desk| {
        desk.result("ticket.merge", json!({ "id": 18, "merged_into_id": 17 })).await?;
        let raw = desk.result("ticket.get", json!({ "id": 18, "simplify": false })).await?;
        assert_eq!(raw["merged_into_id"], 17);
        Ok(())
    })
}

#[test]
fn a_thousand_tickets_travel_in_twelve_requests() -> Result<()> {
    drive!(["ticket.create"], [], async |desk| {
        let before = desk.sim.ticket_count();
        let items: Vec<Value> =
            (0..1000).map(|number| json!({ "summary": format!("Bulk {number}"), "bulk": true })).collect();
        let result = desk.run("ticket.create", Value::Array(items)).await?;
        assert_eq!(result.exit_code(), 0);
        assert_eq!(desk.sim.ticket_count(), before + 1000);
        let requests = result.json()["usage"]["requests"].as_u64().context("no count")?;
        assert!(requests <= 12, "{requests} requests");
        let outcomes = result.json()["outcomes"].as_array().context("no outcomes")?;
        let summary = |index: usize| outcomes[index].pointer("/items/0/summary").and_then(Value::as_str);
        assert_eq!((summary(0), summary(999)), (Some("Bulk 0"), Some("Bulk 999")));
        Ok(())
    })
}

/// Whether HaloPSA does the good ones of a batch with a bad one is not known
/// (HAPI §18): it must not matter.
#[test]
fn a_bad_ticket_in_a_batch_harms_no_other() -> Result<()> {
    for quirks in [&[][..], &["atomic-post"]] {
        drive!(["ticket.create"], quirks, async |desk| {
            let before = desk.sim.ticket_count();
            let items = json!([
                { "summary": "First", "bulk": true },
                { "summary": "Second", "tickettype_id": STRICT_TICKET_TYPE, "bulk": true },
                { "summary": "Third", "bulk": true },
            ]);
            let result = desk.run("ticket.create", items).await?;
            assert_eq!(desk.sim.ticket_count(), before + 2, "{}", result.json());
            let outcomes = result.json()["outcomes"].as_array().context("no outcomes")?;
            assert_eq!(text(&outcomes[1]["error"], "code"), "halopsa.mandatory-field-missing");
            let summary = |index: usize| outcomes[index].pointer("/items/0/summary").and_then(Value::as_str);
            assert_eq!((summary(0), summary(2)), (Some("First"), Some("Third")));
            Ok(())
        })?;
    }
    Ok(())
}
