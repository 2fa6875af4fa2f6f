//! What the agent behind the token is allowed to see (HAPI §3.5, §14.31).
//!
//! An agent sees the tickets of his teams and the data of his clients; a list
//! leaves out the rest without a word, which is the trap. That an agent in no
//! team and no department gets empty lists is known, how teams, departments
//! and clients combine is assumed. Switches can say otherwise.

use std::collections::HashSet;

use serde_json::Value;

use super::{Resource, tickets::TICKETS};
use crate::{
    desk::tickets,
    faults::Knobs,
    state::{Row, TableId, World},
};

/// The limits that switches set; `None` leaves it to the agent's own record.
#[derive(Clone, Debug, Default)]
pub(crate) struct Limits {
    /// Only these clients and what is theirs.
    pub(crate) clients: Option<Vec<i64>>,
    /// Only tickets of these teams.
    pub(crate) teams: Option<Vec<i64>>,
    /// Not the tickets that the API makes and whose id is a multiple of this.
    pub(crate) own_unseen: Option<u32>,
}

/// What one request sees; `None` is no limit.
#[derive(Clone, Debug)]
pub(crate) struct Sight {
    nothing: bool,
    clients: Option<HashSet<i64>>,
    teams: Option<HashSet<i64>>,
    own_unseen: Option<i64>,
}

impl Sight {
    /// What an agent sees.
    pub(crate) fn of(world: &World, agent: i64, knobs: &Knobs) -> Self {
        let Some(agent) = world.row(TableId::Agents, agent) else {
            return Self { nothing: true, clients: None, teams: None, own_unseen: None };
        };
        let set = |ids: &Vec<i64>| ids.iter().copied().collect();
        let clients = knobs.sight.clients.as_ref().map(set).or_else(|| {
            let own = members(agent, "clients", "client_id");
            (!own.is_empty()).then_some(own)
        });
        let homeless = members(agent, "teams", "team_id").is_empty()
            && members(agent, "departments", "department_id").is_empty();
        Self {
            nothing: knobs.agent_sees_nothing || homeless,
            clients,
            teams: knobs.sight.teams.as_ref().map(set).or_else(|| own_teams(world, agent)),
            own_unseen: knobs.sight.own_unseen.map(i64::from),
        }
    }

    /// Whether lists are empty.
    pub(crate) fn sees_nothing(&self) -> bool {
        self.nothing
    }

    /// Whether nothing is limited.
    pub(crate) fn is_unlimited(&self) -> bool {
        self.clients.is_none() && self.teams.is_none() && self.own_unseen.is_none()
    }

    /// Whether a row is seen.
    pub(crate) fn sees(&self, world: &World, resource: &'static Resource, row: &Row) -> bool {
        if self.is_unlimited() {
            return true;
        }
        if matches!(resource.table, TableId::Actions | TableId::Attachments) {
            let ticket = world.row(TableId::Tickets, row.int("ticket_id"));
            return ticket.is_none_or(|ticket| self.sees(world, &TICKETS, ticket));
        }
        let is_unseen = resource.table == TableId::Tickets
            && row.flag(tickets::BY_API)
            && self.own_unseen.is_some_and(|every| row.int("id").checked_rem(every) == Some(0));
        let in_team = match (&self.teams, resource.table) {
            (Some(teams), TableId::Tickets) => teams.contains(&row.int("team_id")),
            _ => true,
        };
        let client = match resource.table {
            TableId::Clients => Some(row.int("id")),
            _ if resource.field("client_id").is_some() => Some(resource.int(world, row, "client_id")),
            _ => None,
        };
        let of_client = match (&self.clients, client) {
            (Some(clients), Some(client)) => clients.contains(&client),
            _ => true,
        };
        in_team && of_client && !is_unseen
    }
}

/// His teams, those of his departments, and those of no department; no limit
/// where that is all teams.
fn own_teams(world: &World, agent: &Row) -> Option<HashSet<i64>> {
    let teams = members(agent, "teams", "team_id");
    let departments = members(agent, "departments", "department_id");
    let mut seen = HashSet::from([0]);
    let mut all = true;
    for team in world.table(TableId::Teams).rows() {
        let (id, department) = (team.int("id"), team.int("department_id"));
        if teams.contains(&id) || department == 0 || departments.contains(&department) {
            seen.insert(id);
        } else {
            all = false;
        }
    }
    (!all).then_some(seen)
}

/// The ids in a list of memberships.
fn members(agent: &Row, list: &str, id: &str) -> HashSet<i64> {
    let rows = agent.get(list).and_then(Value::as_array).into_iter().flatten();
    rows.filter_map(|row| row.get(id)?.as_i64()).collect()
}
