//! Ticket types with their forms. Type 1 takes a summary alone; others have
//! mandatory fields (HAPI §7.3).

use serde_json::{Value, json};

use super::random::guid;
use crate::state::{Row, TableId, World};

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
    TicketType {
        id: 8,
        name: "New Starter",
        usage: "ticket",
        itil: 3,
        group: SERVICE_DESK,
        team: "1st Line Support",
        fields: &[(1, true), (2, false), (201, true), (203, true)],
    },
];

pub(super) fn plant(world: &mut World) {
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
        // Changes are kept to fewer statuses and have an SLA of their own.
        let is_change = kind.itil == 2;
        let statuses: Vec<Value> = world
            .table(TableId::Statuses)
            .rows()
            .filter(|status| !is_change || matches!(status.int("id"), 1 | 2 | 7 | 9))
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
                .with("default_sla", if is_change { 2 } else { 1 })
                .with("default_priority", 3)
                .with("default_team", kind.team)
                .with("default_agent", 1)
                .with("reopenedstatus", 8)
                .with("allowall_status", !is_change)
                .with("allowed_status", Value::Array(statuses))
                .with("allowall_actions", kind.id != 4)
                .with("allowall_team", true)
                .with("fields", Value::Array(fields)),
        );
    }
}
