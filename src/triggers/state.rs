//! What a trigger knows from one call to the next, and its form as text: JSON
//! with a version, bounded, and without a secret.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::{Value, json};

use super::sets::{Known, Pairs};
use crate::contract::Object;
use crate::error::{Code, NodeError, Result};

/// The version that this node writes and reads.
const VERSION: u64 = 1;

/// How far back a window reaches behind the newest change that is known: rows
/// come to light some seconds late.
const OVERLAP_MS: i64 = 10_000;

/// The same by the host's clock, for records that do not show when they
/// changed: the two clocks may differ.
const HOST_OVERLAP_MS: i64 = 300_000;

/// After so long without a newer change nothing older comes to light any more.
const SETTLED_MS: i64 = 120_000;

/// Whose clock says how far we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// HaloPSA's, as rows show it (`last_update`).
    Rows,
    /// The host's.
    Host,
}

impl Clock {
    /// How far windows overlap.
    pub const fn overlap_ms(self) -> i64 {
        match self {
            Self::Rows => OVERLAP_MS,
            Self::Host => HOST_OVERLAP_MS,
        }
    }
}

/// What a trigger knows. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The trigger that it belongs to.
    pub trigger: &'static str,
    /// All that changed before this, less the overlap, was told or is in
    /// `seen`. None: there was no record yet.
    pub high: Option<i64>,
    /// The host's time when `high` was reached.
    pub high_at: i64,
    /// Nothing before this is read again, however far windows reach back.
    pub floor: Option<i64>,
    /// The window that is being read.
    pub pass: Option<Pass>,
    /// Changes that windows still reach, as time (or fingerprint) and id.
    pub seen: Pairs,
    /// What was last known of records: status, agent, closing time, note.
    pub known: Known,
    /// Which records are new.
    pub news: News,
    /// Our own agent.
    pub me: Option<i64>,
    /// The webhook, once there is one.
    pub hook: Option<Hook>,
}

/// A window that is being read.
#[derive(Debug, Clone, PartialEq)]
pub struct Pass {
    /// What is read.
    pub stage: Stage,
    /// Since when. None: everything.
    pub from: Option<i64>,
    /// What `high` becomes at its end.
    pub high: Option<i64>,
    /// Whether changes are only remembered.
    pub quiet: bool,
    /// How far the list was read; null at its beginning.
    pub pager: Value,
    /// Changes of this window.
    pub seen: Pairs,
    /// The host's time when it was begun: what came to light later may stand
    /// on pages that were read before.
    pub began: i64,
}

/// What a pass reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// All open tickets, to know what they are before they change.
    Prime,
    /// What changed.
    Window,
    /// Open tickets in the order of their targets.
    Targets,
}

/// Which records are new: ids rise, but may come to light late.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct News {
    /// Records up to this id are old.
    pub base: i64,
    /// What `base` becomes when all before it have come to light.
    pub next: i64,
    /// When `next` was noted.
    pub at: i64,
    /// Newer ids that were met, with key 0.
    pub met: Pairs,
}

/// A webhook at HaloPSA.
#[derive(Debug, Clone, PartialEq)]
pub struct Hook {
    /// Its id, a GUID.
    pub webhook: String,
    /// Ids of its notifications.
    pub notifications: Vec<i64>,
    /// What its `note` says, by which it is found again.
    pub marker: String,
}

impl News {
    /// Takes note of an id; whether it is one of a new record that was not met
    /// before.
    pub fn meet(&mut self, id: i64) -> bool {
        id > self.base && self.met.insert(0, id)
    }

    /// Says that all up to this id are old.
    pub fn start(&mut self, id: i64) {
        self.base = self.base.max(id);
        self.next = self.next.max(id);
    }

    /// Moves on, once nothing older can come to light.
    fn turn(&mut self, high: i64, overlap: i64, settled: bool) {
        let top = self.met.last_id().unwrap_or(0).max(self.next);
        if settled {
            self.base = top;
        } else if high >= self.at.saturating_add(overlap) {
            self.base = self.next;
        } else {
            return;
        }
        self.next = top;
        self.at = high;
        self.met.keep_ids_above(self.base);
    }
}

impl State {
    /// The state of a trigger that has not begun.
    pub fn new(trigger: &'static str) -> Self {
        Self {
            trigger,
            high: None,
            high_at: 0,
            floor: None,
            pass: None,
            seen: Pairs::default(),
            known: Known::default(),
            news: News::default(),
            me: None,
            hook: None,
        }
    }

