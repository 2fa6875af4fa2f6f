//! Reads the credentials file.
//!
//! Error messages name the file and the field, and never show a value: any of
//! them may be a secret. Whether the fields make sense is for the component to
//! say.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use workflow_node_host::form::CredentialSpec;

use crate::names;

/// The environment variable that may hold the client secret of HaloPSA.
pub const SECRET_VARIABLE: &str = "HALOPSA_CLIENT_SECRET";

/// The field that [`SECRET_VARIABLE`] fills.
const SECRET_FIELD: &str = "client_secret";

/// Credential fields by name, as the contract wants them: as text.
pub type Fields = BTreeMap<String, String>;

/// Reads the fields from a file.
pub fn read(file: &Path) -> Result<Fields> {
    let text = fs::read_to_string(file)
        .with_context(|| format!("the credentials file {} cannot be read", file.display()))?;
    parse(&text).with_context(|| format!("the credentials file {} is not usable", file.display()))
}

/// Fills in the secret fields of a form that the file does not have, from environment
/// variables: `NODE_API_KEY` for the field `api_key`.
pub fn add_secrets(fields: &mut Fields, form: &CredentialSpec, variable: &dyn Fn(&str) -> Option<String>) {
    let secret = |name: &str| variable(name).filter(|secret| !secret.is_empty());
    for field in form.fields.iter().filter(|field| field.is_secret()) {
        let found = secret(&variable_name(&field.name))
            .or_else(|| secret(SECRET_VARIABLE).filter(|_| field.name == SECRET_FIELD));
        if let Some(secret) = found {
            fields.entry(field.name.clone()).or_insert(secret);
        }
    }
}

/// The environment variable that may hold a secret field.
fn variable_name(field: &str) -> String {
    let letters = field.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' });
    format!("NODE_{}", letters.collect::<String>().to_ascii_uppercase())
}

/// Takes out what is no field of the form, such as the port that the simulator prints,
/// and gives the names. One that resembles a field stays, for the component to refuse:
/// it is a typing error.
#[must_use]
pub fn take_strangers(fields: &mut Fields, form: &[&str]) -> Vec<String> {
    let is_stranger = |name: &str| names::nearest(name, form.iter().copied()).is_empty();
    fields.extract_if(.., |name, _| is_stranger(name)).map(|(name, _)| name).collect()
}

fn parse(text: &str) -> Result<Fields> {
    // Editors on Windows like to put a byte order mark in front.
    let text = text.trim_start_matches('\u{feff}');
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => bail!("it is not JSON (line {}, column {})", error.line(), error.column()),
    };
    let Value::Object(members) = value else {
        bail!("it must be one JSON object with the credential fields");
    };
    let mut fields = Fields::new();
    for (name, value) in members {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text,
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Array(values) => lines(&name, values)?,
            Value::Object(_) => bail!("the field \"{name}\" must be text, a number or yes/no"),
        };
        fields.insert(name, text);
    }
    Ok(fields)
}

/// Several choices travel as one text, one per line.
fn lines(name: &str, values: Vec<Value>) -> Result<String> {
    let choices: Option<Vec<String>> = values
        .into_iter()
        .map(|value| match value {
            Value::String(text) => Some(text),
            _ => None,
        })
        .collect();
    match choices {
        Some(choices) => Ok(choices.join("\n")),
        None => bail!("the list in the field \"{name}\" may hold texts only"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn message(text: &str) -> String {
        format!("{:#}", parse(text).unwrap_err())
    }

    #[test]
    fn values_become_text() {
        let fields = parse(
            r#"{"url":"https://x.example","port":8443,"sandbox":true,"tenant":null,"scopes":["a","b"]}"#,
        )
        .unwrap();
        let expected =
            [("port", "8443"), ("sandbox", "true"), ("scopes", "a\nb"), ("url", "https://x.example")];
        let found: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_no_field_is_named_and_a_misspelt_field_stays() {
        let form = ["hosting_type", "url", "tenant", "client_id", "client_secret", "scope", "auth_url"];
        let text = r#"{"url":"https://x.example","port":8443,"comment":"mine","clientid":"a","tenannt":"b"}"#;
        let mut fields = parse(text).unwrap();
        assert_eq!(take_strangers(&mut fields, &form), ["comment", "port"]);
        assert_eq!(fields.into_keys().collect::<Vec<_>>(), ["clientid", "tenannt", "url"]);
    }

    #[test]
    fn a_byte_order_mark_is_forgiven() {
        assert!(parse("\u{feff}{}").is_ok());
    }

    #[test]
    fn what_is_wrong_is_said_without_the_values() {
        assert_eq!(message("{\"client_secret\": s3cret}"), "it is not JSON (line 1, column 19)");
        assert!(message("[]").contains("one JSON object"));
        let nested = message(r#"{"client_secret":{"value":"s3cret"}}"#);
        assert!(nested.contains("\"client_secret\""), "{nested}");
        assert!(!nested.contains("s3cret"), "{nested}");
    }

    /// The fields after the environment was looked at.
    fn completed(file: &str, form: &Value, variables: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut fields = parse(file).unwrap();
        let form: CredentialSpec = serde_json::from_value(form.clone()).unwrap();
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        add_secrets(&mut fields, &form, &variable);
        fields.into_iter().collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn a_secret_in_the_file_wins_over_the_environment() {
        let form = json!({"fields": [{"name": "client_secret", "label": "Secret", "kind": "secret"}]});
        let environment = [(SECRET_VARIABLE, "from the environment")];
        assert!(completed("{}", &form, &[(SECRET_VARIABLE, "")]).is_empty());
        assert_eq!(completed("{}", &form, &environment), [pair("client_secret", "from the environment")]);
        let file = r#"{"client_secret":"from the file"}"#;
        assert_eq!(completed(file, &form, &environment), [pair("client_secret", "from the file")]);
    }

    #[test]
    fn each_secret_field_has_a_variable_and_no_other_field() {
        let form = json!({"fields": [
            {"name": "url", "label": "Address", "kind": "url"},
            {"name": "api-key", "label": "Key", "kind": "secret"},
            {"name": "pin", "label": "Pin", "kind": "text", "secret": true},
        ]});
        let environment =
            [("NODE_URL", "x"), ("NODE_API_KEY", "k"), ("NODE_PIN", "1"), (SECRET_VARIABLE, "other node's")];
        assert_eq!(completed("{}", &form, &environment), [pair("api-key", "k"), pair("pin", "1")]);
    }
}
