//! The API below `/api`: permission first, then reading or writing.

use std::io::Write as _;
use std::sync::Arc;

use flate2::{Compression, write::GzEncoder};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::{
    auth::{Caller, Group, Level},
    faults::{Knobs, knobs::Spoilt},
    files,
    protocol::{Answer, Query, Refusal, body, dates, errors},
    resources::{
        Envelope, Identity, Reading, Resource, below, knowledge,
        known::{Get, Known},
        lists,
        render::{self, Depth},
        sight::Sight,
    },
    routes::Route,
    shared::Shared,
    state::{Key, Row, TableId, World},
    throttle, writes,
};

/// A request as the API sees it.
pub(crate) struct Call<'a> {
    pub(crate) method: &'a Method,
    pub(crate) route: &'a Route<'a>,
    pub(crate) query: &'a Query,
    pub(crate) authorization: Option<&'a str>,
    pub(crate) content_type: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) knobs: &'a Knobs,
}

/// Answers a call.
pub(crate) fn answer(shared: &Arc<Shared>, call: &Call<'_>) -> Answer {
    if let Some(answer) = before(shared, call.knobs) {
        return answer;
    }
    // Recorded without a token (HAPI §2).
    if let (Route::InstanceInfo, &Method::GET) = (call.route, call.method) {
        return instance_info(shared);
    }
    let answer = admit(shared, call)
        .and_then(|caller| dispatch(shared, call, &caller))
        .unwrap_or_else(|refusal| refusal.answer(call.knobs.error_shape));
    match call.knobs.spoilt {
        Some(spoilt) => spoil(spoilt),
        None => shaped(call, answer),
    }
}

/// The answer in the shapes that are switched on.
fn shaped(call: &Call<'_>, answer: Answer) -> Answer {
    let (resource, list) = match call.route {
        Route::Collection(resource) => (*resource, *call.method == Method::GET),
        Route::Record(resource, _) => (*resource, false),
        _ => return answer,
    };
    let key = match resource.envelope {
        Envelope::Keyed(key) | Envelope::BareUnlessPaged(key) => Some(key),
        Envelope::Bare => None,
    };
    call.knobs.shapes.shape(answer, list, key)
}

/// What happens before anybody looks at the token.
fn before(shared: &Shared, knobs: &Knobs) -> Option<Answer> {
    if let Some(target) = &knobs.redirect {
        let answer = Answer::empty(StatusCode::FOUND).with_hint("the switch redirect");
        return Some(answer.with_header(header::LOCATION, target.as_str()));
    }
    let full = knobs.rate_limit.is_some_and(|limit| !shared.limiter.admit(shared.clock.now_ms(), limit));
    if full || knobs.throttle {
        return Some(throttle::refusal(knobs.rate_limit, knobs.retry_after));
    }
    if knobs.unavailable {
        return Some(errors::html_error(StatusCode::SERVICE_UNAVAILABLE));
    }
    if knobs.server_error {
        let refusal = Refusal::Crash("Object reference not set to an instance of an object.".to_owned());
        return Some(refusal.answer(knobs.error_shape));
    }
    None
}

fn spoil(spoilt: Spoilt) -> Answer {
    match spoilt {
        Spoilt::Html => errors::html_error(StatusCode::OK).with_hint("the switch html-200"),
        Spoilt::WrongShape => {
            Answer::ok(&"This is not the answer you are looking for").with_hint("the switch wrong-shape")
        }
        Spoilt::DeepJson => {
            Answer::of(StatusCode::OK, "application/json; charset=utf-8", vec![b'['; 10_000_000])
                .with_hint("the switch deep-json")
        }
        Spoilt::GzipBomb => Answer::of(StatusCode::OK, "application/json; charset=utf-8", gzip_bomb())
            .with_header(header::CONTENT_ENCODING, "gzip")
            .with_hint("the switch gzip-bomb"),
    }
}

/// A gigabyte of blanks, packed: the same member sixty-four times, which are
/// unpacked one after the other.
fn gzip_bomb() -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    let member = packer.write_all(&vec![b' '; 16 << 20]).and_then(|()| packer.finish());
    // Writing to memory does not fail.
    member.unwrap_or_default().repeat(64)
}

