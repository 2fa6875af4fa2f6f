//! Contracts, invoices, recurring invoices (HAPI §10.8, §10.11, appendix A).

use serde_json::Value;

use super::{
    Envelope, IdOnly, Identity, Required, Resource, Write,
    field::{Field, custom_fields, date, flag, int, list, number, text},
    filter::{Filter, Test, by, id, one_of},
};
use crate::{
    auth::Group,
    desk,
    protocol::paging::PageRule,
    state::{Row, TableId, World},
};

/// `/ClientContract`
pub(crate) static CLIENT_CONTRACT: Resource = Resource {
    path: "ClientContract",
    table: TableId::Contracts,
    envelope: Envelope::Keyed("contracts"),
    page: PageRule::Capped(100),
    group: Group::Contracts,
    fields: &[
        int("id"),
        text("ref"),
        text("refextra"),
        int("client_id"),
        text("client_name").from("client_id", TableId::Clients, "name"),
        int("site_id"),
        text("site_name").from("site_id", TableId::Sites, "name"),
        date("start_date"),
        date("end_date"),
        flag("started"),
        flag("expired"),
        flag("active"),
        int("status"),
        text("contract_status"),
        int("subtype"),
        int("contracttype"),
        int("billingperiod"),
        number("periodchargeamount"),
        date("next_invoice_date"),
        int("sla_id"),
        number("numberofunitsfree"),
        flag("rollingcontract").single(),
        text("note").single(),
        text("contracttype_name"),
        date("last_modified"),
        int("billingcategory"),
        int("billingdescription"),
        date("periodicinvoicenextdate"),
        custom_fields(6, false),
    ],
    filters: &[id("client_id", "client_id"), id("site_id", "site_id")],
    search: &["ref", "client_name"],
    required: &[Required { any_of: &["client_id"], message: "Please select a valid Client" }],
    ..Resource::PLAIN
};

/// `/Invoice`
pub(crate) static INVOICE: Resource = Resource {
    path: "Invoice",
    advanced_search: true,
    id_only: IdOnly::USUAL,
    table: TableId::Invoices,
    envelope: Envelope::Keyed("invoices"),
    page: PageRule::Capped(100),
    group: Group::Invoices,
    fields: INVOICE_FIELDS,
    filters: INVOICE_FILTERS,
    search: &["invoicenumber", "client_name"],
    newest_first: true,
    write: Write::Each(desk::invoices::write),
    required: &[
        Required { any_of: &["client_id"], message: "Please select a valid Client" },
        Required { any_of: &["invoice_date"], message: "Date Invoiced is mandatory" },
    ],
    ..Resource::PLAIN
};

/// `/RecurringInvoice`: the same shape, the same key.
pub(crate) static RECURRING_INVOICE: Resource = Resource {
    path: "RecurringInvoice",
    identity: Identity::Negative,
    table: TableId::RecurringInvoices,
    required: &[Required { any_of: &["client_id"], message: "Please select a valid Client" }],
    ..INVOICE_SHAPE
};

const INVOICE_SHAPE: Resource = Resource {
    envelope: Envelope::Keyed("invoices"),
    page: PageRule::Capped(100),
    group: Group::Invoices,
    fields: INVOICE_FIELDS,
    filters: INVOICE_FILTERS,
    search: &["invoicenumber", "client_name"],
    write: Write::Each(desk::invoices::write),
    ..Resource::PLAIN
};

const INVOICE_FIELDS: &[Field] = &[
    int("id"),
    text("invoicenumber"),
    text("thirdpartyinvoicenumber"),
    int("client_id"),
    text("client_name").from("client_id", TableId::Clients, "name"),
    int("sitenumber"),
    text("site_name").from("sitenumber", TableId::Sites, "name"),
    date("invoice_date"),
    date("duedate"),
    date("dateposted").fixed(),
    flag("posted"),
    number("total").computed(|_, row| Value::from(sum(row, &["net_amount", "tax_amount"]))),
    number("tax_total").computed(|_, row| Value::from(sum(row, &["tax_amount"]))),
    number("amountpaid"),
    number("amountdue").computed(amount_due),
    int("paymentstatus"),
    int("paymentterms"),
    text("currency"),
    int("contract_id"),
    int("ticket_id"),
    int("salesorder_id"),
    text("order_number"),
    flag("voided").fixed(),
    int("invoicetype"),
    date("last_modified").fixed(),
    date("period_start_date"),
    date("period_end_date"),
    date("nextcreationdate"),
    text("notes_1").single(),
    list("lines").on("includelines"),
    int("approval_status"),
    int("assigned_agent"),
    text("nextcreationperiod").single(),
    int("schedule_id").single(),
    custom_fields(17, false),
];

const INVOICE_FILTERS: &[Filter] = &[
    id("client_id", "client_id"),
    one_of("client_ids", "client_id"),
    id("site_id", "sitenumber"),
    id("ticket_id", "ticket_id"),
    id("contract_id", "contract_id"),
    id("salesorder_id", "salesorder_id"),
    one_of("paymentstatuses", "paymentstatus"),
    by("postedonly", Test::On("posted")),
    by("notpostedonly", Test::Off("posted")),
    by("invoicedatestart", Test::Since("invoice_date")),
    by("invoicedateend", Test::Until("invoice_date")),
];

fn amount_due(_: &World, row: &Row) -> Value {
    let paid = row.get("amountpaid").and_then(Value::as_f64).unwrap_or(0.0);
    Value::from(sum(row, &["net_amount", "tax_amount"]) - paid)
}

/// The sum of these columns over all lines. A line without `net_amount` counts
/// as quantity times price.
pub(crate) fn sum(row: &Row, columns: &[&str]) -> f64 {
    let number = |line: &Value, name: &str| line.get(name).and_then(Value::as_f64);
    let amount = |line: &Value, name: &str| match (name, number(line, name)) {
        (_, Some(value)) => value,
        ("net_amount", None) => {
            number(line, "qty_order").unwrap_or(1.0) * number(line, "unit_price").unwrap_or(0.0)
        }
        _ => 0.0,
    };
    let lines = row.get("lines").and_then(Value::as_array);
    lines.into_iter().flatten().flat_map(|line| columns.iter().map(move |column| amount(line, column))).sum()
}
