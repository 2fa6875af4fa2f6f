//! What a node implements: one trait for each interface in `wit/`.
//!
//! A node keeps no state: `self` is what it is, and everything else arrives with the
//! call. [`Node`](crate::builder::Node) of the builder implements them from its
//! declarations; nodes that are larger than that implement them by hand.

use alloc::string::String;

use crate::error::Result;
use crate::interface::{
    CallContext, CheckReport, Connection, Delivery, Endpoint, Entries, Execution, Fields, Item, Migrated,
    Polled, Prepared, Question, Received, Report, Session, Subscribed, Subscription, Trigger,
};
use crate::transport::Transport;

/// Where the node of a component comes from; [`export!`](crate::export!) implements it.
pub trait Source {
    /// The node.
    type Node: NodeExports;

    /// The node, made for one call.
    fn node() -> Self::Node;
}

/// The interface `node`.
pub trait NodeExports {
    /// The name of the node, which codes of errors begin with.
    fn name(&self) -> &str;

    /// The credential form: `credentials` of the manifest, as JSON text.
    fn credential_schema(&self) -> String;

    /// Logs in with the fields.
    ///
    /// # Errors
    /// `unsupported` where a host is to log in by the recipe of the form.
    fn authenticate(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
    ) -> Result<Session>;

    /// Runs an operation on each item.
    ///
    /// # Errors
    /// Where the call could not start. The failure of an item is its outcome.
    fn execute(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
        operation: &str,
        items: &[Item],
        cursor: Option<&str>,
    ) -> Result<Execution>;
}

/// The interface `setup`.
pub trait SetupExports: NodeExports {
    /// Cleans and completes the fields.
    ///
    /// # Errors
    /// Where they cannot be used.
    fn prepare(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        fields: &Fields,
    ) -> Result<Prepared>;

    /// Tries what a person will need.
    ///
    /// # Errors
    /// Where the fields cannot be used. A failed step is part of the report.
    fn check(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
    ) -> Result<CheckReport>;
}

/// The interface `lookup`.
pub trait LookupExports: NodeExports {
    /// Returns values of a list.
    ///
    /// # Errors
    /// Where the list cannot be loaded.
    fn options(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
        question: &Question<'_>,
    ) -> Result<Entries>;
}

/// The interface `triggers`.
pub trait TriggerExports: NodeExports {
    /// Returns the events since `state`; without a state it begins now.
    ///
    /// # Errors
    /// Where the service cannot be asked.
    fn poll(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
        trigger: Trigger<'_>,
        state: Option<&str>,
    ) -> Result<Polled>;

    /// Creates a subscription, or finds the existing one.
    ///
    /// # Errors
    /// Where there is none afterwards.
    fn subscribe(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
        trigger: Trigger<'_>,
        endpoint: &Endpoint,
        state: Option<&str>,
    ) -> Result<Subscription>;

    /// Removes every part of a subscription.
    ///
    /// # Errors
    /// Where a part is left.
    fn unsubscribe(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
        trigger: Trigger<'_>,
        state: &str,
    ) -> Result<Report>;

    /// Reads a delivery.
    ///
    /// # Errors
    /// Where it cannot be read now. One that is not authentic is no error.
    fn receive(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
        subscribed: Subscribed<'_>,
        delivery: &Delivery,
    ) -> Result<Received>;
}

/// The interface `revocation`.
pub trait RevocationExports: NodeExports {
    /// Ends the session of the connection.
    ///
    /// # Errors
    /// Where it may still be valid.
    fn revoke(
        &self,
        transport: &mut dyn Transport,
        context: &CallContext,
        connection: &Connection,
    ) -> Result<Report>;
}

/// The interface `migration`.
pub trait MigrationExports: NodeExports {
    /// Converts an input that was written for an older version of an operation.
    ///
    /// # Errors
    /// Where a person has to look at it.
    fn migrate(&self, operation: &str, version: u32, input: &str) -> Result<Migrated>;
}

/// The interface `manifest` of `workflow:packing`.
pub trait PackingExports: NodeExports {
    /// The manifest, as JSON text.
    ///
    /// # Errors
    /// What in the node contradicts itself, one line each.
    fn manifest(&self) -> core::result::Result<String, String>;
}
