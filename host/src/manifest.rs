//! The manifest, read from a component's bytes without running it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize as _;
use serde_json::Value;
use wasmparser::{Parser, Payload};

use crate::audience;
use crate::egress::SpecPattern;
use crate::error::HostError;
use crate::form::{AuthRecipe, CredentialSpec};
use crate::limits::MANIFEST;
use crate::origin::typed_origins;
use crate::reading::Reading;
use crate::rules::Operation;

/// Name of the custom section that holds the manifest.
const SECTION: &str = "workflow-node:manifest";

/// A manifest: its text, and what this host reads of it. What it does not know
/// is for others.
#[derive(Debug)]
pub(crate) struct Manifest {
    pub(crate) text: String,
    contract: Option<String>,
    operations: BTreeMap<String, Operation>,
    triggers: BTreeSet<String>,
    /// What `credential-schema` must return, without members that are `null`.
    credentials: Value,
    /// The same, as far as this host knows it.
    pub(crate) spec: CredentialSpec,
    egress: Vec<SpecPattern>,
}

impl Manifest {
    pub(crate) fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations.get(id)
    }

    /// The ids of all operations.
    pub(crate) fn operations(&self) -> impl Iterator<Item = &str> {
        self.operations.keys().map(String::as_str)
    }

    pub(crate) fn has_trigger(&self, name: &str) -> bool {
        self.triggers.contains(name)
    }

    /// The members of an operation's input whose values must not meet in two
    /// calls at the same time.
    pub(crate) fn serialize_by(&self, operation: &str) -> &[String] {
        self.operation(operation).map_or(&[], |operation| operation.serialize_by.as_slice())
    }

    /// Whether an operation says that it changes nothing.
    pub(crate) fn is_read_only(&self, operation: &str) -> bool {
        self.operation(operation).is_some_and(|operation| operation.read_only)
    }

    /// What an operation may send in a call that may only read.
    pub(crate) fn reading(&self, operation: &str) -> Reading {
        let reads_with = self.operation(operation).map(|operation| operation.reads_with.clone());
        Reading { reads_with: reads_with.unwrap_or_default(), login: self.login_path() }
    }

    /// Where the recipe's token request goes, as far as it is written down.
    pub(crate) fn login_path(&self) -> String {
        match &self.spec.auth_recipe {
            AuthRecipe::Oauth2ClientCredentials(recipe) => audience::tail(&recipe.token_url).to_owned(),
            _ => String::new(),
        }
    }

    /// What the component wants to reach.
    pub(crate) fn egress(&self) -> &[SpecPattern] {
        &self.egress
    }

    /// What it wants to reach besides addresses that a person types.
    pub(crate) fn reach(&self) -> Vec<String> {
        let mut reach = Vec::new();
        for pattern in &self.egress {
            match pattern {
                SpecPattern::Hosts(hosts) => reach.push(hosts.text.clone()),
                // An address that stands there when nobody types one.
                SpecPattern::Address(name) => {
                    let default = self.spec.fields.iter().filter(|field| field.name == *name);
                    let origins =
                        default.filter_map(|field| field.default_value.as_deref()).flat_map(typed_origins);
                    reach.extend(origins.map(|origin| origin.to_string()));
                }
            }
        }
        reach.dedup();
        reach
    }

    /// Where this text differs from the credential form that the manifest shows to
    /// people: a JSON pointer, or nothing where they are equal.
    pub(crate) fn difference(&self, schema: &str) -> Option<String> {
        let Ok(schema) = serde_json::from_str(schema) else { return Some(String::new()) };
        let at = difference(&without_nulls(&schema), &self.credentials)?;
        Some(at.chars().filter(|letter| !letter.is_control()).take(200).collect())
    }

    /// The version of the node interface that it was written for, if it says so.
    pub(crate) fn contract(&self) -> Option<&str> {
        self.contract.as_deref()
    }

    /// Whether two components ask for the same, and log in in the same way.
    pub(crate) fn asks_the_same(&self, other: &Self) -> bool {
        self.credentials == other.credentials
    }

    pub(crate) fn parse(text: &str) -> Result<Self, HostError> {
        let manifest = match serde_json::from_str(text) {
            Ok(Value::Object(manifest)) => manifest,
            Ok(_) => return Err(HostError::Manifest("it is no JSON object".to_owned())),
            Err(error) => return Err(HostError::Manifest(error.to_string())),
        };
        let list = |name: &str| manifest.get(name).and_then(Value::as_array).into_iter().flatten();
        let definitions = manifest.get("$defs").unwrap_or(&Value::Null);
        let mut operations = BTreeMap::new();
        for operation in list("operations") {
            let Some(id) = operation.get("id").and_then(Value::as_str) else { continue };
            if operations.insert(id.to_owned(), Operation::parse(id, operation, definitions)?).is_some() {
                return Err(HostError::Manifest(format!("it has the operation `{id}` twice")));
            }
        }
        let names = list("triggers").filter_map(|trigger| trigger.get("name").and_then(Value::as_str));
        let triggers = names.map(str::to_owned).collect();
        let credentials = manifest.get("credentials").map(without_nulls).unwrap_or_default();
        let spec: CredentialSpec = match &credentials {
            Value::Null => CredentialSpec::default(),
            credentials => CredentialSpec::deserialize(credentials)
                .map_err(|error| HostError::Manifest(format!("`credentials`: {error}")))?,
        };
        let egress =
            spec.egress.iter().map(|pattern| SpecPattern::parse(pattern)).collect::<Result<_, _>>()?;
        let contract = manifest.get("contract").and_then(Value::as_str).map(str::to_owned);
        Ok(Self { text: text.to_owned(), contract, operations, triggers, credentials, spec, egress })
    }
}

