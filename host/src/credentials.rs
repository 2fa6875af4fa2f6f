//! What a person typed, taken apart by the credential form.
//!
//! Secrets are told from the rest here, once, by their kind in the form. That is
//! also why a field that the form does not know is refused: it may be a secret
//! under a misspelled name, and nobody would know to hide it.

use std::collections::BTreeMap;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::error::{CallError, refusal};
use crate::form::{CredentialField, CredentialSpec};
use crate::secrets::{Secret, Secrets};
use crate::spelling::nearest;
use crate::wit::types::{ErrorKind, FieldValue, NodeError};

/// What a person typed into fields that are not secret: nothing of it is a
/// component's.
#[derive(Debug, Clone, Default)]
pub(crate) struct Typed {
    pub(crate) fields: BTreeMap<String, String>,
    /// The same, and the form's own defaults for what was left empty.
    pub(crate) values: BTreeMap<String, String>,
}

impl Typed {
    pub(crate) fn new(credentials: &Credentials, spec: &CredentialSpec) -> Self {
        let fields = credentials.plain.clone();
        let mut values = fields.clone();
        for field in spec.fields.iter().filter(|field| !field.is_secret()) {
            if let Some(default) = &field.default_value {
                values.entry(field.name.clone()).or_insert_with(|| default.clone());
            }
        }
        Self { fields, values }
    }
}

/// The fields of a connection that are not secret.
#[derive(Debug, Clone, Default)]
pub(crate) struct Credentials {
    pub(crate) plain: BTreeMap<String, String>,
}

impl Credentials {
    /// Takes typed fields apart from the secrets among them. Fields that were left
    /// empty are not set.
    pub(crate) fn typed(
        fields: BTreeMap<String, String>,
        spec: &CredentialSpec,
        secrets: &Arc<Secrets>,
    ) -> Result<(Self, BTreeMap<String, Secret>), CallError> {
        let (mut credentials, mut secret) = (Self::default(), BTreeMap::new());
        for (name, value) in fields {
            let Some(field) = spec.fields.iter().find(|field| field.name == name) else {
                return Err(unknown(&name, spec).into());
            };
            let value = Zeroizing::new(value);
            let seen = visible(&value);
            if seen.is_empty() {
                continue;
            }
            if field.is_secret() {
                secrets.keep(seen);
                secret.insert(name, Secret::new(seen));
            } else {
                credentials.plain.insert(name, seen.to_owned());
            }
        }
        let lacks =
            |field: &&CredentialField| !secret.contains_key(&field.name) && credentials.needs(field, spec);
        match spec.fields.iter().find(lacks) {
            Some(field) => Err(missing(field).into()),
            None => Ok((credentials, secret)),
        }
    }

    /// Takes in what `prepare` made of the plain fields. It was given no secret,
    /// so what it returns under such a name is none of the person's.
    pub(crate) fn completed(&mut self, fields: Vec<FieldValue>, spec: &CredentialSpec) {
        let is_secret = |name: &str| spec.fields.iter().any(|field| field.name == name && field.is_secret());
        self.plain = fields
            .into_iter()
            .filter(|field| !is_secret(&field.name))
            .map(|field| (field.name, field.value))
            .collect();
    }

    /// The plain fields for a guest.
    pub(crate) fn plain_fields(&self) -> Vec<FieldValue> {
        self.plain
            .iter()
            .map(|(name, value)| FieldValue { name: name.clone(), value: value.clone() })
            .collect()
    }

    /// All fields for a guest, secrets among them.
    pub(crate) fn all_fields(&self, secret: &BTreeMap<String, Secret>) -> Vec<FieldValue> {
        let secret = secret
            .iter()
            .map(|(name, value)| FieldValue { name: name.clone(), value: value.expose_secret().to_owned() });
        self.plain_fields().into_iter().chain(secret).collect()
    }

    /// Whether a field is a secret that must be there. Other fields are for `prepare`
    /// to judge: it may discover them, and says more about them.
    fn needs(&self, field: &CredentialField, spec: &CredentialSpec) -> bool {
        field.is_secret()
            && field.required
            && field.shown_when.iter().all(|when| {
                self.value(&when.field, spec)
                    .is_some_and(|value| when.values.iter().any(|wanted| wanted == value))
            })
    }

    fn value<'a>(&'a self, name: &str, spec: &'a CredentialSpec) -> Option<&'a str> {
        self.plain
            .get(name)
            .map(String::as_str)
            .or_else(|| spec.fields.iter().find(|field| field.name == name)?.default_value.as_deref())
    }
}

/// A pasted value without what nobody sees at its ends: white space, zero-width
/// characters, marks of direction, byte order marks. Origins are read from it,
/// and the secret is looked for as it is sent.
pub(crate) fn visible(value: &str) -> &str {
    value.trim_matches(|end: char| {
        end.is_whitespace()
            || end.is_control()
            || matches!(
                end,
                '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                    | '\u{2060}'..='\u{206f}' | '\u{feff}'
            )
    })
}

