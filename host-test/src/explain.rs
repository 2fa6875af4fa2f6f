//! An operation of the manifest, explained to a person.

use serde_json::Value;

use crate::manifest::{Example, Field, Manifest, Operation};
use crate::paint::Paint;

/// Lines are wrapped for a terminal of this width.
const WIDTH: usize = 100;

/// Title, description, marks, scopes, fields and ready-made commands.
#[must_use]
pub fn operation(operation: &Operation<'_>, paint: Paint) -> String {
    let mut lines = vec![paint.bold(format_args!("{} – {}", operation.id(), operation.title()))];
    lines.extend(wrap(operation.description(), WIDTH));
    lines.extend(deprecation(operation).map(|text| paint.warning(text)));
    lines.push(String::new());
    lines.extend(facts(operation, paint));
    let fields = operation.fields();
    if !fields.is_empty() {
        lines.push(String::new());
        lines.push(paint.bold("Input"));
        lines.extend(field_table(fields, paint));
    }
    let alternatives: Vec<String> =
        operation.alternatives().iter().map(|group| group.join(" and ")).collect();
    if !alternatives.is_empty() {
        lines.push(String::new());
        lines.push(format!("  One of these is needed: {}", alternatives.join(", or ")));
    }
    let examples: Vec<String> =
        operation.examples().flat_map(|example| command(operation.id(), example, paint)).collect();
    if !examples.is_empty() {
        lines.push(String::new());
        lines.push(paint.bold("Examples"));
        lines.extend(examples);
    }
    lines.join("\n")
}

/// All operations by their groups, a line for each resource: short enough to
/// be read at once.
#[must_use]
pub fn overview(manifest: &Manifest, paint: Paint) -> String {
    let mut lines = Vec::new();
    for (group, resources) in groups(manifest) {
        lines.push(paint.bold(&group));
        for (resource, operations) in resources {
            let verb = |id: &str| id.split_once('.').map_or(id, |(_, verb)| verb).to_owned();
            let verbs: Vec<String> = operations.iter().map(|operation| verb(operation.id())).collect();
            lines.push(format!("  {resource:<20}{}", verbs.join(", ")));
        }
    }
    lines.push(String::new());
    lines.push(format!(
        "{} operations. One of them for people: describe RESOURCE.OPERATION. The manifest: describe --json.",
        manifest.operations().count()
    ));
    lines.join("\n")
}

/// Where the credentials can go: addresses that a person types, and what a person must
/// accept besides.
#[must_use]
pub fn reach(manifest: &Manifest, reach: &[String], paint: Paint) -> String {
    let egress = manifest.json().pointer("/credentials/egress").and_then(Value::as_array);
    let fields = egress.into_iter().flatten().filter_map(|pattern| {
        let name = pattern.as_str()?.strip_prefix('{')?.strip_suffix('}')?;
        (!name.contains(['{', '}'])).then(|| (format!("the address in {name}"), "as it is typed"))
    });
    let accepted = reach.iter().map(|origin| (origin.clone(), "where it is accepted"));
    let mut lines = vec![paint.bold("Secrets and tokens can go to")];
    lines.extend(fields.chain(accepted).map(|(origin, when)| format!("  {origin:<40}{when}")));
    if lines.len() == 1 {
        lines.push("  no address: it reaches nothing".to_owned());
    }
    lines.join("\n")
}

/// All operations as tables in Markdown, one for each group.
#[must_use]
pub fn table(manifest: &Manifest) -> String {
    let mut lines = String::new();
    for (group, resources) in groups(manifest) {
        lines += &format!("## {group}\n\n| operation | what it does | permission |\n|---|---|---|\n");
        for operation in resources.iter().flat_map(|(_, operations)| operations) {
            let scopes: Vec<String> = operation.scopes().iter().map(|scope| format!("`{scope}`")).collect();
            let description = operation.description().replace('|', "\\|");
            lines += &format!("| `{}` | {description} | {} |\n", operation.id(), scopes.join(", "));
        }
        lines.push('\n');
    }
    lines
}

