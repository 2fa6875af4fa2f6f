//! The manifest: what the node can do, as one JSON text, rendered from the
//! catalogue and the credential form. `docs/manifest.md` describes its shape.
//!
//! The build script compiles this file and puts the text into the component's custom
//! section, where hosts read it without running anything.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::Value;

use crate::catalogue::field::{ATTACHMENTS, CUSTOM_FIELD, Choice, Column, Field, Form, Kind, Place, Shape};
use crate::catalogue::lists::{LISTS, List};
use crate::catalogue::resource::{
    BULK, CLEAR, EXTRA, Files, Handler, ID, Ids, LIMIT, Marks, ORDER, ORDER_DESC, Operation, Output,
    RETURN_ALL, Required, Resource, SIMPLIFY, Takes, UPDATED_SINCE, Verb,
};
use crate::catalogue::triggers::{EventKind, NOTE_COLUMNS, TRIGGERS, Trigger, extras};
use crate::catalogue::{AREAS, RESOURCES, operations};
use crate::credentials::form::{CredentialField, DOCUMENTATION_URL, EGRESS, FIELDS, RECIPE};
use crate::error::Code;

/// The whole manifest.
pub fn render() -> String {
    let mut json = Json::default();
    json.open('{');
    json.pair("contract", "workflow:node@0.2.0");
    json.pair("name", "halopsa");
    json.pair("title", "HaloPSA");
    json.pair("description", "Tickets, clients, sites and users of HaloPSA.");
    json.pair("version", env!("CARGO_PKG_VERSION"));
    json.pair("license", env!("CARGO_PKG_LICENSE"));
    json.pair("documentation_url", DOCUMENTATION_URL);
    json.texts("keywords", &["halopsa", "haloitsm", "service desk", "ticket", "msp"]);
    json.begin("hints", '{');
    // Measured: docs/performance.md, memory.
    json.raw("memory_bytes", "16777216");
    json.pair("rate_class", "few");
    json.close('}');
    json.raw("credentials", &credentials());
    json.begin("resources", '[');
    for resource in RESOURCES {
        json.open('{');
        json.pair("name", resource.name);
        json.pair("title", resource.title);
        json.pair("plural", resource.plural);
        json.pair("group", resource.group);
        json.pair("description", resource.description);
        json.close('}');
    }
    json.close(']');
    json.begin("operations", '[');
    for (resource, operation) in operations() {
        self::operation(&mut json, resource, operation);
    }
    json.close(']');
    json.begin("areas", '[');
    for area in AREAS {
        json.open('{');
        json.pair("name", area.name);
        json.pair("title", area.title);
        json.pair("description", area.description);
        json.texts("groups", area.groups);
        json.close('}');
    }
    json.close(']');
    json.begin("lists", '[');
    LISTS.iter().for_each(|list| self::list(&mut json, list));
    json.close(']');
    json.begin("triggers", '[');
    TRIGGERS.iter().for_each(|trigger| self::trigger(&mut json, trigger));
    json.close(']');
    json.begin("errors", '[');
    for code in Code::ALL {
        json.open('{');
        json.pair("code", code.name());
        json.pair("kind", code.kind().name());
        json.close('}');
    }
    json.close(']');
    definitions(&mut json);
    json.close('}');
    json.0
}

