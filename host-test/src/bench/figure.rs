//! What was measured: figures with the bars that they are held against, and
//! curves of growth.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::Extent;

/// What a figure must keep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bar {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
}

impl Bar {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtMost(bar) => value <= bar,
            Self::AtLeast(bar) => value >= bar,
        }
    }

    /// For people, such as `≤ 40`.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::AtMost(bar) => format!("≤ {bar}"),
            Self::AtLeast(bar) => format!("≥ {bar}"),
        }
    }
}

/// One number.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The part that it belongs to.
    pub part: String,
    /// What was measured.
    pub name: String,
    /// How much it is.
    pub value: f64,
    /// Of what.
    pub unit: String,
    /// What it is held against.
    pub bar: Option<Bar>,
}

impl Figure {
    /// Whether it keeps its bar, where it has one.
    #[must_use]
    pub fn holds(&self) -> Option<bool> {
        self.bar.map(|bar| bar.holds(self.value))
    }
}

/// How something grows with the amount of work.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// What grows.
    pub name: String,
    /// What it is counted in.
    pub unit: String,
    /// What the amount of work is counted in.
    pub of: String,
    /// Amount of work and what it took.
    pub points: Vec<(f64, f64)>,
}

/// Everything that was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Results {
    /// Where and how, in words.
    pub circumstances: Vec<String>,
    /// How each part was measured.
    pub methods: Vec<(String, String)>,
    /// The numbers.
    pub figures: Vec<Figure>,
    /// The curves.
    pub curves: Vec<Curve>,
}

impl Results {
    pub(super) fn new(extent: Extent) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let build = if cfg!(debug_assertions) {
            "the harness without optimisation: times say little"
        } else {
            "the harness with optimisation"
        };
        let amount = match extent {
            Extent::Quick => "a tenth of the repetitions (--quick)",
            Extent::Full => "all repetitions",
        };
        let machine = format!("{} on {cores} cores ({})", std::env::consts::ARCH, std::env::consts::OS);
        Self {
            circumstances: vec![machine, build.to_owned(), amount.to_owned()],
            methods: vec![],
            figures: vec![],
            curves: vec![],
        }
    }

    pub(super) fn method(&mut self, part: &str, text: &str) {
        self.methods.push((part.to_owned(), text.to_owned()));
    }

    pub(super) fn add(
        &mut self,
        part: &str,
        name: impl Into<String>,
        value: f64,
        unit: &str,
        bar: Option<Bar>,
    ) {
        let (part, unit) = (part.to_owned(), unit.to_owned());
        self.figures.push(Figure { part, name: name.into(), value, unit, bar });
    }

    pub(super) fn curve(&mut self, name: &str, unit: &str, of: &str, points: Vec<(f64, f64)>) {
        self.curves.push(Curve { name: name.to_owned(), unit: unit.to_owned(), of: of.to_owned(), points });
    }

    /// Whether every bar is kept.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.figures.iter().all(|figure| figure.holds() != Some(false))
    }

    /// A table for people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.circumstances.join("; "));
        let parts: Vec<&str> = self.methods.iter().map(|(part, _)| part.as_str()).collect();
        for part in parts {
            let method = self.methods.iter().find(|(name, _)| name == part).map_or("", |(_, method)| method);
            text += &format!("\n{part}: {method}\n");
            for figure in self.figures.iter().filter(|figure| figure.part == part) {
                text += &format!("  {:<58} {:>12} {:<9}", figure.name, number(figure.value), figure.unit);
                if let (Some(bar), Some(holds)) = (figure.bar, figure.holds()) {
                    text += &format!(" {} {}", bar.text(), if holds { "holds" } else { "MISSED" });
                }
                text.truncate(text.trim_end().len());
                text.push('\n');
            }
        }
        for curve in &self.curves {
            let points: Vec<String> =
                curve.points.iter().map(|(x, y)| format!("{}: {}", number(*x), number(*y))).collect();
            text += &format!("\n{} in {}, by {}: {}", curve.name, curve.unit, curve.of, points.join(", "));
        }
        text
    }

    /// For programs, and to make documentation of later.
    #[must_use]
    pub fn json(&self) -> Value {
        let figures: Vec<Value> = self.figures.iter().map(figure_json).collect();
        let curves: Vec<Value> = self
            .curves
            .iter()
            .map(|curve| json!({"name": curve.name, "unit": curve.unit, "of": curve.of, "points": curve.points}))
            .collect();
        json!({
            "circumstances": self.circumstances,
            "methods": self.methods,
            "figures": figures,
            "curves": curves,
        })
    }

    /// Reads what [`json`](Self::json) wrote.
    pub fn parse(text: &str) -> Result<Self> {
        let json: Value = serde_json::from_str(text).context("the results are no JSON")?;
        Self::read(&json).context("the results have another form than `bench --json` prints")
    }

    fn read(json: &Value) -> Option<Self> {
        let list = |name: &str| json.get(name)?.as_array();
        let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
        let member = |value: &Value, name: &str| text(value.get(name)?);
        let pair = |value: &Value| Some((value.get(0)?.clone(), value.get(1)?.clone()));
        Some(Self {
            circumstances: list("circumstances")?.iter().map(text).collect::<Option<_>>()?,
            methods: list("methods")?
                .iter()
                .map(|value| pair(value).and_then(|(part, method)| Some((text(&part)?, text(&method)?))))
                .collect::<Option<_>>()?,
            figures: list("figures")?
                .iter()
                .map(|value| {
                    let bar = |name: &str| value.get(name).and_then(Value::as_f64);
                    Some(Figure {
                        part: member(value, "part")?,
                        name: member(value, "name")?,
                        value: value.get("value")?.as_f64()?,
                        unit: member(value, "unit")?,
                        bar: bar("at_most").map(Bar::AtMost).or(bar("at_least").map(Bar::AtLeast)),
                    })
                })
                .collect::<Option<_>>()?,
            curves: list("curves")?
                .iter()
                .map(|value| {
                    let points = value.get("points")?.as_array()?.iter();
                    let points =
                        points.map(|point| pair(point).and_then(|(x, y)| Some((x.as_f64()?, y.as_f64()?))));
                    Some(Curve {
                        name: member(value, "name")?,
                        unit: member(value, "unit")?,
                        of: member(value, "of")?,
                        points: points.collect::<Option<_>>()?,
                    })
                })
                .collect::<Option<_>>()?,
        })
    }
}

