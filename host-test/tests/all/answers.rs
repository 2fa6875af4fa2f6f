//! Answers in the shapes that live tenants send, and what is said where they
//! are not what was asked for.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::lists;
use crate::support::{drive, file, ids, text};

/// Codes of the diagnostics of a run.
fn codes(run: &Value) -> Vec<&str> {
    run["diagnostics"].as_array().into_iter().flatten().map(|said| text(said, "code")).collect()
}

/// The message of a diagnostic.
fn said<'r>(run: &'r Value, code: &str) -> Result<&'r str> {
    let all = run["diagnostics"].as_array().into_iter().flatten();
    let found = all.into_iter().find(|said| text(said, "code") == code);
    Ok(text(found.with_context(|| format!("no {code}: {run}"))?, "message"))
}

#[test]
fn names_inside_objects_and_ids_as_text_are_read() -> Result<()> {
    drive!(["ticket.get", "ticket.list"], [], async |desk| {
        let usual = desk.result("ticket.get", json!({ "id": 17 })).await?;
        for quirk in ["nested-names", "text-ids", "bom", "record-in-list", "wrap-list"] {
            desk.switch_on(quirk)?;
        }
        let ticket = desk.result("ticket.get", json!({ "id": 17 })).await?;
        assert_eq!(ticket, usual);
        assert!(!text(&ticket, "priority_name").is_empty() && !text(&ticket, "user_email").is_empty());
        let rows = desk.results("ticket.list", json!({ "limit": 5 })).await?;
        assert_eq!(ids(&rows).len(), 5);
        for row in &rows {
            for column in ["status_name", "tickettype_name", "client_name", "last_update"] {
                assert!(!text(row, column).is_empty(), "{column}: {row}");
            }
        }
        let raw = desk.run("ticket.get", json!({ "id": 17, "simplify": false })).await?;
        let ticket = raw.results().next().context("no ticket")?;
        assert_eq!(ticket["tickettype"].as_object().map(|kind| kind.len()), Some(2), "{ticket}");
        assert!(said(raw.json(), "halopsa.result-reduced")?.contains("tickettype"));
        Ok(())
    })
}

#[test]
fn a_list_under_another_key_is_read_and_one_that_ignores_pages_ends() -> Result<()> {
    drive!(["client.list", "ticket.list"], ["ignore-paging"], async |desk| {
        let tickets = desk.results("ticket.list", json!({ "return_all": true })).await?;
        let different: BTreeSet<i64> = ids(&tickets).into_iter().collect();
        assert_eq!((tickets.len(), different.len()), (717, 717));
        desk.switch_on("list-key=customers")?;
        let run = desk.run("client.list", json!({ "limit": 3 })).await?;
        assert_eq!(run.results().count(), 3);
        assert!(said(run.json(), "halopsa.unexpected-list-key")?.contains("\"customers\""));
        desk.switch_on("no-ids")?;
        let run = desk.run("ticket.list", json!({ "return_all": true })).await?;
        assert_eq!(run.results().count(), 717, "each once");
        assert!(codes(run.json()).contains(&"halopsa.rows-without-id"));
        Ok(())
    })
}

#[test]
fn a_write_that_is_kept_in_part_is_said() -> Result<()> {
    drive!(["ticket.assign", "ticket.update"], ["warning=Careful"], async |desk| {
        let run = desk.run("ticket.assign", json!({ "id": 17, "agent_id": 5 })).await?;
        assert_eq!(codes(run.json()), ["halopsa.vendor-warning"]);
        assert!(said(run.json(), "halopsa.vendor-warning")?.contains("Careful"));
        desk.switch_on("keep-not=agent_id,summary")?;
        let run = desk.run("ticket.update", json!({ "id": 17, "agent_id": 4, "summary": "Other" })).await?;
        let said = said(run.json(), "halopsa.value-not-kept")?;
        assert!(said.contains("agent_id (sent 4, is 5)") && said.contains("summary"), "{said}");
        desk.switch_on("other-record")?;
        let error = desk.error("ticket.update", json!({ "id": 17, "impact": 2 })).await?;
        assert_eq!((text(&error, "effect"), text(&error, "kind")), ("unknown", "protocol"), "{error}");
        Ok(())
    })
}

