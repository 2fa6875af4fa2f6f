//! A node without a service and without a sandbox, for `cargo test`.
//!
//! ```
//! # use workflow_node_sdk::prelude::*;
//! # use workflow_node_sdk::testing::Fake;
//! # let node = Node::new("x", "X", "X.", Credentials::at("https://api.example.com"))
//! #     .operation(Operation::read("loan.get", "Get a loan", |http: &mut Http<'_>, _: Nothing| {
//! #         http.get("/loans/1").send::<Value>()
//! #     }));
//! let mut service = Fake::new().on("GET /loans/1", 200, json!({"id": 1}));
//! let rows = service.run(&node, "loan.get", json!({})).unwrap();
//! assert_eq!(rows, [json!({"id": 1})]);
//! assert_eq!(service.sent(), ["GET /loans/1"]);
//! ```

#![expect(clippy::panic, clippy::expect_used, reason = "what goes wrong here has failed a test already")]
#![expect(clippy::needless_pass_by_value, reason = "tests write values in place, with `json!`")]

use std::time::Duration;

use serde_json::{Value, json};

use crate::builder::Node;
use crate::error::{NodeError, Result};
use crate::http::{HttpRequest, HttpResponse, Limits, Reached, Reason, TransportError};
use crate::interface::{
    Attachment, CallContext, Connection, ConnectionAuth, Entries, Event, Fields, Item, Outcome, Question,
    Secret, Session, Trigger,
};
use crate::traits::{LookupExports as _, NodeExports as _, SetupExports as _, TriggerExports as _};
use crate::transport::{Exchange, Transport};

/// A service that answers what a test tells it.
#[derive(Debug, Default)]
pub struct Fake {
    answers: Vec<Answer>,
    sent: Vec<HttpRequest>,
    fields: Vec<(String, String)>,
    elapsed: Duration,
    is_dry_run: bool,
    is_read_only: bool,
    is_unconfirmed: bool,
    files: Vec<Attachment>,
    /// The token of an earlier call.
    session: Option<String>,
}

/// Status, headers and body.
type Response = (u16, Vec<(String, Vec<u8>)>, Vec<u8>);

#[derive(Debug)]
struct Answer {
    route: String,
    answer: core::result::Result<Response, TransportError>,
    /// Whether it is given once only.
    once: bool,
}

/// Events of a poll, the next state, and whether more events are waiting.
pub type PolledEvents = (Vec<Event>, String, bool);

impl Fake {
    /// A service that knows nothing. Its address is `https://service.test`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers a request. `route` is method, path and query: `GET /loans?page=1`.
    #[must_use]
    pub fn on(self, route: &str, status: u16, body: Value) -> Self {
        self.answer(route, Ok((status, vec![], body.to_string().into_bytes())), false)
    }

