//! What becomes of alerts, wherever the wire is cut.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec;
use core::time::Duration;

use serde_json::{Value, json};
use workflow_node_sdk::http::Method;
use workflow_node_sdk::interface::{Execution, Outcome};

use crate::error::{Effect, Retry};
use crate::operations::MAX_REQUESTS;
use crate::operations::world::{Fault, How, World, call, call_as, error, result};

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
                        assert_ne!(failure.retry(), Retry::Never, "{fault:?} at {at}: {failure:?}");
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
        assert_eq!(execution.report.diagnostics[0].code, "halopsa.note-refused");
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
fn a_lost_write_is_not_sent_again_in_the_same_call() {
    for (others, path) in [(0, "POST /api/Tickets"), (1, "POST /api/Actions")] {
        for fault in [Fault::CutBefore, Fault::Status(500), Fault::Status(503), Fault::Status(504)] {
            let mut world = World::new();
            for _ in 0..others {
                world.add("before");
            }
            world.faults.push((2, fault));
            let execution = append(&mut world, Some(1));
            assert_eq!(error(&execution).effect(), Effect::Unknown, "{fault:?}");
            assert_eq!(error(&execution).retry(), Retry::HostDefault, "{fault:?}");
            assert_eq!(world.requests.iter().filter(|request| *request == path).count(), 1, "{fault:?}");
            // The repetition knows that nothing is on its way, and delivers.
            world.faults.clear();
            let done = if others == 0 { "created" } else { "appended" };
            assert_eq!(result(&append(&mut world, Some(2)))["done"], done, "{fault:?}");
            assert_eq!(world.homes("text of the alert").len(), 1, "{fault:?}");
        }
    }
}

/// What was found in the field: a second ticket or note where HaloPSA was 20
/// milliseconds to a few seconds slower than the gateway, and in one call where
/// a POST took 33 seconds.
#[test]
fn a_write_that_is_done_late_is_found_and_not_doubled() {
    let late = [20, 300, 1_000, 2_000, 4_000, 15_000, 40_000].map(Duration::from_millis);
    let faults = late
        .into_iter()
        .flat_map(|late| [Fault::Late(late), Fault::Gateway(late)])
        .chain([Fault::Slow(Duration::from_secs(33)), Fault::Slow(Duration::from_secs(39))]);
    for fault in faults {
        for others in [0, 1] {
            let mut world = World::new();
            for _ in 0..others {
                world.add("before");
            }
            world.faults.push((2, fault));
            let execution = append(&mut world, Some(1));
            assert!(matches!(execution.outcomes.as_slice(), [Outcome::Done(_)]), "{fault:?}: {execution:?}");
            world.settle();
            assert_eq!(world.homes("text of the alert"), [1], "{fault:?}");
            assert_eq!(world.open(), 1, "{fault:?}");
        }
    }
}

#[test]
fn without_an_idempotency_key_the_advice_is_not_to_repeat() {
    for (attempt, retry) in [(None, Retry::Never), (Some(1), Retry::HostDefault)] {
        let mut world = World::new();
        world.chance = Some(Box::new(|request| (request.method == Method::Post).then_some(Fault::CutBefore)));
        let execution = append(&mut world, attempt);
        assert_eq!((error(&execution).effect(), error(&execution).retry()), (Effect::Unknown, retry));
    }
}

#[test]
fn a_refusal_that_is_not_about_the_ticket_makes_no_second_one() {
    for status in [301, 302, 401, 405, 413, 415, 429, 431] {
        let mut world = World::new();
        world.add("before");
        world.chance = Some(Box::new(move |request| {
            request.url.path().ends_with("/Actions").then_some(Fault::Status(status))
        }));
        let execution = append(&mut world, Some(1));
        assert_eq!(world.tickets.len(), 1, "{status}");
        assert!(world.homes("text of the alert").is_empty(), "{status}");
        match execution.outcomes.as_slice() {
            [Outcome::Failed(error)] => assert_eq!(error.effect(), Effect::None, "{status}"),
            [Outcome::NotAttempted] => assert_eq!(status, 429),
            other => panic!("{status}: {other:?}"),
        }
    }
}

/// A ticket that is there, and a path that is not: then another ticket would
/// take no note either.
#[test]
fn a_note_of_which_there_is_no_path_makes_no_second_ticket() {
    let mut world = World::new();
    world.add("before");
    world.faults.push((2, Fault::Status(404)));
    let execution = append(&mut world, Some(1));
    assert_eq!(error(&execution).code().name(), "halopsa.record-not-found");
    assert_eq!(world.tickets.len(), 1);
}

#[test]
fn a_repeated_call_finds_its_ticket_among_hundreds_with_its_key() {
    let mut world = World::new();
    for _ in 0..1_005 {
        let id = world.add("before");
        world.tickets[id - 1].open = false;
    }
    world.faults.push((2, Fault::CutAfter));
    let first = append(&mut world, Some(1));
    assert_eq!(result(&first)["ticket_id"], 1_006);
    let again = append(&mut world, Some(2));
    assert_eq!((&result(&again)["ticket_id"], &result(&again)["repeated"]), (&json!(1_006), &json!(true)));
    assert_eq!(world.homes("text of the alert"), [1_006]);
}

#[test]
fn a_repeated_call_finds_its_note_among_thousands() {
    let mut world = World::new();
    world.add("before");
    world.add_notes(1, 1_005);
    world.faults.push((2, Fault::CutAfter));
    assert_eq!(result(&append(&mut world, Some(1)))["done"], "appended");
    assert_eq!(result(&append(&mut world, Some(2)))["repeated"], true);
    assert_eq!(world.homes("text of the alert"), [1]);
}

