//! Dates as HaloPSA writes them (HAPI §1.11, §14.21, §14.22) and as people do.

use alloc::format;
use alloc::string::String;

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::Offset;

/// Dates before this year stand for "never": 1900-01-01 and its relatives.
const FIRST_REAL_YEAR: i16 = 1980;

/// Reads a date, as UTC where it names no offset: with up to nine digits of a
/// second, or a day alone.
fn parse(text: &str) -> Option<DateTime> {
    let text = text.trim();
    // Not as an instant: those end a day before the year 10000, whose last day
    // stands for "no end".
    if let Some(civil) = text.strip_suffix('Z') {
        return civil.parse().ok();
    }
    match text.parse::<Timestamp>() {
        Ok(instant) => Some(Offset::UTC.to_datetime(instant)),
        Err(_) => text.parse().ok(),
    }
}

/// The readable form of a date of an answer, or nothing for "never".
pub fn readable(text: &str) -> Option<String> {
    let civil = parse(text)?;
    (civil.year() >= FIRST_REAL_YEAR).then(|| format!("{civil}Z"))
}

/// Whether a text is a date, real or one that stands for "never".
pub fn is_date(text: &str) -> bool {
    parse(text).is_some()
}

/// Whether a text is one of the dates that stand for "none": a day that HaloPSA
/// writes where a date is not set, at midnight. With another time the day stands
/// for none, and the time of day is meant.
pub fn is_unset(text: &str) -> bool {
    const DAYS: &[&str] = &["1900-01-01", "1899-12-30", "0001-01-01"];
    let text = text.trim();
    let Some((day, time)) = text.split_at_checked(10) else { return false };
    let time = time.strip_prefix(['T', ' ']).unwrap_or(time);
    let time = time.strip_suffix('Z').or_else(|| time.strip_suffix("+00:00")).unwrap_or(time);
    DAYS.contains(&day) && time.bytes().all(|byte| matches!(byte, b'0' | b':' | b'.'))
}

/// An instant of an answer in milliseconds since 1970, or nothing for "never".
pub fn instant(text: &str) -> Option<i64> {
    let civil = parse(text).filter(|civil| civil.year() >= FIRST_REAL_YEAR)?;
    Offset::UTC.to_timestamp(civil).ok().map(Timestamp::as_millisecond)
}

/// An instant as RFC 3339.
pub fn from_instant(milliseconds: i64) -> String {
    Timestamp::from_millisecond(milliseconds).map(|instant| format!("{instant}")).unwrap_or_default()
}

/// A date as a person gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// With an offset, so an instant: its date and time in UTC.
    Instant(DateTime),
    /// Without one: what it means depends on where.
    Local(DateTime),
}

/// Reads a date of an input: with or without an offset, or a day alone.
pub fn given(text: &str) -> Option<Given> {
    let text = text.trim();
    // Not as an instant: those end a day before the year 10000, whose last day
    // stands for "no end".
    if let Some(civil) = text.strip_suffix(['Z', 'z']) {
        return civil.parse().ok().map(Given::Instant);
    }
    match text.parse::<Timestamp>() {
        Ok(instant) => Some(Given::Instant(Offset::UTC.to_datetime(instant))),
        Err(_) => text.parse().ok().map(Given::Local),
    }
}

/// The form that HaloPSA reads: UTC without an offset.
pub fn wire(utc: DateTime) -> Option<String> {
    if utc.year() <= 0 {
        return None;
    }
    let whole = DateTime::from_parts(utc.date(), utc.time().with().subsec_nanosecond(0).build().ok()?);
    let milliseconds = utc.subsec_nanosecond() / 1_000_000;
    Some(if milliseconds == 0 { format!("{whole}") } else { format!("{whole}.{milliseconds:03}") })
}

/// [`given`], taken as UTC, in the form of the [`wire`].
pub fn to_wire(text: &str) -> Option<String> {
    match given(text)? {
        Given::Instant(civil) | Given::Local(civil) => wire(civil),
    }
}

/// `HH:mm:ss` from `HH:mm` or `HH:mm:ss`.
pub fn time_to_wire(text: &str) -> Option<String> {
    let time = text.parse::<Time>().ok().filter(|_| matches!(text.len(), 5 | 8))?;
    Some(format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_halo_is_read() {
        for text in [
            "2026-03-01T09:15:02",
            "2026-03-01T09:15:02Z",
            "2026-03-01T09:15:02.0000000",
            "2026-03-01T09:15:02.0000000Z",
            "2026-03-01T10:15:02+01:00",
            " 2026-03-01 09:15:02 ",
        ] {
            assert_eq!(readable(text).as_deref(), Some("2026-03-01T09:15:02Z"), "{text}");
        }
        assert_eq!(readable("2026-03-01T09:15:02.147").as_deref(), Some("2026-03-01T09:15:02.147Z"));
        assert_eq!(readable("2026-03-01").as_deref(), Some("2026-03-01T00:00:00Z"));
    }

    #[test]
    fn an_instant_is_a_number_and_back() {
        assert_eq!(instant("2026-03-01T09:15:02").map(from_instant).as_deref(), Some("2026-03-01T09:15:02Z"));
        assert_eq!(
            instant("2026-03-01T10:15:02.147+01:00").map(from_instant).as_deref(),
            Some("2026-03-01T09:15:02.147Z")
        );
        assert_eq!(instant("1900-01-01T00:00:00"), None);
    }

    #[test]
    fn never_is_nothing() {
        for text in ["1900-01-01T00:00:00", "1899-12-30T00:00:00", "0001-01-01T00:00:00", "", "soon"] {
            assert_eq!(readable(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_that_is_not_set_is_known_anywhere() {
        for text in [
            "1900-01-01T00:00:00",
            "1900-01-01T00:00:00Z",
            "1900-01-01T00:00:00.0000000",
            "1900-01-01 00:00:00",
            "1899-12-30T00:00:00+00:00",
            "0001-01-01T00:00:00",
            "0001-01-01",
        ] {
            assert!(is_unset(text), "{text}");
        }
        for text in
            ["1900-01-01T09:30:00", "1900-01-02", "2026-03-01T00:00:00", "1900", "", "1900-01-01 (est.)"]
        {
            assert!(!is_unset(text), "{text}");
        }
    }

    #[test]
    fn what_people_write_becomes_utc() {
        assert_eq!(to_wire("2026-03-01T10:15:02+01:00").as_deref(), Some("2026-03-01T09:15:02"));
        assert_eq!(to_wire("2026-03-01T09:15:02.5Z").as_deref(), Some("2026-03-01T09:15:02.500"));
        assert_eq!(to_wire("2026-03-01").as_deref(), Some("2026-03-01T00:00:00"));
        assert_eq!(to_wire("9999-12-31T23:59:59Z").as_deref(), Some("9999-12-31T23:59:59"));
        for wrong in ["1 March", "", "-000044-03-15", "2026-02-30"] {
            assert_eq!(to_wire(wrong), None, "{wrong}");
        }
        for wrong in ["9:30", "24:00", "25:99", "12", "09:15:00.5", "2026-03-01T09:15:00+23:59"] {
            assert_eq!(time_to_wire(wrong), None, "{wrong}");
        }
        assert_eq!(time_to_wire("09:30").as_deref(), Some("09:30:00"));
    }
}
