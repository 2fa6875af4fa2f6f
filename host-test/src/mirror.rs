//! Copies the set-up of a desk into a file that the simulator runs.
//!
//! Everything is read through the component in read-only mode, page by page, and
//! scrubbed before it is kept: what is written holds names of the configuration,
//! ids, numbers, switches and dates, and no person, text, address or secret
//! ([`scrub`]). Each answer is kept in a file beside the output at once ([`Part`]), so
//! that a run that was cut off goes on where it stopped.

pub mod names;
mod part;
pub mod scrub;
pub mod sources;

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Result, bail};
use halo_sim::StateFile;
use halopsa_node::number;
use serde_json::{Map, Value, json};

use names::Whose;
pub use part::Part;
use part::Step;
use sources::{PEOPLE, SAMPLE, SET_UP, Source};

use crate::session::Session;
use crate::verify::{self, Answer};

/// The most records of one kind that are copied, or looked at for their names.
pub const MAX_ROWS: usize = 5_000;

/// The most records of one kind that are read one by one, and so the largest sample.
pub const MAX_DETAILS: usize = 500;

/// Rows on a page.
const PAGE: usize = 100;

/// Records that are read one by one between two lines of progress.
const SAY_EVERY: usize = 20;

/// A JSON object.
pub type Object = Map<String, Value>;

/// Copies a desk.
pub struct Mirror<'a> {
    session: Session,
    part: Part,
    progress: &'a mut dyn FnMut(String),
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copy {
    /// The number of records.
    pub records: usize,
    /// What the instance has and the copy has not, and why.
    pub missing: Vec<String>,
}

impl<'a> Mirror<'a> {
    /// Prepares a copy; `part` is what an earlier run left.
    pub fn new(session: &Session, part: Part, progress: &'a mut dyn FnMut(String)) -> Self {
        let session = session.with(|call| {
            call.read_only = true;
            call.confirmed = false;
        });
        Self { session, part, progress }
    }

    /// Reads everything that is to be copied, or what an earlier run left to read.
    ///
    /// # Errors
    ///
    /// Where the instance stops answering. What was read is kept.
    pub async fn read(&mut self) -> Result<()> {
        for (whose, source) in PEOPLE {
            self.list(&format!("names in {}", source.path), source, MAX_ROWS, Some(*whose)).await?;
        }
        for source in SET_UP {
            self.source(source, MAX_ROWS).await?;
        }
        let sample = self.part.sample();
        if sample > 0 {
            self.source(&SAMPLE, sample).await?;
            self.actions().await?;
        }
        Ok(())
    }

    /// Writes the copy.
    ///
    /// # Errors
    ///
    /// Where the file cannot be written.
    pub fn write(&self, out: &Path) -> Result<Copy> {
        let mut file = StateFile::new();
        let mut copy = Copy::default();
        for (path, reason) in self.part.missing() {
            copy.missing.push(format!("{path}: {reason}"));
        }
        let mut without_place = BTreeSet::new();
        for (path, record, detail) in self.part.records() {
            match file.put(path.trim_start_matches('/'), record, detail) {
                Ok(()) => copy.records += 1,
                // The reason names the path and no value.
                Err(reason) => {
                    without_place.insert(format!("{path}: {reason}"));
                }
            }
        }
        copy.missing.extend(without_place);
        for (path, stub) in self.stubs() {
            if file.put(path, &stub, None).is_ok() {
                copy.records += 1;
            }
        }
        file.save(out)?;
        Ok(copy)
    }

    async fn source(&mut self, source: &'static Source, most: usize) -> Result<()> {
        self.list(source.path, source, most, None).await?;
        if source.detail {
            self.details(source).await?;
        }
        Ok(())
    }

