//! One test for each row of the table in HAPI §16, named after it: the rows up to
//! "Filters to implement first"; `sheet_desk` has the others.

use anyhow::Result;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::client::{ids, quirk, start};

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
        ("Audit", Some("audit")),
        ("WebhookEvent", Some("events")),
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
