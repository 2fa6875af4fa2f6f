//! The simulator's own API below `/_sim`: no part of HaloPSA, no token, and
//! spared by every fault. For test programs in any language.
//!
//! | call | does |
//! |---|---|
//! | `GET /_sim` | lists these calls |
//! | `POST /_sim/reset` | back to the seed: data, clock, log, rate limit, faults |
//! | `POST /_sim/seed` `{"seed":"small"}` | another tenant, then as reset |
//! | `GET`, `POST`, `DELETE /_sim/faults` | shows, adds, clears switches |
//! | `GET`, `POST /_sim/clock` `{"advance_ms":1000}`, `{"speed":100}` | the tenant's time |
//! | `POST /_sim/settle` | does all writes that a switch put off |
//! | `GET`, `DELETE /_sim/requests` | the request log |
//! | `GET /_sim/state`, `GET /_sim/state/{resource}` | all records |
//! | `GET /_sim/resources` | resources with their fields and parameters |
//! | `POST /_sim/revoke` | refuses every token given out so far |

use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::{
    ParseError, Quirk,
    faults::{late, switchboard::Fault},
    log::RequestRecord,
    protocol::{Answer, paging::PageRule},
    resources::{
        self, Resource, Write,
        below::{self, Below},
        field::Shown,
        render::{self, Depth},
    },
    shared::Shared,
    state::TableId,
};

/// Answers a control call.
pub(crate) fn answer(shared: &Arc<Shared>, method: &Method, path: &[&str], body: &[u8]) -> Answer {
    let done = match (method, path) {
        (&Method::GET, []) => Ok(calls()),
        (&Method::POST, ["reset"]) => {
            shared.reset();
            Ok(json!({ "done": "reset" }))
        }
        (&Method::POST, ["seed"]) => seed(shared, body),
        (&Method::GET, ["faults"]) => Ok(faults(shared)),
        (&Method::POST, ["faults"]) => add_fault(shared, body),
        (&Method::DELETE, ["faults"]) => {
            shared.switchboard.clear();
            Ok(faults(shared))
        }
        (&Method::GET, ["clock"]) => Ok(json!({ "now": shared.now() })),
        (&Method::POST, ["clock"]) => clock(shared, body),
        (&Method::POST, ["settle"]) => {
            late::arrive(shared, i64::MAX);
            Ok(json!({ "done": "settle" }))
        }
        (&Method::GET, ["requests"]) => Ok(shared.log.all().iter().map(record).collect()),
        (&Method::DELETE, ["requests"]) => {
            shared.log.clear();
            Ok(json!([]))
        }
        (&Method::GET, ["state"]) => Ok(state(shared)),
        (&Method::GET, ["state", name]) => match resources::find(name) {
            Some(resource) => Ok(records(shared, resource)),
            None => Err(format!("there is no resource {name:?}")),
        },
        (&Method::GET, ["resources"]) => {
            let all = resources::ALL.iter().copied().map(names);
            Ok(all.chain(below::ALL.iter().map(names_below)).collect())
        }
        (&Method::POST, ["revoke"]) => {
            shared.ledger().revoke_all();
            Ok(json!({ "done": "revoke" }))
        }
        _ => Err("there is no such call; GET /_sim lists all".to_owned()),
    };
    match done {
        Ok(value) => Answer::ok(&value),
        Err(error) => Answer::json(StatusCode::BAD_REQUEST, &json!({ "error": error })),
    }
}

fn calls() -> Value {
    let quirks = Quirk::CATALOGUE.iter();
    json!({
        "calls": [
            "POST /_sim/reset", "POST /_sim/seed", "GET|POST|DELETE /_sim/faults", "GET|POST /_sim/clock",
            "POST /_sim/settle", "GET|DELETE /_sim/requests", "GET /_sim/state[/RESOURCE]", "GET /_sim/resources", "POST /_sim/revoke",
        ],
        "quirks": quirks
            .map(|quirk| json!({ "name": quirk.name, "value": quirk.value, "help": quirk.help }))
            .collect::<Vec<_>>(),
    })
}

