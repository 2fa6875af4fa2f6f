//! Lists: nothing lost, nothing twice, whatever the pages look like.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::support::{Desk, drive, ids};

/// The shortest pages that these lists come in.
const SMALLEST_CAP: usize = 37;

/// Lists every ticket and compares with what the simulator holds.
async fn list_all(desk: &Desk) -> Result<u64> {
    let result = desk.run("ticket.list", json!({ "return_all": true })).await?;
    assert_eq!(result.exit_code(), 0, "{}", result.json());
    let listed = ids(result.results());
    let different: BTreeSet<i64> = listed.iter().copied().collect();
    assert_eq!(listed.len(), different.len(), "some tickets came twice");
    assert_eq!(listed.len(), desk.sim.ticket_count(), "some tickets are missing");
    // No bad habit of the service may cost more than a few pages.
    let (requests, pages) = (result.requests(), listed.len().div_ceil(SMALLEST_CAP) as u64);
    assert!(requests <= pages + pages / 9 + 3, "{requests} requests for {pages} pages");
    Ok(requests)
}

#[test]
fn pages_of_100_are_joined() -> Result<()> {
    drive!(["ticket.list"], ["page-cap=100"], async |desk| {
        let requests = list_all(desk).await?;
        let pages = desk.sim.ticket_count().div_ceil(100) as u64;
        assert!(requests <= pages + 3, "{requests} requests for {pages} pages");
        Ok(())
    })
}

#[test]
fn pages_of_50_are_joined() -> Result<()> {
    drive!(["ticket.list"], ["page-cap=50"], async |desk| {
        let requests = list_all(desk).await?;
        let pages = desk.sim.ticket_count().div_ceil(50) as u64;
        assert!(requests <= pages + 3, "{requests} requests for {pages} pages");
        Ok(())
    })
}

#[test]
fn an_odd_page_size_loses_nothing() -> Result<()> {
    drive!(["ticket.list"], ["page-cap=37"], async |desk| list_all(desk).await.map(drop))
}

#[test]
fn a_count_that_is_too_high_ends_all_the_same() -> Result<()> {
    drive!(["ticket.list"], ["page-cap=100", "count-off=17"], async |desk| list_all(desk).await.map(drop))
}

#[test]
fn a_count_that_is_too_low_loses_nothing() -> Result<()> {
    drive!(["ticket.list"], ["page-cap=100", "count-off=-117"], async |desk| list_all(desk).await.map(drop))
}

#[test]
fn without_a_count_all_pages_are_read() -> Result<()> {
    drive!(["ticket.list"], ["page-cap=50", "no-count"], async |desk| list_all(desk).await.map(drop))
}

#[test]
fn a_repeated_last_page_is_the_end() -> Result<()> {
    drive!(["ticket.list"], ["page-cap=50", "repeat-last-page"], async |desk| list_all(desk).await.map(drop))
}

/// A wrong count asks for pages that do not exist, and each repeats the last.
#[test]
fn a_repeated_last_page_and_a_wrong_count_together_are_the_end() -> Result<()> {
    drive!(["ticket.list"], ["page-cap=100", "repeat-last-page", "count-off=17"], async |desk| {
        list_all(desk).await.map(drop)
    })
}

#[test]
fn a_repeated_last_page_without_a_count_is_the_end() -> Result<()> {
    drive!(["ticket.list"], ["page-cap=100", "repeat-last-page", "no-count"], async |desk| {
        list_all(desk).await.map(drop)
    })
}

/// Fifteen pages one after the other would wait twelve seconds at least.
#[test]
fn pages_are_read_side_by_side() -> Result<()> {
    drive!(["ticket.list"], ["page-cap=50", "latency=800"], async |desk| {
        desk.session.connection.authenticate(&desk.session.call).await?;
        let began = Instant::now();
        list_all(desk).await?;
        assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
        Ok(())
    })
}

#[test]
fn chunked_answers_are_read_like_others() -> Result<()> {
    drive!(["ticket.list"], ["chunked"], async |desk| list_all(desk).await.map(drop))
}

