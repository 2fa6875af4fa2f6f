//! Writes that are done when their client is gone, and reads that do not show
//! them yet.
//!
//! What is on its way is kept by the tenant's clock, so that a test can speed it
//! up, move it, or let everything arrive at once.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{shared::Shared, state::World};

/// A write without its client.
type Work = Box<dyn FnOnce(&Arc<Shared>) + Send>;

/// What arrives later.
#[derive(Default)]
pub(crate) struct OnItsWay {
    /// When, in milliseconds of the tenant's time, and what.
    writes: Mutex<Vec<(i64, Work)>>,
}

impl fmt::Debug for OnItsWay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} writes", self.lock().len())
    }
}

impl OnItsWay {
    /// Forgets everything that has not arrived.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(i64, Work)>> {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does a write after a time of the tenant's.
pub(crate) fn post(shared: &Arc<Shared>, delay: Duration, work: Work) {
    let due = shared.clock.now_ms().saturating_add(milliseconds(delay));
    shared.on_its_way.lock().push((due, work));
    let (shared, pause) = (Arc::clone(shared), shared.clock.real(delay));
    tokio::spawn(async move {
        tokio::time::sleep(pause).await;
        arrive(&shared, shared.clock.now_ms());
    });
}

/// Does what has arrived by this time, in its order.
pub(crate) fn arrive(shared: &Arc<Shared>, now: i64) {
    let mut due = {
        let mut writes = shared.on_its_way.lock();
        let (due, rest) =
            std::mem::take(&mut *writes).into_iter().partition::<Vec<_>, _>(|(at, _)| *at <= now);
        *writes = rest;
        due
    };
    due.sort_by_key(|(at, _)| *at);
    for (_, work) in due {
        work(shared);
    }
}

/// What the tenant was before its latest writes.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// When something was written, and what was there before.
    before: Mutex<VecDeque<(i64, Arc<World>)>>,
}

impl History {
    /// Keeps what is there, because it is about to change.
    pub(crate) fn keep(&self, now: i64, world: &World) {
        self.lock().push_back((now, Arc::new(world.clone())));
    }

    /// What readers saw at a time; nothing where that is what is there now.
    pub(crate) fn at(&self, time: i64) -> Option<Arc<World>> {
        let mut before = self.lock();
        while before.front().is_some_and(|(written, _)| *written <= time) {
            before.pop_front();
        }
        before.front().map(|(_, world)| Arc::clone(world))
    }

    /// Forgets all of it.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(i64, Arc<World>)>> {
        self.before.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A time in whole milliseconds.
pub(crate) fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
