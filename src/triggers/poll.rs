//! Polling: windows of changed records, read page by page.
//!
//! A window asks for everything that changed since some time before the newest
//! change that is known, by HaloPSA's own clock, in the order of ids: then
//! rows that change meanwhile stay where they are or come again with the next
//! window. What windows have in common is reported once, since the state
//! remembers it. New records are found by their ids, without any clock.
//! `docs/triggers.md` explains why nothing is lost.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use workflow_node_sdk::http::HttpResponse;
use workflow_node_sdk::interface::{Diagnostic, Event, Item, Level, Object};
use workflow_node_sdk::retry::Safety;

use super::due;
use super::facts::{self, Acted, Facts, Finding, Me, Unreadable};
use super::settings::Settings;
use super::state::{Clock, Pass, Stage, State, TOLERANCE_MS};
use super::sweep::{Sweep, Turn};
use crate::catalogue::triggers::{EventKind, NOTE_COLUMNS};
use crate::client::{self, Client, MOST_IN_FLIGHT};
use crate::endpoints;
use crate::error::{ErrorKind, NodeError, Result, Retry};
use crate::number;
use crate::operations::is_late;
use crate::output::{self, LeftOut, Names, View};
use crate::protocol::answer;
use crate::protocol::date;
use crate::protocol::envelope::{self, Malformed, Page};
use crate::protocol::paging::PAGE_SIZE;
use crate::protocol::request::ApiRequest;

/// Rows of a page where each may cost a request, or where most are old.
const SMALL_PAGE_SIZE: u32 = 25;

/// The most actions of a ticket that are asked for.
const MAX_ACTIONS: u32 = 10_000;

/// How many of the newest records are looked at where a first one may be
/// useless: its time lies in the future, or its id is none.
const FEW: u32 = 50;

/// A trigger at work.
pub struct Poller<'a, 'b> {
    /// The connection.
    pub client: &'b mut Client<'a>,
    /// How the person set it up.
    pub settings: &'b Settings,
    /// What is known.
    pub state: State,
    /// What was found.
    pub events: Vec<Event>,
    /// What is worth telling.
    pub diagnostics: Vec<Diagnostic>,
    names: Names,
    /// The host's time.
    pub now: i64,
}

/// A row with what it means.
struct Met {
    row: Object,
    shown: Value,
    facts: Facts,
}

/// How the reading of a window went.
pub enum Progress {
    /// To its end.
    Done,
    /// There is more to read.
    More,
    /// It failed on the way; what was found before counts.
    Interrupted(NodeError),
}

impl<'a, 'b> Poller<'a, 'b> {
    /// Goes on from a state.
    pub fn new(client: &'b mut Client<'a>, settings: &'b Settings, mut state: State) -> Self {
        let now = client.now().as_millisecond();
        state.distrust(now);
        Self { client, settings, state, events: vec![], diagnostics: vec![], names: Names::default(), now }
    }

    /// Learns where to begin: what is old from now on.
    pub fn begin(&mut self) -> Result<()> {
        let kind = self.settings.trigger.kind;
        if self.settings.ignore_own {
            self.state.me = Some(self.agent()?);
        }
        if kind == EventKind::SlaBreachedSoon {
            self.state.pass = Some(quiet_pass(Stage::Targets, None, Some(self.now), self.now));
            return Ok(());
        }
        // Of all records: one that comes into the filters later is not new.
        let mut request = self.request(1, FEW).with("order", "id").with("orderdesc", true);
        request.query.drain(..self.settings.filters.len());
        let answer = self.client.send(&request)?;
        let began = self.earlier(&answer);
        for row in self.page(&answer)?.rows {
            if let Some(met) = self.meet(row) {
                self.state.news.start(met.facts.id);
            }
        }
        self.give_samples()?;
        if kind == EventKind::Created {
            return Ok(());
        }
        let high = match self.state.clock() {
            Clock::Host => Some(began),
            Clock::Rows => self.newest_time()?,
        };
        let Some(high) = high else {
            // Nothing is there, so everything will be new.
            return Ok(());
        };
        let from = self.state.begin_at(high, self.settings.needs_actions());
        let knows = matches!(kind, EventKind::StatusChanged | EventKind::Closed | EventKind::Assigned);
        let stage = if knows { Stage::Prime } else { Stage::Window };
        self.state.pass = Some(quiet_pass(stage, (!knows).then_some(from), Some(high), self.now));
        Ok(())
    }

