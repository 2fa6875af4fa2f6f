//! What was read so far, in a file beside the output, scrubbed already.
//!
//! The file is a journal: a line for each answer of the instance, written as soon as
//! the answer is there, so that a run loses nothing however it ends. It belongs to
//! the user alone. Of the instance it holds a digest, which is enough to recognise it,
//! and digests of the names to look for, so that a run that goes on need not read them
//! anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use halopsa_node::number;
use serde_json::{Value, json};

use super::Object;
use super::names::Names;
use super::sources::{ACTIONS, SAMPLE, SET_UP};
use halo_sim::private;

/// What the first line of the file says.
const FORMAT: &str = "host-test mirror 2";

/// The progress of a copy.
#[derive(Debug)]
pub struct Part {
    path: PathBuf,
    /// Open from the first line on.
    journal: Option<File>,
    head: Value,
    sample: usize,
    names: Names,
    read: BTreeMap<String, Read>,
}

/// What was read of one path.
#[derive(Clone, Debug, Default)]
struct Read {
    /// The page to read next; `None` where all are read.
    next: Option<u64>,
    rows: Vec<Object>,
    /// Records that were read alone, by their id.
    details: BTreeMap<String, Object>,
    /// Why something of it is missing.
    missing: BTreeSet<String>,
}

/// One answer of the instance, or why there is none.
#[derive(Debug, Default)]
pub(super) struct Step {
    pub(super) rows: Vec<Object>,
    /// The page to read next, for a list.
    pub(super) next: Option<u64>,
    /// A record that was read alone, and its id.
    pub(super) detail: Option<(String, Object)>,
    pub(super) missing: Option<String>,
    /// Digests of names to look for.
    pub(super) names: BTreeSet<u64>,
}

impl Step {
    fn json(&self, path: &str) -> Value {
        json!({
            "path": path, "rows": self.rows, "next": self.next, "missing": self.missing,
            "detail": self.detail.as_ref().map(|(id, record)| json!([id, record])),
            "names": self.names,
        })
    }

    fn parse(line: &Value) -> Option<(&str, Self)> {
        let rows = line.get("rows")?.as_array()?.iter().map(|row| row.as_object().cloned());
        let detail = match line.get("detail")? {
            Value::Null => None,
            detail => Some((detail.get(0)?.as_str()?.to_owned(), detail.get(1)?.as_object()?.clone())),
        };
        let step = Self {
            rows: rows.collect::<Option<_>>()?,
            next: line.get("next")?.as_u64(),
            detail,
            missing: line.get("missing")?.as_str().map(str::to_owned),
            names: line.get("names")?.as_array()?.iter().map(Value::as_u64).collect::<Option<_>>()?,
        };
        Some((line.get("path")?.as_str()?, step))
    }
}

impl Part {
    /// The progress of an earlier run, or a fresh start. `instance` says whose copy it
    /// is.
    ///
    /// # Errors
    ///
    /// Where the file is of another instance or another sample, or cannot be read.
    pub fn open(out: &Path, instance: &str, sample: usize) -> Result<Self> {
        let path = Self::beside(out);
        let instance = Names::default().digest(instance);
        let mut part = Self {
            head: json!({ "format": FORMAT, "instance": format!("{instance:016x}"), "sample": sample }),
            path,
            journal: None,
            sample,
            names: Names::salted(instance),
            read: BTreeMap::new(),
        };
        let shown = part.path.display();
        if !part.path.exists() {
            return Ok(part);
        }
        let text = fs::read_to_string(&part.path).with_context(|| format!("{shown} cannot be read"))?;
        // A run that was killed while it wrote leaves half a line.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let mut lines = text.get(..whole).unwrap_or_default().lines().map(serde_json::from_str::<Value>);
        let head = match lines.next() {
            Some(Ok(head)) if head.get("format") == Some(&json!(FORMAT)) => head,
            None => return Ok(part),
            Some(_) => bail!("{shown} is damaged: delete it, or use --force"),
        };
        if head != part.head {
            bail!(
                "{shown} is the progress of another copy: finish that one, delete the file, or use --force"
            );
        }
        let lines: Vec<Value> = match lines.collect() {
            Ok(lines) => lines,
            Err(_) => bail!("{shown} is damaged: delete it, or use --force"),
        };
        for line in &lines {
            let Some((path, step)) = Step::parse(line) else {
                bail!("{} is damaged: delete it, or use --force", part.path.display());
            };
            part.apply(path, step);
        }
        let journal = File::options().append(true).open(&part.path);
        let journal = journal.and_then(|file| file.set_len(whole as u64).map(|()| file));
        part.journal = Some(journal.with_context(|| format!("{} cannot be written", part.path.display()))?);
        Ok(part)
    }

    /// The file that holds the progress of a copy.
    #[must_use]
    pub fn beside(out: &Path) -> PathBuf {
        let mut name = out.as_os_str().to_owned();
        name.push(".part");
        PathBuf::from(name)
    }

    /// Whether an earlier run left something.
    #[must_use]
    pub fn is_resumed(&self) -> bool {
        !self.read.is_empty()
    }

    /// Removes the file after the copy is written.
    ///
    /// # Errors
    ///
    /// Where it cannot be removed.
    pub fn remove(out: &Path) -> Result<()> {
        let file = Self::beside(out);
        if file.exists() {
            fs::remove_file(&file).with_context(|| format!("{} cannot be removed", file.display()))?;
        }
        Ok(())
    }

