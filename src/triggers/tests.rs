//! Polls against a small model of HaloPSA: what changed is told, whatever
//! happens in between.

mod desk;
mod histories;
mod hooks;

use serde_json::json;

use desk::{Desk, Watch};

#[test]
fn the_first_poll_is_quiet_and_the_next_tells_what_changed() {
    let mut desk = Desk::with_tickets(30);
    let mut watch = Watch::new("ticket.updated", json!({}));
    assert_eq!(watch.drain(&mut desk), [""; 0]);
    desk.pass(60);
    desk.change(7);
    let changed = desk.time();
    desk.pass(60);
    assert_eq!(watch.drain(&mut desk), [format!("ticket/7/updated/{changed}")]);
    desk.pass(60);
    assert_eq!(watch.drain(&mut desk), [""; 0]);
}

#[test]
fn many_tickets_that_change_in_one_second_are_told_once_each() {
    for count in [250, 3_000] {
        let mut desk = Desk::with_tickets(count);
        let mut watch = Watch::new("ticket.updated", json!({}));
        watch.drain(&mut desk);
        desk.pass(60);
        (1..=count).for_each(|id| desk.change(id));
        desk.pass(1);
        let mut told = watch.drain(&mut desk);
        told.sort();
        told.dedup();
        assert_eq!(told.len(), usize::try_from(count).unwrap());
        for _ in 0..4 {
            desk.pass(45);
            assert_eq!(watch.drain(&mut desk), [""; 0]);
        }
        // Once nothing older can come to light, a quiet desk costs one request.
        let before = desk.requests;
        desk.pass(60);
        watch.drain(&mut desk);
        assert_eq!(desk.requests - before, 1);
        assert!(watch.state_length() < 10_000, "{}", watch.state_length());
        desk.change(3);
        assert_eq!(watch.drain(&mut desk).len(), 1);
    }
}

#[test]
fn a_poll_is_bounded_and_says_that_there_is_more() {
    let mut desk = Desk::with_tickets(1_000);
    let mut watch = Watch::new("ticket.updated", json!({"max_records": 200}));
    watch.drain(&mut desk);
    desk.pass(60);
    (1..=1_000).for_each(|id| desk.change(id));
    let (first, more) = watch.poll(&mut desk);
    assert!(more && (100..=300).contains(&first.len()), "{}", first.len());
    assert_eq!(first.len() + watch.drain(&mut desk).len(), 1_000);
}

#[test]
fn new_tickets_are_new_once_and_only_they() {
    let mut desk = Desk::with_tickets(20);
    let mut watch = Watch::new("ticket.created", json!({}));
    watch.drain(&mut desk);
    desk.pass(60);
    desk.change(4);
    let new = desk.open();
    desk.pass(3);
    assert_eq!(watch.drain(&mut desk), [format!("ticket/{new}/created")]);
    desk.pass(30);
    desk.change(new);
    assert_eq!(watch.drain(&mut desk), [""; 0]);
}

#[test]
fn samples_come_with_the_first_poll() {
    let mut desk = Desk::with_tickets(20);
    for (trigger, expected) in [("ticket.created", 3), ("ticket.updated", 3), ("ticket.closed", 0)] {
        let mut watch = Watch::new(trigger, json!({"samples": 3}));
        assert_eq!(watch.drain(&mut desk).len(), expected, "{trigger}");
        desk.pass(5);
        assert_eq!(watch.drain(&mut desk), [""; 0], "{trigger}");
    }
}

#[test]
fn changes_of_status_closings_and_hand_overs_are_told_with_what_was_before() {
    let mut desk = Desk::with_tickets(150);
    desk.close(9);
    desk.pass(600);
    let mut status = Watch::new("ticket.status_changed", json!({}));
    let mut only_closed = Watch::new("ticket.status_changed", json!({"to_status_ids": [9]}));
    let mut closed = Watch::new("ticket.closed", json!({}));
    let mut assigned = Watch::new("ticket.assigned", json!({}));
    for watch in [&mut status, &mut only_closed, &mut closed, &mut assigned] {
        watch.drain(&mut desk);
    }
    desk.pass(600);
    // A note on an open and on a closed ticket is neither.
    desk.change(8);
    desk.change(9);
    desk.set_status(10, 2);
    desk.pass(10);
    desk.close(11);
    let closing = desk.time();
    desk.assign(12, 3);
    desk.assign(13, 1);
    desk.reopen(9);
    desk.pass(1);
    let ids = |told: Vec<String>| -> Vec<String> {
        told.iter().filter_map(|id| id.split('/').nth(1).map(str::to_string)).collect()
    };
    let mut told = ids(status.drain(&mut desk));
    told.sort();
    assert_eq!(told, ["10", "11", "9"]);
    assert_eq!(ids(only_closed.drain(&mut desk)), ["11"]);
    assert_eq!(closed.drain(&mut desk), [format!("ticket/11/closed/{closing}")]);
    assert_eq!(ids(assigned.drain(&mut desk)), ["12"]);
    let before = status.items.iter().find(|item| item["id"] == 11).unwrap();
    assert_eq!(before["previous_status_id"], 1);
    assert_eq!(assigned.items[0]["previous_agent_id"], 2);
    // A note on the closed one is no second closing.
    desk.pass(30);
    desk.change(11);
    for watch in [&mut status, &mut closed, &mut assigned] {
        assert_eq!(watch.drain(&mut desk), [""; 0]);
    }
}

