//! A model of HaloPSA that is fast enough for thousands of histories: tickets
//! with a clock of whole seconds that may be wrong and may be put forward and
//! back, changes that come to light late, pages with a cap, and a host that
//! polls, keeps a state and drops ids that it has seen.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;
use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::{Value, json};
use workflow_node_sdk::http::{HttpRequest, HttpResponse, Limits, Method, Reached, Reason, TransportError};
use workflow_node_sdk::interface::{CallContext, Connection, ConnectionAuth, Secret, Session};
use workflow_node_sdk::transport::{Exchange, Transport};

use crate::protocol::date;
use workflow_node_sdk::interface::Polled;

use crate::triggers;

/// 2026-03-01T09:00:00Z.
const START: i64 = 1_772_355_600;

/// A ticket, as it was at some time.
#[derive(Debug, Clone)]
struct Ticket {
    row: Value,
    /// When this became to be seen, in seconds.
    visible: i64,
}

/// The service.
pub(super) struct Desk {
    /// The time that it really is, in seconds.
    pub(super) now: i64,
    /// By how many seconds its clock is ahead.
    pub(super) ahead: i64,
    /// How many seconds a change takes to come to light.
    pub(super) lag: i64,
    /// The most rows of a page.
    pub(super) cap: usize,
    /// Requests so far.
    pub(super) requests: usize,
    /// How many of them asked for actions.
    pub(super) read_actions: usize,
    /// Whether time passes between two requests.
    pub(super) slow: bool,
    /// Whether it gives all tickets, whatever window is asked for.
    pub(super) ignores_bounds: bool,
    /// Whether it gives rows in the order of their ids, whatever was asked for.
    pub(super) ignores_order: bool,
    /// Pages from this one on are refused.
    pub(super) fails_from_page: Option<usize>,
    /// Which request is cut off, and whether it is carried out.
    pub(super) cut: Option<(usize, bool)>,
    /// Rows of `/Lookup`.
    pub(super) lookup: Vec<Value>,
    /// Whether `/Lookup` answers a filtered question with nothing.
    pub(super) ignores_lookups: bool,
    /// Columns that lists of webhooks and notifications leave out.
    pub(super) unlisted: &'static [&'static str],
    /// Webhooks and notifications, as they were made.
    pub(super) webhooks: Vec<Value>,
    pub(super) notifications: Vec<Value>,
    made: usize,
    tickets: BTreeMap<i64, Vec<Ticket>>,
    actions: BTreeMap<i64, Vec<Value>>,
    clients: Vec<(Value, i64)>,
    /// What happens between two requests of one poll.
    pub(super) meanwhile: Vec<i64>,
}

impl Desk {
    pub(super) fn with_tickets(count: i64) -> Self {
        let mut desk = Self {
            now: START,
            ahead: 0,
            lag: 0,
            cap: 100,
            requests: 0,
            read_actions: 0,
            slow: false,
            ignores_bounds: false,
            ignores_order: false,
            fails_from_page: None,
            cut: None,
            lookup: vec![
                json!({"lookupid": 64, "id": 1, "name": "New $#request Logged - Assigned to Recipient"}),
                json!({"lookupid": 64, "id": 3, "name": "New $#request Logged - All"}),
                json!({"lookupid": 64, "id": 19, "name": "Ticket Updated by User"}),
                json!({"lookupid": 64, "id": 39, "name": "Closed - All"}),
                json!({"lookupid": 64, "id": 76, "name": "$#request Status Changed  - All"}),
            ],
            ignores_lookups: false,
            unlisted: &[],
            webhooks: vec![],
            notifications: vec![],
            made: 0,
            tickets: BTreeMap::new(),
            actions: BTreeMap::new(),
            clients: vec![],
            meanwhile: vec![],
        };
        for _ in 0..count {
            desk.open();
        }
        desk.pass(3_600);
        desk
    }

    pub(super) fn pass(&mut self, seconds: i64) {
        self.now += seconds;
    }

    fn text(seconds: i64) -> String {
        date::from_instant(seconds * 1_000)
    }

    /// Now, as its clock shows it and event ids say it.
    pub(super) fn time(&self) -> String {
        Self::text(self.now + self.ahead)
    }

    pub(super) fn open(&mut self) -> i64 {
        let id = self.tickets.keys().last().unwrap_or(&0) + 1;
        let now = self.time();
        let row = json!({
            "id": id, "summary": "x", "status_id": 1, "agent_id": 2, "client_id": 12, "dateoccurred": now,
            "last_update": now, "dateclosed": "1900-01-01T00:00:00", "fixbydate": "2030-01-01T00:00:00",
        });
        self.tickets.insert(id, vec![Ticket { row, visible: self.now + self.lag }]);
        let opening = json!({"id": 1, "ticket_id": id, "note": "x", "datetime": now, "actiondatecreated": now,
            "who_agentid": 3});
        self.actions.insert(id, vec![opening]);
        id
    }

