//! The engine that all components share, and what a component may import.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use wasmparser::{Parser, Validator};
use wasmtime::component::{Component, HasData, Linker, ResourceTable};
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, MemoryCreator, PoolingAllocationConfig};
use wasmtime_wasi::clocks::WasiClocks;
use wasmtime_wasi::p2::bindings::{clocks, io};

use crate::cache::CompiledCache;
use crate::call::{Bounds, Slots, State};
use crate::error::HostError;
use crate::held;
use crate::inspect::{ComponentLimits, inspect};
use crate::limits::Limits;
use crate::loading::{Compiled, Digest};
use crate::logs;
use crate::manifest;
use crate::names::{Lookups, Resolver};
use crate::node::{Known, Node};
use crate::outgoing;
use crate::proxy::Proxy;
use crate::shutdown::Door;

/// How often running guests look whether they must yield or stop.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Bytes of a pooled memory or table that stay in place for the next call.
pub(crate) const KEEP_RESIDENT: usize = 64 << 10;
/// The same of a memory where the kernel tells which pages were written (Linux
/// 6.7): only those are put back, so that it may be all that a usual call writes.
pub(crate) const KEEP_WRITTEN: usize = 1 << 20;

/// Engine, linker and clock for any number of components. Cheap to clone.
///
/// A thread moves the clock on until the host and everything loaded by it are
/// gone.
#[derive(Clone)]
pub struct NodeHost {
    shared: Arc<Shared>,
}

struct Shared {
    engine: Engine,
    linker: Linker<State>,
    bounds: Arc<Bounds>,
    cache: Option<CompiledCache>,
    compiled: Compiled,
    component: ComponentLimits,
}

impl fmt::Debug for NodeHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeHost").field("bounds", &self.shared.bounds).finish_non_exhaustive()
    }
}

/// How instances get their memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Allocation {
    /// Fresh memory for each call. Nothing is reserved, and as many calls run at
    /// the same time as come.
    #[default]
    OnDemand,
    /// Slots that are made once and used again: instances start faster, and
    /// further calls wait for a slot. Reserves about 4 GiB of *address space*
    /// for each slot, but memory only as it is used.
    Pooling {
        /// How many calls can run at the same time; at least one.
        instances: u32,
    },
}

/// Settings of a [`NodeHost`].
#[derive(Clone, Default)]
pub struct NodeHostBuilder {
    limits: Limits,
    allocation: Allocation,
    cache: Option<CompiledCache>,
    memory_creator: Option<Arc<dyn MemoryCreator>>,
    resolver: Option<Arc<dyn Resolver>>,
    proxy: Option<Proxy>,
    component: ComponentLimits,
}

impl fmt::Debug for NodeHostBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeHostBuilder")
            .field("limits", &self.limits)
            .field("allocation", &self.allocation)
            .field("cache", &self.cache)
            .field("memory_creator", &self.memory_creator.is_some())
            .field("resolver", &self.resolver)
            .field("proxy", &self.proxy)
            .field("component", &self.component)
            .finish()
    }
}

impl NodeHostBuilder {
    /// Bytes that all memories and tables of one call may have together.
    /// 256 MiB unless set.
    #[must_use]
    pub fn memory_limit(mut self, bytes: usize) -> Self {
        self.limits.memory = bytes;
        self
    }

    /// Bytes that one response body may have. 64 MiB unless set. A larger one
    /// fails with the error code `HTTP-response-body-size`.
    #[must_use]
    pub fn max_response_bytes(mut self, bytes: u64) -> Self {
        self.limits.response = bytes;
        self
    }

    /// Bytes that the result of one call may have. 64 MiB unless set.
    #[must_use]
    pub fn max_result_bytes(mut self, bytes: usize) -> Self {
        self.limits.result = bytes;
        self
    }

    /// Bytes that the results of one [`execute_all`](crate::Connection::execute_all)
    /// may have, over all its calls. 1 GiB unless set. A run with more ends with the
    /// cursor to go on from.
    #[must_use]
    pub fn max_run_bytes(mut self, bytes: usize) -> Self {
        self.limits.run = bytes;
        self
    }

    /// How instances get their memory. On demand unless set.
    #[must_use]
    pub fn allocation(mut self, allocation: Allocation) -> Self {
        self.allocation = allocation;
        self
    }

