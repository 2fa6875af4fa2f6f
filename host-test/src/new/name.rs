//! Names of nodes.

use std::fmt;
use std::str::FromStr;

/// What a name may be long. It is the first part of each error code.
const MAX_LENGTH: usize = 40;

/// Packages that the new node depends on, and which it must not be confused with.
const TAKEN: [&str; 2] = ["workflow-node-redaction", "workflow-node-sdk"];

/// The name of a node: of its folder, its package, and in its manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// The name as it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as people write it: `help-desk` is `Help desk`.
    #[must_use]
    pub fn title(&self) -> String {
        let words = self.0.replace('-', " ");
        let mut letters = words.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
    }
}

impl FromStr for Name {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let valid = valid(text);
        if valid == text { Ok(Self(valid)) } else { Err(InvalidName { valid }) }
    }
}

/// A text that is no name, and a name like it.
#[derive(Debug, PartialEq, Eq)]
pub struct InvalidName {
    valid: String,
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a name has lower-case letters, digits and single hyphens, begins with a letter, is {MAX_LENGTH} \
             characters long at most, and is not the name of an SDK; try {}",
            self.valid
        )
    }
}

impl std::error::Error for InvalidName {}

/// The text itself where it is a name, or else the nearest name.
fn valid(text: &str) -> String {
    let mut name = String::new();
    for letter in text.chars() {
        match letter.to_ascii_lowercase() {
            letter @ 'a'..='z' => name.push(letter),
            letter @ '0'..='9' if !name.is_empty() => name.push(letter),
            _ if !name.is_empty() && !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    // All of it is ASCII.
    name.truncate(MAX_LENGTH);
    let name = name.trim_end_matches('-');
    match name {
        "" => "my-node".to_owned(),
        taken if TAKEN.contains(&taken) => "my-node".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_name_is_refused_with_a_valid_one() {
        let (long, longest) = ("a".repeat(41), "a".repeat(40));
        for (text, suggested) in [
            ("Help Desk", "help-desk"),
            ("help_desk", "help-desk"),
            ("../help", "help"),
            ("3cx", "cx"),
            ("-a--b-", "a-b"),
            ("Käse", "k-se"),
            ("日本", "my-node"),
            ("", "my-node"),
            ("workflow-node-sdk", "my-node"),
            (long.as_str(), longest.as_str()),
        ] {
            let refused = text.parse::<Name>().unwrap_err();
            assert_eq!(refused.valid, suggested, "{text:?}");
            assert!(refused.valid.parse::<Name>().is_ok(), "{text:?}");
        }
    }

    #[test]
    fn a_title_is_written_as_words() {
        let name: Name = "help-desk2".parse().unwrap();
        assert_eq!((name.as_str(), name.title().as_str()), ("help-desk2", "Help desk2"));
    }
}
