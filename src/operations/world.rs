//! A small HaloPSA in memory, for tests of jobs that look and then write: its
//! wire can be cut at any request, before or after the request had its effect.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use serde_json::{Value, json};

use super::{execute, tag};
use crate::contract::{CallContext, Connection, ConnectionAuth, Execution, Item, Outcome, Secret, Session};
use crate::error::NodeError;
use crate::protocol::http::{HttpRequest, HttpResponse, Limits, Method, Reached, Reason, TransportError};
use crate::transport::{Exchange, Transport};

/// What is wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fault {
    /// The connection breaks before the request has its effect.
    CutBefore,
    /// It breaks afterwards.
    CutAfter,
    /// HaloPSA answers with this status, and does nothing.
    Status(u16),
    /// Another call makes a ticket with the same key just before.
    Race,
    /// The ticket is deleted just before.
    Deleted,
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
    pub(super) notes: Vec<Value>,
}

impl Ticket {
    fn row(&self, id: usize) -> Value {
        json!({
            "id": id, "summary": self.summary, "details": self.details, "dateoccurred": self.opened,
            "status_id": if self.open { 1 } else { 9 }, "tickettype_id": 1, "client_id": 12,
            "userdef1": self.fields["userdef1"],
        })
    }
}

/// A HaloPSA with tickets, notes and users.
#[derive(Default)]
pub(super) struct World {
    /// Numbered from 1.
    pub(super) tickets: Vec<Ticket>,
    /// What is wrong with the request of this number, counted from 1.
    pub(super) faults: Vec<(usize, Fault)>,
    /// Outcomes that notes may have.
    pub(super) outcomes: Vec<i64>,
    pub(super) users: Vec<Value>,
    pub(super) searches_by_entra_id: bool,
    /// Method and path of each request so far.
    pub(super) requests: Vec<String>,
    waited: Duration,
}

impl World {
    pub(super) fn new() -> Self {
        Self { outcomes: vec![7], searches_by_entra_id: true, ..Self::default() }
    }

    /// A ticket of another call with the same key as [`alert`]'s.
    pub(super) fn add(&mut self, details: &str) -> usize {
        let summary = "Disk full [".to_string() + &tag::of_key("disk", "") + "-00000000]";
        let opened = "2026-03-01T08:00:00".to_string();
        let (details, fields) = (details.to_string(), json!({}));
        self.tickets.push(Ticket {
            summary,
            details,
            opened,
            fields,
            open: true,
            deleted: false,
            notes: vec![],
        });
        self.tickets.len()
    }

    fn handle(&mut self, request: &HttpRequest) -> Exchange {
        let query = |name: &str| {
            request.url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
        };
        let path = request.url.path().trim_start_matches("/api").to_string();
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let post = request.method == Method::Post;
        match path.as_str() {
            "/Tickets" if post => self.write_ticket(&body[0]),
            "/Actions" if post => self.write_note(&body[0]),
            "/Tickets" => {
                let open_only = query("open_only").is_some();
                let text = query("search").unwrap_or_default();
                let rows: Vec<Value> = (1..)
                    .zip(&self.tickets)
                    .filter(|(_, ticket)| !ticket.deleted && (ticket.open || !open_only))
                    .filter(|(_, ticket)| ticket.summary.contains(&text))
                    .map(|(id, ticket)| ticket.row(id))
                    .collect();
                answer(200, &json!({"record_count": rows.len(), "tickets": rows}))
            }
            "/Actions" => {
                let id: usize = query("ticket_id").unwrap().parse().unwrap();
                answer(200, &json!({"actions": self.tickets[id - 1].notes}))
            }
            "/Outcome" => {
                let rows: Vec<Value> =
                    self.outcomes.iter().map(|id| json!({"id": id, "hidefromuser": true})).collect();
                answer(200, &json!(rows))
            }
            "/Users" if query("advanced_search").is_some() && !self.searches_by_entra_id => {
                answer(400, &json!({"Message": "Invalid advanced search parameter"}))
            }
            "/Users" => answer(200, &json!({"users": self.users})),
            _ => answer(404, &json!("no such path")),
        }
    }

