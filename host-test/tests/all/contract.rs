//! What the component promises without being run, held against what it does.

use anyhow::{Context as _, Result};
use host_test::manifest::Manifest;
use host_test::paint::Paint;
use host_test::schema::validator;
use host_test::sizes::{self, Measured};
use host_test::{artifacts, explain, names};
use serde_json::Value;
use workflow_node_host::ComponentLimits;

use crate::support::{node, run};

/// The permission dialog: a longer list is a decision, not an accident.
#[test]
fn the_imports_are_the_listed_ones() -> Result<()> {
    let listed: Vec<&str> = include_str!("imports.txt").lines().collect();
    let mut imports = node()?.imports().to_vec();
    imports.sort();
    assert_eq!(imports, listed, "left: the component, right: tests/all/imports.txt");
    Ok(())
}

/// Hosts count what is expensive to compile, and this component is to load everywhere.
#[test]
fn the_component_is_far_below_what_a_host_compiles() -> Result<()> {
    let (counts, limits) = (node()?.counts(), ComponentLimits::default());
    for (what, count, limit) in [
        ("bytes", counts.bytes, limits.bytes),
        ("functions", counts.functions, limits.functions),
        ("nesting", counts.nesting, limits.nesting),
        ("loops", counts.loops, limits.loops),
        ("blocks", counts.blocks, limits.blocks),
        ("all_blocks", counts.all_blocks, limits.all_blocks),
    ] {
        assert!(count > 0 && count * 5 < limit, "{what}: {count} of {limit}");
    }
    Ok(())
}

#[test]
fn the_component_returns_the_credential_form_of_its_manifest() -> Result<()> {
    let node = node()?;
    let form = run(async { Ok(node.credential_schema().await?.clone()) })?;
    let names: Vec<&str> = form.fields.iter().map(|field| field.name.as_str()).collect();
    assert!(names.starts_with(&["hosting_type", "url", "tenant", "client_id", "client_secret"]), "{names:?}");
    Ok(())
}

#[test]
fn every_part_keeps_its_size() -> Result<()> {
    let fat: Vec<Measured> = sizes::measure(&artifacts::halopsa_node()?)?
        .into_iter()
        .filter(|part| !part.is_within_budget())
        .collect();
    assert!(fat.is_empty(), "{fat:?}");
    Ok(())
}

/// Resources that any token may use (HAPI §3.3).
const OPEN: [&str; 3] = ["agent", "team", "canned_text"];

#[test]
fn every_operation_is_described_for_people_and_models() -> Result<()> {
    let manifest = Manifest::parse(node()?.manifest())?;
    for operation in manifest.operations() {
        let id = operation.id();
        assert!(!operation.title().is_empty(), "{id} has no title");
        assert!(operation.description().len() > 20, "{id} is not described");
        // Any path of the API may need any permission.
        let open = OPEN.iter().any(|resource| id.split('.').next() == Some(*resource));
        assert_eq!(operation.scopes().is_empty(), open || id == "api.request", "the permission of {id}");
        let reads = operation.is_marked("read_only");
        assert!(!(reads && operation.is_marked("destructive")), "{id} reads and destroys");
        for field in operation.fields() {
            assert!(!field.help().is_empty(), "{id} does not say what {} is", field.name());
        }
        let near = names::nearest(id, manifest.operations().map(|other| other.id()));
        assert_eq!(near.first(), Some(&id), "{id} is not its own nearest name");
    }
    Ok(())
}

#[test]
fn every_schema_is_json_schema_2020_12_and_fits_its_examples() -> Result<()> {
    let manifest = Manifest::parse(node()?.manifest())?;
    for operation in manifest.operations() {
        let id = operation.id();
        let schema = |schema: Option<&Value>, side| {
            let schema = schema.with_context(|| format!("{id} has no schema for its {side}"))?;
            validator(&manifest, schema).with_context(|| format!("the {side} of {id}"))
        };
        let input = schema(operation.input(), "input")?;
        schema(operation.output(), "output")?;
        for example in operation.examples() {
            if let Err(error) = input.validate(example.input()) {
                panic!("the example \"{}\" of {id}: {error}", example.title());
            }
        }
    }
    Ok(())
}

/// `host-test describe --table` prints what stands there.
#[test]
fn the_documentation_lists_the_operations() -> Result<()> {
    let manifest = Manifest::parse(node()?.manifest())?;
    let file = artifacts::workspace_root()?.join("docs/operations.md");
    let written = std::fs::read_to_string(file)?;
    let table = explain::table(&manifest);
    let advice = "run: (sed '/^## /,$d' docs/operations.md; cargo run -q -p host-test -- describe --table) > new; mv new docs/operations.md";
    assert!(written.trim_end().ends_with(table.trim_end()), "docs/operations.md is not up to date; {advice}");
    Ok(())
}

