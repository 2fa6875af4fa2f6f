//! Components that were built for version 0.1.0 of the node interface
//! (`host/wit-0.1`): their functions, with arguments and results of the newest
//! version. [`convert`] has the types, [`form`] the credential form, which was a
//! record then.

mod convert;
mod form;

use super::{Called, Of};
use crate::bindings::{Find, Function};
use crate::call::Guest;
use crate::wit;
use crate::wit::types::NodeError;
use generated::exports::workflow::node::lookup::Entries;
use generated::exports::workflow::node::node::{CheckReport, CredentialSpec, Execution, Prepared};
use generated::exports::workflow::node::triggers::{
    Delivery, Endpoint, Polled, Received, Subscription, Unsubscribed,
};
use generated::exports::workflow::node::types;

mod generated {
    wasmtime::component::bindgen!({
        path: "wit-0.1",
        world: "workflow-node",
    });
}

pub(super) const NODE: &str = "workflow:node/node@0.1.0";
const LOOKUP: &str = "workflow:node/lookup@0.1.0";
const TRIGGERS: &str = "workflow:node/triggers@0.1.0";

/// The exports of one component. What it exports beside them, such as `flat`, is not
/// used.
pub(crate) struct Exports {
    describe: Function,
    credential_schema: Function,
    prepare: Function,
    authenticate: Function,
    check: Function,
    execute: Function,
    options: Option<Function>,
    triggers: Option<[Function; 4]>,
}

