//! Calls that must not overtake each other.
//!
//! An operation that first looks and then writes, such as "find or append", does
//! its work twice when two calls with the same key look at the same time. Its
//! manifest entry names the members of the input that make the key
//! (`serialize_by`, JSON pointers), and calls of it on one connection whose items
//! have equal keys run one after the other. Different keys run in parallel.
//!
//! Nothing here reaches beyond one connection of one process: across processes,
//! only the service could tell.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, Weak};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::error::refusal;
use crate::wit::types::{ErrorKind, Item, NodeError, Retry};

/// The keys that calls of one connection hold or wait for.
#[derive(Debug, Default)]
pub(crate) struct Serial {
    locks: std::sync::Mutex<BTreeMap<String, Weak<Mutex<()>>>>,
}

/// The turn of a call: nobody else has its keys until this is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    serial: &'a Serial,
    keys: BTreeSet<String>,
    held: Vec<OwnedMutexGuard<()>>,
    waited: Duration,
}

impl Turn<'_> {
    /// How long it took to come.
    pub(crate) fn waited(&self) -> Duration {
        self.waited
    }
}

impl Serial {
    /// Waits for the turn of a call with these keys. Calls that share a key get
    /// their turns in the order in which they came to it; keys are taken in
    /// sorted order, so that calls never wait for each other in a circle.
    pub(crate) async fn turn(&self, keys: BTreeSet<String>) -> Turn<'_> {
        let began = Instant::now();
        let mut turn = Turn { serial: self, keys: BTreeSet::new(), held: Vec::new(), waited: Duration::ZERO };
        for key in keys {
            let lock = self.lock_of(&key);
            turn.keys.insert(key);
            turn.held.push(lock.lock_owned().await);
        }
        turn.waited = began.elapsed();
        turn
    }

    fn lock_of(&self, key: &str) -> Arc<Mutex<()>> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = locks.get(key).and_then(Weak::upgrade) {
            return lock;
        }
        let lock = Arc::default();
        locks.insert(key.to_owned(), Arc::downgrade(&lock));
        lock
    }
}

impl Drop for Turn<'_> {
    /// Forgets the keys that nobody else wants.
    fn drop(&mut self) {
        self.held.clear();
        let mut locks = self.serial.locks.lock().unwrap_or_else(PoisonError::into_inner);
        for key in &self.keys {
            if locks.get(key).is_some_and(|lock| lock.strong_count() == 0) {
                locks.remove(key);
            }
        }
    }
}

/// The failure of a call whose turn did not come in time.
pub(crate) fn no_turn() -> NodeError {
    NodeError {
        retry: Retry::HostDefault,
        ..refusal(
            ErrorKind::Timeout,
            "host.turn",
            "Other calls with the same key took all the time that this one had.".to_owned(),
            "Give the call more time, or make fewer of them at once.",
        )
    }
}

/// The keys of a call: one for each distinct combination of values that its
/// items have at the pointers. Items that have none of them have no key.
pub(crate) fn keys(operation: &str, pointers: &[String], items: &[Item]) -> BTreeSet<String> {
    if pointers.is_empty() {
        return BTreeSet::new();
    }
    items
        .iter()
        .filter_map(|item| {
            // What is no JSON is refused by the node.
            let input: Value = serde_json::from_str(&item.json).ok()?;
            let values: Vec<Option<&Value>> = pointers.iter().map(|pointer| input.pointer(pointer)).collect();
            values.iter().any(Option::is_some).then(|| {
                let values: Vec<String> = values.into_iter().map(spelling).collect();
                // As JSON, so that no two lists of values read the same.
                format!("{operation} {}", Value::from(values))
            })
        })
        .collect()
}

/// A value in one spelling: services compare text without regard to case, and
/// take a number for its text. To wait once too often does no harm.
fn spelling(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.trim().to_lowercase(),
        Some(value) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::time::timeout;

    use super::*;

    fn set(keys: &[&str]) -> BTreeSet<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    fn keys_of(pointers: &[&str], items: &[&str]) -> Vec<String> {
        let pointers: Vec<String> = pointers.iter().map(|pointer| (*pointer).to_owned()).collect();
        let items: Vec<Item> = items
            .iter()
            .map(|json| Item { json: (*json).to_owned(), attachments: Vec::new(), sources: Vec::new() })
            .collect();
        keys("x.add", &pointers, &items).into_iter().collect()
    }

    #[test]
    fn items_of_equal_values_have_one_key() {
        let items = [
            r#"{"key":"A-1","n":1}"#,
            r#"{"key":" a-1 ","n":2}"#,
            r#"{"key":7}"#,
            r#"{"key":"7"}"#,
            r#"{"n":3}"#,
            "nonsense",
        ];
        assert_eq!(keys_of(&["/key"], &items), [r#"x.add ["7"]"#, r#"x.add ["a-1"]"#]);
    }

    #[test]
    fn several_pointers_make_one_key() {
        let items = [r#"{"a":"x","b":{"c":"y"}}"#, r#"{"a":"x\",\"y"}"#, r#"{"a":"x"}"#];
        assert_eq!(
            keys_of(&["/a", "/b/c"], &items),
            [r#"x.add ["x",""]"#, r#"x.add ["x","y"]"#, r#"x.add ["x\",\"y",""]"#]
        );
        assert!(keys_of(&[], &items).is_empty());
    }

    #[tokio::test]
    async fn one_after_the_other_and_never_two_at_once() {
        let serial = Arc::new(Serial::default());
        let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let calls: Vec<_> = (0..50)
            .map(|n| {
                let (serial, inside, most) = (Arc::clone(&serial), Arc::clone(&inside), Arc::clone(&most));
                tokio::spawn(async move {
                    // In both orders, which would lock up if they were kept.
                    let keys = if n % 2 == 0 { set(&["a", "b"]) } else { set(&["b", "a"]) };
                    let _turn = serial.turn(keys).await;
                    most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    inside.fetch_sub(1, Ordering::SeqCst);
                })
            })
            .collect();
        for call in calls {
            timeout(Duration::from_secs(10), call).await.expect("no lock-up").expect("no panic");
        }
        assert_eq!(most.load(Ordering::SeqCst), 1);
        assert!(serial.locks.lock().expect("locks").is_empty(), "nothing is kept");
    }

    #[tokio::test]
    async fn other_keys_do_not_wait() {
        let serial = Serial::default();
        let _held = serial.turn(set(&["a"])).await;
        timeout(Duration::from_secs(1), serial.turn(set(&["b"]))).await.expect("at once");
        assert!(timeout(Duration::from_millis(20), serial.turn(set(&["a", "b"]))).await.is_err());
        // The one that gave up holds nothing.
        timeout(Duration::from_secs(1), serial.turn(set(&["b"]))).await.expect("at once");
    }
}
