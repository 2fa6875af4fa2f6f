//! Random histories: every change is told at least once, and exactly once
//! after the host dropped the ids that it knew.
//!
//! `PROPTEST_CASES` says how many; 250 of each law where it is not set.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::json;

use super::desk::{Desk, Watch};
use crate::protocol::date;

/// What happens next.
#[derive(Debug, Clone)]
enum Step {
    /// So many seconds pass.
    Pass(i64),
    /// Tickets change in the same second.
    Change(Vec<i64>),
    /// Tickets are opened.
    Open(usize),
    /// Tickets are closed.
    Close(Vec<i64>),
    /// Changes take so many seconds to come to light from now on.
    Lag(i64),
    /// Pages hold so many rows from now on.
    Cap(usize),
    /// HaloPSA's clock is put forward or back: so many seconds ahead from now on.
    Clock(i64),
    /// A ticket changes, and shows this in place of the time of its change.
    Date(i64, &'static str),
    /// The host polls once; tickets change between its requests. It may crash
    /// after the events are out and before the state is kept.
    Poll { crash: bool, meanwhile: Vec<i64>, slow: bool },
}

/// By how much HaloPSA's clock may be wrong. An hour back is what windows reach.
const CLOCKS: &[i64] =
    &[0, 0, 1, 7, 60, 119, 121, 600, 3_600, 86_400, 1_500_000_000, -1, -7, -60, -600, -3_600];

/// What rows may show in place of the time of their change.
const DATES: &[&str] = &[
    "2099-01-01T00:00:00",
    "2031-07-01T12:00:00",
    "9999-12-31T23:59:59",
    "1899-12-30T00:00:00",
    "1900-01-01T00:00:00",
    "1789-07-14T00:00:00",
    "soon",
    "",
];

/// Steps of a desk whose clock, and whose rows, may say anything.
fn odd_steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => step(),
        1 => proptest::sample::select(CLOCKS).prop_map(Step::Clock),
        1 => (1..60_i64, proptest::sample::select(DATES)).prop_map(|(id, date)| Step::Date(id, date)),
    ];
    proptest::collection::vec(step, 1..40)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(step(), 1..40)
}

fn step() -> impl Strategy<Value = Step> {
    let tickets = || proptest::collection::vec(1..60_i64, 1..25);
    prop_oneof![
        4 => (0..20_i64).prop_map(Step::Pass),
        1 => (100..400_i64).prop_map(Step::Pass),
        5 => tickets().prop_map(Step::Change),
        2 => (1..5_usize).prop_map(Step::Open),
        1 => proptest::collection::vec(1..60_i64, 1..4).prop_map(Step::Close),
        1 => (0..=5_i64).prop_map(Step::Lag),
        1 => prop_oneof![1..8_usize, Just(50), Just(100)].prop_map(Step::Cap),
        5 => (proptest::bool::weighted(0.25), proptest::collection::vec(1..60_i64, 0..4), any::<bool>())
            .prop_map(|(crash, meanwhile, slow)| Step::Poll { crash, meanwhile, slow }),
    ]
}

fn play(trigger: &'static str, steps: &[Step], skew: i64) -> (Desk, Watch, BTreeSet<(i64, String)>) {
    let mut desk = Desk::with_tickets(50);
    let mut watch = Watch::new(trigger, json!({"max_records": 100}));
    watch.skew = skew;
    watch.drain(&mut desk);
    let before: BTreeSet<(i64, String)> =
        desk.latest().into_iter().map(|(id, changed, _)| (id, changed)).collect();
    for step in steps {
        match step {
            Step::Pass(seconds) => desk.pass(*seconds),
            Step::Change(tickets) => tickets.iter().for_each(|id| desk.change(*id)),
            Step::Open(count) => (0..*count).for_each(|_| {
                desk.open();
            }),
            Step::Close(tickets) => tickets.iter().for_each(|id| desk.close(*id)),
            Step::Lag(seconds) => {
                // What came to light cannot be hidden again by later changes.
                desk.pass(5);
                desk.lag = *seconds;
            }
            Step::Cap(rows) => desk.cap = *rows,
            Step::Clock(ahead) => desk.ahead = *ahead,
            Step::Date(id, date) => desk.show(*id, "last_update", json!(date)),
            Step::Poll { crash, meanwhile, slow } => {
                desk.meanwhile.clone_from(meanwhile);
                desk.slow = *slow;
                watch.poll_or_crash(&mut desk, *crash);
                desk.meanwhile.clear();
                desk.slow = false;
            }
        }
    }
    // At last all comes to light. The first poll may only end a window that was
    // begun before; a quarter of an hour later one reaches back far.
    for seconds in [6, 1, 900, 1] {
        desk.pass(seconds);
        watch.drain(&mut desk);
    }
    (desk, watch, before)
}

