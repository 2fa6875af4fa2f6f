use super::*;
use crate::error::refusal;
use crate::wit::types::{Attachment, AttachmentContent, ErrorKind, Item, Retry};

#[test]
fn a_failure_has_the_members_that_it_has() {
    let mut error = refusal(ErrorKind::InvalidInput, "x.y", "No.".to_owned(), "Do.");
    error.retry = Retry::AfterMs(1500);
    error.details = Some("{\"a\":1}".to_owned());
    assert_eq!(
        node_error(&error),
        json!({
            "kind": "invalid-input", "code": "x.y", "message": "No.", "advice": "Do.",
            "effect": "none", "retry": { "after_ms": 1500 }, "details": { "a": 1 },
        })
    );
}

#[test]
fn an_item_may_hold_results_and_a_failure() {
    let error = refusal(ErrorKind::NotFound, "x", "No.".to_owned(), "Do.");
    let result = Item { json: "{\"id\":1}".to_owned(), attachments: Vec::new(), sources: Vec::new() };
    let both = FoldedItem { items: vec![result], error: Some(error.clone()), attempted: true };
    let failed = FoldedItem { items: Vec::new(), error: Some(error), attempted: true };
    assert_eq!(folded_item((0, &both))["items"], json!([{ "id": 1 }]));
    assert!(folded_item((0, &both)).get("error").is_some());
    assert_eq!(folded_item((0, &failed)).get("items"), None);
    assert_eq!(folded_item((2, &FoldedItem::default())), json!({ "item": 2, "not_attempted": true }));
}

#[test]
fn bytes_of_an_attachment_are_base64() {
    let attachment = Attachment {
        name: "a.txt".to_owned(),
        mime_type: "text/plain".to_owned(),
        content: AttachmentContent::Bytes(vec![1, 2, 3]),
    };
    let shown =
        item(&Item { json: "{\"id\":1}".to_owned(), attachments: vec![attachment], sources: Vec::new() });
    assert_eq!(
        shown,
        json!({ "id": 1, "attachments": [
            { "name": "a.txt", "mime_type": "text/plain", "content": { "bytes": "AQID" } },
        ] })
    );
}

#[test]
fn text_that_is_no_json_stays_text() {
    let shown = item(&Item { json: "not json".to_owned(), attachments: Vec::new(), sources: Vec::new() });
    assert_eq!(shown, json!("not json"));
}
