//! The answer to "will it work?": sign in, ask who we are, and read one row of
//! each kind of record that the wanted operations are about (HAPI §3.5, §17.1).
//!
//! What is wanted is the list of allowed operations of the call; without one,
//! tickets and customers. A refusal is the application's or the agent's: the
//! permissions that came with the token tell them apart, where HaloPSA says
//! them.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde_json::{Value, json};
use workflow_node_sdk::http::HttpResponse;
use workflow_node_sdk::interface::{
    CallContext, CheckReport, CheckStatus, CheckStep, Connection, ConnectionAuth, Object,
};
use workflow_node_sdk::retry::Safety;
use workflow_node_sdk::transport::Transport;

use crate::catalogue::resource::{Resource, Verb};
use crate::catalogue::{self, RESOURCES};
use crate::client::{self, Client};
use crate::credentials::Credentials;
use crate::endpoints;
use crate::error::{Code, ErrorKind, NodeError, Result};
use crate::input;
use crate::operations::list;
use crate::protocol::envelope;
use crate::protocol::request::ApiRequest;

/// What is tried where nobody says which operations are wanted.
const USUAL: &[&str] = &["read:tickets", "read:customers"];

/// The most names of teams, departments or clients that are told.
const MOST_NAMES: usize = 5;

/// Tries what a person will need, step by step.
pub fn check(
    transport: &mut dyn Transport,
    context: &CallContext,
    connection: &Connection,
) -> Result<CheckReport> {
    let credentials = Credentials::parse(&connection.fields)?;
    let mut client = Client::new(transport, context, credentials, &connection.auth);
    let mut report = Report { steps: vec![] };

    let found = sign_in(&mut client, &connection.auth);
    report.step("token", "Sign in", Some(found));
    let mut account = None;
    let found = report.goes_on().then(|| agent(&mut client, &mut account));
    report.step("agent", "Ask who we are", found);
    let wanted = wanted(context.allowed_operations.as_deref());
    let found = report.goes_on().then(|| Ok(permissions(&client, &wanted)));
    report.step("permissions", "Compare permissions", found);
    read(&mut client, &wanted, &mut report);

    Ok(CheckReport {
        account,
        instance: Some(endpoints::instance(&client.credentials.resource_url)),
        scopes: client.session().map(|session| session.scopes.clone()).unwrap_or_default(),
        steps: report.steps,
        fields: client.credentials.to_fields(),
        report: client.report(Vec::new()),
    })
}

/// What a step found, and advice if it is not all well.
struct Found {
    message: String,
    advice: Option<String>,
}

impl Found {
    fn well(message: impl Into<String>) -> Self {
        Self { message: message.into(), advice: None }
    }

    fn but(message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { message: message.into(), advice: Some(advice.into()) }
    }
}

struct Report {
    steps: Vec<CheckStep>,
}

impl Report {
    /// Whether all is well so far.
    fn goes_on(&self) -> bool {
        self.steps.iter().all(|step| step.status != CheckStatus::Fail)
    }

    /// Adds a step that was tried, or not.
    fn step(&mut self, name: &'static str, label: &str, found: Option<Result<Found>>) {
        let (status, message, error, advice) = match found {
            None => (CheckStatus::Skipped, "Not tried.".to_string(), None, None),
            Some(Ok(Found { message, advice: None })) => (CheckStatus::Pass, message, None, None),
            Some(Ok(Found { message, advice })) => (CheckStatus::Warn, message, None, advice),
            Some(Err(error)) => (CheckStatus::Fail, error.message().to_string(), Some(error), None),
        };
        self.steps.push(CheckStep { name, label: label.to_string(), status, message, error, advice });
    }
}

/// What the wanted operations need.
struct Wanted {
    /// Permissions, without those that another one includes.
    scopes: Vec<&'static str>,
    /// A resource to read for each permission group.
    groups: Vec<&'static Resource>,
}

fn wanted(operations: Option<&[String]>) -> Wanted {
    let mut wanted = Wanted { scopes: vec![], groups: vec![] };
    for (resource, operation) in catalogue::operations() {
        let name = operation.verb.name();
        let is_it = |id: &String| id.split_once('.') == Some((resource.name, name));
        let is_wanted = match operations {
            Some(operations) => operations.iter().any(is_it),
            None => USUAL.contains(&resource.scopes.read),
        };
        let scope = resource.scope(operation.verb);
        if !is_wanted || scope.is_empty() {
            continue;
        }
        if !wanted.scopes.contains(&scope) {
            wanted.scopes.push(scope);
        }
        if !wanted.groups.iter().any(|known| known.scopes.read == resource.scopes.read)
            && let Some(readable) = readable(resource.scopes.read)
        {
            wanted.groups.push(readable);
        }
    }
    let all = wanted.scopes.clone();
    wanted.scopes.retain(|scope| !all.iter().any(|other| includes(other, scope) && other != scope));
    wanted
}

