//! Sales orders (HAPI §10.9, schema `OrderHead`).

use super::common::{
    ASSIGNED_AGENT, CLIENT, CLOSED, CURRENCY, LINES, OPEN, SEARCH, SITE, TICKET_NUMBER, USER,
};
use super::field::{CUSTOM_FIELDS, Column, Field};
use super::resource::{Example, Operation, Required, Resource, Scopes, Verb};

/// The resource `sales_order`.
pub static SALES_ORDER: Resource = Resource {
    name: "sales_order",
    title: "Sales order",
    plural: "Sales orders",
    group: "Sales and billing",
    description: "What a client has ordered.",
    path: "/SalesOrder",
    list_key: "salesorders",
    scopes: Scopes { read: "read:sos", edit: "edit:sos" },
    fields: &[
        Field::text("title", "Title", "Title of the order."),
        USER,
        CLIENT,
        SITE,
        TICKET_NUMBER,
        Field::integer("status", "Status", "Number of the status of the order."),
        Field::date_time("date", "Date", "Date of the order."),
        Field::date_time("ship_date", "Shipping date", "When the goods are shipped."),
        ASSIGNED_AGENT,
        Field::text("po_number", "Order number", "The client's purchase order."),
        Field::id("quotation_id", "Quotation", "Id of the quotation."),
        Field::boolean("do_not_invoice", "No invoice", "Whether it is never billed."),
        CURRENCY,
        Field::text("note", "Note", "Notes about the order.").long(),
        LINES,
        CUSTOM_FIELDS,
    ],
    required: Required::all(&["user_id"]),
    filters: &[
        SEARCH,
        CLIENT,
        Field::choices("client_ids", "Clients", "Only ones of these clients.", "clients"),
        SITE,
        USER,
        TICKET_NUMBER,
        OPEN,
        CLOSED,
        Field::boolean(
            "needsordering",
            "To be ordered",
            "Only orders with goods that are still to be ordered.",
        ),
        Field::boolean(
            "needsconsigning",
            "To be consigned",
            "Only orders with goods that are still to be consigned.",
        ),
        Field::boolean("needsinvoicing", "To be billed", "Only orders that are still to be billed."),
    ],
    get_query: &[("includedetails", "true")],
    columns: &[
        Column::integer("id"),
        Column::plain("title"),
        Column::integer("status"),
        Column::integer("open_status"),
        Column::date_time("date"),
        Column::date_time("ship_date"),
        Column::integer("client_id"),
        Column::plain("client_name"),
        Column::integer("site_id"),
        Column::integer("user_id"),
        Column::plain("user_name"),
        Column::plain("total"),
        Column::plain("cost"),
        Column::plain("profit"),
        Column::plain("po_number"),
        Column::integer("quotation_id"),
        Column::integer("assigned_agent"),
        Column::integer("currency_code"),
    ],
    detail_columns: &[
        Column::integer("ticket_id"),
        Column::plain("note"),
        Column::date_time("invoice_date"),
        Column::date_time("last_update_time"),
        Column::plain("lines"),
        Column::integer("consignment_id"),
        Column::plain("do_not_invoice"),
        Column::integer("deliverby"),
        Column::custom_fields("customfields"),
    ],
    list_presets: &[("orderdesc", "true")],
    operations: &[
        Operation {
            verb: Verb::List,
            description: "Lists sales orders, without their lines.",
            examples: &[Example {
                title: "The sales orders of a client",
                input: r#"{"client_id": 12, "return_all": true}"#,
            }],
        },
        Operation {
            verb: Verb::Get,
            description: "Reads one sales order by its id, with its lines.",
            examples: &[Example { title: "One sales order", input: r#"{"id": 4}"# }],
        },
        Operation {
            verb: Verb::Create,
            description: "Makes a sales order. HaloPSA wants a user of the client.",
            examples: &[Example {
                title: "A sales order",
                input: r#"{"title": "New workplaces", "user_id": 44, "date": "2026-03-01T00:00:00Z"}"#,
            }],
        },
        Operation {
            verb: Verb::Update,
            description: "Changes the given fields of a sales order and leaves the others as they are. `lines` replaces all lines.",
            examples: &[Example {
                title: "A purchase order number",
                input: r#"{"id": 4, "po_number": "PO-4711"}"#,
            }],
        },
        Operation {
            verb: Verb::Delete,
            description: "Deletes a sales order for good.",
            examples: &[Example { title: "Delete a sales order", input: r#"{"id": 4}"# }],
        },
    ],
    ..Resource::NONE
};
