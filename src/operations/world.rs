//! A small HaloPSA in memory, for tests of jobs that look and then write: its
//! wire can be cut at any request, before or after the request had its effect,
//! or long before. Time is its own: it passes by requests and by waiting, and
//! goes on from call to call.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use workflow_node_sdk::http::{HttpRequest, HttpResponse, Limits, Method, Reached, Reason, TransportError};
use workflow_node_sdk::interface::{
    CallContext, Connection, ConnectionAuth, Execution, Item, Outcome, Secret, Session,
};
use workflow_node_sdk::transport::{Exchange, Transport};

use super::{execute, tag};
use crate::error::NodeError;

/// When the world begins.
const BEGINNING: i64 = 1_772_355_600_000;

/// What a request takes.
const LATENCY: Duration = Duration::from_millis(20);

/// What is wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fault {
    /// The connection breaks before the request has its effect.
    CutBefore,
    /// It breaks afterwards.
    CutAfter,
    /// It breaks, and the request has its effect so much later.
    Late(Duration),
    /// A gateway answers 504, and the request has its effect so much later.
    Gateway(Duration),
    /// HaloPSA takes so long for it.
    Slow(Duration),
    /// HaloPSA answers with this status, and does nothing.
    Status(u16),
    /// Another call makes a ticket with the same key just before.
    Race,
    /// The ticket is deleted just before.
    Deleted,
}

/// Decides what is wrong with a request.
pub(super) type Chance = Box<dyn FnMut(&HttpRequest) -> Option<Fault>>;

/// A note.
#[derive(Debug, Clone)]
pub(super) struct Note {
    pub(super) fields: Value,
    at: Duration,
}

/// A ticket.
#[derive(Debug, Clone)]
pub(super) struct Ticket {
    pub(super) summary: String,
    pub(super) details: String,
    pub(super) opened: String,
    pub(super) fields: Value,
    pub(super) open: bool,
    pub(super) deleted: bool,
    pub(super) merged_into: Option<usize>,
    pub(super) notes: Vec<Note>,
    at: Duration,
    changed: Duration,
}

