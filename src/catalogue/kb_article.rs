//! Articles of the knowledge base (HAPI §10.12, schema `KBEntry`).

use super::common::{CLIENT, INACTIVE, INCLUDE_ACTIVE, INCLUDE_INACTIVE, SEARCH, SITE};
use super::field::{CUSTOM_FIELDS, Column, Field, Kind};
use super::resource::{Example, Operation, Required, Resource, Scopes, Verb};

/// The resource `kb_article`.
pub static KB_ARTICLE: Resource = Resource {
    name: "kb_article",
    title: "Knowledge base article",
    plural: "Knowledge base articles",
    group: "Knowledge and planning",
    description: "What is known about a question, with its answer.",
    path: "/KBArticle",
    list_key: "articles",
    scopes: Scopes { read: "read:kb", edit: "edit:kb" },
    fields: &[
        Field::required_text("name", "Title", "Title of the article."),
        Field::text("description", "Description", "The question, in plain text."),
        Field::html("description_html", "Description (HTML)", "The problem, as HTML."),
        Field::text("resolution", "Resolution", "The answer, in plain text."),
        Field::html("resolution_html", "Resolution (HTML)", "The solution, as HTML."),
        Field::text("internalmemoagent", "Internal note", "Note that only agents see.").long(),
        Field::integer("type", "Type", "Number of the type of article."),
        Field::text("kb_tags", "Tags", "Comma separated."),
        Field::of(
            "faqlists",
            "FAQ lists",
            "The lists that it stands in. The list replaces what was there.",
            Kind::Objects(&[Field::id("id", "Id", "Id of the FAQ list.")]),
        ),
        Field::boolean("showforall", "Show to all", "Whether everybody sees the article."),
        Field::date_time("next_review_date", "Next review", "When the article is to be reviewed next."),
        Field::choice("ticket_id", "Ticket", "Number of the ticket that it came from.", "tickets", &[]),
        INACTIVE,
        CUSTOM_FIELDS,
    ],
    required: Required::all(&["name"]),
    filters: &[
        SEARCH,
        Field::integer("type", "Type", "Only articles of this type."),
        CLIENT,
        SITE,
        Field::choice(
            "organisation_id",
            "Organisation",
            "Organisation that the article is for.",
            "organisations",
            &[],
        ),
        Field::choice(
            "device_id",
            "Asset",
            "Asset that the article is about.",
            "assets",
            &[("client_id", "client_id")],
        ),
        Field::ids("faqlists", "FAQ lists", "Only articles of one of these lists."),
        Field::id("related_to", "Related to", "Only articles related to this one."),
        Field::choice(
            "related_to_ticket",
            "Related to ticket",
            "Only articles related to this ticket.",
            "tickets",
            &[],
        ),
        Field::text("language_code", "Language", "Code of the language, such as en-GB."),
        INCLUDE_ACTIVE,
        INCLUDE_INACTIVE,
    ],
    get_query: &[("includedetails", "true")],
    columns: &[
        Column::integer("id"),
        Column::plain("name"),
        Column::integer("type"),
        Column::plain("tag_string"),
        Column::plain("inactive"),
        Column::date_time("date_created"),
        Column::date_time("date_edited"),
        Column::date_time("next_review_date"),
        Column::integer("view_count"),
        Column::integer("useful_count"),
    ],
    detail_columns: &[
        Column::plain("description"),
        Column::plain("description_html"),
        Column::plain("resolution"),
        Column::plain("resolution_html"),
        Column::integer("creator_id"),
        Column::plain("creator_name"),
        Column::plain("editor_name"),
        Column::integer("ticket_id"),
        Column::plain("faqlists"),
        Column::custom_fields("customfields"),
    ],
    main: &[
        "id",
        "name",
        "type",
        "tag_string",
        "inactive",
        "date_edited",
        "description",
        "resolution",
        "customfields",
    ],
    operations: &[
        Operation {
            verb: Verb::List,
            description: "Lists articles, active ones unless you say otherwise.",
            examples: &[
                Example { title: "Find an article", input: r#"{"search": "VPN"}"# },
                Example { title: "Every article", input: r#"{"return_all": true}"# },
            ],
        },
        Operation {
            verb: Verb::Get,
            description: "Reads one article by its id, with its text.",
            examples: &[Example { title: "One article", input: r#"{"id": 1}"# }],
        },
        Operation {
            verb: Verb::Create,
            description: "Makes an article. Who sees it follows from its FAQ lists.",
            examples: &[Example {
                title: "An article",
                input: r#"{"name": "Reset the VPN client", "description": "The client does not connect.", "resolution": "Remove the profile and load it again."}"#,
            }],
        },
        Operation {
            verb: Verb::Update,
            description: "Changes the given fields of an article and leaves the others as they are. Lists replace what was there.",
            examples: &[Example {
                title: "Review it next year",
                input: r#"{"id": 1, "next_review_date": "2027-01-31T00:00:00Z"}"#,
            }],
        },
        Operation {
            verb: Verb::Delete,
            description: "Deletes an article. Consider setting inactive instead.",
            examples: &[Example { title: "Delete an article", input: r#"{"id": 3}"# }],
        },
    ],
    ..Resource::NONE
};
