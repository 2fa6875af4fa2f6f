//! Deliveries that go wrong on purpose (HAPI §13.5).

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::timeout};

use crate::{
    client::{Client, quirk, start},
    receiver::{delivery_log, receive, subscribe},
};

/// A simulator with a webhook for new tickets.
async fn with_webhook(quirks: &[&str]) -> Result<(Client, TcpListener)> {
    let client = start(quirks).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    subscribe(&client, &listener, &["3"]).await?;
    Ok((client, listener))
}

async fn open_tickets(client: &Client, number: usize) -> Result<()> {
    for _ in 0..number {
        client.post("Tickets", &json!([{ "summary": "x" }])).await?;
    }
    Ok(())
}

/// The ticket of the next delivery.
async fn next(listener: &TcpListener) -> Result<i64> {
    let (_, body) = timeout(Duration::from_secs(300), receive(listener)).await??;
    let payload: Value = serde_json::from_str(&body)?;
    Ok(payload.get("object_id").and_then(Value::as_i64).unwrap_or_default())
}

async fn next_ones<const N: usize>(listener: &TcpListener) -> Result<[i64; N]> {
    let mut tickets = [0; N];
    for ticket in &mut tickets {
        *ticket = next(listener).await?;
    }
    Ok(tickets)
}

#[tokio::test]
async fn deliveries_keep_the_order_of_the_events() -> Result<()> {
    let (client, listener) = with_webhook(&[]).await?;
    open_tickets(&client, 5).await?;
    assert_eq!(next_ones(&listener).await?, [718, 719, 720, 721, 722]);
    Ok(())
}

#[tokio::test]
async fn deliveries_are_repeated_with_the_same_body() -> Result<()> {
    let (client, listener) = with_webhook(&["delivery-repeat=2"]).await?;
    open_tickets(&client, 1).await?;
    let first = receive(&listener).await?;
    assert_eq!(receive(&listener).await?, first);
    assert_eq!(receive(&listener).await?, first);
    assert_eq!(delivery_log(&client, 3).await?.len(), 3);
    Ok(())
}

#[tokio::test]
async fn deliveries_are_reordered() -> Result<()> {
    let (client, listener) = with_webhook(&["delivery-reorder=3"]).await?;
    open_tickets(&client, 4).await?;
    assert_eq!(next_ones(&listener).await?, [720, 719, 718, 721]);
    Ok(())
}

#[tokio::test]
async fn delayed_deliveries_are_overtaken() -> Result<()> {
    let (client, listener) = with_webhook(&[]).await?;
    let delay = quirk("delivery-delay=200")?;
    client.sim.add_fault(halo_sim::Fault { left: Some(1), ..halo_sim::Fault::new(delay) });
    open_tickets(&client, 2).await?;
    assert_eq!(next_ones(&listener).await?, [719, 718]);
    Ok(())
}

#[tokio::test]
async fn deliveries_get_lost_by_route_and_count_and_stand_in_the_log() -> Result<()> {
    let (client, listener) = with_webhook(&[]).await?;
    for (route, left) in [("/elsewhere", None), ("/in", Some(1))] {
        let drop = halo_sim::Fault::new(quirk("delivery-drop")?);
        client.sim.add_fault(halo_sim::Fault { route: Some(route.to_owned()), left, ..drop });
    }
    open_tickets(&client, 2).await?;
    assert_eq!(next(&listener).await?, 719);
    let log = delivery_log(&client, 2).await?;
    let mut errors: Vec<_> = log.iter().map(|row| (row["entity_id"].clone(), row["error"].clone())).collect();
    errors.sort_by_key(|(ticket, _)| ticket.as_i64());
    assert_eq!(errors, [(json!(718), json!(true)), (json!(719), json!(false))]);
    Ok(())
}

