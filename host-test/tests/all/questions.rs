//! Twenty questions that a good HaloPSA node answers with yes, each on the real
//! component against the simulator. The themes beside this file go deeper.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use halo_sim::Seed;
use host_test::credentials::Fields;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use workflow_node_host::wit::setup::CheckStatus;
use workflow_node_host::wit::types::AttachmentContent;
use workflow_node_host::{CallOptions, ConnectionOptions, EgressPolicy, LinkPolicy};

use crate::lists;
use crate::support::{drive, file, text};

/// Ticket types of the simulator.
const INCIDENT: u32 = 1;
/// Fewer statuses, another SLA, categories of its own.
const CHANGE: u32 = 4;
/// Two mandatory custom fields.
const NEW_STARTER: u32 = 8;

#[test]
fn question_01_does_one_address_with_id_and_secret_give_a_green_check() -> Result<()> {
    drive!([], [], async |desk| {
        let wanted = ["url", "client_id", "client_secret"];
        let fields: Fields =
            desk.fields().into_iter().filter(|(name, _)| wanted.contains(&name.as_str())).collect();
        assert_eq!(fields.len(), wanted.len());
        let session = desk.connect(fields, ConnectionOptions::default()).await?;
        let report = session.connection.check(&CallOptions::default()).await?;
        desk.keep(format!("{report:?}"));
        assert!(report.steps.iter().all(|step| matches!(step.status, CheckStatus::Pass)), "{report:?}");
        Ok(())
    })
}

#[test]
fn question_02_does_the_check_say_that_the_agent_is_in_no_team() -> Result<()> {
    drive!(["api.request"], [], async |desk| {
        let input = json!({ "method": "GET", "path": "/Agent/me" });
        let me = desk.result("api.request", input).await?;
        let homeless = json!([{ "id": me["body"]["id"], "teams": [], "departments": [] }]);
        let input = json!({ "method": "POST", "path": "/Agent", "body": homeless });
        desk.result("api.request", input).await?;
        let report = desk.session.connection.check(&CallOptions::default()).await?;
        desk.keep(format!("{report:?}"));
        let warning = report.steps.iter().find(|step| step.name == "agent").context("no such step")?;
        assert!(matches!(warning.status, CheckStatus::Warn), "{warning:?}");
        assert!(warning.message.contains("in no team"), "{warning:?}");
        assert!(warning.advice.is_some(), "{warning:?}");
        Ok(())
    })
}

/// Does "create ticket" on a type with two mandatory custom fields show those
/// two fields?
#[test]
fn question_03_are_the_mandatory_custom_fields_of_a_ticket_type_shown() -> Result<()> {
    drive!([], [], async |desk| {
        let shown = lists::all(desk, "ticket_fields", json!({ "tickettype_id": NEW_STARTER }), None).await?;
        let is_wanted = |field: &&Value| {
            field.pointer("/details/required") == Some(&json!(true))
                && field.pointer("/details/custom") == Some(&json!(true))
        };
        let wanted: Vec<&Value> = shown.iter().filter(is_wanted).collect();
        let names: Vec<(&str, &str)> =
            wanted.iter().map(|field| (text(field, "value"), text(field, "label"))).collect();
        assert_eq!(names, [("CFLocation", "Location"), ("CFBusinessImpact", "Business Impact")]);
        assert_eq!(wanted[0].pointer("/details/schema/type"), Some(&json!("string")));
        let values = wanted[1].pointer("/details/schema/oneOf").context("no values")?;
        assert_eq!(values[1], json!({ "const": 2, "title": "Department" }));
        Ok(())
    })
}

#[test]
fn question_04_does_it_name_the_missing_field_if_one_is_left_out() -> Result<()> {
    drive!(["ticket.create"], [], async |desk| {
        let ticket = |fields: Value| json!({ "summary": "Desk for Ada", "tickettype_id": NEW_STARTER, "customfields": fields });
        let before = desk.sim.ticket_count();
        for (given, missing, advice) in [
            (json!({}), "CFLocation", "Business Impact"),
            (json!({ "CFLocation": "Room 5" }), "CFBusinessImpact", "2 (Department)"),
            (json!({ "CFBusinessImpact": 2 }), "CFLocation", "Fill in \"Location\"."),
        ] {
            let error = desk.error("ticket.create", ticket(given)).await?;
            assert_eq!(text(&error, "code"), "halopsa.mandatory-field-missing", "{error}");
            assert_eq!(text(&error, "field"), format!("/customfields/{missing}"), "{error}");
            assert!(text(&error, "advice").contains(advice), "{error}");
            assert_eq!(text(&error, "effect"), "none", "{error}");
        }
        assert_eq!(desk.sim.ticket_count(), before);
        let all = json!({ "CFLocation": "Room 5", "CFBusinessImpact": 2 });
        let made = desk.result("ticket.create", ticket(all)).await?;
        assert_eq!(made["tickettype_id"], NEW_STARTER, "{made}");
        Ok(())
    })
}

