//! What a changed record means: which events, and with which ids. Pure.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::Value;
use workflow_node_sdk::interface::Object;

use super::settings::Settings;
use super::state::{Clock, State};
use crate::catalogue::triggers::EventKind;
use crate::number;
use crate::protocol::date;

/// The agent that stands for nobody (HAPI §7.2).
const UNASSIGNED: i64 = 1;

/// The status that closes a ticket, unless the tenant made others (HAPI §7.4).
const CLOSED: i64 = 9;

/// How long HaloPSA goes on writing to a record: a ticket that nobody touched
/// was changed 5.4 seconds after its creation, and had its last action 0.4
/// seconds later (recorded on a live tenant). Times that are no further apart
/// may be of one act.
const ONE_ACT_MS: i64 = 10_000;

/// How much later than the last action a change is one of its own: those of one
/// act were 0.4 seconds apart, in the other order.
const NO_ACTION_MS: i64 = 2_000;

/// The largest number of an action that makes others old; larger ones are
/// reported all the same.
const MAX_ACTION: i64 = i32::MAX as i64;

/// What counts of a row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Its id.
    pub id: i64,
    /// When it changed last, where the row shows that.
    pub changed: Option<i64>,
    /// What tells one change from another: the time, or a fingerprint.
    pub key: i64,
    /// A fingerprint of what the row shows, where its time may not tell one
    /// change from another: there is none, or it lies in the future.
    pub print: Option<i64>,
    /// When it was opened.
    pub opened: Option<i64>,
    /// When it had its last action.
    pub acted: Option<i64>,
    /// A fingerprint of what the row shows besides times, where the latest change
    /// may be the creation itself.
    pub content: Option<i64>,
    /// When it was closed, where it is closed; 0 where nobody says when.
    pub closed: Option<i64>,
    /// When it got its agent.
    pub assigned: Option<i64>,
    /// Its status, where the row shows one.
    pub status: Option<i64>,
    /// Its agent; HaloPSA leaves out what is null, so 0 where there is none.
    pub agent: i64,
    /// Whether it was deleted.
    pub is_deleted: bool,
    /// Whether nobody is to work on it: merged into another, or inactive.
    pub is_put_away: bool,
}

/// Why a row cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// It has no number as its id.
    NoId,
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

impl Facts {
    /// Reads a row. `shown` is its simplified form; times after `ceiling` lie in
    /// the future.
    pub fn of(row: &Object, shown: &Value, clock: Clock, ceiling: i64) -> Result<Self, Unreadable> {
        // Objects for other records hold their ids in some answers.
        let number = |name: &str| whole(row.get(name)).or_else(|| whole(shown.get(name)));
        let changed = changed(row, clock);
        let print = changed.is_none_or(|changed| changed > ceiling).then(|| fingerprint(&shown.to_string()));
        let opened = time(row, "dateoccurred");
        let is_at_creation = changed.zip(opened).is_some_and(|(changed, opened)| is_one_act(changed, opened));
        Ok(Self {
            id: number("id").ok_or(Unreadable::NoId)?,
            changed,
            key: changed.or(print).unwrap_or(0),
            print,
            opened,
            acted: time(row, "lastactiondate"),
            content: is_at_creation.then(|| fingerprint(&timeless(shown))),
            closed: closed(row),
            assigned: time(row, "dateassigned"),
            status: number("status_id"),
            agent: number("agent_id").unwrap_or(0),
            is_deleted: flag(row, "deleted"),
            is_put_away: is_put_away(row),
        })
    }

    /// Whether the row says when it changed, and says that this is still to come.
    pub fn is_ahead(&self) -> bool {
        self.changed.is_some() && self.print.is_some()
    }

    /// Whether only the actions of the ticket can say that it was changed since
    /// its creation: that may be the latest change, and there was none without an
    /// action.
    pub fn needs_actions(&self) -> bool {
        self.content.is_some() && !self.is_after_actions()
    }

