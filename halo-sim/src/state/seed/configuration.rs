//! The stock configuration: statuses, types, SLAs, agents, teams and so on
//! (HAPI §16 "Seeds", appendix B). The same in every seed.

use serde_json::{Value, json};

use super::{API_AGENT, random::guid};
use crate::state::{Key, Row, TableId, World};

pub(super) fn plant(world: &mut World) {
    organisation(world);
    teams(world);
    agents(world);
    statuses(world);
    slas(world);
    categories(world);
    custom_fields(world);
    ticket_types(world);
    outcomes(world);
    workflows(world);
    lookups(world);
}

fn organisation(world: &mut World) {
    world
        .table_mut(TableId::Organisations)
        .seed(Row::new().with("id", 1).with("name", "Halo-Sim Managed Services"));
    for (id, name, department) in [
        (1, "Kunden", false),
        (2, "Interessenten", false),
        (3, "Service Desk", true),
        (4, "Projekte & Vertrieb", true),
    ] {
        world.table_mut(TableId::TopLevels).seed(
            Row::new()
                .with("id", id)
                .with("guid", guid(id, "TopLevel"))
                .with("name", name)
                .with("agent_department", department)
                .with("organisation_id", 1)
                .with("organisation_name", "Halo-Sim Managed Services")
                .with("long_name", name),
        );
    }
}

/// Teams: name, department, and what they take.
const TEAMS: &[(&str, i64, bool, bool)] = &[
    ("1st Line Support", 3, true, false),
    ("2nd Line Support", 3, true, false),
    ("Netzwerk & Sicherheit", 3, true, false),
    ("Projects", 4, false, true),
];

fn teams(world: &mut World) {
    for (index, (name, department, requests, projects)) in TEAMS.iter().enumerate() {
        let id = index as u64 + 1;
        world.table_mut(TableId::Teams).seed(
            Row::new()
                .with("id", id)
                .with("guid", guid(id, "Team"))
                .with("name", *name)
                .with("sequence", id * 10)
                .with("forrequests", *requests)
                .with("forprojects", *projects)
                .with("foropps", *projects)
                .with("department_id", *department),
        );
    }
}

/// Agents: first name, last name, team.
const AGENTS: &[(&str, &str, i64)] = &[
    ("Alex", "Example", 1),
    ("Jürgen", "Weiß", 1),
    ("Mei", "Nakamura", 1),
    ("Priya", "Singh", 2),
    ("Søren", "Jørgensen", 2),
    ("Zoë", "O'Connor", 2),
    ("Łukasz", "Kowalczyk", 3),
    ("Renée", "Lefèvre", 3),
    ("Tomáš", "Šimánek", 4),
    ("Gone", "Colleague", 1),
    ("Workflow", "Automation", 1),
];

fn agents(world: &mut World) {
    world
        .table_mut(TableId::Agents)
        .seed(Row::new().with("id", 1).with("name", "Unassigned").with("is_agent", true));
    for (index, (first, last, team)) in AGENTS.iter().enumerate() {
        let id = index as i64 + 2;
        let team_name = world.text(TableId::Teams, *team, "name").to_owned();
        let department = world.row(TableId::Teams, *team).map_or(0, |row| row.int("department_id"));
        let initials: String = [first, last].iter().filter_map(|name| name.chars().next()).collect();
        let membership = json!([{
            "id": id, "agent_id": id, "team_id": team, "team_name": team_name.as_str(),
            "department_id": department, "fortickets": true, "forprojects": *team == 4,
            "foropps": *team == 4, "is_manager": index % 4 == 0, "in_section": true,
        }]);
        world.table_mut(TableId::Agents).seed(
            Row::new()
                .with("id", id)
                .with("name", format!("{first} {last}"))
                .with("firstname", *first)
                .with("surname", *last)
                .with("initials", initials)
                .with("email", format!("agent{id}@desk.example"))
                .with("is_agent", true)
                .with("isdisabled", *first == "Gone")
                .with("isapiagent", id == API_AGENT)
                .with("team", team_name)
                .with("teams", membership)
                .with(
                    "departments",
                    json!([{ "agent_id": id, "department_id": department, "membershiplevel": 1 }]),
                )
                .with("pagesize", 50)
                .with("jobtitle", if index % 4 == 0 { "Team Lead" } else { "Technician" }),
        );
    }
}

