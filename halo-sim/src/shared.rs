//! What all connections share: the tenant and its surroundings.

use std::{
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use crate::{
    Seed,
    auth::{Application, Ledger},
    config::Config,
    faults::{
        Knobs, Switchboard,
        late::{self, History, OnItsWay},
    },
    hooks::Outbox,
    log::Log,
    state::{Clock, Recent, World},
    throttle::Limiter,
};

/// What a client sees.
pub(crate) enum View<'a> {
    /// What is there.
    Present(RwLockReadGuard<'a, World>),
    /// What was there.
    Past(Arc<World>),
}

impl Deref for View<'_> {
    type Target = World;

    fn deref(&self) -> &World {
        match self {
            Self::Present(world) => world,
            Self::Past(world) => world,
        }
    }
}

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
    /// Writes that are done later.
    pub(crate) on_its_way: OnItsWay,
    /// What late lists show.
    pub(crate) history: History,
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
            on_its_way: OnItsWay::default(),
            history: History::default(),
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
        self.on_its_way.clear();
        self.history.clear();
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

    /// The tenant as a client's lists show it: under a switch, as it was a moment ago.
    pub(crate) fn view(&self, knobs: &Knobs) -> View<'_> {
        if !knobs.late_lists.is_zero() {
            let then = self.clock.now_ms().saturating_sub(late::milliseconds(knobs.late_lists));
            if let Some(world) = self.history.at(then) {
                return View::Past(world);
            }
        }
        View::Present(self.world())
    }

    /// The tenant, to change at a client's wish.
    pub(crate) fn world_to_write(&self, knobs: &Knobs) -> RwLockWriteGuard<'_, World> {
        let world = self.world_mut();
        if !knobs.late_lists.is_zero() {
            self.history.keep(self.clock.now_ms(), &world);
        }
        world
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
