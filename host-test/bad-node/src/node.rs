//! The interfaces `node` and `setup`, done wrong.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::{vec, vec::Vec};

use crate::bindings::node::{self, Execution, Outcome};
use crate::bindings::setup::{self, CheckReport, Prepared};
use crate::bindings::types::{
    CallContext, Connection, Effect, ErrorKind, FieldValue, Item, NodeError, Report, Retry, Session, Usage,
};

pub(crate) struct Bad;

const UNUSED: Report = Report {
    session: None,
    usage: Usage { requests: 0, retries: 0, waited_ms: 0, rate_limited: 0 },
    diagnostics: vec![],
};

impl node::Guest for Bad {
    // A host refuses a component that returns another form than its manifest has, and
    // would see nothing more of it.
    fn credential_schema() -> String {
        r#"{"fields":[],"auth_recipe":"none","egress":[]}"#.to_owned()
    }

    fn authenticate(_: CallContext, _: Connection) -> Result<Session, NodeError> {
        Ok(Session { token: "bad".to_owned(), expires_at: None, scopes: vec![], extra: None })
    }

    /// A row without the `id` that its schema requires.
    fn execute(
        _: CallContext,
        _: Connection,
        _: String,
        _: Vec<Item>,
        _: Option<String>,
    ) -> Result<Execution, NodeError> {
        let row = Item { json: "{}".to_owned(), attachments: vec![], sources: vec![7] };
        Ok(Execution {
            outcomes: vec![Outcome::Done(vec![row])],
            next: Some("again".to_owned()),
            resume_after_ms: None,
            report: UNUSED,
        })
    }
}

impl setup::Guest for Bad {
    fn prepare(_: CallContext, fields: Vec<FieldValue>) -> Result<Prepared, NodeError> {
        Ok(Prepared { fields, egress: vec![], token_url: None, report: UNUSED })
    }

    fn check(_: CallContext, _: Connection) -> Result<CheckReport, NodeError> {
        Err(NodeError {
            kind: ErrorKind::Internal,
            code: "oops".to_owned(),
            message: "It does not work.".to_owned(),
            advice: None,
            field: None,
            http_status: None,
            vendor_message: None,
            effect: Effect::Unknown,
            retry: Retry::Never,
            details: None,
        })
    }
}
