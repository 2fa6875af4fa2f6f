//! Takes people, texts, addresses and secrets out of a record.
//!
//! By a list of what may stay, not of what must go: numbers, switches, dates,
//! colours and ids stay, and the texts that name the configuration of a desk
//! (`CONFIGURATION`). Names of records that are people, firms or papers become a
//! title and the id, and every other text goes. What stays is looked at once more:
//! a mail address, a phone number or a name of somebody ([`Names`]) in it replaces it.

use halopsa_node::number;
use serde_json::{Map, Value};

use super::names::{self, Names};
use super::sources::Source;

/// Texts that name the configuration of a desk, or are words of HaloPSA's own.
const CONFIGURATION: &[&str] = &[
    "name",
    "label",
    "labellong",
    "override_fieldname",
    "fieldname",
    "field_name",
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
    "mainentity",
];

/// Keys whose value is the name of a ticket or a paper.
const NAMES: &[&str] = &["summary", "title", "ref", "invoicenumber"];

/// Numbers that may be somebody's.
const PERSONAL_NUMBERS: &[&str] = &["phone", "mobile", "fax", "bank", "tax_number", "account"];

/// Parts of the name of a list or an object that holds people or firms: names in it go,
/// whatever it belongs to.
const OF_PEOPLE: &[&str] = &[
    "agent",
    "user",
    "client",
    "customer",
    "contact",
    "supplier",
    "site",
    "organisation",
    "recipient",
    "mail",
];

/// A record without what is somebody's; `None` where it is no object.
#[must_use]
pub fn record(names: &Names, source: &Source, record: &Value) -> Option<Map<String, Value>> {
    let members = record.as_object()?;
    let id = match members.get("id") {
        Some(Value::String(text)) if is_code(text) => text.clone(),
        Some(id) => number::id(id).map(|id| id.to_string()).unwrap_or_default(),
        None => String::new(),
    };
    Some(Scrub { names, source, id: &id, of_people: false, custom: false }.object(members))
}

/// What is known about the place of a value.
#[derive(Clone, Copy)]
struct Scrub<'a> {
    names: &'a Names,
    source: &'a Source,
    /// The id of the record.
    id: &'a str,
    /// Inside of a list of people or firms.
    of_people: bool,
    /// Inside of the custom fields of a record.
    custom: bool,
}

impl Scrub<'_> {
    fn object(self, members: &Map<String, Value>) -> Map<String, Value> {
        members
            .iter()
            .filter(|(name, _)| is_name(name))
            .filter_map(|(name, value)| Some((name.clone(), self.value(name, value)?)))
            .collect()
    }

    /// What is left of a value; `None` where nothing is.
    fn value(self, name: &str, value: &Value) -> Option<Value> {
        match value {
            Value::Null => None,
            Value::Bool(_) => Some(value.clone()),
            Value::Number(_) if PERSONAL_NUMBERS.iter().any(|personal| name.contains(personal)) => None,
            // The value of a custom field may be anybody's number.
            Value::Number(_) if name == "value" && (self.custom || self.is_record()) => None,
            Value::Number(_) => Some(value.clone()),
            // Some endpoints and proxies write ids as texts.
            Value::String(text) if name.ends_with("id") && is_number(text) => {
                number::id(value).map(Value::from)
            }
            Value::String(text) => self.text(name, text).map(Value::String),
            Value::Array(values) => {
                // Texts in a list have no name that says what they are.
                let kept = values.iter().filter(|value| !value.is_string());
                let inner = self.inside(name);
                Some(kept.filter_map(|value| inner.value(name, value)).collect())
            }
            Value::Object(members) => Some(Value::Object(self.inside(name).object(members))),
        }
    }

    fn inside(self, name: &str) -> Self {
        Self {
            of_people: self.of_people || OF_PEOPLE.iter().any(|people| name.contains(people)),
            custom: self.custom || name == "customfields",
            ..self
        }
    }

    /// Whether its names are those of a person, a firm or a paper.
    fn is_record(self) -> bool {
        !self.source.title.is_empty()
    }

    fn text(self, name: &str, text: &str) -> Option<String> {
        if text.is_empty() || is_date(text) || is_colour(text) {
            return Some(text.to_owned());
        }
        if matches!(name, "id" | "guid") && is_code(text) {
            return Some(text.to_owned());
        }
        if name == "name" && names::is_nobody(text) {
            return Some(text.to_owned());
        }
        if self.stays(name) && !self.is_somebodys(text) {
            return Some(text.to_owned());
        }
        if self.of_people {
            return None;
        }
        if name == "name" || (self.is_record() && NAMES.contains(&name)) {
            let title = if self.is_record() { self.source.title } else { "Name" };
            return Some(format!("{title} {}", self.id).trim_end().to_owned());
        }
        if self.is_record() && matches!(name, "details" | "note") {
            return Some(format!("Text of {} {}", self.source.title.to_lowercase(), self.id));
        }
        None
    }

    /// Whether a text of this name may stay, if nobody is in it.
    fn stays(self, name: &str) -> bool {
        let texts = if self.is_record() { OF_RECORDS } else { CONFIGURATION };
        let is_value = self.custom && name == "value";
        !self.of_people && !is_value && (texts.contains(&name) || self.source.texts.contains(&name))
    }

    /// Whether a text that may stay holds an address, a phone number or a name, or is
    /// longer than names are.
    fn is_somebodys(self, text: &str) -> bool {
        text.contains(['@', '\n'])
            || text.contains("://")
            || text.bytes().filter(u8::is_ascii_digit).count() >= 7
            || text.chars().count() > 200
            || self.names.are_in(text)
    }
}