fn statuses(world: &mut World) {
    // Id 9 is the one that closes; nothing in the row says so (HAPI §7.5).
    for (id, name, colour) in [
        (1, "New", "#3ea7d9"),
        (2, "In Progress", "#4caf50"),
        (3, "Action Required", "#e91e63"),
        (4, "With User", "#ff9800"),
        (5, "With Supplier", "#795548"),
        (6, "Wartet auf Ersatzteil", "#9e9e9e"),
        (7, "Awaiting Approval", "#673ab7"),
        (8, "Updated", "#f44336"),
        (9, "Closed", "#607d8b"),
        (10, "On Hold", "#bdbdbd"),
    ] {
        world.table_mut(TableId::Statuses).seed(
            Row::new()
                .with("id", id)
                .with("guid", guid(id, "Status"))
                .with("name", name)
                .with("shortname", name)
                .with("type", 0)
                .with("sequence", id * 10)
                .with("colour", colour)
                .with("slaaction", if matches!(id, 4..=7 | 10) { "H" } else { "" })
                .with("showonquickchange", true),
        );
    }
}

fn slas(world: &mut World) {
    for (sla, sla_name) in [(1, "Standard"), (2, "Premium 24×7")] {
        world.table_mut(TableId::Slas).seed(
            Row::new()
                .with("id", sla)
                .with("guid", guid(sla, "SLA"))
                .with("name", sla_name)
                .with("workday_id", sla)
                .with("workday_name", if sla == 1 { "Mo–Fr 8–17" } else { "24×7" })
                .with("trackslaresponsetime", true)
                .with("trackslafixbytime", true),
        );
        let names = ["Critical", "High", "Medium", "Low"];
        for (index, name) in names.iter().enumerate() {
            let number = index as u64 + 1;
            let id = guid(sla * 100 + number, "Priority");
            let hours = 2_u32.pow(index as u32);
            let row = Row::new()
                .with("id", id.as_str())
                .with("slaid", sla)
                .with("priorityid", number)
                .with("name", if sla == 1 { (*name).to_owned() } else { format!("P{number}") })
                .with("responsetime", f64::from(hours) / sla as f64)
                .with("responseunits", "H")
                .with("fixtime", f64::from(hours) * 4.0 / sla as f64)
                .with("fixunits", "H")
                .with("ishidden", false)
                .with("colour", "#c62828");
            world.table_mut(TableId::Priorities).put(Key::Guid(id), row);
        }
    }
}

fn categories(world: &mut World) {
    let mut values: Vec<&str> = super::words::SUBJECTS.iter().map(|(_, category)| *category).collect();
    values.sort_unstable();
    values.dedup();
    let resolutions = ["Solved>Remotely", "Solved>On site", "Kein Fehler gefunden"];
    let all = values.iter().map(|value| (*value, 1)).chain(resolutions.iter().map(|value| (*value, 2)));
    for (index, (value, kind)) in all.enumerate() {
        let id = index as u64 + 1;
        world.table_mut(TableId::Categories).seed(
            Row::new()
                .with("id", id)
                .with("guid", guid(id, "Category"))
                .with("value", value)
                .with("category_name", value)
                .with("type_id", kind),
        );
    }
}

/// Custom fields: id, name, label, type, table, lookup.
const CUSTOM_FIELDS: &[(i64, &str, &str, i64, i64, i64)] = &[
    (201, "CFLocation", "Location", 0, 1, 0),
    (202, "CFChangeWindow", "Change Window", 0, 1, 0),
    (203, "CFBusinessImpact", "Business Impact", 2, 1, 101),
    (204, "CFGoLive", "Go Live", 4, 1, 0),
    (205, "CFKundenklasse", "Kundenklasse", 0, 2, 0),
    (206, "CFAlarmCode", "Alarm Code", 0, 3, 0),
    (207, "CFPersonalnummer", "Personalnummer", 0, 4, 0),
    (208, "CFRackUnit", "Rack Unit", 0, 5, 0),
];

fn custom_fields(world: &mut World) {
    let system = [
        (1, "summary", "Summary"),
        (2, "details", "Details"),
        (3, "category_1", "Category"),
        (4, "site_id", "Site"),
        (5, "user_id", "User"),
        (6, "priority_id", "Priority"),
    ];
    for (id, name, label) in system {
        world.table_mut(TableId::FieldInfo).seed(field(id, name, label, 0, 1, 0, false));
    }
    for (id, name, label, kind, table, lookup) in CUSTOM_FIELDS {
        world.table_mut(TableId::FieldInfo).seed(field(*id, name, label, *kind, *table, *lookup, true));
    }
}