pub(super) fn find<T: 'static>(mut find: Find<'_, T>) -> Result<Exports, Vec<String>> {
    type Result<T> = std::result::Result<T, types::NodeError>;
    type Context<'a> = &'a types::CallContext;
    type Connection<'a> = &'a types::Connection;

    let describe = find.function::<(), String>(NODE, "describe");
    let credential_schema = find.function::<(), CredentialSpec>(NODE, "credential-schema");
    let prepare = find.function::<(Context<'_>, &[types::FieldValue]), Result<Prepared>>(NODE, "prepare");
    let authenticate =
        find.function::<(Context<'_>, Connection<'_>), Result<types::Session>>(NODE, "authenticate");
    let check = find.function::<(Context<'_>, Connection<'_>), Result<CheckReport>>(NODE, "check");
    let execute = find
        .function::<(Context<'_>, Connection<'_>, &str, &[types::Item], Option<&str>), Result<Execution>>(
            NODE, "execute",
        );
    let options = find
        .function::<(Context<'_>, Connection<'_>, &str, &str, Option<&str>, Option<&str>), Result<Entries>>(
            LOOKUP, "options",
        );
    let poll = find.function::<(Context<'_>, Connection<'_>, &str, &str, Option<&str>), Result<Polled>>(
        TRIGGERS, "poll",
    );
    let subscribe = find
        .function::<(Context<'_>, Connection<'_>, &str, &str, &Endpoint, Option<&str>), Result<Subscription>>(
            TRIGGERS,
            "subscribe",
        );
    let unsubscribe = find.function::<(Context<'_>, Connection<'_>, &str, &str, &str), Result<Unsubscribed>>(
        TRIGGERS,
        "unsubscribe",
    );
    let receive = find
        .function::<(Context<'_>, Connection<'_>, &str, &str, &Endpoint, &str, &Delivery), Result<Received>>(
            TRIGGERS, "receive",
        );
    let triggers = || Some([poll?, subscribe?, unsubscribe?, receive?]);
    let found = || {
        Some(Exports {
            describe: describe?,
            credential_schema: credential_schema?,
            prepare: prepare?,
            authenticate: authenticate?,
            check: check?,
            execute: execute?,
            options,
            triggers: triggers(),
        })
    };
    let found = found();
    find.finish(found)
}

/// An argument of the newest version as one of this.
fn old<New: Clone + Older>(argument: &New) -> New::Old {
    argument.clone().into()
}

/// An argument that this version has, too.
trait Older: Into<Self::Old> {
    type Old;
}

impl Older for wit::types::CallContext {
    type Old = types::CallContext;
}

impl Older for wit::types::Connection {
    type Old = types::Connection;
}

impl Older for wit::triggers::Endpoint {
    type Old = Endpoint;
}

impl Older for wit::triggers::Delivery {
    type Old = Delivery;
}

/// A result of this version as one of the newest.
#[expect(clippy::result_large_err, reason = "the generated types")]
fn newer<T: From<Old>, Old>(result: Result<Old, types::NodeError>) -> Result<T, NodeError> {
    result.map(Into::into).map_err(Into::into)
}

impl Exports {
    pub(super) async fn describe(&self, guest: &mut Guest<'_>) -> wasmtime::Result<String> {
        self.describe.call(guest, ()).await
    }

    /// The form as JSON, as the manifest has it.
    pub(super) async fn credential_schema(&self, guest: &mut Guest<'_>) -> wasmtime::Result<String> {
        let spec: CredentialSpec = self.credential_schema.call(guest, ()).await?;
        Ok(form::credential_spec(&spec).to_string())
    }

    pub(super) async fn prepare(
        &self,
        guest: &mut Guest<'_>,
        context: &wit::types::CallContext,
        fields: &[wit::types::FieldValue],
    ) -> Called<wit::setup::Prepared> {
        let fields: Vec<types::FieldValue> = fields.iter().cloned().map(Into::into).collect();
        let result: Result<Prepared, _> = self.prepare.call(guest, (&old(context), &*fields)).await?;
        Ok(newer(result))
    }

    pub(super) async fn authenticate(
        &self,
        guest: &mut Guest<'_>,
        context: &wit::types::CallContext,
        connection: &wit::types::Connection,
    ) -> Called<wit::types::Session> {
        let params = (&old(context), &old(connection));
        let result: Result<types::Session, _> = self.authenticate.call(guest, params).await?;
        Ok(newer(result))
    }

    pub(super) async fn check(
        &self,
        guest: &mut Guest<'_>,
        context: &wit::types::CallContext,
        connection: &wit::types::Connection,
    ) -> Called<wit::setup::CheckReport> {
        let params = (&old(context), &old(connection));
        let result: Result<CheckReport, _> = self.check.call(guest, params).await?;
        Ok(newer(result))
    }

    pub(super) async fn execute(
        &self,
        guest: &mut Guest<'_>,
        context: &wit::types::CallContext,
        connection: &wit::types::Connection,
        operation: &str,
        items: &[wit::types::Item],
        cursor: Option<&str>,
    ) -> Called<wit::node::Execution> {
        let items: Vec<types::Item> = items.iter().cloned().map(Into::into).collect();
        let params = (&old(context), &old(connection), operation, &*items, cursor);
        let result: Result<Execution, _> = self.execute.call(guest, params).await?;
        Ok(newer(result))
    }

    #[expect(clippy::too_many_arguments, reason = "the arguments of the exported function")]
    pub(super) async fn options(
        &self,
        guest: &mut Guest<'_>,
        context: &wit::types::CallContext,
        connection: &wit::types::Connection,
        name: &str,
        params: &str,
        search: Option<&str>,
        cursor: Option<&str>,
    ) -> wasmtime::Result<Option<Result<wit::lookup::Entries, NodeError>>> {
        let Some(options) = &self.options else { return Ok(None) };
        let params = (&old(context), &old(connection), name, params, search, cursor);
        let result: Result<Entries, _> = options.call(guest, params).await?;
        Ok(Some(newer(result)))
    }

    pub(super) async fn poll(
        &self,
        guest: &mut Guest<'_>,
        of: Of<'_>,
        state: Option<&str>,
    ) -> wasmtime::Result<Option<Result<wit::triggers::Polled, NodeError>>> {
        let Some([poll, ..]) = &self.triggers else { return Ok(None) };
        let params = (&old(of.context), &old(of.connection), of.trigger, of.config, state);
        let result: Result<Polled, _> = poll.call(guest, params).await?;
        Ok(Some(newer(result)))
    }

    pub(super) async fn subscribe(
        &self,
        guest: &mut Guest<'_>,
        of: Of<'_>,
        endpoint: &wit::triggers::Endpoint,
        state: Option<&str>,
    ) -> wasmtime::Result<Option<Result<wit::triggers::Subscription, NodeError>>> {
        let Some([_, subscribe, ..]) = &self.triggers else { return Ok(None) };
        let params = (&old(of.context), &old(of.connection), of.trigger, of.config, &old(endpoint), state);
        let result: Result<Subscription, _> = subscribe.call(guest, params).await?;
        Ok(Some(newer(result)))
    }

    pub(super) async fn unsubscribe(
        &self,
        guest: &mut Guest<'_>,
        of: Of<'_>,
        state: &str,
    ) -> wasmtime::Result<Option<Result<wit::types::Report, NodeError>>> {
        let Some([_, _, unsubscribe, _]) = &self.triggers else { return Ok(None) };
        let params = (&old(of.context), &old(of.connection), of.trigger, of.config, state);
        let result: Result<Unsubscribed, _> = unsubscribe.call(guest, params).await?;
        Ok(Some(newer(result)))
    }

    pub(super) async fn receive(
        &self,
        guest: &mut Guest<'_>,
        of: Of<'_>,
        endpoint: &wit::triggers::Endpoint,
        state: &str,
        delivery: &wit::triggers::Delivery,
    ) -> wasmtime::Result<Option<Result<wit::triggers::Received, NodeError>>> {
        let Some([.., receive]) = &self.triggers else { return Ok(None) };
        let (endpoint, delivery) = (old(endpoint), old(delivery));
        let params =
            (&old(of.context), &old(of.connection), of.trigger, of.config, &endpoint, state, &delivery);
        let result: Result<Received, _> = receive.call(guest, params).await?;
        Ok(Some(newer(result)))
    }
}
