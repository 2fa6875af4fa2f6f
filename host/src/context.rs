//! What a call is told about the world: `call-context`.
//!
//! A node imports no clock of the day, no randomness and no environment; this
//! is where they come from.

use std::time::Duration;

use jiff::Timestamp;
use rustls::crypto::SecureRandom;
use tokio::time::Instant;

use crate::error::HostError;
use crate::options::CallOptions;
use crate::trace::TraceParent;
use crate::wit::types::CallContext;

/// Bytes of entropy for each call.
const ENTROPY: usize = 32;

/// The context of one call.
pub(crate) fn call_context(
    options: &CallOptions,
    attempt: u32,
    deadline: Duration,
) -> Result<CallContext, HostError> {
    Ok(CallContext {
        now: format!("{:.3}", Timestamp::now()),
        deadline_ms: u32::try_from(deadline.as_millis()).unwrap_or(u32::MAX),
        attempt,
        idempotency_key: options.idempotency_key.clone(),
        entropy: random_bytes()?,
        trace_parent: options
            .trace_parent
            .as_deref()
            .and_then(TraceParent::parse)
            .map(|parent| parent.child().header()),
        time_zone: options.time_zone.clone(),
        locale: options.locale.clone(),
        dry_run: options.dry_run,
        read_only: options.read_only,
        allowed_operations: options.allowed_operations.clone(),
        confirmed: options.confirmed,
        extensions: None,
    })
}

/// The instant at which so much time will be over, as far as a call can be told.
pub(crate) fn after(time: Duration) -> Instant {
    Instant::now() + time.min(Duration::from_millis(u32::MAX.into()))
}

/// Random bytes in hexadecimal, too many to be guessed.
pub(crate) fn random_hex() -> Result<String, HostError> {
    Ok(random_bytes()?.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// So many random bytes as a call gets, from the operating system.
pub(crate) fn random_bytes() -> Result<Vec<u8>, HostError> {
    let mut bytes = vec![0; ENTROPY];
    let random: &dyn SecureRandom = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut bytes).map_err(|_| HostError::Engine("the system gives no random bytes".to_owned()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> CallContext {
        call_context(&CallOptions::default(), 1, Duration::from_millis(1500)).expect("context")
    }

    #[test]
    fn now_is_an_instant_in_utc_with_milliseconds() {
        let now = context().now;
        assert_eq!(now.len(), "2026-03-01T09:15:02.123Z".len(), "{now}");
        assert!(now.ends_with('Z'), "{now}");
        let told: Timestamp = now.parse().expect(&now);
        assert!(Timestamp::now().duration_since(told).as_secs().abs() <= 1, "{now}");
    }

    #[test]
    fn entropy_is_long_enough_and_fresh() {
        let (one, other) = (context().entropy, context().entropy);
        assert!(one.len() >= 16);
        assert_ne!(one, other);
    }

    #[test]
    fn the_deadline_is_in_milliseconds() {
        assert_eq!(context().deadline_ms, 1500);
    }

    #[test]
    fn a_deadline_beyond_all_measure_is_no_panic() {
        assert!(after(Duration::MAX) > Instant::now());
        let context = call_context(&CallOptions::default(), 1, Duration::MAX).expect("context");
        assert_eq!(context.deadline_ms, u32::MAX);
    }

    #[test]
    fn by_default_nothing_is_confirmed_and_nothing_forbidden() {
        let context = context();
        assert!(!context.confirmed && !context.read_only && !context.dry_run);
        assert_eq!(context.allowed_operations, None);
    }
}
