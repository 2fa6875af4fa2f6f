//! What an instance answered, looked at without a look at its values.

use halopsa_node::number::id;
use serde_json::Value;

use super::Finding;

/// The member of an envelope that counts.
const COUNT: &str = "record_count";

/// The answer to one request.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The HTTP status; absent where there was no answer.
    pub status: Option<u16>,
    /// The body; null where the component refused the answer.
    pub body: Value,
    /// The code of the component's error, where there was one.
    pub code: Option<String>,
}

impl Answer {
    /// The property that holds the rows, and the rows: a bare array has no property.
    #[must_use]
    pub fn list(&self) -> Option<(Option<&str>, &[Value])> {
        match self.unwrapped() {
            Value::Array(rows) => Some((None, rows)),
            Value::Object(members) => members.iter().find_map(|(name, value)| {
                let rows = value.as_array()?;
                let is_rows = rows.iter().all(Value::is_object);
                is_rows.then_some((Some(name.as_str()), rows.as_slice()))
            }),
            _ => None,
        }
    }

    /// The rows below this property, or of a bare array.
    ///
    /// # Errors
    ///
    /// A finding that says what came instead.
    pub fn rows(&self, key: &str) -> Result<&[Value], Finding> {
        self.is_read()?;
        let rows = match self.unwrapped() {
            Value::Array(rows) => Some(rows),
            body => body.get(key).and_then(Value::as_array),
        };
        rows.map(Vec::as_slice).ok_or_else(|| {
            let wanted =
                if key.is_empty() { "no bare list".to_owned() } else { format!("no list under `{key}`") };
            Finding::Differs(format!("{wanted}, but {}", shape(&self.body)))
        })
    }

    /// The body, also where an array holds the envelope of the list.
    pub(super) fn unwrapped(&self) -> &Value {
        match self.body.as_array().map(Vec::as_slice) {
            Some([only]) if only.get(COUNT).is_some() => only,
            _ => &self.body,
        }
    }

    /// A single record, also where it comes in an array or as a list of one.
    ///
    /// # Errors
    ///
    /// Where there is no record.
    pub fn record(&self) -> Result<&Value, Finding> {
        self.is_read()?;
        self.only().ok_or_else(|| Finding::Differs(format!("no record, but {}", shape(&self.body))))
    }

    /// The same whatever the status is.
    pub(super) fn only(&self) -> Option<&Value> {
        let is_list = self.body.is_array() || self.body.get(COUNT).is_some();
        match self.list() {
            Some((_, [only])) if is_list => Some(only),
            _ => Some(&self.body).filter(|body| body.is_object() && !is_list),
        }
    }

    /// The same where a list without rows proves nothing.
    ///
    /// # Errors
    ///
    /// Also where there is no row.
    pub fn some_rows(&self, key: &str) -> Result<&[Value], Finding> {
        match self.rows(key)? {
            [] if key.is_empty() => Err(Finding::Unclear("there is no row".to_owned())),
            [] => Err(Finding::Unclear(format!("there is no row under `{key}`"))),
            rows => Ok(rows),
        }
    }

    /// `record_count` of the envelope.
    ///
    /// # Errors
    ///
    /// Where the list has none, or none that can be read.
    pub fn count(&self) -> Result<i64, Finding> {
        self.is_read()?;
        match self.unwrapped().get(COUNT) {
            None => Err(Finding::Unclear(format!("no `{COUNT}` in {}", shape(&self.body)))),
            Some(count) => {
                id(count).ok_or_else(|| Finding::Unclear(format!("`{COUNT}` is {}", shape(count))))
            }
        }
    }

    /// Whether it is an answer to reason about: one with status 200.
    ///
    /// # Errors
    ///
    /// A finding that names the status.
    pub fn is_read(&self) -> Result<(), Finding> {
        match self.status {
            Some(200) if self.code.is_none() => Ok(()),
            _ => Err(Finding::Unclear(self.outcome())),
        }
    }

    /// The status in words.
    #[must_use]
    pub fn outcome(&self) -> String {
        match (self.status, &self.code) {
            (Some(status), Some(code)) => format!("status {status} ({code})"),
            (Some(status), None) => format!("status {status}"),
            (None, Some(code)) => format!("no answer ({code})"),
            (None, None) => "no answer".to_owned(),
        }
    }
}

/// What kind of JSON it is, with the names of an object's keys.
#[must_use]
pub(super) fn shape(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(_) => "a boolean".to_owned(),
        Value::Number(_) => "a number".to_owned(),
        Value::String(_) => "a text".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => format!("an object with {}", names(value).join(", ")),
    }
}

/// The most names that are given of one object.
const MAX_NAMES: usize = 200;

/// The names of an object's keys. A key that does not look like a name may be a
/// value, such as an address that something is filed under: it is counted only.
#[must_use]
pub fn names(value: &Value) -> Vec<String> {
    let Some(members) = value.as_object() else {
        return Vec::new();
    };
    let is_name = |name: &&String| {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
        (1..=60).contains(&name.len()) && name.chars().all(fits) && name.chars().any(|c| !c.is_ascii_digit())
    };
    let mut found: Vec<String> = members.keys().filter(is_name).take(MAX_NAMES).cloned().collect();
    found.sort_unstable();
    let others = members.len() - found.len();
    if others > 0 {
        found.push(format!("({others} more)"));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_that_may_be_a_value_is_counted_and_not_named() {
        let odd = json!({ "id": 1, "anna@client.example": 2, "+49 30 55": 3, "4711": 4, "_canupdate": true });
        assert_eq!(names(&odd), ["_canupdate", "id", "(3 more)"]);
        assert_eq!(shape(&json!("secret")), "a text");
    }

    #[test]
    fn an_envelope_or_a_record_in_an_array_is_found() -> Result<(), Finding> {
        let read = |body: Value| Answer { status: Some(200), body, code: None };
        let wrapped = read(json!([{ "record_count": "2", "tickets": [{ "id": 1 }, { "id": 2 }] }]));
        assert_eq!((wrapped.rows("tickets")?.len(), wrapped.count()?), (2, 2));
        let record = json!({ "id": 1, "fields": [{ "id": 2 }] });
        for body in [record.clone(), json!([&record]), json!({ "record_count": 1, "records": [&record] })] {
            assert_eq!(read(body).record()?, &record);
        }
        assert!(read(json!({ "record_count": 0, "records": [] })).record().is_err());
        Ok(())
    }

    #[test]
    fn an_answer_without_the_list_says_what_came_instead() {
        let answer = Answer { status: Some(200), body: json!({ "audits": [] }), code: None };
        assert_eq!(
            answer.rows("audit"),
            Err(Finding::Differs("no list under `audit`, but an object with audits".to_owned()))
        );
        let refused = Answer { status: Some(403), ..Answer::default() };
        assert_eq!(refused.rows("audit"), Err(Finding::Unclear("status 403".to_owned())));
    }
}
