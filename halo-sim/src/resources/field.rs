//! Fields of a resource as data: name, type, where the value comes from, in
//! which answers it is shown.
//!
//! The same declaration types what clients write and says what a record shows
//! that has no value: a single record shows HaloPSA's "nothing", a row of a list
//! leaves the key out where the value is null (HAPI §4).

use serde_json::Value;

use crate::{
    protocol::dates,
    state::{Row, TableId, World},
};

/// The type of a field on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A whole number; also accepted as text, never as `95.0` (HAPI §4).
    Int,
    /// An id that the wire shows as `12.0` (HAPI §4).
    FloatId,
    /// Any number.
    Number,
    /// A text.
    Text,
    /// A switch.
    Bool,
    /// A date in the form of [`dates`].
    Date,
    /// Anything, taken as it comes; empty is null.
    Json,
    /// An array, taken as it comes and replaced as a whole (HAPI §14.11).
    List,
    /// The custom fields of the table with this number (HAPI appendix B).
    CustomFields {
        /// `FieldInfo.usage` of the fields that belong here.
        usage: i64,
        /// Whether a write empties the fields that it leaves out (HAPI §7.4).
        replaced: bool,
    },
}

/// In which answers a field stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Lists and single records.
    Always,
    /// Single records only.
    Single,
    /// Single records asked for with `includedetails`, and answers to writes.
    Detail,
    /// Lists that ask with this parameter, and as [`Shown::Detail`].
    OnRequest(&'static str),
    /// Single records, and lists that ask with this parameter.
    SingleOrOnRequest(&'static str),
    /// Never: written or used inside only.
    Never,
}

/// Where a value comes from.
#[derive(Clone, Copy)]
pub(crate) enum Source {
    /// The row itself.
    Stored,
    /// A column of another table, found by an id in the row.
    Joined {
        /// The field with the id.
        via: &'static str,
        /// The table that it points into.
        table: TableId,
        /// The column to show.
        column: &'static str,
    },
    /// Worked out.
    Computed(fn(&World, &Row) -> Value),
}

/// One field.
#[derive(Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) shown: Shown,
    pub(crate) source: Source,
    pub(crate) writable: bool,
    /// Whether rows of lists leave the key out where there is no value.
    pub(crate) nullable: bool,
}

impl Field {
    const fn new(name: &'static str, kind: Kind) -> Self {
        // Numbers and switches have a value in every row; the others may be null.
        let nullable = matches!(kind, Kind::Text | Kind::Date | Kind::Json | Kind::CustomFields { .. });
        Self { name, kind, shown: Shown::Always, source: Source::Stored, writable: true, nullable }
    }

    /// Left out of lists where it is empty, though numbers and switches usually
    /// are there.
    pub(crate) const fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    /// In every row of a list, empty or not.
    pub(crate) const fn never_null(mut self) -> Self {
        self.nullable = false;
        self
    }

    /// Only in single records.
    pub(crate) const fn single(mut self) -> Self {
        self.shown = Shown::Single;
        self
    }

    /// Only with `includedetails`.
    pub(crate) const fn detail(mut self) -> Self {
        self.shown = Shown::Detail;
        self
    }

    /// In lists only where this parameter asks for it.
    pub(crate) const fn on(mut self, parameter: &'static str) -> Self {
        self.shown = Shown::OnRequest(parameter);
        self
    }

    /// In single records, and in lists where this parameter asks for it.
    pub(crate) const fn single_or_on(mut self, parameter: &'static str) -> Self {
        self.shown = Shown::SingleOrOnRequest(parameter);
        self
    }

    /// Taken from writes, never shown.
    pub(crate) const fn unseen(mut self) -> Self {
        self.shown = Shown::Never;
        self
    }

    /// Ignored in writes.
    pub(crate) const fn fixed(mut self) -> Self {
        self.writable = false;
        self
    }

    /// A column of another record.
    pub(crate) const fn from(mut self, via: &'static str, table: TableId, column: &'static str) -> Self {
        self.source = Source::Joined { via, table, column };
        self.writable = false;
        self
    }

    /// Worked out from the row.
    pub(crate) const fn computed(mut self, work: fn(&World, &Row) -> Value) -> Self {
        self.source = Source::Computed(work);
        self.writable = false;
        self
    }

    /// The value in a row, empty ones filled in.
    pub(crate) fn value(&self, world: &World, row: &Row) -> Value {
        let stored = match self.source {
            Source::Stored => row.get(self.name).cloned(),
            Source::Joined { via, table, column } => {
                world.row(table, row.int(via)).and_then(|other| other.get(column)).cloned()
            }
            Source::Computed(work) => Some(work(world, row)),
        };
        stored.unwrap_or_else(|| self.empty())
    }

    /// The value in a row of a list; `None` where HaloPSA leaves the key out.
    pub(crate) fn list_value(&self, world: &World, row: &Row) -> Option<Value> {
        if !self.nullable {
            return Some(self.value(world, row));
        }
        let value = match self.source {
            Source::Stored => row.get(self.name).cloned()?,
            Source::Joined { via, table, column } => {
                world.row(table, row.int(via)).and_then(|other| other.get(column)).cloned()?
            }
            Source::Computed(work) => Some(work(world, row)).filter(|value| *value != self.empty())?,
        };
        let is_nothing = match self.kind {
            Kind::Bool => value == Value::Bool(false),
            Kind::Int => value == 0,
            Kind::Date => value == dates::NO_DATE,
            _ => value.is_null(),
        };
        (!is_nothing).then_some(value)
    }

    /// HaloPSA's "nothing" of this type.
    pub(crate) fn empty(&self) -> Value {
        match self.kind {
            Kind::Int => Value::from(0),
            Kind::FloatId | Kind::Number => Value::from(0.0),
            Kind::Text => Value::from(""),
            Kind::Bool => Value::from(false),
            Kind::Date => Value::from(dates::NO_DATE),
            Kind::Json | Kind::CustomFields { .. } => Value::Null,
            Kind::List => Value::Array(Vec::new()),
        }
    }
}

pub(crate) const fn int(name: &'static str) -> Field {
    Field::new(name, Kind::Int)
}
pub(crate) const fn float_id(name: &'static str) -> Field {
    Field::new(name, Kind::FloatId)
}
pub(crate) const fn number(name: &'static str) -> Field {
    Field::new(name, Kind::Number)
}
pub(crate) const fn text(name: &'static str) -> Field {
    Field::new(name, Kind::Text)
}
pub(crate) const fn flag(name: &'static str) -> Field {
    Field::new(name, Kind::Bool)
}
pub(crate) const fn date(name: &'static str) -> Field {
    Field::new(name, Kind::Date)
}
pub(crate) const fn json(name: &'static str) -> Field {
    Field::new(name, Kind::Json)
}
pub(crate) const fn list(name: &'static str) -> Field {
    Field::new(name, Kind::List)
}
pub(crate) const fn custom_fields(usage: i64, replaced: bool) -> Field {
    Field::new("customfields", Kind::CustomFields { usage, replaced }).single()
}
