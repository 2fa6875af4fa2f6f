//! The functions of the interface `triggers` as values.

use super::ConnectionCall;
use crate::budget::Class;
use crate::call::Guest;
use crate::error::refusal;
use crate::exports::Of;
use crate::node::Node;
use crate::wit::triggers::{Delivery, Endpoint, Polled, Received, Subscription};
use crate::wit::types::{CallContext, Connection, ErrorKind, NodeError, Report};

/// Which trigger, and how a person configured it.
#[derive(Clone, Copy)]
pub(crate) struct Trigger<'a> {
    pub(crate) name: &'a str,
    pub(crate) config: &'a str,
}

impl<'a> Trigger<'a> {
    fn of(self, context: &'a CallContext, connection: &'a Connection) -> Of<'a> {
        Of { context, connection, trigger: self.name, config: self.config }
    }
}

/// `poll`.
pub(crate) struct Poll<'a> {
    pub(crate) trigger: Trigger<'a>,
    pub(crate) state: Option<&'a str>,
}

impl ConnectionCall for Poll<'_> {
    type Output = Polled;
    const NAME: &'static str = "triggers.poll";
    const CLASS: Class = Class::Run;

    async fn invoke(
        &self,
        guest: &mut Guest<'_>,
        context: &CallContext,
        connection: &Connection,
    ) -> wasmtime::Result<Result<Polled, NodeError>> {
        let of = self.trigger.of(context, connection);
        let result = guest.exports.poll(guest, of, self.state).await?;
        Ok(exported!(result, none()))
    }
}

/// `subscribe`.
pub(crate) struct Subscribe<'a> {
    pub(crate) trigger: Trigger<'a>,
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) state: Option<&'a str>,
}

impl ConnectionCall for Subscribe<'_> {
    type Output = Subscription;
    const NAME: &'static str = "triggers.subscribe";

    fn only_reads(&self, _: &Node) -> bool {
        false
    }

    async fn invoke(
        &self,
        guest: &mut Guest<'_>,
        context: &CallContext,
        connection: &Connection,
    ) -> wasmtime::Result<Result<Subscription, NodeError>> {
        let of = self.trigger.of(context, connection);
        let result = guest.exports.subscribe(guest, of, self.endpoint, self.state).await?;
        Ok(exported!(result, none()))
    }
}

/// `unsubscribe`.
pub(crate) struct Unsubscribe<'a> {
    pub(crate) trigger: Trigger<'a>,
    pub(crate) state: &'a str,
}

impl ConnectionCall for Unsubscribe<'_> {
    type Output = Report;
    const NAME: &'static str = "triggers.unsubscribe";

    fn only_reads(&self, _: &Node) -> bool {
        false
    }

    async fn invoke(
        &self,
        guest: &mut Guest<'_>,
        context: &CallContext,
        connection: &Connection,
    ) -> wasmtime::Result<Result<Report, NodeError>> {
        let of = self.trigger.of(context, connection);
        let result = guest.exports.unsubscribe(guest, of, self.state).await?;
        Ok(exported!(result, none()))
    }
}

/// `receive`.
pub(crate) struct Receive<'a> {
    pub(crate) trigger: Trigger<'a>,
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) state: &'a str,
    pub(crate) delivery: &'a Delivery,
}

impl ConnectionCall for Receive<'_> {
    type Output = Received;
    const NAME: &'static str = "triggers.receive";

    async fn invoke(
        &self,
        guest: &mut Guest<'_>,
        context: &CallContext,
        connection: &Connection,
    ) -> wasmtime::Result<Result<Received, NodeError>> {
        let of = self.trigger.of(context, connection);
        let result = guest.exports.receive(guest, of, self.endpoint, self.state, self.delivery).await?;
        Ok(exported!(result, none()))
    }
}

fn none() -> NodeError {
    refusal(
        ErrorKind::Unsupported,
        "host.no-triggers",
        "This node has no triggers.".to_owned(),
        "Ask for new records with an operation that lists them.",
    )
}
