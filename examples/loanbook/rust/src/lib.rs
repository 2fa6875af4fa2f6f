#![cfg_attr(target_arch = "wasm32", no_std)]

use workflow_node_sdk::prelude::*;

#[derive(Serialize, Deserialize, JsonSchema)]
struct Loan {
    id: u64,
    title: String,
    borrower: Option<String>,
    shelf_id: Option<u64>,
    created_at: String,
}

#[derive(Deserialize, JsonSchema)]
struct ListLoans {
    shelf_id: Option<u64>,
}

#[derive(Deserialize, JsonSchema)]
struct GetLoan {
    id: u64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct NewLoan {
    title: String,
    borrower: Option<String>,
    shelf_id: Option<u64>,
}

#[derive(Deserialize)]
struct Rows<T> {
    data: Vec<T>,
    next_page: Option<u32>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    id: u64,
    name: String,
}

pub fn loanbook() -> Node {
    let credentials = Credentials::at_typed_address("Where Loanbook runs.")
        .client_credentials("/oauth/token", "From Loanbook's settings page.");
    Node::new("loanbook", "Loanbook", "Lends the tools of a library.", credentials)
        .account(|http| Ok(http.get("/v1/me").send::<Named>()?.name))
        .operation(
            Operation::list("loan.list", "List loans", |http, input: ListLoans, page: Option<u32>| {
                let request = http.get("/v1/loans").query("page", page.unwrap_or(1));
                let rows: Rows<Loan> = request.maybe("shelf", input.shelf_id).send()?;
                Ok(Page { rows: rows.data, next: rows.next_page })
            })
            .dropdown("shelf_id", "shelves")
            .example("All loans", json!({})),
        )
        .operation(
            Operation::read("loan.get", "Get a loan", |http, input: GetLoan| {
                http.get(format!("/v1/loans/{}", input.id)).send::<Loan>()
            })
            .example("One loan", json!({"id": 1})),
        )
        .operation(
            Operation::write("loan.create", "Create a loan", |http, input: NewLoan| {
                http.post("/v1/loans").body(&input).send::<Loan>()
            })
            .dropdown("shelf_id", "shelves")
            .example("A drill", json!({"title": "Drill", "borrower": "Ada", "shelf_id": 1})),
        )
        .list(List::searched("shelves", "Shelves", |http, search, page: Option<u32>| {
            let request = http.get("/v1/shelves").query("page", page.unwrap_or(1));
            let rows: Rows<Named> = request.maybe("q", search).send()?;
            let choices = rows.data.into_iter().map(|shelf| Choice::new(shelf.id, shelf.name));
            Ok(Page { rows: choices.collect(), next: rows.next_page })
        }))
        .trigger(Trigger::poll("loan.created", "New loan", |http, _: Nothing, last: Option<u64>| {
            let request = http.get("/v1/loans").maybe("after_id", last).query("per_page", 100);
            let rows: Rows<Loan> = request.maybe("order", last.is_none().then_some("desc")).send()?;
            let state = rows.data.iter().map(|loan| loan.id).max().or(last).unwrap_or(0);
            let event =
                |loan: Loan| Event::new(format!("loan/{}/created", loan.id), loan.created_at.clone(), loan);
            let more = last.is_some() && rows.next_page.is_some();
            Ok(News { events: rows.data.into_iter().map(event).collect(), state, more })
        }))
}

workflow_node_sdk::export!(loanbook);
