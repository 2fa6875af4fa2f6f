//! Requests made visible: events, observers and the redaction of what they show.

use std::time::Duration;

/// One HTTP request that a connection made, told when its answer was read, failed or was dropped.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RequestEvent {
    /// Method, such as `GET`.
    pub method: String,
    /// URL without userinfo and without secrets.
    pub url: String,
    /// Status of the answer; `None` where there was none.
    pub status: Option<u16>,
    /// What went wrong, in a few words.
    pub error: Option<String>,
    /// From the start of the request to the end of the answer.
    pub elapsed: Duration,
    /// Bytes of the request body that were handed to the network.
    pub request_bytes: u64,
    /// Bytes of the response body that the guest was given.
    pub response_bytes: u64,
}

/// Is told every request of a connection.
pub trait RequestObserver: Send + Sync {
    /// Called once for each request, on a thread of the runtime: do not block.
    fn observed(&self, event: &RequestEvent);
}
