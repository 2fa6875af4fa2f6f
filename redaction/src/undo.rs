//! Undoing encodings: percent-encoding, the escapes of JSON and JavaScript, and
//! the references of HTML, all at once and each character by itself, because
//! servers differ in what they encode.

use alloc::vec::Vec;
use core::ops::Range;

/// The names of U+00A0 to U+00FF in HTML.
const LATIN: [&str; 96] = [
    "nbsp", "iexcl", "cent", "pound", "curren", "yen", "brvbar", "sect", "uml", "copy", "ordf", "laquo",
    "not", "shy", "reg", "macr", "deg", "plusmn", "sup2", "sup3", "acute", "micro", "para", "middot",
    "cedil", "sup1", "ordm", "raquo", "frac14", "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc",
    "Atilde", "Auml", "Aring", "AElig", "Ccedil", "Egrave", "Eacute", "Ecirc", "Euml", "Igrave", "Iacute",
    "Icirc", "Iuml", "ETH", "Ntilde", "Ograve", "Oacute", "Ocirc", "Otilde", "Ouml", "times", "Oslash",
    "Ugrave", "Uacute", "Ucirc", "Uuml", "Yacute", "THORN", "szlig", "agrave", "aacute", "acirc", "atilde",
    "auml", "aring", "aelig", "ccedil", "egrave", "eacute", "ecirc", "euml", "igrave", "iacute", "icirc",
    "iuml", "eth", "ntilde", "ograve", "oacute", "ocirc", "otilde", "ouml", "divide", "oslash", "ugrave",
    "uacute", "ucirc", "uuml", "yacute", "thorn", "yuml",
];

/// The longest reference of HTML, from `&` to `;`.
const MAX_REFERENCE: usize = 12;

/// Whether there may be something to undo.
pub(crate) fn has_encodings(text: &[u8]) -> bool {
    text.iter().any(|byte| is_special(*byte))
}

fn is_special(byte: u8) -> bool {
    matches!(byte, b'%' | b'\\' | b'&')
}

/// A text whose encodings were undone.
pub(crate) fn undone(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    undo(text, |bytes, _| plain.extend_from_slice(bytes));
    plain
}

/// A text whose encodings were undone, with where each byte of it comes from.
pub(crate) struct Undone {
    pub(crate) text: Vec<u8>,
    /// Empty where nothing was undone.
    from: Vec<Range<usize>>,
}

impl Undone {
    /// The text itself.
    pub(crate) fn not(text: &[u8]) -> Self {
        Self { text: text.to_vec(), from: Vec::new() }
    }

    /// What it comes to when one more encoding is undone.
    pub(crate) fn undone(&self) -> Self {
        let mut next = Self { text: Vec::new(), from: Vec::new() };
        undo(&self.text, |bytes, range| {
            next.text.extend_from_slice(bytes);
            // What was not encoded keeps its places, byte by byte.
            let each = bytes.len() == range.len();
            for (offset, _) in bytes.iter().enumerate() {
                let part = if each { range.start + offset..range.start + offset + 1 } else { range.clone() };
                next.from.extend(self.source(&part));
            }
        });
        next
    }

    /// Where a part of it stands in the original text.
    pub(crate) fn source(&self, range: &Range<usize>) -> Option<Range<usize>> {
        if self.from.is_empty() {
            return Some(range.clone());
        }
        let parts = self.from.get(range.clone())?;
        Some(parts.first()?.start..parts.last()?.end)
    }
}

/// Hands over each encoded character, undone, and what lies between them, with
/// where it stands.
fn undo(text: &[u8], mut each: impl FnMut(&[u8], Range<usize>)) {
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let plain = rest.iter().position(|byte| is_special(*byte)).unwrap_or(rest.len());
        if plain > 0 {
            each(rest.get(..plain).unwrap_or_default(), at..at + plain);
            at += plain;
            continue;
        }
        let decoded = match rest {
            [b'%', after @ ..] => percent(after),
            [b'\\', after @ ..] => escape(after),
            [b'&', after @ ..] => reference(after),
            _ => None,
        };
        let length = match decoded {
            // The length is that of what follows the first byte.
            Some((Decoded::Byte(byte), length)) => {
                each(&[byte], at..at + 1 + length);
                1 + length
            }
            Some((Decoded::Char(character), length)) => {
                each(character.encode_utf8(&mut [0; 4]).as_bytes(), at..at + 1 + length);
                1 + length
            }
            None => {
                each(rest.get(..1).unwrap_or_default(), at..at + 1);
                1
            }
        };
        at += length;
    }
}

