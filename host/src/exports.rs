//! The functions that a component exports, in whichever version it was built for.
//!
//! A host holds the versions that components in use were built for. Everything else
//! in this crate works with the types of the newest; [`v0_1`] converts. How host and
//! component find a common version is described in
//! `docs/decisions/0009-what-grows-is-data.md`.

mod v0_1;

use wasmtime::component::InstancePre;

use crate::bindings::{Find, Function};
use crate::call::Guest;
use crate::wit::lookup::Entries;
use crate::wit::migration::Migrated;
use crate::wit::node::Execution;
use crate::wit::setup::{CheckReport, Prepared};
use crate::wit::triggers::{Delivery, Endpoint, Polled, Received, Subscription};
use crate::wit::types::{CallContext, Connection, FieldValue, Item, NodeError, Report, Session};

/// What a function returns: the outer error is a trap.
type Called<T> = wasmtime::Result<Result<T, NodeError>>;

/// The versions of the node interface that this host knows, newest first.
pub const VERSIONS: [&str; 2] = ["0.2.0", "0.1.0"];

/// The part of a version within which a component fits: `0.2` of `0.2.1`.
pub(crate) fn track(version: &str) -> &str {
    version.rsplit_once('.').map_or(version, |(track, _)| track)
}

/// Whether this host knows a version, or one that it is taken for.
pub(crate) fn is_known(version: &str) -> bool {
    VERSIONS.iter().any(|known| track(known) == track(version))
}

/// The version of an export that is the interface `node`.
pub(crate) fn version_of(export: &str) -> Option<&str> {
    [NODE, v0_1::NODE].iter().find_map(|node| {
        let (name, _) = node.rsplit_once('@')?;
        export.strip_prefix(name)?.strip_prefix('@')
    })
}

/// Why a component that exports no known version cannot be used.
pub(crate) fn no_known_version(found: Option<&str>) -> String {
    let known = VERSIONS.join(" and ");
    match found {
        Some(version) => {
            format!("it was built for version {version} of workflow:node, and this host knows {known}")
        }
        None => format!("workflow:node/node is missing; this host knows the versions {known}"),
    }
}

/// The exports of one component.
pub(crate) enum Exports {
    Current(Box<Current>),
    V0_1(Box<v0_1::Exports>),
}

/// The exports of the current version; what is optional may be missing.
pub(crate) struct Current {
    credential_schema: Function,
    authenticate: Function,
    execute: Function,
    setup: Option<(Function, Function)>,
    options: Option<Function>,
    triggers: Option<Triggers>,
    revoke: Option<Function>,
    migrate: Option<Function>,
}

/// The functions of the interface `triggers`.
struct Triggers {
    poll: Function,
    subscribe: Function,
    unsubscribe: Function,
    receive: Function,
}

/// The arguments of the functions of `triggers` that all of them have.
#[derive(Clone, Copy)]
pub(crate) struct Of<'a> {
    pub(crate) context: &'a CallContext,
    pub(crate) connection: &'a Connection,
    pub(crate) trigger: &'a str,
    pub(crate) config: &'a str,
}