    fn edit(&mut self, id: i64, edit: impl FnOnce(&mut Value)) {
        let (now, visible) = (self.time(), self.now + self.lag);
        let Some(versions) = self.tickets.get_mut(&id) else { return };
        let mut row = versions.last().unwrap().row.clone();
        row["last_update"] = json!(now);
        edit(&mut row);
        // What came to light stays to be seen until the next does.
        let seen = versions.iter().rposition(|version| version.visible <= self.now).unwrap_or(0);
        versions.drain(..seen);
        versions.push(Ticket { row, visible });
    }

    pub(super) fn change(&mut self, id: i64) {
        self.edit(id, |_| {});
    }

    /// Changes a ticket; null takes a value out of its row, as HaloPSA does.
    pub(super) fn show(&mut self, id: i64, name: &str, value: Value) {
        self.edit(id, |row| {
            if let Some(row) = row.as_object_mut() {
                row.remove(name);
                if !value.is_null() {
                    row.insert(name.to_string(), value);
                }
            }
        });
    }

    pub(super) fn set_status(&mut self, id: i64, status: i64) {
        self.edit(id, |row| row["status_id"] = json!(status));
    }

    pub(super) fn close(&mut self, id: i64) {
        self.edit(id, |row| {
            row["status_id"] = json!(9);
            row["dateclosed"] = row["last_update"].clone();
        });
    }

    pub(super) fn reopen(&mut self, id: i64) {
        self.edit(id, |row| {
            row["status_id"] = json!(2);
            row["dateclosed"] = json!("1900-01-01T00:00:00");
        });
    }

    pub(super) fn assign(&mut self, id: i64, agent: i64) {
        self.edit(id, |row| {
            row["agent_id"] = json!(agent);
            row["dateassigned"] = row["last_update"].clone();
        });
    }

    pub(super) fn target(&mut self, id: i64, seconds: i64) {
        let due = Self::text(self.now + seconds);
        self.edit(id, |row| row["fixbydate"] = json!(due));
    }

    pub(super) fn note(&mut self, id: i64, agent: i64, hidden: bool) {
        let now = json!(self.time());
        self.note_at(id, agent, hidden, &now);
    }

    /// A note that shows another time than that at which it was written.
    pub(super) fn note_at(&mut self, id: i64, agent: i64, hidden: bool, now: &Value) {
        let actions = self.actions.entry(id).or_default();
        let number = actions.len() + 1;
        actions.push(json!({"id": number, "ticket_id": id, "note": "hello", "datetime": now,
            "actiondatecreated": now, "who_agentid": agent, "hiddenfromuser": hidden}));
        self.change(id);
    }

    pub(super) fn add_client(&mut self, name: &str) {
        let id = self.clients.len() + 1;
        self.clients.push((json!({"id": id, "name": name}), self.now + self.ahead));
    }

    pub(super) fn rename_client(&mut self, id: usize, name: &str) {
        if let Some((row, changed)) = self.clients.get_mut(id - 1) {
            row["name"] = json!(name);
            *changed = self.now + self.ahead;
        }
    }

    /// The tickets as they are to be seen now.
    fn visible(&self) -> Vec<&Value> {
        let latest =
            |versions: &'_ Vec<Ticket>| versions.iter().rposition(|version| version.visible <= self.now);
        self.tickets
            .values()
            .filter_map(|versions| latest(versions).and_then(|place| versions.get(place)))
            .map(|version| &version.row)
            .collect()
    }

    /// What each ticket that can be seen shows last: number and time.
    pub(super) fn latest(&self) -> Vec<(i64, String, String)> {
        let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_string();
        self.visible()
            .into_iter()
            .map(|row| (row["id"].as_i64().unwrap(), text(row, "last_update"), text(row, "dateoccurred")))
            .collect()
    }

    fn answer(&mut self, request: &HttpRequest) -> Exchange {
        self.requests += 1;
        match self.cut {
            Some((cut, commits)) if cut == self.requests => {
                if commits {
                    let _ = self.answer_whole(request);
                }
                Err(TransportError::new(Reason::Broken, Reached::Maybe))
            }
            _ => self.answer_whole(request),
        }
    }

