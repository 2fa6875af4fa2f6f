//! Recurring invoices, and the quantities on them (HAPI §10.8, schemas
//! `InvoiceHeader` and `InvoiceDetail`).

use super::common::{
    CLIENT, CONTRACT, CURRENCY, INCLUDE_LINES, SEARCH, SITE, TICKET_NUMBER, TOP_LEVEL, USER,
};
use super::field::{CUSTOM_FIELDS, Column, Field};
use super::invoice::LINES;
use super::resource::{Example, Handler, ID, Job, Operation, Output, Required, Resource, Scopes, Verb};

/// The resource `recurring_invoice`.
pub static RECURRING_INVOICE: Resource = Resource {
    name: "recurring_invoice",
    title: "Recurring invoice",
    plural: "Recurring invoices",
    group: "Sales and billing",
    description: "What a client is billed again and again. When the next invoice is made is set in its schedule at HaloPSA.",
    path: "/RecurringInvoice",
    list_key: "invoices",
    scopes: Scopes { read: "read:invoices", edit: "edit:invoices" },
    fields: &[
        CLIENT,
        Field::choice("sitenumber", "Site", "Id of the site.", "sites", &[("client_id", "client_id")]),
        CONTRACT,
        CURRENCY,
        Field::integer("paymentterms", "Payment terms", "Days until an invoice is due."),
        Field::text("contactname", "Contact", "Name of the person that the invoices go to."),
        Field::text("order_number", "Order number", "The client's purchase order."),
        Field::text("reference", "Reference", "Reference that is printed on the invoices."),
        Field::text("notes_1", "Notes", "Notes that are printed on the invoices.").long(),
        Field::text("internal_note", "Internal note", "Note that only agents see.").long(),
        Field::boolean("disabled", "Disabled", "Whether no invoices are made from it."),
        Field::boolean(
            "invoice_separately",
            "Separately",
            "Whether its invoices are never put together with others.",
        ),
        Field::boolean("reviewrequired", "Review", "Whether a person must look at each invoice."),
        Field::date_time("period_start_date", "Period start", "First day of the period that is billed."),
        Field::date_time("period_end_date", "Period end", "Last day of the period that is billed."),
        LINES,
        CUSTOM_FIELDS,
    ],
    required: Required::all(&["client_id"]),
    filters: &[
        SEARCH,
        CLIENT,
        Field::choices("client_ids", "Clients", "Only ones of these clients.", "clients"),
        SITE,
        USER,
        TICKET_NUMBER,
        CONTRACT,
        Field::choice(
            "asset_id",
            "Asset",
            "Only recurring invoices about this asset.",
            "assets",
            &[("client_id", "client_id")],
        ),
        INCLUDE_LINES,
        TOP_LEVEL,
    ],
    get_query: &[("includedetails", "true")],
    columns: &[
        Column::integer("id"),
        Column::plain("invoicenumber"),
        Column::integer("client_id"),
        Column::plain("client_name"),
        Column::integer("sitenumber"),
        Column::plain("site_name"),
        Column::integer("contract_id"),
        Column::date_time("nextcreationdate"),
        Column::date_time("lastcreated"),
        Column::plain("total"),
        Column::plain("tax_total"),
        Column::plain("currency"),
        Column::plain("disabled"),
        Column::plain("lines"),
    ],
    detail_columns: &[
        Column::date_time("invoice_date"),
        Column::plain("order_number"),
        Column::plain("reference"),
        Column::plain("notes_1"),
        Column::date_time("period_start_date"),
        Column::date_time("period_end_date"),
        Column::date_time("last_modified"),
        Column::plain("nextcreationperiod"),
        Column::integer("schedule_id"),
        Column::plain("posted"),
        Column::custom_fields("customfields"),
    ],
    main: &[
        "id",
        "invoicenumber",
        "client_id",
        "client_name",
        "contract_id",
        "nextcreationdate",
        "lastcreated",
        "total",
        "currency",
        "disabled",
        "lines",
        "customfields",
    ],
    operations: &[
        Operation {
            verb: Verb::List,
            description: "Lists recurring invoices. Say `includelines` to see their lines.",
            examples: &[Example {
                title: "The recurring invoices of a client, with lines",
                input: r#"{"client_id": 12, "includelines": true}"#,
            }],
        },
        Operation {
            verb: Verb::Get,
            description: "Reads one recurring invoice by its id, with its lines.",
            examples: &[Example { title: "One recurring invoice", input: r#"{"id": -4}"# }],
        },
        Operation {
            verb: Verb::Create,
            description: "Makes a recurring invoice for a client. Its schedule is set in HaloPSA.",
            examples: &[Example {
                title: "A recurring invoice with a line",
                input: r#"{"client_id": 12, "lines": [{"_itemid": 2, "item_shortdescription": "Managed Workstation", "qty_order": 10, "unit_price": 39.5}]}"#,
            }],
        },
        Operation {
            verb: Verb::Update,
            description: "Changes the given fields of a recurring invoice and leaves the others as they are. `lines` replaces all lines; to change how many of something are billed use update_quantity.",
            examples: &[Example {
                title: "A purchase order number",
                input: r#"{"id": -4, "order_number": "PO-4711"}"#,
            }],
        },
        Operation {
            verb: Verb::Job(&UPDATE_QUANTITY),
            description: "Sets the quantity on a line of a recurring invoice, and reports the old and the new one. Reads the invoice, changes the line that `line_id`, `item_code` or `item_id` names, writes all lines back and reads again to see that it worked; nothing is written if the quantity is right already. How HaloPSA takes lines is not confirmed by anybody: if what it keeps is not what was sent, the call fails and says what differs. Two at once for the same invoice would undo each other.",
            examples: &[
                Example {
                    title: "Forty workstations from now on",
                    input: r#"{"id": -4, "item_code": "WS", "quantity": 40}"#,
                },
                Example { title: "By the line's id", input: r#"{"id": -4, "line_id": 2, "quantity": 2.5}"# },
            ],
        },
        Operation {
            verb: Verb::Delete,
            description: "Deletes a recurring invoice. Invoices made from it stay.",
            examples: &[Example { title: "Delete a recurring invoice", input: r#"{"id": -4}"# }],
        },
    ],
    ..Resource::NONE
};

static UPDATE_QUANTITY: Job = Job {
    name: "update_quantity",
    title: "Update a quantity on a recurring invoice",
    handler: Handler::UpdateQuantity,
    parameters: &[
        ID,
        Field::number("quantity", "Quantity", "How many are to be billed from now on."),
        Field::id("line_id", "Line", "Id of the line."),
        Field::required_text("item_code", "Item code", "Code of the item on the line."),
        Field::choice("item_id", "Item", "Id of the item on the line.", "items", &[]),
        Field::boolean(
            "all_matching",
            "All matching lines",
            "Whether every line that fits is changed. Off by default: several that fit are an error.",
        ),
    ],
    required: Required { all: &["id", "quantity"], any: &[&["line_id"], &["item_code"], &["item_id"]] },
    output: Output::Columns(&[
        Column::integer("id"),
        Column::integer("client_id"),
        Column::plain("client_name"),
        Column::integer("line_id"),
        Column::plain("item_code"),
        Column::plain("item_shortdescription"),
        Column::plain("old_quantity"),
        Column::plain("quantity"),
        Column::plain("changed"),
    ]),
    serialize_by: &["/id"],
    ..Job::NONE
};