/// Whether a ticket that shows these times is only new: nothing was done in the
/// model that left an action.
fn is_only_new(changed: &str, opened: &str) -> bool {
    matches!((date::instant(changed), date::instant(opened)), (Some(changed), Some(opened))
        if changed.abs_diff(opened) <= 10_000)
}

fn config() -> Config {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(250);
    Config { cases, failure_persistence: None, ..Config::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_change_is_told_and_none_twice(steps in steps(), skew in -90..90_i64) {
        let (desk, watch, before) = play("ticket.updated", &steps, skew);
        for (id, changed, opened) in &desk.latest() {
            // A ticket that is only new, and one that did not change.
            if is_only_new(changed, opened) || before.contains(&(*id, changed.clone())) {
                continue;
            }
            let event = format!("ticket/{id}/updated/{changed}");
            prop_assert!(watch.passed.contains(&event), "{event} was lost; told: {:?}", watch.told);
        }
        let distinct: BTreeSet<&String> = watch.passed.iter().collect();
        prop_assert_eq!(distinct.len(), watch.passed.len());
        // Without a crash the host has nothing to drop.
        if !steps.iter().any(|step| matches!(step, Step::Poll { crash: true, .. })) {
            prop_assert_eq!(&watch.told, &watch.passed);
        }
    }

    #[test]
    fn every_new_ticket_is_told_and_none_twice(steps in steps(), skew in -90..90_i64) {
        let (desk, watch, _) = play("ticket.created", &steps, skew);
        let told: BTreeSet<String> = watch.passed.iter().cloned().collect();
        let new: BTreeSet<String> =
            desk.latest().iter().filter(|(id, ..)| *id > 50).map(|(id, ..)| format!("ticket/{id}/created")).collect();
        prop_assert_eq!(&told, &new);
        prop_assert_eq!(told.len(), watch.passed.len());
        if !steps.iter().any(|step| matches!(step, Step::Poll { crash: true, .. })) {
            prop_assert_eq!(&watch.told, &watch.passed);
        }
    }

    /// HaloPSA's clock, and the times of single rows, silence nothing.
    #[test]
    fn every_change_is_reported_whatever_time_it_shows(steps in odd_steps(), skew in -90..90_i64) {
        let (desk, watch, before) = play("ticket.updated", &steps, skew);
        for (id, changed, opened) in &desk.latest() {
            if is_only_new(changed, opened) || before.contains(&(*id, changed.clone())) {
                continue;
            }
            // Where the time of the change is none, the record is.
            let event = match date::instant(changed) {
                Some(changed) => format!("ticket/{id}/updated/{}", date::from_instant(changed)),
                None => format!("ticket/{id}/updated/"),
            };
            let is_in = watch.passed.iter().any(|known| known.starts_with(&event));
            // New, and never seen with another time.
            let is_new = *id > 50 && date::instant(changed).is_none();
            prop_assert!(is_in || is_new, "{event} was lost; reported: {:?}", watch.told);
        }
        if !steps.iter().any(|step| matches!(step, Step::Poll { crash: true, .. })) {
            prop_assert_eq!(&watch.told, &watch.passed);
        }
    }

    #[test]
    fn every_new_ticket_is_reported_whatever_time_it_shows(steps in odd_steps(), skew in -90..90_i64) {
        let (desk, watch, _) = play("ticket.created", &steps, skew);
        let told: BTreeSet<String> = watch.passed.iter().cloned().collect();
        let new: BTreeSet<String> =
            desk.latest().iter().filter(|(id, ..)| *id > 50).map(|(id, ..)| format!("ticket/{id}/created")).collect();
        prop_assert_eq!(&told, &new);
        if !steps.iter().any(|step| matches!(step, Step::Poll { crash: true, .. })) {
            prop_assert_eq!(&watch.told, &watch.passed);
        }
    }

    #[test]
    fn every_closing_is_reported_whatever_time_it_shows(steps in odd_steps(), skew in -90..90_i64) {
        let (_, watch, _) = play("ticket.closed", &steps, skew);
        let closed: BTreeSet<i64> = steps
            .iter()
            .filter_map(|step| if let Step::Close(ids) = step { Some(ids) } else { None })
            .flatten()
            .copied()
            .filter(|id| *id <= 50)
            .collect();
        for id in closed {
            let event = format!("ticket/{id}/closed/");
            prop_assert!(watch.passed.iter().any(|known| known.starts_with(&event)), "{event}: {:?}", watch.told);
        }
    }
}
