//! What a component is, before anything of it runs.

use anyhow::Result;
use wasmparser::{Parser, Payload};
use workflow_node_host::{HostError, Node, NodeHost};

use super::broken;
use super::report::{COMPONENT, EXPORTS, IMPORTS, Interfaces, Report};

/// The names that a component imports and exports; none where the bytes are
/// no component, which loading it tells better.
pub(super) fn interfaces(bytes: &[u8]) -> Interfaces {
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
            for rule in [&COMPONENT, &IMPORTS, &EXPORTS] {
                report.add(rule, vec![]);
            }
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
