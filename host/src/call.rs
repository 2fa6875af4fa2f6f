//! One call into a guest: a fresh store and instance, bounded in memory and
//! time, and gone afterwards.
//!
//! A guest is told its deadline and returns by itself. What happens if it does
//! not is decided here: the epoch makes even an endless loop yield every few
//! milliseconds, so that other calls go on, and shortly after the deadline the
//! call is cut off. What the functions are and what their results mean is in
//! [`calls`](crate::calls).

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::time::Instant;
use wasmtime::component::{Instance, InstancePre, ResourceTable, ResourceTableError};
use wasmtime::{Store, Trap, UpdateDeadline};
use wasmtime_wasi::clocks::{WasiClocksCtx, WasiClocksCtxView};
use wasmtime_wasi_http::{RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::error::Stop;
use crate::exports::Exports;
use crate::held::MAP;
use crate::http::CallHttp;
use crate::limits::{Limiter, Limits};
use crate::logs::Log;
use crate::metrics::{Metrics, Used};
use crate::names::Lookups;
use crate::outgoing::{Sending, UnderWay};
use crate::proxy::Proxy;
use crate::shutdown::Door;

/// How long after its deadline a guest may still run: it returns by itself just
/// before, and a busy machine delivers that a little late.
pub(crate) const GRACE: Duration = Duration::from_millis(50);

/// How many things of `wasi:io` and `wasi:http` a guest may hold at the same
/// time. They live in the host; what is large among them also counts in the memory
/// limit ([`held`](crate::held)).
pub(crate) const RESOURCES: usize = 1024;

/// How many handles to them a guest may have, with those that it lends: a list to poll
/// has one for each entry, and the host goes through it without looking at the clock.
pub(crate) const HANDLES: usize = 4 * RESOURCES;

/// What a store holds.
pub(crate) struct State {
    table: ResourceTable,
    http: WasiHttpCtx,
    hooks: CallHttp,
    under_way: UnderWay,
    clocks: WasiClocksCtx,
    limiter: Limiter,
    log: Log,
}

impl State {
    pub(crate) fn log(&mut self) -> &mut Log {
        &mut self.log
    }

    pub(crate) fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }

    /// Sends a request of this call.
    pub(crate) fn send(&self, request: Request<WasiBody>, options: Option<RequestOptions>) -> Sending {
        self.hooks.send(request, options)
    }

    pub(crate) fn limiter(&mut self) -> &mut Limiter {
        &mut self.limiter
    }

    pub(crate) fn under_way(&self) -> &UnderWay {
        &self.under_way
    }

    pub(crate) fn clocks(&mut self) -> WasiClocksCtxView<'_> {
        WasiClocksCtxView { ctx: &mut self.clocks, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.hooks, table: &mut self.table, ctx: &mut self.http }
    }
}

/// A component that is ready to be instantiated.
pub(crate) struct Ready {
    pub(crate) component: InstancePre<State>,
    pub(crate) exports: Exports,
}

/// An instance in its store.
pub(crate) struct Guest<'a> {
    pub(crate) exports: &'a Exports,
    pub(crate) instance: Instance,
    pub(crate) store: &'a mut Store<State>,
}

/// A function of the contract with its arguments.
pub(crate) trait GuestCall: Sync {
    /// What it returns.
    type Output: Send;
    /// Its name, for traces.
    const NAME: &'static str;
    /// Bytes that the result may have, where that is less than the host's limit.
    const RESULT: usize = usize::MAX;

    /// How it went, as metrics have it: `ok`, or the kind of the failure.
    fn outcome(_output: &Self::Output) -> &'static str {
        "ok"
    }

    /// Calls it.
    fn invoke(&self, guest: &mut Guest<'_>) -> impl Future<Output = wasmtime::Result<Self::Output>> + Send;
}

/// The slots of a pool.
#[derive(Debug)]
pub(crate) struct Slots {
    pub(crate) free: Semaphore,
    pub(crate) count: usize,
}

/// What every call of a host is held to.
#[derive(Debug)]
pub(crate) struct Bounds {
    pub(crate) limits: Limits,
    /// How many calls may run at the same time; `None`: as many as come.
    pub(crate) slots: Option<Slots>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) door: Door,
    pub(crate) lookups: Arc<Lookups>,
    pub(crate) proxy: Option<Proxy>,
}

impl Bounds {
    /// Waits for a slot. A pool that is full is no reason to fail at once.
    async fn slot(&self, deadline: Instant) -> Result<Option<SemaphorePermit<'_>>, Stop> {
        let Some(slots) = &self.slots else { return Ok(None) };
        let began = Instant::now();
        let slot = match tokio::time::timeout_at(deadline, slots.free.acquire()).await {
            Ok(Ok(permit)) => Ok(Some(permit)),
            _ => Err(Stop::Busy),
        };
        self.metrics.waited("slot", began.elapsed());
        slot
    }

    /// Waits until few enough calls of the connection run.
    async fn place(
        &self,
        places: Option<Arc<Semaphore>>,
        deadline: Instant,
    ) -> Result<Option<OwnedSemaphorePermit>, Stop> {
        let Some(places) = places else { return Ok(None) };
        let began = Instant::now();
        let place = match tokio::time::timeout_at(deadline, places.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Some(permit)),
            _ => Err(Stop::ConnectionBusy),
        };
        self.metrics.waited("connection", began.elapsed());
        place
    }
}

