//! Short references that tickets and notes are found by again.
//!
//! A tag is letters and digits only, but for its brackets and its dash: what
//! stands between them is searched for, and HaloPSA may read anything else as
//! a wildcard. `[k7q2kx9md3p-3fa9c1d2]` is a key and the call that wrote it.

use alloc::format;
use alloc::string::String;

use sha2::{Digest as _, Sha256};
use workflow_node_sdk::interface::CallContext;
use workflow_node_sdk::queue::{Cursor, Identity};

/// Crockford's base 32: no letter that is easily taken for another one.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The reference of a key. Keys of one client are not those of another one.
pub fn of_key(key: &str, client: &str) -> String {
    format!("k{}", spell(digest(&[client, "\n", key]), 10))
}

/// What all marks of a call begin from that has an idempotency key: it travels
/// in cursors.
fn of_idempotency_key(key: &str) -> String {
    spell(digest(&["key", key]), 12)
}

/// Which call this is: that of the cursor, or else this one.
pub fn identity(context: &CallContext, cursor: Option<&Cursor>) -> Identity {
    let begun = cursor.map(|cursor| cursor.identity().clone()).unwrap_or_default();
    Identity {
        seed: begun.seed.or_else(|| context.idempotency_key.as_deref().map(of_idempotency_key)),
        is_repeated: begun.is_repeated || context.attempt > 1,
    }
}

/// The mark of what one call does for one item: the same when the call is
/// repeated with its idempotency key, of which `seed` was made, and different
/// for any other call. `input` is the item, for hosts that give neither key nor
/// entropy.
pub fn of_call(seed: Option<&str>, context: &CallContext, index: usize, input: &str) -> String {
    let index = format!("{index}");
    let digest = match seed {
        Some(seed) => digest(&["seed", seed, "\n", &index]),
        None => {
            let entropy = format!("{:?} {}", context.entropy, context.now);
            digest(&["entropy", &entropy, "\n", &index, "\n", input])
        }
    };
    spell(digest, 8)
}

fn spell(digest: u64, letters: u32) -> String {
    let letter = |at: u32| {
        let index = usize::try_from(digest >> (5 * at) & 31).unwrap_or(0);
        ALPHABET.get(index).copied().map_or('0', char::from)
    };
    (0..letters).map(letter).collect()
}

/// What others write into a key must not give it the reference of another one.
fn digest(parts: &[&str]) -> u64 {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part.as_bytes()));
    hash.finalize().iter().take(8).fold(0, |digest, byte| digest << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::vec;
    use core::time::Duration;

    use super::*;

    fn context(entropy: u8) -> CallContext {
        CallContext {
            now: "2026-03-01T09:00:00Z".parse().unwrap(),
            deadline: Duration::from_secs(60),
            attempt: 1,
            idempotency_key: None,
            entropy: vec![entropy],
            trace_parent: None,
            time_zone: None,
            dry_run: false,
            read_only: false,
            allowed_operations: None,
            confirmed: true,
        }
    }

    #[test]
    fn a_key_has_one_reference_for_each_client() {
        let key = of_key("disk-full", "");
        assert_eq!(key, of_key("disk-full", ""));
        assert_eq!(key.len(), 11);
        assert!(key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()), "{key}");
        assert_ne!(key, of_key("disk-full", "12"));
        assert_ne!(key, of_key("Disk-full", ""));
        assert_ne!(of_key("2", "1"), of_key("12", ""));
        let many: BTreeSet<String> = (0..20_000).map(|n| of_key(&format!("alert {n}"), "")).collect();
        assert_eq!(many.len(), 20_000);
    }

    #[test]
    fn a_repeated_call_has_the_same_mark_and_another_call_another_one() {
        let (a, b) = (of_idempotency_key("a"), of_idempotency_key("b"));
        let mark = of_call(Some(&a), &context(1), 0, "x");
        assert_eq!(mark, of_call(Some(&a), &context(2), 0, "y"));
        assert_ne!(mark, of_call(Some(&a), &context(1), 1, "x"));
        assert_ne!(mark, of_call(Some(&b), &context(1), 0, "x"));
        assert_ne!(of_call(None, &context(1), 0, "x"), of_call(None, &context(2), 0, "x"));
        assert_ne!(of_call(None, &context(1), 0, "x"), of_call(None, &context(1), 0, "y"));
    }
}
