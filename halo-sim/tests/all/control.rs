//! The simulator's own API below `/_sim`, and the state file.

use anyhow::Result;
use halo_sim::Seed;
use serde_json::{Value, json};

use crate::client::{Client, Reply, start};

async fn sim(client: &Client, method: &str, path: &str, body: &Value) -> Result<Reply> {
    client.send(method, &format!("/_sim{path}"), "", &body.to_string()).await
}

#[tokio::test]
async fn faults_by_route_count_and_probability() -> Result<()> {
    let client = start(&[]).await?;
    let fault = json!({ "quirk": "unavailable-next=9", "route": "/api/Client", "count": 2 });
    let shown = sim(&client, "POST", "/faults", &fault).await?.json();
    assert_eq!(shown[0]["count"], 2);
    assert_eq!(client.get("Status").await?.status, 200);
    for status in [503, 503, 200] {
        assert_eq!(client.get("client?count=1").await?.status, status);
    }
    let sometimes = json!({ "quirk": "server-error-next=1000", "probability": 0.5 });
    sim(&client, "POST", "/faults", &sometimes).await?;
    let mut failed = 0;
    for _ in 0..60 {
        failed += u32::from(client.get("Agent/me").await?.status == 500);
    }
    assert!((10..50).contains(&failed), "{failed} of 60");
    let cleared = sim(&client, "DELETE", "/faults", &Value::Null).await?.json();
    assert_eq!(cleared, json!([]));
    for bad in [json!({ "quirk": "nonsense" }), json!({ "quirk": "silent", "probability": 2 }), json!([])] {
        let reply = sim(&client, "POST", "/faults", &bad).await?;
        assert_eq!(reply.status, 400);
        assert!(reply.json()["error"].is_string(), "{bad}");
    }
    Ok(())
}

#[tokio::test]
async fn the_control_api_answers_when_nothing_else_does() -> Result<()> {
    let client = start(&[]).await?;
    client.sim.add_quirk(halo_sim::Quirk::Silent);
    let calls = sim(&client, "GET", "", &Value::Null).await?.json();
    assert!(calls["quirks"].as_array().is_some_and(|quirks| quirks.len() > 30));
    sim(&client, "POST", "/reset", &Value::Null).await?;
    assert_eq!(client.get("Agent/me").await?.status, 200);
    assert_eq!(sim(&client, "GET", "/nonsense", &Value::Null).await?.status, 400);
    Ok(())
}

#[tokio::test]
async fn clock_log_seed_and_state() -> Result<()> {
    let client = start(&[]).await?;
    sim(&client, "POST", "/clock", &json!({ "advance_ms": 3_600_001 })).await?;
    assert_eq!(client.get("Agent/me?nonsense=1").await?.status, 401);
    let log = sim(&client, "GET", "/requests", &Value::Null).await?.json();
    assert_eq!(log[1]["ignored"], json!(["nonsense"]));
    assert_eq!(log[1]["hint"], "the token has expired");
    sim(&client, "DELETE", "/requests", &Value::Null).await?;
    assert!(client.sim.requests().is_empty());
    sim(&client, "POST", "/seed", &json!({ "seed": "small" })).await?;
    assert_eq!(client.sim.ticket_count(), 25);
    let tickets = sim(&client, "GET", "/state/tickets", &Value::Null).await?.json();
    assert_eq!(tickets.as_array().map(Vec::len), Some(25));
    let all = sim(&client, "GET", "/state", &Value::Null).await?.json();
    assert_eq!(all["Status"].as_array().map(Vec::len), Some(10));
    sim(&client, "POST", "/revoke", &Value::Null).await?;
    assert_eq!(client.get("Agent/me").await?.status, 401);
    client.sim.replant(Seed::Wide);
    assert_eq!(client.sim.records("Client").len(), 5_000);
    Ok(())
}

#[tokio::test]
async fn the_state_outlives_the_process_in_a_file() -> Result<()> {
    let path = std::env::temp_dir().join(format!("halo-sim-{}.json", std::process::id()));
    let client = start(&[]).await?;
    client.post("Tickets", &json!([{ "summary": "bleibt 🧷" }])).await?;
    client.sim.save_state(&path)?;
    let other = start(&[]).await?;
    other.sim.load_state(&path)?;
    assert_eq!(other.get("Tickets/718").await?.json()["summary"], "bleibt 🧷");
    assert_eq!(client.sim.records("Priority"), other.sim.records("Priority"));
    assert_eq!(client.sim.actions(300), other.sim.actions(300));
    let next = other.post("Tickets", &json!([{ "summary": "x" }])).await?.json();
    assert_eq!(next["id"], 719);
    std::fs::remove_file(path)?;
    assert!(other.sim.load_state(std::path::Path::new("does-not-exist.json")).is_err());
    Ok(())
}
