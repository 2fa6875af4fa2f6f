//! Measures a component file and holds it against the size budget.
//!
//! The manifest is counted apart: it is text that a host reads without
//! running anything, and it grows with the number of operations rather than
//! with the work that the code does.

use std::fs;
use std::io::Write as _;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context as _, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use wasmparser::{Parser, Payload};

/// The custom section that holds the manifest.
const MANIFEST_SECTION: &str = "workflow-node:manifest";

/// A thousand bytes, as in the budget.
const KB: usize = 1000;

/// How large a part of a component is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Bytes in the file.
    pub plain: usize,
    /// Bytes after `gzip`.
    pub gzip: usize,
}

/// A part of the component, its size and the most that it may have.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// What was measured.
    pub part: &'static str,
    /// What it has.
    pub size: Size,
    /// What it may have.
    pub budget: Option<Size>,
}

impl Measured {
    /// Whether the part keeps its budget.
    #[must_use]
    pub fn is_within_budget(&self) -> bool {
        self.budget.is_none_or(|budget| self.size.plain <= budget.plain && self.size.gzip <= budget.gzip)
    }
}

/// Measures a component file.
pub fn measure(file: &Path) -> Result<Vec<Measured>> {
    let bytes = fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let parts =
        Parts::find(&bytes).with_context(|| format!("{} is not a WebAssembly component", file.display()))?;
    let code_and_data = [parts.code.as_slice(), &parts.data].concat();
    Ok(vec![
        Measured { part: "whole file", size: size(&bytes)?, budget: None },
        Measured { part: "code", size: size(&parts.code)?, budget: None },
        Measured { part: "data", size: size(&parts.data)?, budget: None },
        Measured {
            part: "code and data",
            size: size(&code_and_data)?,
            budget: Some(Size { plain: 1_100 * KB, gzip: 430 * KB }),
        },
        Measured {
            part: "manifest section",
            size: size(&parts.manifest)?,
            budget: Some(Size { plain: 600 * KB, gzip: 64 * KB }),
        },
    ])
}

/// The bytes of a component, sorted.
#[derive(Default)]
struct Parts {
    code: Vec<u8>,
    data: Vec<u8>,
    manifest: Vec<u8>,
}

impl Parts {
    fn find(bytes: &[u8]) -> Result<Self> {
        let mut parts = Self::default();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::CodeSectionStart { range, .. } => {
                    parts.code.extend(slice(bytes, range)?);
                }
                Payload::DataSection(section) => {
                    parts.data.extend(slice(bytes, section.range())?);
                }
                Payload::CustomSection(section) if section.name() == MANIFEST_SECTION => {
                    parts.manifest.extend(slice(bytes, section.range())?);
                }
                _ => {}
            }
        }
        Ok(parts)
    }
}

fn slice(bytes: &[u8], range: Range<usize>) -> Result<&[u8]> {
    bytes.get(range).context("a section ends behind the file")
}

/// How large some bytes are.
///
/// # Errors
/// Where they cannot be compressed.
pub fn size(bytes: &[u8]) -> Result<Size> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(Size { plain: bytes.len(), gzip: encoder.finish()?.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An empty component with one custom section.
    fn component(section: &str, content: &[u8]) -> Vec<u8> {
        let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
        let mut body = vec![u8::try_from(section.len()).unwrap()];
        body.extend(section.as_bytes());
        body.extend(content);
        bytes.push(0);
        bytes.push(u8::try_from(body.len()).unwrap());
        bytes.extend(body);
        bytes
    }

    #[test]
    fn the_manifest_is_counted_apart() {
        let parts = Parts::find(&component(MANIFEST_SECTION, b"{}")).unwrap();
        assert!(parts.manifest.ends_with(b"{}"));
        let parts = Parts::find(&component("producers", b"{}")).unwrap();
        assert!(parts.manifest.is_empty());
    }

    #[test]
    fn what_is_no_component_is_refused() {
        assert!(Parts::find(b"hello").is_err());
    }

    #[test]
    fn both_the_plain_and_the_packed_size_count() {
        let within = |plain, gzip| {
            Measured { part: "", size: Size { plain, gzip }, budget: Some(Size { plain: 10, gzip: 5 }) }
                .is_within_budget()
        };
        assert!(within(10, 5));
        assert!(!within(11, 5));
        assert!(!within(10, 6));
    }
}
