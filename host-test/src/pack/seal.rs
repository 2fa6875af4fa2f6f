//! Sealing: a component with an export for each import that a host refuses.
//!
//! The types of the stubs are the raw component's own import types, so that any version
//! of WASI 0.2 fits. What the start of a language runtime calls gets a harmless answer,
//! by [`HARMLESS`]; everything else traps in a function that has the name of the import,
//! which a backtrace shows.

#![expect(clippy::indexing_slicing, reason = "the ids come from the arenas that they index")]

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail, ensure};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::abi::AbiVariant;
use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{
    Function, InterfaceId, LiftLowerAbi, ManglingAndAbi, Resolve, WasmExport, WasmExportKind, WorldItem,
    WorldKey,
};
use workflow_node_host::refused_imports;

use super::module::{Body, Stub};

/// An import that was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Its name, such as `wasi:cli/environment@0.2.6`.
    pub import: String,
    /// What calls do now.
    pub behaviour: Behaviour,
}

/// What the functions of a sealed import do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Every function returns something empty or fixed.
    Harmless,
    /// Some functions do, the others trap.
    Partly,
    /// Every function traps, with the name of the import in the backtrace.
    Traps,
}

/// Functions that do not trap: interface, function (none: all of them), and what it does.
///
/// Random numbers are one fixed sequence, the same in each instance, that is, in each
/// call: good for hash tables, useless for ids and secrets. The clock of the day stands
/// at 1970-01-01. Real time and real randomness come with the call context.
const HARMLESS: [(&str, Option<&str>, Body); 11] = [
    ("wasi:cli/environment", None, Body::Zeros),
    ("wasi:cli/terminal-stdin", Some("get-terminal-stdin"), Body::Zeros),
    ("wasi:cli/terminal-stdout", Some("get-terminal-stdout"), Body::Zeros),
    ("wasi:cli/terminal-stderr", Some("get-terminal-stderr"), Body::Zeros),
    ("wasi:clocks/wall-clock", None, Body::Zeros),
    ("wasi:filesystem/preopens", None, Body::Zeros),
    ("wasi:random/random", Some("get-random-bytes"), Body::RandomBytes),
    ("wasi:random/random", Some("get-random-u64"), Body::RandomNumber),
    ("wasi:random/insecure", Some("get-insecure-random-bytes"), Body::RandomBytes),
    ("wasi:random/insecure", Some("get-insecure-random-u64"), Body::RandomNumber),
    ("wasi:random/insecure-seed", None, Body::RandomPair),
];

/// How functions are named in a core module.
const MANGLING: ManglingAndAbi = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);

/// What closes the imports of a component.
pub(super) struct Seal {
    /// A component that exports the sealed imports; `None` where there are none.
    pub(super) stub: Option<Vec<u8>>,
    /// The sealed imports.
    pub(super) sealed: Vec<Sealed>,
}

/// Makes the stubs of the imports that a host refuses.
pub(super) fn seal(raw: &[u8]) -> Result<Seal> {
    let (mut resolve, world) = match decode(raw).context("the component cannot be read")? {
        DecodedWasm::Component(resolve, world) => (resolve, world),
        DecodedWasm::WitPackage(..) => {
            bail!("this is a WIT package in binary form: it has types and no code")
        }
    };
    let imports = resolve.worlds[world].imports.clone();
    let names: Vec<String> = imports.keys().map(|key| resolve.name_world_key(key)).collect();
    let refused = refused_imports(&names);
    let mut closed = Vec::new();
    for ((key, item), name) in imports.iter().zip(&names) {
        if refused.contains(name) && !matches!(item, WorldItem::Type { .. }) {
            ensure_sealable(&resolve, item, name)?;
            closed.push((key.clone(), item.clone()));
        }
    }
    if closed.is_empty() {
        return Ok(Seal { stub: None, sealed: Vec::new() });
    }

    let mut stub = Stub::new();
    let mut sealed = Vec::new();
    for (key, item) in &closed {
        let WorldItem::Interface { id, .. } = item else { continue };
        sealed.push(add(&mut stub, &resolve, key, *id));
    }
    let needed = dependencies(&resolve, &closed);
    let stub_world = &mut resolve.worlds[world];
    stub_world
        .imports
        .retain(|_, item| matches!(item, WorldItem::Interface { id, .. } if needed.contains(id)));
    stub_world.exports = closed.into_iter().collect();
    let mut module = stub.finish();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    let component = ComponentEncoder::default().validate(true).module(&module)?.encode();
    Ok(Seal { stub: Some(component.context("the stubs cannot be made")?), sealed })
}

/// Refuses imports that are not a part of WASI 0.2: nobody would expect these to be
/// replaced by a trap.
fn ensure_sealable(resolve: &Resolve, item: &WorldItem, name: &str) -> Result<()> {
    let WorldItem::Interface { id, .. } = item else {
        bail!("the component imports the function `{name}`, which no host offers: remove it from its world");
    };
    ensure!(
        name.starts_with("wasi:"),
        "the component imports {name}, which no host offers: plug in a component that exports it \
         (`host-test compose`), or remove the import"
    );
    let is_async = |function: &Function| {
        function.kind.is_async() || !function.find_futures_and_streams(resolve).is_empty()
    };
    ensure!(
        name.split_once('@').is_some_and(|(_, version)| version.starts_with("0.2."))
            && !resolve.interfaces[*id].functions.values().any(is_async),
        "the component imports {name}: nodes are built for WASI 0.2"
    );
    Ok(())
}

/// Adds the functions of an interface to the stub.
fn add(stub: &mut Stub, resolve: &Resolve, key: &WorldKey, id: InterfaceId) -> Sealed {
    let import = resolve.name_world_key(key);
    let interface = import.split('@').next().unwrap_or_default();
    let (mut harmless, mut trapping) = (0, 0);
    for function in resolve.interfaces[id].functions.values() {
        let body = HARMLESS
            .iter()
            .find(|(of, name, _)| *of == interface && name.is_none_or(|name| name == function.name))
            .map_or(Body::Trap, |(.., body)| *body);
        *(if body == Body::Trap { &mut trapping } else { &mut harmless }) += 1;
        let kind = WasmExportKind::Normal;
        let export = WasmExport::Func { interface: Some(key), func: function, kind };
        let signature = resolve.wasm_signature(AbiVariant::GuestExport, function);
        stub.function(&resolve.wasm_export_name(MANGLING, export), &signature, body);
    }
    let behaviour = match (harmless, trapping) {
        (_, 0) => Behaviour::Harmless,
        (0, _) => Behaviour::Traps,
        _ => Behaviour::Partly,
    };
    Sealed { import, behaviour }
}

/// Interfaces that the types of others come from, except for those themselves.
fn dependencies(resolve: &Resolve, of: &[(WorldKey, WorldItem)]) -> BTreeSet<InterfaceId> {
    let id = |(_, item): &(WorldKey, WorldItem)| match item {
        WorldItem::Interface { id, .. } => Some(*id),
        _ => None,
    };
    let exported: BTreeSet<InterfaceId> = of.iter().filter_map(id).collect();
    let mut found = BTreeSet::new();
    let mut open: Vec<InterfaceId> = exported.iter().copied().collect();
    while let Some(interface) = open.pop() {
        for dependency in resolve.interface_direct_deps(interface) {
            if dependency != interface && !exported.contains(&dependency) && found.insert(dependency) {
                open.push(dependency);
            }
        }
    }
    found
}
