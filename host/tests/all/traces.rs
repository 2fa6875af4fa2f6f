//! What `tracing` is told of a call: its span, with the caller's trace in it, and
//! its requests inside of that span.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_core::span::Current;
use workflow_node_host::{AuthMode, CallOptions, ConnectionOptions};

use crate::server::{Server, ok};
use crate::support::{connect_with, run_with};

/// Remembers spans, which of them it is in, and each event with the text of its
/// innermost span.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Told>>);

impl Log {
    /// The texts of all events.
    pub(crate) fn events(&self) -> Vec<String> {
        self.0.lock().expect("lock").events.iter().map(|(text, _)| text.clone()).collect()
    }
}

#[derive(Default)]
struct Told {
    spans: Vec<(String, &'static Metadata<'static>)>,
    inside: Vec<u64>,
    events: Vec<(String, String)>,
}

#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, "{}={value:?} ", field.name());
    }
}

impl Told {
    fn span(&self, id: u64) -> Option<&(String, &'static Metadata<'static>)> {
        self.spans.get(usize::try_from(id).ok()?.checked_sub(1)?)
    }
}

impl Subscriber for Log {
    fn enabled(&self, what: &Metadata<'_>) -> bool {
        *what.level() <= Level::DEBUG && what.target().starts_with("workflow_node_host")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut text = Text::default();
        let _ = write!(text.0, "{}: ", span.metadata().name());
        span.record(&mut text);
        let mut told = self.0.lock().expect("lock");
        told.spans.push((text.0, span.metadata()));
        Id::from_u64(u64::try_from(told.spans.len()).expect("few"))
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        let mut text = Text::default();
        values.record(&mut text);
        let at = usize::try_from(id.into_u64()).ok().and_then(|id| id.checked_sub(1));
        let mut told = self.0.lock().expect("lock");
        if let Some((span, _)) = at.and_then(|at| told.spans.get_mut(at)) {
            span.push_str(&text.0);
        }
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text::default();
        event.record(&mut text);
        let mut told = self.0.lock().expect("lock");
        let inside = told.inside.last().and_then(|id| told.span(*id)).map(|(text, _)| text.clone());
        told.events.push((text.0, inside.unwrap_or_default()));
    }

    fn enter(&self, id: &Id) {
        self.0.lock().expect("lock").inside.push(id.into_u64());
    }

    fn exit(&self, _: &Id) {
        self.0.lock().expect("lock").inside.pop();
    }

    fn current_span(&self) -> Current {
        let told = self.0.lock().expect("lock");
        match told.inside.last().and_then(|id| Some((*id, told.span(*id)?.1))) {
            Some((id, metadata)) => Current::new(Id::from_u64(id), metadata),
            None => Current::none(),
        }
    }
}

#[tokio::test]
async fn a_request_is_told_in_the_span_of_its_call_with_the_callers_trace() {
    let log = Log::default();
    let _logging = tracing::subscriber::set_default(log.clone());
    let server = Server::start(|_| ok(&json!({ "access_token": "tok-1" }).to_string())).await;
    for auth in [AuthMode::Component, AuthMode::Recipe] {
        *log.0.lock().expect("lock") = Told::default();
        let connection =
            connect_with(server.url(), ConnectionOptions { auth, ..ConnectionOptions::default() }).await;
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let trace_parent = Some(format!("00-{trace}-00f067aa0ba902b7-01"));
        let call = CallOptions { trace_parent, ..CallOptions::default() };
        // One that is answered, and one that is refused.
        for url in [server.at("/x"), "https://elsewhere.example/y".to_owned()] {
            run_with(&connection, "request", json!({ "url": url }), &call).await.expect("an answer");
            let told = log.0.lock().expect("lock");
            let (_, span) = told.events.iter().find(|(event, _)| event.contains(&url)).expect("the request");
            assert!(span.contains("function=\"execute\"") && span.contains(trace), "{span}");
            assert!(!span.contains("00f067aa0ba902b7"), "the call has a span of its own: {span}");
        }
    }
}
