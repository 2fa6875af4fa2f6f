//! Field definitions and lookup values (HAPI §10.16, appendix A).

use super::{
    Identity, Resource, Rows,
    field::{flag, int, list, text},
    filter::id,
};
use crate::state::TableId;

/// `/FieldInfo`
pub(crate) static FIELD_INFO: Resource = Resource {
    path: "FieldInfo",
    table: TableId::FieldInfo,
    fields: &[
        int("id"),
        text("guid").fixed(),
        text("name"),
        text("label"),
        text("labellong"),
        text("summary"),
        text("hint"),
        int("type"),
        int("lookup").nullable(),
        int("custom"),
        int("usage"),
        int("tab_id"),
        text("tab_name"),
        int("table_id"),
        flag("readonly"),
        int("inputtype"),
        int("characterlimit"),
        text("defaultvalue"),
        flag("searchable"),
        flag("mandatory"),
        list("values").single(),
    ],
    filters: &[id("typeid", "usage")],
    ..Resource::PLAIN
};

/// `/Lookup`: ids repeat in every lookup, so `lookupid` is needed for one.
pub(crate) static LOOKUP: Resource = Resource {
    path: "Lookup",
    table: TableId::Lookups,
    identity: Identity::Owned("lookupid"),
    rows: Rows::All,
    fields: &[
        int("lookupid"),
        int("id"),
        text("name"),
        text("value2"),
        text("value3"),
        text("value4"),
        text("value5"),
        text("custom1"),
        text("custom2"),
        int("sequence").single(),
        flag("inactive").nullable(),
    ],
    filters: &[id("lookupid", "lookupid")],
    ..Resource::PLAIN
};