    /// Reads a list to its end and keeps its rows; of people (`whose`) the names to look
    /// for, and no more of a row than its id.
    async fn list(
        &mut self,
        path: &str,
        source: &'static Source,
        most: usize,
        whose: Option<Whose>,
    ) -> Result<()> {
        while let Some(page) = self.part.next_page(path) {
            let (come, total) = match self.page(source, page, most).await? {
                Ok(list) => list,
                Err(reason) => {
                    (self.progress)(format!("{path}: not read: {reason}"));
                    let missing = Some(format!("not read: {reason}"));
                    self.part.keep(path, Step { missing, ..Step::default() })?;
                    break;
                }
            };
            let names = self.part.names();
            let digests =
                whose.into_iter().flat_map(|whose| come.iter().flat_map(move |row| names.of(whose, row)));
            let digests = digests.collect();
            let rows = come.iter().filter_map(|row| match whose {
                None => scrub::record(names, source, row),
                Some(_) => Some(Object::from_iter([("id".to_owned(), row.get("id")?.clone())])),
            });
            let rows = self.part.fresh(path, rows.collect(), most);
            let have = self.part.count(path) + rows.len();
            // A list that ignores paging, or repeats its last page, ends here. A full page
            // counts more than a number that says that it was the last one.
            let may_continue = come.len() >= PAGE.min(most) || total.is_none_or(|total| have < total);
            let more = source.key.is_some() && !rows.is_empty() && have < most && may_continue;
            let all = total.or(source.key.is_none().then_some(come.len()));
            // A sample is cut because somebody wants it so.
            let is_cut = have == most && most == MAX_ROWS && all != Some(most);
            let missing = is_cut.then(|| match all {
                Some(all) => format!("{have} of {all} read"),
                None => format!("the first {have} read"),
            });
            let next = more.then_some(page + 1);
            (self.progress)(match all.filter(|all| *all > have) {
                Some(all) => format!("{path}: {have} of {all}"),
                None => format!("{path}: {have}"),
            });
            self.part.keep(path, Step { rows, next, missing, names: digests, ..Step::default() })?;
        }
        Ok(())
    }

    /// Reads records one by one, for what a list does not show.
    async fn details(&mut self, source: &'static Source) -> Result<()> {
        let all = self.part.count(source.path);
        let left = self.part.without_detail(source.path, MAX_DETAILS);
        for (done, id) in left.iter().enumerate() {
            if done > 0 && done % SAY_EVERY == 0 {
                (self.progress)(format!("{}: {done} of {} read one by one", source.path, left.len()));
            }
            let path = format!("{}/{id}", source.path);
            let read = self.get(&path, json!({ "includedetails": "true" })).await?;
            let record = read.record().ok().and_then(|read| scrub::record(self.part.names(), source, read));
            let missing = match record {
                None => Some(format!("a record is without its details ({})", read.outcome())),
                Some(_) if all > MAX_DETAILS => Some(format!("{MAX_DETAILS} of {all} with their details")),
                Some(_) => None,
            };
            let detail = Some((id.clone(), record.unwrap_or_default()));
            self.part.keep(source.path, Step { detail, missing, ..Step::default() })?;
        }
        Ok(())
    }

    async fn actions(&mut self) -> Result<()> {
        let source = &sources::ACTIONS;
        let left = self.part.without_detail(source.path, MAX_DETAILS);
        for (done, id) in left.iter().enumerate() {
            if done % SAY_EVERY == 0 {
                (self.progress)(format!("{}: of {done} of {} tickets", source.path, left.len()));
            }
            let read = self.get(source.path, json!({ "ticket_id": id })).await?;
            let (rows, missing) = match rows(&read, "actions") {
                Ok(rows) => (rows, None),
                Err(reason) => (Vec::new(), Some(format!("a ticket is without them: {reason}"))),
            };
            let fresh = rows.iter().filter_map(|row| {
                let mut row = scrub::record(self.part.names(), source, row)?;
                row.insert("ticket_id".to_owned(), id.parse::<i64>().ok()?.into());
                Some(row)
            });
            let rows = self.part.fresh(source.path, fresh.collect(), usize::MAX);
            let detail = Some((id.clone(), Object::new()));
            self.part.keep(source.path, Step { rows, detail, missing, ..Step::default() })?;
        }
        Ok(())
    }

