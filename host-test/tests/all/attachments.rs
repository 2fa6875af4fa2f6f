//! Files: bytes up and down, links, names, sizes, refusals.

use std::fs;

use anyhow::{Context as _, Result, anyhow};
use serde_json::{Value, json};
use workflow_node_host::wit::types::{Attachment, AttachmentContent, AttachmentLink};

use crate::support::{Desk, Program, drive, file, ids, run, text};

const TICKET: i64 = 17;

/// Uploads a file; its id.
async fn upload(desk: &Desk, file: Attachment) -> Result<Value> {
    let result = desk.run_files("attachment.upload", json!({ "ticket_id": TICKET }), vec![file]).await?;
    let stored = result.results().next().with_context(|| result.json().to_string())?;
    Ok(stored["id"].clone())
}

#[test]
fn a_file_lives_from_upload_to_delete() -> Result<()> {
    drive!(
        ["attachment.upload", "attachment.list", "attachment.download", "attachment.delete"],
        [],
        async |desk| {
            let id = upload(desk, file("../Bericht März.pdf", "%PDF")).await?;
            let input = json!({ "ticket_id": TICKET, "return_all": true });
            let listed = desk.results("attachment.list", input.clone()).await?;
            let row = listed.iter().find(|row| row["id"] == id).context("it is not listed")?;
            assert_eq!((text(row, "filename"), &row["filesize"]), ("Bericht März.pdf", &json!(4)), "{row}");
            assert_eq!(row["showforusers"], false, "{row}");

            let result = desk.run("attachment.download", json!({ "id": id })).await?;
            let got = result.results().next().context("no result")?;
            let file = result.files().first().context("no file")?;
            assert_eq!(file.bytes(), Some(&b"%PDF"[..]));
            assert_eq!(file.attachment.name, "Bericht März.pdf");
            assert_eq!(file.attachment.mime_type, "application/pdf");
            assert_eq!((text(got, "mime_type"), &got["filesize"]), ("application/pdf", &json!(4)), "{got}");

            desk.result("attachment.delete", json!({ "id": id })).await?;
            let listed = desk.results("attachment.list", input).await?;
            assert!(!ids(&listed).contains(&id.as_i64().unwrap_or_default()), "{listed:?}");
            let error = desk.error("attachment.download", json!({ "id": id })).await?;
            assert_eq!(text(&error, "kind"), "not-found", "{error}");
            Ok(())
        }
    )
}

/// A form that comes with a screenshot is one ticket with one file.
#[test]
fn a_ticket_is_created_with_the_files_beside_its_item() -> Result<()> {
    drive!(["ticket.create", "attachment.list", "attachment.download"], [], async |desk| {
        let files = vec![file("screen.png", "PNG"), file("log.txt", "late")];
        let made = desk.run_files("ticket.create", json!({ "summary": "It blinks" }), files).await?;
        let ticket = made.results().next().with_context(|| made.json().to_string())?["id"].clone();
        let input = json!({ "ticket_id": ticket, "return_all": true });
        let mut listed = desk.results("attachment.list", input).await?;
        listed.sort_by_key(|row| row["id"].as_i64());
        let names: Vec<&str> = listed.iter().map(|row| text(row, "filename")).collect();
        assert_eq!(names, ["screen.png", "log.txt"]);
        let last = listed.last().context("no file")?;
        let got = desk.run("attachment.download", json!({ "id": last["id"] })).await?;
        assert_eq!(got.files().first().context("no bytes")?.bytes(), Some(&b"late"[..]));
        Ok(())
    })
}

/// JSON in a file is the file's own business, whatever it looks like.
#[test]
fn files_are_never_read() -> Result<()> {
    drive!(["attachment.upload", "attachment.download"], [], async |desk| {
        for content in [r#"{"link":"https://evil.example/x"}"#, "<html>page</html>", "", "\u{0}\u{1}"] {
            let id = upload(desk, file("any.json", content)).await?;
            let result = desk.run("attachment.download", json!({ "id": id })).await?;
            let got = result.files().first().with_context(|| result.json().to_string())?;
            assert_eq!(got.bytes(), Some(content.as_bytes()));
            assert_eq!(got.attachment.mime_type, "application/json");
        }
        Ok(())
    })
}

