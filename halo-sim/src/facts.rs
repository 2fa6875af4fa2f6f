//! How well the behaviours of the simulator are known: the table of the README, read.

const README: &str = include_str!("../README.md");

/// Where the table begins.
const HEADING: &str = "## Live, reported or assumed";

/// A behaviour of the simulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it does.
    pub behaviour: &'static str,
    /// How well that is known: `live`, `reported` or `assumed`, and what there is to add.
    pub confidence: &'static str,
    /// The sections of the fact sheet that say so; may be empty where it is assumed.
    pub source: &'static str,
}

impl Fact {
    /// `live`, `reported` or `assumed`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        self.confidence.split([' ', ',', ';', ':', '(']).next().unwrap_or_default()
    }
}

/// All rows of the table.
pub fn facts() -> impl Iterator<Item = Fact> {
    let table = README.split_once(HEADING).map_or("", |(_, rest)| rest);
    let table = table.split("\n## ").next().unwrap_or_default();
    table.lines().filter_map(|line| {
        let row = line.strip_prefix("| ")?.strip_suffix('|')?;
        let (row, source) = row.rsplit_once(" |")?;
        let (behaviour, confidence) = row.rsplit_once(" | ")?;
        let is_fact = !behaviour.starts_with("**") && !confidence.trim().is_empty();
        is_fact.then_some(Fact { behaviour, confidence: confidence.trim(), source: source.trim() })
    })
}

/// One line: how many are live, reported and assumed.
#[must_use]
pub fn counts() -> String {
    let count = |word: &str| facts().filter(|fact| fact.word() == word).count();
    format!("{} live, {} reported and {} assumed", count("live"), count("reported"), count("assumed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_is_known_somehow_and_what_is_not_assumed_has_a_source() {
        assert!(facts().count() > 80, "{}", facts().count());
        for fact in facts() {
            assert!(["live", "reported", "assumed"].contains(&fact.word()), "{fact:?}");
            assert!(fact.word() == "assumed" || fact.source.contains('§'), "no source: {fact:?}");
        }
    }

    #[test]
    fn the_readme_says_how_many_there_are() {
        assert!(README.contains(&format!("{} of these behaviours", counts())), "{}", counts());
    }
}
