//! The switches that are on, and which of them apply to a request.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Knobs, quirk::Quirk};
use crate::state::seed::random::Random;

/// What all chance is made from: the same switches and requests, the same faults.
const CHANCE: u64 = 0x5eed;

/// A kind of request, as far as switches care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Traffic {
    /// Authorisation server and `/api/authinfo`.
    Login,
    /// The API, reading.
    Read,
    /// The API, changing.
    Write,
    /// A delivery of a webhook: the simulator is the client.
    Delivery,
}

/// A switch with its limits.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What happens.
    pub quirk: Quirk,
    /// Only requests whose path begins so, without case. For deliveries of
    /// webhooks, the path is the receiver's.
    pub route: Option<String>,
    /// Only so many more times.
    pub left: Option<u32>,
    /// Only so often, from 0 to 1.
    pub probability: Option<f64>,
}

impl Fault {
    /// A switch without limits, but for those in its own value.
    #[must_use]
    pub fn new(quirk: Quirk) -> Self {
        let left = match quirk {
            Quirk::ThrottleNext(count)
            | Quirk::UnavailableNext(count)
            | Quirk::ServerErrorNext(count)
            | Quirk::CutAfterCommit(count)
            | Quirk::CutBeforeCommit(count) => Some(count),
            _ => None,
        };
        Self { quirk, route: None, left, probability: None }
    }

    fn concerns(&self, traffic: Traffic, path: &str) -> bool {
        let delivers = matches!(
            self.quirk,
            Quirk::DeliveryDrop
                | Quirk::DeliveryRepeat(_)
                | Quirk::DeliveryDelay(_)
                | Quirk::DeliveryReorder(_)
                | Quirk::DeliveryRetry(_)
        );
        let kind = match self.quirk {
            _ if delivers || traffic == Traffic::Delivery => delivers && traffic == Traffic::Delivery,
            Quirk::CutAfterCommit(_)
            | Quirk::CutEveryCommit(_)
            | Quirk::CutBeforeCommit(_)
            | Quirk::LateCommit(_)
            | Quirk::LateGateway(_)
            | Quirk::SlowWrite(_) => traffic == Traffic::Write,
            // Of logins only where the route names them.
            Quirk::ServerErrorNext(_) if self.route.is_some() => true,
            Quirk::ThrottleNext(_) | Quirk::UnavailableNext(_) | Quirk::ServerErrorNext(_) => {
                traffic != Traffic::Login
            }
            _ => true,
        };
        let prefix =
            |route: &String| path.get(..route.len()).is_some_and(|start| start.eq_ignore_ascii_case(route));
        kind && self.route.as_ref().is_none_or(prefix)
    }
}

/// Holds the switches.
#[derive(Debug)]
pub(crate) struct Switchboard {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    faults: Vec<Fault>,
    random: Random,
    /// Writes so far.
    writes: u32,
}

impl Switchboard {
    /// A board with these switches on.
    #[must_use]
    pub(crate) fn new(quirks: Vec<Quirk>) -> Self {
        Self {
            inner: Mutex::new(Inner {
                faults: quirks.into_iter().map(Fault::new).collect(),
                random: Random::new(CHANCE),
                writes: 0,
            }),
        }
    }

    /// Turns a switch on.
    pub(crate) fn add(&self, fault: Fault) {
        self.lock().faults.push(fault);
    }

    /// Turns all switches off; chance starts over, so that what follows can be
    /// repeated.
    pub(crate) fn clear(&self) {
        *self.lock() = Inner { faults: Vec::new(), random: Random::new(CHANCE), writes: 0 };
    }

    /// The switches that are on.
    #[must_use]
    pub(crate) fn faults(&self) -> Vec<Fault> {
        self.lock().faults.clone()
    }

