//! Notes and the other actions of a ticket (HAPI §8, schema `Actions`).

use super::field::{Column, Field, Kind};
use super::resource::{
    Act, Example, Files, Handler, ID, Ids, Job, Marks, Operation, Owner, Paging, Required, Resource,
    SIMPLIFY, Scopes, Takes, Verb,
};

/// The resource `note`.
pub static NOTE: Resource = Resource {
    name: "note",
    title: "Note",
    plural: "Notes",
    description: "A note, mail or other action on a ticket. Its id counts inside the ticket.",
    fields: FIELDS,
    filters: FILTERS,
    main: &[
        "ticket_id",
        "id",
        "outcome",
        "who",
        "datetime",
        "note",
        "hiddenfromuser",
        "timetaken",
        "new_status_name",
        "emailto",
    ],
    operations: &[
        Operation {
            verb: Verb::Job(&ADD),
            description: "Adds a note to a ticket. It is private unless `hiddenfromuser` is false; a public note is seen by the customer and must be confirmed. Without an outcome, a note that the ticket allows is chosen. The note can move the ticket to another status, agent or team, and carry files.",
            examples: &[
                Example {
                    title: "A private note",
                    input: r#"{"ticket_id": 17, "note": "Called the user, no answer."}"#,
                },
                Example {
                    title: "A public note that takes the ticket in progress",
                    input: r#"{"ticket_id": 17, "note_html": "<p>We are on it.</p>", "hiddenfromuser": false, "new_status": 2}"#,
                },
            ],
        },
        Operation {
            verb: Verb::List,
            description: "Lists the notes, mails and other actions of a ticket.",
            examples: &[
                Example {
                    title: "Everything on a ticket",
                    input: r#"{"ticket_id": 17, "return_all": true}"#,
                },
                Example {
                    title: "What the customer sees",
                    input: r#"{"ticket_id": 17, "excludeprivate": true}"#,
                },
            ],
        },
        Operation {
            verb: Verb::Get,
            description: "Reads one note, mail or other action of a ticket, with its text as HTML.",
            examples: &[Example { title: "The opening of a ticket", input: r#"{"ticket_id": 17, "id": 1}"# }],
        },
        Operation {
            verb: Verb::Job(&UPDATE),
            description: "Changes the given fields of a note, or the minutes and the agent of a time entry. What customers see or would then see must be confirmed: a public note, or one that becomes public.",
            examples: &[Example {
                title: "Mend a note",
                input: r#"{"ticket_id": 17, "id": 1, "note": "Called the user at noon."}"#,
            }],
        },
        Operation {
            verb: Verb::Delete,
            description: "Deletes a note of a ticket for good.",
            examples: &[Example { title: "Delete a note", input: r#"{"ticket_id": 17, "id": 1}"# }],
        },
    ],
    ..ACTION
};

/// What every resource of `/Actions` has.
pub(super) const ACTION: Resource = Resource {
    group: "Notes and files",
    path: "/Actions",
    ids: Ids::Positive,
    owner: Some(&TICKET),
    list_key: "actions",
    scopes: Scopes { read: "read:tickets", edit: "edit:tickets" },
    list_required: Required::all(&["ticket_id"]),
    paging: Paging::Whole,
    // Without it, some lists end after fifty rows (HAPI §5.3).
    list_query: &[("count", "10000")],
    get_query: &[("includedetails", "true")],
    columns: &[
        Column::integer("ticket_id"),
        Column::integer("id"),
        Column::plain("outcome"),
        Column::integer("outcome_id"),
        Column::untrusted("who"),
        Column::integer("who_agentid"),
        Column::date_time("datetime"),
        Column::untrusted("note"),
        Column::plain("hiddenfromuser"),
        Column::plain("important"),
        Column::plain("timetaken"),
        Column::untrusted("emailsubject"),
        Column::untrusted("emailfrom"),
        Column::plain("emailto"),
        Column::integer("new_status"),
        Column::plain("new_status_name"),
        Column::integer("attachment_count"),
    ],
    detail_columns: &[
        Column::untrusted("note_html"),
        Column::untrusted("emailbody"),
        Column::untrusted("emailbody_html"),
        Column::plain("emailcc"),
        Column::integer("old_status"),
        Column::date_time("actionarrivaldate"),
        Column::date_time("actioncompletiondate"),
        Column::plain("actisbillable"),
        Column::plain("actionby_application_id"),
    ],
    ..Resource::NONE
};

static TICKET: Owner = Owner { field: TICKET_ID, key: Required::all(&["ticket_id", "id"]) };

/// The ticket that an action belongs to.
pub(super) const TICKET_ID: Field =
    Field::choice("ticket_id", "Ticket", "Number of the ticket.", "tickets", &[]);

/// The outcome by number.
pub(super) const OUTCOME_ID: Field = Field::choice(
    "outcome_id",
    "Outcome",
    "What kind of action it is. Without it, one that the ticket allows is chosen.",
    "outcomes",
    &[("ticket_id", "ticket_id")],
);

/// The outcome by name.
pub(super) const OUTCOME: Field =
    Field::text("outcome", "Outcome (name)", "Name of the outcome, instead of `outcome_id`.");

/// Whether customers see the action.
pub(super) const HIDDEN: Field = Field::boolean(
    "hiddenfromuser",
    "Private",
    "Whether only agents see it. Off shows it to the customer, which must be confirmed.",
)
.or_else("true");

/// What an action changes on its ticket (HAPI §7.4: `status_id` would not).
pub(super) const NEW_STATUS: Field = Field::choice(
    "new_status",
    "New status",
    "Id of the status that the ticket gets.",
    "statuses",
    &[("ticket_id", "ticket_id")],
);
/// See [`NEW_STATUS`].
pub(super) const NEW_AGENT: Field =
    Field::choice("new_agent", "New agent", "Id of the agent that the ticket goes to.", "agents", &[]);
/// See [`NEW_STATUS`].
pub(super) const NEW_TEAM: Field =
    Field::choice("new_team", "New team", "Name of the team that the ticket goes to.", "teams", &[]);

/// The agent whose action it is (HAPI §8.2).
pub(super) const WHO: Field = Field::choice(
    "who_agentid",
    "Agent",
    "Id of the agent who did it. Without it: the agent of the API application.",
    "agents",
    &[],
);

/// The most that one entry may hold, in minutes: a day.
const MAX_MINUTES: i32 = 24 * 60;

/// Time spent.
pub(super) const MINUTES: Field =
    Field::of("minutes", "Minutes", "Time spent, a day at most.", Kind::Range(1, MAX_MINUTES));

/// Marks of an action that integrations set (schema `Actions`). What they do is
/// not documented.
pub(super) const IS_RESPONSE: Field = Field::boolean(
    "action_isresponse",
    "Counts as response",
    "Whether the action is the response of the SLA.",
);
/// See [`IS_RESPONSE`].
pub(super) const VALIDATE_RESPONSE: Field =
    Field::boolean("validate_response", "Validate response", "Whether HaloPSA checks that it is a response.");

static ADD: Job = Job {
    name: "add",
    title: "Add a note",
    handler: Handler::Act(Act::Note),
    parameters: &[
        TICKET_ID,
        OUTCOME_ID,
        OUTCOME,
        NEW_STATUS,
        NEW_AGENT,
        NEW_TEAM,
        Field::choice(
            "new_priority",
            "New priority",
            "Number of the priority that the ticket gets.",
            "priorities",
            &[("ticket_id", "ticket_id")],
        ),
        Field::boolean("dont_do_rules", "Skip rules", "Whether ticket rules are left out.").rare(),
        WHO,
        IS_RESPONSE,
        VALIDATE_RESPONSE,
        SIMPLIFY,
    ],
    takes: Takes::Fields,
    required: Required { all: &["ticket_id"], any: &[&["note"], &["note_html"]] },
    marks: Marks::CREATES,
    files: Files::Takes,
    essential: &["note"],
    ..Job::NONE
};

static UPDATE: Job = Job {
    name: "update",
    title: "Update a note",
    handler: Handler::Act(Act::Change),
    parameters: &[TICKET_ID, ID, MINUTES, WHO, SIMPLIFY],
    takes: Takes::Fields,
    required: Required {
        all: &["ticket_id", "id"],
        any: &[
            &["note"],
            &["note_html"],
            &["hiddenfromuser"],
            &["important"],
            &["minutes"],
            &["who_agentid"],
            &["extra"],
        ],
    },
    essential: &["note"],
    ..Job::NONE
};

static FIELDS: &[Field] = &[
    Field::of("note", "Note", "The text, without markup.", Kind::RequiredText).long(),
    Field::html("note_html", "Note (HTML)", "The text as HTML, instead of `note`."),
    HIDDEN,
    Field::boolean("important", "Important", "Whether it stands out."),
];

static FILTERS: &[Field] = &[
    TICKET_ID,
    Field::boolean("excludesys", "Without system actions", "Whether what HaloPSA did by itself is left out."),
    Field::boolean(
        "excludeprivate",
        "Without private ones",
        "Whether what customers do not see is left out.",
    ),
    Field::boolean("conversationonly", "Conversation only", "Only what was said between user and agent."),
    Field::boolean("agentonly", "Agents only", "Only what agents did."),
    Field::boolean("importantonly", "Important only", "Only what is marked as important."),
    Field::boolean("timeentriesonly", "Time entries only", "Only what holds time."),
    Field::id("actoutcomenum", "Outcome", "Only actions with this outcome."),
    Field::boolean(
        "includehtmlnote",
        "Include HTML",
        "Whether rows carry `note_html` where they are not simplified.",
    ),
    Field::date_time("startdate", "From", "Only actions from this time on."),
    Field::date_time("enddate", "To", "Only actions up to this time."),
];
