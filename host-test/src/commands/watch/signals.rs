//! How a person, or a service manager, ends a program that runs for long.

use std::io;

/// The wish to end: Ctrl-C, and on Unix SIGTERM. While this is there, neither
/// ends the program by itself.
pub(super) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    pub(super) fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for the wish; one that came before counts.
    #[cfg(unix)]
    pub(super) async fn end(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Waits for the wish.
    #[cfg(not(unix))]
    pub(super) async fn end(&mut self) {
        // Without signals there is no such wish.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
