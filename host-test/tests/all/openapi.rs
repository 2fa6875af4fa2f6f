//! Does every name that the component's catalogue uses exist in Halo's OpenAPI
//! document?
//!
//! The document is not part of this project. It is looked for where
//! `HALO_OPENAPI` says, else in `../shared/` beside the checkout; where it is
//! absent the check is skipped with a message. It describes requests, not
//! answers: the columns of results are compared with what can be written, and
//! the keys of list envelopes are left to the tests against the simulator.

use std::{
    collections::{BTreeSet, HashSet},
    path::PathBuf,
};

use anyhow::{Context, Result};
use halopsa_node::catalogue::{
    RESOURCES,
    field::{Field, Kind},
    resource::{ORDER, ORDER_DESC, Paging, Resource, Verb},
};
use serde_json::Value;

/// Names that are not in the document: path, name, and why they stand.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("/Tickets", "include_custom_fields", "a parameter newer than the document (HAPI §6.3)"),
    ("/Tickets", "userlookup", "how a production client names the user (HAPI §7.3)"),
    ("/Tickets", "ticketarea_id", "as a field: how a client makes projects (HAPI §7.3)"),
    ("/Tickets", "lastupdate", "the name of last_update in POST answers (HAPI §7.4)"),
    ("/Tickets", "category1", "the name of category_1 in POST answers (HAPI §7.4)"),
    ("/Tickets", "useremail", "the name of user_email in POST answers (HAPI §7.4)"),
    ("/Tickets", "flastupdate", "another name of last_update in recorded answers (HAPI §7.2)"),
    (
        "/Tickets",
        "user.emailaddress",
        "a path into the object that some answers have for the user (HAPI §7.2)",
    ),
    ("/Actions", "who", "the name beside who_agentid in answers (HAPI §8.3)"),
    ("/Actions", "minutes", "ours: HaloPSA has hours (HAPI §8.2)"),
    ("/Tickets", "guid", "in the rows of live tenants (HAPI §7.2)"),
    ("/Site", "default_currency_code", "in the rows of live tenants (HAPI §10.2)"),
    ("/SoftwareLicence", "item_id", "in the rows of live tenants (HAPI §10.15)"),
    ("/CannedText", "agents", "in the rows of live tenants (HAPI §10.20)"),
    ("/CannedText", "departments", "in the rows of live tenants (HAPI §10.20)"),
    ("/CannedText", "roles", "in the rows of live tenants (HAPI §10.20)"),
    ("/CannedText", "teams", "in the rows of live tenants (HAPI §10.20)"),
    ("/Users", "lookupdisplay", "part of every lookup helper on write (HAPI §4, §10.3)"),
];

/// What every list that pages is asked with (HAPI §5.3).
const PAGING: [&str; 5] = ["pageinate", "page_no", "page_size", ORDER.name, ORDER_DESC.name];

#[test]
fn every_name_of_the_catalogue_stands_in_the_openapi_document() -> Result<()> {
    let Some(document) = document()? else {
        println!("SKIPPED: no OpenAPI document; set HALO_OPENAPI to its path");
        return Ok(());
    };
    let mut tally = Tally { document: &document, checked: 0, missing: Vec::new(), excused: BTreeSet::new() };
    // The others have no path of their own.
    for resource in RESOURCES.iter().filter(|resource| !resource.path.is_empty()) {
        tally.resource(resource).with_context(|| resource.path)?;
    }
    println!("{} names of the catalogue checked, {} exceptions:", tally.checked, EXCEPTIONS.len());
    for (path, name, reason) in EXCEPTIONS {
        println!("  {path} {name}: {reason}");
    }
    assert!(tally.missing.is_empty(), "not in the document:\n{}", tally.missing.join("\n"));
    let all: BTreeSet<usize> = (0..EXCEPTIONS.len()).collect();
    assert_eq!(tally.excused, all, "an exception is no longer needed");
    Ok(())
}

struct Tally<'d> {
    document: &'d Value,
    checked: usize,
    missing: Vec<String>,
    /// The exceptions that were needed.
    excused: BTreeSet<usize>,
}

