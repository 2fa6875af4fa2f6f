//! What the demo does: check, create, update, note, list, and two mistakes.

use anyhow::{Context as _, Result, bail, ensure};
use halo_sim::HaloSim;
use serde_json::{Value, json};
use workflow_node_host::{ConnectionOptions, Node};

use super::stage::Stage;
use crate::cli::ComponentArgs;
use crate::commands::check;
use crate::connect;
use crate::manifest::Manifest;
use crate::result::RunResult;
use crate::session::Session;
use crate::simulator;

/// The ticket type of the simulator that wants more than a summary.
const STRICT_TICKET_TYPE: u32 = 4;

pub(super) async fn tell(stage: &mut Stage, component: &ComponentArgs) -> Result<()> {
    let sim = start_the_simulator(stage).await?;
    let node = load_the_component(stage, component)?;
    let session = check_the_credentials(stage, &node, &sim).await?;
    let ticket = create_a_ticket(stage, &session).await?;
    update_the_ticket(stage, &session, &ticket).await?;
    add_a_note(stage, &session, &ticket).await?;
    list_some_tickets(stage, &session, &ticket).await?;
    list_all_tickets(stage, &session, &sim).await?;
    misspell_a_filter(stage, &session).await?;
    leave_out_a_mandatory_field(stage, &session).await?;
    stage.close("Next: cargo run -q -p host-test -- describe ticket.create (or sim, check, run: see --help)")
}

async fn start_the_simulator(stage: &mut Stage) -> Result<HaloSim> {
    stage.step("Start a simulated HaloPSA in this process")?;
    let sim = simulator::start(&[]).await?;
    stage.fact("address", sim.url())?;
    stage.fact("holds", format_args!("{} tickets", sim.ticket_count()))?;
    stage.done(None)?;
    Ok(sim)
}

fn load_the_component(stage: &mut Stage, component: &ComponentArgs) -> Result<Node> {
    stage.step("Load the component into the sandbox")?;
    let file = connect::component_file(component)?;
    let node = connect::load_file(&file, component)?;
    let manifest = Manifest::parse(node.manifest())?;
    let size = file.metadata()?.len().div_ceil(1000);
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    stage.fact("component", format_args!("{name}, {size} KB"))?;
    stage.fact("may use", interfaces(&node))?;
    stage.fact("offers", format_args!("{} operations", manifest.operations().count()))?;
    stage.done(None)?;
    Ok(node)
}

/// The imports in a line: `wasi:http (outgoing-handler, types), wasi:io (…)`.
fn interfaces(node: &Node) -> String {
    let mut packages: Vec<(&str, Vec<&str>)> = Vec::new();
    for import in node.imports() {
        let name = import.split('@').next().unwrap_or(import);
        let (package, interface) = name.split_once('/').unwrap_or((name, ""));
        match packages.iter_mut().find(|(known, _)| *known == package) {
            Some((_, interfaces)) => interfaces.push(interface),
            None => packages.push((package, vec![interface])),
        }
    }
    let packages: Vec<String> = packages
        .iter()
        .map(|(package, interfaces)| format!("{package} ({})", interfaces.join(", ")))
        .collect();
    packages.join(", ")
}

async fn check_the_credentials(stage: &mut Stage, node: &Node, sim: &HaloSim) -> Result<Session> {
    stage.step("Check the credentials: one address, an id and a secret")?;
    let connection = node.connect(simulator::credentials(sim), ConnectionOptions::default()).await?;
    let session = Session::new(connection);
    let report = session.connection.check(&session.call).await?;
    for line in check::steps(&report, stage.paint()) {
        stage.line(line)?;
    }
    ensure!(!check::has_failed(&report), "a step of the check failed");
    stage.fact("may reach", session.connection.egress().join(", "))?;
    stage.done(Some(u64::from(report.report.usage.requests)))?;
    Ok(session)
}

async fn create_a_ticket(stage: &mut Stage, session: &Session) -> Result<Value> {
    stage.step("Create a ticket")?;
    let clients = session.results("client.list", json!({ "limit": 3 })).await?;
    let client = clients.last().context("the simulator has no client")?;
    let input = json!({
        "summary": "Printer on the third floor prints blank pages",
        "details": "Since this morning. Toner is full.",
        "client_id": client.get("id"),
        "tickettype_id": 1,
    });
    let result = session.run("ticket.create", input).await?;
    let ticket = only_result(&result)?;
    show_ticket(stage, &ticket)?;
    stage.done(Some(result.requests()))?;
    Ok(ticket)
}

async fn update_the_ticket(stage: &mut Stage, session: &Session, ticket: &Value) -> Result<()> {
    const SUMMARY: &str = "Printer on the third floor: drum replaced";
    stage.step("Update it: a new summary and status")?;
    let input = json!({ "id": ticket.get("id"), "summary": SUMMARY, "status_id": 2 });
    let result = session.run("ticket.update", input).await?;
    let updated = only_result(&result)?;
    ensure!(text(&updated, "summary") == SUMMARY, "the update did not arrive: {updated}");
    show_ticket(stage, &updated)?;
    stage.done(Some(result.requests()))
}

