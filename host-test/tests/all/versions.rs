//! Components that were built for an older version of the node interface, in the same
//! host as those of the newest. `fixtures/` holds the HaloPSA node and the minimal node
//! as they were built for 0.1.0.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use flate2::read::GzDecoder;
use host_test::credentials::Fields;
use host_test::session::Session;
use host_test::simulator;
use minimal_node::service::TodoService;
use serde_json::json;
use tempfile::TempDir;
use workflow_node_host::{AuthMode, CallOptions, ConnectionOptions, Node, json as forms};

use crate::conformance::{account, broken, examine};
use crate::support::{drive, load, run, text};

struct Fixture {
    node: Node,
    file: PathBuf,
    _folder: TempDir,
}

fn fixture(name: &str) -> Result<Fixture> {
    let packed =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all/fixtures").join(format!("{name}.wasm.gz"));
    let mut bytes = Vec::new();
    GzDecoder::new(std::fs::File::open(packed)?).read_to_end(&mut bytes)?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("node.wasm");
    std::fs::write(&file, bytes)?;
    Ok(Fixture { node: load(Ok(file.clone()))?, file, _folder: folder })
}

#[test]
fn the_halopsa_node_of_0_1_runs_beside_the_newest() -> Result<()> {
    drive!([], [], async |desk| {
        let old = fixture("halopsa_node_0_1")?;
        let options = ConnectionOptions::default;
        let connection =
            old.node.connect(desk.fields(), options()).await.map_err(|error| anyhow!("{error}"))?;
        let session = Session::new(connection);
        let call = CallOptions::default();
        let report = session.connection.check(&call).await?;
        assert!(report.steps.iter().all(|step| step.error.is_none()), "{:?}", report.steps);
        let made = session.result("ticket.create", json!({ "summary": "Made by 0.1" })).await?;
        let read = desk.session.result("ticket.get", json!({ "id": made["id"] })).await?;
        assert_eq!(text(&read, "summary"), "Made by 0.1");
        let input = json!({ "return_all": true });
        let (before, now) = (
            session.results("ticket.list", input.clone()).await?,
            desk.session.results("ticket.list", input).await?,
        );
        assert_eq!(before.len(), now.len());
        let teams = session.connection.options("teams", "{}", None, None, &call).await?;
        assert!(!teams.entries.is_empty());
        let polled = session.connection.poll("ticket.created", "{}", None, &call).await?;
        assert!(!forms::polled(&polled)["state"].is_null());
        let error = session.run("ticket.get", json!({ "id": 99_999_999 })).await?;
        assert_eq!(
            error.first_error().map(|error| text(error, "kind").to_owned()).as_deref(),
            Some("not-found")
        );
        Ok(())
    })
}

#[test]
fn the_minimal_node_of_0_1_runs_in_every_mode() -> Result<()> {
    let service = TodoService::start();
    run(async {
        let old = fixture("minimal_node_0_1")?;
        for auth in [AuthMode::Component, AuthMode::Placeholder, AuthMode::Recipe] {
            let fields = Fields::from([
                ("url".to_owned(), service.url()),
                ("api_key".to_owned(), service.api_key().to_owned()),
            ]);
            let options = ConnectionOptions { auth, ..ConnectionOptions::default() };
            let session = Session::new(old.node.connect(fields, options).await?);
            let added = session.result("todo.add", json!({ "title": "Buy milk" })).await?;
            assert_eq!(session.results("todo.list", json!({})).await?.last(), Some(&added), "{auth:?}");
        }
        Ok(())
    })
}

#[test]
fn components_of_0_1_conform() -> Result<()> {
    let service = TodoService::start();
    run(async {
        let sim = simulator::start(&[]).await?;
        let todo = Fields::from([
            ("url".to_owned(), service.url()),
            ("api_key".to_owned(), service.api_key().to_owned()),
        ]);
        for (name, fields) in [("halopsa_node_0_1", simulator::credentials(&sim)), ("minimal_node_0_1", todo)]
        {
            let report = examine(&fixture(name)?.file, Some(&account(fields))).await?;
            assert_eq!(broken(&report), Vec::<&str>::new(), "{name}");
        }
        Ok(())
    })
}