/// Whether a key is a name and not something filed under a value.
fn is_name(name: &str) -> bool {
    name.len() <= 60 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_date(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).take(19).collect();
    matches!(shape.as_str(), "0000-00-00T00:00:00" | "0000-00-00" | "00:00:00" | "00:00") && text.len() <= 30
}

fn is_colour(text: &str) -> bool {
    let hex = text.strip_prefix('#').unwrap_or_default();
    matches!(hex.len(), 3 | 6 | 8) && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// An id that came as a text.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    (1..=10).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// A GUID or a number.
fn is_code(text: &str) -> bool {
    (text.len() == 36 || text.len() <= 12)
        && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::names::Whose;
    use super::super::sources::{SAMPLE, SET_UP};
    use super::*;

    fn source(path: &str) -> &'static Source {
        SET_UP.iter().find(|source| source.path == path).unwrap()
    }

    fn names(known: &[(Whose, &str)]) -> Names {
        let mut names = Names::default();
        for (whose, name) in known {
            names.extend(names.of(*whose, &json!({ "name": name })));
        }
        names
    }

    fn scrubbed(names: &Names, source: &Source, value: &Value) -> Value {
        Value::from(record(names, source, value).unwrap())
    }

    #[test]
    fn names_of_the_configuration_stay_unless_they_are_somebodys() {
        let names = names(&[(Whose::Agents, "Anna Muster"), (Whose::Clients, "Contoso")]);
        let scrub = |name: &str| {
            let record =
                json!({ "id": 4, "name": name, "sequence": 2, "note": "call me", "colour": "#2bd3c6" });
            scrubbed(&names, source("/Status"), &record)
        };
        let kept = json!({ "id": 4, "name": "With User", "sequence": 2, "colour": "#2bd3c6" });
        assert_eq!(scrub("With User"), kept);
        for name in [
            "Ask anna muster",
            "Mail a@b.example",
            "Call +49 30 5555 123",
            "For Contoso",
            "See http://desk",
            "Room 5\nsecond door",
        ] {
            assert_eq!(scrub(name)["name"], "Name 4", "{name}");
        }
    }

    #[test]
    fn a_ticket_keeps_ids_and_dates_and_no_text() {
        let ticket = json!({
            "id": 17, "summary": "Anna cannot print", "details": "Room 5", "category_1": "Hardware>Printer",
            "dateoccurred": "2026-03-01T08:00:00.1", "client_id": "12", "user_email": "anna@client.example",
            "customfields": [{ "id": 201, "name": "CFLocation", "value": "Room 5", "display": "Room 5" },
                             { "id": 202, "name": "CFPhone", "value": 4930555 }],
            "anna@client.example": 1, "contactphone": 4930555, "tags": ["Anna"],
        });
        assert_eq!(
            scrubbed(&Names::default(), &SAMPLE, &ticket),
            json!({
                "id": 17, "summary": "Ticket 17", "details": "Text of ticket 17",
                "category_1": "Hardware>Printer", "dateoccurred": "2026-03-01T08:00:00.1", "client_id": 12,
                "customfields": [{ "id": 201, "name": "Ticket 17" }, { "id": 202, "name": "Ticket 17" }],
                "tags": [],
            })
        );
    }

    #[test]
    fn people_in_odd_places_of_the_configuration_go() {
        let item = json!({
            "id": 3, "name": "Cable", "hint": "Ask Bob",
            "customfields": [{ "id": 7, "name": "CFContact", "value": "Bob" }, { "id": 8, "value": 4711 }],
            "allowed_clients": [{ "id": 5, "name": "Contoso", "value": "Contoso" }],
            "default_agent": { "id": 2, "name": "Bob" }, "text": "Bob",
        });
        assert_eq!(
            scrubbed(&Names::default(), source("/Item"), &item),
            json!({
                "id": 3, "name": "Cable", "customfields": [{ "id": 7, "name": "CFContact" }, { "id": 8 }],
                "allowed_clients": [{ "id": 5 }], "default_agent": { "id": 2 },
            })
        );
        let holiday = json!({ "id": "01ab", "name": "Bob away", "agent_id": 4 });
        assert_eq!(
            scrubbed(&Names::default(), source("/Holiday"), &holiday),
            json!({ "id": "01ab", "name": "Holiday 01ab", "agent_id": 4 })
        );
    }

    #[test]
    fn agent_1_is_nobody_and_keeps_its_name_unless_it_is_a_persons() {
        let agent = |name: &str| json!({ "id": 1, "name": name });
        let scrub = |name: &str| scrubbed(&Names::default(), source("/Agent"), &agent(name));
        assert_eq!(scrub("Unassigned"), agent("Unassigned"));
        assert_eq!(scrub("Anna Muster"), agent("Agent 1"));
    }

    #[test]
    fn scrubbing_twice_is_scrubbing_once() {
        let agent = json!({ "id": 5, "name": "Anna Muster", "email": "anna@desk.example", "teams": [{ "team_id": 1, "team_name": "Desk" }] });
        let source = source("/Agent");
        let once = scrubbed(&Names::default(), source, &agent);
        assert_eq!(once["name"], "Agent 5");
        assert_eq!(scrubbed(&Names::default(), source, &once), once);
    }
}
