//! The manifest of a packed component: found in it or asked for, checked, written.

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use serde_json::Value;
use wasm_encoder::{CustomSection, Encode as _, Section as _};
use wasmparser::{Parser, Payload};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, OptLevel, Store};

use crate::conformance::{self, interfaces};
use crate::manifest::Manifest;

/// What a raw component exports for packing: guest/wit/manifest.wit.
pub(super) const EXPORT: &str = "workflow:packing/manifest@0.1.0";

/// The function of it.
const FUNCTION: &str = "manifest";

/// Name of the custom section.
const SECTION: &str = "workflow-node:manifest";

/// Exports that a member of the manifest promises.
const PROMISES: [(&str, &str); 2] = [("lists", "lookup"), ("triggers", "triggers")];

/// The manifest in the custom section of a component, or of a part of it.
pub(super) fn find(bytes: &[u8]) -> Result<Option<String>> {
    let mut found = None;
    for payload in Parser::new(0).parse_all(bytes) {
        if let Payload::CustomSection(section) = payload?
            && section.name() == SECTION
        {
            ensure!(found.is_none(), "the component has the custom section {SECTION} twice");
            let text = String::from_utf8(section.data().to_vec());
            found = Some(text.with_context(|| format!("the custom section {SECTION} is not UTF-8"))?);
        }
    }
    Ok(found)
}

/// Runs the component, with traps for its imports, to get its manifest.
pub(super) fn ask(bytes: &[u8]) -> Result<String> {
    // Compiling takes long, so first a look at whether there is anything to ask.
    ensure!(
        interfaces(bytes).exports.iter().any(|name| name == EXPORT),
        "the component has no manifest: export {EXPORT} (an SDK does that), write the custom section {SECTION}, or \
         name a file with --manifest"
    );
    // The engine's errors are not anyhow's.
    call(bytes).map_err(|error| anyhow!("{error:#}"))
}

/// What the exported function returns.
fn call(bytes: &[u8]) -> wasmtime::Result<String> {
    let engine = Engine::new(Config::new().cranelift_opt_level(OptLevel::None))?;
    let component =
        Component::new(&engine, bytes).map_err(|error| error.context("the component cannot be compiled"))?;
    let interface = component.get_export_index(None, EXPORT);
    let Some(function) = component.get_export_index(interface.as_ref(), FUNCTION) else {
        return Err(wasmtime::format_err!("{EXPORT} has no function `{FUNCTION}`"));
    };
    let mut linker = Linker::new(&engine);
    linker.define_unknown_imports_as_traps(&component)?;
    let mut store = Store::new(&engine, ());
    let instance = linker
        .instantiate(&mut store, &component)
        .map_err(|error| error.context("the component does not start"))?;
    let function = instance
        .get_typed_func::<(), (core::result::Result<String, String>,)>(&mut store, &function)
        .map_err(|error| {
            error.context(format!("`{FUNCTION}` of {EXPORT} is not `func() -> result<string, string>`"))
        })?;
    let (answer,) = function.call(&mut store, ())?;
    answer.map_err(|wrong| wasmtime::format_err!("the node contradicts itself:\n{wrong}"))
}

/// Writes the manifest behind the component.
pub(super) fn append(mut bytes: Vec<u8>, manifest: &str) -> Vec<u8> {
    let section = CustomSection { name: SECTION.into(), data: manifest.as_bytes().into() };
    bytes.push(section.id());
    section.encode(&mut bytes);
    bytes
}

/// Refuses a manifest that breaks a rule, with all its faults.
pub(super) fn check(text: &str, exports: &[String]) -> Result<()> {
    let manifest = Manifest::parse(text).context("the manifest is not JSON")?;
    let mut faults: Vec<String> = conformance::faults_of_manifest(&manifest)
        .into_iter()
        .map(|(rule, reason)| format!("{}: {reason}", rule.name))
        .collect();
    faults.extend(unkept(manifest.json(), exports));
    if faults.is_empty() {
        return Ok(());
    }
    bail!("the manifest breaks rules that docs/manifest.md explains:\n  {}", faults.join("\n  "))
}

/// What the manifest says of the exports and is not so.
fn unkept(manifest: &Value, exports: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    let node = exports.iter().find(|name| name.starts_with("workflow:node/node@"));
    match (node, manifest.get("contract").and_then(Value::as_str)) {
        (None, _) => {
            faults.push("exports: the component does not export workflow:node/node@0.2.0".to_owned());
        }
        (Some(node), Some(contract)) => {
            let version = node.rsplit('@').next().unwrap_or_default();
            if contract.rsplit('@').next() != Some(version) {
                faults.push(format!(
                    "manifest: \"{contract}\" at /contract, and the component exports {node}: write \
                     \"workflow:node@{version}\""
                ));
            }
        }
        (Some(_), None) => {}
    }
    for (member, interface) in PROMISES {
        let promises = manifest.get(member).and_then(Value::as_array).is_some_and(|list| !list.is_empty());
        let prefix = format!("workflow:node/{interface}@");
        let exported = exports.iter().any(|name| name.starts_with(&prefix));
        if promises && !exported {
            faults.push(format!(
                "exports: the manifest has entries at /{member}, and the component does not export \
                 workflow:node/{interface}: export it, or remove the entries"
            ));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn promises_without_an_export_are_named() {
        let exports = ["workflow:node/node@0.2.0".to_owned()];
        let manifest = json!({ "contract": "workflow:node@0.1.0", "lists": [{}], "triggers": [] });
        let faults = unkept(&manifest, &exports);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].contains("/contract") && faults[0].contains("workflow:node@0.2.0"), "{faults:?}");
        assert!(faults[1].contains("/lists") && faults[1].contains("workflow:node/lookup"), "{faults:?}");
        assert!(unkept(&json!({ "contract": "workflow:node@0.2.0" }), &exports).is_empty());
        assert_eq!(unkept(&json!({}), &[]).len(), 1);
    }

    #[test]
    fn faults_are_told_with_rule_and_place() {
        let error = check(r#"{"contract":"workflow:node@0.2.0"}"#, &[]).unwrap_err().to_string();
        assert!(error.contains("manifest: \"operations\" is a required property"), "{error}");
        assert!(check("[", &[]).is_err());
    }

    #[test]
    fn a_written_section_is_found() {
        let component = b"\0asm\x0d\0\x01\0".to_vec();
        assert_eq!(find(&component).unwrap(), None);
        let written = append(component, "{}");
        assert_eq!(find(&written).unwrap().as_deref(), Some("{}"));
        assert!(find(&append(written, "{}")).unwrap_err().to_string().contains("twice"));
    }
}