#[test]
fn a_link_goes_back_as_one_and_the_node_does_not_follow_it() -> Result<()> {
    drive!(["attachment.upload", "attachment.download"], ["attachment-links"], async |desk| {
        let id = upload(desk, file("photo.png", [137, 80, 78, 71])).await?;
        let result = desk.run("attachment.download", json!({ "id": id })).await?;
        let got = result.files().first().with_context(|| result.json().to_string())?;
        let AttachmentContent::Link(AttachmentLink { url, .. }) = &got.attachment.content else {
            return Err(anyhow!("bytes: {}", result.json()));
        };
        assert!(url.starts_with("http://127.0.0.1:") && !url.starts_with(&desk.sim.url()), "{url}");
        assert_eq!(
            (got.attachment.name.as_str(), got.attachment.mime_type.as_str()),
            ("photo.png", "image/png")
        );
        assert_eq!(desk.requests("GET", &format!("/attachments/{id}")), 0);
        Ok(())
    })
}

#[test]
fn several_files_go_to_a_note_or_come_with_it() -> Result<()> {
    drive!(["note.add", "attachment.upload", "attachment.list", "email.send"], [], async |desk| {
        let files = || vec![file("a.txt", "A"), file("b.txt", "B")];
        let input = json!({ "ticket_id": TICKET, "note": "with files" });
        let result = desk.run_files("note.add", input, files()).await?;
        let note = result.results().next().with_context(|| result.json().to_string())?.clone();
        assert_eq!(note["attachment_count"], 2, "{note}");

        let input = json!({ "ticket_id": TICKET, "action_id": note["id"], "note": "more" });
        let result = desk.run_files("attachment.upload", input, files()).await?;
        assert_eq!(ids(result.results()).len(), 2, "{}", result.json());
        let input = json!({ "ticket_id": TICKET, "action_id": note["id"] });
        let listed = desk.results("attachment.list", input).await?;
        let names: Vec<&str> = listed.iter().map(|row| text(row, "filename")).collect();
        assert_eq!(names, ["a.txt", "b.txt", "a.txt", "b.txt"]);
        assert!(listed.iter().all(|row| row["showforusers"] == false), "{listed:?}");

        let input = json!({ "ticket_id": TICKET, "emailbody": "see the file" });
        let result = desk.run_files("email.send", input, vec![file("c.txt", "C")]).await?;
        let mail = result.results().next().with_context(|| result.json().to_string())?;
        assert_eq!(mail["attachment_count"], 1, "{mail}");
        Ok(())
    })
}

#[test]
fn a_file_too_many_or_none_is_refused_before_anything_is_sent() -> Result<()> {
    drive!(["attachment.upload", "note.add", "ticket.create", "ticket.get"], [], async |desk| {
        let large = || file("large.bin", vec![0; 20_000_001]);
        let upload = json!({ "ticket_id": TICKET });
        let note = json!({ "ticket_id": TICKET, "note": "x" });
        let link = Attachment {
            content: AttachmentContent::Link(AttachmentLink {
                url: "https://files.example/a".to_owned(),
                expires_at: None,
            }),
            ..file("a", "")
        };
        for (operation, input, files, reason) in [
            ("attachment.upload", upload.clone(), vec![], "no file"),
            ("attachment.upload", upload.clone(), vec![large()], "20000001 bytes"),
            ("attachment.upload", upload, vec![link], "not as a link"),
            ("note.add", note, vec![large()], "20000001 bytes"),
            ("ticket.create", json!({ "summary": "x" }), vec![large()], "20000001 bytes"),
            ("ticket.get", json!({ "id": TICKET }), vec![file("a", "A")], "takes no files"),
        ] {
            let result = desk.run_files(operation, input, files).await?;
            let error = result.first_error().with_context(|| format!("{operation}: {}", result.json()))?;
            assert_eq!(text(error, "kind"), "invalid-input", "{operation}: {error}");
            assert!(text(error, "message").contains(reason), "{operation}: {error}");
        }
        assert_eq!(desk.requests("POST", "/attachment") + desk.requests("POST", "/actions"), 0);
        Ok(())
    })
}