fn field(
    id: i64,
    name: &'static str,
    label: &'static str,
    kind: i64,
    table: i64,
    lookup: i64,
    custom: bool,
) -> Row {
    Row::new()
        .with("id", id)
        .with("guid", guid(id.unsigned_abs(), "FieldInfo"))
        .with("name", name)
        .with("label", label)
        .with("labellong", label)
        .with("summary", label)
        .with("type", kind)
        .with("lookup", lookup)
        .with("custom", i64::from(custom))
        .with("usage", table)
        .with("characterlimit", 255)
        .with("searchable", true)
}

struct TicketType {
    id: i64,
    name: &'static str,
    usage: &'static str,
    itil: i64,
    group: (i64, &'static str),
    team: &'static str,
    /// Fields of the form: id, and whether the type makes it mandatory.
    fields: &'static [(i64, bool)],
}

const SERVICE_DESK: (i64, &str) = (1, "Service Desk");
const PROJECTS: (i64, &str) = (2, "Projects");
const SALES: (i64, &str) = (3, "Sales");

const TICKET_TYPES: &[TicketType] = &[
    TicketType {
        id: 1,
        name: "Incident",
        usage: "ticket",
        itil: 1,
        group: SERVICE_DESK,
        team: "1st Line Support",
        fields: &[(1, true), (2, false), (3, false), (201, false)],
    },
    // The trailing blank is how such names come (HAPI §7.5, §14.42).
    TicketType {
        id: 2,
        name: "Problem ",
        usage: "ticket",
        itil: 4,
        group: SERVICE_DESK,
        team: "2nd Line Support",
        fields: &[(1, true), (2, true)],
    },
    TicketType {
        id: 3,
        name: "Service Request",
        usage: "ticket",
        itil: 3,
        group: SERVICE_DESK,
        team: "1st Line Support",
        fields: &[(1, true), (2, false), (3, true), (201, false)],
    },
    TicketType {
        id: 4,
        name: "Change Request",
        usage: "ticket",
        itil: 2,
        group: SERVICE_DESK,
        team: "Netzwerk & Sicherheit",
        fields: &[(1, true), (2, false), (202, true), (203, false)],
    },
    TicketType {
        id: 5,
        name: "Project",
        usage: "project",
        itil: 22,
        group: PROJECTS,
        team: "Projects",
        fields: &[(1, true), (204, false)],
    },
    TicketType {
        id: 6,
        name: "Task",
        usage: "ticket",
        itil: 23,
        group: PROJECTS,
        team: "Projects",
        fields: &[(1, true)],
    },
    TicketType {
        id: 7,
        name: "Opportunity",
        usage: "opportunity",
        itil: 0,
        group: SALES,
        team: "Projects",
        fields: &[(1, true)],
    },
];

fn ticket_types(world: &mut World) {
    for kind in TICKET_TYPES {
        let fields: Vec<Value> = kind
            .fields
            .iter()
            .enumerate()
            .filter_map(|(index, (field, mandatory))| {
                let mut info = world.row(TableId::FieldInfo, *field)?.clone();
                info.set("mandatory", *mandatory);
                Some(json!({
                    "id": kind.id * 100 + index as i64, "rtid": kind.id, "fieldid": field,
                    "seq": index + 1, "technew": 1, "techdetail": 1, "fieldinfo": Value::from(info),
                }))
            })
            .collect();
        let statuses: Vec<Value> = world
            .table(TableId::Statuses)
            .rows()
            .map(|status| json!({
                "ticketype_id": kind.id, "status_id": status.int("id"), "status_name": status.text("name"),
            }))
            .collect();
        world.table_mut(TableId::TicketTypes).seed(
            Row::new()
                .with("id", kind.id)
                .with("guid", guid(kind.id.unsigned_abs(), "TicketType"))
                .with("name", kind.name)
                .with("use", kind.usage)
                .with("sequence", kind.id * 10)
                .with("group_id", kind.group.0)
                .with("group_name", kind.group.1)
                .with("cancreate", true)
                .with("agentscanselect", true)
                .with("enduserscanselect", kind.group == SERVICE_DESK)
                .with("itilrequesttype", kind.itil)
                .with("workflow_id", i64::from(kind.id == 4))
                .with("initial_status", 1)
                .with("default_sla", 1)
                .with("default_priority", 3)
                .with("default_team", kind.team)
                .with("default_agent", 1)
                .with("reopenedstatus", 8)
                .with("allowall_status", true)
                .with("allowed_status", Value::Array(statuses))
                .with("allowall_actions", kind.id != 4)
                .with("allowall_team", true)
                .with("fields", Value::Array(fields)),
        );
    }
}

struct Outcome {
    id: i64,
    name: &'static str,
    button: &'static str,
    hides: bool,
    mails: bool,
    status: i64,
    /// Only tickets of this type; 0 is all.
    kind: i64,
}

const OUTCOMES: &[Outcome] = &[
    Outcome {
        id: 1,
        name: "Email User",
        button: "Email User",
        hides: false,
        mails: true,
        status: 4,
        kind: 0,
    },
    Outcome {
        id: 2,
        name: "First User Email",
        button: "First Response",
        hides: false,
        mails: true,
        status: 2,
        kind: 0,
    },
    Outcome { id: 3, name: "Assigned", button: "Assign", hides: true, mails: false, status: 0, kind: 0 },
    Outcome { id: 4, name: "Resolved", button: "Resolve", hides: false, mails: true, status: 9, kind: 0 },
    Outcome { id: 5, name: "Note", button: "Add Note", hides: false, mails: false, status: 0, kind: 0 },
    Outcome { id: 6, name: "Telefonat", button: "Telefonat", hides: false, mails: false, status: 0, kind: 0 },
    Outcome {
        id: 7,
        name: "Private Note",
        button: "Private Note",
        hides: true,
        mails: false,
        status: 0,
        kind: 0,
    },
    Outcome { id: 8, name: "Re-Opened", button: "Reopen", hides: false, mails: false, status: 8, kind: 0 },
    Outcome {
        id: 9,
        name: "Approve Change",
        button: "Approve",
        hides: false,
        mails: false,
        status: 2,
        kind: 4,
    },
];

fn outcomes(world: &mut World) {
    for outcome in OUTCOMES {
        world.table_mut(TableId::Outcomes).seed(
            Row::new()
                .with("id", outcome.id)
                .with("guid", guid(outcome.id.unsigned_abs(), "Outcome"))
                .with("outcome", outcome.name)
                .with("buttonname", outcome.button)
                .with("labellong", outcome.button)
                .with("sequence", outcome.id * 10)
                .with("hidden", outcome.id == 8)
                .with("hidefromuser", outcome.hides)
                .with("sendemail", i64::from(outcome.mails))
                .with("newstatus", outcome.status)
                .with("requesttype", outcome.kind)
                .with("icon", "comment"),
        );
    }
}

fn workflows(world: &mut World) {
    world.table_mut(TableId::Workflows).seed(
        Row::new()
            .with("id", 1)
            .with("name", "Change Management")
            .with("active", true)
            .with("steps", json!([
                { "step_id": 1, "name": "Draft", "actions": [{ "action_id": 9, "start_step": 1, "end_step": 2, "agentaction": true }] },
                { "step_id": 2, "name": "Approved", "actions": [{ "action_id": 4, "start_step": 2, "end_step": 3, "agentaction": true }] },
                { "step_id": 3, "name": "Done", "actions": [] },
            ]))
            .with("stages", json!([{ "id": 1, "name": "Planung" }, { "id": 2, "name": "Umsetzung" }])),
    );
}

/// Lookup values: list, id, name. The same ids in several lists (HAPI §14.18).
const LOOKUPS: &[(i64, i64, &str)] = &[
    (17, 1, "Standard Rate"),
    (17, 2, "Nachtzuschlag"),
    (33, 1, "Managed"),
    (33, 2, "Break-Fix"),
    (41, 1, "Service Reports"),
    (61, 1, "Active"),
    (61, 2, "Retired"),
    (101, 1, "None"),
    (101, 2, "Department"),
    (101, 3, "Whole Company"),
];

fn lookups(world: &mut World) {
    for (lookup, id, name) in LOOKUPS {
        let row =
            Row::new().with("lookupid", *lookup).with("id", *id).with("name", *name).with("sequence", *id);
        world.table_mut(TableId::Lookups).put(Key::Pair(*lookup, *id), row);
    }
}
