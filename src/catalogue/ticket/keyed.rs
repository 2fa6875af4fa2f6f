//! Jobs that find a ticket by a key before they write, and how the person who
//! asks is found.

use crate::catalogue::field::{Field, Kind};
use crate::catalogue::resource::{Handler, Job, Marks, Output, Required, SIMPLIFY, Takes};

/// How the user of a new ticket is found (HAPI §6.2, §7.3).
pub(super) const REQUESTER: &[Field] = &[USER_BY_EMAIL, USER_BY_ENTRA_ID, IF_USER_MISSING];

const USER_BY_EMAIL: Field = Field::required_text(
    "user_by_email",
    "User by email",
    "E-mail address of the user who asks. It is looked up, within `client_id` if that is given, and fills in user, site and client.",
);

const USER_BY_ENTRA_ID: Field = Field::required_text(
    "user_by_entra_id",
    "User by Entra ID",
    "Object id of the user in Entra. With `user_by_email` too, the address is tried where nobody has the id.",
);

const IF_USER_MISSING: Field = Field::of(
    "if_user_missing",
    "If there is no such user",
    "What happens if nobody has the address or id: the run fails, or the ticket gets the client's general user.",
    Kind::OneOf(&["fail", "general_user"]),
).or_else("\"fail\"");

const KEY: Field = Field::required_text(
    "key",
    "Key",
    "What the ticket is known by outside, such as host and alert. Capitals count. The same key with another client_id is another key.",
);

const KEY_FIELD: Field = Field::required_text(
    "key_field", "Key field",
    "Internal name of the ticket field that holds the key, such as userdef1. Without it, a short reference in the summary is used, which works everywhere. HaloPSA may refuse to search some fields; which ones is not confirmed.",
).rare();

/// `ticket.find_or_append`.
pub(super) static FIND_OR_APPEND: Job = Job {
    name: "find_or_append",
    title: "Find or append to a ticket",
    handler: Handler::FindOrAppend,
    parameters: &[
        KEY,
        Field::of(
            "window_hours",
            "Window (hours)",
            "Only tickets opened within this many hours are matched. Without it, open tickets of any age.",
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
        )
        .rare(),
        SIMPLIFY,
    ],
    takes: Takes::Fields,
    required: Required::all(&["key", "summary"]),
    marks: Marks::OVERWRITES,
    output: Output::Schema(
        r##"{"type":"object","required":["done","ticket_id","link"],"properties":{"done":{"enum":["created","appended","reconciled"]},"ticket_id":{"type":"integer"},"link":{"type":"string","format":"uri"},"note_id":{"type":["integer","null"]},"closed_ticket_id":{"type":["integer","null"]},"repeated":{"type":"boolean"},"ticket":{"$ref":"#/$defs/ticket.row"}}}"##,
    ),
    serialize_by: &["/key"],
    essential: &["details", "client_id", "user_by_email", "tickettype_id", "priority_id"],
    ..Job::NONE
};

/// What `ticket.find_or_append` says about itself.
pub(super) const FIND_OR_APPEND_DESCRIPTION: &str = "Creates a ticket for an alert, or adds a private note to the open ticket with the same key. The summary of a new ticket gets a short reference such as [k7q2kx9md3p-3fa9c1d2] that customers can see; later alerts are matched by it. A closed or deleted ticket does not count: a new one is created. If HaloPSA refuses the note, a ticket is created too, so that no alert is lost. If two runs create a ticket for one key at the same time, the newer ticket is closed and its text is added to the older one (`done` is then reconciled). Fields other than summary, details and attachments apply to new tickets only.";

/// `ticket.upsert`.
pub(super) static UPSERT: Job = Job {
    name: "upsert",
    title: "Create or update a ticket",
    handler: Handler::Upsert,
    parameters: &[
        KEY,
        KEY_FIELD,
        Field::required_text(
            "_match_thirdparty_id",
            "Match by their id",
            "Instead of a key: leaves the matching to HaloPSA, in one request. That HaloPSA then updates the ticket that has this id of the other system is assumed, not confirmed.",
        ).rare(),
        Field::integer(
            "_match_integration_id",
            "Match within integration",
            "Goes with `_match_thirdparty_id`. Not confirmed.",
        ).rare(),
        Field::text(
            "_match_integration_name",
            "Match within integration (name)",
            "Goes with `_match_thirdparty_id`. Not confirmed.",
        ).rare(),
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
    essential: &["key", "summary", "details", "client_id", "status_id"],
    ..Job::NONE
};

/// What `ticket.upsert` says about itself.
pub(super) const UPSERT_DESCRIPTION: &str = "Updates the ticket with a key, or creates it, to keep it in step with another system. Open and closed tickets count; a new one needs a summary. Several tickets with the key are an error that names them. Unless `key_field` names a field for the key, the summary of the ticket gets a short reference such as [k7q2kx9md3p] that customers can see.";
