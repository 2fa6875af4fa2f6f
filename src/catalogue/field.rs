//! Fields of records, filters of lists and columns of results.

use alloc::format;
use alloc::string::String;

/// A field that can be written, a filter, or a parameter of an operation.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The wire name at HaloPSA, or our own name for a parameter of ours.
    pub name: &'static str,
    /// What a person reads beside it.
    pub label: &'static str,
    /// What it means, for a person and for a model. May be empty where the
    /// label says it all.
    pub help: &'static str,
    /// What may stand in it.
    pub kind: Kind,
    /// How a form shows it.
    pub form: Form,
}

/// How a form shows a field; it changes nothing about what the field takes.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// The value that counts where none is given, as JSON text; empty where
    /// there is none, or where it depends on something.
    pub default: &'static str,
    /// Where the field is found.
    pub place: Place,
    /// Whether the text has several lines.
    pub is_long: bool,
    /// A value to go by, as JSON text; empty for none.
    pub example: &'static str,
}

impl Form {
    /// A field like any other.
    pub const USUAL: Self = Self { default: "", place: Place::Fields, is_long: false, example: "" };
}

/// Where a form has a field that is neither required nor essential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Among the other fields or filters.
    Fields,
    /// Apart from them: it is rarely needed, or is about the call and not about
    /// the record.
    Options,
    /// With what sorts a list.
    Sort,
    /// Nowhere: it is for programs, and people have another way.
    Nowhere,
}

/// What may stand in a field.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Any text.
    Text,
    /// Text that must not be empty.
    RequiredText,
    /// Text with HTML markup.
    Html,
    /// A whole number of 32 bits; HaloPSA refuses `95.0`.
    Integer,
    /// A whole number from a smallest to a largest value.
    Range(i32, i32),
    /// The id of the record that an operation is about: at least 1.
    Id,
    /// The id of another record, chosen from a list.
    Reference(Choice),
    /// Ids of other records, chosen from a list, as a list or as one of them;
    /// comma separated on the wire.
    References(Choice),
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// An instant. RFC 3339 in, UTC without offset on the wire.
    DateTime,
    /// A time of day, `HH:mm` or `HH:mm:ss`.
    Time,
    /// Ids, as a list or as one number; comma separated on the wire.
    IdList,
    /// Texts, as a list or as one text; comma separated on the wire.
    TextList,
    /// An object with these fields.
    Object(&'static [Field]),
    /// A list of objects with these fields.
    Objects(&'static [Field]),
    /// Values of custom fields: an object of names and values, or a list. The
    /// list that they are chosen from names the fields.
    CustomFields(Option<Choice>),
    /// A list of objects of the API whose fields are not spelt out here.
    AnyObjects,
    /// A list of whole numbers.
    Integers,
    /// An object of the API whose fields are not spelt out here.
    AnyObject,
    /// Any JSON value; a text that is JSON stands for what it says.
    Json,
    /// Any JSON value.
    Any,
}

/// What a field holds after it was emptied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emptied {
    /// An empty text.
    Text,
    /// Zero, which stands for "no record", too.
    Zero,
    /// Agent 1, who stands for "unassigned".
    Unassigned,
    /// The date that HaloPSA itself shows for "never": 1900-01-01 (HAPI §14.21).
    Never,
    /// An empty list.
    List,
}

/// Fields that every record of theirs has: they can be changed and not be
/// emptied.
const NEVER_EMPTY: &[&str] = &[
    "assettype_id",
    "attachments",
    "client_id",
    // Zero is "done", "open" or the first type there.
    "complete_status",
    "currency_code",
    "lines",
    "priority_id",
    "site_id",
    "sitenumber",
    "sla_id",
    "source",
    "status",
    "status_id",
    "team",
    "ticketarea_id",
    "tickettype_id",
    "type",
    "user_id",
    "workflow_id",
    "workflow_step",
];

