//! Reading a window page by page while its rows come and go. Pure.
//!
//! A list of changed records is another thing than the lists of
//! [`paging`](crate::protocol::paging): any record may come into it anywhere,
//! which moves later rows to later pages. Rows that come twice are known by
//! the state, so only rows that go matter: they move others to pages that were
//! read already. A falling count tells, and the sweep goes back.

use serde_json::{Value, json};

use crate::number;
use crate::protocol::envelope::Page;

/// A page shorter than this has never been a server's cap.
const SMALLEST_CAP: u64 = 10;

/// How often a sweep begins anew because rows are missing. A server whose count
/// is too high must not turn us in circles.
const MOST_TIMES_ANEW: u64 = 2;

/// How far a sweep is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    /// The page to ask for next, from 1.
    pub next: u32,
    /// How many rows the server counted last.
    total: Option<u64>,
    /// Rows of the longest page.
    granted: u64,
    /// First and last id of the latest page, and how many rows it had.
    latest: Value,
    /// How often it began anew.
    anew: u64,
    /// How many of the rows that the server counted are still to be read, none
    /// where it did not say. Rows come in the order of their ids, so a row
    /// is new when its id is higher than all before.
    missing: Option<u64>,
    /// The highest id that was read.
    top: i64,
}

impl Sweep {
    /// Begins.
    fn begin(anew: u64) -> Self {
        Self { next: 1, total: None, granted: 0, latest: Value::Null, anew, missing: None, top: i64::MIN }
    }

    /// Goes on from what `to_json` gave; anything else begins anew, which
    /// repeats nothing that is remembered.
    pub fn from_json(value: &Value) -> Self {
        let number = |index: usize| value.get(index).and_then(Value::as_u64);
        let next = number(0).and_then(|next| u32::try_from(next).ok()).filter(|next| *next >= 1);
        let Some(next) = next else { return Self::begin(0) };
        Self {
            next,
            total: number(1),
            granted: number(2).unwrap_or(0),
            latest: value.get(3).cloned().unwrap_or_default(),
            anew: number(4).unwrap_or(0),
            missing: number(5),
            top: value.get(6).and_then(Value::as_i64).unwrap_or(i64::MIN),
        }
    }

    /// For the state.
    pub fn to_json(&self) -> Value {
        json!([self.next, self.total, self.granted, self.latest, self.anew, self.missing, self.top])
    }

    /// How many pages to ask for at once: one while nobody knows how many there are.
    pub fn ahead(&self, most: usize) -> usize {
        let read = self.read();
        let missing = self.total.unwrap_or(0).saturating_sub(read);
        let pages = if self.granted == 0 { 1 } else { missing.div_ceil(self.granted).max(1) };
        usize::try_from(pages).unwrap_or(most).min(most.max(1))
    }

    /// Takes note of the page that was asked for next. Whether the sweep goes
    /// on after it, goes back, or has ended.
    ///
    /// Only rows that come in the order of their ids (`counted`) can be counted.
    pub fn take(&mut self, page: &Page, counted: bool) -> Turn {
        let length = page.rows.len() as u64;
        if length == 0 {
            return self.end();
        }
        let id =
            |row: Option<&workflow_node_sdk::interface::Object>| row.and_then(|row| row.get("id")).cloned();
        let latest = json!([id(page.rows.first()), id(page.rows.last()), length]);
        let before = self.total;
        self.total = page.record_count.or(before);
        if self.next == 1 && self.granted == 0 {
            self.missing = self.total.filter(|_| counted);
        }
        for id in page.rows.iter().filter_map(|row| number::id(row.get("id")?)) {
            if id > self.top {
                self.top = id;
                self.missing = self.missing.map(|missing| missing.saturating_sub(1));
            }
        }
        let gone = before.unwrap_or(0).saturating_sub(self.total.unwrap_or(u64::MAX));
        // Rows that came in may stand where others would have been: they count, too.
        let came = self.total.unwrap_or(0).saturating_sub(before.unwrap_or(u64::MAX));
        self.missing = self.missing.map(|missing| missing.saturating_add(came).saturating_sub(gone));
        if gone > 0 && self.next > 1 && self.granted > 0 {
            let pages = u32::try_from(gone.div_ceil(self.granted)).unwrap_or(u32::MAX);
            self.next = self.next.saturating_sub(pages).max(1);
            self.latest = Value::Null;
            return Turn::Back;
        }
        // A page past the end may be the last one again.
        let repeats = self.next > 1 && self.latest == latest && before >= self.total;
        let is_all = self.next == 1 && length < SMALLEST_CAP && self.total == Some(length);
        self.granted = self.granted.max(length);
        self.next = self.next.saturating_add(1);
        self.latest = latest;
        if repeats || is_all { self.end() } else { Turn::On }
    }

    /// Nothing more comes. Where rows are missing that were counted, the server
    /// has given other pages on the way than before, or rows came in behind us.
    fn end(&mut self) -> Turn {
        if self.missing.is_none_or(|missing| missing == 0) || self.anew >= MOST_TIMES_ANEW {
            return Turn::End;
        }
        *self = Self::begin(self.anew.saturating_add(1));
        Turn::Back
    }

    /// Whether the server counts more rows than the pages hold that were read.
    pub fn has_more(&self) -> bool {
        self.total.is_some_and(|total| total > self.read())
    }

    /// The most rows that the pages hold that were read.
    fn read(&self) -> u64 {
        u64::from(self.next.saturating_sub(1)).saturating_mul(self.granted)
    }
}

/// What follows a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The next page.
    On,
    /// Pages again that were read, since rows moved onto them.
    Back,
    /// Nothing.
    End,
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn forged_progress_is_taken_without_overflow() {
        let most = u64::MAX;
        for forged in [
            json!([u32::MAX, most, most, [1, 2, 3], most, most, i64::MAX]),
            json!([u32::MAX, 0, most, null, most, most, i64::MIN]),
            json!([1, most, 0, null, 0, most, null]),
            json!([-1, "x"]),
        ] {
            let mut sweep = Sweep::from_json(&forged);
            assert!(sweep.ahead(10) <= 10);
            let row = [("id".into(), json!(7))].into_iter().collect();
            let page = Page { rows: vec![row], record_count: Some(most), ..Page::default() };
            sweep.take(&page, true);
            sweep.take(&Page { record_count: Some(0), ..page }, true);
            sweep.take(&Page::default(), true);
            let _ = (sweep.has_more(), sweep.ahead(10));
        }
    }

    #[test]
    fn ids_that_travel_as_fractions_are_counted() {
        let row = |id: f64| [("id".into(), json!(id))].into_iter().collect();
        let page = Page { rows: vec![row(1.0), row(2.0)], record_count: Some(2), ..Page::default() };
        assert_eq!(Sweep::from_json(&Value::Null).take(&page, true), Turn::End);
    }
}