    /// Decides for one request, and counts it where a switch counts.
    #[must_use]
    pub(crate) fn decide(&self, traffic: Traffic, path: &str) -> Knobs {
        let mut inner = self.lock();
        let Inner { faults, random, writes } = &mut *inner;
        *writes = writes.wrapping_add(u32::from(traffic == Traffic::Write));
        let mut knobs = Knobs::default();
        let mut failed_already = false;
        let mut say_nothing = false;
        for fault in faults.iter_mut() {
            if !fault.concerns(traffic, path) {
                continue;
            }
            // A request fails once: a second outage waits for the next one.
            let outage = matches!(
                fault.quirk,
                Quirk::ThrottleNext(_) | Quirk::UnavailableNext(_) | Quirk::ServerErrorNext(_)
            );
            if outage && failed_already {
                continue;
            }
            if let Quirk::CutEveryCommit(turn) = fault.quirk
                && writes.checked_rem(turn) != Some(0)
            {
                continue;
            }
            if fault.left == Some(0) || fault.probability.is_some_and(|odds| random.unit() >= odds) {
                continue;
            }
            fault.left = fault.left.map(|left| left - 1);
            failed_already |= outage;
            say_nothing |= fault.quirk == Quirk::NoRetryAfter;
            knobs.turn(&fault.quirk);
        }
        if say_nothing {
            knobs.turn(&Quirk::NoRetryAfter);
        }
        if !knobs.jitter.is_zero() {
            knobs.latency += knobs.jitter.mul_f64(random.unit());
        }
        knobs
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_runs_out_and_only_over_the_requests_it_is_about() {
        let board = Switchboard::new(vec![Quirk::ThrottleNext(1), Quirk::CutAfterCommit(1)]);
        assert!(!board.decide(Traffic::Login, "/auth/token").throttle);
        let first = board.decide(Traffic::Read, "/api/Tickets");
        assert!(first.throttle && !first.cut_after_commit);
        let second = board.decide(Traffic::Write, "/api/Tickets");
        assert!(!second.throttle && second.cut_after_commit);
        assert!(!board.decide(Traffic::Write, "/api/Tickets").cut_after_commit);
    }

    #[test]
    fn every_third_write_means_every_third_write() {
        let board = Switchboard::new(vec![Quirk::CutEveryCommit(3), Quirk::CutEveryCommit(0)]);
        let _ = board.decide(Traffic::Read, "/api/Tickets");
        let cut: Vec<bool> =
            (0..7).map(|_| board.decide(Traffic::Write, "/api/Tickets").cut_after_commit).collect();
        assert_eq!(cut, [false, false, true, false, false, true, false]);
    }

    #[test]
    fn a_switch_can_be_kept_to_a_route() {
        let board = Switchboard::new(Vec::new());
        board.add(Fault { route: Some("/api/tickets".to_owned()), ..Fault::new(Quirk::Html200) });
        assert!(board.decide(Traffic::Read, "/api/Tickets/5").spoilt.is_some());
        assert!(board.decide(Traffic::Read, "/api/Client").spoilt.is_none());
    }

    #[test]
    fn route_count_and_chance_work_together_and_can_be_repeated() {
        let board = Switchboard::new(Vec::new());
        let run = || {
            board.clear();
            board.add(Fault {
                route: Some("/api/Client".to_owned()),
                left: Some(3),
                probability: Some(0.3),
                ..Fault::new(Quirk::Html200)
            });
            board.add(Fault { probability: Some(0.5), ..Fault::new(Quirk::Latency(5)) });
            let paths = ["/api/Client", "/api/Site"].iter().cycle().take(60);
            paths
                .map(|path| board.decide(Traffic::Read, path))
                .map(|knobs| (knobs.spoilt, knobs.latency))
                .collect()
        };
        let first: Vec<_> = run();
        assert_eq!(first, run());
        assert_eq!(first.iter().filter(|(spoilt, _)| spoilt.is_some()).count(), 3);
        assert!(first.iter().skip(1).step_by(2).all(|(spoilt, _)| spoilt.is_none()), "another route");
        let slow = first.iter().filter(|(_, latency)| !latency.is_zero()).count();
        assert!((15..45).contains(&slow), "{slow} of 60");
    }
}
