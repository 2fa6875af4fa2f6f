//! Jobs that find a ticket by a key before they write, and how the person who
//! asks is found.

use crate::catalogue::field::{Field, Kind};
use crate::catalogue::resource::{Handler, Job, Marks, Output, Required, SIMPLIFY, Takes};

/// How the user of a new ticket is found (HAPI 6.2, 7.3).
pub(super) const REQUESTER: &[Field] = &[USER_BY_EMAIL, USER_BY_ENTRA_ID, IF_USER_MISSING];

const USER_BY_EMAIL: Field = Field::required_text(
    "user_by_email",
    "User by e-mail",
    "E-mail address of the user who asks. It is looked up, within `client_id` if that is given, and fills in user, site and client.",
);

const USER_BY_ENTRA_ID: Field = Field::required_text(
    "user_by_entra_id",
    "User by Entra id",
    "Object id of the user in Entra. With `user_by_email` too, the address is tried where nobody has the id.",
);

const IF_USER_MISSING: Field = Field::of(
    "if_user_missing",
    "If there is no such user",
    "fail, which is the default, or general_user: the ticket gets the client's general user.",
    Kind::OneOf(&["fail", "general_user"]),
);

const KEY: Field = Field::required_text(
    "key",
    "Key",
    "What the ticket is known by outside, such as host and alert. Capitals count. The same key with another client_id is another key.",
);

const KEY_FIELD: Field = Field::required_text(
    "key_field",
    "Field of the key",
    "Field of the ticket that holds the key, such as userdef1 or third_party_id_string, to be found by advanced_search. Not confirmed: which fields HaloPSA searches so; it may refuse. Without it a short reference in the summary is searched for, which works everywhere.",
);

/// `ticket.find_or_append`.
pub(super) static FIND_OR_APPEND: Job = Job {
    name: "find_or_append",
    title: "Find a ticket and append to it, or create one",
    handler: Handler::FindOrAppend,
    parameters: &[
        KEY,
        Field::of(
            "window_hours",
            "Window (hours)",
            "Only tickets opened in the last so many hours count. Without it: open ones of any age.",
            Kind::Range(1, 87_600),
        ),
        KEY_FIELD,
        USER_BY_EMAIL,
        USER_BY_ENTRA_ID,
        IF_USER_MISSING,
        Field::choice(
            "outcome_id",
            "Outcome",
            "Id of the outcome of the note. Without it: 7, the private note of a fresh instance, or else what the ticket allows.",
            "outcomes",
            &[],
        ),
        Field::text("outcome", "Outcome (name)", "Name of the outcome of the note, instead of its id."),
        Field::choice(
            "closed_status_id",
            "Closed status",
            "Id of the status that closes a ticket that turned out to be a double. Without it: 9.",
            "statuses",
            &[],
        ),
        SIMPLIFY,
    ],
    takes: Takes::Fields,
    required: Required::all(&["key", "summary"]),
    marks: Marks::OVERWRITES,
    output: Output::Schema(
        r##"{"type":"object","required":["done","ticket_id","link"],"properties":{"done":{"enum":["created","appended","reconciled"]},"ticket_id":{"type":"integer"},"link":{"type":"string","format":"uri"},"note_id":{"type":["integer","null"]},"closed_ticket_id":{"type":["integer","null"]},"repeated":{"type":"boolean"},"ticket":{"$ref":"#/$defs/ticket.row"}}}"##,
    ),
    serialize_by: &["/key"],
    ..Job::NONE
};

/// What `ticket.find_or_append` says about itself.
pub(super) const FIND_OR_APPEND_DESCRIPTION: &str = "For alerts that repeat themselves. If a ticket with this key is open, the alert becomes a private note on it; if none is, or it was closed or deleted, a ticket is made. A note that HaloPSA refuses becomes a ticket too, so that no alert is lost. The summary gets a short reference such as [k7q2kx9md3p-3fa9c1d2] to be found by. A call repeated with the same idempotency key finds what it did before. HaloPSA cannot search and create in one step: after a create it looks again, and where another call was faster, the text goes to the older ticket as a private note and the newer one is closed (done: reconciled). Fields other than summary, details and attachments count for a new ticket only.";

/// `ticket.upsert`.
pub(super) static UPSERT: Job = Job {
    name: "upsert",
    title: "Update a ticket or create it",
    handler: Handler::Upsert,
    parameters: &[
        KEY,
        KEY_FIELD,
        Field::required_text(
            "_match_thirdparty_id",
            "Match by their id",
            "Instead of a key: leaves the matching to HaloPSA, in one request. That HaloPSA then updates the ticket that has this id of the other system is assumed, not confirmed.",
        ),
        Field::integer(
            "_match_integration_id",
            "Match within integration",
            "Goes with `_match_thirdparty_id`. Not confirmed.",
        ),
        Field::text(
            "_match_integration_name",
            "Match within integration (name)",
            "Goes with `_match_thirdparty_id`. Not confirmed.",
        ),
        USER_BY_EMAIL,
        USER_BY_ENTRA_ID,
        IF_USER_MISSING,
        SIMPLIFY,
    ],
    takes: Takes::Fields,
    required: Required { all: &[], any: &[&["key"], &["_match_thirdparty_id"]] },
    marks: Marks::OVERWRITES,
    output: Output::Record,
    serialize_by: &["/key"],
    ..Job::NONE
};

/// What `ticket.upsert` says about itself.
pub(super) const UPSERT_DESCRIPTION: &str = "Keeps a ticket in step with a record of another system. The ticket with this key, open or closed, is updated; if there is none, it is made, which needs a summary. Several with the key are a conflict that names them. The key stands as a short reference such as [k7q2kx9md3p] in the summary, unless key_field names a field for it.";
