//! A loaded component: what it is, and the calls that need no connection.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::Instant;
use wasmtime::component::{Component, Linker};

use crate::budget::Class;
use crate::call::{Bounds, GuestCall, Ready, State, run};
use crate::calls::{CredentialSchema, Migrate, missing};
use crate::connection::Connection;
use crate::context::after;
use crate::error::{CallError, HostError, Stop};
use crate::exports::{Exports, track};
use crate::form::CredentialSpec;
use crate::http::CallHttp;
use crate::inspect::Counts;
use crate::limits::clean_error;
use crate::loading::{Digest, Slot};
use crate::manifest::{self, Manifest};
use crate::metrics::Metrics;
use crate::names::Names;
use crate::options::ConnectionOptions;
use crate::proxy::Proxy;
use crate::secrets::Secrets;
use crate::wit::migration::Migrated;

/// What a node may import, each at version 0.2. The list is the permission
/// dialog: whoever asks for more is refused by name.
pub(crate) const IMPORTS: [&str; 7] = [
    "wasi:clocks/monotonic-clock",
    "wasi:http/outgoing-handler",
    "wasi:http/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "workflow:node/logging",
];

/// How long a node may take for what it knows by heart.
const RECITE: Duration = Duration::from_secs(5);

/// A component that keeps the contract. Cheap to clone.
#[derive(Clone)]
pub struct Node {
    loaded: Arc<Loaded>,
}

struct Loaded {
    ready: Ready,
    bounds: Arc<Bounds>,
    manifest: Manifest,
    imports: Vec<String>,
    /// Whether the component answers what its manifest says.
    verified: OnceCell<()>,
    known: Known,
}

/// What is known of a component before it is compiled.
pub(crate) struct Known {
    pub(crate) digest: Digest,
    pub(crate) counts: Counts,
    /// Keeps the compiled code for whoever loads the same component.
    pub(crate) _slot: Arc<Slot>,
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("imports", &self.loaded.imports).finish_non_exhaustive()
    }
}

impl Node {
    pub(crate) fn load(
        linker: &Linker<State>,
        component: &Component,
        bytes: &[u8],
        bounds: Arc<Bounds>,
        known: Known,
    ) -> Result<Self, HostError> {
        let kind = component.component_type();
        let imports: Vec<String> = kind.imports(linker.engine()).map(|(name, _)| name.to_owned()).collect();
        // They were looked at before; what is run is what counts.
        let refused = refused_imports(&imports);
        if !refused.is_empty() {
            return Err(HostError::ImportsRefused(refused));
        }
        let component = linker
            .instantiate_pre(component)
            .map_err(|error| HostError::ImportsRefused(vec![format!("{error:#}")]))?;
        let exports = Exports::new(&component).map_err(HostError::ExportsMissing)?;
        let manifest = manifest::read(bytes)?;
        let version = exports.version();
        if let Some(contract) = manifest.contract()
            && track(contract.rsplit('@').next().unwrap_or_default()) != track(version)
        {
            return Err(HostError::Manifest(format!(
                "it says {contract}, and the component exports version {version}"
            )));
        }
        let ready = Ready { component, exports };
        let loaded = Loaded { ready, bounds, manifest, imports, verified: OnceCell::new(), known };
        Ok(Self { loaded: Arc::new(loaded) })
    }

    /// The manifest: JSON text, read from the component without running it.
    #[must_use]
    pub fn manifest(&self) -> &str {
        &self.loaded.manifest.text
    }