/// The newest tickets come first; a search that does not come to its end proves
/// nothing, and nothing is made of it.
#[test]
fn a_search_that_is_cut_short_is_no_reason_to_make_a_ticket() {
    let mut world = World::new();
    // A server that knows nothing of searching gives every open ticket.
    world.ignores_search = true;
    for number in 0..1_200 {
        let id = world.add("before");
        world.tickets[id - 1].summary = format!("Ticket {number}");
    }
    let execution = append(&mut world, Some(1));
    let error = error(&execution);
    assert_eq!((error.code().name(), error.effect()), ("halopsa.search-inconclusive", Effect::None));
    assert_eq!(world.tickets.len(), 1_200);
}

#[test]
fn a_ticket_that_the_agent_does_not_see_is_told() {
    let mut world = World::new();
    world.hidden_clients = vec![12];
    for _ in 0..3 {
        let execution = call(&mut world, "ticket.find_or_append", None, &[alert()]);
        assert_eq!(execution.report.diagnostics[0].code, "halopsa.key-not-found-again");
    }
}

#[test]
fn a_ticket_that_shows_a_moment_later_is_no_reason_to_warn() {
    let mut world = World::new();
    world.read_delay = Duration::from_secs(2);
    for done in ["created", "appended", "appended"] {
        let execution = call(&mut world, "ticket.find_or_append", None, &[alert()]);
        assert_eq!((&result(&execution)["done"], execution.report.diagnostics.len()), (&json!(done), 0));
    }
}

#[test]
fn a_cut_summary_keeps_its_reference() {
    for limit in [128, 255] {
        let mut world = World::new();
        world.summary_limit = limit;
        for done in ["created", "appended", "appended"] {
            let mut alert = alert();
            alert["summary"] = json!("Disk full ".repeat(25));
            let execution = call(&mut world, "ticket.find_or_append", None, &[alert]);
            let said: Vec<&str> =
                execution.report.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
            // What was cut is said when it happens.
            let expected: &[&str] = if done == "created" { &["halopsa.value-not-kept"] } else { &[] };
            assert_eq!((&result(&execution)["done"], said.as_slice()), (&json!(done), expected));
        }
    }
}

#[test]
fn ids_that_are_written_as_text_are_ids() {
    let mut world = World::new();
    world.text_ids = true;
    for done in ["created", "appended"] {
        let execution = call(&mut world, "ticket.find_or_append", None, &[alert()]);
        assert_eq!(
            (&result(&execution)["done"], &result(&execution)["ticket_id"]),
            (&json!(done), &json!(1))
        );
    }
}

#[test]
fn one_record_in_the_envelope_of_a_list_is_taken() {
    let mut world = World::new();
    world.wraps = true;
    assert_eq!(result(&append(&mut world, Some(1)))["done"], "created");
    assert_eq!(result(&call(&mut world, "ticket.find_or_append", None, &[alert()]))["note_id"], 2);
    assert_eq!(world.homes("text of the alert"), [1, 1]);
}

#[test]
fn an_alert_follows_a_merged_ticket() {
    let mut world = World::new();
    world.add("before");
    world.add("another subject");
    world.tickets[1].summary = "Disk failure".into();
    world.tickets[0].merged_into = Some(2);
    let execution = append(&mut world, Some(1));
    assert_eq!(
        (&result(&execution)["done"], &result(&execution)["ticket_id"]),
        (&json!("appended"), &json!(2))
    );
    // Closed with the ticket that it was merged into, it is a new matter.
    world.tickets[1].open = false;
    let execution = call(&mut world, "ticket.find_or_append", None, &[alert()]);
    assert_eq!(
        (&result(&execution)["done"], &result(&execution)["ticket_id"]),
        (&json!("created"), &json!(3))
    );
}

#[test]
fn a_call_takes_eighty_requests_and_then_a_cursor() {
    let items: Vec<Value> = (0..120)
        .map(|number| json!({"key": format!("key {number}"), "summary": "x", "details": format!("alert {number}.")}))
        .collect();
    let mut world = World::new();
    let (mut calls, mut cursor) = (0, None);
    loop {
        let how = How { attempt: 1, idempotency_key: Some(format!("call/{calls}")), cursor };
        let execution = call_as(&mut world, "ticket.find_or_append", &how, &items);
        assert!(execution.report.usage.requests <= MAX_REQUESTS, "{}", execution.report.usage.requests);
        calls += 1;
        cursor = execution.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((calls, world.open()), (5, 120));
}

/// A repetition may part the items otherwise, and still knows its marks.
#[test]
fn a_repeated_run_with_cursors_finds_what_each_of_its_parts_did() {
    let items: Vec<Value> = (0..60)
        .map(|number| json!({"key": format!("key {number}"), "summary": "x", "details": format!("alert {number}.")}))
        .collect();
    let mut world = World::new();
    for attempt in 1..=2 {
        let (mut calls, mut cursor) = (0, None);
        loop {
            let attempt = if calls == 0 { attempt } else { 1 };
            let how = How { attempt, idempotency_key: Some(format!("call/{calls}")), cursor };
            cursor = call_as(&mut world, "ticket.find_or_append", &how, &items).next;
            calls += 1;
            if cursor.is_none() {
                break;
            }
        }
        assert!(calls > 1);
    }
    for number in 0..60 {
        assert_eq!(world.homes(&format!("alert {number}.")).len(), 1, "{number}");
    }
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
    assert_eq!(error(&execution).field(), Some("/key_field"));
}