/// The first resource of a permission group whose list needs nothing.
fn readable(scope: &str) -> Option<&'static Resource> {
    let lists = |resource: &Resource| {
        resource.operations.iter().any(|operation| matches!(operation.verb, Verb::List))
    };
    RESOURCES.iter().copied().find(|resource| resource.scopes.read == scope && lists(resource))
}

/// Whether having one permission is enough for another: `edit:` includes
/// `read:` (HAPI §3.3).
fn includes(granted: &str, needed: &str) -> bool {
    granted == needed
        || matches!(granted, "all" | "admin")
        || matches!((granted.strip_prefix("edit:"), needed.strip_prefix("read:")), (Some(a), Some(b)) if a == b)
}

/// Whether the application has a permission; `None` where HaloPSA did not say.
fn is_granted(client: &Client<'_>, needed: &str) -> Option<bool> {
    let scopes = &client.session()?.scopes;
    let says = scopes.iter().any(|scope| scope.contains(':') || scope == "all");
    says.then(|| scopes.iter().any(|scope| includes(scope, needed)))
}

fn sign_in(client: &mut Client<'_>, auth: &ConnectionAuth) -> Result<Found> {
    if *auth == ConnectionAuth::HostInjected {
        return Ok(Found::well("The workflow platform signs in."));
    }
    if client.session().is_none() || client.credentials.can_sign_in() {
        client.sign_in()?;
    }
    let scopes = client.session().map_or(&[][..], |session| &session.scopes);
    let some = |scope: &String| scope == "all" || scope == "admin" || scope.contains(':');
    if scopes.is_empty() || scopes.iter().any(some) {
        return Ok(Found::well("Signed in."));
    }
    Ok(Found::but(
        "Signed in, but no permission of the API was granted.",
        "In HaloPSA, give the API application permissions such as edit:tickets and read:customers.",
    ))
}

/// `GET /Agent/me` (HAPI §10.4).
fn agent(client: &mut Client<'_>, account: &mut Option<String>) -> Result<Found> {
    let agent = match client.fetch(&ApiRequest::get("/Agent/me")) {
        Ok(Value::Object(agent)) => agent,
        Ok(_) => {
            return Err(NodeError::new(
                Code::MalformedAnswer,
                "HaloPSA's answer makes no sense: it is no agent.",
            ));
        }
        Err(error) if error.kind() == ErrorKind::Forbidden => {
            return Ok(Found::but(
                "Signed in, but the application may not ask who it is.",
                "In HaloPSA, check that the login type of the API application is Agent, and which agent it logs in as.",
            ));
        }
        Err(error) => return Err(error),
    };
    *account = agent.get("name").and_then(Value::as_str).map(ToString::to_string);
    let shown = account.as_deref().unwrap_or("an agent without a name");
    if agent.get("isdisabled") == Some(&Value::Bool(true)) {
        return Ok(Found::but(
            format!("We act as {shown}, who is disabled."),
            "In HaloPSA, enable the agent, or let the API application log in as another one.",
        ));
    }
    let teams = members(&agent, "teams", "team");
    let departments = members(&agent, "departments", "department");
    let clients = members(&agent, "clients", "client");
    let knows = |name: &str| agent.get(name).is_some_and(Value::is_array);
    if knows("teams") && teams.count == 0 && departments.count == 0 {
        return Ok(Found::but(
            format!("We act as {shown}, who is in no team."),
            "In HaloPSA, put the agent into the teams and departments whose tickets it is to see.",
        ));
    }
    let mut message = format!("We act as {shown}");
    for (what, members) in [("teams", &teams), ("departments", &departments)] {
        if members.count > 0 {
            message.push_str(&format!(", {what}: {}", members.names));
        }
    }
    message.push('.');
    if clients.count == 0 {
        return Ok(Found::well(message));
    }
    Ok(Found::but(
        format!("{message} It is kept to these clients: {}.", clients.names),
        "What belongs to other clients is missing from lists without a word. Take the restriction off the agent if that is not meant.",
    ))
}

/// Names in a list of an agent.
struct Members {
    count: usize,
    names: String,
}

