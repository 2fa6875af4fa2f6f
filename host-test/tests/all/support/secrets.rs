//! What a test run left behind, and the search for secrets in it.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Result, ensure};
use halo_sim::HaloSim;
use serde_json::Value;
use workflow_node_host::{RequestEvent, RequestObserver};

/// Everything that a test run gave out: results, errors, events, output.
#[derive(Default)]
pub(crate) struct Transcript(Mutex<Record>);

#[derive(Default)]
struct Record {
    texts: Vec<String>,
    requests: Vec<(String, String)>,
    operations: BTreeSet<String>,
}

impl Transcript {
    /// Keeps a text.
    pub(crate) fn keep(&self, text: String) {
        self.record().texts.push(text);
    }

    /// Keeps the result of an operation.
    pub(crate) fn ran(&self, operation: &str, result: &Value) {
        let mut record = self.record();
        record.texts.push(result.to_string());
        record.operations.insert(operation.to_owned());
    }

    /// Requests with this method and a path that ends like this, the case of
    /// letters aside.
    pub(crate) fn requests(&self, method: &str, path: &str) -> usize {
        let path = path.to_lowercase();
        let matches = |(its_method, url): &&(String, String)| {
            let its_path = url.split('?').next().unwrap_or_default().to_lowercase();
            its_method == method && its_path.ends_with(&path)
        };
        self.record().requests.iter().filter(matches).count()
    }

    /// All requests so far.
    pub(crate) fn requests_in_all(&self) -> usize {
        self.record().requests.len()
    }

    /// Fails when the client secret or a token stands anywhere.
    pub(crate) fn search(&self, sim: &HaloSim) -> Result<()> {
        let secret = sim.client_secret().to_owned();
        ensure!(secret.len() >= 8, "the simulator's secret is too short to be searched for");
        let record = self.record();
        for (name, value) in
            sim.tokens_issued().into_iter().map(|token| ("token", token)).chain([("client secret", secret)])
        {
            for text in &record.texts {
                // The message must not become the next leak.
                ensure!(!text.contains(&value), "a {name} stands in: {}", text.replace(&value, "«SECRET»"));
            }
        }
        Ok(())
    }

    /// Fails when the operations that a test declares are not those that it
    /// drove.
    pub(crate) fn has_driven(&self, declared: &[&str]) -> Result<()> {
        let declared: BTreeSet<String> = declared.iter().map(|&name| name.to_owned()).collect();
        let driven = &self.record().operations;
        ensure!(*driven == declared, "the test declares {declared:?} and drives {driven:?}");
        Ok(())
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RequestObserver for Transcript {
    fn observed(&self, event: &RequestEvent) {
        let mut record = self.record();
        record.texts.push(format!("{event:?}"));
        record.requests.push((event.method.clone(), event.url.clone()));
    }
}

#[test]
fn a_leak_is_found_and_not_repeated() -> Result<()> {
    super::run(async {
        let sim = host_test::simulator::start(&[]).await?;
        let transcript = Transcript::default();
        transcript.keep("all is well".to_owned());
        transcript.search(&sim)?;
        transcript.keep(format!("client_secret={}&x", sim.client_secret()));
        let leak = transcript.search(&sim).unwrap_err().to_string();
        assert_eq!(leak, "a client secret stands in: client_secret=«SECRET»&x");
        Ok(())
    })
}
