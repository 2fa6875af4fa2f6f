//! The items of a call: which are done, which are left, and the cursor that
//! carries that from one call to the next.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use serde_json::{Value, json};

use crate::error::{Code, Effect, NodeError, Result, Retry};
use crate::interface::{Attachment, Content, Item, Outcome};
use crate::weight::{self, MAX_RESULTS};

/// How many calls in a row may end with nothing done because the service answers
/// "too many requests".
const MOST_FRUITLESS_CALLS: u64 = 5;

/// What an earlier call left.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    /// Items that are left, rising.
    pending: Vec<usize>,
    /// All items from here on are left, too.
    from: usize,
    /// How far the reading of the first of them has come.
    position: Value,
    fruitless_calls: u64,
    identity: Identity,
}

/// Which call this is, through all the calls with a cursor that go on from it: a
/// repetition may part the items otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// What its writes are marked with, where the host gave an idempotency key.
    pub seed: Option<String>,
    /// Whether the call was made before, and may have done something.
    pub is_repeated: bool,
}

impl Cursor {
    /// Which call this is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Reads a cursor of this operation with as many items.
    pub fn parse(text: &str, operation: &str, items: usize) -> Result<Self> {
        Self::read(text, operation, items).ok_or_else(|| {
            NodeError::new(Code::INVALID_CURSOR, "The cursor is not one of this operation and these items.")
                .with_advice("Pass the cursor of the call before, with the same operation and items.")
        })
    }

    fn read(text: &str, operation: &str, items: usize) -> Option<Self> {
        let state: Value = serde_json::from_str(text).ok()?;
        if state.get("op")?.as_str()? != operation
            || state.get("items")?.as_u64()? != u64::try_from(items).ok()?
        {
            return None;
        }
        let index = |value: &Value| usize::try_from(value.as_u64()?).ok().filter(|index| *index <= items);
        let pending: Option<Vec<usize>> = state.get("pending")?.as_array()?.iter().map(index).collect();
        let from = index(state.get("from")?)?;
        // An item that stood there twice would be done twice.
        let pending =
            pending.filter(|pending| pending.is_sorted_by(|a, b| a < b) && pending.last() < Some(&from))?;
        Some(Self {
            pending,
            from,
            position: state.get("at")?.clone(),
            fruitless_calls: state.get("fruitless")?.as_u64()?,
            identity: Identity {
                seed: state.get("seed").and_then(Value::as_str).map(ToString::to_string),
                is_repeated: state.get("repeated") == Some(&Value::Bool(true)),
            },
        })
    }
}

/// The items of a call.
#[derive(Debug)]
pub struct Queue {
    outcomes: Vec<Outcome>,
    /// Items that are left, the next one last.
    left: Vec<usize>,
    /// How far the reading of the first of them has come.
    position: Value,
    fruitless_calls: u64,
    progress: bool,
    resume_after: Option<Duration>,
    /// Whether the operation changes nothing: then it may be done again.
    reads: bool,
    /// What the results take in memory so far.
    weight: usize,
    /// Whether there is no room for more results in this call.
    is_full: bool,
    identity: Identity,
}

impl Queue {
    /// All items, or those that a cursor left.
    pub fn new(items: usize, cursor: Option<&Cursor>) -> Self {
        let left: Vec<usize> = match cursor {
            None => (0..items).rev().collect(),
            Some(cursor) => (cursor.from..items).rev().chain(cursor.pending.iter().rev().copied()).collect(),
        };
        let mut outcomes: Vec<Outcome> = (0..items).map(|_| Outcome::Done(vec![])).collect();
        for index in &left {
            if let Some(outcome) = outcomes.get_mut(*index) {
                *outcome = Outcome::NotAttempted;
            }
        }
        Self {
            outcomes,
            left,
            position: cursor.map_or(Value::Null, |cursor| cursor.position.clone()),
            fruitless_calls: cursor.map_or(0, |cursor| cursor.fruitless_calls),
            progress: false,
            resume_after: None,
            reads: false,
            weight: 0,
            is_full: false,
            identity: Identity::default(),
        }
    }

