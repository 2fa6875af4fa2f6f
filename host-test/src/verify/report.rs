//! The verdicts, for people and for a bug report.

use std::fmt::{self, Write as _};

use serde_json::{Value, json};

use super::answer::{self, Answer};
use super::{Ask, Finding, Probe};
use crate::paint::Paint;

/// A probe and what was found.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The fact.
    pub probe: &'static Probe,
    /// What was found.
    pub finding: Finding,
}

/// The shape of an answer: names of keys and a status, no values.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The request, with placeholders where ids stood.
    pub request: String,
    /// The HTTP status.
    pub status: Option<u16>,
    /// Keys of the answer.
    pub keys: Vec<String>,
    /// Keys of the first row, where it is a list.
    pub row_keys: Vec<String>,
}

impl Seen {
    pub(super) fn of(ask: &Ask, answer: &Answer) -> Self {
        let request = match ask.query {
            "" => ask.path.to_owned(),
            query => format!("{}?{query}", ask.path),
        };
        let row = answer.list().and_then(|(_, rows)| rows.first());
        Self {
            request,
            status: answer.status,
            keys: answer::names(&answer.body),
            row_keys: row.map(answer::names).unwrap_or_default(),
        }
    }
}

/// Everything that was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The verdicts.
    pub judged: Vec<Judged>,
    /// The shapes of the answers.
    pub seen: Vec<Seen>,
    /// Facts that nobody was allowed to ask for.
    pub not_tried: Vec<&'static Probe>,
}

impl Report {
    /// How many facts hold, differ, and could not be told.
    #[must_use]
    pub fn counts(&self) -> [usize; 3] {
        let count = |wanted: fn(&Finding) -> bool| {
            self.judged.iter().filter(|judged| wanted(&judged.finding)).count()
        };
        [
            count(|finding| *finding == Finding::Holds),
            count(|finding| matches!(finding, Finding::Differs(_))),
            count(|finding| matches!(finding, Finding::Unclear(_))),
        ]
    }

    /// The finding of a probe.
    #[must_use]
    pub fn finding(&self, name: &str) -> Option<&Finding> {
        self.judged.iter().find(|judged| judged.probe.name == name).map(|judged| &judged.finding)
    }

    /// Adds another report to this one.
    pub fn extend(&mut self, other: Self) {
        self.judged.extend(other.judged);
        self.seen.extend(other.seen);
        self.not_tried.extend(other.not_tried);
    }

    /// For programs and bug reports: names of keys and statuses, no values.
    #[must_use]
    pub fn json(&self) -> Value {
        let [holds, differs, unclear] = self.counts();
        let probes: Vec<Value> = self
            .judged
            .iter()
            .map(|Judged { probe, finding }| {
                json!({
                    "probe": probe.name,
                    "fact": probe.says,
                    "section": format!("HAPI {}", probe.section),
                    "confidence": probe.confidence.word(),
                    "finding": finding.word(),
                    "how": finding.how(),
                })
            })
            .collect();
        let answers: Vec<Value> = self
            .seen
            .iter()
            .map(|seen| {
                json!({
                    "request": seen.request,
                    "status": seen.status,
                    "keys": seen.keys,
                    "row_keys": seen.row_keys,
                })
            })
            .collect();
        let not_tried: Vec<&str> = self.not_tried.iter().map(|probe| probe.name).collect();
        json!({
            "counts": { "holds": holds, "differs": differs, "could_not_tell": unclear },
            "probes": probes,
            "not_tried": not_tried,
            "answers": answers,
        })
    }

    /// For people: what differs first.
    #[must_use]
    pub fn text(&self, paint: Paint) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text, paint);
        text
    }

    fn write(&self, text: &mut String, paint: Paint) -> fmt::Result {
        let width = self.judged.iter().map(|judged| judged.probe.name.len()).max().unwrap_or_default();
        let rank = |finding: &Finding| match finding {
            Finding::Differs(_) => 0,
            Finding::Unclear(_) => 1,
            Finding::Holds => 2,
        };
        let mut sorted: Vec<&Judged> = self.judged.iter().collect();
        sorted.sort_by_key(|judged| rank(&judged.finding));
        for Judged { probe, finding } in sorted {
            let mark = match finding {
                Finding::Differs(_) => paint.bad("✗"),
                Finding::Unclear(_) => paint.dim("–"),
                Finding::Holds => paint.good("✓"),
            };
            let confidence = probe.confidence.word();
            writeln!(
                text,
                "{mark} {:<width$}  {confidence:<8}  {:<6} {}",
                probe.name, probe.section, probe.says
            )?;
            if let Some(how) = finding.how() {
                writeln!(text, "  {:<width$}  {}", "", paint.bold(format_args!("→ {how}")))?;
            }
        }
        let [holds, differs, unclear] = self.counts();
        write!(text, "{holds} hold, {differs} differ, {unclear} could not be told")?;
        if !self.not_tried.is_empty() {
            let names: Vec<&str> = self.not_tried.iter().map(|probe| probe.name).collect();
            write!(text, "; not tried, because it writes: {}", names.join(", "))?;
        }
        Ok(())
    }
}
