//! Dates as HaloPSA writes and reads them (HAPI §1.11, §6.1, §14.21–22).
//!
//! Written: UTC without `Z`, a fraction only where there is one. Read: with or
//! without `Z` or offset, 0 to 9 fraction digits, or a day alone. The written
//! form sorts as text, so that filters compare without parsing rows again.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// HaloPSA's "no date".
pub(crate) const NO_DATE: &str = "1900-01-01T00:00:00";

/// A moment in the written form, to the millisecond.
#[must_use]
pub(crate) fn wire(moment: Timestamp) -> String {
    civil_text(moment.to_zoned(TimeZone::UTC).datetime())
}

/// Any accepted form in the written form; `None` where it is no date.
#[must_use]
pub(crate) fn canonical(text: &str) -> Option<String> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(wire(moment));
    }
    text.parse::<DateTime>().ok().map(civil_text)
}

/// The last moment that an upper bound includes: a bare day means all of it.
#[must_use]
pub(crate) fn upper_bound(text: &str) -> Option<String> {
    let day = canonical(text)?;
    if text.trim().len() <= "2026-01-01".len() {
        return day.split('T').next().map(|day| format!("{day}T23:59:59.999"));
    }
    Some(day)
}

fn civil_text(moment: DateTime) -> String {
    let whole = moment.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    match moment.millisecond() {
        0 => whole,
        ms => format!("{whole}.{}", format!("{ms:03}").trim_end_matches('0')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_input_forms_mean_the_same_moment() {
        for form in [
            "2026-08-01T06:30:00",
            "2026-08-01T06:30:00Z",
            "2026-08-01T06:30:00.000000Z",
            "2026-08-01T08:30:00+02:00",
            "2026-08-01 06:30:00",
            "2026-08-01T06:30",
        ] {
            assert_eq!(canonical(form).as_deref(), Some("2026-08-01T06:30:00"), "{form}");
        }
    }

    #[test]
    fn a_fraction_is_kept_without_trailing_zeros_and_sorts_as_text() {
        let fractions = ["2026-03-01T09:15:02", "2026-03-01T09:15:02.147", "2026-03-01T09:15:02.2"];
        for form in fractions {
            assert_eq!(canonical(form).as_deref(), Some(form));
        }
        assert!(fractions.is_sorted());
    }

    #[test]
    fn a_day_alone_starts_at_midnight_and_ends_with_the_day() {
        assert_eq!(canonical("2026-03-01").as_deref(), Some("2026-03-01T00:00:00"));
        assert_eq!(upper_bound("2026-03-01").as_deref(), Some("2026-03-01T23:59:59.999"));
        assert_eq!(canonical("yesterday"), None);
    }
}
