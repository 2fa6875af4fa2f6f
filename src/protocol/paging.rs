//! Reading a list to its true end, whatever page size the server grants and
//! whatever it says about the number of rows (HAPI §5.3, §14.1 to 14.5).
//!
//! A [`Pager`] says which pages to ask for and takes them in. It ends on an
//! empty page, on a page that brings nothing new, or when the rows that the
//! server counted are there – and never because a page is shorter than what
//! was asked for. Rows come in the order of their ids where the server can do
//! that; then rows that come and go while we read neither shift nor repeat.
//!
//! Rows without ids cannot be told from rows that come again. They are taken
//! while the server counts more of them and pages bring others; where it does
//! not count, the first page ends the list, with [`End::WithoutIds`].

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write as _;

use serde_json::{Value, json};
use workflow_node_sdk::interface::Object;

use super::envelope::Page;
use super::identity::Identity;

/// The largest page that tickets allow, and a good size for the rest.
pub const PAGE_SIZE: u32 = 100;

/// A page shorter than this has never been a server's cap: then a count that
/// agrees with it is believed without asking for one page more.
const SMALLEST_CAP: usize = 10;

/// How many times in a row a list goes back to join on where rows vanished.
const MOST_STEPS_BACK: u32 = 16;

/// The highest page number that a cursor may name.
const MOST_PAGES: u32 = 1 << 30;

/// How far the reading of one list has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Pager {
    /// What is asked for.
    page_size: u32,
    /// The most rows that are wanted.
    limit: Option<u64>,
    /// The page to ask for next, from 1.
    next: u32,
    /// How many rows the server counts.
    total: Option<u64>,
    /// How many rows the longest page had.
    granted: usize,
    /// How many rows were handed out.
    delivered: u64,
    /// The order in which rows come.
    order: Order,
    /// The rows that this call handed out, and the latest page of the one before.
    seen: BTreeSet<Mark>,
    /// The rows of the page that was taken last, where they come in any order.
    latest: Vec<Mark>,
    /// How many rows without an id were handed out.
    without_ids: u64,
    /// Whether an earlier call began the list.
    continued: bool,
    /// Whether rows may have been handed out by an earlier call as well.
    may_repeat: bool,
    steps_back: u32,
    /// How many rows vanished while we read.
    gone: u64,
    /// Whether the next page must join on to what an earlier call read.
    resumed: bool,
    end: Option<End>,
}

/// The order in which rows come.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Order {
    /// Ids rise, and this is the last one.
    UpTo(i64),
    /// Ids come in any order.
    Any,
}

/// What a row is recognised by when it comes again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    /// Its id.
    Id(Identity),
    /// The hash of all of it, where it has no id.
    Hash(u64),
}

impl Mark {
    fn of(row: &Object) -> Self {
        match row.get("id").and_then(Identity::of) {
            Some(id) => Self::Id(id),
            None => Self::Hash(hash(row)),
        }
    }

    /// As it stands in a cursor.
    fn to_text(&self) -> String {
        match self {
            Self::Id(id) => id.to_string(),
            Self::Hash(hash) => format!("#{hash:x}"),
        }
    }

    fn from_text(text: &str) -> Option<Self> {
        match text.strip_prefix('#').and_then(|hash| u64::from_str_radix(hash, 16).ok()) {
            Some(hash) => Some(Self::Hash(hash)),
            None => Identity::of_text(text).map(Self::Id),
        }
    }
}

/// FNV-1a of the JSON text of a row.
fn hash(row: &Object) -> u64 {
    struct Fnv(u64);
    impl core::fmt::Write for Fnv {
        fn write_str(&mut self, text: &str) -> core::fmt::Result {
            for byte in text.bytes() {
                self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
            Ok(())
        }
    }
    let mut fnv = Fnv(0xcbf2_9ce4_8422_2325);
    for (name, value) in row {
        // Hashing cannot fail.
        let _ = write!(fnv, "{name}:{value},");
    }
    fnv.0
}

/// Why a list ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All rows are there, as far as anyone can tell.
    Complete,
    /// The server counted more rows than it sent.
    CountTooHigh {
        /// What it counted.
        counted: u64,
    },
    /// As many rows as were wanted; there are more.
    LimitReached,
    /// Rows have no ids and the server does not count them: whether there are
    /// more pages cannot be found out.
    WithoutIds,
}

/// Which pages to ask for, all of one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Numbers of the pages, from 1.
    pub pages: Vec<u32>,
    /// The size of each.
    pub page_size: u32,
}

impl Pager {
    /// Begins a list. `by_id` when the rows are asked for in the order of
    /// their ids.
    pub fn new(limit: Option<u64>, by_id: bool) -> Self {
        let page_size =
            limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(PAGE_SIZE).clamp(1, PAGE_SIZE);
        Self {
            page_size,
            limit,
            next: 1,
            total: None,
            granted: 0,
            delivered: 0,
            order: if by_id { Order::UpTo(i64::MIN) } else { Order::Any },
            seen: BTreeSet::new(),
            latest: Vec::new(),
            without_ids: 0,
            continued: false,
            may_repeat: false,
            steps_back: 0,
            gone: 0,
            resumed: false,
            end: None,
        }
    }

