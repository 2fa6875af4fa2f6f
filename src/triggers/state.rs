//! What a trigger knows from one call to the next, and its form as text: JSON
//! with a version, bounded, and without a secret.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::{Value, json};
use workflow_node_sdk::interface::Object;

use super::sets::{Known, Pairs};
use crate::error::{Code, NodeError, Result};

/// The version that this node writes and reads.
const VERSION: u64 = 1;

/// How far after the host's `now` the time of a row may lie and still say how
/// far HaloPSA's clock is. Later ones are reported and say nothing: a server
/// whose clock was ahead for a moment, or an imported ticket, must not hide what
/// comes after it.
pub const TOLERANCE_MS: i64 = 120_000;

/// How far every window reaches back behind the time at which the last one
/// began: rows come to light some seconds late, and the newest time that was
/// taken for HaloPSA's may have been ahead by the tolerance.
const NARROW_MS: i64 = 150_000;

/// How far windows reach back where that is cheap, and from time to time in any
/// case. A server clock may be set back by an hour; add the tolerance, and the
/// time that passes between two wide windows.
const LOOK_BACK_MS: i64 = 90 * 60_000;

/// How far they reach back from time to time where that is cheap.
const FAR_BACK_MS: i64 = 25 * 3_600_000;

/// How often a window reaches back far although that is not cheap.
const WIDE_EVERY_MS: i64 = 15 * 60_000;

/// How far every window reaches back by the host's clock, for records that do
/// not show when they changed: the two clocks may differ.
const HOST_OVERLAP_MS: i64 = 300_000;

/// How far the quiet window of the first poll reaches back where each record in
/// it costs a request.
const COSTLY_LOOK_BACK_MS: i64 = 15 * 60_000;

/// After so long, records with lower ids than one that was met do not come to
/// light any more.
const IDS_SETTLE_MS: i64 = 10_000;

/// The largest number that HaloPSA gives a record (`int32`). A row with a larger
/// id is reported, and does not make all others old.
const MAX_ID: i64 = i32::MAX as i64;

/// How many records are remembered by what they show.
const MAX_PRINTS: usize = 2_000;

/// How many of the newest records are remembered by what they showed soon after
/// their creation.
const MAX_CONTENTS: usize = 100;

/// Whose clock says how far we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// HaloPSA's, as rows show it (`last_update`).
    Rows,
    /// The host's.
    Host,
}

/// What a trigger knows. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The trigger that it belongs to.
    pub trigger: &'static str,
    /// The newest time of a change that is known, by the clock that the trigger
    /// goes by; never later than the host's, but for a tolerance. None: there
    /// was no record yet.
    pub high: Option<i64>,
    /// The host's time when `high` was reached.
    pub high_at: i64,
    /// The host's time when the last window that was read to its end was begun.
    pub read_at: i64,
    /// The host's time when the last wide window was read to its end.
    pub wide_at: i64,
    /// `seen` knows every change from here on; no window reaches further back.
    pub floor: Option<i64>,
    /// Notes before this were there when the trigger began.
    pub origin: Option<i64>,
    /// The window that is being read.
    pub pass: Option<Pass>,
    /// Changes that windows still reach, as time (or fingerprint) and id.
    pub seen: Pairs,
    /// What was last known of records: status, agent, closing time, note.
    pub known: Known,
    /// What records showed last whose change times are of no use: none, or one
    /// in the future.
    pub prints: Known,
    /// What new records showed soon after their creation, besides times.
    pub contents: Known,
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
    /// Whether it holds everything that later windows can bring again.
    pub wide: bool,
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
    /// The newest records by their ids.
    Ids,
}

