//! What a result does not hold although HaloPSA sent it: said by name, once for
//! each call.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use workflow_node_sdk::interface::{Diagnostic, Level};
use workflow_node_sdk::text;

/// The most names that a diagnostic lists.
const MAX_NAMES: usize = 20;

/// Names of what was left out, collected over all records of an item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Secrets.
    withheld: BTreeSet<String>,
    /// Properties that were reduced, and the most bytes that one had.
    reduced: BTreeMap<String, usize>,
    /// Dates that cannot be read.
    unreadable: BTreeSet<String>,
}

impl LeftOut {
    /// A secret was withheld.
    pub fn withhold(&mut self, name: &str) {
        if !self.withheld.contains(name) {
            self.withheld.insert(name.to_string());
        }
    }

    /// A property of so many bytes was reduced or removed.
    pub fn reduce(&mut self, name: &str, bytes: usize) {
        match self.reduced.get_mut(name) {
            Some(most) => *most = bytes.max(*most),
            None => {
                self.reduced.insert(name.to_string(), bytes);
            }
        }
    }

    /// A date could not be read.
    pub fn misread(&mut self, name: &str) {
        if !self.unreadable.contains(name) {
            self.unreadable.insert(name.to_string());
        }
    }

    /// One sentence for each kind.
    pub fn diagnostics(&self, item_index: Option<u32>) -> Vec<Diagnostic> {
        let mut said = Vec::new();
        let mut say = |level, code, message| said.push(Diagnostic { level, code, message, item_index });
        if !self.withheld.is_empty() {
            let names = names(self.withheld.iter());
            say(
                Level::Info,
                "halopsa.secret-withheld",
                format!("Withheld, because they hold secrets: {names}."),
            );
        }
        if !self.reduced.is_empty() {
            let parts = self.reduced.iter().map(|(name, bytes)| format!("{name} ({bytes} bytes)"));
            let parts: Vec<String> = parts.collect();
            let names = names(parts.iter());
            say(
                Level::Info,
                "halopsa.result-reduced",
                format!(
                    "Reduced to id and name, because they are large: {names}. api.request returns them whole."
                ),
            );
        }
        if !self.unreadable.is_empty() {
            let names = names(self.unreadable.iter());
            say(
                Level::Warning,
                "halopsa.unreadable-date",
                format!(
                    "Dates that cannot be read are null: {names}. With simplify off they come as HaloPSA sent them."
                ),
            );
        }
        said
    }
}

fn names<'a>(names: impl ExactSizeIterator<Item = &'a String>) -> String {
    let more = names.len().saturating_sub(MAX_NAMES);
    let shown: Vec<String> = names.take(MAX_NAMES).map(|name| text::cut(&text::clean(name), 60)).collect();
    let shown = shown.join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}
