//! Copies the set-up of a desk into a file that the simulator runs.
//!
//! Everything is read through the component in read-only mode, page by page, and
//! scrubbed before it is kept: what is written holds names of the configuration,
//! ids, numbers, switches and dates, and no person, text, address or secret
//! ([`scrub`]). Progress is in a file beside the output, so that a run that was cut
//! off goes on where it stopped.

mod part;
pub mod scrub;
pub mod sources;

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use halo_sim::StateFile;
use serde_json::{Map, Value, json};

pub use part::Part;
use scrub::Scrubber;
use sources::{SAMPLE, SET_UP, Source};

use crate::session::Session;
use crate::verify;

/// The most records of one kind that are copied.
const MAX_ROWS: usize = 5_000;

/// The most records of one kind that are read one by one.
const MAX_DETAILS: usize = 500;

/// Rows on a page.
const PAGE: usize = 100;

/// Requests between two times that the progress is kept.
const SAVE_EVERY: usize = 20;

/// A JSON object.
pub type Object = Map<String, Value>;

/// Copies a desk.
pub struct Mirror<'a> {
    session: Session,
    part: Part,
    scrubber: Scrubber,
    progress: &'a mut dyn FnMut(String),
    unsaved: usize,
}

impl<'a> Mirror<'a> {
    /// Prepares a copy; `part` is what an earlier run left.
    ///
    /// # Errors
    ///
    /// Where the instance does not answer.
    pub async fn new(session: &Session, part: Part, progress: &'a mut dyn FnMut(String)) -> Result<Self> {
        let session = session.with(|call| {
            call.read_only = true;
            call.confirmed = false;
        });
        let mut mirror = Self { session, part, scrubber: Scrubber::default(), progress, unsaved: 0 };
        // Read anew by each run: their names must not be kept, and not stay anywhere.
        let agents =
            mirror.get("/Agent", json!({ "includedisabled": "true", "includeunassigned": "true" })).await?;
        for agent in rows(agents.as_ref().unwrap_or(&Value::Null), "results") {
            mirror.scrubber.learn(&agent);
        }
        Ok(mirror)
    }

    /// Reads everything that is to be copied, or what an earlier run left to read.
    ///
    /// # Errors
    ///
    /// Where the instance stops answering. What was read is kept.
    pub async fn read(&mut self) -> Result<()> {
        for source in SET_UP {
            self.source(source, MAX_ROWS).await?;
        }
        let sample = self.part.sample();
        if sample > 0 {
            self.source(&SAMPLE, sample).await?;
            self.actions().await?;
        }
        self.part.save()
    }

    /// Writes the copy.
    ///
    /// # Errors
    ///
    /// Where the file cannot be written.
    pub fn write(&self, out: &Path) -> Result<usize> {
        let mut file = StateFile::new();
        let mut written = 0;
        for (path, record, detail) in self.part.records() {
            // A record without an id is nothing that the simulator could show.
            if file.put(path.trim_start_matches('/'), record, detail).is_ok() {
                written += 1;
            }
        }
        for (path, stub) in self.stubs() {
            if file.put(path, &stub, None).is_ok() {
                written += 1;
            }
        }
        file.save(out)?;
        Ok(written)
    }

    async fn source(&mut self, source: &'static Source, most: usize) -> Result<()> {
        let mut page = self.part.next_page(source.path);
        while let Some(number) = page {
            let mut query = source.query();
            if source.key.is_some() {
                query.insert("pageinate".to_owned(), "true".into());
                query.insert("page_no".to_owned(), number.to_string().into());
                query.insert("page_size".to_owned(), PAGE.min(most).to_string().into());
                query.insert("order".to_owned(), "id".into());
                query.insert(
                    "orderdesc".to_owned(),
                    if source.newest_first { "true" } else { "false" }.into(),
                );
            }
            let Some(answer) = self.get(source.path, Value::Object(query)).await? else {
                (self.progress)(format!("{}: not copied, because it cannot be read", source.path));
                self.part.turn(source.path, None);
                break;
            };
            let rows = rows(&answer, source.key.unwrap_or_default());
            let total = answer.get("record_count").and_then(Value::as_u64);
            let before = self.part.count(source.path);
            let fresh: Vec<Object> =
                rows.iter().filter_map(|row| self.scrubber.record(source, row)).collect();
            let added = self.part.add(source.path, fresh, most);
            let have = before + added;
            // A list that ignores paging, or repeats its last page, ends here.
            let more = source.key.is_some()
                && added > 0
                && have < most
                && total.is_none_or(|all| (have as u64) < all);
            page = more.then_some(number + 1);
            self.part.turn(source.path, page);
            if let Some(total) = total.filter(|total| *total > most as u64) {
                (self.progress)(format!("{}: {most} of {total}", source.path));
            } else if page.is_none() {
                (self.progress)(format!("{}: {have}", source.path));
            }
            self.keep()?;
        }
        if source.detail {
            self.details(source).await?;
        }
        Ok(())
    }

    /// Reads records one by one, for what a list does not show.
    async fn details(&mut self, source: &'static Source) -> Result<()> {
        for id in self.part.without_detail(source.path).into_iter().take(MAX_DETAILS) {
            let path = format!("{}/{id}", source.path);
            let query = json!({ "includedetails": "true" });
            let read = self.get(&path, query).await?;
            let detail = read.and_then(|read| self.scrubber.record(source, &read)).unwrap_or_default();
            self.part.detail(source.path, &id, detail);
            self.keep()?;
        }
        Ok(())
    }

    async fn actions(&mut self) -> Result<()> {
        for id in self.part.without_detail(sources::ACTIONS.path) {
            let read = self.get("/Actions", json!({ "ticket_id": id })).await?;
            let rows = rows(&read.unwrap_or_default(), "actions");
            let fresh = rows.iter().filter_map(|row| {
                let mut row = self.scrubber.record(&sources::ACTIONS, row)?;
                row.insert("ticket_id".to_owned(), id.parse::<i64>().ok()?.into());
                Some(row)
            });
            let fresh: Vec<Object> = fresh.collect();
            self.part.actions(&id, fresh);
            self.keep()?;
        }
        Ok(())
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
            let id = |name: &str| record.get(name).and_then(scrub::whole).unwrap_or(0);
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

    /// The body of a GET; `None` where the instance refuses it for good.
    async fn get(&mut self, path: &str, query: Value) -> Result<Option<Value>> {
        let answer =
            verify::send(&self.session, json!({ "method": "GET", "path": path, "query": query })).await?;
        match answer.status {
            Some(200) if answer.code.is_none() => Ok(Some(answer.body)),
            Some(400..=428 | 430..=499) => Ok(None),
            _ => {
                self.part.save()?;
                bail!("{path}: {}; run the same command again to go on", answer.outcome())
            }
        }
    }

    fn keep(&mut self) -> Result<()> {
        self.unsaved += 1;
        if self.unsaved >= SAVE_EVERY {
            self.unsaved = 0;
            self.part.save().context("the progress cannot be kept")?;
        }
        Ok(())
    }
}

/// Whether a site of this id is among the stubs.
fn seen_site(stubs: &[(&'static str, Object)], id: i64) -> bool {
    stubs.iter().any(|(path, stub)| *path == "Site" && stub.get("id") == Some(&json!(id)))
}

/// The rows below a key, or of a bare array.
fn rows(answer: &Value, key: &str) -> Vec<Value> {
    let rows = answer.as_array().or_else(|| answer.get(key)?.as_array());
    rows.cloned().unwrap_or_default()
}
