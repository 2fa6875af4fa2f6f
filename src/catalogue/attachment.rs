//! Files of tickets and their actions (HAPI §9, schema `Attachment`).

use super::field::{Column, Field};
use super::note::TICKET_ID;
use super::resource::{
    Example, Files, Handler, ID, Ids, Job, Marks, Operation, Output, Paging, Required, Resource, SIMPLIFY,
    Scopes, Takes, Verb,
};

/// The resource `attachment`.
pub static ATTACHMENT: Resource = Resource {
    name: "attachment",
    title: "Attachment",
    plural: "Attachments",
    group: "Notes and files",
    description: "A file on a ticket or on one of its actions.",
    path: "/Attachment",
    ids: Ids::Positive,
    list_key: "attachments",
    paging: Paging::Whole,
    scopes: Scopes { read: "read:tickets", edit: "edit:tickets" },
    fields: &[
        Field::text("note", "Note", "What the files are."),
        Field::boolean(
            "showforusers",
            "Show to users",
            "Whether customers see the files. On must be confirmed.",
        )
        .or_else("false"),
    ],
    filters: &[TICKET_ID, Field::integer("action_id", "Action", "Only files of this action of the ticket.")],
    list_required: Required::all(&["ticket_id"]),
    columns: COLUMNS,
    operations: &[
        Operation {
            verb: Verb::Job(&UPLOAD),
            description: "Puts files on a ticket, or on one of its notes. The files travel beside the item, several of them if you like, 20 MB together at most. Customers do not see them unless `showforusers` is set, which must be confirmed.",
            examples: &[Example { title: "Files for a ticket", input: r#"{"ticket_id": 17}"# }],
        },
        Operation {
            verb: Verb::List,
            description: "Lists the files of a ticket and its actions, without their contents.",
            examples: &[Example {
                title: "Files of a ticket",
                input: r#"{"ticket_id": 17, "return_all": true}"#,
            }],
        },
        Operation {
            verb: Verb::Job(&DOWNLOAD),
            description: "Gets a file. It comes beside the result: its bytes, or, where HaloPSA keeps files elsewhere, a link that is good for a short time and needs no token.",
            examples: &[Example { title: "A file", input: r#"{"id": 1}"# }],
        },
        Operation {
            verb: Verb::Delete,
            description: "Deletes a file for good.",
            examples: &[Example { title: "Delete a file", input: r#"{"id": 1}"# }],
        },
    ],
    ..Resource::NONE
};

const COLUMNS: &[Column] = &[
    Column::integer("id"),
    Column::integer("ticket_id"),
    Column::integer("action_id"),
    Column::untrusted("filename"),
    Column::integer("filesize"),
    Column::plain("isimage"),
    Column::untrusted("note"),
    Column::plain("showforusers"),
    Column::date_time("datecreated"),
    Column::integer("agent_id"),
    Column::integer("user_id"),
];

static UPLOAD: Job = Job {
    name: "upload",
    title: "Upload files",
    handler: Handler::Upload,
    parameters: &[
        TICKET_ID,
        Field::integer("action_id", "Action", "Id of the note or other action of the ticket."),
        SIMPLIFY,
    ],
    takes: Takes::Fields,
    required: Required::all(&["ticket_id"]),
    marks: Marks::CREATES,
    files: Files::Takes,
    ..Job::NONE
};

static DOWNLOAD: Job = Job {
    name: "download",
    title: "Download a file",
    handler: Handler::Download,
    parameters: &[ID],
    required: Required::all(&["id"]),
    marks: Marks::READS,
    output: Output::Schema(
        r#"{"type":"object","required":["id","filename","mime_type"],"properties":{"id":{"type":"integer"},"filename":{"type":"string","x-untrusted":true},"mime_type":{"type":"string"},"filesize":{"type":["integer","null"]}}}"#,
    ),
    files: Files::Gives,
    ..Job::NONE
};