/// A HaloPSA with tickets, notes and users.
pub(super) struct World {
    /// Numbered from 1.
    pub(super) tickets: Vec<Ticket>,
    /// What is wrong with the request of this number, counted from 1 in each call.
    pub(super) faults: Vec<(usize, Fault)>,
    /// What is wrong with a request otherwise.
    pub(super) chance: Option<Chance>,
    /// Outcomes that notes may have.
    pub(super) outcomes: Vec<i64>,
    pub(super) users: Vec<Value>,
    pub(super) searches_by_entra_id: bool,
    /// The most rows of a page.
    pub(super) page_cap: usize,
    /// How long what was written is not to be read.
    pub(super) read_delay: Duration,
    /// The longest summary that is kept.
    pub(super) summary_limit: usize,
    /// Tickets of these clients are out of the agent's sight.
    pub(super) hidden_clients: Vec<i64>,
    /// Whether `search` is ignored, as a parameter that nobody knows.
    pub(super) ignores_search: bool,
    /// Whether ids are written as text.
    pub(super) text_ids: bool,
    /// Whether a POST of several elements is done wholly or not at all.
    pub(super) is_atomic: bool,
    /// Whether a change of a ticket is refused.
    pub(super) refuses_updates: bool,
    /// Whether answers to writes are the envelope of a list.
    pub(super) wraps: bool,
    /// Method and path of each request of the last call.
    pub(super) requests: Vec<String>,
    /// What is on its way still, and when it arrives.
    on_its_way: Vec<(Duration, HttpRequest)>,
    clock: Duration,
    call_began: Duration,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            tickets: vec![],
            faults: vec![],
            chance: None,
            outcomes: vec![7],
            users: vec![],
            searches_by_entra_id: true,
            page_cap: 100,
            read_delay: Duration::ZERO,
            summary_limit: usize::MAX,
            hidden_clients: vec![],
            ignores_search: false,
            text_ids: false,
            is_atomic: false,
            refuses_updates: false,
            wraps: false,
            requests: vec![],
            on_its_way: vec![],
            clock: Duration::ZERO,
            call_began: Duration::ZERO,
        }
    }

    /// A ticket of another call with the same key as an alert "disk".
    pub(super) fn add(&mut self, details: &str) -> usize {
        let summary = "Disk full [".to_string() + &tag::of_key("disk", "") + "-00000000]";
        self.open_ticket(&summary, details.to_string(), "2026-03-01T08:00:00", json!({}))
    }

    fn open_ticket(&mut self, summary: &str, details: String, opened: &str, fields: Value) -> usize {
        self.tickets.push(Ticket {
            summary: summary.chars().take(self.summary_limit).collect(),
            details,
            opened: opened.to_string(),
            fields,
            open: true,
            deleted: false,
            merged_into: None,
            notes: vec![],
            at: self.clock,
            changed: self.clock,
        });
        self.tickets.len()
    }

    /// Notes of others on a ticket.
    pub(super) fn add_notes(&mut self, id: usize, count: usize) {
        for number in 0..count {
            let note = Note { fields: json!({"id": number + 2, "note": "noise"}), at: Duration::ZERO };
            self.tickets[id - 1].notes.push(note);
        }
    }

    /// Time passes, and what is on its way arrives.
    pub(super) fn pass(&mut self, duration: Duration) {
        self.clock += duration;
        self.arrive(self.clock);
    }

    /// Everything arrives.
    pub(super) fn settle(&mut self) {
        self.pass(Duration::from_secs(3_600));
    }

    fn arrive(&mut self, now: Duration) {
        let mut due: Vec<(Duration, HttpRequest)> = vec![];
        let on_its_way = core::mem::take(&mut self.on_its_way);
        for (at, request) in on_its_way {
            if at <= now { due.push((at, request)) } else { self.on_its_way.push((at, request)) }
        }
        due.sort_by_key(|(at, _)| *at);
        for (at, request) in due {
            let clock = core::mem::replace(&mut self.clock, at);
            let _lost = self.handle(&request);
            self.clock = clock;
        }
    }

    fn row(&self, id: usize) -> Value {
        let ticket = &self.tickets[id - 1];
        let changed = BEGINNING + i64::try_from(ticket.changed.as_millis()).unwrap();
        let id = if self.text_ids { json!(id.to_string()) } else { json!(id) };
        json!({
            "id": id, "summary": ticket.summary, "details": ticket.details, "dateoccurred": ticket.opened,
            "status_id": if ticket.open { 1 } else { 9 }, "tickettype_id": 1,
            "client_id": ticket.fields.get("client_id").cloned().unwrap_or(json!(12)),
            "userdef1": ticket.fields["userdef1"], "merged_into_id": ticket.merged_into.unwrap_or(0),
            "last_update": Timestamp::from_millisecond(changed).unwrap().strftime("%Y-%m-%dT%H:%M:%S").to_string(),
            "hasbeenclosed": true,
        })
    }

    fn sees(&self, ticket: &Ticket) -> bool {
        let client = ticket.fields["client_id"].as_i64().unwrap_or(12);
        !ticket.deleted && ticket.at + self.read_delay <= self.clock && !self.hidden_clients.contains(&client)
    }

    fn handle(&mut self, request: &HttpRequest) -> Exchange {
        let path = request.url.path().trim_start_matches("/api").to_string();
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let post = request.method == Method::Post;
        let query = |name: &str| {
            request.url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
        };
        match path.as_str() {
            "/Tickets" if post => self.write_tickets(body.as_array().unwrap(), query("returnall").is_some()),
            "/Actions" if post => self.write_note(&body[0]),
            "/Tickets" => self.list(&query),
            "/Actions" => {
                let id: usize = query("ticket_id").unwrap().parse().unwrap();
                let count: usize = query("count").unwrap().parse().unwrap();
                let since = query("startdate").map(|since| milliseconds(&since));
                let notes = self.tickets[id - 1].notes.iter();
                let rows: Vec<&Value> = notes
                    .filter(|note| note.at + self.read_delay <= self.clock || note.at.is_zero())
                    .filter(|note| since.is_none_or(|since| !note.at.is_zero() && since <= instant(note.at)))
                    .map(|note| &note.fields)
                    .take(count)
                    .collect();
                answer(200, &json!({"actions": rows}))
            }
            "/Outcome" => {
                let rows: Vec<Value> =
                    self.outcomes.iter().map(|id| json!({"id": id, "hidefromuser": true})).collect();
                answer(200, &json!(rows))
            }
            "/Users" if query("advanced_search").is_some() && !self.searches_by_entra_id => {
                answer(400, &json!({"Message": "Invalid advanced search parameter"}))
            }
            "/Users" => self.page(&query, self.users.clone(), "users"),
            _ => match path.strip_prefix("/Tickets/").and_then(|id| id.parse::<usize>().ok()) {
                Some(id) if self.tickets.get(id - 1).is_some_and(|ticket| self.sees(ticket)) => {
                    answer(200, &self.row(id))
                }
                _ => answer(404, &json!("no such path")),
            },
        }
    }

    fn list(&self, query: &dyn Fn(&str) -> Option<String>) -> Exchange {
        let open_only = query("open_only").is_some();
        let text = query("search").unwrap_or_default();
        let field = query("advanced_search").map(|search| serde_json::from_str::<Value>(&search).unwrap());
        let since = query("lastupdatefromdate").map(|since| milliseconds(&since));
        let mut rows: Vec<Value> = (1..)
            .zip(&self.tickets)
            .filter(|(_, ticket)| self.sees(ticket) && (ticket.open || !open_only))
            .filter(|(_, ticket)| self.ignores_search || ticket.summary.contains(&text))
            .filter(|(_, ticket)| since.is_none_or(|since| since <= instant(ticket.changed)))
            .map(|(id, _)| self.row(id))
            .filter(|row| field.as_ref().is_none_or(|field| row["userdef1"] == field[0]["filter_value"]))
            .collect();
        if query("orderdesc").is_some_and(|down| down == "true") {
            rows.reverse();
        }
        self.page(query, rows, "tickets")
    }

    fn page(&self, query: &dyn Fn(&str) -> Option<String>, rows: Vec<Value>, key: &str) -> Exchange {
        let number = |name: &str| query(name).unwrap().parse::<usize>().unwrap();
        let size = number("page_size").min(self.page_cap);
        let count = rows.len();
        let rows: Vec<Value> = rows.into_iter().skip((number("page_no") - 1) * size).take(size).collect();
        answer(200, &json!({"record_count": if rows.is_empty() { 0 } else { count }, key: rows}))
    }

    fn write_tickets(&mut self, elements: &[Value], returns_all: bool) -> Exchange {
        let before = self.tickets.clone();
        let mut written = vec![];
        for element in elements {
            let text = |name: &str| element[name].as_str().unwrap_or_default().to_string();
            if self.refuses_updates && !element["id"].is_null() {
                return answer(400, &json!({"Message": "Category is mandatory"}));
            }
            if element["summary"] == "bad" {
                if self.is_atomic {
                    self.tickets = before;
                }
                return answer(400, &json!({"Message": "Category is mandatory"}));
            }
            let id = match element["id"].as_u64() {
                None => {
                    let (summary, details) = (text("summary"), text("details"));
                    self.open_ticket(&summary, details, "2026-03-01T09:00:00", element.clone())
                }
                Some(id) => usize::try_from(id).unwrap(),
            };
            let clock = self.clock;
            let ticket = &mut self.tickets[id - 1];
            ticket.changed = clock;
            if element["status_id"] == 9 {
                ticket.open = false;
            }
            written.push(self.row(id));
        }
        match written.as_slice() {
            all if returns_all => answer(201, &json!(all)),
            [.., last] if self.wraps => answer(201, &json!({"record_count": 1, "tickets": [last]})),
            [.., last] => answer(201, last),
            [] => answer(400, &json!("nothing")),
        }
    }

    fn write_note(&mut self, body: &Value) -> Exchange {
        let id = usize::try_from(body["ticket_id"].as_u64().unwrap()).unwrap();
        if self.tickets[id - 1].deleted {
            return answer(404, &json!({"Message": "gone"}));
        }
        if !body["outcome_id"].as_i64().is_some_and(|outcome| self.outcomes.contains(&outcome)) {
            return answer(400, &json!({"Message": "You do not have access to this Action at the moment"}));
        }
        assert_eq!(body["hiddenfromuser"], true, "customers would see it");
        let number = self.tickets[id - 1].notes.len() + 2;
        let mut fields = body.clone();
        fields["id"] = json!(number);
        self.tickets[id - 1].notes.push(Note { fields: fields.clone(), at: self.clock });
        self.tickets[id - 1].changed = self.clock;
        if self.wraps {
            return answer(201, &json!([{"record_count": 1, "actions": [fields]}]));
        }
        answer(201, &fields)
    }

    /// Open tickets that hold a text, as details or as a note; a ticket counts
    /// as often as it holds it.
    pub(super) fn homes(&self, text: &str) -> Vec<usize> {
        let mut homes = vec![];
        for (id, ticket) in (1..).zip(&self.tickets).filter(|(_, ticket)| ticket.open && !ticket.deleted) {
            let notes = ticket.notes.iter().map(|note| note.fields["note"].as_str().unwrap_or_default());
            let texts = core::iter::once(ticket.details.as_str()).chain(notes);
            homes.extend(texts.filter(|held| held.contains(text)).map(|_| id));
        }
        homes
    }

    pub(super) fn open(&self) -> usize {
        self.tickets.iter().filter(|ticket| ticket.open && !ticket.deleted).count()
    }

    /// What becomes of one request, and when its answer is there.
    fn exchange(&mut self, request: &HttpRequest, began: Duration, limits: &Limits) -> (Duration, Exchange) {
        self.requests.push(request.method.name().to_string() + " " + request.url.path());
        let number = self.requests.len();
        let planned = self.faults.iter().find(|(at, _)| *at == number).map(|(_, fault)| *fault);
        let fault = planned.or_else(|| self.chance.as_mut().and_then(|chance| chance(request)));
        let broken = || Err(TransportError::new(Reason::Broken, Reached::Maybe));
        let at = began + LATENCY;
        self.arrive(at);
        self.clock = at;
        let exchange = match fault {
            Some(Fault::CutBefore) => broken(),
            Some(Fault::Status(status)) => answer(status, &json!({"Message": "not now"})),
            Some(Fault::CutAfter) => {
                let _lost = self.handle(request);
                broken()
            }
            Some(Fault::Late(delay)) => {
                self.on_its_way.push((at + delay, request.clone()));
                broken()
            }
            Some(Fault::Gateway(delay)) => {
                self.on_its_way.push((at + delay, request.clone()));
                let page = b"<html>Gateway Time-out</html>".to_vec();
                Ok(HttpResponse { status: 504, body: page, ..HttpResponse::default() })
            }
            Some(Fault::Slow(duration)) if duration >= limits.first_byte => {
                self.on_its_way.push((began + duration, request.clone()));
                return (
                    began + limits.first_byte,
                    Err(TransportError::new(Reason::TimedOut, Reached::Maybe)),
                );
            }
            Some(Fault::Slow(duration)) => {
                self.arrive(began + duration);
                self.clock = began + duration;
                self.handle(request)
            }
            Some(Fault::Race) => {
                self.add("faster");
                self.handle(request)
            }
            Some(Fault::Deleted) => {
                self.tickets[0].deleted = true;
                self.handle(request)
            }
            None => self.handle(request),
        };
        (self.clock, exchange)
    }
}

