//! The cache of what a login gave: one login for all who need it.
//!
//! [`Cache`] holds one value, be it a component's session or a token that the
//! host got by recipe. Whoever finds none logs in while the others wait, and all
//! of them share the outcome, a failure too: a hundred calls at once make one
//! token request, and a hundred refused calls make one refused login.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout, timeout_at};

use crate::error::{CallError, Stop};
use crate::wit::types::{Effect, ErrorKind, Session};

/// Bytes of a session, its token above all. Larger ones fit into no header.
pub(crate) const LARGEST: usize = 64 << 10;

/// How long a value from elsewhere waits to be put in.
const PATIENCE: Duration = Duration::from_millis(20);

/// Something that ends.
pub(crate) trait Expiring {
    /// Whether it can still be used for a while.
    fn is_usable(&self) -> bool;
    /// Whether it is the same as another one, handed out a second time.
    fn is_same(&self, other: &Self) -> bool;
}

/// A value on loan from the cache.
#[derive(Debug)]
pub(crate) struct Lease<T> {
    pub(crate) value: Arc<T>,
    /// Which login it came from.
    pub(crate) generation: u64,
    /// Whether the caller itself logged in for it just now.
    pub(crate) fresh: bool,
}

/// One value, and the queue of those who want it.
pub(crate) struct Cache<T> {
    slot: Mutex<Slot<T>>,
    /// How many logins ended, to tell a failure that happened while one was
    /// waiting from one before.
    logins: AtomicU64,
}

struct Slot<T> {
    held: Option<Arc<T>>,
    generation: u64,
    failure: Option<CallError>,
}

impl<T> fmt::Debug for Cache<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").finish_non_exhaustive()
    }
}

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self {
            slot: Mutex::new(Slot { held: None, generation: 0, failure: None }),
            logins: AtomicU64::new(0),
        }
    }
}

impl<T: Expiring> Cache<T> {
    /// The held value, or a new one from `login`. A value of the generation
    /// `dead` does not count: the service refused it.
    pub(crate) async fn get(
        &self,
        dead: Option<u64>,
        deadline: Instant,
        login: impl Future<Output = Result<T, CallError>>,
    ) -> Result<Lease<T>, CallError> {
        let before = self.logins.load(Ordering::Acquire);
        let mut slot = timeout_at(deadline, self.slot.lock())
            .await
            .map_err(|_| Stop::Deadline.into_node_error(Effect::None))?;
        if let Some(value) = slot.usable(dead) {
            return Ok(Lease { value, generation: slot.generation, fresh: false });
        }
        if self.logins.load(Ordering::Acquire) != before
            && let Some(failure) = &slot.failure
        {
            return Err(failure.clone());
        }
        slot.held = None;
        let result = login.await;
        self.logins.fetch_add(1, Ordering::AcqRel);
        match result {
            Ok(value) => {
                slot.failure = None;
                let value = slot.put(value);
                Ok(Lease { value, generation: slot.generation, fresh: true })
            }
            Err(error) => {
                // That one caller ran out of time says nothing about the rest.
                let timed_out = error.node_error().is_some_and(|error| error.kind == ErrorKind::Timeout);
                slot.failure = (!timed_out).then(|| error.clone());
                Err(error)
            }
        }
    }

    /// What is held, if it is newer than the generation `old`. Waits for a login
    /// that is under way, and makes none.
    pub(crate) async fn newer(&self, old: u64, deadline: Instant) -> Option<Lease<T>> {
        let slot = timeout_at(deadline, self.slot.lock()).await.ok()?;
        let value = slot.usable(Some(old))?;
        Some(Lease { value, generation: slot.generation, fresh: false })
    }

    /// Takes out what is held. Waits for a login that is under way.
    pub(crate) async fn take(&self, deadline: Instant) -> Option<Arc<T>> {
        let mut slot = timeout_at(deadline, self.slot.lock()).await.ok()?;
        slot.held.take()
    }

    /// Puts in a value that came from elsewhere. Not while someone logs in: that
    /// value will be as good, and the caller has a result to deliver.
    pub(crate) async fn put(&self, value: T) {
        let Ok(mut slot) = timeout(PATIENCE, self.slot.lock()).await else { return };
        if !slot.held.as_ref().is_some_and(|held| held.is_same(&value)) {
            slot.put(value);
        }
    }
}

