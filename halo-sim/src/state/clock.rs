//! The tenant's clock: real time, shifted and sped up as tests like.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

/// The tenant's time.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    pace: Mutex<Pace>,
}

/// How the tenant's time follows from real time.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// A moment of real time, in milliseconds since 1970.
    real_ms: i64,
    /// The tenant's time then.
    ours_ms: i64,
    /// How many times as fast it goes.
    speed: u32,
}

impl Default for Pace {
    fn default() -> Self {
        let now = Timestamp::now().as_millisecond();
        Self { real_ms: now, ours_ms: now, speed: 1 }
    }
}

impl Pace {
    fn now_ms(&self) -> i64 {
        let passed = Timestamp::now().as_millisecond().saturating_sub(self.real_ms);
        self.ours_ms.saturating_add(passed.saturating_mul(self.speed.into()))
    }
}

impl Clock {
    /// The tenant's present.
    #[must_use]
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now_ms()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The tenant's present in milliseconds since 1970.
    #[must_use]
    pub(crate) fn now_ms(&self) -> i64 {
        self.lock().now_ms()
    }

    /// Moves the clock forwards, or backwards with a negative number.
    pub(crate) fn advance_ms(&self, by: i64) {
        let mut pace = self.lock();
        pace.ours_ms = pace.ours_ms.saturating_add(by);
    }

    /// Lets the tenant's time go so many times as fast from now on.
    pub(crate) fn set_speed(&self, speed: u32) {
        let mut pace = self.lock();
        let ours_ms = pace.now_ms();
        *pace = Pace { real_ms: Timestamp::now().as_millisecond(), ours_ms, speed: speed.max(1) };
    }

    /// How long a time of the tenant's is in real time.
    #[must_use]
    pub(crate) fn real(&self, ours: Duration) -> Duration {
        ours / self.lock().speed
    }

    /// Back to real time.
    pub(crate) fn reset(&self) {
        *self.lock() = Pace::default();
    }

    fn lock(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