fn admit(shared: &Arc<Shared>, call: &Call<'_>) -> Result<Caller, Refusal> {
    let refused = |why: &str| Refusal::Unauthorized(why.to_owned());
    let (scheme, token) = call
        .authorization
        .and_then(|header| header.split_once(' '))
        .ok_or_else(|| refused("there is no token"))?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(refused("the Authorization header holds no bearer token"));
    }
    if call.knobs.refuse_tokens {
        return Err(refused("the switch refuse-tokens"));
    }
    let grants = shared
        .ledger()
        .admit(token.trim(), shared.clock.now_ms(), call.knobs.token_dies_after)
        .map_err(refused)?;
    let level = match *call.method {
        Method::GET => Level::Read,
        _ => Level::Edit,
    };
    let group = match call.route {
        Route::Collection(resource) | Route::Record(resource, _) => Some(resource.group),
        Route::Below(below, _) => Some(below.resource.group),
        Route::Known(known) => Some(known.group),
        Route::TicketObject => Some(Group::Tickets),
        // Who I am is told to everybody.
        _ => None,
    };
    if let Some(group) = group {
        if call.knobs.denies(group, level) {
            return Err(refused("the switch unauthorized"));
        }
        if matches!(call.route, Route::Record(..)) && call.knobs.denies_records(group, level) {
            return Err(refused("the switch unauthorized-record"));
        }
        if call.knobs.forbids(group, level) {
            return Err(Refusal::Forbidden("the switch forbid".to_owned()));
        }
        // Webhooks answer 401 here, everything else 403 (HAPI §11.1).
        if group == Group::Admin && !grants.allow(group, level) {
            return Err(refused("the token has no admin scope"));
        }
        if !grants.allow(group, level) {
            return Err(Refusal::Forbidden(format!(
                "the token has no scope for {} ({level:?})",
                group.name()
            )));
        }
    }
    Ok(Caller { agent_id: shared.application.agent_id, application: shared.application.name, grants })
}

fn dispatch(shared: &Arc<Shared>, call: &Call<'_>, caller: &Caller) -> Result<Answer, Refusal> {
    match (call.route, call.method) {
        (Route::Me, &Method::GET) => {
            let agent = crate::resources::find("Agent").ok_or(Refusal::NoSuchPath)?;
            let mut me = find_one(shared, call, caller, agent, &Key::Int(caller.agent_id))?;
            // Beside the agent, what the token may do; the words of a claim are assumed.
            let claims = caller.grants.scopes().map(|scope| json!({ "type": "scope", "value": scope }));
            me.set("claims", claims.collect::<Value>());
            Ok(Answer::ok(&me))
        }
        (Route::Known(known), &Method::GET) => known_path(shared, call, known),
        (Route::Known(known), &Method::POST) => Err((known.post)()),
        (Route::Collection(resource), &Method::GET) => {
            let world = shared.view(call.knobs);
            let sight = Sight::of(&world, caller.agent_id, call.knobs);
            let mut list = lists::list(&world, resource, call.query, &sight, call.knobs)?;
            let by_id = resource.table == TableId::Lookups && call.query.get("lookupid").is_some();
            if by_id && call.knobs.lookup_by_id_empty {
                list.rows.clear();
            }
            Ok(Answer::ok(&list))
        }
        (Route::Collection(resource), &Method::POST) => {
            let elements = body::elements(call.body, call.knobs.accept_bare_object)?;
            writes::post(shared, call, caller, resource, elements)
        }
        (Route::TicketObject, &Method::POST) => {
            let tickets = crate::resources::find("Tickets").ok_or(Refusal::NoSuchPath)?;
            let elements = body::elements(call.body, true)?;
            writes::post(shared, call, caller, tickets, elements)
        }
        (Route::Record(resource, id), &Method::GET) => {
            let key = key(resource, id, call.query, |owner| format!("{owner} must be specified"))?;
            read_one(shared, call, caller, resource, &key)
        }
        (Route::Record(resource, id), &Method::DELETE) => {
            let key = key(resource, id, call.query, |owner| {
                format!("{owner} must be included when deleting an Action")
            })?;
            writes::delete(shared, call, caller, resource, &key)
        }
        // There is no such image.
        (Route::Below(below, _), &Method::GET) if below.path == "Attachment/image" => Err(Refusal::NotFound),
        (Route::Below(below, id), &below::METHOD) => writes::below(shared, call, caller, below, id),
        (Route::UnknownApi | Route::Nowhere, _) => Err(Refusal::NoSuchPath),
        _ => Err(Refusal::MethodNotAllowed),
    }
}

fn known_path(shared: &Shared, call: &Call<'_>, known: &Known) -> Result<Answer, Refusal> {
    let world = shared.world();
    match known.get {
        Get::Refused(refusal) => Err(refusal()),
        Get::Object(object) => Ok(Answer::ok(&object(&world))),
        Get::Rows(envelope, rows) => {
            let rows = rows(&world, call.query);
            Ok(match envelope {
                Envelope::Keyed(key) => Answer::ok(&json!({ "record_count": rows.len(), key: rows })),
                Envelope::Bare | Envelope::BareUnlessPaged(_) => Answer::ok(&rows),
            })
        }
    }
}