impl Exports {
    /// Looks the exports up and compares the type of each function that the host
    /// calls. The errors are what does not fit.
    pub(crate) fn new<T: 'static>(component: &InstancePre<T>) -> Result<Self, Vec<String>> {
        let find = Find::new(component);
        if find.has(NODE) {
            return current(find).map(|exports| Self::Current(Box::new(exports)));
        }
        if find.has(v0_1::NODE) {
            return v0_1::find(find).map(|exports| Self::V0_1(Box::new(exports)));
        }
        // `inspect` said so before it was compiled.
        Err(vec![no_known_version(None)])
    }

    /// The version that the component was built for, as this host knows it.
    pub(crate) fn version(&self) -> &'static str {
        let [current, v0_1] = VERSIONS;
        match self {
            Self::Current(_) => current,
            Self::V0_1(_) => v0_1,
        }
    }

    /// Whether the component completes and checks credentials.
    pub(crate) fn has_setup(&self) -> bool {
        match self {
            Self::Current(exports) => exports.setup.is_some(),
            Self::V0_1(_) => true,
        }
    }

    /// Whether the component can end a session.
    pub(crate) fn has_revocation(&self) -> bool {
        matches!(self, Self::Current(exports) if exports.revoke.is_some())
    }

    pub(crate) async fn credential_schema(&self, guest: &mut Guest<'_>) -> wasmtime::Result<String> {
        match self {
            Self::Current(exports) => exports.credential_schema.call(guest, ()).await,
            Self::V0_1(exports) => exports.credential_schema(guest).await,
        }
    }

    /// `describe` of version 0.1; later versions have the manifest only.
    pub(crate) async fn describe(&self, guest: &mut Guest<'_>) -> wasmtime::Result<Option<String>> {
        match self {
            Self::Current(_) => Ok(None),
            Self::V0_1(exports) => exports.describe(guest).await.map(Some),
        }
    }

    /// `None` where the component does not export it.
    pub(crate) async fn prepare(
        &self,
        guest: &mut Guest<'_>,
        context: &CallContext,
        fields: &[FieldValue],
    ) -> wasmtime::Result<Option<Result<Prepared, NodeError>>> {
        match self {
            Self::Current(exports) => {
                let Some((prepare, _)) = &exports.setup else { return Ok(None) };
                prepare.call(guest, (context, fields)).await.map(Some)
            }
            Self::V0_1(exports) => exports.prepare(guest, context, fields).await.map(Some),
        }
    }

    pub(crate) async fn authenticate(
        &self,
        guest: &mut Guest<'_>,
        context: &CallContext,
        connection: &Connection,
    ) -> Called<Session> {
        match self {
            Self::Current(exports) => exports.authenticate.call(guest, (context, connection)).await,
            Self::V0_1(exports) => exports.authenticate(guest, context, connection).await,
        }
    }

    /// `None` where the component does not export it.
    pub(crate) async fn check(
        &self,
        guest: &mut Guest<'_>,
        context: &CallContext,
        connection: &Connection,
    ) -> wasmtime::Result<Option<Result<CheckReport, NodeError>>> {
        match self {
            Self::Current(exports) => {
                let Some((_, check)) = &exports.setup else { return Ok(None) };
                check.call(guest, (context, connection)).await.map(Some)
            }
            Self::V0_1(exports) => exports.check(guest, context, connection).await.map(Some),
        }
    }

    pub(crate) async fn execute(
        &self,
        guest: &mut Guest<'_>,
        context: &CallContext,
        connection: &Connection,
        operation: &str,
        items: &[Item],
        cursor: Option<&str>,
    ) -> Called<Execution> {
        match self {
            Self::Current(exports) => {
                exports.execute.call(guest, (context, connection, operation, items, cursor)).await
            }
            Self::V0_1(exports) => {
                exports.execute(guest, context, connection, operation, items, cursor).await
            }
        }
    }

    /// `None` where the component does not export it.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the exported function")]
    pub(crate) async fn options(
        &self,
        guest: &mut Guest<'_>,
        context: &CallContext,
        connection: &Connection,
        name: &str,
        params: &str,
        search: Option<&str>,
        cursor: Option<&str>,
    ) -> wasmtime::Result<Option<Result<Entries, NodeError>>> {
        match self {
            Self::Current(exports) => {
                let Some(options) = &exports.options else { return Ok(None) };
                options.call(guest, (context, connection, name, params, search, cursor)).await.map(Some)
            }
            Self::V0_1(exports) => {
                exports.options(guest, context, connection, name, params, search, cursor).await
            }
        }
    }

    /// `None` where the component does not export it.
    pub(crate) async fn revoke(
        &self,
        guest: &mut Guest<'_>,
        context: &CallContext,
        connection: &Connection,
    ) -> wasmtime::Result<Option<Result<Report, NodeError>>> {
        let Self::Current(exports) = self else { return Ok(None) };
        let Some(revoke) = &exports.revoke else { return Ok(None) };
        revoke.call(guest, (context, connection)).await.map(Some)
    }

    /// `None` where the component does not export it.
    pub(crate) async fn migrate(
        &self,
        guest: &mut Guest<'_>,
        operation: &str,
        version: u32,
        input: &str,
    ) -> wasmtime::Result<Option<Result<Migrated, NodeError>>> {
        let Self::Current(exports) = self else { return Ok(None) };
        let Some(migrate) = &exports.migrate else { return Ok(None) };
        migrate.call(guest, (operation, version, input)).await.map(Some)
    }

    /// `None` where the component has no triggers; so the next three.
    pub(crate) async fn poll(
        &self,
        guest: &mut Guest<'_>,
        of: Of<'_>,
        state: Option<&str>,
    ) -> wasmtime::Result<Option<Result<Polled, NodeError>>> {
        match self {
            Self::Current(exports) => {
                let Some(triggers) = &exports.triggers else { return Ok(None) };
                let Of { context, connection, trigger, config } = of;
                triggers.poll.call(guest, (context, connection, trigger, config, state)).await.map(Some)
            }
            Self::V0_1(exports) => exports.poll(guest, of, state).await,
        }
    }

    pub(crate) async fn subscribe(
        &self,
        guest: &mut Guest<'_>,
        of: Of<'_>,
        endpoint: &Endpoint,
        state: Option<&str>,
    ) -> wasmtime::Result<Option<Result<Subscription, NodeError>>> {
        match self {
            Self::Current(exports) => {
                let Some(triggers) = &exports.triggers else { return Ok(None) };
                let Of { context, connection, trigger, config } = of;
                let params = (context, connection, trigger, config, endpoint, state);
                triggers.subscribe.call(guest, params).await.map(Some)
            }
            Self::V0_1(exports) => exports.subscribe(guest, of, endpoint, state).await,
        }
    }

    pub(crate) async fn unsubscribe(
        &self,
        guest: &mut Guest<'_>,
        of: Of<'_>,
        state: &str,
    ) -> wasmtime::Result<Option<Result<Report, NodeError>>> {
        match self {
            Self::Current(exports) => {
                let Some(triggers) = &exports.triggers else { return Ok(None) };
                let Of { context, connection, trigger, config } = of;
                let params = (context, connection, trigger, config, state);
                triggers.unsubscribe.call(guest, params).await.map(Some)
            }
            Self::V0_1(exports) => exports.unsubscribe(guest, of, state).await,
        }
    }

    pub(crate) async fn receive(
        &self,
        guest: &mut Guest<'_>,
        of: Of<'_>,
        endpoint: &Endpoint,
        state: &str,
        delivery: &Delivery,
    ) -> wasmtime::Result<Option<Result<Received, NodeError>>> {
        match self {
            Self::Current(exports) => {
                let Some(triggers) = &exports.triggers else { return Ok(None) };
                let Of { context, connection, trigger, config } = of;
                let params = (context, connection, trigger, config, endpoint, state, delivery);
                triggers.receive.call(guest, params).await.map(Some)
            }
            Self::V0_1(exports) => exports.receive(guest, of, endpoint, state, delivery).await,
        }
    }
}

