//! Sites: the places of a client (HAPI 10.2, schema `Site`).

use super::field::{ADDRESS, CUSTOM_FIELDS, Column, Field};
use super::resource::{Essential, Example, Ids, Operation, Required, Resource, Scopes, Verb};

/// The resource `site`.
pub static SITE: Resource = Resource {
    name: "site",
    title: "Site",
    plural: "Sites",
    group: "Customers",
    description: "A place of a client.",
    path: "/Site",
    ids: Ids::Positive,
    list_key: "sites",
    list: "sites",
    scopes: Scopes { read: "read:customers", edit: "edit:customers" },
    fields: &[
        Field::required_text("name", "Name", "Name of the site."),
        Field::choice("client_id", "Client", "Id of the client that the site belongs to.", "clients", &[]),
        Field::text("accountsid", "Accounts id", "The site's id in your accounting system."),
        Field::text("colour", "Colour", "Such as #2bd3c6."),
        CUSTOM_FIELDS,
        Field::of("delivery_address", "Delivery address", "Address that goods go to.", ADDRESS),
        Field::text("emaildomain", "Email domain", "Mail from this domain belongs to the site."),
        Field::objects("fields", "Site fields", "Values of site fields. The list replaces what was there.")
            .such_as(r#"[{"id": 4, "value": "East gate"}]"#),
        Field::boolean("inactive", "Inactive", "Whether the site is switched off. Lists hide it then."),
        Field::of("invoice_address", "Invoice address", "Address that invoices go to.", ADDRESS),
        Field::boolean("isinvoicesite", "Invoice site", "Whether invoices go to this site."),
        Field::boolean("isstocklocation", "Stock location", "Whether stock is kept here."),
        Field::id("language_id", "Language", "Id of the language of the site."),
        Field::choice(
            "maincontact_id",
            "Main contact",
            "Id of a user of the site.",
            "users",
            &[("site_id", "id")],
        ),
        Field::text("notes", "Notes", "Notes about the site.").long(),
        Field::text("phonenumber", "Phone number", "Phone number of the site."),
        Field::objects(
            "popup_notes",
            "Pop-up notes",
            "Notes that pop up when a ticket of the site is opened.",
        )
        .rare(),
        Field::text("ref", "Reference", "Reference of the site."),
        Field::objects("sitecontacts", "Contacts", "Contacts of the site.").rare(),
        Field::choice("sla_id", "SLA", "Id of the service level agreement.", "slas", &[]),
        Field::text("timezone", "Time zone", "Time zone of the site."),
    ],
    required: Required { all: &["name", "client_id"], any: &[] },
    // HAPI 10.2: found to be required for writes.
    write_flags: &[("issitedetails", true)],
    update_companions: &[],
    bulk: false,
    filters: &[
        Field::text("search", "Search", "Text to find in the site."),
        Field::choice("client_id", "Client", "Only sites of this client.", "clients", &[]),
        Field::choice("toplevel_id", "Top level", "Only sites of this customer group.", "top_levels", &[]),
        Field::boolean("includeactive", "Include active", "Whether active sites are listed."),
        Field::boolean("includeinactive", "Include inactive", "Whether inactive sites are listed too."),
        Field::boolean("includeaddress", "Include address", "Whether rows carry the address."),
        Field::boolean("includenotes", "Include notes", "Whether rows carry notes."),
        Field::boolean("stocklocation", "Stock locations", "Only stock locations."),
        Field::boolean("exclude_internal", "Exclude internal", "Whether your own organisation is left out."),
        Field::date_time("lastupdatefromdate", "Updated from", "Only sites changed at this time or later."),
        Field::date_time("lastupdatetodate", "Updated to", "Only sites changed at this time or earlier."),
    ],
    list_query: &[],
    tables: &[],
    get_query: &[("includedetails", "true")],
    create_parameters: &[],
    delete_parameters: &[],
    columns: &[
        Column::integer("id"),
        Column::plain("name"),
        Column::integer("client_id"),
        Column::plain("client_name"),
        Column::plain("clientsite_name"),
        Column::plain("ref"),
        Column::plain("phonenumber"),
        Column::integer("maincontact_id"),
        Column::integer("sla_id"),
        Column::plain("timezone"),
        Column::plain("inactive"),
    ],
    detail_columns: &[
        Column::plain("maincontact_name"),
        Column::plain("notes"),
        Column::plain("emaildomain"),
        Column::plain("delivery_address"),
        Column::plain("invoice_address"),
        Column::date_time("datecreated"),
        Column::custom_fields("customfields"),
    ],
    page: None,
    essential: Essential { create: &["phonenumber"], update: &["name"], list: &["client_id", "search"] },
    operations: &[
        Operation {
            verb: Verb::List,
            description: "Lists sites, active ones unless you say otherwise.",
            examples: &[Example {
                title: "The sites of a client",
                input: r#"{"client_id": 12, "return_all": true}"#,
            }],
        },
        Operation {
            verb: Verb::Get,
            description: "Reads one site by its id, with addresses, notes and custom fields.",
            examples: &[Example { title: "One site", input: r#"{"id": 18}"# }],
        },
        Operation {
            verb: Verb::Create,
            description: "Makes a site for a client.",
            examples: &[Example {
                title: "A site with an address",
                input: r#"{"name": "Warehouse", "client_id": 12, "delivery_address": {"line1": "1 Example Road", "postcode": "EX1 1AA"}}"#,
            }],
        },
        Operation {
            verb: Verb::Update,
            description: "Changes the given fields of a site and leaves the others as they are. Lists replace what was there.",
            examples: &[Example {
                title: "A new phone number",
                input: r#"{"id": 18, "phonenumber": "+44 20 7946 0000"}"#,
            }],
        },
        Operation {
            verb: Verb::Delete,
            description: "Deletes a site. Consider setting inactive instead.",
            examples: &[Example { title: "Delete a site", input: r#"{"id": 18}"# }],
        },
    ],
    ..Resource::NONE
};
