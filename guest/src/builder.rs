//! A node as a value.
//!
//! ```
//! use workflow_node_sdk::prelude::*;
//!
//! #[derive(Serialize, Deserialize, JsonSchema)]
//! struct Todo {
//!     id: u64,
//!     title: String,
//! }
//!
//! #[derive(Serialize, Deserialize, JsonSchema)]
//! struct NewTodo {
//!     title: String,
//! }
//!
//! fn todo() -> Node {
//!     let credentials = Credentials::at_typed_address("Where the service runs.")
//!         .key_header("x-api-key", "From the service's settings page.");
//!     Node::new("todo", "To-do list", "Reads and adds to-dos.", credentials)
//!         .operation(Operation::write("todo.add", "Add a to-do", |http: &mut Http<'_>, new: NewTodo| {
//!             http.post("/todos").body(&new).send::<Todo>()
//!         }))
//! }
//!
//! workflow_node_sdk::export!(todo);
//! # assert!(todo().manifest().is_ok());
//! ```

mod credentials;
mod exports;
mod list;
mod operation;
mod run;
mod schema;
mod trigger;

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde_json::{Value, json};

pub use self::credentials::Credentials;
pub(crate) use self::credentials::Login;
pub use self::list::{Choice, List};
pub use self::operation::{Nothing, Operation, Page};
pub(crate) use self::schema::INVALID_VALUE;
pub use self::trigger::{Event, News, Trigger};
use crate::client::Http;
use crate::error::Result;

type Account = Box<dyn Fn(&mut Http<'_>) -> Result<String>>;

/// A node: who it is, how it logs in and what it does.
pub struct Node {
    pub(crate) name: &'static str,
    title: &'static str,
    description: &'static str,
    version: &'static str,
    license: &'static str,
    pub(crate) credentials: Credentials,
    pub(crate) account: Option<Account>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) lists: Vec<List>,
    pub(crate) triggers: Vec<Trigger>,
}

impl Node {
    /// A node without operations. `name` is the first part of its error codes.
    #[must_use]
    pub fn new(
        name: &'static str,
        title: &'static str,
        description: &'static str,
        credentials: Credentials,
    ) -> Self {
        Self {
            name,
            title,
            description,
            version: "0.1.0",
            license: "Apache-2.0 OR MIT",
            credentials,
            account: None,
            operations: vec![],
            lists: vec![],
            triggers: vec![],
        }
    }

    /// Its version, instead of 0.1.0: mostly `env!("CARGO_PKG_VERSION")`.
    #[must_use]
    pub fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    /// Its licence as SPDX expression, instead of `Apache-2.0 OR MIT`.
    #[must_use]
    pub fn license(mut self, license: &'static str) -> Self {
        self.license = license;
        self
    }

    /// How to find out who we are at the service, for the check of a connection.
    #[must_use]
    pub fn account(mut self, who: impl Fn(&mut Http<'_>) -> Result<String> + 'static) -> Self {
        self.account = Some(Box::new(who));
        self
    }

    /// Adds an operation.
    #[must_use]
    pub fn operation(mut self, operation: Operation) -> Self {
        self.operations.push(operation);
        self
    }

    /// Adds a list of values.
    #[must_use]
    pub fn list(mut self, list: List) -> Self {
        self.lists.push(list);
        self
    }

    /// Adds a trigger.
    #[must_use]
    pub fn trigger(mut self, trigger: Trigger) -> Self {
        self.triggers.push(trigger);
        self
    }

    /// The manifest, as JSON text.
    ///
    /// # Errors
    /// What contradicts itself: two operations of one id, a dropdown whose list is
    /// not there, an example that does not fit, a feature of this crate that is off.
    pub fn manifest(&self) -> core::result::Result<String, Vec<String>> {
        let wrong = self.contradictions();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let manifest = json!({
            "contract": "workflow:node@0.2.0",
            "name": self.name,
            "title": self.title,
            "version": self.version,
            "description": self.description,
            "license": self.license,
            "operations": self.operations.iter().map(Operation::to_json).collect::<Vec<Value>>(),
            "lists": self.lists.iter().map(List::to_json).collect::<Vec<Value>>(),
            "triggers": self.triggers.iter().map(Trigger::to_json).collect::<Vec<Value>>(),
            "credentials": self.credentials.to_json(),
        });
        Ok(manifest.to_string())
    }

    /// Each name, and of what it is one.
    fn names(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let operations = self.operations.iter().map(|operation| ("an operation", operation.id));
        let lists = self.lists.iter().map(|list| ("a list", list.name));
        let triggers = self.triggers.iter().map(|trigger| ("a trigger", trigger.name));
        core::iter::once(("a node", self.name)).chain(operations).chain(lists).chain(triggers)
    }

    fn contradictions(&self) -> Vec<String> {
        let lists: Vec<&str> = self.lists.iter().map(|list| list.name).collect();
        let mut wrong = vec![];
        twice("operation", self.operations.iter().map(|operation| operation.id), &mut wrong);
        twice("list", lists.iter().copied(), &mut wrong);
        twice("trigger", self.triggers.iter().map(|trigger| trigger.name), &mut wrong);
        wrong.extend(self.names().filter(|(_, name)| !is_name(name)).map(|(what, name)| {
            format!("\"{name}\" is no name of {what}: letters, digits, `.`, `-` and `_`, beginning with one of the former")
        }));
        wrong.extend(self.credentials.contradictions());
        wrong.extend(self.triggers.iter().filter_map(Trigger::contradictions));
        twice("credential field", self.credentials.names(), &mut wrong);
        wrong.extend(self.operations.iter().flat_map(|operation| operation.contradictions(&lists)));
        for (feature, is_on, there) in [
            ("lookup", cfg!(feature = "lookup"), !self.lists.is_empty()),
            ("triggers", cfg!(feature = "triggers"), !self.triggers.is_empty()),
        ] {
            if there && !is_on {
                wrong.push(format!(
                    "the node has {}, and the feature \"{feature}\" of workflow-node-sdk is off in Cargo.toml",
                    if feature == "lookup" { "lists" } else { "triggers" }
                ));
            }
        }
        wrong
    }
}

/// Whether it is a name as wit/manifest.schema.json has them.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// Names that stand twice, with both places.
fn twice<'n>(what: &str, names: impl Iterator<Item = &'n str>, wrong: &mut Vec<String>) {
    let mut seen: Vec<&str> = vec![];
    for (index, name) in names.enumerate() {
        if let Some(first) = seen.iter().position(|before| *before == name) {
            wrong.push(format!(
                "the {what} \"{name}\" is there twice: number {} and number {}",
                first + 1,
                index + 1
            ));
        }
        seen.push(name);
    }
}
