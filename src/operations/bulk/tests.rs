//! Batches against a small HaloPSA: whatever goes wrong, each ticket is there
//! once or its item says otherwise.

use core::time::Duration;

use serde_json::{Value, json};
use workflow_node_sdk::http::{HttpRequest, Method, Reached, Reason, TransportError};
use workflow_node_sdk::interface::{Execution, Outcome};
use workflow_node_sdk::transport::Exchange;

use crate::error::Effect;
use crate::operations::tests::{answer, run_all};
use crate::operations::world::{Fault, World, call};

/// How a POST of many goes wrong.
#[derive(Clone, Copy, PartialEq)]
enum Trouble {
    /// Not at all.
    None,
    /// The elements before the bad one are done.
    Partial,
    /// None is done when one is bad.
    Atomic,
    /// All is done, and the answer is lost.
    Lost,
    /// Nothing arrives, and nobody knows.
    Gone,
}

/// A HaloPSA that knows tickets only. "bad" is a summary that it refuses.
struct Halo {
    tickets: Vec<Value>,
    trouble: Trouble,
    posts: usize,
}

impl Halo {
    fn new(trouble: Trouble) -> Self {
        let old = (1..=7).map(|id| json!({"id": id, "summary": "a"}));
        Self { tickets: old.collect(), trouble, posts: 0 }
    }

    fn serve(&mut self, request: &HttpRequest) -> Exchange {
        if request.method == Method::Get {
            let mut rows = self.tickets.clone();
            rows.reverse();
            return answer(200, &json!({"record_count": rows.len(), "tickets": rows}));
        }
        self.posts += 1;
        let Ok(Value::Array(elements)) = serde_json::from_slice(&request.body) else {
            return answer(400, &json!("no array"));
        };
        let lost = Err(TransportError::new(Reason::Broken, Reached::Maybe));
        if self.trouble == Trouble::Gone {
            return lost;
        }
        let before = self.tickets.clone();
        let mut done = vec![];
        for mut element in elements {
            if element["summary"] == "bad" {
                if self.trouble == Trouble::Atomic {
                    self.tickets = before;
                }
                return answer(400, &json!({"Message": "Category is mandatory"}));
            }
            element["id"] = json!(self.tickets.len() + 1);
            self.tickets.push(element.clone());
            done.push(element);
        }
        match (self.trouble, request.url.query()) {
            (Trouble::Lost, _) => lost,
            (_, Some("returnall=true")) => answer(201, &json!(done)),
            _ => answer(201, done.last().unwrap_or(&Value::Null)),
        }
    }

    fn count(&self, summary: &str) -> usize {
        self.tickets.iter().skip(7).filter(|ticket| ticket["summary"] == summary).count()
    }
}

fn create(summaries: &[&str], halo: &mut Halo) -> Execution {
    let items: Vec<Value> = summaries.iter().map(|text| json!({"summary": text, "bulk": true})).collect();
    run_all("ticket.create", &items, None, |request| halo.serve(request))
}

/// `+` done, `-` failed without effect, `?` failed with unknown effect.
fn told(execution: &Execution) -> String {
    let sign = |outcome: &Outcome| match outcome {
        Outcome::Done(_) => '+',
        Outcome::Failed(error) if error.effect() == Effect::None => '-',
        Outcome::Failed(_) => '?',
        Outcome::NotAttempted => '.',
    };
    execution.outcomes.iter().map(sign).collect()
}

#[test]
fn a_hundred_travel_together() {
    let mut halo = Halo::new(Trouble::None);
    let summaries: Vec<String> = (0..250).map(|number| format!("ticket {number}")).collect();
    let texts: Vec<&str> = summaries.iter().map(String::as_str).collect();
    let execution = create(&texts, &mut halo);
    assert_eq!(told(&execution), "+".repeat(250));
    assert_eq!((halo.posts, halo.tickets.len()), (4, 257));
    assert_eq!(execution.report.usage.requests, 5, "a look at the newest, one alone and three batches");
}

#[test]
fn one_bad_ticket_harms_no_other_and_doubles_none() {
    for trouble in [Trouble::Partial, Trouble::Atomic] {
        let mut halo = Halo::new(trouble);
        let execution = create(&["a", "b", "bad", "c", "a"], &mut halo);
        assert_eq!(told(&execution), "++-++");
        assert_eq!((halo.count("a"), halo.count("b"), halo.count("c")), (2, 1, 1));
        assert_eq!(halo.tickets.len(), 11);
    }
}

#[test]
fn finds_the_records_after_a_lost_response() {
    let mut halo = Halo::new(Trouble::Lost);
    assert_eq!(told(&create(&["a", "b", "c"], &mut halo)), "+++");
    assert_eq!(halo.posts, 2, "one alone, and the rest together");
}

#[test]
fn a_record_that_is_not_found_after_a_lost_response_is_unknown() {
    let mut halo = Halo::new(Trouble::Gone);
    assert_eq!(told(&create(&["a", "b"], &mut halo)), "??");
    assert_eq!(halo.posts, 2, "never sent again");
}