    /// Answers a request the first time; later ones get the next answer.
    #[must_use]
    pub fn once(self, route: &str, status: u16, headers: &[(&str, &str)], body: Value) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        let headers = headers.collect();
        self.answer(route, Ok((status, headers, body.to_string().into_bytes())), true)
    }

    /// Breaks the connection after the request arrived, the first time.
    #[must_use]
    pub fn breaks_once(self, route: &str) -> Self {
        self.fails(route, Reason::Broken, Reached::Maybe, true)
    }

    fn fails(self, route: &str, reason: Reason, reached: Reached, once: bool) -> Self {
        self.answer(route, Err(TransportError::new(reason, reached)), once)
    }

    fn answer(
        mut self,
        route: &str,
        answer: core::result::Result<Response, TransportError>,
        once: bool,
    ) -> Self {
        self.answers.push(Answer { route: route.to_owned(), answer, once });
        self
    }

    /// The value of a credential field, instead of one that is made up.
    #[must_use]
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The host passes the session of an earlier call, with this token.
    #[must_use]
    pub fn session(mut self, token: &str) -> Self {
        self.session = Some(token.to_owned());
        self
    }

    /// Nothing is sent from now on.
    #[must_use]
    pub fn dry_run(mut self) -> Self {
        self.is_dry_run = true;
        self
    }

    /// Methods, paths and queries of the requests so far.
    #[must_use]
    pub fn sent(&self) -> Vec<String> {
        self.sent.iter().map(route).collect()
    }

    /// The JSON body of a request.
    #[must_use]
    pub fn body(&self, index: usize) -> Value {
        let request = self.sent.get(index);
        request.and_then(|request| serde_json::from_slice(&request.body).ok()).unwrap_or_default()
    }

    /// The value of a header of a request.
    #[must_use]
    pub fn header(&self, index: usize, name: &str) -> Option<&str> {
        let request = self.sent.get(index)?;
        request.headers.iter().find(|(header, _)| *header == name).map(|(_, value)| value.as_str())
    }

    /// The host lets nothing be changed.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.is_read_only = true;
        self
    }

    /// No person confirmed the operation.
    #[must_use]
    pub fn unconfirmed(mut self) -> Self {
        self.is_unconfirmed = true;
        self
    }

    /// Puts a file beside the items to come.
    #[must_use]
    pub fn file(mut self, file: Attachment) -> Self {
        self.files.push(file);
        self
    }

    /// Runs an operation on one item, to its last page.
    ///
    /// # Errors
    /// The failure of the call or of the item.
    pub fn run(&mut self, node: &Node, id: &str, input: Value) -> Result<Vec<Value>> {
        Ok(self.run_with_files(node, id, input)?.into_iter().map(|item| item.json).collect())
    }

    /// The same with the files beside the results.
    ///
    /// # Errors
    /// The failure of the call or of the item.
    pub fn run_with_files(&mut self, node: &Node, id: &str, input: Value) -> Result<Vec<Item>> {
        let (context, connection) = (self.context(), self.connection(node));
        let (mut rows, mut cursor) = (vec![], None::<String>);
        loop {
            let items = [Item { attachments: self.files.clone(), ..Item::new(input.clone()) }];
            let execution = node.execute(self, &context, &connection, id, &items, cursor.as_deref())?;
            for outcome in execution.outcomes {
                match outcome {
                    Outcome::Done(items) => rows.extend(items),
                    Outcome::Failed(error) => return Err(error),
                    Outcome::NotAttempted => {}
                }
            }
            match execution.next {
                Some(next) => cursor = Some(next),
                None => return Ok(rows),
            }
        }
    }

    /// Values of a list, from its first page.
    ///
    /// # Errors
    /// Why the list cannot be loaded.
    pub fn options(&mut self, node: &Node, list: &str, search: Option<&str>) -> Result<Entries> {
        let (context, connection) = (self.context(), self.connection(node));
        let question = Question { list, params: "{}", search, cursor: None };
        node.options(self, &context, &connection, &question)
    }

    /// Polls a trigger.
    ///
    /// # Errors
    /// Why the service cannot be asked.
    pub fn poll(
        &mut self,
        node: &Node,
        trigger: &str,
        config: &Value,
        state: Option<&str>,
    ) -> Result<PolledEvents> {
        let (context, connection) = (self.context(), self.connection(node));
        let config = config.to_string();
        let trigger = Trigger { name: trigger, config: &config };
        let polled = node.poll(self, &context, &connection, trigger, state)?;
        Ok((polled.events, polled.state, polled.more))
    }

    /// The name of the account, as the check of a connection finds it.
    ///
    /// # Errors
    /// The first step that failed.
    pub fn check(&mut self, node: &Node) -> Result<Option<String>> {
        let (context, connection) = (self.context(), self.connection(node));
        let report = node.check(self, &context, &connection)?;
        let failed: Option<NodeError> = report.steps.into_iter().find_map(|step| step.error);
        failed.map_or(Ok(report.account), Err)
    }

    fn context(&self) -> CallContext {
        CallContext {
            now: "2026-03-01T09:00:00Z".parse().expect("a timestamp"),
            deadline: Duration::from_secs(60),
            attempt: 1,
            idempotency_key: None,
            entropy: vec![7; 16],
            trace_parent: None,
            time_zone: None,
            dry_run: self.is_dry_run,
            read_only: self.is_read_only,
            allowed_operations: None,
            confirmed: !self.is_unconfirmed,
        }
    }

    /// A connection with a value for each field of the form.
    fn connection(&self, node: &Node) -> Connection {
        let form = node.credentials.to_json();
        let names = form
            .get("fields")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|field| field["name"].as_str());
        let value = |name: &str| match self.fields.iter().find(|(field, _)| field == name) {
            Some((_, value)) => value.clone(),
            None if name == "url" => "https://service.test".to_owned(),
            None => format!("the-{name}"),
        };
        let fields: Fields = names.map(|name| (name.to_owned(), value(name))).collect();
        let session = self.session.as_ref().map(|token| Session {
            token: Secret::new(token.as_str()),
            expires_at: None,
            scopes: vec![],
            extra: None,
        });
        Connection { fields, auth: session.map_or(ConnectionAuth::SelfManaged, ConnectionAuth::Session) }
    }

    fn respond(&mut self, request: &HttpRequest) -> Exchange {
        let route = route(request);
        self.sent.push(request.clone());
        let Some(index) = self.answers.iter().position(|answer| answer.route == route) else {
            // A login that no test asked about.
            if request.url.path().ends_with("/token") {
                let token = json!({"access_token": "the-token", "expires_in": 3600}).to_string();
                return Ok(HttpResponse { status: 200, headers: vec![], body: token.into_bytes() });
            }
            panic!("the test has no answer for {route}");
        };
        let found = match self.answers.get(index) {
            Some(answer) if !answer.once => answer.answer.clone(),
            _ => self.answers.remove(index).answer,
        };
        found.map(|(status, headers, body)| HttpResponse { status, headers, body })
    }
}

