#![cfg_attr(target_arch = "wasm32", no_std)]

use workflow_node_sdk::prelude::*;

#[derive(Serialize, Deserialize, JsonSchema)]
struct Item {
    id: u64,
    title: String,
    folder_id: Option<u64>,
}

#[derive(Deserialize, JsonSchema)]
struct ListItems {
    folder_id: Option<u64>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct NewItem {
    #[schemars(length(min = 1, max = 200))]
    title: String,
    folder_id: Option<u64>,
}

#[derive(Deserialize)]
struct Rows<T> {
    data: Vec<T>,
    next_page: Option<u32>,
}

#[derive(Deserialize)]
struct Folder {
    id: u64,
    name: String,
}

pub fn definition() -> Node {
    let credentials = Credentials::at_typed_address("Where the service runs, without a path.")
        .{{credentials}};
    Node::new("{{name}}", "{{title}}", "Lists and creates the items of {{title}}.", credentials)
        .operation(
            Operation::list("item.list", "List items", |http, input: ListItems, page: Option<u32>| {
                let request = http.get("/items").query("page", page.unwrap_or(1));
                let rows: Rows<Item> = request.maybe("folder", input.folder_id).send()?;
                Ok(Page { rows: rows.data, next: rows.next_page })
            })
            .description("Returns items, oldest first.")
            .dropdown("folder_id", "folders")
            .example("All items", json!({})),
        )
        .operation(
            Operation::write("item.create", "Create an item", |http, input: NewItem| {
                http.post("/items").body(&input).send::<Item>()
            })
            .description("Creates an item. Running it twice creates two.")
            .dropdown("folder_id", "folders")
            .example("An item in a folder", json!({"title": "First item", "folder_id": 1})),
        )
        .list(List::searched("folders", "Folders", |http, search, page: Option<u32>| {
            let request = http.get("/folders").query("page", page.unwrap_or(1));
            let rows: Rows<Folder> = request.maybe("q", search).send()?;
            let choices = rows.data.into_iter().map(|folder| Choice::new(folder.id, folder.name));
            Ok(Page { rows: choices.collect(), next: rows.next_page })
        }))
}

workflow_node_sdk::export!(definition);
