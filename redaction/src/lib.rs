//! Finds known secrets in text that others wrote, however they are encoded or
//! cut, and takes them out.
//!
//! A service may echo what it was sent, in its own words: percent-encoded, as
//! JSON, as HTML, in base64, several of these in one another, and cut off
//! anywhere. Both the component and the host must show such words without the
//! secret in them, so both use this crate.
//!
//! Text is compared as it is and after its encodings are undone, up to
//! three in one another. What is looked for is the secret itself and its base64,
//! at all three offsets, so that `base64("id:secret")` is found for any id.
//!
//! How much is hidden depends on what a text is for ([`Kind`]):
//!
//! | | words for people | data |
//! |---|---|---|
//! | a whole secret of 8 bytes or more | hidden | hidden |
//! | a whole secret of 4 to 7 bytes | hidden | left, since ordinary data would match it |
//! | the first 8 bytes of a secret, or more | hidden | hidden where the text ends or is cut |
//! | the first 4 to 7 bytes of a secret | hidden where the text is cut | left |
//!
//! A secret of less than 4 bytes is not looked for.

#![no_std]

extern crate alloc;

mod json;
mod tokens;
mod undo;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

pub use tokens::tokens_in;
use undo::{Undone, has_encodings, undone};

/// Stands where a secret was.
pub const HIDDEN: &str = "***";

/// Bytes of the shortest secret that is looked for, in words for people.
pub const MIN_SECRET: usize = 4;

/// Bytes of the shortest secret that is looked for in data, and of the shortest
/// beginning of a secret that is hidden anywhere.
pub const MIN_IN_DATA: usize = 8;

/// Bytes of the shortest beginning of a secret that is hidden where a text was cut.
const MIN_AT_CUT: usize = 4;

/// How many encodings in one another are undone.
const LEVELS: usize = 3;

/// What a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A message, a label, a log line: hiding too much does no harm.
    Words,
    /// A value of a workflow: what is no secret stays as it is.
    Data,
}

/// Secrets to be found. Holds their values: it has no `Debug`.
#[derive(Clone, Default)]
pub struct Redactor {
    values: Vec<String>,
    /// How each form of each value begins, in order.
    heads: Vec<Head>,
    /// A bit for each pair of bytes that a head begins with; empty without heads.
    pairs: Box<[u64]>,
}

#[cfg(feature = "zeroize")]
impl Drop for Redactor {
    fn drop(&mut self) {
        use zeroize::Zeroize as _;
        self.values.zeroize();
        self.heads.iter_mut().for_each(|head| head.bytes.zeroize());
    }
}

/// The first bytes of a form of a value. The rest is made when it is needed:
/// tokens are long, and have many forms.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    bytes: [u8; MIN_IN_DATA],
    value: usize,
    form: Form,
}

/// A form in which a value may stand in a text whose encodings were undone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// As it is.
    Plain,
    /// A value that looks encoded itself, undone like the text around it.
    Undone(usize),
    /// With `+` for blanks, as in a form.
    Plus,
    /// As words are shown whose markup was taken out: a blank for each tag, and no
    /// two blanks in a row.
    Shown,
    /// As base64, after so many bytes of something else.
    Base64 { before: usize, url_safe: bool, percent: bool },
}

impl Form {
    fn all() -> impl Iterator<Item = Self> {
        let base64 = (0..3).flat_map(|before| {
            [(false, false), (true, false), (false, true), (true, true)]
                .map(|(url_safe, percent)| Self::Base64 { before, url_safe, percent })
        });
        [Self::Plain, Self::Plus, Self::Shown].into_iter().chain((1..=LEVELS).map(Self::Undone)).chain(base64)
    }

