//! Writes that HaloPSA finishes after their answer was lost: random workloads
//! over a desk that is late, forgetful and short-sighted, and the laws that hold
//! whatever happens. Time is the desk's own, so nothing here takes any.
//!
//! Thirty seeds run with the other tests. Two hundred, and what became of them:
//!
//! ```text
//! LATE_SEEDS=200 cargo test -p halopsa-node late -- --nocapture
//! ```

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use serde_json::{Value, json};
use workflow_node_sdk::http::Method;
use workflow_node_sdk::interface::Outcome;

use super::world::{Fault, How, World, call_as};
use crate::error::{Effect, NodeError, Retry};

/// How often a host repeats a call.
const MAX_ATTEMPTS: u32 = 6;

fn seeds() -> u64 {
    std::env::var("LATE_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(30)
}

/// Chance that can be repeated.
#[derive(Clone)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.roll(choices.len() as u64)).unwrap()].clone()
    }

    /// From 20 milliseconds to 40 seconds, short ones as often as long ones.
    fn lateness(&mut self) -> Duration {
        let most = self.one_of(&[50, 300, 1_000, 4_000, 15_000, 40_000]);
        Duration::from_millis(20 + self.roll(most - 20))
    }
}

/// A desk of which every so many writes go wrong somehow, and a few reads.
fn world(dice: &mut Dice) -> World {
    let mut world = World::new();
    world.page_cap = dice.one_of(&[100, 100, 25, 10]);
    world.read_delay = Duration::from_millis(dice.one_of(&[0, 0, 300, 2_000, 4_000]));
    world.summary_limit = dice.one_of(&[usize::MAX, 255, 128]);
    world.text_ids = dice.roll(6) == 0;
    world.wraps = dice.roll(6) == 0;
    world.is_atomic = dice.roll(2) == 0;
    let mut dice = dice.clone();
    let every = 2 + dice.roll(4);
    world.chance = Some(Box::new(move |request| {
        if request.method == Method::Get {
            return match dice.roll(40) {
                0 => Some(Fault::CutBefore),
                1 => Some(Fault::Status(dice.one_of(&[429, 500, 503]))),
                _ => None,
            };
        }
        if dice.roll(every) > 0 {
            return None;
        }
        Some(match dice.roll(7) {
            0 => Fault::CutBefore,
            1 => Fault::CutAfter,
            2 => Fault::Slow(Duration::from_secs(1 + dice.roll(39))),
            3 => Fault::Status(dice.one_of(&[413, 429, 500, 502, 503])),
            4 => Fault::Gateway(dice.lateness()),
            _ => Fault::Late(dice.lateness()),
        })
    }));
    world
}

/// What became of an item in the end.
#[derive(Debug, Clone)]
enum End {
    Done(Value),
    Failed(NodeError),
    /// No call of the host got to it.
    NotAttempted,
}

/// Makes a call as a host should: it follows cursors, and repeats the whole with
/// the next attempt as long as the node says that it is worth it.
fn run(world: &mut World, dice: &mut Dice, operation: &str, name: Option<&str>, items: &[Value]) -> Vec<End> {
    let mut ends = vec![End::NotAttempted; items.len()];
    for attempt in 1..=MAX_ATTEMPTS {
        let mut cursor = None;
        for part in 0..40 {
            let how = How {
                attempt: if part == 0 { attempt } else { 1 },
                idempotency_key: name.map(|name| match part {
                    0 => name.to_string(),
                    part => format!("{name}/{part}"),
                }),
                cursor: cursor.take(),
            };
            let execution = call_as(world, operation, &how, items);
            for (end, outcome) in ends.iter_mut().zip(&execution.outcomes) {
                match outcome {
                    Outcome::Done(items) if items.is_empty() => {}
                    Outcome::Done(items) => *end = End::Done(items[0].json.clone()),
                    Outcome::Failed(error) => *end = End::Failed(error.clone()),
                    Outcome::NotAttempted => {}
                }
            }
            world.pass(execution.resume_after.unwrap_or_default() + Duration::from_millis(dice.roll(500)));
            cursor = execution.next;
            if cursor.is_none() {
                break;
            }
        }
        let is_worth_it = |end: &End| match end {
            End::Done(_) => false,
            End::Failed(error) => error.retry() != Retry::Never,
            End::NotAttempted => true,
        };
        // A host without keys must not repeat what may have been done.
        if name.is_none() || !ends.iter().any(is_worth_it) {
            break;
        }
        world.pass(Duration::from_millis(dice.roll(3_000)));
    }
    ends
}

/// How often something may be there at the end.
fn judge(case: &str, what: &str, end: &End, count: usize) {
    let fits = match end {
        End::Done(_) => count == 1,
        End::Failed(error) if error.effect() == Effect::None => count == 0,
        End::Failed(_) => count <= 1,
        End::NotAttempted => count == 0,
    };
    assert!(fits, "{case}: {what} is there {count} times, and the outcome is {end:?}");
}

