//! A readable view of a manifest.
//!
//! The manifest stays JSON: the harness shows what is there and asks no more
//! of it than it needs. Schemas are followed through `$ref` within the
//! manifest.

use anyhow::{Context as _, Result};
use serde_json::Value;

/// The manifest of a component.
#[derive(Clone, Debug)]
pub struct Manifest(Value);

impl Manifest {
    /// Reads the text of the custom section.
    pub fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text).map(Self).context("the manifest of the component is not JSON")
    }

    /// The manifest as it is.
    #[must_use]
    pub fn json(&self) -> &Value {
        &self.0
    }

    /// All operations, in the manifest's order.
    pub fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        members(&self.0, "operations").map(|json| Operation { manifest: self, json })
    }

    /// The heading that people find a resource under.
    #[must_use]
    pub fn group(&self, resource: &str) -> Option<&str> {
        let resource = members(&self.0, "resources").find(|json| text(json, "name") == resource)?;
        resource.get("group").and_then(Value::as_str)
    }

    /// One operation.
    #[must_use]
    pub fn operation(&self, id: &str) -> Option<Operation<'_>> {
        self.operations().find(|operation| operation.id() == id)
    }

    /// The schema that a `$ref` leads to, however many steps that takes.
    #[must_use]
    pub fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        const STEPS: usize = 16; // A reference to itself must not hang us.
        let mut schema = schema;
        for _ in 0..STEPS {
            let target = schema
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|reference| reference.strip_prefix('#'))
                .and_then(|pointer| self.0.pointer(pointer));
            match target {
                Some(target) => schema = target,
                None => break,
            }
        }
        schema
    }
}

/// One operation of a manifest.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'a> {
    manifest: &'a Manifest,
    json: &'a Value,
}

