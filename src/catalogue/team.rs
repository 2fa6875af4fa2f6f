//! Teams (HAPI §10.5, schema `SectionDetail`).

use super::field::{Column, Field};
use super::resource::{Example, Ids, Operation, Paging, Resource, Verb};

/// The resource `team`.
pub static TEAM: Resource = Resource {
    name: "team",
    title: "Team",
    plural: "Teams",
    group: "Agents and teams",
    description: "A group of agents that tickets go to. Teams are made and changed in HaloPSA's configuration.",
    path: "/Team",
    ids: Ids::Positive,
    list_key: "teams",
    paging: Paging::Whole,
    filters: &[
        Field::choice("department_id", "Department", "Only teams of this department.", "departments", &[]),
        Field::choices("ids", "Ids", "Only these teams.", "team_ids"),
        Field::boolean("memberonly", "Mine", "Only teams that the API agent is in."),
        Field::boolean("includedisabled", "Include inactive", "Whether inactive teams are listed too."),
        Field::boolean("showall", "All", "Whether teams that the API agent does not see are listed too."),
        Field::text("domain", "Domain", "reqs for tickets, opps for opportunities, prjs for projects."),
    ],
    get_query: &[("includedetails", "true")],
    columns: &[
        Column::integer("id"),
        Column::plain("name"),
        Column::integer("department_id"),
        Column::plain("department_name"),
        Column::plain("forrequests"),
        Column::plain("foropps"),
        Column::plain("forprojects"),
        Column::plain("inactive"),
        Column::integer("ticket_count"),
        Column::integer("sequence"),
        Column::date_time("last_modified"),
    ],
    detail_columns: &[
        Column::plain("emailaddress"),
        Column::plain("phone_number"),
        Column::plain("managers"),
        Column::plain("agents"),
    ],
    main: &[
        "id",
        "name",
        "department_name",
        "forrequests",
        "foropps",
        "forprojects",
        "inactive",
        "ticket_count",
        "emailaddress",
    ],
    operations: &[
        Operation {
            verb: Verb::List,
            description: "Lists teams. HaloPSA sends all of them at once.",
            examples: &[Example { title: "Every team", input: r#"{"return_all": true}"# }],
        },
        Operation {
            verb: Verb::Get,
            description: "Reads one team by its id, with its agents.",
            examples: &[Example { title: "One team", input: r#"{"id": 1}"# }],
        },
    ],
    ..Resource::NONE
};