    /// Why the list ended, if it did.
    pub fn end(&self) -> Option<End> {
        self.end
    }

    /// How many rows were handed out so far.
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    /// How many rows the server counts, if it does.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// How many rows without an id this call handed out.
    pub fn without_ids(&self) -> u64 {
        self.without_ids
    }

    /// Whether rows of an earlier call may have come again: the order of the
    /// list broke, and a cursor does not hold all that was read.
    pub fn may_repeat(&self) -> bool {
        self.may_repeat
    }

    /// The pages to ask for now, at most so many, at once. One at a time while
    /// nobody knows how many there are.
    pub fn plan(&self, most: usize) -> Plan {
        let mut pages = Vec::new();
        if self.end.is_none() {
            let wanted = match (self.total, self.limit) {
                (Some(total), Some(limit)) => total.min(limit),
                (Some(total), None) => total,
                (None, _) => 0,
            };
            let missing = wanted.saturating_sub(self.delivered);
            // A page that joins on to an earlier call brings nothing new.
            let count = missing.div_ceil(self.per_page()).max(1).saturating_add(u64::from(self.resumed));
            let count = if self.granted == 0 { 1 } else { count };
            let count = usize::try_from(count).unwrap_or(most).min(most.max(1));
            pages = (self.next..).take(count).collect();
        }
        Plan { pages, page_size: self.page_size }
    }

    /// Takes in a page that was planned, and hands out its new rows. Pages are
    /// taken in order. `None` when the page is of no use because rows vanished
    /// meanwhile: then the rest of the plan is thrown away and made anew.
    pub fn take(&mut self, page: Page) -> Option<Vec<Object>> {
        if self.end.is_some() {
            return Some(Vec::new());
        }
        // A page past the end may count anything, or nothing (HAPI §5.3).
        let counted = page.record_count.filter(|_| !page.rows.is_empty() || self.next == 1);
        if let (Some(before), Some(now)) = (self.total, counted)
            && now < before
        {
            // Every later row moved forward, some onto pages that we have read.
            self.gone = self.gone.saturating_add(before - now);
            self.total = counted;
            self.resumed = true;
        }
        if self.resumed && self.next > 1 && !self.joins_on(&page.rows) && self.steps_back < MOST_STEPS_BACK {
            // Farther each time, so that many vanished rows cost few requests.
            self.next = self.next.saturating_sub(1 << self.steps_back).max(1);
            self.steps_back += 1;
            return None;
        }
        if counted.is_some() {
            self.total = counted;
        }
        let length = page.rows.len();
        // Beyond what was handed out a page that brings nothing new repeats
        // the last one, as some servers do; before that it overlaps.
        let overlaps = core::mem::take(&mut self.resumed)
            || u64::from(self.next.saturating_sub(1)).saturating_mul(self.per_page()) < self.delivered;
        self.next = self.next.saturating_add(1);
        let marks: Vec<Mark> = page.rows.iter().map(Mark::of).collect();
        let none_has_id = length > 0 && marks.iter().all(|mark| matches!(mark, Mark::Hash(_)));
        let mut rows = self.only_new(page.rows, &marks, overlaps);
        if self.order == Order::Any {
            self.latest = marks;
        }
        let brought_nothing = rows.is_empty();
        if !brought_nothing {
            self.steps_back = 0;
        }
        if let Some(limit) = self.limit {
            let room = usize::try_from(limit.saturating_sub(self.delivered)).unwrap_or(usize::MAX);
            let cut = rows.len() > room;
            rows.truncate(room);
            self.delivered = self.delivered.saturating_add(u64::try_from(rows.len()).unwrap_or(0));
            if self.delivered >= limit {
                let more = cut || self.total.is_some_and(|total| total > self.delivered);
                self.end = Some(if more { End::LimitReached } else { End::Complete });
            }
        } else {
            self.delivered = self.delivered.saturating_add(u64::try_from(rows.len()).unwrap_or(0));
        }
        let shorter_than_before = length < self.granted;
        self.granted = self.granted.max(length);
        if self.end.is_none() {
            let past_the_end = length == 0 || (brought_nothing && !overlaps);
            let present = self.delivered.saturating_sub(self.gone);
            let all_counted = self.total.is_some_and(|total| present >= total);
            let count_is_certain = shorter_than_before || length < SMALLEST_CAP;
            if past_the_end || (all_counted && (count_is_certain || none_has_id)) {
                self.end = Some(self.ended());
            } else if none_has_id && self.total.is_none() {
                // The next page may be this one again with other texts in it,
                // for ever.
                self.end = Some(End::WithoutIds);
            }
        }
        Some(rows)
    }

    /// Takes in a list that comes all at once, and ends.
    pub fn take_whole(&mut self, page: Page) -> Vec<Object> {
        let rows = self.take(page).unwrap_or_default();
        // All of it came: nothing needs to be told apart.
        if matches!(self.end, None | Some(End::WithoutIds)) {
            self.end = Some(self.ended());
        }
        rows
    }

