//! Which numbers HaloPSA's events have. A tenant's lookup 64 names them; the
//! numbers that were recorded elsewhere are for where it does not. Pure.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use workflow_node_sdk::interface::Object;

use super::facts::whole;
use crate::catalogue::triggers::HaloEvent;

/// The lookup of HaloPSA's events.
pub const LOOKUP: i64 = 64;

/// The token that stands for the tenant's word for ticket.
const TICKET: &str = "$#request";

/// The most words that a tenant's word for ticket is taken to have.
const MAX_WORDS: usize = 3;

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// To subscribe to.
    pub numbers: Vec<i64>,
    /// Names that the lookup does not show.
    pub unnamed: Vec<&'static str>,
}

/// The rows of the lookup. `filtered` says that only those were asked for:
/// then a row that does not name its lookup is one of them.
pub fn rows(all: Vec<Object>, filtered: bool) -> Vec<Object> {
    let is_ours = |row: &Object| match row.get("lookupid") {
        Some(id) if !id.is_null() => whole(Some(id)) == Some(LOOKUP),
        _ => filtered,
    };
    all.into_iter().filter(is_ours).collect()
}

/// The numbers of events by their names, else those that are known.
pub fn numbers(wanted: &[HaloEvent], rows: &[Object]) -> Numbers {
    let mut found = Numbers::default();
    for event in wanted {
        let known = event.number.map(i64::from);
        let named = event.name.and_then(|name| {
            let rank = |row| Some((rank(name, row)?, whole(row.get("id"))?));
            let ranked = rows.iter().filter_map(rank);
            ranked.min_by_key(|(rank, number)| (*rank, Some(*number) != known, *number))
        });
        if let (None, Some(name)) = (named, event.name) {
            found.unnamed.push(name);
        }
        if let Some(number) = named.map(|(_, number)| number).or(known)
            && !found.numbers.contains(&number)
        {
            found.numbers.push(number);
        }
    }
    found
}

/// How far a row is from being the event of this name for everybody; `None`
/// where it is another one. `value2` is the same for all scopes, so only `name` counts.
fn rank(wanted: &str, row: &Object) -> Option<(bool, usize)> {
    let name = row.get("name")?.as_str()?;
    let (event, scope) = match name.rfind(['-', '\u{2013}', '\u{2014}']) {
        Some(dash) => {
            let (event, scope) = name.split_at(dash);
            (event, Some(scope.trim_matches(|letter: char| !letter.is_alphanumeric())))
        }
        None => (name, None),
    };
    if scope.is_some_and(|scope| !scope.eq_ignore_ascii_case("all")) {
        return None;
    }
    let extra = between(&words(wanted), &words(event))?;
    Some((scope.is_none(), extra))
}

/// How many words stand where `wanted` has the token for a ticket; 0 for the
/// token itself. `None` where other words differ.
fn between(wanted: &[String], event: &[String]) -> Option<usize> {
    let Some(token) = wanted.iter().position(|word| word == TICKET) else {
        return (wanted == event).then_some(0);
    };
    let (before, after) = (wanted.get(..token)?, wanted.get(token + 1..)?);
    let middle = event.strip_prefix(before)?.strip_suffix(after)?;
    match middle {
        [word] if word == TICKET => Some(0),
        words if !words.is_empty() && words.len() <= MAX_WORDS => Some(words.len()),
        _ => None,
    }
}

/// The words of a name, in lower case; tokens stay whole.
fn words(name: &str) -> Vec<String> {
    let letters = |letter: char| !letter.is_alphanumeric() && !matches!(letter, '$' | '#' | '_');
    name.split(letters).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// What to say where the lookup does not name all events.
pub fn message(unnamed: &[&str], trigger: &str) -> String {
    let names: Vec<String> =
        unnamed.iter().map(|name| format!("\"{}\"", name.replace(TICKET, "Ticket"))).collect();
    format!(
        "HaloPSA's list of events does not name {}. The webhook uses the numbers that are usual, where one is known. If deliveries do not come, poll {trigger}: a poll finds the same events.",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use serde_json::{Value, json};

    use super::*;
    use crate::catalogue::triggers::{self, ANY_CHANGE};

    fn found(trigger: &str, all: &Value) -> Numbers {
        let all: Vec<Object> =
            all.as_array().unwrap().iter().map(|row| row.as_object().unwrap().clone()).collect();
        numbers(triggers::find(trigger).unwrap().webhook_events, &rows(all, true))
    }

    #[test]
    fn an_event_is_found_by_its_name_and_for_everybody() {
        let recorded = json!([
            {"lookupid": 64, "id": 1, "name": "New $#request Logged - Assigned to Recipient", "value2": "New $#request Logged"},
            {"lookupid": 64, "id": 3, "name": "New $#request Logged - All", "value2": "New $#request Logged"},
            {"lookupid": 64, "id": 39, "name": "Closed - All", "value2": "Closed"},
            {"lookupid": 64, "id": 40, "name": "Closed - Assigned to Recipient", "value2": "Closed"},
            {"lookupid": 64, "id": 76, "name": "$#request Status Changed  - All"},
        ]);
        assert_eq!(found("ticket.created", &recorded), Numbers { numbers: vec![3], unnamed: vec![] });
        assert_eq!(found("ticket.closed", &recorded).numbers, [39]);
        assert_eq!(found("ticket.status_changed", &recorded).numbers, [76, 39]);
    }

    #[test]
    fn numbers_of_another_tenant_and_other_words_for_ticket_are_found() {
        let theirs = json!([
            {"lookupid": "64", "id": "903", "name": "New Service Request Logged \u{2013} ALL"},
            {"lookupid": "64", "id": 905, "name": "New Service Request Logged - Assigned to Recipient"},
            {"lookupid": "64", "id": 907, "name": "new opportunity logged and approved - All"},
            {"lookupid": "12", "id": 3, "name": "Closed - All"},
            {"lookupid": "64", "id": 939.0, "name": "closed-All"},
            {"lookupid": "64", "id": 940, "name": "All Children Closed - All"},
            {"lookupid": "64", "id": 976, "name": "Incident Status Changed - All"},
            {"lookupid": "64", "id": 977, "name": "Ticket Reassigned"},
        ]);
        assert_eq!(found("ticket.created", &theirs).numbers, [903]);
        assert_eq!(found("ticket.status_changed", &theirs).numbers, [976, 939]);
        assert_eq!(found("ticket.assigned", &theirs).numbers, [977, 903, 61]);
    }

    #[test]
    fn where_several_names_fit_the_usual_number_counts() {
        let theirs = json!([
            {"lookupid": 64, "id": 2, "name": "New Opportunity Logged - All"},
            {"lookupid": 64, "id": 3, "name": "New Ticket Logged - All"},
        ]);
        assert_eq!(found("ticket.created", &theirs).numbers, [3]);
    }

    #[test]
    fn usual_numbers_are_for_where_there_are_no_names() {
        for empty in [
            json!([]),
            json!([{"lookupid": 64, "id": 3, "name": null}, {"lookupid": 64, "name": "Closed - All"}]),
        ] {
            let found = found("ticket.created", &empty);
            assert_eq!((found.numbers, found.unnamed), (vec![3], vec!["New $#request Logged"]));
        }
        assert_eq!(numbers(&[ANY_CHANGE], &[]), Numbers { numbers: vec![61], unnamed: vec![] });
    }
}