    /// Reads on, as far as one poll goes.
    pub fn run(&mut self) -> Result<Progress> {
        let deadline = self.client.remaining();
        // A window of several pages reads its first one twice, and ends with an
        // empty one.
        let mut budget = self.settings.most_records.div_ceil(u64::from(self.page_size(self.stage()))) + 2;
        let mut moved = false;
        loop {
            let found = self.events.len();
            match self.step(&mut budget) {
                Ok(true) => {
                    self.sort();
                    return Ok(Progress::Done);
                }
                Ok(false) => {}
                Err(error) if moved || self.events.len() > found => {
                    self.sort();
                    return Ok(Progress::Interrupted(error));
                }
                Err(error) => return Err(error),
            }
            moved = true;
            if budget == 0 || is_late(self.client, deadline) {
                self.sort();
                return Ok(Progress::More);
            }
        }
    }

    /// The host's time, or HaloPSA's as the answer shows it where that is earlier:
    /// windows that go by the host's clock must not begin in HaloPSA's future.
    fn earlier(&self, answer: &HttpResponse) -> i64 {
        let shown = answer.header("date").and_then(workflow_node_sdk::http::parse_date);
        shown.map_or(self.now, |shown| shown.as_millisecond().min(self.now))
    }

    /// In the order in which things happened, as far as one poll knows it.
    fn sort(&mut self) {
        self.events.sort_by_key(|event| event.occurred_at);
    }

    /// Reads some pages; whether all is read.
    fn step(&mut self, budget: &mut u64) -> Result<bool> {
        let clock = self.state.clock();
        let mut pass = self.state.pass.clone().unwrap_or_else(|| self.next_pass());
        let mut sweep = Sweep::from_json(&pass.pager);
        // Of the newest ids, the first page is mostly enough.
        let most = if pass.stage == Stage::Ids { 1 } else { MOST_IN_FLIGHT };
        let ahead = sweep.ahead(usize::try_from(*budget).unwrap_or(1).clamp(1, most));
        *budget = budget.saturating_sub(ahead as u64);
        let requests: Vec<ApiRequest> =
            (sweep.next..).take(ahead).map(|page_no| self.pass_request(&pass, page_no)).collect();
        self.state.pass = Some(pass.clone());
        for answer in self.client.send_all(&requests) {
            let answer = answer?;
            let shown = self.earlier(&answer);
            if let (Clock::Host, Stage::Window, Some(kept)) = (clock, pass.stage, &mut self.state.pass) {
                kept.high = kept.high.min(Some(shown));
            }
            let page = self.page(&answer)?;
            let in_order = matches!(pass.stage, Stage::Prime | Stage::Window);
            let turn = sweep.take(&page, in_order);
            if pass.stage == Stage::Window && clock == Clock::Rows && pass.high.is_none() {
                pass.high = self.time_of(&page.rows).max(self.state.high);
                if turn == Turn::On && sweep.has_more() {
                    // Pages are read one after the other, so the end of the window
                    // must be one that was there before the first: the first page
                    // knows one, but a question before it knows a later one.
                    pass.high = self.newest_time()?.max(pass.high).or(Some(self.now));
                    self.state.pass = Some(pass);
                    return Ok(false);
                }
                if let Some(kept) = &mut self.state.pass {
                    kept.high = pass.high;
                }
            }
            let ends = match pass.stage {
                Stage::Prime => self.prime(page.rows),
                Stage::Window => self.take(&pass, page.rows)?,
                Stage::Targets => due::take(self, &pass, page.rows),
                Stage::Ids => self.take_ids(page.rows)?,
            };
            if let Some(kept) = &mut self.state.pass {
                kept.pager = sweep.to_json();
            }
            if ends || turn == Turn::End {
                return Ok(self.finish(pass.stage));
            }
            if turn == Turn::Back {
                return Ok(false);
            }
        }
        Ok(false)
    }

