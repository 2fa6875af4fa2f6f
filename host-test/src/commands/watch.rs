//! `watch`: runs a trigger; events as JSON lines on stdout.
//!
//! By polling at the interval that the component advises, or by webhook on a
//! local address, with polls in between for what got lost. An event is printed
//! and flushed before the state that knows it is stored, so a crash repeats
//! events and loses none; ids that were printed lately are dropped.

mod listener;
mod memory;
mod signals;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;
use tokio::net::TcpListener;
use workflow_node_host::wit::triggers::{Endpoint, Event};
use workflow_node_host::{CallError, CallOptions, Connection, json, signing_secret};

use crate::cli::{ComponentArgs, WatchArgs};
use crate::connect;
use crate::console::Console;
use crate::input;
use listener::{Inbox, Incoming};
use memory::Memory;
use signals::Signals;

/// How long to wait after a failure that does not say.
const PAUSE: Duration = Duration::from_secs(30);

/// How often to poll while webhooks tell of events: deliveries get lost.
const CATCH_UP: Duration = Duration::from_secs(300);

pub(super) async fn run(component: &ComponentArgs, args: &WatchArgs, console: &Console) -> Result<ExitCode> {
    let config = Value::Object(input::parse_params(&args.config)?).to_string();
    let memory = Memory::open(&args.state, &args.trigger)?;
    let node = connect::load(component)?;
    let connection = connect::connect(&node, &args.connection, console).await?;
    let call = connect::call_options(&args.connection);
    let mut watch = Watch { connection, call, trigger: &args.trigger, config, memory, console };
    match &args.listen {
        None => watch.poll_on(args.once).await?,
        Some(address) => {
            let listener =
                TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
            let local = listener.local_addr()?;
            let url = args.callback_url.clone().unwrap_or_else(|| format!("http://{local}/hook"));
            watch.listen(&listener, url).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A trigger that is watched.
struct Watch<'a> {
    connection: Connection,
    call: CallOptions,
    trigger: &'a str,
    config: String,
    memory: Memory,
    console: &'a Console,
}

impl Watch<'_> {
    /// Polls until it is told to end, or until there is no more.
    async fn poll_on(&mut self, once: bool) -> Result<()> {
        let mut signals = Signals::new()?;
        loop {
            let wait = match self.drain().await {
                Ok(wait) => wait,
                Err(error) if once => return Err(error),
                Err(error) => {
                    let wait = advised(&error)?;
                    self.console.failure(&error);
                    wait
                }
            };
            if once {
                return Ok(());
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = signals.end() => return Ok(()),
            }
        }
    }

    /// Polls until there is no more; how long to wait then.
    async fn drain(&mut self) -> Result<Duration> {
        loop {
            let state = self.memory.state();
            let polled = self.connection.poll(self.trigger, &self.config, state, &self.call).await?;
            self.console.diagnostics(&polled.report.diagnostics);
            self.print(&polled.events)?;
            self.memory.keep(polled.state)?;
            if !polled.more {
                return Ok(Duration::from_millis(polled.next_poll_ms.into()));
            }
        }
    }

    /// Prints what was not printed before.
    fn print(&mut self, events: &[Event]) -> Result<()> {
        let mut out = io::stdout().lock();
        for event in events {
            if self.memory.is_new(&event.id) {
                writeln!(out, "{}", json::event(event))?;
            }
        }
        Ok(out.flush()?)
    }

    /// Takes deliveries until it is told to end, and leaves nothing behind.
    async fn listen(&mut self, listener: &TcpListener, url: String) -> Result<()> {
        // From here on: whoever ends it while the webhook is made finds it gone, too.
        let mut signals = Signals::new()?;
        // A fresh one each time: it is stored nowhere.
        let endpoint = Endpoint { callback_url: url, signing_secret: signing_secret()? };
        let (connection, call) = (&self.connection, &self.call);
        let state = self.memory.state();
        let made = connection.subscribe(self.trigger, &self.config, &endpoint, state, call).await?;
        self.console.diagnostics(&made.report.diagnostics);
        self.memory.keep(made.state)?;
        self.console.note(format_args!("listening at {}", endpoint.callback_url));
        let mut poll = tokio::time::interval(CATCH_UP);
        let mut inbox = Inbox::new(listener, listener::PATIENCE);
        loop {
            tokio::select! {
                incoming = inbox.next() => {
                    if let Err(error) = self.answer(incoming, &endpoint).await {
                        self.console.failure(&error);
                    }
                }
                _ = poll.tick() => {
                    if let Err(error) = self.drain().await {
                        self.console.failure(&error);
                    }
                }
                () = signals.end() => break,
            }
        }
        let state = self.memory.state().unwrap_or_default();
        self.connection.unsubscribe(self.trigger, &self.config, state, &self.call).await?;
        self.console.note("the webhook is gone");
        Ok(())
    }

    /// Reads a delivery, prints its events, stores the state, and answers.
    async fn answer(&mut self, incoming: Incoming, endpoint: &Endpoint) -> Result<()> {
        let state = self.memory.state().unwrap_or_default();
        let delivery = &incoming.delivery;
        let received =
            self.connection.receive(self.trigger, &self.config, endpoint, state, delivery, &self.call).await;
        match received {
            Ok(received) => {
                self.console.diagnostics(&received.report.diagnostics);
                self.print(&received.events)?;
                self.memory.keep(received.state)?;
                incoming.answer(received.reply.status, received.reply.body);
                Ok(())
            }
            // The service delivers again.
            Err(error) => {
                incoming.answer(503, Vec::new());
                Err(error.into())
            }
        }
    }
}

/// How long to wait after a failure; one that stays is passed on.
fn advised(error: &anyhow::Error) -> Result<Duration> {
    use workflow_node_host::wit::types::Retry;
    match error.downcast_ref::<CallError>() {
        Some(CallError::Node(node)) => match node.retry {
            Retry::Never => Err(anyhow::anyhow!("{}", node.message)),
            Retry::HostDefault => Ok(PAUSE),
            Retry::AfterMs(wait) => Ok(Duration::from_millis(wait.into())),
        },
        _ => Ok(PAUSE),
    }
}
