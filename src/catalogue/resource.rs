//! Resources and operations.

use alloc::vec::Vec;

use super::field::{Column, Emptied, Field, Kind, Place};

/// A kind of record at HaloPSA.
#[derive(Debug)]
pub struct Resource {
    /// Our name for it, the first half of operation ids.
    pub name: &'static str,
    /// One of them, for people.
    pub title: &'static str,
    /// Many of them, for people.
    pub plural: &'static str,
    /// The heading that people find it under.
    pub group: &'static str,
    /// What it is, in one sentence.
    pub description: &'static str,
    /// Path below the resource server.
    pub path: &'static str,
    /// What an id needs beside it, where ids count inside another record.
    pub owner: Option<&'static Owner>,
    /// Property of the list envelope that holds the rows (HAPI §5.1).
    pub list_key: &'static str,
    /// How its list is read.
    pub paging: Paging,
    /// The list that its records can be chosen from; empty for none.
    pub list: &'static str,
    /// What its ids look like.
    pub ids: Ids,
    /// Scopes of the API application (HAPI §3.3).
    pub scopes: Scopes,
    /// Fields that create and update take.
    pub fields: &'static [Field],
    /// What create cannot do without, at HaloPSA itself.
    pub required: Required,
    /// Properties that HaloPSA's own screens add to every write.
    pub write_flags: &'static [(&'static str, bool)],
    /// Fields that some instances want with every update, or they say "Record
    /// not found" (HAPI §7.4).
    pub update_companions: &'static [&'static str],
    /// Fields that make HaloPSA write to a customer where they are true.
    pub mails_customers: &'static [&'static str],
    /// Inputs that have no effect, or another one, without another input.
    pub needs: &'static [Need],
    /// Whether many of them may be written with one request, where the user
    /// says so ([`BULK`]).
    pub bulk: bool,
    /// Filters of the list.
    pub filters: &'static [Field],
    /// Filters that a list cannot do without.
    pub list_required: Required,
    /// Query of every list, beside paging and filters: what puts names beside
    /// ids.
    pub list_query: &'static [(&'static str, &'static str)],
    /// Tables in the list envelope that name what a row only numbers.
    pub tables: &'static [Table],
    /// Query of every read of one record.
    pub get_query: &'static [(&'static str, &'static str)],
    /// Parameters of create beside the fields; none of them goes onto the wire.
    pub create_parameters: &'static [Field],
    /// Parameters of delete beside `id`; they go into the query.
    pub delete_parameters: &'static [Field],
    /// Columns of a simplified row.
    pub columns: &'static [Column],
    /// Further columns of a simplified single record.
    pub detail_columns: &'static [Column],
    /// The columns that people use most, of rows and of single records: for
    /// platforms that show few. Empty where all columns are few.
    pub main: &'static [&'static str],
    /// Page of the agent application that shows a record; the id is appended.
    pub page: Option<&'static str>,
    /// Optional fields that people fill in mostly, in the order of a form.
    pub essential: Essential,
    /// What a form of the list begins with: filters and sorting, as names and
    /// JSON texts. It is no default: whoever says nothing gets everything.
    pub list_presets: &'static [(&'static str, &'static str)],
    /// Whether an update may give the record a new id.
    pub id_may_change: bool,
    /// What can be done with it.
    pub operations: &'static [Operation],
}

/// The record that an operation is about.
pub const ID: Field = Field::of("id", "Id", "Id of the record.", Kind::Id);

/// Whether results are boiled down.
pub const SIMPLIFY: Field = Field::boolean(
    "simplify",
    "Simplify",
    "Whether to return only the most useful fields, with readable dates. Off returns what HaloPSA sent.",
)
.or_else("true")
.rare();

/// Whether a list is read to its end.
pub const RETURN_ALL: Field =
    Field::boolean("return_all", "Return all", "Whether to return all results or only up to a given limit.")
        .or_else("false");

/// Whether many records go into one request.
pub const BULK: Field = Field::boolean(
    "bulk",
    "Bulk",
    "Whether items that say so travel together, up to a hundred in a request. HaloPSA does not say which of them went wrong, so one that fails costs further requests to find out what was done.",
)
.or_else("false")
.rare();