impl<T: Expiring> Slot<T> {
    fn usable(&self, dead: Option<u64>) -> Option<Arc<T>> {
        self.held.as_ref().filter(|held| held.is_usable() && dead != Some(self.generation)).map(Arc::clone)
    }

    fn put(&mut self, value: T) -> Arc<T> {
        let value = Arc::new(value);
        self.generation += 1;
        self.held = Some(Arc::clone(&value));
        value
    }
}

/// A component's session, with the instants that the host needs.
pub(crate) struct HeldSession {
    session: Session,
    /// When it is too old to begin a call with; `None` if it never is.
    renew_at: Option<Timestamp>,
}

impl fmt::Debug for HeldSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldSession").field("renew_at", &self.renew_at).finish_non_exhaustive()
    }
}

impl HeldSession {
    /// Holds a session, to be renewed `before` it ends, or when three quarters
    /// of its time are over if that is later: a service whose tokens live for
    /// less than `before` would otherwise be asked for one at each call.
    pub(crate) fn new(session: Session, before: Duration) -> Self {
        let now = Timestamp::now();
        // An instant that does not parse is taken as "never": the service will
        // say when it is over, and then the session is renewed.
        let end = session.expires_at.as_deref().and_then(|end| end.parse::<Timestamp>().ok());
        let renew_at = end.map(|end| {
            let lifetime = Duration::try_from(end.duration_since(now)).unwrap_or(Duration::ZERO);
            end.checked_sub(before.min(lifetime / 4)).unwrap_or(end)
        });
        Self { session, renew_at }
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }
}

/// Whether a session is small enough to be kept for a connection's life.
pub(crate) fn fits(session: &Session) -> bool {
    let Session { token, expires_at, scopes, extra } = session;
    let texts = [Some(token), expires_at.as_ref(), extra.as_ref()];
    texts.into_iter().flatten().chain(scopes).map(|text| text.len() + 1).sum::<usize>() <= LARGEST
}

impl Expiring for HeldSession {
    fn is_usable(&self) -> bool {
        self.renew_at.is_none_or(|instant| Timestamp::now() < instant)
    }