    /// Where the next window begins.
    pub fn from(&self, clock: Clock) -> Option<i64> {
        let behind = self.high.map(|high| high.saturating_sub(clock.overlap_ms()));
        behind.max(self.floor)
    }

    /// Whether a change was met before.
    pub fn has_seen(&self, key: i64, id: i64) -> bool {
        self.seen.contains(key, id) || self.pass.as_ref().is_some_and(|pass| pass.seen.contains(key, id))
    }

    /// Remembers a change; whether it is new.
    pub fn meet(&mut self, key: i64, id: i64) -> bool {
        if self.has_seen(key, id) {
            return false;
        }
        match &mut self.pass {
            Some(pass) => pass.seen.insert(key, id),
            None => self.seen.insert(key, id),
        }
    }

    /// Ends the pass: its window was read to the end.
    pub fn complete(&mut self, clock: Clock, now: i64) {
        let Some(pass) = self.pass.take() else { return };
        let began = pass.began;
        if pass.high > self.high || self.high.is_none() {
            self.high = pass.high.max(self.high);
            self.high_at = now;
        }
        match clock {
            // A window holds all that the next one can hold, too.
            Clock::Host => self.seen = pass.seen,
            Clock::Rows => self.seen.extend(pass.seen),
        }
        let Some(high) = self.high else { return };
        // The hosts' clocks may differ or jump, but hardly that far. Without it
        // a quiet desk would read its last changes again with every poll.
        let settled = clock == Clock::Rows && began.saturating_sub(self.high_at) >= SETTLED_MS;
        if settled {
            // Half a second: whether HaloPSA's bound is inclusive is not known.
            self.floor = Some(high.saturating_add(500));
        }
        self.news.turn(high, clock.overlap_ms(), settled);
        if clock == Clock::Rows
            && let Some(from) = self.from(clock)
        {
            self.seen.keep_from(from);
        }
    }

    /// Ends a pass over targets: what was due until now is past.
    pub fn complete_targets(&mut self) {
        if let Some(pass) = self.pass.take() {
            self.seen.extend(pass.seen);
            self.high = pass.high.max(self.high);
            self.seen.keep_from(self.high.unwrap_or(i64::MIN));
        }
    }

    /// As text.
    pub fn to_text(&self) -> String {
        let mut state = json!({"v": VERSION, "trigger": self.trigger, "high": self.high, "at": self.high_at});
        let Some(members) = state.as_object_mut() else { return String::new() };
        let mut put = |name: &str, value: Value| {
            members.insert(name.to_string(), value);
        };
        if let Some(floor) = self.floor {
            put("floor", floor.into());
        }
        if let Some(pass) = &self.pass {
            let stage = pass.stage.name();
            let seen = pass.seen.pack();
            put("pass", json!([stage, pass.from, pass.high, pass.quiet, pass.pager, seen, pass.began]));
        }
        if !self.seen.is_empty() {
            put("seen", self.seen.pack().into());
        }
        put("known", self.known.pack().into());
        let News { base, next, at, met } = &self.news;
        put("news", json!([base, next, at, met.pack()]));
        if let Some(me) = self.me {
            put("me", me.into());
        }
        if let Some(Hook { webhook, notifications, marker }) = &self.hook {
            put("hook", json!([webhook, notifications, marker]));
        }
        state.to_string()
    }

    /// From text.
    pub fn parse(text: &str, trigger: &'static str) -> Result<Self> {
        let damaged = || {
            NodeError::new(Code::InvalidState, "The state of the trigger is damaged.")
                .advice("Begin without a state; what happened meanwhile is not told then.")
        };
        let Ok(Value::Object(members)) = serde_json::from_str(text) else {
            return Err(damaged());
        };
        if members.get("v").and_then(Value::as_u64) != Some(VERSION) {
            return Err(NodeError::new(
                Code::InvalidState,
                "The state of the trigger is of another version of the node.",
            )
            .advice("Begin without a state; what happened meanwhile is not told then."));
        }
        if members.get("trigger").and_then(Value::as_str) != Some(trigger) {
            return Err(NodeError::new(Code::InvalidState, "The state is one of another trigger."));
        }
        Self::read(&members, trigger).ok_or_else(damaged)
    }

