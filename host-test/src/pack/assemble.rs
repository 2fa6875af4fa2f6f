//! Joins a raw component with the stubs of its refused imports.

use anyhow::{Context as _, Result};
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, NodeId};

use super::manifest::EXPORT;

/// The component with the stubs plugged in, without the export for packing.
pub(super) fn assemble(raw: &[u8], stub: Option<&[u8]>) -> Result<Vec<u8>> {
    join(raw, stub, |export| export != EXPORT)
}

/// The same with that export, to call it.
pub(super) fn with_manifest_export(raw: &[u8], stub: Option<&[u8]>) -> Result<Vec<u8>> {
    join(raw, stub, |_| true)
}

fn join(raw: &[u8], stub: Option<&[u8]>, keep: impl Fn(&str) -> bool) -> Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let (component, names) = instantiate(&mut graph, "packed:component", raw)?;
    if stub.is_none() && names.iter().all(|name| keep(name)) {
        return Ok(raw.to_vec());
    }
    if let Some(stub) = stub {
        let (stub, closed) = instantiate(&mut graph, "packed:stub", stub)?;
        for name in closed {
            let export = graph.alias_instance_export(stub, &name)?;
            graph
                .set_instantiation_argument(component, &name, export)
                .with_context(|| format!("{name} cannot be sealed"))?;
        }
    }
    for name in names.iter().filter(|name| keep(name)) {
        let export = graph.alias_instance_export(component, name)?;
        graph.export(export, name)?;
    }
    graph.encode(EncodeOptions::default()).context("the sealed component cannot be written")
}

/// An instance of a component in the graph, and the names of its exports.
fn instantiate(graph: &mut CompositionGraph, name: &str, bytes: &[u8]) -> Result<(NodeId, Vec<String>)> {
    let package = Package::from_bytes(name, None, bytes.to_vec(), graph.types_mut())
        .context("the component cannot be read")?;
    let package = graph.register_package(package)?;
    let exports = graph.types()[graph[package].ty()].exports.keys().cloned().collect();
    Ok((graph.instantiate(package), exports))
}
