//! What one connection may take of a host that it shares with others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Semaphore;

use crate::egress::Refusal;
use crate::failure::Failure;

/// How many calls of a connection run at once where there is no pool.
pub(crate) const CALLS: usize = 64;

/// What one connection may take of its host. One account then slows itself down and
/// not its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// How many of its calls run at once; others wait until their deadline. Unless
    /// set, half of the slots of a [pool](crate::Allocation::Pooling), and 64 without
    /// one.
    pub calls: Option<usize>,
    /// How many sockets it has open; requests wait for one. 256 unless set.
    pub sockets: usize,
    /// How many requests one call may send. 10,000 unless set; further ones are
    /// denied.
    pub requests: u64,
    /// How many bytes the request bodies of one call may have together. 256 MiB unless
    /// set; a request that goes beyond that fails.
    pub request_bytes: u64,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self { calls: None, sockets: 256, requests: 10_000, request_bytes: 256 << 20 }
    }
}

impl ConnectionLimits {
    /// Places for the calls of a connection in a host with so many slots.
    pub(crate) fn places(&self, slots: Option<usize>) -> Arc<Semaphore> {
        let share = || slots.map_or(CALLS, |slots| slots.div_ceil(2));
        permits(self.calls.unwrap_or_else(share))
    }

    /// Places for its sockets.
    pub(crate) fn socket_places(&self) -> Arc<Semaphore> {
        permits(self.sockets)
    }

    /// What one of its calls may send.
    pub(crate) fn allowance(&self) -> Allowance {
        let left = Left {
            requests: AtomicU64::new(self.requests),
            bytes: AtomicU64::new(self.request_bytes),
            over: AtomicBool::new(false),
        };
        Allowance { limits: *self, left: Arc::new(left) }
    }
}

/// At least one, or nothing would ever happen.
fn permits(count: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(count.clamp(1, Semaphore::MAX_PERMITS)))
}

/// What is left of what one call may send. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Allowance {
    limits: ConnectionLimits,
    left: Arc<Left>,
}

#[derive(Debug)]
struct Left {
    requests: AtomicU64,
    bytes: AtomicU64,
    /// A body was cut off.
    over: AtomicBool,
}

impl Allowance {
    /// Counts a request.
    pub(crate) fn request(&self) -> Result<(), Failure> {
        if take(&self.left.requests, 1) {
            return Ok(());
        }
        Err(Failure::Refused(Refusal {
            reason: format!("the call sent {} requests, as many as one may", self.limits.requests),
            remedy: Some("let the operator raise `ConnectionLimits::requests`".to_owned()),
        }))
    }

    /// Counts bytes of a body; `false` when that is more than there may be.
    pub(crate) fn bytes(&self, bytes: u64) -> bool {
        let taken = take(&self.left.bytes, bytes);
        if !taken {
            self.left.over.store(true, Ordering::Relaxed);
        }
        taken
    }

    /// What a failure was, where the request was cut off for its size.
    pub(crate) fn explain(&self, failure: Failure) -> Failure {
        match failure {
            Failure::RequestBody if self.left.over.load(Ordering::Relaxed) => {
                Failure::RequestTooLarge(self.limits.request_bytes)
            }
            failure => failure,
        }
    }
}

fn take(left: &AtomicU64, count: u64) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(count)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_gets_half_of_a_pool_and_never_nothing() {
        let places = |calls, slots| {
            ConnectionLimits { calls, ..ConnectionLimits::default() }.places(slots).available_permits()
        };
        assert_eq!(places(None, None), CALLS);
        assert_eq!(places(None, Some(200)), 100);
        assert_eq!(places(None, Some(1)), 1);
        assert_eq!(places(Some(0), Some(8)), 1);
        assert_eq!(places(Some(500), Some(8)), 500);
    }

    #[test]
    fn an_allowance_ends_and_says_who_can_raise_it() {
        let limits = ConnectionLimits { requests: 2, request_bytes: 10, ..ConnectionLimits::default() };
        let allowance = limits.allowance();
        let shared = allowance.clone();
        assert!(allowance.request().is_ok() && shared.request().is_ok());
        let refused = allowance.request().expect_err("the third").to_string();
        assert!(refused.contains("ConnectionLimits::requests"), "{refused}");
        assert!(matches!(allowance.explain(Failure::RequestBody), Failure::RequestBody));
        assert!(allowance.bytes(10) && !allowance.bytes(1));
        let failed = allowance.explain(Failure::RequestBody).to_string();
        assert!(failed.contains("ConnectionLimits::request_bytes"), "{failed}");
        assert!(limits.allowance().bytes(10), "each call has its own");
    }
}