    /// The items of an operation that changes nothing, so that a result without
    /// room may be read again in the next call.
    pub fn of_reads(self) -> Self {
        Self { reads: true, ..self }
    }

    /// The same, with what its cursor says about the call.
    pub fn of(self, identity: Identity) -> Self {
        Self { identity, ..self }
    }

    /// What the writes of this call are marked with, if the host gave a key.
    pub fn seed(&self) -> Option<&str> {
        self.identity.seed.as_deref()
    }

    /// Whether there is something to do in this call.
    pub fn is_open(&self) -> bool {
        !self.left.is_empty() && self.resume_after.is_none() && !self.is_full
    }

    /// The item whose turn it is.
    pub fn next_item(&self) -> Option<usize> {
        self.left.last().copied().filter(|_| self.is_open())
    }

    /// The items whose turn it is, at most so many.
    pub fn next_items(&self, most: usize) -> Vec<usize> {
        if self.is_open() { self.left.iter().rev().copied().take(most).collect() } else { vec![] }
    }

    /// Where an earlier call stopped reading the first item.
    pub fn position(&self) -> &Value {
        &self.position
    }

    /// Results of an item that is not finished. `false` when there is no room for
    /// them in this call: then it goes on from where it was before.
    pub fn deliver(&mut self, index: usize, items: Vec<Item>, position: Value) -> bool {
        let weight = weight_of(&items);
        if self.weight > 0 && self.weight.saturating_add(weight) > MAX_RESULTS {
            self.is_full = true;
            return false;
        }
        self.weight = self.weight.saturating_add(weight);
        // A page read again to join on to an earlier call is no progress.
        self.progress |= !items.is_empty();
        self.position = position;
        self.put(index, Outcome::Done(items));
        true
    }

    /// An item is finished. A failure that did nothing and goes away by
    /// waiting is not one yet: the item stays, and the host waits.
    pub fn settle(&mut self, index: usize, outcome: Outcome) {
        if let Outcome::Failed(error) = &outcome
            && let Some(after) = self.postponed(error)
        {
            self.resume_after = Some(self.resume_after.map_or(after, |longest| longest.max(after)));
            return;
        }
        let Some(outcome) = self.with_room(outcome) else { return };
        self.progress = true;
        self.position = Value::Null;
        if let Some(position) = self.left.iter().rposition(|left| *left == index) {
            self.left.remove(position);
        }
        self.put(index, outcome);
    }

    /// What would go wrong for each of them alike: signing in does not work.
    pub fn fail_rest(&mut self, error: &NodeError) {
        for index in core::mem::take(&mut self.left) {
            self.put(index, Outcome::Failed(error.clone()));
        }
    }

    /// The outcome, if there is room for it among the others; `None` for one that is
    /// left to the next call.
    fn with_room(&mut self, outcome: Outcome) -> Option<Outcome> {
        let Outcome::Done(items) = &outcome else { return Some(outcome) };
        let weight = weight_of(items);
        let all = self.weight.saturating_add(weight);
        if weight == 0 || all <= MAX_RESULTS {
            self.weight = all;
            // What comes next is about as large.
            self.is_full |= all.saturating_add(weight) > MAX_RESULTS && weight > MAX_RESULTS / 8;
            return Some(outcome);
        }
        self.is_full |= self.weight > 0;
        let error = NodeError::new(Code::ANSWER_TOO_LARGE, "The result is larger than one call can return.");
        match (self.reads, self.weight) {
            (true, 1..) => None,
            (true, 0) => {
                Some(Outcome::Failed(error.with_advice("Ask for less: with filters, a limit or simplify.")))
            }
            (false, _) => Some(Outcome::Failed(
                error.with_advice("It was done. Read the record to see it.").with_effect(Effect::Applied),
            )),
        }
    }

    fn postponed(&self, error: &NodeError) -> Option<Duration> {
        let Retry::After(after) = error.retry() else { return None };
        let patient = self.fruitless_calls < MOST_FRUITLESS_CALLS || self.progress;
        (patient && error.effect() == Effect::None).then_some(after)
    }

