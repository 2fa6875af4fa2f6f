//! The query string, and the memory of which parameters were looked at.
//!
//! HaloPSA ignores unknown parameters without a word (HAPI §1.10). The
//! simulator does the same, but remembers what nobody asked for, so that the
//! request log can show a client author the typo.

use std::cell::Cell;

/// Parameters of one request. Names are compared without case [assumed].
#[derive(Debug, Default)]
pub(crate) struct Query {
    pairs: Vec<Pair>,
}

#[derive(Debug)]
struct Pair {
    name: String,
    value: String,
    read: Cell<bool>,
}

impl Query {
    /// Parses the part behind the `?`, or a form body.
    #[must_use]
    pub(crate) fn parse(text: &str) -> Self {
        let pairs = text
            .split('&')
            .filter(|part| !part.is_empty())
            .map(|part| {
                let (name, value) = part.split_once('=').unwrap_or((part, ""));
                Pair { name: decode(name), value: decode(value), read: Cell::new(false) }
            })
            .collect();
        Self { pairs }
    }

    /// A parameter's text; an empty one counts as absent.
    #[must_use]
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut found = None;
        for pair in &self.pairs {
            if pair.name.eq_ignore_ascii_case(name) {
                pair.read.set(true);
                found = found.or(Some(pair.value.as_str()));
            }
        }
        found.filter(|value| !value.is_empty())
    }

    /// A switch: `true` in any spelling, or `1`.
    #[must_use]
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"))
    }

    /// A switch that only the word turns on: `true` in any spelling, not `1`.
    #[must_use]
    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// A whole number; anything else counts as absent.
    #[must_use]
    pub(crate) fn int(&self, name: &str) -> Option<i64> {
        self.get(name)?.trim().parse().ok()
    }

    /// A comma-separated list (HAPI §4).
    #[must_use]
    pub(crate) fn list(&self, name: &str) -> Option<Vec<&str>> {
        self.get(name).map(split_list)
    }

    /// The parameters that were never looked at.
    #[must_use]
    pub(crate) fn ignored(&self) -> Vec<String> {
        self.pairs.iter().filter(|pair| !pair.read.get()).map(|pair| pair.name.clone()).collect()
    }
}

/// The parts of a comma-separated list.
#[must_use]
pub(crate) fn split_list(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// Undoes percent encoding and `+`; what is no encoding stays as it is.
#[must_use]
pub(crate) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let ahead = rest.clone();
                let pair: Vec<u8> = ahead.take(2).collect();
                let value = std::str::from_utf8(&pair)
                    .ok()
                    .filter(|digits| digits.len() == 2)
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok());
                match value {
                    Some(value) => {
                        bytes.push(value);
                        rest.nth(1);
                    }
                    None => bytes.push(b'%'),
                }
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_asked_for_is_remembered() {
        let query = Query::parse("Pageinate=true&page=2&search=M%C3%BCller+%26+Co&bad=%zz");
        assert!(query.flag("pageinate"));
        assert_eq!(query.get("search"), Some("Müller & Co"));
        assert_eq!(query.get("bad"), Some("%zz"));
        assert_eq!(query.ignored(), ["page"]);
    }
}
