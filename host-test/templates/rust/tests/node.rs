use node::definition;
use workflow_node_sdk::prelude::*;
use workflow_node_sdk::testing::Fake;

fn item(id: u64) -> Value {
    json!({"id": id, "title": "First item", "folder_id": null})
}

fn rows(data: &[Value], next: Option<u32>) -> Value {
    json!({"data": data, "next_page": next})
}

#[test]
fn the_manifest_is_complete() {
    definition().manifest().unwrap();
}

#[test]
fn every_page_is_listed() {
    let (first, last) = (rows(&[item(1)], Some(2)), rows(&[item(2)], None));
    let mut service =
        Fake::new().on("GET /items?page=1&folder=2", 200, first).on("GET /items?page=2&folder=2", 200, last);
    let listed = service.run(&definition(), "item.list", json!({"folder_id": 2})).unwrap();
    assert_eq!(listed, [item(1), item(2)]);
}

#[test]
fn an_item_without_a_title_is_refused_before_a_request() {
    let mut service = Fake::new();
    let error = service.run(&definition(), "item.create", json!({"title": ""})).unwrap_err();
    assert_eq!(error.field(), Some("/title"));
    assert!(service.sent().is_empty());
}

#[test]
fn an_item_whose_response_was_lost_is_not_created_again() {
    let mut service = Fake::new().breaks_once("POST /items");
    let error = service.run(&definition(), "item.create", json!({"title": "First item"})).unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown);
}

#[test]
fn folders_are_searched() {
    let folder = json!({"id": 3, "name": "Garden"});
    let mut service = Fake::new().on("GET /folders?page=1&q=gar", 200, rows(&[folder], None));
    let found = service.options(&definition(), "folders", Some("gar")).unwrap();
    assert_eq!(found.entries[0].label, "Garden");
}
