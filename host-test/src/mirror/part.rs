//! What was read so far, in a file beside the output, scrubbed already.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value, json};

use super::sources::{ACTIONS, SAMPLE, SET_UP};
use super::{Object, scrub};

/// The progress of a copy.
#[derive(Debug)]
pub struct Part {
    file: PathBuf,
    instance: String,
    sample: usize,
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
}

impl Read {
    fn json(&self) -> Value {
        json!({ "next": self.next, "rows": self.rows, "details": self.details })
    }

    fn parse(value: &Value) -> Option<Self> {
        let rows = value.get("rows")?.as_array()?.iter().map(|row| row.as_object().cloned());
        let details = value.get("details")?.as_object()?.iter();
        Some(Self {
            next: value.get("next")?.as_u64(),
            rows: rows.collect::<Option<_>>()?,
            details: details
                .map(|(id, detail)| Some((id.clone(), detail.as_object()?.clone())))
                .collect::<Option<_>>()?,
        })
    }
}

impl Part {
    /// The progress of an earlier run, or a fresh start.
    ///
    /// # Errors
    ///
    /// Where the file is of another instance or another sample, or cannot be read.
    pub fn open(out: &Path, instance: &str, sample: usize) -> Result<Self> {
        let file = Self::beside(out);
        let mut part = Self { file, instance: instance.to_owned(), sample, read: BTreeMap::new() };
        let file = part.file.display();
        if !part.file.exists() {
            return Ok(part);
        }
        let text = fs::read(&part.file).with_context(|| format!("{file} cannot be read"))?;
        let known: Option<Value> = serde_json::from_slice(&text).ok();
        let read = known.as_ref().and_then(|known| known.get("read")?.as_object());
        let read = read.and_then(|read| {
            read.iter().map(|(path, value)| Some((path.clone(), Read::parse(value)?))).collect()
        });
        let Some((known, read)) = known.as_ref().zip(read) else {
            bail!("{file} is damaged: delete it, or use --force");
        };
        if known.get("instance") != Some(&json!(instance)) || known.get("sample") != Some(&json!(sample)) {
            bail!("{file} is the progress of another copy: finish that one, delete the file, or use --force");
        }
        part.read = read;
        Ok(part)
    }

    /// The file that holds the progress of a copy.
    #[must_use]
    pub fn beside(out: &Path) -> PathBuf {
        with_suffix(out, ".part")
    }

    /// Whether an earlier run left something.
    #[must_use]
    pub fn is_resumed(&self) -> bool {
        !self.read.is_empty()
    }

    /// Keeps the progress; a crash leaves the old file or the new one.
    ///
    /// # Errors
    ///
    /// Where the file cannot be written.
    pub fn save(&self) -> Result<()> {
        let read: Map<String, Value> =
            self.read.iter().map(|(path, read)| (path.clone(), read.json())).collect();
        let state = json!({ "instance": self.instance, "sample": self.sample, "read": read });
        let beside = with_suffix(&self.file, ".tmp");
        fs::write(&beside, state.to_string())
            .and_then(|()| fs::rename(&beside, &self.file))
            .with_context(|| format!("{} cannot be written", self.file.display()))
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

    /// The page to read next; `None` where all are read.
    pub(super) fn next_page(&self, path: &str) -> Option<u64> {
        self.read.get(path).map_or(Some(1), |read| read.next)
    }

    pub(super) fn count(&self, path: &str) -> usize {
        self.read.get(path).map_or(0, |read| read.rows.len())
    }

    /// Adds rows up to a number of them, and leaves out those that are there; says how
    /// many were added.
    pub(super) fn add(&mut self, path: &str, fresh: Vec<Object>, most: usize) -> usize {
        let read = self.read(path);
        let mut known: BTreeSet<String> = read.rows.iter().map(identity).collect();
        let before = read.rows.len();
        for row in fresh {
            if read.rows.len() < most && known.insert(identity(&row)) {
                read.rows.push(row);
            }
        }
        read.rows.len() - before
    }

    /// Says which page comes next; `None` ends the list.
    pub(super) fn turn(&mut self, path: &str, next: Option<u64>) {
        self.read(path).next = next;
    }

    /// The ids of records that were not read alone yet; for actions, of tickets.
    pub(super) fn without_detail(&self, path: &str) -> Vec<String> {
        let of = if path == ACTIONS.path { SAMPLE.path } else { path };
        let done = self.read.get(path).map(|read| &read.details);
        let rows = self.read.get(of).into_iter().flat_map(|read| &read.rows);
        let ids = rows.filter_map(|row| id_text(row.get("id")?));
        ids.filter(|id| done.is_none_or(|done| !done.contains_key(id))).collect()
    }

    pub(super) fn detail(&mut self, path: &str, id: &str, detail: Object) {
        self.read(path).details.insert(id.to_owned(), detail);
    }

    /// Adds the actions of a ticket.
    pub(super) fn actions(&mut self, ticket: &str, fresh: Vec<Object>) {
        self.add(ACTIONS.path, fresh, usize::MAX);
        self.turn(ACTIONS.path, None);
        self.detail(ACTIONS.path, ticket, Object::new());
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

    fn read(&mut self, path: &str) -> &mut Read {
        self.read.entry(path.to_owned()).or_insert_with(|| Read { next: Some(1), ..Read::default() })
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn id_text(id: &Value) -> Option<String> {
    match id {
        Value::String(text) => Some(text.clone()),
        id => scrub::whole(id).map(|id| id.to_string()),
    }
}

/// What tells two rows apart: ids count inside a lookup and inside a ticket.
fn identity(row: &Object) -> String {
    let part = |name: &str| row.get(name).and_then(id_text).unwrap_or_default();
    let owner = if row.get("lookupid").is_some() { part("lookupid") } else { part("ticket_id") };
    format!("{owner}/{}", part("id"))
}