enum Decoded {
    Byte(u8),
    Char(char),
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |number, digit| {
        number.checked_mul(16)?.checked_add(char::from(*digit).to_digit(16)?)
    })
}

/// `%41`, and `%u0041` of old JavaScript.
fn percent(after: &[u8]) -> Option<(Decoded, usize)> {
    if let [b'u' | b'U', digits @ ..] = after
        && let Some(character) = digits.get(..4).and_then(hex).and_then(char::from_u32)
    {
        return Some((Decoded::Char(character), 5));
    }
    let byte = after.get(..2).and_then(hex).and_then(|byte| u8::try_from(byte).ok())?;
    Some((Decoded::Byte(byte), 2))
}

/// `\"`, `\u0041`, `\x41`.
fn escape(after: &[u8]) -> Option<(Decoded, usize)> {
    let byte = |byte| Some((Decoded::Byte(byte), 1));
    match after {
        [quoted @ (b'"' | b'\'' | b'\\' | b'/'), ..] => byte(*quoted),
        [b'n', ..] => byte(b'\n'),
        [b'r', ..] => byte(b'\r'),
        [b't', ..] => byte(b'\t'),
        [b'b', ..] => byte(8),
        [b'f', ..] => byte(12),
        [b'x', digits @ ..] => {
            Some((Decoded::Char(digits.get(..2).and_then(hex).and_then(char::from_u32)?), 3))
        }
        [b'u', digits @ ..] => {
            let first = digits.get(..4).and_then(hex)?;
            if let Some(character) = char::from_u32(first) {
                return Some((Decoded::Char(character), 5));
            }
            // Half of a pair (UTF-16).
            let second = digits.get(4..)?.strip_prefix(b"\\u")?.get(..4).and_then(hex)?;
            let high = first.checked_sub(0xd800).filter(|high| *high < 0x400)?;
            let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
            Some((Decoded::Char(char::from_u32(0x10000 + (high << 10) + low)?), 11))
        }
        _ => None,
    }
}

/// `&amp;`, `&#65;`, `&#x41;`.
fn reference(after: &[u8]) -> Option<(Decoded, usize)> {
    let end = after.iter().take(MAX_REFERENCE).position(|byte| *byte == b';')?;
    let name = core::str::from_utf8(after.get(..end)?).ok()?;
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "plus" => '+',
        _ => match name.strip_prefix('#') {
            Some(number) => {
                let code = match number.strip_prefix(['x', 'X']) {
                    Some(digits) => hex(digits.as_bytes()),
                    None => number.parse().ok(),
                };
                code.and_then(char::from_u32)?
            }
            None => (0xa0..)
                .zip(LATIN)
                .find(|(_, known)| *known == name)
                .and_then(|(code, _)| char::from_u32(code))?,
        },
    };
    Some((Decoded::Char(character), end + 1))
}

/// How many bytes at the end of a text are the beginning of an encoded character
/// whose rest is missing.
pub(crate) fn half_a_character(text: &[u8]) -> usize {
    let tail = text.len().min(MAX_REFERENCE);
    let Some(start) = text.iter().rev().take(tail).position(|byte| is_special(*byte)) else {
        return 0;
    };
    let length = start + 1;
    let after = text.get(text.len() - start..).unwrap_or_default();
    let first = text.get(text.len() - length);
    let digits = |digits: &[u8], most: usize| digits.len() < most && digits.iter().all(u8::is_ascii_hexdigit);
    let is_half = match (first, after) {
        (Some(b'%'), [b'u' | b'U', rest @ ..]) => digits(rest, 4),
        (Some(b'%'), rest) => digits(rest, 2),
        (Some(b'\\'), []) => true,
        (Some(b'\\'), [b'u', rest @ ..]) => digits(rest, 4),
        (Some(b'\\'), [b'x', rest @ ..]) => digits(rest, 2),
        (Some(b'&'), rest) => rest.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'#'),
        _ => false,
    };
    if is_half { length } else { 0 }
}
