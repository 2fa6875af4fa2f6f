//! The rate budget: how many requests the calls of one connection may send
//! together, and whose turn it is when there are more.
//!
//! A limit is a sliding window, counted here and not guessed from the answers.
//! What the service says counts more: after a 429 nothing is sent to that origin until
//! its `Retry-After` is over, and the window for it shrinks to what it took, to grow
//! back step by step. So it also fits an account that others use, too.
//!
//! When calls wait, those that a person waits for and those of long runs take
//! turns, in the order in which they came; a tenth of the window is kept for the
//! former, or a long run would leave nothing of it for minutes. A wait is short:
//! whoever would wait longer than [`PATIENCE`], or beyond the deadline, gets the
//! answer 429 from the host, with the time to wait for. Nodes know what to do
//! with that: they return, and what waits then is visible to everybody.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// How long a request waits at most.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// What a guest needs before its deadline to say that it was told to wait.
const MARGIN: Duration = Duration::from_millis(250);
/// The pause after a 429 that says nothing; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// No pause is longer, whatever the service says.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// How many origins are remembered by what they said.
const ORIGINS: usize = 64;

/// How many requests a connection may send in a sliding window of time.
///
/// A limit somewhat below the service's own leaves room for whoever else uses the
/// account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// How many requests; at least one.
    pub requests: u32,
    /// In how much time.
    pub window: Duration,
}

/// For whom a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Somebody looks at a form and waits.
    Interactive,
    /// A workflow runs.
    Run,
}

/// What became of a request for a place in the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    Go,
    /// Not now; there is no place before this time is over.
    Later(Duration),
}

/// The budget of one connection.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    limit: Option<RateLimit>,
    state: Mutex<State>,
    /// Somebody went, came or gave up.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// When the requests of the last window were sent, wherever they went.
    sent: VecDeque<Instant>,
    /// What origins said that is still of interest.
    origins: BTreeMap<String, Told>,
    interactive: VecDeque<Waiter>,
    runs: VecDeque<Waiter>,
    last: Option<Class>,
    tickets: u64,
}

/// What an origin said about its limits.
#[derive(Debug, Default)]
struct Told {
    paused_until: Option<Instant>,
    /// 429s in a row.
    refused: u32,
    /// What the service takes, where that is less than the limit, and since when.
    learnt: Option<(usize, Instant)>,
}

impl Told {
    fn is_over(&self, now: Instant) -> bool {
        self.refused == 0 && self.learnt.is_none() && self.paused_until.is_none_or(|until| until <= now)
    }
}

/// A request that waits.
#[derive(Debug)]
struct Waiter {
    number: u64,
    origin: String,
}

enum Verdict {
    Go,
    At(Instant),
    /// Others are first.
    Queued,
}

impl Budget {
    pub(crate) fn new(limit: Option<RateLimit>) -> Self {
        let limit = limit.map(|limit| RateLimit { requests: limit.requests.max(1), ..limit });
        Self { limit, ..Self::default() }
    }

    /// Waits for a place, in turn. Dropping the future gives the turn up.
    pub(crate) async fn admit(&self, class: Class, origin: &str, deadline: Instant) -> Admission {
        let latest = (Instant::now() + PATIENCE).min(deadline.checked_sub(MARGIN).unwrap_or(deadline));
        let ticket = self.ticket(class, origin);
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on, so that nothing is missed between looking and waiting.
            changed.as_mut().enable();
            let now = Instant::now();
            let wake = match self.state().verdict(self.limit, class, &ticket, now) {
                Verdict::Go => return Admission::Go,
                Verdict::At(instant) if instant > latest => return Admission::Later(instant - now),
                Verdict::At(instant) => instant,
                Verdict::Queued if now >= latest => {
                    let free = self.state().free_at(self.limit, class, origin, now);
                    return Admission::Later((free.max(now) - now).max(FIRST_PAUSE));
                }
                Verdict::Queued => latest,
            };
            tokio::select! {
                () = sleep_until(wake) => {}
                () = changed => {}
            }
        }
    }

    /// Counts a request that was sent without asking: an earlier one was lost on
    /// its way, and its place is used up.
    pub(crate) fn sent_again(&self) {
        if self.limit.is_some() {
            self.state().sent.push_back(Instant::now());
        }
    }

    /// Learns from an answer of an origin.
    pub(crate) fn answered(&self, origin: &str, status: u16, headers: &HeaderMap) {
        let now = Instant::now();
        let mut state = self.state();
        if status != 429 {
            // An answer to a request that was under way says nothing about now.
            if let Some(told) = state.origins.get_mut(origin)
                && told.paused_until.is_none_or(|until| until <= now)
            {
                told.refused = 0;
            }
            return;
        }
        let took = self.limit.map(|limit| {
            state.forget(limit.window, now);
            let most = limit.requests as usize;
            (state.sent.len() * 9 / 10).clamp(most.div_ceil(10), most)
        });
        state.origins.retain(|known, told| known == origin || !told.is_over(now));
        if state.origins.len() >= ORIGINS && !state.origins.contains_key(origin) {
            state.origins.pop_first();
        }
        let told = state.origins.entry(origin.to_owned()).or_default();
        let growing = FIRST_PAUSE.saturating_mul(1 << told.refused.min(5));
        let pause = retry_after(headers).unwrap_or(growing).min(LONGEST_PAUSE);
        let until = now + pause;
        told.paused_until = Some(told.paused_until.map_or(until, |known| known.max(until)));
        told.refused = told.refused.saturating_add(1);
        told.learnt = took.map(|took| (took, now));
        drop(state);
        // Whoever waits behind those that are held back now can pass.
        self.changed.notify_waiters();
    }

    fn ticket<'a>(&'a self, class: Class, origin: &'a str) -> Ticket<'a> {
        let mut state = self.state();
        state.tickets = state.tickets.wrapping_add(1);
        let number = state.tickets;
        state.queue(class).push_back(Waiter { number, origin: origin.to_owned() });
        Ticket { budget: self, class, origin, number }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the queue, given up when dropped.
struct Ticket<'a> {
    budget: &'a Budget,
    class: Class,
    origin: &'a str,
    number: u64,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.budget.state().queue(self.class).retain(|waiting| waiting.number != self.number);
        self.budget.changed.notify_waiters();
    }
}

