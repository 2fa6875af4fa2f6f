//! The resources beside tickets and customers: each lives from its creation to
//! its deletion, and what is special about one has a test of its own.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::resources::live;
use crate::support::{drive, ids, text};

/// Resource, a new record, a change, and filters that find it.
fn lives() -> Vec<(&'static str, Value, Value, Value)> {
    let day = "2026-03-02T00:00:00Z";
    vec![
        (
            "asset",
            json!({ "inventory_number": "ÄÖ-1", "assettype_id": 1, "client_id": 12 }),
            json!({ "key_field": "äö-1" }),
            json!({ "client_id": 12 }),
        ),
        (
            "item",
            json!({ "name": "Dockingstation „Süd“", "assetgroup_id": 3, "baseprice": 189.5 }),
            json!({ "baseprice": 199.5 }),
            json!({ "search": "Süd" }),
        ),
        (
            "supplier",
            json!({ "name": "Łódź Parts", "email_address": "parts@example.com" }),
            json!({ "contact_name": "Zoë" }),
            json!({ "search": "Łódź" }),
        ),
        (
            "software_licence",
            json!({ "name": "Suite", "client_id": 12, "count": 25 }),
            json!({ "count": 30 }),
            json!({ "client_id": 12 }),
        ),
        (
            "contract",
            json!({ "client_id": 12, "ref": "C-17", "start_date": day }),
            json!({ "note": "Verlängert" }),
            json!({ "client_id": 12 }),
        ),
        (
            "opportunity",
            json!({ "summary": "Neue Büros", "targetdate": day, "client_id": 12 }),
            json!({ "oppvalue": 1234.5 }),
            json!({ "open_only": true, "client_id": 12 }),
        ),
        (
            "quotation",
            json!({ "title": "Angebot", "user_id": 44 }),
            json!({ "title": "Angebot 2" }),
            json!({ "user_id": 44 }),
        ),
        (
            "sales_order",
            json!({ "title": "Auftrag", "user_id": 44 }),
            json!({ "po_number": "PO-4711" }),
            json!({ "user_id": 44 }),
        ),
        (
            "purchase_order",
            json!({ "title": "Bestellung", "supplier_id": 2 }),
            json!({ "est_delivery_date": day }),
            json!({ "supplier_id": 2 }),
        ),
        (
            "invoice",
            json!({ "client_id": 12, "invoice_date": day }),
            json!({ "order_number": "PO-4711" }),
            json!({ "client_id": 12, "notpostedonly": true }),
        ),
        (
            "recurring_invoice",
            json!({ "client_id": 12, "order_number": "PO-4711" }),
            json!({ "notes_1": "Vierteljährlich" }),
            json!({ "client_id": 12 }),
        ),
        (
            "project",
            json!({ "summary": "Umzug", "client_id": 12, "startdate": day }),
            json!({ "targetdate": "2026-09-30T00:00:00Z" }),
            json!({ "open_only": true }),
        ),
        (
            "appointment",
            json!({ "subject": "Besuch", "start_date": "2026-03-02T09:00:00Z", "agent_id": 3, "ticket_id": 17 }),
            json!({ "note": "Schlüssel mitbringen" }),
            json!({ "agents": [3, 4], "ticket_id": 17 }),
        ),
        (
            "kb_article",
            json!({ "name": "VPN „neu“", "resolution": "Profil laden." }),
            json!({ "resolution": "Profil löschen und laden." }),
            json!({ "search": "neu" }),
        ),
        (
            "crm_note",
            json!({ "client_id": 12, "note": "Angerufen 🙂" }),
            json!({ "note": "Zweimal angerufen" }),
            json!({ "client_id": 12 }),
        ),
        (
            "canned_text",
            json!({ "name": "Gruß", "text": "Viele Grüße" }),
            json!({ "text": "Herzliche Grüße" }),
            json!({}),
        ),
    ]
}

