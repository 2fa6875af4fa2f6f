//! Creates on a ticket type with mandatory fields.

use serde_json::{Value, json};
use workflow_node_sdk::http::{HttpRequest, Method};
use workflow_node_sdk::interface::Outcome;
use workflow_node_sdk::transport::Exchange;

use crate::error::{Effect, NodeError};
use crate::operations::tests::{answer, run_all};

/// A HaloPSA whose ticket type 4 has a form.
#[derive(Default)]
struct Halo {
    /// Whether the form cannot be read.
    is_shut: bool,
    forms_read: usize,
    posts: usize,
}

impl Halo {
    fn serve(&mut self, request: &HttpRequest) -> Exchange {
        // What names are compared with cannot be had here.
        if matches!(request.url.path(), "/api/FieldInfo" | "/api/Category") {
            return answer(404, &json!("no"));
        }
        if request.method == Method::Get {
            self.forms_read += 1;
            assert_eq!(request.url.path(), "/api/TicketType/4");
            return if self.is_shut { answer(404, &json!("no")) } else { answer(200, &form()) };
        }
        self.posts += 1;
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let given = |name: &str| {
            let fields = body[0]["customfields"].as_array().cloned().unwrap_or_default();
            fields.iter().any(|field| field["name"] == name) || body[0].get("template_id").is_some()
        };
        let is_category_given = ["category_1", "categoryid_1"].iter().any(|name| !body[0][*name].is_null());
        let refusal = match (given("CFWindow"), given("CFImpact"), is_category_given) {
            (false, ..) => "Change Window is mandatory",
            (_, false, _) => "impact is mandatory",
            (.., false) => "Category must be completed",
            _ => return answer(201, &json!({"id": self.posts})),
        };
        answer(400, &json!({"Message": refusal}))
    }

    fn create(&mut self, inputs: &[Value]) -> Vec<Result<(), NodeError>> {
        let outcomes = run_all("ticket.create", inputs, None, |request| self.serve(request)).outcomes;
        outcomes
            .into_iter()
            .map(|outcome| match outcome {
                Outcome::Failed(error) => Err(error),
                Outcome::Done(_) => Ok(()),
                Outcome::NotAttempted => panic!("an item was left out"),
            })
            .collect()
    }
}

fn form() -> Value {
    let field = |id: i64, info: Value| json!({"fieldid": id, "fieldinfo": info});
    json!({"id": 4, "fields": [
        field(1, json!({"id": 1, "name": "summary", "label": "Summary", "mandatory": true})),
        field(3, json!({"id": 3, "name": "category1", "label": "Category", "mandatory": true})),
        field(7, json!({"id": 7, "name": "CFWindow", "label": "Change Window", "custom": 1, "mandatory": true})),
        field(8, json!({"id": 8, "name": "CFImpact", "label": "Impact", "custom": 1, "mandatory": true, "type": 2,
            "values": [{"id": 1, "name": "None"}, {"id": 2, "name": "All"}]})),
    ]})
}

/// A ticket with these values beside the summary.
fn ticket(more: &Value) -> Value {
    let mut ticket = json!({"summary": "x", "tickettype_id": 4});
    for (name, value) in more.as_object().unwrap() {
        ticket[name] = value.clone();
    }
    ticket
}

fn alone(more: &Value) -> NodeError {
    Halo::default().create(&[ticket(more)]).remove(0).unwrap_err()
}

#[test]
fn a_mandatory_field_is_told_with_its_place_and_its_values() {
    let error = alone(&json!({}));
    assert_eq!(error.field(), Some("/customfields/CFWindow"));
    assert_eq!(error.message(), "The field \"Change Window\" is mandatory.");
    assert_eq!(
        error.advice(),
        Some("Fill in \"Change Window\". The ticket type marks as mandatory too: Category, Impact.")
    );
    assert_eq!(error.vendor_message(), Some("Change Window is mandatory"));
    assert_eq!((error.http_status(), error.effect()), (Some(400), Effect::None));

    let window = json!({"CFWindow": "Sunday"});
    let error = alone(&json!({"customfields": window, "category_1": "Hardware"}));
    assert_eq!(error.field(), Some("/customfields/CFImpact"));
    assert_eq!(error.advice(), Some("Fill in \"Impact\": 1 (None), 2 (All)."));

    let both = json!({"CFWindow": "Sunday", "CFImpact": 2});
    assert_eq!(alone(&json!({"customfields": both})).field(), Some("/category_1"));
}

#[test]
fn what_halopsa_asked_for_once_is_asked_for_before_later_items_are_sent() {
    // More than are in flight at once.
    let inputs: Vec<Value> = (0..60).map(|_| ticket(&json!({}))).collect();
    let mut halo = Halo::default();
    let outcomes = halo.create(&inputs);
    assert!(outcomes.iter().flatten().next().is_none());
    let fields: Vec<_> = outcomes.iter().map(|outcome| outcome.as_ref().unwrap_err().field()).collect();
    assert!(fields.iter().all(|field| *field == Some("/customfields/CFWindow")), "{fields:?}");
    assert_eq!(halo.forms_read, 1);
    assert!(halo.posts < 20, "{}", halo.posts);
}

/// Nothing is refused that HaloPSA might take.
#[test]
fn what_may_be_filled_in_otherwise_is_sent() {
    let full = json!({"CFWindow": "Sunday", "CFImpact": 2});
    let no_category = ticket(&json!({"customfields": full}));
    let by_id = ticket(&json!({"customfields": full, "categoryid_1": 5}));
    let by_template = ticket(&json!({"template_id": 3, "categoryid_1": 5}));
    let mut inputs = vec![ticket(&json!({})); 20];
    inputs.extend(vec![no_category; 20]);
    inputs.extend([by_id, by_template, json!({"summary": "x", "tickettype_id": 4, "_novalidate": true})]);
    let mut halo = Halo::default();
    let outcomes = halo.create(&inputs);
    assert!(matches!(&outcomes[40..42], [Ok(()), Ok(())]), "{:?}", &outcomes[40..]);
    let error = outcomes[42].as_ref().unwrap_err();
    assert_eq!((error.field(), error.http_status()), (Some("/customfields"), Some(400)), "it was sent");
    assert_eq!(halo.forms_read, 1);
}

#[test]
fn a_form_that_cannot_be_read_is_tried_once_and_hides_nothing() {
    let mut halo = Halo { is_shut: true, ..Halo::default() };
    for outcome in halo.create(&[ticket(&json!({})), ticket(&json!({}))]) {
        let error = outcome.unwrap_err();
        assert_eq!(error.field(), Some("/customfields"));
        assert_eq!(error.vendor_message(), Some("Change Window is mandatory"));
    }
    assert_eq!((halo.forms_read, halo.posts), (1, 2));
}

#[test]
fn tickets_that_travel_together_are_told_alike() {
    let bulk = ticket(&json!({"bulk": true}));
    for tickets in [vec![bulk.clone()], vec![bulk.clone(), bulk]] {
        let mut halo = Halo::default();
        let execution = run_all("ticket.create", &tickets, None, |request| {
            let looks = request.method == Method::Get && request.url.path() == "/api/Tickets";
            if looks { answer(200, &json!({"record_count": 0, "tickets": []})) } else { halo.serve(request) }
        });
        assert_eq!(execution.outcomes.len(), tickets.len());
        for outcome in &execution.outcomes {
            let Outcome::Failed(error) = outcome else { panic!("{outcome:?}") };
            assert_eq!(error.field(), Some("/customfields/CFWindow"));
        }
        assert_eq!(halo.forms_read, 1);
    }
}
