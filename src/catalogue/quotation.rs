//! Quotations (HAPI §10.9, schema `QuotationHeader`).

use super::common::{
    ASSIGNED_AGENT, CLIENT, CLOSED, CURRENCY, INCLUDE_LINES, LINES, OPEN, SEARCH, SITE, TICKET_NUMBER, USER,
};
use super::field::{CUSTOM_FIELDS, Column, Field};
use super::resource::{Example, Operation, Required, Resource, Scopes, Verb};

/// The resource `quotation`.
pub static QUOTATION: Resource = Resource {
    name: "quotation",
    title: "Quotation",
    plural: "Quotations",
    group: "Sales and billing",
    description: "An offer to a client.",
    path: "/Quotation",
    list_key: "quotes",
    scopes: Scopes { read: "read:quotes", edit: "edit:quotes" },
    fields: &[
        Field::text("title", "Title", "Title of the quotation."),
        USER,
        CLIENT,
        SITE,
        TICKET_NUMBER,
        Field::integer("status", "Status", "Number of the status of the quotation."),
        Field::date_time("date", "Date", "Date of the quotation."),
        Field::date_time("expiry_date", "Valid until", "Last day on which the quotation is valid."),
        ASSIGNED_AGENT,
        Field::text("po_ref", "Order reference", "Order reference of the customer."),
        CURRENCY,
        Field::text("note", "Note", "Notes about the quotation.").long(),
        LINES,
        CUSTOM_FIELDS,
    ],
    required: Required::all(&["user_id"]),
    filters: &[
        SEARCH,
        CLIENT,
        SITE,
        USER,
        TICKET_NUMBER,
        OPEN,
        CLOSED,
        Field::ids("quote_status", "Statuses", "Only ones with one of these statuses."),
        Field::boolean("processed", "Processed", "Only quotations that were processed."),
        Field::boolean(
            "needsprocessing",
            "To be processed",
            "Only quotations that are still to be processed.",
        ),
        Field::boolean("awaiting_approval", "Awaiting approval", "Only quotations that wait for approval."),
        INCLUDE_LINES,
    ],
    get_query: &[("includedetails", "true")],
    columns: &[
        Column::integer("id"),
        Column::plain("title"),
        Column::integer("status"),
        Column::plain("status_name"),
        Column::date_time("date"),
        Column::date_time("expiry_date"),
        Column::integer("client_id"),
        Column::plain("client_name"),
        Column::integer("site_id"),
        Column::plain("site_name"),
        Column::integer("user_id"),
        Column::plain("user_name"),
        Column::plain("revenue"),
        Column::plain("tax_total"),
        Column::plain("total"),
        Column::plain("currency"),
        Column::integer("assigned_agent"),
        Column::integer("approvalstate"),
        Column::plain("lines"),
        Column::integer("agent_id"),
        Column::integer("currency_code"),
    ],
    detail_columns: &[
        Column::integer("ticket_id"),
        Column::integer("salesorder_id"),
        Column::plain("po_ref"),
        Column::plain("note"),
        Column::untrusted("approvalname"),
        Column::untrusted("approvalnote"),
        Column::date_time("approvaldatetime"),
        Column::untrusted("billingcontactname"),
        Column::integer("daystodeliver"),
        Column::custom_fields("customfields"),
    ],
    list_presets: &[("orderdesc", "true")],
    operations: &[
        Operation {
            verb: Verb::List,
            description: "Lists quotations. The total may be empty; `revenue` is the sum without tax.",
            examples: &[Example {
                title: "The quotations of a client",
                input: r#"{"client_id": 12, "return_all": true}"#,
            }],
        },
        Operation {
            verb: Verb::Get,
            description: "Reads one quotation by its id, with its lines.",
            examples: &[Example { title: "One quotation", input: r#"{"id": 4}"# }],
        },
        Operation {
            verb: Verb::Create,
            description: "Makes a quotation. HaloPSA wants a user of the client.",
            examples: &[Example {
                title: "A quotation",
                input: r#"{"title": "New workplaces", "user_id": 44, "date": "2026-03-01T00:00:00Z"}"#,
            }],
        },
        Operation {
            verb: Verb::Update,
            description: "Changes the given fields of a quotation and leaves the others as they are. `lines` replaces all lines.",
            examples: &[Example {
                title: "A new title",
                input: r#"{"id": 4, "title": "Workplaces, revised"}"#,
            }],
        },
        Operation {
            verb: Verb::Delete,
            description: "Deletes a quotation for good.",
            examples: &[Example { title: "Delete a quotation", input: r#"{"id": 4}"# }],
        },
    ],
    ..Resource::NONE
};