impl Field {
    /// What HaloPSA is sent to empty this field; `None` where it cannot be
    /// emptied. Assumed throughout: HaloPSA leaves out of its answers what has
    /// no value, so that no recorded answer shows it.
    pub fn emptied(&self) -> Option<Emptied> {
        // A leading underscore marks switches of HaloPSA's own screens.
        if NEVER_EMPTY.contains(&self.name) || self.name.starts_with('_') {
            return None;
        }
        match self.kind {
            Kind::Text | Kind::Html | Kind::Time => Some(Emptied::Text),
            Kind::Integer | Kind::Number => Some(Emptied::Zero),
            Kind::Reference(_) if self.name == "agent_id" => Some(Emptied::Unassigned),
            // Tickets hold the path of a category and no number.
            Kind::Reference(choice) if choice.list.starts_with("categories") => Some(Emptied::Text),
            Kind::Reference(_) => Some(Emptied::Zero),
            Kind::DateTime => Some(Emptied::Never),
            Kind::Objects(_) | Kind::AnyObjects | Kind::Integers => Some(Emptied::List),
            _ => None,
        }
    }
}

/// Where the values of a field are to be chosen from.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    /// Name of the list (`lookup.options`).
    pub list: &'static str,
    /// What the list depends on: its parameters, and the fields beside this
    /// one that hold their values.
    pub parameters: &'static [(&'static str, &'static str)],
}

/// A column of a simplified result.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name in the result.
    pub name: &'static str,
    /// Other names that HaloPSA uses for it, such as `lastupdate` in some
    /// answers for `last_update` (HAPI §7.4).
    pub aliases: &'static [&'static str],
    /// How the value is made readable.
    pub shape: Shape,
}

/// How a value of a result is made readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// As it came.
    Plain,
    /// As it came: text that people outside wrote, and no instruction.
    Untrusted,
    /// Whole numbers that some endpoints send as `12.0` become `12`.
    Integer,
    /// RFC 3339 in UTC; the dates that mean "never" become null (HAPI §14.21).
    DateTime,
    /// The list of custom fields as one object, names to values, and beside it
    /// one of what people read of them where that is not the value.
    CustomFields,
}

