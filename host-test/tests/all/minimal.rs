//! The minimal example node in the same host: neither contract nor host is
//! made for HaloPSA.

use anyhow::{Context as _, Result};
use host_test::artifacts;
use host_test::credentials::Fields;
use host_test::manifest::Manifest;
use host_test::session::Session;
use minimal_node::service::TodoService;
use serde_json::json;
use workflow_node_host::{AuthMode, CallOptions, ConnectionOptions, Node};

use crate::support::{load, run, text};
use host_test::schema::validator;

fn node() -> Result<Node> {
    load(artifacts::minimal_node())
}

async fn connect(service: &TodoService, auth: AuthMode) -> Result<Session> {
    let fields = Fields::from([
        ("url".to_owned(), service.url()),
        ("api_key".to_owned(), service.api_key().to_owned()),
    ]);
    let options = ConnectionOptions { auth, ..ConnectionOptions::default() };
    Ok(Session::new(node()?.connect(fields, options).await?))
}

#[test]
fn it_lists_page_by_page_and_adds() -> Result<()> {
    let service = TodoService::start();
    run(async {
        for auth in [AuthMode::Component, AuthMode::Placeholder, AuthMode::Recipe] {
            let session = connect(&service, auth).await?;
            let before = session.results("todo.list", json!({})).await?.len();
            let added = session.result("todo.add", json!({ "title": "Buy milk" })).await?;
            assert_eq!(text(&added, "title"), "Buy milk");
            let after = session.results("todo.list", json!({})).await?;
            assert_eq!(after.len(), before + 1, "{auth:?}");
            assert_eq!(after.last(), Some(&added));
        }
        Ok(())
    })
}

#[test]
fn its_mistakes_and_refusals_are_typed() -> Result<()> {
    let service = TodoService::start();
    run(async {
        let session = connect(&service, AuthMode::Component).await?;
        let result = session.run("todo.add", json!({})).await?;
        let error = result.first_error().context("it went through")?;
        assert_eq!((text(error, "kind"), text(error, "field")), ("invalid-input", "/title"));
        let read_only = session.with(|call| call.read_only = true);
        let result = read_only.run("todo.add", json!({ "title": "No" })).await?;
        assert_eq!(text(result.first_error().context("it went through")?, "kind"), "denied");
        Ok(())
    })
}

#[test]
fn its_check_passes() -> Result<()> {
    let service = TodoService::start();
    run(async {
        let session = connect(&service, AuthMode::Component).await?;
        let report = session.connection.check(&CallOptions::default()).await?;
        assert!(report.steps.iter().all(|step| step.error.is_none()), "{:?}", report.steps);
        Ok(())
    })
}

#[test]
fn its_manifest_is_true() -> Result<()> {
    let node = node()?;
    let manifest = Manifest::parse(node.manifest())?;
    for operation in manifest.operations() {
        let input = validator(&manifest, operation.input().context("no input schema")?)?;
        validator(&manifest, operation.output().context("no output schema")?)?;
        for example in operation.examples() {
            assert!(input.is_valid(example.input()), "{}: {}", operation.id(), example.title());
        }
    }
    Ok(())
}