    /// What the passes of this trigger read, once it has begun.
    fn stage(&self) -> Stage {
        match self.settings.trigger.kind {
            EventKind::SlaBreachedSoon => Stage::Targets,
            EventKind::Created => Stage::Ids,
            _ => Stage::Window,
        }
    }

    fn next_pass(&self) -> Pass {
        let stage = self.stage();
        let (from, wide) = match stage {
            Stage::Window => self.state.reach(self.now, self.few()),
            _ => (None, true),
        };
        let high = match (stage, self.state.clock()) {
            (Stage::Window, Clock::Rows) => None,
            _ => Some(self.now),
        };
        Pass { quiet: false, wide, ..quiet_pass(stage, from, high, self.now) }
    }

    /// How many rows it is cheap to read again: they fit on a page with others.
    fn few(&self) -> usize {
        self.page_size(Stage::Window) as usize * 3 / 4
    }

    /// Ends a pass; whether all is read.
    fn finish(&mut self, stage: Stage) -> bool {
        let ended = self.client.now().as_millisecond();
        match (stage, &self.state.pass) {
            (Stage::Prime, Some(pass)) => {
                self.state.pass = Some(quiet_pass(Stage::Window, self.state.floor, pass.high, self.now));
                false
            }
            (Stage::Targets, _) => {
                self.state.complete_targets();
                true
            }
            (Stage::Ids, _) => {
                self.state.complete_ids(ended);
                true
            }
            _ => {
                self.state.complete(ended, self.few());
                true
            }
        }
    }

    /// Remembers what open tickets are.
    fn prime(&mut self, rows: Vec<Object>) -> bool {
        for row in rows {
            if let Some(met) = self.meet(row)
                && let Some(value) = facts::memory(self.settings.trigger.kind, &met.facts)
            {
                self.state.known.set(met.facts.id, value);
            }
        }
        false
    }

    /// Takes in rows of a window.
    fn take(&mut self, pass: &Pass, rows: Vec<Object>) -> Result<bool> {
        let mut fresh = Vec::new();
        for row in rows {
            let Some(met) = self.meet(row) else { continue };
            if pass.quiet && pass.high.is_some() && !met.facts.is_ahead() && met.facts.changed > pass.high {
                // It changed after the beginning: the next window reports it.
                continue;
            }
            if facts::is_fresh(&self.state, self.settings.trigger.kind, &met.facts) {
                self.warn_of(&met.facts);
                fresh.push(met);
            } else if let (Clock::Host, Some(pass)) = (self.state.clock(), &mut self.state.pass) {
                // The next window knows what this one holds.
                pass.seen.insert(met.facts.key, met.facts.id);
            }
        }
        self.take_fresh(pass.from, pass.quiet, fresh)?;
        Ok(false)
    }

    /// Takes in rows in the falling order of ids; whether no later row can be new.
    fn take_ids(&mut self, rows: Vec<Object>) -> Result<bool> {
        let base = self.state.news.base;
        let mut fresh = Vec::new();
        let mut ids = Vec::new();
        for row in rows {
            let Some(met) = self.meet(row) else { continue };
            ids.push(met.facts.id);
            if facts::is_fresh(&self.state, EventKind::Created, &met.facts) {
                fresh.push(met);
            }
        }
        self.take_fresh(None, false, fresh)?;
        // A server that ignores the order is read to the end.
        Ok(ids.is_sorted_by(|one, next| one >= next) && ids.iter().any(|id| *id <= base))
    }

    /// Takes in changes, some at a time: all of them or, on failure, none.
    fn take_fresh(&mut self, from: Option<i64>, quiet: bool, fresh: Vec<Met>) -> Result<()> {
        let mut fresh = fresh.into_iter().peekable();
        while fresh.peek().is_some() {
            let some: Vec<Met> = fresh.by_ref().take(SMALL_PAGE_SIZE as usize).collect();
            self.take_some(from, quiet, some)?;
        }
        Ok(())
    }

