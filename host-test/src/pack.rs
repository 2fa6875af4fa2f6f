//! Makes a node of the component that a compiler or an SDK produced.
//!
//! Two things keep such a raw component from being loaded. It imports more than a host
//! grants, because the runtime of its language does: `seal` closes these imports. And
//! its manifest may not be in a custom section, because most tools cannot write one:
//! `manifest` asks the component for it and checks it. `assemble` puts the parts
//! together.

mod assemble;
mod manifest;
mod module;
mod seal;

use anyhow::{Result, bail, ensure};
use wasmparser::Parser;
use workflow_node_host::{Digest, refused_imports};

use crate::conformance::interfaces;
use crate::sizes::{self, Size};

pub use seal::{Behaviour, Sealed};

/// A component that a host loads.
#[derive(Clone, Debug)]
pub struct Packed {
    /// The component.
    pub bytes: Vec<u8>,
    /// Imports that were closed, in the order of the raw component.
    pub sealed: Vec<Sealed>,
    /// Imports that are left.
    pub imports: Vec<String>,
    /// The manifest, as it is in the custom section.
    pub manifest: String,
}

impl Packed {
    /// What to pin the component with.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }

    /// How large it is.
    ///
    /// # Errors
    /// Where it cannot be compressed.
    pub fn size(&self) -> Result<Size> {
        sizes::size(&self.bytes)
    }
}

/// Packs a component that has a manifest section or exports
/// `workflow:packing/manifest@0.1.0`.
///
/// # Errors
/// Bytes that are not a component, imports that cannot be sealed, and a manifest that
/// is missing or wrong: each with what to change.
pub fn pack(raw: &[u8]) -> Result<Packed> {
    pack_with(raw, None)
}

/// The same with a manifest from elsewhere, for a component that has none.
///
/// # Errors
/// As [`pack`]; also where the component has another manifest of its own.
pub fn pack_with(raw: &[u8], manifest: Option<&str>) -> Result<Packed> {
    ensure_component(raw)?;
    let seal = seal::seal(raw)?;
    let sealed = assemble::assemble(raw, seal.stub.as_deref())?;
    let imports = interfaces(&sealed).imports;
    let left = refused_imports(&imports);
    ensure!(left.is_empty(), "these imports could not be sealed: {}", left.join(", "));
    let found = manifest::find(raw)?;
    let text = match (found, manifest) {
        (Some(found), Some(given)) if found != given => {
            bail!(
                "the component already has a manifest, which differs from the given one: leave one of them out"
            )
        }
        (Some(found), _) => return checked(sealed, seal.sealed, imports, found),
        (None, Some(given)) => given.to_owned(),
        (None, None) => manifest::ask(&assemble::with_manifest_export(raw, seal.stub.as_deref())?)?,
    };
    let bytes = manifest::append(sealed, &text);
    checked(bytes, seal.sealed, imports, text)
}

fn checked(bytes: Vec<u8>, sealed: Vec<Sealed>, imports: Vec<String>, manifest: String) -> Result<Packed> {
    manifest::check(&manifest, &interfaces(&bytes).exports)?;
    Ok(Packed { bytes, sealed, imports, manifest })
}

/// Refuses bytes that are not a component, and says how to get one.
fn ensure_component(raw: &[u8]) -> Result<()> {
    if Parser::is_component(raw) {
        return Ok(());
    }
    if Parser::is_core_wasm(raw) {
        bail!(
            "this is a core module, not a component. In Rust, build for the target wasm32-wasip2; with other \
             tools, run `wasm-tools component new MODULE -o COMPONENT`"
        );
    }
    bail!("this is not a WebAssembly component: it does not begin with the header of one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_a_core_module_and_says_how_to_make_a_component() {
        let error = pack(b"\0asm\x01\0\0\0").unwrap_err().to_string();
        assert!(error.contains("core module") && error.contains("wasm32-wasip2"), "{error}");
    }

    #[test]
    fn refuses_bytes_that_are_not_wasm() {
        for bytes in [&b""[..], b"PK\x03\x04", b"\0asm"] {
            let error = pack(bytes).unwrap_err().to_string();
            assert!(error.contains("not a WebAssembly component"), "{error}");
        }
    }
}
