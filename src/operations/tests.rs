//! Whole calls against a scripted wire: what the promises are about – nothing
//! lost, nothing doubled – where a real server seldom goes.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use serde_json::{Value, json};
use workflow_node_sdk::http::{HttpRequest, HttpResponse, Limits, Reached, Reason, TransportError};
use workflow_node_sdk::interface::{
    CallContext, Connection, ConnectionAuth, Execution, Item, Outcome, Secret, Session,
};
use workflow_node_sdk::transport::{Exchange, Transport};

use super::execute;
use crate::error::{Code, Effect, NodeError};

/// Answers each request as told; time passes only by waiting.
struct Script<F> {
    answer: F,
    waited: Duration,
}

impl<F: FnMut(&HttpRequest) -> Exchange> Transport for Script<F> {
    fn send_all(&mut self, requests: &[HttpRequest], _: &Limits) -> Vec<Exchange> {
        requests.iter().map(|request| (self.answer)(request)).collect()
    }

    fn elapsed(&self) -> Duration {
        self.waited
    }

    fn wait(&mut self, duration: Duration) {
        self.waited += duration;
    }
}

fn run(
    operation: &str,
    input: &Value,
    cursor: Option<&str>,
    answer: impl FnMut(&HttpRequest) -> Exchange,
) -> Execution {
    run_all(operation, core::slice::from_ref(input), cursor, answer)
}

/// One call with these inputs.
pub(crate) fn run_all(
    operation: &str,
    inputs: &[Value],
    cursor: Option<&str>,
    answer: impl FnMut(&HttpRequest) -> Exchange,
) -> Execution {
    let context = CallContext {
        now: "2026-03-01T09:00:00Z".parse().unwrap(),
        deadline: Duration::from_secs(60),
        attempt: 1,
        idempotency_key: None,
        entropy: vec![],
        trace_parent: None,
        time_zone: None,
        dry_run: false,
        read_only: false,
        allowed_operations: None,
        confirmed: true,
    };
    let fields = [
        ("url", "x"),
        ("auth_url", "https://x.halopsa.com/auth"),
        ("client_id", "id"),
        ("client_secret", "very-secret-secret"),
    ];
    let session = Session {
        token: Secret::new("token-of-the-host"),
        expires_at: Some("2026-03-01T10:00:00Z".parse().unwrap()),
        extra: None,
        scopes: vec![],
    };
    let connection = Connection {
        fields: fields.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        auth: ConnectionAuth::Session(session),
    };
    let item = |json: &Value| Item::new(json.clone());
    let items: Vec<Item> = inputs.iter().map(item).collect();
    let mut transport = Script { answer, waited: Duration::ZERO };
    execute(&mut transport, &context, &connection, operation, &items, cursor).unwrap()
}

/// An answer with a JSON body.
pub(crate) fn answer(status: u16, body: &Value) -> Exchange {
    Ok(HttpResponse { status, body: body.to_string().into_bytes(), ..HttpResponse::default() })
}

fn throttled() -> Exchange {
    let headers = vec![("Retry-After".to_string(), b"60".to_vec())];
    Ok(HttpResponse { status: 429, headers, ..HttpResponse::default() })
}

fn page_no(request: &HttpRequest) -> i64 {
    let page = request.url.query_pairs().find(|(name, _)| name == "page_no").unwrap();
    page.1.parse().unwrap()
}

/// A page of 100 of so many tickets, of which the first `gone` have vanished
/// and as many have come.
fn tickets(request: &HttpRequest, total: i64, gone: i64) -> Exchange {
    let first = (page_no(request) - 1) * 100 + 1 + gone;
    let last = (first + 99).min(total + gone);
    let rows: Vec<Value> = (first..=last).map(|id| json!({"id": id})).collect();
    answer(200, &json!({"record_count": total, "tickets": rows}))
}

fn ids(execution: &Execution) -> Vec<i64> {
    match execution.outcomes.as_slice() {
        [Outcome::Done(items)] => items.iter().map(|item| item.json["id"].as_i64().unwrap()).collect(),
        _ => vec![],
    }
}

fn failure(execution: &Execution) -> &NodeError {
    match execution.outcomes.as_slice() {
        [Outcome::Failed(error)] => error,
        other => panic!("{other:?}"),
    }
}

