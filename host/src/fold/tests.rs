use std::collections::VecDeque;

use super::*;
use crate::error::{NOTHING_DONE, refusal};
use crate::wit::types::{Level, Report};

fn row(id: u32) -> Item {
    Item { json: format!("{{\"id\":{id}}}"), attachments: Vec::new(), sources: Vec::new() }
}

fn failure(kind: ErrorKind) -> NodeError {
    refusal(kind, "test.failed", "It failed.".to_owned(), "Mend it.")
}

fn part(outcomes: Vec<Outcome>, next: Option<&str>, requests: u32) -> Execution {
    Execution {
        outcomes,
        next: next.map(str::to_owned),
        resume_after_ms: None,
        report: Report { usage: Usage { requests, ..NOTHING_DONE.usage }, ..NOTHING_DONE },
    }
}

/// A call in which the service said "too many requests" and nothing else.
fn throttled(items: usize, next: &str, wait: u32) -> Execution {
    Execution {
        resume_after_ms: Some(wait),
        report: Report {
            usage: Usage { requests: 1, rate_limited: 1, ..NOTHING_DONE.usage },
            ..NOTHING_DONE
        },
        ..part(vec![Outcome::NotAttempted; items], Some(next), 1)
    }
}

struct Told {
    folded: Result<Folded, CallError>,
    cursors: Vec<Option<String>>,
    waits: Vec<Duration>,
    left: usize,
}

async fn fold(items: usize, answers: Vec<Result<Execution, CallError>>) -> Told {
    fold_up_to(usize::MAX, items, answers).await
}

async fn fold_up_to(most: usize, items: usize, answers: Vec<Result<Execution, CallError>>) -> Told {
    let mut answers = VecDeque::from(answers);
    let mut cursors = Vec::new();
    let mut waits = Vec::new();
    let mut progress = |told: Progress| {
        if let Progress::Waiting { duration } = told {
            waits.push(duration);
        }
    };
    let folded = follow(items, most, &mut progress, |part: Part| {
        cursors.push(part.cursor);
        let answer = answers.pop_front().expect("no more calls than answers");
        async move { answer }
    })
    .await;
    Told { folded, cursors, waits, left: answers.len() }
}

fn ids(item: &FoldedItem) -> Vec<&str> {
    item.items.iter().map(|item| item.json.as_str()).collect()
}

#[tokio::test]
async fn results_join_in_order_and_cursors_are_passed_back() {
    let told = fold(
        1,
        vec![
            Ok(part(vec![Outcome::Done(vec![row(1), row(2)])], Some("a"), 1)),
            Ok(part(vec![Outcome::Done(vec![row(3)])], None, 1)),
        ],
    )
    .await;
    let folded = told.folded.expect("folded");
    assert_eq!(ids(&folded.outcomes[0]), ["{\"id\":1}", "{\"id\":2}", "{\"id\":3}"]);
    assert_eq!(told.cursors, [None, Some("a".to_owned())]);
    assert_eq!((folded.calls, folded.usage.requests, folded.next), (2, 2, None));
}

#[tokio::test]
async fn a_failure_stands_and_earlier_results_stay_beside_it() {
    let told = fold(
        2,
        vec![
            Ok(part(vec![Outcome::Done(vec![row(1)]), Outcome::NotAttempted], Some("a"), 1)),
            Ok(part(
                vec![Outcome::Failed(failure(ErrorKind::Unavailable)), Outcome::Done(vec![row(9)])],
                Some("b"),
                1,
            )),
            Ok(part(vec![Outcome::Done(vec![]), Outcome::Done(vec![])], None, 1)),
        ],
    )
    .await;
    let folded = told.folded.expect("folded");
    assert_eq!(ids(&folded.outcomes[0]), ["{\"id\":1}"]);
    assert!(folded.outcomes[0].error.is_some());
    assert_eq!(ids(&folded.outcomes[1]), ["{\"id\":9}"]);
    assert!(folded.outcomes[1].error.is_none());
}

#[tokio::test(start_paused = true)]
async fn waits_are_taken_as_advised_told_and_counted() {
    let told =
        fold(1, vec![Ok(throttled(1, "a", 30_000)), Ok(part(vec![Outcome::Done(vec![row(1)])], None, 1))])
            .await;
    let folded = told.folded.expect("folded");
    assert_eq!(told.waits, [Duration::from_secs(30)]);
    assert_eq!(folded.usage.waited_ms, 30_000);
}

#[tokio::test(start_paused = true)]
async fn ten_calls_that_bring_nothing_are_the_end_even_if_the_cursor_changes() {
    let answers = (0..20).map(|n| Ok(throttled(1, &format!("cursor-{n}"), 1000))).collect();
    let told = fold(1, answers).await;
    let folded = told.folded.expect("folded");
    assert!(folded.gave_up);
    assert_eq!(told.left, 10);
    assert_eq!(folded.next.as_deref(), Some("cursor-9"), "it could go on from there");
    assert!(!folded.outcomes[0].attempted);
}

