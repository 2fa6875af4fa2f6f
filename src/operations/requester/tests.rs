//! Users by address and by id in Entra.

use alloc::vec;

use serde_json::{Value, json};
use workflow_node_sdk::interface::Execution;

use crate::operations::world::{World, call, error};

fn user(id: i64, email: &str, entra_id: &str) -> Value {
    json!({"id": id, "name": "Sam", "site_id": 18.0, "client_id": 12, "client_name": "Example", "site_name": "Main", "emailaddress": email, "azureoid": entra_id})
}

fn create(world: &mut World, input: &Value) -> Execution {
    let mut item = json!({"summary": "x"});
    item.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
    call(world, "ticket.create", Some(1), &[item])
}

#[test]
fn a_user_is_found_by_address_or_id_with_site_and_client() {
    for input in [
        json!({"user_by_email": "SAM@example.com"}),
        json!({"user_by_entra_id": "oid-44"}),
        json!({"user_by_entra_id": "unknown", "user_by_email": "sam@example.com"}),
    ] {
        let mut world = World::new();
        world.users = vec![user(43, "sam@example.com.au", "oid-43"), user(44, "sam@example.com", "oid-44")];
        create(&mut world, &input);
        let fields = &world.tickets[0].fields;
        assert_eq!(
            (&fields["user_id"], &fields["site_id"], &fields["client_id"]),
            (&json!(44), &json!(18), &json!(12)),
            "{input}"
        );
        assert!(fields.get("user_by_email").is_none() && fields.get("user_by_entra_id").is_none());
    }
}

#[test]
fn ids_of_a_user_may_be_texts() {
    let mut world = World::new();
    world.users = vec![user(44, "sam@example.com", "")];
    for (name, id) in [("id", "44"), ("site_id", "18"), ("client_id", "12")] {
        world.users[0][name] = json!(id);
    }
    create(&mut world, &json!({"user_by_email": "sam@example.com"}));
    let fields = &world.tickets[0].fields;
    assert_eq!((&fields["user_id"], &fields["site_id"]), (&json!(44), &json!(18)));
    world.users[0]["id"] = json!("nobody");
    let execution = create(&mut world, &json!({"user_by_email": "sam@example.com"}));
    assert_eq!(error(&execution).field(), Some("/user_by_email"));
    assert_eq!(world.tickets.len(), 1);
}

#[test]
fn an_input_is_quoted_without_its_markup() {
    let mut world = World::new();
    let execution = create(&mut world, &json!({"user_by_email": "<b>x</b>\u{1b}[2J"}));
    let said = error(&execution).message();
    assert!(!said.contains('<') && !said.contains('\u{1b}'), "{said}");
}

#[test]
fn an_instance_that_does_not_search_by_entra_id_is_asked_by_address() {
    let mut world = World::new();
    world.searches_by_entra_id = false;
    world.users = vec![user(44, "sam@example.com", "")];
    create(&mut world, &json!({"user_by_entra_id": "oid-44", "user_by_email": "sam@example.com"}));
    assert_eq!(world.tickets[0].fields["user_id"], 44);
    let execution = create(&mut world, &json!({"user_by_entra_id": "oid-44"}));
    assert_eq!(error(&execution).field(), Some("/user_by_entra_id"));
}

#[test]
fn nobody_is_guessed() {
    let mut world = World::new();
    world.users = vec![user(43, "sam@example.com", ""), user(44, "sam@example.com", "")];
    let input = json!({"user_by_email": "sam@example.com"});
    let execution = create(&mut world, &input);
    assert_eq!(error(&execution).code().name(), "halopsa.conflict");
    assert!(error(&execution).message().contains("43, Example / Main"), "{:?}", error(&execution));
    world.users.clear();
    let execution = create(&mut world, &input);
    assert_eq!(error(&execution).code().name(), "halopsa.record-not-found");
    create(&mut world, &json!({"user_by_email": "sam@example.com", "if_user_missing": "general_user"}));
    assert_eq!(world.tickets[0].fields["userlookup"]["id"], -1);
    let execution = create(&mut world, &json!({"user_by_email": "sam@example.com", "user_id": 3}));
    assert_eq!(error(&execution).field(), Some("/user_id"));
}
