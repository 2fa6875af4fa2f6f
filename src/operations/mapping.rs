//! `mapping.suggest`: the client that an organisation of another system is.
//!
//! All clients are read once for all items, the domains of users with one
//! request for each organisation that the clients themselves do not settle.
//! `suggest` weighs what is known; it is a pure function.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde_json::{Value, json};
use workflow_node_sdk::interface::{Diagnostic, Item, Level, Object, Outcome};

use super::{MAX_REQUESTS, Task, list};
use crate::catalogue::client::CLIENT;
use crate::catalogue::resource::Verb;
use crate::catalogue::user::USER;
use crate::error::{ErrorKind, NodeError, Result};
use crate::input::{self, Input};
use crate::number;
use crate::protocol::request::ApiRequest;

/// The most pages of clients that are read.
const MOST_PAGES: usize = 100;

/// The most organisations that one call looks at.
const MOST_ITEMS: usize = 80;

/// The client that stands for unknown (HAPI §10.1).
const UNKNOWN_CLIENT: i64 = 1;

/// Below this nothing is suggested. Scores go from 0 to 100.
const LEAST_SCORE: u32 = 60;

/// Two candidates that are nearer than this fit alike.
const SAME: u32 = 5;

/// From here on users need not be asked.
const SURE: u32 = 95;

/// The most candidates that are told.
const MOST_CANDIDATES: usize = 5;

/// An organisation of another system.
#[derive(Debug, Default)]
struct Organisation<'a> {
    name: &'a str,
    domain: &'a str,
    tenant_id: &'a str,
}

/// A client that may be it.
#[derive(Debug, Clone, PartialEq)]
struct Candidate {
    id: i64,
    name: String,
    score: u32,
    reason: &'static str,
    /// Whether all was seen that speaks for it or against it.
    is_sure: bool,
}

/// Works through the queue.
pub fn run(task: &mut Task<'_, '_>) {
    let mut inputs = vec![];
    for index in task.queue.next_items(MOST_ITEMS) {
        match task.input(index) {
            Ok(input) => inputs.push((index, input)),
            Err(error) => task.queue.settle(index, Outcome::Failed(error)),
        }
    }
    if inputs.is_empty() {
        return;
    }
    let deadline = task.client.remaining();
    let clients = match clients(task) {
        Ok(clients) => clients,
        Err(error) => return fail_all(task, &inputs, &error),
    };
    let mut begun = false;
    for (index, input) in &inputs {
        let is_spent = begun && task.client.usage().requests >= MAX_REQUESTS;
        if is_spent || super::is_late(task.client, deadline) {
            return;
        }
        begun = true;
        let organisation = organisation(input);
        let mut candidates = by_client(&organisation, &clients);
        let settled = candidates.iter().any(|candidate| candidate.score >= SURE);
        if !settled && !organisation.domain.is_empty() {
            match by_users(task, &organisation) {
                Ok(more) => candidates.extend(more),
                Err(error) => {
                    task.queue.settle(*index, Outcome::Failed(error));
                    continue;
                }
            }
        }
        let json = suggest(&organisation, candidates);
        task.queue.settle(*index, Outcome::Done(vec![Item::new(json)]));
    }
}

/// What would be sent.
pub fn plan(input: &Input) -> Vec<ApiRequest> {
    let everyone = clients_input().map(|input| list::first_request(&CLIENT, &input));
    let users = users_input(organisation(input).domain).map(|input| list::first_request(&USER, &input));
    let wants_users = input.values.contains_key("domain");
    everyone.into_iter().chain(users.into_iter().filter(|_| wants_users)).collect()
}

fn fail_all(task: &mut Task<'_, '_>, inputs: &[(usize, Input)], error: &NodeError) {
    if error.kind() == ErrorKind::Unauthenticated {
        return task.queue.fail_rest(error);
    }
    for (index, _) in inputs {
        task.queue.settle(*index, Outcome::Failed(error.clone()));
    }
}

fn organisation(input: &Input) -> Organisation<'_> {
    let text = |name: &str| input.values.get(name).and_then(Value::as_str).unwrap_or_default().trim();
    Organisation {
        name: text("name"),
        domain: text("domain").trim_start_matches('@'),
        tenant_id: text("tenant_id"),
    }
}

fn clients_input() -> Result<Input> {
    let mut input = input::parse(&CLIENT, Verb::List, &json!({"return_all": true}))?;
    // The tenants of HaloPSA's own Entra connections (schema `Area_List`).
    input.values.insert("includeazuretenants".to_string(), Value::Bool(true));
    Ok(input)
}

fn users_input(domain: &str) -> Result<Input> {
    let search = alloc::format!("@{domain}");
    input::parse(&USER, Verb::List, &json!({"search": search, "limit": 100}))
}

