//! What the component exports: the traits of the SDK, each function handed on to
//! its room.

use alloc::string::{String, ToString};

use workflow_node_sdk::interface::{
    CallContext, CheckReport, Connection, Delivery, Endpoint, Entries, Execution, Fields, Item, Polled,
    Prepared, Question, Received, Report, Session, Subscribed, Subscription, Trigger,
};
use workflow_node_sdk::traits::{LookupExports, NodeExports, SetupExports, TriggerExports};
use workflow_node_sdk::transport::Transport;

use crate::error::Result;
use crate::triggers::webhook;
use crate::{check, connection, lookup, operations, triggers};

workflow_node_sdk::manifest_section!(include_bytes!(concat!(env!("OUT_DIR"), "/manifest.json")));
workflow_node_sdk::export!(type HaloPsa);

/// `credentials` of the manifest.
static CREDENTIALS: &str = include_str!(concat!(env!("OUT_DIR"), "/credentials.json"));

/// The node.
#[derive(Default)]
struct HaloPsa;

impl NodeExports for HaloPsa {
    fn name(&self) -> &str {
        "halopsa"
    }

    fn credential_schema(&self) -> String {
        CREDENTIALS.to_string()
    }

    fn authenticate(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
    ) -> Result<Session> {
        connection::authenticate(transport, context, connection)
    }

    fn execute(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
        operation: &str,
        items: &[Item],
        cursor: Option<&str>,
    ) -> Result<Execution> {
        operations::execute(transport, context, connection, operation, items, cursor)
    }
}

impl SetupExports for HaloPsa {
    fn prepare(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        fields: &Fields,
    ) -> Result<Prepared> {
        connection::prepare(transport, context, fields)
    }

    fn check(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
    ) -> Result<CheckReport> {
        check::check(transport, context, connection)
    }
}

impl LookupExports for HaloPsa {
    fn options(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
        question: &Question<'_>,
    ) -> Result<Entries> {
        lookup::options(transport, context, connection, question)
    }
}

impl TriggerExports for HaloPsa {
    fn poll(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
        trigger: Trigger<'_>,
        state: Option<&str>,
    ) -> Result<Polled> {
        triggers::poll(transport, context, connection, trigger, state)
    }

    fn subscribe(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
        trigger: Trigger<'_>,
        endpoint: &Endpoint,
        state: Option<&str>,
    ) -> Result<Subscription> {
        webhook::subscribe(transport, context, connection, trigger, endpoint, state)
    }

    fn unsubscribe(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
        trigger: Trigger<'_>,
        state: &str,
    ) -> Result<Report> {
        webhook::unsubscribe(transport, context, connection, trigger.name, state)
    }

    fn receive(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
        subscribed: Subscribed<'_>,
        delivery: &Delivery,
    ) -> Result<Received> {
        webhook::receive(transport, context, connection, subscribed, delivery)
    }
}