fn route(request: &HttpRequest) -> String {
    let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{} {}{query}", request.method.name(), request.url.path())
}

impl Transport for Fake {
    fn send_all(&mut self, requests: &[HttpRequest], _: &Limits) -> Vec<Exchange> {
        requests.iter().map(|request| self.respond(request)).collect()
    }

    fn elapsed(&self) -> Duration {
        self.elapsed
    }

    fn wait(&mut self, duration: Duration) {
        self.elapsed += duration;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::{Credentials, Nothing, Operation};
    use crate::client::Http;
    use crate::error::ErrorKind;

    /// A node that sends one request.
    fn node(method: &str) -> Node {
        let method = method.to_owned();
        let send = move |http: &mut Http<'_>, _: Nothing| {
            let request = match method.as_str() {
                "GET" => http.get("/x"),
                "POST" => http.post("/x"),
                "PUT" => http.put("/x"),
                _ => http.delete("/x"),
            };
            request.send::<Value>()
        };
        Node::new("x", "X", "X.", Credentials::at("https://service.test"))
            .operation(Operation::write("x.send", "Send", send))
    }

    #[derive(serde::Deserialize, schemars::JsonSchema)]
    struct Named {
        id: String,
    }

    #[test]
    fn an_id_leads_to_no_other_record_and_no_other_host() {
        let get =
            |http: &mut Http<'_>, named: Named| http.get(format!("/notes/{}", named.id)).send::<Value>();
        let node = Node::new("x", "X", "X.", Credentials::at("https://service.test"))
            .operation(Operation::read("note.get", "Get", get));
        for id in ["..", "../users/1", "%2E%2e/users", "a/../../b", r"..\users"] {
            let mut service = Fake::new();
            assert!(service.run(&node, "note.get", json!({ "id": id })).is_err(), "{id}");
            assert!(service.sent().is_empty(), "{id}");
        }
        let mut service = Fake::new().on("GET /notes//evil.test/a%3Fb%23c", 200, json!({}));
        service.run(&node, "note.get", json!({ "id": "/evil.test/a?b#c" })).unwrap();
    }

