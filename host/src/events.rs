//! Requests made visible: one event for each request, to an observer and to
//! `tracing`, whatever becomes of the request.
//!
//! An event is told when the story is over: the body was read to its end, it
//! failed, or the guest lost interest. It holds no header and no body, and its
//! URL has gone through [`Secrets`].

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::egress::Refusal;
use crate::limits::{clean_name, clean_text};
use crate::metrics::Metrics;
use crate::secrets::Secrets;

/// One HTTP request that a connection made or was refused.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RequestEvent {
    /// Method, such as `GET`.
    pub method: String,
    /// URL without userinfo, fragment and secrets.
    pub url: String,
    /// Status of the answer; `None` where there was none.
    pub status: Option<u16>,
    /// What went wrong, in a few words. For a request that the policy refused:
    /// what the operator can do about it.
    pub error: Option<String>,
    /// From the start of the request to the end of the answer.
    pub elapsed: Duration,
    /// Bytes of the request body that were handed to the network.
    pub request_bytes: u64,
    /// Bytes of the response body that came back and were read.
    pub response_bytes: u64,
    /// How long it waited for its place in the rate budget, which is part of `elapsed`.
    pub waited: Duration,
    /// Whether the host made it by itself: to log in by recipe, or to follow an
    /// attachment link.
    pub by_host: bool,
}

/// Is told every request of a connection.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use workflow_node_host::{RequestEvent, RequestObserver};
///
/// #[derive(Default)]
/// struct Failures(AtomicUsize);
///
/// impl RequestObserver for Failures {
///     fn observed(&self, event: &RequestEvent) {
///         if event.error.is_some() || event.status.is_some_and(|status| status >= 500) {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
pub trait RequestObserver: Send + Sync {
    /// Called once for each request, on a thread of the runtime: do not block.
    fn observed(&self, event: &RequestEvent);
}

/// Where the events of one connection go.
#[derive(Clone, Default)]
pub(crate) struct Events {
    observer: Option<Arc<dyn RequestObserver>>,
    secrets: Arc<Secrets>,
    metrics: Arc<Metrics>,
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("observed", &self.observer.is_some()).finish_non_exhaustive()
    }
}

impl Events {
    pub(crate) fn new(
        observer: Option<Arc<dyn RequestObserver>>,
        secrets: Arc<Secrets>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self { observer, secrets, metrics }
    }

    /// The secrets that no event holds.
    pub(crate) fn secrets(&self) -> Arc<Secrets> {
        Arc::clone(&self.secrets)
    }

    /// Begins the record of a request.
    pub(crate) fn begin(&self, method: &http::Method, uri: &http::Uri, by_host: bool) -> Record {
        Record {
            events: self.clone(),
            started: Instant::now(),
            method: method.clone(),
            uri: uri.clone(),
            status: None,
            error: None,
            request_bytes: Arc::default(),
            response_bytes: 0,
            waited: Duration::ZERO,
            by_host,
        }
    }
}

/// A request that is under way. It becomes an event when it is dropped.
#[derive(Debug)]
pub(crate) struct Record {
    events: Events,
    started: Instant,
    method: http::Method,
    uri: http::Uri,
    status: Option<u16>,
    error: Option<String>,
    request_bytes: Arc<AtomicU64>,
    response_bytes: u64,
    waited: Duration,
    by_host: bool,
}

