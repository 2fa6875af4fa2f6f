//! The node without a service and without a sandbox.

use loanbook::loanbook;
use workflow_node_sdk::prelude::*;
use workflow_node_sdk::testing::Fake;

fn loan(id: u64) -> Value {
    json!({"id": id, "title": "Saw", "borrower": null, "shelf_id": 2, "created_at": "2026-03-01T10:00:00Z"})
}

fn rows(data: &[Value], next: Option<u32>) -> Value {
    json!({"data": data, "next_page": next})
}

#[test]
fn the_manifest_contradicts_itself_nowhere() {
    loanbook().manifest().unwrap();
}

#[test]
fn every_page_is_listed_with_one_login() {
    let mut service = Fake::new().on("GET /v1/loans?page=1&shelf=2", 200, rows(&[loan(1)], Some(2))).on(
        "GET /v1/loans?page=2&shelf=2",
        200,
        rows(&[loan(2)], None),
    );
    assert_eq!(service.run(&loanbook(), "loan.list", json!({"shelf_id": "2"})).unwrap().len(), 2);
    assert_eq!(service.sent().len(), 3);
    assert_eq!(service.header(1, "authorization"), Some("Bearer the-token"));
}

#[test]
fn a_refused_loan_has_the_words_of_the_service() {
    let mut service =
        Fake::new().on("POST /v1/loans", 422, json!({"error": {"message": "title is required"}}));
    let error = service.run(&loanbook(), "loan.create", json!({"title": " "})).unwrap_err();
    assert_eq!((error.kind(), error.vendor_message()), (ErrorKind::InvalidInput, Some("title is required")));
}

#[test]
fn shelves_are_searched() {
    let mut service = Fake::new().on(
        "GET /v1/shelves?page=1&q=gar",
        200,
        rows(&[json!({"id": 3, "name": "Garden"})], None),
    );
    let found = service.options(&loanbook(), "shelves", Some("gar")).unwrap();
    assert_eq!(found.entries[0].label, "Garden");
}

#[test]
fn a_trigger_begins_now_and_returns_what_is_new() {
    let mut service = Fake::new()
        .on("GET /v1/loans?per_page=100&order=desc", 200, rows(&[loan(7), loan(6)], Some(2)))
        .on("GET /v1/loans?after_id=7&per_page=100", 200, rows(&[loan(8)], None));
    let (events, state, more) = service.poll(&loanbook(), "loan.created", &json!({}), None).unwrap();
    assert_eq!((events.len(), more), (0, false));
    let (events, _, _) = service.poll(&loanbook(), "loan.created", &json!({}), Some(&state)).unwrap();
    assert_eq!(events[0].id, "loan/8/created");
    assert!(service.poll(&loanbook(), "loan.created", &json!({}), Some("garbage")).is_err());
}

#[test]
fn a_refused_token_is_renewed_once() {
    let mut service = Fake::new().session("old").once("GET /v1/loans/1", 401, &[], json!({})).on(
        "GET /v1/loans/1",
        200,
        loan(1),
    );
    assert_eq!(service.run(&loanbook(), "loan.get", json!({"id": 1})).unwrap(), [loan(1)]);
    assert_eq!(service.sent(), ["GET /v1/loans/1", "POST /oauth/token", "GET /v1/loans/1"]);
}

#[test]
fn a_dry_run_sends_nothing() {
    let mut service = Fake::new().dry_run();
    let shown = service.run(&loanbook(), "loan.create", json!({"title": "Drill"})).unwrap();
    let expected = json!({
        "dry_run": true, "method": "POST", "url": "https://service.test/v1/loans", "body": {"title": "Drill"}
    });
    assert_eq!(shown, [expected]);
    assert!(service.sent().is_empty());
}
