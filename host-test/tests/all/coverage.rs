//! No operation without an end-to-end test, and none without an example that
//! works.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use host_test::manifest::Manifest;
use host_test::schema::validator;
use serde_json::Value;

use crate::support::{Desk, Driven, file, node, run};

fn manifest() -> Result<Manifest> {
    Manifest::parse(node()?.manifest())
}

#[test]
fn every_operation_is_driven_by_a_test() -> Result<()> {
    let driven: BTreeSet<&str> =
        inventory::iter::<Driven>.into_iter().flat_map(|driven| driven.0).copied().collect();
    let manifest = manifest()?;
    let offered: BTreeSet<&str> = manifest.operations().map(|operation| operation.id()).collect();
    assert!(!offered.is_empty(), "the manifest has no operations");
    assert_eq!(offered, driven, "left: the manifest, right: what tests drive");
    Ok(())
}

#[test]
fn every_operation_has_an_example() -> Result<()> {
    let manifest = manifest()?;
    let without: Vec<&str> = manifest
        .operations()
        .filter(|operation| operation.examples().next().is_none())
        .map(|operation| operation.id())
        .collect();
    assert_eq!(without, [""; 0]);
    Ok(())
}

/// Each operation on a fresh simulator, so that one example's deletion is not
/// the next one's missing record.
#[test]
fn every_example_works_and_answers_what_the_manifest_says() -> Result<()> {
    let manifest = manifest()?;
    for operation in manifest.operations() {
        let id = operation.id();
        let output = validator(&manifest, operation.output().context("no output schema")?)?;
        for example in operation.examples() {
            let title = example.title();
            run(async {
                let desk = Desk::open(&[]).await?;
                let files = if operation.takes_files() { vec![file("example.txt", "hello")] } else { vec![] };
                let result = desk.run_files(id, example.input().clone(), files).await?;
                ensure!(result.exit_code() == 0, "{}", result.json());
                let results: Vec<&Value> = result.results().collect();
                ensure!(!results.is_empty(), "no result: the example shows nothing");
                for result in results {
                    if let Err(error) = output.validate(result) {
                        anyhow::bail!("{error} at {}: {result}", error.instance_path());
                    }
                }
                Ok(())
            })
            .with_context(|| format!("the example \"{title}\" of {id}"))?;
        }
    }
    Ok(())
}