/// Fields of HaloPSA that the catalogue does not have.
pub const EXTRA: Field = Field::of(
    "extra",
    "Extra fields",
    "Further fields of HaloPSA's API as an object, such as {\"isbillable\": true}. They are sent as they are, beside the others; HaloPSA ignores names that it does not know. Not for ids, secrets, or fields that are listed here.",
    Kind::AnyObject,
)
.rare();

/// Name of the parameter that empties fields of an update.
pub const CLEAR: &str = "clear";

/// What empties fields of an update. Which fields it takes follows from the
/// resource: [`Resource::clearable`].
pub const CLEAR_FIELDS: Field = Field::of(
    CLEAR,
    "Clear fields",
    "Names of fields to empty. An empty value elsewhere means that the field is left as it is. Custom fields are cleared by their names, such as CFLocation.",
    Kind::TextList,
);

/// How many rows are wanted.
pub const LIMIT: Field =
    Field::of("limit", "Limit", "Max number of results to return.", Kind::Range(1, 1_000_000)).or_else("50");

/// How many rows are given when nobody says how many are wanted; the default of
/// [`LIMIT`].
pub const DEFAULT_LIMIT: u64 = 50;

/// The column that a list is sorted by.
pub const ORDER: Field = Field::text(
    "order",
    "Sort by",
    "Column to sort by. Without it: `id`, which reads long lists most safely.",
)
.in_place(Place::Sort);

/// The direction of sorting.
pub const ORDER_DESC: Field =
    Field::boolean("orderdesc", "Descending", "Whether to sort from high to low, or from new to old.")
        .or_else("false")
        .in_place(Place::Sort);

/// Changed since, under a name that says so.
pub const UPDATED_SINCE: Field = Field::date_time(
    "updated_since",
    "Updated since",
    "Only records changed at this time or later; the same as `lastupdatefromdate`.",
);

/// The filter that [`UPDATED_SINCE`] stands for.
pub const UPDATED_SINCE_FILTER: &str = "lastupdatefromdate";

impl Resource {
    /// A resource with nothing in it, to name only what another one has.
    pub const NONE: Self = Self {
        name: "",
        title: "",
        plural: "",
        group: "",
        description: "",
        path: "",
        owner: None,
        list_key: "",
        paging: Paging::Pages,
        list: "",
        ids: Ids::NonZero,
        scopes: Scopes::NONE,
        fields: &[],
        required: Required::NOTHING,
        write_flags: &[],
        update_companions: &[],
        mails_customers: &[],
        needs: &[],
        bulk: false,
        filters: &[],
        list_required: Required::NOTHING,
        list_query: &[],
        tables: &[],
        get_query: &[],
        create_parameters: &[],
        delete_parameters: &[],
        columns: &[],
        detail_columns: &[],
        main: &[],
        page: None,
        essential: Essential::NOTHING,
        list_presets: &[],
        id_may_change: false,
        operations: &[],
    };

