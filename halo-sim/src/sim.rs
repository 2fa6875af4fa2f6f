//! A running simulator in a program of your own.

use std::{convert::Infallible, path::Path, sync::Arc};

use anyhow::Context;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    Config, Fault, Quirk, RequestRecord, Seed,
    faults::late,
    resources::{
        self,
        render::{self, Depth},
    },
    server::{self, Port},
    shared::Shared,
    state::{Key, World},
};

/// A running simulator; it stops when dropped. Each has a port and a tenant of
/// its own, so that tests do not disturb each other.
#[derive(Debug)]
pub struct HaloSim {
    shared: Arc<Shared>,
    tasks: [JoinHandle<Infallible>; 2],
}

impl HaloSim {
    /// Binds 127.0.0.1 and serves on a task of the current tokio runtime.
    ///
    /// # Errors
    ///
    /// Where the port cannot be bound.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", config.port))
            .await
            .with_context(|| format!("cannot listen on 127.0.0.1:{}", config.port))?;
        let port = listener.local_addr().context("the socket has no address")?.port();
        let files = TcpListener::bind(("127.0.0.1", 0))
            .await
            .context("cannot listen on a second port for attachment links")?;
        let files_port = files.local_addr().context("the socket has no address")?.port();
        let shared = Arc::new(Shared::new(&config, port, files_port));
        let api = server::serve(listener, Arc::clone(&shared), Port::Api);
        let files = server::serve(files, Arc::clone(&shared), Port::Files);
        let tasks = [tokio::spawn(api), tokio::spawn(files)];
        Ok(Self { shared, tasks })
    }

    /// The base address, such as `http://127.0.0.1:8080`: `/auth` and `/api`
    /// are below it.
    #[must_use]
    pub fn url(&self) -> String {
        self.shared.url()
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.shared.port
    }

    /// The only tenant there is; naming none is fine too (HAPI §3.1).
    #[must_use]
    pub fn tenant(&self) -> &str {
        self.shared.application.tenant
    }

    /// The client id of the API application: a GUID.
    #[must_use]
    pub fn client_id(&self) -> &str {
        self.shared.application.client_id
    }

    /// Its secret: two GUIDs joined by `-` (HAPI §3.1).
    #[must_use]
    pub fn client_secret(&self) -> &str {
        self.shared.application.client_secret
    }

    /// One line of JSON with `url`, `port`, `tenant`, `client_id` and
    /// `client_secret`.
    #[must_use]
    pub fn start_line(&self) -> String {
        json!({
            "url": self.url(),
            "port": self.port(),
            "tenant": self.tenant(),
            "client_id": self.client_id(),
            "client_secret": self.client_secret(),
        })
        .to_string()
    }

    /// Turns a switch on, for all requests from now on.
    pub fn add_quirk(&self, quirk: Quirk) {
        self.add_fault(Fault::new(quirk));
    }

    /// Turns a switch on with limits: a route, a count, a probability.
    pub fn add_fault(&self, fault: Fault) {
        self.shared.switchboard.add(fault);
    }

    /// Turns all switches off.
    pub fn clear_quirks(&self) {
        self.shared.switchboard.clear();
    }

    /// The switches that are on.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.shared.switchboard.faults()
    }

    /// All requests so far, in the order of their answers.
    #[must_use]
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.shared.log.all()
    }

    /// From now on every request is printed on standard error, with ignored
    /// parameters and the reason for the answer.
    pub fn log_to_stderr(&self) {
        self.shared.log.speak();
    }

    /// Forgets all requests so far.
    pub fn clear_requests(&self) {
        self.shared.log.clear();
    }

    /// Every token that was ever given out, to search outputs for.
    #[must_use]
    pub fn tokens_issued(&self) -> Vec<String> {
        self.shared.ledger().issued()
    }

    /// Refuses every token given out so far.
    pub fn revoke_tokens(&self) {
        self.shared.ledger().revoke_all();
    }

    /// Moves the tenant's clock, in milliseconds: tokens expire, new records
    /// are younger, the rate limit's window moves on.
    pub fn advance_clock_ms(&self, by: i64) {
        self.shared.clock.advance_ms(by);
    }

    /// Lets the tenant's time go so many times as fast from now on, so that what
    /// is late by 40 seconds is late by less.
    pub fn speed_up_clock(&self, times: u32) {
        self.shared.clock.set_speed(times);
    }

    /// Does all writes at once that a switch put off. Call it within a tokio
    /// runtime: webhooks are sent from there.
    pub fn settle(&self) {
        late::arrive(&self.shared, i64::MAX);
    }

    /// Back to the seed: data, clock, request log, rate limit and switches.
    /// Tokens stay good.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Another seed, then as [`Self::reset`].
    pub fn replant(&self, seed: Seed) {
        self.shared.replant(seed);
    }

    /// Writes the tenant's data to a file.
    ///
    /// # Errors
    ///
    /// Where the file cannot be written.
    pub fn save_state(&self, path: &Path) -> anyhow::Result<()> {
        self.shared.world().save(path)
    }

    /// Replaces the tenant's data by what [`Self::save_state`] wrote.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read or is none of ours.
    pub fn load_state(&self, path: &Path) -> anyhow::Result<()> {
        let world = World::load(path)?;
        *self.shared.world_mut() = world;
        Ok(())
    }

    /// The tickets that are not deleted.
    #[must_use]
    pub fn ticket_count(&self) -> usize {
        self.shared.world().ticket_count()
    }

    /// A record as `GET /api/{path}/{id}?includedetails=true` shows it, deleted
    /// tickets too. An action is found by ticket and number: use [`Self::actions`].
    #[must_use]
    pub fn record(&self, path: &str, id: i64) -> Option<Value> {
        let resource = resources::find(path)?;
        let world = self.shared.world();
        let row = world.table(resource.table).get(&Key::Int(id))?;
        Some(render::single(&world, resource, row, Depth::Details).into())
    }

    /// All records of a resource, hidden ones too.
    #[must_use]
    pub fn records(&self, path: &str) -> Vec<Value> {
        let Some(resource) = resources::find(path) else {
            return Vec::new();
        };
        let world = self.shared.world();
        let rows = world.table(resource.table).rows();
        rows.map(|row| render::single(&world, resource, row, Depth::Details).into()).collect()
    }

    /// The actions of a ticket, oldest first.
    #[must_use]
    pub fn actions(&self, ticket_id: i64) -> Vec<Value> {
        let Some(resource) = resources::find("Actions") else {
            return Vec::new();
        };
        let world = self.shared.world();
        let rows = world.table(resource.table).owned_by(ticket_id);
        rows.map(|(_, row)| Value::from(render::single(&world, resource, row, Depth::Details))).collect()
    }
}

impl Drop for HaloSim {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}
