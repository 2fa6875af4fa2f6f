//! The functions of the interface `triggers` as values.

use super::ConnectionCall;
use crate::budget::Class;
use crate::call::Guest;
use crate::error::refusal;
use crate::node::Node;
use crate::wit::triggers::{Delivery, Endpoint, Polled, Received, Subscription, Unsubscribed};
use crate::wit::types::{CallContext, Connection, ErrorKind, NodeError};

/// Which trigger, and how a person configured it.
#[derive(Clone, Copy)]
pub(crate) struct Trigger<'a> {
    pub(crate) name: &'a str,
    pub(crate) config: &'a str,
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
        let Some(triggers) = &guest.exports.triggers else { return Ok(Err(none())) };
        let Trigger { name, config } = self.trigger;
        triggers.poll.call(guest, (context, connection, name, config, self.state)).await
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
        let Some(triggers) = &guest.exports.triggers else { return Ok(Err(none())) };
        let Trigger { name, config } = self.trigger;
        triggers.subscribe.call(guest, (context, connection, name, config, self.endpoint, self.state)).await
    }
}

/// `unsubscribe`.
pub(crate) struct Unsubscribe<'a> {
    pub(crate) trigger: Trigger<'a>,
    pub(crate) state: &'a str,
}

impl ConnectionCall for Unsubscribe<'_> {
    type Output = Unsubscribed;
    const NAME: &'static str = "triggers.unsubscribe";

    fn only_reads(&self, _: &Node) -> bool {
        false
    }

    async fn invoke(
        &self,
        guest: &mut Guest<'_>,
        context: &CallContext,
        connection: &Connection,
    ) -> wasmtime::Result<Result<Unsubscribed, NodeError>> {
        let Some(triggers) = &guest.exports.triggers else { return Ok(Err(none())) };
        let Trigger { name, config } = self.trigger;
        triggers.unsubscribe.call(guest, (context, connection, name, config, self.state)).await
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
        let Some(triggers) = &guest.exports.triggers else { return Ok(Err(none())) };
        let Trigger { name, config } = self.trigger;
        let Self { endpoint, state, delivery, .. } = self;
        triggers.receive.call(guest, (context, connection, name, config, endpoint, state, delivery)).await
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