/// The operations of a resource.
type Resource<'a> = (String, Vec<Operation<'a>>);

/// Operations by group and resource, in the order of the manifest. A node
/// without resources has one group.
fn groups(manifest: &Manifest) -> Vec<(String, Vec<Resource<'_>>)> {
    let mut groups: Vec<(String, Vec<Resource<'_>>)> = Vec::new();
    for operation in manifest.operations() {
        let resource = operation.id().split_once('.').map_or("", |(resource, _)| resource);
        let group = manifest.group(resource).unwrap_or("Operations").to_owned();
        let position = groups.iter().position(|(name, _)| *name == group).unwrap_or_else(|| {
            groups.push((group, Vec::new()));
            groups.len() - 1
        });
        let Some((_, resources)) = groups.get_mut(position) else { continue };
        match resources.iter_mut().find(|(name, _)| name == resource) {
            Some((_, operations)) => operations.push(operation),
            None => resources.push((resource.to_owned(), vec![operation])),
        }
    }
    groups
}

/// Why an operation should not be used any more, and what to use instead.
fn deprecation(operation: &Operation<'_>) -> Option<String> {
    let instead = operation.replaced_by().map(|id| format!("use {id} instead"));
    let parts: Vec<String> =
        operation.deprecated().map(ToOwned::to_owned).into_iter().chain(instead).collect();
    (!parts.is_empty()).then(|| format!("Deprecated: {}", parts.join(" – ")))
}

/// What a host must know of an operation, a line for each.
fn facts(operation: &Operation<'_>, paint: Paint) -> Vec<String> {
    let facts = [
        ("marks", Some(or_none(&operation.marks().join(", ")))),
        ("needs", Some(or_none(&operation.scopes().join(", ")))),
        ("version", operation.version().map(|version| version.to_string())),
        ("usually", Some(hints(operation)).filter(|hints| !hints.is_empty())),
    ];
    let facts = facts.into_iter().filter_map(|(name, value)| Some((name, value?)));
    facts.map(|(name, value)| format!("{} {value}", paint.dim(format_args!("{name:<7}")))).collect()
}

/// What a call usually takes, by the hints of the manifest.
fn hints(operation: &Operation<'_>) -> String {
    let number = |name: &str| operation.hint(name).and_then(Value::as_u64);
    let requests = operation.hint("rate_class").and_then(Value::as_str).map(|class| match class {
        "one" => "one request",
        "few" => "a few requests",
        "many" => "a request for each item or page",
        other => other,
    });
    let parts = [
        number("typical_ms").map(|time| format!("{time} ms")),
        number("memory_bytes").map(|bytes| format!("{} MiB of memory", bytes.div_ceil(1 << 20))),
        requests.map(ToOwned::to_owned),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn or_none(text: &str) -> String {
    if text.is_empty() { "none".to_owned() } else { text.to_owned() }
}

/// Name, type and help of each field: the required ones first, switches for
/// experts last.
fn field_table(mut fields: Vec<Field<'_>>, paint: Paint) -> Vec<String> {
    const WIDEST_KIND: usize = 24;
    fields.sort_by_key(|field| (!field.is_required(), field.name().starts_with('_')));
    let width = |text: &str| text.chars().count();
    let names = fields.iter().map(|field| width(field.name())).max().unwrap_or_default();
    let kinds = fields.iter().map(|field| width(&field.kind())).max().unwrap_or_default().min(WIDEST_KIND);
    let indent = 2 + names + 2 + kinds + 2;
    let mut lines = Vec::new();
    for field in fields {
        let kind = field.kind();
        let required = if field.is_required() { "Required. " } else { "" };
        let help = format!("{required}{}", field.help());
        let mut help = wrap(&help, WIDTH.saturating_sub(indent).max(40)).into_iter();
        let head = format!("  {:<names$}  {kind:<kinds$}  ", field.name());
        if width(&kind) > kinds {
            // A long list of choices gets a line of its own.
            lines.push(head.trim_end().to_owned());
        } else {
            lines.push(format!("{head}{}", help.next().unwrap_or_default()).trim_end().to_owned());
        }
        lines.extend(help.map(|line| format!("{:indent$}{}", "", paint.dim(line))));
    }
    lines
}

/// An example as a command that can be pasted into a shell.
fn command(operation: &str, example: Example<'_>, paint: Paint) -> Vec<String> {
    let mut parts = vec![format!("host-test run {operation} --credentials credentials.json")];
    if let Value::Object(input) = example.input() {
        for (key, value) in input {
            parts.push(format!("--param {}", quoted(&format!("{key}={}", param(value)))));
        }
    }
    vec![format!("  {}", paint.dim(format_args!("# {}", example.title()))), format!("  {}", parts.join(" "))]
}

/// Text stands as it is, unless it would be read as JSON.
fn param(value: &Value) -> String {
    match value {
        Value::String(text) if serde_json::from_str::<Value>(text).is_err() => text.clone(),
        value => value.to_string(),
    }
}

/// Quotes an argument for a POSIX shell where that is needed.
fn quoted(argument: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-=.,:/@%+".contains(letter);
    if argument.chars().all(is_plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}

/// Breaks a text into lines at blanks.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Manifest;

    #[test]
    fn an_operation_reads_from_the_top() {
        let manifest = Manifest::parse(
            r#"{"operations":[{
                "id":"ticket.create","title":"Create a ticket","description":"Opens a ticket.",
                "annotations":{"read_only":false,"idempotent":false},"scopes":["edit:tickets"],
                "input":{"type":"object","required":["summary"],"properties":{
                    "client_id":{"type":"integer","description":"Whose ticket it is."},
                    "summary":{"type":"string","description":"The subject."}}},
                "examples":[{"title":"The least","input":{"summary":"Anna's printer","client_id":12}}]
            }]}"#,
        )
        .unwrap();
        let text = operation(&manifest.operation("ticket.create").unwrap(), Paint::plain());
        assert_eq!(
            text,
            "ticket.create – Create a ticket\n\
             Opens a ticket.\n\
             \n\
             marks   none\n\
             needs   edit:tickets\n\
             \n\
             Input\n\
             \u{20} summary    text     Required. The subject.\n\
             \u{20} client_id  integer  Whose ticket it is.\n\
             \n\
             Examples\n\
             \u{20} # The least\n\
             \u{20} host-test run ticket.create --credentials credentials.json --param client_id=12 \
             --param 'summary=Anna'\\''s printer'"
        );
    }

    #[test]
    fn what_is_deprecated_names_its_replacement_and_hints_are_words() {
        let manifest = Manifest::parse(
            r#"{"operations":[{
                "id":"ticket.add","title":"Add a ticket","description":"Opens a ticket.","version":3,
                "deprecated":"It cannot set a site.","replaced_by":"ticket.create",
                "hints":{"memory_bytes":5000000,"typical_ms":300,"rate_class":"few"}
            }]}"#,
        )
        .unwrap();
        let text = operation(&manifest.operation("ticket.add").unwrap(), Paint::plain());
        assert_eq!(
            text,
            "ticket.add – Add a ticket\n\
             Opens a ticket.\n\
             Deprecated: It cannot set a site. – use ticket.create instead\n\
             \n\
             marks   none\n\
             needs   none\n\
             version 3\n\
             usually 300 ms, 5 MiB of memory, a few requests"
        );
    }

    #[test]
    fn a_text_that_looks_like_json_keeps_its_quotes() {
        assert_eq!(param(&Value::from("12")), "\"12\"");
        assert_eq!(param(&Value::from("A-12")), "A-12");
        assert_eq!(quoted("a=\"12\""), "'a=\"12\"'");
    }

    #[test]
    fn lines_break_at_blanks() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("indivisible", 4), ["indivisible"]);
        assert!(wrap("", 10).is_empty());
    }
}