    /// Whether it was changed after its last action.
    fn is_after_actions(&self) -> bool {
        self.changed
            .zip(self.acted)
            .is_some_and(|(changed, acted)| changed.saturating_sub(acted) > NO_ACTION_MS)
    }
}

/// What a row shows besides times.
fn timeless(shown: &Value) -> String {
    let members = shown.as_object().into_iter().flatten();
    let is_time = |value: &Value| value.as_str().and_then(date::instant).is_some();
    members.filter(|(_, value)| !is_time(value)).map(|(name, value)| format!("{name}={value}\n")).collect()
}

/// Whether two times may be of one act.
fn is_one_act(one: i64, other: i64) -> bool {
    one.abs_diff(other) <= ONE_ACT_MS.unsigned_abs()
}

/// When a row changed, where it says so.
pub fn changed(row: &Object, clock: Clock) -> Option<i64> {
    match clock {
        Clock::Rows => ["last_update", "lastupdate", "flastupdate", "lastactiondate"]
            .iter()
            .find_map(|name| time(row, name)),
        Clock::Host => None,
    }
}

/// A time of a row; nothing for what stands for none.
pub fn time(row: &Object, name: &str) -> Option<i64> {
    row.get(name).and_then(Value::as_str).and_then(date::instant)
}

/// A flag of a row; HaloPSA leaves out what is not set.
pub fn flag(row: &Object, name: &str) -> bool {
    match row.get(name) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::Number(number)) => number::whole(number).is_some_and(|number| number > 0),
        Some(Value::String(text)) => {
            let text = text.trim();
            text == "1" || text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("yes")
        }
        _ => false,
    }
}

