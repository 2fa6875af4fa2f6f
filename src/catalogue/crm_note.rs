//! Notes on clients and suppliers (HAPI §10.19, schema `AreaNote`).

use super::common::{CLIENT, SITE, SUPPLIER, TOP_LEVEL, USER};
use super::field::{CUSTOM_FIELDS, Column, Field};
use super::resource::{Example, Operation, Paging, Required, Resource, Scopes, Verb};

/// The resource `crm_note`.
pub static CRM_NOTE: Resource = Resource {
    name: "crm_note",
    title: "CRM note",
    plural: "CRM notes",
    group: "Sales and billing",
    description: "A note on a client or a supplier, such as of a call.",
    path: "/CRMNote",
    list_key: "actions",
    // Recorded on a live tenant: 50 of 133 notes without `count`, none without
    // one of the filters.
    paging: Paging::Counted,
    scopes: Scopes { read: "read:crm", edit: "edit:crm" },
    fields: &[
        CLIENT,
        SUPPLIER,
        Field::required_text("note", "Note", "The text of the note.").long(),
        Field::date_time("datetime", "Date", "Now, if nothing is said."),
        Field::choice("who_agentid", "Agent", "Id of the agent who wrote it.", "agents", &[]),
        SITE,
        USER,
        Field::number("timetaken", "Time", "As HaloPSA counts it."),
        Field::date_time("nextcalldate", "Next call", "When to call next."),
        Field::choice("ticketid", "Ticket", "Number of a ticket.", "tickets", &[("client_id", "client_id")]),
        CUSTOM_FIELDS,
    ],
    required: Required { all: &["note"], any: &[&["client_id"], &["supplier_id"]] },
    filters: &[CLIENT, SUPPLIER, TOP_LEVEL],
    list_required: Required { all: &[], any: &[&["client_id"], &["supplier_id"], &["toplevel_id"]] },
    get_query: &[("includedetails", "true")],
    columns: &[
        Column::integer("id"),
        Column::date_time("datetime"),
        Column::integer("client_id"),
        Column::integer("supplier_id"),
        Column::integer("site_id"),
        Column::integer("user_id"),
        Column::integer("who_agentid"),
        Column::untrusted("note"),
        Column::plain("timetaken"),
        Column::date_time("nextcalldate"),
        Column::integer("ticketid"),
    ],
    detail_columns: &[Column::untrusted("detail"), Column::custom_fields("customfields")],
    main: &[
        "id",
        "datetime",
        "client_id",
        "supplier_id",
        "user_id",
        "who_agentid",
        "note",
        "timetaken",
        "nextcalldate",
        "customfields",
    ],
    operations: &[
        Operation {
            verb: Verb::List,
            description: "Lists the notes on a client, on a supplier, or on a customer group. HaloPSA lists none without one of these.",
            examples: &[Example {
                title: "The notes on a client",
                input: r#"{"client_id": 12, "return_all": true}"#,
            }],
        },
        Operation {
            verb: Verb::Get,
            description: "Reads one note by its id.",
            examples: &[Example { title: "One note", input: r#"{"id": 4}"# }],
        },
        Operation {
            verb: Verb::Create,
            description: "Adds a note to a client or a supplier.",
            examples: &[Example {
                title: "A note",
                input: r#"{"client_id": 12, "note": "Called, all is well."}"#,
            }],
        },
        Operation {
            verb: Verb::Update,
            description: "Changes the given fields of a note and leaves the others as they are.",
            examples: &[Example {
                title: "Another text",
                input: r#"{"id": 4, "note": "Called twice, all is well."}"#,
            }],
        },
        Operation {
            verb: Verb::Delete,
            description: "Deletes a note for good.",
            examples: &[Example { title: "Delete a note", input: r#"{"id": 4}"# }],
        },
    ],
    ..Resource::NONE
};
