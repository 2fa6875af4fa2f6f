//! Upserts, wherever the wire is cut.

use serde_json::json;

use crate::contract::Outcome;
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
    assert_eq!(error(&execution).get_code().name(), "halopsa.conflict");
    assert!(error(&execution).get_message().contains("1, 2"), "{}", error(&execution).get_message());
}

#[test]
fn an_upsert_needs_a_summary_only_for_a_new_ticket() {
    let mut world = World::new();
    let upsert = json!({"key": "disk", "status_id": 2});
    let execution = call(&mut world, "ticket.upsert", Some(1), core::slice::from_ref(&upsert));
    assert_eq!(error(&execution).get_field(), Some("/summary"));
    world.add("before");
    assert_eq!(result(&call(&mut world, "ticket.upsert", Some(1), &[upsert]))["id"], 1);
}
