//! Purchase orders (HAPI §10.9, schema `SupplierOrderHeader`).

use super::common::{
    ASSIGNED_AGENT, CLIENT, CLOSED, CURRENCY, LINES, OPEN, SEARCH, SITE, SUPPLIER, TICKET_NUMBER,
};
use super::field::{CUSTOM_FIELDS, Column, Field};
use super::resource::{Example, Operation, Required, Resource, Scopes, Verb};

/// The resource `purchase_order`.
pub static PURCHASE_ORDER: Resource = Resource {
    name: "purchase_order",
    title: "Purchase order",
    plural: "Purchase orders",
    group: "Sales and billing",
    description: "What you have ordered from a supplier.",
    path: "/PurchaseOrder",
    list_key: "purchaseorders",
    scopes: Scopes { read: "read:pos", edit: "edit:pos" },
    fields: &[
        Field::text("title", "Title", "Title of the order."),
        SUPPLIER,
        TICKET_NUMBER,
        Field::id("salesorder_id", "Sales order", "Id of the sales order that it is for."),
        Field::integer("status", "Status", "Number of the status of the order."),
        Field::date_time("date", "Date", "Date of the order."),
        Field::date_time("est_delivery_date", "Expected", "When the delivery is expected."),
        ASSIGNED_AGENT,
        Field::text("po_ref", "Reference", "Reference of the order."),
        Field::boolean(
            "deliver_to_us",
            "Deliver to us",
            "Whether it is delivered to you and not to the client.",
        ),
        CURRENCY,
        Field::text("note", "Note", "Notes about the order.").long(),
        LINES,
        CUSTOM_FIELDS,
    ],
    required: Required::all(&["supplier_id"]),
    filters: &[
        SEARCH,
        SUPPLIER,
        Field::id("salesorder_id", "Sales order", "Only purchase orders for this sales order."),
        CLIENT,
        SITE,
        TICKET_NUMBER,
        OPEN,
        CLOSED,
        Field::ids("po_status", "Statuses", "Only ones with one of these statuses."),
        Field::boolean("unsent", "Not sent", "Only orders that were not sent."),
        Field::boolean("awaitingstock", "Awaiting stock", "Only orders that wait for stock."),
        Field::boolean("awaiting_approval", "Awaiting approval", "Only orders that wait for approval."),
        Field::boolean("deliver_to_us", "Delivered to us", "Only orders that are delivered to us."),
    ],
    get_query: &[("includedetails", "true")],
    columns: &[
        Column::integer("id"),
        Column::plain("title"),
        Column::integer("status"),
        Column::date_time("date"),
        Column::date_time("datesent"),
        Column::date_time("est_delivery_date"),
        Column::integer("supplier_id"),
        Column::plain("supplier_name"),
        Column::plain("total"),
        Column::plain("po_ref"),
        Column::integer("salesorder_id"),
        Column::integer("goodsin_status"),
        Column::integer("approval_status"),
        Column::integer("assigned_agent"),
        Column::integer("currency_code"),
    ],
    detail_columns: &[
        Column::integer("ticket_id"),
        Column::integer("client_id"),
        Column::plain("client_name"),
        Column::plain("note"),
        Column::date_time("last_update_time"),
        Column::plain("lines"),
        Column::plain("createdbyagentname"),
        Column::date_time("date_published"),
        Column::custom_fields("customfields"),
    ],
    list_presets: &[("orderdesc", "true")],
    operations: &[
        Operation {
            verb: Verb::List,
            description: "Lists purchase orders, without their lines.",
            examples: &[Example {
                title: "The purchase orders at a supplier",
                input: r#"{"supplier_id": 2, "return_all": true}"#,
            }],
        },
        Operation {
            verb: Verb::Get,
            description: "Reads one purchase order by its id, with its lines.",
            examples: &[Example { title: "One purchase order", input: r#"{"id": 4}"# }],
        },
        Operation {
            verb: Verb::Create,
            description: "Makes a purchase order at a supplier.",
            examples: &[Example {
                title: "A purchase order",
                input: r#"{"title": "Notebooks", "supplier_id": 2, "date": "2026-03-01T00:00:00Z", "lines": [{"name": "Notebook 14\""}]}"#,
            }],
        },
        Operation {
            verb: Verb::Update,
            description: "Changes the given fields of a purchase order and leaves the others as they are. `lines` replaces all lines.",
            examples: &[Example {
                title: "Expected later",
                input: r#"{"id": 4, "est_delivery_date": "2026-04-01T00:00:00Z"}"#,
            }],
        },
        Operation {
            verb: Verb::Delete,
            description: "Deletes a purchase order for good.",
            examples: &[Example { title: "Delete a purchase order", input: r#"{"id": 4}"# }],
        },
    ],
    ..Resource::NONE
};
