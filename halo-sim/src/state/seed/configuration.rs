//! The stock configuration: statuses, SLAs, categories, fields, outcomes
//! (HAPI §16 "Seeds", appendix B). The same in every seed.

use serde_json::json;

use super::random::guid;
use crate::{
    desk::webhooks,
    state::{Key, Row, TableId, World},
};

pub(super) fn plant(world: &mut World) {
    statuses(world);
    slas(world);
    categories(world);
    custom_fields(world);
    outcomes(world);
    workflows(world);
    lookups(world);
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
    // For changes only (ITIL type 2); 0 is for everything.
    let changes = ["Change>Standard", "Change>Emergency"];
    let tickets = values.iter().map(|value| (*value, 1, 0));
    let all = tickets
        .chain(resolutions.iter().map(|value| (*value, 2, 0)))
        .chain(changes.iter().map(|value| (*value, 1, 2)));
    for (index, (value, kind, itil)) in all.enumerate() {
        let id = index as u64 + 1;
        world.table_mut(TableId::Categories).seed(
            Row::new()
                .with("id", id)
                .with("guid", guid(id, "Category"))
                .with("value", value)
                .with("category_name", value)
                .with("itilrequesttype", itil)
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
    let events = webhooks::CATALOGUE.iter().map(|(number, name)| (64, *number, *name));
    for (lookup, id, name) in LOOKUPS.iter().copied().chain(events) {
        let row = Row::new().with("lookupid", lookup).with("id", id).with("name", name).with("sequence", id);
        world.table_mut(TableId::Lookups).put(Key::Pair(lookup, id), row);
    }
}
