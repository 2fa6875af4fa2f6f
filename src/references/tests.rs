//! Several names at once, against a scripted wire.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde_json::{Value, json};
use workflow_node_sdk::http::Method;
use workflow_node_sdk::interface::{Execution, Outcome};

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
    assert_eq!(sent, ["/api/Status", "/api/Team", rows, rows]);
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
        (json!([[1]]), Code::InvalidValue, "/status/0", ""),
    ] {
        let (sent, failure) = listed(&[json!({"status": given})]);
        let error = failure.unwrap();
        assert_eq!((crate::error::code_of(&error), error.field()), (code, Some(place)), "{given}");
        assert!(error.advice().unwrap_or_default().contains(advice), "{error:?}");
        assert!(sent.iter().all(|path| path == "/api/Status"), "{sent:?}");
    }
}

/// A wire that answers by path, and what was sent to it.
fn sent_by(
    operation: &str,
    input: &Value,
    serve: impl Fn(&str, &[(String, String)]) -> Option<Value>,
) -> (Vec<String>, Option<Value>, Execution) {
    let mut paths = vec![];
    let mut posted = None;
    let execution = run_all(operation, core::slice::from_ref(input), None, |request| {
        let query: Vec<(String, String)> =
            request.url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        if request.method == Method::Post {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            posted = Some(body[0].clone());
            return answer(201, &json!({"id": 1}));
        }
        paths.push(request.url.path().to_string());
        match serve(request.url.path(), &query) {
            Some(body) => answer(200, &body),
            None => answer(404, &json!("no")),
        }
    });
    (paths, posted, execution)
}

fn failure(execution: &Execution) -> Option<&NodeError> {
    match execution.outcomes.first() {
        Some(Outcome::Failed(error)) => Some(error),
        _ => None,
    }
}

fn query<'q>(query: &'q [(String, String)], wanted: &str) -> &'q str {
    query.iter().find(|(name, _)| name == wanted).map_or("", |(_, value)| value)
}

/// 902 clients with "it" in their names, one of which is called IT.
fn many(page: &[(String, String)], path: &str, honours: bool, has_it: bool) -> Option<Value> {
    if path != "/api/Client" {
        return None;
    }
    if honours && query(page, "advanced_search").contains("\"filter_type\":2") {
        let rows = if has_it { json!([{"id": 7, "name": "IT"}]) } else { json!([]) };
        return Some(json!({"record_count": has_it as u8, "clients": rows}));
    }
    let page_no: i64 = query(page, "page_no").parse().unwrap();
    let rows: Vec<Value> = ((page_no - 1) * 100..(page_no * 100).min(902))
        .map(|row| match row {
            901 if has_it => json!({"id": 7, "name": "IT"}),
            row => json!({"id": 1_000 + row, "name": alloc::format!("Credit {row:04}")}),
        })
        .collect();
    Some(json!({"record_count": 902, "clients": rows}))
}

#[test]
fn a_name_that_is_in_hundreds_of_others_is_found_or_said_to_be_too_common() {
    let ticket = json!({"summary": "x", "client_id": "IT"});
    let (_, posted, execution) = sent_by("ticket.create", &ticket, |path, page| many(page, path, true, true));
    assert_eq!(posted.unwrap()["client_id"], 7, "{execution:?}");
    // Neither absence nor uniqueness follows from a part.
    for (honours, has_it) in [(false, true), (true, false), (false, false)] {
        let (_, posted, execution) =
            sent_by("ticket.create", &ticket, |path, page| many(page, path, honours, has_it));
        let error = failure(&execution).unwrap();
        assert_eq!(crate::error::code_of(error), Code::AmbiguousName, "{error:?}");
        assert!(error.message().starts_with("Too many of the clients match"), "{error:?}");
        assert!(error.advice().unwrap().contains("Give the id"), "{error:?}");
        assert_eq!(posted, None);
    }
}

