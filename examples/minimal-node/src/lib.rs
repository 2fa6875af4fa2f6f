//! A second node of the interface in `wit/`: to-dos, kept by a small REST service.
//!
//! It shows that nothing in the interface is made for one service, and how little a
//! node is that rests on `workflow-node-sdk`.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

#[cfg(not(target_arch = "wasm32"))]
pub mod service;

use workflow_node_sdk::prelude::*;

/// A to-do, as the service returns it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Todo {
    id: u64,
    title: String,
    done: bool,
}

/// What a new to-do needs.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct NewTodo {
    /// What is to be done.
    #[schemars(length(min = 1, max = 200))]
    title: String,
}

#[derive(Deserialize)]
struct Todos {
    todos: Vec<Todo>,
    more: bool,
}

/// The node.
pub fn todo() -> Node {
    let credentials = Credentials::at_typed_address("Where the service runs, without a path.")
        .key_header("x-api-key", "From the service's settings page.");
    Node::new("todo", "To-do list", "Reads and adds the to-dos of a small to-do service.", credentials)
        .operation(
            Operation::list("todo.list", "List to-dos", |http, _: Nothing, page: Option<u32>| {
                let page = page.unwrap_or(1);
                let found: Todos = http.get("/todos").query("page", page).send()?;
                Ok(Page { rows: found.todos, next: found.more.then_some(page.saturating_add(1)) })
            })
            .description("Returns all to-dos, oldest first, page by page.")
            .example("All to-dos", json!({})),
        )
        .operation(
            Operation::write("todo.add", "Add a to-do", |http, new: NewTodo| {
                http.post("/todos").body(&new).send::<Todo>()
            })
            .description("Adds one open to-do and returns it. Running it twice adds two.")
            .example("Something to buy", json!({"title": "Buy milk"})),
        )
}

workflow_node_sdk::export!(todo);

#[cfg(test)]
mod tests {
    use workflow_node_sdk::testing::Fake;

    use super::*;

    fn found(id: u64, more: bool) -> Value {
        json!({"todos": [{"id": id, "title": "Buy milk", "done": false}], "more": more})
    }

    #[test]
    fn the_manifest_is_complete() {
        assert!(todo().manifest().is_ok());
    }

    #[test]
    fn every_page_is_listed() {
        let mut service = Fake::new().on("GET /todos?page=1", 200, found(1, true)).on(
            "GET /todos?page=2",
            200,
            found(2, false),
        );
        assert_eq!(service.run(&todo(), "todo.list", json!({})).unwrap().len(), 2);
        assert_eq!(service.header(0, "x-api-key"), Some("the-api_key"));
    }

    #[test]
    fn a_title_that_does_not_fit_is_sent_nowhere() {
        let mut service = Fake::new();
        for input in [json!({}), json!({"title": ""}), json!({"title": "x".repeat(201)})] {
            assert_eq!(service.run(&todo(), "todo.add", input).unwrap_err().field(), Some("/title"));
        }
        assert!(service.sent().is_empty());
    }

    #[test]
    fn a_to_do_whose_answer_is_lost_is_not_added_again() {
        let mut service = Fake::new().breaks_once("POST /todos");
        let error = service.run(&todo(), "todo.add", json!({"title": "Buy milk"})).unwrap_err();
        assert_eq!(error.effect(), Effect::Unknown);
        assert_eq!(service.sent(), ["POST /todos"]);
    }
}
