//! Batches against a small HaloPSA: whatever goes wrong, each ticket is there
//! once or its item says otherwise.

use serde_json::{Value, json};

use crate::contract::{Execution, Outcome};
use crate::error::Effect;
use crate::operations::tests::{answer, run_all};
use crate::protocol::http::{HttpRequest, Method, Reached, Reason, TransportError};
use crate::transport::Exchange;

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
        Outcome::Failed(error) if error.get_effect() == Effect::None => '-',
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
    assert_eq!((halo.posts, halo.tickets.len()), (3, 257));
    assert_eq!(execution.usage.requests, 4, "three batches and one look at the newest");
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
fn what_a_lost_answer_was_about_is_found() {
    let mut halo = Halo::new(Trouble::Lost);
    assert_eq!(told(&create(&["a", "b", "c"], &mut halo)), "+++");
    assert_eq!(halo.posts, 1);
}

#[test]
fn what_is_not_found_after_a_lost_answer_is_unknown() {
    let mut halo = Halo::new(Trouble::Gone);
    assert_eq!(told(&create(&["a", "b"], &mut halo)), "??");
    assert_eq!(halo.posts, 1, "never sent again");
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
