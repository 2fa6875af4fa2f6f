//! The rules of a call that do not depend on what a component makes of them: which
//! operations there are, which are allowed, and which a person must have chosen.
//!
//! They are kept before the component runs, from its manifest. What it sends in a
//! call that may only read is watched in [`reading`](crate::reading).

mod condition;

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use crate::egress::{PathRule, method};
use crate::error::{HostError, refusal};
use crate::manifest::Manifest;
use crate::options::CallOptions;
use crate::spelling::nearest;
use crate::wit::types::{ErrorKind, NodeError};
use condition::Condition;

/// What the manifest says about an operation, as far as the host keeps it.
#[derive(Debug, Default)]
pub(crate) struct Operation {
    pub(crate) read_only: bool,
    destructive: bool,
    customer_visible: bool,
    /// Any of them holding makes the operation one that must be confirmed.
    confirm_when: Vec<Condition>,
    /// Requests that only read although their method is not safe.
    pub(crate) reads_with: Vec<(Method, PathRule)>,
    /// JSON pointers into the input.
    pub(crate) serialize_by: Vec<String>,
    /// The lists of which it takes values (`x-options` in the schema of its input).
    lists: BTreeSet<String>,
}

impl Operation {
    /// Reads an entry of the manifest's `operations`. Rules that do not parse are
    /// no rules that could be left out: the manifest is refused.
    pub(crate) fn parse(id: &str, json: &Value, definitions: &Value) -> Result<Self, HostError> {
        let wrong = |member: &str, why: &str| {
            HostError::Manifest(format!("`{member}` of the operation `{id}`: {why}"))
        };
        if !matches!(json.get("annotations"), None | Some(Value::Null | Value::Object(_))) {
            return Err(wrong("annotations", "it is not an object"));
        }
        let mark = |name: &str| match json.pointer(&format!("/annotations/{name}")) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(mark)) => Ok(*mark),
            Some(_) => Err(wrong("annotations", &format!("`{name}` is neither true nor false"))),
        };
        let list = |name: &str| match json.get(name) {
            None | Some(Value::Null) => Ok(&[][..]),
            Some(Value::Array(list)) => Ok(list.as_slice()),
            Some(_) => Err(wrong(name, "it is not a list")),
        };
        let confirm_when = list("confirm_when")?
            .iter()
            .map(|json| Condition::parse(json).map_err(|why| wrong("confirm_when", why)))
            .collect::<Result<_, _>>()?;
        let reads_with = list("reads_with")?
            .iter()
            .map(|json| reads_with(json).map_err(|why| wrong("reads_with", why)))
            .collect::<Result<_, _>>()?;
        let pointer = |pointer: &Value| pointer.as_str().map(str::to_owned);
        let serialize_by = list("serialize_by")?
            .iter()
            .map(|json| pointer(json).ok_or_else(|| wrong("serialize_by", "it is not a list of pointers")))
            .collect::<Result<_, _>>()?;
        let mut lists = Lists::default();
        lists.collect(json.get("input").unwrap_or(&Value::Null), definitions);
        Ok(Self {
            read_only: mark("read_only")?,
            destructive: mark("destructive")?,
            customer_visible: mark("customer_visible")?,
            confirm_when,
            reads_with,
            serialize_by,
            lists: lists.names,
        })
    }

    /// Why a person must have chosen this operation, whatever its input.
    fn mark(&self) -> Option<&'static str> {
        let marks = [(self.destructive, "destructive"), (self.customer_visible, "customer_visible")];
        marks.into_iter().find_map(|(set, name)| set.then_some(name))
    }

    /// Why a person must have chosen it with this input.
    fn condition(&self, input: &str) -> Option<String> {
        if self.confirm_when.is_empty() {
            return None;
        }
        let Ok(input) = serde_json::from_str::<Value>(input) else {
            return Some("the input is not JSON and nobody can tell what it asks for".to_owned());
        };
        self.confirm_when.iter().find(|condition| condition.holds(&input)).map(ToString::to_string)
    }

    /// The items that a person must have chosen.
    fn needs_confirmation<'a>(&self, inputs: impl Iterator<Item = &'a str>) -> Unconfirmed {
        let mut unconfirmed = Unconfirmed { why: String::new(), items: Vec::new(), all: 0 };
        if let Some(mark) = self.mark() {
            unconfirmed.why = format!("its manifest marks it as `{mark}`");
        }
        for (index, input) in inputs.enumerate() {
            unconfirmed.all += 1;
            let condition = self.condition(input);
            if self.mark().is_none() && condition.is_none() {
                continue;
            }
            if unconfirmed.why.is_empty() {
                let item = format!("item {}", index.saturating_add(1));
                let condition = condition.unwrap_or_default();
                unconfirmed.why = format!("its manifest demands it for {item}, where {condition}");
            }
            unconfirmed.items.push(index);
        }
        unconfirmed
    }
}

