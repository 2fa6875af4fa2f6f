//! The functions of the contract as values: arguments, results, and what the
//! host does with a result before anyone sees it.

pub(crate) mod triggers;

use wasmtime::Store;

use crate::budget::Class;
use crate::call::{Guest, GuestCall, State};
use crate::error::refusal;
use crate::json::error_kind;
use crate::limits::{clean_diagnostics, clean_error, clean_text};
use crate::secrets::Secrets;
use crate::wit::flat::FlatError;
use crate::wit::lookup::Entries;
use crate::wit::node::{CheckReport, CredentialSpec, Execution, Outcome, Prepared};
use crate::wit::types::{
    CallContext, Connection, Effect, ErrorKind, FieldValue, Item, NodeError, Session, Usage,
};

/// `describe`.
pub(crate) struct Describe;

impl GuestCall for Describe {
    type Output = String;
    const NAME: &'static str = "describe";

    async fn invoke(&self, guest: &Guest<'_>, store: &mut Store<State>) -> wasmtime::Result<String> {
        guest.exports.node(store, &guest.instance)?.call_describe(store).await
    }
}

/// `credential-schema`.
pub(crate) struct CredentialSchema;

impl GuestCall for CredentialSchema {
    type Output = CredentialSpec;
    const NAME: &'static str = "credential-schema";

    async fn invoke(&self, guest: &Guest<'_>, store: &mut Store<State>) -> wasmtime::Result<CredentialSpec> {
        guest.exports.node(store, &guest.instance)?.call_credential_schema(store).await
    }
}

/// `flat.invoke`.
pub(crate) struct Flat<'a> {
    pub(crate) connection: &'a str,
    pub(crate) context: &'a str,
    pub(crate) operation: &'a str,
    pub(crate) input: &'a str,
    pub(crate) cursor: Option<&'a str>,
}

impl GuestCall for Flat<'_> {
    /// `None` where the component does not export it.
    type Output = Option<Result<String, FlatError>>;
    const NAME: &'static str = "flat.invoke";

    async fn invoke(&self, guest: &Guest<'_>, store: &mut Store<State>) -> wasmtime::Result<Self::Output> {
        let Some(flat) = guest.exports.flat(store, &guest.instance)? else { return Ok(None) };
        let Self { connection, context, operation, input, cursor } = *self;
        flat.call_invoke(store, connection, context, operation, input, cursor).await.map(Some)
    }
}

/// `prepare`.
pub(crate) struct Prepare<'a> {
    pub(crate) context: &'a CallContext,
    pub(crate) fields: &'a [FieldValue],
}

impl GuestCall for Prepare<'_> {
    type Output = Result<Prepared, NodeError>;
    const NAME: &'static str = "prepare";

    fn outcome(output: &Self::Output) -> &'static str {
        outcome(output)
    }

    async fn invoke(&self, guest: &Guest<'_>, store: &mut Store<State>) -> wasmtime::Result<Self::Output> {
        guest.exports.node(store, &guest.instance)?.call_prepare(store, self.context, self.fields).await
    }
}

/// A function that is called for a connection.
pub(crate) trait ConnectionCall: Sync {
    /// What it returns when it goes well.
    type Output: Send;
    /// Its name, for traces.
    const NAME: &'static str;
    /// Whether it logs in by itself, whatever session there is.
    const LOGS_IN: bool = false;
    /// For whom its requests are sent.
    const CLASS: Class = Class::Interactive;
    /// What may have happened when it was cut off.
    const EFFECT: Effect = Effect::None;

    /// Calls it.
    fn invoke(
        &self,
        guest: &Guest<'_>,
        store: &mut Store<State>,
        context: &CallContext,
        connection: &Connection,
    ) -> impl Future<Output = wasmtime::Result<Result<Self::Output, NodeError>>> + Send;

    /// Takes the session out of a result, for the host alone.
    fn take_session(output: &mut Self::Output) -> Option<Session>;

    /// What a result says that the call cost.
    fn usage(_output: &mut Self::Output) -> Option<&mut Usage> {
        None
    }

    /// Visits every failure in a result.
    fn failures(_output: &mut Self::Output, _visit: &mut dyn FnMut(&mut NodeError)) {}

    /// Bounds and scrubs every other text for people in a result.
    fn clean(output: &mut Self::Output, secrets: &Secrets);
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

    fn invoke(
        &self,
        guest: &Guest<'_>,
        store: &mut Store<State>,
    ) -> impl Future<Output = wasmtime::Result<Self::Output>> + Send {
        self.call.invoke(guest, store, self.context, self.connection)
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
        guest: &Guest<'_>,
        store: &mut Store<State>,
        context: &CallContext,
        connection: &Connection,
    ) -> wasmtime::Result<Result<Session, NodeError>> {
        guest.exports.node(store, &guest.instance)?.call_authenticate(store, context, connection).await
    }

