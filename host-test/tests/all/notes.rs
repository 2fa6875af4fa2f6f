//! Notes, time and mails on tickets: what they do, and what they never do by
//! themselves.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::support::{Desk, drive, file, text};

/// A ticket of the seed, and a change request, whose workflow offers little.
const TICKET: i64 = 17;

/// The newest action of a ticket, as HaloPSA has it.
fn newest(desk: &Desk, ticket: i64) -> Result<Value> {
    desk.sim.actions(ticket).pop().context("no action")
}

#[test]
fn a_note_lives_from_add_to_delete() -> Result<()> {
    drive!(["note.add", "note.get", "note.list", "note.update", "note.delete"], [], async |desk| {
        let input = json!({ "ticket_id": TICKET, "note": "Zeile „eins“ 🖨", "important": true });
        let added = desk.result("note.add", input).await?;
        let key = json!({ "ticket_id": TICKET, "id": added["id"] });
        assert_eq!(added["ticket_id"], TICKET, "{added}");

        let read = desk.result("note.get", key.clone()).await?;
        assert_eq!((text(&read, "note"), &read["important"]), ("Zeile „eins“ 🖨", &json!(true)), "{read}");
        let listed = desk.results("note.list", json!({ "ticket_id": TICKET })).await?;
        assert!(listed.iter().any(|row| row["id"] == added["id"]), "{listed:?}");
        assert!(listed.iter().all(|row| row["ticket_id"] == TICKET), "{listed:?}");

        let mut change = key.clone();
        change["note"] = json!("Zeile zwei");
        desk.result("note.update", change).await?;
        let read = desk.result("note.get", key.clone()).await?;
        assert_eq!((text(&read, "note"), &read["important"]), ("Zeile zwei", &json!(true)), "{read}");
        assert_eq!(read["hiddenfromuser"], true, "{read}");

        let gone = desk.result("note.delete", key.clone()).await?;
        assert_eq!(gone, json!({ "ticket_id": TICKET, "id": added["id"], "deleted": true }));
        let error = desk.error("note.get", key).await?;
        assert_eq!(text(&error, "kind"), "not-found", "{error}");
        Ok(())
    })
}

/// The same id is another note on another ticket.
#[test]
fn a_note_is_found_by_ticket_and_id() -> Result<()> {
    drive!(["note.add", "note.get"], [], async |desk| {
        for ticket in [5, 6] {
            desk.result("note.add", json!({ "ticket_id": ticket, "note": format!("on {ticket}") })).await?;
        }
        for ticket in [5, 6] {
            let id = newest(desk, ticket)?["id"].clone();
            let note = desk.result("note.get", json!({ "ticket_id": ticket, "id": id })).await?;
            assert_eq!(text(&note, "note"), format!("on {ticket}"));
        }
        Ok(())
    })
}

#[test]
fn without_a_ticket_nothing_is_asked() -> Result<()> {
    drive!(
        ["note.add", "note.get", "note.list", "note.update", "note.delete", "time.log", "email.send"],
        [],
        async |desk| {
            for (operation, input) in [
                ("note.add", json!({ "note": "x" })),
                ("note.get", json!({ "id": 1 })),
                ("note.list", json!({})),
                ("note.update", json!({ "id": 1, "note": "x" })),
                ("note.delete", json!({ "id": 1 })),
                ("time.log", json!({ "minutes": 5 })),
                ("email.send", json!({ "emailbody": "x" })),
            ] {
                let error = desk.error(operation, input).await?;
                assert_eq!(text(&error, "field"), "/ticket_id", "{operation}: {error}");
                assert_eq!(text(&error, "code"), "halopsa.missing-field", "{operation}: {error}");
            }
            assert_eq!(desk.requests("GET", "/actions") + desk.requests("POST", "/actions"), 0);
            Ok(())
        }
    )
}

#[test]
fn the_stock_note_costs_one_request_and_never_mails() -> Result<()> {
    drive!(["note.add"], [], async |desk| {
        let notes: Vec<Value> =
            (0..3).map(|at| json!({ "ticket_id": 20 + at, "note": format!("{at}") })).collect();
        let before = desk.requests_in_all();
        let result = desk.run("note.add", json!(notes)).await?;
        assert_eq!(result.exit_code(), 0, "{}", result.json());
        // One for the login, if there was none yet.
        assert!(desk.requests_in_all() - before <= 4, "{}", desk.requests_in_all() - before);
        for at in 0..3 {
            let note = newest(desk, 20 + at)?;
            assert_eq!((&note["outcome_id"], &note["hiddenfromuser"]), (&json!(7), &json!(true)), "{note}");
            assert_eq!(note["emaildirection"], "", "{note}");
        }
        Ok(())
    })
}

