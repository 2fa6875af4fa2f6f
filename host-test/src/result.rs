//! What `run` prints, and the exit code that goes with it.

use std::path::Path;

use serde_json::{Value, json};
use workflow_node_host::Folded;
use workflow_node_host::json;
use workflow_node_host::wit::node::{Execution, Outcome};
use workflow_node_host::wit::types::NodeError;

use crate::files::{self, OutFile};

/// Files that were not written.
#[derive(Clone, Debug, Default)]
pub struct Unsaved {
    /// How many came as links.
    pub links: usize,
    /// Why others could not be written.
    pub errors: Vec<String>,
}

/// The result of a run as JSON, and the files that came with it.
#[derive(Clone, Debug)]
pub struct RunResult {
    json: Value,
    files: Vec<OutFile>,
}

impl RunResult {
    /// Of one call.
    #[must_use]
    pub fn of_call(operation: &str, mut execution: Execution) -> Self {
        let mut files = Vec::new();
        for (at, outcome) in execution.outcomes.iter_mut().enumerate() {
            if let Outcome::Done(items) = outcome {
                files::detach(at, items, &mut files);
            }
        }
        Self::with_operation(operation, json::execution(&execution), files)
    }

    /// Of all calls that it took.
    #[must_use]
    pub fn of_all(operation: &str, mut folded: Folded) -> Self {
        let mut files = Vec::new();
        for (at, outcome) in folded.outcomes.iter_mut().enumerate() {
            files::detach(at, &mut outcome.items, &mut files);
        }
        Self::with_operation(operation, json::folded(&folded), files)
    }

    /// Of a call that could not begin.
    #[must_use]
    pub fn refused(operation: &str, error: &NodeError) -> Self {
        Self::with_operation(operation, json!({ "error": json::node_error(error) }), Vec::new())
    }

    fn with_operation(operation: &str, mut result: Value, files: Vec<OutFile>) -> Self {
        if let Value::Object(members) = &mut result {
            members.insert("operation".to_owned(), Value::from(operation));
        }
        let mut result = Self { json: result, files: Vec::new() };
        for file in &files {
            if let Some(described) = result.described(file) {
                described.push(file.json());
            }
        }
        Self { files, ..result }
    }

    /// The files that came with the results.
    #[must_use]
    pub fn files(&self) -> &[OutFile] {
        &self.files
    }

    /// The same files to be changed, such as links to be followed.
    pub fn files_mut(&mut self) -> &mut [OutFile] {
        &mut self.files
    }

    /// Writes the files that came as bytes into a folder; where each one is
    /// said with its name then, or why it was not written.
    pub fn save(&mut self, folder: &Path) -> Unsaved {
        let files = std::mem::take(&mut self.files);
        let mut unsaved = Unsaved::default();
        for (number, file) in files.iter().enumerate() {
            if file.bytes().is_none() {
                unsaved.links += 1;
                continue;
            }
            let (key, value) = match file.save(folder) {
                Ok(path) => ("saved", path.display().to_string()),
                // The results and the other files must not be lost with it.
                Err(error) => {
                    unsaved.errors.push(format!("{error:#}"));
                    ("not_saved", format!("{error:#}"))
                }
            };
            // Files of one result stand in a row.
            let before = files.iter().take(number).filter(|other| other.is_beside(file)).count();
            if let Some(Value::Object(described)) = self.described(file).and_then(|all| all.get_mut(before)) {
                described.insert(key.to_owned(), Value::from(value));
            }
        }
        self.files = files;
        unsaved
    }

    /// What is said about the files of a result.
    fn described(&mut self, file: &OutFile) -> Option<&mut Vec<Value>> {
        let pointer = format!("/outcomes/{}/items/{}", file.outcome, file.item);
        let result = self.json.pointer_mut(&pointer)?.as_object_mut()?;
        result.entry("attachments").or_insert_with(|| json!([])).as_array_mut()
    }

    /// The result itself.
    #[must_use]
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// 0 when every item went well, 1 when one failed or the run was interrupted, 2
    /// when the call could not begin, 3 when nothing failed and items were not
    /// attempted.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if says(&self.json, "error") {
            return 2;
        }
        if self.failed_items() > 0 || says(&self.json, "interrupted") {
            return 1;
        }
        if self.items_not_attempted() > 0 || says(&self.json, "gave_up") { 3 } else { 0 }
    }

    /// How many items failed.
    #[must_use]
    pub fn failed_items(&self) -> usize {
        self.outcomes().filter(|outcome| says(outcome, "error")).count()
    }

    /// How many items no call got to.
    #[must_use]
    pub fn items_not_attempted(&self) -> usize {
        self.outcomes().filter(|outcome| says(outcome, "not_attempted")).count()
    }

    /// How many items went in.
    #[must_use]
    pub fn items(&self) -> usize {
        self.outcomes().count()
    }

    /// Whether there is more than this result holds.
    #[must_use]
    pub fn has_more(&self) -> bool {
        says(&self.json, "next")
    }

    /// All result items, in order.
    pub fn results(&self) -> impl Iterator<Item = &Value> {
        self.outcomes().filter_map(|outcome| outcome.get("items").and_then(Value::as_array)).flatten()
    }

    /// The first failure: of the call, or of an item.
    #[must_use]
    pub fn first_error(&self) -> Option<&Value> {
        let of_call = [self.json.get("error"), self.json.get("interrupted")];
        of_call.into_iter().flatten().chain(self.outcomes().filter_map(|outcome| outcome.get("error"))).next()
    }

    /// How many HTTP requests it took.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.json.pointer("/usage/requests").and_then(Value::as_u64).unwrap_or_default()
    }

    fn outcomes(&self) -> impl Iterator<Item = &Value> {
        self.json.get("outcomes").and_then(Value::as_array).into_iter().flatten()
    }
}

/// Whether a member is there and more than a polite no.
fn says(json: &Value, key: &str) -> bool {
    !matches!(json.get(key), None | Some(Value::Null | Value::Bool(false)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(result: Value) -> u8 {
        RunResult { json: result, files: Vec::new() }.exit_code()
    }

    #[test]
    fn the_exit_code_tells_how_it_went() {
        assert_eq!(code(json!({"outcomes":[{"item":0,"items":[]}]})), 0);
        assert_eq!(code(json!({"outcomes":[]})), 0);
        assert_eq!(code(json!({"outcomes":[{"item":0,"items":[]}],"next":"c"})), 0);
        assert_eq!(code(json!({"outcomes":[{"item":0,"items":[]},{"item":1,"error":{}}]})), 1);
        assert_eq!(code(json!({"outcomes":[{"item":0,"not_attempted":true}]})), 3);
        assert_eq!(code(json!({"outcomes":[{"item":0,"not_attempted":true},{"item":1,"error":{}}]})), 1);
        assert_eq!(code(json!({"outcomes":[{"item":0,"not_attempted":true}],"interrupted":{}})), 1);
        assert_eq!(code(json!({"outcomes":[{"item":0,"items":[]}],"gave_up":true})), 3);
        assert_eq!(code(json!({"outcomes":[{"item":0,"items":[]}],"interrupted":{}})), 1);
        assert_eq!(code(json!({"outcomes":[{"item":0,"items":[]}],"gave_up":false})), 0);
        assert_eq!(code(json!({"error":{"kind":"unsupported"}})), 2);
    }
}