/// The JSON pointer to the first place where two values differ.
fn difference(left: &Value, right: &Value) -> Option<String> {
    let inside = |name: &str, left: Option<&Value>, right: Option<&Value>| match (left, right) {
        (Some(left), Some(right)) => difference(left, right).map(|at| format!("/{name}{at}")),
        _ => Some(format!("/{name}")),
    };
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            names.into_iter().find_map(|name| inside(name, left.get(name), right.get(name)))
        }
        (Value::Array(left), Value::Array(right)) => (0..left.len().max(right.len()))
            .find_map(|index| inside(&index.to_string(), left.get(index), right.get(index))),
        _ => (left != right).then(String::new),
    }
}

/// A member that is `null` is one that is not there.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !value.is_null());
            members.map(|(name, value)| (name.clone(), without_nulls(value))).collect()
        }
        Value::Array(list) => list.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

/// The manifest of a component.
///
/// The section may stand in the component itself or in a module or component
/// inside it: composing tools wrap what they are given. There is exactly one: with
/// two, people could be shown one and the host keep to the other.
pub(crate) fn read(component: &[u8]) -> Result<Manifest, HostError> {
    let mut found: Option<&[u8]> = None;
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.map_err(|error| HostError::NotAComponent(error.message().to_owned()))?;
        let Payload::CustomSection(section) = payload else { continue };
        if section.name() == SECTION && found.replace(section.data()).is_some() {
            return Err(HostError::Manifest("there are two; a component has one".to_owned()));
        }
    }
    let bytes = found.ok_or_else(|| HostError::Manifest("there is none".to_owned()))?;
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
    fn two_are_refused_wherever_they_stand() {
        let one = manifest(b"{\"a\":1}");
        let (module, inner) = (module_section(from_ref(&one)), component_section(from_ref(&one)));
        for parts in [
            vec![one.clone(), one.clone()],
            vec![one.clone(), module.clone()],
            vec![module.clone(), one],
            vec![inner.clone(), module],
            vec![inner.clone(), inner],
        ] {
            let error = read(&component(&parts)).expect_err("two").to_string();
            assert!(error.contains("two"), "{error}");
        }
    }

    #[test]
    fn what_serialises_an_operation_is_read_and_all_else_ignored() {
        let text = r#"{"operations":[{"id":"a","serialize_by":["/k","/l/m"]},{"id":"b"},{"serialize_by":3},7],"more":1}"#;
        let manifest = Manifest::parse(text).expect("manifest");
        assert_eq!(manifest.serialize_by("a"), ["/k", "/l/m"]);
        assert!(manifest.serialize_by("b").is_empty());
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