    /// The fields or filters that an operation takes beside its own parameters.
    pub const fn shared_inputs(&self, verb: Verb) -> &'static [Field] {
        match verb.takes() {
            Takes::Fields => self.fields,
            Takes::Filters => self.filters,
            Takes::Nothing => &[],
        }
    }

    /// Everything that an operation takes, in the order that people see.
    pub fn inputs(&'static self, verb: Verb) -> Vec<&'static Field> {
        let (first, last): (&[&Field], &[&Field]) = match verb {
            Verb::Create if self.bulk => (&[], &[&EXTRA, &BULK, &SIMPLIFY]),
            Verb::Update if self.bulk => (&[&ID], &[&CLEAR_FIELDS, &EXTRA, &BULK, &SIMPLIFY]),
            Verb::Create => (&[], &[&EXTRA, &SIMPLIFY]),
            Verb::Update => (&[&ID], &[&CLEAR_FIELDS, &EXTRA, &SIMPLIFY]),
            Verb::Get => (&[&ID, &SIMPLIFY], &[]),
            Verb::Delete => (&[&ID], &[]),
            Verb::List => (&[&RETURN_ALL, &LIMIT], self.list_inputs()),
            Verb::Job(job) if job.takes_extra() => (&[], &[&EXTRA]),
            Verb::Job(_) => (&[], &[]),
        };
        let own = match verb {
            Verb::Delete => self.delete_parameters,
            Verb::Job(job) => job.parameters,
            _ => &[],
        };
        let mut inputs = Vec::new();
        if let (Some(owner), Verb::Get | Verb::Update | Verb::Delete) = (self.owner, verb) {
            inputs.push(&owner.field);
        }
        inputs.extend(first);
        inputs.extend(own);
        inputs.extend(self.shared_inputs(verb));
        if matches!(verb, Verb::Create) {
            inputs.extend(self.create_parameters);
        }
        inputs.extend(last);
        inputs
    }

    /// The fields that an update can empty.
    pub fn clearable(&self) -> impl Iterator<Item = &'static Field> {
        let needed = self.required.all.iter().chain(self.required.any.iter().copied().flatten());
        let needed: Vec<&str> = needed.copied().collect();
        // Agent 1 stands for "unassigned" on tickets.
        let has_unassigned = matches!(self.name, "ticket" | "project" | "opportunity");
        self.fields.iter().filter(move |field| {
            field.emptied().is_some_and(|emptied| emptied != Emptied::Unassigned || has_unassigned)
                && !needed.contains(&field.name)
        })
    }

    /// Whether it has custom fields.
    pub fn has_custom_fields(&self) -> bool {
        self.fields.iter().any(|field| matches!(field.kind, Kind::CustomFields(_)))
    }

    /// What a list takes behind its filters.
    fn list_inputs(&self) -> &'static [&'static Field] {
        let by_date = self.filters.iter().any(|filter| filter.name == UPDATED_SINCE_FILTER);
        match (self.paging, by_date) {
            (Paging::Whole | Paging::Counted, _) => &[&SIMPLIFY],
            (Paging::Pages, true) => &[&UPDATED_SINCE, &ORDER, &ORDER_DESC, &SIMPLIFY],
            (Paging::Pages, false) => &[&ORDER, &ORDER_DESC, &SIMPLIFY],
        }
    }

    /// What a form of an operation shows at once, beside what is required.
    pub const fn essential(&self, verb: Verb) -> &'static [&'static str] {
        match verb {
            Verb::Create => self.essential.create,
            Verb::Update => self.essential.update,
            Verb::List => self.essential.list,
            Verb::Job(job) => job.essential,
            Verb::Get | Verb::Delete => &[],
        }
    }

    /// What an operation cannot do without.
    pub fn required(&'static self, verb: Verb) -> &'static Required {
        const AN_ID: Required = Required { all: &["id"], any: &[] };
        match verb {
            Verb::Create => &self.required,
            Verb::Update | Verb::Get | Verb::Delete => self.owner.map_or(&AN_ID, |owner| &owner.key),
            Verb::List => &self.list_required,
            Verb::Job(job) => &job.required,
        }
    }

    /// The permission that an operation needs first of all; empty where none
    /// is known to be needed.
    pub const fn scope(&self, verb: Verb) -> &'static str {
        match verb {
            Verb::Job(Job { scope: Some(scope), .. }) => scope,
            _ if verb.marks().reads => self.scopes.read,
            _ => self.scopes.edit,
        }
    }
}

/// Optional fields that people fill in mostly.
#[derive(Debug)]
pub struct Essential {
    /// To make a record.
    pub create: &'static [&'static str],
    /// To change one.
    pub update: &'static [&'static str],
    /// To narrow a list.
    pub list: &'static [&'static str],
}

impl Essential {
    /// None stands out.
    pub const NOTHING: Self = Self { create: &[], update: &[], list: &[] };
}

/// Which numbers of 32 bits are the ids of a kind of record.
///
/// GUIDs are the ids of records that no resource of ours has: priorities,
/// which tickets refer to by number, webhooks, runbooks, holidays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ids {
    /// From 1, as every source shows them.
    Positive,
    /// Negative ones, too, as recorded for recurring invoices and e-mail
    /// templates; for everything of which no source says more. Zero is none: a
    /// record that is posted with it is a new one.
    NonZero,
    /// Zero as well: in a reference it stands for "no record", and -1 for the
    /// general user.
    Any,
}