/// Runs a call in an instance of its own, until the deadline and little longer.
pub(crate) async fn run<C: GuestCall>(
    ready: &Ready,
    bounds: &Bounds,
    hooks: CallHttp,
    deadline: Instant,
    call: &C,
) -> Result<C::Output, Stop> {
    let began = Instant::now();
    let mut used = None;
    let result = run_inside(ready, bounds, hooks, deadline, call, &mut used).await;
    let outcome = result.as_ref().map_or_else(Stop::name, C::outcome);
    bounds.metrics.called(C::NAME, outcome, began.elapsed());
    if let Some(used) = used {
        bounds.metrics.used(C::NAME, used);
    }
    result
}

async fn run_inside<C: GuestCall>(
    ready: &Ready,
    bounds: &Bounds,
    hooks: CallHttp,
    deadline: Instant,
    call: &C,
    used: &mut Option<Used>,
) -> Result<C::Output, Stop> {
    let _inside = bounds.door.enter().ok_or(Stop::ShuttingDown)?;
    let end = deadline + GRACE;
    let limits = Limits { result: bounds.limits.result.min(C::RESULT), ..bounds.limits };
    // In this order: calls that wait for others of their own connection take no part in
    // the queue that all share.
    let _place = bounds.place(hooks.places(), deadline).await?;
    let _slot = bounds.slot(deadline).await?;
    let _running = bounds.metrics.instance();
    let mut table = ResourceTable::new();
    table.set_max_capacity(RESOURCES);
    let under_way = UnderWay::default();
    let mut http = WasiHttpCtx::new();
    http.set_field_size_limit(MAP);
    let log = Log::new(hooks.secrets());
    let state = State {
        table,
        http,
        hooks,
        under_way: under_way.clone(),
        clocks: WasiClocksCtx::default(),
        limiter: Limiter::new(limits.memory),
        log,
    };
    let mut store = Store::new(ready.component.engine(), state);
    store.limiter(|state| state);
    store.set_hostcall_fuel(limits.result);
    store.set_max_component_handles(HANDLES);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        if Instant::now() >= end {
            return Ok(UpdateDeadline::Interrupt);
        }
        // Tokio's own yield lets the runtime look at sockets and timers before
        // it comes back; a plain one would starve them while guests loop.
        Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
    });
    // Boxed: the compiler goes through futures in futures to a certain depth, which an
    // embedder's own come on top of.
    let guest = Box::pin(async {
        let instance = ready.component.instantiate_async(&mut store).await?;
        call.invoke(&mut Guest { exports: &ready.exports, instance, store: &mut store }).await
    });
    let mut running = Duration::ZERO;
    let result = tokio::time::timeout_at(end, under_way.beside(timed(guest, &mut running))).await;
    *used = Some(Used { running, memory: store.data().limiter.used() });
    match result {
        Ok(Ok(output)) => Ok(output),
        Ok(Err(error)) => Err(stop(&error, &store, limits, C::NAME)),
        Err(_) => {
            tracing::warn!(function = C::NAME, "the component did not return by its deadline");
            Err(Stop::Deadline)
        }
    }
}

/// Adds up how long a future has a thread.
async fn timed<T>(future: impl Future<Output = T>, running: &mut Duration) -> T {
    let mut future = pin!(future);
    poll_fn(|context| {
        let began = std::time::Instant::now();
        let poll = future.as_mut().poll(context);
        *running += began.elapsed();
        poll
    })
    .await
}

/// The reason of a trap, without anything of the guest's own in it.
fn stop(error: &wasmtime::Error, store: &Store<State>, limits: Limits, function: &str) -> Stop {
    let trap = error.downcast_ref::<Trap>();
    // wasmtime has no types for these.
    let says = |words: &str| error.root_cause().to_string().contains(words);
    let stop = match trap {
        Some(Trap::Interrupt) => Stop::Deadline,
        // A guest that gets no memory usually gives up with a trap.
        _ if store.data().limiter.exceeded() => Stop::Memory,
        None if matches!(error.downcast_ref(), Some(ResourceTableError::Full)) => Stop::Memory,
        Some(trap) => Stop::Trapped(trap.to_string()),
        None if says("fuel allocated for hostcalls") => Stop::ResultSize(limits.result),
        None if says("handle limit exceeded") => Stop::Memory,
        None => Stop::Trapped("a call between component and host failed".to_owned()),
    };
    tracing::warn!(function, reason = %error.root_cause(), "the component was stopped");
    stop
}