/// Names as HaloPSA gives them; departments mostly come as a number only.
fn members(agent: &Object, list: &str, what: &str) -> Members {
    let rows = agent.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let named = |row: &Value| match row.get(format!("{what}_name")).and_then(Value::as_str) {
        Some(name) => name.to_string(),
        None => format!("number {}", row.get(format!("{what}_id")).unwrap_or(&Value::Null)),
    };
    let mut names: Vec<String> = rows.iter().take(MOST_NAMES).map(named).collect();
    if rows.len() > MOST_NAMES {
        names.push(format!("{} more", rows.len() - MOST_NAMES));
    }
    Members { count: rows.len(), names: names.join(", ") }
}

/// The least permissions, and which of them the application lacks.
fn permissions(client: &Client<'_>, wanted: &Wanted) -> Found {
    let needed = wanted.scopes.join(" ");
    let lacks = |scope: &&&str| is_granted(client, scope) == Some(false);
    let missing: Vec<&str> = wanted.scopes.iter().filter(lacks).copied().collect();
    if missing.is_empty() {
        return Found::well(format!("The operations need no more than: {needed}."));
    }
    let missing = missing.join(" ");
    Found::but(
        format!("The operations need {needed}; the application lacks {missing}."),
        format!("In HaloPSA, give the API application {missing}, or leave the operations out that need it."),
    )
}

/// Reads one row of each group, side by side.
fn read(client: &mut Client<'_>, wanted: &Wanted, report: &mut Report) {
    let one = json!({"limit": 1});
    let mut requests = vec![];
    for resource in &wanted.groups {
        if let Ok(input) = input::parse(resource, Verb::List, &one) {
            requests.push(list::first_request(resource, &input));
        }
    }
    let goes_on = report.goes_on();
    let answers = if goes_on { client.send_all(&requests) } else { vec![] };
    let mut answers = answers.into_iter();
    for resource in &wanted.groups {
        let found = answers.next().map(|answer| {
            let answer = answer.map_err(|error| whose_permission(client, resource.scopes.read, error))?;
            rows(resource, &answer)
        });
        let group = resource.scopes.read.rsplit(':').next().unwrap_or(resource.name);
        report.step(group, &format!("Read {}", resource.plural.to_ascii_lowercase()), found);
    }
}

/// Tells the application's permission from the agent's, where HaloPSA told
/// what the application has.
fn whose_permission(client: &Client<'_>, scope: &'static str, error: NodeError) -> NodeError {
    if error.kind() != ErrorKind::Forbidden {
        return error;
    }
    match is_granted(client, scope) {
        Some(true) => error.with_advice(format!(
            "The application has {scope}, so it is the agent: in HaloPSA, give the role of the agent that it logs in as the right to this, and check that the login type of the application is Agent."
        )),
        Some(false) => error.with_advice(format!("In HaloPSA, give the API application the permission {scope}.")),
        None => error,
    }
}

fn rows(resource: &Resource, answer: &HttpResponse) -> Result<Found> {
    let plural = resource.plural.to_ascii_lowercase();
    let page =
        envelope::list(client::json(answer, Safety::Read)?, resource.list_key, &[]).map_err(|why| {
            NodeError::new(Code::MalformedAnswer, format!("HaloPSA's answer makes no sense: {why}."))
        })?;
    if page.rows.is_empty() {
        let message = format!("There are no {plural} to see.");
        return Ok(match USUAL.contains(&resource.scopes.read) {
            true => Found::but(
                message,
                "If there should be some, put the API agent into teams and departments, and check which clients it may see.",
            ),
            // Most desks have no records of some kinds.
            false => Found::well(message),
        });
    }
    let count = page.record_count.map_or_else(String::new, |count| format!("{count} "));
    Ok(Found::well(format!("The agent sees {count}{plural}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_permissions_are_named() {
        let of = |ids: &[&str]| wanted(Some(&ids.iter().map(ToString::to_string).collect::<Vec<_>>())).scopes;
        assert_eq!(of(&["ticket.list"]), ["read:tickets"]);
        assert_eq!(of(&["ticket.list", "ticket.create", "client.get"]), ["edit:tickets", "read:customers"]);
        assert_eq!(of(&["api.request"]), [""; 0]);
        assert_eq!(of(&["no.such"]), [""; 0]);
        assert_eq!(wanted(None).scopes, ["edit:tickets", "edit:customers"]);
    }

    #[test]
    fn each_group_is_read_once() {
        let names = |wanted: Wanted| wanted.groups.iter().map(|one| one.name).collect::<Vec<_>>();
        assert_eq!(names(wanted(None)), ["ticket", "client"]);
    }

    #[test]
    fn editing_includes_reading() {
        assert!(includes("edit:tickets", "read:tickets") && includes("all", "edit:crm"));
        assert!(!includes("read:tickets", "edit:tickets") && !includes("edit:tickets", "read:crm"));
    }
}