/// What a resource knows: the names of its fields and query parameters.
fn names(resource: &Resource) -> Value {
    let asked = resource.fields.iter().filter_map(|field| match field.shown {
        Shown::OnRequest(parameter) | Shown::SingleOrOnRequest(parameter) => Some(parameter),
        _ => None,
    });
    // What is neither read nor written by clients is ours alone.
    let fields = resource.fields.iter().filter(|field| field.writable || field.shown != Shown::Never);
    let mut parameters: Vec<&str> = resource.filters.iter().map(|filter| filter.param).collect();
    parameters.extend(asked);
    parameters.extend(resource.hidden.map(|hidden| hidden.shown_by));
    parameters.extend(resource.hidden.and_then(|hidden| hidden.without));
    if !resource.search.is_empty() {
        parameters.push("search");
    }
    parameters.extend(resource.id_only.map(|rule| rule.asked_by));
    if resource.advanced_search {
        parameters.push("advanced_search");
    }
    if resource.table == TableId::Tickets {
        parameters.push("include_custom_fields");
    }
    if matches!(resource.page, PageRule::Counted) {
        parameters.push("count");
    } else if !matches!(resource.page, PageRule::Unpaged) {
        parameters.extend(["pageinate", "page_no", "page_size", "count", "order", "orderdesc"]);
    }
    let mut methods = vec!["get"];
    if matches!(resource.write, Write::Each(_)) {
        methods.push("post");
        methods.extend(resource.delete.map(|_| "delete"));
    }
    json!({
        "path": resource.path,
        "methods": methods,
        "fields": fields.map(|field| field.name).collect::<Vec<_>>(),
        "parameters": parameters,
    })
}

fn names_below(below: &Below) -> Value {
    let method = below::METHOD.as_str().to_ascii_lowercase();
    json!({ "path": below.path, "methods": [method], "fields": [], "parameters": below.parameters })
}

fn object(body: &[u8]) -> Result<Map<String, Value>, String> {
    serde_json::from_slice(body).map_err(|error| format!("the body must be a JSON object: {error}"))
}

fn seed(shared: &Shared, body: &[u8]) -> Result<Value, String> {
    let body = object(body)?;
    let name = body.get("seed").and_then(Value::as_str).unwrap_or_default();
    shared.replant(name.parse().map_err(|error: ParseError| error.to_string())?);
    Ok(json!({ "seed": name }))
}

fn clock(shared: &Shared, body: &[u8]) -> Result<Value, String> {
    let body = object(body)?;
    let speed = match body.get("speed") {
        None => None,
        Some(speed) => {
            let speed = speed.as_u64().and_then(|speed| u32::try_from(speed).ok()).filter(|speed| *speed > 0);
            Some(speed.ok_or("speed must be a whole number of 1 or more")?)
        }
    };
    match (body.get("advance_ms").and_then(Value::as_i64), speed) {
        (None, None) => return Err("advance_ms or speed must be a whole number".to_owned()),
        (by, speed) => {
            shared.clock.advance_ms(by.unwrap_or(0));
            speed.into_iter().for_each(|speed| shared.clock.set_speed(speed));
        }
    }
    Ok(json!({ "now": shared.now() }))
}

fn add_fault(shared: &Shared, body: &[u8]) -> Result<Value, String> {
    let body = object(body)?;
    let quirk = body.get("quirk").and_then(Value::as_str).unwrap_or_default();
    let mut fault = Fault::new(quirk.parse().map_err(|error: ParseError| error.to_string())?);
    if let Some(route) = body.get("route").and_then(Value::as_str) {
        fault.route = Some(route.to_owned());
    }
    if let Some(count) = body.get("count").and_then(Value::as_u64) {
        fault.left = Some(u32::try_from(count).map_err(|_| "count is too large")?);
    }
    if let Some(odds) = body.get("probability").and_then(Value::as_f64) {
        if !(0.0..=1.0).contains(&odds) {
            return Err("probability must be from 0 to 1".to_owned());
        }
        fault.probability = Some(odds);
    }
    shared.switchboard.add(fault);
    Ok(faults(shared))
}

fn faults(shared: &Shared) -> Value {
    let faults = shared.switchboard.faults();
    faults
        .iter()
        .map(|fault| {
            json!({
                "quirk": fault.quirk.to_string(),
                "route": fault.route,
                "count": fault.left,
                "probability": fault.probability,
            })
        })
        .collect()
}

fn record(record: &RequestRecord) -> Value {
    json!({
        "method": record.method,
        "path": record.path,
        "query": record.query,
        "status": record.status,
        "ignored": record.ignored,
        "token_request": record.token_request,
        "hint": record.hint,
    })
}

fn state(shared: &Shared) -> Value {
    let all = resources::ALL.iter();
    all.map(|resource| (resource.path.to_owned(), records(shared, resource))).collect::<Map<_, _>>().into()
}

fn records(shared: &Shared, resource: &'static Resource) -> Value {
    let world = shared.world();
    let rows = world.table(resource.table).rows();
    rows.map(|row| Value::from(render::single(&world, resource, row, Depth::Plain))).collect()
}
