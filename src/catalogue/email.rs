//! Mails from tickets: actions that send one (HAPI §8.2).

use super::field::Field;
use super::note::{ACTION, NEW_STATUS, OUTCOME, OUTCOME_ID, TICKET_ID};
use super::resource::{
    Act, Example, Files, Handler, Job, Marks, Operation, Required, Resource, SIMPLIFY, Verb,
};

/// The resource `email`.
pub static EMAIL: Resource = Resource {
    name: "email",
    title: "E-mail",
    plural: "E-mails",
    description: "A mail that HaloPSA sends from a ticket.",
    main: &[
        "ticket_id",
        "id",
        "outcome",
        "who",
        "datetime",
        "emailsubject",
        "emailto",
        "note",
        "hiddenfromuser",
    ],
    operations: &[Operation {
        verb: Verb::Job(&SEND),
        description: "Sends a mail from a ticket, to its user unless you name someone else. The customer sees it, so it must be confirmed. Without an outcome, one that sends mail and that the ticket allows is chosen; it may move the ticket's status, which the result shows.",
        examples: &[Example {
            title: "Ask the user",
            input: r#"{"ticket_id": 17, "emailsubject": "Your printer", "emailbody": "Does it work now?"}"#,
        }],
    }],
    ..ACTION
};

static SEND: Job = Job {
    name: "send",
    title: "Send an e-mail",
    handler: Handler::Act(Act::Mail),
    parameters: &[
        TICKET_ID,
        Field::required_text("emailto", "To", "Address of the recipient. Without it: the ticket's user."),
        Field::text("emailcc", "CC", "Addresses that get a copy."),
        Field::text("emailsubject", "Subject", "Without it, HaloPSA takes the one of its template."),
        Field::required_text("emailbody", "Text", "The mail as plain text.").long(),
        Field::html("emailbody_html", "Text (HTML)", "The mail as HTML, instead of `emailbody`."),
        OUTCOME_ID,
        OUTCOME,
        NEW_STATUS,
        SIMPLIFY,
    ],
    required: Required { all: &["ticket_id"], any: &[&["emailbody"], &["emailbody_html"]] },
    marks: Marks { customer_visible: true, ..Marks::CREATES },
    files: Files::Takes,
    essential: &["emailto", "emailsubject", "emailbody"],
    ..Job::NONE
};
