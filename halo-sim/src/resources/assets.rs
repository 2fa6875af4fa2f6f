//! Assets (HAPI §10.6, appendix A).

use super::{
    Envelope, Required, Resource,
    customers::INACTIVE,
    field::{Field, custom_fields, date, flag, int, list, text},
    filter::{Filter, Test, by, id, one_of},
};
use crate::{auth::Group, protocol::paging::PageRule, state::TableId};

/// `/Asset`: 50 rows a page whatever is asked (HAPI §5.1).
pub(crate) static ASSET: Resource = Resource {
    path: "Asset",
    table: TableId::Assets,
    envelope: Envelope::Keyed("assets"),
    page: PageRule::Fixed(50),
    group: Group::Assets,
    fields: ASSET_FIELDS,
    filters: ASSET_FILTERS,
    search: &["inventory_number", "key_field", "username"],
    hidden: Some(INACTIVE),
    required: &[
        Required { any_of: &["inventory_number"], message: "Asset Tag is mandatory" },
        Required { any_of: &["assettype_id"], message: "Please select a valid Asset Type" },
    ],
    ..Resource::PLAIN
};

const ASSET_FIELDS: &[Field] = &[
    int("id"),
    text("inventory_number"),
    text("key_field"),
    text("key_field2"),
    text("key_field3"),
    int("assettype_id"),
    text("assettype_name").fixed(),
    int("client_id"),
    text("client_name").from("client_id", TableId::Clients, "name"),
    int("site_id"),
    text("site_name").from("site_id", TableId::Sites, "name"),
    text("username"),
    int("status_id"),
    flag("inactive"),
    int("criticality"),
    int("supplier_id"),
    int("item_id"),
    date("warranty_end"),
    text("colour"),
    text("icon"),
    date("last_update").fixed().unseen(),
    list("fields").single(),
    custom_fields(5, true),
];

const ASSET_FILTERS: &[Filter] = &[
    id("client_id", "client_id"),
    id("site_id", "site_id"),
    id("assettype_id", "assettype_id"),
    one_of("assettypes", "assettype_id"),
    one_of("assetstatuses", "status_id"),
    by("inventory_number", Test::Contains("inventory_number")),
    by("lastupdatefromdate", Test::Since("last_update")),
    by("lastupdatetodate", Test::Until("last_update")),
];
