//! Finds the name that a person probably meant.

/// The names that resemble what was typed, best first, three at most.
#[must_use]
pub fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    const ENOUGH: f64 = 0.75;
    let typed = typed.to_lowercase();
    let mut scored: Vec<(f64, &str)> = names
        .into_iter()
        .map(|name| (resemblance(&typed, name), name))
        .filter(|(score, _)| *score >= ENOUGH)
        .collect();
    scored.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    scored.into_iter().take(3).map(|(_, name)| name).collect()
}

/// Between 0 and 1. People also turn the two halves of an operation around:
/// `create.ticket`, or write `create_ticket`.
fn resemblance(typed: &str, name: &str) -> f64 {
    let turned = typed
        .split_once(['.', '_', '-', ' '])
        .map(|(first, second)| strsim::jaro_winkler(&format!("{second}.{first}"), name))
        .unwrap_or_default();
    strsim::jaro_winkler(typed, name).max(turned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] = ["ticket.create", "ticket.delete", "ticket.list", "client.create", "site.list"];

    #[test]
    fn a_misspelt_name_finds_its_neighbour() {
        for typed in ["ticket.creat", "tickets.create", "Ticket.Create", "create_ticket"] {
            assert_eq!(nearest(typed, NAMES).first(), Some(&"ticket.create"), "{typed}");
        }
    }

    #[test]
    fn a_foreign_name_finds_nothing() {
        assert!(nearest("weather.forecast", NAMES).is_empty());
    }
}