#[rustfmt::skip]
#[test]
fn every_record_lives_from_create_to_delete() -> Result<()> {
    drive!(
        [
            "asset.create", "asset.get", "asset.list", "asset.update", "asset.delete",
            "item.create", "item.get", "item.list", "item.update", "item.delete",
            "supplier.create", "supplier.get", "supplier.list", "supplier.update", "supplier.delete",
            "software_licence.create", "software_licence.get", "software_licence.list", "software_licence.update", "software_licence.delete",
            "contract.create", "contract.get", "contract.list", "contract.update", "contract.delete",
            "opportunity.create", "opportunity.get", "opportunity.list", "opportunity.update", "opportunity.delete",
            "quotation.create", "quotation.get", "quotation.list", "quotation.update", "quotation.delete",
            "sales_order.create", "sales_order.get", "sales_order.list", "sales_order.update", "sales_order.delete",
            "purchase_order.create", "purchase_order.get", "purchase_order.list", "purchase_order.update", "purchase_order.delete",
            "invoice.create", "invoice.get", "invoice.list", "invoice.update", "invoice.delete",
            "recurring_invoice.create", "recurring_invoice.get", "recurring_invoice.list", "recurring_invoice.update", "recurring_invoice.delete",
            "project.create", "project.get", "project.list", "project.update", "project.delete",
            "appointment.create", "appointment.get", "appointment.list", "appointment.update", "appointment.delete",
            "kb_article.create", "kb_article.get", "kb_article.list", "kb_article.update", "kb_article.delete",
            "crm_note.create", "crm_note.get", "crm_note.list", "crm_note.update", "crm_note.delete",
            "canned_text.create", "canned_text.get", "canned_text.list", "canned_text.update", "canned_text.delete"
        ],
        [],
        async |desk| {
            for (resource, new, change, find) in lives() {
                live(desk, resource, new, change, find).await.context(resource)?;
            }
            Ok(())
        }
    )
}

/// Lists that HaloPSA sends as a whole are asked for once, and without
/// parameters that it would ignore.
#[test]
fn what_comes_whole_is_read_whole_and_once() -> Result<()> {
    drive!(
        ["agent.list", "agent.get", "team.list", "team.get", "audit.list", "audit.get", "ticket.update"],
        [],
        async |desk| {
            let all = json!({ "return_all": true });
            let agents = desk.results("agent.list", all.clone()).await?;
            assert_eq!(desk.requests("GET", "/agent"), 1);
            assert!(agents.len() > 9 && agents.iter().all(|agent| agent["isdisabled"] == false));
            let more = json!({ "includedisabled": true, "return_all": true });
            let more = desk.results("agent.list", more).await?;
            let gone = more.iter().find(|agent| agent["isdisabled"] == true).context("nobody is disabled")?;
            let agent = desk.result("agent.get", json!({ "id": gone["id"] })).await?;
            assert_eq!(agent["name"], gone["name"]);

            let result = desk.run("agent.list", json!({ "limit": 2 })).await?;
            assert_eq!(result.results().count(), 2);
            assert!(result.json().to_string().contains("halopsa.more-rows"), "{}", result.json());

            let teams = desk.results("team.list", json!({ "department_id": 4 })).await?;
            let team = desk.result("team.get", json!({ "id": teams[0]["id"] })).await?;
            assert_eq!((teams.len(), text(&team, "name")), (1, "Projects"));

            let before = desk.results("audit.list", all.clone()).await?;
            desk.result("ticket.update", json!({ "id": 17, "summary": "Anders" })).await?;
            let after = desk.results("audit.list", all).await?;
            let new = after.last().context("no audit")?;
            assert_eq!(
                (after.len(), &new["ticket_id"], text(new, "to")),
                (before.len() + 1, &json!(17), "Anders")
            );
            assert_eq!(desk.result("audit.get", json!({ "id": new["id"] })).await?["value"], "summary");
            Ok(())
        }
    )
}

/// The server gives 50 assets a page, whatever is asked for.
#[test]
fn a_fixed_page_size_loses_no_asset() -> Result<()> {
    drive!(["asset.list"], [], async |desk| {
        let active = ids(&desk.results("asset.list", json!({ "return_all": true })).await?);
        let all = json!({ "includeinactive": true, "return_all": true });
        let all = ids(&desk.results("asset.list", all).await?);
        assert_eq!((active.len(), all.len()), (127, 130));
        Ok(())
    })
}

#[test]
fn an_appointment_may_come_back_under_another_id() -> Result<()> {
    drive!(["appointment.update", "appointment.get"], ["appointment-id-changes"], async |desk| {
        let moved = desk.result("appointment.update", json!({ "id": 4, "subject": "Später" })).await?;
        assert_ne!(moved["id"], 4);
        let read = desk.result("appointment.get", json!({ "id": moved["id"] })).await?;
        assert_eq!(read["subject"], "Später");
        Ok(())
    })
}

