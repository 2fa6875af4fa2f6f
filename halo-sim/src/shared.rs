//! What all connections share: the tenant and its surroundings.

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::{
    Seed,
    auth::{Application, Ledger},
    config::Config,
    faults::Switchboard,
    hooks::Outbox,
    log::Log,
    state::{Clock, Recent, World},
    throttle::Limiter,
};

/// The running simulator.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) application: Application,
    pub(crate) port: u16,
    /// The port of attachment links.
    pub(crate) files_port: u16,
    pub(crate) switchboard: Switchboard,
    pub(crate) clock: Clock,
    pub(crate) log: Log,
    pub(crate) limiter: Limiter,
    /// Deliveries of webhooks that wait to be sent.
    pub(crate) outbox: Outbox,
    /// Records as they were before late changes.
    pub(crate) recent: Recent,
    world: RwLock<World>,
    ledger: Mutex<Ledger>,
    seed: Mutex<Seed>,
}

impl Shared {
    /// A simulator that listens on these ports.
    pub(crate) fn new(config: &Config, port: u16, files_port: u16) -> Self {
        Self {
            application: Application::default(),
            port,
            files_port,
            seed: Mutex::new(config.seed),
            switchboard: Switchboard::new(config.quirks.clone()),
            clock: Clock::default(),
            log: Log::default(),
            limiter: Limiter::default(),
            outbox: Outbox::default(),
            recent: Recent::default(),
            world: RwLock::new(config.seed.build()),
            ledger: Mutex::default(),
        }
    }

    /// Back to the seed; tokens stay good.
    pub(crate) fn reset(&self) {
        let seed = *self.seed.lock().unwrap_or_else(PoisonError::into_inner);
        *self.world_mut() = seed.build();
        self.switchboard.clear();
        self.clock.reset();
        self.log.clear();
        self.limiter.clear();
        self.outbox.clear();
        self.recent.clear();
    }

    /// Another seed, then [`Self::reset`].
    pub(crate) fn replant(&self, seed: Seed) {
        *self.seed.lock().unwrap_or_else(PoisonError::into_inner) = seed;
        self.reset();
    }

    /// The tenant, to read.
    pub(crate) fn world(&self) -> RwLockReadGuard<'_, World> {
        self.world.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tenant, to change.
    pub(crate) fn world_mut(&self) -> RwLockWriteGuard<'_, World> {
        self.world.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The issued tokens.
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the simulator is.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}
