//! Operations: id, types, marks and code in one place.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::schema;
use crate::client::Http;
use crate::error::{Code, NodeError, Result};

/// Rows, and where the next ones begin.
#[derive(Debug, Clone)]
pub struct Page<T, P = u32> {
    /// The rows.
    pub rows: Vec<T>,
    /// What the next call of the closure is given, if there are more.
    pub next: Option<P>,
}

impl<T, P> Page<T, P> {
    /// The only page.
    pub fn only(rows: Vec<T>) -> Self {
        Self { rows, next: None }
    }
}

/// An operation without input.
#[derive(Debug, Clone, Copy, serde::Deserialize, JsonSchema)]
pub struct Nothing {}

/// Results of one turn of an operation, and the position of the next turn.
pub(crate) struct Turn {
    pub(crate) rows: Vec<Value>,
    pub(crate) next: Option<Value>,
}

type Run = Box<dyn Fn(&mut Http<'_>, Value, Option<Value>) -> Result<Turn>>;

/// Something that a node does.
pub struct Operation {
    pub(crate) id: &'static str,
    title: &'static str,
    description: Option<&'static str>,
    pub(crate) marks: Marks,
    input: fn() -> Value,
    output: fn() -> Value,
    dropdowns: Vec<(&'static str, &'static str)>,
    pub(crate) examples: Vec<(&'static str, Value)>,
    pub(crate) confirm_when: Vec<Value>,
    scopes: Vec<&'static str>,
    files: Option<Value>,
    pub(crate) run: Run,
}

/// What a host must know before it runs an operation.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Marks {
    pub(crate) read_only: bool,
    pub(crate) destructive: bool,
    pub(crate) customer_visible: bool,
    pub(crate) idempotent: bool,
    pub(crate) paginated: bool,
}

/// A type as JSON, with the code for what fails in the author's own types.
fn to_json<T: Serialize>(row: T) -> Result<Value> {
    serde_json::to_value(row)
        .map_err(|error| NodeError::new(Code::INTERNAL, format!("A result cannot be written: {error}.")))
}

pub(crate) fn from_json<T: DeserializeOwned>(value: Value) -> Result<T> {
    serde_json::from_value(value)
        .map_err(|error| NodeError::new(schema::INVALID_VALUE, format!("The input cannot be read: {error}.")))
}

/// Reads a position that an earlier call returned.
pub(crate) fn position<P: DeserializeOwned>(position: Option<Value>) -> Result<Option<P>> {
    position
        .map(serde_json::from_value)
        .transpose()
        .map_err(|_| NodeError::new(Code::INVALID_CURSOR, "The cursor is not one of this operation."))
}

impl Operation {
    fn new<I, O>(id: &'static str, title: &'static str, marks: Marks, run: Run) -> Self
    where
        I: JsonSchema,
        O: JsonSchema,
    {
        Self {
            id,
            title,
            description: None,
            marks,
            input: schema::input::<I>,
            output: schema::output::<O>,
            dropdowns: vec![],
            examples: vec![],
            confirm_when: vec![],
            scopes: vec![],
            files: None,
            run,
        }
    }

    /// Returns rows, page by page. The closure gets the position that it returned
    /// as [`Page::next`], and nothing for the first page.
    pub fn list<I, O, P>(
        id: &'static str,
        title: &'static str,
        run: impl Fn(&mut Http<'_>, I, Option<P>) -> Result<Page<O, P>> + 'static,
    ) -> Self
    where
        I: DeserializeOwned + JsonSchema,
        O: Serialize + JsonSchema,
        P: Serialize + DeserializeOwned,
    {
        let marks = Marks { read_only: true, idempotent: true, paginated: true, ..Marks::default() };
        Self::new::<I, O>(
            id,
            title,
            marks,
            Box::new(move |http, input, from| {
                let page = run(http, from_json(input)?, position(from)?)?;
                let rows = page.rows.into_iter().map(to_json).collect::<Result<_>>()?;
                Ok(Turn { rows, next: page.next.map(to_json).transpose()? })
            }),
        )
    }

    /// Reads one record.
    pub fn read<I, O>(
        id: &'static str,
        title: &'static str,
        run: impl Fn(&mut Http<'_>, I) -> Result<O> + 'static,
    ) -> Self
    where
        I: DeserializeOwned + JsonSchema,
        O: Serialize + JsonSchema,
    {
        Self::once(id, title, Marks { read_only: true, idempotent: true, ..Marks::default() }, run)
    }

    /// Changes something. Twice is not the same as once, unless
    /// [`idempotent`](Self::idempotent) says so.
    pub fn write<I, O>(
        id: &'static str,
        title: &'static str,
        run: impl Fn(&mut Http<'_>, I) -> Result<O> + 'static,
    ) -> Self
    where
        I: DeserializeOwned + JsonSchema,
        O: Serialize + JsonSchema,
    {
        Self::once(id, title, Marks::default(), run)
    }

    fn once<I, O>(
        id: &'static str,
        title: &'static str,
        marks: Marks,
        run: impl Fn(&mut Http<'_>, I) -> Result<O> + 'static,
    ) -> Self
    where
        I: DeserializeOwned + JsonSchema,
        O: Serialize + JsonSchema,
    {
        let run = move |http: &mut Http<'_>, input, _| {
            Ok(Turn { rows: vec![to_json(run(http, from_json(input)?)?)?], next: None })
        };
        Self::new::<I, O>(id, title, marks, Box::new(run))
    }

    /// When to use it and what it needs, for a person and for a model.
    #[must_use]
    pub fn description(mut self, description: &'static str) -> Self {
        self.description = Some(description);
        self
    }

    /// An example, which works.
    #[must_use]
    pub fn example(mut self, title: &'static str, input: Value) -> Self {
        self.examples.push((title, input));
        self
    }

    /// The values of a property of the input come from a list of the node.
    #[must_use]
    pub fn dropdown(mut self, property: &'static str, list: &'static str) -> Self {
        self.dropdowns.push((property, list));
        self
    }

    /// Twice is the same as once.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.marks.idempotent = true;
        self
    }

    /// It takes something away: hosts ask a person first.
    #[must_use]
    pub fn destructive(mut self) -> Self {
        self.marks.destructive = true;
        self
    }

    /// Customers see the effect: hosts ask a person first.
    #[must_use]
    pub fn customer_visible(mut self) -> Self {
        self.marks.customer_visible = true;
        self
    }

    /// Hosts ask a person first where the property has this value.
    #[must_use]
    pub fn confirm_when(mut self, property: &'static str, value: Value) -> Self {
        let mut condition = json!({ "at": format!("/{property}") });
        if let Value::Object(condition) = &mut condition {
            condition.insert("is".to_string(), Value::Array(vec![value]));
        }
        self.confirm_when.push(condition);
        self
    }

    /// A permission that the account needs.
    #[must_use]
    pub fn scope(mut self, scope: &'static str) -> Self {
        self.scopes.push(scope);
        self
    }

    /// Files may come beside the input ([`Http::files`]).
    #[must_use]
    pub fn takes_files(self) -> Self {
        self.with_files("takes")
    }

    /// Files may come beside the results ([`Http::attach`]).
    #[must_use]
    pub fn gives_files(self) -> Self {
        self.with_files("gives")
    }

    fn with_files(mut self, direction: &str) -> Self {
        let files = self.files.get_or_insert_with(|| json!({ "takes": false, "gives": false }));
        if let Some(direction) = files.get_mut(direction) {
            *direction = Value::Bool(true);
        }
        self
    }

    /// The schema of the input, with the lists of its properties.
    pub(crate) fn input_schema(&self) -> Value {
        let mut input = (self.input)();
        for (property, list) in &self.dropdowns {
            if let Some(Value::Object(property)) =
                input.get_mut("properties").and_then(|properties| properties.get_mut(*property))
            {
                property.insert("x-options".to_string(), json!({ "list": list }));
            }
        }
        input
    }

    pub(crate) fn to_json(&self) -> Value {
        let examples: Vec<Value> =
            self.examples.iter().map(|(title, input)| json!({ "title": title, "input": input })).collect();
        let marks = self.marks;
        let mut operation = json!({
            "id": self.id,
            "title": self.title,
            "description": self.description.unwrap_or(self.title),
            "annotations": {
                "read_only": marks.read_only, "destructive": marks.destructive,
                "customer_visible": marks.customer_visible, "idempotent": marks.idempotent,
                "paginated": marks.paginated, "dry_run": true,
            },
            "scopes": self.scopes,
            "input": self.input_schema(),
            "output": (self.output)(),
            "examples": examples,
        });
        if let Value::Object(operation) = &mut operation {
            if !self.confirm_when.is_empty() {
                operation.insert("confirm_when".to_string(), Value::from(self.confirm_when.clone()));
            }
            operation.extend(self.files.clone().map(|files| ("files".to_string(), files)));
        }
        operation
    }

    /// What does not fit within the operation itself.
    pub(crate) fn contradictions(&self, lists: &[&str]) -> Vec<String> {
        let mut wrong = vec![];
        let input = self.input_schema();
        for (property, list) in &self.dropdowns {
            if input.get("properties").and_then(|properties| properties.get(*property)).is_none() {
                wrong.push(format!("{}: the input has no property \"{property}\" for a dropdown", self.id));
            }
            if !lists.contains(list) {
                wrong.push(format!(
                    "{}: the values of \"{property}\" come from the list \"{list}\", which the node does not have",
                    self.id
                ));
            }
        }
        for condition in &self.confirm_when {
            let property = condition["at"].as_str().unwrap_or_default().trim_start_matches('/');
            if input.get("properties").and_then(|properties| properties.get(property)).is_none() {
                wrong.push(format!(
                    "{}: the input has no property \"{property}\" for confirm_when, so nobody would be asked",
                    self.id
                ));
            }
        }
        for (title, example) in &self.examples {
            if let Err(error) = schema::fit(&input, example.clone()) {
                let place = error.field().unwrap_or("the whole");
                wrong.push(format!(
                    "{}: the example \"{title}\" does not fit at {place}: {}",
                    self.id,
                    error.message()
                ));
            }
        }
        if self.marks.read_only && (self.marks.destructive || self.marks.customer_visible) {
            wrong.push(format!("{}: it only reads, and is marked as destructive or visible", self.id));
        }
        wrong
    }
}
