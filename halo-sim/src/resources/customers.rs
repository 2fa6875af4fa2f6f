//! Clients, sites and users (HAPI §10.1–10.3, appendix A).

use serde_json::Value;

use super::{
    Envelope, Hidden, IdOnly, Required, Resource, Write,
    field::{Field, custom_fields, date, flag, float_id, int, json, list, text},
    filter::{Filter, Test, by, id},
};
use crate::{
    auth::Group,
    desk,
    protocol::paging::PageRule,
    state::{Row, TableId, World},
};

/// Inactive rows are hidden unless asked for (HAPI §4).
pub(crate) const INACTIVE: Hidden =
    Hidden { flag: "inactive", shown_by: "includeinactive", only: false, without: Some("includeactive") };

/// `/Client`
pub(crate) static CLIENT: Resource = Resource {
    path: "Client",
    advanced_search: true,
    id_only: IdOnly::USUAL,
    table: TableId::Clients,
    envelope: Envelope::Keyed("clients"),
    page: PageRule::Capped(100),
    group: Group::Customers,
    fields: CLIENT_FIELDS,
    filters: CLIENT_FILTERS,
    search: &["id", "name", "ref"],
    hidden: Some(INACTIVE),
    required: &[Required { any_of: &["name"], message: "Name is mandatory" }],
    write: Write::Each(desk::customers::write_client),
    delete: Some(desk::customers::delete_client),
    ..Resource::PLAIN
};

const CLIENT_FIELDS: &[Field] = &[
    int("id"),
    text("name"),
    text("ref"),
    int("toplevel_id"),
    text("toplevel_name").from("toplevel_id", TableId::TopLevels, "name"),
    flag("inactive"),
    text("colour"),
    flag("is_vip"),
    text("notes"),
    text("website"),
    int("customertype"),
    int("accountmanagertech"),
    text("accountmanagertech_name").single().from("accountmanagertech", TableId::Agents, "name"),
    int("pritech"),
    text("pritech_name").from("pritech", TableId::Agents, "name"),
    int("sectech"),
    int("main_site_id").nullable().fixed(),
    text("main_site_name").from("main_site_id", TableId::Sites, "name"),
    text("accountsid"),
    text("trading_name"),
    text("clientcurrency"),
    text("xero_tenant_id"),
    text("itglue_id"),
    text("use").computed(|_, _| Value::from("client")),
    int("table").computed(|_, _| Value::from(2)),
    date("datecreated").single().fixed(),
    date("last_update").fixed().unseen(),
    flag("is_account"),
    int("open_ticket_count").computed(open_tickets).detail(),
    int("client_to_invoice"),
    text("customer_relationship_list"),
    flag("taxable"),
    text("xeroid"),
    custom_fields(2, false),
    list("custombuttons").fixed().single(),
    list("external_links").single(),
    // The Entra tenants of HaloPSA's own connections (schema `AreaAzureTenant`).
    list("azure_tenants").on("includeazuretenants"),
];

const CLIENT_FILTERS: &[Filter] = &[
    id("toplevel_id", "toplevel_id"),
    by("search_name_only", Test::By(|_, _, _| true)),
    by("lastupdatefromdate", Test::Since("last_update")),
    by("lastupdatetodate", Test::Until("last_update")),
];

fn open_tickets(world: &World, row: &Row) -> Value {
    let id = row.int("id");
    let open = world.table(TableId::Tickets).rows().filter(|ticket| {
        ticket.int("client_id") == id && !ticket.flag("hasbeenclosed") && !ticket.flag("deleted")
    });
    Value::from(open.count())
}

/// `/Site`
pub(crate) static SITE: Resource = Resource {
    path: "Site",
    advanced_search: true,
    id_only: IdOnly::USUAL,
    table: TableId::Sites,
    envelope: Envelope::Keyed("sites"),
    page: PageRule::Capped(100),
    group: Group::Customers,
    fields: SITE_FIELDS,
    filters: SITE_FILTERS,
    search: &["id", "name", "client_name"],
    hidden: Some(INACTIVE),
    required: &[
        Required { any_of: &["name"], message: "Name is mandatory" },
        Required { any_of: &["client_id"], message: "Please select a valid Client" },
    ],
    write: Write::Each(desk::customers::write_site),
    ..Resource::PLAIN
};