/// `host-test describe --peers` prints what stands there.
#[test]
fn the_readme_compares_every_job() -> Result<()> {
    let root = artifacts::workspace_root()?;
    let advice = r"run: (sed '/^<!-- peers -->$/q' README.md; cargo run -q -p host-test -- describe --peers; sed -n '/^<!-- end of peers -->$/,$p' README.md) > new; mv new README.md";
    let readme = std::fs::read_to_string(root.join("README.md"))?;
    assert!(readme.contains(host_test::peers::table().trim_end()), "README.md is not up to date; {advice}");

    let manifest = Manifest::parse(node()?.manifest())?;
    let triggers = manifest.json().get("triggers").and_then(Value::as_array).context("no triggers")?;
    let mut functions = String::new();
    for file in ["wit/node.wit", "wit/setup.wit", "wit/lookup.wit", "wit/triggers.wit"] {
        functions += &std::fs::read_to_string(root.join(file))?;
    }
    let named: Vec<&str> =
        host_test::peers::JOBS.iter().flat_map(|job| job.operations.iter().copied()).collect();
    for name in &named {
        let is_there = manifest.operation(name).is_some()
            || triggers.iter().any(|trigger| trigger.get("name").and_then(Value::as_str) == Some(*name))
            || functions.contains(&format!("\n  {name}: func("));
        assert!(is_there, "there is no {name}");
    }
    for operation in manifest.operations() {
        let id = operation.id();
        let is_generic = ["create", "get", "list", "update", "delete"]
            .iter()
            .any(|verb| id.ends_with(&format!(".{verb}")));
        assert!(is_generic || named.contains(&id), "no job is done by {id}");
    }
    for trigger in triggers {
        let name = trigger.get("name").and_then(Value::as_str).unwrap_or_default();
        assert!(named.contains(&name), "no job is done by {name}");
    }
    Ok(())
}

/// Two screens of a terminal hold them all.
#[test]
fn the_operations_fit_two_screens() -> Result<()> {
    let manifest = Manifest::parse(node()?.manifest())?;
    let overview = explain::overview(&manifest, Paint::plain());
    assert!(overview.lines().count() <= 48, "{overview}");
    assert!(overview.lines().all(|line| line.chars().count() <= 120), "{overview}");
    Ok(())
}

/// What saved workflows rely on: names that go away or change their type break
/// them. A change here is accepted with `INSTA_UPDATE=always`, on purpose.
#[test]
fn what_workflows_rely_on_does_not_change_by_accident() -> Result<()> {
    let manifest = Manifest::parse(node()?.manifest())?;
    let mut outline = String::new();
    for operation in manifest.operations() {
        outline += &format!("{} [{}]\n", operation.id(), operation.marks().join(", "));
        for field in operation.fields() {
            let required = if field.is_required() { ", required" } else { "" };
            outline += &format!("  {}: {}{required}\n", field.name(), field.kind());
        }
        let output = operation.output().map(|schema| manifest.resolve(schema));
        let columns = output.and_then(|schema| schema.get("properties")).and_then(Value::as_object);
        let columns: Vec<&str> = columns.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        outline += &format!("  -> {}\n", columns.join(" "));
    }
    insta::assert_snapshot!("operations", outline);
    let form = manifest.json().get("credentials").context("no form")?;
    insta::assert_snapshot!("credential_form", serde_json::to_string_pretty(form)?);
    Ok(())
}

/// What people outside write is data for a model, never an instruction.
#[test]
fn text_of_outsiders_is_marked_as_untrusted() -> Result<()> {
    let manifest = Manifest::parse(node()?.manifest())?;
    for (operation, columns) in [
        ("ticket.get", &["summary", "details", "user_name", "reportedby", "customfields"][..]),
        ("ticket.list", &["summary"]),
        ("note.list", &["note"]),
        ("user.get", &["name"]),
        ("api.request", &["body"]),
    ] {
        let output = manifest.operation(operation).and_then(|one| one.output()).context(operation)?;
        for column in columns {
            let schema = manifest.resolve(output).pointer(&format!("/properties/{column}"));
            let schema = schema.with_context(|| format!("{operation} has no {column}"))?;
            assert_eq!(schema.get("x-untrusted"), Some(&Value::Bool(true)), "{operation}: {column}");
        }
    }
    Ok(())
}