fn instant(at: Duration) -> i64 {
    BEGINNING + i64::try_from(at.as_millis()).unwrap()
}

fn milliseconds(date: &str) -> i64 {
    crate::protocol::date::instant(date).unwrap()
}

impl Transport for World {
    fn send_all(&mut self, requests: &[HttpRequest], limits: &Limits) -> Vec<Exchange> {
        let began = self.clock;
        let mut ended = began;
        let mut exchanges = vec![];
        for request in requests {
            let (end, exchange) = self.exchange(request, began, limits);
            ended = ended.max(end);
            exchanges.push(exchange);
        }
        self.clock = self.clock.max(ended);
        exchanges
    }

    fn elapsed(&self) -> Duration {
        self.clock - self.call_began
    }

    fn wait(&mut self, duration: Duration) {
        self.clock += duration;
    }
}

fn answer(status: u16, body: &Value) -> Exchange {
    Ok(HttpResponse { status, body: body.to_string().into_bytes(), ..HttpResponse::default() })
}

/// How a call is made.
#[derive(Debug, Clone, Default)]
pub(super) struct How {
    /// Which attempt it is, from 1.
    pub(super) attempt: u32,
    pub(super) idempotency_key: Option<String>,
    pub(super) cursor: Option<String>,
}

/// Runs the operation as the `attempt`th try of one call, or as a call of a
/// host that has no idempotency keys.
pub(super) fn call(world: &mut World, operation: &str, attempt: Option<u32>, items: &[Value]) -> Execution {
    let how = How {
        attempt: attempt.unwrap_or(1),
        idempotency_key: attempt.map(|_| "call 1".to_string()),
        cursor: None,
    };
    call_as(world, operation, &how, items)
}

