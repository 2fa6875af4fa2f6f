//! Alerts, upserts and the users who ask, on the real component.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::support::{Desk, drive, text};

const CLOSED: u32 = 9;

fn alert(words: &str) -> Value {
    json!({ "key": "srv-01/disk", "summary": "Disk full on SRV-01", "details": words, "client_id": 12 })
}

/// Numbers of the open tickets whose summary says so.
fn open(desk: &Desk, summary: &str) -> Vec<i64> {
    let tickets = desk.sim.records("Tickets");
    let open = tickets.iter().filter(|ticket| ticket["hasbeenclosed"] != true && ticket["deleted"] != true);
    open.filter(|ticket| text(ticket, "summary").contains(summary))
        .filter_map(|ticket| ticket["id"].as_i64())
        .collect()
}

#[test]
fn alerts_gather_on_the_open_ticket() -> Result<()> {
    drive!(["ticket.find_or_append"], [], async |desk| {
        let first = desk.result("ticket.find_or_append", alert("first")).await?;
        assert_eq!(first["done"], "created", "{first}");
        assert_eq!(desk.requests("GET", "/tickets") + desk.requests("POST", "/tickets"), 3);
        let before = desk.requests_in_all();
        let second = desk.result("ticket.find_or_append", alert("second")).await?;
        assert_eq!(
            (&second["done"], &second["ticket_id"]),
            (&json!("appended"), &first["ticket_id"]),
            "{second}"
        );
        assert_eq!(desk.requests_in_all() - before, 3, "a search, a note, and the names of priorities");
        assert_eq!(second["ticket"]["status_name"], "New", "{second}");

        let id = first["ticket_id"].as_i64().context("no id")?;
        let actions = desk.sim.actions(id);
        let note = actions.iter().find(|action| action["id"] == second["note_id"]).context("no note")?;
        assert_eq!(note["hiddenfromuser"], true, "{note}");
        assert_eq!(note["outcome_id"], 7, "{note}");
        assert!(text(note, "note").contains("second"), "{note}");

        desk.switch_on("forbid=edit:tickets")?;
        let error = desk.error("ticket.find_or_append", alert("third")).await?;
        assert_eq!((text(&error, "kind"), text(&error, "effect")), ("forbidden", "none"), "{error}");
        Ok(())
    })
}

#[test]
fn alerts_of_two_clients_are_kept_apart() -> Result<()> {
    drive!(["ticket.find_or_append"], [], async |desk| {
        let first = desk.result("ticket.find_or_append", alert("first")).await?;
        let mut other = alert("second");
        other["client_id"] = json!(13);
        let second = desk.result("ticket.find_or_append", other).await?;
        assert_eq!(second["done"], "created", "{second}");
        assert_ne!(first["ticket_id"], second["ticket_id"]);
        Ok(())
    })
}

#[test]
fn a_dry_run_of_an_alert_shows_search_and_ticket() -> Result<()> {
    drive!(["ticket.find_or_append", "ticket.upsert"], [], async |desk| {
        let dry = desk.session.with(|call| call.dry_run = true);
        let mut input = alert("x");
        input["user_by_email"] = json!("user4@client.example");
        for operation in ["ticket.find_or_append", "ticket.upsert"] {
            let result = desk.run_in(&dry, operation, input.clone()).await?;
            let requests: Vec<&Value> = result.results().collect();
            let methods: Vec<&str> = requests.iter().map(|request| text(request, "method")).collect();
            assert_eq!(methods, ["GET", "GET", "POST"], "{operation}: {}", result.json());
            let body = requests[2].pointer("/body/0").context("no body")?;
            for ours in ["key", "window_hours", "user_by_email"] {
                assert!(body.get(ours).is_none(), "{body}");
            }
        }
        assert_eq!(desk.requests("POST", "/tickets"), 0);
        Ok(())
    })
}

#[test]
fn an_upsert_keeps_one_ticket_in_step() -> Result<()> {
    drive!(["ticket.upsert"], [], async |desk| {
        for key in
            [json!({ "key": "OPS-42" }), json!({ "key": "OPS-43", "key_field": "third_party_id_string" })]
        {
            let upsert = async |fields: Value| {
                let mut input = key.clone();
                input
                    .as_object_mut()
                    .context("no object")?
                    .extend(fields.as_object().cloned().unwrap_or_default());
                desk.result("ticket.upsert", input).await
            };
            let created = upsert(json!({ "summary": "Rotate certificates" })).await?;
            let renamed =
                upsert(json!({ "summary": "Rotate all certificates", "status_id": CLOSED })).await?;
            assert_eq!(created["id"], renamed["id"], "{renamed}");
            // Closed, and still found by the reference in the new summary.
            let reopened = upsert(json!({ "status_id": 2 })).await?;
            assert_eq!((&reopened["id"], &reopened["status_id"]), (&created["id"], &json!(2)), "{reopened}");
            let unchanged = upsert(json!({})).await?;
            assert_eq!(unchanged["summary"], renamed["summary"], "{unchanged}");
        }
        assert_eq!(open(desk, "certificates").len(), 2);
        Ok(())
    })
}

#[test]
fn an_upsert_may_leave_the_matching_to_halopsa() -> Result<()> {
    drive!(["ticket.upsert"], [], async |desk| {
        let input = |summary: &str| json!({ "_match_thirdparty_id": "OPS-44", "summary": summary });
        let created = desk.result("ticket.upsert", input("First words")).await?;
        let updated = desk.result("ticket.upsert", input("Second words")).await?;
        assert_eq!((&created["id"], text(&updated, "summary")), (&updated["id"], "Second words"));
        Ok(())
    })
}

#[test]
fn an_upsert_that_loses_its_answer_makes_one_ticket() -> Result<()> {
    drive!(["ticket.upsert"], ["cut-after-commit=1"], async |desk| {
        desk.result("ticket.upsert", json!({ "key": "OPS-45", "summary": "Lost and found" })).await?;
        assert_eq!(open(desk, "Lost and found").len(), 1);
        Ok(())
    })
}

#[test]
fn a_ticket_is_linked_to_the_user_by_address_or_entra_id() -> Result<()> {
    drive!(["ticket.create"], [], async |desk| {
        let user = desk.sim.record("Users", 30).context("no user 30")?;
        let (email, entra_id) = (text(&user, "emailaddress").to_uppercase(), text(&user, "azureoid"));
        for by in [json!({ "user_by_email": email }), json!({ "user_by_entra_id": entra_id })] {
            let mut input = json!({ "summary": "From a person" });
            input.as_object_mut().context("no object")?.extend(by.as_object().cloned().unwrap_or_default());
            let ticket = desk.result("ticket.create", input).await?;
            assert_eq!(ticket["user_id"], 30, "{ticket}");
            assert_eq!(ticket["client_id"], user["client_id"], "{ticket}");
            assert_eq!(ticket["site_id"], user["site_id_int"], "{ticket}");
        }
        let stranger = json!({ "summary": "x", "client_id": 12, "user_by_email": "stranger@client.example" });
        let error = desk.error("ticket.create", stranger.clone()).await?;
        assert_eq!((text(&error, "kind"), text(&error, "field")), ("not-found", "/user_by_email"), "{error}");
        let mut tolerant = stranger;
        tolerant["if_user_missing"] = json!("general_user");
        let ticket = desk.result("ticket.create", tolerant).await?;
        assert_eq!(
            (&ticket["client_id"], text(&ticket, "user_name")),
            (&json!(12), "General User"),
            "{ticket}"
        );
        Ok(())
    })
}
