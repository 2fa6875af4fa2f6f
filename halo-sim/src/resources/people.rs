//! Agents and teams (HAPI §10.4, §10.5, appendix A).

use serde_json::Value;

use super::{
    Envelope, Hidden, Required, Resource,
    field::{Field, date, flag, int, list, number, text},
    filter::{Filter, Test, by, id, one_of},
};
use crate::{
    protocol::query::split_list,
    state::{Row, TableId, World},
};

/// `/Agent`: bare, or in `results` when paged; never cut (HAPI §5.1, §10.4).
pub(crate) static AGENT: Resource = Resource {
    path: "Agent",
    table: TableId::Agents,
    envelope: Envelope::BareUnlessPaged("results"),
    fields: AGENT_FIELDS,
    filters: AGENT_FILTERS,
    // `search` is ignored (HAPI §6.2).
    hidden: Some(Hidden { flag: "isdisabled", shown_by: "includedisabled", only: false, without: None }),
    required: &[Required { any_of: &["name"], message: "Name is mandatory" }],
    ..Resource::PLAIN
};

const AGENT_FIELDS: &[Field] = &[
    int("id"),
    text("name"),
    text("email"),
    text("firstname"),
    text("surname"),
    text("initials"),
    text("colour"),
    text("jobtitle"),
    flag("isdisabled"),
    flag("is_agent"),
    flag("isapiagent").single(),
    text("team"),
    list("teams"),
    list("departments"),
    // The clients that he is kept to; none is no limit [assumed].
    list("clients").single(),
    int("licence_type"),
    int("linemanager"),
    date("lastlogindate").single().fixed(),
    int("onlinestatus").single().fixed(),
    flag("is_online").single().fixed(),
    int("pagesize").single(),
    text("extensionnumber"),
    number("costprice").detail(),
    list("roles").detail(),
    int("chargerate"),
    text("sms"),
];

const AGENT_FILTERS: &[Filter] = &[
    by("team_id", Test::By(|_, row, text| in_team(row, text))),
    by("teams", Test::By(|_, row, text| split_list(text).iter().any(|team| in_team(row, team)))),
    by("team", Test::Contains("team")),
];

fn in_team(row: &Row, text: &str) -> bool {
    let teams = row.get("teams").and_then(Value::as_array);
    teams.is_some_and(|teams| {
        teams
            .iter()
            .any(|team| team.get("team_id").and_then(Value::as_i64).is_some_and(|id| text.parse() == Ok(id)))
    })
}

/// `/Team`
pub(crate) static TEAM: Resource = Resource {
    path: "Team",
    table: TableId::Teams,
    fields: TEAM_FIELDS,
    filters: &[
        id("department_id", "department_id"),
        one_of("ids", "id"),
        // Which teams an agent's list lacks without it is not known: none here [assumed].
        by("showall", Test::By(|_, _, _| true)),
    ],
    hidden: Some(Hidden { flag: "inactive", shown_by: "includedisabled", only: false, without: None }),
    required: &[Required { any_of: &["name"], message: "Name is mandatory" }],
    ..Resource::PLAIN
};

const TEAM_FIELDS: &[Field] = &[
    int("id"),
    text("guid").fixed(),
    text("name"),
    int("sequence"),
    flag("forrequests"),
    flag("foropps"),
    flag("forprojects"),
    int("department_id"),
    text("department_name").from("department_id", TableId::TopLevels, "name"),
    flag("inactive"),
    int("ticket_count").computed(|world, row| Value::from(open_tickets(world, row))),
    text("emailaddress").single(),
    text("phone_number").single(),
    list("managers").single(),
    date("last_modified"),
];

fn open_tickets(world: &World, row: &Row) -> usize {
    let id = row.int("id");
    let tickets = world.table(TableId::Tickets).rows();
    tickets
        .filter(|ticket| {
            ticket.int("team_id") == id && !ticket.flag("hasbeenclosed") && !ticket.flag("deleted")
        })
        .count()
}