/// What a person must have chosen of a call.
struct Unconfirmed {
    /// Empty: nothing.
    why: String,
    /// Which items, from 0.
    items: Vec<usize>,
    /// How many items there are.
    all: usize,
}

/// The lists that a schema refers to, at any depth and through `$ref`.
#[derive(Default)]
struct Lists<'a> {
    names: BTreeSet<String>,
    /// Definitions that were looked through; one can refer to itself.
    seen: BTreeSet<&'a str>,
}

impl<'a> Lists<'a> {
    fn collect(&mut self, schema: &'a Value, definitions: &'a Value) {
        match schema {
            Value::Object(members) => {
                members.values().for_each(|schema| self.collect(schema, definitions));
                if let Some(name) = members.get("$ref").and_then(Value::as_str)
                    && let Some(name) = name.strip_prefix("#/$defs/")
                    && self.seen.insert(name)
                    && let Some(definition) = definitions.get(name)
                {
                    self.collect(definition, definitions);
                }
                if let Some(name) = schema.pointer("/x-options/list").and_then(Value::as_str) {
                    self.names.insert(name.to_owned());
                }
            }
            Value::Array(schemas) => schemas.iter().for_each(|schema| self.collect(schema, definitions)),
            _ => {}
        }
    }
}

fn reads_with(json: &Value) -> Result<(Method, PathRule), &'static str> {
    let text = |name: &str| json.get(name).and_then(Value::as_str);
    let method = text("method").and_then(method).ok_or("its `method` is not one, such as `POST`")?;
    Ok((method, PathRule::parse(text("path").ok_or("it has no `path`")?)?))
}

/// Refuses a call that the rules forbid. `inputs` are the items' JSON texts.
pub(crate) fn permit<'a>(
    manifest: &Manifest,
    id: &str,
    inputs: impl Iterator<Item = &'a str>,
    call: &CallOptions,
) -> Result<(), Box<NodeError>> {
    let Some(operation) = manifest.operation(id) else { return Err(Box::new(unknown(manifest, id))) };
    if call.allowed_operations.as_ref().is_some_and(|allowed| !allowed.iter().any(|name| name == id)) {
        return Err(Box::new(refusal(
            ErrorKind::Denied,
            "host.operation-not-allowed",
            format!("The operation `{id}` is not in the list of allowed operations."),
            &format!("If it is meant, let the operator add `{id}` to `CallOptions::allowed_operations`."),
        )));
    }
    if call.confirmed || call.dry_run {
        return Ok(());
    }
    let Unconfirmed { why, items, all } = operation.needs_confirmation(inputs);
    if why.is_empty() {
        return Ok(());
    }
    let mut advice =
        "A person must choose this operation; then the caller sets `CallOptions::confirmed`.".to_owned();
    if items.len() < all {
        advice.push_str(
            " The other items can go in a call of their own: `details` says which must be confirmed.",
        );
    }
    Err(Box::new(NodeError {
        details: Some(json!({ "unconfirmed": items }).to_string()),
        ..refusal(
            ErrorKind::Denied,
            "host.not-confirmed",
            format!("The operation `{id}` must be confirmed: {why}."),
            &advice,
        )
    }))
}

/// Which items of a call a person must have chosen, from 0.
pub(crate) fn unconfirmed<'a>(
    manifest: &Manifest,
    id: &str,
    inputs: impl Iterator<Item = &'a str>,
) -> Result<Vec<usize>, Box<NodeError>> {
    let operation = manifest.operation(id).ok_or_else(|| Box::new(unknown(manifest, id)))?;
    Ok(operation.needs_confirmation(inputs).items)
}

