//! One or two of each small thing.

use super::random::guid;
use crate::state::{Key, Row, TableId, World};

/// Tables whose rows are an id and a name.
const NAMES: &[(TableId, &[&str])] = &[
    (TableId::TicketAreas, &["Service Desk", "Projects", "Vertrieb"]),
    (TableId::Workdays, &["Mo–Fr 8–17", "24×7"]),
    (TableId::EmailTemplates, &["Ticket eröffnet", "Ticket closed"]),
    (TableId::BudgetTypes, &["Beratung", "Umsetzung"]),
    (TableId::ApprovalProcesses, &["Änderungsbeirat"]),
    (TableId::Services, &["E-Mail", "Internet München", "Telefonie"]),
    (TableId::Releases, &["2026.1", "2026.2"]),
];

pub(super) fn plant(world: &mut World) {
    for (table, names) in NAMES {
        for (index, name) in names.iter().enumerate() {
            world.table_mut(*table).seed(Row::new().with("id", index + 1).with("name", *name));
        }
    }
    for (index, name) in (1_u64..).zip(["Neujahr", "Tag der Deutschen Einheit"]) {
        let id = guid(index, "Holiday");
        let row = Row::new().with("id", id.as_str()).with("workday_id", 1).with("allday", true);
        world.table_mut(TableId::Holidays).put(Key::Guid(id), row.with("name", name));
    }
    for (index, text) in ["vip", "Rückruf", "緊急"].iter().enumerate() {
        world.table_mut(TableId::Tags).seed(Row::new().with("id", index + 1).with("text", *text));
    }
    for (id, name, symbol, code) in [(1, "Euro", "€", "EUR"), (2, "Pound Sterling", "£", "GBP")] {
        world.table_mut(TableId::Currencies).seed(
            Row::new()
                .with("id", id)
                .with("name", name)
                .with("symbol", symbol)
                .with("code", code)
                .with("conversion_rate", 1.0),
        );
    }
    for agent in 2..=5 {
        world.table_mut(TableId::Timesheets).seed(
            Row::new()
                .with("id", agent - 1)
                .with("agent_id", agent)
                .with("date", "2026-02-27T00:00:00")
                .with("start_time", "2026-02-27T07:00:00")
                .with("end_time", "2026-02-27T16:00:00")
                .with("target_hours", 8.0)
                .with("actual_hours", 7.5)
                .with("break_hours", 1.0)
                .with("workdayid", 1),
        );
    }
}
