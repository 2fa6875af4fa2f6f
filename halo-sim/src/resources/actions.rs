//! Actions: notes, mails, time and status moves of tickets (HAPI §8).

use super::{
    Envelope, Identity, Resource, Rows, Write,
    field::{Field, custom_fields, date, flag, int, json, list, number, text},
    filter::{Filter, Test, by, id},
};
use crate::{auth::Group, desk, state::TableId};

/// `/Actions`: ids count inside a ticket, so everything needs `ticket_id`.
pub(crate) static ACTIONS: Resource = Resource {
    path: "Actions",
    table: TableId::Actions,
    envelope: Envelope::Keyed("actions"),
    group: Group::Tickets,
    fields: FIELDS,
    filters: FILTERS,
    rows: Rows::Owned { by: "ticket_id" },
    identity: Identity::Owned("ticket_id"),
    write: Write::Each(desk::actions::write),
    ..Resource::PLAIN
};

const FIELDS: &[Field] = &[
    int("id"),
    int("ticket_id"),
    text("outcome"),
    int("outcome_id"),
    text("who"),
    int("who_type"),
    int("who_agentid"),
    text("who_initials").from("who_agentid", TableId::Agents, "initials"),
    date("datetime"),
    date("last_updated").fixed(),
    date("actiondatecreated").fixed(),
    text("note"),
    text("note_html").single_or_on("includehtmlnote"),
    text("emailbody"),
    text("emailbody_html").single_or_on("includehtmlemail"),
    text("emailsubject"),
    text("emailfrom"),
    text("emailto"),
    text("emailcc"),
    text("emaildirection").fixed(),
    date("dateemailed").fixed(),
    flag("sendemail").unseen(),
    flag("hiddenfromuser"),
    flag("important"),
    number("timetaken"),
    number("timetakenadjusted").fixed(),
    number("timetakendays").fixed(),
    number("nonbilltime"),
    number("traveltime"),
    number("mileage"),
    int("chargerate"),
    int("travel_chargerate"),
    number("actionchargehours"),
    number("actionchargeamount"),
    number("actionnonchargehours"),
    number("actionnonchargeamount"),
    number("actionprepayhours"),
    flag("actisbillable"),
    flag("actreviewed"),
    date("actionarrivaldate"),
    date("actioncompletiondate"),
    int("old_status").fixed(),
    int("new_status"),
    text("new_status_name").from("new_status", TableId::Statuses, "name"),
    int("new_agent").single(),
    text("new_team").single(),
    int("new_priority").single(),
    int("new_sla_id").single(),
    text("new_category1").single(),
    int("new_impact").single(),
    int("new_urgency").single(),
    int("new_tickettype").single(),
    int("attachment_count").fixed(),
    json("attachment_list").fixed().single(),
    int("project_id").fixed(),
    int("action_contract_id"),
    text("actionby_application_id").fixed(),
    int("actionby_agent_id").fixed(),
    int("actionby_user_id").fixed(),
    text("colour"),
    text("guid").fixed(),
    list("reactions").fixed(),
    custom_fields(7, false),
];

const FILTERS: &[Filter] = &[
    by("excludeprivate", Test::Off("hiddenfromuser")),
    by("importantonly", Test::On("important")),
    by("excludesys", Test::By(|_, row, text| text != "true" || row.int("outcome_id") != 0)),
    by(
        "timeentriesonly",
        Test::By(|_, row, text| {
            let time = row.get("timetaken").and_then(serde_json::Value::as_f64);
            text != "true" || time.unwrap_or(0.0) > 0.0
        }),
    ),
    by("actoutcome", Test::Contains("outcome")),
    id("actoutcomenum", "outcome_id"),
];
