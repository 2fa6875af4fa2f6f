//! `extra`: fields of HaloPSA's API that the catalogue does not have.
//!
//! They go out as they are, beside the checked ones. Refused is what the
//! checked fields say already, what decides which record is written, and what
//! holds a secret: those have rules that this way would pass by. So has what
//! an action sends to customers, which a person must confirm.

use alloc::format;
use alloc::string::{String, ToString};

use serde_json::Value;
use workflow_node_sdk::interface::Object;
use workflow_node_sdk::text;

use crate::catalogue::field::Field;
use crate::error::{Code, NodeError, Result};
use crate::output;

/// Names that decide which record is written, or that HaloPSA gives.
const IDENTITY: &[&str] = &["id", "guid", "ids", "_match_thirdparty_id", "_match_integration_id"];

/// The most fields that one input may carry so.
const MAX_FIELDS: usize = 100;

/// Moves the members of `extra` to the other values.
pub(super) fn merge(
    fields: &[&Field],
    reaches_customers: fn(&str) -> bool,
    values: &mut Object,
    extra: Value,
) -> Result<()> {
    let Value::Object(extra) = extra else { return Ok(()) };
    if extra.len() > MAX_FIELDS {
        return Err(refused(&format!("There are more than {MAX_FIELDS} extra fields.")));
    }
    for (name, value) in extra {
        let at = |error: NodeError| error.with_field(&text::quoted(&name)).with_field("extra");
        if name.trim() != name || name.is_empty() || name.chars().any(char::is_control) {
            return Err(at(refused("This is not the name of a field.")));
        }
        let is_one_of = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(&name));
        if is_one_of(IDENTITY) {
            return Err(at(refused("Which record is written is decided by the fields of the operation.")));
        }
        if let Some(known) = fields.iter().find(|field| field.name.eq_ignore_ascii_case(&name)) {
            let error = refused(&format!("\"{}\" is a field of the operation.", known.name));
            return Err(at(error.with_advice(format!("Give {} beside extra and not in it.", known.name))));
        }
        if reaches_customers(&name) {
            return Err(at(refused("This would send something to customers.")
                .with_advice("Send a mail with email.send.")));
        }
        if holds_a_secret(&name, &value) {
            return Err(at(refused("Passwords, tokens and other secrets are not sent this way.")));
        }
        values.insert(name.to_string(), value);
    }
    Ok(())
}

fn refused(message: &str) -> NodeError {
    NodeError::new(Code::InvalidValue, message.to_string())
}

/// Whether a name, or one inside the value, is that of a secret. Too many are
/// refused rather than too few: this is about what people send, and not about
/// columns of a report.
fn holds_a_secret(name: &str, value: &Value) -> bool {
    const PARTS: &[&str] = &["password", "passwd", "secret", "apikey", "privatekey", "credential"];
    let plain: String =
        name.chars().filter(|part| part.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let is_secret = PARTS.iter().any(|part| plain.contains(part)) || plain.ends_with("token");
    if is_secret || output::is_secret_name(name) {
        return true;
    }
    match value {
        Value::Object(members) => members.iter().any(|(name, value)| holds_a_secret(name, value)),
        Value::Array(values) => values.iter().any(|value| holds_a_secret("", value)),
        _ => false,
    }
}
