//! Priorities of an SLA and the target dates that follow from them (HAPI §7.5).

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{
    protocol::dates,
    state::{Row, TableId, World},
};

/// The priority with this number in this SLA.
pub(crate) fn find(world: &World, sla: i64, number: i64) -> Option<&Row> {
    let mut rows = world.table(TableId::Priorities).rows();
    rows.find(|row| row.int("slaid") == sla && row.int("priorityid") == number)
}

/// The priority that counts: the asked one where the SLA has it, else the
/// default (HAPI §7.3: another one is ignored).
pub(crate) fn resolve(world: &World, sla: i64, asked: i64, default: i64) -> i64 {
    let fits = |number: &i64| find(world, sla, *number).is_some();
    [asked, default]
        .into_iter()
        .find(fits)
        .or_else(|| {
            let rows = world.table(TableId::Priorities).rows();
            rows.filter(|row| row.int("slaid") == sla).map(|row| row.int("priorityid")).max()
        })
        .unwrap_or(0)
}

/// Sets `respondbydate` and `fixbydate`. Hours run around the clock [assumed].
pub(crate) fn set_targets(world: &World, ticket: &mut Row) {
    let Some(priority) = find(world, ticket.int("sla_id"), ticket.int("priority_id")) else {
        return;
    };
    let opened = format!("{}Z", ticket.text("dateoccurred"));
    let Ok(opened) = opened.parse::<Timestamp>() else {
        return;
    };
    for (field, column) in [("respondbydate", "responsetime"), ("fixbydate", "fixtime")] {
        let hours = priority.get(column).and_then(Value::as_f64).unwrap_or(0.0);
        let target = opened.saturating_add(SignedDuration::from_secs((hours * 3600.0) as i64));
        if let Ok(target) = target {
            ticket.set(field, dates::wire(target));
        }
    }
}
