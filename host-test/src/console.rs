//! What a person reads on stderr while a command works: progress, waits,
//! diagnostics, requests and errors. Results go to stdout and not through here.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use workflow_node_host::wit::types::{Diagnostic, Effect, Level, NodeError};
use workflow_node_host::{CallError, Progress, RateLimit, RequestEvent, RequestObserver};

use crate::paint::Paint;

/// Code of the failure of a component that trapped.
const TRAPPED: &str = "host.trapped";

/// Where a person is kept informed.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    paint: Paint,
    verbose: bool,
    debug: bool,
}

impl Console {
    /// Messages on stderr; `verbose` adds a line for each HTTP request.
    #[must_use]
    pub fn stderr(verbose: bool) -> Self {
        Self { paint: Paint::of(&io::stderr()), verbose, debug: false }
    }

    /// Whether the log of the node is shown, too, or else mentioned where it would help.
    #[must_use]
    pub fn debug(self, debug: bool) -> Self {
        Self { debug, ..self }
    }

    /// A line of information.
    pub fn note(&self, text: impl Display) {
        line(self.paint.dim(text));
    }

    /// A line that deserves attention.
    pub fn warn(&self, text: impl Display) {
        line(format_args!("{} {text}", self.paint.warning("warning:")));
    }

    /// How a run over several calls gets on.
    pub fn progress(&self, progress: &Progress) {
        match progress {
            // The only call of a short run is no news.
            Progress::Called { calls, results, requests, more } if *calls > 1 || *more => {
                let end = if *more { ", more to come" } else { "" };
                self.note(format_args!("call {calls}: {results} results, {requests} requests{end}"));
            }
            Progress::Waiting { duration } => self.note(format_args!(
                "waiting {:.1} s before going on, as the node advises",
                duration.as_secs_f64()
            )),
            _ => {}
        }
    }

    /// A wait that begins: how long, why, and what changes it.
    pub fn pause(&self, wait: Duration, rate: Option<RateLimit>) {
        let why = match rate {
            Some(RateLimit { requests, window }) => format!(
                "the limit of {requests} requests in {} s is reached, or HaloPSA's own; --rate N/SECONDS changes ours",
                window.as_secs_f64()
            ),
            None => "HaloPSA has had too many requests".to_owned(),
        };
        self.note(format_args!("waiting {:.0} s before the next request: {why}", wait.as_secs_f64().ceil()));
    }

    /// What the node had to say beside its results.
    pub fn diagnostics(&self, diagnostics: &[Diagnostic]) {
        for diagnostic in diagnostics {
            let item = diagnostic.item_index.map(|index| format!(" (item {index})")).unwrap_or_default();
            match diagnostic.level {
                Level::Debug if !self.verbose => {}
                Level::Debug | Level::Info => self.note(format_args!("note{item}: {}", diagnostic.message)),
                Level::Warning => self.warn(format_args!("{}{item}", diagnostic.message)),
            }
        }
    }

    /// Why a command could not do its work.
    pub fn failure(&self, error: &anyhow::Error) {
        match error.downcast_ref::<CallError>() {
            Some(CallError::Node(error)) => self.node_error(error),
            _ => line(format_args!("{} {error:#}", self.paint.bad("error:"))),
        }
    }

    /// A failure that the node explained.
    pub fn node_error(&self, error: &NodeError) {
        line(format_args!("{} {}", self.paint.bad("error:"), error.message));
        let facts = [
            ("code", Some(error.code.clone())),
            ("field", error.field.clone()),
            ("status", error.http_status.map(|status| status.to_string())),
            ("service", error.vendor_message.clone()),
            ("effect", effect(error.effect).map(ToOwned::to_owned)),
            ("advice", error.advice.clone()),
        ];
        for (name, value) in facts {
            if let Some(value) = value {
                line(format_args!("  {} {value}", self.paint.dim(format_args!("{name:<8}"))));
            }
        }
        if error.code == TRAPPED && !self.debug {
            self.note("--debug shows what the node logged, and why it was stopped");
        }
    }

    /// Shows each request, where the person asked for it.
    #[must_use]
    pub fn observer(&self) -> Option<Arc<dyn RequestObserver>> {
        let observer = || -> Arc<dyn RequestObserver> { Arc::new(*self) };
        self.verbose.then(observer)
    }
}

impl RequestObserver for Console {
    fn observed(&self, event: &RequestEvent) {
        let end = match (event.status, &event.error) {
            (_, Some(error)) => error.clone(),
            (Some(status), None) => status.to_string(),
            (None, None) => "no answer".to_owned(),
        };
        let (method, url, elapsed) = (&event.method, &event.url, event.elapsed.as_millis());
        self.note(format_args!("{method} {url}: {end}, {} bytes, {elapsed} ms", event.response_bytes));
    }
}

/// Only what a person must know: most failures changed nothing.
fn effect(effect: Effect) -> Option<&'static str> {
    match effect {
        Effect::None => None,
        Effect::Applied => Some("the change was made all the same"),
        Effect::Unknown => Some("the change may have been made: look before repeating"),
    }
}

/// Nobody may be reading stderr; that is no reason to stop.
fn line(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}