#[test]
fn question_05_does_another_ticket_type_change_priorities_statuses_and_categories() -> Result<()> {
    drive!([], [], async |desk| {
        let labels = async |list: &str, kind: u32| -> Result<Vec<String>> {
            let entries = lists::all(desk, list, json!({ "tickettype_id": kind }), None).await?;
            let mut labels: Vec<String> =
                entries.iter().map(|entry| text(entry, "label").to_owned()).collect();
            labels.sort_unstable();
            Ok(labels)
        };
        assert_eq!(labels("priorities", INCIDENT).await?, ["Critical", "High", "Low", "Medium"]);
        assert_eq!(labels("priorities", CHANGE).await?, ["P1", "P2", "P3", "P4"]);
        assert_eq!(labels("statuses", INCIDENT).await?.len(), 10);
        assert_eq!(labels("statuses", CHANGE).await?, ["Awaiting Approval", "Closed", "In Progress", "New"]);
        let only_changes = "Change>Emergency".to_owned();
        assert!(!labels("categories_1", INCIDENT).await?.contains(&only_changes));
        assert!(labels("categories_1", CHANGE).await?.contains(&only_changes));
        Ok(())
    })
}

#[test]
fn question_06_is_a_client_found_by_three_letters_among_5000() -> Result<()> {
    drive!(["client.create"], [], async |desk| {
        desk.sim.replant(Seed::Wide);
        let made = desk.result("client.create", json!({ "name": "Reisebüro Quokka" })).await?;
        assert!(desk.sim.records("Client").len() > 5_000);
        for letters in ["quo", "BÜR"] {
            let before = desk.requests_in_all();
            let found = lists::part(desk, "clients", json!({}), Some(letters), None).await?;
            assert_eq!(desk.requests_in_all() - before, 1, "HaloPSA searches, in one request");
            let entries = found["entries"].as_array().context("no entries")?;
            assert_eq!(entries.len(), 1, "{letters}: {found}");
            assert_eq!((&entries[0]["value"], text(&entries[0], "label")), (&made["id"], "Reisebüro Quokka"));
            assert!(found["next"].is_null(), "{found}");
        }
        Ok(())
    })
}

#[test]
fn question_07_a_note_without_a_chosen_outcome_works_and_is_private() -> Result<()> {
    drive!(["note.add", "note.get"], [], async |desk| {
        let note = desk.result("note.add", json!({ "ticket_id": 17, "note": "Called, no answer." })).await?;
        assert_eq!(note["hiddenfromuser"], true, "{note}");
        let read = desk.result("note.get", json!({ "ticket_id": 17, "id": note["id"] })).await?;
        assert_eq!((&read["hiddenfromuser"], &read["outcome_id"]), (&json!(true), &json!(7)), "{read}");
        Ok(())
    })
}

#[test]
fn question_08_are_all_tickets_returned_whatever_the_pages_and_the_count() -> Result<()> {
    for quirks in [&["page-cap=100"][..], &["page-cap=50"], &["page-cap=50", "count-off=500"], &["no-count"]]
    {
        drive!(["ticket.list"], quirks, async |desk| {
            let rows = desk.results("ticket.list", json!({ "return_all": true })).await?;
            assert_eq!((rows.len(), desk.sim.ticket_count()), (717, 717), "{quirks:?}");
            Ok(())
        })?;
    }
    Ok(())
}

/// Does a run repeated after a lost answer make no second ticket?
#[test]
fn question_09_a_run_repeated_after_a_lost_answer_makes_no_second_ticket() -> Result<()> {
    drive!(["ticket.find_or_append", "ticket.upsert"], [], async |desk| {
        let before = desk.sim.ticket_count();
        for (operation, input) in [
            ("ticket.find_or_append", json!({ "key": "srv-02/cpu", "summary": "CPU hot" })),
            ("ticket.upsert", json!({ "key": "OPS-1", "summary": "Rotate certificates" })),
        ] {
            // The ticket is made, and nobody hears of it: neither this
            // connection nor, after a crash, the platform.
            let call = |attempt| {
                desk.session.with(|call| {
                    call.idempotency_key = Some(format!("run 1 of {operation}"));
                    call.attempt = attempt;
                })
            };
            desk.sim.clear_quirks();
            desk.switch_on("cut-after-commit=1")?;
            let first = desk.run_in(&call(1), operation, input.clone()).await?;
            let again = desk.run_in(&call(2), operation, input.clone()).await?;
            assert_eq!((first.exit_code(), again.exit_code()), (0, 0), "{}\n{}", first.json(), again.json());
            let third = desk.run_in(&call(3), operation, input).await?;
            assert_eq!(third.exit_code(), 0, "{}", third.json());
        }
        assert_eq!(desk.sim.ticket_count(), before + 2);
        Ok(())
    })
}