#[test]
fn late_commits_double_no_alert_and_lose_none() {
    let (mut done, mut unknown) = (0, 0);
    for seed in 1..=seeds() {
        let mut dice = Dice(seed);
        let mut world = world(&mut dice);
        let mut alerts: Vec<(String, End)> = vec![];
        for call in 0..8 {
            let key = format!("key {}", dice.roll(3));
            let count = 1 + dice.roll(4);
            let items: Vec<Value> = (0..count)
                .map(|number| {
                    let details = format!("text of alert {call}-{number}.");
                    let summary = "Disk full ".repeat(1 + usize::try_from(dice.roll(40)).unwrap());
                    json!({"key": key, "summary": summary, "details": details})
                })
                .collect();
            let name = format!("call {call}");
            let ends = run(&mut world, &mut dice, "ticket.find_or_append", Some(&name), &items);
            alerts.extend(items.iter().map(|item| item["details"].as_str().unwrap().to_string()).zip(ends));
        }
        world.settle();
        for (text, end) in &alerts {
            judge(&format!("seed {seed}"), text, end, world.homes(text).len());
            if let End::Done(result) = end {
                let named = usize::try_from(result["ticket_id"].as_u64().unwrap()).unwrap();
                assert_eq!(world.homes(text), [named], "seed {seed}: {result}");
            }
            match end {
                End::Done(_) => done += 1,
                _ => unknown += 1,
            }
        }
    }
    std::println!("alerts: {done} delivered, {unknown} not known to be, none twice");
    assert!(done > 4 * unknown, "{done} delivered and {unknown} not known to be");
}

#[test]
fn late_commits_make_no_second_ticket_of_an_upsert() {
    let (mut done, mut unknown) = (0, 0);
    for seed in 1..=seeds() {
        let mut dice = Dice(seed ^ 0xabcd);
        let mut world = world(&mut dice);
        let mut last: BTreeMap<String, Vec<End>> = BTreeMap::new();
        for call in 0..12 {
            let key = format!("key {}", dice.roll(4));
            let item =
                json!({"key": key, "summary": "Rotate the certificates", "details": format!("call {call}")});
            let name = format!("call {call}");
            let ends = run(&mut world, &mut dice, "ticket.upsert", Some(&name), &[item]);
            last.entry(key).or_default().extend(ends);
        }
        world.settle();
        for (key, ends) in &last {
            let tag = super::tag::of_key(key, "");
            let tickets: Vec<usize> = (1..)
                .zip(&world.tickets)
                .filter(|(_, t)| t.summary.contains(&tag))
                .map(|(id, _)| id)
                .collect();
            assert!(tickets.len() <= 1, "seed {seed}: {key} has the tickets {tickets:?}: {ends:?}");
            for end in ends {
                match end {
                    End::Done(ticket) => {
                        let named = crate::number::id(&ticket["id"]).and_then(|id| usize::try_from(id).ok());
                        assert_eq!(Vec::from_iter(named), tickets, "seed {seed}: {ticket}");
                        done += 1;
                    }
                    _ => unknown += 1,
                }
            }
            if ends.iter().all(|end| matches!(end, End::Failed(error) if error.effect() == Effect::None)) {
                assert!(tickets.is_empty(), "seed {seed}: {key}: {ends:?}");
            }
        }
    }
    std::println!("upserts: {done} done, {unknown} not known to be, no key twice");
    assert!(done > 4 * unknown, "{done} done and {unknown} not known to be");
}

#[test]
fn late_commits_double_no_record_of_a_batch() {
    let (mut done, mut others) = (0, 0);
    for seed in 1..=seeds() {
        let mut dice = Dice(seed ^ 0x1234);
        let mut world = world(&mut dice);
        // The agent may see some of what he makes, or nothing.
        world.hidden_clients = dice.one_of(&[vec![], vec![], vec![13], vec![12, 13]]);
        world.add("before");
        let mut batch: Vec<(String, End)> = vec![];
        for call in 0..3 {
            let count = 1 + dice.roll(60);
            let items: Vec<Value> = (0..count)
                .map(|number| {
                    let bad = dice.roll(25) == 0;
                    let summary = if bad { "bad".to_string() } else { format!("record {call}-{number}.") };
                    let client = dice.one_of(&[12, 12, 13]);
                    json!({"summary": summary, "client_id": client, "bulk": true})
                })
                .collect();
            let ends = run(&mut world, &mut dice, "ticket.create", None, &items);
            batch.extend(items.iter().map(|item| item["summary"].as_str().unwrap().to_string()).zip(ends));
        }
        world.settle();
        for (summary, end) in batch.iter().filter(|(summary, _)| summary != "bad") {
            let count = world.tickets.iter().filter(|ticket| ticket.summary == *summary).count();
            judge(&format!("seed {seed}"), summary, end, count);
            match end {
                End::Done(_) => done += 1,
                _ => others += 1,
            }
        }
    }
    std::println!("records of batches: {done} done, {others} failed or not known to be done, none twice");
    assert!(done > 0 && others > 0, "{done} {others}");
}

#[test]
fn late_commits_double_no_note() {
    let (mut done, mut others) = (0, 0);
    for seed in 1..=seeds() {
        let mut dice = Dice(seed ^ 0x5678);
        let mut world = world(&mut dice);
        for _ in 0..3 {
            world.add("before");
        }
        let items: Vec<Value> = (0..20)
            .map(|number| json!({"ticket_id": 1 + dice.roll(3), "note": format!("note {number}.")}))
            .collect();
        let ends = run(&mut world, &mut dice, "note.add", None, &items);
        world.settle();
        for (item, end) in items.iter().zip(&ends) {
            let notes = world.tickets.iter().flat_map(|ticket| &ticket.notes);
            let count = notes.filter(|note| note.fields["note"] == item["note"]).count();
            judge(&format!("seed {seed}"), &item.to_string(), end, count);
            match end {
                End::Done(_) => done += 1,
                _ => others += 1,
            }
        }
    }
    std::println!("notes: {done} done, {others} failed or not known to be done, none twice");
    assert!(done > 0 && others > 0, "{done} {others}");
}