    /// A page of a list with the number of all records, or why there is none.
    async fn page(
        &self,
        source: &'static Source,
        page: u64,
        most: usize,
    ) -> Result<Result<(Vec<Value>, Option<usize>), String>> {
        let mut query = source.query();
        if source.key.is_some() {
            let descends = if source.newest_first { "true" } else { "false" };
            for (name, value) in [
                ("pageinate", "true"),
                ("page_no", page.to_string().as_str()),
                ("page_size", PAGE.min(most).to_string().as_str()),
                ("order", "id"),
                ("orderdesc", descends),
            ] {
                query.insert(name.to_owned(), value.into());
            }
        }
        let answer = self.get(source.path, Value::Object(query)).await?;
        let total = answer.count().ok().and_then(|total| usize::try_from(total).ok());
        Ok(rows(&answer, source.key.unwrap_or_default()).map(|rows| (rows, total)))
    }

    /// Clients, sites and users that records refer to, made from their ids alone.
    fn stubs(&self) -> Vec<(&'static str, Object)> {
        let mut seen = BTreeSet::new();
        let mut stubs = Vec::new();
        let mut add = |path: &'static str, id: i64, stub: Value| {
            if id > 0
                && seen.insert((path, id))
                && let Value::Object(stub) = stub
            {
                stubs.push((path, stub));
            }
        };
        for (_, record, _) in self.part.records() {
            let id = |name: &str| record.get(name).and_then(number::id).unwrap_or(0);
            let (client, user) = (id("client_id"), id("user_id"));
            let site = if id("site_id") > 0 { id("site_id") } else { id("sitenumber") };
            add(
                "Client",
                client,
                json!({ "id": client, "name": format!("Client {client}"), "main_site_id": site, "toplevel_id": 1, "inactive": false }),
            );
            if client > 0 {
                add(
                    "Site",
                    site,
                    json!({ "id": site, "name": format!("Site {site}"), "client_id": client as f64, "inactive": false }),
                );
            }
            if site > 0 {
                add(
                    "Users",
                    user,
                    json!({
                        "id": user, "name": format!("User {user}"), "site_id": site as f64, "inactive": false,
                        "emailaddress": format!("u{user}@example.invalid"),
                    }),
                );
            }
        }
        // Where a ticket goes that names nobody (HAPI §16).
        let site = if seen_site(&stubs, 1) { i64::from(i32::MAX) } else { 1 };
        for (path, id, stub) in [
            (
                "Client",
                1,
                json!({ "id": 1, "name": "Unknown", "main_site_id": site, "toplevel_id": 1, "inactive": false }),
            ),
            ("Site", site, json!({ "id": site, "name": "Main", "client_id": 1.0, "inactive": false })),
        ] {
            let known = stubs.iter().any(|(of, stub)| *of == path && stub.get("id") == Some(&json!(id)));
            if let (false, Value::Object(stub)) = (known, stub) {
                stubs.push((path, stub));
            }
        }
        stubs
    }

    /// The answer to a GET, also where the instance refuses it for good.
    async fn get(&self, path: &str, query: Value) -> Result<Answer> {
        let answer =
            verify::send(&self.session, json!({ "method": "GET", "path": path, "query": query })).await?;
        match answer.status {
            None | Some(429 | 502..=504) => {
                bail!("{path}: {}; run the same command again to go on", answer.outcome())
            }
            Some(_) => Ok(answer),
        }
    }
}

/// Whether a site of this id is among the stubs.
fn seen_site(stubs: &[(&'static str, Object)], id: i64) -> bool {
    stubs.iter().any(|(path, stub)| *path == "Site" && stub.get("id") == Some(&json!(id)))
}

/// The rows of a list, also where they come under another key; or why there are none.
fn rows(answer: &Answer, key: &str) -> Result<Vec<Value>, String> {
    let rows = match answer.rows(key) {
        Ok(rows) => Ok(rows),
        Err(finding) => match (answer.is_read(), answer.list()) {
            (Ok(()), Some((_, rows))) => Ok(rows),
            _ => Err(finding.how().unwrap_or_default().to_owned()),
        },
    };
    rows.map(<[Value]>::to_vec)
}
