//! What becomes of alerts, wherever the wire is cut.

use alloc::vec;

use serde_json::{Value, json};

use crate::contract::{Execution, Outcome};
use crate::error::{Effect, Retry};
use crate::operations::world::{Fault, World, call, error, result};

fn alert() -> Value {
    json!({"key": "disk", "summary": "Disk full", "details": "text of the alert"})
}

fn append(world: &mut World, attempt: Option<u32>) -> Execution {
    call(world, "ticket.find_or_append", attempt, &[alert()])
}

#[test]
fn an_open_ticket_costs_two_requests_and_a_new_one_three() {
    let mut world = World::new();
    let created = append(&mut world, Some(1));
    assert_eq!(result(&created)["done"], "created");
    assert_eq!(world.requests, ["GET /api/Tickets", "POST /api/Tickets", "GET /api/Tickets"]);
    let appended = call(&mut world, "ticket.find_or_append", None, &[alert()]);
    let appended = result(&appended);
    assert_eq!(
        (&appended["done"], &appended["ticket_id"], &appended["note_id"]),
        (&json!("appended"), &json!(1), &json!(2))
    );
    assert_eq!(appended["link"], "https://x.halopsa.com/ticket?id=1");
    assert_eq!(appended["ticket"]["client_id"], 12);
    assert_eq!(world.requests, ["GET /api/Tickets", "POST /api/Actions"]);
    assert_eq!(world.homes("text of the alert"), [1, 1]);
}

