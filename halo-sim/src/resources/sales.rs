//! Quotations, sales orders, purchase orders (HAPI §10.9, appendix A).

use serde_json::Value;

use super::{
    Envelope, IdOnly, Required, Resource, billing,
    field::{custom_fields, date, flag, int, list, number, text},
    filter::id,
};
use crate::{auth::Group, protocol::paging::PageRule, state::TableId};

/// `/Quotation`
pub(crate) static QUOTATION: Resource = Resource {
    path: "Quotation",
    table: TableId::Quotations,
    envelope: Envelope::Keyed("quotes"),
    page: PageRule::Capped(100),
    group: Group::Quotes,
    fields: &[
        int("id"),
        text("title"),
        int("ticket_id"),
        int("status"),
        date("date"),
        date("expiry_date"),
        number("revenue").computed(|_, row| Value::from(billing::sum(row, &["net_amount"]))),
        number("tax_total").computed(|_, row| Value::from(billing::sum(row, &["tax_amount"]))),
        int("client_id"),
        text("client_name").from("client_id", TableId::Clients, "name"),
        int("site_id"),
        text("site_name").from("site_id", TableId::Sites, "name"),
        int("user_id"),
        text("user_name").from("user_id", TableId::Users, "name"),
        int("agent_id"),
        int("assigned_agent"),
        text("po_ref"),
        text("currency"),
        int("approvalstate"),
        int("salesorder_id"),
        text("note").single(),
        list("lines").on("includelines"),
        int("currency_code"),
        text("billingcontactname"),
        int("daystodeliver"),
        custom_fields(24, false),
    ],
    filters: &[
        id("client_id", "client_id"),
        id("site_id", "site_id"),
        id("user_id", "user_id"),
        id("ticket_id", "ticket_id"),
        id("quote_status", "status"),
    ],
    search: &["title", "client_name"],
    required: USER,
    ..Resource::PLAIN
};

/// In HaloPSA's words (HAPI §10.9).
const USER: &[Required] = &[Required { any_of: &["user_id"], message: "Please select a valid User" }];

/// `/SalesOrder`
pub(crate) static SALES_ORDER: Resource = Resource {
    path: "SalesOrder",
    advanced_search: true,
    id_only: IdOnly::USUAL,
    table: TableId::SalesOrders,
    envelope: Envelope::Keyed("salesorders"),
    page: PageRule::Capped(100),
    group: Group::SalesOrders,
    fields: &[
        int("id"),
        text("title"),
        int("ticket_id"),
        int("client_id"),
        text("client_name").from("client_id", TableId::Clients, "name"),
        int("site_id"),
        int("user_id"),
        text("user_name").from("user_id", TableId::Users, "name"),
        int("status"),
        int("open_status"),
        date("date"),
        date("ship_date"),
        number("total").computed(|_, row| Value::from(billing::sum(row, &["net_amount"]))),
        number("cost"),
        number("profit"),
        text("po_number"),
        int("quotation_id"),
        int("assigned_agent"),
        list("lines").single(),
        int("currency_code"),
        int("consignment_id"),
        flag("do_not_invoice"),
        int("deliverby"),
        custom_fields(13, false),
    ],
    filters: &[
        id("client_id", "client_id"),
        id("site_id", "site_id"),
        id("user_id", "user_id"),
        id("ticket_id", "ticket_id"),
    ],
    search: &["title", "client_name"],
    required: USER,
    ..Resource::PLAIN
};

/// `/PurchaseOrder`
pub(crate) static PURCHASE_ORDER: Resource = Resource {
    path: "PurchaseOrder",
    table: TableId::PurchaseOrders,
    envelope: Envelope::Keyed("purchaseorders"),
    page: PageRule::Capped(100),
    group: Group::PurchaseOrders,
    fields: &[
        int("id"),
        text("title"),
        int("ticket_id"),
        int("status"),
        date("date"),
        date("datesent"),
        int("supplier_id"),
        text("supplier_name").from("supplier_id", TableId::Suppliers, "name"),
        number("total").computed(|_, row| Value::from(billing::sum(row, &["net_amount"]))),
        text("po_ref"),
        int("goodsin_status"),
        int("approval_status"),
        int("assigned_agent"),
        int("salesorder_id"),
        date("est_delivery_date"),
        list("lines").single(),
        int("currency_code"),
        text("createdbyagentname"),
        date("date_published"),
        custom_fields(14, false),
    ],
    filters: &[
        id("supplier_id", "supplier_id"),
        id("salesorder_id", "salesorder_id"),
        id("ticket_id", "ticket_id"),
        id("po_status", "status"),
    ],
    search: &["title", "supplier_name"],
    required: &[Required { any_of: &["supplier_id"], message: "Please select a valid Supplier" }],
    ..Resource::PLAIN
};
