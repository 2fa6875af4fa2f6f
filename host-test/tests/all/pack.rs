//! What a compiler or an SDK produced becomes a node: sealed imports, the manifest in
//! its section.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use host_test::artifacts;
use host_test::credentials::Fields;
use host_test::pack::{Behaviour, Packed, pack, pack_with};
use host_test::session::Session;
use serde_json::{Value, json};
use workflow_node_host::{ConnectionOptions, HostError, refused_imports};

use crate::support::{command, host, run, text};

fn std_guest() -> Result<Vec<u8>> {
    Ok(fs::read(artifacts::std_guest()?)?)
}

async fn connect(packed: &Packed) -> Result<Session> {
    let node = host()?.load(&packed.bytes)?;
    Ok(Session::new(node.connect(Fields::new(), ConnectionOptions::default()).await?))
}

#[test]
fn a_guest_on_the_standard_library_is_refused_raw_and_runs_packed() -> Result<()> {
    let raw = std_guest()?;
    let refused = host()?.load(&raw).expect_err("it imports too much");
    assert!(matches!(refused, HostError::ImportsRefused(_)), "{refused}");

    let packed = pack(&raw)?;
    let sealed = |interface: &str| {
        let found = packed.sealed.iter().find(|sealed| sealed.import.starts_with(interface));
        found.map(|sealed| sealed.behaviour)
    };
    assert_eq!(sealed("wasi:cli/environment@0.2."), Some(Behaviour::Harmless));
    assert_eq!(sealed("wasi:clocks/wall-clock@0.2."), Some(Behaviour::Harmless));
    assert_eq!(sealed("wasi:filesystem/types@0.2."), Some(Behaviour::Traps));
    assert!(refused_imports(&packed.imports).is_empty(), "{:?}", packed.imports);
    assert!(packed.imports.len() <= 6, "{:?}", packed.imports);

    run(async {
        let look = async || connect(&packed).await?.result("std.look", json!({})).await;
        let seen = look().await?;
        assert_eq!(seen["arguments"], 0, "{seen}");
        assert_eq!(seen["variables"], 0, "{seen}");
        assert_eq!(seen["seconds"], 0, "{seen}");
        assert_eq!(seen["words"], 6, "{seen}");
        assert!(seen["file"].is_string(), "{seen}");
        // Random numbers are the same sequence in each instance, as documented.
        assert_eq!(seen["hash"], look().await?["hash"]);
        Ok(())
    })
}

#[test]
fn a_sealed_import_traps_under_its_name() -> Result<()> {
    let packed = pack(&std_guest()?)?;
    run(async {
        let session = connect(&packed).await?;
        for operation in ["std.print", "std.exit"] {
            let result = session.run(operation, json!({})).await?;
            assert_eq!(
                text(result.first_error().context("it went through")?, "kind"),
                "internal",
                "{operation}"
            );
        }
        Ok(())
    })?;
    let name = b"sealed import wasi:cli/exit@0.2.";
    assert!(packed.bytes.windows(name.len()).any(|bytes| bytes == name));
    Ok(())
}

#[test]
fn the_manifest_is_in_the_section_and_its_export_is_gone() -> Result<()> {
    let packed = pack(&std_guest()?)?;
    let node = host()?.load(&packed.bytes)?;
    assert_eq!(node.manifest(), packed.manifest);
    assert_eq!(node.digest(), packed.digest());
    // Only the raw component within still has the export.
    let again = pack(&packed.bytes)?;
    assert_eq!(again.bytes, packed.bytes, "what is packed stays as it is");
    assert!(again.sealed.is_empty());
    Ok(())
}

#[test]
fn a_node_without_refused_imports_stays_as_it_is() -> Result<()> {
    let raw = fs::read(artifacts::minimal_node()?)?;
    assert_eq!(pack(&raw)?.bytes, raw);
    let error = pack_with(&raw, Some("{}")).expect_err("two manifests");
    assert!(error.to_string().contains("already has a manifest"), "{error:#}");
    Ok(())
}

#[test]
fn a_manifest_that_does_not_fit_is_told_with_rule_and_place() -> Result<()> {
    let raw = std_guest()?;
    let mut manifest: Value = serde_json::from_str(&pack(&raw)?.manifest)?;
    manifest["contract"] = json!("workflow:node@0.1.0");
    manifest["operations"][0]["annotations"] = json!({});
    manifest["operations"][1]["examples"] = json!([]);
    manifest["lists"] = json!([{ "name": "shelves", "title": "Shelves" }]);
    let error = format!("{:#}", pack_with(&raw, Some(&manifest.to_string())).expect_err("it does not fit"));
    for part in [
        "/contract",
        "at /operations/0/annotations",
        "examples: std.print has no example",
        "/lists, and the component does not export workflow:node/lookup",
    ] {
        assert!(error.contains(part), "{part:?} is not in {error}");
    }
    Ok(())
}

#[test]
fn the_command_writes_over_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let raw = folder.path().join("raw.wasm");
    fs::copy(artifacts::std_guest()?, &raw)?;
    let packed = folder.path().join("node.wasm");
    let pack = async |output: &Path, more: &[&str]| {
        let mut pack = command(&["pack"]);
        pack.arg(&raw).arg("-o").arg(output).args(more).output().await
    };
    run(async {
        let first = pack(&packed, &[]).await?;
        let printed = String::from_utf8(first.stdout)?;
        assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
        for part in ["wasi:cli/environment@0.2.", "harmless", "digest  sha256:", "with gzip"] {
            assert!(printed.contains(part), "{part:?} is not in {printed}");
        }
        let second = pack(&packed, &[]).await?;
        assert!(String::from_utf8(second.stderr)?.contains("add --force"));
        assert!(pack(&packed, &["--force"]).await?.status.success());
        let onto_itself = pack(&raw, &["--force"]).await?;
        assert!(String::from_utf8(onto_itself.stderr)?.contains("is the input"));
        Ok(())
    })
}