/// Makes one call.
pub(super) fn call_as(world: &mut World, operation: &str, how: &How, items: &[Value]) -> Execution {
    world.requests.clear();
    world.call_began = world.clock;
    let now = Timestamp::from_millisecond(instant(world.clock)).unwrap();
    let context = CallContext {
        now,
        deadline: Duration::from_secs(60),
        attempt: how.attempt,
        idempotency_key: how.idempotency_key.clone(),
        entropy: vec![7; 16],
        trace_parent: None,
        time_zone: None,
        dry_run: false,
        read_only: false,
        allowed_operations: None,
        confirmed: false,
    };
    let fields = [("url", "x"), ("auth_url", "https://x.halopsa.com/auth")];
    let session = Session {
        token: Secret::new("token-of-the-host"),
        expires_at: Some("2027-03-01T10:00:00Z".parse().unwrap()),
        extra: None,
        scopes: vec![],
    };
    let connection = Connection {
        fields: fields.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        auth: ConnectionAuth::Session(session),
    };
    let items: Vec<Item> = items.iter().map(|json| Item::new(json.clone())).collect();
    execute(world, &context, &connection, operation, &items, how.cursor.as_deref()).unwrap()
}

pub(super) fn result(execution: &Execution) -> &Value {
    match execution.outcomes.as_slice() {
        [Outcome::Done(items)] => &items[0].json,
        other => panic!("{other:?}"),
    }
}

pub(super) fn error(execution: &Execution) -> &NodeError {
    match execution.outcomes.as_slice() {
        [Outcome::Failed(error)] => error,
        other => panic!("{other:?}"),
    }
}
