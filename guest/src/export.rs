//! The exports: WIT types in, plain Rust down, WIT types out. No rule lives here.

mod input;
mod output;

use alloc::string::String;
use alloc::vec::Vec;
use core::marker::PhantomData;

use crate::bindings::exports::workflow::node as wit;
use crate::bindings::exports::workflow::node::types;
use crate::error::Result;
use crate::traits::NodeExports;
use crate::transport::wasi::WasiTransport;
use crate::weight;

/// What is exported for the node `N`.
#[derive(Debug)]
pub struct Component<N>(PhantomData<N>);

/// What an export returns.
type Exported<T> = core::result::Result<T, types::NodeError>;

/// Converts the arguments, runs, converts the result.
fn run<N: NodeExports, T>(call: impl FnOnce(&mut WasiTransport) -> Result<T>) -> Exported<T> {
    call(&mut WasiTransport::begin()).map_err(|error| output::error::<N>(&error))
}

impl<N: NodeExports> wit::node::Guest for Component<N> {
    fn credential_schema() -> String {
        N::credential_schema()
    }

    fn authenticate(context: types::CallContext, connection: types::Connection) -> Exported<types::Session> {
        run::<N, _>(|transport| {
            let context = input::context(context)?;
            N::authenticate(transport, &context, &input::connection(connection)?).map(output::session)
        })
    }

    fn execute(
        context: types::CallContext,
        connection: types::Connection,
        operation: String,
        items: Vec<types::Item>,
        cursor: Option<String>,
    ) -> Exported<wit::node::Execution> {
        run::<N, _>(|transport| {
            let context = input::context(context)?;
            let connection = input::connection(connection)?;
            weight::admit(items.iter().map(|item| item.json.as_str()))?;
            let items = items.into_iter().map(input::item).collect();
            let execution =
                N::execute(transport, &context, &connection, &operation, items, cursor.as_deref())?;
            Ok(output::execution::<N>(execution))
        })
    }
}

#[cfg(feature = "setup")]
impl<N: crate::traits::SetupExports> wit::setup::Guest for Component<N> {
    fn prepare(
        context: types::CallContext,
        fields: Vec<types::FieldValue>,
    ) -> Exported<wit::setup::Prepared> {
        run::<N, _>(|transport| {
            let prepared = N::prepare(transport, &input::context(context)?, &input::fields(fields))?;
            Ok(wit::setup::Prepared {
                fields: output::fields(&prepared.fields),
                egress: prepared.egress,
                token_url: prepared.token_url,
                report: output::report::<N>(prepared.report),
            })
        })
    }

    fn check(
        context: types::CallContext,
        connection: types::Connection,
    ) -> Exported<wit::setup::CheckReport> {
        run::<N, _>(|transport| {
            let context = input::context(context)?;
            let report = N::check(transport, &context, &input::connection(connection)?)?;
            Ok(output::check_report::<N>(report))
        })
    }
}

#[cfg(feature = "lookup")]
impl<N: crate::traits::LookupExports> wit::lookup::Guest for Component<N> {
    fn options(
        context: types::CallContext,
        connection: types::Connection,
        name: String,
        params: String,
        search: Option<String>,
        cursor: Option<String>,
    ) -> Exported<wit::lookup::Entries> {
        run::<N, _>(|transport| {
            let context = input::context(context)?;
            let question = crate::interface::Question {
                list: &name,
                params: &params,
                search: search.as_deref(),
                cursor: cursor.as_deref(),
            };
            let found = N::options(transport, &context, &input::connection(connection)?, &question)?;
            Ok(wit::lookup::Entries {
                entries: found.entries.into_iter().map(output::entry).collect(),
                next: found.next,
                report: output::report::<N>(found.report),
            })
        })
    }
}

#[cfg(feature = "triggers")]
impl<N: crate::traits::TriggerExports> wit::triggers::Guest for Component<N> {
    fn poll(
        context: types::CallContext,
        connection: types::Connection,
        trigger: String,
        config: String,
        state: Option<String>,
    ) -> Exported<wit::triggers::Polled> {
        run::<N, _>(|transport| {
            let context = input::context(context)?;
            let trigger = crate::interface::Trigger { name: &trigger, config: &config };
            let connection = input::connection(connection)?;
            let polled = N::poll(transport, &context, &connection, trigger, state.as_deref())?;
            Ok(wit::triggers::Polled {
                events: polled.events.into_iter().map(output::event).collect(),
                state: polled.state,
                more: polled.more,
                next_poll_ms: output::milliseconds(polled.next_poll),
                report: output::report::<N>(polled.report),
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
        run::<N, _>(|transport| {
            let context = input::context(context)?;
            let trigger = crate::interface::Trigger { name: &trigger, config: &config };
            let connection = input::connection(connection)?;
            let endpoint = input::endpoint(endpoint);
            let subscription =
                N::subscribe(transport, &context, &connection, trigger, &endpoint, state.as_deref())?;
            Ok(wit::triggers::Subscription {
                state: subscription.state,
                expires_at: subscription.expires_at.map(output::instant),
                report: output::report::<N>(subscription.report),
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
        run::<N, _>(|transport| {
            let context = input::context(context)?;
            let trigger = crate::interface::Trigger { name: &trigger, config: &config };
            let connection = input::connection(connection)?;
            N::unsubscribe(transport, &context, &connection, trigger, &state).map(output::report::<N>)
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
        run::<N, _>(|transport| {
            let context = input::context(context)?;
            let trigger = crate::interface::Trigger { name: &trigger, config: &config };
            let connection = input::connection(connection)?;
            let endpoint = input::endpoint(endpoint);
            let delivery = input::delivery(delivery);
            let received =
                N::receive(transport, &context, &connection, trigger, &endpoint, &state, &delivery)?;
            Ok(wit::triggers::Received {
                events: received.events.into_iter().map(output::event).collect(),
                state: received.state,
                reply: output::reply(received.reply),
                report: output::report::<N>(received.report),
            })
        })
    }
}

#[cfg(feature = "revocation")]
impl<N: crate::traits::RevocationExports> wit::revocation::Guest for Component<N> {
    fn revoke(context: types::CallContext, connection: types::Connection) -> Exported<types::Report> {
        run::<N, _>(|transport| {
            let context = input::context(context)?;
            N::revoke(transport, &context, &input::connection(connection)?).map(output::report::<N>)
        })
    }
}

#[cfg(feature = "migration")]
impl<N: crate::traits::MigrationExports> wit::migration::Guest for Component<N> {
    fn migrate(operation: String, version: u32, input: String) -> Exported<wit::migration::Migrated> {
        let migrated = N::migrate(&operation, version, &input).map_err(|error| output::error::<N>(&error))?;
        Ok(wit::migration::Migrated {
            operation: migrated.operation,
            input: alloc::string::ToString::to_string(&migrated.input),
        })
    }
}

#[cfg(feature = "packing")]
impl<N: crate::traits::PackingExports> crate::bindings::exports::workflow::packing::manifest::Guest
    for Component<N>
{
    fn manifest() -> core::result::Result<String, String> {
        N::manifest()
    }
}
