//! Lists: pages side by side, to the true end or to the limit.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use workflow_node_sdk::http::HttpResponse;
use workflow_node_sdk::interface::{Item, Level, Object, Outcome};
use workflow_node_sdk::retry::Safety;
use workflow_node_sdk::text;

use super::Task;
use crate::catalogue::resource::{Paging, Resource, Verb};
use crate::client::{self, Client};
use crate::error::{Code, ErrorKind, NodeError, Result, Retry};
use crate::input::{self, Input};
use crate::output::View;
use crate::protocol::answer;
use crate::protocol::envelope::{self, Page};
use crate::protocol::paging::{End, Pager};
use crate::protocol::request::ApiRequest;

/// The most pages that one call reads.
const MOST_PAGES: usize = 10;

/// As many rows as a list that wants a `count` has, at most.
const MAX_COUNT: u64 = 100_000;

/// The request for a page.
fn page_request(resource: &Resource, input: &Input, page_no: u32, page_size: u32) -> ApiRequest {
    let mut request = ApiRequest::get(resource.path);
    request.query = input::to_query(&input.values);
    let request = request.with_defaults(resource.list_query).needing(resource.scope(Verb::List));
    match resource.paging {
        Paging::Whole => request,
        Paging::Counted => request.with("count", input.list.limit.unwrap_or(MAX_COUNT)),
        // All three, always: without the first the others are ignored, without
        // the second rows are lost (HAPI §5.3).
        Paging::Pages => {
            request.with("pageinate", true).with("page_no", page_no).with("page_size", page_size)
        }
    }
}

/// The request that a list begins with.
pub fn first_request(resource: &Resource, input: &Input) -> ApiRequest {
    let plan = Pager::new(input.list.limit, input.list.by_id).plan(1);
    page_request(resource, input, 1, plan.page_size)
}

/// One page of a list, and no more.
pub fn read_page(task: &mut Task<'_, '_>, input: &Input, page_no: u32) -> Result<Page> {
    let size = Pager::new(input.list.limit, input.list.by_id).plan(1).page_size;
    let request = page_request(task.resource, input, page_no, size);
    let answer = task.client.send(&request)?;
    page(task.resource, &answer)
}

/// A list as a step of something else: its rows, and whether these are all.
pub fn read_all(
    client: &mut Client<'_>,
    resource: &Resource,
    input: &Input,
    most_pages: usize,
) -> Result<(Vec<Object>, bool)> {
    let mut pager = Pager::new(input.list.limit, input.list.by_id);
    let mut rows = vec![];
    let mut left = most_pages;
    while pager.end().is_none() && left > 0 {
        let plan = pager.plan(client.at_once().min(left));
        left -= plan.pages.len().min(left);
        let request = |page_no: &u32| page_request(resource, input, *page_no, plan.page_size);
        let requests: Vec<ApiRequest> = plan.pages.iter().map(request).collect();
        for answer in client.send_all(&requests) {
            let Some(more) = pager.take(page(resource, &answer?)?) else { break };
            rows.extend(more);
        }
    }
    Ok((rows, matches!(pager.end(), Some(End::Complete))))
}

/// Works through the queue, list by list.
pub fn run(task: &mut Task<'_, '_>) {
    let deadline = task.client.remaining();
    let mut budget = MOST_PAGES;
    while let Some(index) = task.queue.next_item() {
        if budget == 0 || (budget < MOST_PAGES && super::is_late(task.client, deadline)) {
            return;
        }
        match List::begin(task, index) {
            Ok(list) => list.read(task, &mut budget, deadline),
            Err(error) => task.queue.settle(index, Outcome::Failed(error)),
        }
    }
}

struct List {
    index: usize,
    input: Input,
    pager: Pager,
    /// The key that the rows had instead of the expected one.
    unexpected_key: Option<String>,
}

impl List {
    fn begin(task: &mut Task<'_, '_>, index: usize) -> Result<Self> {
        let input = task.input(index)?;
        let position = task.queue.position();
        let pager = if position.is_null() {
            Pager::new(input.list.limit, input.list.by_id)
        } else {
            Pager::from_json(position, input.list.limit)
                .ok_or_else(|| NodeError::new(Code::InvalidCursor, "The cursor is damaged."))?
        };
        Ok(Self { index, input, pager, unexpected_key: None })
    }

    /// Reads until the end of the list, of the budget or of the time.
    fn read(mut self, task: &mut Task<'_, '_>, budget: &mut usize, deadline: core::time::Duration) {
        let mut delivered = false;
        while self.pager.end().is_none() {
            if *budget == 0 || (delivered && super::is_late(task.client, deadline)) {
                self.tell_oddities(task);
                return;
            }
            if let Err(error) = self.read_some(task, budget, &mut delivered) {
                if delivered && !matches!(error.retry(), Retry::After(_)) {
                    // What was read is delivered. The next call meets the
                    // failure again, or not.
                    *budget = 0;
                } else if error.kind() == ErrorKind::Unauthenticated {
                    task.queue.fail_rest(&error);
                } else {
                    task.queue.settle(self.index, Outcome::Failed(error));
                }
                self.tell_oddities(task);
                return;
            }
        }
        self.tell_oddities(task);
        self.tell_how_it_ended(task);
        task.queue.settle(self.index, Outcome::Done(vec![]));
    }

