//! Does a real HaloPSA behave as this project takes it to behave?
//!
//! Each fact that reading can show is a [`Probe`]: what is asked for, and a pure
//! function that judges the answers. The requests go through the component's
//! `api.request` in read-only mode, so that nothing but GET can leave; what `--write`
//! adds works on a ticket of its own. The [`Report`] names keys and statuses and holds
//! no value of the instance.

mod answer;
mod judge;
mod probe;
pub mod probes;
mod report;
pub mod writes;

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};

pub use answer::{Answer, names};
pub use probe::{Ask, Confidence, Finding, Method, Probe};
pub use report::{Judged, Report, Seen};

use crate::result::RunResult;
use crate::session::Session;

/// Sends the requests of probes and remembers the answers: what two probes ask for
/// is asked for once.
#[derive(Debug)]
pub struct Examiner {
    session: Session,
    answers: BTreeMap<String, Answer>,
    seen: Vec<Seen>,
}

impl Examiner {
    /// An examiner that can only read.
    #[must_use]
    pub fn reading(session: &Session) -> Self {
        let session = session.with(|call| {
            call.read_only = true;
            call.confirmed = false;
        });
        Self { session, answers: BTreeMap::new(), seen: Vec::new() }
    }

    /// Judges one probe.
    ///
    /// # Errors
    ///
    /// Where the component cannot be called at all; what the instance answers is
    /// never an error.
    pub async fn examine(&mut self, probe: &'static Probe) -> Result<Judged> {
        let mut answers: Vec<Answer> = Vec::new();
        for ask in probe.asks {
            match ask.filled(&answers, None) {
                Ok(request) => answers.push(self.send(ask, request).await?),
                Err(why) => return Ok(Judged { probe, finding: Finding::Unclear(why) }),
            }
        }
        Ok(Judged { probe, finding: probe.judge(&answers) })
    }

    /// The report on what was judged.
    #[must_use]
    pub fn report(self, judged: Vec<Judged>) -> Report {
        Report { judged, seen: self.seen, ..Report::default() }
    }

    async fn send(&mut self, ask: &Ask, request: Value) -> Result<Answer> {
        let key = request.to_string();
        if let Some(known) = self.answers.get(&key) {
            return Ok(known.clone());
        }
        let answer = send(&self.session, request).await?;
        self.seen.push(Seen::of(ask, &answer));
        self.answers.insert(key, answer.clone());
        Ok(answer)
    }
}

/// Judges all probes that only read, one after the other.
///
/// # Errors
///
/// Where the component cannot be called at all.
pub async fn read(session: &Session, mut progress: impl FnMut(usize, usize)) -> Result<Report> {
    let probes = probes::all();
    let mut examiner = Examiner::reading(session);
    let mut judged = Vec::with_capacity(probes.len());
    for (done, probe) in probes.iter().enumerate() {
        progress(done, probes.len());
        judged.push(examiner.examine(probe).await?);
    }
    Ok(examiner.report(judged))
}

/// Sends one request through the component.
pub(crate) async fn send(session: &Session, request: Value) -> Result<Answer> {
    Ok(answer_of(&session.run("api.request", request).await?))
}

fn answer_of(result: &RunResult) -> Answer {
    if let Some(done) = result.results().next() {
        let status = done.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
        return Answer { status, body: done.get("body").cloned().unwrap_or(Value::Null), code: None };
    }
    let error = result.first_error().cloned().unwrap_or_else(|| json!({}));
    let status = error.get("http_status").and_then(Value::as_u64);
    Answer {
        status: status.and_then(|status| u16::try_from(status).ok()),
        body: Value::Null,
        code: error.get("code").and_then(Value::as_str).map(str::to_owned),
    }
}
