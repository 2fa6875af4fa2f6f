//! Envelopes, paging, filters, order (HAPI §5, §6, §16 "Lists" to "Filters").

use anyhow::Result;
use serde_json::Value;

use crate::client::{Client, ids, start};

async fn tickets(client: &Client, query: &str) -> Result<Value> {
    let reply = client.get(&format!("Tickets?{query}")).await?;
    assert_eq!(reply.status, 200, "{query}: {}", reply.text());
    Ok(reply.json())
}

/// Ids of all tickets that a filter leaves, over all pages.
async fn all(client: &Client, query: &str) -> Result<Vec<i64>> {
    let mut found = Vec::new();
    for page in 1.. {
        let query = format!("pageinate=true&page_size=100&page_no={page}&{query}");
        let rows = ids(&tickets(client, &query).await?, "tickets");
        if rows.is_empty() {
            break;
        }
        found.extend(rows);
    }
    Ok(found)
}

#[tokio::test]
async fn ticket_pages() -> Result<()> {
    let client = start(&[]).await?;
    for (query, rows, count) in [
        ("", 50, 50),
        ("page_size=100&page_no=3", 50, 50),
        ("pageinate=true&page_size=100", 50, 717),
        ("pageinate=true&page_no=1&page_size=1000", 100, 717),
        ("pageinate=true&page_no=8&page_size=100", 17, 717),
        ("pageinate=true&page_no=9&page_size=100", 0, 0),
        ("count=3", 3, 3),
    ] {
        let list = tickets(&client, query).await?;
        assert_eq!(ids(&list, "tickets").len(), rows, "{query}");
        assert_eq!(list["record_count"], count, "{query}");
    }
    assert_eq!(all(&client, "order=id").await?, (1..=717).collect::<Vec<_>>());
    assert_eq!(all(&client, "").await?, (1..=717).rev().collect::<Vec<_>>());
    Ok(())
}

#[tokio::test]
async fn page_quirks() -> Result<()> {
    let client = start(&["page-cap=30", "count-off=-17", "repeat-last-page"]).await?;
    let list = tickets(&client, "pageinate=true&page_no=99&page_size=100&order=id").await?;
    assert_eq!(list["record_count"], 700);
    assert_eq!(ids(&list, "tickets"), (691..=717).collect::<Vec<_>>());
    client.sim.add_quirk(halo_sim::Quirk::NoCount);
    let list = tickets(&client, "pageinate=true&page_no=1&page_size=100").await?;
    assert!(list.get("record_count").is_none());
    client.sim.add_quirk(halo_sim::Quirk::AgentSeesNothing);
    assert!(ids(&tickets(&client, "").await?, "tickets").is_empty());
    Ok(())
}

#[tokio::test]
async fn bare_arrays_ignore_paging_and_agents_change_their_envelope() -> Result<()> {
    let client = start(&[]).await?;
    for path in ["Status", "TicketType", "Team", "Priority", "SLA", "Category", "Outcome"] {
        let whole = client.get(path).await?.json();
        let paged = client.get(&format!("{path}?pageinate=true&page_no=2&page_size=1")).await?.json();
        assert!(whole.as_array().is_some_and(|rows| rows.len() > 1), "{path}");
        assert_eq!(whole, paged, "{path}");
    }
    let bare = client.get("Agent").await?.json();
    let paged = client.get("Agent?pageinate=true&page_no=1&page_size=2").await?.json();
    assert_eq!(bare.as_array().map(Vec::len), Some(11));
    assert_eq!(paged["results"], bare);
    assert_eq!(paged["record_count"], 11);
    let disabled = client.get("Agent?includedisabled=true").await?.json();
    assert_eq!(disabled.as_array().map(Vec::len), Some(12));
    Ok(())
}

#[tokio::test]
async fn a_list_row_has_ids_and_a_single_record_has_more() -> Result<()> {
    let client = start(&[]).await?;
    let row = &tickets(&client, "count=1").await?["tickets"][0];
    assert!(row.get("status_name").is_none());
    assert!(row["customfields"].is_null());
    assert_eq!(row["targetdate"], "1900-01-01T00:00:00");
    let asked =
        "count=1&includestatus=true&includeagent=true&includetickettype=true&include_custom_fields=201";
    let row = &tickets(&client, asked).await?["tickets"][0];
    assert!(row["status_name"].is_string() && row["agent_name"].is_string());
    assert!(row["tickettype_name"].is_string());
    assert_eq!(row["customfields"][0]["id"], 201);
    let one = client.get("tickets/717?includedetails=true").await?.json();
    assert!(one["priority_name"].is_string() && one["hasbeenclosed"].is_boolean());
    assert!(one["customfields"].as_array().is_some_and(|fields| fields.len() > 2));
    let site = client.get("Site/2").await?.json();
    assert!(site["client_id"].is_f64(), "{site}");
    let users = client.get("Users?count=1").await?.text();
    assert!(users.contains("\"site_id\":1.0"), "{users}");
    Ok(())
}