    fn write_ticket(&mut self, body: &Value) -> Exchange {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_string();
        let id = match body["id"].as_u64() {
            None => {
                self.tickets.push(Ticket {
                    summary: text("summary"),
                    details: text("details"),
                    opened: "2026-03-01T09:00:00".to_string(),
                    fields: body.clone(),
                    open: true,
                    deleted: false,
                    notes: vec![],
                });
                self.tickets.len()
            }
            Some(id) => usize::try_from(id).unwrap(),
        };
        let ticket = &mut self.tickets[id - 1];
        if body["status_id"] == 9 {
            ticket.open = false;
        }
        answer(201, &ticket.row(id))
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
        let mut note = body.clone();
        note["id"] = json!(number);
        self.tickets[id - 1].notes.push(note.clone());
        answer(201, &note)
    }

    /// Open tickets that hold a text, as details or as a note; a ticket counts
    /// as often as it holds it.
    pub(super) fn homes(&self, text: &str) -> Vec<usize> {
        let mut homes = vec![];
        for (id, ticket) in (1..).zip(&self.tickets).filter(|(_, ticket)| ticket.open && !ticket.deleted) {
            let notes = ticket.notes.iter().map(|note| note["note"].as_str().unwrap_or_default());
            let texts = core::iter::once(ticket.details.as_str()).chain(notes);
            homes.extend(texts.filter(|held| held.contains(text)).map(|_| id));
        }
        homes
    }

    pub(super) fn open(&self) -> usize {
        self.tickets.iter().filter(|ticket| ticket.open && !ticket.deleted).count()
    }
}

impl Transport for World {
    fn send_all(&mut self, requests: &[HttpRequest], _: &Limits) -> Vec<Exchange> {
        requests
            .iter()
            .map(|request| {
                self.requests.push(request.method.name().to_string() + " " + request.url.path());
                let number = self.requests.len();
                let broken = Err(TransportError::new(Reason::Broken, Reached::Maybe));
                match self.faults.iter().find(|(at, _)| *at == number).map(|(_, fault)| *fault) {
                    Some(Fault::CutBefore) => broken,
                    Some(Fault::Status(status)) => answer(status, &json!({"Message": "not now"})),
                    Some(Fault::CutAfter) => {
                        let _lost = self.handle(request);
                        broken
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
                }
            })
            .collect()
    }

    fn elapsed(&self) -> Duration {
        self.waited
    }

    fn wait(&mut self, duration: Duration) {
        self.waited += duration;
    }
}

fn answer(status: u16, body: &Value) -> Exchange {
    Ok(HttpResponse { status, body: body.to_string().into_bytes(), ..HttpResponse::default() })
}

/// Runs the operation as the `attempt`th try of one call, or as a call of a
/// host that has no idempotency keys.
pub(super) fn call(world: &mut World, operation: &str, attempt: Option<u32>, items: &[Value]) -> Execution {
    world.requests.clear();
    world.waited = Duration::ZERO;
    let context = CallContext {
        now: "2026-03-01T09:00:00Z".parse().unwrap(),
        deadline: Duration::from_secs(60),
        attempt: attempt.unwrap_or(1),
        idempotency_key: attempt.map(|_| "call 1".to_string()),
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
        expires_at: "2026-03-01T10:00:00Z".parse().unwrap(),
        scopes: vec![],
    };
    let connection = Connection {
        fields: fields.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        auth: ConnectionAuth::Session(session),
    };
    let items: Vec<Item> = items
        .iter()
        .map(|json| Item { json: json.clone(), attachments: vec![], source_index: None })
        .collect();
    execute(world, &context, &connection, operation, &items, None).unwrap()
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
