//! Tickets whose resolution target is near. Time makes these events, not
//! changes, so open tickets are read in the order of their targets.

use alloc::vec::Vec;

use serde_json::Value;

use super::facts::{self, Finding};
use super::poll::Poller;
use super::state::{Pass, Stage};
use crate::catalogue::triggers::EventKind;
use crate::contract::Object;
use crate::number;
use crate::protocol::date;

/// Takes in rows; whether no later row can matter.
pub fn take(poller: &mut Poller<'_, '_>, pass: &Pass, rows: Vec<Object>) -> bool {
    debug_assert_eq!(pass.stage, Stage::Targets);
    let time = |row: &Object, name: &str| row.get(name).and_then(Value::as_str).and_then(date::instant);
    let flag = |row: &Object, name: &str| row.get(name).and_then(Value::as_bool) == Some(true);
    let horizon = poller.now.saturating_add(poller.settings.lead_ms);
    // What is past was told, or was past before we began.
    let told = if pass.quiet { poller.now } else { poller.state.high.unwrap_or(poller.now) };
    // Whether HaloPSA sorts by the target is not known, so it must show.
    let sorted = rows.len() > 1 && rows.is_sorted_by_key(|row| time(row, "fixbydate"));
    let mut last = None;
    for row in rows {
        let Some(id) = row.get("id").and_then(Value::as_number).and_then(number::whole) else { continue };
        last = time(&row, "fixbydate");
        let Some(due) = last.filter(|due| (told + 1..=horizon).contains(due)) else { continue };
        if flag(&row, "onhold") || flag(&row, "hasbeenclosed") || !poller.state.meet(due, id) || pass.quiet {
            continue;
        }
        let left = (due - poller.now).div_euclid(60_000);
        let moment = date::from_instant(due);
        let finding = Finding {
            id: facts::event_id("ticket", id, EventKind::SlaBreachedSoon, &moment),
            at: Some(due.saturating_sub(poller.settings.lead_ms)),
            extra: Some(("minutes_left", left.into())),
        };
        let shown = poller.shown(&row);
        poller.give(shown, finding);
    }
    sorted && last.is_some_and(|last| last > horizon)
}