fn clients(task: &mut Task<'_, '_>) -> Result<Vec<Object>> {
    let (clients, complete) = list::read_all(task.client, &CLIENT, &clients_input()?, MOST_PAGES)?;
    if !complete {
        task.diagnostics.push(Diagnostic {
            level: Level::Warning,
            code: "halopsa.more-rows",
            message: alloc::format!("Only {} clients were compared; there are more.", clients.len()),
            item_index: None,
        });
    }
    Ok(clients.into_iter().filter(|client| id(client, "id") != Some(UNKNOWN_CLIENT)).collect())
}

/// Clients by what stands in themselves.
fn by_client(organisation: &Organisation<'_>, clients: &[Object]) -> Vec<Candidate> {
    let mut candidates = vec![];
    for client in clients {
        let Some(id) = id(client, "id") else { continue };
        let name = text(client, "name");
        let tenants = || client.get("azure_tenants").and_then(Value::as_array).into_iter().flatten();
        let is_tenant =
            |tenant: &str| !tenant.is_empty() && tenant.eq_ignore_ascii_case(organisation.tenant_id);
        let is_domain = |domain: &str| !domain.is_empty() && domain.eq_ignore_ascii_case(organisation.domain);
        let at = |tenant: &Value, key: &str| {
            tenant.get(key).and_then(Value::as_str).unwrap_or_default().to_string()
        };
        let found = if is_tenant(text(client, "azure_tenant_id"))
            || tenants().any(|tenant| is_tenant(&at(tenant, "azure_tenant_id")))
        {
            Some((100, "tenant_id"))
        } else if !name.is_empty() && name.trim().eq_ignore_ascii_case(organisation.name) {
            Some((SURE, "name"))
        } else if tenants().any(|tenant| is_domain(&at(tenant, "azure_tenant_domain"))) {
            Some((SURE, "tenant_domain"))
        } else {
            let likeness = likeness(name, organisation.name);
            Some((likeness * 85 / 100, "similar_name"))
        };
        if let Some((score, reason)) = found.filter(|(score, _)| *score >= LEAST_SCORE) {
            candidates.push(Candidate { id, name: name.to_string(), score, reason, is_sure: true });
        }
    }
    candidates
}

/// Clients by the mail domain of their users: the more of them, the surer.
fn by_users(task: &mut Task<'_, '_>, organisation: &Organisation<'_>) -> Result<Vec<Candidate>> {
    let input = users_input(organisation.domain)?;
    let (users, is_complete) = list::read_all(task.client, &USER, &input, 1)?;
    let ending = alloc::format!("@{}", organisation.domain.to_ascii_lowercase());
    let mut counts: Vec<(i64, String, u32)> = vec![];
    let mut total = 0;
    for user in &users {
        let Some(client) = id(user, "client_id").filter(|client| *client != UNKNOWN_CLIENT) else { continue };
        if !text(user, "emailaddress").to_ascii_lowercase().ends_with(&ending) {
            continue;
        }
        total += 1;
        match counts.iter_mut().find(|(known, _, _)| *known == client) {
            Some((_, _, count)) => *count += 1,
            None => counts.push((client, text(user, "client_name").to_string(), 1)),
        }
    }
    let candidate = |(id, name, count): (i64, String, u32)| Candidate {
        id,
        name,
        score: 90 * count / total.max(1),
        reason: "user_domain",
        is_sure: is_complete,
    };
    Ok(counts.into_iter().map(candidate).collect())
}

/// Weighs the candidates. Ambiguous ones are told and none is chosen.
fn suggest(organisation: &Organisation<'_>, candidates: Vec<Candidate>) -> Value {
    let mut best: Vec<Candidate> = vec![];
    for candidate in candidates {
        match best.iter_mut().find(|known| known.id == candidate.id) {
            Some(known) if known.score >= candidate.score => {}
            Some(known) => *known = candidate,
            None => best.push(candidate),
        }
    }
    best.sort_by(|a, b| b.score.cmp(&a.score).then(a.id.cmp(&b.id)));
    best.truncate(MOST_CANDIDATES);
    let first = best.first().filter(|first| first.score >= LEAST_SCORE);
    let rival = |first: &Candidate| best.get(1).is_some_and(|second| first.score < second.score + SAME);
    let ambiguous = first.is_some_and(|first| !first.is_sure || rival(first));
    let chosen = first.filter(|_| !ambiguous);
    let given = |text: &str| if text.is_empty() { Value::Null } else { Value::from(text) };
    let candidates: Vec<Value> = best
        .iter()
        .map(|one| json!({"client_id": one.id, "client_name": one.name, "score": one.score, "reason": one.reason}))
        .collect();
    json!({
        "name": given(organisation.name),
        "domain": given(organisation.domain),
        "tenant_id": given(organisation.tenant_id),
        "client_id": chosen.map(|one| one.id),
        "client_name": chosen.map(|one| one.name.as_str()),
        "score": first.map(|one| one.score),
        "reason": first.map(|one| one.reason),
        "ambiguous": ambiguous,
        "candidates": candidates,
    })
}

