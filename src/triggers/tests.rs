//! Polls against a small model of HaloPSA: what changed is told, whatever
//! happens in between.

mod desk;
mod histories;
mod hooks;

use serde_json::{Value, json};

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
fn a_second_change_in_the_second_of_the_first_is_reported() {
    for (trigger, event) in [("ticket.closed", "closed"), ("ticket.status_changed", "status_changed")] {
        let mut desk = Desk::with_tickets(3);
        let mut watch = Watch::new(trigger, json!({}));
        watch.drain(&mut desk);
        desk.pass(60);
        desk.set_status(2, 2);
        watch.drain(&mut desk);
        desk.close(2);
        let found = watch.drain(&mut desk);
        assert_eq!(found.len(), 1, "{trigger}: {found:?}");
        assert!(found[0].starts_with(&format!("ticket/2/{event}/{}", desk.time())), "{trigger}: {found:?}");
        desk.pass(60);
        assert_eq!(watch.drain(&mut desk), [""; 0]);
    }
}

#[test]
fn the_time_of_a_change_has_several_names() {
    let mut desk = Desk::with_tickets(3);
    let mut watch = Watch::new("ticket.updated", json!({}));
    desk.show(2, "lastactiondate", json!(desk.time()));
    desk.show(2, "flastupdate", json!(desk.time()));
    desk.show(2, "last_update", Value::Null);
    desk.pass(60);
    watch.drain(&mut desk);
    desk.pass(60);
    desk.show(2, "flastupdate", json!(desk.time()));
    desk.show(2, "last_update", Value::Null);
    assert_eq!(watch.drain(&mut desk), [format!("ticket/2/updated/{}", desk.time())]);
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
    let before = desk.read_actions;
    let mut told = watch.drain(&mut desk);
    assert_eq!(desk.read_actions - before, 3);
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
fn actions_of_our_application_for_another_agent_are_our_own() {
    let is_by = |action: Value| {
        let me = super::facts::Me { agent: 2, application: "5f0c6d1e-3b7a" };
        super::facts::is_by(&me, action.as_object().unwrap())
    };
    assert!(is_by(json!({"who_agentid": 3, "actionby_application_id": "5F0C6D1E-3b7a"})));
    assert!(is_by(json!({"who_agentid": 2})));
    assert!(is_by(json!({"who_agentid": 3, "actionby_agent_id": 2, "actionby_application_id": null})));
    assert!(!is_by(json!({"who_agentid": 3, "actionby_application_id": "another"})));
    assert!(!is_by(json!({"who_agentid": 3, "actionby_application_id": ""})));
    assert!(!is_by(json!({})));
}

/// Thirty tickets that are watched, a minute after the first poll.
fn watched(trigger: &'static str) -> (Desk, Watch) {
    let mut desk = Desk::with_tickets(30);
    let mut watch = Watch::new(trigger, json!({}));
    watch.drain(&mut desk);
    desk.pass(60);
    (desk, watch)
}

#[test]
fn a_ticket_from_the_future_is_reported_and_hides_no_other() {
    for ahead in ["2026-03-01T11:00:00", "2026-03-02T10:01:00", "2099-01-01T00:00:00", "9999-12-31T23:59:59"]
    {
        let (mut desk, mut watch) = watched("ticket.updated");
        desk.show(1, "last_update", json!(ahead));
        let told = watch.drain(&mut desk);
        assert!(told.len() == 1 && told[0].starts_with("ticket/1/updated/"), "{told:?}");
        assert!(watch.warned.iter().any(|code| code.starts_with("halopsa.")), "{ahead}");
        for id in 2..30 {
            desk.pass(30);
            desk.change(id);
            assert_eq!(watch.drain(&mut desk), [format!("ticket/{id}/updated/{}", desk.time())], "{ahead}");
        }
        // And once for each of its own changes, whatever they show.
        desk.pass(30);
        desk.show(1, "summary", json!("changed"));
        desk.show(1, "last_update", json!(ahead));
        assert_eq!(watch.drain(&mut desk).len(), 1, "{ahead}");
        desk.pass(200_000);
        assert_eq!(watch.drain(&mut desk), [""; 0], "{ahead}");
    }
}

#[test]
fn a_ticket_without_a_time_of_change_is_reported_once_for_each_change() {
    for date in [json!(null), json!(""), json!("soon"), json!("1899-12-30T00:00:00"), json!(17)] {
        let (mut desk, mut watch) = watched("ticket.updated");
        desk.show(3, "last_update", date.clone());
        for _ in 0..20 {
            let (before, told) = (watch.told.len(), watch.drain(&mut desk));
            assert_eq!(told.len(), usize::from(before == 0), "{date} {told:?}");
            desk.pass(600);
        }
        assert!(watch.warned.contains(&"halopsa.no-change-time"), "{date}");
        desk.show(3, "summary", json!("changed"));
        desk.show(3, "last_update", date.clone());
        assert_eq!(watch.drain(&mut desk).len(), 1, "{date}");
    }
}

#[test]
fn a_clock_that_is_put_back_hides_nothing() {
    for (before, after) in
        [(0, -1), (0, -60), (0, -3_600), (3_600, 0), (86_400, -3_600), (90, -3_500), (-3_600, 3_600)]
    {
        for skew in [-90, 0, 90] {
            let mut desk = Desk::with_tickets(30);
            desk.ahead = before;
            let mut watch = Watch::new("ticket.updated", json!({}));
            watch.skew = skew;
            watch.drain(&mut desk);
            for id in 1..10 {
                desk.pass(60);
                desk.change(id);
                assert_eq!(watch.drain(&mut desk), [format!("ticket/{id}/updated/{}", desk.time())]);
            }
            desk.ahead = after;
            for id in 11..30 {
                desk.pass(60);
                desk.change(id);
                let told = watch.drain(&mut desk);
                assert_eq!(told, [format!("ticket/{id}/updated/{}", desk.time())], "{before} {after} {skew}");
            }
        }
    }
}

#[test]
fn a_server_that_ignores_the_window_brings_up_no_old_news() {
    let mut desk = Desk::with_tickets(30);
    desk.ignores_bounds = true;
    desk.pass(200_000);
    desk.change(1);
    let mut watch = Watch::new("ticket.updated", json!({}));
    assert_eq!(watch.drain(&mut desk), [""; 0]);
    for _ in 0..5 {
        desk.pass(3_000);
        desk.change(2);
        assert_eq!(watch.drain(&mut desk).len(), 1);
    }
}

/// Recorded on a live tenant: created 08:23:56.4, last update 08:24:01.8, last
/// action 08:24:02.2, and nobody touched it.
#[test]
fn a_ticket_that_nobody_touched_since_its_creation_is_not_updated() {
    let (mut desk, mut watch) = watched("ticket.updated");
    let id = desk.open();
    desk.show(id, "dateoccurred", json!("2026-03-01T10:00:56.4"));
    desk.show(id, "lastactiondate", json!("2026-03-01T10:01:02.2"));
    desk.show(id, "last_update", json!("2026-03-01T10:01:01.8"));
    assert_eq!(watch.drain(&mut desk), [""; 0]);
    desk.pass(60);
    assert_eq!(watch.drain(&mut desk), [""; 0]);
    desk.change(id);
    assert_eq!(watch.drain(&mut desk).len(), 1);
}

#[test]
fn an_update_soon_after_the_creation_is_reported() {
    for (seconds, with_note) in [(0, true), (2, true), (5, true), (11, false), (40, false)] {
        let (mut desk, mut watch) = watched("ticket.updated");
        let id = desk.open();
        desk.pass(seconds);
        if with_note {
            desk.note(id, 3, false);
        } else {
            desk.change(id);
        }
        let told = watch.drain(&mut desk);
        assert_eq!(told, [format!("ticket/{id}/updated/{}", desk.time())], "{seconds}");
    }
}

/// What a field that somebody sets leaves in the row, where it leaves no action.
#[test]
fn an_update_without_an_action_soon_after_the_creation_is_reported_where_a_row_shows_it() {
    // Seen before, with other contents.
    let (mut desk, mut watch) = watched("ticket.updated");
    let id = desk.open();
    assert_eq!(watch.drain(&mut desk), [""; 0]);
    desk.pass(3);
    desk.change(id);
    assert_eq!(watch.drain(&mut desk), [""; 0]);
    desk.pass(3);
    desk.assign(id, 5);
    assert_eq!(watch.drain(&mut desk), [format!("ticket/{id}/updated/{}", desk.time())]);
    // Seen only afterwards.
    let id = desk.open();
    let opened = desk.time();
    desk.pass(5);
    desk.show(id, "lastactiondate", json!(opened));
    assert_eq!(watch.drain(&mut desk), [format!("ticket/{id}/updated/{}", desk.time())]);
}

#[test]
fn a_new_ticket_is_reported_whatever_its_times_are() {
    let (mut desk, mut watch) = watched("ticket.created");
    for date in ["2009-01-01T00:00:00", "2099-01-01T00:00:00", "1899-12-30T00:00:00", ""] {
        let id = desk.open();
        desk.show(id, "dateoccurred", json!(date));
        desk.show(id, "last_update", json!(date));
        assert_eq!(watch.drain(&mut desk), [format!("ticket/{id}/created")], "{date}");
        desk.pass(60);
        assert_eq!(watch.drain(&mut desk), [""; 0]);
    }
}

#[test]
fn new_tickets_are_found_where_the_order_is_ignored() {
    let mut desk = Desk::with_tickets(60);
    desk.ignores_order = true;
    let mut watch = Watch::new("ticket.created", json!({}));
    watch.drain(&mut desk);
    desk.pass(60);
    let id = desk.open();
    let told = watch.drain(&mut desk);
    assert!(told.contains(&format!("ticket/{id}/created")), "{told:?}");
}

#[test]
fn deleted_tickets_are_no_events_and_nobody_is_given_one_that_is_put_away() {
    for trigger in
        ["ticket.created", "ticket.updated", "ticket.status_changed", "ticket.closed", "ticket.assigned"]
    {
        for (name, value) in
            [("deleted", json!(true)), ("merged_into_id", json!(4)), ("inactive", json!(true))]
        {
            let (mut desk, mut watch) = watched(trigger);
            let id = if trigger == "ticket.created" { desk.open() } else { 7 };
            desk.show(id, name, value.clone());
            desk.pass(60);
            desk.assign(id, 5);
            desk.close(id);
            let expected = name != "deleted" && trigger != "ticket.assigned";
            assert_eq!(watch.drain(&mut desk).len(), usize::from(expected), "{trigger} {name}");
        }
    }
}

#[test]
fn a_value_that_a_row_leaves_out_did_not_change() {
    let (mut desk, mut watch) = watched("ticket.status_changed");
    desk.show(7, "status_id", json!(null));
    desk.pass(60);
    assert_eq!(watch.drain(&mut desk), [""; 0]);
    desk.set_status(7, 1);
    assert_eq!(watch.drain(&mut desk), [""; 0]);
    desk.pass(60);
    desk.set_status(7, 4);
    assert_eq!(watch.drain(&mut desk).len(), 1);
}

/// The two reads differ by less than it takes HaloPSA to close a ticket.
#[test]
fn a_closing_whose_time_is_written_again_is_one_closing() {
    let (mut desk, mut watch) = watched("ticket.closed");
    desk.close(7);
    desk.show(7, "dateclosed", json!("2026-03-01T10:01:00.997"));
    assert_eq!(watch.drain(&mut desk).len(), 1);
    for date in [json!("2026-03-01T10:01:01.003"), json!("2026-03-01T10:01:05"), json!(null)] {
        desk.pass(20);
        desk.show(7, "dateclosed", date.clone());
        desk.show(7, "hasbeenclosed", json!(true));
        assert_eq!(watch.drain(&mut desk), [""; 0], "{date}");
    }
}

#[test]
fn a_note_without_a_date_on_an_unknown_ticket_is_reported() {
    for date in [json!(null), json!(""), json!("1900-01-01T00:00:00"), json!("2099-01-01T00:00:00")] {
        let (mut desk, mut watch) = watched("ticket.note_added");
        desk.pass(100_000);
        desk.note_at(4, 3, false, &date);
        assert_eq!(watch.drain(&mut desk), ["ticket/4/note_added/2"], "{date}");
        desk.pass(20);
        desk.note_at(4, 3, false, &date);
        assert_eq!(watch.drain(&mut desk), ["ticket/4/note_added/3"], "{date}");
    }
}

#[test]
fn notes_from_before_the_beginning_are_old_and_those_under_a_clock_put_back_are_new() {
    let mut desk = Desk::with_tickets(10);
    desk.note(4, 3, false);
    desk.note(5, 3, false);
    desk.pass(10_000);
    desk.note(5, 3, false);
    desk.pass(300);
    let mut watch = Watch::new("ticket.note_added", json!({}));
    assert_eq!(watch.drain(&mut desk), [""; 0]);
    desk.pass(20);
    desk.change(4);
    desk.change(5);
    assert_eq!(watch.drain(&mut desk), [""; 0]);
    desk.pass(4_000);
    watch.drain(&mut desk);
    desk.ahead = -3_600;
    desk.note(6, 3, false);
    assert_eq!(watch.drain(&mut desk), ["ticket/6/note_added/2"]);
}

#[test]
fn ids_that_no_record_should_have_leave_the_state_readable() {
    for trigger in ["ticket.created", "ticket.updated", "ticket.status_changed", "client.updated"] {
        for id in [
            json!(-94),
            json!(i64::MIN),
            json!(1_i64 << 62),
            json!((1_i64 << 53) + 1),
            json!(i64::MAX),
            json!(u64::MAX),
            json!(17.0),
            json!(1e300),
            json!("5f0c6d1e-3b7a-4c52-9d8e-2a1b4c6d8e0f"),
            json!("12"),
            json!(null),
        ] {
            let (mut desk, mut watch) = watched(trigger);
            desk.add_client("Acme");
            desk.show(30, "id", id.clone());
            watch.drain(&mut desk);
            for turn in 0..4 {
                desk.pass(60);
                let new = desk.open();
                desk.set_status(new - 5, 7 + turn);
                desk.rename_client(1, &format!("Acme {turn}"));
                let told = watch.drain(&mut desk);
                assert!(!told.is_empty(), "{trigger} {id} {turn}");
            }
        }
    }
}

#[test]
fn clients_are_reported_where_the_clocks_differ() {
    for ahead in [-10 * 86_400, -7_200, -3_600, -600, 0, 600, 86_400] {
        let mut desk = Desk::with_tickets(1);
        desk.ahead = ahead;
        desk.add_client("Acme");
        desk.pass(6_000);
        let mut updated = Watch::new("client.updated", json!({}));
        updated.drain(&mut desk);
        for turn in 0..20 {
            desk.pass(300);
            desk.rename_client(1, &format!("Acme {turn}"));
            assert_eq!(updated.drain(&mut desk).len(), 1, "{ahead} {turn}");
            assert_eq!(updated.drain(&mut desk), [""; 0], "{ahead} {turn}");
        }
    }
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