    /// The value in this form; `None` where that is no form of its own.
    fn of(self, value: &str) -> Option<Vec<u8>> {
        let plain = value.as_bytes();
        match self {
            Self::Plain => Some(plain.to_vec()),
            Self::Plus => value.contains(' ').then(|| value.replace(' ', "+").into_bytes()),
            Self::Shown => {
                let shown = without_markup(value);
                (shown != value).then(|| shown.into_bytes())
            }
            Self::Undone(levels) => {
                let mut text = plain.to_vec();
                for _ in 0..levels {
                    if !has_encodings(&text) {
                        return None;
                    }
                    text = undone(&text);
                }
                (text != plain).then_some(text)
            }
            Self::Base64 { before, url_safe, percent } => {
                let mut bytes = vec![0; before];
                match percent {
                    true if value.bytes().all(is_unreserved) => return None,
                    true => percent_encode(value, &mut bytes),
                    false => bytes.extend_from_slice(plain),
                }
                let encoded = match url_safe {
                    true => URL_SAFE_NO_PAD.encode(&bytes),
                    false => STANDARD_NO_PAD.encode(&bytes),
                };
                // The first and the last character depend on the neighbours.
                let stable = (before * 8).div_ceil(6)..bytes.len() * 8 / 6;
                encoded.as_bytes().get(stable).map(<[u8]>::to_vec)
            }
        }
    }
}

