//! The exports: WIT types in, plain Rust down, WIT types out. No rule lives here.

mod input;
mod output;

use alloc::string::String;
use alloc::vec::Vec;
use core::marker::PhantomData;

use crate::bindings::exports::workflow::node as wit;
use crate::bindings::exports::workflow::node::types;
use crate::error::Result;
use crate::traits::*;
use crate::transport::wasi::WasiTransport;
use crate::weight;

/// What is exported for the node of `S`.
#[derive(Debug)]
pub struct Component<S>(PhantomData<S>);

/// What an export returns.
type Exported<T> = core::result::Result<T, types::NodeError>;

/// Converts the arguments, runs, converts the result.
fn run<S: Source, T>(call: impl FnOnce(&S::Node, &mut WasiTransport) -> Result<T>) -> Exported<T> {
    let node = S::node();
    call(&node, &mut WasiTransport::begin()).map_err(|error| output::error(node.name(), &error))
}

impl<S: Source> wit::node::Guest for Component<S> {
    fn credential_schema() -> String {
        S::node().credential_schema()
    }

    fn authenticate(context: types::CallContext, connection: types::Connection) -> Exported<types::Session> {
        run::<S, _>(|node, transport| {
            let context = input::context(context)?;
            node.authenticate(transport, &context, &input::connection(connection)?).map(output::session)
        })
    }

    fn execute(
        context: types::CallContext,
        connection: types::Connection,
        operation: String,
        items: Vec<types::Item>,
        cursor: Option<String>,
    ) -> Exported<wit::node::Execution> {
        run::<S, _>(|node, transport| {
            let context = input::context(context)?;
            let connection = input::connection(connection)?;
            weight::admit(items.iter().map(|item| item.json.as_str()))?;
            let items: Vec<_> = items.into_iter().map(input::item).collect();
            let execution =
                node.execute(transport, &context, &connection, &operation, &items, cursor.as_deref())?;
            Ok(output::execution(node.name(), execution))
        })
    }
}

#[cfg(feature = "setup")]
impl<S: Source<Node: SetupExports>> wit::setup::Guest for Component<S> {
    fn prepare(
        context: types::CallContext,
        fields: Vec<types::FieldValue>,
    ) -> Exported<wit::setup::Prepared> {
        run::<S, _>(|node, transport| {
            let prepared = node.prepare(transport, &input::context(context)?, &input::fields(fields))?;
            Ok(wit::setup::Prepared {
                fields: output::fields(&prepared.fields),
                egress: prepared.egress,
                token_url: prepared.token_url,
                report: output::report(node.name(), prepared.report),
            })
        })
    }

    fn check(
        context: types::CallContext,
        connection: types::Connection,
    ) -> Exported<wit::setup::CheckReport> {
        run::<S, _>(|node, transport| {
            let context = input::context(context)?;
            let report = node.check(transport, &context, &input::connection(connection)?)?;
            Ok(output::check_report(node.name(), report))
        })
    }
}

#[cfg(feature = "lookup")]
impl<S: Source<Node: LookupExports>> wit::lookup::Guest for Component<S> {
    fn options(
        context: types::CallContext,
        connection: types::Connection,
        name: String,
        params: String,
        search: Option<String>,
        cursor: Option<String>,
    ) -> Exported<wit::lookup::Entries> {
        run::<S, _>(|node, transport| {
            let context = input::context(context)?;
            let question = crate::interface::Question {
                list: &name,
                params: &params,
                search: search.as_deref(),
                cursor: cursor.as_deref(),
            };
            let found = node.options(transport, &context, &input::connection(connection)?, &question)?;
            Ok(wit::lookup::Entries {
                entries: found.entries.into_iter().map(output::entry).collect(),
                next: found.next,
                report: output::report(node.name(), found.report),
            })
        })
    }
}

