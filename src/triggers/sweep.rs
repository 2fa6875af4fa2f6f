//! Reading a window page by page while its rows come and go. Pure.
//!
//! A list of changed records is another thing than the lists of
//! [`paging`](crate::protocol::paging): any record may come into it anywhere,
//! which moves later rows to later pages. Rows that come twice are known by
//! the state, so only rows that go matter: they move others to pages that were
//! read already. A falling count tells, and the sweep goes back.

use serde_json::{Value, json};

use crate::protocol::envelope::Page;

/// A page shorter than this has never been a server's cap.
const SMALLEST_CAP: u64 = 10;

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
    /// Whether it began anew, since pages and count did not agree.
    again: bool,
}

impl Sweep {
    /// Goes on from what `to_json` gave; anything else begins anew, which
    /// repeats nothing that is remembered.
    pub fn from_json(value: &Value) -> Self {
        let number = |index: usize| value.get(index).and_then(Value::as_u64);
        let next = number(0).and_then(|next| u32::try_from(next).ok()).filter(|next| *next >= 1);
        Self {
            next: next.unwrap_or(1),
            total: number(1),
            granted: number(2).unwrap_or(0),
            latest: value.get(3).cloned().unwrap_or_default(),
            again: value.get(4).and_then(Value::as_bool).unwrap_or(false),
        }
    }

    /// For the state.
    pub fn to_json(&self) -> Value {
        json!([self.next, self.total, self.granted, self.latest, self.again])
    }

    /// How many pages to ask for at once: one while nobody knows how many there are.
    pub fn ahead(&self, most: usize) -> usize {
        let read = u64::from(self.next - 1) * self.granted;
        let missing = self.total.unwrap_or(0).saturating_sub(read);
        let pages = if self.granted == 0 { 1 } else { missing.div_ceil(self.granted).max(1) };
        usize::try_from(pages).unwrap_or(most).min(most.max(1))
    }

    /// Takes note of the page that was asked for next. Whether the sweep goes
    /// on after it, goes back, or has ended.
    pub fn take(&mut self, page: &Page) -> Turn {
        let length = page.rows.len() as u64;
        // The server gives other pages than before, so rows may stand between
        // them; a count that is too high, though, must not turn us in circles.
        let before_it = self.latest.get(2).and_then(Value::as_u64).unwrap_or(self.granted);
        let grew = self.next > 1 && length > before_it;
        let fell_short = length == 0 && self.has_more() && !self.again;
        if grew || fell_short {
            *self = Self {
                next: 1,
                total: None,
                granted: 0,
                latest: Value::Null,
                again: fell_short || self.again,
            };
            return Turn::Back;
        }
        if length == 0 {
            return Turn::End;
        }
        let id = |row: Option<&crate::contract::Object>| row.and_then(|row| row.get("id")).cloned();
        let latest = json!([id(page.rows.first()), id(page.rows.last()), length]);
        let before = self.total;
        self.total = page.record_count.or(before);
        let gone = before.unwrap_or(0).saturating_sub(self.total.unwrap_or(u64::MAX));
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
        if repeats || is_all { Turn::End } else { Turn::On }
    }

    /// Whether the server counts more rows than the pages hold that were read.
    pub fn has_more(&self) -> bool {
        self.total.is_some_and(|total| total > u64::from(self.next - 1) * self.granted)
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