impl<'a> Operation<'a> {
    /// Its name, such as `ticket.create`.
    #[must_use]
    pub fn id(&self) -> &'a str {
        text(self.json, "id")
    }

    /// A short title for people.
    #[must_use]
    pub fn title(&self) -> &'a str {
        text(self.json, "title")
    }

    /// When to use it and what it needs.
    #[must_use]
    pub fn description(&self) -> &'a str {
        text(self.json, "description")
    }

    /// Its version, where the manifest has one.
    #[must_use]
    pub fn version(&self) -> Option<u64> {
        self.json.get("version").and_then(Value::as_u64)
    }

    /// Why it should not be used any more.
    #[must_use]
    pub fn deprecated(&self) -> Option<&'a str> {
        self.json.get("deprecated").and_then(Value::as_str)
    }

    /// The operation to use instead.
    #[must_use]
    pub fn replaced_by(&self) -> Option<&'a str> {
        self.json.get("replaced_by").and_then(Value::as_str)
    }

    /// What an operator may expect, such as `typical_ms`: its own hint, or else that of the
    /// node.
    #[must_use]
    pub fn hint(&self, name: &str) -> Option<&'a Value> {
        let hint = |json: &'a Value| json.get("hints").and_then(|hints| hints.get(name));
        hint(self.json).or_else(|| hint(self.manifest.json()))
    }

    /// The marks that are set, in words: `read only`, `destructive`…
    #[must_use]
    pub fn marks(&self) -> Vec<String> {
        let Some(marks) = self.json.get("annotations").and_then(Value::as_object) else {
            return Vec::new();
        };
        marks
            .iter()
            .filter(|(_, set)| **set == Value::Bool(true))
            .map(|(name, _)| name.replace(['_', '-'], " "))
            .collect()
    }

    /// Whether files travel beside its items.
    #[must_use]
    pub fn takes_files(&self) -> bool {
        self.json.pointer("/files/takes") == Some(&Value::Bool(true))
    }

    /// Whether a mark such as `destructive` is set.
    #[must_use]
    pub fn is_marked(&self, mark: &str) -> bool {
        self.json.pointer(&format!("/annotations/{mark}")) == Some(&Value::Bool(true))
    }

    /// What the credentials must be allowed to do.
    #[must_use]
    pub fn scopes(&self) -> Vec<&'a str> {
        members(self.json, "scopes").filter_map(Value::as_str).collect()
    }

    /// The schema of the input.
    #[must_use]
    pub fn input(&self) -> Option<&'a Value> {
        self.json.get("input")
    }

    /// The schema of each output item.
    #[must_use]
    pub fn output(&self) -> Option<&'a Value> {
        self.json.get("output")
    }

    /// Examples of inputs.
    pub fn examples(&self) -> impl Iterator<Item = Example<'a>> {
        members(self.json, "examples").map(|json| Example { json })
    }

    /// The fields of the input: its own, then those that it shares with other
    /// operations.
    #[must_use]
    pub fn fields(&self) -> Vec<Field<'a>> {
        let layers = self.layers();
        let required: Vec<&str> =
            layers.iter().flat_map(|layer| members(layer, "required")).filter_map(Value::as_str).collect();
        let properties =
            layers.iter().filter_map(|layer| layer.get("properties").and_then(Value::as_object)).flatten();
        properties
            .map(|(name, own)| Field {
                name,
                own,
                shared: self.manifest.resolve(own),
                required: required.contains(&name.as_str()),
            })
            .collect()
    }

    /// Groups of fields of which the input must have one.
    #[must_use]
    pub fn alternatives(&self) -> Vec<Vec<&'a str>> {
        self.layers()
            .into_iter()
            .flat_map(|layer| members(layer, "anyOf"))
            .map(|group| members(group, "required").filter_map(Value::as_str).collect::<Vec<_>>())
            .filter(|group| !group.is_empty())
            .collect()
    }

    /// The schema of the input and those that it builds upon.
    fn layers(&self) -> Vec<&'a Value> {
        let Some(schema) = self.input() else {
            return Vec::new();
        };
        let mut layers = vec![schema];
        layers.extend(members(schema, "allOf").map(|part| self.manifest.resolve(part)));
        if schema.get("$ref").is_some() {
            layers.push(self.manifest.resolve(schema));
        }
        layers
    }
}

/// An input that shows how an operation is used.
#[derive(Clone, Copy, Debug)]
pub struct Example<'a> {
    json: &'a Value,
}

impl<'a> Example<'a> {
    /// What it shows.
    #[must_use]
    pub fn title(&self) -> &'a str {
        text(self.json, "title")
    }

    /// The input.
    #[must_use]
    pub fn input(&self) -> &'a Value {
        self.json.get("input").unwrap_or(&Value::Null)
    }
}

/// A field of an operation's input.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    name: &'a str,
    own: &'a Value,
    shared: &'a Value,
    required: bool,
}

impl<'a> Field<'a> {
    /// Its key in the input.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Whether the input must have it.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.required
    }

    /// What it means. Words beside a `$ref` win over those behind it.
    #[must_use]
    pub fn help(&self) -> &'a str {
        let said = |schema, key| Some(text(schema, key)).filter(|text| !text.is_empty());
        said(self.own, "description")
            .or_else(|| said(self.shared, "description"))
            .or_else(|| said(self.own, "title"))
            .or_else(|| said(self.shared, "title"))
            .unwrap_or_default()
    }

    /// What may stand in it, in a word or two.
    #[must_use]
    pub fn kind(&self) -> String {
        kind(self.shared)
    }
}

/// The type of a schema in words for people.
fn kind(schema: &Value) -> String {
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return join(values.iter().map(plain), " | ");
    }
    if let Some(value) = schema.get("const") {
        return plain(value);
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(kinds) = schema.get(key).and_then(Value::as_array) {
            return join(kinds.iter().map(kind), " or ");
        }
    }
    match schema.get("type") {
        Some(Value::String(name)) => kind_of_type(name, schema),
        Some(Value::Array(names)) => {
            join(names.iter().filter_map(Value::as_str).map(|name| kind_of_type(name, schema)), " or ")
        }
        _ => "any".to_owned(),
    }
}