    /// Where compiled components are kept. Nowhere unless set: then each load
    /// compiles.
    #[must_use]
    pub fn cache(mut self, cache: CompiledCache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Where the memory of guests comes from, for hosts that account for it or, as
    /// the tests of this crate do, look into it. Slower than wasmtime's own: each
    /// access is checked against the size. Has no part in a pool.
    #[must_use]
    pub fn memory_creator(mut self, creator: Arc<dyn MemoryCreator>) -> Self {
        self.memory_creator = Some(creator);
        self
    }

    /// How large a component may be, counted before it is compiled.
    #[must_use]
    pub fn component_limits(mut self, limits: ComponentLimits) -> Self {
        self.component = limits;
        self
    }

    /// Who turns names into addresses. The system unless set.
    #[must_use]
    pub fn resolver(mut self, resolver: Arc<dyn Resolver>) -> Self {
        self.resolver = Some(resolver);
        self
    }

    /// The proxy that requests go through, unless a connection has
    /// [another route](crate::ConnectionOptions::route). None unless set.
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Makes the host.
    ///
    /// # Errors
    /// [`HostError::Engine`] when the machine cannot give what was asked for.
    pub fn build(self) -> Result<NodeHost, HostError> {
        let mut config = Config::new();
        config.epoch_interruption(true);
        // Both are wasmtime's defaults, and what the speed of loading and of
        // starting an instance rests on.
        config.parallel_compilation(true);
        config.memory_init_cow(true);
        // No node needs it, and it had faults that let a guest out of its memory. Several
        // memories in one module are refused before compiling for the same reason; the
        // engine itself needs them to join components, and panics without them.
        config.wasm_memory64(false);
        config.wasm_multi_memory(true);
        // Backtraces hold the names of the guest's functions, and collecting
        // them takes time. What a trap was is in its code.
        config.wasm_backtrace_max_frames(None);
        let mut slots = None;
        if let Allocation::Pooling { instances } = self.allocation {
            let instances = instances.max(1);
            config.allocation_strategy(pool(instances, self.limits.memory));
            let count = usize::try_from(instances).unwrap_or(Semaphore::MAX_PERMITS);
            slots = Some(Slots { free: Semaphore::new(count), count });
        }
        if let Some(creator) = self.memory_creator {
            // A creator need neither reserve addresses nor guard them.
            config.memory_reservation(0).memory_guard_size(0).memory_reservation_for_growth(0);
            config.memory_init_cow(false).with_host_memory(creator);
        }
        let engine = Engine::new(&config).map_err(|error| engine_error(&error))?;
        let linker = linker(&engine).map_err(|error| engine_error(&error))?;
        tick(&engine)?;
        let bounds = Arc::new(Bounds {
            limits: self.limits,
            slots,
            metrics: Arc::default(),
            door: Door::default(),
            lookups: Arc::new(Lookups::new(self.resolver)),
            proxy: self.proxy,
        });
        let shared = Shared {
            engine,
            linker,
            bounds,
            cache: self.cache,
            compiled: Compiled::default(),
            component: self.component,
        };
        Ok(NodeHost { shared: Arc::new(shared) })
    }
}

impl NodeHost {
    /// Settings to start from.
    #[must_use]
    pub fn builder() -> NodeHostBuilder {
        NodeHostBuilder::default()
    }

    /// Counts of everything that this host's components did, as OpenMetrics text:
    /// calls, how long they took, instances, requests and waits. To be served with
    /// the type `application/openmetrics-text; version=1.0.0; charset=utf-8`.
    #[must_use]
    pub fn metrics(&self) -> String {
        self.shared.bounds.metrics.text()
    }

    /// Lets no more calls in and waits for those that run, for so long at most.
    /// How many still run then: they end by their deadlines, or with the process.
    /// A call that was not let in fails with `unavailable` and effect `none`; a
    /// long run ends with the cursor to go on from.
    pub async fn shutdown(&self, patience: Duration) -> usize {
        self.shared.bounds.door.close(patience).await
    }

    /// Reads a component from a file and loads it.
    ///
    /// # Errors
    /// [`HostError::File`], and those of [`load`](Self::load).
    pub fn load_file(&self, path: impl AsRef<Path>) -> Result<Node, HostError> {
        let path = path.as_ref();
        let bytes = std::fs::read(path)
            .map_err(|error| HostError::File { path: path.to_path_buf(), reason: error.to_string() })?;
        self.load(&bytes)
    }

    /// Makes sure that the bytes are a node: that it is [not too
    /// large](NodeHostBuilder::component_limits), imports nothing it may not have,
    /// exports the contract, and has a manifest. Then compiles it, or takes it from the
    /// [cache](NodeHostBuilder::cache) or from a node that is still in use. Takes as long
    /// as compiling takes; nothing of the component is run.
    ///
    /// # Errors
    /// Before compiling: [`HostError::ComponentLimit`], [`HostError::FeatureRefused`],
    /// [`HostError::NotAComponent`], [`HostError::ImportsRefused`],
    /// [`HostError::ExportsMissing`], [`HostError::Manifest`]. Afterwards:
    /// [`HostError::TooLarge`] for a [pool](Allocation::Pooling), and
    /// [`HostError::ExportsMissing`] for functions of other types.
    pub fn load(&self, component: &[u8]) -> Result<Node, HostError> {
        self.load_known(component, Digest::of(component))
    }

