//! Creating, changing, closing, deleting (HAPI §4, §7, §8, §10).

use anyhow::Result;
use serde_json::json;

use crate::client::{ids, quirk, start};

#[tokio::test]
async fn a_ticket_is_opened_with_defaults_and_its_first_action() -> Result<()> {
    let client = start(&[]).await?;
    let reply = client
        .post("Tickets", &json!([{ "summary": "Drucker ✏️", "details": "Tür 5", "client_id": "12" }]))
        .await?;
    assert_eq!(reply.status, 201, "{}", reply.text());
    let ticket = reply.json();
    assert_eq!(ticket["id"], 718);
    assert_eq!(ticket["status_id"], 1);
    assert_eq!(ticket["agent_id"], 1);
    assert_eq!(ticket["client_id"], 12);
    assert_eq!(ticket["user_name"], "General User");
    assert_eq!(ticket["team"], "1st Line Support");
    assert!(ticket["lastupdate"].is_string() && ticket.get("last_update").is_none());
    let actions = client.get("Actions?ticket_id=718").await?.json();
    assert_eq!(actions["record_count"], 1);
    assert_eq!(actions["actions"][0]["id"], 1);
    assert_eq!(actions["actions"][0]["outcome"], "Opened");
    assert_eq!(actions["actions"][0]["note"], "Tür 5");
    assert_eq!(client.sim.ticket_count(), 718);
    Ok(())
}