/// Where the stock outcomes are out of reach, the ticket's own are looked up.
#[test]
fn an_outcome_that_fits_is_found_or_named() -> Result<()> {
    drive!(["note.add"], ["refuse-outcome=7,5"], async |desk| {
        let private = desk.result("note.add", json!({ "ticket_id": TICKET, "note": "private" })).await?;
        assert_eq!((text(&private, "outcome"), &private["hiddenfromuser"]), ("Assigned", &json!(true)));
        let input = json!({ "ticket_id": TICKET, "note": "public", "hiddenfromuser": false });
        let public = desk.result("note.add", input).await?;
        assert_eq!((text(&public, "outcome"), &public["hiddenfromuser"]), ("Telefonat", &json!(false)));
        let status = desk.sim.record("Tickets", TICKET).context("no ticket")?["status_id"].clone();
        assert_eq!(public["old_status"], status, "it moved the ticket: {public}");

        desk.switch_on("refuse-outcome=3,6")?;
        let before = desk.sim.actions(TICKET).len();
        let error = desk.error("note.add", json!({ "ticket_id": TICKET, "note": "nowhere" })).await?;
        assert_eq!(text(&error, "kind"), "invalid-input", "{error}");
        assert_eq!(text(&error, "field"), "/outcome_id", "{error}");
        assert!(text(&error, "advice").contains("Private Note"), "{error}");
        assert_eq!(desk.sim.actions(TICKET).len(), before);
        Ok(())
    })
}

#[test]
fn a_given_outcome_is_taken_or_refused_but_never_replaced() -> Result<()> {
    drive!(["note.add"], [], async |desk| {
        let named = json!({ "ticket_id": TICKET, "note": "x", "outcome": "Telefonat" });
        assert_eq!(text(&desk.result("note.add", named).await?, "outcome"), "Telefonat");
        let numbered = json!({ "ticket_id": TICKET, "note": "x", "outcome_id": 5 });
        assert_eq!(text(&desk.result("note.add", numbered).await?, "outcome"), "Note");
        // An outcome of another ticket type.
        let foreign = json!({ "ticket_id": TICKET, "note": "x", "outcome_id": 9 });
        let before = desk.sim.actions(TICKET).len();
        let error = desk.error("note.add", foreign).await?;
        assert_eq!((text(&error, "kind"), text(&error, "effect")), ("invalid-input", "none"), "{error}");
        assert!(text(&error, "advice").contains("outcome"), "{error}");
        assert_eq!(desk.sim.actions(TICKET).len(), before);
        Ok(())
    })
}

#[test]
fn what_customers_see_is_confirmed() -> Result<()> {
    drive!(["note.add", "note.update", "time.log", "email.send"], [], async |desk| {
        let private = desk.result("note.add", json!({ "ticket_id": TICKET, "note": "private" })).await?;
        let input = json!({ "ticket_id": TICKET, "note": "public", "hiddenfromuser": false });
        let public = desk.result("note.add", input.clone()).await?;
        let before = desk.sim.actions(TICKET);

        let unattended = desk.session.with(|call| call.confirmed = false);
        let publish = json!({ "ticket_id": TICKET, "id": private["id"], "hiddenfromuser": false });
        let rewrite = json!({ "ticket_id": TICKET, "id": public["id"], "note": "other" });
        let time = json!({ "ticket_id": TICKET, "minutes": 5, "hiddenfromuser": false });
        for (operation, input) in [
            ("note.add", input),
            ("note.update", publish),
            ("note.update", rewrite),
            ("time.log", time),
            ("email.send", json!({ "ticket_id": TICKET, "emailbody": "x" })),
        ] {
            let result = desk.run_in(&unattended, operation, input.clone()).await?;
            let error = result.first_error().with_context(|| format!("{operation} went through"))?;
            // The host knows it from the manifest; what only a look tells, the component.
            let by_a_look = input.get("id") == Some(&public["id"]);
            let who = if by_a_look { "halopsa" } else { "host" };
            assert_eq!(text(error, "code"), format!("{who}.not-confirmed"), "{operation}: {error}");
        }
        assert_eq!(desk.sim.actions(TICKET), before);

        // What only agents see is theirs to change.
        let input = json!({ "ticket_id": TICKET, "id": private["id"], "note": "still private" });
        let result = desk.run_in(&unattended, "note.update", input).await?;
        assert_eq!(result.exit_code(), 0, "{}", result.json());
        Ok(())
    })
}

