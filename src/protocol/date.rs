//! Dates as HaloPSA writes them (HAPI 1.11, 14.21, 14.22) and as people do.

use alloc::format;
use alloc::string::{String, ToString};

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::Offset;

/// Dates before this year stand for "never": 1900-01-01 and its relatives.
const FIRST_REAL_YEAR: i16 = 1980;

/// Reads a date of an answer: UTC with or without `Z`, with up to nine digits
/// of a second, or a day alone.
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    let civil = text.parse::<DateTime>().ok()?;
    Offset::UTC.to_timestamp(civil).ok()
}

/// The readable form of a date of an answer, or nothing for "never".
pub fn readable(text: &str) -> Option<String> {
    let instant = parse(text)?;
    let civil = Offset::UTC.to_datetime(instant);
    (civil.year() >= FIRST_REAL_YEAR).then(|| instant.to_string())
}

/// The form that HaloPSA reads, from what a person may give: an instant with
/// an offset, or a date and time, or a day, taken as UTC.
pub fn to_wire(text: &str) -> Option<String> {
    let instant = parse(text)?;
    let civil = Offset::UTC.to_datetime(instant);
    // Printed by hand: strftime would weigh 14 KB in the component.
    let (year, month, day) = (civil.year(), civil.month(), civil.day());
    let (hour, minute, second) = (civil.hour(), civil.minute(), civil.second());
    let mut wire = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    let fraction = civil.subsec_nanosecond() / 1_000_000;
    if fraction != 0 {
        wire.push_str(&format!(".{fraction:03}"));
    }
    Some(wire)
}

/// `HH:mm:ss` from `HH:mm` or `HH:mm:ss`.
pub fn time_to_wire(text: &str) -> Option<String> {
    let time = text.trim().parse::<Time>().ok()?;
    Some(format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second()))
}

/// Reads a date of an HTTP header, in the one form that servers may send
/// (RFC 9110, 5.6.7), such as `Sun, 01 Mar 2026 09:00:30 GMT`.
pub fn parse_http(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut parts = text.split(' ').skip(1);
    let (day, month, year, time) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    format!("{year}-{month:02}-{day}T{time}Z").parse().ok()
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
    fn never_is_nothing() {
        for text in ["1900-01-01T00:00:00", "1899-12-30T00:00:00", "0001-01-01T00:00:00", "", "soon"] {
            assert_eq!(readable(text), None, "{text}");
        }
    }

    #[test]
    fn what_people_write_becomes_utc() {
        assert_eq!(to_wire("2026-03-01T10:15:02+01:00").as_deref(), Some("2026-03-01T09:15:02"));
        assert_eq!(to_wire("2026-03-01T09:15:02.5Z").as_deref(), Some("2026-03-01T09:15:02.500"));
        assert_eq!(to_wire("2026-03-01").as_deref(), Some("2026-03-01T00:00:00"));
        assert_eq!(to_wire("1 March"), None);
        assert_eq!(time_to_wire("9:30"), None);
        assert_eq!(time_to_wire("09:30").as_deref(), Some("09:30:00"));
    }

    #[test]
    fn http_dates_are_read() {
        let instant = parse_http("Sun, 01 Mar 2026 09:00:30 GMT").map(|instant| instant.to_string());
        assert_eq!(instant.as_deref(), Some("2026-03-01T09:00:30Z"));
        for wrong in
            ["tomorrow", "Sun, 01 Mar 2026", "Sun, 01 anF 2026 09:00:30 GMT", "Sun, 32 Mar 2026 09:00:30 GMT"]
        {
            assert_eq!(parse_http(wrong), None, "{wrong}");
        }
    }
}