fn id(row: &Object, name: &str) -> Option<i64> {
    row.get(name).and_then(number::id)
}

fn text<'a>(row: &'a Object, name: &str) -> &'a str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// How alike two names are, from 0 to 100: what they share of pairs of letters,
/// without what tells only the legal form.
fn likeness(left: &str, right: &str) -> u32 {
    let (left, right) = (core_of(left), core_of(right));
    if left.is_empty() || right.is_empty() {
        return 0;
    }
    if left == right {
        return 100;
    }
    let pairs = |text: &str| -> Vec<(char, char)> { text.chars().zip(text.chars().skip(1)).collect() };
    let (ours, mut theirs) = (pairs(&left), pairs(&right));
    let all = ours.len() + theirs.len();
    let mut shared = 0;
    for pair in &ours {
        if let Some(position) = theirs.iter().position(|other| other == pair) {
            theirs.swap_remove(position);
            shared += 1;
        }
    }
    // Never as sure as the same name.
    u32::try_from(190 * shared / all.max(1)).unwrap_or(0)
}

/// A name in lower case, without signs and legal forms.
fn core_of(name: &str) -> String {
    const FORMS: &[&str] = &[
        "ag",
        "bv",
        "co",
        "company",
        "corp",
        "corporation",
        "gmbh",
        "inc",
        "incorporated",
        "limited",
        "llc",
        "llp",
        "ltd",
        "nv",
        "plc",
        "pty",
        "sa",
        "sarl",
        "srl",
        "the",
    ];
    let mut core = String::new();
    let lower = name.to_lowercase();
    for word in lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if !FORMS.contains(&word) {
            core.push_str(word);
        }
    }
    core
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(id: i64, name: &str) -> Object {
        match json!({"id": id, "name": name}) {
            Value::Object(client) => client,
            _ => Object::new(),
        }
    }

    fn suggested(organisation: &Organisation<'_>, clients: &[Object]) -> Value {
        suggest(organisation, by_client(organisation, clients))
    }

    #[test]
    fn the_tenant_beats_the_name() {
        let mut tenant = client(3, "Somebody else");
        tenant.insert("azure_tenants".into(), json!([{"azure_tenant_id": "ABC-1"}]));
        let organisation =
            Organisation { name: "Example Ltd", tenant_id: "abc-1", ..Organisation::default() };
        let suggestion = suggested(&organisation, &[client(2, "Example Ltd"), tenant]);
        assert_eq!((&suggestion["client_id"], &suggestion["reason"]), (&json!(3), &json!("tenant_id")));
        assert_eq!(suggestion["candidates"][1]["client_id"], 2);
    }

    #[test]
    fn legal_forms_and_signs_do_not_matter() {
        let clients = [client(2, "Contoso Limited"), client(3, "Fabrikam, Inc.")];
        let organisation = Organisation { name: "CONTOSO LTD.", ..Organisation::default() };
        let suggestion = suggested(&organisation, &clients);
        assert_eq!((&suggestion["client_id"], &suggestion["reason"]), (&json!(2), &json!("similar_name")));
        assert_eq!(suggestion["score"], 85);
    }

    #[test]
    fn the_same_name_twice_is_ambiguous_and_never_chosen() {
        let clients = [client(2, "Example"), client(3, "example")];
        let organisation = Organisation { name: "Example", ..Organisation::default() };
        let suggestion = suggested(&organisation, &clients);
        assert_eq!((&suggestion["client_id"], &suggestion["ambiguous"]), (&Value::Null, &json!(true)));
        assert_eq!(suggestion["candidates"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn strangers_are_nobody() {
        let organisation = Organisation { name: "Northwind", ..Organisation::default() };
        let suggestion = suggested(&organisation, &[client(2, "Contoso"), client(3, "")]);
        assert_eq!(suggestion["client_id"], Value::Null);
        assert_eq!((&suggestion["ambiguous"], &suggestion["candidates"]), (&json!(false), &json!([])));
    }

    #[test]
    fn likeness_is_a_measure() {
        assert_eq!(likeness("Example Ltd", "example"), 100);
        assert!(likeness("Example North", "Example South") > likeness("Example North", "Contoso"));
        assert_eq!((likeness("", "x"), likeness("Ltd", "Ltd"), likeness("a", "b")), (0, 0, 0));
        assert!(likeness("abcd", "abdc") < 96);
    }
}