impl Ids {
    /// Whether a number is one of them.
    pub const fn contains(self, id: i32) -> bool {
        match self {
            Self::Positive => id > 0,
            Self::NonZero => id != 0,
            Self::Any => true,
        }
    }
}

/// How a list is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// Page by page, sorted by HaloPSA (HAPI §5.3).
    Pages,
    /// All at once: parameters of paging and sorting would be ignored (HAPI §5.1).
    Whole,
    /// At once, as many as `count` says and a few where it says nothing;
    /// parameters of paging and sorting are ignored.
    Counted,
}

/// The record that ids count inside, such as the ticket of an action (HAPI §8.1).
#[derive(Debug)]
pub struct Owner {
    /// The parameter that names it; it goes into the query of reads and deletes
    /// and into what is written.
    pub field: Field,
    /// Its name and `id`.
    pub key: Required,
}

/// Scopes that an API application needs; empty where none is known to be needed.
#[derive(Debug)]
pub struct Scopes {
    /// For reading.
    pub read: &'static str,
    /// For writing; it includes reading.
    pub edit: &'static str,
}

impl Scopes {
    /// Any token will do (HAPI §3.3).
    pub const NONE: Self = Self { read: "", edit: "" };
}

/// What a new record cannot do without.
#[derive(Debug)]
pub struct Required {
    /// All of these.
    pub all: &'static [&'static str],
    /// And one of these groups, if there are any.
    pub any: &'static [&'static [&'static str]],
}

impl Required {
    /// Everything is optional.
    pub const NOTHING: Self = Self { all: &[], any: &[] };

    /// All of these.
    pub const fn all(all: &'static [&'static str]) -> Self {
        Self { all, any: &[] }
    }
}

/// An input that HaloPSA passes over where another one is missing.
#[derive(Debug, Clone, Copy)]
pub struct Need {
    /// Where these inputs are: among the filters, or among the fields.
    pub takes: Takes,
    /// The inputs that depend on it.
    pub inputs: &'static [&'static str],
    /// The input that they depend on: one of these is enough.
    pub on: &'static [&'static str],
    /// What the first of `on` is where nobody gives one; `None` to refuse.
    pub default: Option<&'static str>,
}

/// Names of what a row only numbers, from a table beside the rows or a list.
#[derive(Debug)]
pub struct Table {
    /// Property of the list envelope. Empty where no envelope has it.
    pub key: &'static str,
    /// The list with the same rows, read once in a call where neither the rows
    /// nor their envelope say the name. Empty where HaloPSA always does.
    pub list: &'static str,
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

/// What an operation does: a verb of the generic engine, or a job of its own.
#[derive(Debug, Clone, Copy)]
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
    /// What the other verbs cannot say.
    Job(&'static Job),
}

/// What callers may rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    /// It leaves HaloPSA as it was.
    pub reads: bool,
    /// It takes something away that the same call cannot bring back.
    pub destroys: bool,
    /// Doing it twice leaves the same as doing it once.
    pub idempotent: bool,
    /// Customers see the effect, such as a mail.
    pub customer_visible: bool,
    /// It may hand out a cursor in the middle of an item.
    pub paginated: bool,
}

impl Marks {
    /// Of what only reads.
    pub const READS: Self =
        Self { reads: true, destroys: false, idempotent: true, customer_visible: false, paginated: false };
    /// Of what sets values.
    pub const OVERWRITES: Self = Self { reads: false, ..Self::READS };
    /// Of what makes something new each time.
    pub const CREATES: Self = Self { idempotent: false, ..Self::OVERWRITES };
    /// Of what takes something away.
    pub const DESTROYS: Self = Self { destroys: true, ..Self::OVERWRITES };
}

/// Which inputs of its resource an operation takes, beside its own parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// None.
    Nothing,
    /// The fields that can be written.
    Fields,
    /// The filters of the list.
    Filters,
}

