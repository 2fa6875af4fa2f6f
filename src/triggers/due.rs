//! Tickets whose resolution target is near. Time makes these events, not
//! changes, so open tickets are read in the order of their targets.

use alloc::vec::Vec;

use workflow_node_sdk::interface::Object;

use super::facts::{self, Finding};
use super::poll::Poller;
use super::state::{Pass, Stage};
use crate::catalogue::triggers::EventKind;
use crate::protocol::date;

/// Takes in rows; whether no later row can matter.
pub fn take(poller: &mut Poller<'_, '_>, pass: &Pass, rows: Vec<Object>) -> bool {
    debug_assert_eq!(pass.stage, Stage::Targets);
    let horizon = poller.now.saturating_add(poller.settings.lead_ms);
    // What is past was reported, or was past before we began. The host's clock
    // may have been ahead at the last poll.
    let past = if pass.quiet { poller.now } else { poller.state.high.unwrap_or(poller.now).min(poller.now) };
    // Whether HaloPSA sorts by the target is not known, so it must show.
    let sorted = rows.len() > 1 && rows.is_sorted_by_key(|row| facts::time(row, "fixbydate"));
    let mut last = None;
    for row in rows {
        last = facts::time(&row, "fixbydate");
        let Some(id) = facts::whole(row.get("id")) else { continue };
        let Some(due) = last.filter(|due| *due > past && *due <= horizon) else { continue };
        if !has_target(&row) || !poller.state.meet(due, id) || pass.quiet {
            continue;
        }
        let left = due.saturating_sub(poller.now).div_euclid(60_000);
        let moment = date::from_instant(due);
        let finding = Finding {
            id: facts::event_id("ticket", id, EventKind::SlaBreachedSoon, &moment),
            at: Some(due.saturating_sub(poller.settings.lead_ms)),
            extra: Some(("minutes_left", left.into())),
        };
        let shown = poller.shown(&row);
        poller.give_record(&row, shown, finding);
    }
    sorted && last.is_some_and(|last| last > horizon)
}

/// Whether the target of a ticket counts. HaloPSA leaves out what is not set.
fn has_target(row: &Object) -> bool {
    let is_off = ["onhold", "excludefromsla", "deleted"].iter().any(|name| facts::flag(row, name));
    !is_off && facts::closed(row).is_none() && !facts::is_put_away(row)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    #[test]
    fn only_targets_that_somebody_has_to_meet_count() {
        let has_target = |changes: Value| {
            let mut row = json!({"id": 1, "status_id": 2, "fixbydate": "2026-03-01T10:00:00"});
            for (name, value) in changes.as_object().unwrap() {
                row[name] = value.clone();
            }
            super::has_target(row.as_object().unwrap())
        };
        for open in [
            json!({}),
            json!({"excludefromsla": false, "onhold": false, "inactive": false, "deleted": false, "merged_into_id": 0}),
            json!({"excludefromsla": null, "onhold": null, "merged_into_id": null, "hasbeenclosed": null}),
            json!({"hasbeenclosed": false, "dateclosed": "1900-01-01T00:00:00"}),
            // Reopened.
            json!({"hasbeenclosed": true, "dateclosed": "1900-01-01T00:00:00"}),
        ] {
            assert!(has_target(open.clone()), "{open}");
        }
        for off in [
            json!({"excludefromsla": true}),
            json!({"excludefromsla": "true"}),
            json!({"onhold": true}),
            json!({"onhold": 1}),
            json!({"inactive": true}),
            json!({"deleted": true}),
            json!({"merged_into_id": 17}),
            json!({"hasbeenclosed": true}),
            json!({"dateclosed": "2026-03-01T09:00:00"}),
            json!({"date_fully_closed": "2026-03-01T09:00:00"}),
            json!({"status_id": 9}),
            json!({"status_id": 9, "dateclosed": "1900-01-01T00:00:00"}),
        ] {
            assert!(!has_target(off.clone()), "{off}");
        }
    }
}
