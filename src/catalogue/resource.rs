//! Resources and operations.

use alloc::vec::Vec;

use super::field::{Column, Field, Kind};

/// A kind of record at HaloPSA.
#[derive(Debug)]
pub struct Resource {
    /// Our name for it, the first half of operation ids.
    pub name: &'static str,
    /// One of them, for people.
    pub title: &'static str,
    /// Many of them, for people.
    pub plural: &'static str,
    /// What it is, in one sentence.
    pub description: &'static str,
    /// Path below the resource server.
    pub path: &'static str,
    /// Property of the list envelope that holds the rows (HAPI 5.1).
    pub list_key: &'static str,
    /// Scopes of the API application (HAPI 3.3).
    pub scopes: Scopes,
    /// Fields that create and update take.
    pub fields: &'static [Field],
    /// What create cannot do without, at HaloPSA itself.
    pub required: Required,
    /// Properties that HaloPSA's own screens add to every write.
    pub write_flags: &'static [(&'static str, bool)],
    /// Fields that some instances want with every update, or they say "Record
    /// not found" (HAPI 7.4).
    pub update_companions: &'static [&'static str],
    /// Filters of the list.
    pub filters: &'static [Field],
    /// Query of every list, beside paging and filters: what puts names beside
    /// ids.
    pub list_query: &'static [(&'static str, &'static str)],
    /// Tables in the list envelope that name what a row only numbers.
    pub tables: &'static [Table],
    /// Query of every read of one record.
    pub get_query: &'static [(&'static str, &'static str)],
    /// Parameters of delete beside `id`; they go into the query.
    pub delete_parameters: &'static [Field],
    /// Columns of a simplified row.
    pub columns: &'static [Column],
    /// Further columns of a simplified single record.
    pub detail_columns: &'static [Column],
    /// Page of the agent application that shows a record; the id is appended.
    pub page: Option<&'static str>,
    /// What can be done with it.
    pub operations: &'static [Operation],
}

/// The record that an operation is about.
pub const ID: Field = Field::of("id", "Id", "Id of the record.", Kind::Range(1, i32::MAX));

/// Whether results are boiled down.
pub const SIMPLIFY: Field = Field::boolean(
    "simplify",
    "Simplify",
    "Whether the result is boiled down to the most useful fields, with readable dates. On by default; off gives what HaloPSA sent.",
);

/// Whether a list is read to its end.
pub const RETURN_ALL: Field = Field::boolean(
    "return_all",
    "Return all",
    "Whether to read the whole list; the limit does not count then.",
);

/// How many rows are wanted.
pub const LIMIT: Field =
    Field::of("limit", "Limit", "The most records to return.", Kind::Range(1, 1_000_000));

/// How many rows are given when nobody says how many are wanted.
pub const DEFAULT_LIMIT: u64 = 50;

/// The column that a list is sorted by.
pub const ORDER: Field = Field::text(
    "order",
    "Sort by",
    "Column to sort by. Without it: id, rising, which reads long lists most safely.",
);

/// The direction of sorting.
pub const ORDER_DESC: Field = Field::boolean("orderdesc", "Descending", "Whether to sort from high to low.");

/// Changed since, under a name that says so.
pub const UPDATED_SINCE: Field = Field::date_time(
    "updated_since",
    "Updated since",
    "Only records changed at this time or later; the same as `lastupdatefromdate`.",
);

/// The filter that [`UPDATED_SINCE`] stands for.
pub const UPDATED_SINCE_FILTER: &str = "lastupdatefromdate";

impl Resource {
    /// Everything that an operation takes, in the order that people see.
    pub fn inputs(&'static self, verb: Verb) -> Vec<&'static Field> {
        let (first, own, last): (&[&Field], &[Field], &[&Field]) = match verb {
            Verb::Create => (&[], self.fields, &[&SIMPLIFY]),
            Verb::Update => (&[&ID], self.fields, &[&SIMPLIFY]),
            Verb::Get => (&[&ID, &SIMPLIFY], &[], &[]),
            Verb::Delete => (&[&ID], self.delete_parameters, &[]),
            Verb::List => {
                (&[&RETURN_ALL, &LIMIT], self.filters, &[&UPDATED_SINCE, &ORDER, &ORDER_DESC, &SIMPLIFY])
            }
        };
        let mut inputs = first.to_vec();
        inputs.extend(own);
        inputs.extend(last);
        inputs
    }

    /// What an operation cannot do without.
    pub fn required(&'static self, verb: Verb) -> &'static Required {
        const NOTHING: Required = Required { all: &[], any: &[] };
        const AN_ID: Required = Required { all: &["id"], any: &[] };
        match verb {
            Verb::Create => &self.required,
            Verb::Update | Verb::Get | Verb::Delete => &AN_ID,
            Verb::List => &NOTHING,
        }
    }

    /// The permission that an operation needs.
    pub const fn scope(&self, verb: Verb) -> &'static str {
        if verb.reads() { self.scopes.read } else { self.scopes.edit }
    }
}

/// Scopes that an API application needs.
#[derive(Debug)]
pub struct Scopes {
    /// For reading.
    pub read: &'static str,
    /// For writing; it includes reading.
    pub edit: &'static str,
}

/// What a new record cannot do without.
#[derive(Debug)]
pub struct Required {
    /// All of these.
    pub all: &'static [&'static str],
    /// And one of these groups, if there are any.
    pub any: &'static [&'static [&'static str]],
}

/// A table beside the rows of a list envelope.
#[derive(Debug)]
pub struct Table {
    /// Property of the envelope.
    pub key: &'static str,
    /// Pairs of a column of the row and a column of the table that must agree.
    pub on: &'static [(&'static str, &'static str)],
    /// Column of the table that holds the name.
    pub name: &'static str,
    /// Column of the result that gets it.
    pub column: &'static str,
}

/// Something that can be done with a resource.
#[derive(Debug)]
pub struct Operation {
    /// What it does.
    pub verb: Verb,
    /// One sentence or two: when to use it and what it needs.
    pub description: &'static str,
    /// At least one; a test runs each.
    pub examples: &'static [Example],
}

/// The verbs of the generic engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Makes a record.
    Create,
    /// Reads one record.
    Get,
    /// Reads many records.
    List,
    /// Changes the fields given.
    Update,
    /// Deletes one record.
    Delete,
}

impl Verb {
    /// The second half of operation ids.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Get => "get",
            Self::List => "list",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// Whether it leaves HaloPSA as it was.
    pub const fn reads(self) -> bool {
        matches!(self, Self::Get | Self::List)
    }

    /// Whether it takes something away that the same call cannot bring back.
    pub const fn destroys(self) -> bool {
        matches!(self, Self::Delete)
    }

    /// Whether doing it twice leaves the same as doing it once.
    pub const fn idempotent(self) -> bool {
        !matches!(self, Self::Create)
    }
}

/// An input that works against the simulator's seed.
#[derive(Debug)]
pub struct Example {
    /// What it shows.
    pub title: &'static str,
    /// The input, as JSON text.
    pub input: &'static str,
}