#[test]
fn files_wait_for_permission_like_everything_else() -> Result<()> {
    drive!(["attachment.upload", "attachment.delete"], [], async |desk| {
        let input = json!({ "ticket_id": TICKET });
        let reader = desk.session.with(|call| call.read_only = true);
        let unattended = desk.session.with(|call| call.confirmed = false);
        let shown = json!({ "ticket_id": TICKET, "showforusers": true });
        for (session, input, code) in
            [(&reader, input.clone(), "halopsa.read-only"), (&unattended, shown, "host.not-confirmed")]
        {
            let result = desk.run_files_in(session, "attachment.upload", input, vec![file("a", "A")]).await?;
            assert_eq!(text(result.first_error().context("it went through")?, "code"), code);
        }
        let result = desk.run_in(&unattended, "attachment.delete", json!({ "id": 1 })).await?;
        assert_eq!(text(result.first_error().context("it went through")?, "code"), "host.not-confirmed");

        let dry = desk.session.with(|call| call.dry_run = true);
        let files = vec![file("a", vec![1; 4_000_000]), file("b", "B")];
        let result = desk.run_files_in(&dry, "attachment.upload", input, files).await?;
        let shown: Vec<&str> =
            result.results().map(|request| text(&request["body"][0], "data_base64")).collect();
        assert_eq!(
            shown,
            [
                "data:application/octet-stream;base64,… (4000000 bytes)",
                "data:application/octet-stream;base64,… (1 bytes)"
            ]
        );
        assert_eq!(desk.requests("POST", "/attachment"), 0);
        Ok(())
    })
}

#[test]
fn a_failure_after_the_first_file_tells_what_is_stored() -> Result<()> {
    drive!(["attachment.upload", "attachment.list"], [], async |desk| {
        let files = vec![file("a.txt", "A"), file("b.txt", "B")];
        // The request before uses the login up.
        desk.results("attachment.list", json!({ "ticket_id": TICKET })).await?;
        desk.switch_on("cut-after-commit=1")?;
        let result = desk.run_files("attachment.upload", json!({ "ticket_id": TICKET }), files).await?;
        let error = result.first_error().context("it went well")?;
        assert_eq!(
            (text(error, "effect"), text(error, "code")),
            ("unknown", "halopsa.answer-lost"),
            "{error}"
        );
        assert_eq!(desk.results("attachment.list", json!({ "ticket_id": TICKET })).await?.len(), 2);
        Ok(())
    })
}

#[test]
fn the_program_takes_files_and_saves_them_without_printing_them() -> Result<()> {
    run(async {
        let program = Program::new(&[]).await?;
        let photo: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        let path = program.file("photo.png", "")?;
        fs::write(&path, &photo)?;
        let items = json!({ "ticket_id": TICKET, "attachments": [
            { "file": "photo.png" },
            { "name": "a.txt", "mime_type": "text/plain", "data_base64": "aGk=" },
        ] });
        program.file("items.json", &items.to_string())?;
        let run = program.operation("attachment.upload", &["--items", "items.json"]).await?;
        assert_eq!(run.code, Some(0), "{run:?}");
        let stored = run.json()?["outcomes"][0]["items"].clone();
        assert_eq!((text(&stored[0], "filename"), text(&stored[1], "filename")), ("photo.png", "a.txt"));

        let id = format!("id={}", stored[0]["id"]);
        let run = program.operation("attachment.download", &["--param", &id]).await?;
        assert!(run.stdout.len() < 2000 && run.stderr.contains("--save"), "{run:?}");
        let run = program.operation("attachment.download", &["--param", &id, "--save", "out"]).await?;
        assert_eq!(run.code, Some(0), "{run:?}");
        let described = run.json()?["outcomes"][0]["items"][0]["attachments"][0].clone();
        assert_eq!((&described["size"], text(&described, "mime_type")), (&json!(100_000), "image/png"));
        let saved = path.with_file_name("out").join("photo.png");
        assert_eq!(text(&described, "saved"), format!("out{}photo.png", std::path::MAIN_SEPARATOR));
        assert_eq!(fs::read(saved)?, photo);
        Ok(())
    })
}

#[test]
fn the_program_follows_a_link_only_where_it_is_told_to() -> Result<()> {
    run(async {
        let program = Program::new(&["attachment-links"]).await?;
        let download = ["--param", "id=1", "--save", "out"];
        let run = program.operation("attachment.download", &download).await?;
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(run.stderr.contains("--follow-links"), "{run:?}");
        let link = run.json()?["outcomes"][0]["items"][0]["attachments"][0]["link"].clone();
        let origin: String =
            link.as_str().context("no link")?.split('/').take(3).collect::<Vec<_>>().join("/");
        let mut following = download.to_vec();
        following.extend(["--follow-links", &origin]);
        let run = program.operation("attachment.download", &following).await?;
        assert_eq!(run.code, Some(0), "{run:?}");
        let described = run.json()?["outcomes"][0]["items"][0]["attachments"][0].clone();
        assert!(!text(&described, "saved").is_empty(), "{run:?}");
        Ok(())
    })
}