impl State {
    fn queue(&mut self, class: Class) -> &mut VecDeque<Waiter> {
        match class {
            Class::Interactive => &mut self.interactive,
            Class::Run => &mut self.runs,
        }
    }

    /// The origin whose turn it is in this class: the first one in the queue that is
    /// not paused.
    fn front(&mut self, class: Class, now: Instant) -> Option<(u64, String)> {
        let queue = match class {
            Class::Interactive => &self.interactive,
            Class::Run => &self.runs,
        };
        let first = queue.iter().find(|waiting| self.paused_until(&waiting.origin) <= Some(now))?;
        Some((first.number, first.origin.clone()))
    }

    fn paused_until(&self, origin: &str) -> Option<Instant> {
        self.origins.get(origin)?.paused_until
    }

    fn verdict(
        &mut self,
        limit: Option<RateLimit>,
        class: Class,
        ticket: &Ticket<'_>,
        now: Instant,
    ) -> Verdict {
        if self.paused_until(ticket.origin) > Some(now) {
            return Verdict::At(self.free_at(limit, class, ticket.origin, now));
        }
        if self.front(class, now).is_none_or(|(number, _)| number != ticket.number) {
            return Verdict::Queued;
        }
        let free = self.free_at(limit, class, ticket.origin, now);
        if free > now {
            return Verdict::At(free);
        }
        let other = if class == Class::Run { Class::Interactive } else { Class::Run };
        if self.last == Some(class)
            && let Some((_, origin)) = self.front(other, now)
            && self.free_at(limit, other, &origin, now) <= now
        {
            return Verdict::Queued;
        }
        self.last = Some(class);
        if limit.is_some() {
            self.sent.push_back(now);
        }
        Verdict::Go
    }

    /// When there is a place for a request of this class to this origin.
    fn free_at(&mut self, limit: Option<RateLimit>, class: Class, origin: &str, now: Instant) -> Instant {
        let pause = self.paused_until(origin).unwrap_or(now);
        let Some(limit) = limit else { return pause };
        self.forget(limit.window, now);
        let most = self.most(limit, origin, now);
        let allowed = match class {
            Class::Interactive => most,
            Class::Run => most.saturating_sub(most.div_ceil(10)).max(1),
        };
        // The place of the request that has to leave the window first.
        let full = self.sent.len().checked_sub(allowed).and_then(|index| self.sent.get(index));
        full.map_or(pause, |sent| pause.max(*sent + limit.window))
    }

    /// How many requests fit into the window now. What was learnt is forgotten by
    /// a tenth of the limit in each window.
    fn most(&mut self, limit: RateLimit, origin: &str, now: Instant) -> usize {
        let most = limit.requests as usize;
        let Some(told) = self.origins.get_mut(origin) else { return most };
        if let Some((learnt, since)) = told.learnt
            && now.saturating_duration_since(since) >= limit.window
        {
            let more = learnt + most.div_ceil(10);
            told.learnt = (more < most).then_some((more, now));
        }
        told.learnt.map_or(most, |(learnt, _)| learnt)
    }

    fn forget(&mut self, window: Duration, now: Instant) {
        while self.sent.front().is_some_and(|sent| now.saturating_duration_since(*sent) >= window) {
            self.sent.pop_front();
        }
    }
}

/// How long a service asks to wait: seconds, or the instant of an HTTP date
/// (RFC 9110, 10.2.3).
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let end = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::try_from(end.duration_since(Timestamp::now())).unwrap_or(Duration::ZERO))
}

/// The time in which at least one request of a call waited for its place.
#[derive(Debug, Default)]
pub(crate) struct Waits(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    requests: usize,
    since: Option<Instant>,
    total: Duration,
}

impl Waits {
    /// A request waits until this is dropped.
    pub(crate) fn begin(&self) -> Wait<'_> {
        let mut waiting = self.lock();
        waiting.requests += 1;
        waiting.since.get_or_insert_with(Instant::now);
        Wait(self)
    }

    pub(crate) fn total(&self) -> Duration {
        self.lock().total
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) struct Wait<'a>(&'a Waits);

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let mut waiting = self.0.lock();
        waiting.requests = waiting.requests.saturating_sub(1);
        if waiting.requests == 0
            && let Some(since) = waiting.since.take()
        {
            waiting.total += since.elapsed();
        }
    }
}

#[cfg(test)]
mod tests;