/// Does the second alert with the same key become a note on the open ticket?
/// After close, a new ticket?
#[test]
fn question_10_a_second_alert_becomes_a_note_and_after_close_a_ticket() -> Result<()> {
    drive!(["ticket.find_or_append", "ticket.update", "ticket.delete"], [], async |desk| {
        let alert =
            |details: &str| json!({ "key": "srv-03/backup", "summary": "Backup failed", "details": details });
        let run = async |details: &str| desk.result("ticket.find_or_append", alert(details)).await;
        let first = run("Monday").await?;
        let second = run("Tuesday").await?;
        assert_eq!((text(&first, "done"), text(&second, "done")), ("created", "appended"));
        assert_eq!(first["ticket_id"], second["ticket_id"]);
        let id = first["ticket_id"].as_i64().context("no id")?;
        let notes = desk.sim.actions(id);
        let note = notes.iter().find(|note| text(note, "note").contains("Tuesday")).context("no note")?;
        assert_eq!(note["hiddenfromuser"], true, "customers see it: {note}");

        desk.result("ticket.update", json!({ "id": id, "status_id": 9 })).await?;
        let third = run("Wednesday").await?;
        assert_eq!(text(&third, "done"), "created", "{third}");
        assert_ne!(third["ticket_id"], first["ticket_id"]);

        desk.result("ticket.delete", json!({ "id": third["ticket_id"] })).await?;
        let fourth = run("Thursday").await?;
        assert_eq!(text(&fourth, "done"), "created", "{fourth}");
        assert_ne!(fourth["ticket_id"], third["ticket_id"]);
        Ok(())
    })
}

#[test]
fn question_11_does_a_run_end_well_after_five_429_with_its_waits_visible() -> Result<()> {
    drive!(["ticket.list"], ["throttle-next=5", "retry-after=1"], async |desk| {
        let result = desk.run("ticket.list", json!({ "limit": 5 })).await?;
        assert_eq!(result.exit_code(), 0, "{}", result.json());
        let usage = &result.json()["usage"];
        assert_eq!(usage["rate_limited"], 5, "{usage}");
        assert!(usage["waited_ms"].as_u64().is_some_and(|waited| waited >= 3000), "{usage}");
        Ok(())
    })
}

#[test]
fn question_12_does_an_expired_token_renew_once_and_never_in_a_loop() -> Result<()> {
    drive!(["ticket.get"], ["token-dies-after=1"], async |desk| {
        for id in [1, 2] {
            desk.result("ticket.get", json!({ "id": id })).await?;
        }
        assert_eq!(desk.requests("POST", "/token"), 2);
        desk.switch_on("refuse-tokens")?;
        let error = desk.error("ticket.get", json!({ "id": 3 })).await?;
        assert_eq!(text(&error, "kind"), "unauthenticated", "{error}");
        assert!(desk.requests("POST", "/token") <= 6);
        Ok(())
    })
}

#[test]
fn question_13_does_the_third_item_fail_alone() -> Result<()> {
    drive!(["ticket.get"], [], async |desk| {
        let items = json!([{ "id": 1 }, { "id": 2 }, { "id": 999_999 }, { "id": 4 }]);
        let result = desk.run("ticket.get", items).await?;
        let outcomes = result.json()["outcomes"].as_array().context("no outcomes")?;
        let ids: Vec<Option<&Value>> = outcomes.iter().map(|one| one.pointer("/items/0/id")).collect();
        assert_eq!(ids, [Some(&json!(1)), Some(&json!(2)), None, Some(&json!(4))]);
        assert_eq!(outcomes[2]["error"]["kind"], "not-found");
        let linked: Vec<&Value> = outcomes.iter().map(|one| &one["item"]).collect();
        assert_eq!(linked, [0, 1, 2, 3]);
        Ok(())
    })
}