    fn take_some(&mut self, from: Option<i64>, quiet: bool, fresh: Vec<Met>) -> Result<()> {
        let settings = self.settings;
        let kind = settings.trigger.kind;
        let needs_actions = |met: &Met| match kind {
            // Also at the beginning: notes that are there are old.
            EventKind::NoteAdded => true,
            EventKind::Updated if met.facts.needs_actions() => !quiet,
            _ => settings.ignore_own && !quiet,
        };
        let tickets: Vec<i64> =
            fresh.iter().filter(|met| needs_actions(met)).map(|met| met.facts.id).collect();
        let mut actions = self.actions(&tickets)?.into_iter();
        for met in fresh {
            let actions = if needs_actions(&met) { actions.next().unwrap_or_default() } else { Vec::new() };
            let is_own = settings.ignore_own
                && self
                    .state
                    .me
                    .is_some_and(|agent| facts::is_own(&self.acting_as(agent), &met.facts, kind, &actions));
            let acted: Acted = facts::acted(&actions);
            let finding = facts::take(&mut self.state, from, quiet, settings, &met.facts, acted);
            if kind == EventKind::NoteAdded {
                if quiet {
                    facts::learn_notes(&mut self.state, met.facts.id, &actions);
                } else if !met.facts.is_deleted {
                    self.give_notes(&met, actions);
                }
            } else if let Some(finding) = finding.filter(|_| !is_own) {
                self.give_record(&met.row, met.shown, finding);
            }
        }
        Ok(())
    }

