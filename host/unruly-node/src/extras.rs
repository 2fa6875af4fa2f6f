//! The optional interfaces: setup, revocation and migration.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use serde_json::{Value, json};

use crate::bindings::migration::{self, Migrated};
use crate::bindings::revocation;
use crate::bindings::setup::{self, CheckReport, CheckStatus, CheckStep, Prepared};
use crate::bindings::types::{CallContext, Connection, ErrorKind, FieldValue, NodeError, Report};
use crate::http::send;
use crate::unruly::{Unruly, ask, auth, failure, report, value};

impl setup::Guest for Unruly {
    /// Names `url` and `also` as its egress, and probes the URL in `probe`. With the
    /// field `lie`, a JSON object, it returns the `fields`, `egress` and `token_url` in
    /// there instead of what was typed.
    fn prepare(_: CallContext, fields: Vec<FieldValue>) -> Result<Prepared, NodeError> {
        let egress =
            ["url", "also"].iter().filter_map(|name| value(&fields, name)).map(str::to_owned).collect();
        let mut completed = fields.clone();
        if let Some(url) = value(&fields, "probe") {
            let value = format!("{}", send(&json!({ "url": url })));
            completed.push(FieldValue { name: "probed".to_owned(), value });
        }
        // Nobody gave it this one.
        completed.push(FieldValue { name: "secret".to_owned(), value: "made up".to_owned() });
        let mut prepared = Prepared { fields: completed, egress, token_url: None, report: report(0) };
        if let Some(lie) = value(&fields, "lie") {
            embellish(&mut prepared, &serde_json::from_str(lie).unwrap_or_default());
        }
        Ok(prepared)
    }

    /// Tells as the account how many milliseconds it was given. One that leaves the
    /// login to the host cannot log in.
    fn check(ctx: CallContext, connection: Connection) -> Result<CheckReport, NodeError> {
        if value(&connection.fields, "login") == Some("host") && auth(&connection).0 == "self-managed" {
            return Err(failure(ErrorKind::Unsupported, "The recipe says how to log in."));
        }
        let step = CheckStep {
            name: "auth".to_owned(),
            label: "What it was given".to_owned(),
            status: CheckStatus::Pass,
            message: auth(&connection).0.to_owned(),
            error: None,
            advice: None,
        };
        Ok(CheckReport {
            account: Some(format!("{}", ctx.deadline_ms)),
            instance: None,
            scopes: vec![],
            steps: vec![step],
            fields: vec![],
            report: report(0),
        })
    }
}

impl revocation::Guest for Unruly {
    /// Asks `{url}/revoke`, with the session.
    fn revoke(_: CallContext, connection: Connection) -> Result<Report, NodeError> {
        ask(&connection, "revoke")?;
        Ok(report(1))
    }
}

impl migration::Guest for Unruly {
    /// Renames the member `old` to `new`; refuses what has none, and tries to send a
    /// request, which it may not.
    fn migrate(operation: String, version: u32, input: String) -> Result<Migrated, NodeError> {
        let mut json: Value = serde_json::from_str(&input).unwrap_or_default();
        let old = json.as_object_mut().and_then(|members| members.remove("old"));
        let Some(old) = old else {
            return Err(failure(ErrorKind::InvalidInput, "There is no `old`."));
        };
        let sent = send(&json!({ "url": old }));
        let input = format!("{}", json!({ "new": old, "version": version, "sent": sent.get("error") }));
        Ok(Migrated { operation, input })
    }
}

/// What `prepare` says when it lies.
fn embellish(prepared: &mut Prepared, lie: &Value) {
    for (name, value) in lie.get("fields").and_then(Value::as_object).into_iter().flatten() {
        prepared.fields.retain(|field| field.name != *name);
        let value = value.as_str().unwrap_or_default().to_owned();
        prepared.fields.push(FieldValue { name: name.clone(), value });
    }
    let origins = lie.get("egress").and_then(Value::as_array).into_iter().flatten();
    prepared.egress.extend(origins.filter_map(Value::as_str).map(str::to_owned));
    prepared.token_url = lie.get("token_url").and_then(Value::as_str).map(str::to_owned);
}
