//! What a changed record means: which events, and with which ids. Pure.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::Value;

use super::settings::Settings;
use super::state::{Clock, State};
use crate::catalogue::triggers::EventKind;
use crate::contract::Object;
use crate::number;
use crate::protocol::date;

/// The agent that stands for nobody (HAPI 7.2).
const UNASSIGNED: i64 = 1;

/// What counts of a row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Its id.
    pub id: i64,
    /// When it changed last, where the row shows that.
    pub changed: Option<i64>,
    /// What tells one change from another: the time, or a fingerprint.
    pub key: i64,
    /// When it was opened.
    pub opened: Option<i64>,
    /// When it was closed, where it is closed; 0 where nobody says when.
    pub closed: Option<i64>,
    /// When it got its agent.
    pub assigned: Option<i64>,
    /// Its status.
    pub status: i64,
    /// Its agent.
    pub agent: i64,
}

/// An event, but for its item.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The event's id.
    pub id: String,
    /// When it happened, if that is known.
    pub at: Option<i64>,
    /// What the item holds beside the record.
    pub extra: Option<(&'static str, Value)>,
}

/// Whose clock the rows of a resource go by. Of clients and users, only the
/// single record shows when it changed.
pub fn clock(settings: &Settings) -> Clock {
    if settings.trigger.resource.name == "ticket" { Clock::Rows } else { Clock::Host }
}

impl Facts {
    /// Reads a row. `shown` is its simplified form. `None` for a row without an
    /// id, or one of a ticket that does not say when it changed.
    pub fn of(row: &Object, shown: &Value, clock: Clock) -> Option<Self> {
        let whole = |name: &str| match row.get(name) {
            Some(Value::Number(number)) => number::whole(number),
            _ => None,
        };
        let time = |name: &str| row.get(name).and_then(Value::as_str).and_then(date::instant);
        let changed = match clock {
            Clock::Rows => {
                Some(time("last_update").or_else(|| time("lastupdate")).or_else(|| time("lastactiondate"))?)
            }
            Clock::Host => None,
        };
        // A closed ticket that does not say when still counts as closed.
        let closed = match row.get("hasbeenclosed").and_then(Value::as_bool) {
            Some(false) => None,
            Some(true) => Some(time("dateclosed").unwrap_or(0)),
            None => time("dateclosed"),
        };
        Some(Self {
            id: whole("id")?,
            changed,
            key: changed.unwrap_or_else(|| fingerprint(&shown.to_string())),
            opened: time("dateoccurred"),
            closed,
            assigned: time("dateassigned"),
            status: whole("status_id").unwrap_or(0),
            agent: whole("agent_id").unwrap_or(0),
        })
    }
}

/// Forty bits that tell one text from another (FNV-1a, folded).
pub fn fingerprint(text: &str) -> i64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    ((hash ^ (hash >> 40)) & 0xff_ffff_ffff).cast_signed()
}

/// The id of an event: the same however it came to us.
pub fn event_id(resource: &str, id: i64, kind: EventKind, moment: &str) -> String {
    let kind = kind.name();
    if moment.is_empty() {
        format!("{resource}/{id}/{kind}")
    } else {
        format!("{resource}/{id}/{kind}/{moment}")
    }
}

/// Whether a change was not met before.
pub fn is_fresh(state: &State, from: Option<i64>, facts: &Facts) -> bool {
    // A server that ignores the bound of the window must not bring up old news.
    let is_old = matches!((facts.changed, from), (Some(changed), Some(from)) if changed < from);
    !is_old && !state.has_seen(facts.key, facts.id)
}

/// What is remembered of a ticket for this kind of event.
pub fn memory(kind: EventKind, facts: &Facts) -> Option<i64> {
    match kind {
        EventKind::StatusChanged => Some(facts.status),
        EventKind::Assigned => Some(facts.agent),
        // 0 is open; the time tells two closings apart.
        EventKind::Closed => Some(facts.closed.map_or(0, |closed| (closed / 1_000).max(1))),
        _ => None,
    }
}

/// Takes in a change that is fresh, and says what event it is, if any.
pub fn take(
    state: &mut State,
    from: Option<i64>,
    quiet: bool,
    settings: &Settings,
    facts: &Facts,
) -> Option<Finding> {
    let kind = settings.trigger.kind;
    state.meet(facts.key, facts.id);
    if quiet {
        state.news.start(facts.id);
    }
    let is_new = state.news.meet(facts.id);
    let before = state.known.get(facts.id);
    if let Some(value) = memory(kind, facts) {
        state.known.set(facts.id, value);
    }
    if quiet {
        return None;
    }
    let in_window = |time: Option<i64>| time.is_some_and(|time| from.is_none_or(|from| time >= from));
    let was_open = before.map_or(is_new || in_window(facts.closed), |before| before == 0);
    let happened = match kind {
        EventKind::Created => is_new,
        // To the second, as HaloPSA counts.
        EventKind::Updated => match (facts.changed, facts.opened) {
            (Some(changed), Some(opened)) => changed / 1_000 != opened / 1_000,
            (Some(_), None) => true,
            (None, _) => !is_new,
        },
        EventKind::StatusChanged => match before {
            Some(before) => before != facts.status,
            // All open tickets are known, so it was closed before – or, if it is
            // new and closed, open.
            None => is_new == facts.closed.is_some(),
        },
        EventKind::Closed => {
            facts.closed.is_some()
                && (was_open || before.is_some_and(|before| Some(before) != memory(kind, facts)))
        }
        EventKind::Assigned => {
            facts.agent > UNASSIGNED
                && match before {
                    Some(before) => before != facts.agent,
                    None => is_new || in_window(facts.assigned),
                }
        }
        EventKind::NoteAdded | EventKind::SlaBreachedSoon => false,
    };
    if !happened || !is_wanted(settings, before, facts) {
        return None;
    }
    Some(finding(settings, facts, before))
}