#[test]
fn a_quantity_that_shows_later_is_waited_for() -> Result<()> {
    drive!(
        ["recurring_invoice.update_quantity", "recurring_invoice.list"],
        ["late-reads=600", "stale-answers"],
        async |desk| {
            let input = json!({ "id": 4, "item_code": "WS", "quantity": 41 });
            let invoices =
                desk.results("recurring_invoice.list", json!({ "limit": 10, "includelines": true })).await?;
            let invoice =
                invoices.iter().find(|row| row["lines"].to_string().contains("\"WS\"")).context("no line")?;
            let mut input = input;
            input["id"] = invoice["id"].clone();
            let result = desk.result("recurring_invoice.update_quantity", input).await?;
            assert_eq!((&result["quantity"], &result["changed"]), (&json!(41), &json!(true)));
            Ok(())
        }
    )
}

#[test]
fn a_report_ends_with_a_warning_at_its_cap_and_is_not_run_twice() -> Result<()> {
    drive!(["report.run"], ["report-rows=60000"], async |desk| {
        let run = desk.run("report.run", json!({ "id": 1, "limit": 1 })).await?;
        assert!(codes(run.json()).contains(&"halopsa.report-cut"), "{:?}", codes(run.json()));
        desk.switch_on("report-timeout")?;
        let before = desk.requests("GET", "/report/1");
        let error = desk.error("report.run", json!({ "id": 1 })).await?;
        assert_eq!((text(&error, "kind"), text(&error, "effect")), ("timeout", "none"), "{error}");
        assert_eq!(desk.requests("GET", "/report/1") - before, 1);
        Ok(())
    })
}

#[test]
fn all_notes_on_a_client_are_listed() -> Result<()> {
    drive!(["crm_note.list", "crm_note.create"], [], async |desk| {
        let before =
            desk.results("crm_note.list", json!({ "client_id": 12, "return_all": true })).await?.len();
        let notes: Vec<Value> =
            (0..60).map(|n| json!({ "client_id": 12, "note": format!("note {n}") })).collect();
        desk.results("crm_note.create", Value::Array(notes)).await?;
        let run = desk.run("crm_note.list", json!({ "client_id": 12, "return_all": true })).await?;
        assert_eq!(run.results().count(), before + 60);
        assert!(codes(run.json()).is_empty(), "{:?}", codes(run.json()));
        Ok(())
    })
}

#[test]
fn a_lookup_is_read_whole_where_its_number_gives_nothing() -> Result<()> {
    drive!([], [], async |desk| {
        for (list, params) in
            [("asset_statuses", json!({})), ("custom_field_values", json!({ "lookup_id": 101 }))]
        {
            let usual = lists::all(desk, list, params.clone(), None).await?;
            desk.switch_on("lookup-by-id-empty")?;
            assert!(!usual.is_empty());
            assert_eq!(lists::all(desk, list, params, None).await?, usual, "{list}");
        }
        Ok(())
    })
}

#[test]
fn the_name_of_a_file_survives_but_for_what_no_file_system_takes() -> Result<()> {
    drive!(["attachment.upload", "attachment.download"], [], async |desk| {
        for (given, stored) in [
            ("Invoice 03/2024.pdf", "Invoice 03_2024.pdf"),
            ("Report; final \u{202e}.pdf", "Report; final .pdf"),
            ("März 🙂.svg", "März 🙂.svg"),
        ] {
            let files = vec![file(given, "<svg xmlns='http://www.w3.org/2000/svg'/>")];
            let run = desk.run_files("attachment.upload", json!({ "ticket_id": 17 }), files).await?;
            let result = run.results().next().context("no result")?;
            assert_eq!(text(result, "filename"), stored);
            assert_eq!(codes(run.json()).contains(&"halopsa.file-renamed"), given != stored);
            let run = desk.run("attachment.download", json!({ "id": result["id"] })).await?;
            assert_eq!(run.files().first().map(|file| file.attachment.name.as_str()), Some(stored));
        }
        Ok(())
    })
}