#[test]
fn items_of_one_call_search_once_for_each_key() {
    let mut world = World::new();
    let other = json!({"key": "cpu", "summary": "CPU hot", "details": "text of another one"});
    let execution =
        call(&mut world, "ticket.find_or_append", Some(1), &[alert(), other.clone(), alert(), other]);
    let done: Vec<&Value> = execution
        .outcomes
        .iter()
        .map(|outcome| match outcome {
            Outcome::Done(items) => &items[0].json["done"],
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(done, ["created", "created", "appended", "appended"]);
    assert_eq!(world.requests.len(), 3 + 3 + 1 + 1);
    assert_eq!((world.open(), world.homes("text of the alert").len()), (2, 2));
}

#[test]
fn closed_deleted_and_old_tickets_do_not_count() {
    let late = |world: &mut World| world.tickets[0].opened = "2026-02-01T00:00:00".to_string();
    for spoil in [
        |world: &mut World| world.tickets[0].open = false,
        |world: &mut World| world.tickets[0].deleted = true,
        late,
    ] {
        let mut world = World::new();
        world.add("before");
        spoil(&mut world);
        let mut alert = alert();
        alert["window_hours"] = json!(24);
        let execution = call(&mut world, "ticket.find_or_append", Some(1), &[alert]);
        assert_eq!(result(&execution)["done"], "created");
        assert_eq!(world.homes("text of the alert"), [2]);
    }
    let mut world = World::new();
    world.add("before");
    late(&mut world);
    assert_eq!(result(&append(&mut world, Some(1)))["done"], "appended", "without a window any age counts");
}

/// Whatever breaks, and wherever: after one repetition the alert is in one
/// place, and so is that of the other call.
#[test]
fn a_wire_cut_anywhere_loses_and_doubles_nothing() {
    // What is there before, and at which request another call comes between.
    for (others, race) in [(0, None), (1, None), (2, None), (0, Some(2)), (0, Some(1))] {
        for fault in
            [Fault::CutBefore, Fault::CutAfter, Fault::Status(429), Fault::Status(500), Fault::Status(503)]
        {
            for at in 1..=9 {
                for is_forgotten in [false, true] {
                    let mut world = World::new();
                    for _ in 0..others {
                        world.add("before");
                    }
                    world.faults.extend(race.map(|at| (at, Fault::Race)));
                    if race == Some(at) {
                        continue;
                    }
                    world.faults.push((at, fault));
                    let first = append(&mut world, Some(1));
                    let is_done = matches!(first.outcomes.as_slice(), [Outcome::Done(_)]);
                    if !is_done && matches!(first.outcomes.as_slice(), [Outcome::Failed(_)]) {
                        let failure = error(&first);
                        assert_ne!(failure.get_retry(), Retry::Never, "{fault:?} at {at}: {failure:?}");
                    }
                    // A host may forget that a call went well, too.
                    if !is_done || is_forgotten {
                        world.faults.clear();
                        append(&mut world, Some(2));
                    }
                    let case = alloc::format!("{others} {race:?} {fault:?} at {at}, {is_forgotten}");
                    assert_eq!(world.homes("text of the alert").len(), 1, "{case}: {:#?}", world.tickets);
                    let open = if others == 2 { 2 } else { 1 };
                    assert_eq!(world.open(), open, "{case}: {:#?}", world.tickets);
                    let raced = world.tickets.iter().filter(|ticket| ticket.details == "faster").count();
                    assert_eq!(world.homes("faster").len(), raced, "{case}: {:#?}", world.tickets);
                }
            }
        }
    }
}

#[test]
fn a_repeated_call_says_what_the_first_one_did() {
    let mut world = World::new();
    let first = append(&mut world, Some(1));
    let again = append(&mut world, Some(2));
    for name in ["done", "ticket_id", "note_id", "closed_ticket_id"] {
        assert_eq!(result(&first)[name], result(&again)[name], "{name}");
    }
    assert_eq!((&result(&first)["repeated"], &result(&again)["repeated"]), (&json!(false), &json!(true)));
    world.tickets[0].open = false;
    assert_eq!(
        result(&append(&mut world, Some(3)))["ticket_id"],
        1,
        "it was done, and then somebody closed it"
    );
    let mut world = World::new();
    world.faults.push((2, Fault::Race));
    let first = append(&mut world, Some(1));
    let again = append(&mut world, Some(2));
    for name in ["done", "ticket_id", "note_id", "closed_ticket_id"] {
        assert_eq!(result(&first)[name], result(&again)[name], "{name}");
    }
    assert_eq!(result(&again)["done"], "reconciled");
}

#[test]
fn the_slower_of_two_calls_gives_way() {
    let mut world = World::new();
    world.faults.push((2, Fault::Race));
    let execution = append(&mut world, Some(1));
    let result = result(&execution);
    assert_eq!(
        (&result["done"], &result["ticket_id"], &result["closed_ticket_id"]),
        (&json!("reconciled"), &json!(1), &json!(2))
    );
    assert_eq!(world.homes("text of the alert"), [1]);
    assert_eq!(
        world.requests,
        [
            "GET /api/Tickets",
            "POST /api/Tickets",
            "GET /api/Tickets",
            "POST /api/Actions",
            "POST /api/Tickets"
        ]
    );
}

#[test]
fn the_faster_of_two_calls_leaves_the_other_ticket_to_its_call() {
    let mut world = World::new();
    world.faults.push((3, Fault::Race));
    assert_eq!(result(&append(&mut world, Some(1)))["done"], "created");
    assert_eq!(world.open(), 2, "the other call is still to look again");
}

#[test]
fn a_refused_note_becomes_a_ticket() {
    for (fault, outcomes) in [
        (Some(Fault::Deleted), vec![7]),
        (Some(Fault::Status(403)), vec![7]),
        (None, vec![]),
        (Some(Fault::Status(400)), vec![7]),
    ] {
        let mut world = World::new();
        world.outcomes = outcomes;
        world.add("before");
        world.faults.extend(fault.map(|fault| (2, fault)));
        let execution = append(&mut world, Some(1));
        assert_eq!(result(&execution)["done"], "created", "{fault:?}");
        assert_eq!(world.homes("text of the alert"), [2], "{fault:?}");
        assert_eq!(execution.diagnostics[0].code, "halopsa.note-refused");
    }
}

#[test]
fn an_outcome_that_the_ticket_allows_is_found() {
    let mut world = World::new();
    world.outcomes = vec![31];
    world.add("before");
    let mut alert = alert();
    assert_eq!(
        result(&call(&mut world, "ticket.find_or_append", Some(1), core::slice::from_ref(&alert)))["done"],
        "appended"
    );
    assert_eq!(
        world.requests,
        ["GET /api/Tickets", "POST /api/Actions", "GET /api/Outcome", "POST /api/Actions"]
    );
    alert["outcome_id"] = json!(31);
    call(&mut world, "ticket.find_or_append", None, &[alert]);
    assert_eq!(world.requests.len(), 2);
}

#[test]
fn a_note_that_is_not_there_after_two_answers_becomes_a_ticket() {
    let mut world = World::new();
    world.add("before");
    // Note, two looks, note, two looks.
    world.faults = vec![(2, Fault::Status(500)), (5, Fault::Status(500))];
    assert_eq!(result(&append(&mut world, Some(1)))["done"], "created");
    assert_eq!(world.homes("text of the alert"), [2]);
}

#[test]
fn without_an_idempotency_key_nobody_is_told_to_repeat() {
    let mut world = World::new();
    world.faults = (2..=9).map(|at| (at, Fault::CutAfter)).collect();
    let execution = append(&mut world, None);
    assert_eq!(
        (error(&execution).get_effect(), error(&execution).get_retry()),
        (Effect::Unknown, Retry::Never)
    );
    let mut world = World::new();
    world.faults = (2..=9).map(|at| (at, Fault::CutAfter)).collect();
    let execution = append(&mut world, Some(1));
    assert_eq!(
        (error(&execution).get_effect(), error(&execution).get_retry()),
        (Effect::Unknown, Retry::HostDefault)
    );
}

#[test]
fn the_key_may_stand_in_a_field() {
    let mut world = World::new();
    let alert =
        json!({"key": "OPS-1", "key_field": "userdef1", "summary": "x", "details": "text of the alert"});
    call(&mut world, "ticket.find_or_append", Some(1), core::slice::from_ref(&alert));
    assert_eq!(world.tickets[0].fields["userdef1"], "OPS-1");
    assert_eq!(result(&call(&mut world, "ticket.find_or_append", None, &[alert]))["done"], "appended");
    let wrong = json!({"key": "OPS-1", "key_field": "usrdef1", "summary": "x"});
    let execution = call(&mut world, "ticket.find_or_append", None, &[wrong]);
    assert_eq!(error(&execution).get_field(), Some("/key_field"));
}