macro_rules! field_constructors {
    ($($(#[$doc:meta])* $name:ident => $kind:expr;)*) => {
        impl Field {
            $($(#[$doc])*
            pub const fn $name(name: &'static str, label: &'static str, help: &'static str) -> Self {
                Self::of(name, label, help, $kind)
            })*
        }
    };
}

field_constructors! {
    /// Any text.
    text => Kind::Text;
    /// Text that must not be empty.
    required_text => Kind::RequiredText;
    /// Text with HTML markup.
    html => Kind::Html;
    /// A whole number that is no id.
    integer => Kind::Integer;
    /// The id of another record.
    id => Kind::Integer;
    /// Any number.
    number => Kind::Number;
    /// `true` or `false`.
    boolean => Kind::Boolean;
    /// An instant.
    date_time => Kind::DateTime;
    /// A time of day.
    time => Kind::Time;
    /// Comma separated ids.
    ids => Kind::IdList;
    /// Comma separated texts.
    texts => Kind::TextList;
    /// A list of whole numbers.
    integers => Kind::Integers;
    /// A list of objects whose fields are not spelt out.
    objects => Kind::AnyObjects;
    /// Any JSON value.
    any => Kind::Any;
}

impl Field {
    /// A field of a kind that takes parameters.
    pub const fn of(name: &'static str, label: &'static str, help: &'static str, kind: Kind) -> Self {
        Self { name, label, help, kind, form: Form::USUAL }
    }

    /// The same field, which has this value where none is given (JSON text).
    pub const fn or_else(self, default: &'static str) -> Self {
        Self { form: Form { default, ..self.form }, ..self }
    }

    /// The same field, in another place of a form.
    pub const fn in_place(self, place: Place) -> Self {
        Self { form: Form { place, ..self.form }, ..self }
    }

    /// The same field, apart from those that are needed often.
    pub const fn rare(self) -> Self {
        self.in_place(Place::Options)
    }

    /// The same field, for a text of several lines.
    pub const fn long(self) -> Self {
        Self { form: Form { is_long: true, ..self.form }, ..self }
    }

    /// The same field, with a value to go by (JSON text).
    pub const fn such_as(self, example: &'static str) -> Self {
        Self { form: Form { example, ..self.form }, ..self }
    }
}

impl Field {
    /// The id of another record, chosen from a list.
    pub const fn choice(
        name: &'static str,
        label: &'static str,
        help: &'static str,
        list: &'static str,
        parameters: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self::of(name, label, help, Kind::Reference(Choice { list, parameters }))
    }

    /// Ids of other records, chosen from a list that depends on nothing.
    pub const fn choices(
        name: &'static str,
        label: &'static str,
        help: &'static str,
        list: &'static str,
    ) -> Self {
        Self::of(name, label, help, Kind::References(Choice { list, parameters: &[] }))
    }
}

impl Column {
    /// A column whose value is passed on as it came.
    pub const fn plain(name: &'static str) -> Self {
        Self { name, aliases: &[], shape: Shape::Plain }
    }

    /// A column of text that people outside wrote.
    pub const fn untrusted(name: &'static str) -> Self {
        Self { name, aliases: &[], shape: Shape::Untrusted }
    }

    /// A column of whole numbers.
    pub const fn integer(name: &'static str) -> Self {
        Self { name, aliases: &[], shape: Shape::Integer }
    }

    /// A column of instants.
    pub const fn date_time(name: &'static str) -> Self {
        Self { name, aliases: &[], shape: Shape::DateTime }
    }

    /// A column of custom fields.
    pub const fn custom_fields(name: &'static str) -> Self {
        Self { name, aliases: &[], shape: Shape::CustomFields }
    }

    /// The column beside this one that holds what people read of it: the names
    /// of the chosen values of custom fields.
    pub fn display_name(&self) -> String {
        format!("{}_display", self.name)
    }

    /// The same column, with other names to look for.
    pub const fn or(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }
}

/// `customfields`: which field, and its value (HAPI §7.5).
pub const CUSTOM_FIELDS: Field = custom_fields(None);

/// `customfields` of a record whose fields a list names.
pub const fn custom_fields(choice: Option<Choice>) -> Field {
    Field::of(
        "customfields",
        "Custom fields",
        "Values of custom fields by name, such as {\"CFLocation\": \"Room 5\"}. Also a list whose elements name their field by `name` or by `id`.",
        Kind::CustomFields(choice),
    )
}

/// One custom field in the form of a list.
pub const CUSTOM_FIELD: &[Field] = &[
    Field::text("name", "Name", "Name of the custom field, such as CFLocation."),
    Field::id("id", "Id", "Id of the custom field, instead of its name."),
    Field::any("value", "Value", "The new value, of the field's own type."),
];

/// `attachments`: files inside the record (HAPI §9).
pub const ATTACHMENTS: Field = Field::of(
    "attachments",
    "Attachments",
    "Files to attach, where they do not travel beside the item.",
    Kind::Objects(&[
        Field::text("filename", "File name", "Name of the file, with its extension."),
        Field::text(
            "data_base64",
            "Content",
            "The content as a data URI, such as data:text/plain;base64,aGk=",
        ),
        Field::text("note", "Note", "What the file is."),
        Field::boolean("showforusers", "Show to users", "Whether customers see the file."),
    ]),
)
.in_place(Place::Nowhere);

/// A postal address (schema `AddressStore`).
pub const ADDRESS: Kind = Kind::Object(&[
    Field::text("line1", "Line 1", "First line of the address."),
    Field::text("line2", "Line 2", "Second line of the address."),
    Field::text("line3", "Line 3", "Third line of the address, mostly the town."),
    Field::text("line4", "Line 4", "Fourth line of the address, mostly the county."),
    Field::text("postcode", "Postcode", "Postcode or ZIP code."),
]);

/// A link to a record of another system (schema `ExternalLink_List`).
pub const EXTERNAL_LINK: Kind = Kind::Object(&[
    Field::text("third_party_id", "Their id", "Id of the record in the other system."),
    Field::text("third_party_desc", "Description", "Name of the record in the other system."),
    Field::text("third_party_type", "Their type", "Kind of record in the other system."),
    Field::text("third_party_url", "Their address", "Address of the record in the other system."),
    Field::text("integration_name", "Integration", "Name of the integration that the link belongs to."),
    Field::integer("module_id", "Module", "Number of the integration module."),
]);
