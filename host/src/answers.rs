//! What the functions for a connection return, and what the host does with it
//! before anyone sees it: the session is taken out, every text for people is
//! bounded, and known secrets are taken out of it.
//!
//! Data belongs to the workflow: the JSON of items, list values, states and cursors
//! are left as they are, but for known secrets of 8 bytes or more, which a service
//! may have echoed. The bytes of files are not looked into.

use crate::limits::{
    clean_details, clean_diagnostics, clean_error, clean_list, clean_name, clean_reply, clean_text,
};
use crate::secrets::Secrets;
use crate::wit::lookup::Entries;
use crate::wit::node::{Execution, Outcome};
use crate::wit::setup::CheckReport;
use crate::wit::triggers::{Event, Polled, Received, Subscription};
use crate::wit::types::{AttachmentContent, Item, NodeError, Report, Session};

/// What a function for a connection returns when it goes well.
pub(crate) trait Answer: Send {
    /// What it returns beside its result.
    fn report(&mut self) -> Option<&mut Report>;

    /// Visits every failure in it.
    fn failures(&mut self, _visit: &mut dyn FnMut(&mut NodeError)) {}

    /// Bounds and scrubs every text for people outside of the report.
    fn clean(&mut self, _secrets: &Secrets) {}
}

/// Makes a result fit to be seen. `amend` is what the host has to say about a
/// failure; that holds words of the guest, too.
pub(crate) fn finish<A: Answer>(
    result: &mut Result<A, NodeError>,
    secrets: &Secrets,
    amend: &dyn Fn(&mut NodeError),
) {
    let mut each = |error: &mut NodeError| {
        amend(error);
        clean_error(error, secrets);
    };
    match result {
        Ok(answer) => {
            answer.failures(&mut each);
            answer.clean(secrets);
            if let Some(report) = answer.report() {
                clean_diagnostics(&mut report.diagnostics, secrets);
            }
        }
        Err(error) => each(error),
    }
}

impl Answer for Session {
    fn report(&mut self) -> Option<&mut Report> {
        None
    }
}

impl Answer for Report {
    fn report(&mut self) -> Option<&mut Report> {
        Some(self)
    }
}

/// A record with a report, and the texts that only it has.
macro_rules! answer {
    ($answer:ty, failures: $failures:expr, texts: $texts:expr) => {
        impl Answer for $answer {
            fn report(&mut self) -> Option<&mut Report> {
                Some(&mut self.report)
            }

            fn failures(&mut self, visit: &mut dyn FnMut(&mut NodeError)) {
                let failures: fn(&mut Self, &mut dyn FnMut(&mut NodeError)) = $failures;
                failures(self, visit);
            }

            fn clean(&mut self, secrets: &Secrets) {
                let texts: fn(&mut Self, &Secrets) = $texts;
                texts(self, secrets);
            }
        }
    };
    ($answer:ty, texts: $texts:expr) => {
        answer!($answer, failures: |_, _| {}, texts: $texts);
    };
}

answer!(
    CheckReport,
    failures: |report, visit| report.steps.iter_mut().filter_map(|step| step.error.as_mut()).for_each(visit),
    texts: |report, secrets| {
        for text in [&mut report.account, &mut report.instance].into_iter().flatten() {
            clean_text(text, secrets);
        }
        clean_list(&mut report.steps, |step| {
            for text in [&mut step.name, &mut step.label, &mut step.message] {
                clean_text(text, secrets);
            }
            if let Some(advice) = &mut step.advice {
                clean_text(advice, secrets);
            }
        });
        clean_list(&mut report.scopes, |scope| clean_name(scope, secrets));
        clean_list(&mut report.fields, |field| {
            clean_name(&mut field.name, secrets);
            clean_text(&mut field.value, secrets);
        });
    }
);

answer!(
    Execution,
    failures: |execution, visit| for outcome in &mut execution.outcomes {
        if let Outcome::Failed(error) = outcome {
            visit(error);
        }
    },
    texts: |execution, secrets| {
        for outcome in &mut execution.outcomes {
            if let Outcome::Done(items) = outcome {
                items.iter_mut().for_each(|item| clean_item(item, secrets));
            }
        }
        clean_data(&mut execution.next, secrets);
    }
);

answer!(Entries, texts: |entries, secrets| {
    for entry in &mut entries.entries {
        clean_text(&mut entry.label, secrets);
        if let Some(description) = &mut entry.description {
            clean_text(description, secrets);
        }
        clean_details(&mut entry.details, secrets);
        secrets.scrub_data(&mut entry.value);
        clean_data(&mut entry.parent, secrets);
    }
    clean_data(&mut entries.next, secrets);
});

answer!(Polled, texts: |polled, secrets| {
    clean_events(&mut polled.events, secrets);
    secrets.scrub_data(&mut polled.state);
});
answer!(Subscription, texts: |subscription, secrets| {
    secrets.scrub_data(&mut subscription.state);
    if let Some(time) = &mut subscription.expires_at {
        clean_name(time, secrets);
    }
});
answer!(Received, texts: |received, secrets| {
    clean_events(&mut received.events, secrets);
    secrets.scrub_data(&mut received.state);
    clean_reply(&mut received.reply, secrets);
});

fn clean_events(events: &mut [Event], secrets: &Secrets) {
    for event in events {
        clean_text(&mut event.id, secrets);
        if let Some(time) = &mut event.occurred_at {
            clean_name(time, secrets);
        }
        clean_item(&mut event.item, secrets);
    }
}

/// Takes secrets out of a result, and out of what is said about its files.
fn clean_item(item: &mut Item, secrets: &Secrets) {
    secrets.scrub_data(&mut item.json);
    for attachment in &mut item.attachments {
        secrets.scrub_data(&mut attachment.name);
        secrets.scrub_data(&mut attachment.mime_type);
        if let AttachmentContent::Link(link) = &mut attachment.content {
            secrets.scrub_data(&mut link.url);
        }
    }
}

fn clean_data(data: &mut Option<String>, secrets: &Secrets) {
    if let Some(data) = data {
        secrets.scrub_data(data);
    }
}

#[cfg(test)]
mod tests;