    /// Loads a component if it is the one that was meant, whoever delivered it.
    ///
    /// # Errors
    /// [`HostError::OtherComponent`], and those of [`load`](Self::load).
    pub fn load_pinned(&self, component: &[u8], expected: Digest) -> Result<Node, HostError> {
        let found = Digest::of(component);
        if found != expected {
            return Err(HostError::OtherComponent { expected, found });
        }
        self.load_known(component, found)
    }

    fn load_known(&self, component: &[u8], digest: Digest) -> Result<Node, HostError> {
        let Shared { engine, linker, bounds, cache, compiled, component: limits } = &*self.shared;
        let counts = inspect(component, limits)?;
        // Before it is compiled, like all that can be known without.
        manifest::read(component)?;
        let compile = || {
            let (compiled, from_cache) = match cache {
                Some(cache) => cache.component(engine, component),
                None => Component::new(engine, component).map(|compiled| (compiled, false)),
            }
            .map_err(|error| unusable(component, &error))?;
            if !from_cache {
                bounds.metrics.compiled();
            }
            tracing::debug!(from_cache, %digest, %counts, "ready to run");
            Ok(compiled)
        };
        let (compiled, slot) = compiled.get(digest, compile)?;
        Node::load(linker, &compiled, component, Arc::clone(bounds), Known { digest, counts, _slot: slot })
    }
}

/// Why a component was not compiled: what is sound by itself meets a limit.
fn unusable(bytes: &[u8], error: &wasmtime::Error) -> HostError {
    let reason = error.root_cause().to_string();
    if Parser::is_component(bytes) && Validator::new().validate_all(bytes).is_ok() {
        HostError::TooLarge(reason)
    } else {
        HostError::NotAComponent(reason)
    }
}

fn engine_error(error: &wasmtime::Error) -> HostError {
    HostError::Engine(format!("{error:#}"))
}

/// Totals for so many calls at a time. A component has one memory and a few
/// small modules around its main one; one that has more is refused when it is
/// loaded, for a pool gives each the same share.
fn pool(instances: u32, memory: usize) -> InstanceAllocationStrategy {
    let keep =
        if PoolingAllocationConfig::is_pagemap_scan_available() { KEEP_WRITTEN } else { KEEP_RESIDENT };
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(8))
        .total_memories(instances)
        .total_tables(instances.saturating_mul(4))
        .total_stacks(instances)
        .max_memories_per_component(1)
        .max_core_instances_per_component(8)
        .max_tables_per_component(4)
        .max_memory_size(memory)
        // A slot that was just used starts without asking the kernel for its
        // first pages again; where the kernel tells which pages were written,
        // for all of a usual call.
        .pagemap_scan(Enabled::Auto)
        .linear_memory_keep_resident(keep)
        .table_keep_resident(KEEP_RESIDENT);
    InstanceAllocationStrategy::Pooling(pool)
}

/// Moves the engine's epoch on for as long as the engine is there.
fn tick(engine: &Engine) -> Result<(), HostError> {
    let engine = engine.weak();
    std::thread::Builder::new()
        .name("workflow-node-epoch".to_owned())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(TICK);
            }
        })
        .map(drop)
        .map_err(|error| HostError::Engine(error.to_string()))
}

struct Io;

impl HasData for Io {
    type Data<'a> = &'a mut ResourceTable;
}

/// Everything that a node can import; see [`IMPORTS`](crate::node::IMPORTS).
fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    io::error::add_to_linker::<State, Io>(&mut linker, State::table)?;
    io::poll::add_to_linker::<State, Io>(&mut linker, State::table)?;
    io::streams::add_to_linker::<State, Io>(&mut linker, State::table)?;
    clocks::monotonic_clock::add_to_linker::<State, WasiClocks>(&mut linker, State::clocks)?;
    logs::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    linker.allow_shadowing(true);
    outgoing::add_to_linker(&mut linker)?;
    held::add_to_linker(&mut linker)?;
    linker.allow_shadowing(false);
    Ok(linker)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    /// A figure of this process in KiB.
    fn of_process(name: &str) -> usize {
        let status = std::fs::read_to_string("/proc/self/status").expect("status");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect(name);
        line.trim_matches([':', ' ', '\t']).trim_end_matches(" kB").trim().parse().expect("a number")
    }

    #[test]
    fn a_slot_takes_four_gibibytes_of_addresses_and_no_memory() {
        let before = (of_process("VmSize"), of_process("VmRSS"));
        let allocation = Allocation::Pooling { instances: 100 };
        let host = NodeHost::builder().allocation(allocation).build().expect("host");
        let after = (of_process("VmSize"), of_process("VmRSS"));
        let (addresses, memory) = ((after.0 - before.0) / 100, after.1.saturating_sub(before.1) / 100);
        assert!((4 << 20..5 << 20).contains(&addresses), "{addresses} KiB of addresses");
        assert!(memory < 100, "{memory} KiB of memory");
        drop(host);
    }
}
