//! Which addresses a connection may reach.

use crate::error::HostError;

/// What the operator allows.
#[derive(Debug, Clone, Default)]
pub struct EgressPolicy {
    patterns: Option<Vec<String>>,
    allow_private: bool,
}

impl EgressPolicy {
    /// Allows the given patterns and nothing else.
    ///
    /// # Errors
    /// [`HostError::Pattern`] for the first pattern that does not parse.
    pub fn allow<I>(patterns: I) -> Result<Self, HostError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        Ok(Self {
            patterns: Some(patterns.into_iter().map(|p| p.as_ref().to_owned()).collect()),
            allow_private: false,
        })
    }

    /// Allows nothing at all.
    #[must_use]
    pub fn deny_all() -> Self {
        Self { patterns: Some(Vec::new()), allow_private: false }
    }

    /// Whether private addresses may be reached.
    #[must_use]
    pub fn allow_private(mut self, allow: bool) -> Self {
        self.allow_private = allow;
        self
    }
}