fn unknown(manifest: &Manifest, id: &str) -> NodeError {
    let advice = match nearest(id, manifest.operations()) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => "Its manifest names the operations that there are.".to_owned(),
    };
    refusal(
        ErrorKind::InvalidInput,
        "host.operation-unknown",
        format!("The component's manifest has no operation \"{}\".", shown(id)),
        &advice,
    )
}

/// Refuses a list that no allowed operation takes values of: a list shows records, too.
pub(crate) fn permit_list(manifest: &Manifest, name: &str, call: &CallOptions) -> Result<(), Box<NodeError>> {
    let Some(allowed) = &call.allowed_operations else { return Ok(()) };
    let serves = |id: &String| manifest.operation(id).is_some_and(|operation| operation.lists.contains(name));
    if allowed.iter().any(serves) {
        return Ok(());
    }
    Err(Box::new(refusal(
        ErrorKind::Denied,
        "host.list-not-allowed",
        format!("No allowed operation takes values of the list \"{}\".", shown(name)),
        "Let the operator add such an operation to `CallOptions::allowed_operations`.",
    )))
}

/// Refuses a trigger that people were not shown.
pub(crate) fn permit_trigger(manifest: &Manifest, name: &str) -> Result<(), Box<NodeError>> {
    if manifest.has_trigger(name) {
        return Ok(());
    }
    Err(Box::new(refusal(
        ErrorKind::InvalidInput,
        "host.trigger-unknown",
        format!("The component's manifest has no trigger \"{}\".", shown(name)),
        "Its manifest names the triggers that there are.",
    )))
}

