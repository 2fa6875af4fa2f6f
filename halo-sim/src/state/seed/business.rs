//! Assets, stock, contracts, papers, articles of a seed: a few of each.

use serde_json::{Value, json};

use super::random::Random;
use crate::{
    desk::invoices::number,
    state::{Row, TableId, World},
};

pub(super) fn plant(world: &mut World, random: &mut Random) {
    suppliers(world);
    assets(world, random);
    items(world);
    let clients: Vec<i64> = world.table(TableId::Clients).rows().map(|row| row.int("id")).collect();
    for client in clients.into_iter().filter(|client| *client > 1).take(12) {
        papers(world, client);
    }
    knowledge(world);
    audits(world);
}

fn suppliers(world: &mut World) {
    for (id, name) in [(1, "Großhandel Krüger"), (2, "Nippon Parts 株式会社"), (3, "Cloud & Söhne")] {
        world.table_mut(TableId::Suppliers).seed(
            Row::new()
                .with("id", id)
                .with("name", name)
                .with("toplevel_id", 1)
                .with("email_address", format!("bestellung{id}@supplier.example")),
        );
    }
}

fn assets(world: &mut World, random: &mut Random) {
    for (id, name, item) in [(1, "Computer", false), (2, "Netzwerk", false), (3, "Dienstleistungen", true)] {
        world.table_mut(TableId::AssetGroups).seed(
            Row::new().with("id", id).with("name", name).with("showasequip", !item).with("showasitem", item),
        );
    }
    let kinds =
        [(1, "Laptop", 1, "NB"), (2, "Server", 1, "SRV"), (3, "Switch", 2, "SW"), (4, "Drucker", 1, "HP")];
    for (id, name, group, prefix) in kinds {
        world.table_mut(TableId::AssetTypes).seed(
            Row::new()
                .with("id", id)
                .with("name", name)
                .with("assetgroup_id", group)
                .with("keyfield_name", "Hostname")
                // Ids in here come as 51.0 (HAPI §4).
                .with("fields", json!([{
                    "field_id": 1.0, "field_name": "Hostname", "typeinfo_id": (110 + id) as f64, "sequence": 1,
                }]))
                .with("tagprefix", prefix),
        );
    }
    let sites: Vec<(i64, i64)> =
        world.table(TableId::Sites).rows().map(|site| (site.int("id"), site.int("client_id"))).collect();
    for id in 1..=130_i64 {
        let (kind, _, _, prefix) = random.pick(&kinds);
        let (site, client) = random.pick(&sites);
        world.table_mut(TableId::Assets).seed(
            Row::new()
                .with("id", id)
                .with("inventory_number", format!("{prefix}-{id:04}"))
                .with("key_field", format!("{}-{id:03}", prefix.to_lowercase()))
                .with("assettype_id", kind)
                .with("client_id", client)
                .with("site_id", site)
                .with("status_id", 1 + id % 2)
                .with("inactive", id % 40 == 0)
                .with("supplier_id", 1 + id % 3)
                .with("warranty_end", format!("2027-{:02}-01T00:00:00", 1 + id % 12))
                .with("fields", json!([{ "id": 1, "name": "Hostname", "value": format!("host{id}") }]))
                .with("last_update", "2025-08-01T09:00:00"),
        );
    }
}

fn items(world: &mut World) {
    for (id, name, price, recurring) in [
        (1, "Arbeitsstunde", 110.0, false),
        (2, "Managed Workstation", 39.5, true),
        (3, "Dockingstation", 189.0, false),
        (4, "Backup je 100 GB", 12.0, true),
    ] {
        world.table_mut(TableId::Items).seed(
            Row::new()
                .with("id", id)
                .with("name", name)
                .with("baseprice", price)
                .with("costprice", price * 0.6)
                .with("isrecurringitem", recurring)
                .with("recurringprice", if recurring { price } else { 0.0 })
                .with("assetgroup_id", 3)
                .with("supplier_id", 1 + id % 3)
                .with("quantity_in_stock", 10.0),
        );
    }
}

