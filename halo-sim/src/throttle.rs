//! The rate limit and its answer (HAPI §12).

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use http::{StatusCode, header};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{
    faults::{knobs::RetryAfter, quirk::Rate},
    protocol::Answer,
};

/// Counts the API requests of the application.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    recent: Mutex<VecDeque<i64>>,
}

impl Limiter {
    /// Counts a request; `false` where it is one too many.
    pub(crate) fn admit(&self, now_ms: i64, limit: Rate) -> bool {
        let window = i64::from(limit.seconds) * 1000;
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        while recent.front().is_some_and(|then| now_ms.saturating_sub(*then) >= window) {
            recent.pop_front();
        }
        if recent.len() >= limit.requests {
            return false;
        }
        recent.push_back(now_ms);
        true
    }

    /// Forgets all requests.
    pub(crate) fn clear(&self) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.clear();
    }
}

/// The 429: plain text, in the words of HAPI §11.3.
pub(crate) fn refusal(limit: Option<Rate>, retry_after: RetryAfter) -> Answer {
    let Rate { requests, seconds } = limit.unwrap_or(Rate::USUAL);
    let minutes = seconds.div_ceil(60);
    let text = format!("Rate Limit Reached - {requests} Requests per rolling {minutes} minute window");
    let answer =
        Answer::of(StatusCode::TOO_MANY_REQUESTS, "text/plain; charset=utf-8", text.clone()).with_hint(text);
    match retry_after {
        RetryAfter::Absent => answer,
        RetryAfter::Seconds(seconds) => answer.with_header(header::RETRY_AFTER, &seconds.to_string()),
        // By the wall clock: an HTTP date is compared with the client's own.
        RetryAfter::Date(seconds) => {
            let then = Timestamp::now()
                .saturating_add(SignedDuration::from_secs(i64::from(seconds)))
                .unwrap_or(Timestamp::MAX)
                .to_zoned(TimeZone::UTC);
            let date = then.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            answer.with_header(header::RETRY_AFTER, &date)
        }
    }
}
