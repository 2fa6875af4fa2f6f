//! Deliveries on their way: one after the other in the order of the events,
//! unless a switch loses, repeats, delays or reorders them.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::Uri;

use super::{Delivery, send};
use crate::{
    faults::{DeliveryKnobs, Traffic},
    shared::Shared,
};

/// How long deliveries are collected before they are reordered.
const COLLECTING: Duration = Duration::from_secs(1);
/// The time between two tries.
const BETWEEN_TRIES: Duration = Duration::from_secs(1);

/// What waits to be sent.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    queue: VecDeque<Parcel>,
    /// Collected, to be sent in another order.
    held: Vec<Parcel>,
    /// How often the collected ones were sent off.
    rounds: u64,
    /// Whether a task is sending.
    busy: bool,
}

/// A delivery with what happens to it.
#[derive(Debug)]
struct Parcel {
    delivery: Delivery,
    knobs: DeliveryKnobs,
}

impl Outbox {
    /// Forgets what was not sent yet.
    pub(crate) fn clear(&self) {
        let mut inner = self.lock();
        inner.queue.clear();
        inner.held.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes deliveries over.
pub(super) fn post(shared: &Arc<Shared>, deliveries: Vec<Delivery>) {
    for delivery in deliveries {
        let path = delivery.url.parse::<Uri>().map(|uri| uri.path().to_owned()).unwrap_or_default();
        let knobs = shared.switchboard.decide(Traffic::Delivery, &path).delivery;
        let parcel = Parcel { delivery, knobs };
        if parcel.knobs.delay.is_zero() {
            sort(shared, parcel);
            continue;
        }
        let shared = Arc::clone(shared);
        tokio::spawn(async move {
            tokio::time::sleep(parcel.knobs.delay).await;
            sort(&shared, parcel);
        });
    }
}

/// Into the queue, or to those that are collected.
fn sort(shared: &Arc<Shared>, parcel: Parcel) {
    let most = parcel.knobs.reorder;
    if most == 0 {
        enqueue(shared, [parcel]);
        return;
    }
    let (full, first, round) = {
        let mut inner = shared.outbox.lock();
        inner.held.push(parcel);
        (inner.held.len() >= most, inner.held.len() == 1, inner.rounds)
    };
    if full {
        release(shared, round);
    } else if first {
        let shared = Arc::clone(shared);
        tokio::spawn(async move {
            tokio::time::sleep(COLLECTING).await;
            release(&shared, round);
        });
    }
}

/// Sends off what was collected, the last first.
fn release(shared: &Arc<Shared>, round: u64) {
    let held = {
        let mut inner = shared.outbox.lock();
        if inner.rounds != round {
            return;
        }
        inner.rounds += 1;
        std::mem::take(&mut inner.held)
    };
    enqueue(shared, held.into_iter().rev());
}

fn enqueue(shared: &Arc<Shared>, parcels: impl IntoIterator<Item = Parcel>) {
    let start = {
        let mut inner = shared.outbox.lock();
        inner.queue.extend(parcels);
        let start = !inner.busy && !inner.queue.is_empty();
        inner.busy |= start;
        start
    };
    if start {
        let shared = Arc::clone(shared);
        tokio::spawn(async move {
            while let Some(parcel) = next(&shared) {
                send_off(&shared, &parcel).await;
            }
        });
    }
}

fn next(shared: &Shared) -> Option<Parcel> {
    let mut inner = shared.outbox.lock();
    let next = inner.queue.pop_front();
    inner.busy = next.is_some();
    next
}

async fn send_off(shared: &Shared, parcel: &Parcel) {
    let Parcel { delivery, knobs } = parcel;
    if knobs.drop {
        send::lose(shared, delivery);
        return;
    }
    for _ in 0..=knobs.repeat {
        for retry in 0..=knobs.retry {
            if retry > 0 {
                tokio::time::sleep(BETWEEN_TRIES).await;
            }
            if send::deliver(shared, delivery).await {
                break;
            }
        }
    }
}
