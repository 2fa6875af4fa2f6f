//! The log for the authors of nodes, which a host removes secrets from and limits.
//!
//! A component that writes to it imports `logging`. In tests the lines go to the
//! standard error.

/// Writes a line that helps to find a fault in the node.
pub fn debug(message: &str) {
    write(Level::Debug, message);
}

/// Writes a line about what the node does.
pub fn info(message: &str) {
    write(Level::Info, message);
}

/// Writes a line about something that may not be as expected.
pub fn warning(message: &str) {
    write(Level::Warning, message);
}

/// Writes a line about something that failed.
pub fn error(message: &str) {
    write(Level::Error, message);
}

#[derive(Debug, Clone, Copy)]
enum Level {
    Debug,
    Info,
    Warning,
    Error,
}

#[cfg(target_arch = "wasm32")]
fn write(level: Level, message: &str) {
    use crate::bindings::workflow::node::logging::{LogLevel, log};

    log(
        match level {
            Level::Debug => LogLevel::Debug,
            Level::Info => LogLevel::Info,
            Level::Warning => LogLevel::Warning,
            Level::Error => LogLevel::Error,
        },
        message,
    );
}

#[cfg(not(target_arch = "wasm32"))]
fn write(level: Level, message: &str) {
    std::eprintln!("{level:?}: {message}");
}