    /// Reads the next pages side by side.
    fn read_some(&mut self, task: &mut Task<'_, '_>, budget: &mut usize, delivered: &mut bool) -> Result<()> {
        let plan = self.pager.plan(task.client.at_once().min(*budget));
        *budget -= plan.pages.len().min(*budget);
        let requests: Vec<ApiRequest> = plan
            .pages
            .iter()
            .map(|page_no| page_request(task.resource, &self.input, *page_no, plan.page_size))
            .collect();
        for answer in task.client.send_all(&requests) {
            if self.pager.end().is_some() {
                break;
            }
            let page = page(task.resource, &answer?)?;
            if let Some(key) = &page.unexpected_key {
                self.unexpected_key.get_or_insert_with(|| key.clone());
            }
            task.names.learn(task.resource, &page.tables);
            let taken = match task.resource.paging {
                Paging::Pages => self.pager.take(page),
                Paging::Whole | Paging::Counted => Some(self.pager.take_whole(page)),
            };
            let Some(rows) = taken else {
                // Where it went back to is kept, so that calls do not repeat it.
                task.queue.deliver(self.index, vec![], self.pager.to_json());
                break;
            };
            task.look_up_names(View::row(self.input.simplify), &rows);
            let items: Vec<Item> = rows.into_iter().map(|row| self.item(task, row)).collect();
            *delivered |= !items.is_empty();
            if !task.queue.deliver(self.index, items, self.pager.to_json()) {
                // The next call has room for this page.
                *budget = 0;
                break;
            }
        }
        Ok(())
    }

    fn item(&self, task: &mut Task<'_, '_>, row: Object) -> Item {
        let json = task.present(row, View::row(self.input.simplify), self.index);
        Item::new(json)
    }

    /// What is odd about the rows that this call read.
    fn tell_oddities(&self, task: &mut Task<'_, '_>) {
        if let Some(key) = &self.unexpected_key {
            let (key, expected) = (text::cut(&text::clean(key), 60), task.resource.list_key);
            task.say(
                Level::Warning,
                "halopsa.unexpected-list-key",
                format!("The rows came as \"{key}\" instead of \"{expected}\". They were taken, because the answer has no other list."),
                self.index,
            );
        }
        if self.pager.without_ids() > 0 {
            task.say(
                Level::Warning,
                "halopsa.rows-without-id",
                format!(
                    "{} rows have no id. Rows that came twice cannot be recognised.",
                    self.pager.without_ids()
                ),
                self.index,
            );
        }
        if self.pager.may_repeat() {
            task.say(
                Level::Warning,
                "halopsa.order-lost",
                "HaloPSA did not keep the rows in order of their ids. Some may be here that an earlier part of the list had already.".to_string(),
                self.index,
            );
        }
    }

    fn tell_how_it_ended(&self, task: &mut Task<'_, '_>) {
        let delivered = self.pager.delivered();
        let mut tell = |level, code, message| task.say(level, code, message, self.index);
        match self.pager.end() {
            Some(End::CountTooHigh { counted }) => tell(
                Level::Warning,
                "halopsa.count-mismatch",
                format!("HaloPSA counts {counted} records and sent {delivered}. Records may have gone while they were read, or the agent may not see all of them."),
            ),
            Some(End::LimitReached) => {
                let total = self.pager.total().map_or_else(String::new, |total| format!(" of {total}"));
                tell(
                    Level::Info,
                    "halopsa.more-rows",
                    format!("The limit gave {delivered}{total} records. Use return_all for all of them."),
                );
            }
            Some(End::WithoutIds) => tell(
                Level::Warning,
                "halopsa.list-cannot-go-on",
                format!("The list ends after {delivered} rows: they have no ids and HaloPSA does not count them, so further pages cannot be told from these. There may be more."),
            ),
            Some(End::Complete) if delivered == 0 => tell(
                Level::Info,
                "halopsa.empty-list",
                "No records. If there should be some, check the filters, and that the API agent is in the teams and sees the clients that they belong to.".to_string(),
            ),
            _ => {}
        }
    }
}

fn page(resource: &Resource, answer: &HttpResponse) -> Result<Page> {
    let value = client::json(answer, Safety::Read)?;
    let tables: Vec<&str> = resource.tables.iter().map(|table| table.key).collect();
    envelope::list(value, resource.list_key, &tables)
        .map_err(|why| answer::malformed(answer, why, Safety::Read))
}
