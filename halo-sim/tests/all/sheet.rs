//! One test for each row of the table in HAPI §16, named after it.

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

use crate::client::{Client, ids, quirk, start};

#[tokio::test]
async fn hosts() -> Result<()> {
    let client = start(&[]).await?;
    for path in ["/auth/token", "/Auth/Token", "/token"] {
        let reply = client.send("POST", path, "", &client.form("all")).await?;
        assert_eq!(reply.status, 200, "{path}");
    }
    for path in ["/api/tickets", "/API/Tickets", "/api/tickets/"] {
        let head = format!("Authorization: Bearer {}\r\n", client.token);
        assert_eq!(client.send("GET", path, &head, "").await?.status, 200, "{path}");
    }
    let document = client.send("GET", "/auth/.well-known/openid-configuration", "", "").await?.json();
    assert_eq!(document["token_endpoint"], format!("{}/auth/token", client.sim.url()));
    let info = client.get("InstanceInfo").await?.json();
    assert_eq!(info["auth_url"], format!("{}/auth", client.sim.url()));
    Ok(())
}

#[tokio::test]
async fn token() -> Result<()> {
    let client = start(&[]).await?;
    let form = client.form("all");
    for (path, form, status) in [
        ("/auth/token", form.clone(), 200),
        ("/auth/token?tenant=demo", form.clone(), 200),
        ("/auth/token", format!("{form}&tenant=Demo"), 200),
        ("/auth/token?tenant=nobody", form.clone(), 500),
        ("/auth/token", format!("{form}&tenant=nobody"), 500),
    ] {
        let reply = client.send("POST", path, "", &form).await?;
        assert_eq!(reply.status, status, "{path}");
        let is_page = reply.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
        assert_eq!(is_page, status == 500, "{path}");
    }
    let pair = STANDARD.encode(format!("{}:{}", client.sim.client_id(), client.sim.client_secret()));
    let head = format!("Authorization: Basic {pair}\r\n");
    let body = "grant_type=client_credentials&scope=all";
    assert_eq!(client.send("POST", "/auth/token", &head, body).await?.status, 200);
    client.sim.add_quirk(quirk("any-tenant")?);
    assert_eq!(client.send("POST", "/auth/token?tenant=nobody", "", &form).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn token_answer() -> Result<()> {
    let client = start(&[]).await?;
    let body = client.ask_token(&client.form("edit:tickets read:customers")).await?.json();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 3600);
    assert_eq!(body["scope"], "openid email profile offline_access roles edit:tickets read:customers");
    for name in ["access_token", "id_token"] {
        assert_eq!(body[name].as_str().map(|jwt| jwt.split('.').count()), Some(3), "{name}");
    }
    assert!(body.get("refresh_token").is_none());
    client.sim.add_quirk(quirk("refresh-token")?);
    let body = client.ask_token(&client.form("all")).await?.json();
    assert!(body["refresh_token"].is_string());
    Ok(())
}

#[tokio::test]
async fn scope_rules() -> Result<()> {
    let mut client = start(&[]).await?;
    let reply = client.ask_token(&client.form("read:agents")).await?;
    assert_eq!((reply.status, reply.json()["error"].clone()), (400, json!("invalid_scope")));
    client.login("edit:tickets").await?;
    assert_eq!(client.get("Tickets").await?.status, 200, "edit includes read");
    let reply = client.get("Users").await?;
    assert_eq!((reply.status, reply.text()), (403, String::new()));
    assert_eq!(client.get("Webhook").await?.status, 401);
    client.login("").await?;
    assert_eq!(client.get("Tickets").await?.status, 401);
    Ok(())
}

#[tokio::test]
async fn expiry() -> Result<()> {
    let mut client = start(&["token-lifetime=90"]).await?;
    let body = client.ask_token(&client.form("all")).await?.json();
    assert_eq!(body["expires_in"], 90);
    client.sim.advance_clock_ms(89_000);
    assert_eq!(client.get("Status").await?.status, 200);
    client.sim.advance_clock_ms(2_000);
    assert_eq!(client.get("Status").await?.status, 401);
    client.login("all").await?;
    assert_eq!(client.get("Status").await?.status, 200);
    client.sim.revoke_tokens();
    assert_eq!(client.get("Status").await?.status, 401);
    Ok(())
}

#[tokio::test]
async fn array_body() -> Result<()> {
    let client = start(&[]).await?;
    let ticket = json!({ "summary": "x" });
    assert_eq!(client.post("Tickets", &json!([ticket])).await?.status, 201);
    let reply = client.post("Tickets", &ticket).await?;
    assert_eq!(reply.status, 400);
    assert!(reply.json()["Message"].as_str().is_some_and(|text| text.contains("JSON array")));
    assert_eq!(client.post("Tickets/Object", &ticket).await?.status, 201);
    client.sim.add_quirk(quirk("accept-bare-object")?);
    assert_eq!(client.post("Tickets", &ticket).await?.status, 201);
    assert_eq!(client.post("Tickets", &json!([1])).await?.status, 400);
    Ok(())
}

#[tokio::test]
async fn post() -> Result<()> {
    let client = start(&[]).await?;
    let three = json!([{ "summary": "a" }, { "summary": "b" }, { "summary": "c" }]);
    let reply = client.post("Tickets", &three).await?;
    assert_eq!((reply.status, reply.json()["summary"].clone()), (201, json!("c")));
    let all = client.post("Tickets?returnall=true", &three).await?.json();
    assert_eq!(ids(&all, ""), [721, 722, 723]);
    client.sim.add_quirk(quirk("wrap-array")?);
    let reply = client.post("Tickets", &json!([{ "id": 721, "summary": "d" }])).await?;
    assert_eq!((reply.status, reply.json()[0]["summary"].clone()), (201, json!("d")));
    Ok(())
}

#[tokio::test]
async fn lists() -> Result<()> {
    let client = start(&[]).await?;
    for (path, key) in [
        ("Tickets", Some("tickets")),
        ("Projects", Some("tickets")),
        ("Opportunities", Some("tickets")),
        ("Actions?ticket_id=1", Some("actions")),
        ("Client", Some("clients")),
        ("Site", Some("sites")),
        ("Users", Some("users")),
        ("Asset", Some("assets")),
        ("Attachment", Some("attachments")),
        ("Agent", None),
        ("Agent?pageinate=true", Some("results")),
        ("Invoice", Some("invoices")),
        ("RecurringInvoice", Some("invoices")),
        ("Quotation", Some("quotes")),
        ("SalesOrder", Some("salesorders")),
        ("PurchaseOrder", Some("purchaseorders")),
        ("Item", Some("items")),
        ("Supplier", Some("suppliers")),
        ("ClientContract", Some("contracts")),
        ("KBArticle", Some("articles")),
        ("Report", Some("reports")),
        ("SoftwareLicence", Some("licences")),
        ("Appointment?pageinate=true", Some("appointments")),
        ("TopLevel", Some("tree")),
        ("CRMNote", Some("actions")),
        ("Status", None),
        ("TicketType", None),
        ("Priority", None),
        ("Team", None),
        ("SLA", None),
        ("Category", None),
        ("Outcome", None),
        ("Lookup", None),
        ("FieldInfo", None),
        ("AssetType", None),
        ("AssetGroup", None),
        ("Workflow", None),
        ("Organisation", None),
        ("CannedText", None),
        ("Service", Some("services")),
        ("Release", Some("releases")),
        ("TicketArea", None),
        ("Tags", None),
        ("Workday", None),
        ("Holiday", None),
        ("Currency", None),
        ("EmailTemplate", None),
        ("BudgetType", None),
        ("ApprovalProcess", None),
        ("Timesheet", None),
        ("TimesheetEvent", None),
        ("Webhook", None),
        ("Notification", None),
    ] {
        let reply = client.get(path).await?;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        let list = reply.json();
        match key {
            Some(key) => {
                assert!(list[key].is_array(), "{path}: {list}");
                assert!(list["record_count"].is_i64(), "{path}");
            }
            None => assert!(list.is_array(), "{path}: {list}"),
        }
    }
    let unpaged = client.get("Tickets?page_no=2&page_size=100").await?.json();
    assert_eq!((ids(&unpaged, "tickets").len(), unpaged["record_count"].clone()), (50, json!(50)));
    let capped = client.get("Tickets?pageinate=true&page_no=1&page_size=500").await?.json();
    assert_eq!((ids(&capped, "tickets").len(), capped["record_count"].clone()), (100, json!(717)));
    let unnumbered = client.get("Tickets?pageinate=true&page_size=100").await?.json();
    assert_eq!(ids(&unnumbered, "tickets").len(), 50);
    let fixed = client.get("Asset?pageinate=true&page_no=1&page_size=10").await?.json();
    assert_eq!(ids(&fixed, "assets").len(), 50);
    client.sim.add_quirk(quirk("page-cap=10")?);
    let switched = client.get("Asset?pageinate=true&page_no=1&page_size=10").await?.json();
    assert_eq!(ids(&switched, "assets").len(), 10);
    Ok(())
}

#[tokio::test]
async fn count() -> Result<()> {
    let client = start(&[]).await?;
    let one = client.get("Tickets?count=1").await?.json();
    assert_eq!((ids(&one, "tickets"), one["record_count"].clone()), (vec![717], json!(1)));
    let many = client.get("Tickets?count=5000").await?.json();
    assert_eq!(ids(&many, "tickets").len(), 717);
    for _ in 0..3 {
        let hundred: Value = (0..100).map(|_| json!({ "summary": "x" })).collect();
        client.post("Tickets", &hundred).await?;
    }
    let capped = client.get("Tickets?count=5000").await?.json();
    assert_eq!((ids(&capped, "tickets").len(), capped["record_count"].clone()), (1000, json!(1000)));
    assert_eq!(ids(&capped, "tickets").first(), Some(&1017), "newest first");
    Ok(())
}

#[tokio::test]
async fn unknown_params() -> Result<()> {
    let client = start(&[]).await?;
    let plain = client.get("Tickets?count=5").await?.json();
    let typo = client.get("Tickets?count=5&clientid=3&tickettype_id=2").await?.json();
    assert_eq!(plain, typo);
    let ignored = client.sim.requests().pop().map(|record| record.ignored);
    assert_eq!(ignored, Some(vec!["clientid".to_owned(), "tickettype_id".to_owned()]));
    Ok(())
}

/// What a filter must leave: rows for which this holds.
type Holds = fn(&Value, &Value) -> bool;

#[tokio::test]
async fn filters_to_implement_first() -> Result<()> {
    let client = start(&[]).await?;
    let parent = json!([{ "summary": "child", "parent_id": 300 }]);
    client.post("Tickets", &parent).await?;
    let sample = client.get("Tickets/300").await?.json();
    let same = |field: &'static str| -> String { sample[field].to_string() };
    let filters: Vec<(String, Holds)> = vec![
        ("open_only=true".into(), |row, _| row["status_id"] != 9),
        ("closed_only=true".into(), |row, _| row["status_id"] == 9),
        (format!("client_id={}", same("client_id")), |row, like| row["client_id"] == like["client_id"]),
        (format!("site_id={}", same("site_id")), |row, like| row["site_id"] == like["site_id"]),
        (format!("user_id={}", same("user_id")), |row, like| row["user_id"] == like["user_id"]),
        (format!("agent_id={}", same("agent_id")), |row, like| row["agent_id"] == like["agent_id"]),
        (format!("status_id={}", same("status_id")), |row, like| row["status_id"] == like["status_id"]),
        ("status=1,2".into(), |row, _| row["status_id"] == 1 || row["status_id"] == 2),
        ("team=2,3".into(), |row, _| row["team_id"] == 2 || row["team_id"] == 3),
        ("requesttype_id=3".into(), |row, _| row["tickettype_id"] == 3),
        ("requesttype=3,4".into(), |row, _| row["tickettype_id"] == 3 || row["tickettype_id"] == 4),
        ("priority=1,2".into(), |row, _| row["priority_id"] == 1 || row["priority_id"] == 2),
        ("search=server".into(), |row, _| row.to_string().to_lowercase().contains("server")),
        ("search_id=300".into(), |row, _| row["id"] == 300),
        ("ticketids=300,301".into(), |row, _| row["id"] == 300 || row["id"] == 301),
        ("parent_id=300".into(), |row, _| row["parent_id"] == 300),
        ("lastupdatefromdate=2026-01-15T06:30:00".into(), |row, _| {
            row["last_update"].as_str() >= Some("2026-01-15T06:30:00")
        }),
        ("lastupdatetodate=2026-01-15T06:30:00Z".into(), |row, _| {
            row["last_update"].as_str() <= Some("2026-01-15T06:30:00")
        }),
        ("datesearch=dateoccured&startdate=2026-01-01&enddate=2026-01-31".into(), |row, _| {
            row["dateoccurred"].as_str().is_some_and(|date| date.starts_with("2026-01-"))
        }),
        ("datesearch=datecleared&startdate=2026-01-01T00:00:00Z".into(), |row, _| {
            row["dateclosed"].as_str() >= Some("2026-01-01")
        }),
        ("category_1=Software%3EE-Mail".into(), |row, _| row["category_1"] == "Software>E-Mail"),
    ];
    for (filter, holds) in filters {
        let path = format!("Tickets?pageinate=true&page_no=1&page_size=100&{filter}");
        let list = client.get(&path).await?.json();
        let rows = list["tickets"].as_array().cloned().unwrap_or_default();
        assert!(!rows.is_empty(), "{filter}");
        assert!(list["record_count"].as_i64() < Some(718), "{filter}");
        assert!(rows.iter().all(|row| holds(row, &sample)), "{filter}");
    }
    let order = client.get("Tickets?order=id&orderdesc=false").await?.json();
    assert_eq!(ids(&order, "tickets").first(), Some(&1));
    let columns = "include_custom_fields=201&includeagent=true&includestatus=true&includetickettype=true";
    let row = client.get(&format!("Tickets?count=1&{columns}")).await?.json()["tickets"][0].clone();
    assert_eq!(row["customfields"].as_array().map(Vec::len), Some(1));
    for name in ["agent_name", "status_name", "tickettype_name"] {
        assert!(row[name].is_string(), "{name}");
    }
    let hidden = client.get("Client?pageinate=true").await?.json()["record_count"].clone();
    let shown =
        client.get("Client?pageinate=true&includeinactive=true").await?.json()["record_count"].clone();
    assert_eq!((hidden, shown), (json!(30), json!(32)));
    Ok(())
}

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
    assert_eq!(client.get("Actions").await?.status, 500);
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
    let webhook = json!([{
        "name": "Tests", "url": format!("http://{}/in?x=1", listener.local_addr()?),
        "active": true, "type": 0, "method": 0, "content_type": "application/json", "algorithm": 0,
        "certificate_id": 0, "authentication_type": "3", "authentication_header": "Token", "basic_password": "s3cret",
    }]);
    let webhook = client.post("Webhook", &webhook).await?.json();
    assert!(webhook.get("basic_password").is_none());
    let missing = json!([{ "webhook_id": webhook["id"] }]);
    let reply = client.post("Notification", &missing).await?;
    assert_eq!(reply.json()["Message"], "Please select an event to trigger the Notification");
    let subscribe = |event: &str| {
        json!({
            "webhook_id": webhook["id"], "type": "-2", "delivery_method": "6", "filter_type": "2",
            "eventno": event, "emailtemplate_id": "32", "agent_id": "0", "interval": "0", "useworkinghours": "0",
        })
    };
    let reply = client.post("Notification", &json!([subscribe("1"), subscribe("3")])).await?;
    assert_eq!(reply.status, 201, "{}", reply.text());

    client.post("Tickets", &json!([{ "summary": "Gehäuse" }])).await?;
    let (head, payload) = receive(&listener).await?;
    assert!(head.starts_with("POST /in?x=1 HTTP/1.1"), "{head}");
    let mut mac = Hmac::<Sha256>::new_from_slice(b"s3cret")?;
    mac.update(payload.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    assert!(head.to_lowercase().contains(&format!("token: {}", signature.to_lowercase())), "{head}");
    let payload: Value = serde_json::from_str(&payload)?;
    assert_eq!(payload["webhook_id"], webhook["id"]);
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
    assert!(log.iter().all(|event| event["responsestatus"] == 200 && event["webhook_id"] == webhook["id"]));
    Ok(())
}

/// Takes one delivery and answers 200: head and body.
async fn receive(listener: &TcpListener) -> Result<(String, String)> {
    let (mut stream, _) = listener.accept().await?;
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await?;
        bytes.extend_from_slice(buffer.get(..read).unwrap_or_default());
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
        if length.is_none_or(|length| body.len() >= length) {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await?;
            return Ok((head.to_owned(), body.to_owned()));
        }
    }
}

/// The delivery log, as soon as it has this many entries.
async fn delivery_log(client: &Client, entries: usize) -> Result<Vec<Value>> {
    for _ in 0..100 {
        let log = client.get("WebhookEvent").await?.json();
        if let Some(log) = log.as_array().filter(|log| log.len() >= entries) {
            return Ok(log.clone());
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    anyhow::bail!("the deliveries were not written down")
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
