//! Values as forms, spreadsheets, models and the clipboard give them.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::support::{drive, text};

#[test]
fn values_of_a_spreadsheet_make_a_ticket() -> Result<()> {
    drive!(["ticket.create", "ticket.update"], [], async |desk| {
        let given = json!({
            "summary": 4711, "details": null, "client_id": "12", "user_by_email": "", "deadlinedate": "",
            "status_id": "", "customfields": "{\"cflocation\": \"Room 8\"}", "flagged": "no", "assets": "[]",
            "team": " ", "impact": "2",
        });
        let made = desk.result("ticket.create", given).await?;
        assert_eq!((&made["summary"], &made["client_id"]), (&json!("4711"), &json!(12)));
        assert_eq!(made.pointer("/customfields/CFLocation"), Some(&json!("Room 8")), "{made}");

        // An empty value leaves a field alone; only `clear` empties one.
        let id = &made["id"];
        let given =
            json!({ "id": id, "details": "x", "closure_note": "", "customfields": { "CFLocation": "" } });
        let kept = desk.result("ticket.update", given).await?;
        assert_eq!(kept.pointer("/customfields/CFLocation"), Some(&json!("Room 8")), "{kept}");
        let cleared =
            desk.result("ticket.update", json!({ "id": id, "clear": ["details", "CFLocation"] })).await?;
        assert_eq!(cleared["details"], "", "{cleared}");
        assert_ne!(cleared.pointer("/customfields/CFLocation"), Some(&json!("Room 8")), "{cleared}");
        Ok(())
    })
}

#[test]
fn a_pasted_address_is_the_record_of_its_page_and_no_other() -> Result<()> {
    drive!(["ticket.get", "ticket.delete", "site.get", "recurring_invoice.get"], [], async |desk| {
        let instance = desk.fields().get("url").context("no address")?.trim_end_matches('/').to_owned();
        let page = |path: &str| json!({ "id": format!("{instance}{path}") });
        let team = "/tickets?area=1&mainview=team&viewid=2&selid=75&sellevel=2&selparentid=0&id=17";
        assert_eq!(desk.result("ticket.get", page(team)).await?["id"], 17);
        assert_eq!(desk.result("site.get", page("/customer?clientid=12&siteid=18")).await?["id"], 18);
        assert_eq!(desk.result("recurring_invoice.get", page("/recurringinvoices?id=-4")).await?["id"], -4);
        for spelt in ["#17", "SR-0000017", "\u{200b}17\u{feff}"] {
            assert_eq!(desk.result("ticket.get", json!({ "id": spelt })).await?["id"], 17, "{spelt}");
        }
        let view = "/tickets?area=1&mainview=team&viewid=2&selid=75&sellevel=2&selparentid=3";
        for address in [view, "/customer?clientid=12&siteid=18", "/ticket?id=17&id=18"] {
            let error = desk.error("ticket.delete", page(address)).await?;
            assert_eq!((text(&error, "kind"), text(&error, "field")), ("invalid-input", "/id"), "{error}");
        }
        assert_eq!(desk.requests("DELETE", "/tickets"), 0);
        Ok(())
    })
}

#[test]
fn what_halopsa_would_drop_or_take_for_another_client_is_refused() -> Result<()> {
    drive!(["ticket.create", "ticket.list"], [], async |desk| {
        let of_another = json!({ "summary": "x", "client_id": 7, "site_id": 18 });
        for (operation, input, field, near) in [
            ("ticket.create", json!({ "summary": "x", "team": "Nope" }), "/team", ""),
            ("ticket.create", json!({ "summary": "x", "category_1": "Hardwear" }), "/category_1", ""),
            (
                "ticket.create",
                json!({ "summary": "x", "customfields": { "Location": "y" } }),
                "/customfields/Location",
                "CFLocation",
            ),
            ("ticket.create", of_another, "/site_id", "client_id 7"),
            ("ticket.list", json!({ "order": "Created" }), "/order", ""),
        ] {
            let error = desk.error(operation, input).await?;
            assert_eq!((text(&error, "kind"), text(&error, "field")), ("invalid-input", field), "{error}");
            assert!(text(&error, "advice").contains(near), "{error}");
        }
        assert_eq!(desk.requests("POST", "/tickets"), 0);
        Ok(())
    })
}

#[test]
fn dates_without_an_offset_follow_the_time_zone_of_the_call() -> Result<()> {
    drive!(["ticket.create"], [], async |desk| {
        let given = json!({ "summary": "x", "deadlinedate": "2026-11-21T10:00:00", "simplify": false });
        for (zone, stored, said) in [
            ("EST5EDT,M3.2.0,M11.1.0", "2026-11-21T15:00:00", false),
            ("+02:00", "2026-11-21T08:00:00", false),
            ("America/New_York", "2026-11-21T10:00:00", true),
        ] {
            let zoned = desk.session.with(|call| call.time_zone = Some(zone.to_owned()));
            let result = desk.run_in(&zoned, "ticket.create", given.clone()).await?;
            let ticket = result.results().next().context("no ticket")?;
            assert!(text(ticket, "deadlinedate").starts_with(stored), "{zone}: {ticket}");
            let diagnostics = result.json().get("diagnostics").and_then(Value::as_array);
            let is_said =
                diagnostics.into_iter().flatten().any(|one| one["code"] == "halopsa.date-taken-as-utc");
            assert_eq!(is_said, said, "{zone}: {}", result.json());
        }
        Ok(())
    })
}

/// Two of them are no list where one is wanted.
#[test]
fn a_text_with_commas_is_one_record_where_one_is_wanted() -> Result<()> {
    drive!(["ticket.delete", "ticket.create", "note.add"], [], async |desk| {
        for (operation, input, field) in [
            ("ticket.delete", json!({ "id": "17,18" }), "/id"),
            ("ticket.create", json!({ "summary": "x", "client_id": "12, 7" }), "/client_id"),
            ("ticket.create", json!({ "summary": "x", "client_id": "1,017" }), "/client_id"),
            ("note.add", json!({ "ticket_id": "#17, #18", "note": "x" }), "/ticket_id"),
        ] {
            let error = desk.error(operation, input).await?;
            assert_eq!((text(&error, "kind"), text(&error, "field")), ("invalid-input", field), "{error}");
        }
        let writes = ["POST", "DELETE"].map(|method| desk.requests(method, "/tickets"));
        assert_eq!(writes, [0, 0]);
        Ok(())
    })
}