#[tokio::test]
async fn every_first_filter_narrows() -> Result<()> {
    let client = start(&[]).await?;
    let row = client.get("Tickets/300").await?.json();
    let of = |field: &str| row[field].to_string();
    for (query, field) in [
        (format!("client_id={}", of("client_id")), "client_id"),
        (format!("site_id={}", of("site_id")), "site_id"),
        (format!("user_id={}", of("user_id")), "user_id"),
        (format!("agent_id={}", of("agent_id")), "agent_id"),
        (format!("status_id={}", of("status_id")), "status_id"),
        (format!("status={},77", of("status_id")), "status_id"),
        (format!("team={}", of("team_id")), "team_id"),
        (format!("requesttype_id={}", of("tickettype_id")), "tickettype_id"),
        (format!("requesttype={}", of("tickettype_id")), "tickettype_id"),
        (format!("priority={}", of("priority_id")), "priority_id"),
        (
            format!("category_1={}", row["category_1"].as_str().unwrap_or_default().replace('>', "%3E")),
            "category_1",
        ),
    ] {
        let list = tickets(&client, &format!("pageinate=true&page_no=1&page_size=100&{query}")).await?;
        let rows = list["tickets"].as_array().cloned().unwrap_or_default();
        assert!(!rows.is_empty(), "{query}");
        assert!(list["record_count"].as_i64() < Some(717), "{query}");
        assert!(rows.iter().all(|found| found[field] == row[field]), "{query}");
    }
    let open = all(&client, "open_only=true").await?;
    let closed = all(&client, "closed_only=true").await?;
    assert!(!open.is_empty() && !closed.is_empty());
    assert_eq!(open.len() + closed.len(), 717);
    assert_eq!(all(&client, "search_id=42").await?, [42]);
    assert_eq!(all(&client, "ticketids=5,9,9999&order=id").await?, [5, 9]);
    assert!(all(&client, "parent_id=300").await?.is_empty());
    let found = all(&client, "search=schl%C3%BCssel").await?;
    assert!(found.is_empty());
    assert!(!all(&client, "search=UMLAUTEN").await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn dates_are_filtered_in_every_input_form() -> Result<()> {
    let client = start(&[]).await?;
    let row = client.get("Tickets/300").await?.json();
    let moment = row["dateoccurred"].as_str().unwrap_or_default();
    let day = moment.split('T').next().unwrap_or_default();
    let on_day = all(&client, &format!("datesearch=dateoccured&startdate={day}&enddate={day}")).await?;
    assert!(on_day.contains(&300) && on_day.len() < 10, "{on_day:?}");
    let since = all(&client, "lastupdatefromdate=2026-02-20T06:30:00.000000Z").await?;
    let until = all(&client, "lastupdatetodate=2026-02-20T06:29:59.999").await?;
    assert!(!since.is_empty());
    assert_eq!(since.len() + until.len(), 717);
    assert_eq!(client.get("Tickets?lastupdatefromdate=soon").await?.status, 400);
    Ok(())
}

#[tokio::test]
async fn order_is_numeric_stable_and_by_any_column() -> Result<()> {
    let client = start(&[]).await?;
    let by_client = all(&client, "order=client_id&orderdesc=true&order2=id").await?;
    assert_eq!(by_client.len(), 717);
    let list = tickets(&client, "pageinate=true&page_no=1&page_size=100&order=client_name").await?;
    let names: Vec<_> = list["tickets"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| row["client_name"].as_str().unwrap_or_default().to_lowercase())
        .collect();
    assert!(names.is_sorted(), "{names:?}");
    assert_eq!(all(&client, "order=nonsense").await?, (1..=717).rev().collect::<Vec<_>>());
    Ok(())
}

#[tokio::test]
async fn inactive_rows_are_hidden_by_default() -> Result<()> {
    let client = start(&[]).await?;
    let shown = client.get("Client?pageinate=true&page_no=1&page_size=100").await?.json();
    let whole =
        client.get("Client?pageinate=true&page_no=1&page_size=100&includeinactive=true").await?.json();
    assert_eq!(shown["record_count"], 30);
    assert_eq!(whole["record_count"], 32);
    let found = client.get("Client?search=m%C3%BCller").await?.json();
    assert_eq!(ids(&found, "clients"), [2]);
    Ok(())
}

#[tokio::test]
async fn advanced_search_takes_known_names_only() -> Result<()> {
    let client = start(&[]).await?;
    let search = |name: &str, kind: i64, value: &str| {
        let text = format!(r#"[{{"filter_name":"{name}","filter_type":{kind},"filter_value":"{value}"}}]"#);
        let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        format!("pageinate=true&page_no=1&page_size=100&advanced_search={encoded}")
    };
    let found = client.get(&format!("Client?{}", search("name", 4, "müller"))).await?.json();
    assert_eq!(ids(&found, "clients"), [2]);
    let none = client.get(&format!("Client?{}", search("name", 2, "müller"))).await?.json();
    assert_eq!(none["record_count"], 0);
    let urgent = tickets(&client, &search("priority", 2, "Critical")).await?;
    let rows = urgent["tickets"].as_array().cloned().unwrap_or_default();
    assert!(!rows.is_empty() && rows.iter().all(|row| row["priority_id"] == 1));
    let object_id = client.get("Users/5").await?.json()["azureoid"].clone();
    let by_object = search("azureoid", 2, object_id.as_str().unwrap_or_default());
    assert_eq!(ids(&client.get(&format!("Users?{by_object}")).await?.json(), "users"), [5]);
    let reply = client.get(&format!("Tickets?{}", search("nonsense", 2, "x"))).await?;
    assert_eq!(
        (reply.status, reply.json()["Message"].clone()),
        (400, "Invalid advanced search parameter".into())
    );
    Ok(())
}

#[tokio::test]
async fn an_agent_may_see_a_part_only() -> Result<()> {
    let client = start(&["agent-sees-clients=12,13", "agent-sees-teams=1,2"]).await?;
    let seen = ids(&client.get("Client?pageinate=true").await?.json(), "clients");
    assert_eq!(seen, [12, 13]);
    let list = tickets(&client, "pageinate=true&page_no=1&page_size=100").await?;
    let rows = list["tickets"].as_array().cloned().unwrap_or_default();
    assert!(!rows.is_empty());
    for row in rows {
        assert!([12, 13].contains(&row["client_id"].as_i64().unwrap_or(0)));
        assert!([1, 2].contains(&row["team_id"].as_i64().unwrap_or(0)));
    }
    assert_eq!(client.get("Client/2").await?.status, 403);
    assert!(ids(&client.get("Users?client_id=2").await?.json(), "users").is_empty());
    Ok(())
}

#[tokio::test]
async fn texts_in_html_come_when_asked_for() -> Result<()> {
    let client = start(&[]).await?;
    let note = serde_json::json!([{ "ticket_id": 717, "outcome_id": 7, "note_html": "<b>x</b>" }]);
    let id = client.post("Actions", &note).await?.json()["id"].clone();
    let last =
        |list: &Value| list["actions"].as_array().and_then(|rows| rows.last().cloned()).unwrap_or_default();
    let plain = last(&client.get("Actions?ticket_id=717").await?.json());
    assert!(plain.get("note_html").is_none());
    let html = last(&client.get("Actions?ticket_id=717&includehtmlnote=true").await?.json());
    assert_eq!(html["note_html"], "<b>x</b>");
    let one = client.get(&format!("Actions/{id}?ticket_id=717")).await?.json();
    assert_eq!(one["note_html"], "<b>x</b>");
    Ok(())
}

#[tokio::test]
async fn rows_can_be_cut_down_to_their_ids() -> Result<()> {
    let client = start(&[]).await?;
    let row = client.get("Client?count=1&idonly=true").await?.json()["clients"][0].clone();
    assert_eq!(row, serde_json::json!({ "id": 1 }));
    let row = tickets(&client, "count=1&ticketidonly=true").await?["tickets"][0].clone();
    // No mail came in, so `lastincomingemail` has no value.
    assert_eq!(row.as_object().map(serde_json::Map::len), Some(5), "{row}");
    Ok(())
}