fn missing(field: &CredentialField) -> NodeError {
    NodeError {
        field: Some(format!("/{}", field.name)),
        ..refusal(
            ErrorKind::InvalidInput,
            "host.credential-missing",
            format!("The field \"{}\" is missing.", field.label),
            &format!("Fill in `{}`. {}", field.name, field.help),
        )
    }
}

fn unknown(name: &str, spec: &CredentialSpec) -> NodeError {
    let known: Vec<&str> = spec.fields.iter().map(|field| field.name.as_str()).collect();
    let advice = match nearest(name, known.iter().copied()) {
        Some(nearest) => format!("Did you mean `{nearest}`?"),
        None => format!("The fields are {}.", known.join(", ")),
    };
    NodeError {
        field: Some(format!("/{name}")),
        ..refusal(
            ErrorKind::InvalidInput,
            "host.credential-unknown",
            format!("There is no credential field \"{name}\"."),
            &advice,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::{FieldKind, ShownWhen};

    fn field(name: &str, kind: FieldKind, required: bool) -> CredentialField {
        CredentialField {
            name: name.to_owned(),
            label: name.to_uppercase(),
            help: "Where to find it.".to_owned(),
            placeholder: None,
            kind,
            secret: false,
            required,
            advanced: false,
            default_value: None,
            choices: Vec::new(),
            choices_from: None,
            pattern: None,
            minimum: None,
            maximum: None,
            shown_when: Vec::new(),
        }
    }

    fn spec() -> CredentialSpec {
        let mut mode = field("mode", FieldKind::Choice, true);
        mode.default_value = Some("key".to_owned());
        let mut key = field("api_key", FieldKind::Secret, true);
        key.shown_when = vec![ShownWhen { field: "mode".to_owned(), values: vec!["key".to_owned()] }];
        CredentialSpec {
            fields: vec![
                field("url", FieldKind::Url, true),
                mode,
                key,
                field("pin", FieldKind::Secret, false),
            ],
            ..CredentialSpec::default()
        }
    }

    fn typed(pairs: &[(&str, &str)]) -> Result<(Credentials, BTreeMap<String, Secret>), Box<NodeError>> {
        let fields = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Credentials::typed(fields, &spec(), &Arc::default()).map_err(|error| match error {
            CallError::Node(error) => error,
            CallError::Host(error) => panic!("{error}"),
        })
    }

    #[test]
    fn secrets_are_kept_apart_and_hidden() {
        let (credentials, secret) =
            typed(&[("url", "https://a.example"), ("api_key", "hunter22")]).expect("fields");
        assert_eq!(credentials.plain_fields().len(), 1);
        assert_eq!(credentials.all_fields(&secret).len(), 2);
        assert!(!format!("{credentials:?} {secret:?}").contains("hunter22"));
    }

    #[test]
    fn what_nobody_sees_around_a_pasted_value_is_dropped() {
        for around in ['\u{200b}', '\u{feff}', '\u{a0}', '\u{202a}', '\u{2066}', '\t'] {
            let pasted = |value: &str| format!("{around} {value}{around}");
            let (url, key) = (pasted("https://a.example"), pasted("hunter22"));
            let (credentials, secret) = typed(&[("url", &url), ("api_key", &key)]).expect("fields");
            let seen: Vec<String> =
                credentials.all_fields(&secret).into_iter().map(|field| field.value).collect();
            assert_eq!(seen, ["https://a.example", "hunter22"], "{around:?}");
            assert!(typed(&[("url", &url), ("api_key", &around.to_string())]).is_err(), "{around:?}");
        }
    }

    #[test]
    fn a_missing_secret_is_told_with_its_field_and_where_to_find_it() {
        for pairs in [&[("url", "u")][..], &[("api_key", "  ")], &[("mode", "key")]] {
            let error = typed(pairs).expect_err("missing");
            assert_eq!(error.field.as_deref(), Some("/api_key"));
            assert!(error.advice.is_some_and(|advice| advice.contains("Where to find it.")));
        }
    }

    #[test]
    fn a_secret_that_is_not_shown_may_be_missing() {
        assert!(typed(&[("mode", "none")]).is_ok());
    }

    #[test]
    fn an_unknown_field_is_refused_with_the_nearest_name_and_its_value_stays_hidden() {
        let error = typed(&[("api_kee", "hunter22")]).expect_err("unknown");
        assert_eq!(error.advice.as_deref(), Some("Did you mean `api_key`?"));
        assert!(!format!("{error:?}").contains("hunter22"));
        let error = typed(&[("something_else", "x")]).expect_err("unknown");
        assert_eq!(error.advice.as_deref(), Some("The fields are url, mode, api_key, pin."));
    }

    #[test]
    fn what_prepare_returns_under_a_secrets_name_is_dropped() {
        let (mut credentials, _) = typed(&[("api_key", "hunter22")]).expect("fields");
        let value = |name: &str| FieldValue { name: name.to_owned(), value: "v".to_owned() };
        credentials.completed(vec![value("url"), value("found"), value("api_key")], &spec());
        assert_eq!(credentials.plain.keys().collect::<Vec<_>>(), ["found", "url"]);
    }
}