#[test]
fn a_name_with_commas_is_one_name_or_several() {
    let statuses = |path: &str, _: &[(String, String)]| match path {
        "/api/Status" => Some(json!([
            {"id": 1, "name": "New"}, {"id": 2, "name": "In Progress"}, {"id": 3, "name": "Waiting, on customer"},
        ])),
        _ => None,
    };
    let sent = |given: Value| {
        let mut wanted = String::new();
        let execution = run_all("ticket.list", &[json!({"status": given})], None, |request| {
            let pairs: Vec<(String, String)> = request
                .url
                .query_pairs()
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect();
            match statuses(request.url.path(), &pairs) {
                Some(rows) => answer(200, &rows),
                None => {
                    wanted = query(&pairs, "status").to_string();
                    answer(200, &json!({"record_count": 0, "tickets": []}))
                }
            }
        });
        (wanted, failure(&execution).map(|error| error.field().unwrap_or_default().to_string()))
    };
    assert_eq!(sent(json!("New, in progress")), ("1,2".to_string(), None));
    assert_eq!(sent(json!("Waiting, on customer")), ("3".to_string(), None));
    assert_eq!(sent(json!("9, New")), ("9,1".to_string(), None));
    assert_eq!(sent(json!("[\"New\", \"3\"]")), ("1,3".to_string(), None));
    assert_eq!(sent(json!("New, Nope")).1.as_deref(), Some("/status/1"));
}

#[test]
fn a_team_or_category_that_is_not_there_is_refused_where_the_list_is_whole() {
    let lists = |path: &str, _: &[(String, String)]| match path {
        "/api/Team" => Some(json!([{"id": 7, "name": "1st Line Support"}])),
        "/api/Category" => Some(json!([{"id": 1, "value": "Hardware>Printer"}])),
        _ => None,
    };
    for (field, given, place, near) in [
        ("team", "1st Line Suport", "/team", "1st Line Support"),
        ("team", "Nope", "/team", ""),
        ("category_1", "Hardware>Printr", "/category_1", "Hardware>Printer"),
    ] {
        let mut ticket = json!({"summary": "x"});
        ticket[field] = json!(given);
        let (_, posted, execution) = sent_by("ticket.create", &ticket, lists);
        let error = failure(&execution).unwrap();
        assert_eq!((crate::error::code_of(error), error.field()), (Code::UnknownName, Some(place)));
        assert!(error.advice().unwrap().contains(near), "{error:?}");
        assert_eq!(posted, None);
        // What cannot be compared is for HaloPSA to judge.
        let (_, posted, _) = sent_by("ticket.create", &ticket, |_, _| None);
        assert_eq!(posted.unwrap()[field], given);
    }
    let ticket = json!({"summary": "x", "team": "1ST line support", "category_1": "hardware>printer"});
    let (paths, posted, _) = sent_by("ticket.create", &ticket, lists);
    let posted = posted.unwrap();
    assert_eq!(
        (&posted["team"], &posted["category_1"]),
        (&json!("1st Line Support"), &json!("Hardware>Printer"))
    );
    assert_eq!(paths.len(), 2, "{paths:?}");
    // Teams of agents are not all teams.
    let of_agents = |path: &str, _: &[(String, String)]| match path {
        "/api/Team" => Some(json!([])),
        "/api/Agent" => {
            Some(json!([{"id": 2, "name": "A", "teams": [{"team_id": 7, "team_name": "1st Line"}]}]))
        }
        _ => None,
    };
    let (_, posted, _) = sent_by("ticket.create", &json!({"summary": "x", "team": "Nobody's"}), of_agents);
    assert_eq!(posted.unwrap()["team"], "Nobody's");
}