    /// The SHA-256 of the component's bytes, to [pin](crate::NodeHost::load_pinned) it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.loaded.known.digest
    }

    /// How large the component is, in what [limits](crate::NodeHostBuilder::component_limits)
    /// bound.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.loaded.known.counts
    }

    /// What the component imports, such as `wasi:http/types@0.2.12`.
    #[must_use]
    pub fn imports(&self) -> &[String] {
        &self.loaded.imports
    }

    /// What the component wants to reach besides the addresses that a person types:
    /// origins, `https://*.example.com`, or `https://{region}.example.com` with a field
    /// for a label. From the manifest, without running anything. Show it to the person
    /// whose credentials these are, and pass what was accepted on as
    /// [`ConnectionOptions::accepted`].
    #[must_use]
    pub fn reach(&self) -> Vec<String> {
        self.loaded.manifest.reach()
    }

    /// The form to ask a person for, and how to log in with it, from the manifest. The
    /// component is asked once, too: one that answers something else than its manifest,
    /// which people were shown, is refused.
    ///
    /// # Errors
    /// [`HostError::ManifestBroken`]; [`HostError::Stopped`].
    pub async fn credential_schema(&self) -> Result<&CredentialSpec, HostError> {
        let verify = async || {
            let (schema, described) = self.recite(&CredentialSchema).await?;
            if let Some(at) = self.loaded.manifest.difference(&schema) {
                return Err(HostError::ManifestBroken { function: "credential-schema", at });
            }
            if described.is_some_and(|text| text != self.loaded.manifest.text) {
                return Err(HostError::ManifestBroken { function: "describe", at: String::new() });
            }
            Ok(())
        };
        self.loaded.verified.get_or_try_init(verify).await?;
        Ok(&self.loaded.manifest.spec)
    }

    /// Brings the input of a saved workflow up to date, for an operation whose `version`
    /// in the manifest is newer than the one that was stored with the workflow.
    ///
    /// # Errors
    /// [`CallError::Node`]: `unsupported` where the component does not export
    /// `migration`, `invalid-input` for what it cannot convert.
    pub async fn migrate(&self, operation: &str, version: u32, input: &str) -> Result<Migrated, CallError> {
        let migrated = self.recite(&Migrate { operation, version, input }).await.map_err(HostError::from)?;
        match migrated {
            Some(Ok(migrated)) => Ok(migrated),
            Some(Err(mut error)) => {
                clean_error(&mut error, &Secrets::default());
                Err(error.into())
            }
            None => Err(missing("migration.migrate").into()),
        }
    }

    /// Makes a connection of what a person typed: completes the fields with
    /// `prepare`, which sees no secret and reaches only the hosts that were
    /// typed, and opens the origins that it names as far as the policy allows.
    /// It does not log in yet.
    ///
    /// # Errors
    /// [`CallError::Node`] for fields that are missing, unknown or make no
    /// sense; [`CallError::Host`] for options that do not fit the component.
    pub async fn connect(
        &self,
        fields: BTreeMap<String, String>,
        options: ConnectionOptions,
    ) -> Result<Connection, CallError> {
        Connection::open(self.clone(), fields, options).await
    }

    /// A call that needs nothing from outside.
    async fn recite<C: GuestCall>(&self, call: &C) -> Result<C::Output, Stop> {
        let deadline = after(RECITE);
        self.run(CallHttp::new(None, deadline, Class::Interactive), deadline, call).await
    }

    /// Whether the component completes and checks credentials.
    pub(crate) fn has_setup(&self) -> bool {
        self.loaded.ready.exports.has_setup()
    }

    /// Whether the component can end a session at the service.
    pub(crate) fn has_revocation(&self) -> bool {
        self.loaded.ready.exports.has_revocation()
    }

    pub(crate) async fn run<C: GuestCall>(
        &self,
        hooks: CallHttp,
        deadline: Instant,
        call: &C,
    ) -> Result<C::Output, Stop> {
        run(&self.loaded.ready, &self.loaded.bounds, hooks, deadline, call).await
    }

    /// What the host reads of the manifest.
    pub(crate) fn manifest_read(&self) -> &Manifest {
        &self.loaded.manifest
    }

    pub(crate) fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.loaded.bounds.metrics)
    }

    /// What a new connection asks for names with.
    pub(crate) fn names(&self) -> Names {
        Names::new(Arc::clone(&self.loaded.bounds.lookups))
    }

    /// The proxy of the host.
    pub(crate) fn proxy(&self) -> Option<Proxy> {
        self.loaded.bounds.proxy.clone()
    }

    /// How many slots there are, in a pool.
    pub(crate) fn slots(&self) -> Option<usize> {
        self.loaded.bounds.slots.as_ref().map(|slots| slots.count)
    }

    pub(crate) fn max_memory(&self) -> usize {
        self.loaded.bounds.limits.memory
    }

    pub(crate) fn max_run(&self) -> usize {
        self.loaded.bounds.limits.run
    }

    pub(crate) fn max_response(&self) -> u64 {
        self.loaded.bounds.limits.response
    }
}

/// Those of these imports that a node may not have.
#[must_use]
pub fn refused_imports(imports: &[String]) -> Vec<String> {
    imports.iter().filter(|name| !is_allowed(name)).cloned().collect()
}

fn is_allowed(import: &str) -> bool {
    IMPORTS.iter().any(|allowed| is_version(import, allowed, "0.2."))
}

fn is_version(name: &str, interface: &str, version: &str) -> bool {
    name.strip_prefix(interface)
        .and_then(|rest| rest.strip_prefix('@'))
        .is_some_and(|rest| rest.starts_with(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allows_the_interfaces_of_the_list_in_any_0_2() {
        for import in [
            "wasi:http/types@0.2.12",
            "wasi:http/outgoing-handler@0.2.0",
            "wasi:io/error@0.2.4",
            "wasi:io/poll@0.2.4",
            "wasi:io/streams@0.2.4",
            "wasi:clocks/monotonic-clock@0.2.12",
            "workflow:node/logging@0.2.0",
        ] {
            assert!(is_allowed(import), "{import}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for import in [
            "wasi:cli/environment@0.2.12",
            "wasi:random/random@0.2.12",
            "wasi:clocks/wall-clock@0.2.12",
            "wasi:filesystem/types@0.2.12",
            "wasi:sockets/tcp@0.2.12",
            "wasi:http/incoming-handler@0.2.12",
            "wasi:http/types@0.3.0",
            "wasi:http/types",
            "wasi:http/types-more@0.2.0",
            "log",
        ] {
            assert!(!is_allowed(import), "{import}");
        }
    }
}