    #[test]
    fn what_was_done_before_a_failure_is_not_done_again() {
        let two = |http: &mut Http<'_>, _: Nothing| {
            http.post("/tickets").send::<Value>()?;
            http.post("/tickets/1/close").send::<Value>()
        };
        let node = Node::new("x", "X", "X.", Credentials::at("https://service.test"))
            .operation(Operation::write("ticket.make", "Make", two));
        for (status, headers) in [(429, &[("retry-after", "500")][..]), (400, &[]), (403, &[])] {
            let mut service = Fake::new().on("POST /tickets", 201, json!({"id": 1})).once(
                "POST /tickets/1/close",
                status,
                headers,
                json!({}),
            );
            let error = service.run(&node, "ticket.make", json!({})).unwrap_err();
            assert_eq!(error.effect(), crate::error::Effect::Applied, "{status}");
            assert_eq!(service.sent().len(), 2, "{status}");
        }
    }

    #[test]
    fn what_is_not_given_is_not_sent() {
        let put = |http: &mut Http<'_>, _: Nothing| {
            let body =
                json!({"name": "A", "contact": {"street": null, "zip": 1}, "list": [{"a": null}], "b": null});
            http.put("/x").body(body).send::<Value>()
        };
        let node = Node::new("x", "X", "X.", Credentials::at("https://service.test"))
            .operation(Operation::write("x.put", "Put", put));
        let mut service = Fake::new().on("PUT /x", 200, json!({}));
        service.run(&node, "x.put", json!({})).unwrap();
        assert_eq!(service.body(0), json!({"name": "A", "contact": {"zip": 1}, "list": [{}]}));
    }

    #[test]
    fn a_first_poll_is_quiet_to_its_last_page() {
        use crate::builder::{Event, News, Trigger};
        let poll = |_: &mut Http<'_>, _: Nothing, last: Option<u32>| {
            let last = last.unwrap_or(0) + 1;
            let events = vec![Event::new(format!("x/{last}"), "2026-03-01T09:00:00Z", json!({"id": last}))];
            Ok(News { events, state: last, more: last < 3 })
        };
        let node = Node::new("x", "X", "X.", Credentials::at("https://service.test"))
            .trigger(Trigger::poll("x.new", "New", poll));
        let (mut state, mut service) = (None::<String>, Fake::new());
        for events in [0, 0, 0, 1] {
            let (found, next, _) = service.poll(&node, "x.new", &json!({}), state.as_deref()).unwrap();
            assert_eq!(found.len(), events);
            state = Some(next);
        }
    }

    #[test]
    fn a_value_cannot_end_a_header() {
        let get =
            |http: &mut Http<'_>, named: Named| http.get("/").header("if-match", named.id).send::<Value>();
        let node = Node::new("x", "X", "X.", Credentials::at("https://service.test"))
            .operation(Operation::read("note.get", "Get", get));
        let error = Fake::new().run(&node, "note.get", json!({"id": "a\r\nx: y"})).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn what_contradicts_itself_is_named_with_both_places() {
        let credentials = Credentials::at_typed_address("").bearer_key("").bearer_key("");
        let read = || Operation::read("x.get", "Get", |_: &mut Http<'_>, _: Nothing| Ok(1));
        let wrong = Node::new("x", "X", "X.", credentials)
            .operation(read())
            .operation(read().dropdown("id", "shelves").example("One", json!({"id": 1})))
            .manifest()
            .unwrap_err();
        let all = wrong.join("\n");
        for part in [
            "the operation \"x.get\" is there twice: number 1 and number 2",
            "the credential field \"api_key\" is there twice",
            "the list \"shelves\", which the node does not have",
            "no property \"id\"",
            "the example \"One\" does not fit at /id",
        ] {
            assert!(all.contains(part), "{part}: {all}");
        }
    }

    #[test]
    fn responses_mean_what_they_mean_to_the_other_sdks() {
        let cases: Value = serde_json::from_str(include_str!("../cases.json")).unwrap();
        for case in cases["responses"].as_array().unwrap() {
            let method = case["method"].as_str().unwrap();
            let route = format!("{method} /x");
            let mut service = Fake::new();
            let responses = case["responses"].as_array().unwrap();
            for (index, response) in responses.iter().enumerate() {
                // The last one stays.
                let once = index + 1 < responses.len();
                service = match (response[0].as_u64(), response[0].as_str()) {
                    (Some(status), _) => {
                        let headers = response[2].as_object().into_iter().flatten();
                        let headers =
                            headers.map(|(name, value)| (name.clone(), value.as_str().unwrap().into()));
                        let answer = Ok((
                            u16::try_from(status).unwrap(),
                            headers.collect(),
                            response[1].to_string().into(),
                        ));
                        service.answer(&route, answer, once)
                    }
                    (None, Some("broken")) => service.fails(&route, Reason::Broken, Reached::Maybe, once),
                    (None, Some("timeout")) => service.fails(&route, Reason::TimedOut, Reached::Maybe, once),
                    _ => service.fails(&route, Reason::NoConnection, Reached::No, once),
                };
            }
            let node = node(method);
            let (context, connection) = (service.context(), service.connection(&node));
            let items = [Item::new(json!({}))];
            let execution =
                node.execute(&mut service, &context, &connection, "x.send", &items, None).unwrap();
            assert_eq!(service.sent().len() as u64, case["requests"].as_u64().unwrap(), "{case}");
            match (case["kind"].as_str(), execution.outcomes.as_slice()) {
                (None, [Outcome::Done(_)]) => {}
                (Some(kind), [Outcome::Failed(error)]) => {
                    let effect = case["effect"].as_str().unwrap();
                    assert_eq!((error.kind().name(), error.effect().name()), (kind, effect), "{case}");
                }
                // What nothing happened to yet is left to the next call.
                (Some(_), [Outcome::NotAttempted]) => {
                    assert_eq!(
                        execution.resume_after,
                        case["retry"].as_u64().map(Duration::from_millis),
                        "{case}"
                    );
                }
                (_, outcomes) => panic!("{case}: {outcomes:?}"),
            }
            if let Some(waited) = case["waited"].as_u64() {
                assert_eq!(service.elapsed, Duration::from_millis(waited), "{case}");
            }
        }
    }
}
