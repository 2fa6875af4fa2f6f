//! The manifest, read from a component's bytes without running it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use wasmparser::{Parser, Payload};

use crate::error::HostError;
use crate::limits::MANIFEST;

/// Name of the custom section that holds the manifest.
const SECTION: &str = "workflow-node:manifest";

/// A manifest: its text, and what this host reads of it. What it does not know
/// is for others.
#[derive(Debug)]
pub(crate) struct Manifest {
    pub(crate) text: String,
    /// For each operation that has one, `serialize_by`: JSON pointers into the
    /// input.
    serialize_by: BTreeMap<String, Vec<String>>,
    /// Operations that are `read_only`.
    reading: BTreeSet<String>,
}

impl Manifest {
    /// The members of an operation's input whose values must not meet in two
    /// calls at the same time.
    pub(crate) fn serialize_by(&self, operation: &str) -> &[String] {
        self.serialize_by.get(operation).map_or(&[], Vec::as_slice)
    }

    /// Whether an operation says that it changes nothing.
    pub(crate) fn is_read_only(&self, operation: &str) -> bool {
        self.reading.contains(operation)
    }

    fn parse(text: &str) -> Result<Self, HostError> {
        let manifest = match serde_json::from_str(text) {
            Ok(Value::Object(manifest)) => manifest,
            Ok(_) => return Err(HostError::Manifest("it is no JSON object".to_owned())),
            Err(error) => return Err(HostError::Manifest(error.to_string())),
        };
        let operations = || manifest.get("operations").and_then(Value::as_array).into_iter().flatten();
        let reads =
            |operation: &&Value| operation.pointer("/annotations/read_only") == Some(&Value::Bool(true));
        let id = |operation: &Value| operation.get("id").and_then(Value::as_str).map(str::to_owned);
        let reading = operations().filter(reads).filter_map(id).collect();
        let serialize_by = operations()
            .filter_map(|operation| {
                let pointers = operation.get("serialize_by")?.as_array()?;
                let pointers = pointers.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                Some((id(operation)?, pointers))
            })
            .collect();
        Ok(Self { text: text.to_owned(), serialize_by, reading })
    }
}

/// The manifest of a component.
///
/// The section may stand in the component itself or in a module or component
/// inside it: composing tools wrap what they are given. The outermost one is
/// taken, so that a wrapper may replace the manifest of what it wraps.
pub(crate) fn read(component: &[u8]) -> Result<Manifest, HostError> {
    let mut depth = 0_u32;
    let mut found: Option<(u32, &[u8])> = None;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(|error| HostError::NotAComponent(error.message().to_owned()))? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            // The outermost end belongs to no section.
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section)
                if section.name() == SECTION && found.is_none_or(|(outer, _)| depth < outer) =>
            {
                found = Some((depth, section.data()));
            }
            _ => {}
        }
    }
    let (_, bytes) = found.ok_or_else(|| HostError::Manifest("there is none".to_owned()))?;
    if bytes.len() > MANIFEST {
        return Err(HostError::Manifest(format!("it has more than {MANIFEST} bytes")));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| HostError::Manifest("it is no UTF-8".to_owned()))?;
    Manifest::parse(text)
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;

    const COMPONENT: [u8; 8] = *b"\0asm\x0d\0\x01\0";
    const MODULE: [u8; 8] = *b"\0asm\x01\0\0\0";

    fn section(id: u8, content: &[u8]) -> Vec<u8> {
        let size = u8::try_from(content.len()).expect("a small section");
        assert!(size < 128, "one byte of LEB128");
        [&[id, size], content].concat()
    }

    fn manifest(text: &[u8]) -> Vec<u8> {
        let name = u8::try_from(SECTION.len()).expect("a short name");
        section(0, &[&[name], SECTION.as_bytes(), text].concat())
    }

    fn component(parts: &[Vec<u8>]) -> Vec<u8> {
        [COMPONENT.to_vec(), parts.concat()].concat()
    }

    fn module_section(parts: &[Vec<u8>]) -> Vec<u8> {
        section(1, &[MODULE.to_vec(), parts.concat()].concat())
    }

    fn component_section(parts: &[Vec<u8>]) -> Vec<u8> {
        section(4, &component(parts))
    }

    #[test]
    fn it_is_found_at_any_depth() {
        let text = manifest(b"{\"a\":1}");
        for bytes in [
            component(from_ref(&text)),
            component(&[module_section(from_ref(&text))]),
            component(&[component_section(&[module_section(from_ref(&text))])]),
        ] {
            assert_eq!(read(&bytes).expect("manifest").text, "{\"a\":1}");
        }
    }

    #[test]
    fn the_outermost_one_counts_wherever_it_stands() {
        let inner = module_section(&[manifest(b"{\"inner\":1}")]);
        let outer = manifest(b"{\"outer\":1}");
        for parts in [[inner.clone(), outer.clone()], [outer, inner]] {
            assert_eq!(read(&component(&parts)).expect("manifest").text, "{\"outer\":1}");
        }
    }

    #[test]
    fn what_serialises_an_operation_is_read_and_all_else_ignored() {
        let text = r#"{"operations":[{"id":"a","serialize_by":["/k","/l/m"]},{"id":"b"},{"serialize_by":3},7],"more":1}"#;
        let manifest = Manifest::parse(text).expect("manifest");
        assert_eq!(manifest.serialize_by("a"), ["/k", "/l/m"]);
        assert!(manifest.serialize_by("b").is_empty() && manifest.serialize_by("c").is_empty());
        assert!(Manifest::parse(r#"{"operations":{}}"#).expect("manifest").serialize_by("a").is_empty());
    }

    #[test]
    fn operations_that_only_read_are_known() {
        let text = r#"{"operations":[{"id":"a","annotations":{"read_only":true}},
            {"id":"b","annotations":{"read_only":false}},{"id":"c","read_only":true}]}"#;
        let manifest = Manifest::parse(text).expect("manifest");
        assert!(manifest.is_read_only("a"));
        assert!(["b", "c", "d"].iter().all(|other| !manifest.is_read_only(other)));
    }

    #[test]
    fn one_that_is_too_large_is_refused() {
        let name = SECTION.as_bytes();
        let size = 1 + name.len() + MANIFEST + 1;
        let mut bytes = COMPONENT.to_vec();
        bytes.push(0);
        // LEB128, in four bytes.
        bytes.extend([0, 7, 14].map(|shift| u8::try_from(size >> shift & 0x7f).expect("seven bits") | 0x80));
        bytes.push(u8::try_from(size >> 21).expect("seven bits"));
        bytes.push(u8::try_from(name.len()).expect("short"));
        bytes.extend(name);
        bytes.resize(bytes.len() + MANIFEST + 1, b' ');
        let error = read(&bytes).expect_err("too large").to_string();
        assert!(error.contains("more than"), "{error}");
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        for bytes in [
            component(&[]),
            component(&[manifest(b"")]),
            component(&[manifest(b"[1]")]),
            component(&[manifest(b"{\"a\":")]),
            component(&[manifest(b"{\"a\":\"\xff\"}")]),
        ] {
            assert!(matches!(read(&bytes), Err(HostError::Manifest(_))), "{bytes:?}");
        }
        assert!(matches!(read(b"not wasm at all"), Err(HostError::NotAComponent(_))));
    }
}
