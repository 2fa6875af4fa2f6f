//! The own organisation and its top levels (HAPI §10.5, §10.20, appendix A).

use serde_json::{Value, json};

use super::{
    Envelope, Resource, Write,
    field::{date, flag, int, text},
    filter::{Test, by},
};
use crate::{
    auth::Group,
    protocol::{Query, paging::PageRule},
    state::{TableId, World},
};

/// `/Organisation`: read only here.
pub(crate) static ORGANISATION: Resource = Resource {
    path: "Organisation",
    table: TableId::Organisations,
    fields: &[
        int("id"),
        text("name"),
        text("phone"),
        text("email"),
        text("website"),
        text("portalurl"),
        int("linked_client_id").single(),
    ],
    write: Write::Never,
    ..Resource::PLAIN
};

/// `/AreaAzureTenant`: the Entra tenants of all clients, each with its client.
pub(crate) fn azure_tenants(world: &World, query: &Query) -> Vec<Value> {
    let mut found = Vec::new();
    for client in world.table(TableId::Clients).rows() {
        let id = client.int("id");
        if query.int("client_id").is_some_and(|wanted| wanted != id) {
            continue;
        }
        for tenant in client.get("azure_tenants").and_then(Value::as_array).into_iter().flatten() {
            let known = tenant.get("azure_tenant_id").and_then(Value::as_str).unwrap_or_default();
            if query.get("azure_tenant_id").is_some_and(|wanted| !wanted.eq_ignore_ascii_case(known)) {
                continue;
            }
            found.push(json!({
                "id": found.len() + 1,
                "client_id": id,
                "client_name": client.text("name"),
                "azure_tenant_id": known,
                "azure_tenant_domain": tenant.get("azure_tenant_domain"),
                "azure_tenant_name": client.text("name"),
                "details_id": 1,
                "details_name": "Entra",
                "licence_import_type": 0,
                "relationship_type": 0,
                "token_expiry": "2027-01-01T00:00:00",
            }));
        }
    }
    found
}

/// `/Audit`: what was changed on tickets.
pub(crate) static AUDIT: Resource = Resource {
    path: "Audit",
    table: TableId::Audits,
    envelope: Envelope::Keyed("audit"),
    group: Group::Admin,
    fields: &[
        int("id"),
        int("ticket_id"),
        int("agent_id"),
        int("user_id"),
        text("username"),
        date("date"),
        text("table_name"),
        text("value"),
        text("from"),
        text("to"),
        int("clientid"),
    ],
    write: Write::Never,
    ..Resource::PLAIN
};

/// `/TopLevel`: customer groups and departments; the key is `tree` (HAPI §5.1).
pub(crate) static TOP_LEVEL: Resource = Resource {
    path: "TopLevel",
    table: TableId::TopLevels,
    envelope: Envelope::Keyed("tree"),
    page: PageRule::Capped(100),
    fields: &[
        int("id"),
        text("guid").fixed(),
        text("name"),
        int("parentid").nullable(),
        text("notes"),
        flag("agent_department"),
        int("organisation_id"),
        text("organisation_name").from("organisation_id", TableId::Organisations, "name"),
        text("long_name"),
        int("type"),
    ],
    filters: &[by("agent_departments_only", Test::On("agent_department"))],
    search: &["name", "long_name"],
    write: Write::Never,
    ..Resource::PLAIN
};
