//! From a job's handler in the catalogue to the code that carries it out.
//!
//! Each handler has a way to run, for the whole queue, and a plan for one item:
//! the requests that it sends where nothing is in the way.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use workflow_node_sdk::interface::{Item, Outcome};

use super::{
    MAX_REQUESTS, Task, action, api, attachment, find_or_append, mapping, quantity, record, report, upsert,
};
use crate::catalogue::resource::Handler;
use crate::client::Client;
use crate::error::{ErrorKind, Result};
use crate::input::Input;
use crate::protocol::request::ApiRequest;

/// Works through the queue.
pub fn run(handler: Handler, task: &mut Task<'_, '_>) {
    match handler {
        Handler::Write(_) => record::run(task),
        Handler::ApiRequest => each(task, api::call),
        Handler::SuggestMapping => mapping::run(task),
        Handler::Act(_) => each(task, action::run),
        Handler::Upload => each(task, attachment::upload),
        Handler::Download => each(task, attachment::download),
        Handler::FindOrAppend => find_or_append::run(task),
        Handler::Upsert => upsert::run(task),
        Handler::UpdateQuantity => each(task, quantity::update),
        Handler::RunReport => each(task, report::rows),
    }
}

/// What would be sent for an item.
pub fn plan(handler: Handler, task: &Task<'_, '_>, index: usize, input: &Input) -> Result<Vec<ApiRequest>> {
    match handler {
        Handler::Write(_) => Ok(vec![record::request(task.resource, task.verb, input)]),
        Handler::ApiRequest => Ok(vec![api::request(input)?]),
        Handler::SuggestMapping => Ok(mapping::plan(input)),
        Handler::Act(_) => action::plan(task, index, input),
        Handler::Upload => attachment::plan_upload(task, index, input),
        Handler::Download => Ok(vec![attachment::download_request(task, input)]),
        Handler::FindOrAppend => find_or_append::plan(task, index, input),
        Handler::Upsert => upsert::plan(task, input),
        Handler::UpdateQuantity => Ok(quantity::plan(task.resource, input)),
        Handler::RunReport => Ok(vec![report::request(task.resource, input)]),
    }
}

/// How long a call goes on beginning items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// While there is time for a request.
    Writing,
    /// While there is time to look for a write whose answer is lost.
    Looking,
}

impl Pace {
    fn is_late(self, client: &Client<'_>, deadline: Duration) -> bool {
        match self {
            Self::Writing => super::is_late(client, deadline),
            Self::Looking => client.remaining() < deadline / 2,
        }
    }
}

/// Works through the queue one item after the other.
pub fn each(task: &mut Task<'_, '_>, work: fn(&mut Task<'_, '_>, usize, &Input) -> Result<Vec<Item>>) {
    each_with(task, Pace::Writing, &mut |task, index, input| work(task, index, input));
}

/// What [`each_with`] does for an item.
pub type Work<'w> = dyn FnMut(&mut Task<'_, '_>, usize, &Input) -> Result<Vec<Item>> + 'w;

/// The same, with work that remembers something from item to item.
pub fn each_with(task: &mut Task<'_, '_>, pace: Pace, work: &mut Work<'_>) {
    let deadline = task.client.remaining();
    let mut dearest = None;
    while let Some(index) = task.queue.next_item() {
        let spent = task.client.usage().requests;
        if let Some(dearest) = dearest
            && (pace.is_late(task.client, deadline) || spent.saturating_add(dearest) > MAX_REQUESTS)
        {
            return;
        }
        match task.input(index).and_then(|input| work(task, index, &input)) {
            Ok(items) => task.queue.settle(index, Outcome::Done(items)),
            Err(error) => {
                task.queue.settle(index, Outcome::Failed(error.clone()));
                if error.kind() == ErrorKind::Unauthenticated {
                    task.queue.fail_rest(&error);
                }
            }
        }
        let cost = task.client.usage().requests.saturating_sub(spent);
        dearest = Some(dearest.map_or(cost, |dearest: u32| dearest.max(cost)));
    }
}
