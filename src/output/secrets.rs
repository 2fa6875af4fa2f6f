//! Passwords, tokens and keys in what leaves: a new client, for one, comes back
//! with a password in plain text (HAPI §10.1).
//!
//! A property is a secret if its whole name is one of the names that HaloPSA or
//! common usage has for secrets; capitals, blanks, `_`, `-` and `.` make no
//! difference. Part of a name says nothing: `Password Last Set` is a date.

use alloc::string::{String, ToString};

use serde_json::Value;
use workflow_node_sdk::interface::Object;

use super::LeftOut;

/// Property of a record that holds its custom fields.
const CUSTOM_FIELDS: &str = "customfields";

/// The longest of the names, with room.
const MAX_NAME: usize = 48;

/// Names of secrets without separators, sorted: the properties of HaloPSA's API
/// that hold one, and the usual names of passwords, tokens and keys.
static NAMES: &[&[u8]] = &[
    b"accesstoken",
    b"adminpassword",
    b"apiaccessclientsecret",
    b"apikey",
    b"apikeys",
    b"apisecret",
    b"apitoken",
    b"apnsdevicetoken",
    b"apppassword",
    b"authtoken",
    b"basicauthpassword",
    b"basicpassword",
    b"bearertoken",
    b"changetoken",
    b"cleardatakey",
    b"clientsecret",
    b"clientsecretdevice42",
    b"clientsecrethalointegrator",
    b"clientsecretncentral",
    b"clientsecretnewrelic",
    b"clientsecretorion",
    b"confirmpassword",
    b"connectionstring",
    b"connectwiseprivatekey",
    b"consumersecret",
    b"currentpassword",
    b"encryptionkey",
    b"firebasedevicetoken",
    b"g2aremoterefreshtoken",
    b"idtoken",
    b"integratorpassword",
    b"kashflowpassword",
    b"lansweepernewsqlpassword",
    b"merakiapplicationsecret",
    b"newaccesstoken",
    b"newalertpassword",
    b"newalternateclientsecret",
    b"newapikey",
    b"newapppassword",
    b"newauthtoken",
    b"newazureaccesstoken",
    b"newazurerefreshtoken",
    b"newazuresubscriptionsecret",
    b"newclientsecret",
    b"newglclientsecret",
    b"newgoogleaccesstoken",
    b"newgooglerefreshtoken",
    b"newhmacsecret",
    b"newiframesecret",
    b"newintegrationkey",
    b"newintegrationwebhookkey",
    b"newjirakey",
    b"newncentralkey",
    b"newoauthtoken",
    b"newoauthtokensecret",
    b"neworionpassword",
    b"newpagetoken",
    b"newpassword",
    b"newrefreshtoken",
    b"newservicenowkey",
    b"newservicenowwebhooksecret",
    b"newsmsppassword",
    b"newsmtppassword",
    b"newsqlpassword",
    b"newsubscriptionkey",
    b"newthirdpartynhdapiclientsecret",
    b"newtwilliosmsauthtoken",
    b"newusertoken",
    b"newwebhookpassword",
    b"newwebhooksecret",
    b"nhdpassword",
    b"oauthsecret",
    b"oauthtoken",
    b"oauthtokensecret",
    b"oldpassword",
    b"orionpassword",
    b"pagerdutyservicekey",
    b"passphrase",
    b"passportalapikey",
    b"passportalrefreshtoken",
    b"passwd",
    b"password",
    b"passwords",
    b"paymentintentclientsecret",
    b"phppassword",
    b"portalpassword",
    b"privatekey",
    b"profileaccesstoken",
    b"prtgpassword",
    b"pwd",
    b"rbackupradarapikey",
    b"recaptchatoken",
    b"refreshtoken",
    b"reportaccesstoken",
    b"sage200token",
    b"sage50password",
    b"sagetoken",
    b"salesforcerefreshtoken",
    b"sastoken",
    b"sccmnewsqlpassword",
    b"scompassword",
    b"sdpassword",
    b"secret",
    b"secretaccesskey",
    b"secretkey",
    b"secrets",
    b"sessiontoken",
    b"sharedsecret",
    b"signingkey",
    b"signingsecret",
    b"sisqlpassword",
    b"smtppassword",
    b"sqlnewpassword",
    b"subscriptionkey",
    b"teamviewerpassword",
    b"thirdpartytoken",
    b"token",
    b"twiliosubaccountauthtoken",
    b"twilliosmsauthtoken",
    b"userpassword",
    b"webhooksecret",
    b"workspacetoken",
    b"xapikey",
];

