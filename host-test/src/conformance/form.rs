//! What a component is, before anything of it runs.

use anyhow::Result;
use wasmparser::{Parser, Payload};
use workflow_node_host::{HostError, Node, NodeHost, VERSIONS};

use super::broken;
use super::report::{COMPONENT, EXPORTS, IMPORTS, Interfaces, Report};

/// The names that a component imports and exports; none where the bytes are
/// no component, which loading it tells better.
pub(crate) fn interfaces(bytes: &[u8]) -> Interfaces {
    let mut found = Interfaces::default();
    if read(bytes, &mut found).is_err() {
        return Interfaces::default();
    }
    found
}

fn read(bytes: &[u8], found: &mut Interfaces) -> Result<()> {
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            // A component holds modules and further components: only its own
            // names count.
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(imports) if depth == 1 => {
                for import in imports {
                    found.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(exports) if depth == 1 => {
                for export in exports {
                    found.exports.push(export?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Loads the component and says which of the first rules it keeps. A host
/// refuses whoever breaks one of them, so there is no node then.
pub(super) fn load(host: &NodeHost, bytes: &[u8], report: &mut Report) -> Option<Node> {
    match host.load(bytes) {
        Ok(node) => {
            for rule in [&COMPONENT, &IMPORTS] {
                report.add(rule, vec![]);
            }
            let strange = unknown(&report.interfaces.exports);
            report.add(&EXPORTS, strange);
            Some(node)
        }
        Err(error) => {
            // The host looks at one after the other, and stops at the first.
            let kept: &[_] = match &error {
                HostError::ImportsRefused(_) => &[&COMPONENT],
                HostError::ExportsMissing(_) => &[&COMPONENT, &IMPORTS],
                // The types of the exports come last: they need the compiled component.
                HostError::Manifest(_) => &[&COMPONENT, &IMPORTS],
                _ => &[],
            };
            for rule in kept {
                report.add(rule, vec![]);
            }
            let (rule, reasons) = broken(&error);
            report.add(rule, reasons);
            None
        }
    }
}

/// Interfaces of the package that no host looks for: misspelt ones, or of another
/// version than the node.
fn unknown(exports: &[String]) -> Vec<String> {
    const INTERFACES: [&str; 7] = ["types", "node", "setup", "lookup", "triggers", "revocation", "migration"];
    let ours = exports.iter().filter_map(|name| name.strip_prefix("workflow:node/"));
    let track = |version: &str| version.rsplit_once('.').map(|(track, _)| track.to_owned());
    let versions: Vec<Option<String>> = VERSIONS.iter().map(|version| track(version)).collect();
    let known = |name: &&str| {
        // An interface that only version 0.1 had.
        *name == "flat@0.1.0"
            || name.split_once('@').is_some_and(|(interface, version)| {
                INTERFACES.contains(&interface) && versions.contains(&track(version))
            })
    };
    ours.filter(|name| !known(name)).map(|name| format!("no host looks for workflow:node/{name}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_that_no_host_looks_for_are_named() {
        let exports =
            ["workflow:node/node@0.2.3", "workflow:node/loopup@0.2.0", "workflow:node/setup@0.3.0", "fetch"];
        let found = unknown(&exports.map(str::to_owned));
        assert_eq!(
            found,
            ["no host looks for workflow:node/loopup@0.2.0", "no host looks for workflow:node/setup@0.3.0"]
        );
    }
}
