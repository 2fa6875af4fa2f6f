//! Upserts, wherever the wire is cut.

use alloc::vec;
use core::time::Duration;

use serde_json::json;
use workflow_node_sdk::interface::Outcome;

use crate::error::Effect;
use crate::operations::world::{Fault, World, call, error, result};

#[test]
fn an_upsert_that_lost_its_answer_makes_no_second_ticket() {
    let upsert = json!({"key": "disk", "summary": "New words", "details": "text of the alert"});
    for others in [0, 1] {
        for fault in [Fault::CutBefore, Fault::CutAfter, Fault::Status(500)] {
            for at in 1..=5 {
                let mut world = World::new();
                for _ in 0..others {
                    world.add("before");
                }
                world.faults.push((at, fault));
                let first = call(&mut world, "ticket.upsert", Some(1), core::slice::from_ref(&upsert));
                if !matches!(first.outcomes.as_slice(), [Outcome::Done(_)]) {
                    world.faults.clear();
                    let again = call(&mut world, "ticket.upsert", Some(2), core::slice::from_ref(&upsert));
                    assert_eq!(result(&again)["id"], 1);
                }
                assert_eq!(world.tickets.len(), 1, "{others} {fault:?} at {at}");
            }
        }
    }
}

#[test]
fn an_upsert_of_several_tickets_names_them() {
    let mut world = World::new();
    world.add("before");
    world.add("before");
    let execution = call(&mut world, "ticket.upsert", Some(1), &[json!({"key": "disk", "status_id": 2})]);
    assert_eq!(error(&execution).code().name(), "halopsa.conflict");
    assert!(error(&execution).message().contains("1, 2"), "{}", error(&execution).message());
}

#[test]
fn an_upsert_needs_a_summary_only_for_a_new_ticket() {
    let mut world = World::new();
    let upsert = json!({"key": "disk", "status_id": 2});
    let execution = call(&mut world, "ticket.upsert", Some(1), core::slice::from_ref(&upsert));
    assert_eq!(error(&execution).field(), Some("/summary"));
    world.add("before");
    assert_eq!(result(&call(&mut world, "ticket.upsert", Some(1), &[upsert]))["id"], 1);
}

/// What was found in the field: the create was sent a second time at once, and
/// HaloPSA needed only to be 20 milliseconds slower than its gateway.
#[test]
fn an_upsert_that_is_done_late_makes_no_second_ticket() {
    let late = [20, 50, 100, 300, 1_000, 3_000, 40_000].map(Duration::from_millis);
    let faults = late
        .into_iter()
        .flat_map(|late| [Fault::Late(late), Fault::Gateway(late)])
        .chain([Fault::Slow(Duration::from_secs(33))]);
    for fault in faults {
        let mut world = World::new();
        world.faults.push((2, fault));
        let upsert = json!({"key": "disk", "summary": "Disk full"});
        let execution = call(&mut world, "ticket.upsert", Some(1), core::slice::from_ref(&upsert));
        assert!(matches!(execution.outcomes.as_slice(), [Outcome::Done(_)]), "{fault:?}: {execution:?}");
        assert_eq!(result(&execution)["id"], 1, "{fault:?}");
        world.settle();
        assert_eq!(world.tickets.len(), 1, "{fault:?}");
        world.faults.clear();
        assert_eq!(result(&call(&mut world, "ticket.upsert", None, &[upsert]))["id"], 1, "{fault:?}");
    }
}

#[test]
fn a_ticket_that_was_made_is_told_although_its_update_is_refused() {
    let mut world = World::new();
    world.faults.push((2, Fault::Late(Duration::from_secs(1))));
    // The look that finds it is followed by its update.
    world.refuses_updates = true;
    let upsert = json!({"key": "disk", "summary": "Disk full"});
    let execution = call(&mut world, "ticket.upsert", Some(1), &[upsert]);
    assert_eq!(error(&execution).effect(), Effect::Applied, "{execution:?}");
    assert_eq!(world.tickets.len(), 1);
}

#[test]
fn an_upsert_that_never_arrives_is_unknown_and_sent_once() {
    let mut world = World::new();
    world.faults.push((2, Fault::CutBefore));
    let upsert = json!({"key": "disk", "summary": "Disk full"});
    let execution = call(&mut world, "ticket.upsert", Some(1), &[upsert]);
    assert_eq!(error(&execution).effect(), Effect::Unknown);
    assert!(error(&execution).advice().is_some_and(|advice| advice.contains("finds the ticket")));
    assert_eq!(world.requests.iter().filter(|request| *request == "POST /api/Tickets").count(), 1);
}

#[test]
fn an_upsert_whose_ticket_is_not_found_again_says_so() {
    let mut world = World::new();
    world.hidden_clients = vec![12];
    for _ in 0..2 {
        let upsert = json!({"key": "disk", "summary": "Disk full"});
        let execution = call(&mut world, "ticket.upsert", None, &[upsert.clone(), upsert]);
        assert_eq!(execution.report.diagnostics[0].code, "halopsa.key-not-found-again");
    }
    assert_eq!(world.tickets.len(), 2, "one for each call, and each of them warned");
}

#[test]
fn an_upsert_that_another_call_overtook_names_the_other_ticket() {
    let mut world = World::new();
    world.faults.push((2, Fault::Race));
    let execution =
        call(&mut world, "ticket.upsert", None, &[json!({"key": "disk", "summary": "Disk full"})]);
    assert_eq!(execution.report.diagnostics[0].code, "halopsa.key-not-unique");
    assert!(
        execution.report.diagnostics[0].message.contains("Ticket 2 was made"),
        "{:?}",
        execution.report.diagnostics
    );
}

/// The advice about several tickets with a key is to merge them.
#[test]
fn merged_tickets_are_one() {
    let mut world = World::new();
    for _ in 0..3 {
        world.add("before");
    }
    world.tickets[0].merged_into = Some(3);
    world.tickets[1].merged_into = Some(1);
    let execution = call(&mut world, "ticket.upsert", None, &[json!({"key": "disk", "status_id": 2})]);
    assert_eq!(result(&execution)["id"], 3);
}

#[test]
fn an_upsert_finds_its_ticket_whatever_the_page_size() {
    for page_cap in [1, 10, 25] {
        let mut world = World::new();
        world.page_cap = page_cap;
        world.ignores_search = true;
        let upsert = json!({"key": "disk", "summary": "Disk full"});
        assert_eq!(result(&call(&mut world, "ticket.upsert", None, core::slice::from_ref(&upsert)))["id"], 1);
        for number in 0..8 {
            let id = world.add("before");
            world.tickets[id - 1].summary = alloc::format!("Ticket {number}");
        }
        assert_eq!(result(&call(&mut world, "ticket.upsert", None, &[upsert]))["id"], 1, "{page_cap}");
    }
}
