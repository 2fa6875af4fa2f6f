//! The names that must not be in a copy, as digests: they are compared and never kept.

use std::collections::BTreeSet;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The most words of a name that are compared.
const MAX_WORDS: usize = 6;

/// Whether it is a name that HaloPSA gives to nobody in particular.
#[must_use]
pub fn is_nobody(name: &str) -> bool {
    ["unassigned", "unknown", "general user"].iter().any(|nobody| name.trim().eq_ignore_ascii_case(nobody))
}

/// Whose names they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Agents, of whom first name and surname alone count, too.
    Agents,
    /// Users: a name of one word is often that of a room or a mailbox and says nothing.
    Users,
    /// Clients. Suppliers are not among them: their names are those of products.
    Clients,
}

impl Whose {
    /// The properties that hold names, with the least number of words and letters.
    fn properties(self) -> &'static [(&'static str, usize, usize)] {
        match self {
            Self::Agents => &[("name", 1, 4), ("firstname", 1, 4), ("surname", 1, 4)],
            Self::Users => &[("name", 2, 4)],
            Self::Clients => &[("name", 1, 5)],
        }
    }
}

/// A set of names.
#[derive(Clone, Debug, Default)]
pub struct Names {
    salt: u64,
    digests: BTreeSet<u64>,
}

impl Names {
    /// No names yet. Digests with another salt are other digests.
    #[must_use]
    pub fn salted(salt: u64) -> Self {
        Self { salt, digests: BTreeSet::new() }
    }

    /// The digests of the names in a record.
    #[must_use]
    pub fn of(&self, whose: Whose, record: &Value) -> BTreeSet<u64> {
        let properties = whose.properties().iter().filter_map(|(property, words, letters)| {
            let text = record.get(*property)?.as_str()?;
            let name = self::words(text);
            let joined = name.join(" ");
            // What a copy calls "User 12" is nobody, and copies are copied, too.
            let is_ours =
                name.len() == 2 && name.iter().any(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
            let counts = name.len() >= *words && joined.chars().count() >= *letters;
            (counts && !is_ours && !is_nobody(&joined)).then_some(name)
        });
        properties
            .map(|name| self.digest(&name.iter().take(MAX_WORDS).cloned().collect::<Vec<_>>().join(" ")))
            .collect()
    }

    /// Adds digests.
    pub fn extend(&mut self, digests: BTreeSet<u64>) {
        self.digests.extend(digests);
    }

    /// Whether a name is in the text, as whole words.
    #[must_use]
    pub fn are_in(&self, text: &str) -> bool {
        if self.digests.is_empty() {
            return false;
        }
        let words = words(text);
        (0..words.len()).any(|from| {
            let rest = words.get(from..).unwrap_or_default();
            (1..=rest.len().min(MAX_WORDS)).any(|count| {
                let phrase = rest.get(..count).unwrap_or_default().join(" ");
                self.digests.contains(&self.digest(&phrase))
            })
        })
    }

    /// A digest of a text.
    #[must_use]
    pub fn digest(&self, text: &str) -> u64 {
        let mut hash = Sha256::new();
        hash.update(self.salt.to_be_bytes());
        hash.update(text.as_bytes());
        hash.finalize().iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
    }
}

/// The words of a text, in small letters.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(whose: Whose, record: &Value) -> Names {
        let mut names = Names::salted(7);
        names.extend(names.of(whose, record));
        names
    }

    #[test]
    fn a_name_is_found_as_whole_words() {
        let anna =
            names(Whose::Agents, &json!({ "name": "Anna Muster", "firstname": "Anna", "surname": "Muster" }));
        for text in ["Ask anna muster", "ANNA", "Mr. Muster's queue", "(anna)"] {
            assert!(anna.are_in(text), "{text}");
        }
        for text in ["Hannah", "With user", "Mustering", ""] {
            assert!(!anna.are_in(text), "{text}");
        }
    }

    #[test]
    fn a_user_of_one_word_and_nobody_count_for_nothing() {
        assert!(!names(Whose::Users, &json!({ "name": "Reception" })).are_in("Reception"));
        assert!(names(Whose::Users, &json!({ "name": "Björn-Olaf Ek" })).are_in("Laptop of Björn Olaf Ek"));
        assert!(names(Whose::Clients, &json!({ "name": "Contoso" })).are_in("Contoso backup"));
        assert!(!names(Whose::Clients, &json!({ "name": "Unknown" })).are_in("Unknown"));
        assert!(!names(Whose::Agents, &json!({ "name": "Agent 5" })).are_in("Agent 5"));
    }

    #[test]
    fn a_name_with_more_words_than_are_compared_is_found() {
        let long = json!({ "name": "a b c d e f g h Holdings" });
        assert!(names(Whose::Clients, &long).are_in("Hosting: A B C D E F G H Holdings"));
    }
}