#[tokio::test]
async fn mandatory_fields_depend_on_the_ticket_type() -> Result<()> {
    let client = start(&[]).await?;
    for (ticket, message) in [
        (json!({ "details": "x" }), Some("Summary is mandatory")),
        (json!({ "summary": "x" }), None),
        (json!({ "summary": "x", "tickettype_id": 3 }), Some("Category is mandatory")),
        (json!({ "summary": "x", "tickettype_id": 3, "category_1": "Hardware>Laptop" }), None),
        (json!({ "summary": "x", "tickettype_id": 3, "_novalidate": true }), None),
        (json!({ "summary": "x", "tickettype_id": 4 }), Some("Change Window is mandatory")),
        (
            json!({ "summary": "x", "tickettype_id": 4, "customfields": [{ "name": "CFChangeWindow", "value": "Sa 22:00" }] }),
            None,
        ),
        (json!({ "summary": "x", "tickettype_id": 8 }), Some("Location is mandatory")),
        (
            json!({ "summary": "x", "tickettype_id": 8, "customfields": [{ "name": "CFLocation", "value": "Raum 5" }] }),
            Some("Business Impact is mandatory"),
        ),
        (json!({ "summary": "x", "tickettype": { "id": 3 } }), None),
        (json!({ "summary": "x", "user_id": 5 }), Some("Please select a valid Site")),
        (json!({ "summary": "x", "client_id": 9999 }), Some("Please select a valid Client")),
    ] {
        let reply = client.post("Tickets", &json!([ticket])).await?;
        match message {
            None => assert_eq!(reply.status, 201, "{ticket}: {}", reply.text()),
            Some(message) => {
                assert_eq!(reply.status, 400, "{ticket}");
                assert_eq!(reply.json()["ClassName"], "System.Exception");
                assert_eq!(reply.json()["Message"], message, "{ticket}");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_update_changes_only_what_is_sent_and_closing_shows() -> Result<()> {
    let client = start(&[]).await?;
    let new = json!([{ "summary": "alt", "details": "bleibt" }]);
    let id = client.post("Tickets", &new).await?.json()["id"].clone();
    let reply = client.post("Tickets", &json!([{ "id": id, "summary": "neu", "agent_id": 5 }])).await?;
    assert_eq!(reply.status, 201);
    let ticket = client.get(&format!("Tickets/{id}")).await?.json();
    assert_eq!(ticket["summary"], "neu");
    assert_eq!(ticket["details"], "bleibt");
    assert_eq!(ticket["agent_id"], 5);
    assert_eq!(ticket["hasbeenclosed"], false);
    client.post("Tickets", &json!([{ "id": id, "status_id": 9 }])).await?;
    let ticket = client.get(&format!("Tickets/{id}")).await?.json();
    assert_eq!(ticket["hasbeenclosed"], true);
    assert_ne!(ticket["dateclosed"], "1900-01-01T00:00:00");
    Ok(())
}

#[tokio::test]
async fn a_deleted_ticket_is_gone_until_it_is_recovered() -> Result<()> {
    let client = start(&[]).await?;
    let reply = client.delete("Tickets/42?reason=test").await?;
    assert_eq!((reply.status, reply.json()["id"].clone()), (200, json!(42)));
    assert_eq!(client.get("Tickets/42").await?.status, 404);
    assert_eq!(client.delete("Tickets/42").await?.status, 404);
    assert!(ids(&client.get("Tickets?search_id=42").await?.json(), "tickets").is_empty());
    assert_eq!(ids(&client.get("Tickets?deleted=true").await?.json(), "tickets"), [42]);
    assert_eq!(client.sim.ticket_count(), 716);
    let reply =
        client.post("Tickets", &json!([{ "id": 42, "_recover": true, "_validate_updates": true }])).await?;
    assert_eq!(reply.status, 201);
    assert_eq!(client.get("Tickets/42").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_post_answers_with_the_last_element() -> Result<()> {
    let client = start(&[]).await?;
    let two = json!([{ "summary": "eins" }, { "summary": "zwei" }]);
    let reply = client.post("Tickets", &two).await?;
    assert_eq!(reply.json()["summary"], "zwei");
    let reply = client.post("Tickets?returnall=true", &two).await?;
    assert_eq!(reply.json().as_array().map(Vec::len), Some(2));
    let reply = client.post("Tickets", &json!({ "summary": "drei" })).await?;
    assert_eq!(reply.status, 400);
    assert!(reply.text().contains("requires a JSON array"));
    client.sim.add_quirk(quirk("wrap-array")?);
    let reply = client.post("Tickets", &two).await?;
    assert_eq!(reply.json()[0]["summary"], "zwei");
    assert_eq!(reply.json().as_array().map(Vec::len), Some(1));
    Ok(())
}

#[tokio::test]
async fn a_post_of_many_is_done_up_to_the_one_that_fails() -> Result<()> {
    let client = start(&[]).await?;
    let three = json!([{ "summary": "eins" }, { "details": "no summary" }, { "summary": "drei" }]);
    assert_eq!(client.post("Tickets", &three).await?.status, 400);
    assert_eq!(client.sim.ticket_count(), 718);
    client.sim.add_quirk(quirk("atomic-post")?);
    assert_eq!(client.post("Tickets", &three).await?.status, 400);
    assert_eq!(client.sim.ticket_count(), 718);
    Ok(())
}

#[tokio::test]
async fn ids_may_be_text_but_never_decimals() -> Result<()> {
    let client = start(&[]).await?;
    let reply = client.call("POST", "Tickets", "[{\"summary\":\"x\",\"client_id\":95.0}]").await?;
    assert_eq!(reply.status, 400);
    assert!(reply.json()["[0].client_id"][0].is_string(), "{}", reply.text());
    Ok(())
}

#[tokio::test]
async fn a_bare_update_is_refused_where_the_tenant_is_so() -> Result<()> {
    let client = start(&["record-not-found-on-bare-update"]).await?;
    let reply = client.post("Tickets", &json!([{ "id": 1, "status_id": 2 }])).await?;
    assert_eq!(reply.json()["Message"], "Record not found");
    let reply = client
        .post("Tickets", &json!([{ "id": 1, "status_id": 2, "tickettype_id": 1, "client_id": 2 }]))
        .await?;
    assert_eq!(reply.status, 201);
    assert_eq!(client.post("Tickets", &json!([{ "summary": "new" }])).await?.status, 201);
    Ok(())
}

#[tokio::test]
async fn actions_need_ticket_and_outcome() -> Result<()> {
    let client = start(&[]).await?;
    assert_eq!(client.get("Actions").await?.json()["record_count"], 0);
    let reply = client.get("Actions/1").await?;
    assert_eq!(reply.json()["Message"], "ticket_id must be specified");
    let reply = client.delete("Actions/1").await?;
    assert_eq!(reply.json()["Message"], "ticket_id must be included when deleting an Action");
    let reply = client.post("Actions", &json!([{ "outcome_id": 7, "note": "x" }])).await?;
    assert_eq!(reply.json()["Message"], "An Action must be associated with a ticket_id");
    let reply = client.post("Actions", &json!([{ "ticket_id": 717, "note": "x" }])).await?;
    assert_eq!(reply.json()["Message"], "An Outcome must be entered for this Action");
    let new = json!([{ "summary": "x" }]);
    let id = client.post("Tickets", &new).await?.json()["id"].clone();
    let note = json!([{ "ticket_id": id, "outcome_id": 7, "note_html": "<p>Grüße</p>", "timetaken": 0.5, "status_id": 9 }]);
    let action = client.post("Actions", &note).await?.json();
    assert_eq!(action["id"], 2);
    assert_eq!(action["outcome"], "Private Note");
    assert_eq!(action["note"], "Grüße");
    assert_eq!(action["hiddenfromuser"], true);
    assert_eq!(action["actionby_application_id"], "Workflow Automation");
    // A status in an action does not move the ticket; new_status does.
    assert_eq!(client.get(&format!("Tickets/{id}")).await?.json()["status_id"], 1);
    let action = client
        .post("Actions", &json!([{ "ticket_id": id, "outcome": "note", "new_status": 2 }]))
        .await?
        .json();
    assert_eq!((action["id"].clone(), action["old_status"].clone()), (json!(3), json!(1)));
    let ticket = client.get(&format!("Tickets/{id}")).await?.json();
    assert_eq!((ticket["status_id"].clone(), ticket["timetaken"].clone()), (json!(2), json!(0.5)));
    assert_eq!(client.sim.actions(718).len(), 3);
    assert_eq!(client.delete("Actions/2?ticket_id=718").await?.status, 200);
    assert_eq!(client.sim.actions(718).len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_new_client_brings_a_site_a_contact_and_a_password() -> Result<()> {
    let client = start(&[]).await?;
    let answer = client.post("Client", &json!([{ "name": "Müller Süd" }])).await?.json();
    let site = &answer["site_update"][0];
    let user = &site["users_update"][0];
    assert_eq!(answer["main_site_id"], site["id"]);
    assert!(user["new_password"].as_str().is_some_and(|password| password.len() > 8));
    let sites = client.get(&format!("Site?client_id={}", answer["id"])).await?.json();
    assert_eq!(sites["record_count"], 1);
    let users = client.get(&format!("Users?client_id={}", answer["id"])).await?.json();
    assert_eq!(users["users"][0]["name"], "General User");
    assert_eq!(client.delete(&format!("Client/{}", answer["id"])).await?.status, 200);
    assert_eq!(client.delete("Client/99999").await?.status, 404);
    assert_eq!(client.get(&format!("Site/{}", site["id"])).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn sites_and_users_need_their_owner() -> Result<()> {
    let client = start(&[]).await?;
    for (path, body, status) in [
        ("Client", json!([{ "website": "x" }]), 400),
        ("Site", json!([{ "name": "x" }]), 400),
        ("Site", json!([{ "name": "x", "client_id": 4711 }]), 400),
        ("Site", json!([{ "name": "x", "client_id": 2 }]), 201),
        ("Site", json!([{ "id": 3, "name": "umbenannt" }]), 201),
        ("Site", json!([{ "id": 4711, "name": "x" }]), 404),
        ("Users", json!([{ "name": "x" }]), 400),
        ("Users", json!([{ "site_id": 2 }]), 400),
        ("Users", json!([{ "name": "Zoë Ärmel", "site_id": 2 }]), 201),
        ("Users", json!([{ "firstname": "Zoë", "surname": "Ärmel", "site_id": 2.0 }]), 201),
    ] {
        let reply = client.post(path, &body).await?;
        assert_eq!(reply.status, status, "{path} {body}: {}", reply.text());
    }
    let last = client.get("Users?search=%C3%A4rmel&order=id&orderdesc=true").await?.json();
    assert_eq!(last["record_count"], 2);
    assert_eq!(last["users"][0]["name"], "Zoë Ärmel");
    assert_eq!(last["users"][1]["surname"], "Ärmel");
    Ok(())
}

#[tokio::test]
async fn a_workflow_offers_an_outcome_only_at_its_step() -> Result<()> {
    let client = start(&[]).await?;
    let change = json!([{ "summary": "x", "tickettype_id": 4, "_novalidate": true }]);
    let ticket = client.post("Tickets", &change).await?.json();
    assert_eq!((ticket["workflow_id"].clone(), ticket["workflow_step"].clone()), (json!(1), json!(1)));
    let approve = json!([{ "ticket_id": ticket["id"], "outcome_id": 9 }]);
    assert_eq!(client.post("Actions", &approve).await?.status, 201);
    let moved = client.get(&format!("Tickets/{}", ticket["id"])).await?.json();
    assert_eq!((moved["workflow_step"].clone(), moved["status_id"].clone()), (json!(2), json!(2)));
    let reply = client.post("Actions", &approve).await?;
    assert_eq!(reply.json()["Message"], "You do not have access to this Action at the moment");
    Ok(())
}

#[tokio::test]
async fn changes_of_tickets_are_audited() -> Result<()> {
    let client = start(&[]).await?;
    let before = client.get("Audit").await?.json()["audit"].as_array().map_or(0, Vec::len);
    client.post("Tickets", &json!([{ "id": 717, "summary": "neu", "merged_into_id": 716 }])).await?;
    client.delete("Tickets/717").await?;
    let audit = client.get("Audit").await?.json();
    let new: Vec<_> = audit["audit"].as_array().into_iter().flatten().skip(before).collect();
    let values: Vec<_> = new.iter().map(|row| row["value"].clone()).collect();
    assert_eq!(values, ["summary", "merged_into_id", "deleted"]);
    assert_eq!(new[0]["to"], "neu");
    assert_eq!(new[0]["agent_id"], 12);
    Ok(())
}

#[tokio::test]
async fn children_are_counted_on_their_parent() -> Result<()> {
    let client = start(&[]).await?;
    let child = client.post("Tickets", &json!([{ "summary": "Kind", "parent_id": 700 }])).await?.json();
    let parent = client.get("Tickets/700?includedetails=true").await?.json();
    assert_eq!((parent["child_count"].clone(), parent["child_ticket_ids"].clone()), (json!(1), json!([718])));
    client.post("Tickets", &json!([{ "id": child["id"], "parent_id": 701 }])).await?;
    assert_eq!(client.get("Tickets/700").await?.json()["child_count"], 0);
    assert_eq!(client.get("Tickets/701").await?.json()["child_count"], 1);
    Ok(())
}

#[tokio::test]
async fn business_records_have_their_required_fields() -> Result<()> {
    let client = start(&[]).await?;
    let projects = client.get("Projects").await?.json()["record_count"].as_i64();
    for (path, body, message) in [
        ("Item", json!({ "name": "x" }), Some("Item group must be completed")),
        ("Item", json!({ "name": "x", "assetgroup_id": 3, "baseprice": 5 }), None),
        ("AssetGroup", json!({ "name": "x" }), Some("Please pick use for this group")),
        ("AssetGroup", json!({ "name": "x", "showasitem": true }), None),
        ("Invoice", json!({ "client_id": 2 }), Some("Date Invoiced is mandatory")),
        (
            "Invoice",
            json!({ "client_id": 2, "invoice_date": "2026-05-01", "lines": [{ "qty_order": 2, "unit_price": 5 }] }),
            None,
        ),
        ("Quotation", json!({ "title": "x" }), Some("Please select a valid User")),
        ("SalesOrder", json!({ "title": "x" }), Some("Please select a valid User")),
        ("Opportunities", json!({ "summary": "x" }), Some("Target Date is mandatory")),
        ("Opportunities", json!({ "summary": "x", "targetdate": "2026-12-01" }), None),
        ("Projects", json!({ "summary": "x" }), None),
        ("Asset", json!({ "inventory_number": "NB-1", "assettype_id": 1, "client_id": "5" }), None),
        (
            "Users",
            json!({ "name": "x", "site_id": 2, "supplier": { "id": 1 } }),
            Some("Email Address is mandatory"),
        ),
    ] {
        let reply = client.post(path, &json!([body])).await?;
        match message {
            Some(message) => assert_eq!(reply.json()["Message"], message, "{path} {body}"),
            None => assert_eq!(reply.status, 201, "{path} {body}: {}", reply.text()),
        }
    }
    let invoice = client.get("Invoice?count=1").await?.json()["invoices"][0].clone();
    assert_eq!(invoice["total"], 10.0);
    let opportunity = client.get("Opportunities").await?.json()["tickets"][0].clone();
    assert_eq!(
        (opportunity["use"].clone(), opportunity["tickettype_id"].clone()),
        (json!("opportunity"), json!(7))
    );
    assert_eq!(client.get(&format!("Tickets/{}", opportunity["id"])).await?.status, 200);
    let more = client.get("Projects").await?.json()["record_count"].as_i64();
    assert_eq!(more, projects.map(|count| count + 1));
    let report = client.get("Report/1?includedetails=true&loadreport=true").await?.json();
    assert!(report["report"]["rows"].as_array().is_some_and(|rows| rows.len() > 10));
    Ok(())
}

#[tokio::test]
async fn arrays_of_assets_are_replaced() -> Result<()> {
    let client = start(&[]).await?;
    client
        .post("Asset", &json!([{ "id": 1, "customfields": [{ "name": "CFRackUnit", "value": "12" }] }]))
        .await?;
    client
        .post("Asset", &json!([{ "id": 1, "fields": [{ "id": 2, "value": "x" }], "customfields": [] }]))
        .await?;
    let asset = client.get("Asset/1").await?.json();
    assert_eq!(asset["fields"].as_array().map(Vec::len), Some(1));
    assert_eq!(asset["customfields"][0]["value"], serde_json::Value::Null);
    client.post("Tickets", &json!([{ "id": 1, "customfields": [{ "id": 201, "value": "A" }] }])).await?;
    client.post("Tickets", &json!([{ "id": 1, "customfields": [{ "id": 203, "value": 2 }] }])).await?;
    let fields = client.get("Tickets/1").await?.json()["customfields"].clone();
    assert_eq!((fields[0]["value"].clone(), fields[2]["display"].clone()), (json!("A"), json!("Department")));
    Ok(())
}

#[tokio::test]
async fn small_quirks_of_records() -> Result<()> {
    let client = start(&["appointment-id-changes", "extra-actions"]).await?;
    let moved = client.post("Appointment", &json!([{ "id": 1, "subject": "verschoben" }])).await?.json();
    assert_ne!(moved["id"], 1);
    assert_eq!(client.get("Appointment/1").await?.status, 404);
    let ticket = client.get("Tickets/1?includedetails=true").await?;
    assert!(ticket.body.len() > 90_000);
    Ok(())
}

#[tokio::test]
async fn a_time_entry_is_an_action_on_its_ticket() -> Result<()> {
    let client = start(&[]).await?;
    let id = client.post("Tickets", &json!([{ "summary": "x" }])).await?.json()["id"].clone();
    let entry = json!([{
        "ticket_id": id, "agent_id": 3, "start_date": "2026-03-02T09:00:00Z", "end_date": "2026-03-02T10:30:00Z",
        "charge_rate": 1, "note": "Vor Ort", "lognewticket": false, "event_type": 0,
    }]);
    let event = client.post("TimesheetEvent", &entry).await?.json();
    assert_eq!((event["action_number"].clone(), event["timetaken"].clone()), (json!(2), json!(1.5)));
    let action = client.get(&format!("Actions/2?ticket_id={id}")).await?.json();
    assert_eq!((action["timetaken"].clone(), action["who"].clone()), (json!(1.5), json!("Jürgen Weiß")));
    let range = "TimesheetEvent?start_date=2026-03-02T00:00:00Z&end_date=2026-03-02T23:00:00Z&agents=3";
    let found = client.get(range).await?.json();
    assert_eq!(ids(&found, ""), [event["id"].as_i64().unwrap_or(0)]);
    assert_eq!(client.post("TimesheetEvent", &json!([{ "ticket_id": 99999 }])).await?.status, 404);
    Ok(())
}