/// A value as it stands in words that were cleaned for people.
fn without_markup(value: &str) -> String {
    let mut plain = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('<') {
        plain.push_str(before);
        let is_tag =
            after.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/' || first == '!');
        match after.split_once('>').filter(|_| is_tag) {
            Some((_, behind)) => {
                plain.push(' ');
                rest = behind;
            }
            None => {
                plain.push('<');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'-' | b'.' | b'_')
}

/// As in a form (`application/x-www-form-urlencoded`).
fn percent_encode(value: &str, encoded: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
    for byte in value.bytes() {
        match byte {
            b' ' => encoded.push(b'+'),
            byte if is_unreserved(byte) => encoded.push(byte),
            byte => encoded.extend([b'%', digit(byte >> 4), digit(byte & 15)]),
        }
    }
}

/// What is known about the end of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// Nothing.
    Open,
    /// It was cut here by the caller.
    Cut,
}

impl Redactor {
    /// Looks for these values, but for those that are too short.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut redactor = Self::default();
        for value in values {
            // What was pasted with its line end is repeated without it.
            let value = value.trim();
            if value.len() >= MIN_SECRET && !redactor.values.iter().any(|known| known == value) {
                redactor.values.push(value.into());
            }
        }
        for (index, value) in redactor.values.iter().enumerate().filter(|(_, v)| v.len() >= MIN_IN_DATA) {
            for form in Form::all() {
                // Base64 begins alike however it goes on, unless it must be looked
                // through for what to encode.
                let start = match form {
                    Form::Base64 { percent: false, .. } => value.get(..value.floor_char_boundary(32)),
                    _ => None,
                };
                let head = form.of(start.unwrap_or(value)).and_then(|bytes| bytes.first_chunk().copied());
                redactor.heads.extend(head.map(|bytes| Head { bytes, value: index, form }));
            }
        }
        redactor.heads.sort_unstable();
        if !redactor.heads.is_empty() {
            redactor.pairs = vec![0; 1024].into();
        }
        for head in &redactor.heads {
            let (word, bit) = place(&head.bytes);
            if let Some(word) = redactor.pairs.get_mut(word) {
                *word |= bit;
            }
        }
        redactor
    }

    /// Whether there is anything to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether the beginning of a secret of 8 bytes or more is in a text, in any
    /// form. Fast, for texts that have none.
    #[must_use]
    pub fn is_in(&self, text: &[u8]) -> bool {
        if self.heads.is_empty() {
            return false;
        }
        if self.hits(text).next().is_some() {
            return true;
        }
        let mut level = Vec::new();
        for step in 0..LEVELS {
            let source = if step == 0 { text } else { level.as_slice() };
            if !has_encodings(source) {
                return false;
            }
            let next = undone(source);
            if next.len() == source.len() {
                // Each encoding is longer than what it stands for.
                return false;
            }
            level = next;
            if self.hits(&level).next().is_some() {
                return true;
            }
        }
        false
    }

    /// Takes secrets out of a text.
    pub fn text(&self, text: &mut String, kind: Kind) {
        if kind == Kind::Data && !self.is_in(text.as_bytes()) {
            return;
        }
        self.take_out(text, kind, End::Open);
    }

    /// Cuts words for people after so many bytes, visibly, and takes secrets out of
    /// them: no part of one is left at the cut.
    pub fn shorten(&self, text: &mut String, limit: usize) {
        let cut = text.len() > limit;
        if cut {
            text.truncate(text.floor_char_boundary(limit));
        }
        self.take_out(text, Kind::Words, if cut { End::Cut } else { End::Open });
        if cut {
            text.push('…');
        }
    }

    /// Takes secrets out of the texts and names in JSON, which stays JSON. Numbers
    /// are left alone. What is no JSON is a text.
    pub fn json(&self, json: &mut String, kind: Kind) {
        if self.is_empty() || (kind == Kind::Data && !self.is_in(json.as_bytes())) {
            return;
        }
        if let Some(clean) = json::each_text(json, &mut |text| self.text(text, kind)) {
            *json = clean;
        }
    }

    fn take_out(&self, text: &mut String, kind: Kind, end: End) {
        if self.is_empty() {
            return;
        }
        let ranges = self.found(text.as_bytes(), kind, end);
        if ranges.is_empty() {
            return;
        }
        let mut clean = String::with_capacity(text.len());
        let mut from = 0;
        for range in ranges {
            let start = text.floor_char_boundary(range.start).max(from);
            let stop = text.ceil_char_boundary(range.end).max(from);
            clean.push_str(text.get(from..start).unwrap_or_default());
            // A letter or two before a cut are dropped without a trace.
            if end == End::Open || stop < text.len() || stop - start >= MIN_AT_CUT {
                clean.push_str(HIDDEN);
            }
            from = stop;
        }
        clean.push_str(text.get(from..).unwrap_or_default());
        *text = clean;
    }

    /// What is to be hidden: ranges that do not overlap, in order.
    fn found(&self, text: &[u8], kind: Kind, end: End) -> Vec<Range<usize>> {
        let mut ranges = vec![];
        let mut level = Undone::not(text);
        self.in_level(&level, kind, end, &mut ranges);
        for _ in 0..LEVELS {
            if !has_encodings(&level.text) {
                break;
            }
            level = level.undone();
            self.in_level(&level, kind, end, &mut ranges);
        }
        ranges.sort_unstable_by_key(|range| (range.start, range.end));
        let mut merged: Vec<Range<usize>> = vec![];
        for range in ranges {
            match merged.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        merged
    }

    fn in_level(&self, level: &Undone, kind: Kind, end: End, ranges: &mut Vec<Range<usize>>) {
        let text = level.text.as_slice();
        let cuts = Cuts::of(text, end);
        let mut hide = |range: Range<usize>| ranges.extend(level.source(&range));
        for (at, head) in self.hits(text) {
            let Some(value) = self.values.get(head.value) else { continue };
            let Some(form) = head.form.of(value) else { continue };
            let rest = text.get(at..).unwrap_or_default();
            let common = rest.iter().zip(&form).take_while(|(a, b)| a == b).count();
            if common == form.len() {
                hide(at..at + common + with_neighbours(head.form, text, at + common));
            } else if let Some(end) = cuts.end_after(at + common) {
                hide(at..end);
            } else if kind == Kind::Words {
                hide(at..at + common);
            }
        }
        if kind == Kind::Words {
            for value in self.values.iter().filter(|value| value.len() < MIN_IN_DATA) {
                let value = value.as_bytes();
                let starts = text.windows(value.len()).enumerate().filter(|(_, part)| *part == value);
                starts.for_each(|(at, _)| hide(at..at + value.len()));
            }
            let short = self.values.iter().filter(|value| value.len() < MIN_IN_DATA).map(String::as_bytes);
            let beginnings: Vec<&[u8]> =
                self.heads.iter().map(|head| head.bytes.as_slice()).chain(short).collect();
            for cut in &cuts.places {
                let before = text.get(..cut.at).unwrap_or_default();
                let longest = (cut.min..=MIN_IN_DATA).rev().find(|length| {
                    let tail = before.len().checked_sub(*length).and_then(|from| before.get(from..));
                    tail.is_some_and(|tail| beginnings.iter().any(|beginning| beginning.starts_with(tail)))
                });
                if let Some(length) = longest {
                    hide(cut.at - length..cut.end);
                }
            }
        }
    }

    /// Where a head stands in a text.
    fn hits<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = (usize, &'a Head)> {
        let windows = if self.heads.is_empty() { &[][..] } else { text };
        windows.windows(MIN_IN_DATA).enumerate().filter(|(_, part)| self.may_begin(part)).flat_map(
            |(at, part)| {
                let first = self.heads.partition_point(|head| head.bytes.as_slice() < part);
                let heads = self.heads.get(first..).unwrap_or_default();
                heads.iter().take_while(move |head| head.bytes == part).map(move |head| (at, head))
            },
        )
    }

    fn may_begin(&self, part: &[u8]) -> bool {
        let (word, bit) = place(part);
        self.pairs.get(word).is_some_and(|word| word & bit != 0)
    }
}

/// Where the bit of the first two bytes is.
fn place(bytes: &[u8]) -> (usize, u64) {
    let pair = match bytes {
        [first, second, ..] => u16::from_le_bytes([*first, *second]),
        _ => 0,
    };
    (usize::from(pair >> 6), 1 << (pair & 63))
}

/// How many characters after base64 hold bits of the secret, too, and padding.
fn with_neighbours(form: Form, text: &[u8], end: usize) -> usize {
    if !matches!(form, Form::Base64 { .. }) {
        return 0;
    }
    let rest = text.get(end..).unwrap_or_default();
    let last = rest.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte));
    let padding = rest.iter().skip(usize::from(last)).take(2).take_while(|byte| **byte == b'=').count();
    usize::from(last) + padding
}