    fn put(&mut self, index: usize, outcome: Outcome) {
        let Some(slot) = self.outcomes.get_mut(index) else { return };
        // What this call delivered already stays in front.
        *slot = match (core::mem::replace(slot, Outcome::NotAttempted), outcome) {
            (Outcome::Done(mut before), Outcome::Done(more)) => {
                before.extend(more);
                Outcome::Done(before)
            }
            (_, outcome) => outcome,
        };
    }

    /// Outcomes, cursor, and how long to wait before using it.
    pub fn finish(self, operation: &str) -> (Vec<Outcome>, Option<String>, Option<Duration>) {
        if self.left.is_empty() {
            return (self.outcomes, None, None);
        }
        // The last run of neighbours is told by its first item.
        let items = self.outcomes.len();
        let run = self.left.iter().zip((0..items).rev()).take_while(|(left, index)| *left == index).count();
        let from = items.saturating_sub(run);
        let pending: Vec<usize> = self.left.iter().skip(run).rev().copied().collect();
        let fruitless_calls = if self.progress { 0 } else { self.fruitless_calls.saturating_add(1) };
        let mut cursor = json!({
            "op": operation, "items": items, "pending": pending, "from": from,
            "at": self.position, "fruitless": fruitless_calls,
        });
        if let (Some(seed), Value::Object(cursor)) = (self.identity.seed, &mut cursor) {
            cursor.insert("seed".to_string(), seed.into());
        }
        if let (true, Value::Object(cursor)) = (self.identity.is_repeated, &mut cursor) {
            cursor.insert("repeated".to_string(), true.into());
        }
        (self.outcomes, Some(cursor.to_string()), self.resume_after)
    }
}

