//! Twenty questions that a good HaloPSA node answers with yes, each on the real
//! component against the simulator.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use serde_json::json;
use workflow_node_host::wit::types::AttachmentContent;
use workflow_node_host::{ConnectionOptions, EgressPolicy, LinkPolicy};

use crate::support::{drive, file, text};

#[test]
fn question_07_a_note_without_a_chosen_outcome_works_and_is_private() -> Result<()> {
    drive!(["note.add", "note.get"], [], async |desk| {
        let note = desk.result("note.add", json!({ "ticket_id": 17, "note": "Called, no answer." })).await?;
        assert_eq!(note["hiddenfromuser"], true, "{note}");
        let read = desk.result("note.get", json!({ "ticket_id": 17, "id": note["id"] })).await?;
        assert_eq!((&read["hiddenfromuser"], &read["outcome_id"]), (&json!(true), &json!(7)), "{read}");
        Ok(())
    })
}

#[test]
fn question_17_a_file_of_5_mb_goes_up_and_comes_down_byte_identical() -> Result<()> {
    drive!(["attachment.upload", "attachment.download"], [], async |desk| {
        // Not what base64 or text would leave as it is.
        let bytes: Vec<u8> =
            (0_u32..5_000_000).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let began = Instant::now();
        let up = desk
            .run_files("attachment.upload", json!({ "ticket_id": 17 }), vec![file("big.bin", bytes.clone())])
            .await?;
        let id = up.results().next().with_context(|| up.json().to_string())?["id"].clone();
        let raw = desk.run("attachment.download", json!({ "id": id })).await?;
        let took = began.elapsed();
        assert!(raw.files().first().and_then(|file| file.bytes()) == Some(&bytes[..]), "{}", raw.json());
        println!("5 MB up and down as bytes: {took:?}");

        desk.switch_on("attachment-links")?;
        let linked = desk.run("attachment.download", json!({ "id": id })).await?;
        let link = match linked.files().first().map(|file| &file.attachment.content) {
            Some(AttachmentContent::Link(link)) => link.clone(),
            _ => return Err(anyhow!("no link: {}", linked.json())),
        };
        // The host fetches it where the operator lets it, without the token.
        let origin = link.url.split('/').take(3).collect::<Vec<_>>().join("/");
        let links = LinkPolicy { allow: EgressPolicy::allow([origin])?, ..LinkPolicy::default() };
        let session =
            desk.connect(desk.fields(), ConnectionOptions { links, ..ConnectionOptions::default() }).await?;
        let fetched = session.connection.fetch_link(&link, Duration::from_secs(20)).await?;
        assert!(fetched == bytes, "{} bytes", fetched.len());
        Ok(())
    })
}

#[test]
fn question_18_does_read_only_stop_deletes_through_the_custom_call_too() -> Result<()> {
    drive!(["api.request", "ticket.delete"], [], async |desk| {
        let reader = desk.session.with(|call| call.read_only = true);
        for (operation, input) in [
            ("ticket.delete", json!({ "id": 17 })),
            ("api.request", json!({ "method": "DELETE", "path": "/Tickets/17" })),
            (
                "api.request",
                json!({ "method": "POST", "path": "/Tickets", "body": [{ "id": 17, "status_id": 9 }] }),
            ),
        ] {
            let result = desk.run_in(&reader, operation, input).await?;
            let error = result.first_error().context("it went through")?;
            assert_eq!(text(error, "code"), "halopsa.read-only", "{error}");
        }
        let read = json!({ "method": "GET", "path": "/Tickets/17" });
        assert_eq!(desk.run_in(&reader, "api.request", read).await?.exit_code(), 0);
        assert_eq!(desk.requests("DELETE", "/tickets/17") + desk.requests("POST", "/tickets"), 0);
        Ok(())
    })
}