fn instance_info(shared: &Shared) -> Answer {
    let agents = shared.world().table(TableId::Agents).rows().count();
    Answer::ok(&json!({
        "auth_url": format!("{}/auth", shared.url()),
        "agent_url": shared.url(),
        "portal_url": format!("{}/portal", shared.url()),
        "app_name": "HaloPSA",
        "app_version": "2.236",
        "database_version": "2.236",
        "tenant_id": shared.application.tenant,
        "agent_count": agents,
        "licensed_agent_count": agents,
        "online_agent_count": 1,
        "hosted_group": "",
        "dbid": 1,
        "last_login": shared.now(),
        "last_task_run": shared.now(),
    }))
}

fn key(
    resource: &Resource,
    id: &str,
    query: &Query,
    missing_owner: impl Fn(&str) -> String,
) -> Result<Key, Refusal> {
    let number = || {
        id.parse::<i64>().map_err(|_| Refusal::ModelState {
            path: "id".to_owned(),
            message: format!("The value '{id}' is not valid."),
        })
    };
    match resource.identity {
        Identity::Int | Identity::Negative => number().map(Key::Int),
        Identity::Guid => Ok(Key::Guid(id.to_ascii_lowercase())),
        Identity::Owned(owner) => {
            let owner = query.int(owner).ok_or_else(|| Refusal::rule(missing_owner(owner)))?;
            Ok(Key::Pair(owner, number()?))
        }
    }
}

/// Finds a record that the caller may see.
fn seen<'w>(
    world: &'w World,
    call: &Call<'_>,
    caller: &Caller,
    resource: &'static Resource,
    key: &Key,
) -> Result<&'w Row, Refusal> {
    let row = world.table(resource.table).get(key);
    // A deleted ticket is gone for whoever asks for it by id (HAPI §15, CIPP 4550).
    let row = row.filter(|row| !row.flag("deleted")).ok_or(Refusal::NotFound)?;
    // Out of sight: refused when asked for by id [assumed].
    if !Sight::of(world, caller.agent_id, call.knobs).sees(world, resource, row) {
        return Err(Refusal::Forbidden("the agent does not see this record".to_owned()));
    }
    Ok(row)
}

fn read_one(
    shared: &Arc<Shared>,
    call: &Call<'_>,
    caller: &Caller,
    resource: &'static Resource,
    key: &Key,
) -> Result<Answer, Refusal> {
    let details = call.query.flag("includedetails");
    if resource.table == TableId::Reports && details && call.knobs.report_timeout {
        return Ok(errors::html_error(StatusCode::GATEWAY_TIMEOUT).with_hint("the switch report-timeout"));
    }
    if resource.reading == Reading::File && !details {
        let world = shared.world();
        let row = seen(&world, call, caller, resource, key)?;
        return files::answer(shared, row, call.knobs.attachment_links);
    }
    find_one(shared, call, caller, resource, key).map(|sent| Answer::ok(&sent))
}

/// A record as it is sent.
fn find_one(
    shared: &Arc<Shared>,
    call: &Call<'_>,
    caller: &Caller,
    resource: &'static Resource,
    key: &Key,
) -> Result<Row, Refusal> {
    let world = shared.world();
    let row = seen(&world, call, caller, resource, key)?;
    let details = call.query.flag("includedetails");
    if resource.table == TableId::TicketTypes {
        // The configuration is there anyway (HAPI §7.5).
        let _ = (call.query.get("isrtconfig"), call.query.get("includeconfig"));
    }
    let before = shared.recent.row(resource.table, key, shared.clock.now_ms());
    let row = before.as_ref().unwrap_or(row);
    let depth = if details { Depth::Details } else { Depth::Plain };
    let mut sent = render::single(&world, resource, row, depth);
    if resource.table == TableId::Reports && details {
        // The rows are there anyway: whether they need it is not known.
        let _ = (call.query.get("loadreport"), call.query.get("dontloadsystemreport"));
        if let (Some(rows), Some(report)) = (call.knobs.report_rows, sent.get("report")) {
            let mut report = report.clone();
            if let Some(report) = report.as_object_mut() {
                report.insert("rows".to_owned(), knowledge::many_rows(rows));
            }
            sent.set("report", report);
        }
        if let (Some(filters), Some(report)) = (call.query.get("filters"), sent.get("report")) {
            let mut report = report.clone();
            knowledge::narrow(&mut report, filters);
            sent.set("report", report);
        }
    }
    if call.knobs.extra_actions && details && resource.table == TableId::Tickets {
        sent.set("extra_actions", bloat());
    }
    Ok(sent)
}

/// About 94 kB of forms that nobody asked for (HAPI §4, §14.39).
fn bloat() -> Value {
    let fields: Vec<Value> = (0..10)
        .map(|id| json!({ "id": id, "name": format!("field_{id}"), "label": "Ein Feld", "mandatory": false, "values": [] }))
        .collect();
    (0..110)
        .map(|id| json!({ "id": id, "outcome": format!("Extra Action {id}"), "fields": fields }))
        .collect()
}

impl Shared {
    /// Now, in the written form.
    pub(crate) fn now(&self) -> String {
        dates::wire(self.clock.now())
    }
}