/// The form of each result.
#[derive(Debug, Clone, Copy)]
pub enum Output {
    /// A single record of the resource, boiled down.
    Record,
    /// A row of a list of the resource, boiled down.
    Row,
    /// `id` and `deleted`.
    Deleted,
    /// These columns.
    Columns(&'static [Column]),
    /// What this JSON Schema says.
    Schema(&'static str),
}

/// Files beside the items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Files {
    /// None, in either direction.
    None,
    /// The operation takes them.
    Takes,
    /// The operation gives them.
    Gives,
}

/// An operation with parameters of its own, carried out by a [`Handler`].
#[derive(Debug)]
pub struct Job {
    /// The second half of the operation id.
    pub name: &'static str,
    /// A sentence, such as "Close a ticket".
    pub title: &'static str,
    /// What carries it out.
    pub handler: Handler,
    /// Its own parameters, in the order that people see.
    pub parameters: &'static [Field],
    /// What it takes of its resource beside them.
    pub takes: Takes,
    /// What it cannot do without.
    pub required: Required,
    /// What callers may rely on.
    pub marks: Marks,
    /// The permission it needs, where it is not the resource's own.
    pub scope: Option<&'static str>,
    /// The form of each result.
    pub output: Output,
    /// Files beside the items.
    pub files: Files,
    /// Optional parameters that people fill in mostly, in the order of a form.
    pub essential: &'static [&'static str],
    /// JSON pointers into the input: calls with equal values there must not run
    /// at the same time, since HaloPSA cannot search and create at once.
    pub serialize_by: &'static [&'static str],
}

impl Job {
    /// Whether it writes a record, so that further fields may go with it.
    pub const fn takes_extra(&self) -> bool {
        matches!(self.handler, Handler::Write(_) | Handler::Act(_) | Handler::FindOrAppend | Handler::Upsert)
    }

    /// A job with nothing in it, to name only what another one has.
    pub const NONE: Self = Self {
        name: "",
        title: "",
        handler: Handler::Write(&[]),
        parameters: &[],
        takes: Takes::Nothing,
        required: Required::NOTHING,
        marks: Marks::OVERWRITES,
        scope: None,
        output: Output::Record,
        files: Files::None,
        essential: &[],
        serialize_by: &[],
    };
}

/// What carries a job out; `operations` says how.
#[derive(Debug, Clone, Copy)]
pub enum Handler {
    /// Writes the parameters to the record `id`, with these values where the
    /// input says nothing: names and JSON.
    Write(&'static [(&'static str, &'static str)]),
    /// Any path of the API.
    ApiRequest,
    /// Finds the client for an organisation of another system.
    SuggestMapping,
    /// Adds an action to a ticket, or changes one.
    Act(Act),
    /// Puts the files beside the item on a ticket or an action.
    Upload,
    /// Gets a file.
    Download,
    /// Appends to the open ticket with a key, or makes one.
    FindOrAppend,
    /// Updates the ticket with a key, or makes one.
    Upsert,
    /// Sets the quantity on lines of the record `id`.
    UpdateQuantity,
    /// Reads the rows that the report `id` gives.
    RunReport,
}

/// What is done with an action (HAPI §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A new note.
    Note,
    /// Time, in minutes.
    Time,
    /// A mail.
    Mail,
    /// Changed fields of an action.
    Change,
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
            Self::Job(job) => job.name,
        }
    }

    /// What callers may rely on.
    pub const fn marks(self) -> Marks {
        match self {
            Self::Create => Marks::CREATES,
            Self::Get => Marks::READS,
            Self::List => Marks { paginated: true, ..Marks::READS },
            Self::Update => Marks::OVERWRITES,
            Self::Delete => Marks::DESTROYS,
            Self::Job(job) => job.marks,
        }
    }

    /// What it takes of its resource.
    pub const fn takes(self) -> Takes {
        match self {
            Self::Create | Self::Update => Takes::Fields,
            Self::List => Takes::Filters,
            Self::Get | Self::Delete => Takes::Nothing,
            Self::Job(job) => job.takes,
        }
    }

    /// The form of each result.
    pub const fn output(self) -> Output {
        match self {
            Self::Create | Self::Get | Self::Update => Output::Record,
            Self::List => Output::Row,
            Self::Delete => Output::Deleted,
            Self::Job(job) => job.output,
        }
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
