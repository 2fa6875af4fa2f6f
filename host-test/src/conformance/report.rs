//! What was found out: a verdict on each rule.

use std::fmt::{self, Write as _};

use serde_json::{Value, json};

use crate::paint::Paint;

/// Something that a component must keep.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable name.
    pub name: &'static str,
    /// What is asked for.
    pub says: &'static str,
}

/// It is one.
pub(super) const COMPONENT: Rule = Rule { name: "component", says: "is a WebAssembly component" };
/// The permission dialog.
pub(super) const IMPORTS: Rule = Rule {
    name: "imports",
    says: "imports wasi:io, the monotonic clock, outgoing HTTP and the log, and nothing else",
};
/// The interface itself.
pub(super) const EXPORTS: Rule =
    Rule { name: "exports", says: "exports workflow:node/node in a known version, as typed" };
/// What is read without running.
pub(super) const MANIFEST: Rule =
    Rule { name: "manifest", says: "has a manifest that fits wit/manifest.schema.json" };
/// The form.
pub(super) const CREDENTIALS: Rule =
    Rule { name: "credentials", says: "credential-schema() returns the manifest's credentials" };
/// Valid schemas.
pub(super) const SCHEMAS: Rule =
    Rule { name: "schemas", says: "every schema is JSON Schema 2020-12, and every $ref leads somewhere" };
/// Examples.
pub(super) const EXAMPLES: Rule = Rule { name: "examples", says: "every example fits its input schema" };

/// How a rule was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was.
    Passed,
    /// It was not, and why.
    Failed(Vec<String>),
    /// It was not tried, and why.
    Skipped(String),
}

/// A rule and the verdict on it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What is asked for.
    pub rule: &'static Rule,
    /// What was found.
    pub verdict: Verdict,
}

/// What a component asks for and offers.
#[derive(Clone, Debug, Default)]
pub struct Interfaces {
    /// Names of its imports.
    pub imports: Vec<String>,
    /// Names of its exports.
    pub exports: Vec<String>,
}

/// Everything that was found out about a component.
#[derive(Clone, Debug)]
pub struct Report {
    /// What it asks for and offers.
    pub interfaces: Interfaces,
    /// In the order of the rules.
    pub findings: Vec<Finding>,
}

impl Report {
    pub(super) fn new(interfaces: Interfaces) -> Self {
        Self { interfaces, findings: Vec::new() }
    }

    /// Adds what speaks against a rule; nothing means that it is kept.
    pub(super) fn add(&mut self, rule: &'static Rule, reasons: Vec<String>) {
        let verdict = if reasons.is_empty() { Verdict::Passed } else { Verdict::Failed(reasons) };
        self.findings.push(Finding { rule, verdict });
    }

    /// Says why a rule was not tried.
    pub(super) fn skip(&mut self, rule: &'static Rule, reason: &str) {
        self.findings.push(Finding { rule, verdict: Verdict::Skipped(reason.to_owned()) });
    }

    /// Says why rules were not tried.
    pub(super) fn skip_all(&mut self, rules: &[&'static Rule], reason: &str) {
        for rule in rules {
            self.skip(rule, reason);
        }
    }

    /// Says of every rule without a verdict why it was not tried.
    pub(super) fn skip_rest(&mut self, reason: &str) {
        let early = [&COMPONENT, &IMPORTS, &EXPORTS, &MANIFEST, &CREDENTIALS, &SCHEMAS, &EXAMPLES];
        for rule in early.into_iter().chain(super::refusals::RULES).chain(super::live::RULES) {
            if self.verdict(rule.name).is_none() {
                self.skip(rule, reason);
            }
        }
    }

    /// The verdict on a rule.
    #[must_use]
    pub fn verdict(&self, name: &str) -> Option<&Verdict> {
        self.findings.iter().find(|finding| finding.rule.name == name).map(|finding| &finding.verdict)
    }

    /// Whether no rule is broken.
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.findings.iter().any(|finding| matches!(finding.verdict, Verdict::Failed(_)))
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let findings: Vec<Value> = self.findings.iter().map(finding_json).collect();
        json!({
            "passed": self.passed(),
            "imports": self.interfaces.imports,
            "exports": self.interfaces.exports,
            "rules": findings,
        })
    }

    /// For people.
    #[must_use]
    pub fn text(&self, paint: Paint) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text, paint);
        text
    }

    fn write(&self, text: &mut String, paint: Paint) -> fmt::Result {
        for (title, names) in [("imports", &self.interfaces.imports), ("exports", &self.interfaces.exports)] {
            writeln!(text, "{title}")?;
            for name in names {
                writeln!(text, "  {name}")?;
            }
        }
        writeln!(text, "rules")?;
        for Finding { rule, verdict } in &self.findings {
            let (word, reasons): (String, &[String]) = match verdict {
                Verdict::Passed => (paint.good("pass"), &[]),
                Verdict::Failed(reasons) => (paint.bad("FAIL"), reasons),
                Verdict::Skipped(reason) => (paint.dim("skip"), std::slice::from_ref(reason)),
            };
            writeln!(text, "  {word}  {:<20} {}", rule.name, rule.says)?;
            for reason in reasons {
                writeln!(text, "        - {reason}")?;
            }
        }
        let count = |wanted: fn(&Verdict) -> bool| {
            self.findings.iter().filter(|finding| wanted(&finding.verdict)).count()
        };
        let kept = count(|verdict| *verdict == Verdict::Passed);
        let broken = count(|verdict| matches!(verdict, Verdict::Failed(_)));
        let skipped = count(|verdict| matches!(verdict, Verdict::Skipped(_)));
        write!(text, "{kept} kept, {broken} broken, {skipped} not tried")
    }
}

fn finding_json(finding: &Finding) -> Value {
    let mut json = json!({"rule": finding.rule.name, "says": finding.rule.says});
    let (verdict, reasons) = match &finding.verdict {
        Verdict::Passed => ("passed", json!([])),
        Verdict::Failed(reasons) => ("failed", json!(reasons)),
        Verdict::Skipped(reason) => ("skipped", json!([reason])),
    };
    if let Value::Object(members) = &mut json {
        members.insert("verdict".to_owned(), json!(verdict));
        members.insert("reasons".to_owned(), reasons);
    }
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_broken_rule_breaks_the_whole_and_skipped_ones_do_not() {
        let mut report = Report::new(Interfaces::default());
        report.add(&COMPONENT, vec![]);
        report.skip(&IMPORTS, "not today");
        assert!(report.passed());
        report.add(&SCHEMAS, vec!["todo.list has none".to_owned()]);
        assert!(!report.passed());
        let text = report.text(Paint::plain());
        assert!(text.contains("todo.list has none"), "{text}");
        assert!(text.ends_with("1 kept, 1 broken, 1 not tried"), "{text}");
        assert_eq!(report.json()["rules"][2]["verdict"], "failed");
    }
}