    fn ended(&self) -> End {
        match self.total {
            Some(counted) if counted > self.delivered => End::CountTooHigh { counted },
            _ => End::Complete,
        }
    }

    fn per_page(&self) -> u64 {
        u64::try_from(self.granted).unwrap_or(0).max(1)
    }

    /// Whether no row can be missing between what was read and this page: it
    /// begins with one that we know.
    fn joins_on(&self, rows: &[Object]) -> bool {
        let Some(first) = rows.first().map(Mark::of) else { return false };
        match (self.order, &first) {
            (Order::UpTo(last), Mark::Id(Identity::Number(first))) => *first <= last,
            (Order::UpTo(_), _) => false,
            (Order::Any, first) => self.seen.contains(first),
        }
    }

    /// Drops the rows that were handed out before. `marks` are those of the rows.
    fn only_new(&mut self, rows: Vec<Object>, marks: &[Mark], overlaps: bool) -> Vec<Object> {
        if let Order::UpTo(last) = self.order {
            let more = self.total.is_some_and(|total| total > self.delivered);
            match rising(marks) {
                Some(newest) if overlaps || !more || newest.is_none_or(|newest| newest >= last) => {
                    self.order = Order::UpTo(newest.map_or(last, |newest| last.max(newest)));
                    // What an earlier call read is known by the last id only.
                    let (continued, seen) = (self.continued, &mut self.seen);
                    let pairs = rows.into_iter().zip(marks).filter(|(_, mark)| {
                        let rises = matches!(mark, Mark::Id(Identity::Number(id)) if *id > last);
                        seen.insert((*mark).clone()) && (rises || !continued)
                    });
                    return pairs.map(|(row, _)| row).collect();
                }
                // The server does not sort by id after all. What was read until
                // now rose, or this would have been found out before.
                _ => {
                    self.may_repeat |= self.continued;
                    self.order = Order::Any;
                }
            }
        }
        // Rows that look alike may be two, but a page of nothing but rows that
        // were there before is an earlier page again.
        let brings_others = self.seen.is_empty()
            || marks.iter().any(|mark| matches!(mark, Mark::Hash(_)) && !self.seen.contains(mark));
        let mut fresh = Vec::new();
        for (row, mark) in rows.into_iter().zip(marks) {
            let is_new = self.seen.insert(mark.clone());
            match mark {
                Mark::Id(_) if !is_new => continue,
                Mark::Id(_) => {}
                Mark::Hash(_) if !brings_others => continue,
                Mark::Hash(_) => self.without_ids = self.without_ids.saturating_add(1),
            }
            fresh.push(row);
        }
        fresh
    }

    /// The state for a cursor. Of rows in any order it holds the latest page
    /// only, so that a cursor stays small.
    pub fn to_json(&self) -> Value {
        let seen = match self.order {
            Order::UpTo(last) => json!(last),
            Order::Any => self.latest.iter().map(Mark::to_text).collect(),
        };
        json!([self.next, self.total, self.granted, self.delivered, self.steps_back, self.gone, seen])
    }

    /// Goes on from a cursor. `None` if it is not one of ours.
    pub fn from_json(state: &Value, limit: Option<u64>) -> Option<Self> {
        let parts = <&[Value; 7]>::try_from(state.as_array()?.as_slice()).ok()?;
        let [next, total, granted, delivered, steps_back, gone, seen] = parts;
        let texts = seen.as_array().into_iter().flatten().filter_map(Value::as_str);
        let latest: Vec<Mark> = texts.filter_map(Mark::from_text).collect();
        let order = match seen {
            Value::Array(_) => Order::Any,
            last => Order::UpTo(last.as_i64()?),
        };
        let next = u32::try_from(next.as_u64()?).ok().filter(|next| (1..=MOST_PAGES).contains(next))?;
        let steps_back =
            u32::try_from(steps_back.as_u64()?).ok().filter(|steps| *steps <= MOST_STEPS_BACK)?;
        // By id, the last page is read again, to see that the next joins on.
        let rereads = matches!(order, Order::UpTo(_)) && next > 1;
        Some(Self {
            next: if rereads { next - 1 } else { next },
            resumed: rereads || steps_back > 0,
            total: if total.is_null() { None } else { Some(total.as_u64()?) },
            granted: usize::try_from(granted.as_u64()?).ok()?,
            delivered: delivered.as_u64()?,
            steps_back,
            gone: gone.as_u64()?,
            seen: latest.iter().cloned().collect(),
            latest,
            order,
            continued: true,
            ..Self::new(limit, true)
        })
    }
}

/// The last id of rows whose ids are numbers and rise. `None` where they do not.
fn rising(marks: &[Mark]) -> Option<Option<i64>> {
    let number = |mark: &Mark| match mark {
        Mark::Id(Identity::Number(id)) => Some(*id),
        _ => None,
    };
    let mut last = None;
    for mark in marks {
        let id = number(mark)?;
        if last.is_some_and(|last| last >= id) {
            return None;
        }
        last = Some(id);
    }
    Some(last)
}

#[cfg(test)]
mod tests;
