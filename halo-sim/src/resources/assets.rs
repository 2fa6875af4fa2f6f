//! Assets, their types and groups (HAPI §10.6, appendix A).

use serde_json::Value;

use super::{
    Envelope, IdOnly, Required, Resource, Write,
    customers::INACTIVE,
    field::{Field, custom_fields, date, flag, int, list, text},
    filter::{Filter, Test, by, id, one_of},
};
use crate::{
    auth::Group,
    desk,
    protocol::paging::PageRule,
    state::{Key, Row, TableId, World},
};

/// `/Asset`: 50 rows a page whatever is asked (HAPI §5.1).
pub(crate) static ASSET: Resource = Resource {
    path: "Asset",
    advanced_search: true,
    id_only: IdOnly::USUAL,
    table: TableId::Assets,
    envelope: Envelope::Keyed("assets"),
    page: PageRule::Fixed(50),
    group: Group::Assets,
    fields: ASSET_FIELDS,
    filters: ASSET_FILTERS,
    search: &["inventory_number", "key_field", "username"],
    hidden: Some(INACTIVE),
    required: &[
        // No tag: recorded on a live tenant; the switch `asset-needs-tag` wants one
        // (HAPI §10.6).
        Required { any_of: &["assettype_id"], message: "Please select a valid Asset Type" },
    ],
    write: Write::Each(desk::assets::write),
    ..Resource::PLAIN
};

const ASSET_FIELDS: &[Field] = &[
    int("id"),
    text("inventory_number"),
    text("key_field"),
    text("key_field2"),
    text("key_field3"),
    int("assettype_id"),
    text("assettype_name").from("assettype_id", TableId::AssetTypes, "name"),
    int("client_id"),
    text("client_name").from("client_id", TableId::Clients, "name"),
    int("site_id"),
    text("site_name").from("site_id", TableId::Sites, "name"),
    text("username"),
    int("status_id"),
    flag("inactive"),
    int("criticality"),
    int("business_owner_id"),
    int("technical_owner_id"),
    int("supplier_id"),
    text("supplier_name").from("supplier_id", TableId::Suppliers, "name"),
    int("item_id"),
    date("warranty_end"),
    text("colour"),
    text("icon"),
    date("last_update").fixed().unseen(),
    text("notes").single(),
    // Both arrays are replaced, not merged (HAPI §7.4, §14.11).
    list("fields").single(),
    int("device_number"),
    text("status_name").single().computed(status_name),
    text("business_owner_name"),
    int("third_party_id"),
    text("itglue_url"),
    text("datto_id"),
    int("automate_id"),
    custom_fields(5, true),
    list("users").single(),
];

/// Number of the lookup table that holds the statuses of assets (HAPI §10.16).
const STATUSES: i64 = 61;

fn status_name(world: &World, row: &Row) -> Value {
    let status = world.table(TableId::Lookups).get(&Key::Pair(STATUSES, row.int("status_id")));
    Value::from(status.map_or("", |status| status.text("name")))
}

const ASSET_FILTERS: &[Filter] = &[
    id("client_id", "client_id"),
    id("site_id", "site_id"),
    id("supplier_id", "supplier_id"),
    id("assettype_id", "assettype_id"),
    one_of("assettypes", "assettype_id"),
    one_of("assetstatuses", "status_id"),
    by("username", Test::Contains("username")),
    by("inventory_number", Test::Contains("inventory_number")),
    by("lastupdatefromdate", Test::Since("last_update")),
    by("lastupdatetodate", Test::Until("last_update")),
];

/// `/AssetType`
pub(crate) static ASSET_TYPE: Resource = Resource {
    path: "AssetType",
    table: TableId::AssetTypes,
    group: Group::Assets,
    fields: &[
        int("id"),
        text("guid").fixed(),
        text("name"),
        int("assetgroup_id"),
        text("assetgroup_name").from("assetgroup_id", TableId::AssetGroups, "name"),
        int("keyfield_id"),
        text("keyfield_name"),
        text("icon"),
        text("tagprefix"),
        flag("show_to_users"),
        list("fields"),
    ],
    filters: &[id("assetgroup_id", "assetgroup_id")],
    required: &[Required { any_of: &["name"], message: "Name is mandatory" }],
    ..Resource::PLAIN
};

/// `/AssetGroup`
pub(crate) static ASSET_GROUP: Resource = Resource {
    path: "AssetGroup",
    table: TableId::AssetGroups,
    group: Group::Assets,
    fields: &[int("id"), text("guid").fixed(), text("name"), flag("showasequip"), flag("showasitem")],
    required: &[Required {
        any_of: &["showasequip", "showasitem"],
        message: "Please pick use for this group",
    }],
    ..Resource::PLAIN
};