#[test]
fn a_custom_field_that_is_not_there_is_refused_where_the_definitions_are_known() {
    let definitions = |path: &str, _: &[(String, String)]| {
        (path == "/api/FieldInfo").then(|| {
            json!([
                {"id": 1, "name": "summary", "label": "Summary", "custom": 0, "type": 0},
                {"id": 51, "name": "CFLocation", "label": "Location", "custom": 1, "type": 0},
                {"id": 52, "name": "CFGoLive", "label": "Go live", "custom": 1, "type": 4},
            ])
        })
    };
    for (given, near) in [
        (json!({"CFNope": "x"}), ""),
        (json!({"Location": "x"}), "CFLocation"),
        (json!({"CFLocaton": "x"}), "CFLocation"),
        (json!({"golive": "x"}), "CFGoLive"),
        (json!([{"name": "summary", "value": "x"}]), ""),
        (json!([{"id": 99, "value": "x"}]), ""),
    ] {
        let ticket = json!({"summary": "x", "customfields": given});
        let (_, posted, execution) = sent_by("ticket.create", &ticket, definitions);
        let error = failure(&execution).unwrap();
        assert_eq!(crate::error::code_of(error), Code::UnknownField, "{given}");
        assert!(error.field().unwrap().starts_with("/customfields/"), "{error:?}");
        assert!(error.advice().unwrap().contains(near), "{error:?}");
        assert_eq!(posted, None);
        let (_, posted, _) = sent_by("ticket.create", &ticket, |_, _| None);
        assert!(posted.is_some(), "what cannot be compared is for HaloPSA to judge");
    }
    let instant = "2026-11-27T16:43:01.555-05:00";
    let wire = "2026-11-27T21:43:01.555";
    let ticket = json!({"summary": "x", "customfields": {"cflocation": instant, "CFGoLive": instant}});
    let (paths, posted, _) = sent_by("ticket.create", &ticket, definitions);
    assert_eq!(
        posted.unwrap()["customfields"],
        json!([{"name": "CFGoLive", "value": wire}, {"name": "CFLocation", "value": instant}])
    );
    assert_eq!(paths, ["/api/FieldInfo"]);
    let (_, posted, _) = sent_by("ticket.create", &ticket, |_, _| None);
    assert_eq!(posted.unwrap()["customfields"][0]["value"], wire);
    let by_id = json!({"id": 5, "customfields": [{"id": 52, "value": "2026-11-27"}]});
    let (_, posted, _) = sent_by("ticket.update", &by_id, definitions);
    assert_eq!(posted.unwrap()["customfields"], json!([{"id": 52, "value": "2026-11-27T00:00:00"}]));
}

#[test]
fn a_site_or_a_user_of_another_client_is_caught_before_it_is_sent() {
    let records = |path: &str, _: &[(String, String)]| match path {
        "/api/Site/4" => Some(json!({"id": 4, "name": "Main", "client_id": 3.0})),
        "/api/Users/15" => {
            Some(json!({"id": 15, "name": "Kim", "client_id": 3, "site_id": 4.0, "site_id_int": 4}))
        }
        _ => None,
    };
    for (given, place) in [
        (json!({"client_id": 7, "site_id": 4}), "/site_id"),
        (json!({"client_id": 7, "user_id": 15}), "/user_id"),
        (json!({"client_id": 7, "site_id": 4, "user_id": 15}), "/user_id"),
        (json!({"site_id": 9, "user_id": 15}), "/user_id"),
    ] {
        for (operation, mut input) in
            [("ticket.create", json!({"summary": "x"})), ("ticket.update", json!({"id": 5}))]
        {
            input.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
            let (_, posted, execution) = sent_by(operation, &input, records);
            let error = failure(&execution).unwrap_or_else(|| panic!("{input}"));
            assert_eq!(
                (crate::error::code_of(error), error.field()),
                (Code::InvalidValue, Some(place)),
                "{input}"
            );
            assert_eq!(posted, None);
        }
    }
    for given in [
        json!({"summary": "x", "client_id": 3, "site_id": 4, "user_id": 15}),
        json!({"summary": "x", "site_id": 4}),
        json!({"summary": "x", "client_id": 3, "site_id": 5}),
    ] {
        let (paths, posted, execution) = sent_by("ticket.create", &given, records);
        assert!(posted.is_some(), "{execution:?}");
        assert!(paths.len() <= 1, "{paths:?}");
    }
}

#[test]
fn a_priority_is_found_by_its_guid() {
    let priorities = |path: &str, _: &[(String, String)]| {
        (path == "/api/Priority").then(|| {
            json!([{"id": "6f0e0000-0000-4000-8000-000000000001", "slaid": 1, "priorityid": 3, "name": "Medium"}])
        })
    };
    let ticket = json!({"summary": "x", "sla_id": 1, "priority_id": "6F0E0000-0000-4000-8000-000000000001"});
    let (_, posted, execution) = sent_by("ticket.create", &ticket, priorities);
    assert_eq!(posted.unwrap_or_else(|| panic!("{execution:?}"))["priority_id"], 3);
}

#[test]
fn an_address_of_another_server_is_refused() {
    let address = "https://elsewhere.com/customers?clientid=12";
    let (paths, posted, execution) =
        sent_by("ticket.create", &json!({"summary": "x", "client_id": address}), |_, _| None);
    let error = failure(&execution).unwrap();
    assert_eq!((crate::error::code_of(error), error.field()), (Code::InvalidValue, Some("/client_id")));
    assert!(error.advice().unwrap().contains("x.halopsa.com"), "{error:?}");
    assert!(paths.is_empty() && posted.is_none());
}