#[test]
fn a_report_gives_its_rows() -> Result<()> {
    drive!(["report.list", "report.get", "report.run"], [], async |desk| {
        let reports = desk.results("report.list", json!({})).await?;
        let id = &reports[0]["id"];
        let report = desk.result("report.get", json!({ "id": id })).await?;
        assert!(report.get("rows").is_none() && !text(&report, "name").is_empty(), "{report}");
        let rows = desk.results("report.run", json!({ "id": id, "return_all": true })).await?;
        assert!(rows.len() > 3 && rows.iter().all(|row| row["Open"].as_u64() > Some(0)), "{rows:?}");
        let client = text(&rows[0], "Client");
        let only = |rule: u8| {
            json!({ "id": id, "return_all": true, "filters": [
            { "fieldname": "Client", "stringruletype": rule, "stringrulevalues": [client] },
        ] })
        };
        assert_eq!(desk.results("report.run", only(0)).await?, rows[..1]);
        assert_eq!(desk.results("report.run", only(1)).await?, rows[1..]);
        let some = desk.run("report.run", json!({ "id": id, "limit": 2 })).await?;
        assert_eq!(some.results().count(), 2);
        assert!(some.json().to_string().contains("halopsa.more-rows"), "{}", some.json());
        Ok(())
    })
}

#[test]
fn a_quantity_on_a_recurring_invoice_is_set_and_the_rest_stays() -> Result<()> {
    drive!(["recurring_invoice.update_quantity", "recurring_invoice.get"], [], async |desk| {
        let operation = "recurring_invoice.update_quantity";
        let before = desk.result("recurring_invoice.get", json!({ "id": -4 })).await?;
        let writes = || desk.requests("POST", "/recurringinvoice");

        let dry = desk.session.with(|call| call.dry_run = true);
        let input = json!({ "id": -4, "item_code": "ws", "quantity": 40 });
        let shown = desk.run_in(&dry, operation, input.clone()).await?;
        assert_eq!((shown.results().count(), writes()), (3, 0), "{}", shown.json());

        let told = desk.result(operation, input.clone()).await?;
        assert_eq!(
            (&told["line_id"], &told["old_quantity"], &told["quantity"], &told["changed"]),
            (&json!(1), &json!(10.0), &json!(40), &json!(true)),
        );
        let after = desk.result("recurring_invoice.get", json!({ "id": -4 })).await?;
        assert_eq!(after["lines"][0]["qty_order"], 40);
        assert_eq!(after["lines"][0]["net_amount"], 1580.0);
        for (name, value) in before["lines"][1].as_object().into_iter().flatten() {
            assert_eq!(after["lines"][1].get(name), Some(value), "{name}");
        }
        assert_eq!(after["client_id"], before["client_id"]);

        // What is right already is not written.
        assert_eq!(desk.result(operation, input).await?["changed"], false);
        assert_eq!(writes(), 1);

        // Both lines of one invoice, in one call.
        let items = json!([
            { "id": -4, "line_id": 1, "quantity": 41 },
            { "id": -4, "line_id": 2, "quantity": 2.5 },
        ]);
        assert_eq!(desk.run(operation, items).await?.exit_code(), 0);
        let after = desk.result("recurring_invoice.get", json!({ "id": -4 })).await?;
        assert_eq!(
            (&after["lines"][0]["qty_order"], &after["lines"][1]["qty_order"]),
            (&json!(41), &json!(2.5))
        );

        let error = desk.error(operation, json!({ "id": -4, "line_id": 9, "quantity": 1 })).await?;
        assert_eq!((text(&error, "kind"), text(&error, "effect")), ("not-found", "none"), "{error}");
        assert!(text(&error, "advice").contains("2 (Arbeitsstunde)"), "{error}");
        let error = desk.error(operation, json!({ "id": 99_999, "line_id": 1, "quantity": 1 })).await?;
        assert_eq!(text(&error, "kind"), "not-found", "{error}");
        assert_eq!(writes(), 3);
        Ok(())
    })
}

/// The words of HaloPSA reach whoever left something out that only the
/// instance wants.
#[test]
fn what_a_document_lacks_is_named() -> Result<()> {
    drive!(["opportunity.create", "invoice.create", "quotation.create", "item.create"], [], async |desk| {
        for (operation, input, field) in [
            ("opportunity.create", json!({ "summary": "x" }), "/targetdate"),
            ("invoice.create", json!({ "client_id": 12 }), "/invoice_date"),
            ("quotation.create", json!({ "title": "x" }), "/user_id"),
            ("item.create", json!({ "name": "x" }), "/assetgroup_id"),
        ] {
            let error = desk.error(operation, input).await?;
            assert_eq!((text(&error, "kind"), text(&error, "field")), ("invalid-input", field), "{error}");
        }
        let error = desk.error("quotation.create", json!({ "user_id": 0 })).await?;
        assert!(text(&error, "vendor_message").contains("Please select a valid User"), "{error}");
        Ok(())
    })
}
