//! What the agent behind the token is allowed to see (HAPI §3.5, §14.31).
//!
//! An agent sees the tickets of certain teams and the data of certain clients;
//! a list leaves out the rest without a word, which is the trap. Unlimited
//! unless a switch says otherwise.

use super::Resource;
use crate::state::{Row, TableId, World};

/// The limits; `None` is no limit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sight {
    /// Only these clients and what is theirs.
    pub(crate) clients: Option<Vec<i64>>,
    /// Only tickets of these teams.
    pub(crate) teams: Option<Vec<i64>>,
}

impl Sight {
    /// Whether nothing is limited.
    pub(crate) fn is_unlimited(&self) -> bool {
        self.clients.is_none() && self.teams.is_none()
    }

    /// Whether a row is seen.
    pub(crate) fn sees(&self, world: &World, resource: &'static Resource, row: &Row) -> bool {
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
        in_team && of_client
    }
}