#[test]
fn notes_are_told_once_and_cost_a_request_for_each_changed_ticket() {
    let mut desk = Desk::with_tickets(40);
    let mut watch = Watch::new("ticket.note_added", json!({}));
    let mut others =
        Watch::new("ticket.note_added", json!({"ignore_own_changes": true, "visible_only": true}));
    watch.drain(&mut desk);
    others.drain(&mut desk);
    desk.pass(60);
    desk.note(5, 2, false);
    desk.note(6, 3, false);
    desk.note(6, 3, true);
    desk.change(7);
    let mut told = watch.drain(&mut desk);
    assert_eq!(desk.read_actions, 3);
    told.sort();
    assert_eq!(told, ["ticket/5/note_added/2", "ticket/6/note_added/2", "ticket/6/note_added/3"]);
    assert_eq!(others.drain(&mut desk), ["ticket/6/note_added/2"]);
    desk.pass(2);
    desk.note(6, 2, false);
    assert_eq!(watch.drain(&mut desk), ["ticket/6/note_added/4"]);
}

#[test]
fn own_changes_can_be_left_out() {
    let mut desk = Desk::with_tickets(40);
    let mut watch = Watch::new("ticket.updated", json!({"ignore_own_changes": true}));
    watch.drain(&mut desk);
    desk.pass(60);
    desk.note(5, 2, false);
    desk.note(6, 3, false);
    desk.change(7);
    let told = watch.drain(&mut desk);
    let tickets: Vec<&str> = told.iter().filter_map(|id| id.split('/').nth(1)).collect();
    assert_eq!(tickets, ["6", "7"]);
}

#[test]
fn a_target_comes_near_once_and_anew_when_it_moves() {
    let mut desk = Desk::with_tickets(40);
    let mut watch = Watch::new("ticket.sla_breached_soon", json!({"minutes": 30}));
    desk.target(5, 20 * 60);
    watch.drain(&mut desk);
    desk.target(6, 40 * 60);
    desk.target(7, 400 * 60);
    desk.pass(5 * 60);
    assert_eq!(watch.drain(&mut desk), [""; 0]);
    desk.pass(6 * 60);
    assert_eq!(watch.drain(&mut desk).len(), 1);
    desk.pass(5 * 60);
    assert_eq!(watch.drain(&mut desk), [""; 0]);
    desk.target(6, 25 * 60);
    assert_eq!(watch.drain(&mut desk).len(), 1);
    assert_eq!(watch.items[1]["minutes_left"], 25);
}

#[test]
fn clients_are_told_by_what_their_rows_show() {
    let mut desk = Desk::with_tickets(1);
    desk.add_client("Acme");
    desk.pass(600);
    let mut created = Watch::new("client.created", json!({}));
    let mut updated = Watch::new("client.updated", json!({}));
    created.drain(&mut desk);
    updated.drain(&mut desk);
    desk.pass(60);
    desk.add_client("Initech");
    desk.rename_client(1, "Acme Ltd");
    assert_eq!(created.drain(&mut desk), ["client/2/created"]);
    let told = updated.drain(&mut desk);
    assert!(told.len() == 1 && told[0].starts_with("client/1/updated/"), "{told:?}");
    for _ in 0..10 {
        desk.pass(60);
        assert_eq!(updated.drain(&mut desk), [""; 0]);
        assert_eq!(created.drain(&mut desk), [""; 0]);
    }
    desk.rename_client(1, "Acme plc");
    desk.rename_client(2, "Initech GmbH");
    assert_eq!(updated.drain(&mut desk).len(), 2);
}

#[test]
fn a_poll_that_fails_on_its_way_tells_what_it_found_and_goes_on() {
    let mut desk = Desk::with_tickets(400);
    let mut watch = Watch::new("ticket.updated", json!({}));
    watch.drain(&mut desk);
    desk.pass(60);
    (1..=400).for_each(|id| desk.change(id));
    desk.fails_from_page = Some(3);
    let (mut told, more) = watch.poll(&mut desk);
    assert!(!more && told.len() == 200, "{}", told.len());
    desk.fails_from_page = None;
    told.extend(watch.drain(&mut desk));
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 400);
}