/// Which records are new: ids rise, but may come to light late.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct News {
    /// Records up to this id are old.
    pub base: i64,
    /// What `base` becomes when all before it have come to light.
    pub next: i64,
    /// The host's time when `next` was noted.
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
    /// Whether an id is one of a new record that was not met before.
    pub fn is_new(&self, id: i64) -> bool {
        id > self.base && !self.met.contains(0, id)
    }

    /// Takes note of an id; whether it is one of a new record that was not met
    /// before.
    pub fn meet(&mut self, id: i64) -> bool {
        id > self.base && self.met.insert(0, id)
    }

    /// Says that all up to this id are old.
    pub fn start(&mut self, id: i64) {
        if id > MAX_ID {
            self.met.insert(0, id);
        } else {
            self.base = self.base.max(id);
            self.next = self.next.max(id);
        }
    }

    /// Moves on, once nothing older can come to light: after a pass that was
    /// begun long enough after the last one ended. By the host's clock, and at
    /// least one pass later, since HaloPSA's may jump.
    fn turn(&mut self, began: i64, ended: i64) {
        if self.at > ended {
            // The host's clock was put back.
            self.at = ended;
        }
        if began < self.at.saturating_add(IDS_SETTLE_MS) {
            return;
        }
        self.base = self.next;
        self.next = self.met.last_id_up_to(MAX_ID).unwrap_or(0).max(self.next);
        self.at = ended;
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
            read_at: 0,
            wide_at: 0,
            floor: None,
            origin: None,
            pass: None,
            seen: Pairs::default(),
            known: Known::default(),
            prints: Known::default(),
            contents: Known::default(),
            news: News::default(),
            me: None,
            hook: None,
        }
    }

    /// The clock that the trigger goes by. Of clients and users, only the single
    /// record shows when it changed.
    pub fn clock(&self) -> Clock {
        if self.trigger.starts_with("ticket.") { Clock::Rows } else { Clock::Host }
    }

    /// Begins at a time by the clock that the trigger goes by; since when the
    /// first window, which is quiet, reads.
    pub fn begin_at(&mut self, high: i64, costly: bool) -> i64 {
        let from = high.saturating_sub(if costly { COSTLY_LOOK_BACK_MS } else { LOOK_BACK_MS });
        self.floor = Some(from);
        self.origin = Some(from);
        from
    }

    /// Where the next window begins, and whether it is a wide one. `few` is how
    /// many changes it is cheap to read again.
    pub fn reach(&self, now: i64, few: usize) -> (Option<i64>, bool) {
        let is_due = now < self.wide_at || now.saturating_sub(self.wide_at) >= WIDE_EVERY_MS;
        let Some(high) = self.high else { return (self.floor, true) };
        match self.clock() {
            Clock::Host => {
                let wide = is_due || self.seen.len() <= few;
                let back = if wide { LOOK_BACK_MS } else { HOST_OVERLAP_MS };
                // The host's clock may have been ahead, too.
                (Some(high.min(now).saturating_sub(back)), wide)
            }
            Clock::Rows => {
                let (usual, wide) = self.bounds(high, now, few);
                let from = if is_due { wide } else { usual };
                (Some(from), from <= wide)
            }
        }
    }

    /// How far a usual and a wide window reach back, by HaloPSA's clock.
    fn bounds(&self, high: i64, now: i64, few: usize) -> (i64, i64) {
        // HaloPSA's time when the last window began, or somewhat less.
        let last = high.saturating_add(self.read_at.saturating_sub(self.high_at).max(0));
        // Half a second: whether HaloPSA's bound is inclusive is not known.
        let after = |time: i64| time.saturating_add(500);
        // Once nothing older comes to light, a quiet desk reads nothing again.
        let narrow = last.saturating_sub(NARROW_MS).min(after(high));
        let ceiling = now.saturating_add(TOLERANCE_MS);
        let cheap = self.seen.key_before(few, ceiling).map_or(i64::MIN, after);
        let back = last.saturating_sub(LOOK_BACK_MS);
        let usual = narrow.min(cheap.max(back));
        let wide = narrow.min(back).min(cheap.max(last.saturating_sub(FAR_BACK_MS)));
        let floor = self.floor.unwrap_or(i64::MIN);
        (usual.max(floor), wide.max(floor))
    }

    /// Takes back a time that is later than the host's: what an older version
    /// took from a row, or what the host's own clock said when it was wrong.
    /// What changed since it was taken is read then.
    pub fn distrust(&mut self, now: i64) {
        let is_ahead = |time: Option<i64>| time.is_some_and(|time| time > now.saturating_add(TOLERANCE_MS));
        if self.clock() == Clock::Host {
            return;
        }
        if is_ahead(self.high) {
            let since = self.high_at.min(now);
            (self.high, self.high_at, self.read_at, self.wide_at) = (Some(since), since, since, 0);
        }
        if is_ahead(self.floor) {
            self.floor = self.high.map(|high| high.saturating_sub(NARROW_MS));
        }
        if let Some(pass) = &mut self.pass {
            if is_ahead(pass.high) {
                pass.high = None;
            }
            if is_ahead(pass.from)
                && let Some(pass) = self.pass.take()
            {
                self.seen.extend(pass.seen);
            }
        }
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

    /// Ends the pass: its window was read to the end at `ended`, by the host's
    /// clock. `few` as for [`reach`](Self::reach).
    pub fn complete(&mut self, ended: i64, few: usize) {
        let Some(pass) = self.pass.take() else { return };
        let clock = self.clock();
        match clock {
            // A wide window holds all that the next one can hold, too.
            Clock::Host if pass.wide => self.seen = pass.seen,
            Clock::Host | Clock::Rows => self.seen.extend(pass.seen),
        }
        if pass.high > self.high || clock == Clock::Host {
            self.high = pass.high;
            self.high_at = ended;
        }
        self.read_at = pass.began;
        if pass.wide {
            self.wide_at = pass.began;
        }
        self.news.turn(pass.began, ended);
        if let (Clock::Rows, Some(high)) = (clock, self.high) {
            let (usual, wide) = self.bounds(high, ended, few);
            let floor = match self.seen.forgotten_before() {
                Some(forgotten) => wide.max(forgotten.saturating_add(500).min(usual)),
                None => wide,
            };
            self.floor = Some(floor);
            self.seen.keep_from(floor);
        }
    }

    /// Ends a pass over the newest ids.
    pub fn complete_ids(&mut self, ended: i64) {
        if let Some(pass) = self.pass.take() {
            self.news.turn(pass.began, ended);
        }
    }

    /// Ends a pass over targets: what was due until now is past.
    pub fn complete_targets(&mut self) {
        if let Some(pass) = self.pass.take() {
            self.seen.extend(pass.seen);
            // Not the later one: the host's clock may have been ahead.
            self.high = pass.high;
            self.seen.keep_from(self.high.unwrap_or(i64::MIN));
        }
    }

    /// Remembers what a record shows.
    pub fn remember(&mut self, id: i64, print: i64) {
        self.prints.set_among(MAX_PRINTS, id, print);
    }

    /// Remembers what a record showed soon after its creation; what it showed
    /// before.
    pub fn remember_content(&mut self, id: i64, content: i64) -> Option<i64> {
        let before = self.contents.get(id);
        self.contents.set_among(MAX_CONTENTS, id, content);
        before
    }

    /// As text.
    pub fn to_text(&self) -> String {
        let mut state = json!({
            "v": VERSION, "trigger": self.trigger,
            "high": self.high, "at": self.high_at, "read": self.read_at, "wide": self.wide_at,
        });
        let Some(members) = state.as_object_mut() else { return String::new() };
        let mut put = |name: &str, value: Value| {
            members.insert(name.to_string(), value);
        };
        if let Some(floor) = self.floor {
            put("floor", floor.into());
        }
        if let Some(origin) = self.origin {
            put("origin", origin.into());
        }
        if let Some(Pass { stage, from, high, quiet, wide, pager, seen, began }) = &self.pass {
            put("pass", json!([stage.name(), from, high, quiet, pager, seen.pack(), began, wide]));
        }
        if !self.seen.is_empty() {
            put("seen", self.seen.pack().into());
        }
        put("known", self.known.pack().into());
        if !self.prints.is_empty() {
            put("prints", self.prints.pack().into());
        }
        if !self.contents.is_empty() {
            put("contents", self.contents.pack().into());
        }
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
                .with_advice("Begin without a state; what happened meanwhile is not told then.")
        };
        let Ok(Value::Object(members)) = serde_json::from_str(text) else {
            return Err(damaged());
        };
        if members.get("v").and_then(Value::as_u64) != Some(VERSION) {
            return Err(NodeError::new(
                Code::InvalidState,
                "The state of the trigger is of another version of the node.",
            )
            .with_advice("Begin without a state; what happened meanwhile is not told then."));
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
                // Earlier states lack the last one.
                let [stage, from, high, quiet, pager, seen, began, rest @ ..] = pass.as_array()?.as_slice()
                else {
                    return None;
                };
                Some(Pass {
                    stage: Stage::from_name(stage.as_str()?)?,
                    from: from.as_i64(),
                    high: high.as_i64(),
                    quiet: quiet.as_bool()?,
                    wide: rest.first().and_then(Value::as_bool).unwrap_or(false),
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
        let numbers = |name: &str| {
            members.get(name).map_or(Some(Known::default()), |text| Known::unpack(text.as_str()?))
        };
        let time = |name: &str| members.get(name).and_then(Value::as_i64);
        let (high, high_at) = (members.get("high")?.as_i64(), time("at")?);
        // Earlier states remembered ten seconds.
        let floor = time("floor").or(high.map(|high| high.saturating_sub(10_000)));
        Some(Self {
            trigger,
            high,
            high_at,
            read_at: time("read").unwrap_or(high_at),
            wide_at: time("wide").unwrap_or(0),
            floor,
            origin: time("origin").or(floor),
            pass,
            seen: pairs(members.get("seen"))?,
            known: Known::unpack(members.get("known")?.as_str()?)?,
            prints: numbers("prints")?,
            contents: numbers("contents")?,
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
            Self::Ids => "ids",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Prime, Self::Window, Self::Targets, Self::Ids].into_iter().find(|stage| stage.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy() -> State {
        let mut state = State::new("ticket.updated");
        state.high = Some(1_772_357_000_000);
        state.high_at = 1_772_357_003_000;
        state.read_at = 1_772_357_002_000;
        state.wide_at = 1_772_357_001_000;
        state.origin = Some(1_772_350_000_000);
        state.prints.set(5, 1 << 39);
        state.contents.set(6, 1 << 38);
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
            wide: true,
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
            assert_eq!(State::parse(text, trigger).unwrap_err().code(), Code::InvalidState, "{text}");
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
            state.remember(scattered, number.wrapping_mul(7_919_777) % (1 << 40));
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
        news.turn(10_000, 11_000);
        // 102 was made before 103 and comes to light after it.
        assert!(news.is_new(102) && news.meet(102) && !news.meet(103));
        news.turn(16_000, 17_000);
        assert!(news.meet(101));
        news.turn(21_000, 22_000);
        assert!(!news.meet(101) && !news.meet(103) && news.met.is_empty());
    }

    #[test]
    fn an_id_that_no_record_has_makes_no_other_one_old() {
        for strange in [i64::MAX, 1 << 53, MAX_ID + 1] {
            let mut news = News::default();
            news.start(100);
            news.start(strange);
            assert!(!news.meet(strange) && news.meet(101), "{strange}");
            for turn in 1..5 {
                news.turn(turn * 20_000, turn * 20_000);
                assert!(!news.meet(strange) && news.meet(101 + turn), "{strange}");
            }
        }
    }

    #[test]
    fn a_host_clock_that_was_ahead_does_not_keep_ids_from_getting_old() {
        let mut news = News { at: 1_000_000_000, ..News::default() };
        news.meet(7);
        news.turn(1_000, 2_000);
        news.turn(13_000, 14_000);
        news.turn(25_000, 26_000);
        assert_eq!(news.base, 7);
    }

    const HOUR: i64 = 3_600_000;

    /// A state whose last window was begun ten seconds ago.
    fn settled(high: i64) -> State {
        let mut state = State::new("ticket.updated");
        (state.high, state.high_at, state.read_at, state.wide_at) = (Some(high), high, high, high);
        state
    }

    #[test]
    fn a_window_reaches_back_an_hour_where_that_is_cheap_and_now_and_then_where_it_is_not() {
        let now = 1_772_357_000_000;
        let mut state = settled(now);
        assert_eq!(state.reach(now, 75), (Some(now - LOOK_BACK_MS), false));
        (0..200).for_each(|id| assert!(state.meet(now - HOUR / 2, id)));
        // Where many changed at once, not to those.
        assert_eq!(state.reach(now, 75), (Some(now - HOUR / 2 + 500), false));
        let (from, wide) = state.reach(now + WIDE_EVERY_MS, 75);
        assert_eq!((from, wide), (Some(now - LOOK_BACK_MS), true));
    }

    #[test]
    fn a_quiet_desk_reads_nothing_again_once_nothing_older_comes_to_light() {
        let now = 1_772_357_000_000;
        let mut state = settled(now);
        (0..3_000).for_each(|id| assert!(state.meet(now, id)));
        assert_eq!(state.reach(now, 75).0, Some(now - NARROW_MS));
        // A host that was away has not read what came to light meanwhile.
        assert_eq!(state.reach(now + HOUR / 10, 75).0, Some(now - NARROW_MS));
        state.read_at = now + HOUR / 10;
        assert_eq!(state.reach(now + HOUR / 10, 75).0, Some(now + 500));
    }

    #[test]
    fn a_time_in_the_future_that_an_older_version_took_is_taken_back() {
        let now = 1_772_357_000_000;
        let mut state = settled(now - HOUR);
        (state.high, state.floor) = (Some(now + 1_000 * HOUR), Some(now + 1_000 * HOUR));
        state.distrust(now);
        assert_eq!(state.high, Some(now - HOUR));
        assert!(state.reach(now, 75).0 <= Some(now - HOUR - NARROW_MS), "{state:?}");
    }

    #[test]
    fn forged_times_are_taken_without_overflow() {
        for high in [i64::MIN, -1, 0, i64::MAX] {
            for at in [i64::MIN, 0, i64::MAX] {
                for trigger in ["client.updated", "ticket.updated"] {
                    let mut state = State { trigger, ..settled(high) };
                    (state.high_at, state.wide_at, state.news.at) = (at, at, at);
                    let pass = json!(["window", high, high, false, null, "", at]);
                    let text = state.to_text().replacen('{', &format!("{{\"pass\":{pass},"), 1);
                    let mut state = State::parse(&text, trigger).unwrap();
                    state.distrust(1_772_357_000_000);
                    let _ = state.reach(1_772_357_000_000, 75);
                    state.complete(1_772_357_000_000, 75);
                    let _ = state.reach(1_772_357_000_000, 75);
                    state.complete_targets();
                    assert!(State::parse(&state.to_text(), trigger).is_ok());
                }
            }
        }
    }
}
