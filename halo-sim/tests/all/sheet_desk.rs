//! One test for each row of the table in HAPI §16, named after it: the rows
//! from "Ticket create" on.

use std::collections::HashSet;

use anyhow::{Context, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    client::{ids, quirk, start},
    receiver::{delivery_log, receive, subscribe},
};

#[tokio::test]
async fn ticket_create() -> Result<()> {
    let client = start(&[]).await?;
    assert_eq!(client.post("Tickets", &json!([{}])).await?.status, 400);
    let ticket = client.post("Tickets", &json!([{ "summary": "x", "source": 0 }])).await?.json();
    for (field, value) in [("status_id", 1), ("agent_id", 1), ("client_id", 1), ("site_id", 1), ("source", 0)]
    {
        assert_eq!(ticket[field], value, "{field}");
    }
    let actions = client.get("Actions?ticket_id=718").await?.json();
    assert_eq!(ids(&actions, "actions"), [1]);
    assert_eq!(actions["actions"][0]["outcome"], "Opened");
    let wrong_priority = json!([{ "summary": "x", "priority_id": 77 }]);
    assert_eq!(
        client.post("Tickets", &wrong_priority).await?.json()["priority_id"],
        3,
        "the default of the SLA"
    );
    Ok(())
}

#[tokio::test]
async fn ticket_update() -> Result<()> {
    let client = start(&[]).await?;
    let before = client.get("Tickets/717?includedetails=true").await?.json();
    client.post("Tickets", &json!([{ "id": "717", "summary": "geändert", "status_id": 9 }])).await?;
    let after = client.get("Tickets/717?includedetails=true").await?.json();
    assert_eq!(after["summary"], "geändert");
    assert_eq!(after["details"], before["details"]);
    assert_eq!(after["hasbeenclosed"], true);
    assert!(after["dateclosed"].as_str() > Some("2026"));
    assert!(after["last_update"].as_str() > before["last_update"].as_str());
    assert_eq!(client.post("Tickets", &json!([{ "id": 99999, "summary": "x" }])).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn mandatory_fields() -> Result<()> {
    let client = start(&[]).await?;
    for (kind, message) in [(3, "Category is mandatory"), (4, "Change Window is mandatory")] {
        let reply = client.post("Tickets", &json!([{ "summary": "x", "tickettype_id": kind }])).await?;
        assert_eq!((reply.status, reply.json()["Message"].clone()), (400, json!(message)));
        let forced = json!([{ "summary": "x", "tickettype_id": kind, "_novalidate": true }]);
        assert_eq!(client.post("Tickets", &forced).await?.status, 201);
        let detail = client.get(&format!("TicketType/{kind}?includedetails=true")).await?.json();
        let mandatory = detail["fields"].as_array().into_iter().flatten();
        assert!(mandatory.filter(|field| field["fieldinfo"]["mandatory"] == true).count() > 1);
    }
    Ok(())
}

#[tokio::test]
async fn actions() -> Result<()> {
    let client = start(&[]).await?;
    assert_eq!(client.get("Actions").await?.status, 200);
    assert_eq!(client.get("Actions/1").await?.status, 400);
    assert_eq!(client.delete("Actions/1").await?.status, 400);
    assert_eq!(client.post("Actions", &json!([{ "ticket_id": 1 }])).await?.status, 400);
    for ticket in [716, 717] {
        let count = ids(&client.get(&format!("Actions?ticket_id={ticket}")).await?.json(), "actions").len();
        let note = json!([{ "ticket_id": ticket, "outcome_id": 7, "note": "x", "timetaken": 0.5 }]);
        let action = client.post("Actions", &note).await?.json();
        assert_eq!(action["id"], count + 1, "a counter of its own");
        assert_eq!(action["timetaken"], 0.5);
        assert_eq!(action["actionby_application_id"], "Workflow Automation");
    }
    let only_changes = json!([{ "ticket_id": 717, "outcome_id": 9 }]);
    let reply = client.post("Actions", &only_changes).await?;
    let kind = client.get("Tickets/717").await?.json()["tickettype_id"].clone();
    assert_eq!(reply.status, if kind == 4 { 201 } else { 400 }, "{}", reply.text());
    Ok(())
}

#[tokio::test]
async fn attachments() -> Result<()> {
    let client = start(&[]).await?;
    let text = "Grüße ✉️";
    let upload = json!([{
        "ticket_id": 717, "filename": "Gruß.txt",
        "data_base64": format!("data:text/plain;base64,{}", STANDARD.encode(text)),
    }]);
    let stored = client.post("Attachment", &upload).await?;
    assert_eq!(stored.status, 201, "{}", stored.text());
    assert_eq!(stored.json()["filesize"], text.len());
    let id = stored.json()["id"].clone();
    let bytes = client.get(&format!("Attachment/{id}")).await?;
    assert_eq!(bytes.text(), text);
    assert_eq!(bytes.header("content-type").as_deref(), Some("application/octet-stream"));
    assert!(bytes.header("content-disposition").is_some_and(|text| text.contains("Gru%C3%9F.txt")));
    let details = client.get(&format!("Attachment/{id}?includedetails=true")).await?.json();
    assert_eq!(details["filename"], "Gruß.txt");
    assert!(details.get("data_base64").is_none());
    let list = client.get("Attachment?ticket_id=717").await?.json();
    assert_eq!((list["record_count"].clone(), list["ticket_id"].clone()), (json!(1), json!(717)));
    assert_eq!(client.get("Attachment").await?.json()["record_count"], 0, "nothing without a filter");
    assert_eq!(client.get("Tickets/717").await?.json()["attachment_count"], 1);

    client.sim.add_quirk(quirk("attachment-links")?);
    let link = client.get(&format!("Attachment/{id}")).await?.json()["link"].clone();
    let link = link.as_str().context("no link")?.to_owned();
    assert!(!link.contains(&format!(":{}/", client.sim.port())), "another port: {link}");
    assert_eq!(follow(&link, "").await?, (200, text.to_owned()));
    let token = format!("Authorization: Bearer {}\r\n", client.token);
    assert_eq!(follow(&link, &token).await?.0, 400, "the token must not be sent");
    client.sim.advance_clock_ms(300_001);
    assert_eq!(follow(&link, "").await?.0, 403, "expired");

    let note = json!([{ "ticket_id": 717, "outcome_id": 7, "attachments": upload }]);
    assert_eq!(client.post("Actions", &note).await?.json()["attachment_count"], 1);
    assert_eq!(client.delete(&format!("Attachment/{id}")).await?.status, 200);
    assert_eq!(client.get("Tickets/717").await?.json()["attachment_count"], 1);
    Ok(())
}

/// Gets an address of another port: status and text.
async fn follow(link: &str, head: &str) -> Result<(u16, String)> {
    let rest = link.strip_prefix("http://").context("no http link")?;
    let (host, path) = rest.split_once('/').context("no path")?;
    let mut stream = tokio::net::TcpStream::connect(host).await?;
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{head}\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let status = answer.split(' ').nth(1).context("no status")?.parse()?;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok((status, body.to_owned()))
}

#[tokio::test]
async fn dates() -> Result<()> {
    let client = start(&[]).await?;
    let ticket = client.get("Tickets/300?includedetails=true").await?.json();
    let opened = ticket["dateoccurred"].as_str().unwrap_or_default();
    assert!(!opened.ends_with('Z') && opened.contains('.'), "{opened}");
    for field in ["targetdate", "startdate", "deadlinedate", "datecreated"] {
        assert_eq!(ticket[field], "1900-01-01T00:00:00", "{field}");
    }
    for form in [
        "2026-08-01T12:00:00.000000Z",
        "2026-08-01T14:00:00+02:00",
        "2026-08-01 12:00:00",
        "2026-08-01T12:00",
    ] {
        let change = json!([{ "id": 300, "targetdate": form }]);
        assert_eq!(
            client.post("Tickets", &change).await?.json()["targetdate"],
            "2026-08-01T12:00:00",
            "{form}"
        );
    }
    let reply = client.post("Tickets", &json!([{ "id": 300, "targetdate": "morgen" }])).await?;
    assert_eq!(reply.status, 400);
    assert!(reply.json()["[0].targetdate"].is_array());
    Ok(())
}

#[tokio::test]
async fn errors() -> Result<()> {
    let client = start(&[]).await?;
    let mut bodies = HashSet::new();
    for (name, shape) in halo_sim::ErrorShape::ALL {
        client.sim.clear_quirks();
        client.sim.add_quirk(halo_sim::Quirk::ErrorShape(shape));
        let reply = client.get("Actions/1").await?;
        assert_eq!(reply.status, 400, "{name}");
        assert!(bodies.insert(reply.text()), "{name} is like another");
        let speaks = !matches!(name, "empty" | "html");
        assert_eq!(reply.text().contains("ticket_id must be specified"), speaks, "{name}");
    }
    client.sim.clear_quirks();
    client.sim.add_fault(halo_sim::Fault {
        route: Some("/api/Tickets".to_owned()),
        ..halo_sim::Fault::new(quirk("error-shape=text")?)
    });
    assert!(client.get("Tickets/99999").await?.json().is_string(), "per endpoint");
    assert!(client.get("Client/99999").await?.json().is_object());
    Ok(())
}

#[tokio::test]
async fn too_many_requests_429() -> Result<()> {
    let client = start(&[]).await?;
    for _ in 0..310 {
        assert_eq!(client.get("Agent/me").await?.status, 200, "off by default");
    }
    client.sim.add_quirk(quirk("rate-limit=300")?);
    for _ in 0..300 {
        assert_eq!(client.get("Agent/me").await?.status, 200);
    }
    let reply = client.get("Agent/me").await?;
    assert_eq!(reply.status, 429);
    assert_eq!(reply.text(), "Rate Limit Reached - 300 Requests per rolling 5 minute window");
    assert_eq!(reply.header("retry-after"), None);
    client.sim.add_quirk(quirk("retry-after=7")?);
    assert_eq!(client.get("Agent/me").await?.header("retry-after").as_deref(), Some("7"));
    client.sim.advance_clock_ms(300_001);
    assert_eq!(client.get("Agent/me").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn webhooks() -> Result<()> {
    let client = start(&[]).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let id = subscribe(&client, &listener, &["3", "76"]).await?;
    let webhook = client.get(&format!("Webhook/{}", id.as_str().unwrap_or_default())).await?.json();
    assert!(webhook.get("basic_password").is_none());
    let missing = json!([{ "webhook_id": id }]);
    let reply = client.post("Notification", &missing).await?;
    assert_eq!(reply.json()["Message"], "Please select an event to trigger the Notification");

    client.post("Tickets", &json!([{ "summary": "Gehäuse" }])).await?;
    let (head, payload) = receive(&listener).await?;
    assert!(head.starts_with("POST /in?x=1 HTTP/1.1"), "{head}");
    let mut mac = Hmac::<Sha256>::new_from_slice(b"s3cret")?;
    mac.update(payload.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    assert!(head.to_lowercase().contains(&format!("token: {}", signature.to_lowercase())), "{head}");
    let payload: Value = serde_json::from_str(&payload)?;
    assert_eq!(payload["webhook_id"], id);
    assert_eq!(payload["object_id"], 718);
    assert_eq!(payload["ticket"]["summary"], "Gehäuse");
    let moment = payload["timestamp"].as_str().unwrap_or_default();
    assert_eq!(moment.len(), "2026-01-02T03:04:05.1234567Z".len(), "{moment}");

    client.post("Tickets", &json!([{ "id": 718, "status_id": 9 }])).await?;
    let (_, payload) = receive(&listener).await?;
    let payload: Value = serde_json::from_str(&payload)?;
    assert_eq!(payload["event"], "ticket status changed");
    assert_eq!(payload["message"], "The status has been changed for Ticket ID: 0000718.");
    assert_eq!(payload["ticket"]["hasbeenclosed"], true);

    let log = delivery_log(&client, 2).await?;
    assert!(log.iter().all(|event| event["responsestatus"] == 200 && event["webhook_id"] == id));
    Ok(())
}

#[tokio::test]
async fn seeds() -> Result<()> {
    let client = start(&[]).await?;
    for (path, field, value) in [
        ("Agent/1", "name", "Unassigned"),
        ("Client/1", "name", "Unknown"),
        ("Users/1", "name", "General User"),
        ("Status/1", "name", "New"),
        ("Status/9", "name", "Closed"),
        ("Outcome/7", "outcome", "Private Note"),
        ("TicketType/1", "name", "Incident"),
        ("Team/1", "name", "1st Line Support"),
    ] {
        assert_eq!(client.get(path).await?.json()[field], value, "{path}");
    }
    assert_eq!(client.get("Site/1").await?.json()["client_id"], 1.0);
    let priorities = client.get("Priority").await?.json();
    let pairs: HashSet<(i64, i64)> = priorities
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|row| Some((row["slaid"].as_i64()?, row["priorityid"].as_i64()?)))
        .collect();
    assert_eq!(pairs.len(), 8, "priorities 1 to 4 in two SLAs");
    let id = priorities[0]["id"].as_str().unwrap_or_default();
    assert_eq!(id.len(), 36, "a GUID");
    assert_eq!(client.get(&format!("Priority/{}", id.to_uppercase())).await?.status, 200);
    assert_eq!(client.sim.ticket_count(), 717);
    let other = start(&[]).await?;
    assert_eq!(client.sim.records("Tickets"), other.sim.records("Tickets"), "the same every time");
    Ok(())
}