const NODE: &str = "workflow:node/node@0.2.0";
const SETUP: &str = "workflow:node/setup@0.2.0";
const LOOKUP: &str = "workflow:node/lookup@0.2.0";
const TRIGGERS: &str = "workflow:node/triggers@0.2.0";
const REVOCATION: &str = "workflow:node/revocation@0.2.0";
const MIGRATION: &str = "workflow:node/migration@0.2.0";

fn current<T: 'static>(mut find: Find<'_, T>) -> Result<Current, Vec<String>> {
    let credential_schema = find.function::<(), String>(NODE, "credential-schema");
    let authenticate =
        find.function::<(&CallContext, &Connection), Result<Session, NodeError>>(NODE, "authenticate");
    let execute = find
        .function::<(&CallContext, &Connection, &str, &[Item], Option<&str>), Result<Execution, NodeError>>(
            NODE, "execute",
        );
    let prepare =
        find.function::<(&CallContext, &[FieldValue]), Result<Prepared, NodeError>>(SETUP, "prepare");
    let check = find.function::<(&CallContext, &Connection), Result<CheckReport, NodeError>>(SETUP, "check");
    let options = find.function::<
        (&CallContext, &Connection, &str, &str, Option<&str>, Option<&str>),
        Result<Entries, NodeError>,
    >(LOOKUP, "options");
    let poll = find
        .function::<(&CallContext, &Connection, &str, &str, Option<&str>), Result<Polled, NodeError>>(
            TRIGGERS, "poll",
        );
    let subscribe = find.function::<
        (&CallContext, &Connection, &str, &str, &Endpoint, Option<&str>),
        Result<Subscription, NodeError>,
    >(TRIGGERS, "subscribe");
    let unsubscribe = find
        .function::<(&CallContext, &Connection, &str, &str, &str), Result<Report, NodeError>>(
            TRIGGERS,
            "unsubscribe",
        );
    let receive = find.function::<
        (&CallContext, &Connection, &str, &str, &Endpoint, &str, &Delivery),
        Result<Received, NodeError>,
    >(TRIGGERS, "receive");
    let revoke =
        find.function::<(&CallContext, &Connection), Result<Report, NodeError>>(REVOCATION, "revoke");
    let migrate = find.function::<(&str, u32, &str), Result<Migrated, NodeError>>(MIGRATION, "migrate");
    let triggers = || {
        Some(Triggers { poll: poll?, subscribe: subscribe?, unsubscribe: unsubscribe?, receive: receive? })
    };
    let found = || {
        Some(Current {
            credential_schema: credential_schema?,
            authenticate: authenticate?,
            execute: execute?,
            setup: prepare.zip(check),
            options,
            triggers: triggers(),
            revoke,
            migrate,
        })
    };
    let found = found();
    find.finish(found)
}