#[test]
fn a_limit_is_kept_and_costs_no_more_than_it_must() -> Result<()> {
    drive!(["ticket.list"], [], async |desk| {
        for limit in [1, 7, 100, 130] {
            let result = desk.run("ticket.list", json!({ "limit": limit })).await?;
            assert_eq!(result.results().count(), limit, "{}", result.json());
        }
        let result = desk.run("ticket.list", json!({ "limit": 7, "simplify": false })).await?;
        assert_eq!(result.requests(), 1, "a short list takes one request");
        let result = desk.run("ticket.list", json!({ "limit": 7 })).await?;
        assert_eq!(result.requests(), 2, "and one more for the names of priorities");
        Ok(())
    })
}

/// One call reads ten pages at most, so that its cost is known.
#[test]
fn a_call_is_bounded_and_its_cursor_goes_on() -> Result<()> {
    drive!(["ticket.list"], ["page-cap=20"], async |desk| {
        let input = json!({ "return_all": true });
        let mut listed = Vec::new();
        let mut cursor: Option<String> = None;
        let mut calls = 0;
        loop {
            let result = desk.call("ticket.list", input.clone(), cursor.as_deref()).await?;
            assert_eq!(result.exit_code(), 0, "{}", result.json());
            let rows = ids(result.results());
            assert!(rows.len() <= 200, "{} rows in one call of ten pages of 20", rows.len());
            listed.extend(rows);
            calls += 1;
            assert!(calls < 100, "the cursor leads nowhere");
            cursor = result.json().get("next").and_then(|next| next.as_str()).map(ToOwned::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        let different: BTreeSet<i64> = listed.iter().copied().collect();
        assert_eq!((listed.len(), different.len()), (desk.sim.ticket_count(), desk.sim.ticket_count()));
        assert!(calls >= desk.sim.ticket_count() / 200, "{calls} calls");
        Ok(())
    })
}

/// The cursor carries the last id, so a row that goes away shifts nothing.
#[test]
fn rows_that_come_and_go_between_calls_neither_shift_nor_repeat() -> Result<()> {
    drive!(["ticket.list", "ticket.create", "ticket.delete"], ["page-cap=20"], async |desk| {
        let input = json!({ "return_all": true });
        let first = desk.call("ticket.list", input.clone(), None).await?;
        let mut listed = ids(first.results());
        let all_before = desk.sim.ticket_count();
        let gone = *listed.first().context("no ticket")?;
        desk.results("ticket.delete", json!({ "id": gone })).await?;
        let new = desk.result("ticket.create", json!({ "summary": "In between" })).await?;
        let mut cursor = first.json().get("next").and_then(|next| next.as_str()).map(ToOwned::to_owned);
        while let Some(next) = cursor {
            let result = desk.call("ticket.list", input.clone(), Some(&next)).await?;
            listed.extend(ids(result.results()));
            cursor = result.json().get("next").and_then(|next| next.as_str()).map(ToOwned::to_owned);
        }
        let different: BTreeSet<i64> = listed.iter().copied().collect();
        assert_eq!(listed.len(), different.len(), "some tickets came twice");
        assert!(different.contains(&new["id"].as_i64().unwrap_or_default()), "the new ticket is missing");
        assert_eq!(different.len(), all_before + 1);
        Ok(())
    })
}

#[test]
fn rows_hold_names_beside_ids_without_a_call_for_each() -> Result<()> {
    drive!(["ticket.list"], [], async |desk| {
        let result = desk.run("ticket.list", json!({ "limit": 50 })).await?;
        assert_eq!(result.requests(), 2, "the rows, and the priorities of all SLAs");
        for row in result.results() {
            for name in ["client_name", "status_name", "priority_name"] {
                assert!(row.get(name).is_some_and(|value| value.is_string()), "no {name}: {row}");
            }
        }
        Ok(())
    })
}

#[test]
fn sorting_is_the_users_choice() -> Result<()> {
    drive!(["ticket.list"], [], async |desk| {
        let input = json!({ "order": "id", "orderdesc": true, "limit": 150 });
        let listed = ids(&desk.results("ticket.list", input).await?);
        assert_eq!(listed.len(), 150);
        assert!(listed.windows(2).all(|pair| pair[0] > pair[1]), "{listed:?}");
        let listed = ids(&desk.results("ticket.list", json!({ "limit": 150 })).await?);
        assert!(listed.windows(2).all(|pair| pair[0] < pair[1]), "{listed:?}");
        Ok(())
    })
}