/// Removes secrets, however deep, and notes their names.
pub fn remove(value: &mut Value, left_out: &mut LeftOut) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| remove(value, left_out)),
        Value::Object(object) => {
            object.retain(|name, value| {
                let withheld = is_secret(name) && holds_something(value);
                if withheld {
                    left_out.withhold(name);
                }
                !withheld
            });
            if let Some(Value::Array(fields)) = object.get_mut(CUSTOM_FIELDS) {
                fields.iter_mut().filter_map(Value::as_object_mut).for_each(|field| empty(field, left_out));
            }
            object.values_mut().for_each(|value| remove(value, left_out));
        }
        _ => {}
    }
}

/// Takes the value out of a custom field whose name is a secret's.
fn empty(field: &mut Object, left_out: &mut LeftOut) {
    let Some(name) = field.get("name").and_then(Value::as_str).filter(|name| is_secret_name(name)) else {
        return;
    };
    let name: String = name.to_string();
    for member in ["value", "display"] {
        if field.get(member).is_some_and(holds_something) {
            field.remove(member);
            left_out.withhold(&name);
        }
    }
}

/// Whether a field is a secret: its name is one, also behind the `CF` that names of
/// custom fields begin with.
pub fn is_secret_name(name: &str) -> bool {
    is_secret(name) || name.strip_prefix("CF").is_some_and(is_secret)
}

/// Whether a name is a secret's. Each name of each record comes here, so it is
/// not copied.
fn is_secret(name: &str) -> bool {
    let mut plain = [0_u8; MAX_NAME];
    let mut length = 0;
    for byte in name.bytes() {
        if matches!(byte, b'_' | b'-' | b' ' | b'.') {
            continue;
        }
        let Some(slot) = plain.get_mut(length) else { return false };
        *slot = byte.to_ascii_lowercase();
        length += 1;
    }
    plain.get(..length).is_some_and(|name| NAMES.binary_search(&name).is_ok())
}

/// Flags such as `password: true` and empty values are no secrets.
pub(super) fn holds_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Number(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_names_are_sorted_and_short_enough() {
        assert!(NAMES.is_sorted_by(|a, b| a < b));
        assert!(NAMES.iter().all(|name| name.len() < MAX_NAME));
        let is_plain =
            |name: &&[u8]| name.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        assert!(NAMES.iter().all(is_plain));
    }

    #[test]
    fn a_secret_is_known_by_its_whole_name() {
        for name in [
            "password",
            "Password",
            "new_password",
            "NEW PASSWORD",
            "clientSecret",
            "client-secret",
            "Access_TOKEN",
            "accessToken",
            "apikey",
            "API Key",
            "x-api-key",
            "refresh.token",
            "private_key",
            "sharedSecret",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "Password Last Set",
            "password_expires",
            "PasswordNeverExpires",
            "Secret Santa Budget",
            "secretary",
            "Token Count",
            "Tokens Used",
            "token_expiry",
            "api_key_id",
            "Has Password",
            "Days Since Password Change",
            "concurrencyToken",
            "",
            "a very long name of a column that somebody has given to a report about every password",
        ] {
            assert!(!is_secret(name), "{name}");
        }
        assert!(is_secret_name("CFPassword") && is_secret_name("CFclient_secret"));
        assert!(!is_secret_name("CFPasswordLastSet") && !is_secret_name("cfo"));
    }

    #[test]
    fn what_is_withheld_is_said_and_everything_else_stays() {
        let mut answer = json!({
            "id": 1,
            "users": [{"new_password": "hunter2", "Password Last Set": "2026-01-01"}],
            "client_secret": "s", "Access_TOKEN": "t", "passwords": ["x"], "apikey": 5,
            "password": true, "token": null, "secret": "",
            "customfields": [
                {"name": "CFPassword", "value": "p", "display": "p"},
                {"name": "CFToken Budget", "value": 4},
            ],
        });
        let mut left_out = LeftOut::default();
        remove(&mut answer, &mut left_out);
        assert_eq!(
            answer,
            json!({
                "id": 1, "users": [{"Password Last Set": "2026-01-01"}],
                "password": true, "token": null, "secret": "",
                "customfields": [{"name": "CFPassword"}, {"name": "CFToken Budget", "value": 4}],
            })
        );
        let said = left_out.diagnostics(Some(0));
        assert_eq!(said.len(), 1);
        for name in ["new_password", "client_secret", "Access_TOKEN", "passwords", "apikey", "CFPassword"] {
            assert!(said[0].message.contains(name), "{}", said[0].message);
        }
    }
}
