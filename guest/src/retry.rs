//! Whether to send a request again: one pure function.
//!
//! A create, and what puts a list back that was read before, is sent again only
//! where the service certainly did nothing with it. Reads and overwrites may be repeated after a broken connection or a gateway
//! error too. A time-out is never repeated: it has used up the time already.

use core::time::Duration;

use crate::http::{Reached, Reason};

/// The longest that one call waits on purpose, in all; longer waits are the
/// host's (it can show them, and do something else meanwhile).
pub const MOST_WAITING: Duration = Duration::from_secs(10);

/// How often one request is sent, at most, while the server is out of order.
const MOST_ATTEMPTS: u32 = 4;

/// What a server that throttles without saying for how long is given.
const UNTOLD_THROTTLE: Duration = Duration::from_secs(30);

/// What becomes of a request that is sent twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    /// Nothing: it only reads.
    Read,
    /// The same as of one that is sent once: it overwrites or removes.
    Overwrite,
    /// It may undo what came between: it puts a list back that was read before.
    Replace,
    /// A second record.
    Create,
}

/// What came instead of a good answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// A status that is no success.
    Status(u16),
    /// No answer.
    NoAnswer(Reason, Reached),
}

/// What to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Fail.
    GiveUp,
    /// Send it again after this time.
    Wait(Duration),
    /// Nothing happened, and it may work after this time, which is too long to
    /// wait for in here.
    Postpone(Duration),
}

/// Decides. `attempt` counts the times it was sent, from 1; `asked` is the
/// server's `Retry-After`; `jitter` is in 0..=255; `patience` is the time that
/// this call may still spend on waiting.
pub fn decide(
    safety: Safety,
    attempt: u32,
    trouble: Trouble,
    asked: Option<Duration>,
    jitter: u8,
    patience: Duration,
) -> Decision {
    let (did_nothing, repeatable) = match trouble {
        Trouble::Status(429) => (true, true),
        Trouble::Status(502..=504) => (false, true),
        Trouble::NoAnswer(Reason::NoConnection, Reached::No) => (true, true),
        Trouble::NoAnswer(Reason::Broken, reached) => (reached == Reached::No, true),
        _ => (false, false),
    };
    if !repeatable || (matches!(safety, Safety::Create | Safety::Replace) && !did_nothing) {
        return Decision::GiveUp;
    }
    let throttled = trouble == Trouble::Status(429);
    if attempt >= MOST_ATTEMPTS {
        return match throttled {
            true => Decision::Postpone(asked.unwrap_or(UNTOLD_THROTTLE)),
            false => Decision::GiveUp,
        };
    }
    let wait = asked.unwrap_or_else(|| growing(attempt, jitter));
    if wait <= patience {
        Decision::Wait(wait)
    } else if throttled {
        Decision::Postpone(asked.unwrap_or(UNTOLD_THROTTLE))
    } else {
        // A server that says for how long it is away is believed.
        match asked {
            Some(asked) if safety == Safety::Read => Decision::Postpone(asked),
            _ => Decision::GiveUp,
        }
    }
}

/// Half a second, one, two… and up to half as much again.
fn growing(attempt: u32, jitter: u8) -> Duration {
    let base = 500_u32.saturating_mul(1 << (attempt.saturating_sub(1)).min(6));
    Duration::from_millis(u64::from(base + base / 2 * u32::from(jitter) / 255))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = MOST_WAITING;
    const ALL: [Trouble; 9] = [
        Trouble::Status(400),
        Trouble::Status(429),
        Trouble::Status(500),
        Trouble::Status(502),
        Trouble::Status(503),
        Trouble::NoAnswer(Reason::NoConnection, Reached::No),
        Trouble::NoAnswer(Reason::Broken, Reached::Maybe),
        Trouble::NoAnswer(Reason::TimedOut, Reached::Maybe),
        Trouble::NoAnswer(Reason::Denied, Reached::No),
    ];

    fn waits(safety: Safety, trouble: Trouble) -> bool {
        decide(safety, 1, trouble, None, 0, PATIENCE) != Decision::GiveUp
    }

    #[test]
    fn a_create_is_repeated_only_where_nothing_happened() {
        for safety in [Safety::Create, Safety::Replace] {
            let repeated: Vec<_> = ALL.into_iter().filter(|t| waits(safety, *t)).collect();
            assert_eq!(
                repeated,
                [Trouble::Status(429), Trouble::NoAnswer(Reason::NoConnection, Reached::No)],
                "{safety:?}"
            );
        }
    }

    #[test]
    fn reads_and_overwrites_are_repeated_alike() {
        for trouble in ALL {
            assert_eq!(waits(Safety::Read, trouble), waits(Safety::Overwrite, trouble), "{trouble:?}");
        }
        assert!(waits(Safety::Read, Trouble::Status(503)));
        assert!(!waits(Safety::Read, Trouble::Status(500)));
        assert!(!waits(Safety::Read, Trouble::NoAnswer(Reason::TimedOut, Reached::Maybe)));
    }

    #[test]
    fn the_server_is_listened_to() {
        let asked = Some(Duration::from_secs(7));
        let decision = decide(Safety::Create, 1, Trouble::Status(429), asked, 9, PATIENCE);
        assert_eq!(decision, Decision::Wait(Duration::from_secs(7)));
    }

    #[test]
    fn a_long_wait_is_left_to_the_host() {
        let asked = Some(Duration::from_secs(60));
        let decision = decide(Safety::Read, 1, Trouble::Status(429), asked, 0, PATIENCE);
        assert_eq!(decision, Decision::Postpone(Duration::from_secs(60)));
        let away = decide(Safety::Read, 1, Trouble::Status(503), asked, 0, PATIENCE);
        assert_eq!(away, Decision::Postpone(Duration::from_secs(60)));
        let worn_out = decide(Safety::Read, 4, Trouble::Status(429), None, 0, PATIENCE);
        assert_eq!(worn_out, Decision::Postpone(UNTOLD_THROTTLE));
        let impatient = decide(Safety::Read, 1, Trouble::Status(503), None, 0, Duration::ZERO);
        assert_eq!(impatient, Decision::GiveUp);
    }

    #[test]
    fn waits_grow_and_differ() {
        assert_eq!(growing(1, 0), Duration::from_millis(500));
        assert_eq!(growing(3, 0), Duration::from_secs(2));
        assert_eq!(growing(1, 255), Duration::from_millis(750));
        assert!(growing(u32::MAX, 255) < Duration::from_secs(60));
    }
}
