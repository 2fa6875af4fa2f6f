//! The functions of the contract as values: their arguments, and what a call of
//! each means. What becomes of their results is in [`answers`](crate::answers).

use crate::answers::Answer;
use crate::budget::Class;
use crate::call::{Guest, GuestCall};
use crate::error::refusal;
use crate::json::error_kind;
use crate::limits::{MANIFEST, PREPARED};
use crate::node::Node;
use crate::reading::Reading;
use crate::wit::lookup::Entries;
use crate::wit::migration::Migrated;
use crate::wit::node::Execution;
use crate::wit::setup::{CheckReport, Prepared};
use crate::wit::types::{CallContext, Connection, ErrorKind, FieldValue, Item, NodeError, Report, Session};

/// The result of a function, or the failure of a component that does not export it.
macro_rules! exported {
    ($result:expr, $absent:expr) => {
        match $result {
            Some(result) => result,
            None => Err($absent),
        }
    };
}
pub(crate) mod triggers;

/// `credential-schema`, with `describe` of version 0.1.
pub(crate) struct CredentialSchema;

impl GuestCall for CredentialSchema {
    type Output = (String, Option<String>);
    const NAME: &'static str = "credential-schema";
    const RESULT: usize = MANIFEST;

    async fn invoke(&self, guest: &mut Guest<'_>) -> wasmtime::Result<Self::Output> {
        let schema = guest.exports.credential_schema(guest).await?;
        Ok((schema, guest.exports.describe(guest).await?))
    }
}

/// `migrate`.
pub(crate) struct Migrate<'a> {
    pub(crate) operation: &'a str,
    pub(crate) version: u32,
    pub(crate) input: &'a str,
}

impl GuestCall for Migrate<'_> {
    /// `None` where the component does not export it.
    type Output = Option<Result<Migrated, NodeError>>;
    const NAME: &'static str = "migrate";

    async fn invoke(&self, guest: &mut Guest<'_>) -> wasmtime::Result<Self::Output> {
        guest.exports.migrate(guest, self.operation, self.version, self.input).await
    }
}

/// `prepare`.
pub(crate) struct Prepare<'a> {
    pub(crate) context: &'a CallContext,
    pub(crate) fields: &'a [FieldValue],
}

impl GuestCall for Prepare<'_> {
    /// `None` where the component does not export it.
    type Output = Option<Result<Prepared, NodeError>>;
    const NAME: &'static str = "prepare";
    const RESULT: usize = PREPARED;

    fn outcome(output: &Self::Output) -> &'static str {
        output.as_ref().map_or("ok", outcome)
    }

    async fn invoke(&self, guest: &mut Guest<'_>) -> wasmtime::Result<Self::Output> {
        guest.exports.prepare(guest, self.context, self.fields).await
    }
}

/// A function that is called for a connection.
pub(crate) trait ConnectionCall: Sync {
    /// What it returns when it goes well.
    type Output: Answer;
    /// Its name, for traces.
    const NAME: &'static str;
    /// Whether it logs in by itself, whatever session there is.
    const LOGS_IN: bool = false;
    /// For whom its requests are sent.
    const CLASS: Class = Class::Interactive;
    /// Whether it changes nothing at the service, whatever it sends.
    fn only_reads(&self, _node: &Node) -> bool {
        true
    }

    /// What it may send in a call that may only read.
    fn reading(&self, _node: &Node) -> Reading {
        Reading::default()
    }

    /// Calls it.
    fn invoke(
        &self,
        guest: &mut Guest<'_>,
        context: &CallContext,
        connection: &Connection,
    ) -> impl Future<Output = wasmtime::Result<Result<Self::Output, NodeError>>> + Send;
}

/// A [`ConnectionCall`] with the context and the connection of one attempt.
pub(crate) struct Attempt<'a, C> {
    pub(crate) call: &'a C,
    pub(crate) context: &'a CallContext,
    pub(crate) connection: &'a Connection,
}

impl<C: ConnectionCall> GuestCall for Attempt<'_, C> {
    type Output = Result<C::Output, NodeError>;
    const NAME: &'static str = C::NAME;

    fn outcome(output: &Self::Output) -> &'static str {
        outcome(output)
    }

    fn invoke(&self, guest: &mut Guest<'_>) -> impl Future<Output = wasmtime::Result<Self::Output>> + Send {
        self.call.invoke(guest, self.context, self.connection)
    }
}