fn figure_json(figure: &Figure) -> Value {
    let mut json = json!({
        "part": figure.part, "name": figure.name, "value": figure.value, "unit": figure.unit,
    });
    if let (Some(bar), Value::Object(members)) = (figure.bar, &mut json) {
        let (name, value) = match bar {
            Bar::AtMost(value) => ("at_most", value),
            Bar::AtLeast(value) => ("at_least", value),
        };
        members.insert(name.to_owned(), json!(value));
        members.insert("holds".to_owned(), json!(figure.holds()));
    }
    json
}

/// Three digits that matter, and whole numbers as they are.
#[must_use]
pub(super) fn number(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 || value.fract() == 0.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results() -> Results {
        let mut results = Results::new(Extent::Quick);
        results.method("start", "with a clock");
        results.add("start", "a fresh instance", 31.25, "µs", Some(Bar::AtMost(40.0)));
        results.add("start", "speed", 3.0, "times", Some(Bar::AtLeast(4.0)));
        results.curve("list", "s", "tickets", vec![(10.0, 0.5), (100.0, 5.0)]);
        results
    }

    #[test]
    fn a_missed_bar_is_said_and_counts() {
        let results = results();
        assert!(!results.holds());
        let text = results.text();
        assert!(text.contains("31.2 µs") && text.contains("≤ 40 holds"), "{text}");
        assert!(text.contains("≥ 4 MISSED"), "{text}");
        assert!(text.ends_with("list in s, by tickets: 10: 0.500, 100: 5"), "{text}");
    }

    #[test]
    fn results_are_read_back_as_they_were_written() {
        let results = results();
        assert_eq!(Results::parse(&results.json().to_string()).unwrap(), results);
        assert!(Results::parse("{}").is_err());
    }

    #[test]
    fn numbers_have_three_digits_that_matter() {
        let texts: Vec<String> = [0.1234, 1.234, 12.34, 1234.5, 7.0].into_iter().map(number).collect();
        assert_eq!(texts, ["0.123", "1.23", "12.3", "1234", "7"]);
    }
}
