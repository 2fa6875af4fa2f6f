//! POST and DELETE: elements one after the other, one answer (HAPI §4).

use std::sync::Arc;

use http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Map, Value};

use crate::{
    api::Call,
    auth::Caller,
    desk::{Desk, WriteOne},
    hooks,
    protocol::{Answer, Refusal, dates},
    resources::{
        Resource, Write,
        below::{Below, Input},
        patch::Element,
        render::{self, Depth},
    },
    shared::Shared,
    state::{Key, Row, TableId, World},
};

/// Creates or changes records.
pub(crate) fn post(
    shared: &Arc<Shared>,
    call: &Call<'_>,
    caller: &Caller,
    resource: &'static Resource,
    elements: Vec<Map<String, Value>>,
) -> Result<Answer, Refusal> {
    let Write::Each(write) = resource.write else {
        return Err(Refusal::MethodNotAllowed);
    };
    let mut world = shared.world_to_write(call.knobs);
    // Whether a POST of many is atomic is not known (HAPI §18.8): by default
    // the elements before the one that fails are done.
    let backup = call.knobs.atomic_post.then(|| world.clone());
    let before: Vec<Row> = match call.knobs.late_reads.is_some() || call.knobs.stale_answers {
        true => elements.iter().filter_map(|raw| stored(&world, resource, raw)).collect(),
        false => Vec::new(),
    };
    let mut desk = desk(shared, call, caller, &mut world);
    let answers = write_all(&mut desk, resource, elements, write);
    let (events, tests) = (desk.events, desk.tests);
    if let (Err(refusal), Some(backup)) = (&answers, backup) {
        *world = backup;
        return Err(refusal.clone());
    }
    let mut answers = answers;
    if let Ok(answers) = &mut answers {
        for row in before {
            if call.knobs.stale_answers {
                let stale = render::written(&world, resource, &row);
                let same = |answer: &&mut Row| answer.int("id") == row.int("id");
                answers.iter_mut().filter(same).for_each(|answer| answer.clone_from(&stale));
            }
            if let Some(ms) = call.knobs.late_reads {
                let key = Key::Int(row.int("id"));
                shared.recent.keep(resource.table, key, row, shared.clock.now_ms().saturating_add(ms));
            }
        }
    }
    drop(world);
    hooks::announce(shared, &events);
    hooks::test(shared, &tests);
    Ok(answer(call, answers?))
}

/// The record that an element is about, as it is before the write.
fn stored(world: &World, resource: &Resource, raw: &Map<String, Value>) -> Option<Row> {
    let id = raw.get("id").and_then(Value::as_i64)?;
    world.table(resource.table).get(&Key::Int(id)).cloned()
}

/// Deletes a record.
pub(crate) fn delete(
    shared: &Arc<Shared>,
    call: &Call<'_>,
    caller: &Caller,
    resource: &'static Resource,
    key: &Key,
) -> Result<Answer, Refusal> {
    let remove = match resource.write {
        Write::Each(_) => resource.delete,
        Write::Never => None,
    };
    let remove = remove.ok_or(Refusal::MethodNotAllowed)?;
    // The reason is taken and nowhere shown (HAPI §7.1).
    let _ = call.query.get("reason");
    let mut world = shared.world_to_write(call.knobs);
    let mut desk = desk(shared, call, caller, &mut world);
    let gone = remove(&mut desk, resource, key)?;
    Ok(Answer::ok(&render::single(&world, resource, &gone, Depth::Plain)))
}

/// Does what a path below a resource is for.
pub(crate) fn below(
    shared: &Arc<Shared>,
    call: &Call<'_>,
    caller: &Caller,
    below: &'static Below,
    id: &str,
) -> Result<Answer, Refusal> {
    let mut world = shared.world_to_write(call.knobs);
    let mut desk = desk(shared, call, caller, &mut world);
    let input = Input { id, query: call.query, content_type: call.content_type, body: call.body };
    let answer = (below.work)(&mut desk, below, &input)?;
    Ok(Answer::json(StatusCode::CREATED, &answer))
}

fn desk<'a>(shared: &Shared, call: &Call<'a>, caller: &'a Caller, world: &'a mut World) -> Desk<'a> {
    let ahead = SignedDuration::from_secs(call.knobs.clock_ahead);
    let now = shared.clock.now();
    let now = dates::wire(now.checked_add(ahead).unwrap_or(now));
    Desk { world, caller, knobs: call.knobs, now, events: Vec::new(), tests: Vec::new() }
}

fn write_all(
    desk: &mut Desk<'_>,
    resource: &'static Resource,
    elements: Vec<Map<String, Value>>,
    write: WriteOne,
) -> Result<Vec<Row>, Refusal> {
    let mut answers = Vec::with_capacity(elements.len());
    for (index, raw) in elements.into_iter().enumerate() {
        let mut raw = raw;
        raw.retain(|name, _| !desk.knobs.not_kept.contains(name));
        let element = Element::read(resource, index, raw)?;
        let written = write(desk, resource, &element)?;
        if let (Some(date), TableId::Tickets) = (&desk.knobs.updated_at, resource.table)
            && let Some(ticket) = desk.world.table_mut(TableId::Tickets).get_mut(&written.key)
        {
            ticket.set("last_update", date.as_str());
        }
        let kept = desk.world.table(resource.table).get(&written.key);
        let row = written.unkept.as_ref().or(kept).ok_or(Refusal::NotFound)?;
        let mut answer = render::written(desk.world, resource, row);
        for (name, value) in written.extra {
            answer.set(name, value);
        }
        if let Some(warning) = &desk.knobs.warning {
            answer.set("_warning", warning.as_str());
        }
        if desk.knobs.other_record && element.key.is_some() {
            answer.set("id", answer.int("id") + 1);
        }
        answers.push(answer);
    }
    Ok(answers)
}

/// The last element as an object, unless all are asked for (HAPI §4).
fn answer(call: &Call<'_>, mut answers: Vec<Row>) -> Answer {
    if call.query.flag("returnall") {
        return Answer::json(StatusCode::CREATED, &answers);
    }
    let last = answers.pop();
    if call.knobs.wrap_array {
        Answer::json(StatusCode::CREATED, &Vec::from_iter(last))
    } else {
        Answer::json(StatusCode::CREATED, &last)
    }
}
