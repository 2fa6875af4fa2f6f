//! Ids as people write them: numbers, `#17` and `SR-0110043` for tickets, and
//! the pasted address of a record.
//!
//! An address names several records: the one that the page shows, its client,
//! the view and the group that were open beside it. Only `id` and the key of
//! the wanted kind of record are read; no key is guessed by how it ends.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use url::Url;
use workflow_node_sdk::text;

use crate::catalogue::pages::{self, Kind};
use crate::catalogue::resource::{Ids, Resource};
use crate::endpoints;
use crate::error::{Code, NodeError, Result};

/// What an id is wanted of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    /// The kind of record, where it has pages of its own.
    kind: Option<&'static Kind>,
    /// Which numbers are ids.
    ids: Ids,
    /// The instance, whose addresses alone are taken. `None` where the input
    /// is read without a connection.
    instance: Option<&'a Url>,
}

impl<'a> Target<'a> {
    /// A record of a resource.
    pub(super) fn of_resource(resource: &Resource, instance: Option<&'a Url>) -> Self {
        Self { kind: pages::of_resource(resource.name), ids: resource.ids, instance }
    }

    /// A record of a list. Zero and negative numbers stand for something
    /// there: nobody, the general user.
    pub(super) fn of_list(list: &str, instance: Option<&'a Url>) -> Self {
        Self { kind: pages::of_list(list), ids: Ids::Any, instance }
    }

    /// The id in a text: `None` for what may be a name.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] for a number that is no id, and for an address
    /// that is of another server or names no record of this kind.
    pub(super) fn id_in(&self, text: &str) -> Result<Option<i32>> {
        let text = text::trimmed(text);
        if let Some(id) = number(text).or_else(|| self.ticket_number(text)) {
            return self.checked(id).map(Some);
        }
        match endpoints::address(text) {
            Some(address) if matches!(address.scheme(), "http" | "https") && address.has_host() => {
                self.id_in_address(&address).and_then(|id| self.checked(id)).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// A number, if it can be an id here.
    pub(super) fn checked(&self, id: i32) -> Result<i32> {
        if self.ids.contains(id) {
            return Ok(id);
        }
        let message = match self.ids {
            Ids::Positive => format!("It must be an id from 1 to {}, not {id}.", i32::MAX),
            Ids::NonZero | Ids::Any => format!("It must be an id, not {id}."),
        };
        Err(NodeError::new(Code::InvalidValue, message))
    }

    /// `#17`, `SR-0110043`: HaloPSA shows the number of a ticket behind the
    /// prefix of its type, filled up with zeros. Without those zeros it could
    /// as well be a summary, and is looked up as one.
    fn ticket_number(&self, text: &str) -> Option<i32> {
        if self.kind.is_none_or(|kind| kind.family != "ticket") {
            return None;
        }
        let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        if let Some(digits) = text.strip_prefix('#') {
            return digits
                .trim_start()
                .bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| number(digits.trim_start()))?;
        }
        let (prefix, digits) = text.split_once(['-', ':'])?;
        let is_prefix =
            (1..=6).contains(&prefix.len()) && prefix.bytes().all(|byte| byte.is_ascii_alphabetic());
        let is_padded =
            digits.len() >= 4 && digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
        (is_prefix && is_padded).then(|| number(digits))?
    }

    fn id_in_address(&self, address: &Url) -> Result<i32> {
        if let Some(instance) = self.instance.filter(|instance| instance.host() != address.host()) {
            return Err(NodeError::new(Code::InvalidValue, "The address is one of another server.")
                .with_advice(format!(
                    "Paste an address of {}, or give the id.",
                    instance.host_str().unwrap_or("your own instance")
                )));
        }
        let parts: Vec<&str> = address.path().split('/').filter(|part| !part.is_empty()).collect();
        // A number stands behind the page of its record, and others behind it are of
        // what the record holds: `/ticket/2820/action/3`.
        let of_pages = parts.windows(2).filter_map(|pair| match pair {
            [page, id] => Some((pages::of_page(page), number(id)?)),
            _ => None,
        });
        let numbered: Vec<(Option<&Kind>, i32)> = of_pages.collect();
        let known = numbered.iter().find(|(page, _)| page.is_some()).or(numbered.first());
        let in_path = known.map(|(_, id)| *id);
        let shown = match known {
            Some((page, _)) => *page,
            None => parts.last().and_then(|page| pages::of_page(page)),
        };
        // What a page holds that nobody knows is anybody's guess, unless the page
        // of the wanted record is not known either.
        let is_wanted = match (shown, self.kind) {
            (Some(shown), Some(wanted)) => shown.family == wanted.family,
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        let own_keys = self.kind.map_or(&[][..], |kind| kind.keys);
        let by_id = self.value_of(address, &["id"])?;
        let by_key = self.value_of(address, own_keys)?;
        if shown.is_none() && by_id.zip(by_key).is_some_and(|(id, other)| id != other) {
            return Err(unclear(self.kind));
        }
        match (by_id.filter(|_| is_wanted), by_key) {
            (Some(id), _) | (None, Some(id)) => Ok(id),
            (None, None) => match in_path.filter(|_| is_wanted) {
                Some(id) => Ok(id),
                None => Err(self.not_in_address(shown)),
            },
        }
    }

    /// The number that stands under one of these keys.
    fn value_of(&self, address: &Url, keys: &[&str]) -> Result<Option<i32>> {
        let mut found = None;
        for (name, value) in address.query_pairs() {
            let name: String = name.chars().filter(|part| *part != '_').collect();
            if value.is_empty() || !keys.iter().any(|key| name.eq_ignore_ascii_case(key)) {
                continue;
            }
            let id = number(text::trimmed(&value)).ok_or_else(|| unclear(self.kind))?;
            if found.is_some_and(|other| other != id) {
                return Err(unclear(self.kind));
            }
            found = Some(id);
        }
        Ok(found)
    }

    fn not_in_address(&self, shown: Option<&Kind>) -> NodeError {
        let wanted = self.kind.map_or("the record", |kind| kind.title);
        match shown.filter(|shown| self.kind.is_none_or(|wanted| shown.family != wanted.family)) {
            Some(shown) => {
                NodeError::new(Code::InvalidValue, format!("The address is that of {}.", shown.title))
            }
            None => NodeError::new(
                Code::InvalidValue,
                format!("The address does not name {wanted}: it holds no id of it."),
            ),
        }
        .with_advice(format!("Open {wanted} in HaloPSA and paste that address, or give the id."))
    }
}

fn unclear(kind: Option<&Kind>) -> NodeError {
    let wanted = kind.map_or("the record", |kind| kind.title);
    NodeError::new(
        Code::InvalidValue,
        format!("The address does not say clearly which id is that of {wanted}."),
    )
    .with_advice("Give the id.")
}

/// A whole number of 32 bits, also as spreadsheets write it: `12.0`.
pub(super) fn number(text: &str) -> Option<i32> {
    let text = match text.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => whole,
        _ => text,
    };
    text.parse().ok()
}

#[cfg(test)]
mod tests;
