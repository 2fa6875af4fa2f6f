//! Reports, and the rows that they give (HAPI §10.17, schema `AnalyzerProfile`).

use super::common::SEARCH;
use super::field::{Column, Field, Kind};
use super::resource::{
    Example, Handler, Job, LIMIT, Marks, Operation, Output, RETURN_ALL, Required, Resource, Scopes, Verb,
};

/// The resource `report`.
pub static REPORT: Resource = Resource {
    name: "report",
    title: "Report",
    plural: "Reports",
    group: "Set-up and reports",
    description: "A question to HaloPSA's database that an agent has put together.",
    path: "/Report",
    list_key: "reports",
    scopes: Scopes { read: "read:reporting", edit: "edit:reporting" },
    filters: &[
        SEARCH,
        Field::id("reportgroup_id", "Group", "Only reports of this group."),
        Field::integer("type", "Type", "Only reports of this type, as a number."),
        Field::boolean("includepublished", "Include published", "Whether published reports are listed too."),
        Field::boolean("chartonly", "Charts", "Only reports with a chart."),
    ],
    get_query: &[("includedetails", "true")],
    columns: &[
        Column::integer("id"),
        Column::plain("name"),
        Column::integer("group_id"),
        Column::plain("group_name"),
        Column::integer("type"),
        Column::plain("mainentity"),
    ],
    detail_columns: &[
        Column::plain("description"),
        Column::plain("sql"),
        Column::integer("charttype"),
        Column::plain("published_id"),
        Column::plain("available_columns"),
        Column::date_time("last_run_date"),
        Column::plain("is_published"),
        Column::integer("datasource_id"),
        Column::integer("systemreportid"),
        Column::plain("restrictaccess"),
    ],
    main: &["id", "name", "group_name", "type", "mainentity", "description", "last_run_date"],
    operations: &[
        Operation {
            verb: Verb::List,
            description: "Lists reports, without their rows.",
            examples: &[Example { title: "Every report", input: r#"{"return_all": true}"# }],
        },
        Operation {
            verb: Verb::Get,
            description: "Reads one report by its id, without its rows.",
            examples: &[Example { title: "One report", input: r#"{"id": 1}"# }],
        },
        Operation {
            verb: Verb::Job(&RUN),
            description: "Runs a report and gives its rows, one result for each. Columns are named as in the report. Where HaloPSA cannot run it, the error says why.",
            examples: &[
                Example { title: "Open tickets by client", input: r#"{"id": 1}"# },
                Example {
                    title: "Of one client only",
                    input: r#"{"id": 1, "filters": [{"fieldname": "Client", "stringrulevalues": ["Nordlicht Logistik Ltd"]}]}"#,
                },
            ],
        },
    ],
    ..Resource::NONE
};

static RUN: Job = Job {
    name: "run",
    title: "Run a report",
    handler: Handler::RunReport,
    parameters: &[
        Field::choice("id", "Report", "Id of the report.", "reports", &[]),
        RETURN_ALL,
        LIMIT,
        Field::of(
            "filters",
            "Filters",
            "Which rows to keep, by the values of a column.",
            Kind::Objects(&[
                Field::required_text("fieldname", "Column", "Name of the column."),
                Field::of(
                    "stringruletype",
                    "Rule",
                    "0 keeps rows with one of the values, 1 the others.",
                    Kind::Range(0, 1),
                ),
                Field::any("stringrulevalues", "Values", "List of values."),
            ]),
        ),
        Field::date_time(
            "reportingperiodstartdate",
            "From",
            "Start of the period, for reports that have one.",
        ),
        Field::date_time("reportingperiodenddate", "To", "End of the period, for reports that have one."),
        Field::choice("client_id", "Client", "The client, for reports that ask for one.", "clients", &[]),
    ],
    required: Required::all(&["id"]),
    marks: Marks::READS,
    output: Output::Schema(r#"{"type":"object","additionalProperties":{"x-untrusted":true}}"#),
    ..Job::NONE
};
