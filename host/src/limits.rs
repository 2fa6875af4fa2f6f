//! Bounds on what a guest may use and on what it may say.
//!
//! Time is bounded where the call is made ([`call`](crate::call)), bytes from
//! the network where they come in ([`body`](crate::body)).

use wasmtime::ResourceLimiter;

use crate::secrets::Secrets;
use crate::wit::setup::Prepared;
use crate::wit::triggers::Reply;
use crate::wit::types::{Diagnostic, NodeError};

/// What one call may use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes of all memories and tables together.
    pub(crate) memory: usize,
    /// Bytes that a guest hands to the host in one go, its result above all.
    pub(crate) result: usize,
    /// Bytes of one response body.
    pub(crate) response: u64,
    /// Bytes of the results of a run over several calls.
    pub(crate) run: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 256 << 20, result: 64 << 20, response: 64 << 20, run: 1 << 30 }
    }
}

/// Counts what one call has: the memories and tables of its store together, since a
/// component may have many of each, and what the host [holds](crate::held) for it.
#[derive(Debug)]
pub(crate) struct Limiter {
    /// What there is.
    bytes: usize,
    /// What memories and tables leave.
    left: usize,
    /// What the host holds, at most.
    held: usize,
    exceeded: bool,
}

impl Limiter {
    pub(crate) fn new(bytes: usize) -> Self {
        Self { bytes, left: bytes, held: 0, exceeded: false }
    }

    /// What memories and tables take.
    pub(crate) fn used(&self) -> usize {
        self.bytes - self.left
    }

    /// Whether the guest ever asked for more than there was.
    pub(crate) fn exceeded(&self) -> bool {
        self.exceeded
    }

    /// Notes that the guest asked for more than there is; always `false`.
    pub(crate) fn exceed(&mut self) -> bool {
        self.exceeded = true;
        false
    }

    /// Whether there is room for so many bytes more.
    pub(crate) fn fits(&self, bytes: usize) -> bool {
        self.held.saturating_add(bytes) <= self.left
    }

    /// Counts so many bytes more in the host, if there is room.
    pub(crate) fn hold(&mut self, bytes: usize) -> bool {
        let fits = self.fits(bytes);
        if fits {
            self.held += bytes;
        }
        fits
    }

    /// Says how many bytes the host holds, where that is known.
    pub(crate) fn holds(&mut self, bytes: usize) {
        self.held = bytes;
    }

    fn grow(&mut self, bytes: usize) -> bool {
        if self.fits(bytes) {
            self.left -= bytes;
            return true;
        }
        // The guest may handle this: its allocator sees an ordinary failure.
        self.exceed()
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.grow(desired.saturating_sub(current)))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // An element takes a pointer in the host.
        Ok(self.grow(desired.saturating_sub(current).saturating_mul(size_of::<usize>())))
    }
}

/// Bytes of a name in guest text, such as a code.
const NAME: usize = 256;
/// Bytes of a text for people.
pub(crate) const TEXT: usize = 4 << 10;
/// Bytes of open-ended details.
pub(crate) const DETAILS: usize = 64 << 10;
/// How many diagnostics one result may have, or steps a report.
const DIAGNOSTICS: usize = 1000;
/// How many headers a reply to a delivery may have.
const HEADERS: usize = 32;
/// How many origins `prepare` may name.
const ORIGINS: usize = 64;

/// Bytes of a manifest, and of the credential form.
pub(crate) const MANIFEST: usize = 4 << 20;
/// Bytes of what `prepare` returns.
pub(crate) const PREPARED: usize = 1 << 20;

/// Bounds every text of a failure and takes known secrets out of it. A guest can
/// say anything, and can be made to say what it was told.
pub(crate) fn clean_error(error: &mut NodeError, secrets: &Secrets) {
    clean(&mut error.code, NAME, secrets);
    clean(&mut error.message, TEXT, secrets);
    for (text, limit) in
        [(&mut error.advice, TEXT), (&mut error.field, NAME * 4), (&mut error.vendor_message, TEXT)]
    {
        if let Some(text) = text {
            clean(text, limit, secrets);
        }
    }
    clean_details(&mut error.details, secrets);
}

/// Bounds open-ended details and takes known secrets out of them. Half a JSON text
/// is none, so those that are too long go as a whole.
pub(crate) fn clean_details(details: &mut Option<String>, secrets: &Secrets) {
    details.take_if(|details| details.len() > DETAILS);
    if let Some(details) = details {
        secrets.scrub_json(details);
    }
}

/// Bounds the reply to a delivery and takes known secrets out of it: whoever sent
/// the delivery is given it.
pub(crate) fn clean_reply(reply: &mut Reply, secrets: &Secrets) {
    reply.headers.truncate(HEADERS);
    for header in &mut reply.headers {
        clean_name(&mut header.name, secrets);
        clean_text(&mut header.value, secrets);
    }
    if reply.body.len() > DETAILS {
        reply.body.clear();
    }
    if let Ok(text) = str::from_utf8(&reply.body) {
        let mut text = text.to_owned();
        secrets.scrub(&mut text);
        reply.body = text.into_bytes();
    }
}

/// Bounds what `prepare` says. Its fields are for the component itself.
pub(crate) fn clean_prepared(prepared: &mut Prepared, secrets: &Secrets) {
    clean_diagnostics(&mut prepared.report.diagnostics, secrets);
    prepared.egress.truncate(ORIGINS);
    for origin in &mut prepared.egress {
        clean(origin, NAME * 4, secrets);
    }
}

