//! Sets of pairs of numbers that stay small as text: what a state remembers.
//!
//! A pair is a key and an id, such as the time of a change and the ticket's
//! number. Thousands of tickets that share a key take a byte or two each.

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The most pairs that a set holds. The smallest go first, which are the
/// oldest times or the oldest records.
pub const MOST_PAIRS: usize = 10_000;

/// A set of pairs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pairs(Vec<(i64, i64)>);

impl Pairs {
    /// Whether a pair is in it.
    pub fn contains(&self, key: i64, id: i64) -> bool {
        self.0.binary_search(&(key, id)).is_ok()
    }

    /// Puts a pair in; whether it was not there.
    pub fn insert(&mut self, key: i64, id: i64) -> bool {
        match self.0.binary_search(&(key, id)) {
            Ok(_) => false,
            Err(place) => {
                self.0.insert(place, (key, id));
                if self.0.len() > MOST_PAIRS {
                    self.0.remove(0);
                }
                true
            }
        }
    }

    /// Takes in all of another set.
    pub fn extend(&mut self, other: Self) {
        if self.0.is_empty() {
            *self = other;
            return;
        }
        for (key, id) in other.0 {
            self.insert(key, id);
        }
    }

    /// Keeps the pairs whose key is this or a larger one.
    pub fn keep_from(&mut self, key: i64) {
        self.0.retain(|pair| pair.0 >= key);
    }

    /// Keeps the pairs whose id is larger.
    pub fn keep_ids_above(&mut self, id: i64) {
        self.0.retain(|pair| pair.1 > id);
    }

    /// The largest id up to a bound, in a set where all pairs have one key.
    pub fn last_id_up_to(&self, bound: i64) -> Option<i64> {
        self.0.iter().rev().map(|pair| pair.1).find(|id| *id <= bound)
    }

    /// The key of the pair that has `count` others between it and `bound`, which
    /// is the largest key that counts. `None` where there are not that many.
    pub fn key_before(&self, count: usize, bound: i64) -> Option<i64> {
        let upper = self.0.partition_point(|pair| pair.0 <= bound);
        self.0.get(upper.checked_sub(count + 1)?).map(|pair| pair.0)
    }

