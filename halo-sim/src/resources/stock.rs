//! Items, suppliers, software licences (HAPI §10.7, §10.14, §10.15, appendix A).

use super::{
    Envelope, IdOnly, Required, Resource,
    customers::INACTIVE,
    field::{custom_fields, date, flag, int, number, text},
    filter::{Test, by, id},
};
use crate::{auth::Group, protocol::paging::PageRule, state::TableId};

/// `/Item`
pub(crate) static ITEM: Resource = Resource {
    path: "Item",
    advanced_search: true,
    table: TableId::Items,
    envelope: Envelope::Keyed("items"),
    page: PageRule::Capped(100),
    group: Group::Items,
    fields: &[
        int("id"),
        text("name"),
        int("type"),
        text("description"),
        text("supplier_part_code"),
        text("internalreference"),
        number("baseprice"),
        number("costprice"),
        number("recurringprice"),
        number("recurringcost"),
        flag("isrecurringitem"),
        // An item group in spite of its name (HAPI §10.7).
        int("assetgroup_id"),
        text("assetgroup_name").from("assetgroup_id", TableId::AssetGroups, "name"),
        int("supplier_id"),
        text("supplier_name").from("supplier_id", TableId::Suppliers, "name"),
        int("taxcode"),
        text("nominalcode"),
        text("accountsid"),
        number("quantity_in_stock"),
        int("status"),
        text("note").single(),
        custom_fields(8, false),
    ],
    filters: &[
        id("supplier_id", "supplier_id"),
        id("assetgroup_id", "assetgroup_id"),
        by("recurringonly", Test::On("isrecurringitem")),
        by("excluderecurring", Test::Off("isrecurringitem")),
    ],
    search: &["name", "description", "supplier_part_code"],
    hidden: Some(INACTIVE),
    required: &[
        Required { any_of: &["name"], message: "Name is mandatory" },
        Required { any_of: &["assetgroup_id"], message: "Item group must be completed" },
    ],
    ..Resource::PLAIN
};

/// `/Supplier`
pub(crate) static SUPPLIER: Resource = Resource {
    path: "Supplier",
    id_only: IdOnly::USUAL,
    table: TableId::Suppliers,
    envelope: Envelope::Keyed("suppliers"),
    page: PageRule::Capped(100),
    group: Group::Suppliers,
    fields: &[
        int("id"),
        text("name"),
        int("toplevel_id"),
        text("contact_name"),
        text("email_address"),
        text("phone_number"),
        flag("inactive"),
        text("address"),
        text("portal_url"),
        text("accounts_id"),
        date("datecreated").fixed(),
        text("notes").single(),
        custom_fields(9, false),
    ],
    filters: &[id("toplevel_id", "toplevel_id")],
    search: &["name", "contact_name"],
    hidden: Some(INACTIVE),
    required: &[Required { any_of: &["name"], message: "Name is mandatory" }],
    ..Resource::PLAIN
};

/// `/SoftwareLicence`
pub(crate) static SOFTWARE_LICENCE: Resource = Resource {
    path: "SoftwareLicence",
    table: TableId::SoftwareLicences,
    envelope: Envelope::Keyed("licences"),
    page: PageRule::Capped(100),
    group: Group::SoftwareLicensing,
    fields: &[
        int("id"),
        int("type"),
        text("name"),
        int("count"),
        int("client_id"),
        text("client_name").from("client_id", TableId::Clients, "name"),
        int("site_id"),
        text("manufacturer"),
        text("vendor"),
        int("supplier_id"),
        number("purchase_price"),
        number("price"),
        number("monthly_price"),
        date("start_date"),
        date("end_date"),
        int("licences_in_use"),
        int("licences_available"),
        text("tenant_id"),
        text("billing_cycle"),
        text("term_duration"),
        text("status"),
        flag("autorenew"),
        flag("is_active"),
        text("product_sku"),
        text("notes").single(),
    ],
    filters: &[id("client_id", "client_id"), id("site_id", "site_id"), id("licence_type", "type")],
    search: &["name", "vendor"],
    ..Resource::PLAIN
};
