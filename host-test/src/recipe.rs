//! Recipes: files that say which operations to run one after the other, and
//! what is to come of each. Those of the project are in `examples/workflows`.
//!
//! `{{steps.NAME.outcomes.0.items.0.id}}` stands for a value in the result of
//! an earlier step. Nothing is computed and nothing is repeated: what needs
//! more is the work of a workflow platform.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use workflow_node_host::json;
use workflow_node_host::wit::setup::CheckStatus;

use crate::input::Object;
use crate::session::Session;

/// The step that is no operation: the connection check, which tries what the
/// other steps need.
const CHECK: &str = "check";

/// A recipe.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// What it is for, in a few words.
    pub title: String,
    /// The same in a few sentences.
    pub description: String,
    /// What is done, in this order.
    pub steps: Vec<Step>,
}

/// A step of a recipe.
#[derive(Clone, Debug)]
pub struct Step {
    /// What later steps call it; unique in a recipe.
    pub name: String,
    /// Operation such as `ticket.create`, or `check`.
    pub operation: String,
    /// One object, or an array for several items. `check` takes none.
    pub input: Value,
    /// Values by their JSON pointers into the result. `null` is also what is
    /// not there.
    pub expect: Object,
}

impl Recipe {
    /// Reads a recipe, a JSON object with `title`, `description` and `steps`.
    pub fn parse(text: &str) -> Result<Self> {
        let mut members: Object = serde_json::from_str(text).context("it is no JSON object")?;
        let (title, description) = (take(&mut members, "title")?, take(&mut members, "description")?);
        let Some(Value::Array(rows)) = members.remove("steps") else { bail!("\"steps\" must be a list") };
        nothing_left(&members)?;
        let mut steps: Vec<Step> = Vec::new();
        for (at, row) in rows.into_iter().enumerate() {
            let step = Step::parse(row).with_context(|| format!("step {at}"))?;
            ensure!(steps.iter().all(|other| other.name != step.name), "two steps are named {:?}", step.name);
            steps.push(step);
        }
        Ok(Self { title, description, steps })
    }

    /// Runs the steps until one fails or gives something else than it should,
    /// and tells the result of each.
    pub async fn run(&self, session: &Session, told: &mut dyn FnMut(&Step, &Value)) -> Result<()> {
        let mut results = json!({});
        for step in &self.steps {
            let stands = || format!("the step {:?}", step.name);
            let input = fill(&step.input, &results).with_context(stands)?;
            let (result, went_well) = self.result(step, input, session).await.with_context(stands)?;
            told(step, &result);
            ensure!(went_well, "{} failed: {result}", stands());
            if let Value::Object(results) = &mut results {
                results.insert(step.name.clone(), result.clone());
            }
            step.compare(&result, &results).with_context(stands)?;
        }
        Ok(())
    }

    /// The result of a step, and whether all of it went well.
    async fn result(&self, step: &Step, input: Value, session: &Session) -> Result<(Value, bool)> {
        if !step.is_check() {
            let result = session.run(&step.operation, input).await?;
            return Ok((result.json().clone(), result.exit_code() == 0));
        }
        let others = self.steps.iter().filter(|step| !step.is_check());
        let operations: Vec<String> = others.map(|step| step.operation.clone()).collect();
        let session = session.with(|call| call.allowed_operations = Some(operations));
        let report = session.connection.check(&session.call).await?;
        let failed = report.steps.iter().any(|step| matches!(step.status, CheckStatus::Fail));
        Ok((json::check_report(&report), !failed))
    }
}

impl Step {
    fn parse(row: Value) -> Result<Self> {
        let Value::Object(mut members) = row else { bail!("it must be an object") };
        let (name, operation) = (take(&mut members, "name")?, take(&mut members, "operation")?);
        ensure!(!name.contains(['.', '/', '~']), "the name {name:?} must do without . / and ~");
        let input = members.remove("input").unwrap_or_else(|| json!({}));
        let expect = match members.remove("expect") {
            None => Object::new(),
            Some(Value::Object(expect)) => expect,
            Some(_) => bail!("\"expect\" must be an object"),
        };
        nothing_left(&members)?;
        Ok(Self { name, operation, input, expect })
    }