fn operation(json: &mut Json, resource: &'static Resource, operation: &Operation) {
    let verb = operation.verb;
    json.open('{');
    json.pair("id", &format!("{}.{}", resource.name, verb.name()));
    json.pair("resource", resource.name);
    json.pair("title", &title(resource, verb));
    json.pair("description", operation.description);
    json.begin("annotations", '{');
    let Marks { reads, destroys, idempotent, customer_visible, paginated } = verb.marks();
    json.flag("read_only", reads);
    json.flag("destructive", destroys);
    json.flag("idempotent", idempotent);
    json.flag("customer_visible", customer_visible);
    json.flag("paginated", paginated);
    json.flag("dry_run", true);
    json.close('}');
    let scope = resource.scope(verb);
    json.texts("scopes", if scope.is_empty() { &[] } else { core::slice::from_ref(&scope) });
    let files = match verb {
        Verb::Job(job) => job.files,
        _ => Files::None,
    };
    let attaches = resource.inputs(verb).iter().any(|field| field.name == ATTACHMENTS.name);
    if files != Files::None || attaches {
        json.begin("files", '{');
        json.flag("takes", files == Files::Takes || attaches);
        json.flag("gives", files == Files::Gives);
        json.flag("needed", matches!(verb, Verb::Job(job) if matches!(job.handler, Handler::Upload)));
        json.close('}');
    }
    if let Verb::Job(job) = verb
        && !job.serialize_by.is_empty()
    {
        json.texts("serialize_by", job.serialize_by);
    }
    confirm_when(json, resource, verb);
    input(json, resource, verb);
    output(json, resource, verb);
    let essential = resource.essential(verb);
    if !essential.is_empty() {
        json.texts("essential", essential);
    }
    if matches!(verb, Verb::List) && !resource.list_presets.is_empty() {
        json.begin("presets", '{');
        resource.list_presets.iter().for_each(|(name, value)| json.raw(name, value));
        json.close('}');
    }
    json.begin("examples", '[');
    for example in operation.examples {
        json.open('{');
        json.pair("title", example.title);
        json.raw("input", example.input);
        json.close('}');
    }
    json.close(']');
    json.close('}');
}

