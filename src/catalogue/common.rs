//! Fields and filters that many resources have. As a filter each means: only
//! the ones of this client, and so on.

use super::field::Field;
use super::resource::{Need, Takes};

/// `client_id`
pub const CLIENT: Field = Field::choice("client_id", "Client", "Client that it belongs to.", "clients", &[]);
/// `site_id`
pub const SITE: Field = Field::choice("site_id", "Site", "Site of the client.", "sites", OF_CLIENT);
/// `user_id`
pub const USER: Field = Field::choice(
    "user_id",
    "User",
    "User of the client.",
    "users",
    &[("client_id", "client_id"), ("site_id", "site_id")],
);
/// `ticket_id`
pub const TICKET_NUMBER: Field =
    Field::choice("ticket_id", "Ticket", "Ticket that it belongs to.", "tickets", OF_CLIENT);
/// `assigned_agent`
pub const ASSIGNED_AGENT: Field =
    Field::choice("assigned_agent", "Agent", "The one in charge.", "agents", &[]);
/// `supplier_id`
pub const SUPPLIER: Field =
    Field::choice("supplier_id", "Supplier", "Supplier that it comes from.", "suppliers", &[]);
/// `contract_id`
pub const CONTRACT: Field =
    Field::choice("contract_id", "Contract", "Contract of the client.", "contracts", OF_CLIENT);
/// `item_id`
pub const ITEM: Field = Field::choice("item_id", "Item", "Item that it is about.", "items", &[]);
/// `sla_id`
pub const SLA: Field = Field::choice("sla_id", "SLA", "The service level agreement.", "slas", &[]);
/// `toplevel_id`
pub const TOP_LEVEL: Field =
    Field::choice("toplevel_id", "Top level", "A customer group.", "top_levels", &[]);
/// `currency_code`, which is a number
pub const CURRENCY: Field = Field::id("currency_code", "Currency", "Id of a currency.");
/// `inactive`
pub const INACTIVE: Field =
    Field::boolean("inactive", "Inactive", "Whether it is switched off. Lists hide it then.");
/// `lines` of quotations and orders
pub const LINES: Field = Field::objects(
    "lines",
    "Lines",
    "Names as in the answer of get. On update the list replaces what was there, so send every line.",
)
.such_as(r#"[{"item_id": 5, "name": "Notebook"}]"#);

/// `search`
pub const SEARCH: Field = Field::text("search", "Search", "Text to find. Some instances ignore it.");
/// `open`
pub const OPEN: Field = Field::boolean("open", "Open", "Only open ones.");
/// `closed`
pub const CLOSED: Field = Field::boolean("closed", "Closed", "Only closed ones.");
/// `includeactive`
pub const INCLUDE_ACTIVE: Field =
    Field::boolean("includeactive", "Include active", "Whether active ones are listed.");
/// `includeinactive`
pub const INCLUDE_INACTIVE: Field =
    Field::boolean("includeinactive", "Include inactive", "Whether inactive ones are listed too.");
/// `includelines`
pub const INCLUDE_LINES: Field =
    Field::boolean("includelines", "Include lines", "Whether rows carry their lines.");
/// `lastupdatefromdate`
pub const UPDATED_FROM: Field =
    Field::date_time("lastupdatefromdate", "Updated from", "Only ones changed at this time or later.");
/// `lastupdatetodate`
pub const UPDATED_TO: Field =
    Field::date_time("lastupdatetodate", "Updated to", "Only ones changed at this time or earlier.");

/// `startdate` and `enddate` of tickets, projects and opportunities are about
/// the date that `datesearch` names, and about none without it (HAPI §6.3).
pub const RANGE_NEEDS_COLUMN: Need = Need {
    takes: Takes::Filters,
    inputs: &["startdate", "enddate"],
    on: &["datesearch"],
    default: Some("dateoccurred"),
};
/// A date column without a range narrows nothing.
pub const COLUMN_NEEDS_RANGE: Need =
    Need { takes: Takes::Filters, inputs: &["datesearch"], on: &["startdate", "enddate"], default: None };
/// Both of them.
pub const DATE_RANGE: &[Need] = &[RANGE_NEEDS_COLUMN, COLUMN_NEEDS_RANGE];

const OF_CLIENT: &[(&str, &str)] = &[("client_id", "client_id")];