/// Where a text may have been cut.
struct Cuts {
    places: Vec<Cut>,
}

#[derive(Clone, Copy)]
struct Cut {
    /// Where the words before it end.
    at: usize,
    /// Where what is hidden ends: after half an encoded character, if there is one.
    end: usize,
    /// Bytes of the shortest beginning of a secret that is hidden here.
    min: usize,
}

impl Cuts {
    /// The end of a text, and each ellipsis in it.
    fn of(text: &[u8], end: End) -> Self {
        let min = match end {
            End::Open => MIN_IN_DATA,
            End::Cut => 1,
        };
        let mut places = vec![];
        let mut add = |end: usize, min: usize| {
            let end = text.get(..end).unwrap_or_default().trim_ascii_end().len();
            let half = undo::half_a_character(text.get(..end).unwrap_or_default());
            places.push(Cut { at: end, end, min });
            if half > 0 {
                places.push(Cut { at: end - half, end, min });
            }
        };
        add(text.len(), min);
        for mark in ["…".as_bytes(), b"..."] {
            let marks = text.windows(mark.len()).enumerate().filter(|(_, part)| *part == mark);
            marks.for_each(|(at, _)| add(at, MIN_AT_CUT));
        }
        Self { places }
    }

    /// Where a text that goes on as a secret until `at` and is cut there ends.
    fn end_after(&self, at: usize) -> Option<usize> {
        self.places.iter().find(|cut| cut.at == at).map(|cut| cut.end)
    }
}

#[cfg(test)]
mod tests;