#[tokio::test(start_paused = true)]
async fn progress_in_between_starts_the_count_anew() {
    let mut answers: Vec<_> = (0..9).map(|_| Ok(throttled(1, "a", 10))).collect();
    answers.push(Ok(part(vec![Outcome::Done(vec![row(1)])], Some("b"), 1)));
    answers.extend((0..9).map(|_| Ok(throttled(1, "b", 10))));
    answers.push(Ok(part(vec![Outcome::Done(vec![row(2)])], None, 1)));
    let folded = fold(1, answers).await.folded.expect("folded");
    assert!(!folded.gave_up);
    assert_eq!(folded.outcomes[0].items.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn pages_without_a_match_are_progress_while_the_service_answers() {
    let mut answers: Vec<_> =
        (0..50).map(|n| Ok(part(vec![Outcome::Done(vec![])], Some(&format!("page-{n}")), 10))).collect();
    answers.push(Ok(part(vec![Outcome::Done(vec![])], None, 1)));
    let told = fold(1, answers).await;
    assert!(!told.folded.expect("folded").gave_up);
    assert!(told.waits.is_empty());
}

#[tokio::test]
async fn results_without_end_are_cut_off_with_the_cursor_to_go_on_from() {
    let large = || Item { json: "x".repeat(1000), attachments: Vec::new(), sources: Vec::new() };
    let answers = (0..50).map(|n| Ok(part(vec![Outcome::Done(vec![large()])], Some(&n.to_string()), 1)));
    let told = fold_up_to(10_000, 1, answers.collect()).await;
    let folded = told.folded.expect("folded");
    assert!(folded.gave_up);
    assert_eq!((folded.calls, folded.next.as_deref()), (10, Some("9")));
    assert_eq!(folded.outcomes[0].items.len(), 10, "what was delivered stays");
}

#[tokio::test(start_paused = true)]
async fn a_wait_of_days_is_left_to_the_embedder() {
    let told = fold(1, vec![Ok(throttled(1, "a", u32::MAX))]).await;
    let folded = told.folded.expect("folded");
    assert!(folded.gave_up && told.waits.is_empty());
    assert_eq!(folded.next.as_deref(), Some("a"));

    let mut busy = failure(ErrorKind::RateLimited);
    busy.retry = Retry::AfterMs(u32::MAX);
    let told = fold(1, vec![Err(busy.into())]).await;
    assert!(told.folded.is_err() && told.waits.is_empty());
}

#[tokio::test]
async fn a_first_call_that_fails_is_the_result() {
    let told = fold(1, vec![Err(failure(ErrorKind::InvalidInput).into())]).await;
    let error = told.folded.expect_err("the failure");
    assert_eq!(error.node_error().map(|error| error.kind), Some(ErrorKind::InvalidInput));
}

#[tokio::test]
async fn a_later_call_that_fails_does_not_cost_what_was_delivered() {
    let told = fold(
        1,
        vec![
            Ok(part(vec![Outcome::Done(vec![row(1)])], Some("a"), 1)),
            Err(failure(ErrorKind::Timeout).into()),
        ],
    )
    .await;
    let folded = told.folded.expect("folded");
    assert_eq!(folded.outcomes[0].items.len(), 1);
    assert!(folded.interrupted.is_some());
    assert_eq!(folded.next.as_deref(), Some("a"));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_told_not_now_is_made_again_and_others_are_not() {
    let mut busy = failure(ErrorKind::RateLimited);
    busy.retry = Retry::AfterMs(2000);
    let told = fold(1, vec![Err(busy.into()), Ok(part(vec![Outcome::Done(vec![row(1)])], None, 1))]).await;
    assert_eq!(told.waits, [Duration::from_secs(2)]);
    assert_eq!(told.folded.expect("folded").outcomes[0].items.len(), 1);

    let mut unknown = failure(ErrorKind::RateLimited);
    unknown.retry = Retry::AfterMs(2000);
    unknown.effect = Effect::Unknown;
    assert!(fold(1, vec![Err(unknown.into())]).await.folded.is_err());
}

#[tokio::test]
async fn a_diagnostic_that_every_call_repeats_is_told_once() {
    let diagnostic = Diagnostic {
        level: Level::Info,
        code: "test.note".to_owned(),
        message: "Note.".to_owned(),
        item_index: None,
    };
    let with = |next| Execution {
        report: Report { diagnostics: vec![diagnostic.clone()], ..NOTHING_DONE },
        ..part(vec![Outcome::Done(vec![row(1)])], next, 1)
    };
    let told = fold(1, vec![Ok(with(Some("a"))), Ok(with(None))]).await;
    assert_eq!(told.folded.expect("folded").diagnostics.len(), 1);
}

#[test]
fn what_a_thousand_pages_have_to_say_is_bounded() {
    let mut folded = Folded::new(1);
    for call in 0..3 {
        let told = (0..DIAGNOSTICS).map(|n| Diagnostic {
            level: Level::Info,
            code: "c".to_owned(),
            message: format!("{call}/{n}"),
            item_index: None,
        });
        folded.absorb(Execution {
            report: Report { diagnostics: told.collect(), ..NOTHING_DONE },
            ..part(vec![], None, 1)
        });
    }
    assert_eq!(folded.diagnostics.len(), DIAGNOSTICS);
}
