//! Paths below a resource, reports that are run, and what actions move.

use anyhow::Result;
use serde_json::{Value, json};

use crate::client::start;

#[tokio::test]
async fn invoices_are_voided() -> Result<()> {
    let client = start(&[]).await?;
    assert_eq!(client.get("Invoice/1").await?.json()["voided"], false);
    let reply = client.post("Invoice/1/void", &json!([])).await?;
    assert_eq!((reply.status, &reply.json()["voided"]), (201, &json!(true)));
    assert_eq!(client.get("invoice/1").await?.json()["voided"], true);
    assert_eq!(client.post("Invoice/99999/void", &json!([])).await?.status, 404);
    assert_eq!(client.get("Invoice/1/void").await?.status, 405);
    client.sim.add_quirk("forbid=edit:invoices".parse()?);
    assert_eq!(client.post("Invoice/1/void", &json!([])).await?.status, 403);
    Ok(())
}

#[tokio::test]
async fn lines_of_invoices_are_changed_and_added() -> Result<()> {
    let client = start(&[]).await?;
    for (parent, path) in [("Invoice", "Invoice/updatelines"), ("RecurringInvoice", "RecurringInvoice/Lines")]
    {
        let new = json!([{ "client_id": 2, "invoice_date": "2026-05-01", "lines": [{ "qty_order": 2, "unit_price": 5 }] }]);
        let invoice = client.post(parent, &new).await?.json();
        let id = &invoice["id"];
        assert_eq!((&invoice["lines"][0]["id"], &invoice["lines"][0]["ihid"]), (&json!(1), id));
        let change = json!([{ "ihid": id, "id": 1, "unit_price": 7 }, { "ihid": id, "qty_order": 1, "unit_price": 1 }]);
        let last = client.post(path, &change).await?;
        assert_eq!((last.status, &last.json()["id"]), (201, &json!(2)), "{path}");
        let invoice = client.get(&format!("{parent}/{id}?includedetails=true")).await?.json();
        assert_eq!(invoice["lines"].as_array().map(Vec::len), Some(2), "{path}");
        assert_eq!(invoice["lines"][0]["qty_order"], 2);
        assert_eq!(invoice["total"], 15.0);
        for lost in [json!([{ "ihid": id, "id": 9 }]), json!([{ "ihid": 99_999 }])] {
            assert_eq!(client.post(path, &lost).await?.status, 404, "{path}");
        }
        assert_eq!(client.post(path, &json!({ "ihid": id })).await?.status, 400, "an object");
    }
    Ok(())
}

#[tokio::test]
async fn images_are_uploaded_as_a_form() -> Result<()> {
    let client = start(&[]).await?;
    let body = "--xx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"dot.png\"\r\n\
        Content-Type: image/png\r\n\r\nPNG\r\n--xx--\r\n";
    let head = format!(
        "Authorization: Bearer {}\r\nContent-Type: multipart/form-data; boundary=xx\r\n",
        client.token
    );
    let reply = client.send("POST", "/api/Attachment/image?ticket_id=700&action_id=1", &head, body).await?;
    let file = reply.json();
    assert_eq!(reply.status, 201, "{}", reply.text());
    assert_eq!(
        (&file["filename"], &file["ticket_id"], &file["filesize"]),
        (&json!("dot.png"), &json!(700), &json!(3))
    );
    assert_eq!(client.get(&format!("Attachment/{}", file["id"])).await?.text(), "PNG");
    let reply = client.send("POST", "/api/Attachment/image?ticket_id=99999", &head, body).await?;
    assert_eq!(reply.status, 404);
    let reply = client.send("POST", "/api/Attachment/image?ticket_id=700", &head, "nothing").await?;
    assert_eq!(reply.status, 400);
    Ok(())
}

#[tokio::test]
async fn reports_run_with_filters_and_without_being_kept() -> Result<()> {
    let client = start(&[]).await?;
    let run = "Report/1?includedetails=true&loadreport=true&dontloadsystemreport=false";
    let rows = client.get(run).await?.json()["report"]["rows"].clone();
    let all = rows.as_array().map(Vec::len).unwrap_or_default();
    let filter = |rule: i64| {
        let filters = json!([{ "fieldname": "Client", "stringruletype": rule, "stringrulevalues": [rows[0]["Client"]] }]);
        format!("{run}&filters={}", encode(&filters))
    };
    for (rule, number) in [(0, 1), (1, all - 1)] {
        let rows = client.get(&filter(rule)).await?.json()["report"]["rows"].clone();
        assert_eq!(rows.as_array().map(Vec::len), Some(number), "rule {rule} of {all} rows");
    }
    let report = client.get(&format!("{run}&filters=x")).await?.json()["report"].clone();
    assert!(report["load_error"].as_str().is_some_and(|error| !error.is_empty()));
    assert!(client.sim.requests().iter().all(|request| request.ignored.is_empty()));

    let before = client.sim.records("Report").len();
    let sql = json!([{ "id": 0, "name": "", "sql": "select 1", "_loadreportonly": true }]);
    let report = client.post("Report", &sql).await?.json();
    assert_eq!(report["report"]["rows"], rows);
    assert_eq!(report["available_columns"][0]["name"], "Client");
    assert_eq!(client.sim.records("Report").len(), before);
    Ok(())
}

/// Everything but letters and digits as `%XX`.
fn encode(value: &Value) -> String {
    value.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn actions_move_more_than_the_status() -> Result<()> {
    let client = start(&[]).await?;
    let action = json!([{
        "ticket_id": 717, "outcome": "Note", "note": "x", "new_parent_id": 700, "new_category2": "A>B", "new_estimate": 2.5,
    }]);
    assert_eq!(client.post("Actions", &action).await?.status, 201);
    let ticket = client.get("Tickets/717").await?.json();
    assert_eq!(
        (&ticket["parent_id"], &ticket["category_2"], &ticket["estimate"]),
        (&json!(700), &json!("A>B"), &json!(2.5))
    );
    assert_eq!(client.get("Tickets/700").await?.json()["child_count"], 1);
    Ok(())
}

#[tokio::test]
async fn deleted_children_are_not_counted() -> Result<()> {
    let client = start(&[]).await?;
    client.post("Tickets", &json!([{ "id": 717, "parent_id": 700 }])).await?;
    let children =
        async || -> Result<Value> { Ok(client.get("Tickets/700").await?.json()["child_count"].clone()) };
    assert_eq!(children().await?, 1);
    client.delete("Tickets/717").await?;
    assert_eq!(children().await?, 0);
    client.post("Tickets", &json!([{ "id": 717, "_recover": true }])).await?;
    assert_eq!(children().await?, 1);
    Ok(())
}