async fn add_a_note(stage: &mut Stage, session: &Session, ticket: &Value) -> Result<()> {
    stage.step("Add a note, private unless one says otherwise")?;
    let input = json!({ "ticket_id": ticket.get("id"), "note": "Drum replaced, test page is fine." });
    let result = session.run("note.add", input).await?;
    let note = only_result(&result)?;
    ensure!(note.get("hiddenfromuser") == Some(&Value::Bool(true)), "the note is not private: {note}");
    stage.fact("note", text(&note, "note"))?;
    stage.fact("outcome", text(&note, "outcome"))?;
    stage.done(Some(result.requests()))
}

async fn list_some_tickets(stage: &mut Stage, session: &Session, ticket: &Value) -> Result<()> {
    const LIMIT: usize = 5;
    stage.step("List the newest open tickets of that client")?;
    let input = json!({
        "client_id": ticket.get("client_id"),
        "open_only": true,
        "order": "id",
        "orderdesc": true,
        "limit": LIMIT,
    });
    let result = session.run("ticket.list", input).await?;
    let rows: Vec<&Value> = result.results().collect();
    ensure!(!rows.is_empty() && rows.len() <= LIMIT, "{} rows for a limit of {LIMIT}", rows.len());
    let first = rows.first().and_then(|row| row.get("id"));
    ensure!(first == ticket.get("id"), "the new ticket is not the first of the list");
    let width = rows.iter().map(|row| text(row, "status_name").chars().count()).max().unwrap_or_default();
    for row in rows {
        let (status, summary) = (text(row, "status_name"), text(row, "summary"));
        stage.fact(&number(row), format_args!("{status:<width$}  {summary}"))?;
    }
    stage.done(Some(result.requests()))
}

async fn list_all_tickets(stage: &mut Stage, session: &Session, sim: &HaloSim) -> Result<()> {
    stage.step("List every ticket there is")?;
    let result = session.run("ticket.list", json!({ "return_all": true })).await?;
    if let Some(error) = result.first_error() {
        bail!("the list failed: {error}");
    }
    let rows = result.results().count();
    ensure!(rows == sim.ticket_count(), "{rows} rows of {} tickets", sim.ticket_count());
    stage.fact("tickets", format_args!("{rows} of {}", sim.ticket_count()))?;
    stage.done(Some(result.requests()))
}

async fn misspell_a_filter(stage: &mut Stage, session: &Session) -> Result<()> {
    stage.step("Misspell a filter, which HaloPSA itself would ignore")?;
    let result = session.run("ticket.list", json!({ "cliend_id": 12 })).await?;
    show_error(stage, &result, "invalid-input")
}

async fn leave_out_a_mandatory_field(stage: &mut Stage, session: &Session) -> Result<()> {
    stage.step("Leave out a field that the ticket type makes mandatory")?;
    let input = json!({ "summary": "New laptop", "tickettype_id": STRICT_TICKET_TYPE });
    let result = session.run("ticket.create", input).await?;
    show_error(stage, &result, "invalid-input")
}

fn show_ticket(stage: &Stage, ticket: &Value) -> Result<()> {
    stage.fact("ticket", format_args!("{} {}", number(ticket), text(ticket, "summary")))?;
    stage.fact("client", text(ticket, "client_name"))?;
    stage.fact("status", text(ticket, "status_name"))?;
    stage.fact("link", text(ticket, "link"))
}

/// Shows the failure that was wanted.
fn show_error(stage: &Stage, result: &RunResult, kind: &str) -> Result<()> {
    let error = result.first_error().context("a mistake went through")?;
    ensure!(text(error, "kind") == kind, "another failure than expected: {error}");
    ensure!(!text(error, "advice").is_empty(), "a failure without advice: {error}");
    for name in ["message", "advice", "field", "code"] {
        let value = text(error, name);
        if !value.is_empty() {
            stage.fact(name, value)?;
        }
    }
    stage.done(Some(result.requests()))
}

/// The result of a run on one item that must have gone well.
fn only_result(result: &RunResult) -> Result<Value> {
    if let Some(error) = result.first_error() {
        bail!("it failed: {error}");
    }
    let mut results = result.results();
    match (results.next(), results.next()) {
        (Some(only), None) => Ok(only.clone()),
        _ => bail!("one result was expected: {}", result.json()),
    }
}

fn number(ticket: &Value) -> String {
    ticket.get("id").map(|id| format!("#{id}")).unwrap_or_default()
}

fn text<'a>(json: &'a Value, key: &str) -> &'a str {
    json.get(key).and_then(Value::as_str).unwrap_or_default()
}
