//! Events: what happened at HaloPSA, told once each.
//!
//! Which triggers there are is data (`catalogue::triggers`). Here is how they
//! find events: [`mod@poll`] reads windows of changed records, [`due`] tickets near
//! their targets; [`facts`] says what a changed record means. [`webhook`] has
//! HaloPSA deliver hints, which [`delivery`] reads, of the events that
//! [`halo_events`] finds. What must be
//! known from one call to the next is in [`state`], which the host keeps, made
//! of the [`sets`]. [`sweep`] turns the pages.
//!
//! An event's id is made of the record, what happened and when, so it is the
//! same however the event reached us.

pub mod delivery;
pub mod due;
pub mod facts;
pub mod halo_events;
pub mod poll;
pub mod sets;
pub mod settings;
pub mod state;
pub mod sweep;
#[cfg(test)]
mod tests;
pub mod webhook;

use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;

use workflow_node_sdk::interface::{self, CallContext, Connection, ConnectionAuth, Polled};
use workflow_node_sdk::text;
use workflow_node_sdk::transport::Transport;

use crate::catalogue::triggers::{self, Trigger};
use crate::client::Client;
use crate::credentials::Credentials;
use crate::error::{Code, NodeError, Result};
use poll::{Poller, Progress};
use settings::Settings;
use state::State;

/// Asks what happened since the state; without one it begins now.
pub fn poll(
    transport: &mut dyn Transport,
    context: &CallContext,
    connection: &Connection,
    asked: interface::Trigger<'_>,
    state: Option<&str>,
) -> Result<Polled> {
    let trigger = find(context, asked.name)?;
    let settings = Settings::parse(trigger, asked.config)?;
    let known = state.map(|text| State::parse(text, trigger.name)).transpose()?;
    let mut client = client(transport, context, connection)?;
    let begins = known.is_none();
    let mut poller = Poller::new(&mut client, &settings, known.unwrap_or_else(|| State::new(trigger.name)));
    let progress = if begins { poller.begin().and_then(|()| poller.first()) } else { poller.run() };
    let mut next_poll = Duration::from_millis(trigger.poll_interval_ms.into());
    let more = match progress? {
        Progress::Done => false,
        Progress::More => true,
        Progress::Interrupted(error) => {
            poller.diagnostics.push(poll::interrupted(&error));
            next_poll = poll::wait_of(&error).unwrap_or(next_poll);
            false
        }
    };
    let Poller { state, events, diagnostics, .. } = poller;
    Ok(Polled { events, state: state.to_text(), more, next_poll, report: client.report(diagnostics) })
}

impl Poller<'_, '_> {
    /// The rest of the first poll.
    fn first(&mut self) -> Result<Progress> {
        if self.state.pass.is_some() { self.run() } else { Ok(Progress::Done) }
    }
}

fn find(context: &CallContext, name: &str) -> Result<&'static Trigger> {
    let trigger = triggers::find(name).ok_or_else(|| {
        let error = NodeError::new(
            Code::UnknownTrigger,
            format!("There is no trigger \"{}\".", text::cut(&text::clean(name), 80)),
        );
        let names: Vec<&str> = triggers::TRIGGERS.iter().map(|trigger| trigger.name).collect();
        match text::nearest(name, &names) {
            Some(near) => error.with_advice(format!("Did you mean \"{near}\"?")),
            None => error.with_advice(format!("Triggers are {}.", names.join(", "))),
        }
    })?;
    if context.dry_run {
        return Err(NodeError::new(Code::Unsupported, "There is no dry run of a trigger."));
    }
    Ok(trigger)
}

fn client<'a>(
    transport: &'a mut dyn Transport,
    context: &'a CallContext,
    connection: &Connection,
) -> Result<Client<'a>> {
    let credentials = Credentials::parse(&connection.fields)?;
    if connection.auth == ConnectionAuth::SelfManaged {
        credentials.application()?;
    }
    Ok(Client::new(transport, context, credentials, &connection.auth))
}