/// As much of a name as belongs into a sentence.
fn shown(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"{"operations":[
        {"id":"read","annotations":{"read_only":true}},
        {"id":"write","annotations":{"read_only":false}},
        {"id":"delete","annotations":{"destructive":true}},
        {"id":"mail","annotations":{"customer_visible":true}},
        {"id":"note","confirm_when":[{"at":"/private","is":[false]},{"at":"/via","not":["web",null]}]}
    ]}"#;

    fn code(id: &str, inputs: &[&str], call: &CallOptions) -> String {
        let manifest = Manifest::parse(MANIFEST).expect("manifest");
        match permit(&manifest, id, inputs.iter().copied(), call) {
            Ok(()) => "permitted".to_owned(),
            Err(error) => error.code,
        }
    }

    #[test]
    fn what_a_person_must_choose_is_refused_unless_one_did() {
        let (model, person) =
            (CallOptions::default(), CallOptions { confirmed: true, ..CallOptions::default() });
        let rehearsal = CallOptions { dry_run: true, ..CallOptions::default() };
        for (id, input, by_model) in [
            ("read", "{}", "permitted"),
            ("write", "{}", "permitted"),
            ("delete", "{}", "host.not-confirmed"),
            ("mail", "{}", "host.not-confirmed"),
            ("note", "{}", "permitted"),
            ("note", r#"{"private":true}"#, "permitted"),
            ("note", r#"{"private":false}"#, "host.not-confirmed"),
            ("note", r#"{"private":" No "}"#, "host.not-confirmed"),
            ("note", r#"{"via":"phone"}"#, "host.not-confirmed"),
            ("note", r#"{"via":"WEB"}"#, "permitted"),
            ("note", "{", "host.not-confirmed"),
            ("nothing", "{}", "host.operation-unknown"),
        ] {
            assert_eq!(code(id, &[input], &model), by_model, "{id} {input}");
            for call in [&person, &rehearsal] {
                let expected = if id == "nothing" { by_model } else { "permitted" };
                assert_eq!(code(id, &[input], call), expected, "{id} {input}");
            }
        }
        assert_eq!(code("note", &["{}", r#"{"private":0}"#], &model), "host.not-confirmed");
    }

    #[test]
    fn a_refusal_names_the_items_that_must_be_confirmed() {
        let manifest = Manifest::parse(MANIFEST).expect("manifest");
        let inputs = ["{}", r#"{"private":false}"#, r#"{"private":true}"#, "{"];
        for (id, count, items, others) in
            [("note", 4, vec![1, 3], true), ("note", 2, vec![1], true), ("delete", 2, vec![0, 1], false)]
        {
            let inputs = || inputs.iter().copied().take(count);
            let error = permit(&manifest, id, inputs(), &CallOptions::default()).expect_err("not confirmed");
            assert_eq!(error.details, Some(json!({ "unconfirmed": items }).to_string()), "{id} {count}");
            assert_eq!(
                error.advice.is_some_and(|advice| advice.contains("`details`")),
                others,
                "{id} {count}"
            );
            assert_eq!(unconfirmed(&manifest, id, inputs()).expect("an operation"), items, "{id} {count}");
        }
        let error = permit(&manifest, "delete", std::iter::empty(), &CallOptions::default());
        assert_eq!(error.expect_err("not confirmed").code, "host.not-confirmed", "without items, too");
        assert!(unconfirmed(&manifest, "read", inputs.into_iter()).expect("an operation").is_empty());
        assert!(unconfirmed(&manifest, "nothing", inputs.into_iter()).is_err());
    }

    #[test]
    fn an_operation_outside_of_the_list_is_refused_with_the_line_to_add() {
        let call = CallOptions {
            allowed_operations: Some(vec!["write".to_owned()]),
            confirmed: true,
            ..CallOptions::default()
        };
        assert_eq!(code("write", &[], &call), "permitted");
        let manifest = Manifest::parse(MANIFEST).expect("manifest");
        let error = permit(&manifest, "delete", std::iter::empty(), &call).expect_err("not allowed");
        assert_eq!(error.code, "host.operation-not-allowed");
        assert!(error.advice.is_some_and(|advice| advice.contains("operator add `delete` to")));
    }

    #[test]
    fn a_misspelt_operation_is_told_the_right_name() {
        let manifest = Manifest::parse(MANIFEST).expect("manifest");
        let error =
            permit(&manifest, "delte", std::iter::empty(), &CallOptions::default()).expect_err("none");
        assert_eq!(error.advice.as_deref(), Some("Did you mean `delete`?"));
    }

    #[test]
    fn a_list_is_read_where_an_allowed_operation_takes_its_values() {
        let manifest = Manifest::parse(
            r##"{"operations":[
                {"id":"a","input":{"properties":{"site":{"x-options":{"list":"sites"}}}}},
                {"id":"b","input":{"properties":{"ids":{"items":{"anyOf":[{"x-options":{"list":"tags"}}]}}}}},
                {"id":"c"},
                {"id":"d","input":{"$ref":"#/$defs/d"}}
            ],"$defs":{"d":{"anyOf":[{"$ref":"#/$defs/d"},{"x-options":{"list":"far"}}]}}}"##,
        )
        .expect("manifest");
        let may = |list: &str, allowed: &[&str]| {
            let allowed_operations = Some(allowed.iter().map(ToString::to_string).collect());
            permit_list(&manifest, list, &CallOptions { allowed_operations, ..CallOptions::default() })
                .is_ok()
        };
        assert!(may("sites", &["a"]) && may("tags", &["c", "b"]) && may("far", &["d"]));
        assert!(!may("sites", &["b"]) && !may("tags", &["c"]) && !may("sites", &[]) && !may("x", &["a"]));
        assert!(permit_list(&manifest, "sites", &CallOptions::default()).is_ok());
    }

    #[test]
    fn rules_that_do_not_parse_are_not_left_out() {
        for operation in [
            r#"{"id":"x","annotations":{"destructive":"yes"}}"#,
            r#"{"id":"x","annotations":[]}"#,
            r#"{"id":"x","serialize_by":"/key"}"#,
            r#"{"id":"x","serialize_by":[3]}"#,
            r#"{"id":"x","confirm_when":{}}"#,
            r#"{"id":"x","confirm_when":[{"at":"private","is":[false]}]}"#,
            r#"{"id":"x","confirm_when":[{"at":"/private"}]}"#,
            r#"{"id":"x","confirm_when":[{"at":"/private","is":[false],"not":[true]}]}"#,
            r#"{"id":"x","confirm_when":[{"at":"/private","is":false}]}"#,
            r#"{"id":"x","confirm_when":[{"at":"/private","is":[{}]}]}"#,
            r#"{"id":"x","confirm_when":[{"at":"/private","is":[false],"and":1}]}"#,
            r#"{"id":"x","reads_with":[{"method":"post","path":"/search"}]}"#,
            r#"{"id":"x","reads_with":[{"method":"POST"}]}"#,
            r#"{"id":"x"},{"id":"x"}"#,
        ] {
            let manifest = Manifest::parse(&format!(r#"{{"operations":[{operation}]}}"#));
            assert!(matches!(manifest, Err(HostError::Manifest(_))), "{operation}");
        }
    }
}