    /// The smallest key of a set that is full: pairs with smaller ones may have
    /// been forgotten.
    pub fn forgotten_before(&self) -> Option<i64> {
        self.0.first().filter(|_| self.0.len() >= MOST_PAIRS).map(|pair| pair.0)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As text.
    pub fn pack(&self) -> String {
        let mut bytes = Vec::new();
        let mut last_key = 0_i64;
        let mut rest = self.0.as_slice();
        while let Some((key, _)) = rest.first() {
            let length = rest.iter().take_while(|pair| pair.0 == *key).count();
            let (group, others) = rest.split_at(length);
            rest = others;
            push(&mut bytes, zigzag(key.wrapping_sub(last_key)));
            last_key = *key;
            let runs = runs(group);
            push(&mut bytes, runs.len() as u64);
            let mut last_id = 0_i64;
            for (first, length) in runs {
                // One bit more than a number has: ids may be as far apart as numbers can be.
                let step = u128::from(zigzag(first.wrapping_sub(last_id))) << 1;
                if length > 1 {
                    push_wide(&mut bytes, step | 1);
                    push(&mut bytes, length);
                } else {
                    push_wide(&mut bytes, step);
                }
                last_id = first;
            }
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// From text. `None` if it is not one of ours.
    pub fn unpack(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let mut rest = bytes.as_slice();
        let mut pairs = Vec::new();
        let mut key = 0_i64;
        while !rest.is_empty() {
            key = key.wrapping_add(unzigzag(pull(&mut rest)?));
            let mut first = 0_i64;
            for _ in 0..pull(&mut rest)? {
                let step = pull_wide(&mut rest)?;
                first = first.wrapping_add(unzigzag(u64::try_from(step >> 1).ok()?));
                let length = if step & 1 == 1 { pull(&mut rest)? } else { 1 };
                for offset in 0..length {
                    if pairs.len() >= MOST_PAIRS {
                        return None;
                    }
                    pairs.push((key, first.wrapping_add(i64::try_from(offset).ok()?)));
                }
            }
        }
        pairs.is_sorted_by(|a, b| a < b).then_some(Self(pairs))
    }
}

/// Ids that follow one another, as the first and how many.
fn runs(group: &[(i64, i64)]) -> Vec<(i64, u64)> {
    let mut runs: Vec<(i64, u64)> = Vec::new();
    for (_, id) in group {
        match runs.last_mut() {
            Some((first, length)) if id.wrapping_sub(*first) == *length as i64 => *length += 1,
            _ => runs.push((*id, 1)),
        }
    }
    runs
}

/// One number for each of some ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known(Vec<(i64, i64)>);

impl Known {
    /// The number of an id.
    pub fn get(&self, id: i64) -> Option<i64> {
        let place = self.0.binary_search_by_key(&id, |pair| pair.0).ok()?;
        self.0.get(place).map(|pair| pair.1)
    }

    /// Whether numbers of other ids may have been forgotten.
    pub fn is_full(&self) -> bool {
        self.0.len() >= MOST_PAIRS
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets the number of an id.
    pub fn set(&mut self, id: i64, number: i64) {
        self.set_among(MOST_PAIRS, id, number);
    }

    /// Sets the number of an id, in a set that holds at most so many.
    pub fn set_among(&mut self, most: usize, id: i64, number: i64) {
        match self.0.binary_search_by_key(&id, |pair| pair.0) {
            Ok(place) => {
                if let Some(pair) = self.0.get_mut(place) {
                    pair.1 = number;
                }
            }
            Err(place) => {
                self.0.insert(place, (id, number));
                if self.0.len() > most {
                    self.0.remove(0);
                }
            }
        }
    }

    /// As text.
    pub fn pack(&self) -> String {
        let mut pairs: Vec<(i64, i64)> = self.0.iter().map(|(id, number)| (*number, *id)).collect();
        pairs.sort_unstable();
        Pairs(pairs).pack()
    }

    /// From text. `None` if it is not one of ours.
    pub fn unpack(text: &str) -> Option<Self> {
        let mut pairs: Vec<(i64, i64)> =
            Pairs::unpack(text)?.0.into_iter().map(|(number, id)| (id, number)).collect();
        pairs.sort_unstable();
        pairs.is_sorted_by(|a, b| a.0 < b.0).then_some(Self(pairs))
    }
}

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}

/// LEB128.
fn push(bytes: &mut Vec<u8>, number: u64) {
    push_wide(bytes, number.into());
}

fn push_wide(bytes: &mut Vec<u8>, mut number: u128) {
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

fn pull(bytes: &mut &[u8]) -> Option<u64> {
    u64::try_from(pull_wide(bytes)?).ok()
}

/// Of at most 70 bits, which is ten bytes.
fn pull_wide(bytes: &mut &[u8]) -> Option<u128> {
    let mut number = 0_u128;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u128::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_packed_comes_out(pairs in proptest::collection::btree_set((0..5_i64, -20..200_i64), 0..300)) {
            let pairs = Pairs(pairs.into_iter().map(|(key, id)| (key * 1_772_357_000_000, id)).collect());
            prop_assert_eq!(Pairs::unpack(&pairs.pack()), Some(pairs));
        }

        #[test]
        fn known_numbers_come_out(pairs in proptest::collection::btree_map(-5..500_i64, -3..40_i64, 0..300)) {
            let mut known = Known::default();
            pairs.iter().for_each(|(id, number)| known.set(*id, *number));
            prop_assert_eq!(Known::unpack(&known.pack()), Some(known.clone()));
            prop_assert!(pairs.iter().all(|(id, number)| known.get(*id) == Some(*number)));
        }

        #[test]
        fn any_numbers_come_out(pairs in proptest::collection::btree_set((any::<i64>(), any::<i64>()), 0..40)) {
            let known: std::collections::BTreeMap<i64, i64> = pairs.iter().copied().collect();
            let pairs = Pairs(pairs.into_iter().collect());
            prop_assert_eq!(Pairs::unpack(&pairs.pack()), Some(pairs));
            let known = Known(known.into_iter().collect());
            prop_assert_eq!(Known::unpack(&known.pack()), Some(known));
        }

        #[test]
        fn no_text_breaks_it(text in "[A-Za-z0-9_-]{0,40}") {
            let _ = (Pairs::unpack(&text), Known::unpack(&text));
        }
    }

    #[test]
    fn the_ends_of_all_numbers_come_out() {
        let far = [i64::MIN, -(1 << 62), -94, 0, 1 << 53, (1 << 53) + 1, 1 << 62, i64::MAX - 1, i64::MAX];
        let pairs = Pairs(far.iter().flat_map(|key| far.map(|id| (*key, id))).collect());
        assert_eq!(Pairs::unpack(&pairs.pack()), Some(pairs));
    }

    #[test]
    fn a_set_says_what_it_may_have_forgotten_and_where_its_newest_begin() {
        let mut pairs = Pairs::default();
        for key in 1..=10 {
            pairs.insert(key, 1);
        }
        assert_eq!((pairs.key_before(3, 8), pairs.key_before(8, 8)), (Some(5), None));
        assert_eq!(pairs.forgotten_before(), None);
        (0..MOST_PAIRS as i64).for_each(|key| {
            pairs.insert(100 + key, 1);
        });
        assert_eq!(pairs.forgotten_before(), Some(100));
    }

    #[test]
    fn ten_thousand_changes_of_one_second_are_small() {
        let mut pairs = Pairs::default();
        (0..10_000).for_each(|number| {
            pairs.insert(1_772_357_000_000, 100_000 + number * 7);
        });
        assert!(pairs.pack().len() < 14_000, "{}", pairs.pack().len());
        let mut next_to_another = Pairs::default();
        (0..10_000).for_each(|id| {
            next_to_another.insert(1_772_357_000_000, id);
        });
        assert!(next_to_another.pack().len() < 20, "{}", next_to_another.pack());
    }

    #[test]
    fn a_full_set_forgets_the_smallest() {
        let mut pairs = Pairs::default();
        (0..=MOST_PAIRS as i64).for_each(|key| {
            pairs.insert(key, 1);
        });
        assert!(!pairs.contains(0, 1) && pairs.contains(1, 1) && pairs.contains(MOST_PAIRS as i64, 1));
    }
}
