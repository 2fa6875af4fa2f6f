//! Agents: the people who do the work (HAPI §10.4, schema `Uname`).

use super::field::{Column, Field};
use super::resource::{Example, Ids, Operation, Paging, Resource, Verb};

/// The resource `agent`.
pub static AGENT: Resource = Resource {
    name: "agent",
    title: "Agent",
    plural: "Agents",
    group: "Agents and teams",
    description: "A person, or a program, who works in HaloPSA. Agents are made and changed in HaloPSA's configuration, since rights and licences hang on them.",
    path: "/Agent",
    ids: Ids::Positive,
    list_key: "results",
    paging: Paging::Whole,
    filters: &[
        Field::choice("team_id", "Team", "Only agents of this team.", "team_ids", &[]),
        Field::choices("teams", "Teams", "Only agents of one of these teams.", "team_ids"),
        Field::choice(
            "department_id",
            "Department",
            "Department that the agent belongs to.",
            "departments",
            &[],
        ),
        Field::choice("client_id", "Client", "Only agents who see this client.", "clients", &[]),
        Field::choice(
            "tickettype_id",
            "Ticket type",
            "Only agents who take this ticket type.",
            "ticket_types",
            &[],
        ),
        Field::text("role", "Role", "Role that decides what the agent may do."),
        Field::boolean("includedisabled", "Include disabled", "Whether disabled agents are listed too."),
        Field::boolean(
            "includeapiagents",
            "Include API agents",
            "Whether agents that exist for the API are listed too.",
        ),
        Field::boolean(
            "includeunassigned",
            "Include nobody",
            "Whether the agent that stands for nobody is listed.",
        ),
    ],
    get_query: &[("includedetails", "true")],
    columns: &[
        Column::integer("id"),
        Column::plain("name"),
        Column::plain("email"),
        Column::plain("firstname"),
        Column::plain("surname"),
        Column::plain("initials"),
        Column::plain("jobtitle"),
        Column::plain("team"),
        Column::plain("isdisabled"),
        Column::integer("linemanager"),
    ],
    detail_columns: &[
        Column::plain("teams"),
        Column::plain("departments"),
        Column::integer("licence_type"),
        Column::plain("extensionnumber"),
        Column::date_time("lastlogindate"),
        Column::plain("isapiagent"),
        Column::plain("is_agent"),
        Column::integer("chargerate"),
        Column::plain("sms"),
        Column::custom_fields("customfields"),
    ],
    main: &["id", "name", "email", "firstname", "surname", "jobtitle", "team", "isdisabled", "customfields"],
    operations: &[
        Operation {
            verb: Verb::List,
            description: "Lists agents, without disabled ones unless you say otherwise. HaloPSA sends all of them at once, and knows no search here.",
            examples: &[
                Example { title: "Every agent", input: r#"{"return_all": true}"# },
                Example {
                    title: "Disabled ones too",
                    input: r#"{"includedisabled": true, "return_all": true}"#,
                },
            ],
        },
        Operation {
            verb: Verb::Get,
            description: "Reads one agent by its id, with teams and departments. 1 stands for nobody.",
            examples: &[Example { title: "One agent", input: r#"{"id": 3}"# }],
        },
    ],
    ..Resource::NONE
};
