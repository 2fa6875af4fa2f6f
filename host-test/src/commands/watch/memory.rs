//! What `watch` remembers between runs: the component's state, and the ids of
//! the events that were printed lately.

use std::collections::{HashSet, VecDeque};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use halo_sim::private;

/// How many ids are remembered.
const MOST_IDS: usize = 10_000;

/// A state file.
#[derive(Debug)]
pub(super) struct Memory {
    file: PathBuf,
    trigger: String,
    state: Option<String>,
    order: VecDeque<String>,
    known: HashSet<String>,
}

impl Memory {
    /// Reads the file; one that does not exist is empty.
    pub(super) fn open(file: &Path, trigger: &str) -> Result<Self> {
        let mut memory = Self {
            file: file.to_path_buf(),
            trigger: trigger.to_owned(),
            state: None,
            order: VecDeque::new(),
            known: HashSet::new(),
        };
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(memory),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
        };
        let kept: Value =
            serde_json::from_str(&text).with_context(|| format!("{} is no state file", file.display()))?;
        if kept.get("trigger").and_then(Value::as_str) != Some(trigger) {
            bail!("{} belongs to another trigger", file.display());
        }
        memory.state = kept.get("state").and_then(Value::as_str).map(str::to_owned);
        let ids = kept.get("seen").and_then(Value::as_array);
        ids.into_iter().flatten().filter_map(Value::as_str).for_each(|id| {
            memory.is_new(id);
        });
        Ok(memory)
    }

    /// The component's state.
    pub(super) fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// Whether an event was not printed lately; from now on it was.
    pub(super) fn is_new(&mut self, id: &str) -> bool {
        if !self.known.insert(id.to_owned()) {
            return false;
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > MOST_IDS
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }

    /// Stores a state: wholly or not at all.
    pub(super) fn keep(&mut self, state: String) -> Result<()> {
        let kept = json!({ "trigger": self.trigger, "state": state, "seen": self.order });
        let beside = self.file.with_extension("new");
        let write = || -> std::io::Result<()> {
            let mut file = private::create(&beside)?;
            file.write_all(kept.to_string().as_bytes())?;
            file.sync_all()?;
            fs::rename(&beside, &self.file)
        };
        write().with_context(|| format!("cannot write {}", self.file.display()))?;
        self.state = Some(state);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_state_outlive_a_run_and_old_ids_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state.json");
        let mut memory = Memory::open(&file, "ticket.updated").unwrap();
        assert!(memory.state().is_none());
        assert!((0..=MOST_IDS).all(|number| memory.is_new(&number.to_string())));
        memory.keep("s".to_owned()).unwrap();
        let mut again = Memory::open(&file, "ticket.updated").unwrap();
        assert_eq!(again.state(), Some("s"));
        assert!(!again.is_new("1") && again.is_new("0"));
        assert!(Memory::open(&file, "ticket.created").is_err());
    }
}
