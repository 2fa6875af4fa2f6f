//! Any path of the API, for what no other operation does.

use super::field::{Field, Kind};
use super::resource::{Example, Handler, Job, Marks, Operation, Output, Required, Resource, Verb};

/// The resource `api`.
pub static API: Resource = Resource {
    name: "api",
    title: "API call",
    plural: "API calls",
    group: "Set-up and reports",
    description: "Any path of the HaloPSA API, with the connection's own sign-in.",
    operations: &[Operation {
        verb: Verb::Job(&REQUEST),
        description: "Calls a path of the HaloPSA API, for what no other operation does. The host is always the connection's own. GET reads; POST wants a list of records, without ids to create and with ids to update; DELETE removes. Administrator data, and reads that change something, are refused.",
        examples: &[
            Example { title: "The workflows", input: r#"{"method": "GET", "path": "/Workflow"}"# },
            Example {
                title: "The newest tickets",
                input: r#"{"method": "GET", "path": "/Tickets", "query": {"count": 3, "order": "id", "orderdesc": true}}"#,
            },
        ],
    }],
    ..Resource::NONE
};

static REQUEST: Job = Job {
    name: "request",
    title: "Call the API",
    handler: Handler::ApiRequest,
    parameters: &[
        Field::of(
            "method",
            "Method",
            "GET reads, POST creates and updates, DELETE removes.",
            Kind::OneOf(&["GET", "POST", "DELETE"]),
        ),
        Field::required_text("path", "Path", "Path below /api, such as /Tickets/17."),
        Field::of(
            "query",
            "Query",
            "An object of query parameters: texts, numbers, booleans, or lists of them. HaloPSA ignores names that it does not know.",
            Kind::Json,
        ),
        Field::of("body", "Body", "The JSON body of a POST; most paths want a list of objects.", Kind::Json),
    ],
    required: Required::all(&["method", "path"]),
    essential: &["query", "body"],
    // What it may do depends on the method: reads pass in read-only mode, the
    // rest wants a person.
    marks: Marks::CREATES,
    output: Output::Schema(
        r#"{"type":"object","properties":{"status":{"type":"integer"},"body":{"x-untrusted":true}},"required":["status","body"]}"#,
    ),
    ..Job::NONE
};