/// Follows the cursor of a list to its end.
fn follow(mut next: Option<String>, mut answer: impl FnMut(&HttpRequest) -> Exchange) -> Vec<i64> {
    let mut all = vec![];
    let mut calls = 0;
    while let Some(cursor) = next {
        calls += 1;
        assert!(calls < 50, "endless: {cursor}");
        let execution = run("ticket.list", &json!({"return_all": true}), Some(&cursor), &mut answer);
        all.extend(ids(&execution));
        next = execution.next;
    }
    all
}

#[test]
fn a_list_goes_on_where_it_was_after_a_throttled_call() {
    let all = json!({"return_all": true});
    let first = run("ticket.list", &all, None, |request| tickets(request, 2_000, 0));
    let second = run("ticket.list", &all, first.next.as_deref(), |_| throttled());
    assert_eq!(second.resume_after, Some(Duration::from_secs(60)));
    let mut rows = ids(&first);
    rows.extend(ids(&second));
    rows.extend(follow(second.next, |request| tickets(request, 2_000, 0)));
    assert_eq!(rows, (1..=2_000).collect::<Vec<i64>>());
}

#[test]
fn a_page_that_never_comes_ends_the_list_with_its_failure() {
    for broken in [throttled as fn() -> Exchange, || answer(500, &json!({"Message": "bad row"}))] {
        follow(
            run("ticket.list", &json!({"return_all": true}), None, |request| tickets(request, 2_000, 0)).next,
            |request| if page_no(request) > 12 { broken() } else { tickets(request, 2_000, 0) },
        );
    }
}

#[test]
fn a_call_that_only_went_back_forgets_nothing() {
    let first = run("ticket.list", &json!({"return_all": true}), None, |request| tickets(request, 5_000, 0));
    let mut rows = ids(&first);
    rows.extend(follow(first.next, |request| tickets(request, 5_000, 300)));
    assert_eq!(rows, (1..=5_300).collect::<Vec<i64>>());
}

#[test]
fn a_delete_is_done_only_if_it_may_have_been_ours() {
    let delete = |first: fn() -> Exchange| {
        let mut asked = 0;
        run("ticket.delete", &json!({"id": 9}), None, move |request| {
            if request.url.path().ends_with("/token") {
                return answer(200, &json!({"access_token": "another-token", "expires_in": 3600}));
            }
            asked += 1;
            if asked == 1 { first() } else { answer(404, &json!("gone")) }
        })
    };
    for certain in [|| answer(401, &json!("who?")), || answer(429, &json!("later"))] {
        assert_eq!(failure(&delete(certain)).code(), Code::RecordNotFound);
    }
    let ours = delete(|| Err(TransportError::new(Reason::Broken, Reached::Maybe)));
    assert!(matches!(ours.outcomes.as_slice(), [Outcome::Done(_)]));
}

#[test]
fn an_update_whose_first_answer_was_lost_stays_unknown() {
    for second in [(|| answer(400, &json!("no"))) as fn() -> Exchange, || {
        Err(TransportError::new(Reason::Denied, Reached::No))
    }] {
        let mut asked = 0;
        let execution = run("ticket.update", &json!({"id": 9, "status_id": 2}), None, |_| {
            asked += 1;
            if asked == 1 { Err(TransportError::new(Reason::Broken, Reached::Maybe)) } else { second() }
        });
        assert_eq!(failure(&execution).effect(), Effect::Unknown);
    }
}

#[test]
fn a_create_is_sent_once_whatever_happens_to_its_answer() {
    for lost in [
        (|| Err(TransportError::new(Reason::Broken, Reached::Maybe))) as fn() -> Exchange,
        || Err(TransportError::new(Reason::TimedOut, Reached::Maybe)),
        || answer(502, &json!("")),
        || answer(503, &json!("")),
        || answer(500, &json!("")),
        || Ok(HttpResponse { status: 201, body: b"{\"id\":".to_vec(), ..HttpResponse::default() }),
    ] {
        let mut sent = 0;
        let execution = run("ticket.create", &json!({"summary": "x"}), None, |_| {
            sent += 1;
            lost()
        });
        let error = failure(&execution);
        assert_eq!((sent, error.effect()), (1, Effect::Unknown));
        assert!(
            error.advice().is_some_and(|advice| advice.contains("before you run this again")),
            "{error:?}"
        );
    }
}

