//! Tickets (HAPI §7, schema `Faults`).

mod fields;
mod keyed;

use super::common::{COLUMN_NEEDS_RANGE, RANGE_NEEDS_COLUMN};
use super::field::{Column, Field};
use super::resource::{
    Essential, Example, Handler, ID, Ids, Job, Marks, Need, Operation, Required, Resource, SIMPLIFY, Scopes,
    Table, Takes, Verb,
};

use fields::{FIELDS, FILTERS};

/// The resource `ticket`.
pub static TICKET: Resource = Resource {
    name: "ticket",
    title: "Ticket",
    plural: "Tickets",
    group: "Tickets",
    description: "A request, incident or other piece of work.",
    path: "/Tickets",
    ids: Ids::Positive,
    needs: NEEDS,
    list_key: "tickets",
    list: "tickets",
    scopes: Scopes { read: "read:tickets", edit: "edit:tickets" },
    fields: FIELDS,
    required: Required { all: &["summary"], any: &[] },
    write_flags: &[],
    update_companions: &["tickettype_id", "client_id"],
    bulk: true,
    filters: FILTERS,
    list_query: &[("includestatus", "true"), ("includeagent", "true"), ("includetickettype", "true")],
    tables: &[
        Table { key: "statuses", list: "", on: &[("status_id", "id")], name: "name", column: "status_name" },
        Table { key: "agents", list: "", on: &[("agent_id", "id")], name: "name", column: "agent_name" },
        // A priority number means something inside its SLA only (HAPI §7.5).
        Table {
            key: "priorities",
            list: "priorities",
            on: &[("priority_id", "priorityid"), ("sla_id", "slaid")],
            name: "name",
            column: "priority_name",
        },
    ],
    get_query: &[("includedetails", "true")],
    create_parameters: keyed::REQUESTER,
    delete_parameters: &[Field::text("reason", "Reason", "Why the ticket is deleted.")],
    columns: &[
        Column::integer("id"),
        Column::untrusted("summary"),
        Column::integer("status_id"),
        Column::plain("status_name"),
        Column::integer("client_id"),
        Column::plain("client_name"),
        Column::integer("site_id"),
        Column::plain("site_name"),
        Column::integer("user_id"),
        Column::untrusted("user_name"),
        Column::integer("agent_id"),
        Column::plain("agent_name"),
        Column::plain("team"),
        Column::integer("tickettype_id"),
        Column::plain("tickettype_name"),
        Column::integer("priority_id"),
        Column::plain("priority_name"),
        Column::plain("category_1").or(&["category1"]),
        Column::date_time("dateoccurred"),
        Column::date_time("fixbydate"),
        Column::date_time("last_update").or(&["lastupdate", "flastupdate"]),
        Column::integer("impact"),
        Column::integer("department_id"),
        Column::integer("child_count"),
        Column::integer("attachment_count"),
        Column::plain("flagged"),
    ],
    detail_columns: &[
        Column::untrusted("details"),
        Column::integer("sla_id"),
        Column::untrusted("reportedby"),
        Column::untrusted("user_email").or(&["useremail", "user.emailaddress"]),
        Column::integer("parent_id"),
        Column::plain("hasbeenclosed"),
        Column::date_time("dateclosed"),
        Column::date_time("targetdate"),
        Column::date_time("deadlinedate"),
        Column::plain("estimate"),
        Column::integer("categoryid_1"),
        Column::integer("enduserstatus"),
        Column::plain("guid"),
        Column::custom_fields("customfields"),
    ],
    main: &[
        "id",
        "summary",
        "status_name",
        "priority_name",
        "client_id",
        "client_name",
        "user_name",
        "agent_name",
        "tickettype_name",
        "dateoccurred",
        "details",
        "customfields",
        "link",
    ],
    page: Some("/ticket?id="),
    essential: Essential {
        create: &["details", "client_id", "user_id", "tickettype_id", "priority_id"],
        update: &["status_id", "agent_id", "team"],
        list: &["client_id", "search"],
    },
    list_presets: &[("open_only", "true"), ("orderdesc", "true")],
    operations: &[
        Operation {
            verb: Verb::List,
            description: "Lists tickets, open and closed ones, oldest first unless you sort them otherwise. Narrow the list with filters; every filter is applied by HaloPSA.",
            examples: &[
                Example {
                    title: "Open tickets of a client",
                    input: r#"{"client_id": 3, "open_only": true, "limit": 20}"#,
                },
                Example { title: "Every ticket", input: r#"{"return_all": true}"# },
                Example {
                    title: "What changed since New Year",
                    input: r#"{"lastupdatefromdate": "2026-01-01T00:00:00Z", "return_all": true}"#,
                },
                Example {
                    title: "The newest ticket that mentions a battery",
                    input: r#"{"search": "battery", "order": "id", "orderdesc": true, "limit": 1}"#,
                },
            ],
        },
        Operation {
            verb: Verb::Get,
            description: "Reads one ticket by its number, with details, names and custom fields.",
            examples: &[Example { title: "One ticket", input: r#"{"id": 17}"# }],
        },
        Operation {
            verb: Verb::Create,
            description: "Makes a ticket. Only the summary is needed here; the ticket type may ask for more, and HaloPSA's answer names what is missing.",
            examples: &[
                Example { title: "The least", input: r#"{"summary": "Printer offline"}"# },
                Example {
                    title: "Tickets that travel together",
                    input: r#"{"summary": "Printer offline", "client_id": 12, "bulk": true}"#,
                },
                Example {
                    title: "A ticket for a client",
                    input: r#"{"summary": "Printer offline", "details": "Paper jam on the second floor.", "tickettype_id": 1, "client_id": 12, "priority_id": 3}"#,
                },
            ],
        },
        Operation {
            verb: Verb::Update,
            description: "Changes the given fields of a ticket and leaves the others as they are. Lists such as assets and custom fields replace what was there. Close a ticket by giving it a closed status.",
            examples: &[
                Example { title: "Take a ticket in progress", input: r#"{"id": 17, "status_id": 2}"# },
                Example {
                    title: "Hand a ticket over",
                    input: r#"{"id": 17, "agent_id": 3, "team": "1st Line Support"}"#,
                },
            ],
        },
        Operation {
            verb: Verb::Job(&CLOSE),
            description: "Closes a ticket by giving it a closed status: 9, the stock status Closed, unless you name another one. A closure note stays with the ticket.",
            examples: &[Example {
                title: "Close a ticket",
                input: r#"{"id": 17, "closure_note": "Replaced the cable."}"#,
            }],
        },
        Operation {
            verb: Verb::Job(&REOPEN),
            description: "Opens a closed ticket again by giving it an open status: 1, the stock status New, unless you name another one.",
            examples: &[Example { title: "Reopen a ticket", input: r#"{"id": 17, "status_id": 2}"# }],
        },
        Operation {
            verb: Verb::Job(&ASSIGN),
            description: "Hands a ticket to an agent, to a team, or both. Agent 1 is nobody.",
            examples: &[Example {
                title: "Hand a ticket to an agent",
                input: r#"{"id": 17, "agent_id": 3, "team": "1st Line Support"}"#,
            }],
        },
        Operation {
            verb: Verb::Job(&MERGE),
            description: "Marks a ticket as merged into another one, by the field that HaloPSA has for it. What HaloPSA moves over then, and whether it closes the ticket, is not confirmed: look at the result, or append a note and close instead.",
            examples: &[Example {
                title: "Merge ticket 18 into 17",
                input: r#"{"id": 18, "merged_into_id": 17}"#,
            }],
        },
        Operation {
            verb: Verb::Job(&keyed::FIND_OR_APPEND),
            description: keyed::FIND_OR_APPEND_DESCRIPTION,
            examples: &[
                Example {
                    title: "An alert that repeats itself",
                    input: r#"{"key": "srv-file-01/disk-full", "window_hours": 72, "summary": "Disk almost full on SRV-FILE-01", "details": "D: has 2 percent left.", "client_id": 12, "priority_id": 2}"#,
                },
                Example {
                    title: "An alert about a person",
                    input: r#"{"key": "impossible-travel/user4", "summary": "Impossible travel", "details_html": "<p>Berlin, then Lima.</p>", "user_by_email": "user4@client.example", "if_user_missing": "general_user"}"#,
                },
            ],
        },
        Operation {
            verb: Verb::Job(&keyed::UPSERT),
            description: keyed::UPSERT_DESCRIPTION,
            examples: &[
                Example {
                    title: "A ticket of another system",
                    input: r#"{"key": "jira/OPS-42", "summary": "Rotate certificates", "status_id": 2}"#,
                },
                Example {
                    title: "A key in a field of the ticket",
                    input: r#"{"key": "OPS-43", "key_field": "userdef1", "summary": "Renew the domain"}"#,
                },
            ],
        },
        Operation {
            verb: Verb::Job(&RESTORE),
            description: "Brings a deleted ticket back.",
            examples: &[Example { title: "Restore a ticket", input: r#"{"id": 17}"# }],
        },
        Operation {
            verb: Verb::Delete,
            description: "Deletes a ticket. An agent can restore it in HaloPSA.",
            examples: &[Example {
                title: "Delete a ticket",
                input: r#"{"id": 17, "reason": "Made by mistake"}"#,
            }],
        },
    ],
    ..Resource::NONE
};

/// What has no effect alone.
const NEEDS: &[Need] = &[
    RANGE_NEEDS_COLUMN,
    COLUMN_NEEDS_RANGE,
    Need {
        takes: Takes::Fields,
        inputs: &["_match_integration_id", "_match_integration_name"],
        on: &["_match_thirdparty_id"],
        default: None,
    },
];

/// What depends on the ticket that a job is about.
const OF_THIS: &[(&str, &str)] = &[("ticket_id", "id")];

/// HAPI §7.4: closing is a status; 9 is Closed in stock.
static CLOSE: Job = Job {
    name: "close",
    title: "Close a ticket",
    handler: Handler::Write(&[("status_id", "9")]),
    parameters: &[
        ID,
        Field::choice(
            "status_id",
            "Status",
            "Id of a closed status. Without it: 9, the stock status Closed.",
            "statuses",
            OF_THIS,
        ),
        Field::text("closure_note", "Closure note", "What was done.").long(),
        Field::html("closure_note_html", "Closure note (HTML)", "What was done, as HTML."),
        Field::boolean(
            "_appointment01_ok",
            "Accept appointment warning",
            "Whether to close although appointments are open.",
        )
        .rare(),
        Field::boolean("_force", "Force", "Whether to close where HaloPSA would ask.").rare(),
        SIMPLIFY,
    ],
    required: Required::all(&["id"]),
    essential: &["closure_note"],
    ..Job::NONE
};

/// HAPI §16: status 1 is New in stock.
static REOPEN: Job = Job {
    name: "reopen",
    title: "Reopen a ticket",
    handler: Handler::Write(&[("status_id", "1")]),
    parameters: &[
        ID,
        Field::choice(
            "status_id",
            "Status",
            "Id of an open status. Without it: 1, the stock status New.",
            "statuses",
            OF_THIS,
        ),
        SIMPLIFY,
    ],
    required: Required::all(&["id"]),
    essential: &["status_id"],
    ..Job::NONE
};

static ASSIGN: Job = Job {
    name: "assign",
    title: "Assign a ticket",
    parameters: &[
        ID,
        Field::choice("agent_id", "Agent", "Id of the agent. 1 is nobody.", "agents", &[]),
        Field::choice("team", "Team", "Name of the team.", "teams", &[]),
        Field::boolean(
            "_forcereassign",
            "Force reassignment",
            "Whether to assign although the agent is away.",
        )
        .rare(),
        SIMPLIFY,
    ],
    required: Required { all: &["id"], any: &[&["agent_id"], &["team"]] },
    essential: &["agent_id", "team"],
    ..Job::NONE
};

/// HAPI §7.4: the field is in the API, what it does on writing is not confirmed.
static MERGE: Job = Job {
    name: "merge",
    title: "Merge a ticket into another one",
    parameters: &[
        ID,
        Field::choice("merged_into_id", "Into", "Number of the ticket that stays.", "tickets", &[]),
        SIMPLIFY,
    ],
    required: Required::all(&["id", "merged_into_id"]),
    marks: Marks::DESTROYS,
    ..Job::NONE
};

/// HAPI §7.1: how a deleted ticket comes back.
static RESTORE: Job = Job {
    name: "restore",
    title: "Restore a ticket",
    handler: Handler::Write(&[("_recover", "true"), ("_validate_updates", "true")]),
    parameters: &[ID, SIMPLIFY],
    required: Required::all(&["id"]),
    ..Job::NONE
};