/// A whole number, however it travels.
pub fn whole(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::Number(number) => number::whole(number),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// When a ticket was closed, where it is closed; 0 where nobody says when.
/// Whether `hasbeenclosed` outlives a reopening is not known: where the row
/// shows that the date was taken back, the status decides.
pub fn closed(row: &Object) -> Option<i64> {
    let at = time(row, "dateclosed").or_else(|| time(row, "date_fully_closed"));
    let is_status = whole(row.get("status_id")) == Some(CLOSED);
    let said = row.get("hasbeenclosed").filter(|said| !said.is_null()).map(|_| flag(row, "hasbeenclosed"));
    let is_closed = match (said, at) {
        (Some(said), None) => {
            let taken_back = row.get("dateclosed").is_some_and(|date| !date.is_null());
            said && (is_status || !taken_back)
        }
        (Some(said), Some(_)) => said,
        (None, at) => at.is_some() || is_status,
    };
    is_closed.then(|| at.unwrap_or(0))
}

/// Whether nobody is to work on a ticket: merged into another, or inactive.
pub fn is_put_away(row: &Object) -> bool {
    flag(row, "inactive") || whole(row.get("merged_into_id")).is_some_and(|id| id > 0)
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
pub fn is_fresh(state: &State, kind: EventKind, facts: &Facts) -> bool {
    if kind == EventKind::Created {
        return state.news.is_new(facts.id);
    }
    // A server that ignores the bound of the window must not bring up old news.
    let is_old = matches!((facts.changed, state.floor), (Some(changed), Some(floor)) if changed < floor);
    let is_known = state.has_seen(facts.key, facts.id);
    match facts.print {
        // The same time in the future may be that of another change.
        Some(print) if facts.is_ahead() => {
            !is_known || state.prints.get(facts.id).is_some_and(|known| known != print)
        }
        Some(print) if state.clock() == Clock::Rows => state.prints.get(facts.id) != Some(print),
        _ => !is_old && (!is_known || is_remembered_otherwise(state, kind, facts)),
    }
}

/// Whether a record is not what it is remembered as: of two changes in the same
/// second, a poll between them met the first one with the time of both.
fn is_remembered_otherwise(state: &State, kind: EventKind, facts: &Facts) -> bool {
    memory(kind, facts).zip(state.known.get(facts.id)).is_some_and(|(now, before)| now != before)
}

/// What is remembered of a ticket for this kind of event. `None` where the row
/// does not show it.
pub fn memory(kind: EventKind, facts: &Facts) -> Option<i64> {
    match kind {
        EventKind::StatusChanged => facts.status,
        EventKind::Assigned => Some(facts.agent),
        // 0 is open, 1 closed without a date; the time tells two closings apart.
        EventKind::Closed => Some(facts.closed.map_or(0, |closed| (closed / 1_000).max(1))),
        _ => None,
    }
}

/// Whether a closing that is remembered is another than this one.
fn is_other_closing(before: i64, now: i64) -> bool {
    let is_dated = before > 1 && now > 1;
    is_dated && !is_one_act(before.saturating_mul(1_000), now.saturating_mul(1_000))
}

/// What the actions of a ticket say, where they were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acted {
    /// Whether there are more than the one that opened the ticket.
    pub since_creation: bool,
}

/// Takes in a change that is fresh, and says what event it is, if any.
pub fn take(
    state: &mut State,
    from: Option<i64>,
    quiet: bool,
    settings: &Settings,
    facts: &Facts,
    acted: Acted,
) -> Option<Finding> {
    let kind = settings.trigger.kind;
    let is_dated = facts.changed.is_some() || state.clock() == Clock::Host;
    // The same time, and another change.
    let is_another = kind != EventKind::Created && is_dated && !state.meet(facts.key, facts.id);
    let shows_another = facts.is_ahead() && state.prints.get(facts.id) != facts.print;
    if is_another && !shows_another && !is_remembered_otherwise(state, kind, facts) {
        return None;
    }
    if let (Some(print), Clock::Rows) = (facts.print, state.clock()) {
        state.remember(facts.id, print);
    }
    if quiet {
        state.news.start(facts.id);
    }
    let is_new = state.news.meet(facts.id);
    let before = state.known.get(facts.id);
    if let Some(value) = memory(kind, facts) {
        state.known.set(facts.id, value);
    }
    if quiet || facts.is_deleted {
        return None;
    }
    let shows_more = facts.content.is_some_and(|content| {
        let before = state.remember_content(facts.id, content);
        before.is_some_and(|before| before != content)
    });
    let in_window = |time: Option<i64>| time.is_some_and(|time| from.is_none_or(|from| time >= from));
    let was_open = before.map_or(is_new || in_window(facts.closed), |before| before == 0);
    let happened = match kind {
        EventKind::Created => is_new,
        EventKind::Updated => match facts.changed {
            Some(_) => {
                facts.content.is_none() || acted.since_creation || facts.is_after_actions() || shows_more
            }
            None => !is_new,
        },
        EventKind::StatusChanged => match (before, facts.status) {
            (Some(before), Some(status)) => before != status,
            // All open tickets are known, so it was closed before – or, if it is
            // new and closed, open.
            (None, Some(_)) => is_new == facts.closed.is_some(),
            (_, None) => false,
        },
        EventKind::Closed => {
            facts.closed.is_some()
                && (was_open
                    || matches!((before, memory(kind, facts)), (Some(before), Some(now)) if is_other_closing(before, now)))
        }
        EventKind::Assigned => {
            facts.agent > UNASSIGNED
                && !facts.is_put_away
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
    let mut finding = finding(settings, facts, before);
    if let (true, Some(print)) = (is_another, facts.print.or(memory(kind, facts))) {
        finding.id.push_str(&format!("-{print:010x}"));
    }
    Some(finding)
}

/// The settings that only we can apply: HaloPSA does not know what was before.
fn is_wanted(settings: &Settings, before: Option<i64>, facts: &Facts) -> bool {
    let among = |wanted: &[i64], value: i64| wanted.is_empty() || wanted.contains(&value);
    match settings.trigger.kind {
        EventKind::StatusChanged => {
            facts.status.is_some_and(|status| among(&settings.to_status, status))
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
///
/// Ids count inside a ticket (HAPI §8.1), so they alone say what is newer than
/// what is known. Of a ticket that is not known, the notes before the trigger
/// began (`state.origin`) are old, and all up to the last of these; where no
/// action says when it was written, all but the last.
pub fn new_notes(
    state: &mut State,
    visible_only: bool,
    ticket: i64,
    actions: Vec<Object>,
) -> Vec<(Object, Finding)> {
    let written = |action: &Object| time(action, "actiondatecreated").or_else(|| time(action, "datetime"));
    let mut actions: Vec<(i64, Object)> =
        actions.into_iter().filter_map(|action| Some((whole(action.get("id"))?, action))).collect();
    actions.sort_by_key(|(id, _)| *id);
    let newest = actions.iter().map(|(id, _)| *id).rfind(|id| *id <= MAX_ACTION);
    let known = state.known.get(ticket).unwrap_or_else(|| {
        // Where tickets were forgotten, their old notes are not new again.
        let since = if state.known.is_full() { state.floor.max(state.origin) } else { state.origin };
        let Some(since) = since else { return 0 };
        let is_old = |action: &Object| written(action).is_some_and(|written| written < since);
        match actions.iter().rfind(|(_, action)| is_old(action)) {
            Some((id, _)) => *id,
            None if actions.iter().any(|(_, action)| written(action).is_some()) => 0,
            None => actions.iter().rev().nth(1).map_or(0, |(id, _)| *id),
        }
    });
    state.known.set(ticket, newest.unwrap_or(0).max(known));
    let says = |action: &Object, name| {
        action.get(name).and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty())
    };
    actions
        .into_iter()
        .filter(|(id, action)| {
            let has_text = says(action, "note") || says(action, "emailbody");
            // The first action is the ticket's own text (HAPI §7.3).
            *id > known && *id > 1 && has_text && !(visible_only && flag(action, "hiddenfromuser"))
        })
        .map(|(id, action)| {
            let at = written(&action);
            let id = event_id("ticket", ticket, EventKind::NoteAdded, &id.to_string());
            (action, Finding { id, at, extra: None })
        })
        .collect()
}

/// Remembers the actions of a ticket that changed shortly before the trigger
/// began.
pub fn learn_notes(state: &mut State, ticket: i64, actions: &[Object]) {
    let newest =
        actions.iter().filter_map(|action| whole(action.get("id"))).filter(|id| *id <= MAX_ACTION).max();
    state.known.set(ticket, newest.unwrap_or(0));
}

/// Whether a ticket has more actions than the one that opened it.
pub fn acted(actions: &[Object]) -> Acted {
    Acted { since_creation: actions.iter().any(|action| whole(action.get("id")).is_some_and(|id| id > 1)) }
}

/// Whether our agent or application made the newest change of a ticket: what was
/// done at that time, or shortly before, was done by them alone.
pub fn is_own(me: &Me<'_>, facts: &Facts, kind: EventKind, actions: &[Object]) -> bool {
    let Some(changed) = facts.changed else { return false };
    let mut any = false;
    for action in actions {
        let written = time(action, "last_updated")
            .max(time(action, "actiondatecreated"))
            .or_else(|| time(action, "datetime"));
        let counts = match kind {
            EventKind::Created => whole(action.get("id")) == Some(1),
            _ => written.is_some_and(|written| written >= changed || is_one_act(written, changed)),
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

/// Whom this connection acts as.
#[derive(Debug, Clone, Copy)]
pub struct Me<'a> {
    /// The agent.
    pub agent: i64,
    /// The id of the API application.
    pub application: &'a str,
}

/// Whether an action is our agent's or our application's. That
/// `actionby_application_id` is the client id is assumed.
pub fn is_by(me: &Me<'_>, action: &Object) -> bool {
    let application = action.get("actionby_application_id").and_then(Value::as_str).map(str::trim);
    if application.is_some_and(|id| !id.is_empty() && id.eq_ignore_ascii_case(me.application)) {
        return true;
    }
    let number = |name: &str| whole(action.get(name)).filter(|id| *id > 0);
    number("actionby_agent_id").or_else(|| number("who_agentid")) == Some(me.agent)
}