/// HaloPSA takes the lines of a recurring invoice back, and may do with them
/// what it likes.
#[test]
fn a_quantity_that_was_not_kept_is_told() {
    let input = json!({"id": 4, "line_id": 1, "quantity": 40});
    for (kept, told) in [
        (json!([{"id": 1, "qty_order": 10}, {"id": 2, "qty_order": 1}]), "quantity of line 1"),
        (json!([{"id": 1, "qty_order": 40}]), "2 lines were sent and 1 are there"),
        (json!(null), "without its lines"),
    ] {
        let mut written = None;
        let execution = run("recurring_invoice.update_quantity", &input, None, |request| {
            if !request.body.is_empty() {
                written = serde_json::from_slice::<Value>(&request.body).ok();
                return answer(201, &json!({"id": 4}));
            }
            let before = json!([{"id": 1, "qty_order": 10}, {"id": 2, "qty_order": 1}]);
            answer(200, &json!({"id": 4, "lines": if written.is_some() { &kept } else { &before }}))
        });
        let lines = json!([{"id": 1, "qty_order": 40}, {"id": 2, "qty_order": 1}]);
        assert_eq!(written, Some(json!([{"id": 4, "lines": lines}])));
        let error = failure(&execution);
        assert_eq!(error.effect(), Effect::Applied);
        assert!(error.message().contains(told), "{error:?}");
    }
}

/// Between the first attempt and the second somebody else may change the lines.
#[test]
fn lines_are_put_back_once_where_the_answer_is_lost() {
    let mut sent = 0;
    let input = json!({"id": 4, "line_id": 1, "quantity": 40});
    let execution = run("recurring_invoice.update_quantity", &input, None, |request| {
        if request.body.is_empty() {
            return answer(200, &json!({"id": 4, "lines": [{"id": 1, "qty_order": 10}]}));
        }
        sent += 1;
        answer(504, &json!(""))
    });
    assert_eq!((sent, failure(&execution).effect()), (1, Effect::Unknown));
}

/// Writing back a list that was not read would empty it.
#[test]
fn a_recurring_invoice_without_its_lines_is_not_written() {
    let input = json!({"id": 4, "item_code": "WS", "quantity": 40});
    let execution = run("recurring_invoice.update_quantity", &input, None, |request| {
        assert!(request.body.is_empty());
        answer(200, &json!({"id": 4}))
    });
    let error = failure(&execution);
    assert_eq!((crate::error::code_of(error), error.effect()), (Code::MalformedAnswer, Effect::None));
}

#[test]
fn a_job_takes_the_name_of_a_status_that_the_ticket_allows() {
    let close = json!({"id": 17, "status_id": "done"});
    let mut sent = Value::Null;
    let execution = run("ticket.close", &close, None, |request| match request.url.path() {
        "/api/Tickets/17" => answer(200, &json!({"id": 17, "tickettype_id": 4})),
        "/api/TicketType/4" => answer(200, &json!({"id": 4, "allowed_status": [{"status_id": 12}]})),
        "/api/Status" => answer(
            200,
            &json!([{"id": 11, "name": "Done"}, {"id": 12, "name": "Done"}, {"id": 9, "name": "No"}]),
        ),
        _ => {
            sent = serde_json::from_slice(&request.body).unwrap();
            answer(201, &json!({"id": 17}))
        }
    });
    assert!(matches!(execution.outcomes.as_slice(), [Outcome::Done(_)]), "{:?}", execution.outcomes);
    assert_eq!(sent[0]["status_id"], 12, "{sent}");
}

fn codes(execution: &Execution) -> Vec<&'static str> {
    execution.report.diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
}

fn said<'e>(execution: &'e Execution, code: &str) -> &'e str {
    let said = execution.report.diagnostics.iter().find(|diagnostic| diagnostic.code == code);
    said.map_or_else(|| panic!("no {code}: {:?}", execution.report.diagnostics), |said| &said.message)
}

