//! Takes people, texts, addresses and secrets out of a record.
//!
//! By a list of what may stay, not of what must go: numbers, switches, dates,
//! colours and ids stay, and the texts that name the configuration of a desk
//! (`CONFIGURATION`). Names of records that are people, firms or papers become a
//! title and the id, and every other text goes. What stays is looked at once more:
//! a mail address, a phone number or the name of an agent in it replaces it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::sources::Source;

/// Texts that name the configuration of a desk, or are words of HaloPSA's own.
const CONFIGURATION: &[&str] = &[
    "name",
    "label",
    "labellong",
    "override_fieldname",
    "fieldname",
    "field_name",
    "hint",
    "outcome",
    "buttonname",
    "group_name",
    "shortname",
    "slaaction",
    "status_name",
    "team_name",
    "department_name",
    "long_name",
    "workday_name",
    "category_name",
    "value",
    "value2",
    "text",
    "assettype_name",
    "assetgroup_name",
    "keyfield_name",
    "tagprefix",
    "symbol",
    "code",
    "service_category_name",
    "default_team",
    "default_category_1",
    "responseunits",
    "fixunits",
    "timezone",
    "start",
    "end",
    "use",
    "icon",
    "area_use_name",
    "nextcreationperiod",
];

/// Texts of tickets, actions and papers that are words of the configuration, too.
const OF_RECORDS: &[&str] = &[
    "category_1",
    "category_2",
    "category_3",
    "category_4",
    "team",
    "outcome",
    "use",
    "status_name",
    "tickettype_name",
    "slaresponsestate",
    "contract_status",
    "nextcreationperiod",
    "currency",
];

/// Keys whose value is the name of a ticket or a paper.
const NAMES: &[&str] = &["summary", "title", "ref", "invoicenumber"];

/// Numbers that may be somebody's.
const PERSONAL_NUMBERS: &[&str] = &["phone", "mobile", "fax", "bank", "tax_number", "account"];

/// Takes out what is somebody's.
#[derive(Debug, Default)]
pub struct Scrubber {
    people: BTreeSet<String>,
}

impl Scrubber {
    /// Remembers the names of a person, for the second look.
    pub fn learn(&mut self, person: &Value) {
        for name in ["name", "email", "emailaddress", "firstname", "surname"] {
            let text = person.get(name).and_then(Value::as_str).map(str::trim).unwrap_or_default();
            // Shorter ones stand in half of all words.
            let is_ours =
                text.rsplit_once(' ').is_some_and(|(_, id)| id.bytes().all(|byte| byte.is_ascii_digit()));
            if text.chars().count() >= 4 && !is_ours && !text.eq_ignore_ascii_case("unassigned") {
                self.people.insert(text.to_lowercase());
            }
        }
    }

    /// A record without what is somebody's; `None` where it is no object.
    #[must_use]
    pub fn record(&self, source: &Source, record: &Value) -> Option<Map<String, Value>> {
        let members = record.as_object()?;
        let id = match members.get("id") {
            Some(Value::String(text)) if is_code(text) => text.clone(),
            Some(id) => whole(id).map(|id| id.to_string()).unwrap_or_default(),
            None => String::new(),
        };
        Some(self.object(source, members, &id))
    }

    fn object(&self, source: &Source, members: &Map<String, Value>, id: &str) -> Map<String, Value> {
        members
            .iter()
            .filter(|(name, _)| is_name(name))
            .filter_map(|(name, value)| Some((name.clone(), self.value(source, name, value, id)?)))
            .collect()
    }

    /// What is left of a value; `None` where nothing is.
    fn value(&self, source: &Source, name: &str, value: &Value, id: &str) -> Option<Value> {
        match value {
            Value::Null => None,
            Value::Bool(_) => Some(value.clone()),
            Value::Number(_) if PERSONAL_NUMBERS.iter().any(|personal| name.contains(personal)) => None,
            // The value of a custom field may be anybody's number.
            Value::Number(_) if name == "value" && !source.title.is_empty() => None,
            Value::Number(_) => Some(value.clone()),
            Value::String(text) => self.text(source, name, text, id).map(Value::String),
            Value::Array(values) => {
                // Texts in a list have no name that says what they are.
                let kept = values.iter().filter(|value| !value.is_string());
                Some(kept.filter_map(|value| self.value(source, name, value, id)).collect())
            }
            Value::Object(members) => Some(Value::Object(self.object(source, members, id))),
        }
    }

