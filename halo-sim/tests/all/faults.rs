//! Every switch that needs the wire (HAPI §11, §12).

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;

use crate::client::{quirk, start};

#[tokio::test]
async fn bodies_have_a_length_unless_chunked() -> Result<()> {
    let client = start(&[]).await?;
    let reply = client.get("Status").await?;
    assert_eq!(reply.header("content-length"), Some(reply.body.len().to_string()));
    client.sim.add_quirk(quirk("chunked")?);
    let chunked = client.get("Status").await?;
    assert_eq!(chunked.header("content-length"), None);
    assert_eq!(chunked.json(), reply.json());
    Ok(())
}

#[tokio::test]
async fn throttling_has_its_words_and_a_switchable_header() -> Result<()> {
    let client = start(&["throttle-next=2"]).await?;
    let reply = client.get("Status").await?;
    assert_eq!(reply.status, 429);
    assert_eq!(reply.text(), "Rate Limit Reached - 300 Requests per rolling 5 minute window");
    assert_eq!(reply.header("retry-after"), None);
    client.sim.add_quirk(quirk("retry-after=2")?);
    assert_eq!(client.get("Status").await?.header("retry-after").as_deref(), Some("2"));
    assert_eq!(client.get("Status").await?.status, 200);
    client.sim.clear_quirks();
    client.sim.add_quirk(quirk("rate-limit=2")?);
    client.sim.add_quirk(quirk("retry-after-date=9")?);
    for status in [200, 200, 429, 429] {
        assert_eq!(client.get("Status").await?.status, status);
    }
    let date = client.get("Status").await?.header("retry-after");
    assert!(date.is_some_and(|date| date.ends_with(" GMT")));
    client.sim.advance_clock_ms(300_001);
    assert_eq!(client.get("Status").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn answers_that_are_no_answers() -> Result<()> {
    let client = start(&[]).await?;
    for (name, status, start, length) in [
        ("unavailable-next=1", 503, "<!DOCTYPE html>", 100_000),
        ("server-error-next=1", 500, "{", 50),
        ("html-200", 200, "<!DOCTYPE html>", 100_000),
        ("wrong-shape", 200, "\"", 10),
        ("deep-json", 200, "[[[[", 10_000_000),
        ("gzip-bomb", 200, "\u{1f}", 1_000_000),
        ("truncate", 200, "[{", 100),
    ] {
        client.sim.clear_quirks();
        client.sim.add_quirk(quirk(name)?);
        let reply = client.get("Status").await?;
        assert_eq!(reply.status, status, "{name}");
        assert!(reply.text().starts_with(start), "{name}");
        assert!(reply.body.len() >= length, "{name}");
        assert_eq!(reply.header("content-length"), Some(reply.body.len().to_string()), "{name}");
    }
    assert!(client.get("Status").await?.json().is_null());
    Ok(())
}

#[tokio::test]
async fn a_cut_answer_promises_more_than_it_gives() -> Result<()> {
    let client = start(&["cut"]).await?;
    let reply = client.get("Status").await?;
    let promised: usize = reply.header("content-length").unwrap_or_default().parse()?;
    assert!(reply.body.len() < promised && !reply.body.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_connection_is_cut_before_or_after_the_commit() -> Result<()> {
    let client = start(&["cut-after-commit=1"]).await?;
    let ticket = json!([{ "summary": "x" }]);
    assert!(client.post("Tickets", &ticket).await.is_err());
    assert_eq!(client.sim.ticket_count(), 718);
    assert_eq!(client.post("Tickets", &ticket).await?.status, 201);
    client.sim.add_quirk(quirk("cut-before-commit=1")?);
    assert!(client.post("Tickets", &ticket).await.is_err());
    assert_eq!(client.sim.ticket_count(), 719);
    let statuses: Vec<_> = client.sim.requests().iter().map(|record| record.status).collect();
    assert_eq!(statuses, [Some(200), None, Some(201), None]);
    Ok(())
}

#[tokio::test]
async fn silence_slowness_and_endlessness() -> Result<()> {
    let client = start(&["silent-api"]).await?;
    let waited = tokio::time::timeout(Duration::from_millis(300), client.get("Status")).await;
    assert!(waited.is_err());
    assert_eq!(client.ask_token(&client.form("all")).await?.status, 200);
    client.sim.clear_quirks();
    client.sim.add_quirk(quirk("latency=100")?);
    client.sim.add_quirk(quirk("slow-body=10")?);
    let before = Instant::now();
    assert_eq!(client.get("Status").await?.status, 200);
    assert!(before.elapsed() >= Duration::from_millis(250));
    client.sim.clear_quirks();
    client.sim.add_quirk(quirk("endless-body")?);
    let waited = tokio::time::timeout(Duration::from_millis(300), client.get("Status")).await;
    assert!(waited.is_err());
    Ok(())
}

#[tokio::test]
async fn permissions_can_be_taken_away() -> Result<()> {
    let client = start(&["forbid=edit:tickets", "unauthorized=customers"]).await?;
    assert_eq!(client.get("Tickets").await?.status, 200);
    let reply = client.post("Tickets", &json!([])).await?;
    assert_eq!((reply.status, reply.text()), (403, String::new()));
    assert_eq!(client.get("Client").await?.status, 401);
    assert_eq!(client.get("Agent/me").await?.status, 200);
    client.sim.add_quirk(quirk("refuse-tokens")?);
    assert_eq!(client.get("Agent/me").await?.status, 401);
    Ok(())
}

#[tokio::test]
async fn redirects_and_error_shapes() -> Result<()> {
    let client = start(&["redirect=http://other.example/api"]).await?;
    let reply = client.get("Status").await?;
    assert_eq!(reply.status, 302);
    assert_eq!(reply.header("location").as_deref(), Some("http://other.example/api"));
    client.sim.clear_quirks();
    for (shape, start) in [
        ("message", "{\"Message\":\"Record not found\"}"),
        ("text", "\"Record not found\""),
        ("result-code", "{\"errorMessage\""),
        ("empty", ""),
        ("html", "<!DOCTYPE"),
    ] {
        client.sim.add_quirk(quirk(&format!("error-shape={shape}"))?);
        let reply = client.get("Tickets/99999").await?;
        assert_eq!(reply.status, 404);
        assert!(reply.text().starts_with(start), "{shape}: {}", reply.text());
    }
    Ok(())
}

#[tokio::test]
async fn unknown_paths_and_methods() -> Result<()> {
    let client = start(&[]).await?;
    assert_eq!(client.get("Nonsense").await?.status, 404);
    assert_eq!(client.get("Tickets/1/close").await?.status, 404);
    assert_eq!(client.call("PUT", "Tickets/1", "{}").await?.status, 405);
    assert_eq!(client.get("Tickets/abc").await?.status, 400);
    assert_eq!(client.send("GET", "/api/Status", "", "").await?.status, 401);
    Ok(())
}

/// An hour, which no test waits for.
const LATE: &str = "3600000";

/// Tokens that are good after that hour.
const LASTING: &str = "token-lifetime=4000000000";

#[tokio::test]
async fn a_late_write_is_done_when_its_time_comes() -> Result<()> {
    let client = start(&[LASTING]).await?;
    let ticket = json!([{ "summary": "x" }]);
    client.sim.add_quirk(quirk(&format!("late-commit={LATE}"))?);
    assert!(client.post("Tickets", &ticket).await.is_err());
    assert_eq!(client.get("Status").await?.status, 200, "reads are not late");
    assert_eq!(client.sim.ticket_count(), 717);
    client.sim.advance_clock_ms(3_600_001);
    assert_eq!(client.get("Status").await?.status, 200);
    assert_eq!(client.sim.ticket_count(), 718);
    client.sim.clear_quirks();
    client.sim.add_quirk(quirk(&format!("late-gateway={LATE}"))?);
    assert_eq!(client.post("Tickets", &ticket).await?.status, 504);
    assert_eq!(client.sim.ticket_count(), 718);
    client.sim.settle();
    assert_eq!(client.sim.ticket_count(), 719);
    Ok(())
}

#[tokio::test]
async fn a_slow_write_is_done_though_nobody_waits_for_it() -> Result<()> {
    let client = start(&[LASTING, &format!("slow-write={LATE}")]).await?;
    let ticket = json!([{ "summary": "x" }]);
    let waited = tokio::time::timeout(Duration::from_millis(300), client.post("Tickets", &ticket)).await;
    assert!(waited.is_err());
    assert_eq!(client.sim.ticket_count(), 717);
    client.sim.settle();
    assert_eq!(client.sim.ticket_count(), 718);
    client.sim.speed_up_clock(1_000_000);
    assert_eq!(client.post("Tickets", &ticket).await?.status, 201, "an hour is a few milliseconds now");
    Ok(())
}

#[tokio::test]
async fn late_lists_show_what_was_there_before() -> Result<()> {
    let client = start(&[LASTING, &format!("late-lists={LATE}"), "summary-limit=5"]).await?;
    let made = client.post("Tickets", &json!([{ "summary": "Unheard of" }])).await?.json();
    assert_eq!((&made["id"], &made["summary"]), (&json!(718), &json!("Unhea")));
    client.post("Tickets", &json!([{ "id": 717, "summary": "Unhea" }])).await?;
    let found = async || {
        let rows = client.get("Tickets?search=Unhea").await?.json();
        anyhow::Ok(rows["tickets"].as_array().map_or(0, Vec::len))
    };
    assert_eq!((found().await?, client.get("Tickets/718").await?.status), (0, 200));
    client.sim.advance_clock_ms(3_600_001);
    assert_eq!(found().await?, 2);
    Ok(())
}

#[tokio::test]
async fn an_agent_may_not_see_what_it_makes() -> Result<()> {
    let client = start(&["own-unseen=2"]).await?;
    for (id, status) in [(718, 403), (719, 200)] {
        let made = client.post("Tickets", &json!([{ "summary": "Unseen" }])).await?.json();
        assert_eq!(made["id"], id);
        assert_eq!(client.get(&format!("Tickets/{id}")).await?.status, status);
    }
    let rows = client.get("Tickets?search=Unseen").await?.json();
    assert_eq!(rows["tickets"].as_array().map(Vec::len), Some(1));
    Ok(())
}
