//! The edge: how requests leave the sandbox, and how time passes.
//!
//! Everything above works with the [`Transport`] trait. On wasm the only
//! implementation is `wasi`, the single place that touches `wasi:http` and
//! the clock. Native tests script their own.

use alloc::vec::Vec;
use core::time::Duration;

use crate::http::{HttpRequest, HttpResponse, Limits, TransportError};

#[cfg(target_arch = "wasm32")]
pub mod wasi;

/// What became of one request.
pub type Exchange = Result<HttpResponse, TransportError>;

/// Sends requests and tells the time.
pub trait Transport {
    /// Sends all of them at once and waits for all. Answers come in the order
    /// of the requests. Whatever a limit says, it returns within it.
    fn send_all(&mut self, requests: &[HttpRequest], limits: &Limits) -> Vec<Exchange>;

    /// The time since the call began.
    fn elapsed(&self) -> Duration;

    /// Lets time pass.
    fn wait(&mut self, duration: Duration);
}