    fn read(members: &Object, trigger: &'static str) -> Option<Self> {
        let pairs = |value: Option<&Value>| match value {
            None => Some(Pairs::default()),
            Some(value) => Pairs::unpack(value.as_str()?),
        };
        let pass = match members.get("pass") {
            None => None,
            Some(pass) => {
                let [stage, from, high, quiet, pager, seen, began] =
                    <&[Value; 7]>::try_from(pass.as_array()?.as_slice()).ok()?;
                Some(Pass {
                    stage: Stage::from_name(stage.as_str()?)?,
                    from: from.as_i64(),
                    high: high.as_i64(),
                    quiet: quiet.as_bool()?,
                    pager: pager.clone(),
                    seen: pairs(Some(seen))?,
                    began: began.as_i64()?,
                })
            }
        };
        let [base, next, at, met] =
            <&[Value; 4]>::try_from(members.get("news")?.as_array()?.as_slice()).ok()?;
        let hook = match members.get("hook") {
            None => None,
            Some(hook) => {
                let [webhook, notifications, marker] =
                    <&[Value; 3]>::try_from(hook.as_array()?.as_slice()).ok()?;
                Some(Hook {
                    webhook: webhook.as_str()?.to_string(),
                    notifications: notifications.as_array()?.iter().filter_map(Value::as_i64).collect(),
                    marker: marker.as_str()?.to_string(),
                })
            }
        };
        Some(Self {
            trigger,
            high: members.get("high")?.as_i64(),
            high_at: members.get("at")?.as_i64()?,
            floor: members.get("floor").and_then(Value::as_i64),
            pass,
            seen: pairs(members.get("seen"))?,
            known: Known::unpack(members.get("known")?.as_str()?)?,
            news: News {
                base: base.as_i64()?,
                next: next.as_i64()?,
                at: at.as_i64()?,
                met: pairs(Some(met))?,
            },
            me: members.get("me").and_then(Value::as_i64),
            hook,
        })
    }
}

impl Stage {
    const fn name(self) -> &'static str {
        match self {
            Self::Prime => "prime",
            Self::Window => "window",
            Self::Targets => "targets",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Prime, Self::Window, Self::Targets].into_iter().find(|stage| stage.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy() -> State {
        let mut state = State::new("ticket.updated");
        state.high = Some(1_772_357_000_000);
        state.high_at = 1_772_357_003_000;
        state.floor = Some(1_772_356_000_500);
        state.seen.insert(1_772_357_000_000, 17);
        state.known.set(17, 2);
        state.news.start(700);
        state.news.meet(718);
        state.me = Some(2);
        state.hook =
            Some(Hook { webhook: "guid".to_string(), notifications: [7, 8].into(), marker: "m".to_string() });
        state.pass = Some(Pass {
            stage: Stage::Window,
            from: None,
            high: Some(3),
            quiet: true,
            pager: json!([1, null, 3]),
            seen: Pairs::default(),
            began: 7,
        });
        state
    }

    #[test]
    fn what_was_written_is_read() {
        for state in [State::new("ticket.updated"), busy()] {
            assert_eq!(State::parse(&state.to_text(), "ticket.updated"), Ok(state));
        }
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        let text = busy().to_text();
        let later = text.replace("\"v\":1", "\"v\":2");
        for (text, trigger) in [
            ("", "ticket.updated"),
            ("{}", "ticket.updated"),
            (&later, "ticket.updated"),
            (&text, "ticket.closed"),
        ] {
            assert_eq!(State::parse(text, trigger).unwrap_err().get_code(), Code::InvalidState, "{text}");
        }
        for member in ["high", "at", "known", "news"] {
            let text = text.replace(&format!("\"{member}\":"), "\"other\":");
            assert!(State::parse(&text, "ticket.updated").is_err(), "{member}");
        }
    }

    #[test]
    fn a_full_state_is_bounded() {
        let mut state = busy();
        for number in 0..20_000_i64 {
            let scattered = number.wrapping_mul(7_919) % 1_000_003;
            state.seen.insert(1_772_357_000_000 + number * 1_000, scattered);
            state.known.set(scattered, number % 7);
            state.news.met.insert(0, scattered);
            if let Some(pass) = &mut state.pass {
                pass.seen.insert(1_772_357_000_000 + number * 1_000, scattered);
            }
        }
        assert!(state.to_text().len() < 300_000, "{}", state.to_text().len());
    }

    #[test]
    fn a_new_record_is_new_once_and_late_ones_are_found() {
        let mut news = News::default();
        news.start(100);
        assert!(!news.meet(100) && news.meet(103) && !news.meet(103));
        news.turn(1_000, 10, false);
        // 102 was made before 103 and comes to light after it.
        assert!(news.meet(102) && !news.meet(103));
        news.turn(1_005, 10, false);
        assert!(news.meet(101));
        news.turn(1_010, 10, false);
        assert!(!news.meet(101) && !news.meet(103) && news.met.is_empty());
    }
}
