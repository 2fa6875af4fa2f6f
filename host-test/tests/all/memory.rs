//! The HaloPSA component's whole memory after each call, where the host keeps
//! secret and token to itself.

#[path = "../../../host/tests/all/memory/watched.rs"]
mod watched;

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use host_test::session::Session;
use host_test::{artifacts, simulator};
use serde_json::json;
use workflow_node_host::{AuthMode, CallOptions, ConnectionOptions};

use crate::support::{builder, run};
use watched::{Watched, holds};

/// What is found in the memories of the calls of a day: the secret, a token.
async fn found(auth: AuthMode) -> Result<(bool, bool)> {
    let sim = simulator::start(&["token-dies-after=5", "page-cap=50"]).await?;
    let watched = Watched::default();
    let ended = watched.ended();
    let host = builder().memory_creator(Arc::new(watched)).build()?;
    let node = host.load_file(artifacts::halopsa_node()?)?;
    let options = ConnectionOptions { auth, ..ConnectionOptions::default() };
    let session = Session::new(node.connect(simulator::credentials(&sim), options).await?);

    session.connection.check(&CallOptions::default()).await?;
    let made = session.result("ticket.create", json!({ "summary": "Printer offline" })).await?;
    session.results("ticket.list", json!({ "return_all": true })).await?;
    session.result("note.add", json!({ "ticket_id": made.get("id"), "note": "Looked at it." })).await?;
    session.connection.options("clients", "{}", None, None, &CallOptions::default()).await?;
    session.connection.poll("ticket.updated", "{}", None, &CallOptions::default()).await?;
    let failed = session.run("ticket.get", json!({ "id": 999_999_999 })).await?;
    failed.first_error().context("there is no such ticket")?;

    let ended = ended.lock().map_err(|_| anyhow::anyhow!("a guest panicked"))?;
    ensure!(ended.len() >= 8, "{} calls", ended.len());
    ensure!(holds(&ended, &["Printer offline"]), "the memories are those of the calls");
    let tokens = sim.tokens_issued();
    ensure!(tokens.len() > 1, "the token was renewed on the way");
    Ok((holds(&ended, &[sim.client_secret()]), holds(&ended, &tokens)))
}

#[test]
fn by_recipe_and_with_placeholders_neither_secret_nor_token_is_in_the_sandbox() -> Result<()> {
    run(async {
        // Else the others would prove nothing.
        assert_eq!(found(AuthMode::Component).await?, (true, true));
        assert_eq!(found(AuthMode::Placeholder).await?, (false, false));
        assert_eq!(found(AuthMode::Recipe).await?, (false, false));
        Ok(())
    })
}
