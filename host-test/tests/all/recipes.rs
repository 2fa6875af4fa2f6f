//! Every recipe of `examples/workflows`, on a fresh simulator, and the command
//! that runs them.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use host_test::recipe::{Recipe, Step};
use serde_json::{Value, json};

use crate::support::{Desk, Program, drive, run};

/// Makes a test of each recipe, and a list of them.
macro_rules! recipes {
    ($($name:ident: $file:literal drives [$($operation:literal),*];)*) => {
        $(
            #[test]
            fn $name() -> Result<()> {
                drive!([$($operation),*], [], async |desk| follow(desk, $file).await)
            }
        )*

        const FILES: &[&str] = &[$($file),*];
    };
}

recipes! {
    alerts_become_one_ticket: "alert-to-ticket.json" drives [
        "mapping.suggest", "ticket.find_or_append", "note.get", "ticket.close"
    ];
    organisations_become_clients: "client-mapping.json" drives [
        "client.list", "mapping.suggest", "site.list", "ticket.create"
    ];
    a_connection_makes_calls_of_its_own: "connect-and-call.json" drives ["api.request", "ticket.get"];
    quantities_are_synced: "quantity-sync.json" drives [
        "mapping.suggest", "recurring_invoice.list", "recurring_invoice.update_quantity",
        "recurring_invoice.get"
    ];
    new_tickets_are_triaged: "triage.json" drives [
        "ticket.list", "ticket.assign", "ticket.update", "note.add", "ticket.get"
    ];
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/workflows")
}

async fn follow(desk: &Desk, file: &str) -> Result<()> {
    let recipe = Recipe::parse(&fs::read_to_string(folder().join(file))?)?;
    let mut told = |step: &Step, result: &Value| match step.is_check() {
        true => desk.keep(result.to_string()),
        false => desk.ran(&step.operation, result),
    };
    recipe.run(&desk.session, &mut told).await
}

#[test]
fn every_recipe_is_run_and_in_the_readme() -> Result<()> {
    let readme = fs::read_to_string(folder().join("README.md"))?;
    let mut found = vec![];
    for entry in fs::read_dir(folder())? {
        let name = entry?.file_name().into_string().ok().context("a name that is no text")?;
        if name.ends_with(".json") {
            assert!(readme.contains(&format!("({name})")), "{name} is not in the README");
            found.push(name);
        }
    }
    found.sort();
    assert_eq!(found, FILES, "left: the folder, right: what is run");
    Ok(())
}

#[test]
fn the_command_says_how_a_recipe_ended() -> Result<()> {
    run(async {
        let program = Program::new(&[]).await?;
        let recipe = |summary: &str| {
            json!({ "title": "Printer", "description": "Makes a ticket and reads it.", "steps": [
                { "name": "made", "operation": "ticket.create", "input": { "summary": "Printer offline" } },
                {
                    "name": "read",
                    "operation": "ticket.get",
                    "input": { "id": "{{steps.made.outcomes.0.items.0.id}}" },
                    "expect": { "/outcomes/0/items/0/summary": summary },
                },
            ] })
            .to_string()
        };
        for (summary, code, said) in [("Printer offline", 0, ""), ("Other", 1, "instead of \"Other\"")] {
            program.file("recipe.json", &recipe(summary))?;
            let run = program.run(&["recipe", "recipe.json", "--credentials", "credentials.json"]).await?;
            assert_eq!(run.code, Some(code), "{run:?}");
            assert!(run.stderr.contains(said), "{run:?}");
            let id = run.json()?.pointer("/steps/read/outcomes/0/items/0/id").cloned();
            assert!(id.is_some_and(|id| id.is_u64()), "{run:?}");
        }
        program.file("recipe.json", "{}")?;
        let run = program.run(&["recipe", "recipe.json", "--credentials", "credentials.json"]).await?;
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.stderr.contains("\"title\""), "{run:?}");
        Ok(())
    })
}
