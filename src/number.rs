//! Whole numbers that travel as fractions.
//!
//! Some endpoints send ids as `12.0`, programs write `95.0`, and HaloPSA refuses
//! a fraction where it wants an id (HAPI §4, §14.15).

use serde_json::{Number, Value};

/// The largest integer below which a double holds every whole number.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The whole number that this is, if it is one.
pub fn whole(number: &Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let float = number.as_f64().filter(|float| float.abs() <= EXACT)?;
        #[expect(clippy::cast_possible_truncation, reason = "the range is checked above")]
        let whole = float as i64;
        #[expect(clippy::cast_precision_loss, reason = "the range is checked above")]
        let same = whole as f64 == float;
        same.then_some(whole)
    })
}

/// The id in a member of an answer: a whole number, or one that is written as
/// text, as some endpoints and proxies do.
pub fn id(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => whole(number),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_without_a_fraction_are_whole() {
        let of = |float: f64| Number::from_f64(float).as_ref().and_then(whole);
        assert_eq!((of(12.0), of(-3.0), of(9.5), of(1e300)), (Some(12), Some(-3), None, None));
        assert_eq!(whole(&Number::from(i64::MAX)), Some(i64::MAX));
    }

    #[test]
    fn an_id_may_be_written_as_text() {
        for (value, expected) in [
            (Value::from(718), Some(718)),
            (Value::from(718.0), Some(718)),
            (Value::from("718"), Some(718)),
            (Value::from(" -94 "), Some(-94)),
            (Value::from("SR-718"), None),
            (Value::from(""), None),
            (Value::Null, None),
        ] {
            assert_eq!(id(&value), expected, "{value}");
        }
    }
}
