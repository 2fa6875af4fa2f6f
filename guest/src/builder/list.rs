//! Lists: values for dropdowns.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::operation::{Page, position};
use crate::client::Http;
use crate::error::{Code, NodeError, Result};
use crate::interface::Entry;

/// A value to choose.
#[derive(Debug, Clone)]
pub struct Choice {
    value: Value,
    label: String,
}

impl Choice {
    /// A value, and what people read.
    pub fn new(value: impl Into<Value>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into() }
    }
}

type Look = Box<dyn Fn(&mut Http<'_>, Option<&str>, Option<Value>) -> Result<(Vec<Entry>, Option<Value>)>>;

/// A list of values.
pub struct List {
    pub(crate) name: &'static str,
    title: &'static str,
    is_searchable: bool,
    pub(crate) look: Look,
}

impl List {
    /// A list that the service searches. The closure gets what a person typed, and
    /// the position that it returned as [`Page::next`].
    pub fn searched<P>(
        name: &'static str,
        title: &'static str,
        look: impl Fn(&mut Http<'_>, Option<&str>, Option<P>) -> Result<Page<Choice, P>> + 'static,
    ) -> Self
    where
        P: Serialize + DeserializeOwned,
    {
        Self {
            name,
            title,
            is_searchable: true,
            look: Box::new(move |http, search, from| {
                let page = look(http, search, position(from)?)?;
                let next = page.next.map(serde_json::to_value).transpose();
                let next = next.map_err(|error| {
                    NodeError::new(Code::INTERNAL, alloc::format!("A position cannot be written: {error}."))
                })?;
                Ok((page.rows.into_iter().map(entry).collect(), next))
            }),
        }
    }

    /// A list that is returned whole.
    pub fn whole(
        name: &'static str,
        title: &'static str,
        look: impl Fn(&mut Http<'_>) -> Result<Vec<Choice>> + 'static,
    ) -> Self {
        let look = move |http: &mut Http<'_>, _: Option<&str>, _: Option<Value>| {
            Ok((look(http)?.into_iter().map(entry).collect(), None))
        };
        Self { name, title, is_searchable: false, look: Box::new(look) }
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "name": self.name, "title": self.title, "description": self.title, "kind": "values",
            "parameters": { "type": "object", "properties": {} },
            "searchable": self.is_searchable, "tree": false,
        })
    }
}

fn entry(choice: Choice) -> Entry {
    let Choice { value, label } = choice;
    Entry { value, label, description: None, parent: None, disabled: false, details: None }
}
