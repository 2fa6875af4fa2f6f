//! Dates without an offset are read in the time zone of the call.
//!
//! The component knows no time zone database. A zone is understood where it
//! says its rule itself: an offset such as `+02:00`, a POSIX rule such as
//! `EST5EDT,M3.2.0,M11.1.0`, or a name that stands for one fixed offset
//! (`UTC`, `Etc/GMT+5`). In any other zone such dates are taken as UTC, and a
//! diagnostic says so.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// The time zone of a call.
#[derive(Debug, Clone, Default)]
pub enum Zone {
    /// The host named none: UTC.
    #[default]
    NotNamed,
    /// The host named one that the component cannot read.
    NotReadable,
    /// The one that the host named.
    Known(TimeZone),
}

impl Zone {
    /// Reads the `time-zone` of a call.
    pub fn parse(name: Option<&str>) -> Self {
        let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else { return Self::NotNamed };
        match fixed(name).map(TimeZone::fixed).or_else(|| TimeZone::posix(name).ok()) {
            Some(zone) => Self::Known(zone),
            None => Self::NotReadable,
        }
    }

    /// The instant of a date and time of this zone. One that its clocks show
    /// twice is the earlier one; one that they skip is moved on.
    pub(super) fn instant(&self, local: DateTime) -> Option<Timestamp> {
        match self {
            Self::Known(zone) => zone.to_ambiguous_timestamp(local).compatible().ok(),
            Self::NotNamed | Self::NotReadable => Offset::UTC.to_timestamp(local).ok(),
        }
    }
}

/// A zone that never changes its offset.
fn fixed(name: &str) -> Option<Offset> {
    const UTC: &[&str] = &["Z", "UTC", "GMT", "UCT", "Zulu", "Universal", "Greenwich", "GMT0"];
    let short = name.strip_prefix("Etc/").unwrap_or(name);
    if UTC.iter().any(|utc| utc.eq_ignore_ascii_case(short)) {
        return Some(Offset::UTC);
    }
    // West of Greenwich is positive in these names.
    if let Some(hours) = name.strip_prefix("Etc/GMT") {
        return Offset::from_hours(hours.parse::<i8>().ok()?.checked_neg()?).ok();
    }
    let written = ["UTC", "GMT"].iter().find_map(|start| name.strip_prefix(start)).unwrap_or(name);
    let (sign, digits) = match written.strip_prefix('+') {
        Some(digits) => (1, digits),
        None => (-1, written.strip_prefix(['-', '\u{2212}'])?),
    };
    let (hours, minutes) = match (digits.split_once(':'), digits.len()) {
        (Some(parts), _) => parts,
        (None, 4) => digits.split_at_checked(2)?,
        (None, _) => (digits, "0"),
    };
    let number = |text: &str, most: i32| {
        let plain = matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i32>().ok().filter(|number| plain && *number <= most)
    };
    Offset::from_seconds(sign * (number(hours, 14)? * 3_600 + number(minutes, 59)? * 60)).ok()
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    fn utc(zone: &str, local: &str) -> Option<String> {
        match Zone::parse(Some(zone)) {
            zone @ Zone::Known(_) => {
                zone.instant(local.parse().unwrap()).map(|instant| alloc::format!("{instant}"))
            }
            Zone::NotNamed | Zone::NotReadable => None,
        }
    }

    #[test]
    fn offsets_and_rules_are_read() {
        const NEW_YORK: &str = "EST5EDT,M3.2.0,M11.1.0";
        for (zone, local, instant) in [
            ("+02:00", "2026-11-21T10:00", "2026-11-21T08:00:00Z"),
            ("-05:00", "2026-11-21T10:00", "2026-11-21T15:00:00Z"),
            ("+0530", "2026-11-21T10:00", "2026-11-21T04:30:00Z"),
            ("UTC+2", "2026-11-21T10:00", "2026-11-21T08:00:00Z"),
            ("Etc/GMT+5", "2026-11-21T10:00", "2026-11-21T15:00:00Z"),
            ("utc", "2026-11-21T10:00", "2026-11-21T10:00:00Z"),
            (NEW_YORK, "2026-11-21T10:00", "2026-11-21T15:00:00Z"),
            (NEW_YORK, "2026-07-21T10:00", "2026-07-21T14:00:00Z"),
            // An hour that the clocks skip, and one that they show twice.
            (NEW_YORK, "2026-03-08T02:30", "2026-03-08T07:30:00Z"),
            (NEW_YORK, "2026-11-01T01:30", "2026-11-01T05:30:00Z"),
            ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-07-21T00:00", "2026-07-20T22:00:00Z"),
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-15T09:00", "2026-01-14T22:00:00Z"),
            ("<+0330>-3:30", "2026-01-15T09:00", "2026-01-15T05:30:00Z"),
        ] {
            assert_eq!(utc(zone, local).as_deref(), Some(instant), "{zone} {local}");
        }
    }

    #[test]
    fn what_names_no_rule_is_not_guessed() {
        for zone in
            ["Europe/Berlin", "America/New_York", "Mars/Base", "+25:00", "+1:75", "5", "+", "EST5EDT,x"]
        {
            assert!(matches!(Zone::parse(Some(zone)), Zone::NotReadable), "{zone}");
        }
        assert!(matches!(Zone::parse(None), Zone::NotNamed));
        assert!(matches!(Zone::parse(Some("  ")), Zone::NotNamed));
    }
}
