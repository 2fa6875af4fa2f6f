//! How a person set a trigger up, parsed once.

use alloc::string::String;
use alloc::vec::Vec;

use serde_json::Value;
use workflow_node_sdk::interface::Object;

use crate::catalogue::triggers::{
    EventKind, FROM_STATUS, IGNORE_OWN, MINUTES, MOST_RECORDS, REREAD, SAMPLES, TO_AGENT, TO_STATUS, Trigger,
    VISIBLE_ONLY,
};
use crate::error::{Code, NodeError, Result};
use crate::input;

/// A trigger with its settings.
#[derive(Debug)]
pub struct Settings {
    /// Which trigger.
    pub trigger: &'static Trigger,
    /// Filters for HaloPSA, as a query.
    pub filters: Vec<(String, String)>,
    /// How many latest records the first poll gives as events.
    pub samples: u64,
    /// The most records that one poll takes on.
    pub most_records: u64,
    /// Whether our agent's changes are left out.
    pub ignore_own: bool,
    /// Whether a delivery's ticket is read anew.
    pub reread: bool,
    /// How long before a target its event comes.
    pub lead_ms: i64,
    /// Whether private notes are left out.
    pub visible_only: bool,
    /// Statuses that count, before and after; none: all.
    pub from_status: Vec<i64>,
    /// See above.
    pub to_status: Vec<i64>,
    /// Agents that count; none: all.
    pub to_agent: Vec<i64>,
}

impl Settings {
    /// Reads the settings of a trigger.
    pub fn parse(trigger: &'static Trigger, config: &str) -> Result<Self> {
        let json = serde_json::from_str(config).map_err(|_| {
            NodeError::new(Code::NotAnObject, "The settings of a trigger must be a JSON object.")
        })?;
        let mut values = input::settings(&trigger.config(), &json)?;
        let ignore_own = flag(&mut values, IGNORE_OWN.name).unwrap_or(false);
        let costly = ignore_own || trigger.kind == EventKind::NoteAdded;
        let mut settings = Self {
            trigger,
            filters: Vec::new(),
            samples: number(&mut values, SAMPLES.name).unwrap_or(0),
            most_records: number(&mut values, MOST_RECORDS.name).unwrap_or(if costly { 50 } else { 500 }),
            ignore_own,
            reread: flag(&mut values, REREAD.name).unwrap_or(true),
            lead_ms: number(&mut values, MINUTES.name)
                .and_then(|minutes| i64::try_from(minutes).ok())
                .unwrap_or(60)
                * 60_000,
            visible_only: flag(&mut values, VISIBLE_ONLY.name).unwrap_or(false),
            from_status: ids(&mut values, FROM_STATUS.name),
            to_status: ids(&mut values, TO_STATUS.name),
            to_agent: ids(&mut values, TO_AGENT.name),
        };
        settings.filters = input::to_query(&values);
        Ok(settings)
    }

    /// Whether each changed ticket costs a request of its own.
    pub fn needs_actions(&self) -> bool {
        self.ignore_own || self.trigger.kind == EventKind::NoteAdded
    }
}

fn flag(values: &mut Object, name: &str) -> Option<bool> {
    values.remove(name).as_ref().and_then(Value::as_bool)
}

fn number(values: &mut Object, name: &str) -> Option<u64> {
    values.remove(name).as_ref().and_then(Value::as_u64)
}

fn ids(values: &mut Object, name: &str) -> Vec<i64> {
    match values.remove(name) {
        Some(Value::Array(ids)) => ids.iter().filter_map(Value::as_i64).collect(),
        Some(id) => id.as_i64().into_iter().collect(),
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::triggers;

    fn parse(trigger: &str, config: &str) -> Result<Settings> {
        Settings::parse(triggers::find(trigger).unwrap(), config)
    }

    #[test]
    fn filters_go_to_halo_and_settings_do_not() {
        let settings = parse(
            "ticket.status_changed",
            r#"{"client_id": 12, "requesttype": [1, 2], "to_status_ids": 9, "samples": 5, "ignore_own_changes": true}"#,
        )
        .unwrap();
        let filters: Vec<(&str, &str)> =
            settings.filters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(filters, [("client_id", "12"), ("requesttype", "1,2")]);
        assert_eq!((settings.samples, settings.most_records, &*settings.to_status), (5, 50, &[9][..]));
    }

    /// HaloPSA would ignore a name, and tell of every client.
    #[test]
    fn names_are_refused_where_ids_are_wanted() {
        for (config, place) in [
            (r#"{"client_id": "Acme"}"#, "/client_id"),
            (r#"{"client_ids": [12, "Acme"]}"#, "/client_ids/1"),
            (r#"{"to_status_ids": "https://elsewhere.com/status?id=9"}"#, "/to_status_ids"),
        ] {
            let error = parse("ticket.status_changed", config).unwrap_err();
            assert_eq!(
                (crate::error::code_of(&error), error.field()),
                (Code::InvalidValue, Some(place)),
                "{config}"
            );
        }
        let settings = parse("ticket.status_changed", r#"{"to_status_ids": ["9", 4]}"#).unwrap();
        assert_eq!(settings.to_status, [9, 4]);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        // A status filter at the source would hide what tickets were before.
        for config in [r#"{"status": 9}"#, r#"{"clientid": 12}"#, "[]", "", r#"{"max_records": 0}"#] {
            assert!(parse("ticket.status_changed", config).is_err(), "{config}");
        }
    }
}