#[test]
fn tickets_of_others_are_not_taken_for_ours() {
    let mut halo = Halo::new(Trouble::Lost);
    let items = [json!({"summary": "a", "bulk": true}), json!({"summary": "b", "bulk": true})];
    let execution = run_all("ticket.create", &items, None, |request| {
        let answer = halo.serve(request);
        if request.method == Method::Post {
            let id = halo.tickets.len() + 1;
            halo.tickets.push(json!({"id": id, "summary": "a"}));
        }
        answer
    });
    assert_eq!(told(&execution), "?+");
}

#[test]
fn updates_fall_back_to_one_by_one() {
    let mut posts = 0;
    let items = [
        json!({"id": 1, "summary": "x", "bulk": true}),
        json!({"id": 99, "summary": "y", "bulk": true}),
        json!({"id": 2, "summary": "z", "bulk": true}),
    ];
    let execution = run_all("ticket.update", &items, None, |request| {
        posts += 1;
        let elements: Value = serde_json::from_slice(&request.body).unwrap();
        match elements.as_array().unwrap().as_slice() {
            [one] if one["id"] != 99 => answer(201, one),
            _ => answer(404, &json!("")),
        }
    });
    assert_eq!(told(&execution), "+-+");
    assert_eq!(posts, 4);
}

/// Creates these in a world, for clients 12 and 13 in turn where both are named.
fn create_in(world: &mut World, summaries: &[String], clients: &[i64]) -> Execution {
    let items: Vec<Value> = summaries
        .iter()
        .zip(clients.iter().cycle())
        .map(|(summary, client)| json!({"summary": summary, "client_id": client, "bulk": true}))
        .collect();
    call(world, "ticket.create", None, &items)
}

fn named(count: usize, bad: usize) -> Vec<String> {
    (0..count).map(|number| if number == bad { "bad".into() } else { format!("bulk {number}.") }).collect()
}

/// Each of them at most once; a success exactly once, and what failed without
/// effect never.
fn assert_none_is_doubled(world: &World, summaries: &[String], execution: &Execution) {
    for (summary, outcome) in
        summaries.iter().zip(&execution.outcomes).filter(|(summary, _)| *summary != "bad")
    {
        let count = world.tickets.iter().filter(|ticket| ticket.summary == *summary).count();
        let fits = match outcome {
            Outcome::Done(_) => count == 1,
            Outcome::Failed(error) if error.effect() == Effect::None => count == 0,
            Outcome::Failed(_) => count <= 1,
            Outcome::NotAttempted => count == 0,
        };
        assert!(fits, "{summary} is there {count} times: {outcome:?}");
    }
}

/// What was found in the field: after one bad element the agent did not see what
/// had been made, and it was made again.
#[test]
fn an_agent_who_does_not_see_what_he_makes_doubles_nothing() {
    for hidden in [vec![12, 13], vec![12], vec![13]] {
        for is_atomic in [false, true] {
            let mut world = World::new();
            world.add("before");
            world.hidden_clients = hidden.clone();
            world.is_atomic = is_atomic;
            let summaries = named(20, 9);
            let execution = create_in(&mut world, &summaries, &[12, 13]);
            assert_none_is_doubled(&world, &summaries, &execution);
            assert!(told(&execution).contains('?'), "{}", told(&execution));
        }
    }
}

#[test]
fn a_page_smaller_than_the_batch_doubles_nothing() {
    for page_cap in [5, 10, 20, 24, 25, 100] {
        let mut world = World::new();
        world.add("before");
        world.page_cap = page_cap;
        let summaries = named(100, 90);
        let execution = create_in(&mut world, &summaries, &[12]);
        assert_none_is_doubled(&world, &summaries, &execution);
        assert!(!told(&execution).contains('?'), "{page_cap}: {}", told(&execution));
    }
}

#[test]
fn records_that_show_a_moment_later_are_not_made_again() {
    let mut world = World::new();
    world.add("before");
    world.read_delay = Duration::from_secs(3);
    let summaries = named(30, 20);
    let execution = create_in(&mut world, &summaries, &[12]);
    assert_none_is_doubled(&world, &summaries, &execution);
    assert_eq!(told(&execution).matches('+').count(), 29, "{}", told(&execution));
}

#[test]
fn a_batch_that_is_done_late_is_found() {
    for fault in [
        Fault::Late(Duration::from_secs(20)),
        Fault::Gateway(Duration::from_millis(50)),
        Fault::Slow(Duration::from_secs(35)),
    ] {
        let mut world = World::new();
        world.add("before");
        // After the look before and the first one.
        world.faults.push((3, fault));
        let summaries = named(30, 99);
        let execution = create_in(&mut world, &summaries, &[12]);
        world.settle();
        assert_none_is_doubled(&world, &summaries, &execution);
        assert_eq!(told(&execution), "+".repeat(30), "{fault:?}");
    }
}

/// Two that are alike but for what HaloPSA cuts off cannot be told apart.
#[test]
fn summaries_that_are_cut_double_nothing() {
    let mut world = World::new();
    world.add("before");
    world.summary_limit = 60;
    let long = "The same long beginning of a summary that goes on beyond what is kept, ";
    let summaries: Vec<String> =
        (0..9).map(|number| if number == 5 { "bad".into() } else { format!("{long}{number}") }).collect();
    let execution = create_in(&mut world, &summaries, &[12]);
    let kept = world.tickets.iter().filter(|ticket| long.starts_with(&ticket.summary)).count();
    let told = told(&execution);
    assert!(kept <= 8 && kept >= told.matches('+').count(), "{kept}: {told}");
}