/// Bounds every text of diagnostics and takes known secrets out of it.
pub(crate) fn clean_diagnostics(diagnostics: &mut Vec<Diagnostic>, secrets: &Secrets) {
    clean_list(diagnostics, |diagnostic| {
        clean(&mut diagnostic.code, NAME, secrets);
        clean(&mut diagnostic.message, TEXT, secrets);
    });
}

/// Bounds a list for people, and each part of it.
pub(crate) fn clean_list<T>(list: &mut Vec<T>, each: impl FnMut(&mut T)) {
    list.truncate(DIAGNOSTICS);
    list.iter_mut().for_each(each);
}

/// Bounds a text and takes known secrets out of it.
pub(crate) fn clean_text(text: &mut String, secrets: &Secrets) {
    clean(text, TEXT, secrets);
}

/// Bounds a name, such as a code or an instant, and takes known secrets out of it.
pub(crate) fn clean_name(text: &mut String, secrets: &Secrets) {
    clean(text, NAME, secrets);
}

fn clean(text: &mut String, limit: usize, secrets: &Secrets) {
    secrets.shorten(text, limit);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::NOTHING_DONE;
    use crate::error::refusal;
    use crate::wit::types::ErrorKind;

    #[test]
    fn memories_and_tables_count_together() {
        let mut limiter = Limiter::new(1 << 20);
        assert!(limiter.memory_growing(0, 512 << 10, None).expect("memory"));
        assert!(limiter.memory_growing(0, 256 << 10, None).expect("memory"));
        assert!(limiter.table_growing(0, 16 << 10, None).expect("table"));
        assert_eq!(limiter.used(), (768 << 10) + (16 << 10) * size_of::<usize>());
        assert!(!limiter.exceeded());
        assert!(!limiter.memory_growing(512 << 10, 768 << 10, None).expect("memory"));
        assert!(limiter.exceeded());
    }

    #[test]
    fn what_the_host_holds_counts_with_them() {
        let mut limiter = Limiter::new(1 << 20);
        assert!(limiter.memory_growing(0, 512 << 10, None).expect("memory"));
        assert!(limiter.hold(512 << 10) && !limiter.hold(1));
        assert!(!limiter.memory_growing(512 << 10, 513 << 10, None).expect("memory"));
        limiter.holds(0);
        assert!(limiter.memory_growing(512 << 10, 1 << 20, None).expect("memory"));
    }

    #[test]
    fn growing_counts_what_is_added_and_not_what_there_was() {
        let mut limiter = Limiter::new(3 << 16);
        for step in 0..3_usize {
            assert!(limiter.memory_growing(step << 16, (step + 1) << 16, None).expect("memory"));
        }
        assert!(!limiter.memory_growing(3 << 16, 4 << 16, None).expect("memory"));
    }

    #[test]
    fn a_guests_failure_is_bounded_and_holds_no_secret() {
        let secrets = Secrets::default();
        secrets.add("hunter22");
        let mut error = refusal(
            ErrorKind::Internal,
            &"c".repeat(10_000),
            format!("hunter22 {}", "ü".repeat(10_000)),
            "ask hunter22",
        );
        error.vendor_message = Some("hunter22".to_owned());
        error.details = Some("{\"x\":\"hunter22\"}".to_owned());
        clean_error(&mut error, &secrets);
        assert!(error.code.len() <= NAME + 3);
        assert!(error.message.len() <= TEXT + 3);
        assert!(!format!("{error:?}").contains("hunter22"), "{error:?}");
    }

    #[test]
    fn details_that_are_too_long_are_dropped_whole() {
        let mut error = refusal(ErrorKind::Internal, "c", "m".to_owned(), "a");
        error.details = Some(format!("\"{}\"", "x".repeat(DETAILS)));
        clean_error(&mut error, &Secrets::default());
        assert_eq!(error.details, None);
    }

    #[test]
    fn no_half_of_a_secret_is_left_at_either_cut() {
        let secrets = Secrets::default();
        secrets.add("hunter22-the-secret");
        for before in TEXT - 50..TEXT + 50 {
            // Many secrets that become shorter move the end of the text to the front.
            for many in [0, 1, 50, 1000] {
                let mut text = "hunter22-the-secret".repeat(many);
                let filling = before.saturating_sub(text.len());
                text.push_str(&"x".repeat(filling));
                text.push_str(&"hunter22-the-secret".repeat(100));
                clean_text(&mut text, &secrets);
                assert!(!text.contains("hunt") && text.len() <= TEXT + 3, "{before} {many} {text}");
            }
        }
    }

    #[test]
    fn what_prepare_names_is_bounded() {
        let mut prepared = Prepared {
            fields: Vec::new(),
            egress: vec!["x".repeat(1 << 20); 100],
            token_url: None,
            report: NOTHING_DONE,
        };
        clean_prepared(&mut prepared, &Secrets::default());
        assert_eq!(prepared.egress.len(), ORIGINS);
        assert!(prepared.egress.iter().all(|origin| origin.len() < 1100));
    }

    #[test]
    fn a_secret_at_the_cut_is_still_found() {
        let secrets = Secrets::default();
        secrets.add("hunter22");
        let mut text = format!("{}hunter22", "x".repeat(TEXT - 4));
        clean_text(&mut text, &secrets);
        assert!(!text.contains("hunt"), "{}", text.len());
    }
}