impl<'d> Tally<'d> {
    fn resource(&mut self, resource: &'static Resource) -> Result<()> {
        let paths = self.document.get("paths").context("the document has no paths")?;
        let list = paths.get(resource.path).context("the path is not in the document")?;
        let one = paths.get(format!("{}/{{id}}", resource.path)).context("the path with an id is not")?;
        let path = resource.path;
        for operation in resource.operations {
            let (place, method) = match operation.verb {
                Verb::List => (list, "get"),
                Verb::Get => (one, "get"),
                Verb::Create | Verb::Update => (list, "post"),
                Verb::Delete => (one, "delete"),
                Verb::Job(_) => continue,
            };
            self.name(path, "method", method, place.get(method).is_some());
        }

        let (listing, reading, deleting) =
            (parameters(list, "get"), parameters(one, "get"), parameters(one, "delete"));
        let pairs = |pairs: &'static [(&str, &str)]| pairs.iter().map(|(name, _)| *name);
        self.names(path, "filter", resource.filters.iter().map(|field| field.name), &listing);
        self.names(path, "list query", pairs(resource.list_query), &listing);
        if resource.paging == Paging::Pages {
            self.names(path, "paging", PAGING, &listing);
        }
        self.names(path, "get query", pairs(resource.get_query), &reading);
        let names = resource.delete_parameters.iter().map(|field| field.name);
        self.names(path, "delete parameter", names, &deleting);

        let body = list
            .pointer("/post/requestBody/content/application~1json/schema")
            .context("nothing says what is posted")?;
        self.fields(path, resource.fields, body);
        let known = self.properties(body);
        self.names(path, "write flag", resource.write_flags.iter().map(|(name, _)| *name), &known);
        self.names(path, "update companion", resource.update_companions.iter().copied(), &known);
        for column in resource.columns.iter().chain(resource.detail_columns) {
            self.names(path, "column", [column.name], &known);
            self.names(path, "column alias", column.aliases.iter().copied(), &known);
        }
        for table in resource.tables {
            self.names(path, "table column", table.on.iter().map(|(row, _)| *row), &known);
            self.names(path, "table column", [table.column], &known);
        }
        Ok(())
    }

    /// Compares fields with a schema, and the fields inside them with theirs.
    fn fields(&mut self, path: &'static str, fields: &'static [Field], schema: &'d Value) {
        for field in fields {
            let inner = self.resolve(schema).get("properties").and_then(|all| all.get(field.name));
            self.name(path, "field", field.name, inner.is_some());
            if let (Some(inner), Kind::Object(fields) | Kind::Objects(fields)) = (inner, field.kind) {
                self.fields(path, fields, inner);
            }
        }
    }

    fn names<'n>(
        &mut self,
        path: &str,
        kind: &str,
        names: impl IntoIterator<Item = &'n str>,
        known: &HashSet<&str>,
    ) {
        for name in names {
            self.name(path, kind, name, known.contains(name));
        }
    }

    fn name(&mut self, path: &str, kind: &str, name: &str, found: bool) {
        self.checked += 1;
        if found {
            return;
        }
        match EXCEPTIONS.iter().position(|(of, known, _)| *of == path && *known == name) {
            Some(exception) => {
                self.excused.insert(exception);
            }
            None => self.missing.push(format!("{path}: {kind} {name}")),
        }
    }

    fn properties(&self, schema: &'d Value) -> HashSet<&'d str> {
        let all = self.resolve(schema).get("properties").and_then(Value::as_object);
        all.into_iter().flatten().map(|(name, _)| name.as_str()).collect()
    }

    /// The object behind a list of them or a reference to it.
    fn resolve(&self, schema: &'d Value) -> &'d Value {
        let schema = schema.get("items").unwrap_or(schema);
        let pointer = schema.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix('#'));
        pointer.and_then(|pointer| self.document.pointer(pointer)).unwrap_or(schema)
    }
}

fn document() -> Result<Option<Value>> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/halo-openapi.json");
    let path = std::env::var_os("HALO_OPENAPI").map_or(beside, PathBuf::from);
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read(&path)?;
    Ok(Some(serde_json::from_slice(&text)?))
}

/// The query parameters of a method.
fn parameters<'d>(path: &'d Value, method: &str) -> HashSet<&'d str> {
    let all = path.get(method).and_then(|method| method.get("parameters")?.as_array());
    let query = all.into_iter().flatten().filter(|parameter| parameter["in"] == "query");
    query.filter_map(|parameter| parameter.get("name")?.as_str()).collect()
}
