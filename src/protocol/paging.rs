//! Reading a list to its true end, whatever page size the server grants and
//! whatever it says about the number of rows (HAPI 5.3, 14.1 to 14.5).
//!
//! A [`Pager`] says which pages to ask for and takes them in. It ends on an
//! empty page, on a page that brings nothing new, or when the rows that the
//! server counted are there – and never because a page is shorter than what
//! was asked for. Rows come in the order of their ids where the server can do
//! that; then rows that come and go while we read neither shift nor repeat.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::{Value, json};

use super::envelope::Page;
use crate::contract::Object;

/// The largest page that tickets allow, and a good size for the rest.
pub const PAGE_SIZE: u32 = 100;

/// A page shorter than this has never been a server's cap: then a count that
/// agrees with it is believed without asking for one page more.
const SMALLEST_CAP: usize = 10;

/// How often one list goes back because rows vanished while it was read.
const MOST_STEPS_BACK: u32 = 3;

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
    /// How what was seen is remembered.
    seen: Seen,
    steps_back: u32,
    /// How many rows vanished while we read.
    gone: u64,
    /// How many pages to go back if the next page does not join on to what an
    /// earlier call read; nothing once it did.
    rejoin: u32,
    end: Option<End>,
}

/// How a row that was seen before is recognised.
#[derive(Debug, Clone, PartialEq)]
enum Seen {
    /// Ids rise, and this is the last one.
    UpTo(i64),
    /// Ids come in any order; these were seen lately.
    These(Vec<String>),
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
            seen: if by_id { Seen::UpTo(i64::MIN) } else { Seen::These(Vec::new()) },
            steps_back: 0,
            gone: 0,
            rejoin: 0,
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
            let count = missing.div_ceil(self.per_page()).max(1) + u64::from(self.rejoin > 0);
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
        if self.rows_vanished(page.record_count) && self.steps_back < MOST_STEPS_BACK {
            // Every later row moved forward, some onto pages that we have
            // read. Go back; what was handed out is known by its id.
            let gone = self.total.unwrap_or(0).saturating_sub(page.record_count.unwrap_or(0));
            let back = u32::try_from(gone.div_ceil(self.per_page())).unwrap_or(u32::MAX);
            self.next = self.next.saturating_sub(back).max(1);
            self.total = page.record_count;
            self.gone = self.gone.saturating_add(gone);
            self.steps_back += 1;
            return None;
        }
        if self.leaves_a_gap(&page.rows) {
            self.next = self.next.saturating_sub(self.rejoin).max(1);
            self.rejoin = self.rejoin.saturating_mul(2);
            return None;
        }
        self.rejoin = 0;
        if page.record_count.is_some() {
            self.total = page.record_count;
        }
        let length = page.rows.len();
        // Beyond what was handed out a page that brings nothing new repeats
        // the last one, as some servers do; before that it overlaps.
        let overlaps = u64::from(self.next.saturating_sub(1)) * self.per_page() < self.delivered;
        self.next = self.next.saturating_add(1);
        let mut rows = self.only_new(page.rows);
        let brought_nothing = rows.is_empty();
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
            if past_the_end || (all_counted && count_is_certain) {
                self.end = Some(match self.total {
                    Some(counted) if counted > self.delivered => End::CountTooHigh { counted },
                    _ => End::Complete,
                });
            }
        }
        Some(rows)
    }

    fn per_page(&self) -> u64 {
        u64::try_from(self.granted).unwrap_or(0).max(1)
    }

    /// Whether rows may be missing between what an earlier call read and this
    /// page: while nobody looked, rows may have gone and others come, and the
    /// count be the same.
    fn leaves_a_gap(&self, rows: &[Object]) -> bool {
        let Seen::UpTo(last) = self.seen else { return false };
        let first = rows.first().and_then(|row| row.get("id")?.as_i64());
        self.rejoin > 0 && self.next > 1 && first.is_none_or(|first| first > last)
    }

    fn rows_vanished(&self, counted: Option<u64>) -> bool {
        let by_id = matches!(self.seen, Seen::UpTo(_));
        by_id && self.next > 1 && matches!((self.total, counted), (Some(before), Some(now)) if now < before)
    }

    /// Drops the rows that were handed out before.
    fn only_new(&mut self, rows: Vec<Object>) -> Vec<Object> {
        if let Seen::UpTo(last) = self.seen {
            let ids: Option<Vec<i64>> = rows.iter().map(|row| row.get("id")?.as_i64()).collect();
            match ids {
                Some(ids) if ids.is_sorted_by(|a, b| a < b) => {
                    self.seen = Seen::UpTo(ids.last().map_or(last, |newest| last.max(*newest)));
                    return rows
                        .into_iter()
                        .zip(ids)
                        .filter(|(_, id)| *id > last)
                        .map(|(row, _)| row)
                        .collect();
                }
                // The server does not sort by id after all. What was read until
                // now rose, or this would have been found out before.
                _ => self.seen = Seen::These(Vec::new()),
            }
        }
        let Seen::These(known) = &mut self.seen else { return rows };
        let mut fresh = Vec::new();
        for row in rows {
            // A row without an id cannot be recognised again; take it.
            let id = row.get("id").map(ToString::to_string);
            if id.as_ref().is_some_and(|id| known.contains(id)) {
                continue;
            }
            known.extend(id);
            fresh.push(row);
        }
        fresh
    }

    /// The state for a cursor. Of rows in any order it holds the latest page
    /// only, so that a cursor stays small.
    pub fn to_json(&self, latest: &[String]) -> Value {
        let seen = match &self.seen {
            Seen::UpTo(last) => json!(last),
            Seen::These(_) => json!(latest),
        };
        json!([self.next, self.total, self.granted, self.delivered, self.steps_back, self.gone, seen])
    }

    /// Goes on from a cursor. `None` if it is not one of ours.
    pub fn from_json(state: &Value, limit: Option<u64>) -> Option<Self> {
        let parts = <&[Value; 7]>::try_from(state.as_array()?.as_slice()).ok()?;
        let [next, total, granted, delivered, steps_back, gone, seen] = parts;
        let seen = match seen {
            Value::Array(ids) => {
                Seen::These(ids.iter().filter_map(Value::as_str).map(ToString::to_string).collect())
            }
            last => Seen::UpTo(last.as_i64()?),
        };
        let next = u32::try_from(next.as_u64()?).ok().filter(|next| *next > 0)?;
        // By id, the last page is read again, to see that the next joins on.
        let rereads = matches!(seen, Seen::UpTo(_)) && next > 1;
        Some(Self {
            next: if rereads { next - 1 } else { next },
            rejoin: u32::from(rereads),
            total: if total.is_null() { None } else { Some(total.as_u64()?) },
            granted: usize::try_from(granted.as_u64()?).ok()?,
            delivered: delivered.as_u64()?,
            steps_back: u32::try_from(steps_back.as_u64()?).ok()?,
            gone: gone.as_u64()?,
            seen,
            ..Self::new(limit, true)
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;

    /// A server with every bad habit on record.
    #[derive(Debug, Clone)]
    struct Server {
        rows: i64,
        cap: u32,
        count: Count,
        repeats_last_page: bool,
        descending: bool,
    }

    #[derive(Debug, Clone, Copy)]
    enum Count {
        True,
        Off(i64),
        Missing,
    }

    impl Server {
        fn page(&self, number: u32, size: u32) -> Page {
            let size = i64::from(size.min(self.cap));
            let pages = ((self.rows + size - 1) / size).max(1);
            let mut number = i64::from(number);
            if self.repeats_last_page {
                number = number.min(pages);
            }
            let first = (number - 1) * size + 1;
            let last = (number * size).min(self.rows);
            let rows = (first..=last)
                .map(|position| if self.descending { self.rows + 1 - position } else { position })
                .map(|id| Object::from_iter([("id".to_string(), json!(id))]))
                .collect();
            let record_count = match self.count {
                Count::True => u64::try_from(self.rows).ok(),
                Count::Off(by) => u64::try_from((self.rows + by).max(0)).ok(),
                Count::Missing => None,
            };
            Page { rows, record_count, ..Page::default() }
        }
    }

    /// Reads a list in calls of ten pages, with the cursor put away and taken
    /// out between them. Gives the ids and the number of requests.
    fn read(server: &Server, limit: Option<u64>, by_id: bool) -> (Vec<i64>, usize, End) {
        let mut pager = Pager::new(limit, by_id);
        let mut ids = vec![];
        let mut requests = 0;
        loop {
            let mut budget = 10;
            let mut latest = vec![];
            while budget > 0 && pager.end().is_none() {
                let plan = pager.plan(budget.min(8));
                assert!(!plan.pages.is_empty());
                budget -= plan.pages.len();
                requests += plan.pages.len();
                for number in plan.pages {
                    let page = server.page(number, plan.page_size);
                    latest = page.rows.iter().map(|row| row["id"].to_string()).collect();
                    let Some(rows) = pager.take(page) else { break };
                    ids.extend(rows.iter().map(|row| row["id"].as_i64().unwrap()));
                }
                assert!(requests < 10_000, "endless");
            }
            if let Some(end) = pager.end() {
                return (ids, requests, end);
            }
            pager = Pager::from_json(&pager.to_json(&latest), limit).unwrap();
        }
    }

    const HONEST: Server =
        Server { rows: 717, cap: 100, count: Count::True, repeats_last_page: false, descending: false };

    #[test]
    fn an_honest_server_is_asked_for_its_pages_and_no_more() {
        let (ids, requests, end) = read(&HONEST, None, true);
        assert_eq!((ids.len(), requests, end), (717, 8, End::Complete));
        let capped = Server { cap: 50, ..HONEST };
        // Ten, and then the tenth again and the other five.
        assert_eq!(read(&capped, None, true).1, 16);
    }

    #[test]
    fn a_count_that_is_too_high_is_told() {
        let server = Server { count: Count::Off(17), ..HONEST };
        let (ids, requests, end) = read(&server, None, true);
        assert_eq!((ids.len(), requests, end), (717, 9, End::CountTooHigh { counted: 734 }));
    }

    #[test]
    fn a_small_list_costs_one_request() {
        for rows in 0..9 {
            let server = Server { rows, ..HONEST };
            assert_eq!(read(&server, None, true).1, 1, "{rows} rows");
        }
    }

    #[test]
    fn a_limit_is_a_limit_and_says_when_there_is_more() {
        let (ids, requests, end) = read(&HONEST, Some(50), true);
        assert_eq!((ids.len(), requests, end), (50, 1, End::LimitReached));
        let (ids, _, end) = read(&HONEST, Some(717), true);
        assert_eq!((ids.len(), end), (717, End::Complete));
        let (ids, _, end) = read(&HONEST, Some(5_000), true);
        assert_eq!((ids.len(), end), (717, End::Complete));
    }

    #[test]
    fn rows_that_vanish_while_reading_take_none_with_them() {
        // Ids 1 to 300; after the first page the first 30 rows are gone.
        let after = |number: i64| -> Page {
            let ids = (31..=300).collect::<Vec<i64>>();
            let from = usize::try_from((number - 1) * 100).unwrap();
            let rows = ids.iter().skip(from).take(100);
            Page {
                rows: rows.map(|id| Object::from_iter([("id".to_string(), json!(id))])).collect(),
                record_count: Some(270),
                ..Page::default()
            }
        };
        let mut pager = Pager::new(None, true);
        let first = Server { rows: 300, ..HONEST }.page(1, 100);
        let mut ids: Vec<i64> =
            pager.take(first).unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect();
        while pager.end().is_none() {
            for number in pager.plan(8).pages {
                let Some(rows) = pager.take(after(number.into())) else { break };
                ids.extend(rows.iter().map(|row| row["id"].as_i64().unwrap()));
            }
        }
        assert_eq!(ids, (1..=300).collect::<Vec<i64>>());
    }

    #[test]
    fn a_row_that_goes_and_one_that_comes_between_two_calls_hide_nothing() {
        let list = |ids: &[i64], number: usize| Page {
            rows: ids
                .iter()
                .skip((number - 1) * 10)
                .take(10)
                .map(|id| Object::from_iter([("id".to_string(), json!(id))]))
                .collect(),
            record_count: u64::try_from(ids.len()).ok(),
            ..Page::default()
        };
        // Of 80 rows, read 50; then many go and as many come.
        for gone in [1, 9, 10, 11, 35, 50] {
            let before: Vec<i64> = (1..=80).collect();
            let after: Vec<i64> = (gone + 1..=80 + gone).collect();
            let mut pager = Pager::new(None, true);
            let mut seen: Vec<i64> = vec![];
            let mut keep = |rows: Option<Vec<Object>>| {
                seen.extend(rows.iter().flatten().map(|row| row["id"].as_i64().unwrap()));
            };
            for page in 1..=5 {
                keep(pager.take(list(&before, page)));
            }
            let mut requests = 0;
            while pager.end().is_none() {
                // Each page in a call of its own, with the cursor in between.
                pager = Pager::from_json(&pager.to_json(&[]), None).unwrap();
                let plan = pager.plan(2);
                for page in plan.pages {
                    requests += 1;
                    let rows = pager.take(list(&after, usize::try_from(page).unwrap()));
                    let goes_back = rows.is_none();
                    keep(rows);
                    if goes_back {
                        break;
                    }
                }
            }
            assert_eq!(seen, (1..=80 + gone).collect::<Vec<i64>>(), "{gone} gone");
            assert!(requests < 40, "{requests} requests");
        }
    }

    #[test]
    fn foreign_cursors_are_refused() {
        for wrong in [json!(null), json!([]), json!([0, 1, 2, 3, 4, 5, 6]), json!([1, "x", 2, 3, 4, 5, 6])] {
            assert_eq!(Pager::from_json(&wrong, None), None);
        }
    }

    proptest! {
        /// No row is lost, none comes twice, and it ends – unless the server
        /// counts too low *and* caps its pages below any cap ever seen.
        #[test]
        fn every_row_once(
            rows in 0_i64..1_500,
            cap in 10_u32..150,
            count in prop_oneof![
                Just(Count::True),
                Just(Count::Missing),
                (-1_500_i64..200).prop_map(Count::Off),
            ],
            repeats_last_page: bool,
            descending: bool,
        ) {
            let server = Server { rows, cap, count, repeats_last_page, descending };
            let (mut ids, requests, _) = read(&server, None, true);
            if descending { ids.reverse(); }
            prop_assert_eq!(ids, (1..=rows).collect::<Vec<i64>>());
            let pages = usize::try_from(rows).unwrap() / usize::try_from(cap.min(100)).unwrap() + 1;
            prop_assert!(requests <= pages + pages / 9 + 10 + 200 / 10);
        }

        #[test]
        fn a_limit_gives_the_first_rows(limit in 1_u64..400, cap in 1_u32..150, repeats_last_page: bool) {
            let server = Server { cap, repeats_last_page, ..HONEST };
            let (ids, _, _) = read(&server, Some(limit), true);
            prop_assert_eq!(ids.len() as u64, limit);
            prop_assert!(ids.is_sorted());
        }
    }
}