    /// Whether it is the connection check and no operation.
    #[must_use]
    pub fn is_check(&self) -> bool {
        self.operation == CHECK
    }

    fn compare(&self, result: &Value, results: &Value) -> Result<()> {
        for (pointer, wanted) in &self.expect {
            let wanted = fill(wanted, results)?;
            let found = result.pointer(pointer).unwrap_or(&Value::Null);
            ensure!(*found == wanted, "{pointer} is {found} instead of {wanted} in {result}");
        }
        Ok(())
    }
}

fn take(members: &mut Object, name: &str) -> Result<String> {
    match members.remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        _ => bail!("{name:?} must be a text"),
    }
}

fn nothing_left(members: &Object) -> Result<()> {
    match members.keys().next() {
        None => Ok(()),
        Some(name) => bail!("{name:?} means nothing here"),
    }
}

/// Puts values of earlier results where they are named.
fn fill(value: &Value, results: &Value) -> Result<Value> {
    Ok(match value {
        Value::String(text) if text.contains("{{steps.") => {
            let path = text.strip_prefix("{{steps.").and_then(|rest| rest.strip_suffix("}}"));
            let path = path.with_context(|| format!("{text:?} must be {{{{steps.…}}}} and nothing else"))?;
            let found = results.pointer(&format!("/{}", path.replace('.', "/")));
            found.with_context(|| format!("{text} is in no result so far"))?.clone()
        }
        Value::Array(values) => {
            Value::Array(values.iter().map(|value| fill(value, results)).collect::<Result<_>>()?)
        }
        Value::Object(members) => {
            let filled =
                members.iter().map(|(name, value)| fill(value, results).map(|value| (name.clone(), value)));
            Value::Object(filled.collect::<Result<_>>()?)
        }
        other => other.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_earlier_steps_are_put_in_with_their_kind() {
        let results = json!({ "find": { "outcomes": [{ "items": [{ "id": 17 }] }] } });
        let input = json!([{ "id": "{{steps.find.outcomes.0.items.0.id}}", "note": "{{braces}}", "n": 1 }]);
        assert_eq!(fill(&input, &results).unwrap(), json!([{ "id": 17, "note": "{{braces}}", "n": 1 }]));
        for text in ["{{steps.find.outcomes.1}}", "{{steps.other}}", "Ticket {{steps.find}}"] {
            let error = fill(&json!({ "x": text }), &results).unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
        }
    }

    #[test]
    fn a_result_is_held_against_what_was_expected() {
        let step = |expect: Value| {
            Step::parse(json!({ "name": "a", "operation": "ticket.get", "expect": expect })).unwrap()
        };
        let (result, results) = (json!({ "id": 17 }), json!({ "before": { "id": 17 } }));
        let well = step(json!({ "/id": "{{steps.before.id}}", "/next": null }));
        well.compare(&result, &results).unwrap();
        let error = step(json!({ "/id": 18 })).compare(&result, &results).unwrap_err();
        assert!(error.to_string().contains("/id is 17 instead of 18"), "{error}");
    }

    #[test]
    fn what_is_no_recipe_is_refused_with_the_place() {
        let step = json!({ "name": "a", "operation": "check" });
        let recipe = |steps: Value| json!({ "title": "t", "description": "d", "steps": steps }).to_string();
        assert_eq!(Recipe::parse(&recipe(json!([step]))).unwrap().steps.len(), 1);
        for (text, reason) in [
            ("[]".to_owned(), "no JSON object"),
            (json!({ "title": "t" }).to_string(), "\"description\""),
            (recipe(json!({})), "\"steps\""),
            (recipe(json!([step, step])), "two steps are named \"a\""),
            (recipe(json!([{ "name": "a.b", "operation": "check" }])), "a.b"),
            (recipe(json!([{ "name": "a", "operation": "check", "expects": {} }])), "step 0: \"expects\""),
        ] {
            let error = format!("{:#}", Recipe::parse(&text).unwrap_err());
            assert!(error.contains(reason), "{error}");
        }
    }
}