fn first(execution: &Execution) -> &Value {
    match execution.outcomes.as_slice() {
        [Outcome::Done(items)] => &items[0].json,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_field_that_came_back_different_is_named() {
    let came = json!({"id": 1, "agent_id": 1, "_warning": "The agent is away."});
    let execution = run("ticket.assign", &json!({"id": 1, "agent_id": 5}), None, |_| answer(201, &came));
    assert_eq!(first(&execution)["agent_id"], 1);
    assert_eq!(codes(&execution), ["halopsa.vendor-warning", "halopsa.value-not-kept"]);
    assert!(said(&execution, "halopsa.value-not-kept").contains("agent_id (sent 5, is 1)"));
    assert!(said(&execution, "halopsa.vendor-warning").contains("The agent is away."));
    let kept = json!({"id": 1, "agent_id": "5"});
    let execution = run("ticket.assign", &json!({"id": 1, "agent_id": 5}), None, |_| answer(201, &kept));
    assert!(codes(&execution).is_empty(), "{:?}", execution.report.diagnostics);
}

#[test]
fn an_answer_about_another_record_is_no_success() {
    let other = json!({"id": 2, "summary": "x", "name": "x"});
    for (operation, input, effect) in [
        ("ticket.update", json!({"id": 1, "summary": "x"}), Effect::Unknown),
        ("ticket.close", json!({"id": 1}), Effect::Unknown),
        ("ticket.delete", json!({"id": 1}), Effect::Unknown),
        ("ticket.get", json!({"id": 1}), Effect::None),
        ("client.update", json!({"id": 1, "name": "x"}), Effect::Unknown),
    ] {
        let execution = run(operation, &input, None, |_| answer(200, &other));
        let error = failure(&execution);
        assert_eq!(
            (crate::error::code_of(error), error.effect()),
            (Code::MalformedAnswer, effect),
            "{operation}"
        );
        assert!(error.message().contains("record 2 instead of 1"), "{}", error.message());
    }
}

#[test]
fn a_record_is_read_in_every_shape() {
    let record = json!({"id": "17", "summary": "x", "priority": {"id": 3, "name": "High"}});
    for shape in [
        record.clone(),
        json!([record]),
        json!({"record_count": 1, "tickets": [record]}),
        json!([{"record_count": 1, "tickets": [record]}]),
    ] {
        let execution = run("ticket.get", &json!({"id": 17}), None, |_| answer(200, &shape));
        let ticket = first(&execution);
        assert_eq!((&ticket["id"], &ticket["priority_name"]), (&json!(17), &json!("High")), "{shape}");
    }
}

#[test]
fn every_column_of_a_report_comes_and_what_is_withheld_is_named() {
    let rows = json!([{"Password Last Set": "2026-01-01", "Client Secret": "s3cret-value", "Due": "1900-01-01T00:00:00"}]);
    let report = json!({"id": 1, "report": {"load_error": "", "rows": rows}});
    let execution = run("report.run", &json!({"id": 1}), None, |_| answer(200, &report));
    assert_eq!(first(&execution), &json!({"Password Last Set": "2026-01-01", "Due": null}));
    assert!(said(&execution, "halopsa.secret-withheld").contains("Client Secret"));
}

#[test]
fn a_report_warns_at_its_cap() {
    let report = |rows: i64| {
        let rows: Vec<Value> = (0..rows).map(|row| json!({"Row": row})).collect();
        json!({"id": 1, "report": {"rows": rows}})
    };
    let cut = report(50_000);
    let execution = run("report.run", &json!({"id": 1, "limit": 5}), None, |_| answer(200, &cut));
    assert_eq!(codes(&execution), ["halopsa.report-cut", "halopsa.more-rows"]);
    let whole = report(49_999);
    let execution = run("report.run", &json!({"id": 1, "return_all": true}), None, |_| answer(200, &whole));
    assert!(codes(&execution).is_empty());
}

#[test]
fn a_gateway_time_out_of_a_report_is_final() {
    for (operation, input) in [
        ("report.run", json!({"id": 1})),
        ("api.request", json!({"method": "GET", "path": "/Report/1", "query": {"loadreport": true}})),
    ] {
        let mut requests = 0;
        let execution = run(operation, &input, None, |_| {
            requests += 1;
            answer(504, &json!(""))
        });
        assert_eq!((requests, failure(&execution).http_status()), (1, Some(504)), "{operation}");
    }
    let execution = run("report.run", &json!({"id": 1}), None, |_| answer(504, &json!("")));
    assert_eq!(failure(&execution).retry(), crate::error::Retry::Never);
    // A hiccup is one still.
    let mut requests = 0;
    run("report.run", &json!({"id": 1}), None, |_| {
        requests += 1;
        answer(503, &json!(""))
    });
    assert_eq!(requests, 4);
}

/// Answers as a recurring invoice with one line whose written quantity shows
/// after so many reads; `said` is what a write is answered with.
fn recurring(shows_after: u32, said: impl Fn(&Value) -> Value) -> (Execution, u32) {
    let invoice =
        |quantity: &Value| json!({"id": 4, "lines": [{"id": 7, "qty_order": quantity, "net_total": 30}]});
    let mut kept = None;
    let mut reads = 0;
    let input = json!({"id": 4, "line_id": 7, "quantity": 3});
    let execution =
        run("recurring_invoice.update_quantity", &input, None, |request| match &request.body[..] {
            [] => {
                reads += u32::from(kept.is_some());
                let shown =
                    kept.as_ref().filter(|_| reads > shows_after).cloned().unwrap_or_else(|| json!(10));
                answer(200, &invoice(&shown))
            }
            body => {
                let body: Value = serde_json::from_slice(body).unwrap();
                let line = &body[0]["lines"][0];
                assert_eq!(line.get("net_total"), None, "an amount of the old quantity");
                kept = Some(line["qty_order"].clone());
                answer(201, &said(&invoice(&line["qty_order"])))
            }
        });
    (execution, reads)
}

#[test]
fn a_quantity_is_believed_from_the_answer_to_its_write() {
    let (execution, reads) = recurring(u32::MAX, Value::clone);
    assert_eq!((first(&execution)["changed"].clone(), reads), (json!(true), 0));
}

#[test]
fn a_quantity_that_shows_later_is_waited_for() {
    for shows_after in [0, 1, 3] {
        // The answer says nothing of lines, or what was before.
        for said in [json!({"id": 4}), json!({"id": 4, "lines": [{"id": 7, "qty_order": 10}]})] {
            let (execution, reads) = recurring(shows_after, |_| said.clone());
            assert_eq!((first(&execution)["quantity"].clone(), reads), (json!(3), shows_after + 1));
        }
    }
    let (execution, reads) = recurring(u32::MAX, |_| json!({"id": 4}));
    let error = failure(&execution);
    assert_eq!((crate::error::code_of(error), error.effect()), (Code::NotKept, Effect::Applied));
    assert!((4..=6).contains(&reads), "{reads} reads");
}

#[test]
fn a_list_of_rows_without_ids_ends_with_a_warning() {
    let envelope = json!([{"record_count": 40, "tickets": [{"summary": "a"}, {"summary": "b"}]}]);
    let mut requests = 0;
    let execution = run("ticket.list", &json!({"return_all": true}), None, |_| {
        requests += 1;
        answer(200, &envelope)
    });
    assert!(requests <= 12, "{requests} requests");
    assert_eq!(execution.next, None);
    assert!(codes(&execution).contains(&"halopsa.rows-without-id"), "{:?}", codes(&execution));
}

#[test]
fn a_list_under_another_key_is_read_and_said() {
    let envelope = json!({"record_count": 2, "audits": [{"id": 1}, {"id": 2}]});
    let execution = run("audit.list", &json!({}), None, |_| answer(200, &envelope));
    assert_eq!(ids(&execution), [1, 2]);
    assert!(said(&execution, "halopsa.unexpected-list-key").contains("\"audits\" instead of \"audit\""));
    for usual in [json!({"record_count": 2, "audit": [{"id": 1}, {"id": 2}]}), json!([{"id": 1}, {"id": 2}])]
    {
        let execution = run("audit.list", &json!({}), None, |_| answer(200, &usual));
        assert_eq!((ids(&execution), codes(&execution)), (vec![1, 2], vec![]));
    }
}

#[test]
fn notes_on_a_client_are_asked_for_by_count() {
    let mut queries = vec![];
    for (input, count) in [
        (json!({"client_id": 12, "return_all": true}), "100000"),
        (json!({"client_id": 12, "limit": 7}), "7"),
    ] {
        run("crm_note.list", &input, None, |request| {
            queries.push((request.url.query().unwrap_or_default().to_string(), count));
            answer(200, &json!({"record_count": 1, "actions": [{"id": 1}]}))
        });
    }
    assert!(
        queries.iter().all(|(query, count)| query.contains(&alloc::format!("count={count}"))),
        "{queries:?}"
    );
    let execution = run("crm_note.list", &json!({}), None, |_| panic!("nothing may be sent"));
    assert_eq!(failure(&execution).code(), Code::MissingField);
}

/// The action that an operation posts, and how it ends.
fn posted(operation: &str, input: &Value) -> Value {
    let mut posted = Value::Null;
    let execution = run(operation, input, None, |request| {
        if request.method == workflow_node_sdk::http::Method::Post {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            posted = body[0].clone();
            return answer(201, &json!({"id": 2, "ticket_id": 17}));
        }
        answer(200, &json!({"id": 17, "user_email": "kim@client.example", "hiddenfromuser": true}))
    });
    assert!(matches!(execution.outcomes.as_slice(), [Outcome::Done(_)]), "{:?}", execution.outcomes);
    posted
}

#[test]
fn the_text_of_a_mail_is_in_every_field_that_may_carry_it() {
    let plain = posted("email.send", &json!({"ticket_id": 17, "outcome_id": 9, "emailbody": "1 < 2\nbye"}));
    for (name, text) in [
        ("emailbody", "1 < 2\nbye"),
        ("note", "1 < 2\nbye"),
        ("emailbody_html", "<p>1 &lt; 2<br>bye</p>"),
        ("note_html", "<p>1 &lt; 2<br>bye</p>"),
    ] {
        assert_eq!(plain[name], text, "{name}");
    }
    let html = posted("email.send", &json!({"ticket_id": 17, "outcome_id": 9, "emailbody_html": "<b>x</b>"}));
    assert_eq!((&html["note_html"], &html["emailbody_html"]), (&json!("<b>x</b>"), &json!("<b>x</b>")));
}

#[test]
fn time_is_logged_for_and_corrected_as_a_technician() {
    let logged = posted("time.log", &json!({"ticket_id": 17, "minutes": "30", "who_agentid": 3}));
    assert_eq!((&logged["timetaken"], &logged["who_agentid"]), (&json!(0.5), &json!(3)));
    let corrected =
        posted("note.update", &json!({"ticket_id": 17, "id": 2, "minutes": 45, "who_agentid": 4}));
    assert_eq!((&corrected["timetaken"], &corrected["who_agentid"]), (&json!(0.75), &json!(4)));
    assert!(corrected.get("minutes").is_none(), "HaloPSA knows hours");
    let noted = posted(
        "note.add",
        &json!({"ticket_id": 17, "note": "x", "outcome_id": 7, "action_isresponse": true, "extra": {"chargerate": 2}}),
    );
    assert_eq!((&noted["action_isresponse"], &noted["chargerate"]), (&json!(true), &json!(2)));
}

#[test]
fn extra_fields_of_an_action_send_nothing_to_customers() {
    for name in ["sendemail", "sendsms", "emailto", "send_to_whatsapp"] {
        let mut extra = json!({});
        extra[name] = json!(true);
        let input = json!({"ticket_id": 17, "note": "x", "outcome_id": 7, "extra": extra});
        let execution = run("note.add", &input, None, |_| answer(201, &json!({"id": 2, "ticket_id": 17})));
        let refused = matches!(execution.outcomes.as_slice(), [Outcome::Failed(error)] if error.code() == Code::InvalidValue);
        assert!(refused, "{name}: {:?}", execution.outcomes);
    }
}

#[test]
fn an_update_that_is_sent_again_after_a_lost_answer_is_reported() {
    let mut attempts = 0;
    let execution = run("client.update", &json!({"id": 12, "notes": "x"}), None, |request| {
        if request.method == workflow_node_sdk::http::Method::Get {
            return answer(200, &json!({"id": 12, "notes": "x"}));
        }
        attempts += 1;
        if attempts == 1 { answer(504, &json!("")) } else { answer(201, &json!({"id": 12, "notes": "x"})) }
    });
    assert_eq!((attempts, codes(&execution)), (2, vec!["halopsa.sent-again"]));
    let in_peace = run("client.update", &json!({"id": 12, "notes": "x"}), None, |_| {
        answer(201, &json!({"id": 12, "notes": "x"}))
    });
    assert!(codes(&in_peace).is_empty());
}
