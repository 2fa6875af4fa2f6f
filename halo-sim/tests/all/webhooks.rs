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
    subscribe(&client, &listener, &["1"]).await?;
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
