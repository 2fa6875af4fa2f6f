//! Canned texts (HAPI §10.20).

use super::field::{Column, Field};
use super::resource::{Example, Operation, Paging, Required, Resource, Verb};

/// The resource `canned_text`.
pub static CANNED_TEXT: Resource = Resource {
    name: "canned_text",
    title: "Canned text",
    plural: "Canned texts",
    group: "Knowledge and planning",
    description: "A text to put into notes and mails.",
    path: "/CannedText",
    list_key: "cannedtexts",
    paging: Paging::Whole,
    fields: &[
        Field::required_text("name", "Name", "Name that the text is found by."),
        Field::text("text", "Text", "The text, without markup.").long(),
        Field::html("html", "Text (HTML)", "The text as HTML."),
        Field::id("group_id", "Group", "Id of the group of texts."),
        Field::choice(
            "department_id",
            "Department",
            "Only agents of this department see the text.",
            "departments",
            &[],
        ),
        Field::choice("team_id", "Team", "Only for this team.", "team_ids", &[]),
        Field::choice("agent_id", "Agent", "Only this agent sees the text.", "agents", &[]),
    ],
    required: Required::all(&["name"]),
    filters: &[
        Field::id("group_id", "Group", "Only texts of this group."),
        Field::choice("agent_id", "Agent", "Only texts of this agent.", "agents", &[]),
        Field::choice("team_id", "Team", "Only texts for this team.", "team_ids", &[]),
        Field::choice("department_id", "Department", "Only texts for this department.", "departments", &[]),
        Field::boolean("showall", "All", "Whether texts for others are listed too."),
        Field::boolean("ticketonly", "For tickets", "Only texts for tickets."),
    ],
    get_query: &[("includedetails", "true")],
    columns: &[
        Column::integer("id"),
        Column::plain("name"),
        Column::integer("group_id"),
        Column::integer("department_id"),
        Column::integer("team_id"),
        Column::integer("agent_id"),
        Column::integer("restriction_type"),
    ],
    detail_columns: &[
        Column::plain("text"),
        Column::plain("html"),
        Column::plain("group_name"),
        Column::plain("agents"),
        Column::plain("departments"),
        Column::plain("roles"),
        Column::plain("teams"),
    ],
    main: &["id", "name", "group_id", "group_name", "text", "html"],
    operations: &[
        Operation {
            verb: Verb::List,
            description: "Lists canned texts. HaloPSA sends all of them at once.",
            examples: &[Example { title: "Every canned text", input: r#"{"return_all": true}"# }],
        },
        Operation {
            verb: Verb::Get,
            description: "Reads one canned text by its id.",
            examples: &[Example { title: "One canned text", input: r#"{"id": 1}"# }],
        },
        Operation {
            verb: Verb::Create,
            description: "Makes a canned text; only the name is needed.",
            examples: &[Example {
                title: "A canned text",
                input: r#"{"name": "Greeting", "text": "Thank you for your message."}"#,
            }],
        },
        Operation {
            verb: Verb::Update,
            description: "Changes the given fields of a canned text and leaves the others as they are.",
            examples: &[Example {
                title: "Another text",
                input: r#"{"id": 1, "text": "Thank you for your call."}"#,
            }],
        },
        Operation {
            verb: Verb::Delete,
            description: "Deletes a canned text for good.",
            examples: &[Example { title: "Delete a canned text", input: r#"{"id": 3}"# }],
        },
    ],
    ..Resource::NONE
};
