//! Several names at once, against a scripted wire.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde_json::{Value, json};

use crate::contract::Outcome;
use crate::error::{Code, NodeError};
use crate::operations::tests::{answer, run_all};

/// What `ticket.list` sends for each of the inputs, as path and query, and
/// why the last one failed.
fn listed(inputs: &[Value]) -> (Vec<String>, Option<NodeError>) {
    let mut sent = vec![];
    let execution = run_all("ticket.list", inputs, None, |request| {
        let query = |wanted: &str| {
            let pair = request.url.query_pairs().find(|(name, _)| name == wanted);
            pair.map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        let path = request.url.path();
        match path {
            "/api/Status" => {
                sent.push(path.to_string());
                answer(
                    200,
                    &json!([
                        {"id": 1, "name": "New"}, {"id": 2, "name": "In Progress"},
                        {"id": 3, "name": "Done"}, {"id": 4, "name": "done "},
                    ]),
                )
            }
            "/api/Team" => {
                sent.push(path.to_string());
                answer(200, &json!([{"id": 7, "name": "1st Line"}]))
            }
            _ => {
                sent.push([path, &query("status"), &query("team")].join(" "));
                answer(200, &json!({"record_count": 0, "tickets": []}))
            }
        }
    });
    let failure = execution.outcomes.into_iter().rev().find_map(|outcome| match outcome {
        Outcome::Failed(error) => Some(error),
        _ => None,
    });
    (sent, failure)
}

#[test]
fn several_names_become_ids_and_each_is_asked_for_once() {
    let named = json!({"status": ["new", 9, "In Progress", "New"], "team": "1st line"});
    let (sent, failure) = listed(&[named.clone(), named]);
    assert!(failure.is_none(), "{failure:?}");
    let rows = "/api/Tickets 1,9,2,1 7";
    assert_eq!(sent, ["/api/Status", "/api/Status", "/api/Team", rows, rows]);
}

#[test]
fn several_ids_cost_no_request() {
    let address = "https://x.halopsa.com/config/tickets/status?id=3";
    let (sent, failure) = listed(&[json!({"status": [1, "2", address], "team": 7}), json!({"status": "4"})]);
    assert!(failure.is_none(), "{failure:?}");
    assert_eq!(sent, ["/api/Tickets 1,2,3 7", "/api/Tickets 4 "]);
}

#[test]
fn a_name_among_several_that_fits_none_or_two_is_refused_at_its_place() {
    for (given, code, place, advice) in [
        (json!(["New", "In Progres"]), Code::UnknownName, "/status/1", "Did you mean \"In Progress\"?"),
        (json!([1, 2, "Done"]), Code::AmbiguousName, "/status/2", "3 (Done), 4 (done)"),
        (json!("In Progres"), Code::UnknownName, "/status", "Did you mean \"In Progress\"?"),
        (json!([1, "https://elsewhere.com/status?id=2"]), Code::InvalidValue, "/status/1", "x.halopsa.com"),
        (json!([1, " "]), Code::InvalidValue, "/status/1", ""),
        (json!([[1]]), Code::InvalidValue, "/status/0", ""),
        (json!([]), Code::InvalidValue, "/status", ""),
    ] {
        let (sent, failure) = listed(&[json!({"status": given})]);
        let error = failure.unwrap();
        assert_eq!((error.get_code(), error.get_field()), (code, Some(place)), "{given}");
        assert!(error.get_advice().unwrap_or_default().contains(advice), "{error:?}");
        assert!(sent.iter().all(|path| path == "/api/Status"), "{sent:?}");
    }
}
