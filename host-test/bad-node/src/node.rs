//! The interface `node`, done wrong.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::{vec, vec::Vec};

use crate::bindings::node::*;
use crate::bindings::types::{Effect, ErrorKind, Retry};

pub(crate) struct Bad;

const UNUSED: Usage = Usage { requests: 0, retries: 0, waited_ms: 0, rate_limited: 0 };

impl Guest for Bad {
    // A host refuses a component whose next two functions say something else than its
    // manifest, and would see nothing more of it.
    fn describe() -> String {
        crate::MANIFEST.to_owned()
    }

    fn credential_schema() -> CredentialSpec {
        CredentialSpec {
            fields: vec![],
            auth_recipe: AuthRecipe::None,
            egress: vec![],
            documentation_url: None,
        }
    }

    fn prepare(_: CallContext, fields: Vec<FieldValue>) -> Result<Prepared, NodeError> {
        Ok(Prepared { fields, egress: vec![], token_url: None, usage: UNUSED, diagnostics: vec![] })
    }

    fn authenticate(_: CallContext, _: Connection) -> Result<Session, NodeError> {
        Ok(Session { token: "bad".to_owned(), expires_at: None, scopes: vec![], extra: None })
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

    /// A row without the `id` that its schema requires.
    fn execute(
        _: CallContext,
        _: Connection,
        _: String,
        _: Vec<Item>,
        _: Option<String>,
    ) -> Result<Execution, NodeError> {
        let row = Item { json: "{}".to_owned(), attachments: vec![], source_index: Some(0) };
        Ok(Execution {
            outcomes: vec![Outcome::Done(vec![row])],
            next: Some("again".to_owned()),
            resume_after_ms: None,
            session: None,
            usage: UNUSED,
            diagnostics: vec![],
        })
    }
}