    fn text(&self, source: &Source, name: &str, text: &str, id: &str) -> Option<String> {
        if text.is_empty() || is_date(text) || is_colour(text) {
            return Some(text.to_owned());
        }
        if matches!(name, "id" | "guid") && is_code(text) {
            return Some(text.to_owned());
        }
        let is_record = !source.title.is_empty();
        let stays = if is_record { OF_RECORDS } else { CONFIGURATION };
        if stays.contains(&name) && !self.is_somebodys(text) {
            return Some(text.to_owned());
        }
        if name == "name" || (is_record && NAMES.contains(&name)) {
            let title = if is_record { source.title } else { "Name" };
            return Some(format!("{title} {id}").trim_end().to_owned());
        }
        if is_record && matches!(name, "details" | "note") {
            return Some(format!("Text of {} {id}", source.title.to_lowercase()));
        }
        None
    }

    /// Whether a text that may stay holds an address, a phone number or a person.
    fn is_somebodys(&self, text: &str) -> bool {
        let lower = text.to_lowercase();
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        text.contains('@')
            || digits >= 7
            || text.chars().count() > 200
            || self.people.iter().any(|name| lower.contains(name.as_str()))
    }
}

/// Whether a key is a name and not something filed under a value.
fn is_name(name: &str) -> bool {
    name.len() <= 60 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A whole number, also as `12.0`.
pub(super) fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 9.0e15)?;
        Some(number as i64)
    })
}

fn is_date(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).take(19).collect();
    matches!(shape.as_str(), "0000-00-00T00:00:00" | "0000-00-00" | "00:00:00" | "00:00") && text.len() <= 30
}

fn is_colour(text: &str) -> bool {
    let hex = text.strip_prefix('#').unwrap_or_default();
    matches!(hex.len(), 3 | 6 | 8) && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A GUID or a number.
fn is_code(text: &str) -> bool {
    (text.len() == 36 || text.len() <= 12)
        && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sources::{SAMPLE, SET_UP};
    use super::*;

    fn source(path: &str) -> &'static Source {
        SET_UP.iter().find(|source| source.path == path).unwrap()
    }

    #[test]
    fn names_of_the_configuration_stay_unless_they_are_somebodys() {
        let mut scrubber = Scrubber::default();
        scrubber.learn(&json!({ "name": "Anna Muster", "email": "anna@desk.example" }));
        let scrub = |name: &str| {
            let record =
                json!({ "id": 4, "name": name, "sequence": 2, "note": "call me", "colour": "#2bd3c6" });
            Value::from(scrubber.record(source("/Status"), &record).unwrap())
        };
        let kept = json!({ "id": 4, "name": "With User", "sequence": 2, "colour": "#2bd3c6" });
        assert_eq!(scrub("With User"), kept);
        for name in ["Ask anna muster", "Mail a@b.example", "Call +49 30 5555 123"] {
            assert_eq!(scrub(name)["name"], "Name 4", "{name}");
        }
    }

    #[test]
    fn a_ticket_keeps_ids_and_dates_and_no_text() {
        let scrubber = Scrubber::default();
        let ticket = json!({
            "id": 17, "summary": "Anna cannot print", "details": "Room 5", "category_1": "Hardware>Printer",
            "dateoccurred": "2026-03-01T08:00:00.1", "client_id": 12, "user_email": "anna@client.example",
            "customfields": [{ "id": 201, "name": "CFLocation", "value": "Room 5", "display": "Room 5" },
                             { "id": 202, "name": "CFPhone", "value": 4930555 }],
            "anna@client.example": 1, "contactphone": 4930555, "tags": ["Anna"],
        });
        let scrubbed = Value::from(scrubber.record(&SAMPLE, &ticket).unwrap());
        assert_eq!(
            scrubbed,
            json!({
                "id": 17, "summary": "Ticket 17", "details": "Text of ticket 17",
                "category_1": "Hardware>Printer", "dateoccurred": "2026-03-01T08:00:00.1", "client_id": 12,
                "customfields": [{ "id": 201, "name": "Ticket 17" }, { "id": 202, "name": "Ticket 17" }],
                "tags": [],
            })
        );
    }

    #[test]
    fn scrubbing_twice_is_scrubbing_once() {
        let scrubber = Scrubber::default();
        let agent = json!({ "id": 5, "name": "Anna Muster", "email": "anna@desk.example", "teams": [{ "team_id": 1, "team_name": "Desk" }] });
        let source = source("/Agent");
        let once = Value::from(scrubber.record(source, &agent).unwrap());
        assert_eq!(once["name"], "Agent 5");
        assert_eq!(Value::from(scrubber.record(source, &once).unwrap()), once);
    }
}
