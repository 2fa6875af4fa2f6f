//! Paths of which the status and the shape of the answer are recorded, and little
//! more (HAPI §5.1, §11.1). All are read with GET.

use serde_json::{Value, json};

use super::{Envelope, organisation, people::TEAM, render::ListRenderer};
use crate::{
    auth::Group,
    protocol::{Query, Refusal},
    state::{Row, TableId, World},
};

/// A path with its answer.
pub(crate) struct Known {
    /// The path below `/api/`.
    pub(crate) path: &'static str,
    /// The scopes that open it.
    pub(crate) group: Group,
    /// What a GET answers.
    pub(crate) get: Get,
    /// What a POST is refused with.
    pub(crate) post: fn() -> Refusal,
}

/// What a GET answers.
#[derive(Clone, Copy)]
pub(crate) enum Get {
    /// A refusal, whatever the token may do.
    Refused(fn() -> Refusal),
    /// A list.
    Rows(Envelope, fn(&World, &Query) -> Vec<Value>),
    /// One object.
    Object(fn(&World) -> Value),
}

impl Known {
    const PLAIN: Self = Self {
        path: "",
        group: Group::Configuration,
        get: Get::Refused(absent),
        post: || Refusal::MethodNotAllowed,
    };

    const fn refused(path: &'static str, refusal: fn() -> Refusal) -> Self {
        Self { path, get: Get::Refused(refusal), ..Self::PLAIN }
    }

    const fn rows(path: &'static str, group: Group, rows: fn(&World, &Query) -> Vec<Value>) -> Self {
        Self { path, group, get: Get::Rows(Envelope::Bare, rows), ..Self::PLAIN }
    }

    const fn object(path: &'static str, group: Group, object: fn(&World) -> Value) -> Self {
        Self { path, group, get: Get::Object(object), ..Self::PLAIN }
    }
}

fn absent() -> Refusal {
    Refusal::NotFound
}

/// A module that the agent has no right to, whatever the scopes of the
/// application.
fn no_module() -> Refusal {
    Refusal::Unauthorized("the agent has no right to this module".to_owned())
}

fn not_allowed() -> Refusal {
    Refusal::Forbidden("the agent is not allowed to".to_owned())
}

/// All such paths.
pub(crate) static ALL: &[Known] = &[
    Known::refused("Timesheet/mine", not_allowed),
    Known::refused("TimesheetEvent/mine", not_allowed),
    Known::refused("IncomingEvent", not_allowed),
    Known::refused("SecurityQuestionValidate", not_allowed),
    Known::refused("Client/me", no_module),
    Known::refused("PasswordField", no_module),
    Known::refused("Users/me", absent),
    Known::refused("Users/onbehalf", absent),
    Known::refused("Appointment/Booking", absent),
    Known::refused("Tickets/salesmailbox", || Refusal::Crash("salesmailbox".to_owned())),
    Known { post: no_module, ..Known::rows("CRMNoteReply", Group::Crm, |_, _| Vec::new()) },
    Known {
        get: Get::Rows(Envelope::Keyed("contracts"), |_, _| Vec::new()),
        ..Known::rows("SupplierContract", Group::Suppliers, |_, _| Vec::new())
    },
    // The keys of the two objects are not recorded [assumed].
    Known::object("Asset/NextTag", Group::Assets, next_tag),
    Known::object("Tickets/zapier", Group::Tickets, |_| json!({})),
    Known::rows("Asset/GetAllSoftwareVersions", Group::Assets, |_, _| Vec::new()),
    Known::rows("Team/Tree", Group::Configuration, teams),
    Known::rows("Site/StockBins", Group::Customers, stock_bins),
    Known::rows("Timesheet/forecasting", Group::Timesheets, forecast),
    Known::rows("AreaAzureTenant", Group::Customers, organisation::azure_tenants),
    Known::rows("Search", Group::Tickets, search),
];

/// The path that these parts are, without case.
pub(crate) fn find(parts: &[&str]) -> Option<&'static Known> {
    ALL.iter().find(|known| {
        let mut names = known.path.split('/');
        parts.iter().all(|part| names.next().is_some_and(|name| name.eq_ignore_ascii_case(part)))
            && names.next().is_none()
    })
}

fn next_tag(world: &World) -> Value {
    let count = world.table(TableId::Assets).rows().count();
    json!({ "tag": format!("{:06}", count + 1) })
}

fn teams(world: &World, query: &Query) -> Vec<Value> {
    let renderer = ListRenderer::new(world, &TEAM, query, false);
    world.table(TableId::Teams).rows().map(|row| renderer.row(row).into()).collect()
}

fn stock_bins(world: &World, _: &Query) -> Vec<Value> {
    let sites = world.table(TableId::Sites).rows().filter(|site| site.flag("isstocklocation"));
    sites
        .map(|site| {
            let (id, name) = (site.int("id"), site.text("name"));
            json!({
                "id": id, "key": id.to_string(), "name": name, "stockbin_id": 0, "stockbin_name": "",
                "table": 3, "use": "site",
            })
        })
        .collect()
}

fn forecast(world: &World, _: &Query) -> Vec<Value> {
    let rows = world.table(TableId::Timesheets).rows();
    rows.map(|row| {
        json!({
            "id": 0,
            "agent_id": row.int("agent_id"),
            "agent_name": world.text(TableId::Agents, row.int("agent_id"), "name"),
            "date": row.text("date"),
            "actual_hours": row.get("actual_hours"),
            "target_hours": row.get("target_hours"),
            "workdayid": row.int("workdayid"),
        })
    })
    .collect()
}

/// Clients, sites, users and tickets whose name or summary holds a text; none
/// without one. How many of each where nobody says is assumed.
fn search(world: &World, query: &Query) -> Vec<Value> {
    let Some(wanted) = query.get("search").map(str::to_lowercase) else {
        return Vec::new();
    };
    let most = query.int("count_per_entity").and_then(|most| usize::try_from(most).ok()).unwrap_or(10);
    let entities = [
        ("ticket", TableId::Tickets, "summary"),
        ("client", TableId::Clients, "name"),
        ("site", TableId::Sites, "name"),
        ("user", TableId::Users, "name"),
    ];
    let mut found = Vec::new();
    for (entity, table, column) in entities {
        let holds = |row: &&Row| !row.flag("deleted") && row.text(column).to_lowercase().contains(&wanted);
        found.extend(world.table(table).rows().filter(holds).take(most).map(|row| {
            json!({
                "use": entity,
                "id": row.int("id"),
                "name": row.text("name"),
                "summary": row.text("summary"),
                "client_name": world.text(TableId::Clients, row.int("client_id"), "name"),
            })
        }));
    }
    found
}