/// How a call went, as metrics have it.
fn outcome<T>(output: &Result<T, NodeError>) -> &'static str {
    output.as_ref().err().map_or("ok", |error| error_kind(error.kind))
}

/// `authenticate`.
pub(crate) struct Authenticate;

impl ConnectionCall for Authenticate {
    type Output = Session;
    const NAME: &'static str = "authenticate";

    async fn invoke(
        &self,
        guest: &mut Guest<'_>,
        context: &CallContext,
        connection: &Connection,
    ) -> wasmtime::Result<Result<Session, NodeError>> {
        guest.exports.authenticate(guest, context, connection).await
    }
}

/// `check`.
pub(crate) struct Check;

impl ConnectionCall for Check {
    type Output = CheckReport;
    const NAME: &'static str = "check";
    // What it tries first is the login.
    const LOGS_IN: bool = true;

    async fn invoke(
        &self,
        guest: &mut Guest<'_>,
        context: &CallContext,
        connection: &Connection,
    ) -> wasmtime::Result<Result<CheckReport, NodeError>> {
        let report = guest.exports.check(guest, context, connection).await?;
        Ok(exported!(report, missing("setup.check")))
    }
}

/// `execute`.
pub(crate) struct Execute<'a> {
    pub(crate) operation: &'a str,
    pub(crate) items: &'a [Item],
    pub(crate) cursor: Option<&'a str>,
}

impl ConnectionCall for Execute<'_> {
    type Output = Execution;
    const NAME: &'static str = "execute";
    const CLASS: Class = Class::Run;

    fn only_reads(&self, node: &Node) -> bool {
        node.manifest_read().is_read_only(self.operation)
    }

    fn reading(&self, node: &Node) -> Reading {
        node.manifest_read().reading(self.operation)
    }

    async fn invoke(
        &self,
        guest: &mut Guest<'_>,
        context: &CallContext,
        connection: &Connection,
    ) -> wasmtime::Result<Result<Execution, NodeError>> {
        let Self { operation, items, cursor } = *self;
        let execute = guest.exports.execute(guest, context, connection, operation, items, cursor);
        let mut result = execute.await?;
        if let Ok(execution) = &mut result {
            // One for each item is the contract.
            execution.outcomes.truncate(items.len());
        }
        Ok(result)
    }
}

/// `options`.
pub(crate) struct Options<'a> {
    pub(crate) name: &'a str,
    pub(crate) params: &'a str,
    pub(crate) search: Option<&'a str>,
    pub(crate) cursor: Option<&'a str>,
}

impl ConnectionCall for Options<'_> {
    type Output = Entries;
    const NAME: &'static str = "lookup.options";

    async fn invoke(
        &self,
        guest: &mut Guest<'_>,
        context: &CallContext,
        connection: &Connection,
    ) -> wasmtime::Result<Result<Entries, NodeError>> {
        let Self { name, params, search, cursor } = *self;
        let options = guest.exports.options(guest, context, connection, name, params, search, cursor);
        Ok(exported!(
            options.await?,
            refusal(
                ErrorKind::Unsupported,
                "host.no-lists",
                "This node has no lists.".to_owned(),
                "Type the value in.",
            )
        ))
    }
}

/// `revoke`.
pub(crate) struct Revoke;

impl ConnectionCall for Revoke {
    type Output = Report;
    const NAME: &'static str = "revoke";

    async fn invoke(
        &self,
        guest: &mut Guest<'_>,
        context: &CallContext,
        connection: &Connection,
    ) -> wasmtime::Result<Result<Report, NodeError>> {
        let report = guest.exports.revoke(guest, context, connection).await?;
        Ok(exported!(report, missing("revocation.revoke")))
    }
}

/// A function was called that the component does not export.
pub(crate) fn missing(function: &str) -> NodeError {
    refusal(
        ErrorKind::Unsupported,
        "host.no-function",
        format!("This node does not export `{function}`."),
        "Go on without it.",
    )
}