#[cfg(feature = "triggers")]
impl<S: Source<Node: TriggerExports>> wit::triggers::Guest for Component<S> {
    fn poll(
        context: types::CallContext,
        connection: types::Connection,
        trigger: String,
        config: String,
        state: Option<String>,
    ) -> Exported<wit::triggers::Polled> {
        run::<S, _>(|node, transport| {
            let context = input::context(context)?;
            let trigger = crate::interface::Trigger { name: &trigger, config: &config };
            let connection = input::connection(connection)?;
            let polled = node.poll(transport, &context, &connection, trigger, state.as_deref())?;
            Ok(wit::triggers::Polled {
                events: polled.events.into_iter().map(output::event).collect(),
                state: polled.state,
                more: polled.more,
                next_poll_ms: output::milliseconds(polled.next_poll),
                report: output::report(node.name(), polled.report),
            })
        })
    }

    fn subscribe(
        context: types::CallContext,
        connection: types::Connection,
        trigger: String,
        config: String,
        endpoint: wit::triggers::Endpoint,
        state: Option<String>,
    ) -> Exported<wit::triggers::Subscription> {
        run::<S, _>(|node, transport| {
            let context = input::context(context)?;
            let trigger = crate::interface::Trigger { name: &trigger, config: &config };
            let connection = input::connection(connection)?;
            let endpoint = input::endpoint(endpoint);
            let subscription =
                node.subscribe(transport, &context, &connection, trigger, &endpoint, state.as_deref())?;
            Ok(wit::triggers::Subscription {
                state: subscription.state,
                expires_at: subscription.expires_at.map(output::instant),
                report: output::report(node.name(), subscription.report),
            })
        })
    }

    fn unsubscribe(
        context: types::CallContext,
        connection: types::Connection,
        trigger: String,
        config: String,
        state: String,
    ) -> Exported<types::Report> {
        run::<S, _>(|node, transport| {
            let context = input::context(context)?;
            let trigger = crate::interface::Trigger { name: &trigger, config: &config };
            let connection = input::connection(connection)?;
            node.unsubscribe(transport, &context, &connection, trigger, &state)
                .map(|report| output::report(node.name(), report))
        })
    }

    fn receive(
        context: types::CallContext,
        connection: types::Connection,
        trigger: String,
        config: String,
        endpoint: wit::triggers::Endpoint,
        state: String,
        delivery: wit::triggers::Delivery,
    ) -> Exported<wit::triggers::Received> {
        run::<S, _>(|node, transport| {
            let context = input::context(context)?;
            let trigger = crate::interface::Trigger { name: &trigger, config: &config };
            let connection = input::connection(connection)?;
            let endpoint = input::endpoint(endpoint);
            let delivery = input::delivery(delivery);
            let subscribed = crate::interface::Subscribed { trigger, endpoint: &endpoint, state: &state };
            let received = node.receive(transport, &context, &connection, subscribed, &delivery)?;
            Ok(wit::triggers::Received {
                events: received.events.into_iter().map(output::event).collect(),
                state: received.state,
                reply: output::reply(received.reply),
                report: output::report(node.name(), received.report),
            })
        })
    }
}

#[cfg(feature = "revocation")]
impl<S: Source<Node: RevocationExports>> wit::revocation::Guest for Component<S> {
    fn revoke(context: types::CallContext, connection: types::Connection) -> Exported<types::Report> {
        run::<S, _>(|node, transport| {
            let context = input::context(context)?;
            node.revoke(transport, &context, &input::connection(connection)?)
                .map(|report| output::report(node.name(), report))
        })
    }
}

#[cfg(feature = "migration")]
impl<S: Source<Node: MigrationExports>> wit::migration::Guest for Component<S> {
    fn migrate(operation: String, version: u32, input: String) -> Exported<wit::migration::Migrated> {
        let node = S::node();
        let migrated = node.migrate(&operation, version, &input);
        let migrated = migrated.map_err(|error| output::error(node.name(), &error))?;
        Ok(wit::migration::Migrated {
            operation: migrated.operation,
            input: alloc::string::ToString::to_string(&migrated.input),
        })
    }
}

#[cfg(feature = "packing")]
impl<S: Source<Node: PackingExports>> crate::bindings::exports::workflow::packing::manifest::Guest
    for Component<S>
{
    fn manifest() -> core::result::Result<String, String> {
        S::node().manifest()
    }
}