impl Record {
    /// The counter that the request body adds to.
    pub(crate) fn request_bytes(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.request_bytes)
    }

    pub(crate) fn answered(&mut self, status: u16) {
        self.status = Some(status);
    }

    pub(crate) fn received(&mut self, bytes: u64) {
        self.response_bytes = self.response_bytes.saturating_add(bytes);
    }

    pub(crate) fn response_bytes(&self) -> u64 {
        self.response_bytes
    }

    pub(crate) fn waited(&mut self, wait: Duration) {
        self.waited = self.waited.saturating_add(wait);
    }

    pub(crate) fn failed(&mut self, error: impl fmt::Display) {
        self.error = Some(error.to_string());
    }

    /// Warns the operator of a refusal by the policy.
    pub(crate) fn warn(&self, refusal: &Refusal) {
        let mut refusal = refusal.to_string();
        clean_text(&mut refusal, &self.events.secrets);
        tracing::warn!(refusal, "egress refused");
    }

    /// What there is to tell, with no secret in it.
    fn event(&mut self) -> RequestEvent {
        let mut error = self.error.take();
        if error.is_none() && self.status.is_none() {
            error = Some("given up by the caller".to_owned());
        }
        let secrets = &self.events.secrets;
        if let Some(text) = &mut error {
            clean_text(text, secrets);
        }
        let (mut method, mut url) = (self.method.to_string(), secrets.url(&self.uri.to_string()));
        clean_name(&mut method, secrets);
        clean_text(&mut url, secrets);
        RequestEvent {
            method,
            url,
            status: self.status,
            error,
            elapsed: self.started.elapsed(),
            request_bytes: self.request_bytes.load(Ordering::Relaxed),
            response_bytes: self.response_bytes,
            waited: self.waited,
            by_host: self.by_host,
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.events.metrics.requested(self.status);
        self.events.metrics.transferred(self.request_bytes.load(Ordering::Relaxed), self.response_bytes);
        self.events.metrics.waited("rate", self.waited);
        let observer = self.events.observer.clone();
        // An event is text that was searched for secrets: too much work for nobody.
        if observer.is_none() && !tracing::enabled!(tracing::Level::DEBUG) {
            return;
        }
        let event = self.event();
        tracing::debug!(
            method = event.method,
            url = event.url,
            status = event.status,
            error = event.error,
            elapsed_ms = u64::try_from(event.elapsed.as_millis()).unwrap_or(u64::MAX),
            request_bytes = event.request_bytes,
            response_bytes = event.response_bytes,
            waited_ms = u64::try_from(event.waited.as_millis()).unwrap_or(u64::MAX),
            by_host = event.by_host,
            "request"
        );
        if let Some(observer) = observer {
            observer.observed(&event);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Seen(Mutex<Vec<RequestEvent>>);

    impl RequestObserver for Seen {
        fn observed(&self, event: &RequestEvent) {
            self.0.lock().expect("lock").push(event.clone());
        }
    }

    fn observed(uri: &'static str, story: impl FnOnce(&mut Record)) -> RequestEvent {
        let seen = Arc::new(Seen::default());
        let secrets = Arc::new(Secrets::default());
        secrets.add("hunter22");
        let events =
            Events::new(Some(Arc::clone(&seen) as Arc<dyn RequestObserver>), secrets, Arc::default());
        story(&mut events.begin(&http::Method::GET, &http::Uri::from_static(uri), false));
        let mut seen = seen.0.lock().expect("lock");
        assert_eq!(seen.len(), 1, "one event for each request");
        seen.remove(0)
    }

    #[test]
    fn an_answer_is_told_with_its_status_and_size() {
        let event = observed("https://h.example/a?b=c", |record| {
            record.answered(200);
            record.received(10);
            record.received(5);
        });
        assert_eq!((event.status, event.response_bytes, event.error), (Some(200), 15, None));
        assert_eq!(event.url, "https://h.example/a?b=c");
    }

    #[test]
    fn no_secret_is_in_an_event() {
        let event = observed("https://h.example/hunter22?token=abc&x=hunter22", |record| {
            record.failed("it said hunter22");
        });
        let text = format!("{event:?}");
        assert!(!text.contains("hunter22") && !text.contains("abc"), "{text}");
    }

    #[test]
    fn what_a_component_puts_into_its_request_is_bounded_in_an_event() {
        let long = "x".repeat(60_000);
        let event = observed("https://h.example/", |record| {
            record.uri = format!("https://h.example/{long}").parse().expect("URI");
            record.method = long.parse().expect("method");
            record.failed(&long);
        });
        let error = event.error.map_or(0, |error| error.len());
        assert!(event.url.len() < 5000 && event.method.len() < 500 && error < 5000, "{}", event.url.len());
    }

    #[test]
    fn a_request_that_nobody_waited_for_is_told_too() {
        let event = observed("https://h.example/", |_| {});
        assert_eq!(event.error.as_deref(), Some("given up by the caller"));
    }
}
