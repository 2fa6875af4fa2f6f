//! Who may do what: the token endpoint, issued tokens, scopes (HAPI §3).

pub(crate) mod ledger;
pub(crate) mod scopes;
pub(crate) mod token;

pub(crate) use ledger::{Caller, Ledger};
pub(crate) use scopes::{Access, Grants, Group, Level};

/// The one API application of the simulated tenant.
///
/// Fixed and public on purpose: it opens nothing but this simulator.
#[derive(Clone, Debug)]
pub(crate) struct Application {
    /// What `actionby_application_id` says (HAPI §8.2): its name.
    pub(crate) name: &'static str,
    /// GUID (HAPI §3.1).
    pub(crate) client_id: &'static str,
    /// Two GUIDs joined by `-` (HAPI §3.1).
    pub(crate) client_secret: &'static str,
    /// The only tenant there is.
    pub(crate) tenant: &'static str,
    /// The agent to log in as (HAPI §3.5).
    pub(crate) agent_id: i64,
}

impl Default for Application {
    fn default() -> Self {
        Self {
            name: "Workflow Automation",
            client_id: "5f0c6d1e-3b7a-4c52-9d8e-2a1b4c6d8e0f",
            client_secret: "9b2d4f60-1c3e-4a5b-8d7f-6e5c4b3a2918-c07e5a3d-8f61-4b29-a4d3-1e2f3c4b5a69",
            tenant: "demo",
            agent_id: crate::state::seed::API_AGENT,
        }
    }
}
