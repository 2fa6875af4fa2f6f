//! The log that nodes write (`workflow:node/logging`): into `tracing`, as events of the
//! target `workflow_node_host::guest`, bounded and with known secrets removed.

use std::sync::Arc;

use wasmtime::component::{HasData, Linker};

use crate::bindings::generated::workflow::node::logging::{self, LogLevel};
use crate::call::State;
use crate::limits::clean_text;
use crate::secrets::Secrets;

/// How many lines of one call are written.
pub(crate) const LINES: u32 = 200;

/// The log of one call.
#[derive(Debug, Default)]
pub(crate) struct Log {
    lines: u32,
    secrets: Option<Arc<Secrets>>,
}

impl Log {
    pub(crate) fn new(secrets: Option<Arc<Secrets>>) -> Self {
        Self { lines: 0, secrets }
    }

    /// The line as it is written; `None` for lines beyond the limit.
    fn line(&mut self, mut message: String) -> Option<String> {
        self.lines = self.lines.saturating_add(1);
        match self.lines {
            1..=LINES => {
                let none = Secrets::default();
                clean_text(&mut message, self.secrets.as_deref().unwrap_or(&none));
                message.retain(|letter| !letter.is_control());
                Some(message)
            }
            _ => None,
        }
    }
}

impl logging::Host for Log {
    fn log(&mut self, level: LogLevel, message: String) {
        let Some(message) = self.line(message) else {
            if self.lines == LINES + 1 {
                tracing::warn!(target: TARGET, "the component logged more than {LINES} lines; the rest is dropped");
            }
            return;
        };
        match level {
            LogLevel::Debug => tracing::debug!(target: TARGET, "{message}"),
            LogLevel::Info => tracing::info!(target: TARGET, "{message}"),
            LogLevel::Warning => tracing::warn!(target: TARGET, "{message}"),
            LogLevel::Error => tracing::error!(target: TARGET, "{message}"),
        }
    }
}

const TARGET: &str = "workflow_node_host::guest";

struct HasLog;

impl HasData for HasLog {
    type Data<'a> = &'a mut Log;
}

pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    logging::add_to_linker::<State, HasLog>(linker, State::log)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_bounded_in_number_and_length_and_hold_no_secret() {
        let secrets = Secrets::default();
        secrets.add("hunter22");
        let mut log = Log::new(Some(Arc::new(secrets)));
        let line = log.line(format!("key hunter22\n{}", "x".repeat(1 << 20))).expect("a line");
        assert!(line.starts_with("key ***x") && line.len() < 5000, "{}", line.len());
        let written = (1..10_000).filter_map(|_| log.line("again".to_owned())).count();
        assert_eq!(written, 199);
    }
}