#[test]
fn read_only_and_a_dry_run_write_nothing() -> Result<()> {
    drive!(["note.add", "note.update", "note.delete", "time.log", "email.send"], [], async |desk| {
        let before = desk.sim.actions(TICKET);
        let reader = desk.session.with(|call| call.read_only = true);
        let dry = desk.session.with(|call| call.dry_run = true);
        for (operation, input, method) in [
            ("note.add", json!({ "ticket_id": TICKET, "note": "x" }), "POST"),
            ("note.update", json!({ "ticket_id": TICKET, "id": 1, "note": "x" }), "POST"),
            ("note.delete", json!({ "ticket_id": TICKET, "id": 1 }), "DELETE"),
            ("time.log", json!({ "ticket_id": TICKET, "minutes": 90 }), "POST"),
            ("email.send", json!({ "ticket_id": TICKET, "emailbody": "x" }), "POST"),
        ] {
            let result = desk.run_in(&reader, operation, input.clone()).await?;
            let error = result.first_error().with_context(|| format!("{operation} went through"))?;
            assert_eq!(text(error, "code"), "halopsa.read-only", "{operation}: {error}");
            let files = if matches!(operation, "note.add" | "email.send") {
                vec![file("a.txt", "hello")]
            } else {
                vec![]
            };
            let result = desk.run_files_in(&dry, operation, input, files).await?;
            let shown = result.results().next().with_context(|| result.json().to_string())?;
            assert_eq!((&shown["dry_run"], text(shown, "method")), (&json!(true), method), "{shown}");
            match operation {
                "note.add" => {
                    let note = &shown["body"][0];
                    assert_eq!((&note["outcome_id"], &note["hiddenfromuser"]), (&json!(7), &json!(true)));
                    assert!(text(&note["attachments"][0], "data_base64").ends_with("(5 bytes)"), "{shown}");
                }
                "time.log" => assert_eq!(shown["body"][0]["timetaken"], 1.5, "{shown}"),
                _ => {}
            }
        }
        assert_eq!(desk.sim.actions(TICKET), before);
        assert_eq!(desk.requests("POST", "/actions"), 0);
        Ok(())
    })
}

#[test]
fn a_note_moves_its_ticket_when_asked() -> Result<()> {
    drive!(["note.add"], [], async |desk| {
        let input = json!({
            "ticket_id": TICKET, "note_html": "<p>Übergeben</p>",
            "new_status": 2, "new_agent": 3, "new_team": "2nd Line Support", "new_priority": 1,
        });
        let note = desk.result("note.add", input).await?;
        assert_eq!(note["new_status"], 2, "{note}");
        let ticket = desk.sim.record("Tickets", TICKET).context("no ticket")?;
        assert_eq!(
            (&ticket["status_id"], &ticket["agent_id"], &ticket["priority_id"]),
            (&json!(2), &json!(3), &json!(1))
        );
        assert_eq!(text(&ticket, "team"), "2nd Line Support", "{ticket}");
        Ok(())
    })
}

#[test]
fn minutes_become_hours_and_are_shown_as_both() -> Result<()> {
    drive!(["time.log"], [], async |desk| {
        let input = json!({
            "ticket_id": TICKET, "minutes": 90, "note": "Changed the drum.", "actisbillable": true,
            "actionarrivaldate": "2026-03-01T10:00:00+01:00", "actioncompletiondate": "2026-03-01T10:30:00Z",
        });
        let logged = desk.result("time.log", input).await?;
        assert_eq!((&logged["minutes"], &logged["timetaken"]), (&json!(90), &json!(1.5)), "{logged}");
        let stored = newest(desk, TICKET)?;
        assert_eq!(
            (&stored["timetaken"], &stored["hiddenfromuser"]),
            (&json!(1.5), &json!(true)),
            "{stored}"
        );
        assert_eq!(text(&logged, "actionarrivaldate"), "2026-03-01T09:00:00Z");
        assert_eq!(logged["actisbillable"], true);
        Ok(())
    })
}

#[test]
fn a_time_that_cannot_be_is_refused() -> Result<()> {
    drive!(["time.log"], [], async |desk| {
        for (input, field) in [
            (json!({ "minutes": 0 }), "/minutes"),
            (json!({ "minutes": -15 }), "/minutes"),
            (json!({ "minutes": 1441 }), "/minutes"),
            (json!({ "minutes": 7.5 }), "/minutes"),
            (json!({}), "/minutes"),
            (
                json!({ "minutes": 5, "actionarrivaldate": "2026-03-01T10:00:00Z", "actioncompletiondate": "2026-03-01T09:00:00Z" }),
                "/actioncompletiondate",
            ),
        ] {
            let mut input = input;
            input["ticket_id"] = json!(TICKET);
            let error = desk.error("time.log", input).await?;
            assert_eq!((text(&error, "kind"), text(&error, "field")), ("invalid-input", field), "{error}");
        }
        assert_eq!(desk.requests("POST", "/actions"), 0);
        Ok(())
    })
}