/// What results take in memory, with their files.
fn weight_of(items: &[Item]) -> usize {
    let of_file = |attachment: &Attachment| match &attachment.content {
        Content::Bytes(bytes) => bytes.len(),
        Content::Link(link) => link.url.len(),
    };
    let of_item = |item: &Item| {
        item.attachments.iter().map(of_file).fold(weight::of_value(&item.json), usize::saturating_add)
    };
    items.iter().map(of_item).fold(0, usize::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    const SLOW: Code = Code::new("rate-limited", ErrorKind::RateLimited, Retry::HostDefault);

    /// A result of so many bytes.
    fn heavy(bytes: usize) -> Vec<Item> {
        vec![Item::new(json!("x".repeat(bytes)))]
    }

    #[test]
    fn reads_without_room_are_left_to_the_next_call() {
        let mut queue = Queue::new(3, None).of_reads();
        queue.settle(0, Outcome::Done(heavy(MAX_RESULTS / 2)));
        queue.settle(1, Outcome::Done(heavy(MAX_RESULTS / 2 + 1)));
        assert!(!queue.is_open());
        let (outcomes, next, wait) = queue.finish("x");
        assert!(matches!(
            outcomes.as_slice(),
            [Outcome::Done(_), Outcome::NotAttempted, Outcome::NotAttempted]
        ));
        let cursor = Cursor::parse(&next.unwrap(), "x", 3).unwrap();
        assert_eq!((cursor.from, wait), (1, None));
    }

    #[test]
    fn a_result_that_fits_into_no_call_is_a_failure() {
        let mut queue = Queue::new(2, None).of_reads();
        queue.settle(0, Outcome::Done(heavy(MAX_RESULTS)));
        let (outcomes, _, _) = queue.finish("x");
        let Some(Outcome::Failed(error)) = outcomes.first() else { panic!("{outcomes:?}") };
        assert_eq!((error.code(), error.effect()), (Code::ANSWER_TOO_LARGE, Effect::None));
    }

    #[test]
    fn a_write_without_room_for_its_result_says_that_it_was_done() {
        let mut queue = Queue::new(2, None);
        queue.settle(0, Outcome::Done(heavy(MAX_RESULTS - 1000)));
        queue.settle(1, Outcome::Done(heavy(2000)));
        let (outcomes, next, _) = queue.finish("x");
        let Some(Outcome::Failed(error)) = outcomes.get(1) else { panic!("{outcomes:?}") };
        assert_eq!((error.effect(), next), (Effect::Applied, None));
    }

    #[test]
    fn a_page_without_room_is_read_again_from_where_it_began() {
        let mut queue = Queue::new(1, None).of_reads();
        assert!(queue.deliver(0, heavy(MAX_RESULTS - 1000), json!(1)));
        assert!(!queue.deliver(0, heavy(2000), json!(2)));
        let cursor = Cursor::parse(&queue.finish("x").1.unwrap(), "x", 1).unwrap();
        assert_eq!(cursor.position, json!(1));
    }

    fn rate_limited() -> Outcome {
        let error = NodeError::new(SLOW, "slow down");
        Outcome::Failed(error.with_retry(Retry::After(Duration::from_secs(30))))
    }

    fn done() -> Outcome {
        Outcome::Done(vec![])
    }

    #[test]
    fn what_is_left_survives_in_the_cursor() {
        let mut queue = Queue::new(6, None);
        for (index, outcome) in [(0, done()), (1, rate_limited()), (2, done())] {
            queue.settle(index, outcome);
        }
        assert!(!queue.is_open());
        let (outcomes, next, after) = queue.finish("ticket.create");
        assert!(matches!(outcomes.get(1), Some(Outcome::NotAttempted)));
        assert_eq!(after, Some(Duration::from_secs(30)));
        let cursor = Cursor::parse(&next.unwrap(), "ticket.create", 6).unwrap();
        assert_eq!(Queue::new(6, Some(&cursor)).next_items(9), [1, 3, 4, 5]);
    }

    #[test]
    fn waiting_without_end_ends() {
        let mut next = None;
        for call in 0..=MOST_FRUITLESS_CALLS {
            let cursor: Option<Cursor> = next.map(|text: String| Cursor::parse(&text, "x", 1).unwrap());
            let mut queue = Queue::new(1, cursor.as_ref());
            queue.settle(0, rate_limited());
            let (outcomes, cursor, _) = queue.finish("x");
            let failed = matches!(outcomes.first(), Some(Outcome::Failed(_)));
            assert_eq!(failed, call == MOST_FRUITLESS_CALLS);
            next = cursor;
        }
        assert_eq!(next, None);
    }

    #[test]
    fn foreign_cursors_are_refused() {
        let (_, next, _) = Queue::new(2, None).finish("ticket.list");
        let next = next.unwrap();
        assert!(Cursor::parse(&next, "ticket.list", 2).is_ok());
        for (text, operation, items) in [
            (next.as_str(), "client.list", 2),
            (&next, "ticket.list", 3),
            ("", "x", 1),
            ("{}", "x", 1),
            (r#"{"op":"x","items":2,"pending":[1,0,0],"from":0,"at":null,"fruitless":0}"#, "x", 2),
        ] {
            let error = Cursor::parse(text, operation, items).unwrap_err();
            assert_eq!(error.code(), Code::INVALID_CURSOR);
        }
    }

    #[test]
    fn what_fails_for_all_is_not_tried_for_each() {
        let mut queue = Queue::new(3, None);
        queue.settle(0, done());
        queue.fail_rest(&NodeError::new(SLOW, "x"));
        let (outcomes, next, _) = queue.finish("x");
        assert_eq!(next, None);
        assert!(matches!(outcomes.as_slice(), [Outcome::Done(_), Outcome::Failed(_), Outcome::Failed(_)]));
    }

    #[test]
    fn an_unknown_effect_is_never_postponed() {
        let mut queue = Queue::new(1, None);
        let error = NodeError::new(SLOW, "x").with_retry(Retry::After(Duration::from_secs(1)));
        queue.settle(0, Outcome::Failed(error.with_effect(Effect::Unknown)));
        assert!(matches!(queue.finish("x").0.first(), Some(Outcome::Failed(_))));
    }

    #[test]
    fn parts_of_one_item_join() {
        let item = |n: u8| Item::new(json!({ "id": n }));
        let mut queue = Queue::new(1, None);
        queue.deliver(0, vec![item(1)], json!(1));
        queue.deliver(0, vec![item(2)], json!(2));
        queue.settle(0, done());
        assert!(matches!(queue.finish("x").0.first(), Some(Outcome::Done(items)) if items.len() == 2));
    }
}