    fn take_session(_: &mut Session) -> Option<Session> {
        None
    }

    fn clean(_: &mut Session, _: &Secrets) {}
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
        guest: &Guest<'_>,
        store: &mut Store<State>,
        context: &CallContext,
        connection: &Connection,
    ) -> wasmtime::Result<Result<CheckReport, NodeError>> {
        guest.exports.node(store, &guest.instance)?.call_check(store, context, connection).await
    }

    fn take_session(report: &mut CheckReport) -> Option<Session> {
        report.session.take()
    }

    fn usage(report: &mut CheckReport) -> Option<&mut Usage> {
        Some(&mut report.usage)
    }

    fn failures(report: &mut CheckReport, visit: &mut dyn FnMut(&mut NodeError)) {
        report.steps.iter_mut().filter_map(|step| step.error.as_mut()).for_each(visit);
    }

    fn clean(report: &mut CheckReport, secrets: &Secrets) {
        for text in [&mut report.account, &mut report.instance].into_iter().flatten() {
            clean_text(text, secrets);
        }
        for step in &mut report.steps {
            for text in [&mut step.name, &mut step.label, &mut step.message] {
                clean_text(text, secrets);
            }
            if let Some(advice) = &mut step.advice {
                clean_text(advice, secrets);
            }
        }
        for scope in &mut report.scopes {
            clean_text(scope, secrets);
        }
        for field in &mut report.fields {
            secrets.scrub(&mut field.value);
        }
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
    const EFFECT: Effect = Effect::Unknown;

    async fn invoke(
        &self,
        guest: &Guest<'_>,
        store: &mut Store<State>,
        context: &CallContext,
        connection: &Connection,
    ) -> wasmtime::Result<Result<Execution, NodeError>> {
        guest
            .exports
            .node(store, &guest.instance)?
            .call_execute(store, context, connection, self.operation, self.items, self.cursor)
            .await
    }

    fn take_session(execution: &mut Execution) -> Option<Session> {
        execution.session.take()
    }

    fn usage(execution: &mut Execution) -> Option<&mut Usage> {
        Some(&mut execution.usage)
    }

    fn failures(execution: &mut Execution, visit: &mut dyn FnMut(&mut NodeError)) {
        for outcome in &mut execution.outcomes {
            if let Outcome::Failed(error) = outcome {
                visit(error);
            }
        }
    }

    fn clean(execution: &mut Execution, secrets: &Secrets) {
        clean_diagnostics(&mut execution.diagnostics, secrets);
    }
}

/// `options`.
pub(crate) struct Options<'a> {
    pub(crate) name: &'a str,
    /// `String`, because that is how the bindings take a named text type.
    pub(crate) params: &'a String,
    pub(crate) search: Option<&'a str>,
    pub(crate) cursor: Option<&'a str>,
}

impl ConnectionCall for Options<'_> {
    type Output = Entries;
    const NAME: &'static str = "lookup.options";

    async fn invoke(
        &self,
        guest: &Guest<'_>,
        store: &mut Store<State>,
        context: &CallContext,
        connection: &Connection,
    ) -> wasmtime::Result<Result<Entries, NodeError>> {
        let Some(lookup) = guest.exports.lookup(store, &guest.instance)? else {
            return Ok(Err(refusal(
                ErrorKind::Unsupported,
                "host.no-lists",
                "This node has no lists.".to_owned(),
                "Type the value in.",
            )));
        };
        let Self { name, params, search, cursor } = self;
        lookup.call_options(store, context, connection, name, params, *search, *cursor).await
    }

    fn take_session(entries: &mut Entries) -> Option<Session> {
        entries.session.take()
    }

    fn usage(entries: &mut Entries) -> Option<&mut Usage> {
        Some(&mut entries.usage)
    }

    fn clean(entries: &mut Entries, secrets: &Secrets) {
        clean_diagnostics(&mut entries.diagnostics, secrets);
    }
}

/// Makes the result of a connection call fit to be seen: every failure in it
/// goes through `amend`, every text is bounded and free of known secrets.
pub(crate) fn finish<C: ConnectionCall>(
    result: &mut Result<C::Output, NodeError>,
    secrets: &Secrets,
    amend: &dyn Fn(&mut NodeError),
) {
    let mut each = |error: &mut NodeError| {
        clean_error(error, secrets);
        amend(error);
    };
    match result {
        Ok(output) => {
            C::failures(output, &mut each);
            C::clean(output, secrets);
        }
        Err(error) => each(error),
    }
}