    /// Webhooks and notifications (HAPI §13).
    fn set_up(&mut self, request: &HttpRequest) -> (u16, Value) {
        let path = request.url.path().to_string();
        let is_webhook = path.contains("/Webhook");
        let list = if is_webhook { &mut self.webhooks } else { &mut self.notifications };
        match request.method {
            Method::Get => {
                let mut rows = list.clone();
                for row in rows.iter_mut().filter_map(Value::as_object_mut) {
                    row.retain(|name, _| !self.unlisted.contains(&name.as_str()));
                }
                (200, json!(rows))
            }
            Method::Delete => {
                let id = path.rsplit('/').next().unwrap().to_string();
                list.retain(|row| row["id"].to_string().trim_matches('"') != id);
                (200, json!({}))
            }
            Method::Post => {
                let mut rows: Vec<Value> = serde_json::from_slice(&request.body).unwrap();
                let mut row = rows.pop().unwrap();
                let same = |other: &&Value| other["name"] == row["name"] && other["id"] != row["id"];
                if is_webhook && row.get("name").is_some() && list.iter().any(|other| same(&other)) {
                    return (400, json!("Name must be unique"));
                }
                if row.get("id").is_none() {
                    self.made += 1;
                    row["id"] =
                        if is_webhook { json!(format!("guid-{}", self.made)) } else { json!(self.made) };
                    list.push(row.clone());
                } else if let Some(kept) = list.iter_mut().find(|kept| kept["id"] == row["id"]) {
                    for (name, value) in row.as_object().unwrap() {
                        kept[name.as_str()] = value.clone();
                    }
                }
                (201, row)
            }
            Method::Put | Method::Patch => (405, Value::Null),
        }
    }

    fn answer_whole(&mut self, request: &HttpRequest) -> Exchange {
        if self.slow {
            self.now += 1;
        }
        if let Some(id) = self.meanwhile.pop() {
            self.change(id);
        }
        let query: BTreeMap<String, String> =
            request.url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
        let clock = Timestamp::from_second(self.now + self.ahead).unwrap();
        let headers =
            vec![("date".to_string(), clock.strftime("%a, %d %b %Y %T GMT").to_string().into_bytes())];
        let ok = |body: Value| Ok(HttpResponse { status: 200, headers, body: body.to_string().into_bytes() });
        let path = request.url.path();
        if path.contains("/Webhook") || path.contains("/Notification") {
            let (status, body) = self.set_up(request);
            return Ok(HttpResponse {
                status,
                body: body.to_string().into_bytes(),
                ..HttpResponse::default()
            });
        }
        if path.ends_with("/Lookup") {
            let is_asked = |row: &&Value| match query.get("lookupid") {
                Some(id) => !self.ignores_lookups && row["lookupid"].to_string().trim_matches('"') == id,
                None => true,
            };
            return ok(json!(self.lookup.iter().filter(is_asked).collect::<Vec<_>>()));
        }
        if path.ends_with("/Agent/me") {
            return ok(json!({"id": 2}));
        }
        if path.ends_with("/Actions") {
            self.read_actions += 1;
            let ticket = i64::try_from(number("ticket_id").unwrap()).unwrap();
            return ok(json!({"actions": self.actions.get(&ticket)}));
        }
        let page_no = number("page_no").unwrap();
        if self.fails_from_page.is_some_and(|page| page_no >= page) {
            return Ok(HttpResponse { status: 500, body: b"{}".to_vec(), ..HttpResponse::default() });
        }
        let since = query.get("lastupdatefromdate").and_then(|text| date::instant(text)).unwrap_or(i64::MIN);
        // A row without a time is in every window.
        let changed = |row: &Value| row["last_update"].as_str().and_then(date::instant).unwrap_or(i64::MAX);
        let until = query.get("lastupdatetodate").and_then(|text| date::instant(text)).unwrap_or(i64::MAX);
        let is_open = |row: &Value| row["status_id"] != 9;
        let (key, mut rows): (&str, Vec<&Value>) = if path.ends_with("/Client") {
            let rows = self.clients.iter().filter(|(_, changed)| changed * 1_000 >= since);
            ("clients", rows.map(|(row, _)| row).collect())
        } else {
            let mut rows = self.visible();
            rows.retain(|row| self.ignores_bounds || changed(row) >= since && changed(row) <= until);
            rows.retain(|row| !query.contains_key("open_only") || is_open(row));
            rows.retain(|row| !query.contains_key("closed_only") || !is_open(row));
            rows.retain(|row| query.get("search_id").is_none_or(|id| row["id"].as_i64() == id.parse().ok()));
            ("tickets", rows)
        };
        let order = query.get("order").map_or("id", String::as_str);
        rows.sort_by_key(|row| (row[order].as_str().map(str::to_string), row["id"].as_i64()));
        if !self.ignores_order && query.get("orderdesc").is_some_and(|desc| desc == "true") {
            rows.reverse();
        }
        let size = number("page_size").unwrap().min(self.cap);
        let page: Vec<&Value> = rows.iter().skip((page_no - 1) * size).take(size).copied().collect();
        let count = if page.is_empty() { 0 } else { rows.len() };
        ok(json!({"record_count": count, key: page}))
    }
}