#[tokio::test]
async fn failed_deliveries_are_tried_again_on_request() -> Result<()> {
    let (client, listener) = with_webhook(&["delivery-retry=1"]).await?;
    open_tickets(&client, 1).await?;
    // The first try meets a receiver that hangs up.
    drop(listener.accept().await?);
    assert_eq!(next(&listener).await?, 718);
    assert_eq!(delivery_log(&client, 2).await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_webhook_is_tested_on_request() -> Result<()> {
    let client = start(&[]).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let id = subscribe(&client, &listener, &[]).await?;
    client.post("Webhook", &json!([{ "id": id, "_test": true }])).await?;
    let (_, body) = timeout(Duration::from_secs(300), receive(&listener)).await??;
    let payload: Value = serde_json::from_str(&body)?;
    assert_eq!(payload.get("webhook_id"), Some(&id));
    assert_eq!(payload.get("ticket"), Some(&Value::Null));
    Ok(())
}

#[tokio::test]
async fn an_ordinary_new_ticket_is_event_3_and_not_event_1() -> Result<()> {
    let client = start(&[]).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    subscribe(&client, &listener, &["1", "61", "3"]).await?;
    open_tickets(&client, 1).await?;
    client.post("Tickets", &json!([{ "id": 718, "summary": "y" }])).await?;
    client.post("Tickets", &json!([{ "summary": "z" }])).await?;
    assert_eq!(next_ones(&listener).await?, [718, 719]);
    assert_eq!(delivery_log(&client, 2).await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn closing_is_two_events_and_any_change_one_more_on_request() -> Result<()> {
    let client = start(&["any-change-event"]).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    subscribe(&client, &listener, &["39", "61", "76"]).await?;
    open_tickets(&client, 1).await?;
    client.post("Tickets", &json!([{ "id": 718, "status_id": 9 }])).await?;
    let mut events = Vec::new();
    for _ in 0..3 {
        let (_, body) = timeout(Duration::from_secs(60), receive(&listener)).await??;
        let payload: Value = serde_json::from_str(&body)?;
        events.push(payload["event"].as_str().unwrap_or_default().to_owned());
    }
    assert_eq!(events, ["ticket status changed", "ticket closed", "Ticket Updated"]);
    Ok(())
}

#[tokio::test]
async fn two_webhooks_cannot_have_one_name() -> Result<()> {
    let client = start(&[]).await?;
    let webhook = json!([{ "name": "Flow", "url": "http://127.0.0.1:9/in" }]);
    let made = client.post("Webhook", &webhook).await?;
    assert_eq!(made.status, 201);
    let again = client.post("Webhook", &webhook).await?;
    assert_eq!((again.status, again.json()["Message"].clone()), (400, json!("Name must be unique")));
    let itself = json!([{ "id": made.json()["id"], "name": "Flow", "active": true }]);
    assert_eq!(client.post("Webhook", &itself).await?.status, 201);
    Ok(())
}

#[tokio::test]
async fn the_names_of_events_are_in_lookup_64() -> Result<()> {
    let client = start(&[]).await?;
    let names = async || -> Result<Vec<Value>> {
        Ok(client.get("Lookup?lookupid=64").await?.json().as_array().cloned().unwrap_or_default())
    };
    assert!(names().await?.iter().any(|row| row["id"] == 3 && row["name"] == "New $#request Logged - All"));
    client.sim.add_quirk(quirk("lookup-by-id-empty")?);
    assert_eq!(names().await?.len(), 0);
    client.sim.add_quirk(quirk("lookup-ids-as-text")?);
    let all = client.get("Lookup").await?.json();
    assert!(
        all.as_array()
            .is_some_and(|rows| rows.iter().any(|row| row["lookupid"] == "64" && row["id"] == "39"))
    );
    Ok(())
}

#[tokio::test]
async fn clocks_and_dates_are_wrong_on_request() -> Result<()> {
    let client = start(&[]).await?;
    let changed = async |id: i64| -> Result<String> {
        client.post("Tickets", &json!([{ "id": id, "summary": "x" }])).await?;
        let row = client.get(&format!("Tickets/{id}")).await?.json();
        Ok(row["last_update"].as_str().unwrap_or_default().to_owned())
    };
    let right = changed(1).await?;
    client.sim.add_quirk(quirk("clock-ahead=86400")?);
    assert!(changed(2).await? > right);
    client.sim.clear_quirks();
    client.sim.add_quirk(quirk("clock-ahead=-86400")?);
    assert!(changed(3).await? < right);
    client.sim.add_quirk(quirk("updated-at=2099-01-01T00:00:00")?);
    assert_eq!(changed(4).await?, "2099-01-01T00:00:00");
    client.sim.add_quirk(quirk("updated-at=none")?);
    client.post("Tickets", &json!([{ "id": 5, "summary": "x" }])).await?;
    assert_eq!(client.get("Tickets/5").await?.json()["last_update"], "none");
    Ok(())
}
