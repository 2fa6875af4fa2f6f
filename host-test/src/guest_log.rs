//! What a node logs, and why the host stopped it, for the author of the node: the host
//! writes both to `tracing`.

use std::fmt::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::console::Console;

/// The target of lines that a node logs.
const NODE: &str = "workflow_node_host::guest";

/// The target of what the host says about a call, such as the reason of a trap.
const CALL: &str = "workflow_node_host::call";

/// Shows both from now on. Whatever else writes to `tracing` stays silent.
pub fn show(console: Console) {
    // Somebody who embeds this crate may have a subscriber, which then has the lines.
    let _ = tracing::subscriber::set_global_default(Lines { console });
}

/// Writes a line for each event, without spans.
struct Lines {
    console: Console,
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let wanted = match metadata.target() {
            NODE => Level::DEBUG,
            CALL => Level::WARN,
            _ => return false,
        };
        metadata.is_event() && *metadata.level() <= wanted
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        // No span is enabled.
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.console.note(line(event));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// An event in words: `node warning: the page is empty`.
fn line(event: &Event<'_>) -> String {
    let mut text = Text::default();
    event.record(&mut text);
    let Text { message, facts } = text;
    if event.metadata().target() == NODE {
        let level = event.metadata().level().as_str().to_lowercase();
        format!("node {level}: {message}{facts}")
    } else {
        format!("{message}{facts}")
    }
}

/// The message of an event, and its other fields.
#[derive(Default)]
struct Text {
    message: String,
    facts: String,
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a `String` cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.facts, "; {name}: {value:?}"),
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Keeps lines instead of writing them.
    #[derive(Clone)]
    struct Kept(Arc<Mutex<Vec<String>>>, Arc<Lines>);

    impl Subscriber for Kept {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            self.1.enabled(metadata)
        }

        fn new_span(&self, span: &Attributes<'_>) -> Id {
            self.1.new_span(span)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &Event<'_>) {
            self.0.lock().unwrap().push(line(event));
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    #[test]
    fn only_the_node_and_the_end_of_its_call_are_shown() {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let lines = Lines { console: Console::stderr(false) };
        tracing::subscriber::with_default(Kept(kept.clone(), Arc::new(lines)), || {
            let _span = tracing::debug_span!(target: NODE, "call").entered();
            tracing::debug!(target: NODE, "page {}", 2);
            tracing::error!(target: NODE, "no \"page\"");
            tracing::warn!(target: CALL, function = "execute", reason = %"wasm unreachable", "stopped");
            tracing::debug!(target: CALL, "not of interest");
            tracing::error!(target: "hyper", "not of interest");
        });
        assert_eq!(
            *kept.lock().unwrap(),
            [
                "node debug: page 2",
                "node error: no \"page\"",
                "stopped; function: execute; reason: wasm unreachable",
            ]
        );
    }
}