pub(super) struct Wire<'d>(pub(super) &'d mut Desk, pub(super) Duration);

impl Transport for Wire<'_> {
    fn send_all(&mut self, requests: &[HttpRequest], _: &Limits) -> Vec<Exchange> {
        let slow = self.0.slow;
        requests
            .iter()
            .map(|request| {
                if slow {
                    self.1 += Duration::from_secs(1);
                }
                self.0.answer(request)
            })
            .collect()
    }

    fn elapsed(&self) -> Duration {
        self.1
    }

    fn wait(&mut self, duration: Duration) {
        self.1 += duration;
    }
}

/// A call's context at some time.
pub(super) fn context(now: i64) -> CallContext {
    CallContext {
        now: Desk::text(now).parse().unwrap(),
        deadline: Duration::from_secs(60),
        attempt: 1,
        idempotency_key: None,
        entropy: vec![],
        trace_parent: None,
        time_zone: None,
        dry_run: false,
        read_only: false,
        allowed_operations: None,
        confirmed: true,
    }
}

/// A connection with a session.
pub(super) fn connection() -> Connection {
    let fields = [("url", "x"), ("auth_url", "https://x.halopsa.com/auth"), ("client_id", "id")];
    let session = Session {
        token: Secret::new("t"),
        expires_at: Some("2030-01-01T00:00:00Z".parse().unwrap()),
        extra: None,
        scopes: vec![],
    };
    Connection {
        fields: fields.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        auth: ConnectionAuth::Session(session),
    }
}

/// A host that watches a trigger.
pub(super) struct Watch {
    trigger: &'static str,
    config: Value,
    pub(super) state: Option<String>,
    /// The host's clock is off by so many seconds.
    pub(super) skew: i64,
    /// Codes of all diagnostics.
    pub(super) warned: Vec<&'static str>,
    /// Everything that came out, repetitions included.
    pub(super) told: Vec<String>,
    /// What the host's dedupe let through.
    pub(super) passed: Vec<String>,
    /// Items of the events.
    pub(super) items: Vec<Value>,
    seen: HashSet<String>,
}

impl Watch {
    pub(super) fn new(trigger: &'static str, config: Value) -> Self {
        Self {
            trigger,
            config,
            state: None,
            skew: 0,
            warned: vec![],
            told: vec![],
            passed: vec![],
            items: vec![],
            seen: HashSet::new(),
        }
    }

    pub(super) fn state_length(&self) -> usize {
        self.state.as_ref().map_or(0, String::len)
    }

    fn call(&mut self, desk: &mut Desk) -> Option<Polled> {
        let context = context(desk.now + self.skew);
        let mut wire = Wire(desk, Duration::ZERO);
        let config = self.config.to_string();
        let trigger = workflow_node_sdk::interface::Trigger { name: self.trigger, config: &config };
        let polled = triggers::poll(&mut wire, &context, &connection(), trigger, self.state.as_deref());
        polled.ok()
    }

    /// Polls; where it `crashes`, the events are out and the state is not kept.
    pub(super) fn poll_or_crash(&mut self, desk: &mut Desk, crashes: bool) -> (Vec<String>, bool) {
        let Some(polled) = self.call(desk) else { return (vec![], false) };
        self.warned.extend(polled.report.diagnostics.iter().map(|diagnostic| diagnostic.code));
        let mut ids = vec![];
        for event in polled.events {
            if self.seen.insert(event.id.clone()) {
                self.passed.push(event.id.clone());
            }
            self.told.push(event.id.clone());
            self.items.push(event.item.json);
            ids.push(event.id);
        }
        if !crashes {
            self.state = Some(polled.state);
        }
        (ids, polled.more)
    }

    pub(super) fn poll(&mut self, desk: &mut Desk) -> (Vec<String>, bool) {
        self.poll_or_crash(desk, false)
    }

    /// Polls until there is no more.
    pub(super) fn drain(&mut self, desk: &mut Desk) -> Vec<String> {
        let mut all = vec![];
        for _ in 0..200 {
            let (ids, more) = self.poll(desk);
            all.extend(ids);
            if !more {
                return all;
            }
        }
        panic!("endless");
    }
}