    fn is_same(&self, other: &Self) -> bool {
        self.session.token == other.session.token
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;
    use crate::error::refusal;

    #[derive(Debug)]
    struct Token(u32, bool);

    impl Expiring for Token {
        fn is_usable(&self) -> bool {
            self.1
        }

        fn is_same(&self, other: &Self) -> bool {
            self.0 == other.0
        }
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    async fn hundred(
        cache: &Arc<Cache<Token>>,
        dead: Option<u64>,
        logins: &Arc<AtomicU32>,
        result: fn(u32) -> Result<Token, CallError>,
    ) -> Vec<Result<Lease<Token>, CallError>> {
        let calls: Vec<_> = (0..100)
            .map(|_| {
                let (cache, logins) = (Arc::clone(cache), Arc::clone(logins));
                tokio::spawn(async move {
                    cache
                        .get(dead, soon(), async {
                            let n = logins.fetch_add(1, Ordering::Relaxed) + 1;
                            tokio::time::sleep(Duration::from_millis(20)).await;
                            result(n)
                        })
                        .await
                })
            })
            .collect();
        let mut leases = Vec::new();
        for call in calls {
            leases.push(call.await.expect("no panic"));
        }
        leases
    }

    #[tokio::test]
    async fn a_hundred_calls_at_once_log_in_once() {
        let (cache, logins) = (Arc::default(), Arc::default());
        let leases = hundred(&cache, None, &logins, |n| Ok(Token(n, true))).await;
        assert_eq!(logins.load(Ordering::Relaxed), 1);
        assert!(leases.iter().all(|lease| lease.as_ref().is_ok_and(|lease| lease.value.0 == 1)));
        assert_eq!(leases.iter().flatten().filter(|lease| lease.fresh).count(), 1);
    }

    #[tokio::test]
    async fn a_dead_token_is_renewed_once_for_all_who_held_it() {
        let (cache, logins) = (Arc::default(), Arc::default());
        let first = hundred(&cache, None, &logins, |n| Ok(Token(n, true))).await;
        let dead = first.first().and_then(|lease| lease.as_ref().ok()).map(|lease| lease.generation);
        let second = hundred(&cache, dead, &logins, |n| Ok(Token(n, true))).await;
        assert_eq!(logins.load(Ordering::Relaxed), 2);
        assert!(second.iter().flatten().all(|lease| lease.value.0 == 2));
    }

    #[tokio::test]
    async fn a_hundred_calls_share_one_refused_login() {
        let (cache, logins) = (Arc::default(), Arc::default());
        let leases = hundred(&cache, None, &logins, |_| {
            Err(refusal(ErrorKind::Unauthenticated, "x", "No.".to_owned(), "Mend.").into())
        })
        .await;
        assert_eq!(logins.load(Ordering::Relaxed), 1);
        assert!(leases.iter().all(Result::is_err));
    }

    #[tokio::test]
    async fn a_refused_login_is_tried_again_by_the_next_call() {
        let (cache, logins) = (Arc::default(), Arc::default());
        let refused = |_| Err(refusal(ErrorKind::Unauthenticated, "x", "No.".to_owned(), "Mend.").into());
        hundred(&cache, None, &logins, refused).await;
        hundred(&cache, None, &logins, |n| Ok(Token(n, true))).await;
        assert_eq!(logins.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_caller_that_is_gone_lets_the_next_one_log_in() {
        let cache = Cache::default();
        let stuck = cache.get(None, soon(), std::future::pending::<Result<Token, CallError>>());
        assert!(timeout(Duration::from_millis(10), stuck).await.is_err());
        let lease = cache.get(None, soon(), async { Ok(Token(7, true)) }).await.expect("lease");
        assert_eq!(lease.value.0, 7);
    }

    #[tokio::test]
    async fn waiting_for_a_login_ends_at_the_deadline() {
        let cache = Arc::new(Cache::default());
        let other = Arc::clone(&cache);
        let stuck = tokio::spawn(async move {
            other.get(None, soon(), std::future::pending::<Result<Token, CallError>>()).await.is_ok()
        });
        tokio::time::sleep(Duration::from_millis(10)).await;
        let deadline = Instant::now() + Duration::from_millis(20);
        let error = cache.get(None, deadline, async { Ok(Token(1, true)) }).await.expect_err("time is over");
        assert_eq!(error.node_error().map(|error| error.kind), Some(ErrorKind::Timeout));
        stuck.abort();
    }

    #[tokio::test]
    async fn an_expired_value_is_replaced_and_a_handed_back_one_is_kept() {
        let cache = Cache::default();
        cache.put(Token(1, false)).await;
        let lease = cache.get(None, soon(), async { Ok(Token(2, true)) }).await.expect("lease");
        assert_eq!((lease.value.0, lease.fresh), (2, true));
        cache.put(Token(3, true)).await;
        let lease = cache.get(None, soon(), async { Ok(Token(4, true)) }).await.expect("lease");
        assert_eq!((lease.value.0, lease.fresh), (3, false));
    }

    fn session(expires_at: &str) -> Session {
        Session {
            token: "tok-secret".to_owned(),
            expires_at: (!expires_at.is_empty()).then(|| expires_at.to_owned()),
            scopes: Vec::new(),
            extra: None,
        }
    }

    #[test]
    fn a_session_is_renewed_before_its_end_but_not_at_once() {
        let minute = Duration::from_secs(60);
        let lives = |seconds: i64| {
            let end = Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
            HeldSession::new(session(&end.to_string()), minute).is_usable()
        };
        assert!(lives(3600));
        assert!(lives(10), "short-lived, but fresh");
        assert!(!lives(0));
        assert!(!lives(-10));
        for endless in ["", "no instant"] {
            assert!(HeldSession::new(session(endless), minute).is_usable());
        }
    }

    #[test]
    fn a_session_has_a_largest_size() {
        let good = session("2999-01-01T00:00:00Z");
        assert!(fits(&good));
        assert!(!fits(&Session { token: "x".repeat(LARGEST), ..good.clone() }));
        assert!(!fits(&Session { extra: Some("x".repeat(LARGEST)), ..good.clone() }));
        assert!(!fits(&Session { scopes: vec![String::new(); LARGEST], ..good }));
    }

    #[test]
    fn a_held_session_does_not_show_its_token() {
        let held = HeldSession::new(session("2999-01-01T00:00:00Z"), Duration::ZERO);
        assert!(!format!("{held:?}").contains("tok-secret"));
        let cache = Cache::<HeldSession>::default();
        assert!(!format!("{cache:?}").contains("tok-secret"));
    }
}
