//! Which client an organisation of another system is: the set-up step of
//! everything that syncs.

use super::field::{Column, Field};
use super::resource::{Example, Handler, Job, Marks, Operation, Output, Required, Resource, Verb};

/// The resource `mapping`.
pub static MAPPING: Resource = Resource {
    name: "mapping",
    title: "Mapping",
    plural: "Mappings",
    group: "Set-up and reports",
    description: "Which client an organisation of another system is.",
    operations: &[Operation {
        verb: Verb::Job(&SUGGEST),
        description: "Suggests the HaloPSA client for an organisation of another system. It is found by Entra tenant id, name, domain of sites and users, or similar name. Each suggestion has a score from 0 to 100 and its reason. Where two clients fit alike it is ambiguous and none is chosen. Give one item for each organisation; nothing is stored.",
        examples: &[Example {
            title: "Who is this?",
            input: r#"{"name": "Example Ltd", "domain": "example.com"}"#,
        }],
    }],
    ..Resource::NONE
};

static SUGGEST: Job = Job {
    name: "suggest",
    title: "Suggest clients for organisations",
    handler: Handler::SuggestMapping,
    parameters: &[
        Field::required_text("name", "Name", "Name of the organisation."),
        Field::required_text("domain", "Domain", "Its mail domain, e.g. example.com."),
        Field::required_text("tenant_id", "Tenant id", "Its Entra tenant id."),
    ],
    required: Required { all: &[], any: &[&["name"], &["domain"], &["tenant_id"]] },
    marks: Marks::READS,
    scope: Some("read:customers"),
    output: Output::Columns(&[
        Column::plain("name"),
        Column::plain("domain"),
        Column::plain("tenant_id"),
        Column::integer("client_id"),
        Column::plain("client_name"),
        Column::plain("score"),
        Column::plain("reason"),
        Column::plain("ambiguous"),
        Column::plain("candidates"),
    ]),
    ..Job::NONE
};