fn papers(world: &mut World, client: i64) {
    let id = client - 1;
    let (site, user) = {
        let mut sites = world.table(TableId::Sites).rows();
        let site = sites.find(|site| site.int("client_id") == client).map_or(0, |site| site.int("id"));
        let mut users = world.table(TableId::Users).rows();
        let user = users.find(|user| user.int("site_id") == site).map_or(0, |user| user.int("id"));
        (site, user)
    };
    let lines = vec![
        json!({ "id": 1, "item_code": "WS", "item_shortdescription": "Managed Workstation", "qty_order": 10.0,
          "unit_price": 39.5, "net_amount": 395.0, "tax_rate": 19.0, "tax_amount": 75.05 }),
        json!({ "id": 2, "item_code": "H", "item_shortdescription": "Arbeitsstunde", "qty_order": 2.0,
          "unit_price": 110.0, "net_amount": 220.0, "tax_rate": 19.0, "tax_amount": 41.8 }),
    ];
    let month = 1 + id % 12;
    let base = || Row::new().with("id", id).with("client_id", client);
    world.table_mut(TableId::Contracts).seed(
        base()
            .with("ref", format!("V-{id:04}"))
            .with("site_id", site)
            .with("start_date", "2025-01-01T00:00:00")
            .with("end_date", "2027-12-31T00:00:00")
            .with("started", true)
            .with("active", true)
            .with("contract_status", "Active")
            .with("periodchargeamount", 395.0)
            .with("sla_id", 1 + id % 2),
    );
    for table in [TableId::Invoices, TableId::RecurringInvoices] {
        let invoice = if table == TableId::RecurringInvoices { -id } else { id };
        let mut own = lines.clone();
        number(invoice, &mut own);
        world.table_mut(table).seed(
            base()
                .with("id", invoice)
                .with("invoicenumber", format!("R2026-{id:04}"))
                .with("sitenumber", site)
                .with("invoice_date", format!("2026-{month:02}-01T00:00:00"))
                .with("duedate", format!("2026-{month:02}-15T00:00:00"))
                .with("posted", id % 2 == 0)
                .with("currency", "EUR")
                .with("contract_id", id)
                .with("nextcreationdate", format!("2026-{month:02}-28T00:00:00"))
                .with("lines", own),
        );
    }
    let lines = Value::from(lines);
    for table in [TableId::Quotations, TableId::SalesOrders] {
        world.table_mut(table).seed(
            base()
                .with("title", format!("Arbeitsplätze {id}"))
                .with("site_id", site)
                .with("user_id", user)
                .with("status", 1)
                .with("date", format!("2026-{month:02}-03T00:00:00"))
                .with("lines", lines.clone()),
        );
    }
    world.table_mut(TableId::PurchaseOrders).seed(
        Row::new()
            .with("id", id)
            .with("title", format!("Bestellung {id}"))
            .with("supplier_id", 1 + id % 3)
            .with("date", format!("2026-{month:02}-04T00:00:00"))
            .with("salesorder_id", id)
            .with("lines", lines),
    );
    world.table_mut(TableId::SoftwareLicences).seed(
        base()
            .with("name", "Office Suite Business")
            .with("vendor", "Example Software")
            .with("count", 25)
            .with("licences_in_use", 20 + id % 5)
            .with("licences_available", 5 - id % 5)
            .with("monthly_price", 11.7)
            .with("is_active", true),
    );
    world.table_mut(TableId::CrmNotes).seed(
        base()
            .with("note", "Jahresgespräch geführt, zufrieden 🙂")
            .with("datetime", format!("2026-{month:02}-10T13:00:00"))
            .with("who_agentid", 2),
    );
    world.table_mut(TableId::Appointments).seed(
        base()
            .with("subject", "Vor-Ort-Termin")
            .with("site_id", site)
            .with("agent_id", 2 + id % 8)
            .with("start_date", format!("2026-{month:02}-12T09:00:00"))
            .with("end_date", format!("2026-{month:02}-12T11:00:00")),
    );
    world.table_mut(TableId::TimesheetEvents).seed(
        base()
            .with("subject", "Ticketarbeit")
            .with("agent_id", 2 + id % 8)
            .with("ticket_id", id)
            .with("start_date", format!("2026-{month:02}-12T13:00:00"))
            .with("end_date", format!("2026-{month:02}-12T13:30:00"))
            .with("timetaken", 0.5),
    );
}

fn audits(world: &mut World) {
    for (id, value, from, to) in [(1, "status_id", "1", "2"), (2, "agent_id", "1", "3")] {
        world.table_mut(TableId::Audits).seed(
            Row::new()
                .with("id", id)
                .with("ticket_id", 17)
                .with("agent_id", 3)
                .with("username", "Jürgen Weiß")
                .with("date", "2025-09-05T10:00:00")
                .with("table_name", "Faults")
                .with("value", value)
                .with("from", from)
                .with("to", to),
        );
    }
}

fn knowledge(world: &mut World) {
    for (id, name, resolution) in [
        (1, "VPN einrichten", "Client installieren, Profil laden, verbinden."),
        (2, "Mailbox full – what now?", "Archive mails older than one year."),
        (3, "プリンターの設定", "設定画面からプリンターを追加します。"),
    ] {
        world.table_mut(TableId::Articles).seed(
            Row::new()
                .with("id", id)
                .with("name", name)
                .with("description", name)
                .with("resolution", resolution)
                .with("date_created", "2025-03-01T10:00:00")
                .with("date_edited", "2025-03-01T10:00:00"),
        );
        world
            .table_mut(TableId::CannedTexts)
            .seed(Row::new().with("id", id).with("name", name).with("text", resolution));
    }
    world.table_mut(TableId::Reports).seed(
        Row::new()
            .with("id", 1)
            .with("name", "Open tickets by client")
            .with("sql", "select 1")
            .with("mainentity", "Tickets")
            .with("charttype", 1),
    );
}
