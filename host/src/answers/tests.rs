//! A guest that says too much, in each place where it can say something.

use super::*;
use crate::error::{NOTHING_DONE, refusal};
use crate::wit::lookup::Entry;
use crate::wit::setup::{CheckStatus, CheckStep};
use crate::wit::triggers::{Header, Reply};
use crate::wit::types::{Diagnostic, ErrorKind, FieldValue, Item, Level};

const SECRET: &str = "hunter22-the-secret";

/// A megabyte that begins with the secret.
fn long() -> String {
    format!("{SECRET} {}", "x".repeat(1 << 20))
}

fn diagnostics() -> Vec<Diagnostic> {
    vec![Diagnostic { level: Level::Info, code: long(), message: long(), item_index: None }]
}

fn report() -> Report {
    Report { diagnostics: diagnostics(), ..NOTHING_DONE }
}

fn failure() -> NodeError {
    NodeError {
        vendor_message: Some(long()),
        field: Some(long()),
        details: Some(format!("{:?}", long())),
        ..refusal(ErrorKind::Internal, &long(), long(), &long())
    }
}

/// What is left of an answer, without a secret in it.
fn shown<A: Answer + std::fmt::Debug>(answer: A) -> String {
    let secrets = Secrets::default();
    secrets.add(SECRET);
    let mut result = Ok(answer);
    finish(&mut result, &secrets, &|_| {});
    let shown = format!("{result:?}");
    assert!(!shown.contains(SECRET), "{shown:.300}");
    assert!(shown.len() < 100_000, "{} bytes: {shown:.300}", shown.len());
    shown
}

#[test]
fn a_failure_is_bounded_wherever_it_stands() {
    let execution = Execution {
        outcomes: vec![Outcome::Failed(failure())],
        next: None,
        resume_after_ms: None,
        report: report(),
    };
    assert!(shown(execution).contains("*** xxx"));
    let secrets = Secrets::default();
    secrets.add(SECRET);
    let mut result: Result<Session, NodeError> = Err(failure());
    // What the host adds may repeat the guest, too.
    finish(&mut result, &secrets, &|error| error.message = long());
    let shown = format!("{result:?}");
    assert!(!shown.contains(SECRET) && shown.len() < 100_000, "{} {shown:.300}", shown.len());
}

#[test]
fn a_report_is_bounded() {
    let step = CheckStep {
        name: long(),
        label: long(),
        status: CheckStatus::Fail,
        message: long(),
        error: Some(failure()),
        advice: Some(long()),
    };
    let few = CheckReport {
        account: Some(long()),
        instance: Some(long()),
        scopes: vec![long()],
        steps: vec![step],
        fields: vec![FieldValue { name: long(), value: long() }],
        report: report(),
    };
    shown(few.clone());
    let step = CheckStep { error: None, ..few.steps[0].clone() };
    let empty =
        CheckStep { name: String::new(), label: String::new(), message: String::new(), advice: None, ..step };
    let many = CheckReport {
        scopes: vec![String::new(); 100_000],
        steps: vec![empty; 100_000],
        fields: vec![FieldValue { name: String::new(), value: String::new() }; 100_000],
        ..few
    };
    let mut result = Ok(many);
    finish(&mut result, &Secrets::default(), &|_| {});
    let many = result.expect("a report");
    assert!(many.scopes.len() <= 1000 && many.steps.len() <= 1000 && many.fields.len() <= 1000);
}

#[test]
fn a_list_is_bounded_in_what_people_read_and_keeps_its_values() {
    let entry = Entry {
        value: format!("{:?}", "v".repeat(5000)),
        label: long(),
        description: Some(long()),
        parent: None,
        disabled: false,
        details: Some(format!("{:?}", long())),
    };
    let entries = Entries { entries: vec![entry], next: None, report: report() };
    assert!(shown(entries).contains(&"v".repeat(5000)));
}

#[test]
fn events_and_replies_are_bounded_and_keep_their_items() {
    let event = Event {
        id: long(),
        occurred_at: Some(long()),
        item: Item { json: "{\"kept\":1}".to_owned(), attachments: Vec::new(), sources: Vec::new() },
    };
    let header = Header { name: long(), value: long() };
    let received = Received {
        events: vec![event.clone()],
        state: "kept".to_owned(),
        reply: Reply { status: 200, headers: vec![header; 100], body: long().into_bytes() },
        report: report(),
    };
    let mut result = Ok(received.clone());
    let secrets = Secrets::default();
    secrets.add(SECRET);
    finish(&mut result, &secrets, &|_| {});
    let reply = result.expect("received").reply;
    assert!(reply.headers.len() <= 32 && reply.body.is_empty(), "{} bytes", reply.body.len());
    let short = Reply { status: 200, headers: Vec::new(), body: format!("it is {SECRET}").into_bytes() };
    let mut result = Ok(Received { reply: short, ..received });
    finish(&mut result, &secrets, &|_| {});
    assert_eq!(result.expect("received").reply.body, b"it is ***");
    let polled = Polled {
        events: vec![event],
        state: "kept".to_owned(),
        more: false,
        next_poll_ms: 1,
        report: report(),
    };
    assert!(shown(polled).contains("kept"));
    let time = Some(long());
    let state = "kept".to_owned();
    shown(Subscription { state, expires_at: time, report: report() });
}