/// The settings that only we can apply: HaloPSA does not know what was before.
fn is_wanted(settings: &Settings, before: Option<i64>, facts: &Facts) -> bool {
    let among = |wanted: &[i64], value: i64| wanted.is_empty() || wanted.contains(&value);
    match settings.trigger.kind {
        EventKind::StatusChanged => {
            among(&settings.to_status, facts.status)
                && (settings.from_status.is_empty()
                    || before.is_some_and(|before| settings.from_status.contains(&before)))
        }
        EventKind::Assigned => among(&settings.to_agent, facts.agent),
        _ => true,
    }
}

/// The event of a change.
pub fn finding(settings: &Settings, facts: &Facts, before: Option<i64>) -> Finding {
    let kind = settings.trigger.kind;
    let before = before.map_or(Value::Null, Value::from);
    let (at, extra) = match kind {
        EventKind::Created => (facts.opened, None),
        EventKind::Closed => (facts.closed.filter(|closed| *closed > 0).or(facts.changed), None),
        EventKind::StatusChanged => (facts.changed, Some(("previous_status_id", before))),
        EventKind::Assigned => (facts.changed, Some(("previous_agent_id", before))),
        EventKind::Updated | EventKind::NoteAdded | EventKind::SlaBreachedSoon => (facts.changed, None),
    };
    let moment = match (kind, at) {
        // Once for each record, and its time may be set by people.
        (EventKind::Created, _) => String::new(),
        (_, Some(at)) => date::from_instant(at),
        (_, None) => format!("{:010x}", facts.key),
    };
    Finding { id: event_id(settings.trigger.resource.name, facts.id, kind, &moment), at, extra }
}

/// Notes of a ticket that are newer than what is known of it: the actions that
/// hold a text, oldest first.
pub fn new_notes(
    state: &mut State,
    from: Option<i64>,
    visible_only: bool,
    ticket: i64,
    actions: Vec<Object>,
) -> Vec<(Object, Finding)> {
    let known = state.known.get(ticket);
    let mut notes: Vec<(i64, i64, Object)> = Vec::new();
    let mut newest = known.unwrap_or(0);
    for action in actions {
        let Some(id) = action.get("id").and_then(Value::as_number).and_then(number::whole) else { continue };
        let time = |name: &str| action.get(name).and_then(Value::as_str).and_then(date::instant);
        let written = time("actiondatecreated").or_else(|| time("datetime")).unwrap_or(0);
        newest = newest.max(id);
        let is_new = match known {
            // Ids count inside a ticket (HAPI 8.1).
            Some(known) => id > known,
            None => from.is_none_or(|from| written >= from),
        };
        let says =
            |name: &str| action.get(name).and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty());
        let is_hidden = action.get("hiddenfromuser").and_then(Value::as_bool) == Some(true);
        // The first action is the ticket's own text (HAPI 7.3).
        if is_new && id > 1 && (says("note") || says("emailbody")) && !(visible_only && is_hidden) {
            notes.push((id, written, action));
        }
    }
    state.known.set(ticket, newest);
    notes.sort_by_key(|(id, _, _)| *id);
    notes
        .into_iter()
        .map(|(id, written, action)| {
            let id = event_id("ticket", ticket, EventKind::NoteAdded, &id.to_string());
            (action, Finding { id, at: (written > 0).then_some(written), extra: None })
        })
        .collect()
}

/// Whether our agent made the newest change of a ticket: what was done at that
/// time, or shortly before, was done by him alone.
pub fn is_own(me: i64, facts: &Facts, kind: EventKind, actions: &[Object]) -> bool {
    const SHORTLY_MS: i64 = 2_000;
    let Some(changed) = facts.changed else { return false };
    let mut any = false;
    for action in actions {
        let whole = |name: &str| {
            action.get(name).and_then(Value::as_number).and_then(number::whole).filter(|id| *id > 0)
        };
        let time = |name: &str| action.get(name).and_then(Value::as_str).and_then(date::instant);
        let written = time("last_updated").max(time("actiondatecreated")).or_else(|| time("datetime"));
        let counts = match kind {
            EventKind::Created => whole("id") == Some(1),
            _ => written.is_some_and(|written| written >= changed - SHORTLY_MS),
        };
        if counts {
            if !is_by(me, action) {
                return false;
            }
            any = true;
        }
    }
    any
}

/// Whether an action is our agent's.
pub fn is_by(me: i64, action: &Object) -> bool {
    let whole =
        |name: &str| action.get(name).and_then(Value::as_number).and_then(number::whole).filter(|id| *id > 0);
    whole("actionby_agent_id").or_else(|| whole("who_agentid")) == Some(me)
}
