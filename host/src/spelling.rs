//! What a person meant by a name that is not there.

/// The candidate that is nearest to a name, if it is near enough to be meant.
pub(crate) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Names of operations and fields are short; what is longer was not mistyped.
    let name: String = name.chars().take(100).collect();
    candidates
        .map(|candidate| (distance(&name, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= candidate.len().max(3) / 3)
        .map(|(_, candidate)| candidate)
}

/// Edit distance (Levenshtein), to find what a person meant.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(other.chars()) {
            let best = (diagonal + usize::from(a != b)).min(*cell + 1).min(left + 1);
            diagonal = *cell;
            left = best;
            *cell = best;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_edits() {
        for (one, other, edits) in
            [("", "", 0), ("a", "", 1), ("kitten", "sitting", 3), ("tenant", "tenent", 1)]
        {
            assert_eq!(distance(one, other), edits, "{one} {other}");
        }
    }
}
