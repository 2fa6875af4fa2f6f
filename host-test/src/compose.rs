//! Makes one component of two: a node, and a component that imports it, such
//! as `examples/http-service`.

use anyhow::{Context as _, Result};
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, plug};

/// Plugs the exports of `node` into the imports of `socket`. What comes out
/// exports what `socket` exports, and imports what is left of both.
pub fn compose(socket: &[u8], node: &[u8]) -> Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let [socket, node] = [("composed:socket", socket), ("composed:node", node)].map(|(name, bytes)| {
        let package = Package::from_bytes(name, None, bytes.to_vec(), graph.types_mut())?;
        Ok::<_, anyhow::Error>(graph.register_package(package)?)
    });
    plug(&mut graph, vec![node?], socket?).context("the component imports nothing that the node exports")?;
    graph.encode(EncodeOptions::default()).context("the two components do not fit")
}
