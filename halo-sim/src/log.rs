//! The request log: what came, what was answered, and why.

use std::{
    collections::VecDeque,
    fmt,
    io::Write,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// The most requests that are remembered; older ones are forgotten.
const MOST: usize = 100_000;

/// One request. Holds no secrets: neither bodies nor headers are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    /// The method.
    pub method: String,
    /// The path as it came.
    pub path: String,
    /// The query as it came, secrets blanked.
    pub query: String,
    /// The status; `None` where no answer was sent.
    pub status: Option<u16>,
    /// Query parameters that changed nothing: typos, mostly (HAPI §1.10).
    pub ignored: Vec<String>,
    /// Whether a token was asked for.
    pub token_request: bool,
    /// Why the answer is as it is.
    pub hint: Option<String>,
}

/// All requests so far.
#[derive(Debug, Default)]
pub(crate) struct Log {
    aloud: AtomicBool,
    records: Mutex<VecDeque<RequestRecord>>,
}

impl fmt::Display for RequestRecord {
    /// One line for people.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(formatter, "{status} ")?,
            None => formatter.write_str("--- ")?,
        }
        write!(formatter, "{} {}", self.method, self.path)?;
        if !self.query.is_empty() {
            write!(formatter, "?{}", self.query)?;
        }
        if !self.ignored.is_empty() {
            write!(formatter, "  ignored: {}", self.ignored.join(", "))?;
        }
        match &self.hint {
            Some(hint) => write!(formatter, "  ({hint})"),
            None => Ok(()),
        }
    }
}

impl Log {
    /// From now on every request is printed on standard error too.
    pub(crate) fn speak(&self) {
        self.aloud.store(true, Ordering::Relaxed);
    }

    /// Remembers a request.
    pub(crate) fn add(&self, mut record: RequestRecord) {
        record.query = without_secrets(&record.query);
        if self.aloud.load(Ordering::Relaxed) {
            // Standard error may be gone; the request goes on all the same.
            let _ = writeln!(std::io::stderr(), "{record}");
        }
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        if records.len() == MOST {
            records.pop_front();
        }
        records.push_back(record);
    }

    /// All requests in the order of their answers.
    pub(crate) fn all(&self) -> Vec<RequestRecord> {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.iter().cloned().collect()
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.clear();
    }
}

fn without_secrets(query: &str) -> String {
    let blank = |part: &str| {
        let (name, _) = part.split_once('=').unwrap_or((part, ""));
        let lower = name.to_ascii_lowercase();
        if ["secret", "token", "password"].iter().any(|word| lower.contains(word)) {
            format!("{name}=…")
        } else {
            part.to_owned()
        }
    };
    query.split('&').map(blank).collect::<Vec<_>>().join("&")
}
