//! Suppliers (HAPI §10.14, schema `Company`).

use super::common::{INACTIVE, INCLUDE_ACTIVE, INCLUDE_INACTIVE, SEARCH, TOP_LEVEL};
use super::field::{CUSTOM_FIELDS, Column, Field};
use super::resource::{Example, Operation, Required, Resource, Scopes, Table, Verb};

/// The resource `supplier`.
pub static SUPPLIER: Resource = Resource {
    name: "supplier",
    title: "Supplier",
    plural: "Suppliers",
    group: "Stock",
    description: "A firm that you buy from.",
    path: "/Supplier",
    list_key: "suppliers",
    scopes: Scopes { read: "read:suppliers", edit: "edit:suppliers" },
    fields: &[
        Field::required_text("name", "Name", "Name of the supplier."),
        Field::text("contact_name", "Contact", "Name of the contact at the supplier."),
        Field::text("email_address", "Email address", "E-mail address of the supplier."),
        Field::text("phone_number", "Phone number", "Phone number of the supplier."),
        Field::text("website", "Website", "Address of the supplier's website."),
        Field::text("address", "Address", "Postal address of the supplier.").long(),
        Field::text("emaildomain", "Email domain", "E-mail domain of the supplier."),
        Field::text("portal_url", "Portal", "Address of the supplier's portal."),
        Field::text("portal_ref", "Portal reference", "Your reference in the supplier's portal."),
        Field::text("accounts_id", "Accounts id", "Its id in your accounting system."),
        TOP_LEVEL,
        Field::id("default_currency_code", "Currency", "Id of a currency."),
        INACTIVE,
        Field::text("notes", "Notes", "Notes about the supplier.").long(),
        CUSTOM_FIELDS,
    ],
    required: Required::all(&["name"]),
    filters: &[SEARCH, INCLUDE_ACTIVE, INCLUDE_INACTIVE, TOP_LEVEL],
    get_query: &[("includedetails", "true")],
    tables: &[Table {
        key: "",
        list: "top_levels",
        on: &[("toplevel_id", "id")],
        name: "name",
        column: "toplevel_name",
    }],
    columns: &[
        Column::integer("id"),
        Column::plain("name"),
        Column::plain("contact_name"),
        Column::plain("email_address"),
        Column::plain("phone_number"),
        Column::plain("website"),
        Column::integer("toplevel_id"),
        Column::plain("inactive"),
        Column::plain("toplevel_name"),
    ],
    detail_columns: &[
        Column::plain("address"),
        Column::plain("support_email_address"),
        Column::plain("phone_number_2"),
        Column::plain("mobile"),
        Column::plain("portal_url"),
        Column::plain("emaildomain"),
        Column::plain("notes"),
        Column::plain("contract_count"),
        Column::date_time("datecreated"),
        Column::plain("accounts_id"),
        Column::integer("emailtemplate_id"),
        Column::plain("supplier_mailbox_address"),
        Column::custom_fields("customfields"),
    ],
    main: &[
        "id",
        "name",
        "contact_name",
        "email_address",
        "phone_number",
        "website",
        "inactive",
        "notes",
        "customfields",
    ],
    operations: &[
        Operation {
            verb: Verb::List,
            description: "Lists suppliers, active ones unless you say otherwise.",
            examples: &[Example { title: "Every supplier", input: r#"{"return_all": true}"# }],
        },
        Operation {
            verb: Verb::Get,
            description: "Reads one supplier by its id, with address, notes and custom fields. Passwords of its portal are left out.",
            examples: &[Example { title: "One supplier", input: r#"{"id": 1}"# }],
        },
        Operation {
            verb: Verb::Create,
            description: "Makes a supplier; only the name is needed.",
            examples: &[Example {
                title: "A supplier",
                input: r#"{"name": "Example Wholesale", "email_address": "orders@example.com"}"#,
            }],
        },
        Operation {
            verb: Verb::Update,
            description: "Changes the given fields of a supplier and leaves the others as they are.",
            examples: &[Example {
                title: "A new contact",
                input: r#"{"id": 1, "contact_name": "Sam Example"}"#,
            }],
        },
        Operation {
            verb: Verb::Delete,
            description: "Deletes a supplier. Consider setting inactive instead.",
            examples: &[Example { title: "Delete a supplier", input: r#"{"id": 3}"# }],
        },
    ],
    ..Resource::NONE
};