    fn acting_as(&self, agent: i64) -> Me<'_> {
        Me { agent, application: self.client.credentials.client_id().unwrap_or_default() }
    }

    /// Takes in a ticket that a webhook told of, as it is now.
    pub fn take_told(&mut self, rows: Vec<Object>) -> Result<()> {
        let from = self.state.floor;
        let mut fresh: Vec<Met> = Vec::new();
        for row in rows {
            if let Some(met) = self.meet(row)
                && facts::is_fresh(&self.state, self.settings.trigger.kind, &met.facts)
                && !fresh.iter().any(|other| other.facts.id == met.facts.id)
            {
                self.warn_of(&met.facts);
                fresh.push(met);
            }
        }
        self.take_fresh(from, false, fresh)
    }

    fn meet(&mut self, row: Object) -> Option<Met> {
        let shown = self.shown(&row);
        match Facts::of(&row, &shown, self.state.clock(), self.ceiling()) {
            Ok(facts) => Some(Met { row, shown, facts }),
            Err(Unreadable::NoId) => {
                self.warn("halopsa.no-record-id", || {
                    "A row of the list has no whole number as its id, so it cannot become an event."
                        .to_string()
                });
                None
            }
        }
    }

    /// The latest time that a row may show as that of its last change.
    fn ceiling(&self) -> i64 {
        self.now.saturating_add(TOLERANCE_MS)
    }

    /// Says that the time of a change is of no use.
    fn warn_of(&mut self, facts: &Facts) {
        let (title, id) = (self.settings.trigger.resource.title, facts.id);
        match facts.changed {
            Some(changed) if facts.is_ahead() => self.warn("halopsa.change-in-the-future", || {
                format!(
                    "{title} {id} says that it changed at {}, which is still to come. Its changes are reported, and they hold back no others. Check the clocks of HaloPSA and of this host if there are more of them.",
                    date::from_instant(changed)
                )
            }),
            None if self.state.clock() == Clock::Rows => self.warn("halopsa.no-change-time", || {
                format!("{title} {id} does not say when it changed. Its changes are recognised by what the list shows of it.")
            }),
            _ => {}
        }
    }

    /// Adds a warning, once for each code.
    fn warn(&mut self, code: &'static str, message: impl FnOnce() -> String) {
        if !self.diagnostics.iter().any(|known| known.code == code) {
            let message = message();
            self.diagnostics.push(Diagnostic { level: Level::Warning, code, message, item_index: None });
        }
    }

    /// A row as it is compared with what it was.
    pub fn shown(&self, row: &Object) -> Value {
        let instance = endpoints::instance(&self.client.credentials.resource_url);
        let resource = self.settings.trigger.resource;
        // Rows of triggers have no custom fields and nothing nested: nothing is left out.
        output::record(resource, row.clone(), View::Row, &self.names, &instance, &mut LeftOut::default())
    }

    /// Adds an event about a record. It has names that comparisons go without,
    /// since they may be out of reach at times.
    pub fn give_record(&mut self, row: &Object, shown: Value, finding: Finding) {
        let resource = self.settings.trigger.resource;
        let mut item = shown;
        self.names.look_up(self.client, resource, core::slice::from_ref(row));
        if let Some(members) = item.as_object_mut() {
            self.names.complete_shown(resource, row, members);
        }
        self.give(item, finding);
    }

    /// Adds an event.
    fn give(&mut self, shown: Value, finding: Finding) {
        let mut item = shown;
        if let (Some((name, value)), Some(members)) = (finding.extra, item.as_object_mut()) {
            members.insert(name.to_owned(), value);
        }
        let occurred_at = finding.at.and_then(|at| Timestamp::from_millisecond(at).ok());
        self.events.push(Event { id: finding.id, occurred_at, item: Item::new(item) });
    }

    fn give_notes(&mut self, met: &Met, actions: Vec<Object>) {
        let settings = self.settings;
        let notes = facts::new_notes(&mut self.state, settings.visible_only, met.facts.id, actions);
        for (action, finding) in notes {
            let is_own = |agent| facts::is_by(&self.acting_as(agent), &action);
            if settings.ignore_own && self.state.me.is_some_and(is_own) {
                continue;
            }
            let mut item = output::columns(NOTE_COLUMNS, &action, &mut LeftOut::default());
            item.insert("ticket_id".to_owned(), met.facts.id.into());
            item.insert("ticket_summary".to_owned(), met.row.get("summary").cloned().unwrap_or(Value::Null));
            if let Some(link) = met.shown.get("link") {
                item.insert("ticket_link".to_owned(), link.clone());
            }
            self.give(Value::Object(item), finding);
        }
    }

    fn give_samples(&mut self) -> Result<()> {
        let kind = self.settings.trigger.kind;
        if self.settings.samples == 0 {
            return Ok(());
        }
        let order = match (kind, self.state.clock()) {
            (EventKind::Created, _) | (_, Clock::Host) => "id",
            _ => "last_update",
        };
        let count = u32::try_from(self.settings.samples).unwrap_or(PAGE_SIZE);
        let more: &[(&str, &str)] = if kind == EventKind::Closed { &[("closed_only", "true")] } else { &[] };
        for met in self.newest(order, count, more)? {
            let finding = facts::finding(self.settings, &met.facts, None);
            self.give_record(&met.row, met.shown, finding);
        }
        self.sort();
        Ok(())
    }

    /// The latest records by a column.
    fn newest(&mut self, order: &str, count: u32, more: &[(&str, &str)]) -> Result<Vec<Met>> {
        let request = self.request(1, count).with_defaults(more).with("order", order).with("orderdesc", true);
        let answer = self.client.send(&request)?;
        let rows = self.page(&answer)?.rows;
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        Ok(rows.into_iter().take(count).filter_map(|row| self.meet(row)).collect())
    }

    /// The newest time at which a record changed, of those that are not still to
    /// come. `None` where there is no record.
    fn newest_time(&mut self) -> Result<Option<i64>> {
        let request = self.request(1, FEW).with("order", "last_update").with("orderdesc", true);
        // Not with an upper bound at first: whether HaloPSA applies it is not sure.
        let answer = self.client.send(&request)?;
        let rows = self.page(&answer)?.rows;
        if rows.is_empty() {
            return Ok(None);
        }
        if let Some(newest) = self.time_of(&rows) {
            return Ok(Some(newest));
        }
        let until = date::to_wire(&date::from_instant(self.now)).unwrap_or_default();
        let answer = self.client.send(&request.with("lastupdatetodate", until))?;
        let rows = self.page(&answer)?.rows;
        Ok(Some(self.time_of(&rows).unwrap_or(self.now)))
    }

    fn page_size(&self, stage: Stage) -> u32 {
        let is_small = stage == Stage::Ids || (stage == Stage::Window && self.settings.needs_actions());
        if is_small { SMALL_PAGE_SIZE } else { PAGE_SIZE }
    }

    /// The request for a page of the list, in no order yet.
    pub fn request(&self, page_no: u32, page_size: u32) -> ApiRequest {
        let resource = self.settings.trigger.resource;
        let mut request = ApiRequest::get(resource.path);
        request.query.clone_from(&self.settings.filters);
        if self.state.clock() == Clock::Host {
            // Being switched off is a change, too.
            request = request.with("includeinactive", true);
        }
        request
            .with_defaults(resource.list_query)
            .with("pageinate", true)
            .with("page_no", page_no)
            .with("page_size", page_size)
            .needing(resource.scopes.read)
    }

    fn pass_request(&self, pass: &Pass, page_no: u32) -> ApiRequest {
        let order = if pass.stage == Stage::Targets { "fixbydate" } else { "id" };
        let mut request = self
            .request(page_no, self.page_size(pass.stage))
            .with("order", order)
            .with("orderdesc", pass.stage == Stage::Ids);
        if matches!(pass.stage, Stage::Prime | Stage::Targets) {
            request = request.with("open_only", true);
        }
        if let (Stage::Window, Some(from)) = (pass.stage, pass.from)
            && let Some(from) = date::to_wire(&date::from_instant(from))
        {
            request = request.with("lastupdatefromdate", from);
        }
        request
    }

    /// Reads a page of the list.
    pub fn page(&mut self, answer: &HttpResponse) -> Result<Page> {
        let resource = self.settings.trigger.resource;
        let tables: Vec<&str> = resource.tables.iter().map(|table| table.key).collect();
        let page = list(answer, resource.list_key, &tables)?;
        self.names.learn(resource, &page.tables);
        Ok(page)
    }

    /// The newest time of rows that is not still to come.
    fn time_of(&self, rows: &[Object]) -> Option<i64> {
        let clock = self.state.clock();
        let changed = rows.iter().filter_map(|row| facts::changed(row, clock));
        changed.filter(|changed| *changed <= self.ceiling()).max()
    }

    /// The actions of each of some tickets. One that is out of reach has none.
    fn actions(&mut self, tickets: &[i64]) -> Result<Vec<Vec<Object>>> {
        let request = |ticket: &i64| {
            // Some lists end after fifty rows without it.
            ApiRequest::get("/Actions")
                .with("ticket_id", ticket)
                .with("count", MAX_ACTIONS)
                .needing("read:tickets")
        };
        let requests: Vec<ApiRequest> = tickets.iter().map(request).collect();
        let mut all = Vec::with_capacity(tickets.len());
        for (ticket, answer) in tickets.iter().zip(self.client.send_all(&requests)) {
            match answer {
                Ok(answer) => {
                    let page = list(&answer, "actions", &[])?;
                    if !page.is_whole() {
                        self.warn("halopsa.actions-not-whole", || {
                            format!("HaloPSA gave a part of the actions of ticket {ticket}: notes on it may be missed.")
                        });
                    }
                    all.push(page.rows);
                }
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Forbidden) => {
                    all.push(Vec::new());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    /// Our own agent's id (HAPI §10.4).
    fn agent(&mut self) -> Result<i64> {
        let request = ApiRequest::get("/Agent/me");
        let answer = self.client.send(&request)?;
        let agent = client::json(&answer, Safety::Read)?;
        let id = agent.get("id").and_then(number::id);
        id.ok_or_else(|| answer::malformed(&answer, "it is no agent", Safety::Read))
    }
}

/// How long to wait where HaloPSA said so.
pub fn wait_of(error: &NodeError) -> Option<Duration> {
    match error.retry() {
        Retry::After(wait) => Some(wait),
        Retry::Never | Retry::HostDefault => None,
    }
}

/// Reads a list.
pub fn list(answer: &HttpResponse, key: &str, tables: &[&str]) -> Result<Page> {
    let value = client::json(answer, Safety::Read)?;
    let malformed = |why: Malformed| answer::malformed(answer, why, Safety::Read);
    envelope::list(value, key, tables).map_err(malformed)
}

fn quiet_pass(stage: Stage, from: Option<i64>, high: Option<i64>, began: i64) -> Pass {
    let seen = super::sets::Pairs::default();
    Pass { stage, from, high, quiet: true, wide: true, pager: Value::Null, seen, began }
}

/// A diagnostic about what stopped a poll on its way.
pub fn interrupted(error: &NodeError) -> Diagnostic {
    Diagnostic {
        level: Level::Warning,
        code: "halopsa.poll-interrupted",
        message: format!("The poll ended early and goes on with the next one. {}", error.message()),
        item_index: None,
    }
}
