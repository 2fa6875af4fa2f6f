//! Answers in other shapes, writes that are not kept as sent, reads that lag.

use anyhow::Result;
use serde_json::{Value, json};

use crate::client::{quirk, start};

#[tokio::test]
async fn names_come_inside_objects_and_ids_as_text() -> Result<()> {
    let client = start(&["nested-names", "text-ids", "bom"]).await?;
    let reply = client.get("Tickets/17?includedetails=true").await?;
    let text = reply.text();
    let ticket: Value = serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or_default())?;
    assert_eq!(ticket["id"], "17");
    assert!(ticket["priority"]["name"].is_string() && ticket["priority_name"].is_null(), "{ticket}");
    assert!(ticket["flastupdate"].is_string() && ticket["last_update"].is_null());
    assert!(ticket["user"]["emailaddress"].is_string());
    assert!(ticket["tickettype"].to_string().len() > 50_000);
    Ok(())
}

#[tokio::test]
async fn lists_and_records_are_wrapped_otherwise() -> Result<()> {
    let client = start(&["wrap-list", "record-in-list"]).await?;
    let wrapped = client.get("Client").await?.json();
    assert!(wrapped[0]["clients"].is_array() && wrapped[0]["record_count"].is_i64());
    let one = client.get("Client/12").await?.json();
    assert_eq!((&one["record_count"], &one["clients"][0]["id"]), (&json!(1), &json!(12)));
    client.sim.clear_quirks();
    client.sim.add_quirk(quirk("list-key=customers")?);
    client.sim.add_quirk(quirk("no-ids")?);
    let other = client.get("Client").await?.json();
    assert!(other["customers"][0].is_object() && other["clients"].is_null());
    assert!(other["customers"][0]["id"].is_null());
    Ok(())
}

#[tokio::test]
async fn paging_may_be_ignored_and_notes_need_a_filter_and_a_count() -> Result<()> {
    let client = start(&["ignore-paging"]).await?;
    let page = client.get("Tickets?pageinate=true&page_no=3&page_size=10").await?.json();
    assert_eq!(page["tickets"].as_array().map(Vec::len), Some(717));
    client.sim.clear_quirks();
    let none = client.get("CRMNote").await?.json();
    assert_eq!((none["actions"].as_array().map(Vec::len), &none["record_count"]), (Some(0), &json!(0)));
    let notes: Vec<Value> =
        (0..60).map(|n| json!({ "client_id": 12, "note": format!("note {n}") })).collect();
    client.post("CRMNote", &json!(notes)).await?;
    let some = client.get("CRMNote?client_id=12").await?.json();
    let total = some["record_count"].as_u64();
    assert_eq!((some["actions"].as_array().map(Vec::len), total > Some(59)), (Some(50), true));
    let all = client.get("CRMNote?client_id=12&count=1000").await?.json();
    assert_eq!(all["actions"].as_array().map(|rows| rows.len() as u64), total);
    Ok(())
}

#[tokio::test]
async fn a_lookup_may_be_empty_by_its_number_and_there_in_the_whole() -> Result<()> {
    let client = start(&["lookup-by-id-empty"]).await?;
    assert_eq!(client.get("Lookup?lookupid=61").await?.json(), json!([]));
    let all = client.get("Lookup").await?.json();
    assert!(all.as_array().is_some_and(|rows| rows.iter().any(|row| row["lookupid"] == 61)));
    Ok(())
}

#[tokio::test]
async fn a_write_may_be_kept_in_part_and_answered_oddly() -> Result<()> {
    let client = start(&["keep-not=agent_id,team", "warning=Careful"]).await?;
    let body = json!([{ "id": 17, "agent_id": 5, "summary": "new" }]);
    let answer = client.post("Tickets", &body).await?.json();
    assert_eq!((&answer["summary"], &answer["_warning"]), (&json!("new"), &json!("Careful")));
    assert_ne!(answer["agent_id"], 5);
    client.sim.clear_quirks();
    client.sim.add_quirk(quirk("other-record")?);
    assert_eq!(client.post("Tickets", &body).await?.json()["id"], 18);
    Ok(())
}

#[tokio::test]
async fn a_change_is_read_late_and_answered_with_what_was() -> Result<()> {
    let client = start(&["late-reads=2000", "stale-answers"]).await?;
    let before = client.get("Client/12").await?.json()["name"].clone();
    let answer = client.post("Client", &json!([{ "id": 12, "name": "New name" }])).await?.json();
    assert_eq!(answer["name"], before);
    assert_eq!(client.get("Client/12").await?.json()["name"], before);
    client.sim.advance_clock_ms(2_001);
    assert_eq!(client.get("Client/12").await?.json()["name"], "New name");
    Ok(())
}

#[tokio::test]
async fn reports_end_at_their_cap_or_at_the_gateway() -> Result<()> {
    let client = start(&["report-rows=60000"]).await?;
    let report = client.get("Report/1?includedetails=true&loadreport=true").await?.json();
    assert_eq!(report["report"]["rows"].as_array().map(Vec::len), Some(50_000));
    client.sim.add_quirk(quirk("report-timeout")?);
    assert_eq!(client.get("Report/1?includedetails=true&loadreport=true").await?.status, 504);
    assert_eq!(client.get("Report/1").await?.status, 200);
    Ok(())
}
