//! Making a connection: completing credentials, signing in, and the answer to
//! "will it work?" (HAPI 2, 3, 17.1).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde_json::Value;

use crate::auth;
use crate::catalogue::{self, resource::Resource, resource::Verb};
use crate::client::Client;
use crate::contract::{
    CallContext, CheckReport, CheckStatus, CheckStep, Connection, ConnectionAuth, Diagnostic, Fields, Level,
    Prepared, Session,
};
use crate::credentials::Credentials;
use crate::endpoints;
use crate::error::{Code, ErrorKind, NodeError, Result};
use crate::input;
use crate::operations::list;
use crate::protocol::envelope;
use crate::protocol::request::ApiRequest;
use crate::transport::Transport;

/// Cleans and completes the form. Asks the instance about itself, where a
/// person left something to be found out.
pub fn prepare(transport: &mut dyn Transport, context: &CallContext, fields: &Fields) -> Result<Prepared> {
    let credentials = Credentials::parse(fields)?;
    credentials.client_id()?;
    let mut client = Client::new(transport, context, credentials, &ConnectionAuth::SelfManaged);
    let mut diagnostics = vec![];
    if client.credentials.lacks_something()
        && !context.dry_run
        && let Some(problem) = client.discover()?
    {
        // Where nobody answers, no address is of any use.
        if matches!(problem.get_code(), Code::EgressDenied | Code::Unreachable | Code::Timeout) {
            return Err(problem);
        }
        diagnostics.push(Diagnostic {
            level: Level::Warning,
            code: "halopsa.not-discovered",
            message: format!(
                "The instance could not be asked where to sign in, so the usual address is taken. {}",
                problem.get_message()
            ),
            item_index: None,
        });
    }
    let credentials = &client.credentials;
    let auth_url = credentials.auth_url.as_ref().unwrap_or(&credentials.usual_auth_url);
    let mut egress = vec![endpoints::origin(&credentials.resource_url), endpoints::origin(auth_url)];
    egress.dedup();
    Ok(Prepared {
        fields: credentials.to_fields(),
        egress,
        token_url: auth::token_url(auth_url, credentials.tenant.as_deref()).to_string(),
        usage: client.usage(),
        diagnostics,
    })
}

/// Signs in.
pub fn authenticate(
    transport: &mut dyn Transport,
    context: &CallContext,
    connection: &Connection,
) -> Result<Session> {
    let credentials = Credentials::parse(&connection.fields)?;
    let mut client = Client::new(transport, context, credentials, &ConnectionAuth::SelfManaged);
    client.sign_in()?;
    client
        .session()
        .cloned()
        .ok_or_else(|| NodeError::new(Code::Internal, "The session got lost inside the node."))
}

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
    let goes_on = report.goes_on();
    for (name, label, resource) in [
        ("tickets", "Read tickets", &catalogue::ticket::TICKET),
        ("customers", "Read clients", &catalogue::client::CLIENT),
    ] {
        let found = goes_on.then(|| read(&mut client, resource));
        report.step(name, label, found);
    }

    Ok(CheckReport {
        account,
        instance: Some(endpoints::instance(&client.credentials.resource_url)),
        scopes: client.session().map(|session| session.scopes.clone()).unwrap_or_default(),
        steps: report.steps,
        fields: client.credentials.to_fields(),
        session: client.renewed_session().cloned(),
        usage: client.usage(),
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
    fn step(&mut self, name: &'static str, label: &'static str, found: Option<Result<Found>>) {
        let (status, message, error, advice) = match found {
            None => (CheckStatus::Skipped, "Not tried.".to_string(), None, None),
            Some(Ok(Found { message, advice: None })) => (CheckStatus::Pass, message, None, None),
            Some(Ok(Found { message, advice })) => (CheckStatus::Warn, message, None, advice),
            Some(Err(error)) => (CheckStatus::Fail, error.get_message().to_string(), Some(error), None),
        };
        self.steps.push(CheckStep { name, label, status, message, error, advice });
    }
}

fn sign_in(client: &mut Client<'_>, auth: &ConnectionAuth) -> Result<Found> {
    if *auth == ConnectionAuth::HostInjected {
        return Ok(Found::well("The workflow platform signs in."));
    }
    if client.session().is_none() || client.credentials.can_sign_in() {
        client.sign_in()?;
    }
    let scopes = client.session().map_or(&[][..], |session| &session.scopes);
    if scopes.is_empty()
        || scopes.iter().any(|scope| scope == "all" || scope == "admin" || scope.contains(':'))
    {
        return Ok(Found::well("Signed in."));
    }
    Ok(Found {
        message: "Signed in, but no permission of the API was granted.".to_string(),
        advice: Some(
            "In HaloPSA, give the API application permissions such as edit:tickets and read:customers."
                .to_string(),
        ),
    })
}

/// `GET /Agent/me` (HAPI 10.4).
fn agent(client: &mut Client<'_>, account: &mut Option<String>) -> Result<Found> {
    let agent = match client.fetch(&ApiRequest::get("/Agent/me")) {
        Ok(Value::Object(agent)) => agent,
        Ok(_) => {
            return Err(NodeError::new(
                Code::MalformedAnswer,
                "HaloPSA's answer makes no sense: it is no agent.",
            ));
        }
        Err(error) if error.get_kind() == ErrorKind::Forbidden => {
            let unknown = Found {
                message: "Signed in, but the application may not ask who it is.".to_string(),
                advice: Some("In HaloPSA, check that the API application logs in as an agent.".to_string()),
            };
            return Ok(unknown);
        }
        Err(error) => return Err(error),
    };
    *account = agent.get("name").and_then(Value::as_str).map(ToString::to_string);
    let shown = account.as_deref().unwrap_or("an agent without a name");
    let no_team = agent.get("teams").and_then(Value::as_array).is_some_and(Vec::is_empty);
    let found = if no_team {
        Found {
            message: format!("We act as {shown}, who is in no team."),
            advice: Some(
                "In HaloPSA, put the agent into the teams and departments whose tickets it is to see."
                    .to_string(),
            ),
        }
    } else {
        Found::well(format!("We act as {shown}."))
    };
    Ok(found)
}

/// Reads one row of a list.
fn read(client: &mut Client<'_>, resource: &'static Resource) -> Result<Found> {
    let plural = resource.plural.to_ascii_lowercase();
    let one = serde_json::json!({"limit": 1});
    let input = input::parse(resource, Verb::List, &one)?;
    let answer = client.fetch(&list::first_request(resource, &input))?;
    let page = envelope::list(answer, resource.list_key, &[]).map_err(|why| {
        NodeError::new(Code::MalformedAnswer, format!("HaloPSA's answer makes no sense: {why}."))
    })?;
    if page.rows.is_empty() {
        return Ok(Found {
            message: format!("There are no {plural} to see."),
            advice: Some("If there should be some, put the API agent into teams and departments, and check which clients it may see.".to_string()),
        });
    }
    let count = page.record_count.map_or_else(String::new, |count| format!("{count} "));
    Ok(Found::well(format!("The agent sees {count}{plural}.")))
}
