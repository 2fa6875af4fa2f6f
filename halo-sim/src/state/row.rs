//! A record of the simulated database: named values in a fixed order.
//!
//! Lives here: [`Row`] and the loose reading of JSON numbers. Not here: which
//! fields a record has (that is [`crate::resources`]) and how it is rendered.
//!
//! A `Vec` of pairs instead of a map: the large seed holds 400,000 rows, a
//! scan reads a handful of fields of each, and the wire should show `id`
//! first, as HaloPSA does.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

/// A field name; borrowed for all declared fields.
pub(crate) type Name = Cow<'static, str>;

/// Members of a record that no resource declares, in an object of their own: what
/// a recorded or copied tenant has beside them. Shown as they are, never written.
pub(crate) const MORE: &str = "+";

/// The switches that lists ask every row for. They are kept beside the pointer
/// to the fields as well: a list of 100,000 tickets then looks at 3 MB of
/// memory instead of 150.
const HOT: [&str; 5] = ["deleted", "inactive", "isdisabled", "hidden", "hasbeenclosed"];

/// A switch, looked up once for many rows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Switch {
    /// One of those kept beside the fields.
    Hot(u8),
    /// Any other.
    Field(&'static str),
}

impl Switch {
    /// The switch with this name.
    pub(crate) fn named(name: &'static str) -> Self {
        hot(name).map_or(Self::Field(name), Self::Hot)
    }

    /// Whether it is on in a row.
    pub(crate) fn is_on(self, row: &Row) -> bool {
        match self {
            Self::Hot(bit) => row.hot & bit != 0,
            Self::Field(name) => row.flag(name),
        }
    }
}

fn hot(name: &str) -> Option<u8> {
    let at = HOT.iter().position(|known| *known == name)?;
    Some(1 << at)
}

/// One record, in the order in which its fields were set.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Row {
    fields: Vec<(Name, Value)>,
    hot: u8,
}

impl Row {
    /// A record without fields.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The record with one more field; for seeds and tests.
    #[must_use]
    pub(crate) fn with(mut self, name: impl Into<Name>, value: impl Into<Value>) -> Self {
        self.set(name, value);
        self
    }

    /// Sets or replaces a field.
    pub(crate) fn set(&mut self, name: impl Into<Name>, value: impl Into<Value>) {
        let (name, value) = (name.into(), value.into());
        self.warm(&name, &value);
        match self.fields.iter_mut().find(|(known, _)| *known == name) {
            Some((_, slot)) => *slot = value,
            None => self.fields.push((name, value)),
        }
    }

    /// Appends a field that is known to be new: rendering sets each once.
    pub(crate) fn push(&mut self, name: impl Into<Name>, value: Value) {
        let name = name.into();
        self.warm(&name, &value);
        self.fields.push((name, value));
    }

    /// The raw value of a field.
    #[must_use]
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Whether the field is there at all.
    #[must_use]
    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A whole number, or 0: Halo's own "nothing".
    #[must_use]
    pub(crate) fn int(&self, name: &str) -> i64 {
        self.get(name).and_then(whole).unwrap_or(0)
    }

    /// A text, or the empty one.
    #[must_use]
    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).and_then(Value::as_str).unwrap_or("")
    }

    fn warm(&mut self, name: &str, value: &Value) {
        match hot(name) {
            Some(bit) if value == &Value::Bool(true) => self.hot |= bit,
            Some(bit) => self.hot &= !bit,
            None => {}
        }
    }

    /// A switch; absent is off.
    #[must_use]
    pub(crate) fn flag(&self, name: &str) -> bool {
        if let Some(bit) = hot(name) {
            return self.hot & bit != 0;
        }
        self.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The members that no resource declares.
    pub(crate) fn more(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.get(MORE).and_then(Value::as_object).into_iter().flatten()
    }

    /// Gives back memory that growing left over: rows are many.
    pub(crate) fn shrink(&mut self) {
        self.fields.shrink_to_fit();
    }

    /// All fields in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.fields.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// All fields, taken apart.
    pub(crate) fn into_fields(self) -> Vec<(Name, Value)> {
        self.fields
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.fields.len()))?;
        for (name, value) in &self.fields {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl From<Row> for Value {
    fn from(row: Row) -> Self {
        Self::Object(
            row.fields.into_iter().map(|(name, value)| (name.into_owned(), value)).collect::<Map<_, _>>(),
        )
    }
}

/// Reads a JSON number as a whole one; `12.0` counts, because HaloPSA shows
/// some ids so (HAPI §4), `12.5` and texts do not.
#[must_use]
pub(crate) fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        value
            .as_f64()
            .filter(|number| number.fract() == 0.0 && number.abs() < 9.0e15)
            .map(|number| number as i64)
    })
}
