//! The own house: organisation, departments, teams, agents.

use serde_json::{Value, json};

use super::{API_AGENT, random::guid};
use crate::state::{Row, TableId, World};

pub(super) fn plant(world: &mut World) {
    organisation(world);
    teams(world);
    agents(world);
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
                .with("departments", departments(id, department))
                .with("pagesize", 50)
                .with("jobtitle", if index % 4 == 0 { "Team Lead" } else { "Technician" }),
        );
    }
}

/// The agent's own department; the agent of the API works for all of them, so
/// that nothing is hidden from a client.
fn departments(agent: i64, own: i64) -> Value {
    let all: &[i64] = if agent == API_AGENT { &[3, 4] } else { &[own] };
    all.iter().map(|id| json!({ "agent_id": agent, "department_id": id, "membershiplevel": 1 })).collect()
}