#[test]
fn a_mail_goes_to_the_tickets_user() -> Result<()> {
    drive!(["email.send", "ticket.get"], [], async |desk| {
        let ticket = desk.result("ticket.get", json!({ "id": TICKET })).await?;
        let input = json!({ "ticket_id": TICKET, "emailsubject": "Drucker", "emailbody": "Geht es wieder?" });
        let mail = desk.result("email.send", input).await?;
        assert_eq!(text(&mail, "emailto"), text(&ticket, "user_email"), "{mail}");
        assert_eq!(text(&mail, "outcome"), "Email User", "{mail}");
        let stored = newest(desk, TICKET)?;
        assert_eq!(
            (text(&stored, "emaildirection"), &stored["hiddenfromuser"]),
            ("O", &json!(false)),
            "{stored}"
        );
        // What the outcome did to the ticket is told.
        assert_eq!(
            (&mail["new_status"], text(&mail, "new_status_name").is_empty()),
            (&json!(4), false),
            "{mail}"
        );

        let input = json!({
            "ticket_id": TICKET, "emailto": "other@example.com", "emailbody_html": "<p>x</p>", "outcome_id": 2,
        });
        let mail = desk.result("email.send", input).await?;
        assert_eq!(
            (text(&mail, "emailto"), text(&mail, "outcome")),
            ("other@example.com", "First User Email")
        );
        Ok(())
    })
}

/// What an outcome does besides – closing the ticket, say – nobody asked for.
#[test]
fn no_mail_is_sent_with_an_outcome_that_does_more() -> Result<()> {
    drive!(["email.send"], ["refuse-outcome=1"], async |desk| {
        let before = desk.sim.record("Tickets", TICKET);
        let error = desk.error("email.send", json!({ "ticket_id": TICKET, "emailbody": "x" })).await?;
        assert_eq!(text(&error, "field"), "/outcome_id", "{error}");
        assert!(text(&error, "advice").contains("First User Email"), "{error}");
        assert_eq!(desk.sim.record("Tickets", TICKET), before);
        Ok(())
    })
}

#[test]
fn a_mail_without_an_address_is_refused() -> Result<()> {
    drive!(["ticket.create", "email.send"], [], async |desk| {
        let ticket = desk.result("ticket.create", json!({ "summary": "Nobody's" })).await?;
        let input = json!({ "ticket_id": ticket["id"], "emailbody": "x" });
        let error = desk.error("email.send", input).await?;
        assert_eq!((text(&error, "kind"), text(&error, "field")), ("invalid-input", "/emailto"), "{error}");
        assert_eq!(desk.requests("POST", "/actions"), 0);
        Ok(())
    })
}

#[test]
fn a_note_whose_answer_is_lost_is_not_added_again() -> Result<()> {
    drive!(["note.add"], ["cut-after-commit=1"], async |desk| {
        let before = desk.sim.actions(TICKET).len();
        let error = desk.error("note.add", json!({ "ticket_id": TICKET, "note": "once" })).await?;
        assert_eq!(text(&error, "effect"), "unknown", "{error}");
        assert_eq!(desk.sim.actions(TICKET).len(), before + 1);
        Ok(())
    })
}

#[test]
fn filters_and_limits_narrow_the_list_of_actions() -> Result<()> {
    drive!(["note.add", "note.list"], ["page-cap=3"], async |desk| {
        for at in 0..7 {
            let input = json!({ "ticket_id": TICKET, "note": format!("{at}"), "hiddenfromuser": at != 3 });
            desk.result("note.add", input).await?;
        }
        let all = desk.results("note.list", json!({ "ticket_id": TICKET, "return_all": true })).await?;
        assert_eq!(all.len(), desk.sim.actions(TICKET).len());
        let some = desk.results("note.list", json!({ "ticket_id": TICKET, "limit": 2 })).await?;
        assert_eq!(some.len(), 2);
        let input = json!({ "ticket_id": TICKET, "excludeprivate": true, "excludesys": true });
        let public = desk.results("note.list", input).await?;
        assert!(!public.is_empty() && public.iter().all(|row| row["hiddenfromuser"] != true), "{public:?}");
        Ok(())
    })
}