/// Every test of this suite searches what came out for secret and tokens; here
/// is the one that makes a server shout them.
#[test]
fn question_14_is_the_secret_absent_from_everything() -> Result<()> {
    drive!(["ticket.list", "ticket.create"], [], async |desk| {
        desk.result("ticket.create", json!({ "summary": "x" })).await?;
        for quirk in ["server-error-next=9", "html-200"] {
            desk.switch_on(quirk)?;
            desk.error("ticket.list", json!({ "limit": 1 })).await?;
        }
        let mut fields = desk.fields();
        fields.insert("client_id".to_owned(), "somebody else".to_owned());
        let session = desk.connect(fields, ConnectionOptions::default()).await?;
        let result = desk.run_in(&session, "ticket.list", json!({})).await?;
        assert!(result.first_error().is_some());
        Ok(())
    })
}

#[test]
fn question_17_a_file_of_5_mb_goes_up_and_comes_down_byte_identical() -> Result<()> {
    drive!(["attachment.upload", "attachment.download"], [], async |desk| {
        // Not what base64 or text would leave as it is.
        let bytes: Vec<u8> =
            (0_u32..5_000_000).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let began = Instant::now();
        let up = desk
            .run_files("attachment.upload", json!({ "ticket_id": 17 }), vec![file("big.bin", bytes.clone())])
            .await?;
        let id = up.results().next().with_context(|| up.json().to_string())?["id"].clone();
        let raw = desk.run("attachment.download", json!({ "id": id })).await?;
        let took = began.elapsed();
        assert!(raw.files().first().and_then(|file| file.bytes()) == Some(&bytes[..]), "{}", raw.json());
        println!("5 MB up and down as bytes: {took:?}");

        desk.switch_on("attachment-links")?;
        let linked = desk.run("attachment.download", json!({ "id": id })).await?;
        let link = match linked.files().first().map(|file| &file.attachment.content) {
            Some(AttachmentContent::Link(link)) => link.clone(),
            _ => return Err(anyhow!("no link: {}", linked.json())),
        };
        // The host fetches it where the operator lets it, without the token.
        let origin = link.url.split('/').take(3).collect::<Vec<_>>().join("/");
        let links = LinkPolicy { allow: EgressPolicy::allow([origin])?, ..LinkPolicy::default() };
        let session =
            desk.connect(desk.fields(), ConnectionOptions { links, ..ConnectionOptions::default() }).await?;
        let fetched = session.connection.fetch_link(&link, Duration::from_secs(20)).await?;
        assert!(fetched == bytes, "{} bytes", fetched.len());
        Ok(())
    })
}

#[test]
fn question_18_does_read_only_stop_deletes_through_the_custom_call_too() -> Result<()> {
    drive!(["api.request", "ticket.delete"], [], async |desk| {
        let reader = desk.session.with(|call| call.read_only = true);
        for (operation, input) in [
            ("ticket.delete", json!({ "id": 17 })),
            ("api.request", json!({ "method": "DELETE", "path": "/Tickets/17" })),
            (
                "api.request",
                json!({ "method": "POST", "path": "/Tickets", "body": [{ "id": 17, "status_id": 9 }] }),
            ),
        ] {
            let result = desk.run_in(&reader, operation, input).await?;
            let error = result.first_error().context("it went through")?;
            assert_eq!(text(error, "code"), "halopsa.read-only", "{error}");
        }
        let read = json!({ "method": "GET", "path": "/Tickets/17" });
        assert_eq!(desk.run_in(&reader, "api.request", read).await?.exit_code(), 0);
        assert_eq!(desk.requests("DELETE", "/tickets/17") + desk.requests("POST", "/tickets"), 0);
        Ok(())
    })
}

#[test]
fn question_19_does_the_simplified_output_hold_status_and_client() -> Result<()> {
    drive!(["ticket.list", "ticket.get"], [], async |desk| {
        let rows = desk.results("ticket.list", json!({ "limit": 3 })).await?;
        let one = desk.result("ticket.get", json!({ "id": 17 })).await?;
        for row in rows.iter().chain([&one]) {
            for column in ["status_id", "status_name", "client_id", "client_name"] {
                assert!(!row[column].is_null(), "{column} of {row}");
            }
        }
        Ok(())
    })
}

#[test]
fn question_20_can_the_component_reach_no_other_host() -> Result<()> {
    drive!(["ticket.list", "api.request"], [], async |desk| {
        let elsewhere = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", elsewhere.local_addr()?);
        desk.switch_on(&format!("redirect={url}"))?;
        desk.error("ticket.list", json!({ "limit": 1 })).await?;
        let call = json!({ "method": "GET", "path": format!("//{}/x", elsewhere.local_addr()?) });
        desk.error("api.request", call).await?;
        let visit = tokio::time::timeout(Duration::from_millis(200), elsewhere.accept()).await;
        assert!(visit.is_err(), "somebody called another host");
        Ok(())
    })
}