const SITE_FIELDS: &[Field] = &[
    int("id"),
    text("name"),
    float_id("client_id"),
    text("client_name").from("client_id", TableId::Clients, "name"),
    text("clientsite_name").computed(client_and_site),
    flag("inactive"),
    int("sla_id"),
    text("phonenumber"),
    text("colour"),
    text("timezone"),
    text("notes").single_or_on("includenotes"),
    flag("isstocklocation"),
    flag("isinvoicesite"),
    int("maincontact_id"),
    text("maincontact_name").single().from("maincontact_id", TableId::Users, "name"),
    text("emaildomain").single(),
    text("ref"),
    date("datecreated").single().fixed(),
    date("last_update").fixed().unseen(),
    json("delivery_address").single_or_on("includeaddress"),
    json("invoice_address").single(),
    int("stopped"),
    custom_fields(3, false),
];

const SITE_FILTERS: &[Filter] = &[
    id("client_id", "client_id"),
    by("toplevel_id", Test::By(client_in_toplevel)),
    by("stocklocation", Test::On("isstocklocation")),
    by("lastupdatefromdate", Test::Since("last_update")),
    by("lastupdatetodate", Test::Until("last_update")),
];

/// Whether the client of a row is in a customer group.
pub(crate) fn client_in_toplevel(world: &World, row: &Row, text: &str) -> bool {
    world
        .row(TableId::Clients, row.int("client_id"))
        .is_some_and(|client| text.parse() == Ok(client.int("toplevel_id")))
}

fn client_and_site(world: &World, row: &Row) -> Value {
    let client = world.text(TableId::Clients, row.int("client_id"), "name");
    Value::from(format!("{client}/{}", row.text("name")))
}

/// `/Users`
pub(crate) static USERS: Resource = Resource {
    path: "Users",
    advanced_search: true,
    id_only: IdOnly::USUAL,
    table: TableId::Users,
    envelope: Envelope::Keyed("users"),
    page: PageRule::Capped(100),
    group: Group::Customers,
    fields: USER_FIELDS,
    filters: USER_FILTERS,
    // Names, e-mail and logins, but not the directory's object id (HAPI §6.2).
    search: &["name", "emailaddress", "login"],
    hidden: Some(INACTIVE),
    required: &[
        Required { any_of: &["name", "firstname", "surname"], message: "Name is mandatory" },
        Required { any_of: &["site_id"], message: "Please select a valid Site" },
    ],
    write: Write::Each(desk::customers::write_user),
    ..Resource::PLAIN
};

const USER_FIELDS: &[Field] = &[
    int("id"),
    text("name"),
    float_id("site_id"),
    int("site_id_int").computed(|_, row| Value::from(row.int("site_id"))),
    text("site_name").from("site_id", TableId::Sites, "name"),
    int("client_id").computed(|world, row| Value::from(client_of_user(world, row))),
    text("client_name")
        .computed(|world, row| Value::from(world.text(TableId::Clients, client_of_user(world, row), "name"))),
    text("firstname"),
    text("surname"),
    text("initials"),
    text("title"),
    text("emailaddress"),
    text("phonenumber"),
    text("phonenumber_preferred").never_null().computed(|_, row| Value::from(row.text("phonenumber"))),
    text("homenumber").single(),
    text("mobilenumber").single(),
    text("login").single(),
    flag("inactive"),
    text("colour"),
    flag("isimportantcontact"),
    flag("isserviceaccount"),
    flag("neversendemails"),
    int("linked_agent_id"),
    text("azureoid"),
    text("other1").single(),
    text("other2").single(),
    text("other3").single(),
    text("other4").single(),
    text("other5"),
    text("notes").single_or_on("includenotes"),
    date("datecreated").single().fixed(),
    date("last_update").fixed().unseen(),
    flag("generaluser").fixed().unseen(),
    text("email2"),
    text("email3"),
    flag("is_prospect"),
    int("priority_id"),
    custom_fields(4, false),
];

const USER_FILTERS: &[Filter] = &[
    id("client_id", "client_id"),
    id("site_id", "site_id"),
    by(
        "toplevel_id",
        Test::By(|world, row, text| {
            world
                .row(TableId::Clients, client_of_user(world, row))
                .is_some_and(|client| text.parse() == Ok(client.int("toplevel_id")))
        }),
    ),
    by("exclude_generaluser", Test::Off("generaluser")),
    by("lastupdatefromdate", Test::Since("last_update")),
    by("lastupdatetodate", Test::Until("last_update")),
];

fn client_of_user(world: &World, row: &Row) -> i64 {
    world.row(TableId::Sites, row.int("site_id")).map_or(0, |site| site.int("client_id"))
}