/// Inputs with which a person must have chosen the operation, for the host to see
/// before it calls. `operations::permit` and its like say the same of what they read.
fn confirm_when(json: &mut Json, resource: &'static Resource, verb: Verb) {
    let inputs = resource.inputs(verb);
    let has = |name: &str| inputs.iter().any(|field| field.name == name);
    let mut conditions: Vec<String> = Vec::new();
    let mut on = |name: &str, values: &str| {
        conditions.push(format!(r#"{{"at":"/{name}",{values}}}"#));
    };
    if let Verb::Job(job) = verb {
        match job.handler {
            Handler::Act(_) if has("hiddenfromuser") => on("hiddenfromuser", r#""is":[false]"#),
            Handler::Upload if has("showforusers") => on("showforusers", r#""is":[true]"#),
            Handler::ApiRequest => on("method", r#""not":["GET",null]"#),
            _ => {}
        }
    }
    resource.mails_customers.iter().filter(|name| has(name)).for_each(|name| on(name, r#""is":[true]"#));
    if !conditions.is_empty() {
        json.raw("confirm_when", &format!("[{}]", conditions.join(",")));
    }
}

fn list(json: &mut Json, list: &List) {
    json.open('{');
    json.pair("name", list.name);
    json.pair("title", list.title);
    if !list.description.is_empty() {
        json.pair("description", list.description);
    }
    json.pair("kind", if list.is_fields() { "fields" } else { "values" });
    json.begin("parameters", '{');
    json.pair("type", "object");
    json.begin("properties", '{');
    list.parameters.iter().for_each(|parameter| property(json, &parameter.field));
    json.close('}');
    required(json, &list.required);
    json.flag("additionalProperties", false);
    json.close('}');
    json.flag("searchable", true);
    json.flag("tree", list.tree);
    json.close('}');
}

fn required(json: &mut Json, required: &Required) {
    if !required.all.is_empty() {
        json.texts("required", required.all);
    }
    if !required.any.is_empty() {
        json.begin("anyOf", '[');
        for group in required.any {
            json.open('{');
            json.texts("required", group);
            json.close('}');
        }
        json.close(']');
    }
}

/// A sentence for the operation, such as "Create a ticket".
fn title(resource: &Resource, verb: Verb) -> String {
    let (verb, thing) = match verb {
        Verb::Create => ("Create", resource.title),
        Verb::Get => ("Get", resource.title),
        Verb::Update => ("Update", resource.title),
        Verb::Delete => ("Delete", resource.title),
        Verb::List => return format!("List {}", uncapitalised(resource.plural)),
        Verb::Job(job) => return job.title.into(),
    };
    let article = if thing.starts_with(['A', 'E', 'I', 'O']) { "an" } else { "a" };
    format!("{verb} {article} {}", uncapitalised(thing))
}

/// As it stands inside a sentence; `CRM note` stays as it is.
fn uncapitalised(thing: &str) -> String {
    let mut text = String::from(thing);
    if text.as_bytes().get(1).is_some_and(|second| second.is_ascii_lowercase())
        && let Some(first) = text.get_mut(..1)
    {
        first.make_ascii_lowercase();
    }
    text
}

/// Fields and columns that several operations share are in `$defs`.
fn input(json: &mut Json, resource: &'static Resource, verb: Verb) {
    let shared = match verb.takes() {
        Takes::Fields => Some("fields"),
        Takes::Filters => Some("filters"),
        Takes::Nothing => None,
    };
    json.begin("input", '{');
    json.pair("type", "object");
    if let Some(part) = shared {
        json.pair("$ref", &format!("#/$defs/{}.{part}", resource.name));
    }
    json.begin("properties", '{');
    let is_shared = |field: &Field| resource.shared_inputs(verb).iter().any(|own| own.name == field.name);
    for field in resource.inputs(verb).into_iter().filter(|field| !is_shared(field)) {
        let chosen = matches!(field.kind, Kind::Reference(_) | Kind::References(_));
        match PARAMETERS.iter().find(|parameter| parameter.name == field.name && !chosen) {
            Some(parameter) => {
                json.begin(parameter.name, '{');
                json.pair("$ref", &format!("#/$defs/{}", parameter.name));
                if parameter.name == ID.name {
                    id(json, resource);
                }
                json.close('}');
            }
            None if field.name == CLEAR => clear(json, resource, field),
            None => property(json, field),
        }
    }
    json.close('}');
    if matches!(verb, Verb::Update) {
        json.raw("minProperties", "2");
    }
    required(json, resource.required(verb));
    json.flag("unevaluatedProperties", false);
    json.close('}');
}

/// What the ids of a resource look like, beside what all have in common.
fn id(json: &mut Json, resource: &Resource) {
    match resource.ids {
        Ids::Positive => json.raw("minimum", "1"),
        Ids::NonZero => json.raw("not", r#"{"const":0}"#),
        Ids::Any => {}
    }
    if resource.list.is_empty() {
        // These records have no names: a number, or an address.
        json.raw(
            "pattern",
            r##""^\\s*([-+]?[0-9]+(\\.0+)?|https?://\\S+|\\[?(#|[A-Za-z]{1,6}[-:])\\s*[0-9]+\\]?)\\s*$""##,
        );
    } else {
        json.raw("pattern", r#""\\S""#);
        options(json, &Choice { list: resource.list, parameters: &[] });
    }
}

/// The fields that an update can empty.
fn clear(json: &mut Json, resource: &Resource, field: &Field) {
    let names: Vec<&str> = resource.clearable().map(|field| field.name).collect();
    json.begin(CLEAR, '{');
    json.pair("type", "array");
    json.begin("items", '{');
    json.pair("type", "string");
    if resource.has_custom_fields() {
        json.begin("anyOf", '[');
        json.open('{');
        json.texts("enum", &names);
        json.close('}');
        json.value(r#"{"pattern":"^[Cc][Ff]."}"#);
        json.close(']');
    } else {
        json.texts("enum", &names);
    }
    json.close('}');
    json.pair("title", field.label);
    json.pair("description", field.help);
    json.close('}');
}

/// Parameters that all resources share.
const PARAMETERS: &[&Field] =
    &[&ID, &EXTRA, &SIMPLIFY, &BULK, &RETURN_ALL, &LIMIT, &UPDATED_SINCE, &ORDER, &ORDER_DESC];

fn output(json: &mut Json, resource: &Resource, verb: Verb) {
    let part = match verb.output() {
        Output::Row => "row",
        Output::Record => "record",
        Output::Columns(own) => {
            json.begin("output", '{');
            column_members(json, None, &[own], &[]);
            return json.close('}');
        }
        Output::Schema(schema) => return json.raw("output", schema),
        Output::Deleted => {
            return json.raw(
                "output",
                r#"{"type":"object","properties":{"id":{"type":"integer"},"deleted":{"const":true}},"required":["id","deleted"]}"#,
            );
        }
    };
    json.begin("output", '{');
    json.pair("$ref", &format!("#/$defs/{}.{part}", resource.name));
    json.close('}');
}

fn trigger(json: &mut Json, trigger: &Trigger) {
    json.open('{');
    json.pair("name", trigger.name);
    json.pair("resource", trigger.resource.name);
    json.pair("title", trigger.title);
    json.pair("description", trigger.description);
    json.begin("config", '{');
    json.pair("type", "object");
    json.begin("properties", '{');
    for field in trigger.config() {
        json.begin(field.name, '{');
        describe(json, field, false);
        json.close('}');
    }
    json.close('}');
    json.flag("additionalProperties", false);
    json.close('}');
    let extras = extras(trigger.kind);
    json.begin("output", '{');
    if trigger.kind == EventKind::NoteAdded {
        column_members(json, None, &[NOTE_COLUMNS], extras);
    } else {
        json.pair("$ref", &format!("#/$defs/{}.row", trigger.resource.name));
        if !extras.is_empty() {
            json.begin("properties", '{');
            extras.iter().for_each(|(name, schema)| json.raw(name, schema));
            json.close('}');
        }
    }
    json.close('}');
    let modes: &[&str] = if trigger.webhook_events.is_empty() { &["poll"] } else { &["poll", "webhook"] };
    json.texts("modes", modes);
    json.raw("poll_interval_ms", &format!("{}", trigger.poll_interval_ms));
    json.raw("sample", trigger.sample);
    json.close('}');
}

fn definitions(json: &mut Json) {
    json.begin("$defs", '{');
    for field in PARAMETERS {
        json.begin(field.name, '{');
        describe(json, field, true);
        json.close('}');
    }
    for resource in RESOURCES {
        let name = |part: &str| format!("{}.{part}", resource.name);
        let takes = |what| resource.operations.iter().any(|operation| operation.verb.takes() == what);
        for (what, part, fields) in
            [(Takes::Fields, "fields", resource.fields), (Takes::Filters, "filters", resource.filters)]
        {
            if takes(what) {
                json.begin(&name(part), '{');
                properties(json, fields);
                json.close('}');
            }
        }
        let gives = |fits: fn(Output) -> bool| {
            resource.operations.iter().any(|operation| fits(operation.verb.output()))
        };
        if gives(|output| matches!(output, Output::Row)) {
            record(json, &name("row"), resource, &[resource.columns]);
        }
        if gives(|output| matches!(output, Output::Record)) {
            record(json, &name("record"), resource, &[resource.columns, resource.detail_columns]);
        }
    }
    json.close('}');
}

fn properties(json: &mut Json, fields: &[Field]) {
    json.begin("properties", '{');
    fields.iter().for_each(|field| property(json, field));
    json.close('}');
}

fn property(json: &mut Json, field: &Field) {
    json.begin(field.name, '{');
    describe(json, field, true);
    json.close('}');
}

fn describe(json: &mut Json, field: &Field, names: bool) {
    schema(json, field.kind, names);
    json.pair("title", field.label);
    if !field.help.is_empty() {
        json.pair("description", field.help);
    }
    let Form { default, place, is_long, example } = field.form;
    if !default.is_empty() {
        json.raw("default", default);
    }
    if is_long {
        json.pair("contentMediaType", "text/plain");
    }
    if !example.is_empty() {
        json.raw("examples", &format!("[{example}]"));
    }
    match place {
        Place::Fields => {}
        Place::Options => json.pair("x-place", "options"),
        Place::Sort => json.pair("x-place", "sort"),
        Place::Nowhere => json.pair("x-place", "none"),
    }
}

/// Whole numbers have 32 bits at HaloPSA; said each time, that would be a
/// tenth of the manifest.
const INTEGER: &str = r#""type":"integer""#;

/// Where values come from.
fn options(json: &mut Json, choice: &Choice) {
    json.begin("x-options", '{');
    json.pair("list", choice.list);
    if !choice.parameters.is_empty() {
        json.begin("parameters", '{');
        for (parameter, field) in choice.parameters {
            json.pair(parameter, &format!("/{field}"));
        }
        json.close('}');
    }
    json.close('}');
}

/// The members of the schema of a reference: an id, and a name where it is
/// looked up.
fn reference(json: &mut Json, choice: &Choice, names: bool) {
    json.members(if names { r#""type":["integer","string"],"pattern":"\\S""# } else { INTEGER });
    json.members(r#""minimum":-2147483648,"maximum":2147483647"#);
    options(json, choice);
}

/// The members of the schema of a kind; whether references take names, too.
fn schema(json: &mut Json, kind: Kind, names: bool) {
    match kind {
        Kind::Text => json.members(r#""type":"string""#),
        Kind::RequiredText => json.members(r#""type":"string","pattern":"\\S""#),
        Kind::Html => json.members(r#""type":"string","contentMediaType":"text/html""#),
        Kind::Integer => json.members(INTEGER),
        Kind::Range(least, most) => {
            json.members(&format!(r#""type":"integer","minimum":{least},"maximum":{most}"#));
        }
        Kind::Reference(choice) => reference(json, &choice, names),
        Kind::References(choice) => {
            json.members(r#""minItems":1"#);
            if names {
                json.members(r#""pattern":"\\S""#);
            }
            json.members(r#""minimum":-2147483648,"maximum":2147483647"#);
            json.texts("type", if names { &["integer", "string", "array"] } else { &["integer", "array"] });
            json.begin("items", '{');
            reference(json, &choice, names);
            json.close('}');
        }
        Kind::Id => json.members(r#""type":["integer","string"],"minimum":-2147483648,"maximum":2147483647"#),
        Kind::CustomFields(choice) => {
            json.members(r#""type":["object","array"]"#);
            json.begin("items", '{');
            schema(json, Kind::Object(CUSTOM_FIELD), names);
            json.close('}');
            if let Some(choice) = choice {
                options(json, &choice);
            }
        }
        Kind::Number => json.members(r#""type":"number""#),
        Kind::Boolean => json.members(r#""type":"boolean""#),
        Kind::OneOf(texts) => {
            json.pair("type", "string");
            json.texts("enum", texts);
        }
        Kind::DateTime => json.members(r#""type":"string","format":"date-time""#),
        Kind::Time => json.members(r#""type":"string","pattern":"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$""#),
        Kind::IdList => {
            json.members(r#""minItems":1"#);
            json.raw("type", r#"["integer","array"]"#);
            json.raw("items", &format!("{{{INTEGER}}}"));
        }
        Kind::TextList => json.members(
            r#""type":["string","array"],"pattern":"\\S","items":{"type":"string","pattern":"\\S"},"minItems":1"#,
        ),
        Kind::Object(fields) => {
            json.members(r#""type":"object","additionalProperties":false"#);
            properties(json, fields);
        }
        Kind::Objects(fields) => {
            json.members(r#""type":"array""#);
            json.begin("items", '{');
            schema(json, Kind::Object(fields), names);
            json.close('}');
        }
        Kind::AnyObjects => json.members(r#""type":"array","items":{"type":"object"}"#),
        Kind::Integers => json.members(&format!(r#""type":"array","items":{{{INTEGER}}}"#)),
        Kind::AnyObject => json.members(r#""type":"object""#),
        Kind::Json | Kind::Any => {}
    }
}

/// The column with the address of the record's page.
const LINK: &str = "link";

/// The schema of records of a resource, with the columns that are used most.
fn record(json: &mut Json, name: &str, resource: &Resource, groups: &[&[Column]]) {
    json.begin(name, '{');
    column_members(json, resource.page, groups, &[]);
    let is_here = |name: &&str| {
        groups.iter().copied().flatten().any(|column| column.name == *name)
            || (*name == LINK && resource.page.is_some())
    };
    let main: Vec<&str> = resource.main.iter().copied().filter(is_here).collect();
    if !main.is_empty() {
        json.texts("x-main", &main);
    }
    json.close('}');
}

/// The members of the schema of an object with these columns.
fn column_members(json: &mut Json, page: Option<&str>, groups: &[&[Column]], extras: &[(&str, &str)]) {
    json.members(r#""type":"object""#);
    if groups.iter().copied().flatten().any(|column| column.name == "id") {
        json.texts("required", &["id"]);
    }
    json.begin("properties", '{');
    for column in groups.iter().copied().flatten() {
        let schema = match column.shape {
            Shape::Integer => r#"{"type":["integer","null"]}"#,
            Shape::DateTime => r#"{"type":["string","null"],"format":"date-time"}"#,
            Shape::CustomFields => r#"{"type":["object","null"],"x-untrusted":true}"#,
            Shape::Plain => "{}",
            Shape::Untrusted => r#"{"x-untrusted":true}"#,
        };
        json.raw(column.name, schema);
        if column.shape == Shape::CustomFields {
            json.raw(&column.display_name(), schema);
        }
    }
    if page.is_some() {
        json.raw(LINK, r#"{"type":"string","format":"uri"}"#);
    }
    extras.iter().for_each(|(name, schema)| json.raw(name, schema));
    json.close('}');
}

/// The same as `credential-schema`, in the JSON form of the contract.
/// The credential form and how to log in with it, as `credential-schema` returns it.
pub fn credentials() -> String {
    let mut json = Json::default();
    json.open('{');
    json.begin("fields", '[');
    FIELDS.iter().for_each(|field| credential_field(&mut json, field));
    json.close(']');
    json.begin("auth_recipe", '{');
    json.begin("oauth2_client_credentials", '{');
    json.pair("token_url", RECIPE.token_url);
    json.begin("query", '[');
    for (name, value) in RECIPE.query {
        json.open('{');
        json.pair("name", name);
        json.pair("value", value);
        json.close('}');
    }
    json.close(']');
    json.raw("form", "[]");
    json.pair("client_authentication", "request-body");
    json.pair("client_id_field", RECIPE.client_id_field);
    json.pair("client_secret_field", RECIPE.client_secret_field);
    json.pair("scope", RECIPE.scope);
    json.pair("access_token", RECIPE.access_token);
    json.pair("expires_in", RECIPE.expires_in);
    json.pair("granted_scope", RECIPE.granted_scope);
    json.raw("default_lifetime_ms", &format!("{}", RECIPE.default_lifetime_ms));
    json.raw("renew_before_ms", &format!("{}", RECIPE.renew_before_ms));
    json.begin("inject", '{');
    json.begin("header", '{');
    json.pair("name", RECIPE.header);
    json.pair("prefix", RECIPE.prefix);
    json.close('}');
    json.close('}');
    json.begin("renew_on", '[');
    RECIPE.renew_on.iter().for_each(|status| json.value(&format!("{status}")));
    json.close(']');
    json.close('}');
    json.close('}');
    json.texts("egress", EGRESS);
    json.pair("documentation_url", DOCUMENTATION_URL);
    json.close('}');
    json.0
}

fn credential_field(json: &mut Json, field: &CredentialField) {
    json.open('{');
    json.pair("name", field.name);
    json.pair("label", field.label);
    json.pair("help", field.help);
    json.pair("kind", field.kind.name());
    json.flag("required", field.required);
    json.flag("advanced", field.advanced);
    if let Some(placeholder) = field.placeholder {
        json.pair("placeholder", placeholder);
    }
    if let Some(default) = field.default {
        json.pair("default_value", default);
    }
    json.begin("choices", '[');
    for (value, label) in field.choices {
        json.open('{');
        json.pair("value", value);
        json.pair("label", label);
        json.close('}');
    }
    json.close(']');
    json.begin("shown_when", '[');
    if let Some((name, values)) = field.shown_when {
        json.open('{');
        json.pair("field", name);
        json.texts("values", values);
        json.close('}');
    }
    json.close(']');
    json.close('}');
}

/// JSON text on its way down. Commas come by themselves.
#[derive(Default)]
struct Json(String);

impl Json {
    /// What stands before the next member or value.
    fn separate(&mut self) {
        if !self.0.ends_with(['{', '[', ':']) && !self.0.is_empty() {
            self.0.push(',');
        }
    }

    /// Begins an object or a list as a value.
    fn open(&mut self, bracket: char) {
        self.separate();
        self.0.push(bracket);
    }

    fn close(&mut self, bracket: char) {
        self.0.push(bracket);
    }

    /// A text as a value.
    fn text(&mut self, text: &str) {
        self.value(&format!("{}", Value::from(text)));
    }

    /// A value that is JSON already.
    fn value(&mut self, json: &str) {
        self.separate();
        self.0.push_str(json);
    }

    /// Begins an object or a list as a member.
    fn begin(&mut self, name: &str, bracket: char) {
        self.key(name);
        self.0.push(bracket);
    }

    fn key(&mut self, name: &str) {
        self.text(name);
        self.0.push(':');
    }

    fn pair(&mut self, name: &str, text: &str) {
        self.key(name);
        self.text(text);
    }

    fn flag(&mut self, name: &str, flag: bool) {
        self.raw(name, if flag { "true" } else { "false" });
    }

    fn texts(&mut self, name: &str, texts: &[&str]) {
        self.begin(name, '[');
        texts.iter().for_each(|text| self.text(text));
        self.close(']');
    }

    /// A member whose value is JSON already.
    fn raw(&mut self, name: &str, json: &str) {
        self.key(name);
        self.0.push_str(json);
    }

    /// Members that are JSON already.
    fn members(&mut self, json: &str) {
        self.value(json);
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use serde_json::json;

    use super::*;

    #[test]
    fn the_manifest_is_json() {
        let manifest: Value = serde_json::from_str(&render()).unwrap();
        assert_eq!(manifest["operations"].as_array().map(Vec::len), Some(operations().count()));
        assert_eq!(manifest["operations"][2]["title"], "Create a ticket");
    }

    #[test]
    fn several_references_lead_to_a_list_and_triggers_take_ids() {
        let manifest: Value = serde_json::from_str(&render()).unwrap();
        let options = json!({"list": "statuses"});
        let filter = &manifest["$defs"]["ticket.filters"]["properties"]["status"];
        assert_eq!(filter["type"], json!(["integer", "string", "array"]));
        let items = json!({
            "type": ["integer", "string"], "pattern": "\\S",
            "minimum": i32::MIN, "maximum": i32::MAX, "x-options": options,
        });
        assert_eq!(filter["items"], items);
        let setting = manifest.pointer("/triggers/2/config/properties/to_status_ids").unwrap();
        assert_eq!(setting["type"], json!(["integer", "array"]));
        let items =
            json!({"type": "integer", "minimum": i32::MIN, "maximum": i32::MAX, "x-options": options});
        assert_eq!(setting["items"], items);
    }

    /// Every property that a person can fill in, with the place it is in.
    fn properties_of(schema: &Value, place: &str, found: &mut Vec<(String, Value)>) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let place = format!("{place}/{name}");
            properties_of(property, &place, found);
            properties_of(&property["items"], &place, found);
            found.push((place, property.clone()));
        }
    }

    fn every_property() -> Vec<(String, Value)> {
        let manifest: Value = serde_json::from_str(&render()).unwrap();
        let mut found = vec![];
        for operation in manifest["operations"].as_array().unwrap() {
            properties_of(&operation["input"], operation["id"].as_str().unwrap(), &mut found);
        }
        for trigger in manifest["triggers"].as_array().unwrap() {
            properties_of(&trigger["config"], trigger["name"].as_str().unwrap(), &mut found);
        }
        for (name, schema) in manifest["$defs"].as_object().unwrap() {
            if name.ends_with(".fields") || name.ends_with(".filters") {
                properties_of(schema, name, &mut found);
            }
        }
        // What is only a reference to a shared parameter is described there.
        found.retain(|(_, property)| property.get("$ref").is_none());
        found
    }

    #[test]
    fn every_property_has_help_and_switches_say_what_they_decide() {
        for (place, property) in every_property() {
            let help = property["description"].as_str().unwrap_or_default();
            assert!(!help.is_empty(), "{place} has no help");
            if property["type"] == "boolean" {
                assert!(help.starts_with("Whether ") || help.starts_with("Only "), "{place}: {help}");
            }
        }
    }

    #[test]
    fn a_default_is_a_value_of_its_own_property() {
        let manifest: Value = serde_json::from_str(&render()).unwrap();
        let mut all = every_property();
        all.extend(
            manifest["$defs"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, schema)| (name.clone(), schema.clone())),
        );
        let with_default: Vec<_> =
            all.iter().filter(|(_, property)| property.get("default").is_some()).collect();
        assert!(with_default.iter().any(|(place, _)| place == "note.fields/hiddenfromuser"));
        for (place, property) in with_default {
            let default = &property["default"];
            let fits = match property["type"].as_str() {
                Some("boolean") => default.is_boolean(),
                Some("integer") => default.is_i64(),
                Some("string") => property["enum"].as_array().is_none_or(|texts| texts.contains(default)),
                _ => false,
            };
            assert!(fits, "{place}: {default}");
        }
        assert_eq!(manifest["$defs"]["limit"]["default"], json!(crate::catalogue::resource::DEFAULT_LIMIT));
    }

    #[test]
    fn a_description_begins_with_a_short_sentence() {
        let manifest: Value = serde_json::from_str(&render()).unwrap();
        for operation in manifest["operations"].as_array().unwrap() {
            let description = operation["description"].as_str().unwrap();
            let first = description.split_once(". ").map_or(description, |(first, _)| first);
            assert!(first.len() <= 110, "{}: {first}", operation["id"]);
        }
    }
}
