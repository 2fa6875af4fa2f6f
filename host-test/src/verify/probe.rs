//! A fact about HaloPSA as something that can be asked.

use halopsa_node::number::id;
use serde_json::{Map, Value, json};

use super::Answer;

/// How well a fact is known before anybody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confidence {
    /// A recorded answer of a tenant shows it.
    Live,
    /// Somebody says so who uses it, or the specification does.
    Reported,
    /// Nobody says so.
    Assumed,
}

impl Confidence {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Reported => "reported",
            Self::Assumed => "assumed",
        }
    }
}

/// What judging a probe found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The instance behaves so.
    Holds,
    /// It behaves otherwise, and how.
    Differs(String),
    /// The answers prove nothing, and why.
    Unclear(String),
}

impl Finding {
    /// The word for it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Differs(_) => "differs",
            Self::Unclear(_) => "could not tell",
        }
    }

    /// What there is to say about it.
    #[must_use]
    pub fn how(&self) -> Option<&str> {
        match self {
            Self::Holds => None,
            Self::Differs(how) | Self::Unclear(how) => Some(how),
        }
    }
}

/// A method of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates and updates.
    Post,
    /// Deletes.
    Delete,
}

/// One request of a probe. Path, query and body may name a value of the first row of
/// an earlier answer: `{0.id}`, or its first ten characters: `{0.dateoccurred.day}`;
/// `{ticket}` is the test ticket.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// The method.
    pub method: Method,
    /// The path below `/api`.
    pub path: &'static str,
    /// The query as it would be typed, without `?`.
    pub query: &'static str,
    /// The body of a POST, as JSON.
    pub body: &'static str,
}

impl Ask {
    /// A request that reads.
    #[must_use]
    pub const fn get(path: &'static str, query: &'static str) -> Self {
        Self { method: Method::Get, path, query, body: "" }
    }

    /// A request that creates or updates.
    #[must_use]
    pub const fn post(path: &'static str, query: &'static str, body: &'static str) -> Self {
        Self { method: Method::Post, path, query, body }
    }

    /// A request that deletes.
    #[must_use]
    pub const fn delete(path: &'static str) -> Self {
        Self { method: Method::Delete, path, query: "", body: "" }
    }

    /// The input of `api.request` for it.
    ///
    /// # Errors
    ///
    /// The reason why a placeholder cannot be filled.
    pub fn filled(&self, answers: &[Answer], ticket: Option<i64>) -> Result<Value, String> {
        let method = match self.method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Delete => "DELETE",
        };
        let mut query = Map::new();
        for pair in self.query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            query.insert(name.to_owned(), Value::from(fill(value, answers, ticket)?));
        }
        let path = fill(self.path, answers, ticket)?;
        if self.body.is_empty() {
            return Ok(json!({ "method": method, "path": path, "query": query }));
        }
        let body = fill(self.body, answers, ticket)?;
        let body: Value = serde_json::from_str(&body).map_err(|error| format!("the body: {error}"))?;
        Ok(json!({ "method": method, "path": path, "query": query, "body": body }))
    }
}

/// A text with its placeholders filled. Braces of JSON stay: a placeholder begins with
/// a digit or is `{ticket}`.
fn fill(text: &str, answers: &[Answer], ticket: Option<i64>) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let name = after.split('}').next().unwrap_or_default();
        let is_answer = name.starts_with(|c: char| c.is_ascii_digit());
        let value = match name {
            "ticket" => {
                ticket.map(|id| id.to_string()).ok_or_else(|| "there is no test ticket".to_owned())?
            }
            _ if is_answer => value(name, answers)?,
            _ => {
                filled.push('{');
                rest = after;
                continue;
            }
        };
        filled.push_str(&value);
        rest = after.get(name.len() + 1..).unwrap_or_default();
    }
    filled.push_str(rest);
    Ok(filled)
}

fn value(name: &str, answers: &[Answer]) -> Result<String, String> {
    let missing = || format!("there is no record to ask about ({name})");
    let mut parts = name.split('.');
    let index: usize = parts.next().and_then(|index| index.parse().ok()).ok_or_else(missing)?;
    let key = parts.next().ok_or_else(missing)?;
    let answer = answers.get(index).ok_or_else(missing)?;
    let (_, rows) = answer.list().ok_or_else(missing)?;
    let text = match rows.first().and_then(|row| row.get(key)) {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(value) => id(value).ok_or_else(missing)?.to_string(),
        None => return Err(missing()),
    };
    Ok(match parts.next() {
        Some("day") => text.chars().take(10).collect(),
        _ => text,
    })
}

/// A fact, how to ask for it and how to judge the answers.
#[derive(Debug)]
pub struct Probe {
    /// Stable name.
    pub name: &'static str,
    /// The fact.
    pub says: &'static str,
    /// The section of the fact sheet.
    pub section: &'static str,
    /// How well it is known.
    pub confidence: Confidence,
    /// The requests, one after the other.
    pub asks: &'static [Ask],
    /// Judges the answers to this probe, one for each request: `Ok` where the fact holds.
    pub judged: fn(&Self, &[Answer]) -> Result<(), Finding>,
}

impl Probe {
    /// What the answers say about the fact.
    #[must_use]
    pub fn judge(&self, answers: &[Answer]) -> Finding {
        match (self.judged)(self, answers) {
            Ok(()) => Finding::Holds,
            Err(finding) => finding,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(row: &Value) -> Answer {
        Answer { status: Some(200), body: json!({ "record_count": 1, "tickets": [row] }), code: None }
    }

    #[test]
    fn placeholders_take_values_of_earlier_answers() {
        let answers = [first(&json!({ "id": 17, "dateoccurred": "2026-03-01T08:00:00" }))];
        let ask = Ask::get("/Tickets/{0.id}", "startdate={0.dateoccurred.day}&count=1");
        assert_eq!(
            ask.filled(&answers, None),
            Ok(
                json!({ "method": "GET", "path": "/Tickets/17", "query": { "startdate": "2026-03-01", "count": "1" } })
            )
        );
        let post = Ask::post("/Tickets", "", r#"[{"id": {ticket}, "lookup": {"id": 1}}]"#);
        assert_eq!(post.filled(&[], Some(5)).unwrap()["body"], json!([{ "id": 5, "lookup": { "id": 1 } }]));
        // HaloPSA refuses `17.0` in a path.
        let fraction = [first(&json!({ "id": 17.0 }))];
        assert_eq!(Ask::get("/Tickets/{0.id}", "").filled(&fraction, None).unwrap()["path"], "/Tickets/17");
        assert!(ask.filled(&[first(&json!({}))], None).is_err());
        assert!(ask.filled(&[], None).is_err());
    }
}