    pub(super) fn sample(&self) -> usize {
        self.sample
    }

    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    /// The page to read next; `None` where all are read.
    pub(super) fn next_page(&self, path: &str) -> Option<u64> {
        self.read.get(path).map_or(Some(1), |read| read.next)
    }

    pub(super) fn count(&self, path: &str) -> usize {
        self.read.get(path).map_or(0, |read| read.rows.len())
    }

    /// Those of some rows that are not there yet, so many that there are `most`.
    pub(super) fn fresh(&self, path: &str, rows: Vec<Object>, most: usize) -> Vec<Object> {
        let known = self.read.get(path).map(|read| read.rows.as_slice()).unwrap_or_default();
        let room = most.saturating_sub(known.len());
        let mut known: BTreeSet<String> = known.iter().map(identity).collect();
        rows.into_iter().filter(|row| known.insert(identity(row))).take(room).collect()
    }

    /// Keeps a step, in the file first.
    ///
    /// # Errors
    ///
    /// Where the file cannot be written.
    pub(super) fn keep(&mut self, path: &str, step: Step) -> Result<()> {
        let mut lines = String::new();
        let journal = match &mut self.journal {
            Some(journal) => journal,
            none => {
                lines = format!("{}\n", self.head);
                let file = private::create(&self.path);
                none.insert(file.with_context(|| format!("{} cannot be written", self.path.display()))?)
            }
        };
        lines.push_str(&step.json(path).to_string());
        lines.push('\n');
        let written = journal.write_all(lines.as_bytes());
        written.with_context(|| format!("{} cannot be written", self.path.display()))?;
        self.apply(path, step);
        Ok(())
    }

    fn apply(&mut self, path: &str, step: Step) {
        let read = self.read.entry(path.to_owned()).or_default();
        read.rows.extend(step.rows);
        read.missing.extend(step.missing);
        match step.detail {
            Some((id, record)) => {
                read.details.insert(id, record);
            }
            None => read.next = step.next,
        }
        self.names.extend(step.names);
    }

    /// The ids of records that were not read alone yet, of the first `most`; for
    /// actions, of tickets.
    pub(super) fn without_detail(&self, path: &str, most: usize) -> Vec<String> {
        let of = if path == ACTIONS.path { SAMPLE.path } else { path };
        let done = self.read.get(path).map(|read| &read.details);
        let rows = self.read.get(of).into_iter().flat_map(|read| &read.rows);
        let ids = rows.filter_map(|row| id_text(row.get("id")?)).take(most);
        ids.filter(|id| done.is_none_or(|done| !done.contains_key(id))).collect()
    }

    /// What is missing in the copy: path and reason.
    pub(super) fn missing(&self) -> impl Iterator<Item = (&str, &str)> {
        self.read.iter().flat_map(|(path, read)| read.missing.iter().map(|why| (path.as_str(), why.as_str())))
    }

    /// Everything that was read: path, row, and the record read alone.
    pub(super) fn records(&self) -> impl Iterator<Item = (&str, &Object, Option<&Object>)> {
        // Teams first: tickets name theirs.
        let paths = SET_UP.iter().chain([&SAMPLE, &ACTIONS]).map(|source| source.path);
        paths.filter_map(|path| Some((path, self.read.get(path)?))).flat_map(|(path, read)| {
            read.rows.iter().map(move |row| {
                let detail = row.get("id").and_then(id_text).and_then(|id| read.details.get(&id));
                // A ticket's own id is no action's.
                (path, row, detail.filter(|detail| !detail.is_empty()))
            })
        })
    }
}

fn id_text(id: &Value) -> Option<String> {
    match number::id(id) {
        Some(id) => Some(id.to_string()),
        None => id.as_str().map(str::to_owned),
    }
}

/// What tells two rows apart: ids count inside a lookup and inside a ticket.
fn identity(row: &Object) -> String {
    let part = |name: &str| row.get(name).and_then(id_text).unwrap_or_default();
    let owner = if row.get("lookupid").is_some() { part("lookupid") } else { part("ticket_id") };
    format!("{owner}/{}", part("id"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64) -> Object {
        json!({ "id": id }).as_object().cloned().unwrap_or_default()
    }

    fn page(id: i64, next: Option<u64>) -> Step {
        Step { rows: vec![row(id)], next, ..Step::default() }
    }

    #[test]
    fn every_step_is_kept_at_once_and_half_a_line_is_dropped() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let out = folder.path().join("desk.json");
        let mut part = Part::open(&out, "https://a.example", 0)?;
        assert!(!Part::beside(&out).exists(), "nothing is written before there is something");
        part.keep("/Item", page(1, Some(2)))?;
        part.keep("/Item", page(2, None))?;
        part.keep("/Item", Step { detail: Some(("1".to_owned(), row(1))), ..Step::default() })?;
        drop(part);
        let mut text = fs::read_to_string(Part::beside(&out))?;
        assert!(!text.contains("a.example"), "{text}");
        text.push_str("{\"path\":\"/It");
        fs::write(Part::beside(&out), &text)?;

        for _ in 0..2 {
            let mut part = Part::open(&out, "https://a.example", 0)?;
            assert!(part.is_resumed());
            assert_eq!(part.next_page("/Item"), None);
            assert_eq!(part.without_detail("/Item", 9), ["2"]);
            let before = part.count("/Status");
            part.keep("/Status", page(1, Some(2)))?;
            assert_eq!((part.count("/Status"), part.next_page("/Status")), (before + 1, Some(2)));
        }
        assert!(Part::open(&out, "https://b.example", 0).is_err(), "another instance");
        assert!(Part::open(&out, "https://a.example", 5).is_err(), "another sample");
        Ok(())
    }
}
