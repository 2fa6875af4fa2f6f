//! Time spent on tickets: actions with hours (HAPI §8.2).

use super::field::{Column, Field};
use super::note::{ACTION, HIDDEN, MINUTES, NEW_STATUS, OUTCOME, OUTCOME_ID, TICKET_ID, WHO};
use super::resource::{Act, Example, Handler, Job, Marks, Operation, Required, Resource, SIMPLIFY, Verb};

/// The resource `time`.
pub static TIME: Resource = Resource {
    name: "time",
    title: "Time entry",
    plural: "Time entries",
    description: "Time that an agent spent on a ticket.",
    operations: &[Operation {
        verb: Verb::Job(&LOG),
        description: "Logs time on a ticket, in minutes; HaloPSA stores hours, and the result shows both. The entry is private unless `hiddenfromuser` is false. Read it with `note.get`, change it with `note.update`.",
        examples: &[
            Example {
                title: "Half an hour",
                input: r#"{"ticket_id": 17, "minutes": 30, "note": "Changed the drum."}"#,
            },
            Example {
                title: "With the time of the day, not billable",
                input: r#"{"ticket_id": 17, "minutes": 45, "actionarrivaldate": "2026-03-01T09:00:00Z", "actioncompletiondate": "2026-03-01T09:45:00Z", "actisbillable": false}"#,
            },
        ],
    }],
    columns: &[
        Column::integer("ticket_id"),
        Column::integer("id"),
        Column::integer("minutes"),
        Column::plain("timetaken"),
        Column::plain("outcome"),
        Column::untrusted("who"),
        Column::date_time("datetime"),
        Column::untrusted("note"),
        Column::plain("hiddenfromuser"),
        Column::date_time("actionarrivaldate"),
        Column::date_time("actioncompletiondate"),
        Column::plain("actisbillable"),
    ],
    detail_columns: &[],
    ..ACTION
};

static LOG: Job = Job {
    name: "log",
    title: "Log time",
    handler: Handler::Act(Act::Time),
    parameters: &[
        TICKET_ID,
        MINUTES,
        Field::text("note", "Note", "What was done.").long(),
        Field::html("note_html", "Note (HTML)", "What was done as HTML, instead of `note`."),
        Field::date_time("actionarrivaldate", "Start", "When the work began."),
        Field::date_time("actioncompletiondate", "End", "When the work ended."),
        Field::boolean("actisbillable", "Billable", "Whether the customer pays for it."),
        Field::id("chargerate", "Charge rate", "Id of the charge rate."),
        Field::number("nonbilltime", "Unbilled time", "Hours of it that are not billed."),
        Field::number("traveltime", "Travel time", "Hours on the way."),
        WHO,
        HIDDEN,
        OUTCOME_ID,
        OUTCOME,
        NEW_STATUS,
        SIMPLIFY,
    ],
    required: Required::all(&["ticket_id", "minutes"]),
    marks: Marks::CREATES,
    essential: &["note"],
    ..Job::NONE
};