/// One of the types that a schema allows.
fn kind_of_type(name: &str, schema: &Value) -> String {
    match (name, schema.get("format").and_then(Value::as_str)) {
        ("array", _) => match schema.get("items") {
            Some(items) => format!("list of {}", kind(items)),
            None => "list".to_owned(),
        },
        ("string", Some(format)) => format.to_owned(),
        ("string", None) => "text".to_owned(),
        (name, _) => name.to_owned(),
    }
}

fn join(parts: impl Iterator<Item = String>, between: &str) -> String {
    parts.collect::<Vec<_>>().join(between)
}

/// A JSON value without quotes around texts.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

fn text<'a>(json: &'a Value, key: &str) -> &'a str {
    json.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn members<'a>(json: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    json.get(key).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn manifest() -> Manifest {
        Manifest(json!({
            "operations": [{
                "id": "ticket.create",
                "annotations": {"read_only": false, "dry_run": true},
                "input": {
                    "$ref": "#/$defs/input",
                    "properties": {"simplify": {"type": "boolean", "description": "Less."}},
                    "anyOf": [{"required": ["client_id"]}, {"required": ["site_id", "user_id"]}],
                },
            }],
            "$defs": {
                "input": {
                    "type": "object",
                    "required": ["summary"],
                    "properties": {
                        "client_id": {"$ref": "#/$defs/id", "description": "Whose ticket it is."},
                        "summary": {"type": "string", "title": "Summary"},
                    },
                },
                "id": {"type": "integer", "description": "An id."},
                "loop": {"$ref": "#/$defs/loop"},
            },
        }))
    }

    #[test]
    fn fields_are_found_behind_references() {
        let manifest = manifest();
        let fields = manifest.operation("ticket.create").unwrap().fields();
        let found: Vec<_> = fields
            .iter()
            .map(|field| (field.name(), field.kind(), field.help(), field.is_required()))
            .collect();
        assert_eq!(
            found,
            [
                ("simplify", "boolean".to_owned(), "Less.", false),
                ("client_id", "integer".to_owned(), "Whose ticket it is.", false),
                ("summary", "text".to_owned(), "Summary", true),
            ]
        );
    }

    #[test]
    fn alternatives_are_groups_of_fields() {
        let manifest = manifest();
        let operation = manifest.operation("ticket.create").unwrap();
        assert_eq!(operation.alternatives(), [vec!["client_id"], vec!["site_id", "user_id"]]);
    }

    #[test]
    fn marks_are_words() {
        let manifest = manifest();
        let operation = manifest.operation("ticket.create").unwrap();
        assert_eq!(operation.marks(), ["dry run"]);
        assert!(operation.is_marked("dry_run"));
        assert!(!operation.is_marked("read_only"));
    }

    #[test]
    fn a_reference_to_itself_ends() {
        let manifest = manifest();
        assert!(manifest.resolve(&json!({"$ref": "#/$defs/loop"})).is_object());
    }

    #[test]
    fn kinds_read_as_words() {
        for (schema, words) in [
            (json!({"enum": ["id", "dateoccurred"]}), "id | dateoccurred"),
            (json!({"type": "array", "items": {"type": "integer"}}), "list of integer"),
            (json!({"type": ["integer", "null"]}), "integer or null"),
            (
                json!({"type": ["integer", "array"], "items": {"type": "integer"}}),
                "integer or list of integer",
            ),
            (json!({"oneOf": [{"type": "integer"}, {"type": "string"}]}), "integer or text"),
            (json!({"type": "string", "format": "date-time"}), "date-time"),
            (json!({}), "any"),
        ] {
            assert_eq!(kind(&schema), words);
        }
    }
}
