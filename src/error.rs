//! The ways in which this node fails.
//!
//! Every failure has a [`Code`]: a row of a table that fixes its kind, its
//! stable name and whether a repetition can help.

mod code;

pub use self::code::Code;
pub use workflow_node_sdk::error::{Effect, ErrorKind, NodeError, Result, Retry};

impl From<Code> for workflow_node_sdk::error::Code {
    fn from(code: Code) -> Self {
        Self::new(code.name(), code.kind(), code.retry())
    }
}

/// A failure of the SDK has the code of this node without the name of the node.
impl PartialEq<Code> for workflow_node_sdk::error::Code {
    fn eq(&self, other: &Code) -> bool {
        let name = other.name();
        self.name() == name || name.strip_prefix("halopsa.") == Some(self.name())
    }
}

/// The code of a failure, to compare it beside other values.
#[cfg(test)]
pub(crate) fn code_of(error: &NodeError) -> Code {
    let found = Code::ALL.iter().find(|code| error.code() == **code);
    *found.unwrap_or_else(|| panic!("no such code: {error:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_names_are_namespaced_and_unique() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert!(names.iter().all(|name| name.starts_with("halopsa.")));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
