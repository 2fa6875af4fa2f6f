//! Paths below a resource that are neither its list nor a record (HAPI §9,
//! §10.8). All are POST.

use http::Method;
use serde_json::Value;

use super::{Resource, attachments::ATTACHMENT, billing};
use crate::{
    desk::{self, Desk},
    protocol::{Query, Refusal},
};

/// A path with what it does.
pub(crate) struct Below {
    /// The path below `/api/`; `{id}` stands for a number.
    pub(crate) path: &'static str,
    /// The resource whose scopes open it.
    pub(crate) resource: &'static Resource,
    /// The query parameters that it looks at.
    pub(crate) parameters: &'static [&'static str],
    /// What it does; the answer.
    pub(crate) work: fn(&mut Desk<'_>, &'static Self, &Input<'_>) -> Result<Value, Refusal>,
}

/// What such a request brings.
pub(crate) struct Input<'a> {
    /// What stands for `{id}`.
    pub(crate) id: &'a str,
    pub(crate) query: &'a Query,
    pub(crate) content_type: &'a str,
    pub(crate) body: &'a [u8],
}

/// The method of all of them.
pub(crate) const METHOD: Method = Method::POST;

/// All such paths.
pub(crate) static ALL: &[Below] = &[
    Below {
        path: "Attachment/image",
        resource: &ATTACHMENT,
        parameters: &["ticket_id", "action_id", "image_upload_id", "image_upload_key"],
        work: desk::attachments::upload,
    },
    Below {
        path: "Invoice/{id}/void",
        resource: &billing::INVOICE,
        parameters: &[],
        work: desk::invoices::void,
    },
    Below {
        path: "Invoice/updatelines",
        resource: &billing::INVOICE,
        parameters: &[],
        work: desk::invoices::lines,
    },
    Below {
        path: "RecurringInvoice/Lines",
        resource: &billing::RECURRING_INVOICE,
        parameters: &[],
        work: desk::invoices::lines,
    },
];

/// The path that these parts are, without case, and what stands for `{id}`.
pub(crate) fn find<'p>(parts: &[&'p str]) -> Option<(&'static Below, &'p str)> {
    ALL.iter().find_map(|below| {
        let mut id = "";
        let mut known = below.path.split('/');
        let fits = parts.iter().all(|part| match known.next() {
            Some("{id}") => {
                id = part;
                true
            }
            name => name.is_some_and(|name| name.eq_ignore_ascii_case(part)),
        });
        (fits && known.next().is_none()).then_some((below, id))
    })
}
