//! Contracts with clients (HAPI 10.11, schema `ContractHeader`).

use super::common::{CLIENT, INCLUDE_INACTIVE, SEARCH, SITE, SLA, USER};
use super::field::{CUSTOM_FIELDS, Column, Field};
use super::resource::{Example, Operation, Required, Resource, Scopes, Verb};

/// The resource `contract`.
pub static CONTRACT: Resource = Resource {
    name: "contract",
    title: "Contract",
    plural: "Contracts",
    group: "Sales and billing",
    description: "An agreement with a client on what is done and billed.",
    path: "/ClientContract",
    list_key: "contracts",
    scopes: Scopes { read: "read:contracts", edit: "edit:contracts" },
    fields: &[
        CLIENT,
        Field::text("ref", "Reference", "Reference of the contract."),
        Field::text("refextra", "Reference 2", "Second reference of the contract."),
        SITE,
        USER,
        Field::date_time("start_date", "Start", "First day of the contract."),
        Field::date_time("end_date", "End", "Last day of the contract."),
        Field::integer("status", "Status", "Number of the status of the contract."),
        Field::integer("contracttype", "Type", "Number of the type of contract."),
        Field::integer("subtype", "Subtype", "Number of the subtype of contract."),
        Field::integer(
            "billingperiod",
            "Billing period",
            "Number of the billing period, as HaloPSA counts them.",
        ),
        Field::text("invoicedescription", "Invoice text", "What invoices say."),
        Field::number("periodchargeamount", "Charge per period", "What is charged for each period."),
        Field::date_time("next_invoice_date", "Next invoice", "When the next invoice is due to be made."),
        Field::boolean("dontinvoice", "No invoices", "Whether it is never billed."),
        Field::number("numberofunitsfree", "Units free", "What is included in each period."),
        Field::integer("termmonths", "Term", "In months."),
        Field::boolean("rollingcontract", "Rolling", "Whether it goes on after its end."),
        SLA,
        Field::text("note", "Note", "Notes about the contract.").long(),
        CUSTOM_FIELDS,
    ],
    required: Required::all(&["client_id"]),
    filters: &[
        SEARCH,
        CLIENT,
        SITE,
        Field::choice(
            "device_id",
            "Asset",
            "Only contracts about this asset.",
            "assets",
            &[("client_id", "client_id")],
        ),
        INCLUDE_INACTIVE,
        Field::boolean("excluderenewed", "Without renewed", "Whether renewed contracts are left out."),
        Field::boolean(
            "pending_recurring_invoice",
            "Recurring invoice pending",
            "Only contracts whose recurring invoice is pending.",
        ),
    ],
    get_query: &[("includedetails", "true")],
    columns: &[
        Column::integer("id"),
        Column::plain("ref"),
        Column::integer("client_id"),
        Column::plain("client_name"),
        Column::integer("site_id"),
        Column::plain("site_name"),
        Column::date_time("start_date"),
        Column::date_time("end_date"),
        Column::plain("contract_status"),
        Column::plain("active"),
        Column::plain("expired"),
        Column::plain("periodchargeamount"),
        Column::date_time("next_invoice_date"),
    ],
    detail_columns: &[
        Column::plain("refextra"),
        Column::integer("user_id"),
        Column::integer("status"),
        Column::integer("subtype"),
        Column::integer("contracttype"),
        Column::integer("billingperiod"),
        Column::plain("numberofunitsfree"),
        Column::integer("termmonths"),
        Column::plain("rollingcontract"),
        Column::integer("sla_id"),
        Column::plain("note"),
        Column::custom_fields("customfields"),
    ],
    operations: &[
        Operation {
            verb: Verb::List,
            description: "Lists contracts with clients.",
            examples: &[Example {
                title: "The contracts of a client",
                input: r#"{"client_id": 12, "return_all": true}"#,
            }],
        },
        Operation {
            verb: Verb::Get,
            description: "Reads one contract by its id.",
            examples: &[Example { title: "One contract", input: r#"{"id": 4}"# }],
        },
        Operation {
            verb: Verb::Create,
            description: "Makes a contract for a client. Your instance may ask for more fields; its answer names them.",
            examples: &[Example {
                title: "A contract",
                input: r#"{"client_id": 12, "ref": "C-2026-17", "start_date": "2026-03-01T00:00:00Z", "end_date": "2027-02-28T00:00:00Z"}"#,
            }],
        },
        Operation {
            verb: Verb::Update,
            description: "Changes the given fields of a contract and leaves the others as they are.",
            examples: &[Example {
                title: "A later end",
                input: r#"{"id": 4, "end_date": "2028-12-31T00:00:00Z"}"#,
            }],
        },
        Operation {
            verb: Verb::Delete,
            description: "Deletes a contract. HaloPSA may refuse where tickets or invoices name it.",
            examples: &[Example { title: "Delete a contract", input: r#"{"id": 4}"# }],
        },
    ],
    ..Resource::NONE
};
