//! Colours for people, and none for programs.
//!
//! A stream is painted only when it is a terminal and the person has not asked
//! for plain text with `NO_COLOR`.

use std::env;
use std::fmt::Display;
use std::io::IsTerminal;

/// Paints texts, or leaves them as they are.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    coloured: bool,
}

impl Paint {
    /// For a stream such as stdout.
    #[must_use]
    pub fn of(stream: &impl IsTerminal) -> Self {
        let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { coloured: stream.is_terminal() && !refused }
    }

    /// For texts that go to no terminal.
    #[must_use]
    pub fn plain() -> Self {
        Self { coloured: false }
    }

    /// Headings and names.
    #[must_use]
    pub fn bold(self, text: impl Display) -> String {
        self.with("1", text)
    }

    /// What matters less.
    #[must_use]
    pub fn dim(self, text: impl Display) -> String {
        self.with("2", text)
    }

    /// What went well.
    #[must_use]
    pub fn good(self, text: impl Display) -> String {
        self.with("32", text)
    }

    /// What deserves a look.
    #[must_use]
    pub fn warning(self, text: impl Display) -> String {
        self.with("33", text)
    }

    /// What failed.
    #[must_use]
    pub fn bad(self, text: impl Display) -> String {
        self.with("31", text)
    }

    fn with(self, code: &str, text: impl Display) -> String {
        if self.coloured { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_has_no_escape_codes() {
        assert_eq!(Paint::plain().bad("stop"), "stop");
        assert_eq!(Paint { coloured: true }.bad("stop"), "\u{1b}[31mstop\u{1b}[0m");
    }
}
