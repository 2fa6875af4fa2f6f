//! Random histories: every change is told at least once, and exactly once
//! after the host dropped the ids that it knew.
//!
//! `PROPTEST_CASES` says how many; 1,000 where it is not set.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::json;

use super::desk::{Desk, Watch};

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
    /// The host polls once; tickets change between its requests. It may crash
    /// after the events are out and before the state is kept.
    Poll { crash: bool, meanwhile: Vec<i64>, slow: bool },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let tickets = || proptest::collection::vec(1..60_i64, 1..25);
    let step = prop_oneof![
        4 => (0..20_i64).prop_map(Step::Pass),
        1 => (100..400_i64).prop_map(Step::Pass),
        5 => tickets().prop_map(Step::Change),
        2 => (1..5_usize).prop_map(Step::Open),
        1 => proptest::collection::vec(1..60_i64, 1..4).prop_map(Step::Close),
        1 => (0..=5_i64).prop_map(Step::Lag),
        1 => prop_oneof![1..8_usize, Just(50), Just(100)].prop_map(Step::Cap),
        5 => (proptest::bool::weighted(0.25), proptest::collection::vec(1..60_i64, 0..4), any::<bool>())
            .prop_map(|(crash, meanwhile, slow)| Step::Poll { crash, meanwhile, slow }),
    ];
    proptest::collection::vec(step, 1..40)
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
            Step::Poll { crash, meanwhile, slow } => {
                desk.meanwhile.clone_from(meanwhile);
                desk.slow = *slow;
                watch.poll_or_crash(&mut desk, *crash);
                desk.meanwhile.clear();
                desk.slow = false;
            }
        }
    }
    // At last all comes to light.
    desk.pass(6);
    // The first may only end a window that was begun before.
    watch.drain(&mut desk);
    watch.drain(&mut desk);
    (desk, watch, before)
}

fn config() -> Config {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000);
    Config { cases, failure_persistence: None, ..Config::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_change_is_told_and_none_twice(steps in steps(), skew in -90..90_i64) {
        let (desk, watch, before) = play("ticket.updated", &steps, skew);
        for (id, changed, opened) in &desk.latest() {
            // A ticket that is only new, and one that did not change.
            if changed == opened || before.contains(&(*id, changed.clone())) {
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
}
