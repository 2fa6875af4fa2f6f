//! The audit: who changed what (HAPI §10.20).

use super::field::Column;
use super::resource::{Example, Operation, Paging, Resource, Scopes, Verb};

/// The resource `audit`.
pub static AUDIT: Resource = Resource {
    name: "audit",
    title: "Audit entry",
    plural: "Audit entries",
    group: "Set-up and reports",
    description: "A change of a value, with who made it and when.",
    path: "/Audit",
    list_key: "audit",
    paging: Paging::Whole,
    scopes: Scopes { read: "admin", edit: "admin" },
    get_query: &[("includedetails", "true")],
    columns: &[
        Column::integer("id"),
        Column::date_time("date"),
        Column::plain("table_name"),
        Column::integer("ticket_id"),
        Column::integer("clientid"),
        Column::integer("agent_id"),
        Column::integer("user_id"),
        Column::untrusted("username"),
        Column::untrusted("value"),
        Column::untrusted("from"),
        Column::untrusted("to"),
    ],
    operations: &[
        Operation {
            verb: Verb::List,
            description: "Lists changes. HaloPSA knows no filter here and sends all of them at once, so it may take long.",
            examples: &[Example { title: "Some changes", input: r#"{"limit": 10}"# }],
        },
        Operation {
            verb: Verb::Get,
            description: "Reads one change by its id.",
            examples: &[Example { title: "One change", input: r#"{"id": 1}"# }],
        },
    ],
    ..Resource::NONE
};
